"""Experiment files to start from."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from tda_latent.errors import InvalidInput
from tda_latent.sources.file.uri import template_fields

_HEAD = """\
# Check it with `tda-latent plan`, run it with `tda-latent run`; `tda-latent list` names every component.
format: tda-latent/experiment@1
name: {name}
seed: 1
"""
_TRAINED = """\
data:
  digits: {use: digits}
models:
  pca: {use: pca, dimension: 8}
  autoencoder: {use: autoencoder, dimension: 8}
axes: {replicates: 3}              # independently trained models
"""
_OWN = """\
models:                            # one entry per model; {{model}} is its label, {{seed}} the replicate
{models}
{axes}
"""
_SEVERAL = "axes: {replicates: [0, 1, 2]}      # independently trained models, the values of {seed}"
_ONE = "axes: {replicates: 1}              # one training of each: no spread, so no difference can be judged"
_TAIL = """\
sample: {size: 300}                # points of each cloud
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1, scale: median}
  connectivity: {use: connectivity, scale: median}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
  wasserstein: {use: wasserstein, on: persistence, degree: 1, order: 1, ground: 2}
figures:
  diagrams: {use: persistence-diagram, of: persistence, caption: Persistence diagrams of the first replicate.}
  distances: {use: distance-matrix, of: wasserstein, caption: Distances between all models and replicates.}
"""


def write_starter(path: Path, template: str | None = None, models: Sequence[str] = ("first", "second")) -> Path:
    """Write an experiment file: trained on digits, or on your own files by a template ``latents/{model}-{seed}.npy``.

    Raises
    ------
    InvalidInput
        When the file exists or cannot be written, the template lacks ``{model}``, or a model has no usable name.
    """
    if path.exists():
        raise InvalidInput(f"{path} exists; it is not overwritten. Name another file.")
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", path.stem).strip("-_.") or "experiment"
    middle = _TRAINED if template is None else _own(template, [model.strip() for model in models])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_HEAD.format(name=name) + middle + _TAIL, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}. Name another file.") from error
    return path


def _own(template: str, models: Sequence[str]) -> str:
    """The sections of an experiment on a researcher's own files."""
    fields = template_fields(template)
    if "model" not in fields:
        raise InvalidInput(f"{template!r} has no {{model}} field; write for instance latents/{{model}}-{{seed}}.npy.")
    for model in models:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", model):
            raise InvalidInput(
                f"{model!r} cannot name a model; use letters a to z, digits, '-' and '_', a letter first."
            )
    rows = "\n".join(f"  {model}: {{use: file, path: {json.dumps(template)}}}" for model in models)
    replicated = {"seed", "replicate"} & set(fields)
    return _OWN.format(models=rows, axes=_SEVERAL if replicated else _ONE)
