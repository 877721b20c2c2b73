"""Compiled drivers of the inner steps: they call the functions of the kernel as the kernel does, and write it down."""

from __future__ import annotations

import numpy as np

from tda_latent.numerics.compilation import compiled
from tda_latent.numerics.reduced_rips.bits import U, bit, highest, lowest
from tda_latent.numerics.reduced_rips.lunes import (
    PREFIX,
    SEARCHED,
    advance_prefix,
    join,
    lune_components,
    no_edges,
)
from tda_latent.numerics.reduced_rips.reduction import apex, no_columns, reduce_column, store_column
from tda_latent.numerics.reduced_rips.space import is_inside, length, lengths_from, vertices

NOTHING, PREFIX_PROOF, CENTRE_PROOF, PREFIX_SEARCH, CENTRE_SEARCH = range(5)


@compiled
def bit_positions(words):
    """Lowest bit, highest bit, and the word of the lowest bit alone, of words that are not zero."""
    low, high, alone = np.empty(len(words), np.int64), np.empty(len(words), np.int64), np.empty(len(words), np.uint64)
    for k in range(len(words)):
        low[k], high[k] = lowest(words[k]), highest(words[k])
        alone[k] = bit(low[k] + 64 * k)
    return low, high, alone


@compiled
def lune_trace(size, tails, heads, every):
    """Let edges a < b enter in this order and look at every so many lunes.

    Which way each was decided, number of components, and the components; -1 = not looked at.
    """
    adjacency = no_edges(size)
    ways, counts = np.full(len(tails), -1, np.int64), np.zeros(len(tails), np.int64)
    parts = np.full((len(tails) // every + 1, size), -1, np.int64)
    for k in range(len(tails)):
        a, b = tails[k], heads[k]
        common = U(0)
        for w in range(adjacency.bits.shape[1]):
            common |= adjacency.bits[a, w] & adjacency.bits[b, w]
        if k % every == 0 and common == 0:
            ways[k] = NOTHING
        elif k % every == 0:
            is_before = a > 0 and b < adjacency.cursor[PREFIX]
            searched = adjacency.cursor[SEARCHED]
            counts[k] = lune_components(adjacency, a, b)
            ways[k] = PREFIX_PROOF if is_before else CENTRE_PROOF
            if adjacency.cursor[SEARCHED] > searched:
                ways[k] = PREFIX_SEARCH if is_before else CENTRE_SEARCH
            if counts[k] > 1:
                for c in range(counts[k]):
                    parts[k // every, c] = adjacency.components[c]
        join(adjacency, a, b)
        if a == 0:
            advance_prefix(adjacency)
    return ways, counts, parts


@compiled
def apexes(space, neighbours, tails, heads):
    """The apex of each of the edges a < b, and whether it is inside the lune."""
    found, inside = np.empty(len(tails), np.int64), np.empty(len(tails), np.bool_)
    for k in range(len(tails)):
        a, b = np.int64(tails[k]), np.int64(heads[k])
        found[k] = apex(space, neighbours, a, b)
        inside[k] = is_inside(space, found[k], a, b, length(space, a, b))
    return found, inside


@compiled
def lengths_both_ways(space):
    """All lengths pair by pair, and row by row."""
    size = vertices(space)
    pairs, rows, buffer = np.empty((size, size)), np.full((size, size), np.nan), np.empty(size)
    for a in range(size):
        for b in range(size):
            pairs[a, b] = length(space, a, b)
        start = np.int64(a // 2)
        row = lengths_from(space, a, start, buffer)
        for k in range(len(row)):
            rows[a, start + k] = row[k]
    return pairs, rows


@compiled
def all_reduced(matrix):
    """Reduce the columns of a (loops, columns) matrix of truth values, first to last.

    The youngest loop left of each, -1 = none, and what is stored under each loop.
    """
    loops = len(matrix)
    columns, pool = no_columns(loops), np.empty(1, np.int32)
    left, stored = np.empty(matrix.shape[1], np.int64), np.zeros((loops, loops), np.bool_)
    for k in range(matrix.shape[1]):
        for loop in range(loops):
            if matrix[loop, k]:
                columns.work[loop >> 6] ^= bit(loop)
        left[k] = reduce_column(columns, pool)
        if left[k] >= 0:
            pool = store_column(columns, pool, left[k])
    for loop in range(loops):
        for k in range(columns.starts[loop], columns.stops[loop]):
            stored[loop, pool[k]] = True
    return left, stored, columns.work
