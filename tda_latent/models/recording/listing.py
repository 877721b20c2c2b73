"""What can be recorded of a model: its modules, and with an example what each of them gives."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn

from tda_latent.models.recording.attachment import attached, unwrapped
from tda_latent.models.recording.feeding import feed
from tda_latent.models.recording.outputs import parts, path_text, shape_of
from tda_latent.models.recording.selection import layer_names


@dataclass(frozen=True)
class LayerFacts:
    """One module.

    name : as `record` takes it
    kind : class of the module
    parameters : numbers it learns, with those of the modules in it
    calls : how often one pass of the example called it, or None without an example
    shapes : of the tensors that it gave in its first call, by path (``""`` for a lone tensor); of packed sequences,
        that of the padded one
    """

    name: str
    kind: str
    parameters: int
    calls: int | None
    shapes: dict[str, tuple[int, ...]]


class _Tally:
    """Counts calls and keeps the shapes of the first."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.shapes: dict[str, dict[str, tuple[int, ...]]] = {}

    def begin(self, arguments: dict[str, Any]) -> None:
        """Nothing to note."""

    def end(self, finished: bool) -> None:
        """Nothing to note."""

    def take(self, name: str, output: Any) -> None:
        """Note a call."""
        self.calls[name] += 1
        found = {path_text(path): shape_of(part) for path, part in parts(output)}
        self.shapes.setdefault(name, found)


def list_layers(model: nn.Module, example: Any = None) -> tuple[LayerFacts, ...]:
    """The modules of a model, in the order of definition, each under its first name.

    Parameters
    ----------
    model : nn.Module
    example : a small batch, as `Recording.run` takes it; the model is called with it once, in evaluation mode. Without
        it, calls and shapes are not known

    Returns
    -------
    tuple of LayerFacts
        The last one is the output of the model.
    """
    model = unwrapped(model)
    first: dict[int, str] = {}
    named = {n: m for n, m in layer_names(model).items() if first.setdefault(id(m), n) == n}
    tally = _Tally()
    if example is not None:
        observers = [(module, partial(tally.take, name)) for name, module in named.items()]
        with attached(model, observers, tally, training=False):
            feed(model, example)
    return tuple(
        LayerFacts(
            name=name,
            kind=type(module).__name__,
            parameters=sum(item.numel() for item in module.parameters()),
            calls=None if example is None else tally.calls[name],
            shapes=tally.shapes.get(name, {}),
        )
        for name, module in named.items()
    )
