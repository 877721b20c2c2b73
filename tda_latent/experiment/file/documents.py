"""Experiment files as documents: plain values, and for each of them the place where it was written.

A file may build on others with ``extends: [base.yaml]`` (paths relative to the file): mappings merge key by key,
everything else is replaced, later files win, the file itself wins over all. `override` is for ``--set a.b=c``.
Every problem names the file, line and column that it really comes from.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tda_latent.errors import ConfigError, nearest_name
from tda_latent.experiment.file.yaml_tree import Entry, Node, Position, Source, parse

Steps = Sequence[str | int]
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Document:
    """The content of an experiment file, composed with the files that it extends.

    root : tree with positions; sources : the texts that were read, the file itself first
    """

    root: Node
    sources: tuple[Source, ...]

    @property
    def name(self) -> str:
        """Name of the file itself."""
        return self.sources[0].name

    @functools.cached_property
    def value(self) -> dict[str, Any]:
        """Plain dicts, lists and scalars, without ``extends``."""
        value: dict[str, Any] = self.root.plain()
        return value

    def position(self, path: Steps = (), *, of_key: bool = False) -> Position:
        """Where the value at a path stands, or its key; for what does not exist, the nearest thing above it.

        A list or mapping written by indentation counts as standing at its key.
        """
        found = Position(self.sources[0], 1, 1)
        node = self.root
        for step in path:
            inner = _inner(node, step)
            if inner is None:
                return found if node is self.root or of_key else _shown(node, found)
            node, found = inner
        return found if of_key else _shown(node, found)

    def problem(self, path: Steps, text: str, *, of_key: bool = False) -> str:
        """``file:line:column: text``, the offending line and a caret."""
        return self.position(path, of_key=of_key).problem(text)


def _inner(node: Node, step: str | int) -> tuple[Node, Position] | None:
    """What one step leads to, and the position of its key."""
    if isinstance(node.value, dict) and str(step) in node.value:
        entry: Entry = node.value[str(step)]
        return entry.node, entry.at
    if isinstance(node.value, list) and isinstance(step, int) and 0 <= step < len(node.value):
        item: Node = node.value[step]
        return item, item.at
    return None


def _shown(node: Node, key: Position) -> Position:
    return key if node.is_block else node.at


def read_document(path: str | Path) -> Document:
    """Read an experiment file and everything that it extends.

    Raises
    ------
    ConfigError
        For a file that is missing, empty, too big or not UTF-8, for every mistake in its syntax, for files that
        extend each other in a circle.
    """
    return _composed(_source(str(path)), ())


def read_document_text(text: str, name: str = "<text>") -> Document:
    """Read a document from text; ``name`` stands in messages, and its folder is where ``extends`` looks."""
    return _composed(Source(name, text.removeprefix("\ufeff")), ())


def _composed(source: Source, chain: tuple[str, ...]) -> Document:
    start = Position(source, 1, 1)
    root = parse(source)
    if root is None:
        raise ConfigError([start.problem("the file is empty; it must hold a mapping (key: value).")])
    if not isinstance(root.value, dict):
        raise ConfigError([root.at.problem(f"the file holds {_kind(root)}; it must hold a mapping (key: value).")])
    entries = {key: entry for key, entry in root.value.items() if key != "extends"}
    chain = (*chain, os.path.realpath(source.name))
    document = Document(Node(entries, root.at, True), (source,))
    if "extends" in root.value:
        document = _on_top(document, _bases(root.value["extends"].node, source, chain))
    return document


def _bases(node: Node, source: Source, chain: tuple[str, ...]) -> list[Document]:
    names = node.value if isinstance(node.value, list) else [node]
    problems: list[str] = []
    bases = []
    for item in names:
        if not isinstance(item.value, str):
            problems.append(item.at.problem(f"extends holds {_kind(item)}; the rule is a file name or a list of them."))
            continue
        path = os.path.normpath(os.path.join(os.path.dirname(source.name), item.value))
        if os.path.realpath(path) in chain:
            circle = " -> ".join(os.path.basename(name) for name in (*chain, path))
            problems.append(item.at.problem(f"the files extend each other in a circle: {circle}."))
            continue
        try:
            bases.append(_composed(_source(path, item.at), chain))
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)
    return bases


def _on_top(document: Document, bases: list[Document]) -> Document:
    layers = [*bases, document]
    root = functools.reduce(_merged, (layer.root for layer in layers))
    read = dict.fromkeys(source for layer in (document, *bases) for source in layer.sources)
    return Document(root, tuple(read))


def _merged(below: Node, above: Node) -> Node:
    if not isinstance(below.value, dict) or not isinstance(above.value, dict):
        return above
    entries = dict(below.value)
    for key, entry in above.value.items():
        known = entries.get(key)
        entries[key] = Entry(entry.at, _merged(known.node, entry.node)) if known else entry
    return Node(entries, above.at, above.is_block)


def override(document: Document, text: str) -> Document:
    """The document with one value replaced, as ``--set a.b=c`` asks.

    Parameters
    ----------
    text : ``path=value``
        Keys of the path are joined by dots, items of a list are numbers from 0. Keys that do not exist are added.
        The value is a YAML scalar or a list or mapping in brackets; nothing after ``=`` means null.

    Raises
    ------
    ConfigError
        When the text has another form or the path leads through something without parts.
    """
    name = f"--set {text}"
    source = Source(name, text, is_line=True)
    left, sign, right = text.partition("=")
    start = Position(source, 1, 1)
    if not sign or not re.fullmatch(r"[^.\s]+(\.[^.\s]+)*", left) or left.partition(".")[0] == "extends":
        raise ConfigError([start.problem("the rule is path=value, as in analyzers.vr.max_degree=1.")])
    value = _option_value(source, left, right)
    steps = [(match.group(), Position(source, 1, match.start() + 1)) for match in re.finditer(r"[^.]+", left)]
    return Document(_replaced(document.root, steps, value), (*document.sources, source))


def _option_value(source: Source, left: str, right: str) -> Node:
    at = Position(source, 1, len(left) + 2)
    if right.startswith("#") or "\n" in right or "\r" in right:
        raise ConfigError([at.problem("the value must fit on one line, and in quotes when it starts with '#'.")])
    value = parse(source, " " * (len(left) + 1) + right)
    if value is None:
        return Node(None, at)
    if value.is_block:
        raise ConfigError([at.problem("write a list as [a, b] and a mapping as {key: value}.")])
    return value


def _replaced(node: Node, steps: list[tuple[str, Position]], value: Node) -> Node:
    if not steps:
        return value
    (step, at), rest = steps[0], steps[1:]
    if node.value is None:
        node = Node({}, at)
    if isinstance(node.value, dict):
        known = node.value.get(step)
        entry = Entry(at, _replaced(known.node if known else Node(None, at), rest, value))
        return Node(node.value | {step: entry}, node.at, node.is_block)
    if isinstance(node.value, list):
        if not step.isdecimal() or int(step) >= len(node.value):
            raise ConfigError([at.problem(f"{step!r} must be the number of an item, 0 to {len(node.value) - 1}.")])
        items = list(node.value)
        items[int(step)] = _replaced(items[int(step)], rest, value)
        return Node(items, node.at, node.is_block)
    raise ConfigError([at.problem(f"{step!r} is asked of {_kind(node)}, which has no parts.")])


def _kind(node: Node) -> str:
    if node.value is None:
        return "nothing"
    if isinstance(node.value, (dict, list)):
        return "a mapping" if isinstance(node.value, dict) else "a list"
    return repr(node.value)


def written(value: Any, margin: str = "") -> str:
    """A plain value as a document that reads back as the same value in the same order: YAML in the layout of JSON."""
    inner = margin + " "
    if isinstance(value, dict) and value:
        parts = [f"{inner}{json.dumps(str(key))}: {written(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{margin}}}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(item, inner) for item in value) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return json.dumps(value)


# ------------------------------------------------------------------ files


def _source(path: str, asked: Position | None = None) -> Source:
    """The text of a file; ``asked`` is where another file asks for it."""
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        text = _unreadable(path, error)
        raise ConfigError([asked.problem(text) if asked else text]) from error
    if len(data) > _MAX_BYTES:
        raise ConfigError([f"{path}: the file has over {_MAX_BYTES:,} bytes; an experiment file is a page of text."])
    try:
        return Source(path, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", errors="replace")
        at = Source(path, text).at(len(data[: error.start].decode()))
        found = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8."
        raise ConfigError([at.problem(found)]) from error


def _unreadable(path: str, error: OSError) -> str:
    if not isinstance(error, FileNotFoundError):
        return f"{path}: cannot be read: {error.strerror}. Give the path of a YAML file."
    folder = os.path.dirname(path)
    if not os.path.isdir(folder or "."):
        return f"{path}: no such file; the folder {folder!r} does not exist."
    beside = sorted(name for name in os.listdir(folder or ".") if name.endswith((".yaml", ".yml")))
    close = nearest_name(os.path.basename(path), beside)
    hint = f" Did you mean {os.path.join(folder, close)!r}?" if close else ""
    known = f" The folder holds {', '.join(beside[:8])}." if beside else " The folder holds no YAML file."
    return f"{path}: no such file.{hint}{known}"
