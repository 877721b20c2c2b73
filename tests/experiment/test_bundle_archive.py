"""The zip of a bundle: same content, same bytes; and nothing that a hostile one tries gets out of its folder."""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment.bundle.anonymity import Anonymity, parts
from tda_latent.experiment.bundle.archive import open_bundle, opened, write_bundle
from tda_latent.records import sha256

FILES = {"b/data.bin": bytes(range(256)) * 50, "a.txt": "ä\n".encode(), "replay.sh": b"#!/bin/sh\n", "b/empty": b""}


def zipped(path: Path, *entries: tuple[str, bytes] | tuple[str, bytes, int], sums: bool = True) -> Path:
    """A zip of entries (name, content, mode) with right checksums."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, *mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.filename = name  # as it is, also where Python would mend it
            entry.external_attr = (mode[0] if mode else stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)
        if sums:
            text = "".join(f"{sha256(content)}  {name}\n" for name, content, *_ in entries)
            archive.writestr("SHA256SUMS", text)
    return path


def test_what_is_written_is_what_is_opened(tmp_path) -> None:
    write_bundle(FILES, tmp_path / "x.zip")
    folder = open_bundle(tmp_path / "x.zip", tmp_path / "open")
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == {
        **FILES,
        "SHA256SUMS": "".join(f"{sha256(FILES[name])}  {name}\n" for name in sorted(FILES)).encode(),
    }
    assert os.access(folder / "replay.sh", os.X_OK)
    with opened(tmp_path / "x.zip") as place:
        assert (place / "a.txt").read_bytes() == FILES["a.txt"]
    assert not place.exists()


def test_the_bytes_depend_on_the_content_only(tmp_path, monkeypatch) -> None:
    source = tmp_path / "data.bin"
    source.write_bytes(FILES["b/data.bin"])
    first = write_bundle(FILES, tmp_path / "x.zip")
    os.utime(source, (1, 1))
    source.chmod(0o600)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    turned = dict(reversed(FILES.items())) | {"b/data.bin": source}
    assert write_bundle(turned, tmp_path / "y.zip") == first == sha256((tmp_path / "x.zip").read_bytes())
    assert (tmp_path / "x.zip").read_bytes() == (tmp_path / "y.zip").read_bytes()


@pytest.mark.parametrize(
    "name", ["../up", "/etc/x", "a/../../up", "a//b", "./a", "C:/x", "a\\..\\b", "a\x00b", "a\nb", "", "a/", "nul. "]
)
def test_a_name_that_leaves_its_folder_is_neither_written_nor_opened(tmp_path, name) -> None:
    with pytest.raises(InvalidInput, match=r"cannot name|no plain file"):
        write_bundle({name: b""}, tmp_path / "x.zip")
    if "\x00" not in name and name:
        path = zipped(tmp_path / "y.zip", ("ok", b""), (name, b"evil"))
        with pytest.raises(InvalidInput):
            open_bundle(path, tmp_path / "deep" / "open")
    assert not (tmp_path / "deep" / "open").exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"evil"]


def test_links_folders_and_twins_are_refused(tmp_path) -> None:
    for index, entries in enumerate([
        [("link", b"/etc/passwd", stat.S_IFLNK | 0o777)],
        [("pipe", b"", stat.S_IFIFO | 0o644)],
        [("twin", b"1"), ("TWIN", b"2")],
        [("a", b""), ("a/b", b"")],
    ]):  # fmt: skip
        path = zipped(tmp_path / f"{index}.zip", *entries)
        with pytest.raises(InvalidInput, match=r"no plain file|twice|file and as a folder"):
            open_bundle(path, tmp_path / "open")
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zipped(tmp_path / "same.zip", ("same", b"1"), ("same", b"2"))
    with pytest.raises(InvalidInput, match="twice"):
        open_bundle(path, tmp_path / "open")


def test_a_bomb_is_refused_before_and_while_it_unpacks(tmp_path) -> None:
    bomb = zipped(tmp_path / "bomb.zip", ("zeros", bytes(1 << 24)))
    data = bytearray(bomb.read_bytes())
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(b"SHA256SUMS") - 46)  # the entry of zeros in the directory
    assert data[place + 46 : place + 51] == b"zeros"
    for size in (1 << 12, (1 << 32) - 2):  # says less, says more
        lying = bytearray(data)
        lying[place + 24 : place + 28] = size.to_bytes(4, "little")
        bomb.write_bytes(bytes(lying))
        with pytest.raises(InvalidInput, match=r"no bundle|cannot be opened|not as long"):
            open_bundle(bomb, tmp_path / "open")
        assert not (tmp_path / "open").exists()


def test_every_file_needs_its_checksum_and_every_checksum_its_file(tmp_path) -> None:
    with pytest.raises(InvalidInput, match="no SHA256SUMS"):
        open_bundle(zipped(tmp_path / "a.zip", ("x", b"1"), sums=False), tmp_path / "open")
    wrong = f"{sha256(b'2')}  x\n".encode()
    with pytest.raises(InvalidInput, match="does not match its checksum"):
        open_bundle(zipped(tmp_path / "b.zip", ("x", b"1"), ("SHA256SUMS", wrong), sums=False), tmp_path / "open")
    right = f"{sha256(b'1')}  x\n{sha256(b'1')}  y\n".encode()
    with pytest.raises(InvalidInput, match="'y'"):
        open_bundle(zipped(tmp_path / "c.zip", ("x", b"1"), ("SHA256SUMS", right), sums=False), tmp_path / "open")
    assert not (tmp_path / "open").exists()


def test_no_flipped_byte_of_a_bundle_opens_as_other_content(tmp_path) -> None:
    write_bundle({"a.txt": b"numbers", "b": b"1" * 40}, tmp_path / "x.zip")
    sound = (tmp_path / "x.zip").read_bytes()
    for place in range(0, len(sound), 3):
        (tmp_path / "y.zip").write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        try:
            with opened(tmp_path / "y.zip") as folder:
                assert (folder / "a.txt").read_bytes() == b"numbers"
        except InvalidInput:
            pass


def test_other_files_are_no_bundle_and_a_full_folder_is_not_touched(tmp_path) -> None:
    (tmp_path / "x.zip").write_bytes(b"not a zip")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_bytes(b"mine")
    for source, folder in [("x.zip", "open"), ("absent.zip", "open"), ("x.zip", "mine")]:
        with pytest.raises(InvalidInput, match=r"cannot be opened|not empty"):
            open_bundle(tmp_path / source, tmp_path / folder)
    assert (tmp_path / "mine" / "file").read_bytes() == b"mine"
    with pytest.raises(StoreError, match="-o"):
        write_bundle({"a": b""}, tmp_path / "x.zip" / "y.zip")


# ------------------------------------------------------------------ anonymity

SECRET = Anonymity(frozenset({"quillonb", "Ada B. Quillon"}), frozenset({"AMD EPYC 7763", "/srv/lab/disk"}))


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("read /Users/quillonb/data/x.npy, then", "read [removed], then"),
        ("by Ada B. Quillon (quillonB@uni.edu)", "by [removed] ([removed]@uni.edu)"),
        ("on AMD EPYC 7763.", "on [removed]."),
        ("/srv/lab/disk/x: gone", "[removed]/x: gone"),
        (r"C:\Users\me\x.npy", "[removed]"),
        ("~/latents/a.npy", "[removed]"),
        ("a/b/c, 1/2/3, n/a, https://arxiv.org/abs/1/2", "a/b/c, 1/2/3, n/a, https://arxiv.org/abs/1/2"),
        ("quillonbit stays: another word", "quillonbit stays: another word"),
        ("</td></tr></table> <a href='x/y'>", "</td></tr></table> <a href='x/y'>"),
    ],
)
def test_text_loses_names_and_absolute_paths_only(text, stripped) -> None:
    assert SECRET.text(text) == stripped


def test_a_name_is_found_wherever_it_is_packed() -> None:
    name = "quillonb"
    packed = io.BytesIO()
    np.savez_compressed(packed, labels=np.array([name]), points=np.zeros(9))
    wrapped = io.BytesIO()
    with zipfile.ZipFile(wrapped, "w") as archive:
        archive.writestr("png.npy", b"\x93NUMPY" + b"\x89PNG zTXt" + zlib.compress(b"by quillonb of the lab"))
    hidden = {
        "plain": b"--quillonb--",
        "upper": b"QUILLONB",
        "utf-16": name.encode("utf-16-be"),
        "pdf": b"%PDF-1.4 stream\n" + zlib.compress(b"(quillonb) Tj" * 9) + b"\nendstream",
        "npz": packed.getvalue(),
        "figure in a blob": wrapped.getvalue(),
        "quillonb.txt": b"",
    }
    for place, data in hidden.items():
        with pytest.raises(InvalidInput, match="would tell who made the run"):
            SECRET.check({place: data})
    SECRET.check({"code/tda_latent/x.py": b"quillonb", "other": b"quillonbit", "noise": os.urandom(5000)})
    assert max(map(len, parts(hidden["pdf"]))) > len(hidden["pdf"])


def test_a_plugin_loses_names_in_words_but_is_refused_for_names_in_code() -> None:
    source = b'"""By quillonb, from /Users/quillonb/x/y."""\n# quillonb\npath = "/usr/share/dict/words"\n'
    stripped = SECRET.source("code/plug.py", source)
    assert stripped == b'"""By [removed], from [removed]"""\n# [removed]\npath = "/usr/share/dict/words"\n'
    with pytest.raises(InvalidInput, match="in its code"):
        SECRET.source("code/plug.py", b'author = "quillonb"\n')
