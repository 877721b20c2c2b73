"""The clouds of the benchmarks, from our own generators, kept on disk; the same bits every time on one machine.

Seven stand for what latents look like: isotropic, clustered, on manifolds with noise in every coordinate, and the
posterior samples of a small variational autoencoder. A plane and a space cloud are for engines of low dimensions.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.environments import CACHE

if TYPE_CHECKING:
    from tda_latent.records import Latents

Floats = NDArray[np.float64]
NOISE = 0.03
VERSION = 1
"""Part of the names of the files; raise it when a cloud is drawn differently."""
GAUSSIAN = {"g2": 2, "g3": 3, "g16": 16, "g64": 64}
SEVEN = ("g16", "g64", "circ64", "torus64", "sphere64", "mix32", "vae16")
DESCRIPTIONS = {
    "g16": "standard Gaussian, 16 dimensions",
    "g64": "standard Gaussian, 64 dimensions",
    "circ64": "circle with noise in 64 dimensions",
    "torus64": "torus with noise in 64 dimensions",
    "sphere64": "sphere with noise in 64 dimensions",
    "mix32": "ten clusters in 32 dimensions",
    "vae16": "posterior samples of a VAE of handwritten digits, 16 dimensions",
    "loop64": "circle with a third of the noise in 64 dimensions",
    "g2": "standard Gaussian in the plane",
    "g3": "standard Gaussian in space",
}


def dimension_of(name: str) -> int:
    """Coordinates of a cloud, which its name ends in."""
    return int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))


def cloud(name: str, size: int) -> Floats:
    """(size, d) points; read from the cache when they were drawn before."""
    path = CACHE / "clouds" / f"{name}-{size}-{VERSION}.npy"
    if path.exists():
        return np.asarray(np.load(path), dtype=np.float64)
    points = drawn(name, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, points)
    return points


def kept(name: str, **arrays: NDArray[Any]) -> Path:
    """A file in the cache with these arrays, for contestants to read."""
    path = CACHE / "given" / f"{name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)  # type: ignore[arg-type]  # names of arrays, not options
    return path


def points_of(name: str, size: int) -> Path:
    """A file that holds a cloud as ``points``."""
    return kept(f"{name}-{size}", points=cloud(name, size))


def drawn(name: str, size: int) -> Floats:
    """(size, d) points, not kept."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), size])
    if name in GAUSSIAN:
        return rng.standard_normal((size, GAUSSIAN[name]))
    if name == "vae16":
        return _posterior_samples(size, rng)
    return np.asarray(_manifold(name, size)(rng).points, dtype=np.float64)


def _manifold(name: str, size: int) -> Callable[[np.random.Generator], Latents]:
    """The source of a cloud with noise in every coordinate."""
    from tda_latent.sources.circle import Circle
    from tda_latent.sources.clusters import Clusters
    from tda_latent.sources.sphere import Sphere
    from tda_latent.sources.torus import Torus

    if name == "mix32":
        return Clusters(size, count=10, spread=0.0, separation=12.0, noise=1.0, ambient_dimension=32)
    if name == "circ64":
        return Circle(size, noise=NOISE, ambient_dimension=64)
    if name == "loop64":
        return Circle(size, noise=NOISE / 3, ambient_dimension=64)
    if name == "torus64":
        return Torus(size, noise=NOISE, ambient_dimension=64)
    return Sphere(size, noise=NOISE, ambient_dimension=64)


def _posterior_samples(size: int, rng: np.random.Generator) -> Floats:
    """Codes of digits drawn in turn, each with the posterior's noise."""
    means, scales = _posterior()
    rows = np.concatenate([rng.permutation(len(means)) for _ in range(-(-size // len(means)))])[:size]
    return np.asarray(means[rows] + scales[rows] * rng.standard_normal((size, means.shape[1])), dtype=np.float64)


def _posterior() -> tuple[Floats, Floats]:
    """(1797, 16) means and deviations of a VAE trained on scikit-learn's digits; trained once."""
    path = CACHE / "clouds" / f"posterior-{VERSION}.npz"
    if not path.exists():
        from tda_latent.models.network import network
        from tda_latent.sources.digits import Digits
        from tda_latent.sources.vae import Vae

        digits = Digits()()
        model = Vae(dimension=16, epochs=40)(digits, np.random.default_rng(16))
        encoding = network(model).encode(digits.points)
        assert encoding.scale is not None
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, means=encoding.mean, scales=encoding.scale)
    with np.load(path) as held:
        return held["means"], held["scales"]
