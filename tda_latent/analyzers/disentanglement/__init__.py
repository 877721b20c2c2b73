"""`disentanglement`: whether single coordinates of the latent space stand for single known factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.analyzers.disentanglement.audit import Audit, Audited, Score, mean_scores
from tda_latent.analyzers.disentanglement.predictors import Predictor
from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.numerics.disentanglement import Target, standardised, target_of
from tda_latent.numerics.mutual_information import Binning, binned, effective_bins, entropy
from tda_latent.numerics.probes import first_copies, held_out, shuffled_rows
from tda_latent.records import Factor, Latents, Measures, Scalar, Table
from tda_latent.records.classes import has_value
from tda_latent.registry import analyzer

_FEWEST, _MOST_CLASSES = 20, 200
_DIFFERENT = 100  # points, among which copies can be kept together; fewer are the steps of a grid
_LEVEL = 19  # permutations that all codes together exceed by chance once in twenty clouds
_MEANINGS: dict[Score, str] = {
    "MIG": "mutual information gap, mean over factors",
    "SAP": "separated attribute predictability, mean over factors",
    "DCI disentanglement": "each code matters for one factor",
    "DCI completeness": "one code matters for each factor",
    "DCI informativeness": "share of the variance of the factors explained on held-out points",
    "modularity": "each informative code informs about one factor",
    "explicitness": "area under the ROC curve of a linear classifier on held-out points",
    "FactorVAE score": "accuracy of the vote of the least varying code",
}


@analyzer("disentanglement")
@dataclass(frozen=True)
class Disentanglement:
    """Whether single codes (coordinates) stand for single known factors: MIG, SAP, DCI, modularity and others.

    Parameters
    ----------
    names : tuple of str
        Factors to look at; none = all of them.
    bins : int
        Bins of each code, and of factors with more different values than that, unless the typical (median) value occurs
        50 times: a factor of 32 steps then has 32 classes, as published.
    binning : width | mass
        Bins of equal width, as published, or of equally many points, which no outlier can empty.
    predictor : trees | gradient-boosting | lasso
        What predicts factors from codes for DCI: two forests, one of extremely randomised trees for informativeness and
        one of trees whose splits are the best of all codes for importances, their depth chosen on points apart; 100
        boosted trees (slow); or a linear model. Importances of factors that are not predicted count as 0.
    permutations : int
        How often the factors are permuted over the points, for the scores of codes that know nothing.
    rotations : int
        How often the codes are turned at random, for the scores of the same knowledge in no particular axes; 0 = never.
    most_points : int
        Of larger clouds so many points are drawn.

    Returns
    -------
    Measures
        Scalars ``MIG``, ``SAP``, ``DCI disentanglement``, ``DCI completeness``, ``DCI informativeness``,
        ``modularity``, ``explicitness`` and ``FactorVAE score``, each followed by its mean with ``(permuted factors)``
        and, where axes matter, with ``(rotated codes)``: a score that is not above both says nothing about axes.
        ``informative codes`` have more mutual information with some factor than any code has with any factor in 19
        permutations (5 % for all codes together). ``fewest bins in use`` (exponential of the entropy): near 1, a code
        is an outlier and a heap, and binning: mass is needed; so is a factor (``factors``). ``information share by
        chance``: what codes seem to know about permuted factors, over the entropy of these. ``different points``:
        from 100 of them on, copies stay on one side of the division and are permuted together; below, or when one heap
        of copies is more than a quarter of the points, what is learnt by heart counts as known. Undefined where a score
        needs two factors or two codes, nothing is informative, or a factor has no value often enough to be held
        (FactorVAE score).

        Tables: ``factors`` (scores of each factor), ``importance`` (codes by factors, columns sum to 1, to 0 where a
        factor is not predicted), ``mutual information`` (codes by factors, nats), ``permuted factors`` and ``rotated
        codes`` (scores of each draw).

    Notes
    -----
    A circular factor needs two codes. Predictors see its cosine and sine; gaps are those of its best code or pair of
    codes (a pair is read by the nearest mean of a sector of the factor) over the best without them; the two most
    important codes count as one for completeness. ``MIG (single codes)`` and ``SAP (single codes)`` treat it as
    published, which punishes a perfect circle; ``modularity (all codes)`` counts codes that know nothing, as published.
    SAP of categorical factors is a balanced accuracy with chance at 0. Others take its plain accuracy by linear support
    vectors, which on one code never name a class between two others, and classifiers in DCI: see [locatello2019].
    Means are over factors that vary. Half of the points is fitted on, the other half judged on. Duplicated codes have
    MIG and SAP 0 and disentanglement 1: the gaps ask for one code alone. So do correlated factors lower every gap, as
    in data that no renderer made. All scores see axes, and none sees how sure the encoder is: a collapsed code of a VAE
    counts by what its mean knows. With few points any code seems to know something, about (bins - 1)^2 / 2n nats, which
    lowers MIG: see ``information share by chance``, and take fewer bins.

    Permuting, moving or scaling the codes changes scores only through the drawn halves and rounding.
    [chen2018], [kumar2018], [eastwood2018], [ridgeway2018], [kim2018], [locatello2019], [geurts2006],
    [breiman2001].
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = (
        "chen2018", "kumar2018", "eastwood2018", "ridgeway2018", "kim2018", "locatello2019", "geurts2006",
        "breiman2001",
    )  # fmt: skip
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "scikit-learn")
    needs: ClassVar[tuple[str, ...]] = ("factors",)
    invariances: ClassVar[tuple[str, ...]] = ("translation", "scale")
    example: ClassVar[Mapping[str, Any]] = {"permutations": 1, "rotations": 1, "bins": 5}

    names: tuple[str, ...] = ()
    bins: Annotated[int, Field(ge=2, le=200)] = 20
    binning: Binning = "width"
    predictor: Predictor = "trees"
    permutations: Annotated[int, Field(ge=1)] = 5
    rotations: Annotated[int, Field(ge=0)] = 3
    most_points: Annotated[int, Field(ge=_FEWEST)] = 5000

    def __call__(self, latents: Latents, rng: Generator) -> Measures:
        """The scores of the cloud.

        Raises
        ------
        InvalidInput
            Without factors that vary, for fewer than 20 points, or a categorical factor of more than 200 classes or
            without a value on some points.
        UnknownName
            For a factor that the latents do not have.
        """
        if len(latents) < _FEWEST:
            raise InvalidInput(f"{len(latents)} points; scores on held-out halves need at least {_FEWEST}.")
        if len(latents) > self.most_points:
            latents = latents.take(np.sort(rng.choice(len(latents), self.most_points, replace=False)))
        targets = {name: self._target(name, factor) for name, factor in self._chosen(latents).items()}
        judge, fit = held_out(latents.points, 2, rng, _DIFFERENT)
        audit = Audit(self.bins, self.binning, self.predictor, (np.sort(fit), judge), int(rng.integers(2**31)))
        codes, columns = standardised(latents.points), list(targets.values())
        copies = _copies(latents.points, columns)
        permuted = [audit(codes, _shuffled(columns, copies, rng), rng) for _ in range(self.permutations)]
        threshold = audit.noise_level(codes, [_shuffled(columns, copies, rng) for _ in range(_LEVEL)])
        found = audit(codes, columns, rng, threshold)
        rotated = [audit(_turned(codes, rng), columns, rng, threshold) for _ in range(self._turns(codes))]
        sizes = [effective_bins(binned(code, self.bins, self.binning)) for code in codes.T if code.any()]
        scalars = _scalars(found.scores, mean_scores(permuted), mean_scores(rotated)) | {
            name: Scalar(value, "", "as published: circular factors like numbers, modularity also of useless codes")
            for name, value in found.single.items()
        }
        return Measures(
            scalars=scalars
            | {
                "informative codes": Scalar(found.informative.sum(), "codes", "more than any permuted factor gives"),
                "codes": Scalar(latents.dimension, "codes"),
                "fewest bins in use": Scalar(min(sizes, default=1.0), "bins", "near 1: outliers; use binning: mass"),
                "fewest bins in use (factors)": Scalar(
                    min(effective_bins(target.classes) for target in columns), "bins", "near 1: it hardly varies"
                ),
                "information share by chance": Scalar(
                    _share_by_chance(permuted, columns), "", "the bias of the estimate"
                ),
                "points": Scalar(len(latents), "points"),
                "different points": Scalar(
                    len(np.unique(latents.points, axis=0)), "points", "copies are kept together from 100 on"
                ),
            },
            tables=found.tables(tuple(targets))
            | {name: _draws(draws) for name, draws in (("permuted factors", permuted), ("rotated codes", rotated))},
        )

    def _turns(self, codes: Any) -> int:
        """One code alone cannot be turned."""
        return self.rotations if np.count_nonzero(codes.any(axis=0)) > 1 else 0

    def _chosen(self, latents: Latents) -> dict[str, Factor]:
        for name in self.names:
            if name not in latents.factors:
                raise unknown_name("factor", name, latents.factors)
        varying = {
            name: latents.factors[name]
            for name in self.names or latents.factors
            if len(np.unique(latents.factors[name].values)) > 1
        }
        if not varying:
            raise InvalidInput(
                "no factor varies over the cloud; disentanglement needs known generative factors, "
                "see Latents(factors=...)."
            )
        return varying

    def _target(self, name: str, factor: Factor) -> Target:
        if factor.kind == "categorical" and not has_value(factor.values).all():
            missing = int((~has_value(factor.values)).sum())
            raise InvalidInput(
                f"categorical factor {name!r} has no value on {missing} of {len(factor.values)} points; scores need "
                "every factor of every point. Take the points that have it, or leave it out with names."
            )
        target = target_of(factor.values, factor.kind, factor.period, self.bins, self.binning)
        count = int(target.classes.max()) + 1
        if factor.kind == "categorical" and count > _MOST_CLASSES:
            raise InvalidInput(
                f"categorical factor {name!r} has {count} classes; the rule is at most {_MOST_CLASSES}. Give numbers a "
                "real factor, or leave it out with names."
            )
        return target


def _share_by_chance(permuted: list[Audited], targets: list[Target]) -> float:
    entropies = np.array([entropy(target.classes) for target in targets])
    return float(np.mean([draw.information.mean(axis=0) / entropies for draw in permuted]))


def _copies(points: Any, targets: list[Target]) -> NDArray[np.int64]:
    """(n,) first copy of each point, factors and all; the point itself where equal codes stand for other factors."""
    of = first_copies(points)
    is_copied = all(np.array_equal(target.classes[of], target.classes) for target in targets)
    return of if is_copied and len(np.unique(of)) >= _DIFFERENT else np.arange(len(of))


def _shuffled(targets: list[Target], copies: NDArray[np.int64], rng: Generator) -> list[Target]:
    """The factors of other points, for copies those of copies: what factors say about each other stays."""
    order = shuffled_rows(copies, rng)
    return [target._replace(classes=target.classes[order], columns=target.columns[order]) for target in targets]


def _turned(codes: Any, rng: Generator) -> Any:
    """The varying codes under a random rotation."""
    live = codes[:, codes.any(axis=0)]
    turn = np.linalg.qr(rng.normal(size=(live.shape[1], live.shape[1])))[0]
    return standardised(live @ turn)


def _scalars(found: Mapping[Score, float], permuted: Mapping[Score, float], rotated: Mapping[Score, float]) -> Any:
    scalars: dict[str, Scalar] = {}
    for name, meaning in _MEANINGS.items():
        scalars[name] = Scalar(found[name], "", meaning)
        scalars[f"{name} (permuted factors)"] = Scalar(permuted[name], "", "mean over draws: nothing is known")
        if name in rotated and name not in ("explicitness", "DCI informativeness"):
            scalars[f"{name} (rotated codes)"] = Scalar(rotated[name], "", "mean over draws: no axes")
    return scalars


def _draws(found: list[Any]) -> Table:
    values = np.array([[draw.scores[name] for name in _MEANINGS] for draw in found]).reshape(-1, len(_MEANINGS))
    return Table(
        values, np.array([f"draw {k + 1}" for k in range(len(found))], dtype=np.str_), np.array(list(_MEANINGS))
    )
