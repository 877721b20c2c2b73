"""Claims of an experiment file (``expect:``) as small arithmetic over its results.

A claim compares numbers: ``between(distance, model, model)``, ``within(distance)`` or ``within(distance, model)``
(the median over pairs of replicates), ``separation(distance, model, model)`` (share of between-distances that exceed
the within-distances), ``value(analyzer.scalar, model)`` (the median over replicates), ``lowest`` and ``highest`` of
the same. Names with other signs than letters, digits and underscores are quoted: ``within('nearest-neighbour-w1')``.

A claim is judged for every data set and every layer, or for those under ``data`` and ``layers``. A test that nothing
can fail is none: each mapping under ``controls`` replaces models by others, or a data set named under ``data`` by
another one, and then the claim must fail.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from tda_latent.errors import IncompleteResult, InvalidInput, TdaLatentError, nearest_name

FUNCTIONS = {
    "between": (3, 3),
    "within": (1, 2),
    "separation": (3, 3),
    "value": (2, 2),
    "lowest": (2, 2),
    "highest": (2, 2),
}
_OF_SCALARS = ("value", "lowest", "highest")
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_ORDER: dict[type, Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Numbers(Protocol):
    """Where the values of a claim come from."""

    @property
    def data(self) -> str: ...
    def elsewhere(self, data: str) -> Numbers: ...
    def between(self, distance: str, first: str, second: str) -> float: ...
    def within(self, distance: str, model: str | None) -> float: ...
    def separation(self, distance: str, first: str, second: str) -> float: ...
    def value(self, name: str, model: str) -> float: ...
    def lowest(self, name: str, model: str) -> float: ...
    def highest(self, name: str, model: str) -> float: ...


class Labels(NamedTuple):
    """What a claim may name."""

    models: Sequence[str]
    distances: Sequence[str] = ()
    analyzers: Sequence[str] = ()
    layers: Sequence[str] = ()
    data: Sequence[str] = ()


@dataclass(frozen=True)
class Control:
    """What became of a claim with models or data replaced, as ``instead`` says ("b for a"): it must not hold."""

    instead: str
    holds: bool | None
    why: str


@dataclass(frozen=True)
class Outcome:
    """What became of a claim: ``holds`` is True, False, or None when a value it needs is missing.

    With controls it holds when it is true and false for each of them. ``why``: the numbers of the claim itself.
    """

    claim: str
    that: str
    holds: bool | None
    why: str
    controls: tuple[Control, ...] = ()


def claim_problems(expect: Sequence[Mapping[str, Any]], labels: Labels) -> list[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the claims of a file, as (path, sentence)."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for index, entry in enumerate(expect):
        calls: list[ast.Call] = []
        try:
            calls = _calls(_parse(entry["that"]))
            for call in calls:
                _check_call(call, labels)
        except InvalidInput as error:
            found.append((("expect", index, "that"), str(error)))
        else:
            found += [(("expect", index, *path), text) for path, text in _scope_problems(entry, labels, calls)]
    return found


def _scope_problems(
    entry: Mapping[str, Any], labels: Labels, calls: Sequence[ast.Call]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the layers, data and controls of a claim that is sound itself."""
    for kind, known in (("layers", labels.layers), ("data", labels.data)):
        for place, name in enumerate(entry.get(kind) or ()):
            if str(name) not in known:
                yield (kind, place), _absent("layer" if kind == "layers" else "data set", str(name), known)
    named = _models(calls)
    for place, swaps in enumerate(entry.get("controls") or ()):
        for old, new in swaps.items():
            what, known = ("model", labels.models) if old in named else ("data set", labels.data)
            if old not in named and old not in (entry.get("data") or ()):
                text = f"the claim does not name the model {old!r}, nor a data set under `data`; nothing to replace."
                yield ("controls", place), text
            elif new not in known:
                yield ("controls", place, old), _absent(what, new, known)


def _models(calls: Iterable[ast.Call]) -> set[str]:
    return {_name(argument) for call in calls for argument in call.args[1:]}


def _absent(what: str, name: str, known: Sequence[str]) -> str:
    close = nearest_name(name, known)
    hint = f" Did you mean {close!r}?" if close else ""
    return f"no {what} is labelled {name!r} in this file.{hint} Labels: {', '.join(filter(None, known)) or 'none'}."


def is_judged(expect: Mapping[str, Any], data: str, layer: str) -> bool:
    """Whether a claim speaks of this data set and layer."""
    layers, sets = expect.get("layers"), expect.get("data")
    return (layers is None or layer in map(str, layers)) and (sets is None or data in sets)


def judge(expect: Mapping[str, Any], numbers: Numbers) -> Outcome:
    """Evaluate one claim and its controls; the reasons show every number that they used."""
    plain = _judged(expect, numbers)
    if plain.holds is None:
        return plain
    placed = [(swap, _place(expect, numbers, swap)) for swap in expect.get("controls") or ()]
    controls = tuple(_control(expect, place, swap) for swap, place in placed if place is not None)
    kept = [plain.holds] + [None if one.holds is None else not one.holds for one in controls]
    holds = False if False in kept else None if None in kept else True
    return replace(plain, holds=holds, controls=controls)


def _control(expect: Mapping[str, Any], numbers: Numbers, swap: Mapping[str, str]) -> Control:
    found = _judged(expect, numbers, swap)
    return Control(", ".join(f"{new} for {old}" for old, new in swap.items()), found.holds, found.why)


def _place(expect: Mapping[str, Any], numbers: Numbers, swap: Mapping[str, str]) -> Numbers | None:
    """Where a control finds its numbers: in another data set, if it replaces this one; None if it replaces others."""
    named = _models(_calls(_parse(expect["that"])))
    data = {old: new for old, new in swap.items() if old in (expect.get("data") or ()) and old not in named}
    if not data:
        return numbers
    return numbers.elsewhere(data[numbers.data]) if numbers.data in data else None


def _judged(expect: Mapping[str, Any], numbers: Numbers, swap: Mapping[str, str] | None = None) -> Outcome:
    """What became of the claim itself, with some models replaced by others."""
    used: list[str] = []
    claim, that = expect["claim"], expect["that"]
    try:
        tree = _parse(that)
        if swap:
            _replace_models(tree, swap)
        holds = bool(_value(tree.body, numbers, used))
    except TdaLatentError as error:
        return Outcome(claim, that, None, str(error))
    return Outcome(claim, that, holds, "; ".join(dict.fromkeys(used)))


def _replace_models(tree: ast.AST, swap: Mapping[str, str]) -> None:
    for call in _calls(tree):
        names = [swap.get(name, name) for name in map(_name, call.args[1:])]
        call.args[1:] = [ast.Name(name) if name.isidentifier() else ast.Constant(name) for name in names]


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _parse(text: str) -> ast.Expression:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
        _check_claim(tree.body)
    except (SyntaxError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        reason = getattr(error, "msg", None) or str(error)
        raise InvalidInput(f"{text!r} is no claim: {reason}. Write for instance between(a, b, c) > 1.") from None
    except (RecursionError, MemoryError):
        raise InvalidInput(f"{text[:40]!r}... is nested too deeply for a claim.") from None
    return tree


def _check_claim(node: ast.expr) -> None:
    """A claim is a comparison of numbers, or several of them joined by ``and`` and ``or``."""
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check_claim(part)
    elif isinstance(node, ast.Compare):
        for sign in node.ops:
            if type(sign) not in _ORDER:
                raise InvalidInput(f"{ast.unparse(node)!r} must compare by <, <=, > or >=.")
        for part in (node.left, *node.comparators):
            _check_number(part)
    else:
        raise InvalidInput(f"{ast.unparse(node)!r} compares nothing; a claim needs <, <=, > or >=.")


def _check_number(node: ast.expr) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        _check_number(node.left)
        _check_number(node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check_number(node.operand)
    elif isinstance(node, ast.Call):
        _check_function(node)
    elif not (isinstance(node, ast.Constant) and _is_number(node.value)):
        raise InvalidInput(
            f"{ast.unparse(node)!r} is no number; a claim is made of numbers, + - * /, comparisons and the functions "
            f"{', '.join(FUNCTIONS)}."
        )


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and value.bit_length() < 1000)


def _check_function(node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else "?"
    if name not in FUNCTIONS or node.keywords:
        close = nearest_name(name, FUNCTIONS)
        hint = f" Did you mean {close!r}?" if close else ""
        raise InvalidInput(f"unknown function {name!r}.{hint} Known: {', '.join(FUNCTIONS)}.")
    low, high = FUNCTIONS[name]
    if not low <= len(node.args) <= high:
        raise InvalidInput(f"{name} takes {low} to {high} names, {len(node.args)} were given.")
    for argument in node.args:
        _name(argument)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    raise InvalidInput(f"{ast.unparse(node)!r} is no name; quote names that hold a '-'.")


def _check_call(call: ast.Call, labels: Labels) -> None:
    names = [_name(argument) for argument in call.args]
    kind = call.func.id if isinstance(call.func, ast.Name) else ""
    of_scalar = kind in _OF_SCALARS
    first, known = (names[0].split(".")[0], labels.analyzers) if of_scalar else (names[0], labels.distances)
    pairs = [(first, known, "analyzer" if of_scalar else "distance")]
    pairs += [(name, labels.models, "model") for name in names[1:]]
    for name, options, what in pairs:
        if name not in options:
            raise InvalidInput(_absent(what, name, options))
    if of_scalar and "." not in names[0]:
        raise InvalidInput(f"{kind}({names[0]}, ...) must name a scalar: {kind}({names[0]}.SCALAR, MODEL).")


def _value(node: ast.expr, numbers: Numbers, used: list[str]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, numbers, used)
    if isinstance(node, ast.BinOp):
        return _calculated(node, _value(node.left, numbers, used), _value(node.right, numbers, used))
    if isinstance(node, ast.BoolOp):
        values = [_value(part, numbers, used) for part in node.values]
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.Compare):
        return _compare(node, numbers, used)
    if isinstance(node, ast.Call):
        return _look_up(node, numbers, used)
    raise InvalidInput(f"{ast.unparse(node)!r} is no number.")


def _calculated(node: ast.BinOp, left: float, right: float) -> float:
    try:
        found = float(_ARITHMETIC[type(node.op)](float(left), float(right)))
    except (ZeroDivisionError, OverflowError):
        found = math.nan
    if math.isnan(found):
        raise IncompleteResult(f"{ast.unparse(node)} has no value: it is calculated from {left:g} and {right:g}.")
    return found


def _compare(node: ast.Compare, numbers: Numbers, used: list[str]) -> bool:
    values = [_value(part, numbers, used) for part in (node.left, *node.comparators)]
    pairs = zip(node.ops, values[:-1], values[1:], strict=True)
    return all(_ORDER[type(sign)](left, right) for sign, left, right in pairs)


def _look_up(node: ast.Call, numbers: Numbers, used: list[str]) -> float:
    kind = node.func.id if isinstance(node.func, ast.Name) else ""
    names: list[Any] = [_name(argument) for argument in node.args]
    if kind == "within" and len(names) == 1:
        names.append(None)
    found = float(getattr(numbers, kind)(*names))
    if math.isnan(found):
        raise IncompleteResult(f"{ast.unparse(node)} is not defined for these results.")
    used.append(f"{ast.unparse(node)} = {found:.4g}")
    return found
