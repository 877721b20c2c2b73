"""Latents from files: one convention for every format.

An address is a path, or ``path::key`` for one array of a file (``run7.npz::z``). A key that names a group
(``run7.h5::layer3``) opens that group as if it were the file.

The parameters of `File` override the convention, which its notes hold, where a file follows another one. Nothing is
ever unpickled.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from tda_latent.errors import InvalidInput, InvalidParameter, nearest_name
from tda_latent.records import Latents
from tda_latent.registry import source
from tda_latent.sources.file import csv, h5ad, hdf5, npy, npz, parquet, safetensors, torch_file
from tda_latent.sources.file.gate import content_digest, require_file
from tda_latent.sources.file.layout import FactorColumn, Parts, Request, columns_named
from tda_latent.sources.file.npz import save_latents
from tda_latent.sources.file.uri import expand_template, split_uri, template_fields

__all__ = ["FactorColumn", "File", "expand_template", "load_latents", "save_latents", "split_uri", "template_fields"]

FORMATS: dict[str, Callable[[Path, Request], Parts]] = {
    ".npy": npy.parts,
    ".npz": npz.parts,
    ".csv": csv.parts,
    ".parquet": parquet.parts,
    ".h5": hdf5.parts,
    ".hdf5": hdf5.parts,
    ".h5ad": h5ad.parts,
    ".safetensors": safetensors.parts,
    ".pt": torch_file.parts,
    ".pth": torch_file.parts,
}
_PICKLES = (".pkl", ".pickle", ".joblib", ".dill", ".p")


@source("file")
@dataclass(frozen=True)
class File:
    """Latents read from a file in one of ten formats, by content and never by unpickling.

    Parameters
    ----------
    path : str
        File, or ``file::key``. ``~`` is the home folder.
    key : str or None
        Array, list column or group that holds the points; same as the part after ``::``.
    columns : list of str or None
        Columns of a table that are coordinates, in this order; None takes every numeric column without a meaning.
    header : bool or None
        Whether the first row of a csv file names the columns; None decides, and asks where it cannot.
    ids : str or None
        Array or column that names each input; None takes ``ids`` if there is one.
    labels : list of str or None
        Arrays or columns that are labels; None takes those that the convention names.
    factors : mapping or None
        Name of an array or column to its kind (categorical, real, circular) and period; None follows the convention.
    scale : str or None
        Array of posterior standard deviations, or of log-variances if its name ends in ``logvar``; in a table the
        part before ``/`` of its columns.
    split : str or None
        Array or column of train, test, prior, generated or path.

    Notes
    -----
    **Formats with names** (``.npz .h5 .hdf5 .safetensors .pt .pth``) hold arrays called

    ====================================  ============================================================================
    ``points``                            (n, d); else the array that the key names; else the only 2-D array of numbers
    ``ids`` (or ``id``)                   (n,) what names each input; equal ids pair the rows of two clouds
    ``labels/NAME``, ``label_NAME``       (n,) a label; ``labels`` alone is the label called ``label``
    ``factors/NAME``                      (n,) a generative factor: categorical if text or integers, else real
    ``factors/NAME/period``, ``.../kind`` one value: makes the factor circular; states its kind (HDF5: attributes
                                          ``period`` and ``kind`` of the dataset)
    ``scale`` (or ``std``, ``logvar``)    (n, d) posterior standard deviation, or its log-variance
    ``split``                             (n,) text: train, test, prior, generated or path
    ``origin/model`` (layer, data, ...)   one text each
    ====================================  ============================================================================

    **Tables** (``.csv .parquet``) use the same names for columns. Every other numeric column is a coordinate, every
    other text column a label; deviations are columns ``scale/NAME``, one for each coordinate NAME. A Parquet column of
    lists of equal length is the points, and then other numeric columns are labels.

    ``.h5ad`` files of AnnData hold points in ``obsm`` (``cells.h5ad::X_pca``), ids and labels in ``obs``.

    What a format cannot carry: ``.npy`` holds points only (memory-mapped, never copied when float32 or float64);
    ``.safetensors`` holds no text, so ids and labels there are integers (texts of origin and kind go to its metadata);
    ``.csv`` cannot tell the text ``1`` from the number. Nothing is ever unpickled.

    The SHA-256 of the bytes of the file becomes ``origin.source``. One pass over the file for the digest and one for
    the check that every number is finite.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()

    path: str
    key: str | None = None
    columns: tuple[str, ...] | None = None
    header: bool | None = None
    ids: str | None = None
    labels: tuple[str, ...] | None = None
    factors: dict[str, FactorColumn] | None = None
    scale: str | None = None
    split: str | None = None

    def __post_init__(self) -> None:
        try:
            key = split_uri(self.path)[1]
        except InvalidInput as error:
            raise InvalidParameter(str(error)) from None
        if key is not None and self.key is not None and key != self.key:
            raise InvalidParameter(f"path names the key {key!r} and key is {self.key!r}; give one of them.")
        if self.columns is not None and not self.columns:
            raise InvalidParameter("columns is empty; name at least one coordinate, or leave it out.")

    def looked(self) -> tuple[str, ...] | None:
        """Columns of a ``.npy`` or ``.npz`` file by the names in it; None for other and unsound ones."""
        name, request = self._request()
        path = Path(name).expanduser()
        if path.suffix.lower() == ".npy":
            return ()
        try:
            return columns_named(npz.names(path), request) if path.suffix.lower() == ".npz" else None
        except (InvalidInput, OSError):
            return None

    def _request(self) -> tuple[str, Request]:
        """The path, and which arrays of it are wanted."""
        name, key = split_uri(self.path)
        wanted = {item.name: getattr(self, item.name) for item in fields(Request)}
        return name, Request(**(wanted | {"key": key if key is not None else self.key}))

    def __call__(self) -> Latents:
        name, request = self._request()
        try:
            path = Path(name).expanduser()
            parts = _format(path)
            require_file(path)
            _require_fitting(path.suffix, request)
            digest = content_digest(path)
            return parts(path, request).latents(digest)
        except InvalidInput as error:
            text = str(error)
            raise InvalidInput(text if text.startswith(f"{name}: ") else f"{name}: {text}") from None
        except PermissionError:
            raise InvalidInput(f"{name}: may not be read by this user; change its permissions (chmod u+r).") from None
        except (OSError, MemoryError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise InvalidInput(
                f"{name}: cannot be read ({reason}); copy it anew, or read it where more memory is."
            ) from None


def load_latents(uri: str | os.PathLike[str], **parameters: Any) -> Latents:
    """Latents from a file.

    Parameters
    ----------
    uri : str or path
        A path, or ``path::key``.
    **parameters
        Those of `File`: key, columns, header, ids, labels, factors, scale, split.

    Returns
    -------
    Latents
        Points of ``.npy`` files stay a read-only memory map when they are float32 or float64.

    Raises
    ------
    InvalidInput
        For any file that cannot be used; the message names the file, what was found and what to do.
    InvalidParameter
        For a parameter that does not exist or has the wrong type.
    MissingLibrary
        When the library of the format is not installed.

    Examples
    --------
    >>> load_latents("runs/vae-3.npz::z")  # doctest: +SKIP
    >>> load_latents("codes.csv", labels=["digit"], factors={"angle": {"kind": "circular", "period": 6.2832}})
    ... # doctest: +SKIP
    """
    return File(path=os.fspath(uri), **parameters)()


def _format(path: Path) -> Callable[[Path, Request], Parts]:
    """Reader of a format, by the suffix of the file."""
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    if suffix in _PICKLES:
        raise InvalidInput(
            f"is a pickle by its suffix {suffix}, and nothing is unpickled here: that could run any program. Load it "
            "where it was made and save the numbers: np.savez('latents.npz', points=z)."
        )
    close = nearest_name(suffix, FORMATS)
    hint = f" Did you mean {close}?" if close else ""
    found = f"the unknown suffix {suffix!r}" if suffix else "no suffix"
    raise InvalidInput(f"has {found}.{hint} Known: {', '.join(FORMATS)}.")


def _require_fitting(suffix: str, request: Request) -> None:
    """Refuse parameters that only another kind of file understands."""
    if request.columns is not None and suffix.lower() not in (".csv", ".parquet"):
        raise InvalidInput(f"has no columns to choose, being {suffix}; name an array by key instead of columns.")
    if request.header is not None and suffix.lower() != ".csv":
        raise InvalidInput(f"has no header row, being {suffix}; leave header out.")
    if request.key is not None and suffix.lower() == ".csv":
        raise InvalidInput(f"has no key {request.key!r}, being a table; name coordinates by columns.")
