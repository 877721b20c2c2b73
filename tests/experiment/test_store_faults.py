"""Kills, full disks, flipped bits: the store loses work at worst, it never returns a wrong record."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_records import diagram, measures

from tda_latent.errors import StoreError
from tda_latent.experiment.store import Store, durable
from tda_latent.records import Model, Record

KEY = sha256(b"key").hexdigest()
CHANGES = ("open", "write", "fsync", "replace", "link", "unlink", "mkdir")


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the process runs after it."""


class System:
    """The ``os`` module as the store sees it, with a hook before and after each call that changes a disk.

    Syncing itself is left out: it takes long, and no test here can pull the plug.
    """

    def __init__(self, hook: Callable[[str, bool, tuple[Any, ...]], None]) -> None:
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CHANGES:
            return real

        def call(*given: Any) -> Any:
            self._hook(name, True, given)
            result = None if name == "fsync" else real(*given)
            self._hook(name, False, given)
            return result

        return call


class KillAt:
    """Dies at one point, and from then on at every other, so that no clean-up code runs either."""

    def __init__(self, point: int) -> None:
        self.count = 0
        self.point = point

    def __call__(self, name: str, is_before: bool, given: tuple[Any, ...]) -> None:
        self.count += 1
        if self.count >= self.point:
            if self.count == self.point and name == "write" and is_before:
                os.write(given[0], bytes(given[1])[: len(given[1]) // 2])  # a torn write
            raise Killed


def outputs() -> dict[str, Record]:
    return {"result": diagram(), "numbers": measures()}


def commit(path: Path, durability: Any = "full") -> Store:
    store = Store(path, durability=durability)
    store.commit(KEY, outputs(), {}, {})
    return store


def assert_sound(store: Store) -> None:
    assert {name: store.load(KEY, name) for name in outputs()} == outputs()


def nothing(path: Path) -> None:
    """A store that does not exist yet."""


def damaged_blob(path: Path) -> None:
    """A blob of the right name with the wrong bytes, and no action."""
    commit(path, "fast")
    action_file(path).unlink()
    for blob in blob_files(path):
        blob.write_bytes(blob.read_bytes()[:-1] + b"x")


def damaged_action(path: Path) -> None:
    """An action with a flipped bit in the way."""
    commit(path, "fast")
    action_file(path).write_bytes(action_file(path).read_bytes().replace(b"result", b"resulu"))


def other_result(path: Path) -> None:
    """An action of the same key with another result."""
    Store(path, durability="fast").commit(KEY, {"result": measures(), "numbers": measures()}, {}, {})


def action_file(path: Path) -> Path:
    return path / "actions" / KEY[:2] / f"{KEY}.json"


def blob_files(path: Path) -> list[Path]:
    return sorted(file for file in (path / "objects").rglob("*") if file.is_file())


SCENES = [nothing, damaged_blob, damaged_action, other_result]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_a_kill_before_or_after_any_system_call_loses_only_work(
    scene: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for point in itertools.count(1):
        path = tmp_path / str(point)
        scene(path)
        with monkeypatch.context() as patch:
            patch.setattr(durable, "os", System(KillAt(point)))
            try:
                commit(path)
            except Killed:
                pass
            else:
                break
        survivor = Store(path, durability="fast")
        seen = survivor.find(KEY)
        if seen is not None and scene is not other_result:
            assert_sound(survivor)
        again = commit(path, "fast")
        if scene is not other_result:
            assert_sound(again)
        assert again.check() == 1
        assert len(list((path / "tmp").iterdir())) <= 1
    assert point > 25


def test_a_name_is_visible_only_after_its_content_and_what_it_refers_to_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a loss of power at any point leaves a valid store: checked on the order of the system calls."""
    names: dict[int, str] = {}
    done: list[tuple[str, ...]] = []

    def watch(name: str, is_before: bool, given: tuple[Any, ...]) -> None:
        if is_before:
            return
        if name == "fsync":
            done.append(("fsync", os.readlink(f"/proc/self/fd/{given[0]}")))
        elif name in ("replace", "link"):
            done.append(("name", str(given[0]), str(given[1])))
        elif name == "mkdir":
            done.append(("name", "", str(given[0])))

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    monkeypatch.setattr(durable, "os", System(watch))
    commit(tmp_path / "store")
    assert not names
    waiting: set[str] = set()  # folders with a new name that is not yet on the disk
    synced: set[str] = set()
    for event in done:
        if event[0] == "fsync":
            synced.add(event[1])
            waiting.discard(event[1])
            continue
        _, source, target = event
        assert not source or source in synced, "a file got its name before its content was on the disk"
        if "/actions/" in target and target.endswith(".json"):
            assert not waiting, "an action became visible before its blobs were on the disk"
        waiting.add(os.path.dirname(target))
    assert not waiting
    assert sum(event[0] == "name" and "/objects/" in event[2] for event in done) == 4  # two blobs, two folders


_VICTIM = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import test_store_faults as faults
from pathlib import Path
class KillAt(faults.KillAt):
    def __call__(self, name, is_before, given):
        self.count += 1
        if self.count == self.point:
            os.kill(os.getpid(), signal.SIGKILL)
faults.durable.os = faults.System(KillAt(int(sys.argv[1])))
faults.commit(Path(sys.argv[2]))
"""


def killed_processes(tmp_path: Path, points: list[int]) -> Iterator[Path]:
    script = _VICTIM.format(tests=str(Path(__file__).parent))
    victims = {
        tmp_path / str(point): subprocess.Popen([sys.executable, "-c", script, str(point), str(tmp_path / str(point))])
        for point in points
    }
    for path, victim in victims.items():
        assert victim.wait(timeout=60) in (-signal.SIGKILL, 0)
        yield path


def test_a_process_that_is_really_killed_leaves_a_store_that_works(tmp_path: Path) -> None:
    for path in killed_processes(tmp_path, [30, 49]):
        assert_sound(commit(path))


@pytest.mark.slow
def test_processes_really_killed_at_every_third_point_leave_stores_that_work(tmp_path: Path) -> None:
    for start in range(1, 90, 18):
        for path in killed_processes(tmp_path, list(range(start, start + 18, 3))):
            assert_sound(commit(path))


# ------------------------------------------------------------------ bad bytes


def every_file(path: Path) -> list[Path]:
    return [path / "FORMAT", action_file(path), *blob_files(path)]


def restore(path: Path, good: dict[Path, bytes], changed: Path) -> None:
    changed.unlink(missing_ok=True)
    for file, data in good.items():
        if not file.exists():
            file.write_bytes(data)
    for file in (path / "quarantine").iterdir():
        file.unlink()


def look(path: Path, names: Iterable[str] = ("result", "numbers")) -> dict[str, Record | None] | None:
    """What a fresh process sees, None when the store refuses to open."""
    try:
        store = Store(path, durability="fast")
    except StoreError:
        return None
    seen = {name: store.load(KEY, name) for name in names}
    if None in seen.values():
        assert store.notices, "a loss must be reported"
        assert any((path / "quarantine").iterdir())
    return seen


def flip_each_byte(path: Path, wanted: dict[str, Record]) -> None:
    Store(path, durability="fast").commit(KEY, wanted, {}, {})
    good = {file: file.read_bytes() for file in every_file(path)}
    for file, data in good.items():
        for index in range(len(data)):
            bad = bytearray(data)
            bad[index] ^= 1 << (index % 8)
            file.write_bytes(bad)
            seen = look(path, wanted)
            is_line_end = file.name == "FORMAT" and index == len(data) - 1
            assert seen is None or None in seen.values() or (is_line_end and seen == wanted)
            assert all(record in (None, wanted[name]) for name, record in (seen or {}).items())
            restore(path, good, file)
    assert look(path, wanted) == wanted


def test_a_flipped_bit_in_any_byte_is_found(tmp_path: Path) -> None:
    flip_each_byte(tmp_path / "store", {"result": Model("tiny", weights={"w": np.arange(3)})})


@pytest.mark.slow
def test_a_flipped_bit_in_any_byte_of_larger_records_is_found(tmp_path: Path) -> None:
    flip_each_byte(tmp_path / "store", outputs())


def test_a_file_cut_anywhere_is_found(tmp_path: Path) -> None:
    path = commit(tmp_path / "store", "fast").path
    good = {file: file.read_bytes() for file in every_file(path)}
    for file, data in good.items():
        for length in {*range(0, len(data) - 1, 31), len(data) - 2}:
            file.write_bytes(data[:length])
            seen = look(path)
            assert seen is None or None in seen.values()
            restore(path, good, file)


def test_a_missing_blob_is_a_miss_and_a_recomputation_heals_it(tmp_path: Path) -> None:
    path = commit(tmp_path / "store").path
    for blob in blob_files(path):
        blob.unlink()
    store = Store(path)
    assert store.find(KEY) is None
    assert [notice.kind for notice in store.notices] == ["missing"]
    assert "will be computed again" in store.notices[0].text
    assert not store.has(KEY)
    assert_sound(commit(path))


def test_swapped_blobs_are_found(tmp_path: Path) -> None:
    path = commit(tmp_path / "store").path
    first, second = blob_files(path)
    data = first.read_bytes(), second.read_bytes()
    first.write_bytes(data[1])
    second.write_bytes(data[0])
    seen = look(path)
    assert seen is not None
    assert set(seen.values()) == {None}
    assert_sound(commit(path))


def test_an_action_under_the_name_of_another_is_found(tmp_path: Path) -> None:
    store = commit(tmp_path / "store")
    other = sha256(b"other").hexdigest()
    place = store.path / "actions" / other[:2] / f"{other}.json"
    place.parent.mkdir()
    place.write_bytes(action_file(store.path).read_bytes())
    assert store.find(other) is None
    assert "belongs to key" in store.notices[0].text
    assert_sound(store)


def test_a_bad_blob_found_at_load_takes_its_action_along(tmp_path: Path) -> None:
    store = commit(tmp_path / "store")
    action = store.find(KEY)
    assert action is not None
    blob = store.path / "objects" / str(action.outputs["result"].blob)[:2] / str(action.outputs["result"].blob)
    data = blob.read_bytes()
    blob.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert store.load(action) is None
    assert [notice.kind for notice in store.notices] == ["corrupt"]
    assert store.find(KEY) is None
    assert len(list((store.path / "quarantine").iterdir())) == 2
    assert_sound(commit(store.path))


# ------------------------------------------------------------------ disks that refuse


def refusing(code: int, *, names: tuple[str, ...], after: int = 0) -> System:
    """A system whose calls fail with an error code after a number of them."""
    counter = itertools.count()

    def hook(name: str, is_before: bool, given: tuple[Any, ...]) -> None:
        creates = name != "open" or given[1] & os.O_CREAT
        if is_before and name in names and creates and next(counter) >= after:
            raise OSError(code, os.strerror(code))

    return System(hook)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("name", ["write", "fsync", "open", "mkdir", "link", "replace"])
def test_a_full_disk_leaves_nothing_half_visible(
    code: int, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path / "store")
    for after in itertools.count():
        with monkeypatch.context() as patch:
            patch.setattr(durable, "os", refusing(code, names=(name,), after=after))
            try:
                commit(tmp_path / "store")
            except StoreError as error:
                assert "is full" in str(error)
                assert "free some space or choose another store" in str(error)
                assert str(tmp_path / "store") in str(error)
                assert isinstance(error.__cause__, OSError)
            else:
                break
        seen = Store(tmp_path / "store")
        if seen.find(KEY) is not None:  # only the last sync failed: the content was complete
            assert name == "fsync"
            assert_sound(seen)
        assert not list((tmp_path / "store" / "tmp").iterdir())
        for blob in blob_files(tmp_path / "store"):
            assert sha256(blob.read_bytes()).hexdigest() == blob.name
    assert after > 0
    assert_sound(Store(tmp_path / "store"))


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_store_that_may_not_be_written_can_still_be_read(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = commit(tmp_path / "store").path
    monkeypatch.setattr(durable, "os", refusing(code, names=tuple(set(CHANGES) - {"unlink"})))
    store = Store(path)
    assert_sound(store)
    with pytest.raises(StoreError, match="cannot be changed by this user"):
        store.put(diagram().replace(field=3))
    with pytest.raises(StoreError, match="choose a store you may write"):
        store.commit(sha256(b"new").hexdigest(), {}, {}, {})
    blob_files(path)[0].write_bytes(b"bad")
    assert store.find(KEY) is None
    assert "left in place" in store.notices[0].text
    with pytest.raises(StoreError, match="opening it"):
        Store(tmp_path / "new")


@pytest.mark.parametrize(
    ("code", "remedy"), [(errno.EMFILE, "ulimit -n"), (errno.EIO, "Check the disk"), (errno.ESTALE, "Check the disk")]
)
def test_other_failures_of_the_disk_name_the_store_and_a_remedy(
    code: int, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    monkeypatch.setattr(durable, "os", refusing(code, names=("open",)))
    with pytest.raises(StoreError, match=remedy):
        store.commit(KEY, outputs(), {}, {})


def test_a_file_system_without_hard_links_works_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "os", refusing(errno.EPERM, names=("link",)))
    assert_sound(commit(tmp_path / "store"))
    store = commit(tmp_path / "store")
    assert_sound(store)
    store.commit(KEY, {"result": measures()}, {}, {})
    assert [notice.kind for notice in store.notices] == ["nondeterministic"]
    assert not list((tmp_path / "store" / "tmp").iterdir())


def test_an_interrupt_by_the_keyboard_leaves_no_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hook(name: str, is_before: bool, given: tuple[Any, ...]) -> None:
        if name == "write":
            raise KeyboardInterrupt

    store = Store(tmp_path / "store")
    monkeypatch.setattr(durable, "os", System(hook))
    with pytest.raises(KeyboardInterrupt):
        store.commit(KEY, outputs(), {}, {})
    assert not list((store.path / "tmp").iterdir())
