"""IDX files: read to the byte, refused when anything does not agree, and Fashion-MNIST told by its digests."""

from __future__ import annotations

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from tda_latent.errors import InvalidInput, InvalidParameter, MissingLibrary
from tda_latent.registry import assets
from tda_latent.registry.assets import VARIABLE, asset
from tda_latent.sources.idx import FashionMnist, Idx
from tda_latent.sources.idx.images import boxes
from tda_latent.sources.idx.reader import read_idx

PRESENT = asset("fashion-mnist").state() == "present"


def stream(seed=0):
    return np.random.default_rng(seed)


def idx_bytes(array, kind=8):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape) + array.tobytes()


def write_folder(folder, *, packed=True, train=40, test=10, side=8):
    drawn = {}
    for stem, count in (("train", train), ("t10k", test)):
        images = stream(count).integers(0, 256, (count, side, side), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        drawn[stem] = images, labels
        for what, array in (("images-idx3", images), ("labels-idx1", labels)):
            name = f"{stem}-{what}-ubyte" + (".gz" if packed else "")
            data = idx_bytes(array)
            (folder / name).write_bytes(gzip.compress(data) if packed else data)
    return drawn


@pytest.mark.parametrize("packed", [True, False])
def test_what_was_written_is_read(tmp_path, packed):
    drawn = write_folder(tmp_path, packed=packed)
    found = Idx(path=str(tmp_path))(stream())
    images = np.concatenate([drawn["train"][0], drawn["t10k"][0]]).reshape(50, 64)
    np.testing.assert_array_equal(np.rint(found.points * 255), images)
    assert found.points.min() >= 0
    assert found.points.max() <= 1
    assert found.split.tolist() == ["train"] * 40 + ["test"] * 10
    assert found.labels["class"].tolist() == [str(k % 10) for k in (*range(40), *range(10))]
    assert found.ids[0].endswith("-train-00000")
    assert found.ids[-1].endswith("-test-00009")


def test_a_subset_is_made_of_the_same_images_and_keeps_ids_split_and_class(tmp_path):
    write_folder(tmp_path)
    whole, some = Idx(path=str(tmp_path))(stream()), Idx(path=str(tmp_path), size=17)(stream(3))
    assert some == whole.matching(some.ids)
    assert some != Idx(path=str(tmp_path), size=17)(stream(4))
    assert Idx(path=str(tmp_path), size=50)(stream(5)) == whole


def test_one_split_needs_no_files_of_the_other(tmp_path):
    write_folder(tmp_path)
    for file in tmp_path.glob("train-*"):
        file.unlink()
    assert set(Idx(path=str(tmp_path), part="test")(stream()).split.tolist()) == {"test"}
    with pytest.raises(InvalidInput, match=r"train-images-idx3-ubyte\.gz nor"):
        Idx(path=str(tmp_path))(stream())


def test_boxes_keep_the_mean_and_each_is_the_mean_of_its_pixels(tmp_path):
    write_folder(tmp_path)
    fine, coarse = Idx(path=str(tmp_path))(stream()), Idx(path=str(tmp_path), side=2)(stream())
    np.testing.assert_allclose(coarse.points.mean(axis=1), fine.points.mean(axis=1), rtol=1e-12)
    corner = fine.points.reshape(-1, 8, 8)[:, :4, 4:].mean(axis=(1, 2))
    np.testing.assert_allclose(coarse.points[:, 1], corner, rtol=1e-12)
    assert boxes(np.ones((2, 6, 4)), None).shape == (2, 6, 4)
    with pytest.raises(InvalidParameter, match="does not divide"):
        Idx(path=str(tmp_path), side=3)(stream())


def test_class_names_are_given_and_a_number_beyond_them_is_refused(tmp_path):
    write_folder(tmp_path)
    names = tuple("abcdefghij")
    assert Idx(path=str(tmp_path), classes=names, part="test")(stream()).labels["class"].tolist() == list(names)
    with pytest.raises(InvalidInput, match="a label is 9"):
        Idx(path=str(tmp_path), classes=names[:9])(stream())


def test_more_images_than_there_are_is_refused(tmp_path):
    write_folder(tmp_path)
    with pytest.raises(InvalidParameter, match="there are 50"):
        Idx(path=str(tmp_path), size=51)(stream())


def spoiled(data: bytes, how: str) -> bytes:
    return {
        "cut": data[:-1],
        "cut in the header": data[:10],
        "empty": b"",
        "longer": data + b"x",
        "magic": b"\x01" + data[1:],
        "type": data[:2] + b"\x0d" + data[3:],
        "axes": data[:3] + b"\x02" + data[4:],
        "no images": data[:4] + struct.pack(">III", 0, 8, 8),
        "huge": data[:4] + struct.pack(">III", 2**32 - 1, 2**32 - 1, 2**32 - 1) + data[16:],
        "promising": data[:4] + struct.pack(">III", 2_000_000, 32, 32) + data[16:],
    }[how]


REASONS = {
    "cut": "cut off: 1 of 640", "cut in the header": "cut off", "empty": "cut off", "longer": "goes on after",
    "magic": "begins with 01000803", "type": "type 0x0d", "axes": "has 2 axes", "no images": "0 x 8 x 8",
    "huge": "is it damaged", "promising": "cut off",
}  # fmt: skip


@pytest.mark.parametrize("how", REASONS)
@pytest.mark.parametrize("packed", [True, False])
def test_a_file_that_is_not_what_it_says_is_refused_in_little_memory(tmp_path, how, packed):
    data = spoiled(idx_bytes(stream().integers(0, 256, (10, 8, 8), dtype=np.uint8)), how)
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(data) if packed else data)
    tracemalloc.start()
    with pytest.raises(InvalidInput, match=f"(?i){REASONS[how]}"):
        read_idx(path, 3)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


def test_a_gzip_bomb_behind_the_promised_bytes_is_not_unpacked(tmp_path):
    honest = idx_bytes(np.zeros((10, 8, 8), dtype=np.uint8))
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(honest + bytes(200 * 2**20), compresslevel=1))
    tracemalloc.start()
    with pytest.raises(InvalidInput, match="goes on after the 640"):
        read_idx(path, 3)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


def test_damaged_compression_is_told_from_a_cut_file(tmp_path):
    packed = bytearray(gzip.compress(idx_bytes(stream().integers(0, 256, (50, 8, 8), dtype=np.uint8))))
    path = tmp_path / "images.gz"
    path.write_bytes(bytes(packed[: len(packed) // 2]))
    with pytest.raises(InvalidInput, match="is damaged"):
        read_idx(path, 3)
    packed[-6] ^= 0xFF
    path.write_bytes(bytes(packed))
    with pytest.raises(InvalidInput, match="is damaged"):
        read_idx(path, 3)


def test_images_and_labels_must_be_as_many(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(np.zeros(39, dtype=np.uint8))))
    with pytest.raises(InvalidInput, match="40 images and 39 labels"):
        Idx(path=str(tmp_path))(stream())


def test_splits_of_different_pictures_are_refused(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(np.zeros((10, 4, 4), np.uint8))))
    with pytest.raises(InvalidInput, match="must be alike"):
        Idx(path=str(tmp_path))(stream())


def test_a_path_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="no folder"):
        Idx(path=str(tmp_path / "absent"))(stream())


def test_a_missing_fashion_mnist_names_the_command_that_brings_it(monkeypatch):
    monkeypatch.setattr(assets.Asset, "folder", lambda self: None)
    with pytest.raises(MissingLibrary, match="apt-get install dataset-fashion-mnist"):
        FashionMnist()(stream())


def test_a_folder_of_other_pictures_is_not_fashion_mnist(monkeypatch, tmp_path):
    (tmp_path / "fashion-mnist").mkdir()
    write_folder(tmp_path / "fashion-mnist")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert asset("fashion-mnist").state() == "altered"
    with pytest.raises(InvalidInput, match="SHA-256"):
        FashionMnist()(stream())


@pytest.mark.skipif(not PRESENT, reason=f"not on this machine: {asset('fashion-mnist').command}")
def test_the_published_fashion_mnist_has_a_thousand_test_pictures_of_each_class():
    found = FashionMnist(part="test", side=7)(stream())
    assert found.points.shape == (10_000, 49)
    assert np.unique(found.labels["class"], return_counts=True)[1].tolist() == [1000] * 10
    assert found.labels["class"][:4].tolist() == ["ankle boot", "pullover", "trouser", "trouser"]
