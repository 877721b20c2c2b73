"""Actions: one JSON file for each finished task, saying what was computed and what came out.

The file is one line, ``{"action":<canonical JSON>,"self":"<SHA-256 of that JSON>"}``, and is checked byte by byte:
no flipped bit passes. Numbers of a record that fit into text stand in it; arrays stand in blobs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.records import canonical_json, sha256

FORMAT = 1
INLINE = 1 << 16  # characters of a packed tree kept in the action; a longer one goes into the blob
_HEAD, _MIDDLE, _TAIL = '{"action":', ',"self":"', '"}\n'
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Stored:
    """Where one output of an action lies.

    key : of its action; name : of the output; digest : of the record's content
    tree : the packed record without its arrays, or None when it lies in the blob too
    blob : SHA-256 of the blob's bytes, or None when the record has no arrays; size : its bytes
    """

    key: str
    name: str
    digest: str
    tree: Any
    blob: str | None
    size: int


@dataclass(frozen=True)
class Action:
    """A finished task: the fields that were hashed into its key, its outputs, and facts about how it went."""

    key: str
    fields: Mapping[str, Any]
    outputs: Mapping[str, Stored]
    facts: Mapping[str, Any]

    @property
    def digests(self) -> dict[str, str]:
        """Content digest of every output: equal for equal results, whatever the facts."""
        return {name: stored.digest for name, stored in self.outputs.items()}


def check_key(key: str) -> str:
    """The key, if it is one: 64 hexadecimal digits in lower case."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise InvalidInput(f"{key!r} is not a key; the rule is a SHA-256 as 64 hexadecimal digits.")
    return key


def _digest(text: str) -> str:
    """The text, if it can be the name of a blob and leads nowhere else."""
    if not _KEY.fullmatch(text):
        raise ValueError(f"{text[:80]!r} is no SHA-256")
    return text


def _blob(text: str | None) -> str | None:
    return None if text is None else _digest(text)


def encode(action: Action) -> str:
    """The text of an action file.

    Raises
    ------
    InvalidInput
        When fields or facts hold something that JSON cannot say: NaN, infinity, an object.
    """
    outputs = {
        name: {"record": stored.digest, "tree": stored.tree, "blob": stored.blob, "size": stored.size}
        for name, stored in action.outputs.items()
    }
    content = {"format": FORMAT, "key": action.key, "outputs": outputs}
    try:
        text = canonical_json(content | {"fields": dict(action.fields), "facts": dict(action.facts)})
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"fields and facts of an action must be plain finite JSON: {error}") from error
    return f"{_HEAD}{text}{_MIDDLE}{sha256(text)}{_TAIL}"


def decode(data: bytes, key: str) -> Action:
    """The action in a file that should hold this key.

    Raises
    ------
    ValueError
        When a single byte is not as it was written, or the file belongs to another key.
    StoreError
        When the file is sound, but of a format that this version does not know.
    """
    text = data.decode()
    body, digest = text[len(_HEAD) : -len(_MIDDLE) - 64 - len(_TAIL)], text[-64 - len(_TAIL) : -len(_TAIL)]
    if text != f"{_HEAD}{body}{_MIDDLE}{digest}{_TAIL}" or sha256(body) != digest:
        raise ValueError("the text does not match its own digest")
    content = json.loads(body)
    if content["format"] != FORMAT:
        raise StoreError(
            f"action {key} has format {content['format']}, this version reads {FORMAT}; update tda-latent."
        )
    if content["key"] != key:
        raise ValueError(f"it belongs to key {content['key']}")
    outputs = {
        name: Stored(key, name, _digest(item["record"]), item["tree"], _blob(item["blob"]), int(item["size"]))
        for name, item in content["outputs"].items()
    }
    return Action(key, content["fields"], outputs, content["facts"])
