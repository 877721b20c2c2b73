"""What goes into a file comes out of it, through every format, by the convention of the package."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tda_latent.records import Factor, Latents, Origin, sha256
from tda_latent.registry import registry
from tda_latent.sources.file import File, load_latents, save_latents


def latents(text: bool = True, dtype: type = np.float64, size: int = 12) -> Latents:
    rng = np.random.default_rng(7)
    rows = np.arange(size)
    return Latents(
        points=rng.standard_normal((size, 3)).astype(dtype),
        ids=np.array([f"bild-{r:02d} é" for r in rows]) if text else rows + 100,
        labels={"digit": rows % 3} | ({"kind": np.array(["cat", "dog"])[rows % 2]} if text else {}),
        factors={
            "angle": Factor(rng.uniform(0, 6, size), "circular", 6.25),
            "height": Factor(rng.standard_normal(size), "real"),
            "shape": Factor(rows % 4, "categorical"),
        },
        scale=rng.uniform(0.1, 1, (size, 3)).astype(dtype),
        split=np.array(["train", "test"])[rows % 2] if text else None,
    )


def columns(cloud: Latents) -> dict[str, np.ndarray]:
    """Named arrays by the convention, written down independently of `save_latents`."""
    named = {"points": cloud.points, "ids": cloud.ids, "scale": cloud.scale, "split": cloud.split}
    named |= {f"labels/{name}": column for name, column in cloud.labels.items()}
    named |= {f"factors/{name}": factor.values for name, factor in cloud.factors.items()}
    named["factors/angle/period"] = np.array(6.25)
    return {name: np.array(array) for name, array in named.items() if array is not None}


def assert_same(loaded: Latents, cloud: Latents, path: Path) -> None:
    assert loaded.origin.source == sha256(path.read_bytes())
    assert loaded.points.dtype == cloud.points.dtype
    assert loaded.replace(origin=Origin()) == cloud.replace(origin=Origin())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_latents_saved_as_npz_come_back_whole(tmp_path: Path, dtype: type) -> None:
    cloud = latents(dtype=dtype)
    cloud = cloud.replace(labels=dict(reversed(cloud.labels.items())))
    cloud = cloud.replace(origin=Origin(model="vae", layer="z", data="digits", replicate="3"))
    path = save_latents(cloud, tmp_path / "z.npz")
    loaded = load_latents(path)
    assert_same(loaded, cloud, path)
    assert loaded.origin.replace(source="") == cloud.origin


def test_equal_latents_are_saved_as_equal_bytes(tmp_path: Path) -> None:
    cloud = latents()
    flipped = cloud.replace(points=np.asfortranarray(cloud.points), ids=cloud.ids[::-1][::-1])
    first, second = save_latents(cloud, tmp_path / "a.npz"), save_latents(flipped, tmp_path / "b.npz")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_a_categorical_factor_of_numbers_stays_categorical(tmp_path: Path) -> None:
    cloud = Latents(np.eye(2), factors={"size": Factor(np.array([0.5, 1.5]), "categorical")})
    assert load_latents(save_latents(cloud, tmp_path / "z.npz")).factors["size"] == cloud.factors["size"]


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=st.floats(-1e300, 1e300)),
    name=st.text(min_size=1, max_size=8).filter(
        lambda text: text.isprintable() and not text.endswith(("/kind", "/period"))
    ),
)
def test_any_cloud_and_any_label_name_survive_npz(tmp_path: Path, points: np.ndarray, name: str) -> None:
    cloud = Latents(points, labels={name: np.arange(len(points))})
    path = save_latents(cloud, tmp_path / "any.npz")
    assert_same(load_latents(path), cloud, path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_of_numpy_itself(tmp_path: Path, save: object) -> None:
    cloud, path = latents(), tmp_path / "z.npz"
    save(path, **columns(cloud))  # type: ignore[operator]
    assert_same(load_latents(path), cloud, path)


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".HDF5"])
def test_hdf5_with_groups_and_text(tmp_path: Path, suffix: str) -> None:
    cloud, path = latents(), tmp_path / f"z{suffix}"
    with h5py.File(path, "w") as file:
        named = columns(cloud)
        period = named.pop("factors/angle/period")
        for name, array in named.items():
            file[name] = array.astype(object) if array.dtype.kind == "U" else array
        file["factors/angle"].attrs["period"] = period
        file["factors/shape"].attrs["kind"] = "categorical"
    assert_same(load_latents(path), cloud, path)


def test_hdf5_text_of_fixed_length_is_text(tmp_path: Path) -> None:
    path = tmp_path / "z.h5"
    with h5py.File(path, "w") as file:
        file["points"], file["labels"] = (
            np.eye(2),
            np.array([b"a", b"bb"]),
        )
    assert load_latents(path).labels["label"].tolist() == ["a", "bb"]


def test_safetensors_carries_numbers_and_metadata(tmp_path: Path) -> None:
    cloud, path = latents(text=False), tmp_path / "z.safetensors"
    cloud = cloud.replace(factors=cloud.factors | {"size": Factor(np.arange(12.0), "categorical")})
    metadata = {"origin/model": "vae", "factors/size/kind": "categorical", "format": "np"}
    safetensors.numpy.save_file(columns(cloud), path, metadata=metadata)
    loaded = load_latents(path)
    assert_same(loaded, cloud, path)
    assert loaded.origin.model == "vae"


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_a_dictionary_of_tensors(tmp_path: Path, suffix: str) -> None:
    cloud, path = latents(text=False), tmp_path / f"z{suffix}"
    tensors = {name: torch.from_numpy(array) for name, array in columns(cloud).items()}
    tensors["labels"] = {"digit": tensors.pop("labels/digit")}  # type: ignore[assignment]
    torch.save(tensors, path)
    assert_same(load_latents(path), cloud, path)


def test_lists_of_text_in_a_pt_file_are_ids_and_labels(tmp_path: Path) -> None:
    torch.save(
        {"z": torch.eye(2), "ids": ["a", "b"], "labels": ["x", "y"], "epoch": 3, "none": None}, tmp_path / "z.pt"
    )
    loaded = load_latents(tmp_path / "z.pt")
    assert loaded.ids is not None
    assert loaded.ids.tolist() == ["a", "b"]
    assert loaded.labels["label"].tolist() == ["x", "y"]


def table(cloud: Latents) -> dict[str, list[object]]:
    named = {f"z{k}": cloud.points[:, k].tolist() for k in range(3)}
    named |= {f"scale/z{k}": cloud.scale[:, k].tolist() for k in (2, 0, 1)}  # type: ignore[index]
    rest = {k: v for k, v in columns(cloud).items() if k not in ("points", "scale", "factors/angle/period")}
    return (
        named | {name: column.tolist() for name, column in rest.items()} | {"factors/angle/period": [6.25] * len(cloud)}
    )


def test_csv_with_every_column(tmp_path: Path) -> None:
    cloud, path, named = latents(), tmp_path / "z.csv", table(latents())
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([list(named), *zip(*named.values(), strict=True)])
    assert_same(load_latents(path), cloud, path)


def test_parquet_with_every_column(tmp_path: Path) -> None:
    cloud, path = latents(), tmp_path / "z.parquet"
    pq.write_table(pa.table(table(cloud)), path, row_group_size=5)
    assert_same(load_latents(path), cloud, path)


@pytest.mark.parametrize("fixed", [True, False])
def test_parquet_lists_are_points(tmp_path: Path, fixed: bool) -> None:
    cloud, path = latents(dtype=np.float32), tmp_path / "z.parquet"
    flat = {
        name: pa.array(cloud_part.ravel()) for name, cloud_part in (("embedding", cloud.points), ("scale", cloud.scale))
    }
    kind = pa.list_(pa.float32(), 3) if fixed else pa.list_(pa.float32())
    lists = {name: pa.FixedSizeListArray.from_arrays(values, 3).cast(kind) for name, values in flat.items()}
    rest = {
        name: column
        for name, column in columns(cloud).items()
        if name not in ("points", "scale", "factors/angle/period")
    }
    period = {"factors/angle/period": [6.25] * len(cloud)}
    pq.write_table(
        pa.table(lists | {n: pa.array(c.tolist()) for n, c in rest.items()} | period), path, row_group_size=5
    )
    assert_same(load_latents(path), cloud, path)


def test_npy_is_mapped_not_copied(tmp_path: Path) -> None:
    for dtype in (np.float32, np.float64):
        np.save(tmp_path / "z.npy", np.eye(4, 3, dtype=dtype))
        points = load_latents(tmp_path / "z.npy").points
        assert isinstance(points.base, np.memmap)
        assert points.base.mode == "r"
        assert not points.flags.writeable
        assert points.dtype == dtype


def test_a_large_npy_is_never_held_in_memory(tmp_path: Path) -> None:
    path, shape = tmp_path / "large.npy", (400_000, 64)
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
        stream.truncate(stream.tell() + 400_000 * 64 * 8)
    tracemalloc.start()
    try:
        loaded = load_latents(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert loaded.points.shape == shape
    assert peak < 16 << 20


@pytest.mark.parametrize("form", ["fortran", "big-endian", "float16", "int8", "bool"])
def test_npy_of_any_layout_gives_the_same_points(tmp_path: Path, form: str) -> None:
    points = np.array([[0.0, 1, 1], [1, 0, 1]])
    dtypes = {"big-endian": ">f8", "float16": "f2", "int8": "i1", "bool": "?"}
    written = np.asfortranarray(points) if form == "fortran" else points.astype(dtypes[form])
    np.save(tmp_path / "zürich 测.npy", written)
    assert load_latents(tmp_path / "zürich 测.npy") == Latents(
        points, origin=Origin(source=sha256((tmp_path / "zürich 测.npy").read_bytes()))
    )


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_bfloat16_becomes_float32_exactly(tmp_path: Path, suffix: str) -> None:
    tensor = torch.randn(50, 3, generator=torch.Generator().manual_seed(1)).bfloat16()
    path = tmp_path / f"z{suffix}"
    tensors = {"other": torch.ones(7), "z": tensor}
    torch.save(tensors, path) if suffix == ".pt" else safetensors.torch.save_file(tensors, path)
    points = load_latents(path).points
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points, tensor.float().numpy())


def test_log_variances_become_deviations(tmp_path: Path) -> None:
    logvar = np.array([[0.0, 2.0], [-4.0, 1.0]])
    np.savez(tmp_path / "z.npz", mu=np.eye(2), logvar=logvar)
    loaded = load_latents(tmp_path / "z.npz")
    np.testing.assert_allclose(loaded.scale, np.sqrt(np.exp(logvar)), rtol=1e-15)


def test_the_component_is_registered_and_equals_the_function(tmp_path: Path) -> None:
    path = save_latents(latents(), tmp_path / "z.npz")
    component = registry().find("source", "file")
    assert component.cls is File
    assert component.inputs == {}
    assert component.build({"path": str(path)})() == load_latents(path)


def test_links_and_the_home_folder_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_latents(latents(), tmp_path / "z.npz")
    (tmp_path / "link.npz").symlink_to(path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_latents("~/link.npz") == load_latents(path)
