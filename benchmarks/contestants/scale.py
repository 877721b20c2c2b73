"""Ours alone, on clouds that nobody else can hold: exact diagrams, and a million points with their certificate.

``given`` names no points but how to draw them: ``size``, and in ``cloud`` the name as bytes; files would be large.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contestants.run import Arrays, Run


def exact(given: Arrays, threads: int) -> Run:
    """Degrees 0 and 1 of the whole cloud."""
    from tda_latent.numerics.reduced_rips import degree_one

    points = _drawn(given)
    return Run(lambda: degree_one(points, threads=threads), lambda found: {"bars": np.array(len(found.deaths))})


def certified(given: Arrays, threads: int, budget: str, memory: str) -> Run:
    """Landmarks as many as the budget allows, their diagram, and how far it can be from that of the whole cloud."""
    from tda_latent.analyzers.vietoris_rips import VietorisRips
    from tda_latent.records import Latents

    latents = Latents(_drawn(given))
    analyzer = VietorisRips(budget=budget, memory=memory)

    def answer(diagram: Any) -> Arrays:
        error = float("nan") if diagram.error is None else float(diagram.error)
        lifetimes = np.diff(diagram.pairs[diagram.degrees == 1], axis=1)
        certain = int((lifetimes > 2 * error).sum())
        return {"error": np.array(error), "bars": np.array(len(lifetimes)), "certain": np.array(certain)}

    return Run(lambda: analyzer(latents), answer)


def _drawn(given: Arrays) -> Any:
    from benchmarks.clouds import drawn

    return drawn(given["cloud"].tobytes().decode(), int(given["size"]))
