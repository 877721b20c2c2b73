"""Whatever is wrong with an experiment file, it is told as file:line:column; no other error gets through."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tda_latent.errors import ConfigError
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.plan import Plan
from tda_latent.experiment.run import look_up
from tda_latent.experiment.store import Store

WHOLE = """\
format: tda-latent/experiment@1
name: whole
seed: 7
title: Everything that a file can hold
data:
  digits: {use: digits}
models:
  pca: {use: pca, dimension: 4}
  circle: {use: circle, size: 60, noise: 0.05}
axes: {replicates: [a, 1], subsamples: 2}
split: {held_out: 0.3, train: 0.8}
sample: {size: 40, method: random}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1, scale: median}
  graph: {use: mapper, lenses: [{use: coordinates, indices: [0]}]}
  betti: {use: betti-curve, on: persistence, degree: 1}
  spectrum: {use: spectrum}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
  wasserstein: {use: wasserstein, on: persistence, degree: 0, order: 1, ground: 2}
figures:
  diagrams: {use: persistence-diagram, of: persistence, caption: Diagrams, replicate: a}
  matrix: {use: distance-matrix, of: bottleneck}
expect:
  - {claim: They differ, that: "between(bottleneck, circle, pca) > within(bottleneck)"}
venue: neurips
"""
TREE = YAML(typ="safe", pure=True).load(WHOLE)
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 10**30, -(10**400), 0.5, float("inf"), float("nan"), 1e308, "", " ", "x", "a/b", "..",
    "{model}", "{", "}{", "~", "::", "a::b", "\u0000", "\u2028", "naïve é", "😀", "nearest-neighbour-w1", "digits",
    "persistence", "vietoris-rips", "pca", [], {}, [[]], [None], [1, "1"], ["a", "a"], {"use": "pca"}, {"a": {}},
    {"use": None}, {"": 1}, {"use": ["pca"]}, [{"use": "circle"}], "x" * 3000, list(range(200)),
]  # fmt: skip
NAMES = ["", "1", "use", "on", "of", "replicate", "path", "extends", "seeds", "modles", "é", "a b", "x" * 300, "\u0000"]


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a tree, the root first."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


@st.composite
def broken(draw) -> Any:
    """The whole tree after one to three changes at random places."""
    tree = copy.deepcopy(TREE)
    for _ in range(draw(st.integers(1, 3))):
        known = [place for place in places(tree) if place]
        if not known:
            break
        place = draw(st.sampled_from(known))
        parent, key = at(tree, place[:-1]), place[-1]
        change = draw(st.sampled_from(["value", "delete", "rename", "move", "nest", "add"]))
        value = parent[key]
        if change == "value":
            parent[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        elif change == "delete":
            del parent[key]
        elif change == "nest":
            parent[key] = [value] if draw(st.booleans()) else {draw(st.sampled_from(NAMES)): value}
        elif change == "move":
            target = at(tree, draw(st.sampled_from(known))[:-1])
            if isinstance(target, dict):
                target[str(key)] = copy.deepcopy(value)
        elif isinstance(parent, dict):
            new = draw(st.sampled_from(NAMES))
            parent[new] = parent.pop(key) if change == "rename" else copy.deepcopy(value)
    return tree


def written(tree: Any) -> str:
    """The tree as YAML on one line."""
    return json.dumps(tree).replace("Infinity", ".inf").replace("NaN", ".nan")


def checked(path: Path, text: str) -> Plan | None:
    """The plan of a text; None when it was refused as it should be."""
    path.write_text(text, encoding="utf-8")
    try:
        return load_plan(path)
    except ConfigError as error:
        assert error.problems
        for problem in error.problems:
            assert re.match(rf"{re.escape(str(path))}:\d+:\d+: \S", problem), problem
            head = problem.split("\n")[0]
            assert len(head) < 1500, "a message is no dump of the value"
            assert not re.search(r"<class|object at 0x|Traceback|pydantic|Input should", head), head
        return None


@settings(max_examples=250, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=broken())
def test_a_changed_tree_is_a_plan_or_a_list_of_places(tree, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("broken")
    plan = checked(folder / "broken.yaml", written(tree))
    if plan is not None:
        look_up(plan, Store(folder / "store"))


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_changed_characters_give_a_plan_or_a_list_of_places(data, tmp_path_factory) -> None:
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text) - 1))
        length = data.draw(st.sampled_from([0, 1, 1, 5, 40]))
        new = data.draw(
            st.sampled_from(["", ":", "{", "}", "[", "]", ",", "\n", "- ", '"', "'", "#", "&a ", "*a", "!x "])
        )
        text = text[:start] + new + text[start + length :]
    checked(tmp_path_factory.mktemp("broken") / "broken.yaml", text)


def test_a_number_that_python_would_not_print_is_refused(tmp_path) -> None:
    assert checked(tmp_path / "broken.yaml", WHOLE.replace("seed: 7", f"seed: 0x{'f' * 4000}")) is None


@pytest.mark.parametrize("section", list(TREE))
@pytest.mark.parametrize("value", VALUES[:40], ids=lambda value: repr(value)[:20])
def test_any_section_can_hold_anything(section, value, tmp_path) -> None:
    checked(tmp_path / "broken.yaml", written(TREE | {section: value}))
