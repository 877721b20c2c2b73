"""Claims of an experiment file (``expect:``) as small arithmetic over its results.

A claim compares numbers: ``between(distance, model, model)``, ``within(distance)`` or ``within(distance, model)``
(the median over pairs of replicates), ``separation(distance, model, model)`` (share of between-distances that exceed
the within-distances), ``value(analyzer.scalar, model)`` (the median over replicates). Names with other signs than
letters, digits and underscores are quoted: ``between('nearest-neighbour-w1', pca, vae)``.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tda_latent.errors import IncompleteResult, InvalidInput, TdaLatentError, nearest_name

FUNCTIONS = {"between": (3, 3), "within": (1, 2), "separation": (3, 3), "value": (2, 2)}
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

    def between(self, distance: str, first: str, second: str) -> float: ...
    def within(self, distance: str, model: str | None) -> float: ...
    def separation(self, distance: str, first: str, second: str) -> float: ...
    def value(self, name: str, model: str) -> float: ...


@dataclass(frozen=True)
class Outcome:
    """What became of a claim: ``holds`` is True, False, or None when a value it needs is missing."""

    claim: str
    that: str
    holds: bool | None
    why: str


def claim_problems(
    expect: Sequence[Mapping[str, str]], models: Sequence[str], distances: Sequence[str], analyzers: Sequence[str]
) -> list[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the claims of a file, as (path, sentence)."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for index, entry in enumerate(expect):
        try:
            tree = _parse(entry["that"])
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                _check_call(call, models, distances, analyzers)
        except InvalidInput as error:
            found.append((("expect", index, "that"), str(error)))
    return found


def judge(expect: Mapping[str, str], numbers: Numbers) -> Outcome:
    """Evaluate one claim; the reason shows every number that it used."""
    used: list[str] = []
    try:
        holds = bool(_value(_parse(entry := expect["that"]).body, numbers, used))
    except TdaLatentError as error:
        return Outcome(expect["claim"], expect["that"], None, str(error))
    return Outcome(expect["claim"], entry, holds, "; ".join(dict.fromkeys(used)))


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


def _check_call(call: ast.Call, models: Sequence[str], distances: Sequence[str], analyzers: Sequence[str]) -> None:
    names = [_name(argument) for argument in call.args]
    kind = call.func.id if isinstance(call.func, ast.Name) else ""
    first, known = (names[0].split(".")[0], analyzers) if kind == "value" else (names[0], distances)
    pairs = [(first, known, "analyzer" if kind == "value" else "distance")]
    pairs += [(name, models, "model") for name in names[1:]]
    for name, options, what in pairs:
        if name not in options:
            close = nearest_name(name, options)
            hint = f" Did you mean {close!r}?" if close else ""
            raise InvalidInput(
                f"no {what} is labelled {name!r} in this file.{hint} Labels: {', '.join(options) or 'none'}."
            )
    if kind == "value" and "." not in names[0]:
        raise InvalidInput(f"value({names[0]}, ...) must name a scalar: value({names[0]}.SCALAR, MODEL).")


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
