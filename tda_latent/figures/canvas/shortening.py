"""Names that fit where they are written: long ones lose what all of them share, then their middle."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

_LEAST = 3  # characters of a shortened name
_GAP = "…"


def shortened(names: Sequence[str], most: int) -> list[str]:
    """The names in at most ``most`` characters each, different where they were different.

    Parameters
    ----------
    names : texts
    most : characters, at least 3; names that are alike up to their middle may need a few more

    Notes
    -----
    When one is too long, the beginning and the end that all of them share give way to an ellipsis; names that are still
    too long lose their middle, and those that are the same then are numbered.
    """
    most = max(_LEAST, most)
    if all(len(name) <= most for name in names):
        return list(names)
    trimmed = _without_shared(list(names)) if len(set(names)) > 1 else list(names)
    cut = [_without_middle(name, most) for name in trimmed]
    kinds = list(dict.fromkeys(names))
    if len(set(cut)) < len(kinds):
        numbers = {name: f"{place + 1}{_GAP}" for place, name in enumerate(kinds)}
        cut = [numbers[name] + _tail(text, most - len(numbers[name])) for name, text in zip(names, cut, strict=True)]
    return cut


def _without_shared(names: list[str]) -> list[str]:
    start = _shared(names)
    end = _shared([name[start:][::-1] for name in names])
    start, end = (start if start > 1 else 0), (end if end > 1 else 0)
    return [_GAP * bool(start) + name[start : len(name) - end] + _GAP * bool(end) for name in names]


def _shared(names: list[str]) -> int:
    """Characters that all names begin with."""
    columns = (len(set(letters)) == 1 for letters in zip(*names, strict=False))
    return sum(1 for _ in takewhile(bool, columns))


def _without_middle(name: str, most: int) -> str:
    if len(name) <= most:
        return name
    head = most // 2
    return name[:head] + _GAP + _tail(name, most - head - 1)


def _tail(text: str, size: int) -> str:
    return text[-size:] if size > 0 else ""
