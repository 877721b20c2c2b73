"""One zip file with the same bytes for the same content, and a reader that trusts nothing in it.

Entries are sorted, dated 1980 and have fixed modes; ``SHA256SUMS`` names every other file. Compression is zlib's, so
the same zlib gives the same bytes; the files inside do not depend on it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from tda_latent.errors import InvalidInput, StoreError

SUMS = "SHA256SUMS"
LARGEST = 1 << 37  # bytes of everything in a bundle
MOST = 1_000_000  # files
RATIO = 1100  # of unpacked to packed bytes: deflate cannot reach more
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, RuntimeError, UnicodeError, OSError)
_DATE = (1980, 1, 1, 0, 0, 0)
_PIECE = 1 << 20
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")

Content = Path | bytes


def write_bundle(files: Mapping[str, Content], target: Path) -> str:
    """Write files into a zip, with their checksums, and give the SHA-256 of the zip.

    Raises
    ------
    InvalidInput
        When a name could not be unpacked everywhere.
    StoreError
        When the zip cannot be written.
    """
    for name in files:
        _check_name(name)
    try:
        sums = "".join(f"{_digest(files[name])}  {name}\n" for name in sorted(files))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in sorted({**files, SUMS: sums.encode()}.items()):
                    _write_entry(archive, name, content)
            with open(draft, "rb") as written:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            os.chmod(draft, 0o644)
            os.replace(draft, target)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(draft)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror or error}. Choose another with -o.") from error
    return digest


def _digest(content: Content) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_entry(archive: zipfile.ZipFile, name: str, content: Content) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFREG | (0o755 if name.endswith(".sh") else 0o644)) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as member:
        if isinstance(content, bytes):
            member.write(content)
        else:
            with content.open("rb") as stream:
                shutil.copyfileobj(stream, member, _PIECE)


def open_bundle(source: str | Path, folder: str | Path) -> Path:
    """Unpack a bundle into a new folder and check every file against ``SHA256SUMS``.

    Raises
    ------
    InvalidInput
        For what is no zip, for names that leave the folder or meet, for links, encrypted entries, sizes that lie or
        go beyond all bounds, for files without or with another checksum; the folder is removed then.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidInput(f"{target} exists and is not empty; name a new folder to unpack into.")
    fresh = not target.exists()
    try:
        with zipfile.ZipFile(source) as archive:
            entries = _checked(archive, Path(source).name)
            _check_room(entries, target)
            target.mkdir(parents=True, exist_ok=True)
            for entry in entries:
                _unpack(archive, entry, target.joinpath(*entry.filename.split("/")))
        _check_sums(target, {entry.filename for entry in entries})
    except _BROKEN as error:
        _clean(target, fresh)
        raise InvalidInput(f"{source} cannot be opened as a bundle: {error}.") from error
    except InvalidInput:
        _clean(target, fresh)
        raise
    return target


@contextlib.contextmanager
def opened(source: str | Path) -> Iterator[Path]:
    """A bundle unpacked into a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tda-latent-") as folder:
        yield open_bundle(source, Path(folder) / "bundle")


@contextlib.contextmanager
def unfolded(what: str | Path) -> Iterator[Path | None]:
    """The folder of a bundle, be it packed or unpacked; None for anything else."""
    path = Path(what)
    if path.suffix == ".zip" and path.is_file():
        with opened(path) as folder:
            yield folder
    else:
        is_bundle = (path / "run" / "record.json").is_file() and (path / "store" / "FORMAT").is_file()
        yield path if is_bundle else None


def _clean(target: Path, fresh: bool) -> None:
    shutil.rmtree(target, ignore_errors=True)
    if not fresh:
        with contextlib.suppress(OSError):
            target.mkdir()


def _checked(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The files of a zip, none of which can do harm by its name, kind or size."""
    entries = archive.infolist()
    if len(entries) > MOST:
        raise InvalidInput(f"{name} holds {len(entries):,} entries; at most {MOST:,} are unpacked.")
    seen: set[str] = set()
    for entry in entries:
        _check_name(entry.orig_filename)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or entry.is_dir() or entry.flag_bits & 1:
            raise InvalidInput(f"{name} holds {entry.filename!r}, which is no plain file; bundles hold nothing else.")
        if entry.file_size > RATIO * entry.compress_size + _PIECE:
            raise InvalidInput(
                f"{name} says that {entry.filename!r} unpacks to {entry.file_size:,} bytes; that is no bundle."
            )
        if entry.filename.lower() in seen:
            raise InvalidInput(f"{name} holds {entry.filename!r} twice; nobody could tell which one counts.")
        seen.add(entry.filename.lower())
    parents = {str(parent).lower() for entry in entries for parent in PurePosixPath(entry.filename).parents}
    if both := sorted(seen & parents):
        raise InvalidInput(f"{name} holds {both[0]!r} as a file and as a folder.")
    return entries


def _check_name(name: str) -> None:
    """Refuse names that mean another place, or nothing, on any system."""
    parts = name.split("/")
    bad = any(part in ("", ".", "..") or part.endswith((" ", ".")) for part in parts)
    if bad or re.search(r'[\\:\x00-\x1f\x7f<>"|?*]', name) or len(name.encode(errors="replace")) > 1000:
        raise InvalidInput(f"{name!r} cannot name a file of a bundle: it leaves its folder or is not portable.")


def _check_room(entries: list[zipfile.ZipInfo], target: Path) -> None:
    size = sum(entry.file_size for entry in entries)
    place = next(path for path in (target.absolute(), *target.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if size > min(LARGEST, free):
        raise InvalidInput(f"the bundle unpacks to {size:,} bytes; {free:,} are free and {LARGEST:,} the most.")


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as member, path.open("xb") as stream:
        _copy(member, stream, entry)
    path.chmod(0o755 if entry.external_attr >> 16 & 0o100 else 0o644)


def _copy(member: IO[bytes], stream: IO[bytes], entry: zipfile.ZipInfo) -> None:
    left = entry.file_size
    while piece := member.read(_PIECE):
        left -= len(piece)
        if left < 0:
            break
        stream.write(piece)
    if left:
        raise InvalidInput(f"{entry.filename!r} is not as long as the zip says; that is no bundle.")


def _check_sums(folder: Path, names: set[str]) -> None:
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InvalidInput(f"there is no {SUMS} in it; it is no bundle of tda-latent.") from None
    found = {match[2]: match[1] for line in lines if (match := _LINE.fullmatch(line))}
    if set(found) | {SUMS} != names or len(found) != len(lines):
        strange = sorted((set(found) ^ names) - {SUMS})
        raise InvalidInput(f"{SUMS} and the files differ{f': {strange[0]!r}' if strange else ''}; take another copy.")
    for name, digest in found.items():
        if _digest(folder / name) != digest:
            raise InvalidInput(f"{name} does not match its checksum in {SUMS}; take another copy of the bundle.")
