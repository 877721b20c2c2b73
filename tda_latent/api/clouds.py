"""A researcher's own arrays: load them, analyse one, set two beside each other honestly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from textwrap import wrap
from types import MappingProxyType
from typing import Any

import numpy as np

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.experiment.binding import input_type, takes
from tda_latent.experiment.identity.streams import generator, stream_words
from tda_latent.records import Latents, Record
from tda_latent.registry import CONTEXT, component_of, needs_of, registry, type_name

DEFAULT_ANALYZERS = ("vietoris-rips", "connectivity", "spectrum", "intrinsic-dimension")
SIZE = 500  # points per cloud beyond which analyze and compare draw a sample, unless told otherwise
COLUMNS = ("ids", "labels", "factors", "scale", "split", "origin")  # what an array can be given beside its points
DRAWS = 5
DRAWN = (".png", ".pdf", ".svg")
CAUTION = (
    "Two arrays say nothing about two models: training again with another seed moves a latent space too. "
    "Compare several independently trained replicates of each with `tda-latent init` and `tda-latent run`."
)
WORDS = (
    "apart: A to B exceeds every draw of halves in every draw; alike: its median lies within their range; unclear: "
    "between the two."
)


def load(source: Any, **options: Any) -> Latents:
    """Latents from an array, a record, or a file: ``load("run7.npz::z")``.

    Parameters
    ----------
    source : (n, d) array, `Latents`, or path
        Paths may end in ``::key`` for formats with several arrays.
    options : ids, labels, factors, scale, split for arrays (one column of labels is called "label"); parameters of
        the ``file`` source for paths

    Raises
    ------
    InvalidInput
        When the points are not a finite (n, d) array, or the file cannot be used; it says what to do.
    """
    if isinstance(source, Latents):
        return source.replace(**options) if options else source
    if isinstance(source, (str, Path)):
        built = registry().find("source", "file").build({"path": str(source), **options})
        return built()  # type: ignore[no-any-return]
    if hasattr(source, "detach"):  # a torch tensor: the copy on the CPU, without its graph
        source = source.detach().cpu().numpy()
    try:
        points = np.asarray(source)
    except ValueError as error:
        raise InvalidInput(f"this is no array of points: {error}. Give (n, d) numbers.") from None
    unknown = [name for name in options if name not in COLUMNS]
    if unknown:
        raise unknown_name("column of latents", unknown[0], COLUMNS)
    if options.get("labels") is not None and not isinstance(options["labels"], Mapping):
        options["labels"] = {"label": options["labels"]}
    return Latents(points, **options)


def component(kind: str, spec: str | Mapping[str, Any] | object) -> Any:
    """A component from its name, from a mapping ``{"use": name, ...}``, or as it is.

    Raises
    ------
    InvalidInput
        When the object is no component of this kind.
    """
    if isinstance(spec, str):
        return registry().find(kind, spec).build({})
    if isinstance(spec, Mapping):
        return registry().find(kind, str(spec.get("use", ""))).build({k: v for k, v in spec.items() if k != "use"})
    if getattr(type(spec), "component_kind", None) != kind:
        raise InvalidInput(f"{spec!r} is no {kind}; give a name, a mapping {{'use': name, ...}} or a {kind} object.")
    return spec


def sample(latents: Latents, size: int | None, rng: np.random.Generator) -> Latents:
    """At most ``size`` random points, rows in their order; all of them when ``size`` is None."""
    if size is not None and size < 1:
        raise InvalidInput(f"the size of the sample is {size}; the rule is at least 1 point.")
    if size is None or len(latents) <= size:
        return latents
    return latents.take(np.sort(rng.permutation(len(latents))[:size]))


def analyze(
    source: Any,
    analyzers: str | Sequence[str | Mapping[str, Any] | object] = DEFAULT_ANALYZERS,
    *,
    size: int | None = 1000,
    seed: int = 0,
    **context: Record,
) -> dict[str, Record]:
    """Results of several analyzers on one cloud, by name; of one that is used again, by name and count ("mapper 2").

    Parameters
    ----------
    source : what `load` takes
    analyzers : a name, or a sequence of names, ``{"use": name, parameter: value}`` mappings, or component objects.
        One that takes an earlier result (``betti-curve`` takes a diagram) is given the last one that fits
    size : most points to use (a random sample beyond that); None = all
    seed : of the sample and of analyzers that draw; what else is analysed changes no draw
    context : ``model=``, ``inputs=``, ``training=``: the trained model (of `train`, or your own as `tda_latent.model`
        gives it), all inputs of its data (with the ids of the latents) and those that it was trained on, for
        analyzers that ask for them
    """
    latents = sample(load(source), size, _rng(seed, "sample"))
    strange = sorted(set(context) - set(CONTEXT))
    if strange:
        raise unknown_name("argument of analyze", strange[0], ("size", "seed", *CONTEXT))
    found: dict[str, Record] = {}
    alone = isinstance(analyzers, (str, Mapping)) or not isinstance(analyzers, Iterable)
    for spec in [analyzers] if alone else analyzers:
        built = component("analyzer", spec)
        name = str(type(built).component_name)
        count = sum(known.partition(" ")[0] == name for known in found)
        found[f"{name} {count + 1}" if count else name] = apply(built, latents, found, _rng(seed, name), context)
    return found


def _rng(seed: int, step: str) -> np.random.Generator:
    return generator(stream_words(seed, step, {}))


def apply(
    built: Any,
    latents: Latents,
    found: Mapping[str, Record],
    rng: np.random.Generator,
    context: Mapping[str, Record] = MappingProxyType({}),
) -> Record:
    """Call an analyzer with the cloud, or with the last of the results found so far that it takes.

    Raises
    ------
    InvalidInput
        When the latents lack a column that it needs, no result fits, or the model or data that it asks for are missing.
    """
    registered = component_of(built)
    wanted = input_type(registered)
    name = registered.name
    absent = [column for column in needs_of(built) if column in COLUMNS and not _carries(latents, column)]
    if absent:
        raise InvalidInput(
            f"{name} needs {absent[0]}, which these latents do not carry; load them with "
            f"{absent[0]}{_other_columns(built, latents)}."
        )
    given = next((record for record in (latents, *list(found.values())[::-1]) if takes(wanted, type(record))), None)
    if given is None:
        raise InvalidInput(f"{name} takes {type_name(wanted)}, which no analyzer before it gives; put one before it.")
    more = {label: context.get(label) for label in registered.context}
    missing = [label for label, record in more.items() if record is None]
    strange = [label for label, record in more.items() if not takes(registered.inputs[label], type(record))]
    if strange and not missing:
        raise InvalidInput(
            f"{strange[0]} is a {type(more[strange[0]]).__name__}; the rule is "
            f"{type_name(registered.inputs[strange[0]])}. "
            + ("Make one of it: tl.model(module, example)." if strange[0] == "model" else "Load it: tl.load(...).")
        )
    if missing:
        raise InvalidInput(f"{name} needs the {missing[0]}; pass {missing[0]}=... beside the latents.")
    widths = [record.dimension for record in (more.get("inputs"), more.get("training")) if isinstance(record, Latents)]
    if len(set(widths)) > 1:
        raise InvalidInput(
            f"training has {widths[1]} coordinates and inputs has {widths[0]}; both are data as the model takes them, "
            "and training those rows of the inputs that it was trained on: inputs.take(rows)."
        )
    return built(given, **more, **({"rng": rng} if registered.uses_rng else {}))  # type: ignore[no-any-return]


def _other_columns(built: Any, latents: Latents) -> str:
    """The columns that an analyzer could read in place of those that it was told to."""
    kinds = [kind for kind in ("labels", "factors") if _carries(latents, kind) and hasattr(built, "columns")]
    return f", or say {{'use': {component_of(built).name!r}, 'columns': {kinds[0]!r}}}" if kinds else ""


def _carries(latents: Latents, column: str) -> bool:
    value = getattr(latents, column)
    return value is not None and (not isinstance(value, Mapping) or bool(value))


@dataclass(frozen=True)
class Reading:
    """One distance between two clouds beside the same distance between halves of either one."""

    distance: str
    between: tuple[float, ...]
    halves_first: tuple[float, ...]
    halves_second: tuple[float, ...]
    baseline: bool = False

    @property
    def ratio(self) -> float:
        """Median between the clouds over the larger median between halves; inf when the halves coincide."""
        noise = max(median(self.halves_first), median(self.halves_second))
        return median(self.between) / noise if noise > 0 else float("inf")

    @property
    def word(self) -> str:
        """A plain reading: do the draws between the clouds all exceed those between halves?"""
        low = min(self.between)
        high = max(*self.halves_first, *self.halves_second)
        if low > high:
            return "apart"
        return "alike" if median(self.between) <= high else "unclear"


@dataclass(frozen=True)
class CloudComparison:
    """What two arrays say about each other, and what they cannot say."""

    names: tuple[str, str]
    sizes: tuple[int, int]
    dimensions: tuple[int, int]
    points: int
    readings: tuple[Reading, ...]
    caution: str = CAUTION

    def __str__(self) -> str:
        (first, second), points = self.names, self.points
        lines = [
            f"A = {first}: {self.sizes[0]} points in {self.dimensions[0]} dimensions",
            f"B = {second}: {self.sizes[1]} points in {self.dimensions[1]} dimensions",
            f"Each number: median over {DRAWS} draws of {points} points a side;",
            "every cloud divided by its median pairwise distance.",
            "",
            f"{'distance':<21}{'A to B':>10}{'half of A':>11}{'half of B':>11}   reading",
        ]
        for row in self.readings:
            values = (median(row.between), median(row.halves_first), median(row.halves_second))
            numbers = f"{values[0]:>10.4g}{values[1]:>11.4g}{values[2]:>11.4g}"
            lines.append(f"{row.distance:<21}{numbers}   {row.word}{' (plain baseline)' if row.baseline else ''}")
        return "\n".join([*lines, "", *wrap(WORDS, 79), "", *wrap(self.caution, 79)])

    def _repr_html_(self) -> str:
        return f"<pre>{self}</pre>"


def compare(first: Any, second: Any, *, size: int | None = None, degree: int = 1, seed: int = 0) -> CloudComparison:
    """Two clouds set beside each other: their distance, the distance between halves of each, the plain baseline.

    Parameters
    ----------
    first, second : what `load` takes; numbers of points and dimensions may differ
    size : points per side of every comparison; None = half of the smaller cloud, at most 500. All sides use the
        same number, because distances between diagrams depend on it
    degree : highest degree of homology, 0 to 3
    seed : of the draws

    Notes
    -----
    Bottleneck and 1-Wasserstein distances (Euclidean ground) between Vietoris-Rips diagrams of median-normalised
    clouds, and the Wasserstein distance between nearest-neighbour distances as the plain baseline. A reading, no
    test: the draws overlap, so no p-value is given.
    """
    names = (_name(first, "A"), _name(second, "B"))
    left, right = load(first), load(second)
    points = size if size is not None else min(SIZE, min(len(left), len(right)) // 2)
    if points < 2 or 2 * points > min(len(left), len(right)):
        raise InvalidInput(
            f"halves of {points} points need {max(4, 2 * points)} points in each cloud; these have {len(left)} and "
            f"{len(right)}. Lower --size or bring more points."
        )
    rng = _rng(seed, "compare")
    draws = [_draw(left, right, points, rng) for _ in range(DRAWS)]
    both = (names[0], names[0], names[1], names[1])
    diagrams = [[_diagram(part, degree, name) for part, name in zip(draw, both, strict=True)] for draw in draws]
    readings = []
    for k in range(degree + 1):
        for name, parameters in _diagram_distances(k):
            readings.append(_reading(f"{name} H{k}", component("distance", parameters), diagrams))
    plain = _reading("nearest-neighbour W1", component("distance", "nearest-neighbour-w1"), draws, baseline=True)
    shapes = (left.dimension, right.dimension)
    return CloudComparison(names, (len(left), len(right)), shapes, points, (*readings, plain))


def _name(source: Any, default: str) -> str:
    return str(source) if isinstance(source, (str, Path)) else default


def _draw(left: Latents, right: Latents, points: int, rng: np.random.Generator) -> list[Latents]:
    """Two disjoint random parts of each cloud, equal in size."""
    parts = []
    for cloud in (left, right):
        order = rng.permutation(len(cloud))
        parts += [cloud.take(order[:points]), cloud.take(order[points : 2 * points])]
    return parts


def _diagram(part: Latents, degree: int, name: str) -> Record:
    analyzer = component("analyzer", {"use": "vietoris-rips", "max_degree": degree, "scale": "median"})
    try:
        return analyzer(part)  # type: ignore[no-any-return]
    except InvalidInput as error:
        raise InvalidInput(
            f"{name}: {error} `compare` has one scale for every cloud, the median; without duplicates it can be used."
        ) from None


def _diagram_distances(degree: int) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("bottleneck", {"use": "bottleneck", "degree": degree}),
        ("Wasserstein-1", {"use": "wasserstein", "degree": degree, "order": 1, "ground": 2}),
    ]


def _reading(name: str, distance: Any, draws: Sequence[Sequence[Record]], baseline: bool = False) -> Reading:
    """Compare first half of A with first half of B, and the two halves of each."""
    return Reading(
        distance=name,
        between=tuple(distance(a, b) for a, _, b, _ in draws),
        halves_first=tuple(distance(a, rest) for a, rest, _, _ in draws),
        halves_second=tuple(distance(b, rest) for _, _, b, rest in draws),
        baseline=baseline,
    )


def drawable(path: Path) -> Path:
    """The path (.png without a suffix), known to be one that `draw` can write to.

    Raises
    ------
    InvalidInput
        When its suffix is no format of figures, or its folder does not exist.
    """
    target = path if path.suffix else path.with_suffix(".png")
    if target.suffix not in DRAWN:
        raise InvalidInput(f"{path} has the suffix {path.suffix!r}; the rule for figures is {', '.join(DRAWN)}.")
    if not target.parent.is_dir():
        raise InvalidInput(f"{path} cannot be drawn: the folder {path.parent} does not exist. Make it first.")
    return target


def draw(found: Mapping[str, Record], path: Path) -> list[Path]:
    """The natural figure of every result that has one, in files beside each other: ``FILE-analyzer.png``."""
    from tda_latent.api.plotting import plot

    path, written = drawable(path), []
    for name, record in found.items():
        try:
            axes = plot(record)
        except InvalidInput:  # scalars alone have no figure
            continue
        target = path.with_name(f"{path.stem}-{name.replace(' ', '-')}{path.suffix}")
        getattr(axes, "figure", axes).savefig(target, dpi=200)
        written.append(target)
    return written
