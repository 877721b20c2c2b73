"""Functions on plain arrays, which the components share."""

import numpy as np


def distances_to_the_mean(points: np.ndarray) -> np.ndarray:
    """(n,) Euclidean distances of the points (n, d) to their mean."""
    scale = 1.0  # a factor that a test edits
    return scale * np.linalg.norm(points - points.mean(axis=0), axis=1)
