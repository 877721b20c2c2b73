"""Experiment files: every error is found before anything runs, all at once, with its place and a suggestion."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from ruamel.yaml import YAML

from tda_latent.errors import ConfigError, TdaLatentError
from tda_latent.experiment.file.schema import experiment_schema
from tda_latent.experiment.loading import load_plan

ROOT = Path(__file__).resolve().parents[2]


def problems(path: Path, *settings: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_plan(path, settings)
    return caught.value.problems


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


MISTAKES = [
    ("use: vietoris-rips", "use: vietoris-ripps", "Did you mean 'vietoris-rips'?", 10),
    ("max_degree: 1", "max_dgree: 1", "Did you mean 'max_degree'?", 10),
    ("max_degree: 1", "max_degree: 9", "less than or equal to 3", 10),
    ("scale: median", "scale: medain", "Did you mean 'median'?", 10),
    ("analyzers:", "analysers:", "Did you mean 'analyzers'?", 9),
    ("on: persistence", "on: persistance", "Did you mean 'persistence'?", 13),
    ("on: persistence", "on: spectrum", "takes PersistenceDiagram, but 'spectrum' gives Measures", 13),
    ("seed: 7", "seed: seven", "'seven' was given; the rule is an integer", 3),
    ("axes: {replicates: 2}", "axes: {seeds: 2}", "Did you mean 'replicates'?", 7),
    ("use: circle, size: 60, noise: 0.05", "use: pca", "needs data to train on", 5),
    ("between(bottleneck,", "betwen(bottleneck,", "Did you mean 'between'?", 15),
    ("circle, clusters) >", "circle, cluster) >", "Did you mean 'clusters'?", 15),
    ("experiment@1", "experiment@9", "experiment@1", 1),
]


@pytest.mark.parametrize(("old", "new", "hint", "line"), MISTAKES, ids=[new for _, new, _, _ in MISTAKES])
def test_a_mistake_is_named_with_its_place_and_the_nearest_right_thing(small, old, new, hint, line) -> None:
    found = problems(changed(small, old, new))
    assert any(hint in problem for problem in found), found
    matching = next(problem for problem in found if hint in problem)
    assert re.match(rf".*small\.yaml:{line}:\d+: ", matching), matching
    assert "^" in matching, "the offending line is shown with a caret"


def test_all_mistakes_of_a_file_are_reported_together(small) -> None:
    changed(small, "use: spectrum", "use: spectrun")
    changed(small, "max_degree: 1", "max_degree: -1")
    changed(small, "on: persistence", "on: nothing")
    assert len(problems(small)) >= 3


def test_a_misspelt_section_does_not_hide_the_mistakes_behind_it(small) -> None:
    changed(small, "analyzers:", "analysers:")
    changed(small, "max_degree: 1", "max_degree: 9")
    changed(small, "use: bottleneck", "use: bottlenek")
    changed(small, "seed: 7", "seed: seven")
    found = " ".join(problems(small))
    for hint in ("'analyzers'?", "less than or equal to 3", "Did you mean 'bottleneck'?", "seed"):
        assert hint in found
    assert "no analyzer is labelled" not in found


def test_a_missing_format_line_says_what_to_write(small) -> None:
    found = problems(changed(small, "format: tda-latent/experiment@1\n", ""))
    assert any("format: tda-latent/experiment@1" in problem for problem in found)


def test_settings_on_the_command_line_are_checked_like_the_file(small) -> None:
    assert load_plan(small, ["axes.replicates=3"]).experiment.replicates == ("0", "1", "2")
    assert any("--set" in problem for problem in problems(small, "axes.replicates=no"))


def test_a_file_that_does_not_exist_is_an_error_not_a_traceback(tmp_path) -> None:
    with pytest.raises(TdaLatentError, match="no-such"):
        load_plan(tmp_path / "no-such.yaml")


def test_a_file_can_extend_another(small, tmp_path) -> None:
    child = tmp_path / "child.yaml"
    child.write_text("extends: [small.yaml]\nname: child\naxes: {replicates: 4}\n", encoding="utf-8")
    plan = load_plan(child)
    assert plan.experiment.name == "child"
    assert len(plan.experiment.replicates) == 4
    assert set(plan.binding.models) == {"circle", "clusters"}


def files(folder: Path, *names: str) -> None:
    for name in names:
        np.save(folder / name, np.random.default_rng(0).normal(size=(20, 3)))


OWN = """\
format: tda-latent/experiment@1
name: own
seed: 1
models:
  vae: {{use: file, path: "{template}"}}
axes: {{replicates: [0, 1]}}
analyzers: {{spectrum: {{use: spectrum}}}}
"""


def own(folder: Path, template: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(OWN.format(template=template), encoding="utf-8")
    return path


def test_templates_are_filled_in_from_the_axes(tmp_path) -> None:
    files(tmp_path, "vae-0.npy", "vae-1.npy")
    plan = load_plan(own(tmp_path, "{model}-{seed}.npy"))
    paths = {task.operator.parameters["path"] for label, task in plan.tasks.items() if label.startswith("latents/")}
    assert paths == {str(tmp_path / "vae-0.npy"), str(tmp_path / "vae-1.npy")}


def test_one_file_is_not_passed_off_as_several_replicates(tmp_path) -> None:
    files(tmp_path, "vae.npy")
    assert any("independently trained" in problem for problem in problems(own(tmp_path, "{model}.npy")))


def test_missing_files_and_unknown_template_fields_are_found_before_anything_runs(tmp_path) -> None:
    files(tmp_path, "vae-0.npy")
    assert any("vae-1.npy does not exist" in problem for problem in problems(own(tmp_path, "{model}-{seed}.npy")))
    assert any("{sead}" in problem for problem in problems(own(tmp_path, "{model}-{sead}.npy")))


def test_the_plain_baseline_stands_beside_every_comparison(small) -> None:
    plan = load_plan(small)
    assert "comparison/nearest-neighbour-w1" in plan.tasks
    assert "comparison/bottleneck" in plan.tasks


def test_the_schema_accepts_every_shipped_experiment_and_refuses_mistakes(small) -> None:
    schema = experiment_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in [small, *(ROOT / "experiments").glob("*.yaml")]:
        validator.validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
    broken = YAML(typ="safe", pure=True).load(
        changed(small, "max_degree: 1", "max_dgree: 1").read_text(encoding="utf-8")
    )
    assert list(validator.iter_errors(broken))


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_experiment_is_sound(path) -> None:
    assert load_plan(path).tasks
