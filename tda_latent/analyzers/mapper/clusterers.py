"""The clusterers of Mapper: each looks at the whole cloud once, then labels the points of one patch at a time."""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue

from tda_latent.errors import InvalidInput, InvalidParameter, nearest_name
from tda_latent.numerics.clustering import automatic_eps, dbscan_labeller, first_gap_cut, merge_tree, step_labeller
from tda_latent.numerics.distance_blocks import root_mean_square_distance
from tda_latent.numerics.nerve import Labeller

Floats = NDArray[np.float64]
_SIZES = ("min_cluster_size", "min_samples")  # options that a patch of fewer points cannot satisfy


@dataclass(frozen=True)
class FirstGap:
    """Cut at the first empty bin of the histogram of a patch's merge heights and its diameter.

    Each patch finds its own height, so the cut has no scale. A patch of two points is one cluster.

    Parameters
    ----------
    bins : int
        Bins from the smallest merge height to the diameter of the patch. More bins cut at smaller gaps.
    """

    use: Literal["first-gap"] = "first-gap"
    bins: Annotated[int, Field(ge=2)] = 10


@dataclass(frozen=True)
class Height:
    """One height for all patches: points joined by steps of at most this length are one cluster.

    Parameters
    ----------
    height : float
        Longest step, in the unit of the points; a step of exactly this length is made, where scikit-learn's
        ``distance_threshold`` leaves it out.
    """

    height: Annotated[float, Field(ge=0)]
    use: Literal["height"] = "height"


@dataclass(frozen=True)
class RelativeHeight:
    """One height for all patches, as a fraction of the root-mean-square distance between points of the cloud.

    Parameters
    ----------
    fraction : float
        Longest step over that distance; scaling the cloud changes nothing.
    """

    use: Literal["relative-height"] = "relative-height"
    fraction: Annotated[float, Field(gt=0)] = 0.3


Cut = Annotated[FirstGap | Height | RelativeHeight, Field(discriminator="use")]


@dataclass(frozen=True)
class SingleLinkage:
    """Single linkage: clusters are chains of short steps. Every point is in a cluster.

    Parameters
    ----------
    cut : FirstGap, Height or RelativeHeight
        Where the tree of merges is cut.
    """

    use: Literal["single-linkage"] = "single-linkage"
    cut: Cut = field(default_factory=FirstGap)

    def labeller(self, cloud: Floats) -> Labeller:
        """Labels of the points of one patch of the cloud."""
        cut = self.cut
        if isinstance(cut, FirstGap):
            return functools.partial(_first_gap_labels, bins=cut.bins)
        height = cut.height if isinstance(cut, Height) else cut.fraction * root_mean_square_distance(cloud)
        return step_labeller(cloud, height)


@dataclass(frozen=True)
class Dbscan:
    """DBSCAN with one radius for all patches; noise is reported, never hidden.

    Parameters
    ----------
    eps : float or None
        Radius in the unit of the points. None = read off the whole cloud: the 0.9 quantile of the distance to the
        2 (min_samples - 1)-th nearest other point, so that most points stay core points at the end of a patch.
    min_samples : int
        Points within the radius, the point itself included, that make a core point.
    """

    use: Literal["dbscan"] = "dbscan"
    eps: Annotated[float, Field(gt=0)] | None = None
    min_samples: Annotated[int, Field(ge=1)] = 5

    def labeller(self, cloud: Floats) -> Labeller:
        """Labels of the points of one patch of the cloud."""
        eps = automatic_eps(cloud, self.min_samples) if self.eps is None else self.eps
        return dbscan_labeller(cloud, eps, self.min_samples)


@dataclass(frozen=True)
class Sklearn:
    """Any clusterer of scikit-learn, run on each patch.

    A patch of one point is one cluster. ``n_clusters`` is lowered to the number of points of a smaller patch; a
    patch with fewer points than ``min_samples`` or ``min_cluster_size`` is noise. ``random_state`` is 0 unless
    the options say otherwise.

    Parameters
    ----------
    estimator : str
        Import path of a class in ``sklearn.cluster``, ``sklearn.cluster.KMeans`` for instance.
    options : dict
        Arguments of the class.
    """

    estimator: str
    use: Literal["sklearn"] = "sklearn"
    options: dict[str, JsonValue] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        self.build()

    def build(self) -> Any:
        """A new clusterer with these options."""
        cls = _clusterer_class(self.estimator)
        known = cls().get_params()
        strange = sorted(self.options.keys() - known.keys())
        if strange:
            close = nearest_name(strange[0], known)
            hint = f" Did you mean {close!r}?" if close else ""
            raise InvalidParameter(
                f"{self.estimator} has no option {strange[0]!r}.{hint} Known: {', '.join(sorted(known))}."
            )
        seeded = {"random_state": 0} if "random_state" in known else {}
        return cls(**(seeded | self.options))

    def labeller(self, cloud: Floats) -> Labeller:
        """Labels of the points of one patch of the cloud."""
        return self._labels

    def _labels(self, points: Floats) -> NDArray[Any]:
        clusterer = self.build()
        given = clusterer.get_params()
        size = len(points)
        if any(isinstance(given.get(name), int) and given[name] > size for name in _SIZES):
            return np.full(size, -1)
        if size == 1:
            return np.zeros(1, dtype=np.int64)
        wanted = given.get("n_clusters")
        if isinstance(wanted, int) and wanted > size:
            clusterer.set_params(n_clusters=size)
        try:
            return np.asarray(clusterer.fit_predict(points))
        except ValueError as error:
            raise InvalidInput(
                f"{self.estimator} refused a patch of {size} points: {error} "
                "Lower the resolution, raise the gain, or choose other options."
            ) from error


Clusterer = Annotated[SingleLinkage | Dbscan | Sklearn, Field(discriminator="use")]


def _first_gap_labels(points: Floats, bins: int) -> NDArray[np.int64]:
    tree = merge_tree(points)
    return tree.labels(first_gap_cut(tree.heights, tree.diameter, bins))


@functools.cache
def _clusterer_class(path: str) -> Any:
    """The class behind an import path, which must lie in ``sklearn.cluster`` and cluster points."""
    if not re.fullmatch(r"sklearn\.cluster\.[A-Za-z]\w*", path):
        raise InvalidParameter(
            f"estimator is {path!r}; the rule is a class of sklearn.cluster, 'sklearn.cluster.KMeans' for instance."
        )
    module = importlib.import_module("sklearn.cluster")
    mixin = importlib.import_module("sklearn.base").ClusterMixin
    names = [name for name in module.__all__ if _clusters_points(getattr(module, name), mixin)]
    name = path.rsplit(".", 1)[1]
    if name not in names:
        close = nearest_name(name, names)
        hint = f" Did you mean {close!r}?" if close else ""
        raise InvalidParameter(f"sklearn.cluster has no clusterer {name!r}.{hint} Known: {', '.join(sorted(names))}.")
    return cast(Any, getattr(module, name))


def _clusters_points(candidate: Any, mixin: type) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, mixin) and hasattr(candidate(), "fit_predict")
