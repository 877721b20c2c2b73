"""The least radius at which two diagrams can be matched, by alternating forests over trees of bars.

At radius r a bar of height up to r may go to the diagonal; a taller one needs a partner no farther than r. Call the
bars of one diagram rows and those of the other columns. By [mendelsohn1958] a matching that covers all tall rows and
one that covers all tall columns merge into one that covers both; so each side is covered on its own, first the rows,
and then, by passing partners on, the columns: such a path never uncovers a tall row.

*Covering.* Trees grow from uncovered tall rows: a row reaches the fresh columns within r, a column its taker. A row has
a way out when an open column is near, which nobody has, or when it is short enough for the diagonal; then every row on
the path back to the root gives its partner to the one before, and the root is covered [kuhn1955]. Forests grow from all
roots at once, and as many disjoint paths are traced back as can be found [hopcroft1973]. A column that was reached is
taken out of stock, so edges are never listed and ties cost nothing [efrat2001].

*Rising.* When a tree alone has no way out, all its rows are tall, every column near one of them is in the tree, and
there is one row more than columns: no matching exists at r, nor at any radius before the next event, which is that a
row of the tree meets a fresh column or becomes short. There r rises, to exactly that distance or height, and the tree
grows on. So r is a lower bound at every time and the answer at the end; no list of radii, no tolerance.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.bar_tree import BarTree, Integers, move, near
from tda_latent.numerics.compilation import compiled

FEW = 12  # roots that may wait before larger radii are tried
FIRST_STRIDE = 0.0625
_REACHED, _DONE, _ALONE = 0, 1, 2
_ROW = np.dtype([("partner", "i8"), ("depth", "i8"), ("gain", "i8"), ("event", "f8"), ("ready", "i8")])
_COLUMN = np.dtype([("taker", "i8"), ("parent", "i8")])


class Forest(NamedTuple):
    """A matching of rows to columns, and the trees that grow to enlarge it.

    rows : (rows,) records: `partner`, its column, -1 = none; `depth`, steps from a root; `gain`, the column it would
        take on its path out, -1 = it would go to the diagonal; `event`, a radius below which nothing new happens to it;
        `ready`, 1 when it has a path out
    columns : (columns,) records: `taker`, its row, -1 = none; `parent`, the row from which it was reached
    reached : (rows,) rows in the order in which they were reached, roots first
    open : stock of columns that no row has
    fresh : stock of columns that no tree has reached
    idle : stock of rows to which a path may be traced back, empty in between
    tally : (3,) how many rows are reached; how many of the tallest rows are done; 1 for a tree alone
    """

    rows: NDArray[Any]
    columns: NDArray[Any]
    reached: Integers
    open: Integers
    fresh: Integers
    idle: Integers
    tally: Integers


def least_radius(first: BarTree, second: BarTree, floor: float) -> tuple[float, Integers]:
    """The least radius >= floor at which two diagrams can be matched, and such a matching.

    Parameters
    ----------
    first, second : m >= 1 and n >= 1 bars
    floor : >= 0

    Returns
    -------
    radius : float
        The floor, a height, or a distance between two bars.
    partner : (m,) int64
        Bar of the second tree for each bar of the first, -1 = the diagonal.

    Notes
    -----
    Memory O(m + n). A forest takes O((m + n) sqrt(m + n)) at worst, as a rule O((m + n) log(m + n)).
    """
    radius = unavoidable_radius(second, first, first.stock.copy(), floor)
    radius = unavoidable_radius(first, second, second.stock.copy(), radius)
    forest = _forest(first, second, np.full(len(first.bars), -1))
    radius = _cover(first, second, forest, radius)
    forest = _forest(second, first, forest.columns["taker"])
    radius = _cover(second, first, forest, radius)
    return float(radius), forest.columns["taker"].copy()


def _forest(rows: BarTree, columns: BarTree, partner: Integers) -> Forest:
    """A forest without trees around a matching."""
    idle = np.zeros_like(rows.stock)
    forest = Forest(
        np.zeros(len(rows.bars), dtype=_ROW), np.zeros(len(columns.bars), dtype=_COLUMN),
        np.empty(len(rows.bars), dtype=np.int64), columns.stock.copy(), columns.stock.copy(), idle,
        np.zeros(3, dtype=np.int64),
    )  # fmt: skip
    _restore(columns, forest, partner)
    return forest


def _cover(rows: BarTree, columns: BarTree, forest: Forest, radius: float) -> float:
    """Give every row taller than the radius a column within the radius, which rises where it must.

    While many rows wait, larger radii are tried as well, farther and farther: a failure raises the lower bound and
    leaves a larger matching, a success is taken back and never passed again.
    """
    heights, stride = rows.bars[:, 2], FIRST_STRIDE
    enough = max(radius, float(heights[rows.tallest[0]]))
    while True:
        found = settle(rows, columns, forest, radius, radius)
        if found == radius:
            return radius
        radius, farther = found, min(found * (1.0 + stride), found + 0.5 * (enough - found))
        waiting = np.count_nonzero((forest.rows["partner"] < 0) & (heights > radius))
        if waiting <= FEW or not radius < farther < enough:
            return settle(rows, columns, forest, radius, np.inf)
        kept = forest.rows["partner"].copy()
        found = settle(rows, columns, forest, farther, farther)
        if found > farther:
            radius, stride = found, 2.0 * stride
        else:
            enough = farther
            _restore(columns, forest, kept)


@compiled
def _restore(columns: BarTree, forest: Forest, partner: Integers) -> None:
    """Make this the matching."""
    for k in range(len(forest.open)):
        forest.open[k] = columns.stock[k]
    for column in range(len(forest.columns)):
        forest.columns[column].taker = -1
    for row in range(len(partner)):
        column = partner[row]
        forest.rows[row].partner = column
        if column >= 0:
            forest.columns[column].taker = row
            move(columns, forest.open, column, -1)


@compiled
def unavoidable_radius(rows: BarTree, columns: BarTree, stock: Integers, floor: float) -> float:
    """A lower bound, at least the floor: every row moves to the diagonal or as far as to the nearest column."""
    radius = floor
    for k in range(len(rows.tallest)):
        row = rows.tallest[k]
        birth, death, height = rows.bars[row, 0], rows.bars[row, 1], rows.bars[row, 2]
        if height <= radius:
            break
        _, apart = near(columns, stock, birth, death, radius, height)
        radius = max(radius, min(apart, height))
    return radius


@compiled
def settle(rows: BarTree, columns: BarTree, forest: Forest, radius: float, ceiling: float) -> float:
    """Cover every row taller than the radius, which rises where it must, but not above the ceiling.

    Returns the radius; above the ceiling it is a lower bound, and some rows are left uncovered.

    Many roots at once are covered in less time; a single one takes less than a forest, and it alone can prove that the
    radius must rise. So forests as long as each covers most of its roots; else one tree after the other, for as long as
    the last forest took.
    """
    patience, forest.tally[_DONE] = 0, 0
    while True:
        forest.tally[_ALONE] = patience > 0
        roots = _plant_roots(rows, columns, forest, radius)
        if roots == 0:
            return radius
        if patience > 0:
            while not _search(rows, columns, forest, radius):
                radius = _next_event(rows, columns, forest)
                if radius > ceiling:
                    return radius
            patience -= forest.tally[_REACHED]
        else:
            _spread(rows, columns, forest, radius)
            if 2 * _harvest(rows, columns, forest, radius) < roots:
                patience = forest.tally[_REACHED]


@compiled
def _plant_roots(rows: BarTree, columns: BarTree, forest: Forest, radius: float) -> int:
    """Make the uncovered tall rows, or the tallest one alone, roots of a new forest; returns how many."""
    roots = 0
    for k in range(forest.tally[_DONE], len(rows.tallest)):
        row = rows.tallest[k]
        if rows.bars[row, 2] <= radius or (roots > 0 and forest.tally[_ALONE] > 0):
            break
        if forest.rows[row].partner < 0:
            forest.reached[roots], forest.rows[row].depth = row, 0
            forest.rows[row].event, forest.rows[row].ready = 0.0, 0
            roots += 1
        elif roots == 0:
            forest.tally[_DONE] = k
    forest.tally[_REACHED] = roots
    for k in range(len(forest.fresh)):
        forest.fresh[k] = columns.stock[k]
    return roots


@compiled
def _finds_way_out(rows: BarTree, columns: BarTree, forest: Forest, row: int, radius: float) -> bool:
    """Whether the row is short, or near an open column, which is set aside for it."""
    column = -1
    if rows.bars[row, 2] > radius:
        column, _ = near(columns, forest.open, rows.bars[row, 0], rows.bars[row, 1], radius, radius)
        if column < 0:
            return False
        move(columns, forest.open, column, -1)
        move(columns, forest.fresh, column, -1)
    forest.rows[row].gain, forest.rows[row].ready = column, 1
    return True


@compiled
def _reach(rows: BarTree, columns: BarTree, forest: Forest, row: int, radius: float) -> int:
    """Add the takers of the fresh columns near the row; one tree alone stops at the first that has a way out.

    Returns the last row that was added, the row itself when there is none.
    """
    forest.rows[row].event, last = radius, row
    while True:
        column, _ = near(columns, forest.fresh, rows.bars[row, 0], rows.bars[row, 1], radius, radius)
        if column < 0:
            return last
        move(columns, forest.fresh, column, -1)
        last = forest.columns[column].taker
        forest.columns[column].parent, forest.rows[last].depth = row, forest.rows[row].depth + 1
        forest.rows[last].event, forest.rows[last].ready = 0.0, 0
        forest.reached[forest.tally[_REACHED]] = last
        forest.tally[_REACHED] += 1
        if _finds_way_out(rows, columns, forest, last, radius) and forest.tally[_ALONE] > 0:
            return last


@compiled
def _search(rows: BarTree, columns: BarTree, forest: Forest, radius: float) -> bool:
    """Grow a tree alone; whether its root is covered now."""
    head = 0
    while head < forest.tally[_REACHED]:
        row = forest.reached[head]
        head += 1
        if forest.rows[row].event > radius:
            continue
        if not _finds_way_out(rows, columns, forest, row, radius):
            row = _reach(rows, columns, forest, row, radius)
        if forest.rows[row].ready:
            while forest.rows[row].depth > 0:
                column = forest.rows[row].partner
                row = forest.columns[column].parent
                forest.rows[row].gain = column
            _pass_on(forest, row)
            return True
    return False


@compiled
def _next_event(rows: BarTree, columns: BarTree, forest: Forest) -> float:
    """The least radius at which a row of the tree becomes short or meets a fresh column.

    Columns only leave the stock, so an event that was found before is a lower bound now.
    """
    radius = np.inf
    for k in range(forest.tally[_REACHED]):
        row = forest.reached[k]
        if forest.rows[row].event < radius:
            birth, death, height = rows.bars[row, 0], rows.bars[row, 1], rows.bars[row, 2]
            _, apart = near(columns, forest.fresh, birth, death, 0.0, min(height, radius))
            forest.rows[row].event = min(apart, height)
            radius = min(radius, forest.rows[row].event)
    return radius


@compiled
def _spread(rows: BarTree, columns: BarTree, forest: Forest, radius: float) -> None:
    """Grow all trees, level by level; rows that have a way out grow no further."""
    head = 0
    while head < forest.tally[_REACHED]:
        row = forest.reached[head]
        head += 1
        if forest.rows[row].depth == 0:
            _finds_way_out(rows, columns, forest, row, radius)
        if not forest.rows[row].ready:
            _reach(rows, columns, forest, row, radius)


@compiled
def _harvest(rows: BarTree, columns: BarTree, forest: Forest, radius: float) -> int:
    """Trace disjoint paths back from the ways out and cover the roots that they come to; returns how many.

    Level by level, the deepest first: a ready row offers its partner to the rows of the level before, one of which at
    least is near; each of them takes one.
    """
    reached, stop = forest.reached, forest.tally[_REACHED]
    start = _start_of_level(forest, stop)
    while start > 0:
        before = _start_of_level(forest, start)
        for k in range(before, start):
            if not forest.rows[reached[k]].ready:
                move(rows, forest.idle, reached[k], 1)
        _trace_back(rows, columns, forest, start, stop, radius)
        for k in range(before, start):
            if forest.idle[len(rows.boxes) + reached[k]]:
                move(rows, forest.idle, reached[k], -1)
        start, stop = before, start
    successes = 0
    for k in range(stop):
        if forest.rows[reached[k]].ready:
            _pass_on(forest, reached[k])
            successes += 1
    return successes


@compiled
def _trace_back(rows: BarTree, columns: BarTree, forest: Forest, start: int, stop: int, radius: float) -> None:
    """Each ready row between start and stop of those reached gives its partner to an idle row near it, or gives up."""
    for k in range(start, stop):
        ready = forest.reached[k]
        if forest.rows[ready].ready:
            column = forest.rows[ready].partner
            birth, death = columns.bars[column, 0], columns.bars[column, 1]
            row, _ = near(rows, forest.idle, birth, death, radius, radius)
            if row < 0:
                _give_up(columns, forest, ready)
            else:
                move(rows, forest.idle, row, -1)
                forest.rows[row].gain, forest.rows[row].ready = column, 1


@compiled
def _start_of_level(forest: Forest, stop: int) -> int:
    """Where the rows begin that are as deep as the last one before the stop."""
    depth = forest.rows[forest.reached[stop - 1]].depth
    while stop > 0 and forest.rows[forest.reached[stop - 1]].depth == depth:
        stop -= 1
    return stop


@compiled
def _give_up(columns: BarTree, forest: Forest, row: int) -> None:
    """The path from this row is not used; the open column at its end is open again."""
    column = forest.rows[row].gain
    while column >= 0 and forest.columns[column].taker >= 0:
        column = forest.rows[forest.columns[column].taker].gain
    if column >= 0:
        move(columns, forest.open, column, 1)


@compiled
def _pass_on(forest: Forest, root: int) -> None:
    """Every row on the path from the root takes what it gains."""
    row = root
    while row >= 0:
        column, following = forest.rows[row].gain, -1
        forest.rows[row].partner = column
        if column >= 0:
            following = forest.columns[column].taker
            forest.columns[column].taker = row
        row = following
