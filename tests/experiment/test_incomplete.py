"""One cloud of six fails: no number of the run can be read anywhere without learning that some are missing."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tda_latent.cli.main import main
from tda_latent.errors import ConfigError
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.steps import draw
from tda_latent.figures import canvas
from tda_latent.records import PersistenceDiagram

FILE = """\
format: tda-latent/experiment@1
name: holes
seed: 1
models:
  a: {use: file, path: "a-{replicate}.npy"}
  b: {use: file, path: "b-{replicate}.npy"}
axes: {replicates: 3}
sample: {size: 8}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 0}
  spectrum: {use: spectrum}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 0}
  plain: {use: nearest-neighbour-w1}
figures:
  strict: {use: distance-matrix, of: bottleneck}
  marked: {use: distance-matrix, of: bottleneck, allow_missing: true}
  panels: {use: persistence-diagram, of: persistence, replicate: 1, allow_missing: true}
expect:
  - {claim: apart, that: "between(bottleneck, a, b) >= 0"}
"""


def run(folder: Path) -> SimpleNamespace:
    out, before = io.StringIO(), Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out):
            code = main(["run", "holes.yaml", "--workers", "1", "--quiet"])
    finally:
        os.chdir(before)
    home = folder / "runs" / "holes"
    record = json.loads((home / "record.json").read_text(encoding="utf-8"))
    page = (home / "report.html").read_text(encoding="utf-8")
    return SimpleNamespace(code=code, shown=out.getvalue(), record=record, page=page, home=home)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Iterator[dict[str, SimpleNamespace]]:
    """The experiment with a cloud that is too small, and again once it is whole."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COLUMNS", "110")  # no table cell is broken
        yield both(tmp_path_factory.mktemp("holes"))


def both(folder: Path) -> dict[str, SimpleNamespace]:
    rng = np.random.default_rng(0)
    for name in ("a-0", "a-1", "a-2", "b-0", "b-1", "b-2"):
        np.save(folder / f"{name}.npy", rng.normal(size=(3 if name == "b-1" else 12, 2)))
    (folder / "holes.yaml").write_text(FILE, encoding="utf-8")
    holed = run(folder)
    holed.figures = {path.name: path.read_bytes() for path in (holed.home / "figures").iterdir()}
    holed.rows = list(csv.DictReader((holed.home / "results.csv").read_text(encoding="utf-8").splitlines()))
    np.save(folder / "b-1.npy", rng.normal(size=(12, 2)))
    whole = run(folder)
    whole.figures = {path.name: path.read_bytes() for path in (whole.home / "figures").iterdir()}
    return {"holed": holed, "whole": whole}


def test_the_exit_code_the_terminal_and_the_record_say_incomplete_even_when_quiet(runs) -> None:
    holed = runs["holed"]
    assert holed.code == 1
    assert "INCOMPLETE: " in holed.shown
    assert "of an INCOMPLETE run" in holed.shown
    assert "UNDECIDED" in holed.shown
    assert "FAILED cloud/b/1" in holed.shown
    assert holed.record["complete"] is False
    assert holed.record["counts"]["failed"] == 1
    assert holed.record["claims"][0]["holds"] is None


def test_a_table_on_the_terminal_says_how_much_of_it_is_there(runs) -> None:
    assert "INCOMPLETE, n = 0 of 9" in " ".join(runs["holed"].shown.split())
    assert "INCOMPLETE: 6 of 30 distances" in " ".join(runs["holed"].shown.split())


def test_every_row_of_the_numbers_has_a_state(runs) -> None:
    rows = runs["holed"].rows
    assert {row["state"] for row in rows} == {"computed", "missing"}
    assert sum(row["kind"] == "distance" for row in rows) == 30, "a missing pair keeps its row"
    assert sum(row["kind"] == "distance" and row["state"] == "computed" for row in rows) == 6
    assert all((row["value"] == "nan") == (row["state"] == "missing") for row in rows if row["kind"] == "distance")


def test_the_report_says_it_on_top_at_each_table_and_at_each_figure(runs) -> None:
    page = " ".join(runs["holed"].page.split())
    assert page.index("INCOMPLETE</span> Only") < page.index("<nav>")
    assert "This table has 6 of 30 planned distances." in page
    assert "This table has 35 of 42 planned numbers." in page
    assert "n = 2 of 3" in page
    assert "1 not drawn</span> strict" in page
    assert "INCOMPLETE, n = 3 of 15" in page
    assert "INCOMPLETE, n = 1 of 2" in page


def test_a_figure_refuses_missing_cells_unless_it_is_allowed_and_then_is_marked(runs) -> None:
    figures = runs["holed"].figures
    assert not any(name.startswith("strict") for name in figures)
    for format in canvas.FORMATS:
        assert canvas.facts_of(figures[f"marked.{format}"])["incomplete"] == "3 of 15"
        assert canvas.facts_of(figures[f"panels.{format}"])["incomplete"] == "1 of 2"


def test_once_it_is_whole_nothing_says_incomplete_any_more(runs) -> None:
    whole = runs["whole"]
    assert whole.code == 0
    assert whole.record["complete"] is True
    for text in (whole.shown, whole.page):
        assert "INCOMPLETE" not in text
        assert "n = " not in text
    assert {f"{name}.png" for name in ("strict", "marked", "panels")} <= set(whole.figures)
    for format in canvas.FORMATS:
        assert "incomplete" not in canvas.facts_of(whole.figures[f"marked.{format}"])


def test_the_mark_stands_in_the_picture_in_the_font_of_the_figure(monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(draw, "render", lambda figure, *_: seen.append(figure) or b"x")
    diagram = PersistenceDiagram([[0, 1.0]], [0])
    step = draw.Draw(figure="persistence-diagram")
    step({"a": diagram, "b": None, "c": diagram}, key="k")
    title = seen[0]._suptitle
    assert title.get_text() == "incomplete: 2 of 3"
    assert title.get_fontfamily() == ["STIXGeneral"]
    assert title.get_color() == "#b3001b"
    step({"a": diagram, "b": diagram})
    assert seen[-1]._suptitle is None


def test_allowing_gaps_changes_no_key_of_a_number(tmp_path) -> None:
    for name in ("a-0", "a-1", "a-2", "b-0", "b-1", "b-2"):
        np.save(tmp_path / f"{name}.npy", np.zeros((9, 2)))
    path = tmp_path / "holes.yaml"
    path.write_text(FILE, encoding="utf-8")
    allowed = load_plan(path).tasks
    path.write_text(FILE.replace(", allow_missing: true", ""), encoding="utf-8")
    strict = load_plan(path).tasks
    assert {name: task for name, task in allowed.items() if not name.startswith("figure/")} == {
        name: task for name, task in strict.items() if not name.startswith("figure/")
    }


def test_allow_missing_takes_a_truth_value(tmp_path) -> None:
    path = tmp_path / "holes.yaml"
    path.write_text(FILE.replace("allow_missing: true", "allow_missing: some"), encoding="utf-8")
    with pytest.raises(ConfigError, match="the rule is true or false"):
        load_plan(path)
