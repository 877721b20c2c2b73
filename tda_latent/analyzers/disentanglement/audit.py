"""All scores of one set of codes against one set of factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tda_latent.analyzers.disentanglement.predictors import Predictor, importances, linear_scores
from tda_latent.numerics.disentanglement import (
    Target,
    code_disentanglement,
    code_modularity,
    factor_completeness,
    fixed_factor_votes,
    information_gap,
    predictability_gap,
    ranking_quality,
    vote_accuracy,
)
from tda_latent.numerics.mutual_information import Binning, binned, information_table
from tda_latent.records import Table

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Score = Literal[
    "MIG", "SAP", "DCI disentanglement", "DCI completeness", "DCI informativeness", "modularity", "explicitness",
    "FactorVAE score",
]  # fmt: skip
_OF_FACTORS: tuple[Score, ...] = ("MIG", "SAP", "DCI completeness", "DCI informativeness", "explicitness")
_VOTES, _BATCH = 800, (5, 64)  # draws of the vote, fewest and most points in each


@dataclass(frozen=True)
class Audited:
    """What was found.

    scores : each score; single : variants as published: circular factors as numbers, modularity of all codes
    factors : (k, 5) scores of each factor; information, importance : (d, k)
    informative : (d,) codes that know something
    """

    scores: dict[Score, float]
    single: dict[str, float]
    factors: Floats
    information: Floats
    importance: Floats
    informative: NDArray[np.bool_]

    def tables(self, names: Sequence[str]) -> dict[str, Table]:
        """The tables of the measures, for factors of these names."""
        rows = np.array([f"code {k}" for k in range(len(self.information))])
        columns = np.array(names, dtype=np.str_)
        return {
            "factors": Table(self.factors, columns, np.array(_OF_FACTORS)),
            "importance": Table(self.importance, rows, columns, "share of the factor's importance"),
            "mutual information": Table(self.information, rows, columns, "nats"),
        }


@dataclass(frozen=True)
class Audit:
    """How codes are judged: the discretisation, the predictor, and the rows to fit on and to judge on."""

    bins: int
    binning: Binning
    predictor: Predictor
    halves: tuple[Integers, Integers]
    seed: int

    def __call__(self, codes: Floats, targets: list[Target], rng: Generator, threshold: float | None = None) -> Audited:
        """Scores of (n, d) standardised codes; codes that know less than the threshold have no modularity."""
        halves = self.halves
        information = self._information(codes, targets)
        fits = [importances(codes, target.columns, halves, self.predictor, self.seed) for target in targets]
        importance = np.stack([found for found, _ in fits], axis=1)
        per_factor = np.array(
            [
                (
                    information_gap(codes, information[:, k], target),
                    predictability_gap(codes, target),
                    factor_completeness(importance[:, k], target.kind),
                    fits[k][1],
                    self._explicitness(codes, target, halves),
                )
                for k, target in enumerate(targets)
            ]
        )
        informative = information.max(axis=1) > (0.0 if threshold is None else threshold)
        scores: dict[Score, float] = dict(zip(_OF_FACTORS, map(mean, per_factor.T), strict=True))
        scores["DCI disentanglement"] = code_disentanglement(importance)
        scores["modularity"] = mean(code_modularity(information)[informative])
        scores["FactorVAE score"] = self._votes(codes, targets, rng)
        single = self._single(codes, information, targets)
        single["modularity (all codes)"] = float(np.nan_to_num(code_modularity(information)).mean())
        return Audited(scores, single, per_factor, information, importance, informative)

    def noise_level(self, codes: Floats, draws: Sequence[list[Target]]) -> float:
        """The most that any code knows about any factor in these draws of permuted factors, in nats."""
        return max(float(self._information(codes, targets).max()) for targets in draws)

    def _information(self, codes: Floats, targets: list[Target]) -> Floats:
        steps = np.stack([binned(code, self.bins, self.binning) for code in codes.T], axis=1)
        return information_table(steps, [target.classes for target in targets])

    def _explicitness(self, codes: Floats, target: Target, halves: tuple[Integers, Integers]) -> float:
        judged = target.classes[halves[1]]
        return ranking_quality(linear_scores(codes, target.classes, halves), judged, int(target.classes.max()) + 1)

    def _votes(self, codes: Floats, targets: list[Target], rng: Generator) -> float:
        fewest, most = _BATCH
        largest = min(int(np.bincount(target.classes).max()) for target in targets)
        batch = int(np.clip(min(len(codes) // (4 * self.bins), largest), fewest, most))
        live = codes[:, codes.any(axis=0)]
        return vote_accuracy(*fixed_factor_votes(live, [target.classes for target in targets], _VOTES, batch, rng))

    def _single(self, codes: Floats, information: Floats, targets: list[Target]) -> dict[str, float]:
        if all(target.kind != "circular" for target in targets):
            return {}
        plain = [target._replace(kind="real") if target.kind == "circular" else target for target in targets]
        gaps = [information_gap(codes, information[:, k], one) for k, one in enumerate(plain)]
        parts = [predictability_gap(codes, target) for target in plain]
        return {"MIG (single codes)": mean(np.array(gaps)), "SAP (single codes)": mean(np.array(parts))}


def mean(values: Floats) -> float:
    """Mean of the defined values; NaN when there are none."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else float("nan")


def mean_scores(found: Sequence[Audited]) -> dict[Score, float]:
    """Mean of each score over several draws; empty without draws."""
    if not found:
        return {}
    return {name: mean(np.array([draw.scores[name] for draw in found])) for name in found[0].scores}
