"""Claims are arithmetic over results and nothing else."""

from __future__ import annotations

import math

import pytest

from tda_latent.experiment.file.expectations import Control, Labels, claim_problems, is_judged, judge
from tda_latent.experiment.results import separation

LABELS = Labels(("x", "y"), ("d",), ("spectrum",), ("early", "late"), ("one",))


class Fixed:
    """Numbers that a test knows; in the data set "two" every value is one more."""

    def __init__(self, data: str = "one") -> None:
        self.data = data

    def elsewhere(self, data: str) -> Fixed:
        return Fixed(data)

    def between(self, distance: str, first: str, second: str) -> float:
        return {"d": 2.0, "far-off": 5.0}[distance]

    def within(self, distance: str, model: str | None) -> float:
        return 0.5 if model is None else 0.25

    def separation(self, distance: str, first: str, second: str) -> float:
        return 1.0

    def value(self, name: str, model: str) -> float:
        more = 1.0 if self.data == "two" else 0.0
        return math.nan if name == "a.undefined" else {"x": 3.0, "y": 1.0}.get(model, 2.0) + more

    def lowest(self, name: str, model: str) -> float:
        return self.value(name, model) - 0.5

    def highest(self, name: str, model: str) -> float:
        return self.value(name, model) + 0.5


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
        ("lowest(a.b, x) >= 2.5 and highest(a.b, y) <= 1.5", True),
        ("lowest(a.b, x) > 2.5", False),
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
        "lowest(spectrum, x) > 1",
        "highest(d, x) > 1",
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
    found = claim_problems([{"claim": "c", "that": text}], LABELS)
    assert len(found) == 1
    assert found[0][0] == ("expect", 0, "that")


def test_separation_counts_pairs_and_needs_a_spread() -> None:
    assert separation((2.0, 3.0), (1.0, 1.5)) == 1.0
    assert separation((1.0,), (1.0,)) == 0.5
    assert separation((1.0, 0.0), (0.5,)) == 0.5
    assert separation((1.0,), ()) is None


def controlled(text: str, *controls: dict[str, str]):
    return judge({"claim": "c", "that": text, "controls": list(controls)}, Fixed())


def test_a_claim_with_controls_holds_when_each_of_them_fails_it() -> None:
    assert controlled("value(a.b, x) > 2", {"x": "y"}, {"x": "z"}).holds is True
    found = controlled("value(a.b, x) > 2", {"x": "y"})
    assert found.why == "value(a.b, x) = 3"
    assert found.controls == (Control("y for x", False, "value(a.b, y) = 1"),)


def test_a_claim_that_a_control_fulfils_as_well_is_no_test_and_fails() -> None:
    found = controlled("value(a.b, x) > 0.5", {"x": "y"})
    assert found.holds is False
    assert found.controls == (Control("y for x", True, "value(a.b, y) = 1"),)


def test_a_false_claim_is_false_whatever_its_controls_do() -> None:
    assert controlled("value(a.b, x) > 9", {"x": "y"}).holds is False


def test_a_control_without_a_value_leaves_the_claim_undecided() -> None:
    class Gap(Fixed):
        def value(self, name: str, model: str) -> float:
            return math.nan if model == "y" else 3.0

    entry = {"claim": "c", "that": "value(a.b, x) > 2", "controls": [{"x": "y"}]}
    assert judge(entry, Gap()).holds is None


def test_only_models_are_replaced_not_analyzers_of_the_same_name() -> None:
    assert controlled("value(x.b, x) > 2", {"x": "y"}).holds is True


def on_data(text: str, *controls: dict[str, str], data: str = "one"):
    return judge({"claim": "c", "that": text, "data": ["one", "three"], "controls": list(controls)}, Fixed(data))


def test_a_control_may_be_another_data_set() -> None:
    found = on_data("value(a.b, x) < 3.5", {"one": "two"})
    assert found.holds is True
    assert found.controls == (Control("two for one", False, "value(a.b, x) = 4"),)
    assert on_data("value(a.b, x) < 9", {"one": "two"}).holds is False


def test_a_control_may_replace_model_and_data_set_at_once() -> None:
    found = on_data("value(a.b, x) > 2.5", {"one": "two", "x": "y"})
    assert found.controls == (Control("two for one, y for x", False, "value(a.b, y) = 2"),)


def test_a_control_for_another_data_set_is_not_looked_at_here() -> None:
    assert on_data("value(a.b, x) < 9", {"one": "two"}, data="three").holds is True


def test_a_name_that_model_and_data_set_share_stands_for_the_model() -> None:
    found = on_data("value(a.b, one) > 1.5", {"one": "y"})
    assert found.controls == (Control("y for one", False, "value(a.b, y) = 1"),)


def test_a_claim_speaks_of_every_group_or_of_those_that_it_names() -> None:
    assert is_judged({}, "one", "late")
    assert is_judged({"layers": ["late", 3]}, "one", "3")
    assert not is_judged({"layers": ["late"]}, "one", "early")
    assert not is_judged({"data": ["one"], "layers": ["late"]}, "two", "late")


@pytest.mark.parametrize(
    ("entry", "path", "message"),
    [
        ({"layers": ["lat"]}, ("layers", 0), "Did you mean 'late'"),
        ({"data": ["two"]}, ("data", 0), "no data set is labelled 'two'"),
        ({"controls": [{"x": "z"}]}, ("controls", 0, "x"), "no model is labelled 'z'"),
        ({"controls": [{"x": "y"}, {"y": "x"}]}, ("controls", 1), "does not name the model 'y'"),
        ({"controls": [{"one": "x"}]}, ("controls", 0), "nor a data set"),
        ({"data": ["one"], "controls": [{"one": "tow"}]}, ("controls", 0, "one"), "no data set is labelled 'tow'"),
    ],
)
def test_what_a_claim_speaks_of_must_exist(entry, path, message) -> None:
    found = claim_problems([{"claim": "c", "that": "value(spectrum.rank, x) > 1", **entry}], LABELS)
    assert found[0][0] == ("expect", 0, *path)
    assert message in found[0][1]
