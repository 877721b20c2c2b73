"""One picture: how many times faster than the fastest peer, by size and cloud; and the other tasks as bars."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.cells import Row
from benchmarks.report import digits
from benchmarks.summary import cells_of, is_peer, lead

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito: told apart by colour-blind readers."""
NAMES = {
    "circ64": "circle, 64-d", "torus64": "torus, 64-d", "sphere64": "sphere, 64-d", "g16": "Gaussian, 16-d",
    "g64": "Gaussian, 64-d", "mix32": "clusters, 32-d", "vae16": "VAE of digits, 16-d",
}  # fmt: skip
INK, FAINT = "#222222", "#999999"
MOST_BARS = 5
"""Peers shown for one task: the fastest ones."""
GAP = 1.17
"""Labels at the right end are at least this factor apart."""


def draw(rows: Iterable[Row], folder: Path) -> None:
    """Write ``speed.png`` and ``speed.svg``; nothing when there is nothing to show."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    held = list(rows)
    curves, tasks = by_size(held), by_task(held)
    if not curves and not tasks:
        return
    bars = sum(len(peers) for _, peers in tasks) + len(tasks)
    settings: dict[str, Any] = {
        "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "tda-latent",
        "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": FAINT,
    }  # fmt: skip
    with plt.rc_context(settings):
        width = (1.0, 1.0) if tasks else (1.0, 0.001)
        sheet, panels = plt.subplots(
            1, 2, figsize=(11, max(4.6, 0.155 * bars + 1.2)), layout="constrained", width_ratios=width, facecolor="w"
        )
        _curves(panels[0], curves)
        _bars(panels[1], tasks)
        sheet.suptitle("How many times faster than other libraries", fontweight="bold", x=0.01, ha="left")
        folder.mkdir(parents=True, exist_ok=True)
        sheet.savefig(folder / "speed.png", dpi=140)
        sheet.savefig(folder / "speed.svg", metadata={"Date": None})
        plt.close(sheet)


Curves = dict[str, list[tuple[int, float, bool]]]


def by_size(rows: list[Row]) -> Curves:
    """For every cloud: (size, times faster than the fastest peer, is a lower bound), one thread."""
    found: Curves = {}
    for (suite, _, cloud, size, threads), of_cell in cells_of(rows).items():
        best = lead(of_cell)
        if suite == "rips" and threads == 1 and best is not None and cloud in NAMES and size > 100:
            found.setdefault(cloud, []).append((size, best.factor, best.bound))
    return {cloud: sorted(points) for cloud, points in sorted(found.items(), key=lambda item: -max(item[1])[1])}


def by_task(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """Other tasks: a heading, and the fastest peers in order."""
    found = []
    for (suite, task, cloud, size, threads), of_cell in cells_of(rows).items():
        peers = sorted((row for row in of_cell if is_peer(row)), key=lambda row: row.ratio or 0.0)[:MOST_BARS]
        if suite != "rips" and peers and (suite, task, cloud, size) in _chosen(rows):
            where = f"{cloud}, " if suite in ("batch", "spanning") else ""
            found.append((f"{task}, {where}{size:,} {UNITS.get(suite, 'points')}, {threads} thr", peers))
    return found


UNITS = {"distances": "bars", "vectors": "bars each", "batch": "points each"}


def _chosen(rows: list[Row]) -> set[tuple[str, str, str, int]]:
    """One cell of each task: its largest size at which a peer finished, on the first cloud."""
    best: dict[tuple[str, str], tuple[int, str]] = {}
    for row in rows:
        finished = is_peer(row) and not row.bound
        key = row.suite, row.task
        if finished and row.size > best.get(key, (0, ""))[0]:
            best[key] = (row.size, row.cloud)
    return {(suite, task, cloud, size) for (suite, task), (size, cloud) in best.items()}


def _curves(axes: Any, curves: Curves) -> None:
    ends = []
    for number, (cloud, points) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        sizes, factors = [p[0] for p in points], [p[1] for p in points]
        axes.plot(sizes, factors, color=colour, linewidth=2, solid_capstyle="round")
        for size, factor, bound in points:
            axes.plot(size, factor, "^" if bound else "o", color=colour, markersize=7 if bound else 4.5)
        ends.append((factors[-1], sizes[-1], cloud, colour, points[-1][2]))
    _label(axes, ends)
    axes.set(xscale="log", yscale="log", xlabel="points", ylabel="times faster than the fastest peer")
    axes.set_title("Vietoris-Rips H0 + H1, one thread", loc="left", fontsize=10)
    axes.axhline(1, color=FAINT, linewidth=0.8)
    sizes = sorted({size for points in curves.values() for size, _, _ in points})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if tick <= 1.3 * _highest(curves)]
    axes.set_yticks(ticks, [f"{tick}x" for tick in ticks])
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    if any(bound for points in curves.values() for _, _, bound in points):
        axes.plot([], [], "^", color=FAINT, label="at least: every peer was stopped")
        axes.legend(frameon=False, loc="upper left", fontsize=8)


def _highest(curves: Curves) -> float:
    return max((factor for points in curves.values() for _, factor, _ in points), default=1.0)


def _label(axes: Any, ends: list[tuple[float, int, str, str, bool]]) -> None:
    """Names at the right ends of the lines, moved up where they would meet."""
    floor = 0.0
    for factor, size, cloud, colour, bound in sorted(ends):
        height = max(factor, floor * GAP)
        floor = height
        text = f"{NAMES.get(cloud, cloud)}  {'> ' if bound else ''}{digits(factor)}x"
        axes.annotate(text, (size, height), xytext=(9, 0), textcoords="offset points", color=colour,
                      va="center", fontweight="bold", annotation_clip=False)  # fmt: skip


def _bars(axes: Any, tasks: list[tuple[str, list[Row]]]) -> None:
    """A bar for each peer from 1x to its ratio, under the heading of its task."""
    axes.set_visible(bool(tasks))
    position, ticks = 0.0, []
    for heading, peers in tasks:
        axes.text(1.0, position, heading, va="center", fontsize=8, fontweight="bold")
        for row in peers:
            position += 1
            ratio = row.ratio or 1.0
            axes.barh(position, ratio - 1, left=1, height=0.72, color=COLOURS[0] if ratio >= 1 else COLOURS[1])
            text = f"{'> ' if row.bound else ''}{digits(ratio)}x"
            axes.annotate(text, (max(ratio, 1), position), xytext=(4, 0), textcoords="offset points",
                          va="center", fontsize=8)  # fmt: skip
            ticks.append((position, row.name))
        position += 1.5
    axes.set_yticks([place for place, _ in ticks], [name for _, name in ticks], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set(xscale="log", xlabel="time of the library over ours", ylim=(position - 0.6, -1.0))
    axes.set_title("Other tasks", loc="left", fontsize=10)
    axes.axvline(1, color=FAINT, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    ratios = [row.ratio or 1.0 for _, peers in tasks for row in peers] or [1.0]
    axes.set_xlim(min(0.95, min(ratios) / 1.1), 4 * max(ratios))
    decades = [10**power for power in range(5) if 10**power < 2 * max(ratios)]
    axes.set_xticks(decades, [f"{decade:g}x" for decade in decades])
    axes.minorticks_off()
