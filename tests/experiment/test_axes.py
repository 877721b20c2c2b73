"""Axes from the file to the tables: data, models, replicates, layers, subsamples; what is left out and why."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.errors import ConfigError
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.results import result_groups
from tda_latent.records import Comparison, Latents, Measures, Scalar
from tda_latent.registry import analyzer, distance

sys.path.insert(0, str(Path(__file__).parent))
from in_process import Here

HEAD = "format: tda-latent/experiment@1\nname: axes\nseed: 3\n"


@distance("excess-width")
@dataclass(frozen=True)
class ExcessWidth:
    """How much wider the first cloud is than the second: not symmetric."""

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    axioms: ClassVar[tuple[str, ...]] = ("identity",)

    def __call__(self, a: Latents, b: Latents) -> float:
        return max(0.0, float(np.ptp(a.points) - np.ptp(b.points)))


@analyzer("picky")
@dataclass(frozen=True)
class Picky:
    """The first coordinate of the first point; refuses clouds whose points are all negative."""

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()

    def __call__(self, latents: Latents) -> Measures:
        if (latents.points < 0).all():
            raise RuntimeError("all are negative")
        return Measures(scalars={"first": Scalar(float(latents.points[0, 0]))})


@analyzer("class-count")
@dataclass(frozen=True)
class ClassCount:
    """How many different values each label has."""

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("labels",)

    def __call__(self, latents: Latents) -> Measures:
        return Measures(scalars={name: Scalar(len(set(column))) for name, column in latents.labels.items()})


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the text of an experiment in this process."""
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    monkeypatch.chdir(tmp_path)

    def carried_out(text: str, *settings: str):
        (tmp_path / "axes.yaml").write_text(HEAD + text, encoding="utf-8")
        return tl.run("axes.yaml", settings)

    return carried_out


def problems(folder: Path, text: str) -> str:
    (folder / "axes.yaml").write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_plan(folder / "axes.yaml")
    return str(caught.value)


LAYERS = """\
models:
  wide: {use: file, path: "{model}-{seed}.npz::{layer}"}
  narrow: {use: file, path: "{model}-{seed}.npz::{layer}"}
axes: {replicates: [7, 9], layers: [encoder.1, 2], subsamples: 3}
sample: {size: 20}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1}
  betti: {use: betti-curve, on: persistence, degree: 0, stop: 4.0}
  spectrum: {use: spectrum}
distances: {h0: {use: bottleneck, on: persistence, degree: 0}}
figures: {curves: {use: betti-curves, of: betti}, matrix: {use: distance-matrix, of: h0}}
expect: [{claim: apart, that: "separation(h0, wide, narrow) > 0.5"}]
"""


def layered(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for model, width in (("wide", 3.0), ("narrow", 1.0)):
        for seed in (7, 9):
            arrays = {"encoder.1": rng.normal(size=(50, 2)) * width, "2": rng.normal(size=(50, 3))}
            np.savez(folder / f"{model}-{seed}.npz", **arrays)


def test_layers_and_subsamples_of_files_reach_every_table_and_stay_apart(run, tmp_path) -> None:
    layered(tmp_path)
    done = run(LAYERS)
    assert done.complete, [o.reason for o in done.run.outcomes.values() if o.reason]
    groups = result_groups(done.run)
    assert [group.name for group in groups] == ["encoder.1", "2"]
    for group in groups:
        assert len(group.comparisons["h0"]) == 4, "a row is a trained model, never a subsample"
        for row in group.scalars:
            assert {model: len(values) for model, values in row.values.items()} == {"wide": 2, "narrow": 2}
    first, second = (group.comparisons["h0"] for group in groups)
    assert not np.array_equal(first.values, second.values)
    rows = list(csv.DictReader((done.folder / "results.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["layer"] for row in rows} == {"encoder.1", "2"}
    assert {row["subsample"] for row in rows if row["kind"] == "scalar"} == {"s0", "s1", "s2"}
    names = {path.name for path in (done.folder / "figures").glob("*.svg")}
    assert names == {"curves.encoder.1.svg", "curves.2.svg", "matrix.encoder.1.svg", "matrix.2.svg"}


def test_subsamples_are_averaged_and_never_pass_for_replicates(run, tmp_path) -> None:
    layered(tmp_path)
    done = run(LAYERS)
    group = result_groups(done.run)[0]
    ranks = next(row for row in group.scalars if row.name == "effective rank")
    parts = [done[f"analysis/spectrum/wide/7/encoder.1/s{k}"]["effective rank"] for k in range(3)]
    assert ranks.values["wide"][0][0] == pytest.approx(np.mean(parts))
    drawn = done.run.plan.tasks["figure/curves/encoder.1"].inputs["records"]
    assert [len(lines) for lines in drawn.values()] == [2, 2], "a band over seeds holds seeds only"


def test_what_would_be_one_cloud_twice_is_refused(tmp_path) -> None:
    layered(tmp_path)
    fixed = LAYERS.replace("::{layer}", "::2")
    assert "2 layers would be the same points" in problems(tmp_path, fixed)
    trained = "data: {c: {use: circle}}\nmodels: {m: {use: pca, dimension: 2}}\naxes: {layers: [a, b]}\n"
    assert "'m' has codes only, and no layer 'a'" in problems(tmp_path, trained)
    twice = LAYERS.replace("[7, 9]", "[7, '7']")
    assert "'7' is there twice" in problems(tmp_path, twice)
    assert "independently trained" in problems(tmp_path, "models: {d: {use: digits}}\naxes: {replicates: 2}\n")
    both = "data: {c: {use: circle}, d: {use: digits}}\nmodels: {m: {use: file, path: wide-7.npz}}\n"
    assert "2 data sets would give the same points" in problems(tmp_path, both)


def test_a_template_field_without_a_value_is_found_in_the_file(tmp_path) -> None:
    found = problems(tmp_path, 'models: {m: {use: file, path: "{layer}.npy"}}\n')
    assert "axes.yaml:4:" in found
    assert "{layer} is empty" in found
    assert "Did you mean {layer}?" in problems(tmp_path, 'models: {m: {use: file, path: "z.npz", key: "{laier}"}}\n')
    assert "only local files" in problems(tmp_path, "models: {m: {use: file, path: 'https://a.b/c.npy'}}\n")


def test_an_absurd_number_of_clouds_is_refused_at_once(tmp_path) -> None:
    text = "models: {c: {use: circle}}\naxes: {replicates: 50000, subsamples: 50000}\n"
    assert "2500000000 clouds" in problems(tmp_path, text)


TWO_DATA = """\
data: {ring: {use: circle, size: 60, ambient_dimension: 4}, ball: {use: sphere, size: 60, ambient_dimension: 4}}
models: {flat: {use: pca, dimension: 2}, solid: {use: pca, dimension: 3}}
axes: {replicates: 2}
analyzers: {persistence: {use: vietoris-rips, max_degree: 0}, spectrum: {use: spectrum}}
distances: {h0: {use: bottleneck, on: persistence, degree: 0}}
figures: {matrix: {use: distance-matrix, of: h0}}
expect: [{claim: c, that: "between(h0, flat, solid) >= 0"}]
"""


def test_models_are_compared_within_each_data_set(run) -> None:
    done = run(TWO_DATA)
    assert done.complete, [o.reason for o in done.run.outcomes.values() if o.reason]
    ring, ball = result_groups(done.run)
    assert (ring.name, ball.name) == ("ring", "ball")
    assert ring.value("spectrum.rank", "flat") == 2
    assert ball.value("spectrum.rank", "solid") == 3
    tasks = done.run.plan.tasks
    assert tasks["training-sample/ring/0"].stream != tasks["training-sample/ball/0"].stream
    assert {path.name for path in (done.folder / "figures").glob("*.pdf")} == {"matrix.ring.pdf", "matrix.ball.pdf"}


@pytest.mark.slow
def test_the_name_of_a_model_is_part_of_no_result_of_a_trained_model(run) -> None:
    run(TWO_DATA)
    again = run(TWO_DATA.replace("flat", "plane"))
    computed = {label.split("/")[0] for label, o in again.run.outcomes.items() if o.state == "computed"}
    assert computed <= {"comparison", "figure"}


DIRECTED = """\
models: {small: {use: circle, size: 20}, large: {use: circle, size: 20, radius: 3.0}}
axes: {replicates: 2}
distances: {excess: {use: excess-width}}
expect:
  - {claim: larger, that: "between(excess, large, small) > 3.9"}
  - {claim: not smaller, that: "between(excess, small, large) <= 0"}
"""


def test_a_directed_distance_keeps_its_direction(run) -> None:
    done = run(DIRECTED)
    assert done.exit_code == 0
    comparison = done["comparison/excess"]
    assert isinstance(comparison, Comparison)
    assert not comparison.symmetric
    rows = {(row.first, row.second): row for row in done.contrasts() if row.distance == "excess"}
    assert set(rows) == {("small", "large"), ("large", "small")}
    assert max(rows["small", "large"].between) == 0.0
    assert min(rows["large", "small"].between) > 3.9
    assert len(rows["large", "small"].within) == 4, "both directions inside each model"


LACKING = """\
models: {circle: {use: circle, size: 20}, clusters: {use: clusters, size: 20}}
axes: {replicates: 2}
analyzers:
  classes: {use: class-count}
  persistence: {use: vietoris-rips, scale: posterior}
distances: {paired: {use: cka}, h1: {use: bottleneck, on: persistence, degree: 1}}
"""


def test_what_a_model_cannot_provide_is_left_out_with_the_reason(run) -> None:
    done = run(LACKING)
    skipped = done.run.plan.skipped
    assert "needs labels, which 'circle' does not provide" in skipped["analysis/classes/circle/0"]
    assert "analysis/classes/clusters/0" in done.run.plan.tasks
    assert "needs ids" in skipped["comparison/paired/circle"]
    assert "no model" in skipped["comparison/paired"]
    assert "takes the result of 'persistence'" in skipped["comparison/h1/clusters"]
    assert done.complete, [o.reason for o in done.run.outcomes.values() if o.reason]


GAPS = """\
models: {a: {use: file, path: "a-{seed}.npy"}, b: {use: file, path: "b-{seed}.npy"}}
axes: {replicates: 3}
analyzers: {picky: {use: picky}}
distances: {width: {use: nearest-neighbour-w1, scale: given}}
expect:
  - {claim: whole, that: "value(picky.first, a) > 0"}
  - {claim: holed, that: "value(picky.first, b) > 0"}
  - {claim: misspelt, that: "value(picky.frist, a) > 0"}
"""


def test_a_measure_that_failed_for_one_replicate_is_marked_everywhere(run, tmp_path, capsys) -> None:
    for name in ("a-0", "a-1", "a-2", "b-0", "b-1", "b-2"):
        points = np.random.default_rng(len(name)).uniform(1, 2, (9, 2)) * (-1 if name == "b-1" else 1)
        np.save(tmp_path / f"{name}.npy", points)
    done = run(GAPS)
    assert not done.complete
    row = result_groups(done.run)[0].scalars[0]
    assert row.missing == {"a": 0, "b": 1}
    from tda_latent.cli import printing

    printing.measures(done.run)
    assert "INCOMPLETE, n = 2 of 3" in capsys.readouterr().out
    assert "n = 2 of 3" in done.report.read_text(encoding="utf-8")
    held = [claim["holds"] for claim in __import__("json").loads((done.folder / "record.json").read_text())["claims"]]
    assert held == [True, None, None]


@pytest.mark.slow
def test_a_separation_is_undecided_while_pairs_are_missing(run, tmp_path) -> None:
    layered(tmp_path)
    done = run(LAYERS)
    group = result_groups(done.run)[0]
    values = group.comparisons["h0"].values.copy()
    values[0, 3] = values[3, 0] = np.nan
    group.comparisons["h0"] = group.comparisons["h0"].replace(values=values, order=None, tree=None, embedding=None)
    with pytest.raises(tl.api.experiments.IncompleteResult, match="1 of 4 pairs are missing"):
        group.separation("h0", "wide", "narrow")
