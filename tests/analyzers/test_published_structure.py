"""What codes keep of their inputs, read off co-ranking matrices and angles as the literature writes them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from sklearn.datasets import make_swiss_roll
from sklearn.manifold import Isomap

from tda_latent.analyzers.structure_preservation import StructurePreservation
from tda_latent.numerics.view_trust import neighbours_kept
from tda_latent.records import Latents, Measures

RNG = np.random.default_rng(0)
CLOUD = RNG.normal(size=(61, 7))
PAIRS = {
    "a noisy view": (CLOUD, CLOUD[:, :2] + 0.3 * RNG.normal(size=(61, 2))),
    "fewer points than coordinates": (RNG.normal(size=(20, 50)), RNG.normal(size=(20, 2))),
    "a constant coordinate far away": (np.column_stack([CLOUD, np.full(61, 1e3)]), CLOUD[:, :2]),
    "single precision": ((CLOUD + 10).astype(np.float32), CLOUD[:, :2].astype(np.float32)),
}


def measured(inputs, codes, sizes) -> Measures:
    ids = np.arange(len(inputs))
    analyzer = StructurePreservation(neighbours=tuple(sizes))
    return analyzer(Latents(codes, ids=ids), Latents(inputs, ids=ids), np.random.default_rng(0))


def kept(inputs, codes, sizes) -> np.ndarray:
    """(sizes, 2) trustworthiness and continuity."""
    curves = measured(inputs, codes, sizes).curves
    return np.stack([curves["trustworthiness"].y, curves["continuity"].y], axis=1)


def square(points) -> np.ndarray:
    wide = np.asarray(points, dtype=np.float64)
    return cdist(wide, wide)


def coranking(inputs, codes) -> np.ndarray:
    """(n - 1, n - 1) how often the i-th nearest input is the j-th nearest code (Lee and Verleysen)."""
    ranks = [square(part).argsort(axis=1).argsort(axis=1) for part in (inputs, codes)]
    table = np.zeros((len(inputs), len(inputs)))
    np.add.at(table, tuple(rank.ravel() for rank in ranks), 1)
    return table[1:, 1:]


def penalties(table, k: int, first: int) -> tuple[float, float]:
    """Trustworthiness and continuity of a co-ranking matrix; the first rank beyond k costs ``first``."""
    n = len(table) + 1
    cost = np.clip(np.arange(len(table)) - k + first, 0, None)
    unit = 2 / (n * k * (2 * n - 3 * k - 1))
    return 1 - unit * float(cost @ table[:, :k].sum(axis=1)), 1 - unit * float(table[:k].sum(axis=0) @ cost)


@pytest.mark.parametrize("name", PAIRS)
def test_trust_continuity_and_shared_neighbours_are_sums_over_parts_of_the_coranking_matrix(name):
    inputs, codes = PAIRS[name]
    table, sizes = coranking(inputs, codes), range(1, (len(inputs) - 1) // 2)
    rounding = 1e-3 if name == "single precision" else 1e-12  # near distances are ties where they are known so badly
    np.testing.assert_allclose(kept(inputs, codes, sizes), [penalties(table, k, 1) for k in sizes], atol=rounding)
    for k in sizes:
        shared = table[:k, :k].sum() / (k * len(inputs))
        assert neighbours_kept(square(inputs), square(codes), k) == pytest.approx(shared, abs=1e-12)


def test_the_printed_values_of_the_package_coranking_count_every_rank_one_too_low():
    """Its tests expect 0.895 and 0.982 of this roll: the first rank beyond the neighbourhood costs nothing there."""
    roll = make_swiss_roll(300, random_state=1)[0]
    view = Isomap(n_neighbors=12, n_components=2).fit_transform(roll)
    table = coranking(roll, view)
    assert penalties(table, 5, 0) == pytest.approx((0.895, 0.982), abs=1e-3)
    found = kept(roll, view, [5])[0]
    assert found == pytest.approx(penalties(table, 5, 1), abs=1e-12)
    assert (found < penalties(table, 5, 0)).all()


@pytest.mark.parametrize("name", PAIRS)
def test_stress_is_the_sine_of_the_angle_between_the_two_vectors_of_distances(name):
    inputs, codes = (np.asarray(part, dtype=np.float64) for part in PAIRS[name])
    one, other = pdist(inputs), pdist(codes)
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert measured(*PAIRS[name], [3])["stress"] == pytest.approx(np.sqrt(1 - cosine**2), rel=1e-9)
