"""PyTorch's ``.pt`` and ``.pth``: tensors and dictionaries of tensors, without unpickling objects."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tda_latent.errors import InvalidInput
from tda_latent.models.tensor_files import read_tensors
from tda_latent.sources.file.layout import Parts, Request, parts_of
from tda_latent.sources.file.npz import BROKEN, require_modest
from tda_latent.sources.file.stored import Stored


def parts(path: Path, request: Request) -> Parts:
    """The parts of a cloud in a ``.pt`` or ``.pth`` file; nested dictionaries become ``outer/inner``.

    Raises
    ------
    InvalidInput
        For Python objects in the file, a damaged archive, or a tensor that promises more than is stored.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                require_modest(archive, path)
    except BROKEN as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"is a damaged zip archive ({error}); write it again with torch.save.") from None
    return parts_of({name: Stored.of(array) for name, array in read_tensors(path).items()}, request)
