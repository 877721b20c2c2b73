"""The quickstart as a newcomer meets it: it runs, it is complete, and a second run has nothing to do."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter

import pytest

pytestmark = pytest.mark.slow


def root_digest(text: str) -> str:
    found = re.search(r"Root digest (\w{64})", text)
    assert found, text
    return found[1]


def test_it_is_complete_and_every_claim_is_decided(quickstart) -> None:
    assert quickstart.done.returncode in (0, 1), quickstart.done.stdout + quickstart.done.stderr
    record = json.loads((quickstart.output / "record.json").read_text(encoding="utf-8"))
    assert record["complete"] is True
    assert set(record["counts"]) >= {"computed", "failed"}
    assert record["counts"]["failed"] == record["counts"]["blocked"] == 0
    assert record["claims"]
    assert all(claim["holds"] in (True, False) for claim in record["claims"])
    assert quickstart.done.returncode == 0 or "FAILS" in quickstart.done.stdout


def test_its_file_fits_on_a_page(quickstart) -> None:
    assert len(quickstart.file.read_text(encoding="utf-8").splitlines()) <= 40


def test_the_table_sets_between_beside_within_with_the_plain_baseline(quickstart) -> None:
    text = quickstart.done.stdout
    for word in ("between", "within", "separation", "nearest-neighbour-w1", "plain baseline", "pca", "vae"):
        assert word in text


def test_every_figure_is_there_as_pdf_svg_and_png(quickstart) -> None:
    stems = Counter(path.stem for path in (quickstart.output / "figures").iterdir())
    assert stems
    assert set(stems.values()) == {3}


def test_nine_models_are_compared_in_every_distance_and_pca_has_a_spread_too(quickstart) -> None:
    with (quickstart.output / "results.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["kind"] == "distance"]
    pairs = Counter(row["label"] for row in rows)
    assert set(pairs.values()) == {9 * 8 // 2}
    within = [float(row["value"]) for row in rows if row["model"] == row["model_2"] == "pca"]
    assert min(within) > 0


def test_a_second_run_recomputes_nothing_and_has_the_same_root(quickstart, command) -> None:
    again = command(
        "run", str(quickstart.file), "--store", str(quickstart.store), "--output", str(quickstart.output),
        cwd=quickstart.store.parent,
    )  # fmt: skip
    assert "Nothing was recomputed." in again.stdout
    assert root_digest(again.stdout) == root_digest(quickstart.done.stdout)
