"""Weights by name out of the files in which they are kept: whole, or in shards that an index lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.models.tensor_files import read_tensors
from tda_latent.models.weight_index import is_index, shards

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
    if is_index(path.name):
        return {name: array for shard in shards(path) for name, array in read_weights(shard).items()}
    return _safetensors(path) if path.suffix.lower() == ".safetensors" else read_tensors(path)


def _chosen(folder: Path) -> Path:
    """The one checkpoint of a folder: an index before the shards it lists."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    indices = [file for file in files if is_index(file.name)]
    found = indices or [file for file in files if file.suffix.lower() in _WHOLE]
    if len(found) != 1:
        names = ", ".join(file.name for file in found[:_LISTED]) or "none"
        raise InvalidInput(f"{folder} holds {len(found)} checkpoints ({names}); name the file.")
    return found[0]


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
