"""What a component is, read off its class: name, kind, parameters, inputs, output, needs, sources.

A component is a frozen dataclass of parameters with ``__call__``; the decorators `source`, `analyzer`,
`distance` and `figure` register it::

    @analyzer("vietoris-rips")
    @dataclass(frozen=True)
    class VietorisRips:
        \"\"\"Persistent homology of ...

        Parameters
        ----------
        max_degree : int
            Highest degree of homology, 0 to 3.
        \"\"\"

        version: ClassVar[int] = 1                       # raised by hand when numbers change
        references: ClassVar[tuple[str, ...]] = ("key",)  # into paper/refs.bib
        libraries: ClassVar[tuple[str, ...]] = ("gudhi",) # their versions enter the key
        max_degree: Annotated[int, Field(ge=0, le=3)] = 1

        def __call__(self, latents: Latents, rng: Generator) -> PersistenceDiagram: ...

An analyzer of clouds may ask for more by the names of its further arguments: ``model: Model``, the trained model
that the cloud was encoded with; ``training: Latents``, the inputs that it was trained on; ``inputs: Latents``, all
inputs of the data, with ids and a split (train, test); ``inputs.matching(latents.ids)`` are those of the cloud.
Models that were not trained in the run have none of these: the analysis is then left out, with this reason.

Optional class constants: ``invariances`` (isometry, translation, scale, permutation: changes of the cloud that leave
the result alone), ``axioms`` (identity, symmetry, triangle: what a distance keeps; may be a property that depends on
the parameters, such as a direction), ``needs`` (labels, factors, scale, ids: columns the latents must carry; decoder:
that the model decodes codes; for a source that trains, columns of its data; for a figure, also ``labels or factors``;
may be a property that depends on the parameters), ``provides`` (those columns, for sources that know beforehand; may be
a property; a trained model adds them to those of its data), ``varies`` (axes that the stream of a source of points
varies over, out of data, model, replicate, layer; all of them without it; may be a property), ``reads_folder`` (True
where ``path`` is a folder), ``assets`` (names of data or weights in `registry.assets` that have to be here; may be a
property), ``layers`` (names of the layers of a trained model beside its codes, for ``axes: layers``; may be a
property), ``baseline`` (True for a plain distance that a topological one has to beat), ``example`` (parameters for a
run of under a second).

Optional method of a source: ``looked()``, the columns that it gives as far as the names in its file tell, or None; it
is asked before a run where ``provides`` is not declared.

Optional methods of an analyzer of clouds: ``resolved(size, dimension)``, the same component with everything decided
that depends on the shape of the cloud, such as what a budget buys (it is what keys are made of); ``cost(size,
dimension, cloud)``, seconds of a reference machine and bytes, shown before a run (``cloud`` is None while it does not
exist); ``shift(before, after)``, for analyzers that give a diagram: how far it can move at most in bottleneck distance
when one cloud becomes the other, row by row, in exact arithmetic and in the unit of the diagram (``verify`` judges by
it).
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from tda_latent.errors import unknown_name
from tda_latent.registry.parameters import validated

T = TypeVar("T", bound=type)
KINDS = ("source", "analyzer", "distance", "figure", "step")
INVARIANCES = ("isometry", "translation", "scale", "permutation")
AXIOMS = ("identity", "symmetry", "triangle")
RESERVED = ("use", "on", "of", "caption", "replicate")  # keys of an entry in an experiment file
COLUMNS = ("labels", "factors", "scale", "ids")
NEEDS = (*COLUMNS, "decoder")  # what an analyzer may declare that it needs
CONTEXT = ("model", "inputs", "training")  # further arguments that an analyzer of clouds may have
_FREE = ("rng", "ax")  # arguments of __call__ that are not inputs


@dataclass(frozen=True)
class Component:
    """One registered class and what its annotations say about it."""

    kind: str
    name: str
    cls: type

    @functools.cached_property
    def hints(self) -> dict[str, Any]:
        """Type hints of ``__call__``, resolved in the component's own module."""
        return typing.get_type_hints(cast(Any, self.cls).__call__)

    @functools.cached_property
    def inputs(self) -> dict[str, Any]:
        """Input records by argument name, in order."""
        names = inspect.signature(cast(Any, self.cls).__call__).parameters
        return {name: self.hints.get(name, Any) for name in names if name not in ("self", *_FREE)}

    @property
    def context(self) -> tuple[str, ...]:
        """What an analyzer asks for beside its record: out of model, inputs, training."""
        return tuple(name for name in list(self.inputs)[1:] if name in CONTEXT) if self.kind == "analyzer" else ()

    @property
    def output(self) -> Any:
        """The annotated return type."""
        return self.hints.get("return", Any)

    @property
    def uses_rng(self) -> bool:
        """Whether ``__call__`` takes a random stream."""
        return "rng" in self.hints

    @property
    def version(self) -> int:
        """Raised by hand whenever the numbers of the component change."""
        return int(cast(Any, self.cls).version)

    @property
    def references(self) -> tuple[str, ...]:
        """Keys into ``paper/refs.bib``."""
        return tuple(cast(Any, self.cls).references)

    @property
    def libraries(self) -> tuple[str, ...]:
        """Distributions whose versions can change the numbers; NumPy is always among them."""
        return tuple(dict.fromkeys(("numpy", *getattr(self.cls, "libraries", ()))))

    @property
    def invariances(self) -> tuple[str, ...]:
        """Changes of the cloud that leave the result alone."""
        return tuple(getattr(self.cls, "invariances", ()))

    @property
    def axioms(self) -> tuple[str, ...]:
        """Metric axioms that a distance keeps; with the parameters of its example, where they depend on these."""
        declared = getattr(self.cls, "axioms", ())
        return axioms_of(self.build(self.example)) if isinstance(declared, property) else tuple(declared)

    @property
    def example(self) -> Mapping[str, Any]:
        """Parameters of a run that takes less than a second."""
        return dict(getattr(self.cls, "example", {}))

    def build(self, parameters: Mapping[str, Any]) -> Any:
        """The component with these parameters, validated."""
        return self.cls(**parameters)


class Registry:
    """Components by kind and name; asking for an unknown name says which one was probably meant."""

    def __init__(self) -> None:
        self._components: dict[str, dict[str, Component]] = {kind: {} for kind in KINDS}

    def add(self, component: Component) -> None:
        """Register; the same class may register again (a reload), another class under its name may not."""
        taken = self._components[component.kind].get(component.name)
        if taken and (taken.cls.__module__, taken.cls.__qualname__) != (
            component.cls.__module__,
            component.cls.__qualname__,
        ):
            raise TypeError(
                f"{component.kind} {component.name!r} is already {taken.cls.__module__}; choose another name."
            )
        self._components[component.kind][component.name] = component

    def find(self, kind: str, name: str) -> Component:
        """The component of this kind and name.

        Raises
        ------
        UnknownName
            With the nearest name, when there is none.
        """
        if name not in self._components[kind]:
            raise unknown_name(kind, name, self._components[kind])
        return self._components[kind][name]

    def names(self, kind: str) -> tuple[str, ...]:
        """Registered names of one kind, sorted."""
        return tuple(sorted(self._components[kind]))

    def all(self) -> tuple[Component, ...]:
        """Every component, by kind, then name."""
        return tuple(self._components[kind][name] for kind in KINDS for name in self.names(kind))


REGISTRY = Registry()


def _register(kind: str, name: str) -> Callable[[T], T]:
    def decorate(cls: T) -> T:
        _check_declaration(kind, name, cls)
        _validate_on_construction(cls)
        cls.component_name = name  # type: ignore[attr-defined]
        cls.component_kind = kind  # type: ignore[attr-defined]
        REGISTRY.add(Component(kind, name, cls))
        return cls

    return decorate


def source(name: str) -> Callable[[T], T]:
    """Register a source: ``(rng) -> Latents`` or, for trained models, ``(train: Latents, rng) -> Model``."""
    return _register("source", name)


def analyzer(name: str) -> Callable[[T], T]:
    """Register an analyzer: one record (``Latents`` or an earlier result), its model or data if asked for -> result."""
    return _register("analyzer", name)


def distance(name: str) -> Callable[[T], T]:
    """Register a distance: ``(a, b) -> float``; the annotation of ``a`` says what it compares."""
    return _register("distance", name)


def figure(name: str) -> Callable[[T], T]:
    """Register a figure: ``(record, ax=None) -> Axes``; the annotation of the record says what it draws."""
    return _register("figure", name)


def step(name: str) -> Callable[[T], T]:
    """Register a step of the experiment itself (hold out, encode, subsample, compare, ...)."""
    return _register("step", name)


def _check_declaration(kind: str, name: str, cls: type) -> None:
    where = f"{kind} {name!r} ({cls.__module__}.{cls.__qualname__})"
    if not dataclasses.is_dataclass(cls) or not cast(Any, cls).__dataclass_params__.frozen:
        raise TypeError(f"{where} must be a frozen dataclass: put @dataclass(frozen=True) below the decorator.")
    if not isinstance(getattr(cls, "version", None), int) or not isinstance(getattr(cls, "references", None), tuple):
        raise TypeError(f"{where} must declare version: ClassVar[int] and references: ClassVar[tuple[str, ...]].")
    taken = {item.name for item in dataclasses.fields(cls)} & set(RESERVED) if kind != "step" else set()
    if taken:
        raise TypeError(
            f"{where} has the parameter {sorted(taken)[0]!r}, which a file gives another meaning; rename it."
        )
    arguments = list(inspect.signature(cast(Any, cls).__call__).parameters)[2:] if kind == "analyzer" else []
    unknown = [name for name in arguments if name not in (*CONTEXT, *_FREE)]
    if unknown:
        raise TypeError(
            f"{where} asks for {unknown[0]!r}; beside its record an analyzer may ask for {CONTEXT} and rng."
        )
    axioms = getattr(cls, "axioms", ())
    strange = (set(getattr(cls, "invariances", ())) - set(INVARIANCES)) | (
        set(() if isinstance(axioms, property) else axioms) - set(AXIOMS)
    )
    if strange:
        raise TypeError(f"{where} declares {sorted(strange)[0]!r}; known are {INVARIANCES + AXIOMS}.")


def _validate_on_construction(cls: type) -> None:
    plain = cast(Any, cls).__init__
    names = [f.name for f in dataclasses.fields(cast(Any, cls)) if f.init]

    @functools.wraps(plain)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) > len(names):
            raise TypeError(f"{cls.__name__} takes {len(names)} parameters, {len(args)} were given.")
        plain(self, **validated(cls, dict(zip(names, args, strict=False)) | kwargs))

    cast(Any, cls).__init__ = checked


def component_of(instance: object) -> Component:
    """The registered component that a parameter object belongs to."""
    cls = cast(Any, type(instance))
    return REGISTRY.find(cls.component_kind, cls.component_name)


def needs_of(instance: object) -> tuple[str, ...]:
    """What these parameters need: columns that the latents must carry (labels, factors, scale, ids), or a decoder."""
    return tuple(getattr(instance, "needs", ()))


def axioms_of(instance: object) -> tuple[str, ...]:
    """Metric axioms that a distance keeps with these parameters: out of identity, symmetry, triangle."""
    return tuple(getattr(instance, "axioms", ()))


def identity(instance: object) -> dict[str, Any]:
    """What a component is, for keys and reports: name, version and all parameters with their defaults."""
    component = component_of(instance)
    return {
        "use": component.name,
        "version": component.version,
        "parameters": dataclasses.asdict(cast(Any, instance)),
    }


@functools.cache
def library_version(distribution: str) -> str:
    """Installed version of a distribution, or "absent"."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
