"""YAML 1.2 as a tree that remembers where everything stands, and problems shown the way a compiler shows them.

The core schema, exactly: ``1e-3`` is a number; ``no``, ``10:30`` and ``2026-01-31`` are text; ``010`` is ten. Keys are
text, as written. Refused with a position: keys given twice, merge keys (``<<``), tags beyond the core schema, several
documents in one file, aliases that would expand without end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tda_latent.errors import ConfigError

MAX_NODES = 100_000  # after aliases are expanded
MAX_DEPTH = 64
_BREAK = re.compile("\r\n|[\r\n]")
_WIDTH = 120
_DIGITS = 3000  # of a number in base 8 or 16; fewer than 4300 decimal ones
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = (
    dict.fromkeys(("", "~", "null", "Null", "NULL"))
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
    | {sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")}
    | dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))
)
_CORE = "tag:yaml.org,2002:"
_KINDS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),)}


@dataclass(frozen=True)
class Source:
    """A text with a name. ``is_line``: a command-line option, named by itself instead of by line and column."""

    name: str
    text: str = field(repr=False)
    is_line: bool = False

    def line(self, number: int) -> str:
        """A line by its number from 1; empty beyond the end."""
        lines = _BREAK.split(self.text)
        return lines[number - 1] if number <= len(lines) else ""

    def at(self, offset: int) -> Position:
        """The position of a character."""
        before = _BREAK.split(self.text[:offset])
        return Position(self, len(before), len(before[-1]) + 1)


@dataclass(frozen=True)
class Position:
    """A place in a source; line and column count from 1, the column in characters."""

    source: Source
    line: int
    column: int

    def __str__(self) -> str:
        return self.source.name if self.source.is_line else f"{self.source.name}:{self.line}:{self.column}"

    def problem(self, text: str) -> str:
        """``file:line:column: text``, the line in question, and a caret below the column."""
        line, column = self.source.line(self.line), self.column - 1
        start = max(0, column - _WIDTH // 2) if len(line) > _WIDTH else 0
        shown = "".join(
            sign if sign.isprintable() or sign == "\t" else "\ufffd" for sign in line[start : start + _WIDTH]
        )
        pad = "".join(map(_blank, shown[: column - start]))
        return f"{self}: {text}\n    {shown}\n    {pad}^"


def _blank(sign: str) -> str:
    if sign == "\t":
        return sign
    if unicodedata.combining(sign):
        return ""
    return "  " if unicodedata.east_asian_width(sign) in "WF" else " "


@dataclass(frozen=True)
class Entry:
    """A value of a mapping and the position of its key."""

    at: Position
    node: Node


@dataclass(frozen=True)
class Node:
    """A scalar, a list of nodes or a mapping of entries.

    ``is_block``: a list or mapping written by indentation. ``size``: number of nodes with all aliases expanded.
    """

    value: Any
    at: Position
    is_block: bool = False
    size: int = 1

    def plain(self) -> Any:
        """The value without positions: dicts, lists and scalars, nothing shared."""
        if isinstance(self.value, dict):
            return {key: entry.node.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def parse(source: Source, text: str | None = None) -> Node | None:
    """The tree of a text (of ``text``, when it differs from what the source shows), None when it is empty.

    Raises
    ------
    ConfigError
        With every problem that can be told before the syntax breaks down.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    builder = _Builder(source)
    root = None
    try:
        events = YAML(typ="safe", pure=True).parse(source.text if text is None else text)
        root = builder.document(events)
    except MarkedYAMLError as error:
        builder.problems.append(_explained(source, error, builder.open))
    except YAMLError as error:
        at = source.at(int(getattr(error, "position", 0) or 0))
        builder.problems.append(
            at.problem("this character is not allowed in YAML; remove it or write it as an escape.")
        )
    except _Stop:
        pass
    except (RecursionError, ValueError, IndexError, AttributeError, AssertionError, TypeError) as error:
        builder.problems.append(Position(source, 1, 1).problem(f"this cannot be read as YAML ({error})."))
    if builder.problems:
        raise ConfigError(builder.problems)
    return root


class _Stop(Exception):
    """The rest of the text cannot be judged."""


class _Builder:
    """Turns the events of the parser into nodes and gathers problems on the way."""

    def __init__(self, source: Source) -> None:
        self.problems: list[str] = []
        self.open: list[Position] = []  # brackets that wait to be closed
        self._source = source
        self._anchors: dict[str, Node | None] = {}
        self._depth = 0

    def document(self, events: Iterator[Any]) -> Node | None:
        """The one document in a stream of events."""
        root = None
        count = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                count += 1
                if count > 1:
                    self._stop(event, "a second document starts here; keep one document in a file.")
            elif kind not in ("StreamStartEvent", "DocumentEndEvent", "StreamEndEvent"):
                root = self._node(event, events)
        return root

    def _position(self, event: Any) -> Position:
        return Position(self._source, event.start_mark.line + 1, event.start_mark.column + 1)

    def _problem(self, event: Any, text: str) -> None:
        self.problems.append(self._position(event).problem(text))

    def _stop(self, event: Any, text: str) -> None:
        self._problem(event, text)
        raise _Stop

    def _node(self, event: Any, events: Iterator[Any]) -> Node:
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event)
        if kind == "ScalarEvent":
            node = Node(self._scalar(event), self._position(event))
        else:
            node = self._collection(event, events, kind == "MappingStartEvent")
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _collection(self, event: Any, events: Iterator[Any], is_mapping: bool) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._stop(event, f"this is nested deeper than {MAX_DEPTH} levels; make it flatter.")
        if event.anchor:
            self._anchors[event.anchor] = None
        if event.tag and str(event.tag) != _CORE + ("map" if is_mapping else "seq"):
            self._problem(event, f"the tag {_short(event.tag)} is unknown; leave it out.")
        if event.flow_style:
            self.open.append(self._position(event))
        value, size = self._mapping(events) if is_mapping else self._sequence(events)
        if event.flow_style:
            self.open.pop()
        if size > MAX_NODES:
            self._stop(event, f"this expands to more than {MAX_NODES:,} values; use fewer aliases.")
        self._depth -= 1
        return Node(value, self._position(event), not event.flow_style, size)

    def _sequence(self, events: Iterator[Any]) -> tuple[list[Node], int]:
        nodes = []
        while type(event := next(events)).__name__ != "SequenceEndEvent":
            nodes.append(self._node(event, events))
        return nodes, 1 + sum(node.size for node in nodes)

    def _mapping(self, events: Iterator[Any]) -> tuple[dict[str, Entry], int]:
        entries: dict[str, Entry] = {}
        size = 1
        while type(event := next(events)).__name__ != "MappingEndEvent":
            key = self._key(event, events)
            node = self._node(next(events), events)
            size += node.size
            if key in entries:
                self._problem(
                    event, f"key {key!r} was already given at line {entries[key].at.line}; remove one of them."
                )
            elif key is not None:
                entries[key] = Entry(self._position(event), node)
        return entries, size

    def _key(self, event: Any, events: Iterator[Any]) -> str | None:
        if type(event).__name__ == "ScalarEvent":
            if event.value == "<<" and event.implicit[0]:
                self._problem(event, "merge keys (<<) are not part of YAML 1.2; use extends: or repeat the keys.")
                return None
            if event.value == "" and event.implicit[0]:
                self._problem(event, "a key is missing before ':'.")
                return None
            if event.anchor:
                self._anchors[event.anchor] = Node(event.value, self._position(event))
            return self._text(event)
        self._problem(event, "a key must be plain text, not a list, a mapping or an alias.")
        self._node(event, events)
        return None

    def _alias(self, event: Any) -> Node:
        known = self._anchors.get(event.anchor)
        at = self._position(event)
        if known is not None:
            return Node(known.value, at, False, known.size)
        if event.anchor in self._anchors:
            self._problem(event, f"alias *{event.anchor} lies inside what it stands for, so it would never end.")
        else:
            self._problem(event, f"alias *{event.anchor} has no anchor; write &{event.anchor} before a value above.")
        return Node(None, at)

    def _scalar(self, event: Any) -> Any:
        if event.tag is None and event.implicit[0]:
            return self._plain(event)
        if event.tag is None or str(event.tag) in ("!", f"{_CORE}str"):
            return self._text(event)
        kind = str(event.tag).removeprefix(_CORE)
        value = self._plain(event)
        if kind not in _KINDS or not str(event.tag).startswith(_CORE):
            self._problem(event, f"the tag {_short(event.tag)} is unknown; leave it out.")
        elif not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "bool"):
            self._problem(event, f"{event.value!r} is no {kind}, although its tag says so.")
        return float(value) if kind == "float" and isinstance(value, int) else value

    def _text(self, event: Any) -> str:
        """Text with pairs of surrogate escapes joined, as in JSON."""
        text = str(event.value)
        try:
            return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._problem(event, "an escape in this text is half a character; write both halves, or the character.")
            return ""

    def _plain(self, event: Any) -> Any:
        text = str(event.value)
        if text in _WORDS:
            return _WORDS[text]
        try:
            if _INT.fullmatch(text):
                return int(text)
            if _BASED.fullmatch(text):
                if len(text) > _DIGITS:  # of these, Python limits the decimal ones only, and only when they are printed
                    raise ValueError
                return int(text, 0)
        except ValueError:
            self._problem(event, f"this number has {len(text)} digits; quote it if it is meant as text.")
        if _FLOAT.fullmatch(text):
            value = float(text)
            if value in (float("inf"), float("-inf")):
                self._problem(event, f"{text} is beyond the range of numbers; write .inf if infinity is meant.")
            return value
        return text


def _short(tag: Any) -> str:
    return str(tag).replace(_CORE, "!!")


# (pattern of the parser's words, what to tell, whether the place is where the construct began)
_TOLD: tuple[tuple[str, str, bool], ...] = (
    (r"found character '\\t'", "a tab stands here; YAML is indented and spaced with blanks only.", False),
    (r"found character '(.)'", "text cannot start with {0!r}; put it in quotes.", False),
    (
        r"mapping values are not allowed",
        "':' is not expected here; check the indentation, or quote text with ': '.",
        False,
    ),
    (r"sequence entries are not allowed", "'-' is not expected here; start the list on a line of its own.", False),
    (r"expected ',' or '(.)'", "a ',' or {0!r} is missing here or before, or this bracket is never closed.", True),
    (r"unexpected end of stream", "this quote is never closed.", True),
    (r"expected <block end>", "this does not line up with what stands above; check the indentation.", False),
    (r"could not find expected ':'", "':' is missing after this key.", True),
    (r"unknown escape character '(.)'", "'\\{0}' is no escape; double the backslash or use single quotes.", False),
)


def _explained(source: Source, error: Any, brackets: list[Position]) -> str:
    """The parser's complaint in our words; ``brackets`` are those still open."""
    found = str(error.problem or error.context or error)
    if "<stream end>" in found and brackets:
        return brackets[-1].problem("this bracket is never closed.")
    mark, text = error.problem_mark or error.context_mark, found + "."
    for pattern, told, is_at_start in _TOLD:
        match = re.search(pattern, found)
        if match:
            text = told.format(*match.groups())
            mark = (error.context_mark if is_at_start else None) or mark
            break
    if mark is None:
        return Position(source, 1, 1).problem(text)
    return Position(source, mark.line + 1, mark.column + 1).problem(text)
