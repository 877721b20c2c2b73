"""Topological data analysis of the latent spaces that machine-learning models learn.

    import tda_latent as tl

    latents = tl.load("latents.npz::z")
    diagram = tl.analyze(latents)["vietoris-rips"]
    tl.plot(diagram)
    print(tl.compare("a.npy", "b.npy"))
    finished = tl.run("experiment.yaml")

Every name is imported when it is first used, so that ``import tda_latent`` takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_WHERE = {
    "analyze": "api.clouds",
    "assets": "api.assets",
    "compare": "api.clouds",
    "load": "api.clouds",
    "component": "api.clouds",
    "components": "api.information",
    "limits": "api.experiments",
    "diff": "api.verification",
    "explain": "api.verification",
    "verify": "api.verification",
    "plan": "api.experiments",
    "run": "api.experiments",
    "status": "api.experiments",
    "write_report": "api.experiments",
    "place": "api.placing",
    "plot": "api.plotting",
    "to_networkx": "api.conversions",
    "to_numpy": "api.conversions",
    "to_pandas": "api.conversions",
    "model": "models.own",
    "network": "models.network",
    "train": "api.training",
    "encode": "api.training",
    "record": "api.recording",
    "record_batches": "api.recording",
    "list_layers": "api.recording",
    "hidden_states": "api.recording",
    "posterior": "api.recording",
    "epoch_recorder": "api.recording",
    "from_anndata": "api.annotated_data",
    "Comparison": "records",
    "Factor": "records",
    "Gallery": "records",
    "Latents": "records",
    "MapperGraph": "records",
    "Measures": "records",
    "Model": "records",
    "Origin": "records",
    "PersistenceDiagram": "records",
    "Projection": "records",
    "Vectors": "records",
}
_MODULES = {"losses": "models.losses"}
__all__ = sorted([*_WHERE, *_MODULES])

if TYPE_CHECKING:
    from tda_latent.api.annotated_data import from_anndata
    from tda_latent.api.assets import assets
    from tda_latent.api.clouds import analyze, compare, component, load
    from tda_latent.api.conversions import to_networkx, to_numpy, to_pandas
    from tda_latent.api.experiments import limits, plan, run, status, write_report
    from tda_latent.api.information import components
    from tda_latent.api.placing import place
    from tda_latent.api.plotting import plot
    from tda_latent.api.recording import (
        epoch_recorder,
        hidden_states,
        list_layers,
        posterior,
        record,
        record_batches,
    )
    from tda_latent.api.training import encode, train
    from tda_latent.api.verification import diff, explain, verify
    from tda_latent.models import losses
    from tda_latent.models.network import network
    from tda_latent.models.own import model
    from tda_latent.records import (
        Comparison,
        Factor,
        Gallery,
        Latents,
        MapperGraph,
        Measures,
        Model,
        Origin,
        PersistenceDiagram,
        Projection,
        Vectors,
    )


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("tda-latent")
    if name in _MODULES:
        return importlib.import_module(f"tda_latent.{_MODULES[name]}")
    if name not in _WHERE:
        raise AttributeError(f"module 'tda_latent' has no attribute {name!r}; it offers {', '.join(__all__)}")
    return getattr(importlib.import_module(f"tda_latent.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
