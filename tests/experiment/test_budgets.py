"""Budgets become numbers before anything is keyed: results depend on what they come to, and on no machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tda_latent.experiment.costs import estimated_seconds, planned_cost, slowness
from tda_latent.experiment.identity.keys import key_fields, settled
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.plan import Plan
from tda_latent.experiment.run import Limits, carry_out, look_up
from tda_latent.experiment.store import Store
from tda_latent.records import PersistenceDiagram

TEXT = """\
format: tda-latent/experiment@1
name: budgets
seed: 7
models:
  circle: {use: circle, size: 90, noise: 0.05}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1}
"""
LABEL = "analysis/persistence/circle/0"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "budgets.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def plan(file: Path, **settings: object) -> Plan:
    return load_plan(file, [f"analyzers.persistence.{name}={value}" for name, value in settings.items()])


def run(file: Path, **settings: object):
    store = file.parent / "store"
    return carry_out(plan(file, **settings), Store(store), Limits(), store / "log")


def fields(file: Path, size: int, **settings: object) -> dict:
    task = plan(file, **settings).tasks[LABEL]
    return key_fields(settled(task, lambda label: (size, 2)), lambda label: "0" * 64)


def test_budgets_that_come_to_the_same_share_their_result(file) -> None:
    first = run(file)
    assert first.complete, first.outcomes[LABEL].reason
    for settings in ({"budget": "60s"}, {"memory": "1GB"}, {"budget": 30, "memory": "2GiB"}, {"landmarks": 90}):
        again = run(file, **settings)
        assert again.count("computed") == 0, settings
        assert again.root == first.root
        assert look_up(plan(file, **settings), Store(file.parent / "store")).complete


@pytest.mark.slow
def test_a_smaller_budget_is_another_result_with_its_certificate_and_is_found_again_as_landmarks(file) -> None:
    whole = run(file).record(LABEL)
    part = run(file, memory="130kB")
    record = part.record(LABEL)
    assert isinstance(record, PersistenceDiagram)
    count = record.computed["landmarks"]
    assert (whole.error, whole.computed["landmarks"]) == (0, 90)
    assert record.error > 0
    assert 2 <= count < 90
    again = run(file, landmarks=count)
    assert again.count("computed") == 0
    assert again.root == part.root


def test_the_key_names_engine_and_landmarks_and_no_budget(file) -> None:
    parameters = fields(file, 1_000_000, budget="'5min'", memory="8GB")["parameters"]
    assert (parameters["engine"], parameters["budget"], parameters["memory"]) == ("reduced", None, None)
    assert parameters["landmarks"] == fields(file, 1_000_000, budget=301, memory="8GB")["parameters"]["landmarks"]
    assert parameters["landmarks"] > 1000
    assert fields(file, 90, budget=5)["parameters"] == fields(file, 90)["parameters"]


def test_a_budget_that_nothing_fits_fails_its_task_and_says_what_it_needs(file) -> None:
    done = run(file, memory="100B")
    assert done.outcomes[LABEL].state == "failed"
    assert "even 2 landmarks need" in done.outcomes[LABEL].reason


def test_a_store_that_has_not_noted_shapes_is_read_for_them(file, monkeypatch) -> None:
    run(file)
    held = look_up(plan(file), Store(file.parent / "store"))
    assert {label.split("/")[0]: outcome.shape for label, outcome in held.outcomes.items()} == {
        "latents": (90, 2),
        "analysis": None,
    }
    monkeypatch.setattr("tda_latent.experiment.outcomes.noted", lambda facts: (0.0, 0, None, "", ""))
    assert look_up(plan(file), Store(file.parent / "store")).complete


def test_times_are_estimated_with_a_look_at_the_cloud_once_it_exists(file) -> None:
    first = look_up(plan(file, budget="60s"), Store(file.parent / "store"))
    assert {row.step: row.seconds > 0 for row in planned_cost(first)} == {"latents": True, "analysis/persistence": True}
    run(file)
    again = look_up(plan(file, field=3), Store(file.parent / "store"))
    assert estimated_seconds(again, again.plan.tasks[LABEL]) > 0
    assert 0.01 < slowness() < 1000


def test_budgets_that_are_no_durations_are_refused_before_anything_runs(file) -> None:
    for settings in ({"budget": "5parsecs"}, {"memory": "much"}, {"landmarks": 1}, {"landmarks": 5, "budget": "5s"}):
        with pytest.raises(Exception, match=next(iter(settings))):
            plan(file, **settings)
