"""`place`: new points on an old map."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tda_latent.api.clouds import load
from tda_latent.errors import InvalidInput
from tda_latent.numerics.pairwise import near_one_together
from tda_latent.numerics.projection import interpolated_places
from tda_latent.records import Latents, Projection
from tda_latent.registry import registry

Floats = NDArray[np.float64]
_TOLERANCE = 1e-6  # of the width of a map: how far a map made again may be from the one given
_NEIGHBOURS = 15


def place(view: Projection, into: Any, new: Any, *, by: Literal["method", "neighbours"] = "method") -> Projection:
    """New points on an old map, which stays as it is.

    Parameters
    ----------
    view : Projection
        A map that an analyzer made of ``into``.
    into : what `tda_latent.load` takes
        The whole cloud of the map, in its order.
    new : what `tda_latent.load` takes
        Points of the same space.
    by : "method" or "neighbours"
        "method" places as the method does: PCA exactly; t-SNE and UMAP by the ``transform`` of a map that is made
        again from its seed and must come out the same. PaCMAP, merge layouts and foreign maps have no such way and
        are treated like "neighbours": the mean place of the five nearest old points, weighted by 1 / distance.

    Returns
    -------
    Projection
        The new points with their labels and ids; ``settings`` says how they were placed. A new point that equals an
        old one gets its place. Trust: ``neighbours kept`` (mean share of the k nearest old points of a new point that
        are among the k nearest on the map; k is 15, and less than half the cloud), ``neighbours kept by chance``, k
        over the size of the cloud, and ``outside`` (share of new points that are farther from the cloud than 99 % of
        its own different points are from each other: their places mean little). The label ``placed`` says of each
        point whether it lies ``inside`` or ``outside``.

    Raises
    ------
    InvalidInput
        When ``into`` is not the cloud of the map, or the map does not come out again.
    """
    cloud, added = load(into), load(new)
    _require_fitting(view, cloud, added)
    rows, copies = _copies(cloud, added)
    component = f"{view.method}-view"
    maker = registry().find("analyzer", component) if component in registry().names("analyzer") else None
    if by == "method" and maker is not None and hasattr(maker.cls, "placed"):
        built = maker.build({name: value for name, value in view.settings.items() if name != "seed"})
        again, places = built.placed(view, cloud, added)
        _require_same(again, view)
        how = view.method
    else:
        places, how = interpolated_places(cloud.points, view.coordinates, added.points), "nearest old points"
    places = np.where(copies[:, None], view.coordinates[rows], places)
    trust, is_outside = _trust(view, cloud, added, places)
    facts = {"axes": view.axes, "trust": trust, "settings": {**view.settings, "placed_by": how}}
    placed = Projection.of(added, places, method=f"{view.method}, placed by {how}", **facts)
    return placed.replace(labels={**placed.labels, "placed": np.where(is_outside, "outside", "inside")})


def _require_fitting(view: Projection, cloud: Latents, added: Latents) -> None:
    if len(view.coordinates) != len(cloud) or (
        view.ids is not None and cloud.ids is not None and not np.array_equal(view.ids, cloud.ids)
    ):
        raise InvalidInput(
            f"the map shows {len(view.coordinates)} points and `into` holds {len(cloud)}, or their ids differ; "
            "give the cloud that the map was made of, after any sampling."
        )
    if added.dimension != cloud.dimension:
        raise InvalidInput(
            f"the new points have {added.dimension} coordinates, the cloud of the map {cloud.dimension}; "
            "encode them with the same model and layer."
        )


def _require_same(again: Floats, view: Projection) -> None:
    width = float(np.ptp(view.coordinates, axis=0).max()) or 1.0
    error = float(np.abs(again - view.coordinates).max()) / width
    if not error <= _TOLERANCE:
        raise InvalidInput(
            f"made again, the map differs by {error:.2g} of its width from the one given; the cloud, a library or the "
            "machine is another one. Give its own cloud, make the map anew, or use by='neighbours'."
        )


def _copies(cloud: Latents, added: Latents) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The nearest old row of each new point, and whether it is the same point."""
    near, wanted = near_one_together(cloud.points, added.points)
    _, rows = cKDTree(near).query(wanted)
    return rows, np.asarray((cloud.points[rows] == added.points).all(axis=1))


def _trust(
    view: Projection, cloud: Latents, added: Latents, places: Floats
) -> tuple[dict[str, float], NDArray[np.bool_]]:
    """The trust figures, and which new points are farther from the cloud than its own points are from each other."""
    near, wanted = near_one_together(cloud.points, added.points)
    own = np.unique(near, axis=0)
    gaps = cKDTree(own).query(wanted)[0]
    usual = float(np.quantile(cKDTree(own).query(own, k=[2])[0], 0.99)) if len(own) > 1 else 0.0
    is_outside = gaps > usual
    trust = {"outside": float(is_outside.mean())}
    count = min(_NEIGHBOURS, (len(cloud) - 1) // 2)
    if count:
        sides = (near, wanted), near_one_together(view.coordinates, places)
        asked, shown = (cKDTree(old).query(new, k=np.arange(1, count + 1))[1] for old, new in sides)
        kept = (asked[:, :, None] == shown[:, None, :]).any(axis=2).mean()
        trust = {"neighbours kept": float(kept), "neighbours kept by chance": count / len(cloud)} | trust
    return trust, is_outside
