"""Figures traced back to runs, from Python."""

from __future__ import annotations

from pathlib import Path

from tda_latent.api.experiments import STORE
from tda_latent.experiment.proof.tracing import Ancestor, Showing, Trace
from tda_latent.experiment.proof.tracing import trace as traced
from tda_latent.experiment.store import Store

__all__ = ["Ancestor", "Showing", "Trace", "trace"]


def trace(figure: str | Path, store: str | Path = STORE) -> Trace:
    """Where a figure file comes from: its runs, its task, and the data below, whatever the file is called now.

    Raises
    ------
    InvalidInput
        When the file is none of ours.
    """
    return traced(figure, Store(store, create=False))
