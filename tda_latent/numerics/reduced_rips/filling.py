"""From a hollow lune to the voids that it fills: a flow of triangles to the few that matter.

A loop in the lune of ab, joined to a and to b, is a sphere of triangles that bounds from the moment ab enters. Each of
its triangles is named by its last edge f and the vertex v opposite to that, which lies in the lune of f. All the
triangles on f whose vertices lie in one component of that lune are the same but for triangles that came before: if v
and p are joined there, the tetrahedron on f, v and p turns the triangle fv into fp, plus the two on vp with the ends
of f. So the latest triangle flows to the vertex chosen for its component, and what it leaves behind flows on, until
only chosen triangles are left. That of the first component is paired with f itself and dropped [forman1998]; each of
another component killed a loop, and is dropped as well, or opened a void, which it names.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.compilation import compiled, leaf
from tda_latent.numerics.reduced_rips.bits import bit
from tda_latent.numerics.reduced_rips.growth import longer_heap
from tda_latent.numerics.reduced_rips.hollows import Complex
from tda_latent.numerics.reduced_rips.order import Order, triangle
from tda_latent.numerics.reduced_rips.reduction import EXPANSIONS, Columns

Vertices = NDArray[np.int32]
Integers = NDArray[np.int64]
UNKNOWN, TORN = -1, -2


class Flow(NamedTuple):
    """Where triangles flow.

    chosen : (m,) for each edge the vertex chosen in its lune; UNKNOWN = not yet; TORN - k = several, in the k-th tear
    starts : (t + 1,) where the components of each tear begin
    vertices : (s,) the vertex chosen in each component of each tear
    voids : (s,) number of the void that the triangle opens; -1 = none
    inside : (n,) room for the vertices of a lune
    """

    order: Order
    chosen: Vertices
    starts: Integers
    vertices: Vertices
    voids: Vertices
    inside: Vertices


@compiled
def add_suspension(flow: Flow, columns: Columns, e: int, lune: Complex, loop: Vertices, heap: Integers) -> Integers:
    """Add the voids of a loop u, x, y of the lune of the edge e to the column at work; the heap, which may have grown.

    The triangles wait in a heap, the latest on top, where equal ones meet and cancel.
    """
    u, x, y = loop[0], loop[1], loop[2]
    size = _push_pair(flow.order, heap, 0, e, u, x)
    size = _push_pair(flow.order, heap, size, e, u, y)
    while x != y:
        if lune.depths[x] < lune.depths[y]:
            x, y = y, x
        if size + 4 > len(heap):
            heap = longer_heap(heap)
        size = _push_pair(flow.order, heap, size, e, x, lune.parents[x])
        x = lune.parents[x]
    while size:
        top, size = _pop(heap, size)
        if size and heap[0] == top:
            _, size = _pop(heap, size)
            continue
        if size + 4 > len(heap):
            heap = longer_heap(heap)
        columns.counters[EXPANSIONS] += 1
        size = _flow_on(flow, columns, top // len(lune.parents), top % len(lune.parents), heap, size)
    return heap


@leaf
def _flow_on(flow: Flow, columns: Columns, f: int, v: int, heap: Integers, size: int) -> int:
    """Replace a triangle by earlier ones, or note the void that it opens; the size of the heap."""
    if flow.chosen[f] == UNKNOWN:
        flow.chosen[f] = _most_joined(flow, f)
    component, towards = _arrival(flow, f, v)
    if component < 0:
        towards = _way_on(flow, f, v)
    elif flow.chosen[f] <= TORN:
        void = flow.voids[component]
        if void >= 0:
            columns.work[void >> 6] ^= bit(void)
    if towards != v:
        size = _push_pair(flow.order, heap, size, f, v, towards)
        if component < 0:
            size = _push(heap, size, f * len(flow.inside) + towards)
    return size


@leaf
def _arrival(flow: Flow, f: int, v: int) -> tuple[int, int]:
    """The chosen vertex of the lune of f that v is, or is joined to there: its number and itself; -1 = none."""
    root, row = flow.chosen[f], flow.order.places[v]
    if root > UNKNOWN:
        return (0, root) if root == v or row[root] < f else (-1, -1)
    tear = TORN - root
    for k in range(flow.starts[tear], flow.starts[tear + 1]):
        w = flow.vertices[k]
        if w == v or row[w] < f:
            return k, w
    return -1, -1


@leaf
def _gather(flow: Flow, f: int) -> int:
    """Write the vertices of the lune of f into ``inside``; how many."""
    left, right = flow.order.places[flow.order.tails[f]], flow.order.places[flow.order.heads[f]]
    count = 0
    for v in range(len(left)):
        flow.inside[count] = v
        count += (left[v] < f) & (right[v] < f)
    return count


@leaf
def _most_joined(flow: Flow, f: int) -> int:
    """The vertex of the lune of f with the most neighbours in it."""
    count = _gather(flow, f)
    best, fewest = -1, count + 1
    for k in range(count):
        row, missed = flow.order.places[flow.inside[k]], 0
        for q in range(count):
            missed += row[flow.inside[q]] >= f
            if missed >= fewest:
                break
        if missed < fewest:
            best, fewest = flow.inside[k], missed
        if fewest == 1:  # itself alone
            break
    return best


@leaf
def _way_on(flow: Flow, f: int, v: int) -> int:
    """The next vertex on a shortest way in the lune of f from v to a chosen vertex, which is two steps off or more."""
    if flow.chosen[f] > UNKNOWN:
        between = _between(flow, f, v)
        if between >= 0:
            return between
    count, reached = _gather(flow, f), 0
    inside = flow.inside
    for k in range(count):  # the chosen ones to the front
        if _arrival(flow, f, inside[k])[1] == inside[k]:
            inside[reached], inside[k] = inside[k], inside[reached]
            reached += 1
    head = 0
    while head < reached:
        row = flow.order.places[inside[head]]
        for k in range(reached, count):
            w = inside[k]
            if row[w] < f:
                if w == v:
                    return inside[head]
                inside[reached], inside[k] = w, inside[reached]
                reached += 1
        head += 1
    return -1


@leaf
def _between(flow: Flow, f: int, v: int) -> int:
    """A vertex of the lune of f that is joined there to v and to the chosen vertex; -1 when there is none."""
    places = flow.order.places
    left, right = places[flow.order.tails[f]], places[flow.order.heads[f]]
    near, far = places[v], places[flow.chosen[f]]
    for start in range(0, len(left), 32):
        is_here = False
        for w in range(start, min(start + 32, len(left))):
            is_here |= max(max(left[w], right[w]), max(near[w], far[w])) < f
        if is_here:
            for w in range(start, min(start + 32, len(left))):
                if max(max(left[w], right[w]), max(near[w], far[w])) < f:
                    return w
    return -1


@leaf
def _push_pair(order: Order, heap: Integers, size: int, f: int, v: int, w: int) -> int:
    """Push the triangles of the edge vw with the two ends of the edge f; the size of the heap."""
    size = _push(heap, size, triangle(order, order.tails[f], v, w))
    return _push(heap, size, triangle(order, order.heads[f], v, w))


@leaf
def _push(heap: Integers, size: int, key: int) -> int:
    """Insert a key into a heap with the largest on top; its size."""
    k = size
    while k > 0 and heap[(k - 1) >> 1] < key:
        heap[k] = heap[(k - 1) >> 1]
        k = (k - 1) >> 1
    heap[k] = key
    return size + 1


@leaf
def _pop(heap: Integers, size: int) -> tuple[int, int]:
    """Take the largest key out of a heap; the key and the size that is left."""
    top, last, k = heap[0], heap[size - 1], 0
    size -= 1
    while True:
        child = 2 * k + 1
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if child >= size or heap[child] <= last:
            break
        heap[k] = heap[child]
        k = child
    heap[k] = last
    return top, size
