"""Sources with everything filled in that the axes and the place of the experiment file tell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tda_latent.code.factory import Factory
from tda_latent.code.lookup import looking_in
from tda_latent.errors import InvalidInput
from tda_latent.experiment.binding import Bound, is_trained_elsewhere
from tda_latent.experiment.file.config import Experiment
from tda_latent.sources.file.uri import expand_template


def is_template(value: Any) -> bool:
    """Whether a parameter of a source has fields to fill in from the axes."""
    return isinstance(value, str) and "{" in value


def expanded(bound: Bound, experiment: Experiment, axes: Mapping[str, str]) -> Bound:
    """A source whose text parameters have their ``{model}``, ``{data}``, ``{replicate}``, ``{layer}`` filled in."""
    values = {**axes, "seed": axes["replicate"]}
    filled = {
        name: expand_template(value, values) if is_template(value) else value
        for name, value in bound.entry.parameters.items()
    }
    return resolved(replace(bound, entry=replace(bound.entry, parameters=filled)), experiment)


def resolved(bound: Bound, experiment: Experiment) -> Bound:
    """A source whose relative ``path`` is taken from the folder of the experiment file, and whose ``code`` is told."""
    path = bound.entry.parameters.get("path")
    if not isinstance(path, str):
        return bound
    whole = os.path.expanduser(path)
    parameters = {**bound.entry.parameters, "path": str(experiment.folder / whole)}
    if is_trained_elsewhere(bound.component):
        with looking_in(experiment.folder):
            code = Factory.of(str(parameters["factory"])).digest()
        if parameters.get("code") not in (None, "", code):
            raise InvalidInput(
                f"code is {parameters['code']!r}, and the code of the factory {parameters['factory']!r} has the digest "
                f"{code}. Write that one, or leave it out: a run fills it in."
            )
        parameters["code"] = code
    return replace(bound, entry=replace(bound.entry, parameters=parameters))
