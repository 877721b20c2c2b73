"""The slow oracle of the engines is within reach, and threads can be made to share even small clouds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "engines"))  # reference_rips


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Threads share even the smallest sweep, in blocks of 97 edges, so that blocks end everywhere."""
    from tda_latent.numerics.reduced_rips import threads

    monkeypatch.setattr(threads, "WORTHWHILE", 2)
    monkeypatch.setattr(threads, "SHARED_BLOCK", 97)
    return monkeypatch
