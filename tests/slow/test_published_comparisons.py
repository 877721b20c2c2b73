"""Tables of the papers that brought the distances between clouds, and their sizes on one core."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from tda_latent.numerics.prdc import expected_coverage, prdc
from tda_latent.records import Latents
from tda_latent.registry import registry

pytestmark = pytest.mark.slow
COUNTS = [2, 3, 4, 5, 6, 10, 12]


def built(name, **parameters):
    return registry().find("distance", name).build(parameters)


def clusters() -> list[Latents]:
    """One cluster of 300 points, then the same points dealt to 2, 3, ... centres on a circle of radius 10."""
    rng = np.random.RandomState(7)  # the published draws come from the legacy generator
    draws = np.stack([rng.multivariate_normal(np.zeros(2), np.eye(2), 5) for _ in range(60)])
    clouds = [draws]
    for count in COUNTS:
        angles = 2 * np.pi * (np.arange(60) % count) / count
        clouds.append(draws + 10 * np.column_stack([np.cos(angles), np.sin(angles)])[:, None])
    return [Latents(cloud.reshape(-1, 2), ids=np.arange(300)) for cloud in clouds]


def rings(large) -> Latents:
    """Five rings of 100 points: so many of radius 1, the others larger and smaller in turn by quarters."""
    angles = 2 * np.pi * np.arange(100) / 100
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    radii = [1.0] * large
    for place in range(5 - large):
        radii.append(1 + 0.25 * (2 + place) / 2 if place % 2 == 0 else 1 - 0.25 * (1 + place) / 2)
    return Latents(np.concatenate([radius * ring for radius in radii]), ids=np.arange(500))


def test_rtd_orders_the_clusters_experiment_perfectly_where_cka_does_not() -> None:
    """[barannikov2022], "Clusters": Kendall tau 1 for RTD, with the values of its authors' notebook; 0.238 for CKA."""
    one, *others = clusters()
    values = [built("rtd")(one, other) for other in others]
    published = [10.37584, 11.95840, 13.78535, 15.00705, 16.04787, 19.13486, 19.67305]
    np.testing.assert_allclose(values, published, atol=6e-6)
    assert kendalltau(values, COUNTS).statistic == 1.0
    similarities = [1 - built("cka")(one, other) for other in others]
    assert kendalltau(similarities, COUNTS).statistic == pytest.approx(0.23809523809523814, abs=1e-15)


def test_rtd_orders_the_rings_experiment_as_published() -> None:
    """[barannikov2022], "Rings": Kendall tau 0.8; 500 points with massive ties."""
    values = [built("rtd")(rings(1), rings(large)) for large in range(1, 6)]
    assert values[0] == 0.0
    assert kendalltau(values, range(1, 6)).statistic == pytest.approx(0.8)


def test_rtd_lite_gives_the_published_scalar_and_is_below_rtd_with_its_loops() -> None:
    one, *others = clusters()
    assert built("rtd-lite")(one, others[0]) == pytest.approx(7.546902, abs=5e-7)
    for other in others:
        assert built("rtd-lite")(one, other) < built("rtd")(one, other)


def test_rtd_lite_orders_the_clusters_experiment_the_other_way_round_as_published() -> None:
    """Kendall tau -1 in its authors' notebook: connectedness alone differs less as clusters grow many."""
    one, *others = clusters()
    assert kendalltau([built("rtd-lite")(one, other) for other in others], COUNTS).statistic == -1.0
    assert kendalltau([built("neighbour-overlap")(one, other) for other in others], COUNTS).statistic == 1.0


def test_prdc_in_a_thousand_dimensions_is_near_the_printed_example() -> None:
    """The example of [naeem2020]'s code: N(0, I) in 1000 dimensions, k = 5, and 10,000 points each, here 2,000.

    Coverage does not depend on the dimension, precision and recall fall far below one.
    """
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(2, 2000, 1000))
    found = prdc(real, generated, 5)
    assert found.coverage == pytest.approx(expected_coverage(2000, 2000, 5), abs=0.015)
    assert found.density == pytest.approx(1.0, abs=0.15)
    assert found.precision < 0.75
    assert found.recall < 0.75


def test_mtop_div_of_published_batches_sees_a_dropped_mode_in_one_direction() -> None:
    """Batches of 1000 against 10,000: a generator without the fifth of five modes leaves that mode unfilled."""
    rng = np.random.default_rng(1)
    centres = 8 * np.column_stack([np.cos(2 * np.pi * np.arange(5) / 5), np.sin(2 * np.pi * np.arange(5) / 5)])
    draws = {count: Latents(centres[rng.integers(0, count, 10_000)] + rng.normal(size=(10_000, 2))) for count in (4, 5)}
    again = Latents(centres[rng.integers(0, 5, 10_000)] + rng.normal(size=(10_000, 2)))
    forward = built("mtop-div", batch=1000, base_batch=10_000, batches=2, direction="forward")
    assert forward(draws[5], draws[4]) > 5 * forward(draws[5], again)
    assert forward(draws[4], draws[5]) < 2 * forward(draws[5], again)
    spread = forward.per_batch(draws[5], draws[4]).values.std()
    assert spread < 0.5 * forward(draws[5], draws[4])


def test_debiased_cka_of_unrelated_clouds_is_one_on_average_where_the_plain_one_is_not() -> None:
    values = {False: [], True: []}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        a, b = (Latents(rng.normal(size=(60, 40)), ids=np.arange(60)) for _ in range(2))
        for debiased in values:
            values[debiased].append(1 - built("cka", debiased=debiased)(a, b))
    error = np.std(values[True], ddof=1) / 10
    assert abs(np.mean(values[True])) < 4 * error
    assert np.mean(values[False]) > 0.3
