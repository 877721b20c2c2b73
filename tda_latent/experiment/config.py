"""An experiment file as data: what is read, which keys exist, and the first of its checks.

The skeleton is checked here (keys, types); components, references between entries and claims are checked in
`tda_latent.experiment.checks`. All problems of a file are reported together, as ``file:line:column``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tda_latent.errors import nearest_name

if TYPE_CHECKING:
    from pydantic import BaseModel

FORMAT = "tda-latent/experiment@1"
ROLES = ("use", "on", "of", "caption", "replicate")  # keys of an entry that are no parameters of its component
_SYNONYMS = {
    "seeds": "replicates",
    "repeats": "subsamples",
    "runs": "replicates",
    "metrics": "distances",
    "plots": "figures",
}


@dataclass(frozen=True)
class Entry:
    """One labelled component of the file: ``label: {use: name, on: other-label, parameter: value, ...}``."""

    label: str
    use: str
    parameters: Mapping[str, Any]
    on: str | None = None
    caption: str = ""
    replicate: str | None = None


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
    expect: tuple[Mapping[str, str], ...] = ()
    venue: str = "neurips"
    text: str = ""
    resolved: Mapping[str, Any] = field(default_factory=dict)


def skeleton() -> type[BaseModel]:
    """The pydantic model of a file without the parameters of its components."""
    from pydantic import BaseModel, ConfigDict, Field

    strict = ConfigDict(strict=True, extra="forbid")
    Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
    Entries = dict[Name, dict[str, Any]]

    class Axes(BaseModel):
        model_config = strict
        replicates: Annotated[int, Field(ge=1)] | Annotated[list[int | str], Field(min_length=1)] = 1
        layers: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: [""])
        subsamples: Annotated[int, Field(ge=1)] = 1

    class Split(BaseModel):
        model_config = strict
        held_out: Annotated[float, Field(gt=0, lt=1)] = 0.3
        train: Annotated[float, Field(gt=0, le=1)] = 0.8

    class Sample(BaseModel):
        model_config = strict
        size: Annotated[int, Field(ge=1)]
        method: Literal["random", "farthest"] = "random"

    class Expectation(BaseModel):
        model_config = strict
        claim: Annotated[str, Field(min_length=1)]
        that: Annotated[str, Field(min_length=1)]

    class File(BaseModel):
        model_config = ConfigDict(strict=True, extra="forbid", title="tda_latent experiment")
        format: Literal["tda-latent/experiment@1"]
        name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
        seed: Annotated[int, Field(ge=0)]
        title: str = ""
        data: Entries = Field(default_factory=dict)
        models: Annotated[Entries, Field(min_length=1)]
        axes: Axes = Field(default_factory=Axes)
        split: Split = Field(default_factory=Split)
        sample: Sample | None = None
        analyzers: Entries = Field(default_factory=dict)
        distances: Entries = Field(default_factory=dict)
        figures: Entries = Field(default_factory=dict)
        expect: list[Expectation] = Field(default_factory=list)
        venue: Literal["neurips", "iclr", "icml"] = "neurips"

    return File


def skeleton_problems(value: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    """Everything wrong with keys and types of the skeleton: (path, sentence)."""
    from pydantic import ValidationError

    try:
        skeleton().model_validate(value)
    except ValidationError as error:
        return [_sentence(entry) for entry in error.errors()]
    return []


def _sentence(entry: Any) -> tuple[tuple[str | int, ...], str]:
    path = tuple(part for part in entry["loc"] if part not in ("int", "list[union[int,str]]", "[key]"))
    last = str(path[-1]) if path else ""
    if entry["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        close = _SYNONYMS.get(last) or nearest_name(last, known)
        hint = f" Did you mean {close!r}?" if close else ""
        return path, f"unknown key {last!r}.{hint} Known: {', '.join(known)}."
    if entry["type"] == "missing":
        extra = f" Write `format: {FORMAT}`." if last == "format" else ""
        return path, f"the key {last!r} is missing.{extra}"
    if entry["type"] == "string_pattern_mismatch":
        return path, f"{entry['input']!r} is no valid name; use letters, digits, '-' and '_', a letter first."
    return path, f"{entry['msg']}, but {entry['input']!r} was given."


def _known_keys(path: tuple[str | int, ...]) -> list[str]:
    node: Any = skeleton()
    for part in path:
        annotation = node.model_fields[part].annotation if isinstance(part, str) and part in node.model_fields else None
        args = [a for a in getattr(annotation, "__args__", ()) if hasattr(a, "model_fields")]
        node = annotation if hasattr(annotation, "model_fields") else (args[0] if args else None)
        if node is None:
            return []
    return list(node.model_fields)


def entries(section: Mapping[str, Any]) -> dict[str, Entry]:
    """The labelled components of one section; values that are no mappings were refused before."""
    found = {}
    for label, value in section.items():
        parameters = {key: item for key, item in value.items() if key not in ROLES}
        on = value.get("on", value.get("of"))
        replicate = value.get("replicate")
        found[label] = Entry(
            label=label,
            use=str(value.get("use", "")),
            parameters=parameters,
            on=None if on is None else str(on),
            caption=str(value.get("caption", "")),
            replicate=None if replicate is None else str(replicate),
        )
    return found


def assemble(value: Mapping[str, Any], folder: Path, text: str) -> Experiment:
    """The experiment that a value with a sound skeleton stands for, with the plain baseline added."""
    axes, split = value.get("axes", {}), value.get("split", {})
    replicates = axes.get("replicates", 1)
    names = [str(index) for index in range(replicates)] if isinstance(replicates, int) else list(map(str, replicates))
    distances = entries(value.get("distances", {}))
    if distances and not any(entry.use == "nearest-neighbour-w1" for entry in distances.values()):
        distances["nearest-neighbour-w1"] = Entry("nearest-neighbour-w1", "nearest-neighbour-w1", {})
    return Experiment(
        name=str(value["name"]),
        seed=int(value["seed"]),
        folder=folder,
        title=str(value.get("title", "")),
        data=entries(value.get("data", {})),
        models=entries(value["models"]),
        replicates=tuple(names),
        layers=tuple(axes.get("layers", [""])),
        subsamples=int(axes.get("subsamples", 1)),
        held_out=float(split.get("held_out", 0.3)),
        train=float(split.get("train", 0.8)),
        sample=value.get("sample"),
        analyzers=entries(value.get("analyzers", {})),
        distances=distances,
        figures=entries(value.get("figures", {})),
        expect=tuple(value.get("expect", ())),
        venue=str(value.get("venue", "neurips")),
        text=text,
        resolved=dict(value),
    )
