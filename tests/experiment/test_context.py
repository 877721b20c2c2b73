"""Analyzers that ask for the trained model and its data get those of their own cell, or are left out with a reason."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.errors import ConfigError, InvalidInput, TdaLatentError
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.run import Limits, carry_out
from tda_latent.experiment.store import Store
from tda_latent.models.network import network
from tda_latent.records import Latents, Measures, Model, Scalar
from tda_latent.registry import analyzer

sys.path.insert(0, str(Path(__file__).parent))
from in_process import Here

TEXT = """\
format: tda-latent/experiment@1
name: context
seed: 3
data: {digits: {use: digits}}
models:
  pca: {use: pca, dimension: 3}
  loose: {use: circle, size: 40}
axes: {replicates: 2}
sample: {size: 30}
analyzers:
  look: {use: look-at-the-model}
"""


@analyzer("look-at-the-model")
@dataclass(frozen=True)
class LookAtTheModel:
    """Error of the reconstruction of the cloud's own inputs, and what else was given."""

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()

    def __call__(self, latents: Latents, model: Model, inputs: Latents, training: Latents) -> Measures:
        own = inputs.matching(latents.ids)
        codes = network(model).encode(own.points).mean
        return Measures(
            scalars={
                "disagreement": Scalar(float(np.abs(codes - latents.points).max()), ""),
                "trained on": Scalar(float(len(training)), "points"),
                "shared": Scalar(float(np.isin(training.ids, latents.ids).sum()), "points"),
                "held out": Scalar(float((inputs.split == "test").sum()), "points"),
            }
        )


def test_each_cell_gets_the_model_that_encoded_it_and_the_inputs_of_its_rows(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    path = tmp_path / "context.yaml"
    path.write_text(TEXT, encoding="utf-8")
    plan = load_plan(path)
    done = carry_out(plan, Store(tmp_path / "store"), Limits(), tmp_path / "log")
    found = [done.record(f"analysis/look/digits/pca/{replicate}") for replicate in ("0", "1")]
    for record in found:
        assert record.scalars["disagreement"].value < 1e-12
        assert record.scalars["shared"].value == 0
        assert record.scalars["held out"].value == round(0.3 * 1797)
        assert 900 < record.scalars["trained on"].value < 1258
    reasons = {reason for label, reason in plan.skipped.items() if label.startswith("analysis/look")}
    assert reasons == {"needs the trained model, and 'circle' gives points only"}


def test_a_person_passes_them_by_name_and_is_told_which_is_missing() -> None:
    latents = Latents(np.random.default_rng(0).normal(size=(9, 2)), ids=np.arange(9))
    with pytest.raises(InvalidInput, match="needs the model; pass model="):
        tl.analyze(latents, LookAtTheModel())
    with pytest.raises(TdaLatentError, match="Did you mean 'model'"):
        tl.analyze(latents, LookAtTheModel(), modell=latents)


def test_a_layer_that_a_model_does_not_have_is_refused_before_anything_runs(tmp_path) -> None:
    path = tmp_path / "layers.yaml"
    path.write_text(TEXT.replace("replicates: 2", "replicates: 2, layers: [hidden]"), encoding="utf-8")
    with pytest.raises(ConfigError, match="no layer 'hidden'"):
        load_plan(path)


def test_an_analyzer_that_asks_for_anything_else_is_refused_when_it_registers() -> None:
    with pytest.raises(TypeError, match="asks for 'teacher'"):

        @analyzer("asks-too-much")
        @dataclass(frozen=True)
        class AsksTooMuch:
            """Asks for a teacher."""

            version: ClassVar[int] = 1
            references: ClassVar[tuple[str, ...]] = ()

            def __call__(self, latents: Latents, teacher: Model) -> Measures: ...


def test_rows_are_matched_by_id_in_the_order_asked_for() -> None:
    rng = np.random.default_rng(1)
    names = np.array([f"x{k}" for k in rng.permutation(50)])
    inputs = Latents(rng.normal(size=(50, 2)), ids=names)
    rows = rng.permutation(50)[:20]
    assert inputs.matching(names[rows]) == inputs.take(rows)
    with pytest.raises(InvalidInput, match="'y' is not among"):
        inputs.matching(np.array(["x1", "y"]))
    with pytest.raises(InvalidInput, match="Give ids"):
        inputs.matching(None)
