"""A page of an experiment that compares nothing does not explain numbers that it does not show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tda_latent.cli.main import main

FILE = """\
format: tda-latent/experiment@1
name: alone
seed: 1
models:
  a: {use: file, path: "a-{replicate}.npy"}
axes: {replicates: 2}
analyzers:
  spectrum: {use: spectrum}
"""


def test_nothing_is_compared_is_said_instead_of_what_between_and_within_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for replicate in range(2):
        np.save(tmp_path / f"a-{replicate}.npy", np.random.default_rng(replicate).normal(size=(9, 2)))
    (tmp_path / "alone.yaml").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["run", "alone.yaml", "--workers", "1", "--quiet"]) == 0
    page = (tmp_path / "runs" / "alone" / "report.html").read_text(encoding="utf-8")
    assert "Nothing is compared here" in page
    assert "Separation" not in page
