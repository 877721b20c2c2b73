"""What codes keep of their inputs: everything, nothing, and what the linear reference keeps."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.structure_preservation import StructurePreservation
from tda_latent.errors import InvalidInput
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents
from tda_latent.records import Latents

QUICK = StructurePreservation(neighbours=(5, 20))
NAMES = ("trustworthiness", "continuity", "rank correlation", "stress", "density divergence, width 0.1")


def stream(seed=0):
    return np.random.default_rng(seed)


def cloud(points) -> Latents:
    return Latents(points, ids=np.arange(len(points)))


def test_a_turned_and_shrunk_copy_keeps_everything() -> None:
    points = stream().normal(size=(80, 5))
    turn = np.linalg.qr(stream(1).normal(size=(5, 5)))[0]
    found = QUICK(cloud(0.01 * points @ turn + 3), cloud(points), stream())
    assert found["trustworthiness"] == found["continuity"] == 1.0
    assert found["rank correlation"] == pytest.approx(1.0)
    assert found["stress"] == pytest.approx(0.0, abs=1e-6)
    for width in ("0.01", "0.1", "1"):
        assert found[f"density divergence, width {width}"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.0, 20.0])
def test_a_turned_lattice_keeps_all_that_the_lattice_itself_keeps(dtype: type, shift: float) -> None:
    """Ties of the lattice are ties of its turned copy, in the digits that it is stored in."""
    lattice = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3)
    turn = np.linalg.qr(stream(8).normal(size=(3, 3)))[0]
    found = QUICK(cloud(((lattice + shift) @ turn / 3).astype(dtype)), cloud(lattice.astype(dtype)), stream())
    for name in ("trustworthiness", "continuity"):
        assert found[name] == pytest.approx(found[f"{name} (inputs themselves)"], abs=1e-12)
        assert 0.9 < found[name] < 1


def test_one_code_far_away_changes_what_only_that_code_can() -> None:
    points = stream(9).normal(size=(100, 4)).astype(np.float32)
    far = points.copy()
    far[0] = 1e7
    found = QUICK(cloud(far), cloud(points), stream())
    assert found["trustworthiness"] > 0.95
    assert found["trustworthiness (inputs themselves)"] == pytest.approx(1.0, abs=1e-4)


def test_permuted_codes_are_as_good_as_chance() -> None:
    points = stream(2).normal(size=(400, 3))
    found = QUICK(cloud(points), cloud(points), stream())
    for name in ("trustworthiness", "continuity"):
        assert found[f"{name} (permuted codes)"] == pytest.approx(0.5, abs=0.05)
    assert found["rank correlation (permuted codes)"] == pytest.approx(0.0, abs=0.05)


def test_codes_of_a_principal_component_analysis_are_their_own_reference() -> None:
    points = stream(3).normal(size=(90, 6)) * [5, 4, 3, 2, 1, 1]
    codes = encode_latents(fit_linear(points, 2), cloud(points))
    found = QUICK(codes, cloud(points), stream())
    for name in NAMES:
        assert found[name] == pytest.approx(found[f"{name} (principal directions)"], abs=1e-9)


def test_tearing_shows_in_continuity_and_gluing_in_trustworthiness() -> None:
    """A circle cut open loses neighbours; a disc pressed onto a line gains them."""
    angles = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    torn = QUICK(cloud(angles[:, None]), cloud(circle), stream())
    assert torn["continuity"] < torn["trustworthiness"]
    glued = QUICK(cloud(circle[:, :1]), cloud(circle), stream())
    assert glued["trustworthiness"] < glued["continuity"]


def test_rows_are_paired_by_id_and_inputs_may_be_more() -> None:
    points = stream(4).normal(size=(60, 3))
    order = stream(5).permutation(60)[:40]
    codes = Latents(points[order], ids=order)
    assert QUICK(codes, cloud(points), stream())["trustworthiness"] == 1.0


def test_of_a_large_cloud_so_many_points_are_drawn() -> None:
    points = stream(6).normal(size=(70, 3))
    found = StructurePreservation(neighbours=(5, 20, 200), points=50)(cloud(points), cloud(points), stream())
    assert found["points"] == 50
    assert found.curves["continuity"].x.tolist() == [5, 20]


def test_what_cannot_be_compared_is_refused() -> None:
    points = stream(7).normal(size=(30, 3))
    with pytest.raises(InvalidInput, match="at least one size below half"):
        StructurePreservation(neighbours=(15,))(cloud(points), cloud(points), stream())
    with pytest.raises(InvalidInput, match="not among these inputs"):
        QUICK(Latents(points, ids=np.arange(100, 130)), cloud(points), stream())
    with pytest.raises(InvalidInput, match="coincide"):
        QUICK(cloud(np.zeros((30, 2))), cloud(points), stream())
