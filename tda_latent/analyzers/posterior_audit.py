"""`posterior-audit`: what the codes of a stochastic encoder carry, and how they fill the prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.numerics.posterior import (
    chance_divergence,
    moment_divergence,
    mutual_information,
    posterior_draws,
    total_correlation,
    unit_divergences,
)
from tda_latent.numerics.two_sample import (
    Tested,
    energy_distances,
    neighbours_of_own_side,
    permutation_test,
    shuffled_sides,
    uncovered_fraction,
)
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar, Table
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
_MOST = 10_000  # posteriors: minutes, and bounded memory
_LEAST = 8  # posteriors; halves of fewer have no neighbours to speak of
_ON_THE_SPHERE = 1e-6
_SETS = 16  # sets of posteriors that fit the prior, for the reference of the moment divergence
_SHUFFLES = 2  # shuffled copies that the reference of the total correlation is averaged over


@analyzer("posterior-audit")
@dataclass(frozen=True)
class PosteriorAudit:
    """Whether a Gaussian encoder uses its units, and whether its codes fill the standard normal prior.

    Points are posterior means, ``scale`` holds the posterior deviations. The prior is N(0, I), that of the plain
    variational autoencoder; codes of a model with another prior have no reading here.

    Parameters
    ----------
    threshold : float
        A unit is active when the variance of its posterior mean over the inputs exceeds this [burda2016].
    points : int
        Most points that are looked at, drawn at random beyond it; what is compared pair by pair grows with its square.
    draws : int
        Draws from each posterior for the mutual information; the total correlation takes one.
    neighbours : int
        k of the neighbour two-sample test.
    permutations : int
        Random divisions that p-values are counted over; the smallest possible p is 1 / (1 + permutations).

    Returns
    -------
    Measures
        Scalars: ``active units`` (reference: ``units``); ``informative units``, whose posterior means vary more than
        the posteriors are wide; ``divergence`` of the posteriors from the prior (nats per input); ``mutual information,
        lower bound`` and ``upper bound`` of inputs and codes, beside their ceiling ``log of the number of points``,
        which no lower bound from so many points can exceed; ``aggregate divergence, lower bound`` and ``upper bound``
        of the aggregate posterior from the prior, the divergence less the mutual information; ``moment divergence``,
        that of its Gaussian fit, with the mean for as many posteriors, as wide, that fit the prior as reference;
        ``total correlation`` with the value after shuffling each unit by itself as reference.

        Scalars from one draw per posterior against as many from the prior: ``energy distance`` and ``neighbour share``
        (of the nearest neighbours, from the point's own side), each with its mean over random divisions (reference)
        and p-value; ``prior holes``, the share of prior draws farther from the codes than 99 % of these are from
        each other, and ``codes outside the prior``, the converse, each with the share for one half of the codes (of
        the prior draws) against the other half as reference.

        Table ``units``: for each unit the variance of the means, the mean posterior variance, the divergence, and
        whether it is active.

    Notes
    -----
    Holes are looked for around draws from the posteriors, not around their means, because the decoder has learnt from
    draws: means that collapsed to a point leave no hole. In many dimensions every distance is alike and no hole is
    seen. Lower and upper bound of the mutual information meet when there are far more points than exp(information);
    until then neither they nor the aggregate divergence are known. The lower bound and the upper one of the aggregate
    divergence are the two terms of [hoffman2016] for these n inputs. O(n^2 d (draws + permutations / d)).
    Split of the divergence [hoffman2016], bounds [poole2019], energy distance [szekely2013], neighbours
    [schilling1986], holes as a failure of the prior [rezende2018].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = (
        "burda2016",
        "hoffman2016",
        "poole2019",
        "szekely2013",
        "schilling1986",
        "rezende2018",
    )
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)
    needs: ClassVar[tuple[str, ...]] = ("scale",)
    example: ClassVar[dict[str, Any]] = {"permutations": 19}

    threshold: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.01
    points: Annotated[int, Field(ge=_LEAST, le=_MOST)] = 1000
    draws: Annotated[int, Field(ge=1)] = 2
    neighbours: Annotated[int, Field(ge=1)] = 5
    permutations: Annotated[int, Field(ge=1)] = 99

    def __call__(self, latents: Latents, rng: Generator) -> Measures:
        """Measures of one cloud of posteriors.

        Raises
        ------
        InvalidInput
            Without posterior deviations, for fewer than 8 points, for numbers whose squares are beyond float64, or when
            all means lie on the unit sphere.
        """
        if latents.scale is None:
            raise InvalidInput("posterior-audit needs posterior deviations; load the latents with scale=(n, d).")
        if len(latents) < _LEAST:
            raise InvalidInput(f"there are {len(latents)} posteriors; the rule is at least {_LEAST}. Encode more.")
        rows = np.sort(rng.permutation(len(latents))[: self.points])
        means = np.asarray(latents.points[rows], dtype=np.float64)
        deviations = np.asarray(latents.scale[rows], dtype=np.float64)
        if means.shape[1] > 1 and (np.abs(np.linalg.norm(means, axis=1) - 1) < _ON_THE_SPHERE).all():
            raise InvalidInput(
                "all posterior means have length one, as in a spherical latent space, whose prior is not N(0, I); "
                "posterior-audit is for encoders with a Gaussian prior."
            )
        table = self._units(means, deviations)
        if not np.isfinite(table.values).all():
            raise InvalidInput(
                f"means reach {np.abs(means).max():.0e} and posterior deviations {deviations.max():.0e}; the rule is "
                "that squares stay within float64. Give scale as deviations, not log-variances, or train again."
            )
        scalars = self._activity(means, deviations, table)
        scalars |= self._information(means, deviations, rng)
        codes = posterior_draws(means, deviations, 1, rng)[0]
        scalars |= self._match(codes, rng.standard_normal(codes.shape), rng)
        chance = chance_divergence(deviations, _SETS, rng)
        about = f"mean for {len(means)} posteriors, as wide as these, of a population that is the prior"
        scalars["moment divergence (reference)"] = Scalar(chance, "nats", about)
        return Measures(scalars=scalars, tables={"units": table})

    def _units(self, means: Floats, deviations: Floats) -> Table:
        with np.errstate(over="ignore"):
            variances = means.var(axis=0)
            columns = [variances, (deviations**2).mean(axis=0), unit_divergences(means, deviations)]
        names = np.array(["variance of means", "mean posterior variance", "divergence (nats)", "active"])
        rows = np.array([f"z{j}" for j in range(means.shape[1])])
        return Table(np.column_stack([*columns, variances > self.threshold]), rows, names)

    def _activity(self, means: Floats, deviations: Floats, table: Table) -> dict[str, Scalar]:
        variances, noise, divergences, active = table.values.T
        units = means.shape[1]
        fit = moment_divergence(means, deviations)
        return {
            "units": Scalar(units, "units"),
            "active units": Scalar(active.sum(), "units", f"variance of the posterior mean over {self.threshold:g}"),
            "informative units": Scalar((variances > noise).sum(), "units", "means vary more than posteriors are wide"),
            "divergence": Scalar(divergences.sum(), "nats", "of the posteriors from the prior, mean over inputs"),
            "moment divergence": Scalar(fit, "nats", "of the Gaussian fit of the aggregate posterior from the prior"),
        }

    def _information(self, means: Floats, deviations: Floats, rng: Generator) -> dict[str, Scalar]:
        sample = posterior_draws(means, deviations, self.draws, rng)
        found = mutual_information(means, deviations, sample)
        total = float(unit_divergences(means, deviations).sum())
        lower, upper = min(found.lower, total), min(found.upper, total)  # the divergence is a bound from above, too
        about = "information of codes about inputs of this kind, in expectation"
        aggregate = "of the aggregate posterior from the prior"
        scalars = {
            "mutual information, lower bound": Scalar(max(lower, 0.0), "nats", about),
            "mutual information, upper bound": Scalar(max(upper, 0.0), "nats", about),
            "mutual information, standard error": Scalar(found.lower_error, "nats", "of the lower bound"),
            "log of the number of points": Scalar(np.log(len(means)), "nats", "ceiling of the lower bound"),
            "aggregate divergence, lower bound": Scalar(max(total - upper, 0.0), "nats", aggregate),
            "aggregate divergence, upper bound": Scalar(max(total - lower, 0.0), "nats", aggregate),
        }
        if means.shape[1] > 1:
            value, reference = _dependence(means, deviations, sample[:1], rng)
            about = "after shuffling each unit by itself: what so few points give without any dependence"
            scalars["total correlation"] = Scalar(value, "nats", "dependence between units, biased upwards")
            scalars["total correlation (reference)"] = Scalar(reference, "nats", about)
        return scalars

    def _match(self, codes: Floats, prior: Floats, rng: Generator) -> dict[str, Scalar]:
        sides = shuffled_sides(len(codes), len(prior), self.permutations, rng)
        energy = energy_distances(codes, prior, sides)
        shares = neighbours_of_own_side(codes, prior, sides, self.neighbours)
        scalars = _scalars("energy distance", permutation_test(float(energy[0]), energy[1:]), "input distance")
        scalars |= _scalars("neighbour share", permutation_test(float(shares[0]), shares[1:]), "")
        order = rng.permutation(len(codes))
        half = len(codes) // 2
        for name, points, cloud in (("prior holes", prior, codes), ("codes outside the prior", codes, prior)):
            near, far = cloud[order[:half]], cloud[order[half : 2 * half]]
            kept = points[order[:half]]
            value = (uncovered_fraction(kept, near) + uncovered_fraction(kept, far)) / 2
            reference = (uncovered_fraction(far, near) + uncovered_fraction(near, far)) / 2
            scalars[name] = Scalar(value, "", "share farther away than 99 % of the others' nearest neighbours")
            scalars[f"{name} (reference)"] = Scalar(reference, "", "the same for the other half of the same cloud")
        return scalars


def _dependence(means: Floats, deviations: Floats, draws: Floats, rng: Generator) -> tuple[float, float]:
    """Total correlation, and its mean when the posteriors of every unit are handed round at random."""
    null = []
    for _ in range(_SHUFFLES):
        rows = rng.permuted(np.tile(np.arange(len(means))[:, None], means.shape[1]), axis=0)
        shuffled = np.take_along_axis(means, rows, 0), np.take_along_axis(deviations, rows, 0)
        null.append(total_correlation(*shuffled, posterior_draws(*shuffled, 1, rng)))
    return total_correlation(means, deviations, draws), float(np.mean(null))


def _scalars(name: str, found: Tested, unit: str) -> dict[str, Scalar]:
    return {
        name: Scalar(found.value, unit, "one draw from each posterior against as many from the prior"),
        f"{name} (reference)": Scalar(found.null_mean, unit, "mean over random divisions of the two together"),
        f"{name}, p": Scalar(found.p_value, "", "share of random divisions at least as large"),
    }
