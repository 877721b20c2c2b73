"""Every bad file is refused with its name, what was found, and what to do."""

from __future__ import annotations

import io
import os
import re
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tda_latent.errors import InvalidInput, MissingLibrary
from tda_latent.records import Latents
from tda_latent.sources.file import load_latents, save_latents

Write = Callable[[Path], object]
POINTS = np.arange(12.0).reshape(4, 3) / 8


def refused(path: Path, **parameters: Any) -> str:
    """The message of the refusal, which must start with the file and be a sentence or more."""
    with pytest.raises(InvalidInput) as caught:
        load_latents(path, **parameters)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert text.count(str(path)) == 1
    assert text.endswith((".", "?"))
    assert "\n" not in text
    return text


def header(shape: tuple[int, ...], dtype: str = "<f8") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def archive(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)


def hdf5(**content: Any) -> Write:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            for name, value in content.items():
                file[name] = value

    return write


def parquet(**content: Any) -> Write:
    return lambda path: pq.write_table(pa.table(content), path)


def huge_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("points", shape=(10**9, 10**4), dtype="f8", chunks=(1000, 100))


def external_hdf5(path: Path) -> None:
    (path.parent / "secret.bin").write_bytes(bytes(64))
    with h5py.File(path, "w") as file:
        file.create_dataset("points", shape=(4, 2), dtype="f8", external=[(str(path.parent / "secret.bin"), 0, 64)])


def virtual_hdf5(path: Path) -> None:
    with h5py.File(path.parent / "other.h5", "w") as file:
        file["z"] = POINTS
    layout = h5py.VirtualLayout(shape=(4, 3), dtype="f8")
    layout[:] = h5py.VirtualSource(path.parent / "other.h5", "z", shape=(4, 3))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("points", layout)


def bomb(path: Path) -> None:
    archive(path, points=header((9, 10**6)) + bytes(72 * 10**6))


def many_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for number in range(10_001):
            file.writestr(f"{number}.npy", b"")


def twice(path: Path) -> None:
    with path.open("wb") as stream:
        np.save(stream, POINTS)
        np.save(stream, POINTS)


def flipped_byte(path: Path) -> None:
    points = np.random.default_rng(1).standard_normal((9000, 3))
    np.savez(path, points=points)
    content = bytearray(path.read_bytes())
    content[content.find(points[-1].tobytes()) + 3] ^= 1
    path.write_bytes(content)


def encrypted(path: Path) -> None:
    np.savez(path, points=POINTS)
    content = bytearray(path.read_bytes())
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(start) + offset] |= 1
    path.write_bytes(content)


def nan_at(row: int) -> np.ndarray:
    points = POINTS.copy()
    points[row, 1] = np.nan
    return points


CASES: list[tuple[str, str, Write, str]] = [
    # .npy
    ("terabytes", ".npy", lambda p: p.write_bytes(header((10**6, 10**6)) + bytes(64)), r"7\.276 TiB.*truncated"),
    ("overflow", ".npy", lambda p: p.write_bytes(header((2**62, 2**62)) + bytes(64)), "but 64 bytes .* follow"),
    ("negative shape", ".npy", lambda p: p.write_bytes(header((-4, 3)) + bytes(96)), "impossible shape"),
    ("truncated", ".npy", lambda p: (np.save(p, POINTS), os.truncate(p, 150)), "truncated"),
    ("truncated header", ".npy", lambda p: (np.save(p, POINTS), os.truncate(p, 50)), r"no readable \.npy header"),
    ("two arrays", ".npy", twice, "np.save is called twice"),
    ("zip inside", ".npy", lambda p: archive(p, points=b""), r"looks like a zip archive"),
    ("text inside", ".npy", lambda p: p.write_text("1,2\n"), "looks like text"),
    ("gzip inside", ".npy", lambda p: p.write_bytes(b"\x1f\x8b" + bytes(50)), "decompress it first"),
    ("lfs pointer", ".npy", lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
    ("hostile header", ".npy", lambda p: p.write_bytes(b"\x93NUMPY\x01\x00v\x00" + b"[" * 117 + b"\n"), "no readable"),
    ("NaN", ".npy", lambda p: np.save(p, nan_at(2)), "row 2 holds NaN or infinity"),
    ("infinity", ".npy", lambda p: np.save(p, np.array([[1.0], [np.inf]])), "row 1 holds NaN or infinity"),
    ("zero rows", ".npy", lambda p: np.save(p, np.empty((0, 3))), r"shape \(0, 3\).*no points"),
    ("zero columns", ".npy", lambda p: np.save(p, np.empty((3, 0))), r"shape \(3, 0\).*no points"),
    ("one axis", ".npy", lambda p: np.save(p, POINTS[0]), r"shape \(3,\).*reshape\(-1, 1\)"),
    ("three axes", ".npy", lambda p: np.save(p, POINTS[None]), r"shape \(1, 4, 3\).*Flatten.*pool"),
    ("no axis", ".npy", lambda p: np.save(p, 3.0), r"shape \(\).*single number"),
    ("complex", ".npy", lambda p: np.save(p, POINTS + 1j), "complex128.*imaginary parts"),
    ("text array", ".npy", lambda p: np.save(p, np.array([["a"]])), "dtype text, which is no real number"),
    ("structured", ".npy", lambda p: np.save(p, np.zeros(3, dtype=[("a", "f8")])), "one plain array for each field"),
    ("dates", ".npy", lambda p: np.save(p, np.zeros((2, 2), "M8[s]")), "datetime64.*Convert"),
    # .npz
    ("no zip", ".npz", lambda p: p.write_bytes(b"\x93NUMPY123456"), r"no zip archive.*looks like a NumPy array"),
    ("cut zip", ".npz", lambda p: (np.savez(p, z=POINTS), os.truncate(p, 200)), "no zip archive"),
    ("empty zip", ".npz", lambda p: archive(p), "holds no arrays"),
    ("wrong crc", ".npz", flipped_byte, "damaged or encrypted"),
    ("encrypted", ".npz", encrypted, "damaged or encrypted"),
    ("bomb", ".npz", bomb, "archive promises .* MiB out of .* on disk"),
    ("many members", ".npz", many_members, "10001 members"),
    ("member promises", ".npz", lambda p: archive(p, points=header((10**6, 10**6))), r"array 'points' promises.*TiB"),
    ("member is no npy", ".npz", lambda p: archive(p, points=b"hello"), "array 'points' has no readable"),
    (
        "two candidates",
        ".npz",
        lambda p: np.savez(p, z=POINTS, mu=POINTS),
        r"2 arrays .* path::key.* z \(4x3 float64\)",
    ),
    ("no candidate", ".npz", lambda p: np.savez(p, a=[1.0], b=[2.0]), r"no array could be .* a \(1 float64\), b"),
    ("only one axis", ".npz", lambda p: np.savez(p, z=[1.0, 2.0]), r"'z' has shape \(2,\).*reshape"),
    ("duplicate ids", ".npz", lambda p: np.savez(p, z=POINTS, ids=[1, 2, 2, 3]), "id .*2.* occurs more than once"),
    ("short ids", ".npz", lambda p: np.savez(p, z=POINTS, ids=[1, 2]), r"ids has shape \(2,\)"),
    ("object labels", ".npz", lambda p: np.savez(p, z=POINTS, labels=np.array([{}] * 4)), "labels.*pickled"),
    ("zero scale", ".npz", lambda p: np.savez(p, z=POINTS, scale=np.zeros((4, 3))), "zero or negative"),
    ("two scales", ".npz", lambda p: np.savez(p, z=POINTS, std=POINTS, logvar=POINTS), "'std' and 'logvar'.*same"),
    ("huge logvar", ".npz", lambda p: np.savez(p, z=POINTS, logvar=POINTS * 1e6), "scale row .* infinity"),
    ("wrong split", ".npz", lambda p: np.savez(p, z=POINTS, split=["validation"] * 4), "split holds 'validation'"),
    ("two labels", ".npz", lambda p: np.savez(p, z=POINTS, label_a=range(4), **{"labels/a": range(4)}), "'a' twice"),
    (
        "bad period",
        ".npz",
        lambda p: np.savez(p, z=POINTS, **{"factors/a": np.ones(4), "factors/a/period": -1.0}),
        "-1",
    ),
    ("bad kind", ".npz", lambda p: np.savez(p, z=POINTS, **{"factors/a": np.ones(4), "factors/a/kind": "x"}), "'x'"),
    ("bad bytes", ".npz", lambda p: np.savez(p, z=POINTS, ids=np.array([b"\xff", b"a", b"b", b"c"])), "no UTF-8"),
    # .csv
    ("ragged", ".csv", lambda p: p.write_text("z0,z1\n1.5,2\n1.5,2,3\n"), "line 3 has 3 cells, but line 1 has 2"),
    ("short row", ".csv", lambda p: p.write_text("1.5,2\n\n1.5,2\n"), "line 2 is blank"),
    ("nan cell", ".csv", lambda p: p.write_text("z0,z1\n1.5,2\n1.5,nan\n"), "line 3, column 'z1' holds 'nan'"),
    ("nan first", ".csv", lambda p: p.write_text("nan,nan\n1.5,2.5\n"), "line 1, column '0' holds 'nan'"),
    ("inf cell", ".csv", lambda p: p.write_text("z0,z1\n-inf,2\n1.5,2\n"), "line 2, column 'z0' holds '-inf'"),
    ("only inf", ".csv", lambda p: p.write_text("z0,z1\n1,inf\n2,inf\n"), "line 2, column 'z1' holds 'inf'"),
    ("too large", ".csv", lambda p: p.write_text("z0\n1.5\n1e999\n"), "line 3, column 'z0' holds '1e999'"),
    ("empty cell", ".csv", lambda p: p.write_text("z0,z1\n1.5,\n1.5,2\n"), "line 2, column 'z1' holds ''"),
    ("no number", ".csv", lambda p: p.write_text("z0,z1\n1.5,2\n1.5,two\n"), "line 3, column 'z1' holds 'two'.*labels"),
    ("underscore", ".csv", lambda p: p.write_text("z0\n1.5\n1_0\n"), "line 3, column 'z0' holds '1_0'"),
    ("other digits", ".csv", lambda p: p.write_text("z0\n1.5\n٣\n"), "line 3, column 'z0' holds '٣'"),
    ("hexadecimal", ".csv", lambda p: p.write_text("z0\n1.5\n0x10\n"), "line 3, column 'z0' holds '0x10'"),
    ("semicolons", ".csv", lambda p: p.write_text("z0;z1\n1,5;2\n"), "separate cells by ';'|has 2 cells"),
    ("tabs", ".csv", lambda p: p.write_text("z0\tz1\n1\t2\n"), "commas"),
    ("open quote", ".csv", lambda p: p.write_text('z0\n"1.5\n2\n'), "line . is no proper csv.*quotes"),
    ("NUL", ".csv", lambda p: p.write_bytes(b"z0\n1.5\n\x002\n"), "line 3"),
    ("latin-1", ".csv", lambda p: p.write_bytes("z0,é\n1,2\n".encode("latin-1")), "no UTF-8 text"),
    ("header only", ".csv", lambda p: p.write_text("z0,z1\n"), "a header but no rows"),
    ("blank", ".csv", lambda p: p.write_text("\n\n"), "only blank lines"),
    ("pandas index", ".csv", lambda p: p.write_text(",z0\n0,1.5\n1,2.5\n"), "column 1 .* no name.*index=False"),
    ("repeated name", ".csv", lambda p: p.write_text("z,z\n1,2\n"), "names 'z' twice"),
    ("ambiguous header", ".csv", lambda p: p.write_text("0,1\n5,2\n"), "a header or a point.*header"),
    ("only text", ".csv", lambda p: p.write_text("a,b\nx,y\n"), "no column of numbers"),
    ("duplicate ids csv", ".csv", lambda p: p.write_text("ids,z\na,1\na,2\n"), "id .*a.* more than once"),
    ("zip as csv", ".csv", lambda p: p.write_bytes(b"PK\x03\x04\xff\xfe\x00"), "looks like a zip archive"),
    ("scale mismatch", ".csv", lambda p: p.write_text("z0,z1,scale/z0\n1,2,3\n"), "do not match the coordinates"),
    # .parquet
    ("no parquet", ".parquet", lambda p: p.write_text("a,b\n1,2\n"), "cannot be read as Parquet.*looks like text"),
    ("cut parquet", ".parquet", lambda p: (parquet(z=[1.0])(p), os.truncate(p, 100)), "cannot be read as Parquet"),
    ("ragged lists", ".parquet", parquet(z=[[1.0, 2], [3.0]]), "'z' is ragged: row 1 has 1 values, row 0 has 2"),
    ("null", ".parquet", parquet(z=[1.0, None]), "'z' has no value in row 1"),
    ("null in a list", ".parquet", parquet(z=[[1.0, 2], [3.0, None]]), "'z' misses a value in row 1"),
    ("empty lists", ".parquet", parquet(z=[[], []]), "neither number nor text"),
    ("NaN parquet", ".parquet", parquet(z=[1.0, float("nan")]), "row 1 holds NaN"),
    ("no rows", ".parquet", parquet(z=pa.array([], pa.float64())), "holds no points"),
    (
        "dates parquet",
        ".parquet",
        parquet(z=[1.0], t=pa.array([0], pa.date32())),
        "'t' has type date32.*name the coord",
    ),
    ("pandas index parquet", ".parquet", parquet(z=[1.0], __index_level_0__=[3]), "pandas wrote.*index=False"),
    ("two lists", ".parquet", parquet(a=[[1.0]], b=[[2.0]]), r"a, b all hold lists; name .* path::column"),
    # .h5
    ("no hdf5", ".h5", lambda p: p.write_bytes(b"PAR1xxxx"), r"cannot be read as HDF5.*looks like Parquet"),
    ("cut hdf5", ".h5", lambda p: (hdf5(z=POINTS)(p), os.truncate(p, 1000)), "truncated file"),
    ("promise", ".h5", huge_hdf5, r"'points' promises 72\.76 TiB out of 0 bytes"),
    ("external", ".h5", external_hdf5, "keeps its values in other files"),
    ("virtual", ".h5", virtual_hdf5, "keeps its values in other files"),
    ("compound", ".h5", hdf5(points=np.zeros(3, dtype=[("a", "f8")])), "no real number"),
    ("opaque", ".h5", hdf5(points=np.zeros((2, 2)).view("V8")), "no real number"),
    ("empty hdf5", ".h5", hdf5(), "holds no arrays"),
    (
        "opaque labels",
        ".h5",
        hdf5(points=POINTS, labels=np.zeros(4).view("V8")),
        "'labels' has dtype .*no number or text",
    ),
    # .safetensors
    ("no safetensors", ".safetensors", lambda p: p.write_bytes(bytes(3)), "cannot be read as safetensors"),
    ("huge header", ".safetensors", lambda p: p.write_bytes(struct.pack("<Q", 10**12) + b"{}"), "header too large"),
    (
        "cut",
        ".safetensors",
        lambda p: (safetensors.torch.save_file({"z": torch.eye(2)}, p), os.truncate(p, 80)),
        "header",
    ),
    (
        "float8",
        ".safetensors",
        lambda p: safetensors.torch.save_file({"z": torch.eye(2).to(torch.float8_e4m3fn)}, p),
        "no real number",
    ),
    # .pt
    ("no torch file", ".pt", lambda p: p.write_text("hello"), "no file of torch.save"),
    ("whole model", ".pt", lambda p: torch.save(torch.nn.Linear(2, 2), p), "Python objects.*Save tensors only"),
    ("numpy inside", ".pt", lambda p: torch.save({"z": POINTS}, p), "NumPy arrays.*Save tensors only"),
    ("cut torch", ".pt", lambda p: (torch.save(torch.eye(2), p), os.truncate(p, 300)), "truncated or damaged"),
    ("expanded", ".pt", lambda p: torch.save(torch.zeros(1).expand(10**6, 10**6), p), "contiguous"),
    ("sparse", ".pt", lambda p: torch.save({"z": torch.eye(2).to_sparse()}, p), "'z' is a sparse.*to_dense"),
    ("meta", ".pt", lambda p: torch.save({"z": torch.zeros(3, 2, device="meta")}, p), "meta"),
    ("checkpoint", ".pth", lambda p: torch.save({"a": torch.eye(2), "b": torch.eye(2)}, p), r"a \(2x2 float32\), b"),
    ("no tensor", ".pt", lambda p: torch.save([], p), "holds no arrays"),
    ("complex torch", ".pt", lambda p: torch.save(torch.eye(2) * 1j, p), "complex64"),
    # by suffix
    ("pickle", ".pkl", lambda p: p.write_bytes(b"\x80\x04."), "nothing is unpickled here.*np.savez"),
    ("joblib", ".joblib", lambda p: p.write_bytes(b"x"), "nothing is unpickled here"),
    ("unknown", ".npx", lambda p: p.write_bytes(b"x"), r"unknown suffix '.npx'. Did you mean .np[yz]\? Known: \.npy, "),
    ("no suffix", "", lambda p: p.write_bytes(b"x"), "has no suffix"),
]


@pytest.mark.parametrize(("suffix", "write", "text"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_bad_file_is_refused_with_file_finding_and_remedy(
    tmp_path: Path, suffix: str, write: Write, text: str
) -> None:
    path = tmp_path / f"bad{suffix}"
    write(path)
    message = refused(path)
    assert re.search(text, message), message


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".parquet", ".h5", ".safetensors", ".pt"])
def test_an_empty_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"empty{suffix}"
    path.touch()
    assert "is empty (0 bytes)" in refused(path)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from([".npy", ".npz", ".csv", ".parquet", ".h5", ".safetensors", ".pt"]),
    where=st.floats(0, 1),
    junk=st.binary(max_size=6),
    cut=st.booleans(),
)
def test_damage_anywhere_gives_latents_or_a_refusal_and_nothing_else(
    tmp_path: Path, suffix: str, where: float, junk: bytes, cut: bool
) -> None:
    path = tmp_path / f"damaged{suffix}"
    writers: dict[str, Write] = {
        ".npy": lambda p: np.save(p, POINTS),
        ".npz": lambda p: np.savez_compressed(p, points=POINTS, ids=list("abcd")),
        ".csv": lambda p: p.write_text("ids,z\na,1.5\nb,2.5\n"),
        ".parquet": parquet(z=[1.5, 2.5], ids=["a", "b"]),
        ".h5": hdf5(points=POINTS, ids=list("abcd")),
        ".safetensors": lambda p: safetensors.torch.save_file({"z": torch.from_numpy(POINTS)}, p),
        ".pt": lambda p: torch.save({"z": torch.from_numpy(POINTS)}, p),
    }
    writers[suffix](path)
    content = bytearray(path.read_bytes())
    start = int(where * len(content))
    content[start : start + len(junk)] = junk
    path.write_bytes(content[:start] if cut else content)
    try:
        outcome = load_latents(path).facts()["points"]
    except InvalidInput as error:
        outcome = str(error)
    assert outcome in (1, 2, 4) or str(outcome).startswith(f"{path}: ")


def test_a_missing_file_offers_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "latents_vae.npy").touch()
    assert "does not exist. Did you mean 'latents_vae.npy'?" in refused(tmp_path / "latent_vae.npy")
    assert "neither does the folder" in refused(tmp_path / "nowhere" / "z.npy")


def test_a_missing_key_lists_the_keys_and_offers_the_nearest(tmp_path: Path) -> None:
    np.savez(tmp_path / "z.npz", codes=POINTS, mu=POINTS)
    text = refused(tmp_path / "z.npz", key="code")
    assert "has no key 'code'. Did you mean 'codes'? It holds: codes (4x3 float64), mu (4x3 float64)." in text
    for parameter in ("ids", "scale", "split"):
        assert f"has no {parameter} 'mue'. Did you mean 'mu'?" in refused(
            tmp_path / "z.npz", key="mu", **{parameter: "mue"}
        )
    assert "has no label 'x'" in refused(tmp_path / "z.npz", key="mu", labels=["x"])
    assert "has no factor 'x'" in refused(tmp_path / "z.npz", key="mu", factors={"x": {"kind": "real"}})


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.npy").mkdir()
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "loop.npy").symlink_to(tmp_path / "loop.npy")
    (tmp_path / "dangling.npy").symlink_to(tmp_path / "gone.npy")
    (tmp_path / "plain.txt").touch()
    assert "is a folder" in refused(tmp_path / "folder.npy")
    assert "pipe or socket" in refused(tmp_path / "pipe.npy")
    assert "leads back to itself" in refused(tmp_path / "loop.npy")
    with pytest.raises(InvalidInput, match=r"symbolic link to .*gone\.npy, which does not exist"):
        load_latents(tmp_path / "dangling.npy")
    assert "does not exist" in refused(tmp_path / "plain.txt" / "z.npy")
    assert "cannot be reached" in refused(tmp_path / ("x" * 300 + ".npy"))
    with pytest.raises(InvalidInput, match="cannot be reached"):
        load_latents("nul\0.npy")


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "z.npy", POINTS)

    def locked(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", locked)
    assert "may not be read by this user; change its permissions" in refused(tmp_path / "z.npy")


@pytest.mark.parametrize(
    ("name", "parameters", "text"),
    [
        ("z.npy", {"key": "z"}, "holds one array of points, but key = 'z'"),
        ("z.npy", {"ids": "ids"}, "np.savez"),
        ("z.npy", {"columns": ["a"]}, "no columns to choose"),
        ("z.csv", {"key": "z"}, "being a table; name coordinates by columns"),
        ("z.npz", {"header": True}, "no header row"),
        ("z.csv", {"columns": ["z00"]}, "has no column 'z00'. Did you mean 'z0'?"),
        ("z.csv", {"columns": ["name"]}, "column 'name' holds text"),
        ("z.parquet", {"key": "z0"}, "one value a row, not a point"),
        ("z.parquet", {"key": "zz"}, "has no column 'zz'"),
    ],
)
def test_a_parameter_that_the_format_cannot_serve_is_refused(
    tmp_path: Path, name: str, parameters: dict[str, Any], text: str
) -> None:
    np.save(tmp_path / "z.npy", POINTS)
    np.savez(tmp_path / "z.npz", z=POINTS)
    (tmp_path / "z.csv").write_text("z0,name\n1.5,a\n")
    parquet(z0=[1.5])(tmp_path / "z.parquet")
    assert text in refused(tmp_path / name, **parameters)


@pytest.mark.parametrize(
    ("library", "suffix"), [("pyarrow", ".parquet"), ("h5py", ".h5"), ("safetensors", ".safetensors"), ("torch", ".pt")]
)
def test_a_missing_library_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, suffix: str
) -> None:
    (tmp_path / f"z{suffix}").write_bytes(b"PK\x03\x04")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibrary, match=f"{library} is not installed.*pip install {library}"):
        load_latents(tmp_path / f"z{suffix}")


def test_an_unsafe_torch_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(torch.eye(2), tmp_path / "z.pt")
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(MissingLibrary, match=r"torch>=2\.6"):
        load_latents(tmp_path / "z.pt")


def test_saving_refuses_another_suffix_a_missing_folder_and_a_reserved_name(tmp_path: Path) -> None:
    cloud = Latents(POINTS)
    for path, text in ((tmp_path / "z.npy", "saved as .npz"), (tmp_path / "no" / "z.npz", "does not exist")):
        with pytest.raises(InvalidInput, match=text):
            save_latents(cloud, path)
    from tda_latent.records import Factor

    with pytest.raises(InvalidInput, match="Rename it"):
        save_latents(cloud.replace(factors={"a/kind": Factor(np.ones(4))}), tmp_path / "z.npz")
    assert list(tmp_path.iterdir()) == []
