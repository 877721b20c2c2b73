"""The same bars and representatives from a child as from here; what is small or already watched stays here."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from tda_latent.engines import bounded_rips
from tda_latent.engines.bounded_rips import bounded_bars, bounded_representatives, limits_for
from tda_latent.engines.isolation import CONFINED, Limits, isolated_arrays
from tda_latent.engines.rips import completion
from tda_latent.errors import EngineFailure
from tda_latent.records import PersistenceDiagram

DISTANCES = squareform(pdist(np.random.default_rng(0).normal(size=(30, 3))))
CUT = completion(DISTANCES)
LIMITS = Limits(60, 2**30)


def test_a_child_gives_the_same_bars_to_the_bit():
    here = bounded_bars(DISTANCES, CUT, 2, 3, "gudhi", None)
    there = bounded_bars(DISTANCES, CUT, 2, 3, "gudhi", LIMITS)
    assert [pairs.tolist() for pairs in here] == [pairs.tolist() for pairs in there]
    assert len(here) == 3


@pytest.mark.slow
def test_a_child_gives_the_same_representatives():
    here, there = (bounded_representatives(DISTANCES, CUT, 1, 3, ("cocycle", "ripser"), way) for way in (None, LIMITS))
    diagrams = [PersistenceDiagram(pairs, degrees, 3, representatives=found) for pairs, degrees, found in (here, there)]
    assert diagrams[0] == diagrams[1]


def test_small_tasks_and_watched_processes_need_no_child(monkeypatch):
    assert limits_for(1.0, 10**6) is None
    assert limits_for(1000.0, 10**6).seconds > 10_000
    assert limits_for(1.0, 2**32).bytes == 2**33
    monkeypatch.setenv(CONFINED, "1")
    assert limits_for(1000.0, 2**40) is None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not enforce RLIMIT_DATA")
@pytest.mark.slow
def test_an_engine_that_outgrows_its_memory_is_a_failure_and_not_the_end():
    everything = 1 - np.eye(520)  # one clique: 23 million triangles, over a gibibyte
    with pytest.raises(EngineFailure, match=r"more memory than it was allowed \(60 s and 0.000977 GiB\)"):
        bounded_representatives(everything, 1.0, 1, 2, ("simplices", "gudhi"), Limits(60, 2**20))


def bare_ripser(distances, field):
    """What the gate keeps users from."""
    from ripser import ripser

    return float(len(ripser(distances, distance_matrix=True, coeff=field)["dgms"]))


def test_a_number_that_ends_the_process_of_ripser_ends_only_a_child():
    with pytest.raises(EngineFailure, match="killed by SIG"):
        isolated_arrays(bare_ripser, {"distances": DISTANCES}, {"field": 46349}, LIMITS)
    settings = {"cut": float(CUT), "max_degree": 1, "field": 46349, "engine": "ripser"}
    with pytest.raises(EngineFailure, match="field is 46349"):
        isolated_arrays(bounded_rips.bars_by_degree, {"distances": DISTANCES}, settings, LIMITS)
