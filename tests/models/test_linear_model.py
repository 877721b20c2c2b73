"""Laws of principal component analysis as a model."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tda_latent.errors import InvalidInput
from tda_latent.models.encoding import CodeGaussian
from tda_latent.models.linear import LinearNetwork, fit_linear


@pytest.fixture
def cloud():
    rng = np.random.default_rng(5)
    return 7.0 + rng.standard_normal((60, 5)) @ rng.standard_normal((5, 5))


def test_codes_are_those_of_the_singular_value_decomposition_up_to_sign(cloud):
    model = fit_linear(cloud, 3)
    left, values, axes = np.linalg.svd(cloud - cloud.mean(axis=0), full_matrices=False)
    codes = LinearNetwork.of(model).encode(cloud).mean
    np.testing.assert_allclose(np.abs(codes), np.abs((left * values)[:, :3]), atol=1e-12)
    np.testing.assert_allclose(np.abs(model.weights["axes"]), np.abs(axes[:3]), atol=1e-12)
    np.testing.assert_allclose(codes.std(axis=0, ddof=1), model.weights["deviations"])


def test_decoding_the_code_is_the_orthogonal_projection(cloud):
    network = LinearNetwork.of(fit_linear(cloud, 2))
    projected = network.decode(network.encode(cloud).mean)
    residual = cloud - projected
    np.testing.assert_allclose(residual @ network.axes.T, 0, atol=1e-12)
    np.testing.assert_allclose(network.decode(network.encode(projected).mean), projected, atol=1e-12)


def test_all_axes_lose_nothing(cloud):
    model = fit_linear(cloud, 5)
    network = LinearNetwork.of(model)
    np.testing.assert_allclose(network.decode(network.encode(cloud).mean), cloud, atol=1e-11)
    assert model.quality["explained_variance"] == pytest.approx(1)
    assert model.quality["training_error"] == pytest.approx(0, abs=1e-20)


def test_the_quality_is_the_error_measured_on_the_training_points(cloud):
    model = fit_linear(cloud, 2)
    network = LinearNetwork.of(model)
    error = np.mean((network.decode(network.encode(cloud).mean) - cloud) ** 2)
    assert model.quality["training_error"] == pytest.approx(error)
    assert model.quality["explained_variance"] == pytest.approx(1 - error / cloud.var(axis=0).mean())


def test_signs_do_not_depend_on_the_order_of_the_points(cloud):
    np.testing.assert_allclose(
        fit_linear(cloud, 3).weights["axes"], fit_linear(cloud[::-1], 3).weights["axes"], atol=1e-10
    )


def test_samples_have_the_mean_and_covariance_of_the_training_codes(cloud):
    network = LinearNetwork.of(fit_linear(cloud, 2))
    codes = network.encode(cloud).mean
    drawn = network.sample(40_000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), atol=0.03 * np.cov(codes.T).max())


def test_the_gaussian_of_codes_has_their_covariance_even_when_a_code_is_constant():
    codes = np.random.default_rng(1).standard_normal((30, 3)) * [2.0, 1.0, 0.0]
    gaussian = CodeGaussian.fitted(codes)
    np.testing.assert_allclose(gaussian.factor @ gaussian.factor.T, np.cov(codes.T), atol=1e-12)


def test_the_gaussian_of_fewer_codes_than_dimensions_has_their_covariance():
    codes = np.random.default_rng(1).standard_normal((3, 5))
    gaussian = CodeGaussian.fitted(codes)
    np.testing.assert_allclose(gaussian.factor @ gaussian.factor.T, np.cov(codes.T), atol=1e-12)


def test_more_axes_than_the_points_have_are_refused(cloud):
    with pytest.raises(InvalidInput, match="at most 5 principal axes"):
        fit_linear(cloud, 6)
    with pytest.raises(InvalidInput, match="at most 2 principal axes"):
        fit_linear(cloud[:3], 3)


@pytest.mark.parametrize("points", [np.ones((1, 3)), np.ones((9, 3))])
def test_points_without_any_spread_are_refused(points):
    with pytest.raises(InvalidInput, match=r"Take more|nothing to learn"):
        fit_linear(points, 1)


def test_inputs_of_another_width_are_refused(cloud):
    network = LinearNetwork.of(fit_linear(cloud, 2))
    with pytest.raises(InvalidInput, match=r"takes \(n, 5\)"):
        network.encode(cloud[:, :4])
    with pytest.raises(InvalidInput, match=r"takes \(n, 2\)"):
        network.decode(cloud)


def test_principal_components_do_not_load_torch():
    code = (
        "import sys, numpy as np; from tda_latent.sources.pca import Pca; from tda_latent.records import Latents;"
        "from tda_latent.models.network import encode_latents;"
        "cloud = Latents(np.random.default_rng(0).random((9, 3))); encode_latents(Pca(dimension=2)(cloud), cloud);"
        "assert 'torch' not in sys.modules, 'torch was imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
