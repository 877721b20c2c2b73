"""AnnData's files, as anndata 0.7 and newer lay them out; read without anndata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tda_latent.errors import InvalidInput
from tda_latent.sources.file import load_latents

POINTS = np.arange(8.0).reshape(4, 2)


def written(path: Path, **more: Any) -> Path:
    """A file with one embedding, laid out as anndata's specification says (encoding version 0.1.0)."""
    text = h5py.string_dtype()
    with h5py.File(path, "w") as file:
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        file["obsm/X_pca"] = POINTS
        file["X"] = np.ones((4, 100))
        obs = file.create_group("obs")
        obs.attrs["_index"] = "cell"
        obs.create_dataset("cell", data=["c1", "c2", "c3", "c4"], dtype=text)
        obs.create_dataset("note", data=["x", "y", "z", "w"], dtype=text)
        obs["total"] = [1, 2, 3, 4]
        obs.create_dataset("kind/categories", data=["a", "b"], dtype=text)
        obs["kind/codes"] = np.array([0, 1, -1, 1], dtype=np.int8)
        obs["count/values"], obs["count/mask"] = [5, 6, 7, 8], [False, True, False, False]
        for name, value in more.items():
            if name in file:
                del file[name]
            file[name] = value
    return path


def test_an_embedding_comes_with_names_and_every_column(tmp_path: Path) -> None:
    latents = load_latents(written(tmp_path / "cells.h5ad"))
    np.testing.assert_array_equal(latents.points, POINTS)
    assert latents.ids.tolist() == ["c1", "c2", "c3", "c4"]
    assert latents.labels["kind"].tolist() == ["a", "b", "NA", "b"]
    assert latents.labels["total"].tolist() == [1, 2, 3, 4]
    assert latents.labels["note"].tolist() == ["x", "y", "z", "w"]
    np.testing.assert_array_equal(latents.labels["count"], [5, np.nan, 7, 8])
    assert set(latents.labels) == {"kind", "total", "note", "count"}


def test_a_key_chooses_among_embeddings(tmp_path: Path) -> None:
    path = written(tmp_path / "cells.h5ad", **{"obsm/X_umap": POINTS + 1})
    for key in ("X_umap", "obsm/X_umap"):
        np.testing.assert_array_equal(load_latents(f"{path}::{key}").points, POINTS + 1)
    assert list(load_latents(f"{path}::X_pca", labels=["kind"]).labels) == ["kind"]
    with pytest.raises(InvalidInput, match="2 arrays could be the points"):
        load_latents(path)
    with pytest.raises(InvalidInput, match="Did you mean 'X_umap'"):
        load_latents(f"{path}::X_unap")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"obs/kind/codes": np.array([0, 1, 2, 1])}, "codes outside its 2 categories"),
        ({"obs/count/mask": [True, False]}, "mask"),
        ({"obs": np.ones(3)}, "no groups obs and obsm"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        load_latents(written(tmp_path / "cells.h5ad", **change))


def test_a_file_that_is_no_hdf5_says_so(tmp_path: Path) -> None:
    (tmp_path / "cells.h5ad").write_text("cells")
    with pytest.raises(InvalidInput, match="cannot be read as HDF5"):
        load_latents(tmp_path / "cells.h5ad")
