"""Weights by name out of the files in which they are kept: whole, or in shards that an index lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.models.tensor_files import read_tensors

_INDEX = ".index.json"
_WHOLE = (".safetensors", ".bin", ".pt", ".pth", ".ckpt")
_LISTED = 5


def read_weights(path: Path) -> Mapping[str, Any]:
    """Arrays or tensors by name.

    Parameters
    ----------
    path : a ``.safetensors`` file; one of torch.save, whatever its name; an index of shards (``.index.json``, as
        Hugging Face writes them); or a folder that holds one of these

    Raises
    ------
    InvalidInput
        For files that cannot be read as data, an index that leaves its folder, or a folder with several choices.
    """
    path = _chosen(path) if path.is_dir() else path
    if not path.is_file():
        raise InvalidInput(f"{path}: there is no such file; name the checkpoint.")
    if path.name.endswith(_INDEX):
        return {name: array for shard in _shards(path) for name, array in read_weights(shard).items()}
    return _safetensors(path) if path.suffix.lower() == ".safetensors" else read_tensors(path)


def _chosen(folder: Path) -> Path:
    """The one checkpoint of a folder: an index before the shards it lists."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    indices = [file for file in files if file.name.endswith(_INDEX)]
    found = indices or [file for file in files if file.suffix.lower() in _WHOLE]
    if len(found) != 1:
        names = ", ".join(file.name for file in found[:_LISTED]) or "none"
        raise InvalidInput(f"{folder} holds {len(found)} checkpoints ({names}); name the file.")
    return found[0]


def _shards(index: Path) -> list[Path]:
    try:
        places = json.loads(index.read_text())["weight_map"]
        names = sorted({str(name) for name in places.values()})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput(f"{index}: is no index of shards; the rule is a 'weight_map' from names to files.") from None
    for name in names:
        if Path(name).name != name or name.endswith(_INDEX):
            raise InvalidInput(f"{index}: names the shard {name!r}; the rule is files beside the index.")
        if not (index.parent / name).is_file():
            raise InvalidInput(f"{index}: the shard {name} is missing; copy all {len(names)} files.")
    return [index.parent / name for name in names]


def _safetensors(path: Path) -> dict[str, Any]:
    try:
        import safetensors
        from safetensors.torch import load_file
    except ImportError:
        raise missing_library("safetensors", "reading .safetensors files") from None
    try:
        return load_file(path, device="cpu")
    except (safetensors.SafetensorError, OSError) as error:
        raise InvalidInput(f"{path}: cannot be read as safetensors ({error}); copy or write it again.") from None
