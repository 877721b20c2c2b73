"""A store from a stranger: nothing in its files runs, nothing outside of it is touched, memory stays small."""

from __future__ import annotations

import io
import json
import pickle
import resource
import struct
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_records import measures

from tda_latent.errors import StoreError
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.store import Store
from tda_latent.records import canonical_json

KEY = sha256(b"key").hexdigest()
DIGEST = "d" * 64
LATENTS = {"type": "Latents", "version": 1}


class Payload:
    """Unpickled, it would create the witness file."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.witness), "w")


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return stream.getvalue()


def array(text: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    header = text.encode() + b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header + data


def objects(payload: Payload) -> bytes:
    stream = io.BytesIO()
    evil = np.empty(1, dtype=object)
    evil[0] = payload
    np.save(stream, evil, allow_pickle=True)
    return stream.getvalue()


def overlapping() -> bytes:
    """Many members that share the bytes of one: small on the disk, large in memory."""
    plain = archive({"a.npy": array("{'descr': '|u1', 'fortran_order': False, 'shape': (1048576,), }", bytes(1 << 20))})
    start = plain.rindex(b"PK\x01\x02")
    entry, end = plain[start : plain.rindex(b"PK\x05\x06")], bytearray(plain[plain.rindex(b"PK\x05\x06") :])
    many = b"".join(entry.replace(b"a.npy", b"%05d" % number) for number in range(4000))
    end[8:12], end[12:16] = struct.pack("<HH", 4000, 4000), struct.pack("<I", len(many))
    return plain[:start] + many + bytes(end)


def shaped(descr: str, shape: str, data: bytes = bytes(8)) -> bytes:
    return archive({"a.npy": array(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}", data)})


BLOBS: dict[str, Callable[[Payload], bytes]] = {
    "an array of pickled objects": lambda payload: archive({"points.npy": objects(payload)}),
    "a pickle": lambda payload: pickle.dumps(payload),
    "a pickle as a member": lambda payload: archive({"points.npy": pickle.dumps(payload)}),
    "a pickle as a tree": lambda payload: archive({"tree.json": pickle.dumps(payload)}),
    "a structured type with objects": lambda _: shaped("[('a', '|O')]", "(1,)"),
    "a header that promises terabytes": lambda _: shaped("'<f8'", "(1099511627776,)"),
    "a header that promises more than a number": lambda _: shaped("'<f8'", "(9" * 30 + ",)" * 30),
    "a header of no bytes and endless shape": lambda _: shaped("'|V0'", f"({10**30},)"),
    "a negative shape": lambda _: shaped("'<f8'", "(-1,)"),
    "a header that calls": lambda payload: shaped(f"open({str(payload.witness)!r}, 'w')", "(1,)"),
    "a header of brackets": lambda _: archive({"a.npy": array("(" * 9000)}),
    "a header of minus signs": lambda _: archive({"a.npy": array("-" * 9000 + "1")}),
    "a compressed bomb": lambda _: archive({"a.npy": bytes(1 << 26)}, zipfile.ZIP_DEFLATED),
    "members that overlap": lambda _: overlapping(),
    "a tree of brackets": lambda _: archive({"tree.json": b"[" * 10**6}),
    "a tree that is no text": lambda _: archive({"tree.json": b"\xff\xfe"}),
    "a tree that is no number": lambda _: archive({"tree.json": b'{"type":"Latents","x":NaN}'}),
    "a name that leaves the archive": lambda _: archive({"../../evil.npy": array("{}")}),
    "nothing": lambda _: b"",
}


def planted(path: Path, blob: bytes, /, **changes: Any) -> Store:
    """A store with an action that is sound in itself and refers to these bytes by their true digest."""
    store = Store(path, durability="fast")
    name = sha256(blob).hexdigest()
    place = path / "objects" / name[:2] / name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(blob)
    output = {"record": DIGEST, "tree": None, "blob": name, "size": len(blob)} | changes
    return with_action(store, {"format": 1, "key": KEY, "outputs": {"result": output}, "fields": {}, "facts": {}})


def with_action(store: Store, content: Any) -> Store:
    body = canonical_json(content)
    place = store.path / "actions" / KEY[:2] / f"{KEY}.json"
    place.parent.mkdir(exist_ok=True)
    place.write_text(f'{{"action":{body},"self":"{sha256(body.encode()).hexdigest()}"}}\n')
    return store


@pytest.mark.parametrize("tree", [None, LATENTS], ids=["tree in the blob", "tree in the action"])
@pytest.mark.parametrize("name", BLOBS)
def test_no_blob_runs_or_swells(name: str, tree: Any, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    store = planted(tmp_path / "store", BLOBS[name](Payload(witness)), tree=tree)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert store.load(KEY) is None
    assert [notice.kind for notice in store.notices] == ["corrupt"]
    assert not witness.exists()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < 200 * 2**20, "kilobytes on the disk must not become gigabytes in memory"


@pytest.mark.parametrize(
    "changes",
    [
        {"blob": "../../../thesis.tex"},
        {"blob": "/etc/passwd"},
        {"blob": "aa/../../../../thesis.tex"},
        {"blob": "A" * 64},
        {"blob": "a" * 64 + "\n"},
        {"blob": 5},
        {"blob": ""},
        {"record": "../x"},
        {"size": "many"},
        {"size": None},
    ],
    ids=str,
)
def test_no_action_leads_out_of_the_store(changes: dict[str, Any], tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.tex"
    thesis.write_text("work of years")
    store = planted(tmp_path / "store", b"", **changes)
    assert store.find(KEY) is None
    assert [notice.kind for notice in store.notices] == ["corrupt"]
    assert thesis.read_text() == "work of years"


@pytest.mark.parametrize("content", [[], None, {"format": 1}, {"format": 1, "key": KEY, "outputs": []}], ids=str)
def test_an_action_of_another_shape_is_put_aside(content: Any, tmp_path: Path) -> None:
    store = with_action(Store(tmp_path / "store"), content)
    assert store.find(KEY) is None
    assert [notice.kind for notice in store.notices] == ["corrupt"]


def test_an_action_of_brackets_is_put_aside(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    place = store.path / "actions" / KEY[:2] / f"{KEY}.json"
    place.parent.mkdir()
    body = "[" * 10**6
    place.write_text(f'{{"action":{body},"self":"{sha256(body.encode()).hexdigest()}"}}\n')
    assert store.find(KEY) is None


@pytest.mark.parametrize("kind", ["loop", "folder", "folder that is a file"])
def test_what_is_no_file_counts_as_absent(kind: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "store", durability="fast")
    stored = store.commit(KEY, {"result": measures()}, {}, {})
    place = store.path / "actions" / KEY[:2] / f"{KEY}.json"
    place.unlink()
    if kind == "loop":
        place.symlink_to(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.parent.rmdir()
        place.parent.write_text("")
    assert store.find(KEY) is None
    if kind == "folder that is a file":
        with pytest.raises(StoreError, match="failed while committing"):
            store.commit(KEY, {"result": measures()}, {}, {})
    else:
        assert store.commit(KEY, {"result": measures()}, {}, {}).digests == stored.digests


@pytest.mark.parametrize("text", ["", "[]", "[" * 10**6, '{"run":{},"self":"x"}\n', "\xff"], ids=lambda text: text[:9])
def test_a_manifest_of_a_stranger_is_refused_with_a_sentence(text: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    name = "20261123T022431Z-3f2a9c"
    (store.path / "runs" / f"{name}.json").write_text(text, encoding="latin-1")
    with pytest.raises(StoreError, match=name):
        manifest.load(store.path, name)


def test_a_memory_of_source_files_holds_text_only(tmp_path: Path) -> None:
    from tda_latent.code.syntax import remembered

    path = tmp_path / "code.json"
    for data in (pickle.dumps(Payload(tmp_path / "witness")), b"x\n" + b"[" * 10**6, json.dumps([1]).encode()):
        path.write_bytes(data)
        with remembered(path):
            pass
    assert not (tmp_path / "witness").exists()
