"""A model that cannot be trained on one of several data sets is left out there, with the reason, and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tda_latent.errors import ConfigError
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.results import claims, measured_models, result_groups, rows
from tda_latent.experiment.run import Limits, carry_out
from tda_latent.experiment.store import Store

sys.path.insert(0, str(Path(__file__).parent))
from in_process import Here

TEXT = """\
format: tda-latent/experiment@1
name: left-out
seed: 3
data:
  digits: {use: digits}
  balls: {use: shaded-ball, size: 40, pixels: 8}
models:
  pca: {use: pca, dimension: 3}
  classifier: {use: classifier, hidden: [3], epochs: 1}
axes: {replicates: 2}
sample: {size: 12}
analyzers:
  planted: {use: planted-topology, betti: {shaded-ball: [1, 0, 1]}}
distances: {nearest-neighbour-w1: {use: nearest-neighbour-w1}}
expect:
  - {claim: one, that: "value('planted.effective rank', classifier) > 0"}
"""
FIGURE = "figures: {ranking: {use: model-ranking, of: planted, scalar: effective rank}}\n"


def test_a_figure_shows_the_models_that_are_there(tmp_path) -> None:
    path = tmp_path / "left-out.yaml"
    path.write_text(TEXT + FIGURE, encoding="utf-8")
    plan = load_plan(path)
    shown = {data: list(plan.tasks[f"figure/ranking/{data}"].inputs["records"]) for data in ("digits", "balls")}
    assert shown == {"digits": ["pca", "classifier"], "balls": ["pca"]}


def test_a_figure_is_drawn_for_the_data_that_it_names(tmp_path) -> None:
    path = tmp_path / "left-out.yaml"
    path.write_text(TEXT + FIGURE.replace("}}", ", data: [balls]}}"), encoding="utf-8")
    plan = load_plan(path)
    assert [label for label in plan.tasks if label.startswith("figure/")] == ["figure/ranking/balls"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("[ball]", "no data set is labelled 'ball'.*Did you mean 'balls'"),
        ("balls", "list of labels"),
        ("[]", "list of"),
    ],
)
def test_a_figure_for_data_that_are_not_there_is_refused(given, message, tmp_path) -> None:
    path = tmp_path / "left-out.yaml"
    path.write_text(TEXT + FIGURE.replace("}}", f", data: {given}}}}}"), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_plan(path)


def test_it_has_no_task_there_and_every_table_figure_and_claim_does_without(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    path = tmp_path / "left-out.yaml"
    path.write_text(TEXT, encoding="utf-8")
    plan = load_plan(path)
    assert plan.skipped == {"model/balls/classifier": "needs labels to train on, which 'shaded-ball' does not provide"}
    assert not [label for label in plan.tasks if "balls/classifier" in label]
    assert "model/digits/classifier/1" in plan.tasks
    done = carry_out(plan, Store(tmp_path / "store"), Limits(), tmp_path / "log")
    assert done.complete
    digits, balls = result_groups(done)
    assert measured_models(digits.scalars) == ["pca", "classifier"]
    assert measured_models(balls.scalars) == ["pca"]
    assert {row["model"] for row in rows(done) if row["data"] == "balls"} == {"pca"}
    assert balls.comparisons["nearest-neighbour-w1"].names == ("pca",)
    assert [outcome.holds for _, outcome in claims(done)] == [True, None]
