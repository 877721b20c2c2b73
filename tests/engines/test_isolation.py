"""Numbers computed in a child process, and children that die."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from tda_latent.engines.isolation import isolated_number
from tda_latent.errors import EngineFailure

MODULE = """
import os, signal

def total(values, factor=1.0):
    print("a library that talks")
    return float(values.sum()) * factor

def refuse(values):
    raise ValueError("these values are odd")

def die(values):
    os.kill(os.getpid(), signal.SIGABRT)
"""


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


@pytest.mark.parametrize(("name", "message"), [("refuse", "these values are odd"), ("die", "SIGABRT")])
def test_a_child_that_fails_is_an_engine_failure_with_its_cause(foreign, name, message) -> None:
    with pytest.raises(EngineFailure, match=message):
        isolated_number(getattr(foreign, name), {"values": np.ones(2)}, {}, 60)
