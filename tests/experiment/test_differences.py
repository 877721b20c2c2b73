"""`diff` and `explain`: the cause is named, the first one and no other, with the words of the author."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from in_process import Here
from small_experiment import SMALL

import tda_latent as tl
from tda_latent.api.verification import diff, explain
from tda_latent.errors import InvalidInput, UnknownName
from tda_latent.experiment.identity import keys
from tda_latent.experiment.proof import explain as explaining
from tda_latent.experiment.proof.explain import field_changes, tree_changes
from tda_latent.experiment.proof.manifest import every, find
from tda_latent.experiment.store.layout import action_path


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("finished")
    (home / "small.yaml").write_text(SMALL, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
        tl.run(home / "small.yaml", store=home / "s", output=home / "r")
    return home


@pytest.fixture
def home(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def asked(home: Path, label: str, *settings: str):
    return explain(label, home / "small.yaml", settings, store=home / "s")


# ------------------------------------------------------------------ explain


def test_a_cached_task_names_the_first_run_that_had_its_result(home) -> None:
    first = find("small", home / "s").id
    tl.run(home / "small.yaml", ["axes.replicates=1"], store=home / "s", output=home / "again")
    found = asked(home, "latents/circle/0").asked
    assert (found.state, found.since, found.changes, found.inputs) == ("cached", first, (), ())


def test_a_changed_parameter_is_named_with_both_values(home) -> None:
    chain = asked(home, "analysis/persistence/circle/0", "analyzers.persistence.field=3")
    assert (chain.asked.state, chain.asked.changes) == ("waiting", ("parameters.field 2 -> 3",))
    assert (chain.asked.inputs, chain.first_causes) == ((), {})


def test_a_change_far_upstream_is_followed_to_its_first_cause(home) -> None:
    chain = asked(home, "comparison/bottleneck", "models.circle.noise=0.06")
    assert chain.asked.changes == ()
    assert set(chain.asked.inputs) == {"block/bottleneck/circle~circle", "block/bottleneck/circle~clusters"}
    assert chain.first_causes == {("parameters.noise 0.05 -> 0.06",): ["latents/circle/0", "latents/circle/1"]}


def test_a_changed_seed_is_a_changed_stream(home) -> None:
    causes = asked(home, "cloud/circle/0", "seed=8")
    assert any("random stream" in text for text in causes.asked.changes)
    assert list(causes.first_causes.values()) == [["latents/circle/0"]]


def test_another_library_and_changed_code_are_named_with_the_module(home, monkeypatch) -> None:
    honest = keys.library_version
    monkeypatch.setattr(keys, "library_version", lambda name: "99.0" if name == "ripser" else honest(name))
    code, modules = keys.code_digest, explaining.module_digests

    def changed(cls):
        return "0" * 64 if "Rips" in str(cls) else code(cls)

    def module_digests(cls):
        return modules(cls) | ({"tda_latent.numerics.bars": "0" * 64} if "Rips" in str(cls) else {})

    monkeypatch.setattr(keys, "code_digest", changed)
    monkeypatch.setattr(explaining, "module_digests", module_digests)
    told = asked(home, "analysis/persistence/circle/0").asked.changes
    assert told[0] == "code of analyzer:vietoris-rips changed (tda_latent.numerics.bars)"
    assert told[1].startswith("library ripser 0.")
    assert told[1].endswith("-> 99.0")


def test_inputs_that_came_and_went_are_named(home) -> None:
    text = (home / "small.yaml").read_text(encoding="utf-8")
    (home / "small.yaml").write_text(
        text.replace("axes:", "  sphere: {use: sphere, size: 60}\naxes:"), encoding="utf-8"
    )
    told = asked(home, "comparison/bottleneck").asked.changes
    assert "takes block/bottleneck/circle~sphere, which it did not" in told
    (home / "small.yaml").write_text(
        text.replace("clusters:", "clumps:").replace(", clusters", ", clumps"), encoding="utf-8"
    )
    assert any("no longer takes" in item for item in asked(home, "comparison/bottleneck").asked.changes)


def test_a_renamed_task_is_compared_with_the_nearest_one_of_its_component(home) -> None:
    text = (home / "small.yaml").read_text(encoding="utf-8").replace("spectrum: {", "eigen: {")
    (home / "small.yaml").write_text(text, encoding="utf-8")
    assert asked(home, "analysis/eigen/circle/0").asked.state == "cached"  # labels are no part of a key
    (home / "small.yaml").write_text(text.replace("persistence", "holes"), encoding="utf-8")
    found = asked(home, "analysis/holes/circle/0", "analyzers.holes.field=3").asked
    assert found.other == "analysis/persistence/circle/0"
    assert found.changes == ("parameters.field 2 -> 3",)


FIGURE = "figures:\n  {}: {{use: {}, of: persistence}}\n"


def test_a_figure_that_was_never_drawn_is_not_compared_with_another_one(home) -> None:
    text = (home / "small.yaml").read_text(encoding="utf-8")
    (home / "small.yaml").write_text(text + FIGURE.format("bars", "barcode"), encoding="utf-8")
    assert tl.run(home / "small.yaml", store=home / "s", output=home / "drawn").complete
    (home / "small.yaml").write_text(text + FIGURE.format("points", "persistence-diagram"), encoding="utf-8")
    found = asked(home, "figure/points").asked
    assert (found.against, found.other, found.changes) == ("", "", ())
    assert found.reason.startswith("it was never computed")


def test_a_renamed_distance_is_known_by_what_it_calls_and_another_one_is_not(home) -> None:
    text = (home / "small.yaml").read_text(encoding="utf-8")
    mine = text.replace("  bottleneck: {", "  mine: {").replace("(bottleneck", "(mine")
    (home / "small.yaml").write_text(mine.replace("degree: 1}", "degree: 0}"), encoding="utf-8")
    found = asked(home, "block/mine/circle~clusters").asked
    assert found.other == "block/bottleneck/circle~clusters"
    assert asked(home, "comparison/mine").asked.reason.startswith("it was never computed")
    (home / "small.yaml").write_text(
        mine.replace(
            "{use: bottleneck, on: persistence, degree: 1}",
            "{use: wasserstein, on: persistence, degree: 1, order: 1, ground: 2}",
        ),
        encoding="utf-8",
    )
    found = asked(home, "block/mine/circle~clusters").asked
    assert (found.other, found.reason[:21]) == ("", "it was never computed")


def test_a_result_that_was_removed_and_a_first_run_say_so(home, tmp_path) -> None:
    key = find("small", home / "s").tasks["analysis/spectrum/circle/0"]["key"]
    action_path(home / "s", key).unlink()
    assert "not in the store any more" in asked(home, "analysis/spectrum/circle/0").asked.reason
    new = explain("latents/circle/0", home / "small.yaml", store=tmp_path / "empty").asked
    assert (new.state, "no earlier run" in new.reason) == ("waiting", True)


def test_a_task_that_failed_says_how(home, monkeypatch) -> None:
    import functools

    from tda_latent.analyzers.betti_curve import BettiCurve

    @functools.wraps(BettiCurve.__call__)
    def broken(self, diagram):
        raise RuntimeError("no such instruction")

    text = (home / "small.yaml").read_text(encoding="utf-8")
    more = "analyzers:\n  betti: {use: betti-curve, on: persistence, degree: 1}\n"
    (home / "small.yaml").write_text(text.replace("analyzers:\n", more), encoding="utf-8")
    monkeypatch.setattr(BettiCurve, "__call__", broken)
    failed = tl.run(home / "small.yaml", store=home / "s", output=home / "broken")
    assert not failed.complete
    reason = asked(home, "analysis/betti/circle/0").asked.reason
    assert reason.startswith("it failed in ")
    assert "no such instruction" in reason


def test_a_replaced_result_says_what_was_before_it(home) -> None:
    tl.run(home / "small.yaml", ["analyzers.persistence.field=3"], store=home / "s", output=home / "r3")
    found = asked(home, "analysis/persistence/circle/0", "analyzers.persistence.field=3").asked
    assert (found.state, found.changes) == ("cached", ("parameters.field 2 -> 3",))


def test_without_a_file_the_newest_run_with_the_task_gives_it(home) -> None:
    tl.run(home / "small.yaml", ["models.circle.noise=0.07"], store=home / "s", output=home / "r7")
    found = explain("latents/circle/0", store=home / "s").asked
    assert (found.state, found.since) == ("cached", list(every(home / "s"))[-1].id)
    with pytest.raises(UnknownName, match="Did you mean 'latents/circle/0'"):
        explain("latents/circl/0", store=home / "s")
    assert str(explaining.unknown_task("x", [])) == "unknown task 'x'. There is none."
    (home / "small.yaml").unlink()
    with pytest.raises(InvalidInput, match="explain TASK FILE"):
        explain("latents/circle/0", store=home / "s")


def test_a_wrong_label_gets_the_nearest_one_and_no_flood(home) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'analysis/persistence/circle/0'") as error:
        asked(home, "analysis/persistance/circle/0")
    assert len(str(error.value)) < 300


def test_changes_of_trees_are_told_leaf_by_leaf() -> None:
    before = {"a": 1, "b": {"c": [1, 2], "d": {"$float": "inf"}}, "gone": "x"}
    now = {"a": 1, "b": {"c": [1, 3], "d": {"$float": "nan"}}, "new": "y" * 100}
    told = list(tree_changes(before, now, "p"))
    assert told == [
        "p.b.c [1,2] -> [1,3]",
        "p.b.d inf -> nan",
        "p.gone is gone, it was x",
        f"p.new is new: {'y' * 60}...",
    ]
    assert list(tree_changes(before, before, "p")) == []


def test_every_key_field_has_its_sentence() -> None:
    fields = {
        "schema": 1, "kind": "step", "use": "compare", "version": 1, "parameters": {"distance": "a"}, "inputs": {},
        "also": [{"use": "a", "version": 1, "parameters": {"degree": 1}}], "files": {"path": "1"}, "code": {"x": "1"},
        "libraries": {"numpy": "1"}, "stream": [1], "determinism": {"threads": 1},
    }  # fmt: skip
    other = {
        "schema": 2, "kind": "step", "use": "compare", "version": 2, "parameters": {"distance": "b"}, "inputs": {},
        "also": [{"use": "a", "version": 1, "parameters": {"degree": 2}}], "files": {"path": "2"}, "code": {"x": "2"},
        "libraries": {"numpy": "2"}, "stream": [2], "determinism": {"threads": 2},
    }  # fmt: skip
    for name in set(fields) - {"kind", "use", "inputs"}:
        assert len(list(field_changes(fields, fields | {name: other[name]}))) == 1, name
    assert len(list(field_changes(fields, fields | {"use": "collect"}))) == 1
    assert list(field_changes(fields, fields)) == []


# ------------------------------------------------------------------ diff


def test_a_run_beside_itself_is_the_same_in_everything(home) -> None:
    found = diff(home / "r", "small", store=home / "s")
    assert found.same_results
    assert (found.configuration, found.environment, found.code, found.unknown) == ([], [], [], [])


def test_the_first_difference_is_named_with_its_cause_and_size(home) -> None:
    tl.run(home / "small.yaml", ["models.circle.noise=0.06"], store=home / "s", output=home / "r6")
    found = diff(home / "r", home / "r6", store=home / "s")
    assert found.configuration == ["models.circle.parameters.noise 0.05 -> 0.06"]
    assert found.parting.label == "latents/circle/0"
    assert found.parting.why == ("parameters.noise 0.05 -> 0.06",)
    old, new = (tl.run(home / "small.yaml", [s], store=home / "s", output=home / "x")["latents/circle/0"].points
                for s in ("models.circle.noise=0.05", "models.circle.noise=0.06"))  # fmt: skip
    assert found.parting.moved.largest == np.abs(old - new).max()
    assert found.stages["latents"] == (2, 2)
    assert found.stages["analysis/persistence"] == (2, 2)


def test_diagrams_part_by_their_bottleneck_distance(home) -> None:
    tl.run(home / "small.yaml", ["analyzers.persistence.scale=given"], store=home / "s", output=home / "rg")
    parting = diff(home / "r", home / "rg", store=home / "s").parting
    assert parting.label == "analysis/persistence/circle/0"
    assert "bottleneck distance in degree" in parting.moved.where
    assert parting.moved.largest > 0


def test_runs_of_two_stores_are_compared_and_a_missing_store_is_said(home, tmp_path) -> None:
    tl.run(home / "small.yaml", ["sample.size=30"], store=home / "t", output=home / "r30")
    found = diff(home / "r", home / "r30", store=home / "s", other_store=home / "t")
    assert (found.parting.label, found.parting.why, found.unknown) == (
        "cloud/circle/0",
        ("parameters.size 40 -> 30",),
        [],
    )
    shutil.rmtree(home / "t")
    found = diff(home / "r", home / "r30", store=home / "s", other_store=home / "t")
    assert (found.parting.label, found.parting.moved, found.parting.fields_known) == ("cloud/circle/0", None, False)
    assert "store of the second run" in found.unknown[0]
    assert found.configuration == ["settings.sample.size 40 -> 30"]


def test_tasks_of_one_run_alone_are_counted_not_called_different(home) -> None:
    tl.run(home / "small.yaml", ["axes.replicates=1"], store=home / "s", output=home / "r1")
    found = diff(home / "r", home / "r1", store=home / "s")
    assert not found.same_results
    assert "latents/circle/1" in found.only[0]
    assert found.only[1] == ()


def test_another_machine_is_told_by_packages_and_processor(home) -> None:
    record = json.loads(json.dumps(find("small", home / "s").content))
    record["circumstances"]["packages"]["numpy"] = "1.0"
    record["circumstances"]["processor"] = "abacus"
    record["modules"]["tda_latent.numerics.bars"] = "0" * 64
    from tda_latent.experiment.proof.manifest import save
    from tda_latent.experiment.store import Store

    found = diff(save(Store(home / "s"), record), home / "r", store=home / "s")
    assert any(text.startswith("packages.numpy 1.0 -> ") for text in found.environment)
    assert any(text.startswith("processor abacus -> ") for text in found.environment)
    assert found.code == ["module tda_latent.numerics.bars changed"]
    assert found.same_results
