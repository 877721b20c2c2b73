"""Names to components: how analyzers, distances, sources and figures are declared, found and checked."""

from tda_latent.registry.component import (
    CONTEXT,
    Component,
    Registry,
    analyzer,
    axioms_of,
    component_of,
    distance,
    figure,
    identity,
    library_version,
    needs_of,
    source,
    step,
)
from tda_latent.registry.description import documented_parameters, parameters, summary, type_name
from tda_latent.registry.discovery import registry
from tda_latent.registry.parameters import Problem, parameters_model, problems

__all__ = [
    "CONTEXT",
    "Component",
    "Problem",
    "Registry",
    "analyzer",
    "axioms_of",
    "component_of",
    "distance",
    "documented_parameters",
    "figure",
    "identity",
    "library_version",
    "needs_of",
    "parameters",
    "parameters_model",
    "problems",
    "registry",
    "source",
    "step",
    "summary",
    "type_name",
]
