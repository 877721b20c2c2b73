"""Claims are arithmetic over results and nothing else."""

from __future__ import annotations

import math

import pytest

from tda_latent.experiment.expectations import claim_problems, judge
from tda_latent.experiment.results import separation


class Fixed:
    """Numbers that a test knows."""

    def between(self, distance: str, first: str, second: str) -> float:
        return {"d": 2.0, "far-off": 5.0}[distance]

    def within(self, distance: str, model: str | None) -> float:
        return 0.5 if model is None else 0.25

    def separation(self, distance: str, first: str, second: str) -> float:
        return 1.0

    def value(self, name: str, model: str) -> float:
        return math.nan if name == "a.undefined" else 3.0


def claim(text: str):
    return judge({"claim": "c", "that": text}, Fixed())


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("between(d, x, y) > 3 * within(d)", True),
        ("between(d, x, y) > 5 * within(d)", False),
        ("between('far-off', x, y) / within(d, x) >= 20", True),
        ("separation(d, x, y) > 0.9 and value(a.b, x) <= 3", True),
        ("1 < value(a.b, x) < 2", False),
        ("-1 < 0 or value(a.b, x) > 9", True),
        ("value(a.undefined, x) > 0", None),
        ("between(d, x, y) / (within(d) - 0.5) > 1", None),
        ("1e400 - 1e400 < 1", None),
        ("  1 < 2\n", True),
    ],
)
def test_claims_are_judged(text, holds) -> None:
    assert claim(text).holds is holds


def test_the_reason_shows_the_numbers_that_were_used() -> None:
    assert claim("between(d, x, y) > within(d)").why == "between(d, x, y) = 2; within(d) = 0.5"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true') > 0",
        "open('f') > 1",
        "between(d, x, y)",
        "(lambda: 1)() > 0",
        "[1][0] > 0",
        "between(d, x, y) > within(d",
        "between(d, x) > 1",
        "d ** 9 > 1",
        "value(spectrum, x) > 1",
        "between(d, x, z) > 1",
        "d > 1",
        "'a' * 3 > 1",
        "True > 0",
        "between(d, x, y) > 1 or 2",
        "(1 < 2) + 1 > 2",
        "between(within(d), x, y) > 1",
        "1 == 1",
        "a\0 > 1",
        "-" * 100_000 + "1 > 0",
        "(" * 50 + "1" + ")" * 50,
        "1" * 5000 + " > 0",
        "1" * 400 + " / 0 > 0",
        "",
    ],
)
def test_anything_else_is_refused_before_the_run(text) -> None:
    found = claim_problems([{"claim": "c", "that": text}], ("x", "y"), ("d",), ("spectrum",))
    assert len(found) == 1
    assert found[0][0] == ("expect", 0, "that")


def test_separation_counts_pairs_and_needs_a_spread() -> None:
    assert separation((2.0, 3.0), (1.0, 1.5)) == 1.0
    assert separation((1.0,), (1.0,)) == 0.5
    assert separation((1.0, 0.0), (0.5,)) == 0.5
    assert separation((1.0,), ()) is None
