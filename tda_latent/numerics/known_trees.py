"""Known hierarchies in the Newick notation, and how far distances between classes follow one."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tda_latent.errors import InvalidParameter

Floats = NDArray[np.float64]
_TOKEN = re.compile(r"\s*([(),:;]|'[^']*'|[^\s(),:;'][^(),:;']*)")
_TIE = 1e-12  # relative: what rounding does to correlations
_EXACT = 7  # classes up to which every assignment of names is tried


def newick_heights(text: str) -> tuple[tuple[str, ...], Floats]:
    """Names of the leaves and (k, k) heights of their lowest common ancestors.

    Parameters
    ----------
    text : for instance ``((cat, dog), (car, truck))``, with lengths of branches after colons where they are not 1.
        Names with signs stand in single quotes; names of inner nodes are passed over.

    Returns
    -------
    leaves in the order of the text; heights: the longest way from the ancestor down to a leaf, 0 on the diagonal

    Raises
    ------
    InvalidParameter
        For text that is no tree, a name that occurs twice, or a length that is no number >= 0.
    """
    tokens = [match.group(1).strip() for match in _TOKEN.finditer(text)]
    if "".join(tokens).replace(" ", "") != re.sub(r"\s", "", text):
        raise InvalidParameter(f"tree {text!r} holds an open quote; the rule is Newick, ((a, b), (c, d)) for instance.")
    joins: list[tuple[list[str], float]] = []
    place = _subtree(tokens, 0, joins, text)[2]
    if tokens[place:] not in ([], [";"]):
        raise InvalidParameter(f"tree {text!r} goes on after its end; the rule is one pair of brackets around it all.")
    leaves = joins[-1][0] if joins else []
    if len(set(leaves)) != len(leaves) or len(leaves) < 2:
        raise InvalidParameter(f"tree {text!r} needs two or more leaves with different names.")
    rows = {name: row for row, name in enumerate(leaves)}
    heights = np.full((len(leaves), len(leaves)), np.inf)
    for members, height in joins:  # inner nodes come before those that hold them
        inside = np.ix_([rows[name] for name in members], [rows[name] for name in members])
        heights[inside] = np.minimum(heights[inside], height)
    np.fill_diagonal(heights, 0.0)
    return tuple(leaves), heights


def _subtree(
    tokens: list[str], place: int, joins: list[tuple[list[str], float]], text: str
) -> tuple[list[str], float, int]:
    """Leaves and height of the subtree that starts at a token with its branch, and the place after it."""
    if place >= len(tokens) or tokens[place] in "),:;":
        found = repr(tokens[place]) if place < len(tokens) else "the end"
        raise InvalidParameter(f"tree {text!r} has {found} where a name or '(' should stand.")
    leaves, height = [tokens[place].strip("'")], 0.0
    if tokens[place] == "(":
        leaves, sign = [], ","
        while sign == ",":
            members, reach, place = _subtree(tokens, place + 1, joins, text)
            leaves, height = leaves + members, max(height, reach)
            sign = tokens[place] if place < len(tokens) else "the end"
        if sign != ")":
            raise InvalidParameter(f"tree {text!r} has {sign!r} where ',' or ')' should stand.")
        joins.append((leaves, height))
        if place + 1 < len(tokens) and tokens[place + 1] not in "(),:;":
            place += 1
    place, length = place + 1, 1.0
    if place < len(tokens) and tokens[place] == ":":
        length, place = _length(tokens, place + 1, text), place + 2
    return leaves, height + length, place


def _length(tokens: list[str], place: int, text: str) -> float:
    try:
        length = float(tokens[place])
    except (IndexError, ValueError):
        length = math.nan
    if not 0 <= length < math.inf:
        raise InvalidParameter(f"tree {text!r} has a branch without a length >= 0 after a colon.")
    return length


def cophenetic_correlation(first: Floats, second: Floats) -> float:
    """Correlation of two (k, k) symmetric tables above the diagonal [sokal1962]; NaN where one is constant."""
    return float(_correlations(first, second, np.arange(len(first))[None])[0])


def tree_p_value(found: Floats, known: Floats, draws: int, rng: Generator) -> float:
    """Share of assignments of the names whose correlation is at least that of the given one.

    All assignments for up to seven classes, else ``draws`` random ones and the given one [phipson2010]. NaN where the
    correlation is.
    """
    size = len(found)
    if size <= _EXACT:
        orders = np.array(list(itertools.permutations(range(size))), dtype=np.int64)
    else:
        orders = np.array([np.arange(size), *(rng.permutation(size) for _ in range(draws))], dtype=np.int64)
    values = _correlations(found, known, orders)  # the first is that of the given order
    return float("nan") if math.isnan(values[0]) else float(np.mean(values >= values[0] - _TIE))


def _correlations(first: Floats, second: Floats, orders: NDArray[np.int64]) -> Floats:
    """(m,) correlations of a (k, k) table with another under (m, k) orders of its classes; NaN if one is constant."""
    rows, columns = np.triu_indices(len(first), 1)
    one, other = first[rows, columns], second[rows, columns]
    scale = float(np.abs(one).max(initial=0.0) * np.abs(other).max(initial=0.0))
    one, centred = one - one.mean(), second - other.mean()
    sizes = float(np.linalg.norm(one) * np.linalg.norm(centred[rows, columns]))
    if not sizes > _TIE * scale:
        return np.full(len(orders), np.nan)
    products = np.array([centred[order[rows], order[columns]] @ one for order in orders])
    return np.asarray(np.clip(products / sizes, -1.0, 1.0), dtype=np.float64)
