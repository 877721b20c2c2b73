"""Clouds in the space of the data: whose points they are, how many, and what may ask about them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.analyzers.data_space import DataSpace
from tda_latent.errors import InvalidInput
from tda_latent.experiment.loading import load_plan
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents, network
from tda_latent.sources.clusters import Clusters


def stream(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def given():
    """Codes of all inputs, the model, all inputs and those that it was trained on."""
    clusters = Clusters(size=120, ambient_dimension=5)(stream(1))
    inputs = clusters.replace(ids=np.arange(120), split=np.where(np.arange(120) < 80, "train", "test"))
    training = inputs.take(np.arange(80))
    model = fit_linear(training.points, 2)
    return encode_latents(model, inputs), model, inputs, training


def test_generated_points_are_decoded_draws_from_the_prior(given):
    found = DataSpace()(*given, stream(3))
    asked = network(given[1])
    np.testing.assert_array_equal(found.points, asked.decode(asked.sample(40, stream(3))))
    assert set(found.split.tolist()) == {"generated"}
    assert found.ids is None


def test_held_out_inputs_come_as_they_are_and_none_that_was_trained_on(given):
    found = DataSpace(what="held-out")(*given, stream(3))
    np.testing.assert_array_equal(found.points, given[2].points[80:])
    assert found.ids.tolist() == list(range(80, 120))
    assert found.labels["cluster"].tolist() == given[2].labels["cluster"][80:].tolist()


def test_reconstructions_are_what_the_model_makes_of_the_same_inputs(given):
    latents, model, _, _ = given
    found, own = (DataSpace(what=what, size=10)(*given, stream(3)) for what in ("reconstructed", "held-out"))
    assert found.ids.tolist() == own.ids.tolist()
    np.testing.assert_allclose(found.points, network(model).decode(latents.points[found.ids]))
    # the residue of a linear model is orthogonal to it: the nearest point of its plane is the reconstruction
    assert (np.diag(cdist(found.points, own.points)) <= cdist(found.points, own.points).min(axis=0) + 1e-9).all()


def test_all_three_are_clouds_of_one_size_and_in_the_space_of_the_data(given):
    shapes = {
        DataSpace(what=what)(*given, stream()).points.shape for what in ("generated", "reconstructed", "held-out")
    }
    assert shapes == {(40, 5)}


def test_more_points_can_be_generated_than_were_held_out_but_no_more_inputs_shown(given):
    assert len(DataSpace(size=500)(*given, stream())) == 500
    assert len(DataSpace(what="held-out", size=500)(*given, stream())) == 40


def test_a_cloud_of_training_inputs_alone_is_refused(given):
    latents, model, inputs, training = given
    with pytest.raises(InvalidInput, match="every row of the cloud was trained on"):
        DataSpace()(latents.take(np.arange(80)), model, inputs, training, stream())


FILE = """\
format: tda-latent/experiment@1
name: generated
seed: 3
data: {clusters: {use: clusters}}
models: {pca: {use: pca, dimension: 2}, loaded: {use: circle}}
analyzers:
  generated: {use: data-space}
  persistence: {use: vietoris-rips, on: generated}
  merges: {use: connectivity, on: generated}
distances: {prdc: {use: prdc, on: generated}}
"""


def test_analyzers_and_distances_take_the_cloud_and_models_that_were_not_trained_are_left_out(tmp_path):
    (tmp_path / "file.yaml").write_text(FILE, encoding="utf-8")
    plan = load_plan(tmp_path / "file.yaml")
    task = plan.tasks["analysis/persistence/clusters/pca/0"]
    assert task.inputs == {"latents": "analysis/generated/clusters/pca/0"}
    assert plan.tasks["block/prdc/clusters/pca~pca"].inputs["first"] == (("analysis/generated/clusters/pca/0",),)
    assert "'circle' does not provide" in plan.skipped["analysis/generated/clusters/loaded/0"]
    assert "left out" in plan.skipped["analysis/merges/clusters/loaded/0"]
