"""Neighbour maps of a cloud by openTSNE, umap-learn and pacmap, made repeatable and kept to themselves.

Each library runs on one thread and in a thread of its own, where the generators that PaCMAP seeds and the numbers of
threads that Numba and faiss remember belong to nobody else. All start from the same principal view, take the points
centred and near one, and give float64. Nothing of a library is stored: a map is made again from its seed when new
points are to be placed.
"""

from __future__ import annotations

import importlib
import logging
import random
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import EngineFailure, InvalidInput, missing_library
from tda_latent.numerics.pairwise import near_one, near_one_together
from tda_latent.numerics.projection import principal_view

Floats = NDArray[np.float64]
_SMALLEST = 5  # points below which no neighbourhood means anything
_NOISE = 1e-4  # of the spread of the start, so that no two points begin at one place
_BARNES_HUT_UP_TO = 10_000  # points; beyond, openTSNE interpolates on a grid, which it can in two dimensions only


class Request(NamedTuple):
    """What to map and how.

    points : (n, d) finite; dimensions : 2 or 3
    reach : neighbours of each point that shape the map (UMAP, PaCMAP), or the perplexity (t-SNE)
    seed : of everything random; new : (m, d) points to place into the finished map, or None
    least_distance : of UMAP, how close it may pack points
    """

    points: NDArray[Any]
    dimensions: int
    reach: float
    seed: int
    new: NDArray[Any] | None = None
    least_distance: float = 0.1


class Embedded(NamedTuple):
    """coordinates : (n, dimensions); placed : (m, dimensions) of the new points, or None."""

    coordinates: Floats
    placed: Floats | None


def tsne(request: Request) -> Embedded:
    """t-SNE [vandermaaten2008] by openTSNE [policar2024], exact neighbours, start in the principal view [kobak2019].

    New points are placed by ``transform``: each settles for itself among its neighbours in the cloud.
    """

    def made(module: Any, cloud: Floats, start: Floats, new: Floats | None) -> Embedded:
        fitted = module.TSNE(
            n_components=request.dimensions,
            perplexity=min(request.reach, (len(cloud) - 1) / 3),
            initialization=start * (_NOISE / start[:, 0].std()),
            neighbors="exact",
            negative_gradient_method="bh" if len(cloud) <= _BARNES_HUT_UP_TO or request.dimensions == 3 else "fft",
            n_jobs=1,
            random_state=request.seed,
        ).fit(cloud)
        coordinates = np.array(fitted, dtype=np.float64)  # before a transform moves it
        return _embedded(coordinates, None if new is None else fitted.transform(new))

    return _alone("openTSNE", "the t-SNE view", request, made)


def umap(request: Request) -> Embedded:
    """UMAP [mcinnes2018] by umap-learn, start in the principal view.

    New points are placed by ``transform``, all old ones held.
    """

    def made(module: Any, cloud: Floats, start: Floats, new: Floats | None) -> Embedded:
        fitted = module.UMAP(
            n_components=request.dimensions,
            n_neighbors=min(int(request.reach), len(cloud) - 1),
            min_dist=request.least_distance,
            init=start,
            n_jobs=1,
            random_state=request.seed,
            transform_seed=request.seed,
        ).fit(cloud)
        return _embedded(fitted.embedding_, None if new is None else fitted.transform(new))

    return _alone("umap", "the UMAP view", request, made)


def pacmap(request: Request) -> Embedded:
    """PaCMAP [wang2021] by pacmap, start in the principal view; it gives no places to new points."""

    def made(module: Any, cloud: Floats, start: Floats, _: Floats | None) -> Embedded:
        method = module.PaCMAP(
            n_components=request.dimensions,
            n_neighbors=min(int(request.reach), max(1, (len(cloud) - 1) // 4)),
            apply_pca=cloud.shape[1] > 100,
            random_state=request.seed,
        )
        flat = np.zeros((len(cloud), max(0, request.dimensions - cloud.shape[1])))
        return _embedded(method.fit_transform(np.hstack([cloud, flat]), init=start), None)

    return _alone("pacmap", "the PaCMAP view", request, made)


def require_mappable(points: NDArray[Any], what: str) -> None:
    """Refuse clouds that have no neighbourhoods.

    Raises
    ------
    InvalidInput
        For fewer than five points, or when all coincide.
    """
    if len(points) < _SMALLEST:
        raise InvalidInput(f"the cloud has {len(points)} points; {what} needs {_SMALLEST} at least. Use pca-view.")
    if not (points != points[0]).any():
        raise InvalidInput(f"all {len(points)} points coincide; {what} has nothing to lay out.")


def _embedded(coordinates: Any, placed: Any) -> Embedded:
    wide = [None if part is None else np.array(part, dtype=np.float64) for part in (coordinates, placed)]
    if wide[0] is None or not all(np.isfinite(part).all() for part in wide if part is not None):
        raise EngineFailure("the map is not finite; try another seed or more neighbours.")
    return Embedded(wide[0], wide[1])


def _start(cloud: Floats, dimensions: int, seed: int) -> Floats:
    """The principal view with its first deviation 1, and noise that tells equal points apart."""
    view = principal_view(cloud, dimensions)[0]
    noise = np.random.default_rng(seed).normal(scale=_NOISE, size=view.shape)
    return np.asarray(view / view[:, 0].std() + noise, dtype=np.float64)


def _alone(
    name: str, purpose: str, request: Request, made: Callable[[Any, Floats, Floats, Floats | None], Embedded]
) -> Embedded:
    """Import a library and call it in a thread of its own, on one thread, without its warnings."""
    require_mappable(request.points, purpose)
    cloud, new = near_one(request.points)[0], None
    if request.new is not None:
        cloud, new = near_one_together(request.points, request.new)

    def task() -> Embedded:
        with _quiet(name):
            module = _imported(name, purpose)
            with _one_thread():
                return made(module, cloud, _start(cloud, request.dimensions, request.seed), new)

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(task).result()


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """No warnings (of absent extras, and of conditions that are settled above), and Python's generator as it was."""
    logger, state = logging.getLogger(name), random.getstate()
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
            random.setstate(state)


def _imported(name: str, purpose: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise missing_library(name, purpose, "projections") from error


def _one_thread() -> Any:
    """BLAS and OpenMP on one thread inside; Numba's number, which each thread has for itself, as well."""
    import numba
    from threadpoolctl import threadpool_limits

    numba.set_num_threads(1)
    return threadpool_limits(1)
