"""Small records of every kind that a figure draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist, squareform

from tda_latent.records import (
    Comparison,
    Curve,
    Gallery,
    MapperGraph,
    Measures,
    PersistenceDiagram,
    Projection,
    Scalar,
    Table,
    Vectors,
)
from tda_latent.registry import registry

UNIT = "median pairwise distance"


def draw(name: str, **parameters: Any) -> Any:
    return registry().find("figure", name).build(parameters)


@pytest.fixture(scope="session")
def diagram() -> PersistenceDiagram:
    rng = np.random.default_rng(0)
    births = np.concatenate([np.zeros(20), rng.uniform(0.2, 0.6, 15), [0.7, 0.0]])
    pairs = np.column_stack([births, births + rng.uniform(0.05, 0.4, len(births))])
    pairs[-1, 1] = np.inf
    return PersistenceDiagram(pairs, np.repeat([0, 1, 2, 0], [20, 15, 1, 1]), unit=UNIT)


@pytest.fixture(scope="session")
def cut() -> PersistenceDiagram:
    return PersistenceDiagram([[0, 0.2], [0, np.inf], [0.3, np.inf], [0.3, 0.4]], [0, 0, 1, 1], unit=UNIT, reach=0.5)


@pytest.fixture(scope="session")
def curves() -> dict[str, tuple[Vectors, ...]]:
    grid = np.linspace(0, 1, 30)
    return {
        model: tuple(
            Vectors(np.exp(-((grid - 0.1 * k - shift) ** 2) * 30), grid, "betti-curve", 1, grid_unit=UNIT)
            for k in range(3)
        )
        for model, shift in (("pca", 0.2), ("autoencoder", 0.4), ("vae", 0.5))
    }


@pytest.fixture(scope="session")
def comparison() -> Comparison:
    rng = np.random.default_rng(1)
    places = np.repeat([[0.0, 0], [3, 0], [0, 4]], 2, axis=0) + 0.3 * rng.normal(size=(6, 2))
    distances = pdist(places)
    tree = linkage(distances, "average")
    return Comparison(
        squareform(distances),
        np.repeat(["pca", "autoencoder", "vae"], 2),
        np.tile(["0", "1"], 3),
        "bottleneck, degree 1",
        UNIT,
        order=leaves_list(tree),
        tree=tree,
        embedding=places,
        stress=0.0123,
    )


@pytest.fixture(scope="session")
def unfinished(comparison: Comparison) -> Comparison:
    values = comparison.values.copy()
    values[0, 5] = values[5, 0] = values[1, 2] = values[2, 1] = np.nan
    values[3, 4] = values[4, 3] = np.inf
    return comparison.replace(values=values, order=None, tree=None, embedding=None, stress=None)


@pytest.fixture(scope="session")
def graph() -> MapperGraph:
    return MapperGraph(
        members=[0, 1, 2, 3, 3, 4, 5, 6],
        offsets=[0, 4, 7, 8],
        edges=[[0, 1]],
        overlaps=[1],
        size=9,
        lens=np.arange(9.0)[:, None],
        lens_names=("PC 1",),
        composition={"digit": np.array([[4, 0], [1, 2], [0, 0]])},
        classes={"digit": np.array(["zero", "one"])},
        layout=np.array([[0.0, 0.0], [1.0, 0.5], [0.3, 1.0]]),
    )


@pytest.fixture(scope="session")
def view() -> Projection:
    rng = np.random.default_rng(2)
    return Projection(
        rng.normal(size=(120, 2)),
        "pca",
        ("PC1, 40 % of variance", "PC2, 20 % of variance"),
        {"trustworthiness": 0.93, "stress": 0.21},
        {"digit": (np.arange(120) % 10).astype(str), "ink": rng.uniform(size=120)},
    )


@pytest.fixture(scope="session")
def measures() -> Measures:
    names = np.array(["a", "b", "c", "d"])
    scales = np.array([[0, 1, 3, np.inf], [1, 0, 3, np.inf], [3, 3, 0, np.inf], [np.inf, np.inf, np.inf, 0]])
    steps = Curve(np.array([0.0, 1, 3]), np.array([4.0, 3, 2]), UNIT, "", "scale", "number of components", True)
    return Measures(curves={"components": steps}, tables={"class merge scale": Table(scales, names, names, UNIT)})


@pytest.fixture(scope="session")
def ranking() -> dict[str, tuple[Measures, ...]]:
    rng = np.random.default_rng(4)
    names = ("pca", "vae", "topological-autoencoder", "spherical-vae", "autoencoder without training")
    reference = {"margin, of the data (reference)": Scalar(0.5, UNIT)}
    return {
        name: tuple(Measures({"margin": Scalar(value, UNIT), **reference}) for value in rng.normal(k / 9, 0.1, 5))
        for k, name in enumerate(names)
    }


@pytest.fixture(scope="session")
def landscape() -> Vectors:
    grid = np.linspace(0, 1, 30)
    layers = np.stack([np.maximum(0, h - np.abs(grid - 0.5)) for h in (0.5, 0.3)])
    return Vectors(layers, grid, "landscape", 1, unit=UNIT, grid_unit=UNIT)


@pytest.fixture(scope="session")
def gallery() -> Gallery:
    return Gallery(
        np.random.default_rng(3).uniform(size=(3, 7, 8, 8)),
        np.array(["linear", "z1: variance 0.97\nmoves 0.41", ""]),
        np.array(["input", "t = 0", "0.25", "0.5", "0.75", "1", "input"]),
        0.0,
        1.0,
        captions=np.array([["3", "", "", "", "", "", "8"], [""] * 7, ["1.23"] * 7]),
        title="Decoded paths between codes",
        scalars={"prior samples": Scalar(1.28, "data distance"), "held-out (reference)": Scalar(1.1, "data distance")},
    )


@pytest.fixture(scope="session")
def everything(
    diagram: Any,
    cut: Any,
    curves: Any,
    comparison: Any,
    unfinished: Any,
    graph: Any,
    view: Any,
    measures: Any,
    ranking: Any,
    landscape: Any,
    gallery: Any,
) -> dict[str, tuple[Any, Any]]:
    """A component and a record for every figure and its special cases."""
    image = landscape.replace(values=np.eye(30), rows_grid=landscape.grid, name="persistence-image")
    return {
        "gallery": (draw("gallery"), gallery),
        "gallery of curves": (draw("gallery"), gallery.replace(images=gallery.images.reshape(3, 7, 1, 64))),
        "regions": (draw("semantic-regions"), view),
        "diagram": (draw("persistence-diagram"), diagram),
        "cut diagram": (draw("persistence-diagram"), cut),
        "barcode": (draw("barcode", top=8), diagram),
        "cut barcode": (draw("barcode"), cut),
        "curves": (draw("betti-curves"), curves),
        "matrix": (draw("distance-matrix"), comparison),
        "unfinished matrix": (draw("distance-matrix"), unfinished),
        "map": (draw("model-map"), comparison),
        "between": (draw("between-within"), comparison),
        "unfinished between": (draw("between-within"), unfinished),
        "pies": (draw("mapper-graph"), graph),
        "lens": (draw("mapper-graph", colour="PC 1"), graph),
        "classes": (draw("projection"), view),
        "quantity": (draw("projection", colour="ink"), view),
        "tree": (draw("merge-tree"), measures),
        "boundaries": (draw("boundary-matrix", table="class merge scale"), measures),
        "steps": (draw("measure-curves"), measures),
        "ranking": (draw("model-ranking"), ranking),
        "landscape": (draw("vectors"), landscape),
        "image": (draw("vectors"), image),
    }
