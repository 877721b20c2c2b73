"""Predictors of factors from codes: importances for DCI, linear scores for explicitness. scikit-learn does the work."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Predictor = Literal["trees", "gradient-boosting", "lasso"]
_DEVIATIONS = 3.0  # from no correlation at all, to believe that a factor is predicted
_LEAVES = (2, 8, 32)


def importances(
    codes: Floats, columns: Floats, halves: tuple[Integers, Integers], predictor: Predictor, seed: int
) -> tuple[Floats, float]:
    """How much each code matters for predicting a factor, and how well the factor is predicted.

    Parameters
    ----------
    codes : (n, d) of deviation one; columns : (n, q) what is predicted
    halves : rows to fit on, and rows to judge on
    predictor : "trees": 60 extremely randomised trees predict, and 30 of a random forest, each split the best of all
        codes, tell which codes matter (random splits share out importance among codes that are correlated); both with
        leaves of 2, 8 or 32 points, whichever predict the rest of the first rows best (too fine trees spread importance
        over codes that know nothing, most of all for many classes); "gradient-boosting": 100 boosted trees of depth 3
        for each column; "lasso": one linear model, its penalty chosen by 5-fold cross-validation

    Returns
    -------
    (d,) importances >= 0, summing to one, or all 0 where predictions and factor are not correlated on the other half
    (at three deviations): importances of a useless predictor would sum to one as well and mean nothing; explained share
    of the variance of the other half, at most 1 and negative when the mean predicts better; NaN when it is constant
    """
    fit, judge = halves
    with _unfinished_fits_count():
        found, predicted = _FITS[predictor](codes[fit], columns[fit], codes[judge], seed)
    wanted = columns[judge] - columns[judge].mean(axis=0)
    total = float((wanted**2).sum())
    predicted = np.asarray(predicted, dtype=np.float64).reshape(len(judge), -1)
    missed = float(((columns[judge] - predicted) ** 2).sum())
    found = np.asarray(found, dtype=np.float64)
    means_something = found.sum() > 0 and _correlated(wanted, predicted - predicted.mean(axis=0))
    importance = found / found.sum() if means_something else np.zeros_like(found)
    return importance, 1.0 - missed / total if total > 0 else float("nan")


def _correlated(wanted: Floats, predicted: Floats) -> bool:
    """Whether centred columns go together, by Fisher's transform of their correlation at three deviations."""
    sizes = float(np.linalg.norm(wanted) * np.linalg.norm(predicted))
    share = float((wanted * predicted).sum()) / sizes if sizes > 0 else 0.0
    return bool(share > np.tanh(_DEVIATIONS / np.sqrt(max(len(wanted) - 3, 1))))


@contextmanager
def _unfinished_fits_count() -> Iterator[None]:
    """A fit that ran out of steps is a worse predictor, and judged as one on the other half: nothing to warn of."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _two_forests(codes: Floats, columns: Floats, asked: Floats, seed: int) -> tuple[Any, Any]:
    from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

    wanted = columns if columns.shape[1] > 1 else columns[:, 0]
    best = _forest(RandomForestRegressor, 30, codes, wanted, seed).fit(codes, wanted)
    predicts = _forest(ExtraTreesRegressor, 60, codes, wanted, seed).fit(codes, wanted)
    return best.feature_importances_, predicts.predict(asked)


def _forest(kind: Any, count: int, codes: Floats, wanted: Floats, seed: int) -> Any:
    """Trees with the leaves for which a third of them, on three rows of four, predicts the fourth best."""
    apart = np.arange(len(codes)) % 4 == 0
    leaves = [leaf for leaf in _LEAVES if leaf == _LEAVES[0] or leaf * 20 <= len(codes)]
    errors = []
    for leaf in leaves if len(leaves) > 1 else []:
        model = kind(count // 3, min_samples_leaf=leaf, random_state=seed, n_jobs=1).fit(codes[~apart], wanted[~apart])
        errors.append(float(((model.predict(codes[apart]) - wanted[apart]) ** 2).sum()))
    chosen = leaves[int(np.argmin(errors))] if errors else leaves[0]
    return kind(count, min_samples_leaf=chosen, random_state=seed, n_jobs=1)


def _gradient_boosting(codes: Floats, columns: Floats, asked: Floats, seed: int) -> tuple[Any, Any]:
    from sklearn.ensemble import GradientBoostingRegressor

    found, predicted = np.zeros(codes.shape[1]), []
    for column in columns.T:
        model = GradientBoostingRegressor(n_estimators=100, max_depth=3, random_state=seed).fit(codes, column)
        found += model.feature_importances_ * column.var()
        predicted.append(model.predict(asked))
    return found, np.stack(predicted, axis=1)


def _lasso(codes: Floats, columns: Floats, asked: Floats, seed: int) -> tuple[Any, Any]:
    from sklearn.linear_model import LassoCV, MultiTaskLassoCV

    if columns.shape[1] > 1:
        model = MultiTaskLassoCV(cv=5, alphas=30, max_iter=5000, tol=1e-3).fit(codes, columns)
        return np.linalg.norm(model.coef_, axis=0), model.predict(asked)
    model = LassoCV(cv=5, alphas=30, max_iter=5000, tol=1e-3).fit(codes, columns[:, 0])
    return np.abs(model.coef_), model.predict(asked)


_FITS = {"trees": _two_forests, "gradient-boosting": _gradient_boosting, "lasso": _lasso}


def linear_scores(codes: Floats, classes: Integers, halves: tuple[Integers, Integers]) -> Floats:
    """(m, c) probabilities of the classes on the second half by a multinomial logistic regression of the first.

    Classes that the first half lacks have probability 0.
    """
    from sklearn.linear_model import LogisticRegression

    fit, judge = halves
    scores = np.zeros((len(judge), int(classes.max()) + 1))
    known = np.unique(classes[fit])
    if len(known) < 2:
        scores[:, known] = 1.0
        return scores
    with _unfinished_fits_count():
        model = LogisticRegression(C=10.0, tol=1e-2, max_iter=1000).fit(codes[fit], classes[fit])
    scores[:, known] = model.predict_proba(codes[judge])
    return scores
