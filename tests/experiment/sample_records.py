"""One or more records of every type, with the values that containers like to lose."""

from __future__ import annotations

import numpy as np

from tda_latent.records import (
    Comparison,
    Curve,
    Factor,
    Latents,
    MapperGraph,
    Measures,
    Model,
    Origin,
    PersistenceDiagram,
    Projection,
    Record,
    Representatives,
    Scalar,
    Table,
    Vectors,
)


def latents() -> Latents:
    """A small cloud with every kind of column and with names that no file system likes."""
    rng = np.random.default_rng(0)
    return Latents(
        np.asfortranarray(rng.normal(size=(5, 3)).astype(np.float32)),
        ids=["a", "bb", "ü", "\N{GREEK SMALL LETTER ALPHA}", ""],
        labels={
            "digit": [0, 1, 2, 3, 4],
            "../up": list("vwxyz"),
            "a/b.c%2F": [0.5] * 5,
            "": [True] * 5,
            "nul\0": [1] * 5,
        },
        factors={"angle": Factor(np.arange(5.0), "circular", 6.5), "kind": Factor(list("ababa"), "categorical")},
        scale=np.full((5, 3), 0.25),
        split=["train", "test", "prior", "generated", "path"],
        origin=Origin("vae", "z", "digits", "0"),
    )


def diagram() -> PersistenceDiagram:
    """Bars with an infinite one, a certificate that is absent, and representatives."""
    return PersistenceDiagram(
        [[0, np.inf], [0, 1.5], [0.25, 0.75]],
        [0, 0, 1],
        error=None,
        reach=np.inf,
        representatives=Representatives.of(
            "cycle",
            births=[[0], [1], [2, 3]],
            killers=[None, [0, 1], [1, 2, 3]],
            chains=[([[0]], [1]), ([[1], [0]], [1, 1]), ([[0, 2], [2, 3], [3, 0]], [1, 1, 1])],
        ),
        computed={"engine": "gudhi", "max_degree": 1, "why": {"points": 5, "budget": np.inf}},
    )


def measures() -> Measures:
    """Numbers that JSON cannot write."""
    return Measures(
        {
            "nan": Scalar(np.nan),
            "inf": Scalar(np.inf, "nats", "unbounded"),
            "tiny": Scalar(5e-324),
            "third": Scalar(1 / 3),
        },
        {"steps": Curve([0, 1, 2], [np.inf, np.nan, -1e308], steps=True)},
        {"table": Table([[1.0, np.nan]], ["row"], ["one", "two"])},
    )


def all_records() -> list[Record]:
    """At least one record of every type, some of them without arrays and some empty."""
    graph = MapperGraph(
        members=np.array([0, 1, 1, 2]),
        offsets=np.array([0, 2, 4]),
        edges=np.array([[0, 1]]),
        overlaps=np.array([1]),
        size=4,
        lens=np.zeros((4, 1)),
        lens_names=("pc1",),
        cover={"kind": "uniform", "resolution": 2},
        layout=np.zeros((2, 2)),
    )
    comparison = Comparison(
        [[0, np.nan, 1], [np.nan, 0, np.inf], [1, np.inf, 0]],
        ["a", "a", "b"],
        ["0", "1", "0"],
        "bottleneck",
        order=np.arange(3),
    )
    weights = {
        "w": np.arange(6, dtype=">f4").reshape(2, 3).T,
        "scalar": np.array(1.5),
        "none": np.empty((0, 4), np.int8),
    }
    return [
        latents(),
        Latents(np.zeros((1, 1))),
        diagram(),
        PersistenceDiagram(np.empty((0, 2)), []),
        PersistenceDiagram(np.empty((0, 2)), [], representatives=Representatives.of("cocycle", [], [])),
        graph,
        measures(),
        Measures({}, {}, {}),
        comparison,
        Vectors(np.ones((2, 3)), np.arange(3.0), "landscape", 1),
        Model("vae", {"hidden": (8, 4), "beta": 1.0}, weights, {"loss": Curve([0, 1], [2, 1])}, {"error": 0.5}),
        Projection(np.zeros((3, 2)), "pca", trust={"stress": 0.0}),
        Origin("no", "arrays"),
    ]
