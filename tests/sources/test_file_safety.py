"""Nothing in a file is ever executed: every payload here would create a file if it ran."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from tda_latent.errors import InvalidInput
from tda_latent.sources.file import load_latents

POINTS = np.eye(3)


class Payload:
    """Unpickled, it would create the witness file."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.witness), "w")


def objects(payload: Payload) -> np.ndarray:
    array = np.empty((2, 2), dtype=object)
    array[:] = payload
    return array


def raw_pt(path: Path, payload: Payload) -> None:
    torch.save({"z": torch.eye(2)}, path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, pickle.dumps(payload, 2) if name.endswith("data.pkl") else content)


def legacy_pt(path: Path, payload: Payload) -> None:
    torch.save({"z": payload}, path, _use_new_zipfile_serialization=False)


def pickled_member(path: Path, payload: Payload) -> None:
    stream = io.BytesIO()
    np.save(stream, objects(payload), allow_pickle=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("points.npy", stream.getvalue())


def opaque_hdf5(path: Path, payload: Payload) -> None:
    with h5py.File(path, "w") as file:
        file["points"] = np.void(pickle.dumps(payload))
        file.attrs["pickle"] = np.void(pickle.dumps(payload))


def extension_parquet(path: Path, payload: Payload) -> None:
    metadata = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": pickle.dumps(payload)}
    field = pa.field("z", pa.string(), metadata=metadata)
    pq.write_table(pa.table([pa.array(["a"])], schema=pa.schema([field])), path)


CASES: dict[str, Callable[[Path, Payload], object]] = {
    "objects.npy": lambda path, payload: np.save(path, objects(payload), allow_pickle=True),
    "objects.npz": lambda path, payload: np.savez(path, points=objects(payload)),
    "member.npz": pickled_member,
    "pickle.npy": lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    "pickle.npz": lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    "pickle.csv": lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    "pickle.parquet": lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    "pickle.h5": lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    "pickle.safetensors": lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    "pickle.pt": lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    "pickle2.pt": lambda path, payload: path.write_bytes(pickle.dumps(payload, 2)),
    "saved.pt": lambda path, payload: torch.save({"points": payload}, path),
    "rewritten.pth": raw_pt,
    "legacy.pt": legacy_pt,
    "pickle.pkl": lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    "pickle.joblib": lambda path, payload: path.write_bytes(pickle.dumps(payload)),
    "opaque.h5": opaque_hdf5,
    "extension.parquet": extension_parquet,
}


@pytest.mark.parametrize("name", CASES)
def test_a_payload_is_refused_and_never_runs(tmp_path: Path, name: str) -> None:
    witness, path = tmp_path / "witness", tmp_path / name
    CASES[name](path, Payload(witness))
    with pytest.raises(InvalidInput, match=name):
        load_latents(path)
    assert not witness.exists()


def test_the_payload_would_run_if_it_were_unpickled(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload(tmp_path / "witness"))).close()  # noqa: S301 - our own payload, on purpose
    assert (tmp_path / "witness").exists()


@pytest.mark.parametrize("name", ["saved.npz", "attributes.h5"])
def test_a_payload_beside_the_points_is_left_alone(tmp_path: Path, name: str) -> None:
    payload, path = Payload(tmp_path / "witness"), tmp_path / name
    if name.endswith(".npz"):
        np.savez(path, points=POINTS, notes=objects(payload))
    else:
        with h5py.File(path, "w") as file:
            file["points"] = POINTS
            file["points"].attrs["pickle"] = np.void(pickle.dumps(payload))
    np.testing.assert_array_equal(load_latents(path).points, POINTS)
    assert not (tmp_path / "witness").exists()
