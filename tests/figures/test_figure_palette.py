"""Colours stay apart for every kind of colour vision, and nothing relies on colour alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tda_latent.figures import canvas

# machado2009, severity 1.0
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colours: tuple[str, ...], sight: str) -> np.ndarray:
    """CIELAB (D65) of the colours as seen with this sight."""
    rgb = np.array([[int(c[k : k + 2], 16) / 255 for k in (1, 3, 5)] for c in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.asarray(SIGHT[sight]).T, 0, 1)
    ratio = seen @ XYZ.T / [0.95047, 1.0, 1.08883]
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("sight", sorted(SIGHT))
@pytest.mark.parametrize(("count", "least"), [(8, 16.0), (10, 16.0), (20, 14.0)])
def test_colours_differ_by_far_more_than_a_just_noticeable_difference(sight: str, count: int, least: float) -> None:
    seen = lab(canvas.COLOURS[:count], sight)
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > least


def test_two_hundred_classes_have_two_hundred_marks() -> None:
    assert len({(canvas.colour(k), canvas.marker(k)) for k in range(200)}) == 200


def test_in_grey_ten_classes_still_have_ten_shapes_and_six_models_six_dashes() -> None:
    assert len({canvas.marker(k) for k in range(10)}) == 10
    assert len({str(canvas.dashes(k)) for k in range(6)}) == 6


def test_degrees_are_disc_triangle_square_diamond() -> None:
    assert [canvas.marker(k) for k in range(4)] == ["o", "^", "s", "D"]
