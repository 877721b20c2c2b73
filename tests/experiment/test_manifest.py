"""Manifests: every run leaves one, nothing can change it unseen, and a person finds it by whatever name is at hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from in_process import Here

import tda_latent as tl
from tda_latent.errors import InvalidInput, StoreError, UnknownName
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.proof.manifest import every, find, load, names, plain, save
from tda_latent.experiment.store import Store
from tda_latent.records import sha256


@pytest.fixture(autouse=True)
def here(monkeypatch) -> None:
    """Tasks run in the test itself: no processes to wait for."""
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)


TIME = "2026-11-23T03:24:31+01:00"


def content(**more):
    return {
        "format": manifest.FORMAT,
        "name": "small",
        "root": "0" * 64,
        "complete": True,
        "tasks": {},
        "files": {},
        "store": "/nowhere",
        "circumstances": {"time": TIME},
    } | more


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", durability="fast")


def test_the_id_is_the_time_in_utc_and_the_digest_of_the_content(store) -> None:
    name = save(store, content())
    text = (store.path / "runs" / f"{name}.json").read_text(encoding="utf-8")
    body, digest = text[len('{"run":') : text.index(',"self":"')], json.loads(text)["self"]
    assert name == f"20261123T022431Z-{sha256(body)[:6]}"
    assert digest == sha256(body)
    assert json.loads(text)["run"] == content()


def test_equal_content_has_one_manifest_and_other_content_another(store) -> None:
    first = save(store, content())
    assert save(store, content()) == first
    assert save(store, content(complete=False)) != first
    assert len(names(store.path)) == len(list(every(store))) == 2


def test_no_flipped_bit_and_no_lost_byte_of_a_manifest_passes(store) -> None:
    name = save(store, content())
    path = store.path / "runs" / f"{name}.json"
    sound = path.read_bytes()
    for place in range(len(sound)):
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        with pytest.raises(StoreError):
            load(store.path, name)
        path.write_bytes(sound[:place])
        with pytest.raises(StoreError):
            load(store.path, name)
    path.write_bytes(sound)
    assert load(store.path, name).content == content()


def test_a_sound_manifest_under_the_name_of_another_is_refused(store) -> None:
    first, second = save(store, content()), save(store, content(complete=False))
    folder = store.path / "runs"
    (folder / f"{first}.json").write_bytes((folder / f"{second}.json").read_bytes())
    with pytest.raises(StoreError, match="its name says"):
        load(store.path, first)


def test_a_manifest_is_never_overwritten(store) -> None:
    name = save(store, content())
    (store.path / "runs" / f"{name}.json").write_bytes(b"someone else's")
    with pytest.raises(StoreError, match="another manifest or a damaged one"):
        save(store, content())
    assert (store.path / "runs" / f"{name}.json").read_bytes() == b"someone else's"


def test_numbers_that_json_cannot_say_are_kept_as_text() -> None:
    assert plain({"a": (math.inf, [-math.inf, math.nan], 1.5)}) == {
        "a": [{"$float": "inf"}, [{"$float": "-inf"}, {"$float": "nan"}], 1.5]
    }


def test_a_run_is_found_by_id_prefix_name_folder_and_record(small, tmp_path) -> None:
    store, folder = tmp_path / "s", tmp_path / "r"
    tl.run(small, store=store, output=folder)
    name = json.loads((folder / "record.json").read_text(encoding="utf-8"))["run"]
    for what in (name, name[:10], "small", folder, str(folder), folder / "record.json"):
        assert find(what, store).id == name
        assert find(what, Store(store)).id == name
    with pytest.raises(UnknownName, match="Did you mean 'small'"):
        find("smal", store)
    with pytest.raises(InvalidInput, match="no store at"):
        find("small", tmp_path / "absent")


def test_the_newest_run_of_a_name_is_meant_and_a_prefix_of_several_is_refused(store, tmp_path) -> None:
    save(store, content())
    newest = save(store, content(circumstances={"time": "2026-11-24T00:00:00+00:00"}))
    assert find("small", store).id == newest
    (tmp_path / "any.yaml").write_text("name: small\n")
    assert find(tmp_path / "any.yaml", store).id == newest
    with pytest.raises(InvalidInput, match="begins 2 runs"):
        find("2026", store)


def test_the_manifest_of_a_run_says_everything_that_was_asked_and_came_out(small, tmp_path) -> None:
    done = tl.run(small, ["axes.replicates=1"], store=tmp_path / "s", output=tmp_path / "r")
    found = find(tmp_path / "r", tmp_path / "s")
    record = json.loads((tmp_path / "r" / "record.json").read_text(encoding="utf-8"))
    assert {"run": found.id} | dict(found.content) == record
    assert found.content["modules"]["tda_latent.analyzers.vietoris_rips"]
    assert found.content["plugins"] == {}
    assert found.root == found.root_of_tasks() == done.root
    assert "axes.replicates=1" in found.content["settings"]
    assert found.content["experiment"] == done.run.experiment.text
    for name, digest in found.files.items():
        assert sha256((tmp_path / "r" / name).read_bytes()) == digest
    assert {"results.csv", "experiment.yaml"} <= set(found.files)
    for label, task in done.run.plan.tasks.items():
        assert found.sources(label) == task.sources
        assert found.tasks[label]["key"] == done.run.outcomes[label].key
    place = {label: index for index, label in enumerate(found.order)}
    assert all(place[source] < place[label] for label in found.order for source in found.sources(label))


def test_an_interrupted_run_leaves_a_manifest_that_says_so(small, tmp_path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    done = tl.run(small, store=tmp_path / "s", output=tmp_path / "r", listener=interrupt)
    assert done.exit_code == 130
    found = find(tmp_path / "r", tmp_path / "s")
    assert (found.complete, found.content["interrupted"]) == (False, True)
    assert {task["state"] for task in found.tasks.values()} >= {"computed", "waiting"}
    assert found.root == found.root_of_tasks()


def test_the_report_of_an_unchanged_store_keeps_the_run_and_adds_no_manifest(small, tmp_path) -> None:
    store, folder = tmp_path / "s", tmp_path / "r"
    tl.run(small, store=store, output=folder)
    before = (folder / "record.json").read_bytes()
    tl.write_report(small, store=store, output=folder)
    assert (folder / "record.json").read_bytes() == before
    assert len(names(store)) == 1
    tl.write_report(small, ["axes.replicates=1"], store=store, output=folder)
    assert len(names(store)) == 1
    with pytest.raises(InvalidInput, match="does not name a run"):
        find(folder, store)


def test_a_store_that_takes_no_manifest_loses_nothing_else(small, tmp_path, monkeypatch) -> None:
    def full(*_: object) -> str:
        raise StoreError("the store is full: 10 bytes are free.")

    monkeypatch.setattr(manifest, "save", full)
    done = tl.run(small, store=tmp_path / "s", output=tmp_path / "r")
    assert done.complete
    record = json.loads((tmp_path / "r" / "record.json").read_text(encoding="utf-8"))
    assert "run" not in record
    assert any("cannot be verified later" in text for text in record["notices"])
    assert (tmp_path / "r" / "results.csv").exists()
    assert "cannot be verified later" in done.report.read_text(encoding="utf-8")


def test_a_folder_whose_store_is_gone_is_read_from_its_record_unless_that_was_changed(small, tmp_path) -> None:
    store, folder = tmp_path / "s", tmp_path / "r"
    tl.run(small, store=store, output=folder)
    whole = find(folder, store)
    store.rename(tmp_path / "moved")
    alone = find(folder, tmp_path / "nothing")
    assert (alone.id, alone.digest, dict(alone.content)) == (whole.id, whole.digest, dict(whole.content))
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    record["root"] = "1" * 64
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(StoreError, match="not what its run wrote"):
        find(folder, tmp_path / "nothing")


def test_an_experiment_file_without_a_name_leads_to_no_run_and_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("seed: 1\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"mine\.yaml has no name, .* write `name: mine` into it"):
        find(tmp_path / "mine.yaml", tmp_path / "s")
