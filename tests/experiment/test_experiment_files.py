"""The experiment files that ship: each can be planned, says what decided it, and is in the table of its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tda_latent.experiment.loading import load_plan

FOLDER = Path(__file__).parents[2] / "experiments"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_can_be_planned_and_is_named_after_its_file(path) -> None:
    plan = load_plan(path)
    assert plan.tasks
    assert plan.experiment.name == path.stem
    assert plan.experiment.title


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_with_controls_says_what_its_thresholds_were_chosen_and_confirmed_on(path) -> None:
    text = path.read_text(encoding="utf-8")
    if any(entry.get("controls") for entry in load_plan(path).experiment.expect):
        comments = " ".join(line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#"))
        assert "chosen on" in comments.lower()
        assert "confirmed" in comments.lower()


def test_the_table_has_a_row_for_each_file_and_no_other() -> None:
    rows = [line for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
    assert [row.split("]")[0].removeprefix("| [") for row in rows] == [path.stem for path in FILES]
