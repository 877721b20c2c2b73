"""The plan is a pure function of the task: engine, landmarks and cost, and the ways out when nothing fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tda_latent.engines.budgets import bytes_of, seconds_of
from tda_latent.engines.cost_model import Cost, Task, cost, landmark_cost
from tda_latent.engines.planner import (
    ASKED,
    CAUTION,
    LARGEST_REDUCED,
    MEMORY_CEILING,
    SMALLEST_REDUCED,
    SMALLEST_VOIDS,
    Limits,
    fit_rips,
    plan_rips,
    require_affordable,
)
from tda_latent.errors import InvalidInput, InvalidParameter

ENGINES = ("gudhi", "ripser")


def test_each_kind_of_task_has_its_engine():
    def chosen(size, degree=1, field=2):
        return plan_rips(Task(size, max_degree=degree), field).engine

    assert chosen(100_000, 0) == chosen(100, 0) == chosen(1, 2) == "spanning tree"
    assert chosen(SMALLEST_REDUCED) == "gudhi"
    assert chosen(SMALLEST_REDUCED + 1) == chosen(LARGEST_REDUCED) == "reduced"
    assert chosen(SMALLEST_VOIDS, 2) == chosen(1000, 3) == chosen(1000, 1, 3) == chosen(1000, 2, 3) == "gudhi"
    assert chosen(SMALLEST_VOIDS + 1, 2) == "reduced"
    assert all(plan_rips(Task(100, max_degree=degree)).reason for degree in range(4))


def test_an_engine_that_is_asked_for_is_taken_and_the_best_one_gives_its_own_reason():
    asked = plan_rips(Task(100, max_degree=0), requested="ripser")
    assert (asked.engine, asked.reason) == ("ripser", ASKED)
    assert plan_rips(Task(100), requested="gudhi") == plan_rips(Task(100))
    assert plan_rips(Task(1, max_degree=2), requested="ripser").engine == "spanning tree"


@pytest.mark.parametrize(
    ("requested", "degree", "field", "words"),
    [
        ("reduced", 3, 2, "degrees 0 to 2 over Z/2"),
        ("reduced", 1, 3, "degrees 0 to 2 over Z/2"),
        ("spanning tree", 1, 2, "degree 0 alone"),
        ("ripser", 1, 131, "gudhi"),
    ],
)
def test_what_an_engine_cannot_compute_is_refused(requested, degree, field, words):
    with pytest.raises(InvalidParameter, match=words):
        plan_rips(Task(50, max_degree=degree), field, requested)


def test_more_vertices_than_the_reduced_engine_numbers_are_refused_with_the_way_out():
    with pytest.raises(InvalidInput, match=r"65537 points.*65536.*landmarks: 5000.*5min.*subsample"):
        plan_rips(Task(LARGEST_REDUCED + 1))
    assert plan_rips(Task(10**6, 64), landmarks=5000).landmarks == 5000


@pytest.mark.parametrize("requested", ["auto", *ENGINES])
def test_cost_grows_with_points_degree_and_edges(requested):
    def costs(size, degree, edges=None):
        plan = plan_rips(Task(size, 3, degree, edges), 2, requested)
        return np.array([plan.seconds, plan.bytes])

    for degree in range(4):
        assert (costs(400, degree) > costs(300, degree)).all()
        assert (costs(400, degree, edges=1000) <= costs(400, degree)).all()
    for degree in (1, 2) if requested != "auto" else (2,):  # auto changes the engine in between
        assert (costs(400, degree + 1) > costs(400, degree)).all()
    assert (costs(400, 2, edges=400 * 399 // 2) == costs(400, 2)).all()


def test_landmarks_cost_less_than_the_cloud_and_as_many_as_there_are_points_mean_all():
    task = Task(20_000, 16)
    assert plan_rips(task, landmarks=2000).seconds < plan_rips(task).seconds
    assert plan_rips(task, landmarks=20_000) == plan_rips(task, landmarks=99_999) == plan_rips(task)


def test_a_task_beyond_the_ceiling_is_refused_with_the_ways_out():
    for task in (Task(5000), Task(40_000, 16), Task(1000, max_degree=2)):
        require_affordable(plan_rips(task), task.size, task.max_degree)
    large = Task(20_000, lengths="matrix")
    assert plan_rips(large).bytes > MEMORY_CEILING
    with pytest.raises(InvalidInput, match=r"20000 points up to degree 1.*landmarks.*subsample.*threshold.*max_deg"):
        require_affordable(plan_rips(large), large.size, 1)


def test_a_threshold_that_leaves_few_edges_makes_a_large_task_affordable():
    task = Task(3000, max_degree=3)
    with pytest.raises(InvalidInput):
        require_affordable(plan_rips(task), 3000, 3)
    few = Task(3000, max_degree=3, edges=50_000)
    require_affordable(plan_rips(few), 3000, 3)


def test_twenty_thousand_points_fit_into_four_gibibytes_and_forty_thousand_into_twelve():
    assert plan_rips(Task(20_000, 16)).bytes < 4 * 2**30
    assert plan_rips(Task(40_000, 16)).bytes < 12 * 2**30


# --- budgets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("5min", 300), (" 1.5 h ", 5400), ("250ms", 0.25), (7, 7), (0.5, 0.5), ("8", 8)]
)
def test_durations_are_read(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(("text", "size"), [("8GB", 8 * 10**9), ("512MiB", 2**29), (1000, 1000), ("1e3 kB", 10**6)])
def test_amounts_of_memory_are_read(text, size):
    assert bytes_of(text) == size


@pytest.mark.parametrize(
    "text", ["", "s", "5 parsecs", "-3s", "0s", 0, -1, float("nan"), float("inf"), "1e999s", "5m5"]
)
def test_what_is_no_duration_is_refused_with_the_units(text):
    with pytest.raises(InvalidParameter, match=r"budget is.*60s, 5min.*Units: ms, s"):
        seconds_of(text)


@pytest.mark.parametrize("text", ["8 GBytes", "-1GB", "0", "lots", "8gb"])
def test_what_is_no_amount_of_memory_is_refused_with_the_units(text):
    with pytest.raises(InvalidParameter, match=r"memory is.*8GB.*Units: B"):
        bytes_of(text)


def test_a_budget_that_is_large_enough_means_the_exact_answer():
    task = Task(2000, 16)
    assert fit_rips(task, Limits(60.0)) == fit_rips(task, Limits(None, 10**9)) == plan_rips(task)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    size=st.integers(3, 2_000_000),
    dimension=st.integers(1, 300),
    degree=st.integers(0, 3),
    seconds=st.floats(0.01, 1e4),
    gibibytes=st.floats(0.01, 64),
)
def test_what_a_budget_is_resolved_to_keeps_it_and_a_larger_one_never_buys_less(
    size, dimension, degree, seconds, gibibytes
):
    task, limits = Task(size, dimension, degree), Limits(seconds, int(gibibytes * 2**30))
    try:
        plan = fit_rips(task, limits)
    except InvalidInput as error:
        assert "even 2 landmarks need" in str(error)
        return
    assert CAUTION * plan.seconds <= seconds
    assert plan.bytes <= gibibytes * 2**30
    assert plan.landmarks is None or 2 <= plan.landmarks < size
    more = fit_rips(task, Limits(2 * seconds, int(2 * gibibytes * 2**30)))
    assert (more.landmarks or size) >= (plan.landmarks or size)


def test_budgets_that_differ_little_resolve_alike():
    task = Task(10**6, 64)
    found = [fit_rips(task, Limits(seconds)).landmarks for seconds in np.linspace(300, 303, 31)]
    assert len(set(found)) <= 2
    assert all(count % 10 ** (len(str(count)) - 2) == 0 for count in found)


def test_a_million_latents_get_thousands_of_landmarks_within_ten_minutes_and_eight_gibibytes():
    plan = fit_rips(Task(10**6, 64), Limits(600.0, 8 * 2**30))
    assert plan.engine == "reduced"
    assert 2000 <= plan.landmarks <= 65_536


def test_a_budget_below_two_landmarks_is_refused_with_what_they_need():
    with pytest.raises(InvalidInput, match=r"too small for 1000000 points: even 2 landmarks need .* s and .* MiB"):
        fit_rips(Task(10**6, 64), Limits(None, 10**6))
    with pytest.raises(InvalidInput, match="even 2 landmarks"):
        fit_rips(Task(2), Limits(1e-9))


def test_one_point_needs_no_budget():
    assert fit_rips(Task(1, max_degree=3), Limits(1.0)).landmarks is None


def test_costs_add_up():
    task = Task(30_000, 8)
    assert plan_rips(task, landmarks=500).seconds == pytest.approx(
        cost("gudhi", task.of(500)).seconds + landmark_cost(task, 500).seconds
    )
    assert Cost(1.0, 2) + Cost(3.0, 4) == Cost(4.0, 6)
