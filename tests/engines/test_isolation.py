"""Numbers and arrays computed in a child process, and children that die, hang or swell."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tda_latent.engines.isolation import Limits, is_confined, isolated_arrays, isolated_number
from tda_latent.errors import EngineFailure

MODULE = """
import os, signal, sys, time
import numpy as np
from tda_latent.engines.isolation import is_confined

def total(values, factor=1.0):
    print("a library that talks")
    os.system("echo and another one")
    return float(values.sum()) * factor

def parts(values, cut):
    return {"low": values[values <= cut], "none": np.empty((0, 2)), "confined": np.array(is_confined())}

def refuse(values):
    raise ValueError("these values are odd")

def die(values):
    os.kill(os.getpid(), signal.SIGABRT)

def hang(values):
    while True:
        time.sleep(1)

def swell(values):
    return float(np.ones(2**29).sum())  # four gibibytes
"""
LONG = Limits(60)


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch):
    (tmp_path / "foreign_code.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import foreign_code

    yield foreign_code
    del sys.modules["foreign_code"]


def test_the_number_comes_back_to_the_bit(foreign) -> None:
    values = np.random.default_rng(0).random(5)
    assert isolated_number(foreign.total, {"values": values}, {"factor": 1 / 3}, 60) == foreign.total(values, 1 / 3)
    assert isolated_number(foreign.total, {"values": values}, {"factor": math.inf}, 60) == math.inf


def test_arrays_come_back_to_the_bit_from_a_process_that_knows_it_is_watched(foreign) -> None:
    values = np.random.default_rng(0).random(5)
    found = isolated_arrays(foreign.parts, {"values": values}, {"cut": math.inf}, Limits(60, 2**28))
    assert np.array_equal(found["low"], values)
    assert found["none"].shape == (0, 2)
    assert found["confined"]
    assert not is_confined()
    assert "TDA_LATENT_CONFINED" not in os.environ


@pytest.mark.parametrize(
    ("name", "limits", "message"),
    [
        ("refuse", LONG, "these values are odd"),
        ("die", LONG, "killed by SIGABRT"),
        ("hang", Limits(1.5), r"foreign_code:hang gave no answer within 1.5 s.*fewer points"),
    ],
)
def test_a_child_that_fails_is_an_engine_failure_with_its_cause(foreign, name, limits, message) -> None:
    with pytest.raises(EngineFailure, match=message):
        isolated_arrays(getattr(foreign, name), {"values": np.ones(2)}, {}, limits)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not enforce RLIMIT_DATA")
def test_a_child_that_wants_more_memory_than_allowed_gets_none(foreign) -> None:
    with pytest.raises(EngineFailure, match=r"more memory than it was allowed \(60 s and 0.25 GiB\).*fewer points"):
        isolated_arrays(foreign.swell, {"values": np.ones(2)}, {}, Limits(60, 2**28))
