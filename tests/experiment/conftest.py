"""A small experiment that runs in a second or two: two clouds of known topology, two replicates."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_experiment import SMALL


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The small experiment as a file in a folder of its own."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path
