"""What every registered component must do; a new file is tested here without being told."""

from __future__ import annotations

import copy
import typing
from collections.abc import Mapping

import numpy as np
import pytest

from tda_latent.errors import TdaLatentError
from tda_latent.experiment.store import Store
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents
from tda_latent.records import (
    Comparison,
    Curve,
    Drawing,
    Factor,
    Gallery,
    Latents,
    MapperGraph,
    Measures,
    Model,
    PersistenceDiagram,
    Projection,
    Record,
    Scalar,
    Table,
    Vectors,
)
from tda_latent.registry import identity, needs_of, registry, summary
from tda_latent.registry.assets import asset

COMPONENTS = tuple(
    c for c in registry().all() if c.cls.__module__.startswith("tda_latent.")
)  # not those that other tests register
ANALYZERS = [c for c in COMPONENTS if c.kind == "analyzer"]
DISTANCES = [c for c in COMPONENTS if c.kind == "distance"]
SOURCES = [  # not those that read a user's files, or data and weights that are not on this machine
    c
    for c in COMPONENTS
    if c.kind == "source"
    and c.name not in ("file", "idx", "checkpoint")
    and all(asset(name).state() == "present" for name in getattr(c.build(c.example), "assets", ()))
]
FIGURES = [c for c in COMPONENTS if c.kind == "figure"]


def named(component) -> str:
    return f"{component.kind}:{component.name}"


def cloud(seed: int = 0, size: int = 40) -> Latents:
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, size))
    points = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(size)]) + rng.normal(0, 0.05, (size, 3))
    return Latents(
        points,
        ids=np.array([f"input-{k:03d}" for k in range(size)]),
        labels={"class": np.where(angles < np.pi, "low", "high")},
        factors={"angle": Factor(angles, "circular", 2 * np.pi)},
        scale=rng.uniform(0.1, 0.2, (size, 3)),
        split=np.full(size, "test"),
    )


def diagram(seed: int = 0) -> PersistenceDiagram:
    rng = np.random.default_rng(seed)
    births = rng.uniform(0, 1, 6)
    bars = np.column_stack([births, births + rng.uniform(0.1, 1, 6)])
    pairs = np.vstack([np.column_stack([np.zeros(4), rng.uniform(0.2, 1, 4)]), [[0.0, np.inf]], bars])
    return PersistenceDiagram(pairs, [0] * 5 + [1] * 6, computed={"max_degree": 1}, unit="median-normalised")


def graph() -> MapperGraph:
    return MapperGraph(
        members=[0, 1, 2, 2, 3, 4], offsets=[0, 3, 6], edges=[[0, 1]], overlaps=[1], size=6,
        lens=np.arange(6.0)[:, None], lens_names=("height",), layout=np.array([[0.0, 0], [1, 0]]),
        composition={"class": np.array([[2, 1], [1, 2]])}, classes={"class": np.array(["low", "high"])},
        totals={"class": np.array([3, 3])},
    )  # fmt: skip


def comparison() -> Comparison:
    rng = np.random.default_rng(3)
    places = rng.normal(size=(4, 2))
    values = np.linalg.norm(places[:, None] - places[None], axis=2)
    tree = np.array([[0.0, 1, 0.5, 2], [2, 3, 0.7, 2], [4, 5, 1.5, 4]])
    return Comparison(
        (values + values.T) / 2, ["a", "a", "b", "b"], ["0", "1", "0", "1"], "w", tree=tree,
        order=np.arange(4), embedding=places, stress=0.1,
    )  # fmt: skip


def measures() -> Measures:
    ultrametric = np.array([[0, 1.0, 2.0], [1.0, 0, 2.0], [2.0, 2.0, 0]])
    return Measures(
        scalars={"number": Scalar(1.0, "points")},
        curves={"components": Curve([0, 1.0, 2], [3, 2, 1.0], steps=True)},
        tables={"class merge scale": Table(ultrametric, ["a", "b", "c"], ["a", "b", "c"])},
    )


def vectors(seed: int = 0) -> Vectors:
    values = np.random.default_rng(seed).uniform(size=20)
    return Vectors(values, np.linspace(0, 2, 20), "betti-curve", 1, integral_weight=0.1)


def view() -> Projection:
    return Projection(cloud().points[:, :2], "pca", labels={"class": cloud().labels["class"]})


def gallery() -> Gallery:
    images = np.random.default_rng(4).uniform(size=(2, 3, 4, 5))
    shown = np.array([[True, False, True]] * 2)
    return Gallery(images, ["a", "b"], ["x", "y", "z"], 0.0, 1.0, np.full((2, 3), "c"), shown, "t", {"n": Scalar(1.0)})


MAKERS = {
    Latents: cloud, PersistenceDiagram: diagram, Vectors: vectors, MapperGraph: lambda *_: graph(),
    Comparison: lambda *_: comparison(), Measures: lambda *_: measures(), Projection: lambda *_: view(),
    Gallery: lambda *_: gallery(),
}  # fmt: skip


def example_of(annotation, seed: int = 0):
    if typing.get_origin(annotation) in (dict, Mapping):
        inner = typing.get_args(typing.get_args(annotation)[1])[0]
        return {"first": (example_of(inner, 0), example_of(inner, 1)), "second": (example_of(inner, 2),)}
    options = typing.get_args(annotation) or (annotation,)
    return next(MAKERS[option](seed) for option in options if option in MAKERS)


def trained() -> Model:
    return fit_linear(cloud().points, 3)


def unseen() -> Latents:
    """Training inputs that are none of the cloud's."""
    others = cloud(9)
    return others.replace(ids=np.char.add("trained-", others.ids))


def encoded(latents: Latents) -> Latents:
    """The cloud as the trained model encodes it, with its posterior scale."""
    return latents.replace(points=encode_latents(trained(), latents).points)


CONTEXT = {"model": trained, "inputs": cloud, "training": unseen}


def called(component, instance, seed: int = 0, **changes):
    inputs = {
        name: CONTEXT[name]() if name in component.context else example_of(hint, k)
        for k, (name, hint) in enumerate(component.inputs.items())
    } | changes
    if "model" in component.context and "latents" in inputs:
        inputs["latents"] = changes.get("latents", encoded(inputs["latents"]))
    if component.uses_rng:
        inputs["rng"] = np.random.default_rng(seed)
    return instance(**inputs)


@pytest.mark.parametrize("component", COMPONENTS, ids=named)
def test_it_says_in_one_sentence_what_it_is(component) -> None:
    assert 10 < len(summary(component.cls)) < 200
    assert component.version >= 1


@pytest.mark.parametrize("component", [c for c in COMPONENTS if c.name != "file"], ids=named)
def test_parameters_survive_being_written_and_read(component) -> None:
    instance = component.build(component.example)
    again = component.build(identity(instance)["parameters"])
    assert identity(again) == identity(instance)


@pytest.mark.parametrize("component", COMPONENTS, ids=named)
def test_an_unknown_parameter_is_refused_by_name(component) -> None:
    with pytest.raises(TdaLatentError, match="no_such_parameter"):
        component.build({**component.example, "no_such_parameter": 1})


@pytest.mark.parametrize("component", [*SOURCES, *ANALYZERS], ids=named)
def test_the_same_stream_gives_the_same_result_and_it_survives_the_store(component, tmp_path) -> None:
    instance = component.build(component.example)
    first, second = called(component, instance), called(component, instance)
    assert isinstance(first, Record)
    assert first == second
    action = Store(tmp_path / "store").commit("0" * 64, {"result": first}, {}, {})
    assert Store(tmp_path / "store").load(action) == first


@pytest.mark.parametrize("component", SOURCES, ids=named)
def test_a_source_leaves_the_global_generator_alone(component) -> None:
    before = copy.deepcopy(np.random.get_state(legacy=False))  # noqa: NPY002 - this is the generator not to touch
    result = called(component, component.build(component.example))
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    assert np.array_equal(before["state"]["key"], after["state"]["key"])
    assert isinstance(result, (Latents, Model))


def moved(latents: Latents, change: str) -> Latents:
    rng = np.random.default_rng(5)
    if change == "isometry":
        turn = np.linalg.qr(rng.normal(size=(latents.dimension, latents.dimension)))[0]
        return latents.replace(points=latents.points @ turn, scale=None)
    if change == "translation":
        return latents.replace(points=latents.points + rng.normal(size=latents.dimension))
    if change == "scale":
        return latents.replace(points=latents.points * 3.7)
    return latents.take(rng.permutation(len(latents)))


def numbers_of(record: Record) -> dict[str, np.ndarray]:
    if isinstance(record, Measures):
        found = {name: np.array([scalar.value]) for name, scalar in record.scalars.items()}
        return found | {name: np.concatenate([curve.x, curve.y]) for name, curve in record.curves.items()}
    if isinstance(record, PersistenceDiagram):
        return {"births": np.sort(record.pairs[:, 0]), "deaths": np.sort(record.pairs[:, 1])}
    if isinstance(record, MapperGraph):
        return {"sizes": np.sort(record.sizes), "overlaps": np.sort(record.overlaps)}
    if isinstance(record, Projection):
        squared = np.linalg.norm(record.coordinates, axis=1)
        return {"radii": np.sort(squared), "trust": np.array(list(record.trust.values()))}
    return {"values": record.values}


@pytest.mark.parametrize(
    ("component", "change"),
    [(c, change) for c in ANALYZERS for change in c.invariances if Latents in c.inputs.values()],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_declared_invariances_of_analyzers_hold(component, change) -> None:
    instance = component.build(component.example)
    plain, changed = called(component, instance), called(component, instance, latents=moved(cloud(), change))
    for name, values in numbers_of(plain).items():
        np.testing.assert_allclose(numbers_of(changed)[name], values, rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("component", DISTANCES, ids=named)
def test_the_axioms_that_a_distance_declares_hold(component) -> None:
    instance = component.build(component.example)
    kind = next(iter(component.inputs.values()))
    a, b, c = (example_of(kind, seed) for seed in range(3))
    for pair in ((a, b), (b, c), (a, c)):
        value = instance(*pair)
        assert isinstance(value, float)
        assert value >= 0
    if "identity" in component.axioms:
        assert instance(a, a) == pytest.approx(0.0, abs=1e-12)
    if "symmetry" in component.axioms:
        assert instance(a, b) == pytest.approx(instance(b, a), rel=1e-12)
    if "triangle" in component.axioms:
        assert instance(a, c) <= instance(a, b) + instance(b, c) + 1e-12
    if set(component.axioms) != {"identity", "symmetry", "triangle"}:
        text = (component.cls.__doc__ or "").lower()
        assert any(axiom in text for axiom in {"identity", "symmetry", "triangle", "metric"} - set(component.axioms))


@pytest.mark.parametrize(
    ("component", "change"),
    [(c, change) for c in DISTANCES for change in c.invariances if Latents in c.inputs.values()],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_declared_invariances_of_distances_hold(component, change) -> None:
    instance = component.build(component.example)
    a, b = cloud(0), cloud(1)
    assert instance(moved(a, change), b) == pytest.approx(instance(a, b), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("component", [c for c in ANALYZERS if Latents in c.inputs.values()], ids=named)
def test_a_single_point_gives_a_result_or_a_clear_error(component) -> None:
    one = cloud().take(np.array([0]))
    try:
        result = called(component, component.build(component.example), latents=one)
    except TdaLatentError as error:
        assert len(str(error)) > 20
    else:
        assert isinstance(result, Record)


@pytest.mark.parametrize("component", [c for c in ANALYZERS if Latents in c.inputs.values()], ids=named)
def test_a_cloud_of_equal_points_gives_a_result_or_a_clear_error(component) -> None:
    some = cloud().take(np.arange(12))
    same = Latents(np.ones((12, 3)), ids=some.ids, labels={"class": np.array(["a", "b"] * 6)})
    try:
        result = called(component, component.build(component.example), latents=same)
    except TdaLatentError as error:
        assert len(str(error)) > 20
    else:
        assert isinstance(result, Record)


@pytest.mark.parametrize("component", ANALYZERS, ids=named)
def test_needs_name_columns_that_latents_have(component) -> None:
    assert set(needs_of(component.build(component.example))) <= {"labels", "factors", "scale", "ids", "decoder"}


@pytest.mark.parametrize("component", FIGURES, ids=named)
def test_a_figure_draws_its_record_and_leaves_global_settings_alone(component) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    drawn = called(component, component.build(component.example))
    assert hasattr(drawn, "figure")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    "record",
    [
        cloud(),
        diagram(),
        graph(),
        comparison(),
        measures(),
        vectors(),
        view(),
        gallery(),
        Drawing({"png": np.arange(9, dtype=np.uint8)}),
        Model("pca", {"k": 2}, {"w": np.eye(2)}),
    ],
    ids=lambda r: type(r).__name__,
)
def test_every_record_round_trips_and_is_shown(record, tmp_path) -> None:
    action = Store(tmp_path / "s").commit("1" * 64, {"result": record}, {}, {})
    again = Store(tmp_path / "s").load(action)
    assert again == record
    assert again.digest == record.digest
    assert type(record).__name__ in repr(record)
    assert "<table>" in record._repr_html_()
