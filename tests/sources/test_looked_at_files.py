"""What a file provides is told before it is read, and is what reading it gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tda_latent.sources.file import FactorColumn, File

ROWS = np.arange(12.0).reshape(4, 3)
LINE = np.arange(4)
ARRAYS = {
    "bare": {"points": ROWS},
    "ids": {"points": ROWS, "id": LINE},
    "all": {"points": ROWS, "ids": LINE, "label_digit": LINE, "factors/angle": LINE, "logvar": ROWS},
    "group": {"a/points": ROWS, "a/labels": LINE, "b/points": ROWS, "b/std": ROWS + 1},
    "strange": {"points": ROWS, "colour": LINE, "names": LINE, "spread": ROWS + 1},
}
REQUESTS: list[tuple[str, dict[str, object]]] = [
    *((name, {}) for name in ("bare", "ids", "all", "strange")),
    ("group", {"key": "a"}),
    ("group", {"key": "b/"}),
    ("strange", {"labels": ("colour",), "ids": "names", "scale": "spread"}),
    ("strange", {"factors": {"colour": FactorColumn("categorical")}}),
    ("all", {"labels": (), "factors": {}}),
]


@pytest.mark.parametrize(("name", "parameters"), REQUESTS)
def test_a_look_tells_the_columns_that_reading_gives(tmp_path: Path, name: str, parameters: dict[str, object]) -> None:
    np.savez(tmp_path / "x.npz", **ARRAYS[name])  # type: ignore[arg-type]
    file = File(str(tmp_path / "x.npz"), **parameters)  # type: ignore[arg-type]
    read = file()
    columns = {"ids": read.ids, "labels": read.labels, "factors": read.factors, "scale": read.scale}
    assert file.looked() == tuple(key for key, column in columns.items() if column is not None and len(column))


def test_an_array_alone_has_no_columns(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", ROWS)
    assert File(str(tmp_path / "x.npy")).looked() == ()


def test_of_other_formats_and_damaged_files_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    (tmp_path / "x.npz").write_bytes(b"PK\x03\x04 and no more")
    assert [File(str(tmp_path / name)).looked() for name in ("x.csv", "x.npz", "gone.npz")] == [None, None, None]
