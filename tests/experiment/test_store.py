"""The store gives back what was put in, under its key, as the same bytes every time."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sample_records import all_records, diagram, latents, measures

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment.store import Store, actions, blobs, durable
from tda_latent.records import Measures, Model, PersistenceDiagram, Record, Scalar

KEY = sha256(b"key").hexdigest()
OTHER = sha256(b"other").hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", durability="fast")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("record", all_records(), ids=lambda record: type(record).__name__)
def test_every_record_comes_back_equal(store: Store, record: Record) -> None:
    store.commit(KEY, {"result": record}, {}, {})
    again = Store(store.path)
    found = again.load(KEY)
    assert found == record
    assert type(found) is type(record)
    assert again.notices == []


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        arrays.arrays(
            st.sampled_from(["<f8", ">f4", "<i8", "|u1", "|b1"]),
            arrays.array_shapes(min_dims=0, min_side=0),
            fill=st.nothing(),
        ).filter(lambda array: bool(np.isfinite(array).all())),
        max_size=4,
    )
)
def test_arrays_of_any_shape_under_any_name_come_back_equal(weights: dict[str, np.ndarray]) -> None:
    record = Model("any", weights=weights)
    tree, given_arrays = record.packed()
    chunks = Chunks()
    blobs.write_blob(chunks, given_arrays, json.dumps(tree))
    found, text = blobs.read_blob(chunks.file())
    assert json.loads(text or "") == json.loads(json.dumps(tree))
    assert set(found) == set(given_arrays)
    for name, array in given_arrays.items():
        assert found[name].shape == array.shape
        assert not found[name].flags.writeable
        np.testing.assert_array_equal(found[name], array)


class Chunks(list[bytes]):
    """A sink that keeps what it is given."""

    def write(self, data: bytes | memoryview, /) -> int:
        self.append(bytes(data))
        return len(self[-1])

    def flush(self) -> None:
        pass

    def file(self):  # type: ignore[no-untyped-def]
        return io.BytesIO(b"".join(self))


def test_equal_arrays_give_equal_bytes_whatever_their_layout_and_order() -> None:
    array = np.arange(12.0).reshape(3, 4)
    first, second = Chunks(), Chunks()
    blobs.write_blob(first, {"a": array, "b": array[:0]})
    time.sleep(0.01)
    blobs.write_blob(second, {"b": array[:0], "a": np.asfortranarray(array.astype(">f8"))})
    assert b"".join(first) == b"".join(second)


def test_numpy_reads_a_blob(store: Store, tmp_path: Path) -> None:
    action = store.commit(KEY, {"result": diagram()}, {}, {})
    stored = action.outputs["result"]
    assert stored.blob is not None
    data = (store.path / "objects" / stored.blob[:2] / stored.blob).read_bytes()
    assert sha256(data).hexdigest() == stored.blob
    (tmp_path / "blob.npz").write_bytes(data)
    with np.load(tmp_path / "blob.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["pairs"], diagram().pairs)


def test_two_stores_with_the_same_commits_hold_the_same_files(tmp_path: Path) -> None:
    stores = [Store(tmp_path / name) for name in ("a", "b")]
    for one in stores:
        one.commit(KEY, {"result": latents(), "more": measures()}, {"seconds": 0}, {"x": 1})
    assert files(stores[0].path) == files(stores[1].path)
    for name in files(stores[0].path):
        assert (stores[0].path / name).read_bytes() == (stores[1].path / name).read_bytes()


def test_an_action_tells_what_was_computed_and_how_it_went(store: Store) -> None:
    given_fields = {"use": "vietoris-rips", "parameters": {"max_degree": 1}}
    committed = store.commit(KEY, {"result": diagram(), "more": measures()}, {"seconds": 1.5}, given_fields)
    found = store.find(KEY)
    assert found == committed
    assert found is not None
    assert (found.fields, found.facts) == (given_fields, {"seconds": 1.5})
    assert found.digests == {"result": diagram().digest, "more": measures().digest}
    assert store.load(found, "more") == measures()
    assert store.load(found.outputs["more"]) == measures()
    assert store.keys() == {KEY}


def test_what_was_never_committed_is_a_miss_without_a_notice(store: Store) -> None:
    assert store.find(KEY) is None
    assert store.load(KEY) is None
    assert not store.has(KEY)
    assert store.notices == []


def test_an_output_that_an_action_lacks_is_refused_by_name(store: Store) -> None:
    action = store.commit(KEY, {"result": diagram()}, {}, {})
    with pytest.raises(InvalidInput, match=r"no output 'more', only result"):
        store.load(action, "more")


def test_a_record_without_arrays_takes_one_file(store: Store) -> None:
    before = files(store.path)
    store.commit(KEY, {"result": Measures({"a": Scalar(1.0)}, {}, {})}, {}, {})
    assert len(files(store.path) - before) == 1


def test_a_long_tree_moves_into_the_blob_and_the_action_stays_short(store: Store) -> None:
    size = 6000
    record = PersistenceDiagram(
        np.column_stack([np.zeros(size), np.arange(1, size + 1)]),
        np.zeros(size, int),
        computed={f"fact {row}": row for row in range(size)},
    )
    store.commit(KEY, {"result": record}, {}, {})
    assert (store.path / "actions" / KEY[:2] / f"{KEY}.json").stat().st_size < 1000
    assert store.load(KEY) == record


def test_equal_arrays_are_kept_once(store: Store) -> None:
    store.commit(KEY, {"result": latents()}, {}, {})
    count = len(files(store.path))
    store.commit(OTHER, {"result": latents()}, {}, {})
    assert len(files(store.path)) == count + 1


def test_putting_first_leaves_only_the_action_to_commit(store: Store) -> None:
    assert store.put(latents()) == latents().digest
    count = len(files(store.path))
    store.commit(KEY, {"result": latents()}, {}, {})
    assert len(files(store.path)) == count + 1


def test_the_second_commit_of_a_key_returns_the_first_action(store: Store) -> None:
    first = store.commit(KEY, {"result": diagram()}, {"seconds": 1}, {})
    second = store.commit(KEY, {"result": diagram()}, {"seconds": 2}, {})
    assert second == first
    assert store.notices == []


def test_two_results_for_one_key_are_reported_and_both_kept(tmp_path: Path) -> None:
    heard = []
    store = Store(tmp_path, report=heard.append)
    store.commit(KEY, {"result": measures()}, {}, {})
    kept = store.commit(KEY, {"result": diagram()}, {}, {})
    assert kept.digests["result"] == measures().digest
    assert [notice.kind for notice in heard] == ["nondeterministic"]
    assert heard == store.notices
    conflict = json.loads((tmp_path / heard[0].path).read_text())
    assert conflict["action"]["outputs"]["result"]["record"] == diagram().digest
    assert store.load(KEY) == measures()


def test_objects_are_never_pickled() -> None:
    with pytest.raises(InvalidInput, match="Python objects"):
        blobs.write_blob(Chunks(), {"evil": np.array([object()])})
    file = io.BytesIO()
    np.savez(file, evil=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="cannot be"):
        blobs.read_blob(file)


def test_a_header_that_promises_terabytes_takes_no_memory() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("x.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    with pytest.raises(ValueError, match="cannot be"):
        blobs.read_blob(file)


def test_a_compressed_archive_is_no_blob() -> None:
    file = io.BytesIO()
    np.savez_compressed(file, x=np.zeros(10_000))
    with pytest.raises(ValueError, match="compressed"):
        blobs.read_blob(file)


@pytest.mark.parametrize("key", ["", "abc", "A" * 64, "../" + "a" * 61, "a" * 64 + "\n", 5])
def test_a_key_that_is_no_digest_is_refused(store: Store, key: str) -> None:
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        store.commit(key, {"result": diagram()}, {}, {})
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        store.find(key)


def test_facts_that_json_cannot_say_are_refused_before_anything_is_visible(store: Store) -> None:
    with pytest.raises(InvalidInput, match="plain finite JSON"):
        store.commit(KEY, {"result": diagram()}, {"seconds": float("nan")}, {})
    assert store.find(KEY) is None


# ------------------------------------------------------------------ opening


def test_opening_twice_keeps_what_is_there(tmp_path: Path) -> None:
    Store(tmp_path / "deep" / "store").commit(KEY, {"result": diagram()}, {}, {})
    assert Store(tmp_path / "deep" / "store").load(KEY) == diagram()


def test_a_store_that_was_moved_still_works(tmp_path: Path) -> None:
    Store(tmp_path / "a").commit(KEY, {"result": latents()}, {}, {})
    (tmp_path / "a").rename(tmp_path / "b")
    assert Store(tmp_path / "b").load(KEY) == latents()


def test_empty_folders_may_be_lost_in_a_copy(store: Store) -> None:
    for name in ("tmp", "conflicts", "quarantine", "runs"):
        (store.path / name).rmdir()
    again = Store(store.path)
    again.commit(KEY, {"result": latents()}, {}, {})
    assert again.load(KEY) == latents()
    assert again.sweep_temporaries() == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"format":"tda-latent-store","version":2}', r"has format 2, this version reads 1; update"),
        ('{"format":"something-else","version":1}', "does not name a store"),
        ('{"format":"tda-latent-store","version":true}', "does not name a store"),
        ("[1]", "does not name a store"),
        ("\xff", "does not name a store"),
        ("", "does not name a store"),
    ],
)
def test_a_mark_that_is_unknown_or_damaged_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "FORMAT").write_text(content, encoding="latin-1")
    with pytest.raises(StoreError, match=message):
        Store(tmp_path)


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(StoreError, match=r"holds 'thesis.tex'; choose an empty folder"):
        Store(tmp_path)
    assert files(tmp_path) == {"thesis.tex"}
    with pytest.raises(StoreError, match="is a file"):
        Store(tmp_path / "thesis.tex")
    with pytest.raises(StoreError, match="opening it"):
        Store(tmp_path / "thesis.tex" / "store")


def test_an_action_of_a_newer_format_is_refused_not_thrown_away(store: Store) -> None:
    store.commit(KEY, {"result": diagram()}, {}, {})
    path = store.path / "actions" / KEY[:2] / f"{KEY}.json"
    body = path.read_text().removeprefix('{"action":').rpartition(',"self"')[0].replace('"format":1', '"format":2')
    path.write_text(f'{{"action":{body},"self":"{sha256(body.encode()).hexdigest()}"}}\n')
    with pytest.raises(StoreError, match=r"format 2, this version reads 1"):
        store.find(KEY)
    assert path.exists()


def test_a_sound_record_of_an_unknown_type_is_refused_not_thrown_away(store: Store) -> None:
    class Foreign(Measures):
        pass

    store.commit(KEY, {"result": Foreign({"a": Scalar(1.0)}, {}, {})}, {}, {})
    from tda_latent.records import record as module

    kept = module._RECORD_TYPES.pop("Foreign")
    assert kept is Foreign
    with pytest.raises(StoreError, match=r"unknown type 'Foreign'.*install"):
        store.load(KEY)
    assert store.has(KEY)


# ------------------------------------------------------------------ many processes


def test_threads_that_commit_one_key_agree_on_one_action(store: Store) -> None:
    found = []
    barrier = threading.Barrier(6)

    def commit(number: int) -> None:
        barrier.wait()
        found.append(store.commit(KEY, {"result": latents()}, {"number": number}, {}))

    threads = [threading.Thread(target=commit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert all(action == found[0] for action in found)
    assert not list((store.path / "tmp").iterdir())


_RUNNER = """
import sys, time, pathlib
sys.path.insert(0, {tests!r})
from hashlib import sha256
from sample_records import all_records
from tda_latent.experiment.store import Store
store = Store({path!r})
pathlib.Path({path!r}, "runs", sys.argv[1]).touch()
while len(list(pathlib.Path({path!r}, "runs").iterdir())) < 2: time.sleep(0.005)
for turn in range(3):
    for record in all_records():
        key = sha256(f"{{turn}} {{record.digest}}".encode()).hexdigest()
        store.commit(key, {{"result": record}}, {{"by": sys.argv[1]}}, {{}})
print(len(store.notices))
"""


def test_two_processes_that_commit_the_same_keys_at_once_leave_a_sound_store(tmp_path: Path) -> None:
    script = _RUNNER.format(tests=str(Path(__file__).parent), path=str(tmp_path / "store"))
    children = [
        subprocess.Popen([sys.executable, "-c", script, name], stdout=subprocess.PIPE, text=True) for name in "ab"
    ]
    assert [child.communicate(timeout=60)[0].strip() for child in children] == ["0", "0"]
    store = Store(tmp_path / "store")
    assert store.check() == len(store.keys()) == 3 * len(all_records())
    assert store.notices == []
    assert not list((store.path / "tmp").iterdir())


# ------------------------------------------------------------------ keeping house


def test_only_old_temporaries_of_dead_processes_of_this_machine_are_swept(store: Store) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    names = {
        f"{durable._host()}-{child.pid}-0-aa": True,
        f"{durable._host()}-{os.getpid()}-0-aa": False,
        f"000000000000-{child.pid}-0-aa": False,
        "stranger": False,
    }
    for name in names:
        (store.path / "tmp" / name).touch()
    assert store.sweep_temporaries() == 0
    for name in names:
        os.utime(store.path / "tmp" / name, (0, 0))
    assert store.sweep_temporaries() == 1
    assert {path.name for path in (store.path / "tmp").iterdir()} == {name for name, dead in names.items() if not dead}


def test_the_keys_are_those_that_were_committed(store: Store) -> None:
    keys = {sha256(str(number).encode()).hexdigest() for number in range(20)}
    for key in keys:
        store.commit(key, {"result": measures()}, {}, {})
    assert store.keys() == keys
    assert store.check() == len(keys)


def test_the_text_of_an_action_is_the_same_for_equal_content() -> None:
    action = actions.Action(KEY, {"b": 1, "a": 2}, {}, {})
    assert actions.encode(action) == actions.encode(actions.Action(KEY, {"a": 2, "b": 1}, {}, {}))
    assert actions.decode(actions.encode(action).encode(), KEY) == action
