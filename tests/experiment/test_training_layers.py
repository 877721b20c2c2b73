"""Topology along training: checkpoints are layers of an experiment, and every model brings its own."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tda_latent.errors import ConfigError
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.run import Limits, carry_out
from tda_latent.experiment.store import Store

sys.path.insert(0, str(Path(__file__).parent))
from in_process import Here

TEXT = """\
format: tda-latent/experiment@1
name: along-training
seed: 3
data: {digits: {use: digits}}
models:
  coded: {use: autoencoder, dimension: 2, hidden: [8], epochs: 2, checkpoints: [0, 2]}
  told: {use: classifier, label: digit, hidden: [8], epochs: 2, checkpoints: [0, 2]}
axes: {replicates: 1, layers: [epoch-0, epoch-2]}
sample: {size: 30}
analyzers:
  spectrum: {use: spectrum}
"""


def test_each_checkpoint_is_a_cloud_of_its_own(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    path = tmp_path / "layers.yaml"
    path.write_text(TEXT, encoding="utf-8")
    plan = load_plan(path)
    done = carry_out(plan, Store(tmp_path / "store"), Limits(), tmp_path / "log")
    labels = [label for label in plan.tasks if label.startswith("analysis/spectrum")]
    assert len(labels) == 4
    assert len({done.record(label).digest for label in labels}) == 4
    assert len([label for label in plan.tasks if label.startswith("model/")]) == 2  # one training for all its layers
    assert all(np.isfinite(curve.y).all() for label in labels for curve in done.record(label).curves.values())


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("layers: [epoch-0, epoch-2]", "layers: [epoch-1]", "no layer 'epoch-1'"),
        ("layers: [epoch-0, epoch-2]", "layers: [hidden-1]", "'coded' has no layer 'hidden-1'"),
        (
            "epochs: 2, checkpoints: [0, 2]}\n  told",
            "epochs: 2, checkpoints: [0, 3]}\n  told",
            "rising epochs from 0 to 2",
        ),
    ],
)
def test_a_checkpoint_that_is_not_kept_is_refused_before_anything_runs(tmp_path, old, new, hint) -> None:
    path = tmp_path / "layers.yaml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=hint):
        load_plan(path)
