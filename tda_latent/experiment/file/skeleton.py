"""The skeleton of an experiment file: which keys exist and what they hold, apart from parameters of components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tda_latent.errors import nearest_name, shown
from tda_latent.registry.parameters import Path, by_place, rule_broken

FORMAT = "tda-latent/experiment@1"
ROLES: Mapping[str, tuple[str, ...]] = {  # keys of an entry that are no parameters of its component
    "data": (),
    "models": (),
    "analyzers": ("on",),
    "distances": ("on",),
    "figures": ("of", "caption", "replicate", "allow_missing", "data"),
}
MAX_CLOUDS = 100_000  # models x data x replicates x layers x subsamples
Problem = tuple[Path, str]
SYNONYMS = {
    "seeds": "replicates",
    "repeats": "subsamples",
    "runs": "replicates",
    "metrics": "distances",
    "plots": "figures",
}
_STRICT = ConfigDict(strict=True, extra="forbid")

Label = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
Entries = dict[Label, dict[str, Any]]
Names = Annotated[list[int | str], Field(min_length=1)]


class Axes(BaseModel):
    """What is varied: independently trained replicates, layers, subsamples of one cloud."""

    model_config = _STRICT
    replicates: Annotated[int, Field(ge=1, le=MAX_CLOUDS)] | Names = 1
    layers: Names | None = None
    subsamples: Annotated[int, Field(ge=1, le=MAX_CLOUDS)] = 1


class Split(BaseModel):
    """Which share of the data is held out, and which share of the rest each replicate trains on."""

    model_config = _STRICT
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.3
    train: Annotated[float, Field(gt=0, le=1)] = 0.8


class Sample(BaseModel):
    """How many points of each cloud are analysed."""

    model_config = _STRICT
    size: Annotated[int, Field(ge=1)]
    method: Literal["random", "farthest"] = "random"


class Expectation(BaseModel):
    """A hypothesis in words and as arithmetic over results, where it is judged, and what must not fulfil it."""

    model_config = _STRICT
    claim: Annotated[str, Field(min_length=1)]
    that: Annotated[str, Field(min_length=1)]
    layers: Names | None = None
    data: Annotated[list[str], Field(min_length=1)] | None = None
    controls: Annotated[list[dict[str, str]], Field(min_length=1)] | None = None


class File(BaseModel):
    """A whole experiment file."""

    model_config = ConfigDict(strict=True, extra="forbid", title="tda_latent experiment")
    format: Literal["tda-latent/experiment@1"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
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


def skeleton_problems(value: Mapping[str, Any]) -> list[Problem]:
    """Everything wrong with keys and types of the skeleton: (path, sentence)."""
    try:
        File.model_validate(value)
    except ValidationError as error:
        return [(path, _sentence(path, entries)) for path, entries in by_place(error, value).items()]
    return _role_problems(value) + _axis_problems(value)


def _sentence(path: Path, entries: list[Any]) -> str:
    entry, last = entries[0], str(path[-1]) if path else ""
    if entry["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        close = SYNONYMS.get(last) or nearest_name(last, known)
        hint = f" Did you mean {close!r}?" if close in known else ""
        return f"unknown key {shown(last)}.{hint} Known: {', '.join(known)}."
    if entry["type"] == "missing":
        extra = f" Write `format: {FORMAT}`." if last == "format" else ""
        return f"the key {last!r} is missing.{extra}"
    if entry["type"] == "string_pattern_mismatch":
        return f"{shown(entry['input'])} is no valid name; use letters a to z, digits, '-' and '_', a letter first."
    return rule_broken(entries)


def _known_keys(path: Path) -> list[str]:
    node: Any = File
    for part in path:
        annotation = node.model_fields[part].annotation if isinstance(part, str) and part in node.model_fields else None
        parts = [item for item in getattr(annotation, "__args__", ()) if hasattr(item, "model_fields")]
        node = annotation if hasattr(annotation, "model_fields") else (parts[0] if parts else node)
    return list(node.model_fields)


def axis_names(axis: Any) -> tuple[str, ...]:
    """Names of the values of an axis: of a number k these are 0 to k - 1."""
    return tuple(str(name) for name in (range(axis) if isinstance(axis, int) else axis))


def _role_problems(value: Mapping[str, Any]) -> list[Problem]:
    """Roles that hold anything but a name or a text; one is a truth value, one a list of names."""
    truths = [
        (("figures", label, "allow_missing"), f"{shown(item['allow_missing'])} was given; the rule is true or false.")
        for label, item in value.get("figures", {}).items()
        if type(item.get("allow_missing", False)) is not bool
    ]
    lists = [
        (("figures", label, "data"), f"{shown(item['data'])} was given; the rule is a list of labels of data sets.")
        for label, item in value.get("figures", {}).items()
        if "data" in item and not _is_list_of_text(item["data"])
    ]
    return (
        truths
        + lists
        + [
            ((section, label, role), f"{shown(item[role])} was given; the rule is text.")
            for section, roles in ROLES.items()
            for label, item in value.get(section, {}).items()
            for role in ("use", *roles)
            if role in item
            and role not in ("allow_missing", "data")
            and not isinstance(item[role], str)
            and not (role == "replicate" and type(item[role]) is int)
        ]
    )


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _axis_problems(value: Mapping[str, Any]) -> list[Problem]:
    axes = value.get("axes", {})
    found: list[Problem] = []
    clouds = len(value["models"]) * max(1, len(value.get("data", {}))) * axes.get("subsamples", 1)
    for axis in ("replicates", "layers"):
        given = axes.get(axis, 1)
        clouds *= given if isinstance(given, int) else len(given)
        if isinstance(given, list):
            found += [(("axes", axis, index), text) for index, text in _unfit(axis, axis_names(given))]
    if clouds > MAX_CLOUDS:
        text = f"this asks for {shown(clouds)} clouds; {MAX_CLOUDS} are the most. Split the experiment."
        found.append((("axes",), text))
    return found


def _unfit(axis: str, names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Positions of names that cannot name a value of the axis, and why."""
    singular, seen = axis.removesuffix("s"), set[str]()
    for index, name in enumerate(names):
        plain = name.replace("/", ".")  # as in names of files
        if plain in seen:
            yield index, f"{shown(name)} is there twice; one {singular} would pass for two."
        elif not name.strip() or not name.isprintable() or len(name) > 100 or (plain != name and axis == "replicates"):
            slash = ", without '/'" if axis == "replicates" else ""
            yield index, f"{shown(name)} cannot name a {singular}; use 1 to 100 printable characters{slash}."
        seen.add(plain)
