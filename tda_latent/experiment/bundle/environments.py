"""Where results were computed, as a bundle keeps it: only files that are what their names say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tda_latent.experiment.bundle.archive import Content
from tda_latent.experiment.circumstances.environment import FOLDER
from tda_latent.experiment.proof.descriptions import named_by, path_of
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.records import sha256

_PATCHES = {"git": "changes.diff", "git_of_tda_latent": "changes-of-tda-latent.diff"}


def collect_environments(run: Manifest, store: Path) -> tuple[Mapping[str, Content], list[str]]:
    """Descriptions of the processes that computed and patches against git revisions; notices of those left out."""
    facts = run.content["circumstances"]
    patches = {f"run/{name}": (facts.get(key) or {}).get("patch", {}) for key, name in _PATCHES.items()}
    found: dict[str, Content] = {}
    notices = []
    for name, what in named_by(run).items():
        try:
            data = path_of(store, name).read_bytes()
        except OSError:
            notices.append(f"{FOLDER}/{name} ({what}) is not included: the store does not hold it any more.")
            continue
        digest = sha256(data)
        if digest != name.partition(".")[0]:
            notices.append(
                f"{FOLDER}/{name} ({what}) is not included: it is damaged, its bytes are not as its name says."
            )
            continue
        found[f"store/{FOLDER}/{name}"] = data
        found |= {place: data for place, patch in patches.items() if patch.get("sha256") == digest}
    return found, notices
