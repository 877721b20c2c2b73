"""Pins: plain files in ``STORE/refs/`` that say what must stay, whatever else is cleared away.

``refs/NAME.json`` holds ``{"format":"tda-latent/pin@1","runs":[ids],"keys":[...],"digests":[...],"note":text}``: the
results of these runs, these actions, and every action that gave a record or blob with one of these digests. Anyone may
write one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, StoreError, shown, unknown_name
from tda_latent.experiment.store.archive import Store
from tda_latent.experiment.store.durable import Draft, make_folder, storage_errors
from tda_latent.experiment.store.inventory import files_in, is_digest

FORMAT = "tda-latent/pin@1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True)
class Pin:
    """What must stay: results of runs (ids), actions (keys), and whatever has one of the digests."""

    name: str
    runs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    note: str = ""


def write_pin(store: Store, pin: Pin) -> Path:
    """Write a pin and give its file; one that holds the same already stays as it is.

    Raises
    ------
    InvalidInput
        When its name cannot name a file, or a pin of this name holds something else.
    StoreError
        When the store cannot be written, or the file of this name is no pin.
    """
    if not _NAME.fullmatch(pin.name):
        raise InvalidInput(f"{shown(pin.name)} cannot name a pin; use letters, digits, '-', '_' and '.', at most 100.")
    content: dict[str, Any] = {"format": FORMAT, "runs": pin.runs, "keys": pin.keys, "digests": pin.digests}
    data = (json.dumps(content | {"note": pin.note}, indent=1) + "\n").encode()
    final = _path(store.path, pin.name)
    with storage_errors(store.path, f"writing the pin {pin.name}", lambda: len(data)):
        make_folder(final.parent, store.durable)
        make_folder(store.path / "tmp", store.durable)
        with Draft(store.path / "tmp", store.durable) as draft:
            draft.write(data)
            if draft.claim(final):
                return final
        known = read_pin(final)
    if any(set(getattr(known, part)) != set(getattr(pin, part)) for part in ("runs", "keys", "digests")):
        held = ", ".join(known.runs) or f"{len(known.keys) + len(known.digests)} results"
        note = f" ({shown(known.note)})" if known.note else ""
        raise InvalidInput(
            f"the pin {pin.name!r} holds {held}{note} and is not replaced; "
            f"take it away first (store unpin {pin.name}) or choose another name (--name)."
        )
    return final


def remove_pin(root: Path, name: str) -> None:
    """Remove a pin; what it held may go with the next clearing.

    Raises
    ------
    UnknownName
        When there is no such pin.
    """
    known = [piece.path.name.removesuffix(".json") for piece in files_in(root / "refs")]
    if name not in known:
        raise unknown_name("pin", name, known)
    with storage_errors(root, f"removing the pin {name}"):
        os.unlink(_path(root, name))


def read_pin(path: Path) -> Pin:
    """The pin in a file.

    Raises
    ------
    StoreError
        When the file is none: what it should hold is then unknown.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {shown(content['format'])}, not {FORMAT}")
        runs, keys, digests = (_texts(content.get(name, ())) for name in ("runs", "keys", "digests"))
        strange = [text for text in (*keys, *digests) if not is_digest(text)]
        if strange:
            raise ValueError(f"{shown(strange[0])} is no SHA-256")
        return Pin(path.name.removesuffix(".json"), runs, keys, digests, str(content.get("note", "")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"{str(path)!r} is no pin ({error}); mend or remove it, since it says what must stay."
        ) from error


def every_pin(root: Path) -> list[Pin]:
    """All pins of a store by name."""
    with storage_errors(root, "reading its pins"):
        return [read_pin(piece.path) for piece in files_in(root / "refs")]


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{shown(value)} is no list of texts")
    return tuple(value)


def _path(root: Path, name: str) -> Path:
    return root / "refs" / f"{name}.json"


def names_of(pins: Iterable[Pin], run: str) -> list[str]:
    """Names of the pins that hold a run."""
    return [pin.name for pin in pins if run in pin.runs]
