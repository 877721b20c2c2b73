"""Store care: clearing takes only what nothing refers to, an examination misses no byte, and sizes add up."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from tda_latent.errors import InvalidInput, StoreError, UnknownName
from tda_latent.experiment.identity.keys import key_of
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.store import Store, housekeeping
from tda_latent.experiment.store.examination import examine
from tda_latent.experiment.store.housekeeping import clear, forget
from tda_latent.experiment.store.inventory import take_inventory
from tda_latent.experiment.store.layout import action_path, blob_path, mark_used
from tda_latent.experiment.store.pins import Pin, every_pin, remove_pin, write_pin
from tda_latent.experiment.store.usage import usage
from tda_latent.records import Latents, Measures, Scalar

OLD = 100 * 86400.0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", durability="fast")


def put(store: Store, number: int, points: int | None = None) -> str:
    """An action with a result; equal ``points`` share a blob, None has none. Gives its key."""
    fields = {"kind": "analyzer", "number": number}
    if points is None:
        record = Measures({"number": Scalar(float(number))})
    else:
        record = Latents(np.arange(6.0).reshape(3, 2) + points)
    return store.commit(key_of(fields), {"result": record}, {"label": f"task/{number}"}, fields).key


def run_of(store: Store, *keys: str, second: int = 0) -> str:
    """A manifest of a run with these results."""
    tasks = {
        f"task/{index}": {"state": "computed", "key": key, "digest": store.find(key).digests["result"], "inputs": {}}
        for index, key in enumerate(keys)
    }
    digests = {label: task["digest"] for label, task in tasks.items()}
    return manifest.save(store, {
        "format": manifest.FORMAT, "name": f"run-{second}", "root": manifest.root_digest(digests), "complete": True,
        "tasks": tasks, "files": {}, "store": str(store.path),
        "circumstances": {"time": f"2026-11-23T02:24:{second:02}+00:00"},
    })  # fmt: skip


def age(store: Store, seconds: float = OLD) -> None:
    """Make everything in the store as if it had been written long ago."""
    then = time.time() - seconds
    for folder in ("actions", "objects", "quarantine"):
        for path in (store.path / folder).rglob("*"):
            os.utime(path, (then, then))


def content(store: Store) -> dict[str, bytes]:
    """Every file of the store that holds a result."""
    return {
        path.relative_to(store.path).as_posix(): path.read_bytes()
        for folder in ("actions", "objects")
        for path in sorted((store.path / folder).rglob("*"))
        if path.is_file()
    }


# ------------------------------------------------------------------ clearing


@pytest.mark.parametrize("seed", range(12))
def test_what_a_run_or_pin_refers_to_stays_and_all_else_goes(store, seed) -> None:
    draw = random.Random(seed)
    keys = [put(store, number, draw.choice([None, 0, 1, 2, 3])) for number in range(12)]
    actions = {key: store.find(key) for key in keys}
    blob = {key: actions[key].outputs["result"].blob for key in keys}
    kept = set()
    for second in range(draw.randrange(3)):
        chosen = draw.sample(keys, draw.randrange(1, 4))
        run_of(store, *chosen, second=second)
        kept |= set(chosen)
    by_key, by_record, by_blob = (draw.choice(keys) for _ in range(3))
    digests = [actions[by_record].digests["result"]] + ([blob[by_blob]] if blob[by_blob] else [])
    write_pin(store, Pin("paper", keys=(by_key,), digests=tuple(digests)))
    kept.add(by_key)
    kept |= {key for key in keys if actions[key].digests["result"] in digests or blob[key] in digests}
    age(store)

    clear(store, 1.0, really=True, grace=0.0)

    assert {key for key in keys if action_path(store.path, key).exists()} == kept
    assert {path.name for path in (store.path / "objects").rglob("*") if path.is_file()} == {
        blob[key] for key in kept if blob[key]
    }
    assert not any(path.is_file() for path in (store.path / "trash").rglob("*"))
    assert examine(store.path).sound


def test_without_really_nothing_moves_and_the_sizes_are_told(store) -> None:
    put(store, 0, 7)
    age(store)
    before = content(store)
    done = clear(store, 1.0)
    assert content(store) == before
    assert sum(piece.size for piece in done.going) == sum(len(data) for data in before.values())
    assert not (store.path / "trash").exists()


def test_what_was_written_or_used_lately_stays(store) -> None:
    old, used, new = put(store, 0, 0), put(store, 1, 1), ""
    age(store)
    mark_used(store.path, used)
    new = put(store, 2, 2)
    clear(store, 1.0, really=True, grace=0.0)
    assert not store.has(old)
    assert store.load(used) is not None
    assert store.load(new) is not None
    assert not store.notices


def test_what_is_cleared_waits_in_the_trash_and_comes_back_when_a_run_needs_it(store) -> None:
    wanted, other = put(store, 0, 0), put(store, 1, 1)
    copy = store.path.parent / "copy"
    shutil.copytree(store.path, copy)
    age(store)
    before = content(store)
    assert len(clear(store, 1.0, really=True).waiting) == 4
    assert not content(store)
    run = run_of(Store(copy), wanted)  # a run that had looked its results up before
    shutil.copy(copy / "runs" / f"{run}.json", store.path / "runs")
    assert len(clear(store, 1.0, really=True).restored) == 2
    assert store.load(wanted) is not None
    assert not store.has(other)
    assert set(content(store)) < set(before)
    done = clear(store, 1.0, really=True, grace=0.0)
    assert len(done.deleted) == 2
    assert store.load(wanted) is not None


def test_a_blob_that_a_new_action_takes_up_while_the_store_is_cleared_comes_back(store, monkeypatch) -> None:
    put(store, 0, 7)
    age(store)
    moving, late = housekeeping._discard, []

    def discard(root, piece, cutoff, bin):
        if not late:  # between marking and moving, a task gives the same points
            late.append(put(store, 1, 7))
        return moving(root, piece, cutoff, bin)

    monkeypatch.setattr(housekeeping, "_discard", discard)
    clear(store, 1.0, really=True, grace=0.0)
    assert store.load(late[0]) is not None
    assert not store.notices


def test_an_action_used_between_marking_and_moving_stays(store, monkeypatch) -> None:
    key = put(store, 0, 7)
    age(store)
    moving = os.replace

    def replace(source, target):
        if "trash" in str(target):
            os.utime(source)
        moving(source, target)

    monkeypatch.setattr(housekeeping.os, "replace", replace)
    clear(store, 1.0, really=True, grace=0.0)
    assert store.load(key) is not None


@pytest.mark.parametrize("what", ["runs/20261123T022400Z-000000.json", "refs/paper.json", "actions"])
def test_where_it_is_unknown_what_is_needed_nothing_moves(store, what) -> None:
    key = put(store, 0, 7)
    age(store)
    path = action_path(store.path, key) if what == "actions" else store.path / what
    path.parent.mkdir(exist_ok=True)
    path.write_text("{", encoding="utf-8")
    before = content(store)
    with pytest.raises(StoreError, match=r"damaged|no pin|cannot be read"):
        clear(store, 0.0, really=True, grace=0.0)
    assert content(store) == before


def test_results_that_differ_are_evidence_and_keep_their_blobs(store) -> None:
    key = put(store, 0, 0)
    store.commit(key, {"result": Latents(np.ones((2, 2)))}, {}, {"kind": "analyzer", "number": 0})
    run_of(store, key)
    age(store)
    before = content(store)
    clear(store, 1.0, really=True, grace=0.0)
    assert content(store) == before


def test_a_forgotten_run_lets_its_results_go_but_a_pinned_one_is_not_forgotten(store) -> None:
    first, second = put(store, 0, 0), put(store, 1, 1)
    run, other = run_of(store, first), run_of(store, second, second=1)
    write_pin(store, Pin("paper", runs=(run,), keys=(first,)))
    with pytest.raises(InvalidInput, match="pinned as 'paper'"):
        forget(store, run)
    assert forget(store, other) == [other]
    age(store)
    clear(store, 1.0, really=True, grace=0.0)
    assert store.has(first)
    assert not store.has(second)


@pytest.mark.parametrize("wrong", [-3.0, float("nan")])
def test_wrong_times_are_refused_one_by_one(store, wrong) -> None:
    with pytest.raises(InvalidInput, match=f"keep_days is {wrong:g}; the rule is at least 0") as error:
        clear(store, wrong)
    assert "grace" not in str(error.value)
    with pytest.raises(InvalidInput, match="grace is ") as error:
        clear(store, 1.0, grace=wrong)
    assert "keep_days" not in str(error.value)


def test_of_several_runs_none_is_forgotten_when_one_may_not_be(store) -> None:
    runs = [run_of(store, put(store, number, number), second=number) for number in range(3)]
    write_pin(store, Pin("paper", runs=(runs[2],)))
    with pytest.raises(InvalidInput, match=r"pinned as 'paper'.*none of the runs was forgotten"):
        forget(store, *runs)
    with pytest.raises(UnknownName):
        forget(store, runs[0], "nothing")
    assert manifest.names(store.path) == tuple(runs)
    assert forget(store, runs[0], runs[1], runs[0]) == runs[:2]
    assert manifest.names(store.path) == (runs[2],)


@pytest.mark.parametrize("holder", ["run", "pin"])
def test_without_the_actions_that_runs_and_pins_name_no_blob_goes(store, holder) -> None:
    keys = [put(store, number, number) for number in range(3)]
    if holder == "run":
        run_of(store, *keys[:2])
    else:
        write_pin(store, Pin("paper", keys=tuple(keys[:2])))
    age(store)
    actions = store.path / "actions"
    shutil.move(actions, store.path.parent / "elsewhere")
    actions.mkdir()
    done = clear(store, 0.0, really=True, grace=0.0)
    assert (done.absent, len(done.undecided), done.going) == (sorted(keys[:2]), 3, [])
    actions.rmdir()
    shutil.move(store.path.parent / "elsewhere", actions)
    assert all(store.load(key) is not None for key in keys)
    done = clear(store, 0.0, really=True, grace=0.0)
    assert (done.absent, done.undecided, len(done.blobs)) == ([], [], 1)


def test_a_task_without_a_result_and_a_damaged_one_put_aside_hold_nothing_up(store) -> None:
    kept, bad = put(store, 0, 0), put(store, 1, 1)
    run = manifest.load(store.path, run_of(store, kept, bad))
    waiting = {**run.tasks, "task/9": {"state": "waiting", "key": "9" * 64, "digest": "", "inputs": {}}}
    manifest.save(store, {**run.content, "tasks": waiting})
    blob_path(store.path, str(store.find(bad).outputs["result"].blob)).write_bytes(b"damage")
    examine(store.path, repair=True)
    store.put(Latents(np.ones((2, 2))))
    age(store)
    done = clear(store, 1.0)
    assert (done.absent, len(done.blobs)) == ([], 1)


def test_drafts_that_dead_processes_left_beside_the_store_go(store) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    dead, alive = store.path / f"code.json.{ended.pid}", store.path / f"code.json.{os.getpid()}"
    for path in (dead, alive, store.path / "code.json"):
        path.write_text("half", encoding="utf-8")
    assert "store gc" in next(item.text for item in examine(store.path).findings if item.path == dead.name)
    clear(store, 1.0)
    assert dead.exists()
    clear(store, 1.0, really=True)
    assert not dead.exists()
    assert alive.exists()
    assert (store.path / "code.json").exists()


# ------------------------------------------------------------------ pins


def test_a_pin_reads_back_and_can_be_taken_away(store) -> None:
    pin = Pin("paper", ("20261123T022400Z-000000",), ("0" * 64,), ("f" * 64,), "for the paper")
    write_pin(store, pin)
    assert every_pin(store.path) == [pin]
    with pytest.raises(UnknownName, match="Did you mean 'paper'"):
        remove_pin(store.path, "papr")
    remove_pin(store.path, "paper")
    assert every_pin(store.path) == []


def test_a_pin_is_not_replaced_by_another_of_its_name(store) -> None:
    pin = Pin("paper", keys=("0" * 64, "1" * 64), note="first")
    path = write_pin(store, pin)
    before = path.read_bytes()
    assert write_pin(store, Pin("paper", keys=("1" * 64, "0" * 64))) == path  # the same results
    with pytest.raises(InvalidInput, match=r"'paper' holds 2 results.*unpin paper.*another name"):
        write_pin(store, Pin("paper", keys=("2" * 64,)))
    assert path.read_bytes() == before
    path.write_bytes(b"")
    with pytest.raises(StoreError, match="mend or remove"):
        write_pin(store, pin)


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 101])
def test_a_pin_cannot_leave_its_folder(store, name) -> None:
    with pytest.raises(InvalidInput, match="cannot name a pin"):
        write_pin(store, Pin(name))


# ------------------------------------------------------------------ examination


def test_a_sound_store_is_sound(store) -> None:
    run_of(store, put(store, 0, 0), put(store, 1))
    found = examine(store.path)
    assert (found.sound, found.findings, found.actions, found.blobs, found.runs) == (True, [], 2, 1, 1)


def test_no_flipped_bit_and_no_lost_end_of_any_file_passes(store) -> None:
    run = run_of(store, put(store, 0, 0), put(store, 1))
    for path in sorted(path for path in store.path.rglob("*") if path.is_file() and path.name != "FORMAT"):
        sound = path.read_bytes()
        for place in [*range(0, len(sound), 5), len(sound) - 1]:
            path.write_bytes(sound[:place] + bytes([sound[place] ^ 4]) + sound[place + 1 :])
            assert not examine(store.path).sound, (path, place)
        for length in range(0, len(sound), 40):
            path.write_bytes(sound[:length])
            assert not examine(store.path).sound, (path, length)
        path.write_bytes(sound)
    assert examine(store.path).sound
    assert run in manifest.names(store.path)


def test_missing_swapped_and_misplaced_files_are_named(store) -> None:
    first, second = put(store, 0, 0), put(store, 1, 1)
    blobs = [store.find(key).outputs["result"].blob for key in (first, second)]
    paths = [blob_path(store.path, str(blob)) for blob in blobs]
    data = [path.read_bytes() for path in paths]
    paths[0].unlink()
    assert [finding.path for finding in examine(store.path).findings] == [f"actions/{first[:2]}/{first}.json"]
    paths[0].write_bytes(data[1])
    paths[1].write_bytes(data[0])
    assert len(examine(store.path).findings) == 4
    for path, bytes_ in zip(paths, data, strict=True):
        path.write_bytes(bytes_)
    stray = store.path / "actions" / "zz" / f"{first}.json"
    stray.parent.mkdir()
    shutil.move(action_path(store.path, first), stray)
    assert "folder of another key" in examine(store.path).findings[0].text


def test_repair_puts_damage_aside_and_a_new_computation_makes_the_store_whole(store) -> None:
    key = put(store, 0, 0)
    run_of(store, key)
    blob_path(store.path, str(store.find(key).outputs["result"].blob)).write_bytes(b"damage")
    assert not (store.path / "quarantine").exists() or not any((store.path / "quarantine").iterdir())
    found = examine(store.path, repair=True)
    assert not found.sound
    assert found.moved == 2
    assert not content(store)
    later = examine(store.path)
    assert [finding.path.partition("/")[0] for finding in later.findings] == ["runs", "quarantine"]
    assert "Run its experiment again" in later.findings[0].text
    put(store, 0, 0)
    assert examine(store.path).sound


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"format": "tda-latent/pin@2"}', b"\xff"])
def test_a_pin_that_cannot_be_read_is_named(store, content) -> None:
    write_pin(store, Pin("paper", keys=("0" * 64,))).write_bytes(content)
    found = examine(store.path)
    assert [finding.path for finding in found.findings if finding.damaged] == ["refs/paper.json"]


def test_a_description_of_an_environment_is_checked_byte_by_byte(store) -> None:
    data = b'{"blas": "pthreads"}'
    name = f"{hashlib.sha256(data).hexdigest()}.json"
    path = store.path / "environments" / name
    path.write_bytes(data)
    fields = {"kind": "analyzer", "number": 0}
    facts = {"environment": name.removesuffix(".json")}
    store.commit(key_of(fields), {"result": Measures({"number": Scalar(0.0)})}, facts, fields)
    assert (examine(store.path).findings, examine(store.path).environments) == ([], 1)
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        found = examine(store.path, repair=True)
        assert [finding.path for finding in found.findings] == [f"environments/{name}"]
        assert not found.sound
        assert "No number rests on it" in found.findings[0].text
        assert path.exists(), "what is left still tells something"
    path.unlink()
    assert "It is gone" in examine(store.path).findings[0].text
    path.write_bytes(data)
    (store.path / "environments" / "notes.txt").write_bytes(b"")
    assert [finding.path for finding in examine(store.path).findings] == ["environments/notes.txt"]


def test_leftovers_are_told_but_are_no_damage(store) -> None:
    put(store, 0, 0)
    store.put(Latents(np.ones((2, 2))))
    (store.path / "tmp" / "other-host-1-2").write_bytes(b"half")
    (store.path / "notes.txt").write_text("mine", encoding="utf-8")
    found = examine(store.path)
    assert found.sound
    assert [finding.path for finding in found.findings] == ["objects", "tmp", "notes.txt"]


def test_what_is_no_store_says_how_to_make_it_one(tmp_path) -> None:
    with pytest.raises(StoreError, match="no folder"):
        examine(tmp_path / "absent")
    with pytest.raises(StoreError, match="copied in part"):
        examine(tmp_path)


# ------------------------------------------------------------------ sizes, plain tools


def test_sizes_add_up_to_those_of_the_files(store) -> None:
    first, second, third = put(store, 0, 0), put(store, 1, 0), put(store, 2, 5)
    run_of(store, first, second)
    run_of(store, second, second=1)
    found = usage(store.path)
    counted = content(store)
    assert found.kept.size + found.loose.size == sum(len(data) for data in counted.values())
    assert found.total.size == found.kept.size + found.loose.size + sum(share.size for share in found.aside)
    assert found.loose.files == 2  # the third action and its blob
    one = len(counted[f"actions/{first[:2]}/{first}.json"])
    assert [share.alone for share in found.runs] == [one, 0]
    assert found.kinds[0].name == "clouds"
    assert take_inventory(store.path).actions.keys() == {first, second, third}


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum is not installed")
def test_the_one_liner_of_the_readme_checks_every_blob(store) -> None:
    put(store, 0, 0)
    line = 'cd objects && for f in */*; do echo "${f#*/}  $f"; done | sha256sum --check --quiet'
    assert subprocess.run(["sh", "-c", line], cwd=store.path).returncode == 0
    next(path for path in (store.path / "objects").rglob("*") if path.is_file()).write_bytes(b"x")
    assert subprocess.run(["sh", "-c", line], cwd=store.path, capture_output=True).returncode == 1


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_jq_reads_actions_and_manifests(store) -> None:
    run_of(store, put(store, 0, 0), put(store, 1))
    line = "jq -r '.action.facts.label' actions/*/*.json | sort; jq -r '.run.name' runs/*.json"
    done = subprocess.run(["sh", "-c", line], cwd=store.path, capture_output=True, text=True)
    assert done.stdout.split() == ["task/0", "task/1", "run-0"]
