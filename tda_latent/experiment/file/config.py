"""An experiment file as data, once its skeleton is sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.experiment.file.skeleton import ROLES, axis_names

BASELINE = "nearest-neighbour-w1"


@dataclass(frozen=True)
class Entry:
    """One labelled component of the file: ``label: {use: name, on: other-label, parameter: value, ...}``."""

    label: str
    use: str
    parameters: Mapping[str, Any]
    on: str | None = None
    caption: str = ""
    replicate: str | None = None
    allow_missing: bool = False
    data: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Experiment:
    """A checked experiment file."""

    name: str
    seed: int
    folder: Path
    title: str = ""
    data: Mapping[str, Entry] = field(default_factory=dict)
    models: Mapping[str, Entry] = field(default_factory=dict)
    replicates: tuple[str, ...] = ("0",)
    layers: tuple[str, ...] = ("",)
    subsamples: int = 1
    held_out: float = 0.3
    train: float = 0.8
    sample: Mapping[str, Any] | None = None
    analyzers: Mapping[str, Entry] = field(default_factory=dict)
    distances: Mapping[str, Entry] = field(default_factory=dict)
    figures: Mapping[str, Entry] = field(default_factory=dict)
    expect: tuple[Mapping[str, Any], ...] = ()
    venue: str = "neurips"
    text: str = ""
    resolved: Mapping[str, Any] = field(default_factory=dict)


def entries(section: str, value: Mapping[str, Any]) -> dict[str, Entry]:
    """The labelled components of one section; roles of other sections are left among the parameters."""
    found = {}
    for label, item in value.get(section, {}).items():
        roles = {role: item[role] for role in ROLES[section] if role in item}
        replicate = roles.get("replicate")
        found[label] = Entry(
            label=label,
            use=item.get("use", ""),
            parameters={key: part for key, part in item.items() if key != "use" and key not in roles},
            on=roles.get("on", roles.get("of")),
            caption=roles.get("caption", ""),
            replicate=None if replicate is None else str(replicate),
            allow_missing=bool(roles.get("allow_missing", False)),
            data=tuple(roles["data"]) if "data" in roles else None,
        )
    return found


def with_baseline(value: Mapping[str, Any]) -> dict[str, Entry]:
    """The distances of a file; where there are any, the plain baseline stands beside them."""
    distances = entries("distances", value)
    if distances and not any(entry.use == BASELINE for entry in distances.values()):
        taken = {*distances, *value.get("analyzers", {})}
        label = next(name for name in (BASELINE, *(f"{BASELINE}-{k}" for k in range(len(taken)))) if name not in taken)
        distances[label] = Entry(label, BASELINE, {})
    return distances


def assemble(value: Mapping[str, Any], folder: Path, text: str) -> Experiment:
    """The experiment that a value with a sound skeleton stands for."""
    axes, split = value.get("axes", {}), value.get("split", {})
    return Experiment(
        name=value["name"],
        seed=value["seed"],
        folder=folder,
        title=value.get("title", ""),
        data=entries("data", value),
        models=entries("models", value),
        replicates=axis_names(axes.get("replicates", 1)),
        layers=axis_names(axes.get("layers", [""])),
        subsamples=axes.get("subsamples", 1),
        held_out=float(split.get("held_out", 0.3)),
        train=float(split.get("train", 0.8)),
        sample=value.get("sample"),
        analyzers=entries("analyzers", value),
        distances=with_baseline(value),
        figures=entries("figures", value),
        expect=tuple(value.get("expect", ())),
        venue=value.get("venue", "neurips"),
        text=text,
        resolved=dict(value),
    )
