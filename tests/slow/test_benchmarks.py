"""The benchmarks keep their word: whoever fails, dies, hangs or eats memory is a row; finished rows are not redone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks import clouds, environments
from benchmarks.__main__ import SUITES, write
from benchmarks.arena import Arena
from benchmarks.cells import NOT_STARTED, OURS, Cell, Contestant, Row
from benchmarks.channel import Limits
from benchmarks.exponents import exponents
from benchmarks.ledger import Ledger, expectations
from benchmarks.report import markdown
from benchmarks.suites import agreement, rips
from benchmarks.summary import lead

PEERS = """
import os, time
import numpy as np

def dies(points):
    os.abort()

def fails(points):
    raise ValueError("no such luck")

def hangs(points):
    if len(points) > 40:
        while True:
            time.sleep(0.1)
    return np.empty(0), np.empty((0, 2))

def eats(points):
    held = []
    while len(points) > 40:
        held.append(np.ones(8_000_000))
        time.sleep(0.01)
    return np.empty(0), np.empty((0, 2))

def wrong(points):
    return np.array([1.0]), np.empty((0, 2))

def reference(points):
    from scipy.spatial.distance import pdist, squareform
    from scipy.cluster.hierarchy import linkage
    time.sleep(0.01)
    return linkage(points, "single")[:, 2], np.empty((0, 2))
"""


@pytest.fixture
def peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of peers, each broken in its own way, and a cache that belongs to the test."""
    for module in (clouds, environments):
        monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setattr("benchmarks.arena.CACHE", tmp_path / "cache")
    path = tmp_path / "peers.py"
    path.write_text(PEERS, encoding="utf-8")
    return path


def contestant(path: Path, function: str, name: str = "") -> Contestant:
    return Contestant(name or function, "rips:from_file", {"path": str(path), "function": function})


def cell(*contestants: Contestant, size: int = 60, memory: bool = False) -> Cell:
    return Cell(
        suite="rips", task="trial", cloud="g16", size=size, dimension=16, threads=1,
        given=partial(clouds.points_of, "g16", size), warm=partial(clouds.points_of, "g16", 20),
        contestants=contestants, compare=agreement.of_diagrams, memory=memory,
    )  # fmt: skip


@pytest.fixture
def arena() -> Iterator[Arena]:
    """Five seconds and 300 MiB for each."""
    made = Arena(Limits(5.0, 300 * 2**20), "test", lambda line: None)
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("memory", [False, True])
def test_every_broken_peer_leaves_a_row_with_its_reason(peers: Path, arena: Arena, memory: bool) -> None:
    names = ("fails", "dies", "hangs", "eats", "wrong")
    absent = Contestant("absent", "rips:holos", distribution="no-such-distribution")
    found = arena.run(
        cell(contestant(peers, "reference", OURS), *(contestant(peers, name) for name in names), absent, memory=memory),
        {}, {},
    )  # fmt: skip
    rows = {row.name: row for row in found}
    assert set(rows) == {OURS, *names, "absent"}
    assert rows[OURS].seconds >= 0.01
    assert "no such luck" in rows["fails"].reason
    assert "SIGABRT" in rows["dies"].reason
    assert "stopped after 5 s" in rows["hangs"].reason
    assert "GiB" in rows["eats"].reason
    assert "not installed" in rows["absent"].reason
    assert [name for name in rows if rows[name].bound] == ["hangs", "eats"]
    assert rows["hangs"].ratio > 10
    assert rows["wrong"].h0 > 0
    assert rows["wrong"].seconds is not None


@pytest.mark.slow
def test_ours_and_two_peers_agree_on_a_small_cloud_and_the_page_says_so(peers: Path, tmp_path: Path) -> None:
    chosen = (rips.US, *(peer for peer in rips.PEERS if peer.name in ("GUDHI", "ripser.py")))
    made = Arena(Limits(60.0, 4 * 2**30), "test", lambda line: None)
    ledger = Ledger(tmp_path / "results")
    try:
        for size in (300, 400):
            ledger.add(made.run(cell(*chosen, size=size, memory=size == 400), {}, {}))
    finally:
        made.close()
    for row in ledger.rows:
        assert row.reason == ""
        assert row.name == OURS or max(row.h0, row.h1) < 1e-6
    assert {e.name for e in exponents(ledger.rows)} == {OURS, "GUDHI", "ripser.py"}
    write(ledger, tmp_path / "results")
    assert {path.name for path in (tmp_path / "results").iterdir()} == {
        "results.json", "README.md", "speed.png", "speed.svg",
    }  # fmt: skip
    page = (tmp_path / "results" / "README.md").read_text(encoding="utf-8")
    assert "GUDHI" in page
    assert str(Path.home()) not in page


@pytest.mark.slow
def test_finished_rows_are_kept_and_unfinished_cells_are_not(tmp_path: Path) -> None:
    whole = cell(Contestant(OURS, ""), Contestant("GUDHI", ""))
    ledger = Ledger(tmp_path)
    ledger.add([row(OURS, 1.0, size=60)])
    assert not Ledger(tmp_path).holds(whole)
    ledger.add([row(OURS, 1.0, size=60), row("GUDHI", 2.0, size=60, bound=True)])
    assert Ledger(tmp_path).holds(whole)
    assert Ledger(tmp_path).rows == ledger.rows
    assert not Ledger(tmp_path, fresh=True).holds(whole)
    assert json.loads((tmp_path / "results.json").read_text())["rows"][1]["bound"] is True


def row(name: str, seconds: float, size: int, bound: bool = False) -> Row:
    return Row("rips", "trial", "g16", size, 16, 1, name, seconds=seconds, ratio=seconds, bound=bound)


@pytest.mark.slow
def test_only_the_fastest_peer_is_started_when_none_can_finish() -> None:
    earlier = [row(OURS, 0.1, 1000), row("quick", 60.0, 1000), row("slow", 90.0, 1000), row("stuck", 150.0, 1000, True)]
    expected, skipped = expectations(cell(size=3000), earlier, limit=150.0)
    assert expected["quick"] == pytest.approx(540.0)
    assert set(skipped) == {"slow", "stuck"}
    assert all(reason.startswith(NOT_STARTED) for reason in skipped.values())


@pytest.mark.slow
def test_the_lead_is_the_smallest_ratio_and_knows_when_it_is_a_bound() -> None:
    assert lead([row(OURS, 1.0, 9)]) is None
    assert lead([row(OURS, 1.0, 9), row("a", 5.0, 9), row("b", 15.0, 9, True)]) == (5.0, "a", False)
    assert lead([row(OURS, 1.0, 9), row("a", 50.0, 9), row("b", 15.0, 9, True)]) == (15.0, "b", True)


@pytest.mark.slow
def test_bars_in_order_bound_the_bottleneck_distance_from_above() -> None:
    rng = np.random.default_rng(0)
    births = rng.random(50)
    bars = np.column_stack([births, births + rng.random(50) + 0.1])
    moved = bars + rng.uniform(-1e-7, 1e-7, bars.shape)
    assert agreement.in_order(bars, moved) <= 1e-7
    assert agreement.gap(bars, bars[:-1])[0] > 0


@pytest.mark.slow
def test_every_suite_names_its_cells_without_drawing_a_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clouds, "CACHE", tmp_path / "cache")
    for cells in SUITES.values():
        for quick in (True, False):
            held = list(cells(quick))
            assert len({one.key for one in held}) == len(held) > 0
            assert all(one.contestants[0].name == OURS for one in held)
            assert all(len({c.name for c in one.contestants}) == len(one.contestants) for one in held)
    assert not (tmp_path / "cache").exists()


@pytest.mark.slow
def test_an_empty_page_can_be_written() -> None:
    assert "# Benchmarks" in markdown([], {})
