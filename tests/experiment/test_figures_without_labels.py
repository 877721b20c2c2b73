"""A figure that names classes is left out where models have none, with the reason, and drawn where they have some."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from in_process import Here

from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.run import Limits, carry_out
from tda_latent.experiment.store import Store

TEXT = """
format: tda-latent/experiment@1
name: maps
seed: 1
models: {%s}
analyzers: {v: {use: pca-view}}
figures:
  named: {use: semantic-regions, of: v}
  coloured: {use: projection, of: v, colour: label}
  plain: {use: projection, of: v}
"""
REASON = "needs labels or factors, which 'file' does not provide"
BARE, LABELLED = "bare: {use: file, path: bare.npy}", "labelled: {use: file, path: labelled.npz}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    points = np.random.default_rng(0).normal(size=(30, 4))
    np.save(tmp_path / "bare.npy", points)
    np.savez(tmp_path / "labelled.npz", points=points, label=np.array(list("abc" * 10)))
    return tmp_path


def planned(folder: Path, *models: str):
    (folder / "maps.yaml").write_text(TEXT % ", ".join(models), encoding="utf-8")
    return load_plan(folder / "maps.yaml")


def shown(plan, figure: str) -> list[str]:
    return list(plan.tasks[f"figure/{figure}"].inputs["records"])


def test_without_labels_the_figure_is_left_out_and_the_run_is_complete(folder) -> None:
    plan = planned(folder, BARE)
    assert plan.skipped == {"figure/named": REASON, "figure/coloured": REASON}
    assert shown(plan, "plain") == ["bare"]
    assert carry_out(plan, Store(folder / "store"), Limits(), folder / "log").complete


def test_models_with_labels_are_drawn_and_the_others_are_named(folder) -> None:
    plan = planned(folder, BARE, LABELLED)
    assert shown(plan, "named") == shown(plan, "coloured") == ["labelled"]
    assert shown(plan, "plain") == ["bare", "labelled"]
    assert plan.skipped == {"figure/named/bare": REASON, "figure/coloured/bare": REASON}
    assert carry_out(plan, Store(folder / "store"), Limits(), folder / "log").complete


def test_factors_do_as_well_as_labels(folder) -> None:
    plan = planned(folder, "ball: {use: shaded-ball, size: 20, pixels: 8}")
    assert plan.skipped == {}
