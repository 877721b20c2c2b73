"""Verification: every changed byte is found and named; what comes out again passes, and what is planted does not."""

from __future__ import annotations

import functools
import itertools
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from in_process import Here

import tda_latent as tl
from tda_latent.analyzers.spectrum import Spectrum
from tda_latent.api.verification import diff, explain, fraction, verify
from tda_latent.errors import ExecutorFailure, InvalidInput, StoreError, UnknownName
from tda_latent.experiment.proof import recomputation
from tda_latent.experiment.proof.manifest import find, root_digest, save
from tda_latent.experiment.proof.recomputation import drawn
from tda_latent.experiment.proof.verify import integrity, read_action, read_record
from tda_latent.experiment.store import Store
from tda_latent.experiment.store.layout import action_path, blob_path
from tda_latent.records import Measures, Scalar
from tda_latent.sources.circle import Circle

FIGURE = "figures:\n  bars: {use: barcode, of: persistence}\n"


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
    monkeypatch.setattr(recomputation, "Pool", Here)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A finished run: its store and its folder, made once."""
    from small_experiment import SMALL

    home = tmp_path_factory.mktemp("finished")
    (home / "small.yaml").write_text(SMALL + FIGURE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
        assert tl.run(home / "small.yaml", store=home / "s", output=home / "r").complete
    return home


@pytest.fixture
def home(finished, tmp_path) -> Path:
    """A copy of the finished run that a test may damage; the run says that it was made where nothing is now."""
    return Path(shutil.copytree(finished, tmp_path / "copy", symlinks=True))


def look(home: Path, **more):
    return verify(home / "r", store=home / "s", **more)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def flip(path: Path, place: int = -20) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


# ------------------------------------------------------------------ integrity


def test_a_sound_copy_on_another_machine_verifies_and_stays_as_it_is(home) -> None:
    before = tree(home)
    done = look(home)
    assert (done.exit_code, done.integrity.findings) == (0, [])
    assert done.integrity.results == len(done.run.tasks)
    assert done.integrity.files == 5
    assert tree(home) == before


def test_a_flipped_bit_in_any_action_or_blob_is_found_and_its_task_named(home) -> None:
    run = find(home / "r", home / "s")
    for label, task in run.tasks.items():
        action = read_action(home / "s", task["key"])
        places = [action_path(home / "s", task["key"])]
        places += [blob_path(home / "s", stored.blob) for stored in action.outputs.values() if stored.blob]
        for place in places:
            sound = place.read_bytes()
            flip(place)
            found = integrity(run, home / "s")
            assert label in {finding.what for finding in found.changed}, place
            place.write_bytes(sound)
    assert integrity(run, home / "s").findings == []


@pytest.mark.parametrize("name", ["results.csv", "experiment.yaml", "figures/bars.pdf", "figures/bars.svg"])
def test_a_file_that_the_run_did_not_write_is_named(home, name) -> None:
    flip(home / "r" / name)
    done = look(home)
    assert done.exit_code == 3
    assert [finding.what for finding in done.integrity.changed] == [name]
    (home / "r" / name).unlink()
    done = look(home)
    assert (done.exit_code, [finding.what for finding in done.integrity.missing]) == (1, [name])


def test_a_record_that_was_touched_up_is_named(home) -> None:
    record = json.loads((home / "r" / "record.json").read_text(encoding="utf-8"))
    record["claims"][0]["holds"] = not record["claims"][0]["holds"]
    (home / "r" / "record.json").write_text(json.dumps(record), encoding="utf-8")
    assert [finding.what for finding in look(home).integrity.changed] == ["record.json"]
    shutil.rmtree(home / "s" / "runs")
    assert look(home).exit_code == 3  # no manifest to compare with: the name of the run still holds its digest


def test_a_damaged_manifest_is_a_difference_not_a_crash(home) -> None:
    flip(next((home / "s" / "runs").glob("*.json")))
    done = look(home)
    assert (done.exit_code, done.run) == (3, None)
    assert "does not match its own digest" in done.integrity.changed[0].text


def forged(home: Path, change) -> int:
    """Write a manifest that is sound in itself and says something else, and verify it."""
    content = json.loads(json.dumps(find(home / "r", home / "s").content))
    change(content)
    name = save(Store(home / "s", durability="fast"), content)
    return verify(name, store=home / "s").exit_code


def test_a_forged_manifest_is_caught_by_the_store(home) -> None:
    def other_digest(content) -> None:
        content["tasks"]["analysis/spectrum/circle/0"]["digest"] = "0" * 64

    def other_digest_and_root(content) -> None:
        other_digest(content)
        held = {label: task["digest"] for label, task in content["tasks"].items()}
        content["root"] = root_digest(held)

    def other_result(content) -> None:
        tasks = content["tasks"]
        for name in ("key", "digest"):
            tasks["cloud/circle/0"][name] = tasks["cloud/circle/1"][name]
        content["root"] = root_digest({label: task["digest"] for label, task in tasks.items()})

    for change in (other_digest, other_digest_and_root, other_result):
        assert forged(home, change) == 3


def test_an_action_whose_fields_do_not_hash_to_its_key_is_caught(home) -> None:
    from tda_latent.experiment.store import actions

    run = find(home / "r", home / "s")
    action = read_action(home / "s", run.tasks["latents/circle/0"]["key"])
    fields = {**action.fields, "parameters": {**action.fields["parameters"], "noise": 0.5}}
    lie = actions.Action(action.key, fields, action.outputs, action.facts)
    action_path(home / "s", action.key).write_text(actions.encode(lie), encoding="utf-8")
    assert [finding.what for finding in look(home).integrity.changed] == ["latents/circle/0"]


def test_what_was_not_copied_leaves_the_run_unproven(home) -> None:
    run = find(home / "r", home / "s")
    action = read_action(home / "s", run.tasks["latents/circle/0"]["key"])
    blob_path(home / "s", action.outputs["result"].blob).unlink()
    action_path(home / "s", run.tasks["latents/circle/1"]["key"]).unlink()
    done = look(home)
    assert done.exit_code == 1
    assert {finding.what for finding in done.integrity.missing} == {"latents/circle/0", "latents/circle/1"}
    assert read_record(home / "s", action.key) is None


@pytest.mark.parametrize(("wrong", "code"), [("changed", 3), ("missing", 1)])
def test_a_wrong_environment_is_named_and_no_number_is_blamed(home, wrong, code) -> None:
    [path] = (home / "s" / "environments").glob("*.json")
    if wrong == "changed":
        flip(path)
    else:
        path.unlink()
    done = look(home, recompute_fraction=0.05)
    assert done.exit_code == code
    [finding] = done.integrity.findings
    assert (finding.kind, finding.what, finding.numbers) == (wrong, f"environments/{path.name}", False)
    assert "No number rests on it" in finding.text
    assert finding.remedy
    assert {verdict.state for verdict in done.again.verdicts.values()} == {"identical"}


def test_every_damage_names_a_remedy(home) -> None:
    run = find(home / "r", home / "s")
    action_path(home / "s", run.tasks["latents/circle/0"]["key"]).unlink()
    flip(action_path(home / "s", run.tasks["latents/circle/1"]["key"]))
    flip(home / "r" / "results.csv")
    (home / "r" / "experiment.yaml").unlink()
    findings = look(home).integrity.findings
    assert len(findings) == 4
    assert all(finding.remedy.endswith(".") for finding in findings)


def test_a_store_of_a_newer_format_is_not_judged(home) -> None:
    (home / "s" / "FORMAT").write_text('{"format":"tda-latent-store","version":99}\n', encoding="utf-8")
    with pytest.raises(StoreError, match="format 99, this version reads 1"):
        look(home)
    for path in (home / "s" / "runs").iterdir():
        path.write_text("another format", encoding="utf-8")
    with pytest.raises(StoreError, match="format 99, this version reads 1"):
        verify("small", store=home / "s")


def test_where_no_store_is_the_place_is_named(home, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    place = str(tmp_path / ".tda-latent")
    for question in (lambda: verify("small"), lambda: explain("latents/circle/0"), lambda: diff("small", "other")):
        with pytest.raises(InvalidInput, match="there is no store at") as error:
            question()
        assert place in str(error.value)
    for path in (home / "s" / "runs").iterdir():
        path.unlink()
    for question in (lambda: verify("small", store=home / "s"), lambda: explain("x", store=home / "s")):
        with pytest.raises(InvalidInput, match="has no run"):
            question()


def test_figures_that_are_not_recomputed_are_counted(home) -> None:
    done = look(home, recompute_fraction=1.0)
    assert (done.again.figures, done.again.left) == (1, 0)
    assert len(done.again.verdicts) + done.again.figures == len(done.run.tasks)


def test_an_interrupted_run_is_incomplete_even_when_all_its_bytes_are_right(small, tmp_path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    tl.run(small, store=tmp_path / "s", output=tmp_path / "r", listener=interrupt)
    done = verify(tmp_path / "r", store=tmp_path / "s")
    assert (done.exit_code, done.integrity.findings) == (1, [])
    assert done.integrity.unfinished["waiting"] > 10


def test_a_run_or_a_store_that_is_not_there_is_wrong_input(home, tmp_path) -> None:
    with pytest.raises(UnknownName):
        verify("nothing", store=home / "s")
    with pytest.raises(InvalidInput, match="--store"):
        verify(home / "r", store=tmp_path / "nowhere")


# ------------------------------------------------------------------ recomputation


def test_everything_comes_out_again_and_nothing_of_the_run_is_touched(home) -> None:
    before, scratch = tree(home), set(Path(tempfile.gettempdir()).glob("tda-latent-verify-*"))
    for chain in (False, True):
        done = look(home, recompute_fraction=1.0, from_sources=chain)
        states = {verdict.state for verdict in done.again.verdicts.values()}
        assert (done.exit_code, states, done.again.left, done.again.notes) == (0, {"identical"}, 0, [])
    assert tree(home) == before
    assert set(Path(tempfile.gettempdir()).glob("tda-latent-verify-*")) == scratch


def test_the_sample_is_the_same_every_time_and_grows_with_its_share(home) -> None:
    run = find(home / "r", home / "s")
    samples = [drawn(run, share) for share in (0.001, 0.1, 0.5, 1.0)]
    assert [len(sample) for sample in samples] == [1, 3, 12, 24]
    assert samples == [drawn(run, share) for share in (0.001, 0.1, 0.5, 1.0)]
    for few, more in itertools.pairwise(samples):
        assert set(few) <= set(more)
    assert not any(label.startswith("figure/") for label in samples[-1])
    assert samples[-1] == [label for label in run.order if label in set(samples[-1])]


def test_shares_are_read_as_people_write_them() -> None:
    assert [fraction(text) for text in (None, "all", "25%", "0.5%", "100")] == [0.1, 1.0, 0.25, 0.005, 1.0]
    for wrong in ("0%", "101%", "some", "-3%"):
        with pytest.raises(InvalidInput):
            fraction(wrong)


def elsewhere(monkeypatch, size: float) -> None:
    """Let this be a machine on which the points of a circle come out a little differently."""
    honest = Circle.__call__

    @functools.wraps(honest)
    def shaken(self, rng):
        latents = honest(self, rng)
        noise = np.random.default_rng(0).uniform(-size, size, latents.points.shape)
        return latents.replace(points=latents.points + noise)

    monkeypatch.setattr(Circle, "__call__", shaken)


def test_other_last_bits_pass_from_the_sources_on_and_diagrams_by_the_theorem(home, monkeypatch) -> None:
    elsewhere(monkeypatch, 1e-12)
    done = look(home, recompute_fraction=1.0, from_sources=True)
    assert done.exit_code == 0, done.again.verdicts
    states = {label: verdict.state for label, verdict in done.again.verdicts.items()}
    assert states["latents/circle/0"] == "within the tolerance"
    assert states["latents/clusters/0"] == "identical"
    for label in ("analysis/persistence/circle/0", "block/bottleneck/circle~clusters"):
        verdict = done.again.verdicts[label]
        assert verdict.state == "within the bound"
        assert 0 < verdict.change <= verdict.bound < 1e-10


def test_a_real_change_is_different_and_the_first_stage_and_the_figures_are_named(home, monkeypatch) -> None:
    elsewhere(monkeypatch, 1e-2)
    done = look(home, recompute_fraction=1.0, from_sources=True)
    assert done.exit_code == 3
    assert done.again.different[0] == "latents/circle/0"
    assert done.affected == ("figure/bars",)
    assert done.again.verdicts["analysis/persistence/circle/0"].state == "within the bound"  # of its own inputs


def test_each_task_is_judged_alone_so_only_the_culprit_differs(home, monkeypatch) -> None:
    elsewhere(monkeypatch, 1e-2)
    done = look(home, recompute_fraction=1.0)
    assert done.again.different == ["latents/circle/0", "latents/circle/1"]


def test_a_component_that_does_not_repeat_itself_is_different(home, monkeypatch) -> None:
    honest, calls = Spectrum.__call__, iter(range(1000))

    @functools.wraps(honest)
    def moody(self, latents):
        measures = honest(self, latents)
        return measures.replace(scalars={**measures.scalars, "mood": Scalar(float(next(calls)))})

    monkeypatch.setattr(Spectrum, "__call__", moody)
    done = look(home, recompute_fraction=1.0)
    assert done.exit_code == 3
    assert {label.split("/")[1] for label in done.again.different} == {"spectrum"}


def test_a_task_that_fails_here_is_not_judged_and_the_run_not_verified(home, monkeypatch) -> None:
    def broken(self, latents) -> Measures:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(Spectrum, "__call__", functools.wraps(Spectrum.__call__)(broken))
    done = look(home, recompute_fraction=1.0)
    assert done.exit_code == 1
    verdict = done.again.verdicts["analysis/spectrum/circle/0"]
    assert (verdict.state, "no such instruction" in verdict.why) == ("not judged", True)


def test_changed_code_and_libraries_are_told(home, monkeypatch) -> None:
    monkeypatch.setattr(recomputation, "code_now", lambda names: dict.fromkeys(names, "0" * 64))
    monkeypatch.setattr("tda_latent.experiment.workers.worker.code_now", lambda names: dict.fromkeys(names, "0" * 64))
    monkeypatch.setattr(recomputation, "library_version", lambda name: "99.0")
    done = look(home, recompute_fraction=1.0)
    assert "the code of source:circle is not the one of the run" in done.again.notes
    assert any(note.startswith("gudhi was") and "99.0" in note for note in done.again.notes)
    assert done.exit_code == 0  # the numbers are the same


def test_a_source_file_that_is_other_or_gone_is_not_computed_from(tmp_path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).normal(size=(30, 2)))
    text = "format: tda-latent/experiment@1\nname: f\nseed: 1\nmodels: {a: {use: file, path: a.npy}}\n"
    (tmp_path / "f.yaml").write_text(text + "analyzers: {spectrum: {use: spectrum}}\n", encoding="utf-8")
    tl.run(tmp_path / "f.yaml", store=tmp_path / "s", output=tmp_path / "r")
    assert verify(tmp_path / "r", store=tmp_path / "s", recompute_fraction=1.0, from_sources=True).exit_code == 0
    np.save(tmp_path / "a.npy", np.zeros((30, 2)))
    done = verify(tmp_path / "r", store=tmp_path / "s", recompute_fraction=1.0)
    assert "not the file that the run read" in done.again.verdicts["latents/a/0"].why
    assert done.again.verdicts["analysis/spectrum/a/0"].state == "identical"
    os.unlink(tmp_path / "a.npy")
    done = verify(tmp_path / "r", store=tmp_path / "s", recompute_fraction=1.0)
    assert (done.exit_code, done.again.verdicts["latents/a/0"].state) == (1, "not judged")


def test_a_damaged_run_is_not_recomputed(home) -> None:
    flip(next((home / "s" / "objects").glob("*/*")))
    before = tree(home)
    done = look(home, recompute_fraction=1.0)
    assert (done.exit_code, done.again) == (3, None)
    assert tree(home) == before  # nothing went to quarantine


def test_workers_that_go_away_leave_the_rest_unjudged(home, monkeypatch) -> None:
    class Gone(Here):
        def wait(self, timeout: float):
            raise ExecutorFailure("no process can be started.")

    monkeypatch.setattr(recomputation, "Pool", Gone)
    done = look(home, recompute_fraction=1.0)
    assert done.exit_code == 1
    assert {verdict.why for verdict in done.again.verdicts.values()} == {"no process can be started."}


def test_ctrl_c_keeps_what_was_judged(home) -> None:
    def impatient(what: str, done: int, total: int) -> None:
        if what == "recomputed" and done == 3:
            raise KeyboardInterrupt

    done = look(home, recompute_fraction=1.0, listener=impatient)
    assert (done.exit_code, len(done.again.verdicts)) == (130, 3)
