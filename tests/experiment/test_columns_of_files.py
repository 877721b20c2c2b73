"""What needs columns that a file does not hold is left out of the plan, before anything is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.plan import Plan

HEAD = "format: tda-latent/experiment@1\nname: columns\nseed: 1\n"
TRAINED = """
data: {rows: {use: file, path: rows.npz}}
models: {pca: {use: pca, dimension: 2}, sorted: {use: classifier}}
analyzers: {factors: {use: disentanglement}, errors: {use: reconstruction}}
"""
READ = """
models: {own: {use: file, path: "rows-{seed}.npz"}, other: {use: file, path: "rows-{seed}.npz"}}
distances: {paired: {use: cka}}
analyzers: {neighbours: {use: spectrum}}
"""


def planned(folder: Path, text: str) -> Plan:
    (folder / "columns.yaml").write_text(HEAD + text, encoding="utf-8")
    return load_plan(folder / "columns.yaml")


@pytest.mark.parametrize("held", [False, True])
def test_a_trained_model_on_a_file_is_asked_only_what_the_file_can_tell(tmp_path: Path, held: bool) -> None:
    rows = np.random.default_rng(0).normal(size=(20, 4))
    columns = {"factors/size": rows[:, 0], "label_kind": np.arange(20) % 2} if held else {}
    np.savez(tmp_path / "rows.npz", points=rows, **columns)  # type: ignore[arg-type]
    plan = planned(tmp_path, TRAINED)
    assert ("analysis/factors/rows/pca/0" in plan.tasks) is held
    assert ("model/rows/sorted/0" in plan.tasks) is held
    assert "analysis/errors/rows/pca/0" in plan.tasks
    if not held:
        assert "needs factors, which the data 'rows' do not hold" in plan.skipped["analysis/factors/rows/pca/0"]
        assert plan.skipped["model/rows/sorted"] == "needs labels to train on, which 'file' does not provide"


@pytest.mark.parametrize("held", [False, True])
def test_clouds_of_files_without_ids_are_not_compared_by_pairs(tmp_path: Path, held: bool) -> None:
    columns = {"ids": np.arange(20)} if held else {}
    np.savez(tmp_path / "rows-0.npz", points=np.random.default_rng(0).normal(size=(20, 4)), **columns)  # type: ignore[arg-type]
    plan = planned(tmp_path, READ)
    assert ("comparison/paired" in plan.tasks) is held
    assert held or plan.skipped["comparison/paired/own"] == "needs ids, which 'file' does not provide"
