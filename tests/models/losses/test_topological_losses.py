"""Laws of the topological losses: equal to the diagrams, with the gradients of what they say."""

from __future__ import annotations

import itertools

import gudhi
import numpy as np
import pytest
import torch
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from tda_latent.distances.rtd import RepresentationTopologyDivergence
from tda_latent.errors import InvalidInput
from tda_latent.models.losses import mean_discrepancy, rtd_loss, topological_loss, total_persistence
from tda_latent.records import Latents


def generic(size: int, dimension: int, seed: int, dtype=torch.float64) -> torch.Tensor:
    """Points in general position: all distances differ."""
    points = np.random.default_rng(seed).standard_normal((size, dimension))
    return torch.tensor(points, dtype=dtype, requires_grad=True)


def ring(size: int, seed: int, noise: float = 0.1) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, size))
    points = np.column_stack([np.cos(angles), np.sin(angles)]) + rng.normal(0, noise, (size, 2))
    return torch.tensor(points, requires_grad=True)


def shell(size: int, seed: int) -> torch.Tensor:
    points = np.random.default_rng(seed).standard_normal((size, 3))
    return torch.tensor(points / np.linalg.norm(points, axis=1, keepdims=True), requires_grad=True)


LOSSES = {
    "components": lambda x, z: total_persistence(z, 0),
    "squared components": lambda x, z: total_persistence(z, 0, power=2.0),
    "loops": lambda x, z: total_persistence(z, 1),
    "squared loops": lambda x, z: total_persistence(z, 1, power=2.0),
    "topological": topological_loss,
    "rtd": rtd_loss,
    "rtd at the largest distance": lambda x, z: rtd_loss(x, z, quantile=1.0),
    "rtd at the median": lambda x, z: rtd_loss(x, z, quantile=0.5),
    "discrepancy": lambda x, z: mean_discrepancy(x[:, :2], z),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_are_those_of_the_values(name, seed):
    inputs, codes = generic(24, 4, seed), generic(24, 2, seed + 10)
    assert torch.autograd.gradcheck(LOSSES[name], (inputs, codes))


@pytest.mark.parametrize("name", LOSSES)
def test_a_small_move_changes_the_value_as_the_gradient_foretells(name):
    inputs, codes = generic(40, 5, 3), ring(40, 4)
    value = LOSSES[name](inputs, codes)
    slopes = torch.autograd.grad(value, (inputs, codes), allow_unused=True)
    rng, step = np.random.default_rng(5), 1e-6
    moves = [torch.tensor(rng.standard_normal(part.shape)) for part in (inputs, codes)]
    foretold = sum(float((slope * move).sum()) for slope, move in zip(slopes, moves, strict=True) if slope is not None)
    with torch.no_grad():
        ahead = LOSSES[name](inputs + step * moves[0], codes + step * moves[1])
        behind = LOSSES[name](inputs - step * moves[0], codes - step * moves[1])
    assert float(ahead - behind) / (2 * step) == pytest.approx(foretold, rel=1e-5, abs=1e-8)


def gudhi_bars(points: np.ndarray, degree: int) -> np.ndarray:
    tree = gudhi.RipsComplex(distance_matrix=cdist(points, points)).create_simplex_tree(max_dimension=degree + 1)
    tree.compute_persistence(homology_coeff_field=2)
    bars = tree.persistence_intervals_in_dimension(degree)
    return bars[np.isfinite(bars[:, 1])]


@pytest.mark.parametrize("degree", [0, 1])
@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_total_persistence_is_the_sum_over_the_bars_of_another_engine(degree, power, seed):
    for points in (ring(30, seed), generic(30, 3, seed)):
        bars = gudhi_bars(points.detach().numpy(), degree)
        expected = (np.diff(bars, axis=1) ** power).sum()
        assert total_persistence(points, degree, power).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_total_persistence_of_voids_is_the_sum_of_another_engine_with_the_gradient_of_it(power, seed):
    points = shell(40, seed)
    bars = gudhi_bars(points.detach().numpy(), 2)
    assert len(bars)
    expected = (np.diff(bars, axis=1) ** power).sum()
    assert total_persistence(points, 2, power).item() == pytest.approx(expected, rel=1e-12)
    assert torch.autograd.gradcheck(lambda x: total_persistence(x, 2, power), (points,))


def test_the_void_of_an_octahedron_lives_from_its_edge_to_its_diagonal():
    corners = torch.tensor(np.vstack([np.eye(3), -np.eye(3)]), requires_grad=True)
    value = total_persistence(corners, 2)
    value.backward()
    assert value.item() == pytest.approx(2 - np.sqrt(2))
    assert corners.grad.isfinite().all()
    assert (corners.grad * corners.detach()).sum().item() == pytest.approx(value.item())  # of degree one in the size


@pytest.mark.parametrize("quantile", [0.5, 0.9, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_rtd_loss_is_the_distance_rtd_of_one_batch(quantile, seed):
    inputs, codes = generic(37, 6, seed), ring(37, seed)
    clouds = [Latents(cloud.detach().numpy(), ids=np.arange(37)) for cloud in (inputs, codes)]
    expected = RepresentationTopologyDivergence(quantile=quantile)(*clouds)
    assert rtd_loss(inputs, codes, quantile).item() == pytest.approx(expected, rel=1e-12)


def test_the_topological_loss_is_the_formula_over_the_trees_of_another_library():
    inputs, codes = generic(50, 7, 0).detach().numpy(), generic(50, 2, 1).detach().numpy()
    lengths = cdist(inputs, inputs), cdist(codes, codes)
    expected = 0.0
    for chosen in lengths:
        tails, heads = minimum_spanning_tree(chosen).nonzero()
        expected += 0.5 * sum((lengths[0][i, j] - lengths[1][i, j]) ** 2 for i, j in zip(tails, heads, strict=True))
    found = topological_loss(torch.tensor(inputs), torch.tensor(codes))
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_equal_shapes_cost_nothing_and_rtd_does_not_see_their_size():
    inputs = generic(40, 3, 2)
    turn = torch.tensor(np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0])
    moved = inputs.detach() @ turn + 5.0
    assert topological_loss(inputs, moved).item() == pytest.approx(0, abs=1e-25)
    assert rtd_loss(inputs, 3.7 * moved).item() == pytest.approx(0, abs=1e-12)
    assert topological_loss(inputs, 3.7 * moved).item() > 1


@pytest.mark.parametrize(
    ("name", "order"), [("components", 1), ("squared components", 2), ("loops", 1), ("squared loops", 2)]
)
def test_total_persistence_is_homogeneous_so_that_its_slope_along_the_points_is_known(name, order):
    codes = ring(40, 6)
    value = LOSSES[name](codes, codes)
    (slope,) = torch.autograd.grad(value, codes)
    assert (slope * codes).sum().item() == pytest.approx(order * value.item(), rel=1e-10)
    assert slope.sum(dim=0).abs().max() < 1e-12  # moving the whole cloud changes nothing


def test_rtd_has_no_slope_along_the_scale_of_either_cloud():
    inputs, codes = generic(40, 4, 7), ring(40, 8)
    slopes = torch.autograd.grad(rtd_loss(inputs, codes), (inputs, codes))
    for slope, points in zip(slopes, (inputs, codes), strict=True):
        assert slope.abs().max() > 1e-3
        assert abs((slope * points).sum().item()) < 1e-10


def test_climbing_the_loops_of_a_blob_opens_a_loop_and_descending_those_of_a_ring_closes_it():
    for points, sign in ((generic(40, 2, 9), 1), (ring(40, 9, noise=0.05), -1)):
        start = total_persistence(points, 1, 2.0).item()
        cloud = points
        for _ in range(60):
            (slope,) = torch.autograd.grad(total_persistence(cloud, 1, 2.0), cloud)
            cloud = (cloud + sign * 0.05 * slope).detach().requires_grad_(True)
        end = total_persistence(cloud, 1, 2.0).item()
        assert end > 2 * start if sign > 0 else end < start / 2


def test_duplicates_have_finite_gradients():
    points = generic(20, 2, 0).detach()
    twice = torch.cat([points, points[:5]]).requires_grad_(True)
    for name in ("components", "loops", "topological", "rtd"):
        (slope,) = torch.autograd.grad(LOSSES[name](generic(25, 3, 1), twice), twice)
        assert slope.isfinite().all(), name


def test_single_precision_stays_single_and_agrees():
    inputs, codes = generic(40, 5, 0), ring(40, 1)
    for name, loss in LOSSES.items():
        exact = loss(inputs, codes)
        found = loss(inputs.float(), codes.float())
        assert found.dtype == torch.float32
        assert found.item() == pytest.approx(exact.item(), rel=1e-4, abs=1e-5), name


def test_a_line_has_no_loops_and_a_gradient_of_zero():
    points = torch.linspace(0, 1, 9, dtype=torch.float64)[:, None].requires_grad_(True)
    value = total_persistence(points, 1)
    (slope,) = torch.autograd.grad(value, points)
    assert value.item() == 0
    assert not slope.any()


def test_the_loop_of_a_regular_polygon_is_known():
    angles = 2 * np.pi * np.arange(12) / 12
    points = torch.tensor(np.column_stack([np.cos(angles), np.sin(angles)]))
    side, closing = 2 * np.sin(np.pi / 12), np.sqrt(3)
    assert total_persistence(points, 0).item() == pytest.approx(11 * side)
    assert total_persistence(points, 1).item() == pytest.approx(closing - side)


def test_the_discrepancy_is_the_double_sum_over_different_pairs():
    first, second = generic(6, 3, 0).detach().numpy(), generic(5, 3, 1).detach().numpy()

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        widths = [2 * 3 * scale for scale in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
        return float(np.mean([width / (width + ((a - b) ** 2).sum()) for width in widths]))

    expected = np.mean([kernel(a, b) for a, b in itertools.permutations(first, 2)])
    expected += np.mean([kernel(a, b) for a, b in itertools.permutations(second, 2)])
    expected -= 2 * np.mean([kernel(a, b) for a in first for b in second])
    assert mean_discrepancy(torch.tensor(first), torch.tensor(second)).item() == pytest.approx(expected)


def test_the_discrepancy_of_two_samples_of_one_law_is_zero_on_average_and_of_two_laws_is_not():
    rng = np.random.default_rng(0)
    draws = torch.tensor(rng.standard_normal((200, 2, 32, 2)))
    same = np.array([mean_discrepancy(a, b).item() for a, b in draws])
    other = np.array([mean_discrepancy(a, b + 1.0).item() for a, b in draws])
    error = same.std() / np.sqrt(len(same))
    assert abs(same.mean()) < 4 * error
    assert other.mean() > 20 * error


@pytest.mark.parametrize(
    "call",
    [
        lambda: total_persistence(generic(5, 2, 0), 3),
        lambda: total_persistence(generic(5, 2, 0), 0, power=0.5),
        lambda: total_persistence(generic(1, 2, 0), 0),
        lambda: total_persistence(torch.arange(6).reshape(3, 2), 0),
        lambda: total_persistence(torch.full((4, 2), float("nan")), 0),
        lambda: topological_loss(generic(5, 2, 0), generic(4, 2, 0)),
        lambda: topological_loss(generic(5, 2, 0)[:, 0], generic(5, 2, 0)),
        lambda: rtd_loss(generic(5, 2, 0), generic(4, 2, 0)),
        lambda: rtd_loss(generic(5, 2, 0), generic(5, 2, 0), quantile=0.0),
        lambda: rtd_loss(torch.ones(5, 2), generic(5, 2, 0)),
        lambda: mean_discrepancy(generic(5, 2, 0), generic(5, 3, 0)),
        lambda: mean_discrepancy(generic(1, 2, 0), generic(5, 2, 0)),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_rule(call):
    with pytest.raises(InvalidInput, match=r"rule|NaN"):
        call()


def test_no_random_number_is_drawn():
    before = torch.get_rng_state()
    for loss in LOSSES.values():
        loss(generic(12, 3, 0), generic(12, 2, 1)).backward()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("dtype", "exponents"), [(torch.float32, [-110, -70, 70, 110]), (torch.float64, [-900, 900])])
def test_codes_of_any_size_have_the_value_and_the_gradient_of_their_unit(dtype, exponents):
    """Powers of two change no digit: RTD has no unit, total persistence that of the codes, its gradient none."""
    inputs, codes = generic(40, 5, 1, dtype), generic(40, 3, 2, dtype)
    plain = rtd_loss(inputs, codes), total_persistence(codes, 0), total_persistence(codes, 1)
    gradients = [torch.autograd.grad(loss, codes)[0] for loss in plain]
    for exponent in exponents:
        many, few = ((cloud.detach() * 2.0**exponent).requires_grad_() for cloud in (inputs, codes))
        for place, (loss, power) in enumerate(
            ((rtd_loss(many, few), 0), (total_persistence(few, 0), 1), (total_persistence(few, 1), 1))
        ):
            assert loss.item() == pytest.approx(plain[place].item() * 2.0 ** (power * exponent), rel=1e-5)
            slope = torch.autograd.grad(loss, few)[0].double() / 2.0 ** ((power - 1) * exponent)
            torch.testing.assert_close(slope, gradients[place].double(), rtol=1e-3, atol=1e-5)


def test_what_leaves_the_range_of_the_float_type_is_refused_and_never_nan():
    codes, inputs = generic(30, 3, 1, torch.float32), generic(30, 4, 2, torch.float32)
    huge, tiny = codes.detach() * 5e37, codes.detach() * 1e-40
    for loss in (
        lambda: total_persistence(huge, 0),
        lambda: total_persistence(huge, 1, power=2.0),
        lambda: topological_loss(inputs, huge),
        lambda: rtd_loss(inputs, codes.detach().double() * 5e307),
        lambda: total_persistence(codes.detach().double() * 2e307, 0),
    ):
        with pytest.raises(InvalidInput, match="the range of torch"):
            loss()
    with pytest.raises(InvalidInput, match="Multiply the codes"):  # the gradient would be infinite
        rtd_loss(inputs, tiny)


def test_bars_that_float32_ends_before_they_begin_count_nothing(monkeypatch):
    from tda_latent.models.losses import persistence

    codes = torch.tensor([[0.0, 0], [1, 0], [3, 0]], requires_grad=True)
    longer_first = np.array([[0, 2], [0, 1]]), np.array([[0, 1], [0, 2]])  # births 3, 1; deaths 1, 3
    monkeypatch.setattr(persistence, "_loops", lambda matrix: longer_first)
    loss = total_persistence(codes, 1, power=1.5)
    assert loss.item() == pytest.approx(2**1.5)
    assert torch.autograd.grad(loss, codes)[0].isfinite().all()
