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
Predictor = Literal["extra-trees", "gradient-boosting", "lasso"]


def importances(
    codes: Floats, columns: Floats, halves: tuple[Integers, Integers], predictor: Predictor, seed: int
) -> tuple[Floats, float]:
    """How much each code matters for predicting a factor, and how well the factor is predicted.

    Parameters
    ----------
    codes : (n, d) of deviation one; columns : (n, q) what is predicted
    halves : rows to fit on, and rows to judge on
    predictor : "extra-trees": 60 extremely randomised trees; "gradient-boosting": 100 boosted trees of depth 3 for
        each column; "lasso": one linear model, its penalty chosen by 5-fold cross-validation

    Returns
    -------
    (d,) importances >= 0, summing to one, all 0 where nothing was found; explained share of the variance of the other
    half, at most 1 and negative when the mean predicts better; NaN when that half is constant
    """
    fit, judge = halves
    with _unfinished_fits_count():
        found, predicted = _FITS[predictor](codes[fit], columns[fit], codes[judge], seed)
    wanted = columns[judge] - columns[judge].mean(axis=0)
    total = float((wanted**2).sum())
    missed = float(((columns[judge] - predicted.reshape(len(judge), -1)) ** 2).sum())
    found = np.asarray(found, dtype=np.float64)
    return found / found.sum() if found.sum() > 0 else found, 1.0 - missed / total if total > 0 else float("nan")


@contextmanager
def _unfinished_fits_count() -> Iterator[None]:
    """A fit that ran out of steps is a worse predictor, and judged as one on the other half: nothing to warn of."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _extra_trees(codes: Floats, columns: Floats, asked: Floats, seed: int) -> tuple[Any, Any]:
    from sklearn.ensemble import ExtraTreesRegressor

    model = ExtraTreesRegressor(60, min_samples_leaf=2, random_state=seed, n_jobs=1)
    model.fit(codes, columns if columns.shape[1] > 1 else columns[:, 0])
    return model.feature_importances_, model.predict(asked)


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


_FITS = {"extra-trees": _extra_trees, "gradient-boosting": _gradient_boosting, "lasso": _lasso}


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
