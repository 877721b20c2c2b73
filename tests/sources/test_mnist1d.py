"""MNIST-1D: the published templates and transformations, and what the paper says about the set."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import types
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import interp1d
from scipy.ndimage import gaussian_filter

from tda_latent.numerics.mnist1d import drawn, signals, templates
from tda_latent.sources.mnist1d import Mnist1d


def stream(seed=0):
    return np.random.default_rng(seed)


def published(module: str, *functions: str):
    """Functions of the reference package, read out of its file: importing it would import a client for downloads."""
    package = importlib.util.find_spec("mnist1d")
    if package is None:
        pytest.skip("the reference is not installed: pip install --no-deps mnist1d")
    tree = ast.parse((Path(package.submodule_search_locations[0]) / f"{module}.py").read_text(encoding="utf-8"))
    names = {"np": np, "interp1d": interp1d, "gaussian_filter": gaussian_filter}
    chosen = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in functions]
    exec(compile(ast.Module(chosen, []), module, "exec"), names)
    return names


class Scripted:
    """Stands in for numpy.random and gives, in the order in which the reference asks, what we drew ourselves."""

    def __init__(self, draws, row):
        self.uniform = iter([(draws.padding[row] - 36) / 25 + 1e-6, (draws.scale[row] - 1) / 0.4 + 0.5,
                             draws.shear[row] / 0.75 + 0.5])  # fmt: skip
        self.normal = iter([draws.correlated[row] / 0.25, draws.independent[row] / 0.02])
        self.shift = int(draws.shift[row])

    def rand(self):
        return next(self.uniform)

    def choice(self, count):
        assert count == 48
        return self.shift

    def randn(self, *shape):
        values = next(self.normal)
        assert values.shape == shape
        return values


STEPS = ("pad", "shear", "translate", "corr_noise_like", "iid_noise_like", "interpolate", "transform")


@pytest.mark.slow  # where the reference is installed
def test_the_templates_are_the_published_ones():
    found = published("data", "get_templates")["get_templates"]()
    np.testing.assert_allclose(templates(), found["x"], atol=1e-15)


@pytest.mark.slow  # where the reference is installed
def test_a_signal_is_the_reference_fed_with_the_same_chance():
    reference = published("transform", *STEPS)
    arguments = types.SimpleNamespace(
        padding=[36, 60], template_len=12, scale_coeff=0.4, max_translation=48, corr_noise_scale=0.25,
        iid_noise_scale=0.02, shear_scale=0.75, final_seq_length=40,
    )  # fmt: skip
    digits = np.arange(60) % 10
    draws = drawn(60, 0.25, 0.02, stream(1))
    ours = signals(digits, draws)
    for row, digit in enumerate(digits):
        reference["np"] = types.SimpleNamespace(**{**vars(np), "random": Scripted(draws, row)})
        theirs, _ = reference["transform"](templates()[digit], np.linspace(-5, 5, 12), arguments)
        np.testing.assert_allclose(ours[row], theirs, atol=1e-12)


def test_templates_begin_and_end_at_zero_and_are_equally_wide():
    np.testing.assert_allclose(templates()[:, [0, -1]], 0, atol=1e-15)
    np.testing.assert_allclose(templates().std(axis=1), 1 / 6, rtol=1e-12)


def test_chance_keeps_to_the_published_ranges():
    draws = drawn(20_000, 0.25, 0.02, stream(2))
    assert set(draws.padding.tolist()) == set(range(36, 61))
    assert set(draws.shift.tolist()) == set(range(48))
    assert 0.8 <= draws.scale.min() < 0.801 < 1.199 < draws.scale.max() <= 1.2
    assert -0.375 <= draws.shear.min() < -0.374 < 0.374 < draws.shear.max() <= 0.375
    assert draws.correlated.std() == pytest.approx(0.25, rel=0.01)
    assert draws.independent.std() == pytest.approx(0.02, rel=0.01)


def test_without_noise_and_shear_a_shift_is_a_shift():
    draws = drawn(2, 0.0, 0.0, stream(3))
    still = dataclasses.replace(draws, shear=np.zeros(2), scale=np.ones(2), padding=np.full(2, 36))
    first = signals(np.array([3, 3]), dataclasses.replace(still, shift=np.array([0, 2])))
    coarse = np.linspace(0, 71, 40)
    whole = np.interp(np.linspace(0, 47, 72), np.arange(48), np.append(templates()[3] + 1e-8, np.zeros(36)))
    np.testing.assert_allclose(first[0], np.interp(coarse, np.arange(72), whole), atol=1e-12)
    np.testing.assert_allclose(first[1], np.interp(coarse, np.arange(72), np.roll(whole, 2)), atol=1e-12)


def test_the_set_is_balanced_standardised_and_split():
    found = Mnist1d(size=503)(stream(4))
    assert found.points.shape == (503, 40)
    assert found.points.mean() == pytest.approx(0, abs=1e-12)
    assert found.points.std() == pytest.approx(1, rel=1e-12)
    assert set(np.unique(found.labels["digit"], return_counts=True)[1].tolist()) <= {50, 51}
    assert (found.split == "train").sum() == 402
