"""How points, labels, factors and deviations are chosen, by names and by parameters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from tda_latent.errors import InvalidParameter
from tda_latent.registry import identity, parameters_model
from tda_latent.sources.file import File, load_latents

POINTS = np.arange(12.0).reshape(4, 3) / 8


def test_a_key_may_stand_in_the_address_or_in_the_parameter(tmp_path: Path) -> None:
    np.savez(tmp_path / "z.npz", mu=POINTS, z=POINTS + 1)
    expected = POINTS + 1
    np.testing.assert_array_equal(load_latents(f"{tmp_path}/z.npz::z").points, expected)
    np.testing.assert_array_equal(load_latents(tmp_path / "z.npz", key="z").points, expected)
    np.testing.assert_array_equal(load_latents(f"{tmp_path}/z.npz::/z", key="/z").points, expected)
    with pytest.raises(InvalidParameter, match="give one of them"):
        load_latents(f"{tmp_path}/z.npz::z", key="mu")


def test_a_key_that_names_a_group_opens_the_group(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "run.h5", "w") as file:
        for layer in (1, 2):
            file[f"layer{layer}/points"] = POINTS * layer
            file[f"layer{layer}/labels/digit"] = np.arange(4) * layer
        file["layer2/again"] = file["layer2"]
    loaded = load_latents(tmp_path / "run.h5", key="layer2")
    np.testing.assert_array_equal(loaded.points, POINTS * 2)
    assert loaded.labels["digit"].tolist() == [0, 2, 4, 6]


def test_hard_links_are_names_like_others_and_soft_links_are_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "run.h5", "w") as file:
        file["points"] = POINTS
        file["alias"] = file["points"]
        file["soft"], file["out"] = h5py.SoftLink("/points"), h5py.ExternalLink("other.h5", "/x")
    assert load_latents(tmp_path / "run.h5") == load_latents(tmp_path / "run.h5", key="alias")


def test_the_only_matrix_is_the_points(tmp_path: Path) -> None:
    np.savez(tmp_path / "z.npz", codes=POINTS, std=POINTS + 1, ids=range(4), label_a=range(4), epoch=3)
    loaded = load_latents(tmp_path / "z.npz")
    np.testing.assert_array_equal(loaded.points, POINTS)
    assert loaded.scale is not None
    assert list(loaded.labels) == ["a"]


def test_parameters_override_the_convention_in_named_formats(tmp_path: Path) -> None:
    torch.save(
        {
            "mu": torch.from_numpy(POINTS),
            "enc_logvar": torch.zeros(4, 3),
            "names": ["a", "b", "c", "d"],
            "y": torch.arange(4),
            "t": torch.linspace(0, 1, 4),
            "part": ["test"] * 4,
            "labels": torch.zeros(4),
        },
        tmp_path / "z.pt",
    )
    loaded = load_latents(
        tmp_path / "z.pt",
        key="mu",
        scale="enc_logvar",
        ids="names",
        labels=["y"],
        factors={"t": {"kind": "circular", "period": 1}},
        split="part",
    )
    assert (loaded.scale == 1).all()  # type: ignore[union-attr]
    assert loaded.ids.tolist() == ["a", "b", "c", "d"]  # type: ignore[union-attr]
    assert list(loaded.labels) == ["y"]
    assert loaded.factors["t"].period == 1
    assert set(loaded.split.tolist()) == {"test"}  # type: ignore[union-attr]


CSV = "name,z1,z0,year,kind\n007,1.5,2.5,1999,cat\n008,3.5,4.5,2001,dog\n"


def test_every_column_of_numbers_is_a_coordinate_and_text_is_a_label(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text(CSV)
    loaded = load_latents(tmp_path / "z.csv")
    assert loaded.points.tolist() == [[1.5, 2.5, 1999], [3.5, 4.5, 2001]]
    assert loaded.labels["kind"].tolist() == ["cat", "dog"]
    assert loaded.labels["name"].tolist() == ["007", "008"]


def test_named_columns_are_coordinates_no_more(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text(CSV)
    loaded = load_latents(
        tmp_path / "z.csv", ids="name", labels=["kind"], factors={"year": {"kind": "circular", "period": 100}}
    )
    assert loaded.points.tolist() == [[1.5, 2.5], [3.5, 4.5]]
    assert loaded.ids.tolist() == ["007", "008"]  # type: ignore[union-attr]
    assert list(loaded.labels) == ["kind"]
    assert loaded.factors["year"].values.tolist() == [1999, 2001]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_coordinates_come_in_the_order_asked_for(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"z{suffix}"
    frame = pd.DataFrame({"kind": ["a", "b"], "z1": [1.5, 3.5], "z0": [2.5, 4.5], "year": [1999, 2001]})
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    loaded = load_latents(path, columns=["z0", "z1"])
    assert loaded.points.tolist() == [[2.5, 1.5], [4.5, 3.5]]
    assert list(loaded.labels) == ["kind"]
    both = load_latents(path, columns=["z0", "year"], labels=["year"])
    assert both.points[:, 1].tolist() == both.labels["year"].tolist() == [1999, 2001]


def test_ids_and_labels_may_mix_numbers_and_text(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text("id,z0,label\n1,0.5,3\nb,1.5,unknown\n")
    loaded = load_latents(tmp_path / "z.csv")
    assert loaded.ids.tolist() == ["1", "b"]  # type: ignore[union-attr]
    assert loaded.labels["label"].tolist() == ["3", "unknown"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1.5,2\n3,4\n", [[1.5, 2], [3, 4]]),
        ("z0,z1\n1.5,2\n3,4\n", [[1.5, 2], [3, 4]]),
        ("0,1\n1.5,2.5\n3.0,4.0\n", [[1.5, 2.5], [3, 4]]),  # integer names, as pandas writes them
        ("0\n1.5\n", [[1.5]]),
        ("0\n1\n", [[0], [1]]),
        ("1,0\n0,1\n", [[1, 0], [0, 1]]),
        ("\ufeff# z0, z1\r\n 1.5 , -2e-3 \r\n\r\n\n", [[1.5, -0.002]]),
        ('z0,note\n1.5,"a, ""b""\nc"\n', [[1.5]]),
        ("+1.,.5\n1E5,-0\n", [[1, 0.5], [1e5, 0]]),
    ],
)
def test_csv_dialects(tmp_path: Path, text: str, rows: list[list[float]]) -> None:
    (tmp_path / "z.csv").write_text(text, encoding="utf-8", newline="")
    assert load_latents(tmp_path / "z.csv").points.tolist() == rows


def test_the_header_may_be_stated(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text("0,1\n5,2\n")
    assert load_latents(tmp_path / "z.csv", header=True).points.tolist() == [[5, 2]]
    assert load_latents(tmp_path / "z.csv", header=False).points.tolist() == [[0, 1], [5, 2]]


def test_csv_numbers_are_read_to_the_last_bit(tmp_path: Path) -> None:
    points = np.random.default_rng(3).standard_normal((50, 4)) * 10.0 ** np.arange(-200, 200, 100)
    np.savetxt(tmp_path / "z.csv", points, delimiter=",", fmt="%.17g")
    np.testing.assert_array_equal(load_latents(tmp_path / "z.csv").points, points)


def test_a_parquet_column_of_lists_makes_other_numbers_labels(tmp_path: Path) -> None:
    columns = {"embedding": [[1.0, 2.0], [3.0, 4.0]], "year": [1999, 2001], "kind": ["a", "b"], "ok": [True, False]}
    pq.write_table(pa.table(columns), tmp_path / "z.parquet")
    loaded = load_latents(tmp_path / "z.parquet")
    assert loaded.points.tolist() == [[1, 2], [3, 4]]
    assert list(loaded.labels) == ["year", "kind", "ok"]
    assert load_latents(f"{tmp_path}/z.parquet::embedding") == loaded


def test_parquet_columns_with_dots_and_dictionaries(tmp_path: Path) -> None:
    columns = {"z": pa.array([1.0, 2.0]), "z.0": pa.array([3.0, 4.0]), "kind": pa.array(["a", "b"]).dictionary_encode()}
    pq.write_table(pa.table(columns), tmp_path / "z.parquet")
    loaded = load_latents(tmp_path / "z.parquet")
    assert loaded.points.tolist() == [[1, 3], [2, 4]]
    assert loaded.labels["kind"].tolist() == ["a", "b"]


def test_parquet_of_single_precision_stays_single(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"a": pa.array([1.0], pa.float32()), "b": pa.array([2.0], pa.float32())}), tmp_path / "z.parquet"
    )
    assert load_latents(tmp_path / "z.parquet").points.dtype == np.float32


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"keys": "z"}, "unknown parameter 'keys'. Did you mean 'key'"),
        ({"columns": "z0"}, "columns"),
        ({"columns": []}, "columns is empty"),
        ({"factors": {"a": {"kind": "circular"}}}, "period is None"),
        ({"factors": {"a": {"kind": "round"}}}, "'round' is unknown"),
        ({"factors": {"a": {"kind": "circular", "period": 0}}}, "positive length"),
    ],
)
def test_wrong_parameters_are_refused_before_the_file_is_opened(parameters: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidParameter, match=text):
        load_latents("nowhere.npz", **parameters)


def test_an_address_that_is_no_file_is_a_wrong_parameter() -> None:
    with pytest.raises(InvalidParameter, match="Download it first"):
        load_latents("https://host/z.npy")


def test_parameters_are_plain_data() -> None:
    component = File("z.npz", factors={"a": {"kind": "circular", "period": 2}})  # type: ignore[dict-item]
    assert identity(component)["parameters"]["factors"] == {"a": {"kind": "circular", "period": 2.0}}
    assert parameters_model(File).model_json_schema()["properties"]["path"]["type"] == "string"


def test_reading_loads_only_the_library_that_the_format_needs(tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", POINTS)
    program = (
        f"import sys; from tda_latent.sources.file import load_latents; load_latents({str(tmp_path / 'z.npy')!r}); "
        "print([n for n in ('torch', 'h5py', 'pyarrow', 'safetensors', 'pandas', 'scipy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
