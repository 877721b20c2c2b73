"""Representatives stay with their bars, keep their form, and refuse what is none."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import InvalidInput
from tda_latent.records import PersistenceDiagram, Representatives, unpack

POINT = ([[0]], [1])
SQUARE = ([[0, 1], [1, 2], [2, 3], [3, 0]], [1, 1, 1, 1])
EIGHT = ([[0, 1], [1, 2], [2, 0], [2, 3], [3, 4], [4, 2]], [1] * 6)


def cycles() -> Representatives:
    """A square, a figure eight that never dies, and a component."""
    return Representatives.of(
        "cycle", [[0, 3], [3, 4], [0]], [[0, 2, 3], None, None], [SQUARE, EIGHT, POINT]
    )  # fmt: skip


def test_a_bar_gets_back_what_it_was_given_without_padding():
    found = cycles()
    assert found.degrees.tolist() == [1, 1, 0]
    assert found.are_killed.tolist() == [True, False, False]
    assert found[0].simplices.tolist() == SQUARE[0]
    assert found[0].coefficients.tolist() == SQUARE[1]
    assert (found[0].birth.tolist(), found[0].killing.tolist()) == ([0, 3], [0, 2, 3])
    assert (found[2].simplices.tolist(), found[-1].birth.tolist(), found[2].killing) == ([[0]], [0], None)
    assert [len(one.simplices) for one in found] == [4, 6, 1]
    with pytest.raises(IndexError):
        found[3]


def test_cycles_of_degree_one_are_read_as_closed_walks():
    assert [walk.tolist() for walk in cycles().walks(0)] == [[0, 1, 2, 3]]
    assert [walk.tolist() for walk in cycles().walks(1)] == [[0, 1, 2], [2, 3, 4]]
    with pytest.raises(InvalidInput, match="cycle of degree 0"):
        cycles().walks(2)


def test_sorting_and_dropping_bars_takes_their_representatives_along():
    given = cycles()
    diagram = PersistenceDiagram([[0.5, 2], [0.25, np.inf], [0, np.inf]], [1, 1, 0], representatives=given)
    assert [len(one.simplices) for one in diagram.representatives] == [1, 6, 4]
    assert diagram == PersistenceDiagram(
        diagram.pairs, diagram.degrees, representatives=given.taken(np.array([2, 1, 0]))
    )
    shorter = PersistenceDiagram([[0.5, 0.5], [0.25, np.inf], [0, np.inf]], [1, 1, 0], representatives=given)
    assert [len(one.simplices) for one in shorter.representatives] == [1, 6]
    assert not shorter.representatives.are_killed.any()


def test_tables_are_as_narrow_as_their_bars_so_that_equal_content_is_equal():
    alone = cycles().taken(np.array([2]))
    assert alone == Representatives.of("cycle", [[0]], [None], [POINT])
    assert alone.births.shape == (1, 1)
    assert alone.killers.shape == (1, 2)


def test_representatives_survive_being_packed_and_cannot_be_written_to():
    for found in (
        cycles(),
        Representatives.of("simplices", [[0, 1]], [[0, 1, 2]]),
        Representatives.of("cycle", [], []),
    ):
        assert unpack(*found.packed()) == found
        for name in ("births", "killers", "simplices", "coefficients", "offsets"):
            assert not getattr(found, name).flags.writeable
    assert cycles() != cycles().replace(coefficients=cycles().coefficients + 1)
    assert "unique=False" in repr(cycles())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("loop", [[0]], [None], [POINT]), "kind is 'loop'"),
        (("cycle", [[0, 1]], [None], [([[0, 1], [1, 2]], [1, 1])]), "does not come back"),
        (("cycle", [[0, 1]], [None], [([[0, 1], [2, 0]], [1, 1])]), "does not go on"),
        (("cocycle", [[0, 0]], [None], [([[0, 1]], [1])]), "birth simplex has a vertex twice"),
        (("cocycle", [[0, 1]], [[0, 1]], [([[0, 1]], [1])]), "killing simplex has the vertices"),
        (("cocycle", [[0, 1]], [None], [([[0]], [1])]), "chain simplex has the vertices"),
        (("cocycle", [[0]], [None], [([[0, 1]], [1])]), "2 vertices.*at most 1"),
        (("cocycle", [[0, 1]], [None], [([[0, 1]], [0])]), "coefficient is below 1"),
        (("cocycle", [[0, 1]], [None, None], [([[0, 1]], [1])]), "1 births but 2 killers"),
        (("cocycle", [[0, 1]], [None]), "every bar needs a chain"),
        (("simplices", [[0, 1]], [None], [([[0, 1]], [1])]), "every bar needs a chain"),
        (("cocycle", [[0, 1]], [None], [([[0, 1]], [1, 1])]), "must agree"),
    ],
)
def test_what_is_no_representative_is_refused(arguments, words):
    with pytest.raises(InvalidInput, match=words):
        Representatives.of(*arguments)


@pytest.mark.parametrize(
    ("pairs", "degrees", "field", "words"),
    [
        ([[0, 1.0]], [1], 2, "1 bars but 3"),
        ([[0.5, 2], [0.25, np.inf], [0, np.inf]], [1, 0, 0], 2, "another dimension"),
        ([[0.5, 2], [0.25, 3], [0, np.inf]], [1, 1, 0], 2, "killing simplex"),
    ],
)
def test_a_diagram_refuses_representatives_of_other_bars(pairs, degrees, field, words):
    with pytest.raises(InvalidInput, match=words):
        PersistenceDiagram(pairs, degrees, field=field, representatives=cycles())


def test_a_diagram_refuses_coefficients_outside_its_field_and_other_things():
    heavy = Representatives.of("cocycle", [[0]], [None], [([[0]], [2])])
    assert PersistenceDiagram([[0, np.inf]], [0], field=3, representatives=heavy).representatives == heavy
    with pytest.raises(InvalidInput, match="Z/2 the largest is 1"):
        PersistenceDiagram([[0, np.inf]], [0], representatives=heavy)
    with pytest.raises(InvalidInput, match="record Representatives"):
        PersistenceDiagram([[0, np.inf]], [0], representatives=(np.array([0]),))
