"""Descriptions beside the results: the environments that computed them and the changes that git did not have.

They lie in ``STORE/environments/`` under the SHA-256 of their bytes. No number rests on them; what a run says about its
circumstances does.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

from tda_latent.experiment.circumstances.environment import FOLDER
from tda_latent.experiment.proof.manifest import Manifest

HARMLESS = "No number rests on it"
REMEDY = (
    "Take environments/ from a copy or a bundle of this store; a run that computes something in the same environment "
    "writes its description anew."
)
_NAME = re.compile(r"([0-9a-f]{64})\.(json|diff)")
_GIT = ("git", "git_of_tda_latent")


def named_by(run: Manifest) -> dict[str, str]:
    """Files among the environments that a run refers to, and what each of them describes."""
    counts: dict[str, int] = {}
    for task in run.tasks.values():
        if digest := task.get("environment"):
            counts[f"{digest}.json"] = counts.get(f"{digest}.json", 0) + 1
    found = {name: f"where {count} of its results were computed" for name, count in sorted(counts.items())}
    for place in _GIT:
        patch = (run.content["circumstances"].get(place) or {}).get("patch")
        if patch:
            found[f"{patch['sha256']}.diff"] = "how its code differed from the git revision"
    return found


def state_of(store: Path, name: str) -> Literal["sound", "changed", "missing"]:
    """Whether a description is there and is what its name says; one that cannot be read counts as missing."""
    digest = _NAME.fullmatch(name)
    try:
        data = path_of(store, name).read_bytes()
    except OSError:
        return "missing"
    return "sound" if digest and hashlib.sha256(data).hexdigest() == digest[1] else "changed"


def path_of(store: Path, name: str) -> Path:
    """The file of a description."""
    return store / FOLDER / name
