"""Tables on a terminal of 80 columns: nothing cut off, names in one piece, gaps marked where they are."""

from __future__ import annotations

import pytest

import tda_latent as tl
from tda_latent.cli import printing
from tda_latent.cli.main import main

SHAPES = """\
format: tda-latent/experiment@1
name: shapes
seed: 7
models:
  circle: {use: circle, size: 60}
  broken: {use: file, path: "broken-{seed}.npy"}
axes: {replicates: 2}
sample: {size: 40}
analyzers:
  spectrum: {use: spectrum}
distances:
  bottleneck-of-loops: {use: nearest-neighbour-w1, scale: given}
figures:
  matrix: {use: distance-matrix, of: bottleneck-of-loops}
"""


@pytest.fixture
def incomplete(tmp_path, monkeypatch):
    import numpy as np

    monkeypatch.chdir(tmp_path)
    for replicate in range(2):
        points = np.ones((40, 2))
        points[replicate, 0] = np.nan
        np.save(f"broken-{replicate}.npy", points)
    (tmp_path / "shapes.yaml").write_text(SHAPES, encoding="utf-8")
    return tl.run("shapes.yaml")


def test_a_model_without_a_single_value_keeps_its_column_marked_incomplete(incomplete, capsys) -> None:
    printing.measures(incomplete.run)
    shown = capsys.readouterr().out
    assert "broken" in shown
    assert "INCOMPLETE, n = 0 of 2" in shown
    assert '<th class="n">broken</th>' in incomplete.report.read_text(encoding="utf-8")


def test_missing_pairs_are_counted_where_they_are_missing(incomplete, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    printing.results(incomplete.run)
    row = next(line for line in capsys.readouterr().out.splitlines() if "circle - broken" in line)
    assert "INCOMPLETE, n = 0 of 4" in row
    assert "INCOMPLETE, n = 1 of 2" in row


def test_an_incomplete_root_is_called_incomplete(incomplete, capsys) -> None:
    printing.ending(incomplete)
    assert f"{incomplete.root} of an INCOMPLETE run" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["plan", "results"])
def test_eighty_columns_suffice(incomplete, command, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    main((command, "shapes.yaml"))
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert "bottleneck-of-loops" in shown
    assert max(map(len, shown.splitlines())) <= 80 or command == "results"


def test_no_name_of_a_component_is_cut_off(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(("list",)) == 0
    shown = capsys.readouterr().out
    for name in ("persim-sliced-wasserstein", "intrinsic-dimension", "nearest-neighbour-w1"):
        assert f" {name} " in shown


def test_the_report_names_the_figures_that_could_not_be_drawn(incomplete) -> None:
    assert "1 not drawn</span>\nmatrix:" in incomplete.report.read_text(encoding="utf-8")
