"""Indices of weights that lie in several files, as Hugging Face writes them: ``model.safetensors.index.json``."""

from __future__ import annotations

import json
from pathlib import Path

from tda_latent.errors import InvalidInput

INDEX = ".index.json"


def is_index(path: str | Path) -> bool:
    """Whether a file is an index, by its name."""
    return str(path).endswith(INDEX)


def shards(index: Path) -> list[Path]:
    """The files that an index names, sorted.

    Raises
    ------
    InvalidInput
        When it is no index, names none or something outside of its folder, or one of them is missing or empty.
    """
    try:
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        names = sorted({str(name) for name in places.values()})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput(f"{index}: is no index of shards; the rule is a 'weight_map' from names to files.") from None
    if not names:
        raise InvalidInput(f"{index}: names no shards; the rule is a 'weight_map' from names to files.")
    for name in names:
        if Path(name).name != name or is_index(name):
            raise InvalidInput(f"{index}: names the shard {name!r}; the rule is files beside the index.")
        if not (index.parent / name).is_file():
            raise InvalidInput(f"{index}: names the shard {name}, which is missing; copy all {len(names)} files.")
        if not (index.parent / name).stat().st_size:
            raise InvalidInput(f"{index}: names the shard {name}, which is empty (0 bytes); copy it again.")
    return [index.parent / name for name in names]
