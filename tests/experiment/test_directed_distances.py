"""A distance whose symmetry depends on its parameters: which blocks are planned, and what is mirrored."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.steps.compare import Compare
from tda_latent.records import Latents
from tda_latent.registry import axioms_of, registry

FILE = """\
format: tda-latent/experiment@1
name: directed
seed: 3
models:
  circle: {use: circle, size: 40}
  sphere: {use: sphere, size: 40}
axes: {replicates: 2}
distances:
  both: {use: mtop-div}
  forward: {use: mtop-div, direction: forward}
"""


def clouds() -> list[list[Latents]]:
    rng = np.random.default_rng(0)
    return [[Latents(rng.normal(size=(30, 2)) * width, ids=np.arange(30))] for width in (1.0, 1.5, 2.5)]


@pytest.mark.parametrize(
    ("name", "mean", "directed"),
    [
        ("mtop-div", {}, {"direction": "forward"}),
        ("rtd", {}, {"combine": "backward"}),
        ("rtd-lite", {}, {"direction": "forward"}),
    ],
)
def test_only_a_symmetric_choice_is_mirrored(name, mean, directed) -> None:
    names = ("0", "1", "2")
    tables = [
        Compare(name, parameters, names, names, same=True)(clouds(), clouds()).tables["distance"].values
        for parameters in (mean, directed)
    ]
    measure = registry().find("distance", name).build(directed)
    np.testing.assert_array_equal(tables[0], tables[0].T)
    assert tables[1][2, 0] == measure(clouds()[2][0], clouds()[0][0])
    assert tables[1][0, 2] == measure(clouds()[0][0], clouds()[2][0]) != tables[1][2, 0]


def test_a_component_says_what_its_example_keeps_and_an_instance_what_it_keeps_itself() -> None:
    component = registry().find("distance", "mtop-div")
    assert component.axioms == ("identity", "symmetry")
    assert axioms_of(component.build({"direction": "backward"})) == ("identity",)
    assert axioms_of(registry().find("distance", "bottleneck").build({})) == ("identity", "symmetry", "triangle")


def test_a_directed_distance_is_planned_in_both_directions(tmp_path) -> None:
    path = tmp_path / "directed.yaml"
    path.write_text(FILE, encoding="utf-8")
    plan = load_plan(path)
    blocks = [label.split("/") for label in plan.tasks if label.startswith("block/")]
    counts = {name: sum(block[1] == name for block in blocks) for name in ("both", "forward")}
    assert counts == {"both": 3, "forward": 4}  # circle and sphere: one block between them, or one each way
