"""NumPy's ``.npz``: named arrays in a zip archive; also what `save_latents` writes."""

from __future__ import annotations

import contextlib
import functools
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from tda_latent.errors import InvalidInput
from tda_latent.records import Latents
from tda_latent.sources.file.gate import appearance, require_plausible
from tda_latent.sources.file.layout import Parts, Request, parts_of, usual_kind
from tda_latent.sources.file.npy import Header, read_header, require_exact
from tda_latent.sources.file.stored import Array, Stored

_MEMBERS = 10_000
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def parts(path: Path, request: Request) -> Parts:
    """The parts of a cloud in a ``.npz`` file; only the arrays that are used are decompressed.

    Raises
    ------
    InvalidInput
        For what is no zip archive, a damaged or encrypted one, one that promises far more than it stores, or
        arrays of pickled objects among those used.
    """
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise InvalidInput(f"is no zip archive ({error}). It looks like {appearance(path)}.") from None
    with archive:
        require_modest(archive, path)
        return parts_of(_stored(archive), request)


def names(path: Path) -> tuple[str, ...]:
    """Names of the arrays of a ``.npz`` file, from its directory alone.

    Raises
    ------
    InvalidInput
        For what is no zip archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy"))
    except BROKEN as error:
        raise InvalidInput(f"is no zip archive ({error}). It looks like {appearance(path)}.") from None


def require_modest(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive with too many members, repeated names, or a total size that its bytes cannot hold."""
    members = archive.infolist()
    if len(members) > _MEMBERS:
        raise InvalidInput(f"holds {len(members)} members; the rule is at most {_MEMBERS}. Save fewer, larger arrays.")
    if len({member.filename for member in members}) < len(members):
        raise InvalidInput("holds two members of the same name; write it again, each array once.")
    require_plausible(sum(member.file_size for member in members), path.stat().st_size, "the archive")


def _stored(archive: zipfile.ZipFile) -> dict[str, Stored]:
    arrays: dict[str, Stored] = {}
    for member in archive.infolist():
        if not member.filename.endswith(".npy"):
            continue
        name = member.filename.removesuffix(".npy")
        try:
            with archive.open(member) as stream:
                header = read_header(stream)
        except InvalidInput as error:
            if "pickled" not in str(error):
                raise InvalidInput(f"array {name!r} {error}") from None
            header = Header((), np.dtype(object), 0)
        except BROKEN as error:
            raise _damaged(name, error) from None
        arrays[name] = _entry(archive, member, name, header)
    return arrays


def _entry(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, header: Header) -> Stored:
    dtype = np.dtype("U") if header.dtype.kind in "US" else header.dtype
    read = functools.partial(_read, archive, member, name, header)
    return Stored(header.shape, dtype, read, header.size, member.compress_size)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, header: Header) -> Array:
    try:
        require_exact(header, member.file_size - header.start)
        with archive.open(member) as stream:
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
    except InvalidInput as error:
        raise InvalidInput(f"array {name!r} {error}") from None
    except BROKEN as error:
        raise _damaged(name, error) from None


def _damaged(name: str, error: Exception) -> InvalidInput:
    return InvalidInput(
        f"array {name!r} cannot be read ({error}); the archive is damaged or encrypted. Write it again."
    )


def save_latents(latents: Latents, path: str | os.PathLike[str]) -> Path:
    """Write latents as a ``.npz`` that `load_latents` reads back without loss.

    Parameters
    ----------
    latents : Latents
        Everything but the digest of its source is written, by the convention of the package.
    path : str or path
        Ends in ``.npz``; an existing file is replaced in one step.

    Returns
    -------
    Path
        The file. Equal latents give equal bytes: no compression, no clock.

    Raises
    ------
    InvalidInput
        For another suffix, a folder that does not exist, or a factor whose name ends in /kind or /period.
    """
    target = Path(path)
    if target.suffix.lower() != ".npz":
        raise InvalidInput(f"{target}: latents are saved as .npz, not {target.suffix!r}; change the name.")
    if not target.parent.is_dir():
        raise InvalidInput(f"{target}: the folder {target.parent} does not exist; create it first.")
    arrays = _arrays(latents)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                _write(archive, name, array)
        unfinished.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()
    return target


def _write(archive: zipfile.ZipFile, name: str, array: Array) -> None:
    member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    member.external_attr = 0o644 << 16
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
    with archive.open(member, "w", force_zip64=True) as stream:
        np.lib.format.write_array(stream, little, version=(1, 0), allow_pickle=False)


def _arrays(latents: Latents) -> dict[str, Array]:
    """Every column under its conventional name, in the order that counts for equality."""
    columns: dict[str, Any] = {"points": latents.points, "ids": latents.ids, "scale": latents.scale}
    columns["split"] = latents.split
    columns |= {f"labels/{name}": column for name, column in latents.labels.items()}
    for name, factor in latents.factors.items():
        if name.endswith(("/kind", "/period")):
            raise InvalidInput(f"factor {name!r} cannot be saved: /kind and /period have a meaning. Rename it.")
        columns[f"factors/{name}"] = factor.values
        columns[f"factors/{name}/period"] = factor.period
        if factor.kind != "circular" and factor.kind != usual_kind(factor.values):
            columns[f"factors/{name}/kind"] = factor.kind
    for name in ("model", "layer", "data", "replicate"):
        columns[f"origin/{name}"] = getattr(latents.origin, name) or None
    return {name: np.asarray(value) for name, value in columns.items() if value is not None}
