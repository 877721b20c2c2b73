"""Hooks on a model for the length of a block, and everything as it was afterwards, whatever happens in between."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import torch
from torch import nn

from tda_latent.errors import InvalidInput, unknown_name

USUAL_MASK = "attention_mask"
_NO_BACKWARD = -1


class Watcher(Protocol):
    """What is told while a model runs."""

    def begin(self, arguments: dict[str, Any]) -> None:
        """The model is called; its arguments by name."""

    def end(self, finished: bool) -> None:
        """The call is over; ``finished`` is False when it raised."""


Observer = Callable[[Any], None]


@contextmanager
def attached(
    model: nn.Module, observers: Sequence[tuple[nn.Module, Observer]], watcher: Watcher, training: bool
) -> Iterator[None]:
    """Call each observer with every output of its module.

    Parameters
    ----------
    observers : pairs of module and function
    watcher : told when a call of the whole model begins and ends
    training : False evaluates inside the block: modules in evaluation mode, no gradients, and torch.compile bypassed,
        since compiled code does not call hooks that came after it. True leaves modes and gradients alone

    Notes
    -----
    Afterwards no hook is left and each module is in the mode it was in, also those whose mode differed from the
    model's. Inside, torch's fused path for transformer layers is off: it calls no module within a layer, and packs
    padded batches into nested tensors.
    """
    with ExitStack() as stack:
        if not training:
            stack.callback(_restore, [(module, module.training) for module in model.modules()])
            model.eval()
            stack.enter_context(torch.no_grad())
        stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
        torch.backends.mha.set_fastpath_enabled(False)
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        for module, observer in observers:
            stack.callback(module.register_forward_hook(_observing(observer)).remove)
        _watch(model, watcher, stack)
        yield


def _restore(modes: list[tuple[nn.Module, bool]]) -> None:
    for module, mode in modes:
        module.training = mode


def _observing(observer: Observer) -> Callable[[nn.Module, Any, Any], None]:
    def hook(_: nn.Module, __: Any, output: Any) -> None:
        if torch._C._current_graph_task_id() == _NO_BACKWARD:  # gradient checkpointing calls modules a second time
            observer(output)

    return hook


def _watch(model: nn.Module, watcher: Watcher, stack: ExitStack) -> None:
    """Tell the watcher of the outermost calls of the model only; a model that calls itself is one pass."""
    signature = inspect.signature(model.forward)
    depth, finished = 0, False

    def before(_: nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
        nonlocal depth, finished
        depth += 1
        if depth == 1:
            finished = False
            watcher.begin(_by_name(signature, positional, named))

    def done(_: nn.Module, __: Any, ___: Any) -> None:
        nonlocal finished
        finished = depth == 1

    def after(_: nn.Module, __: Any, ___: Any) -> None:
        nonlocal depth
        depth -= 1
        if depth == 0:
            watcher.end(finished)

    stack.callback(model.register_forward_pre_hook(before, with_kwargs=True).remove)
    stack.callback(model.register_forward_hook(done).remove)
    stack.callback(model.register_forward_hook(after, always_call=True).remove)


def _by_name(signature: inspect.Signature, positional: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    try:
        bound = signature.bind_partial(*positional, **named).arguments
    except TypeError:  # the call itself will say what is wrong with its arguments
        return dict(named)
    return {**bound, **named}


def require_argument(model: nn.Module, name: str | None) -> None:
    """Refuse a mask that is no argument of the model; the usual name may be absent.

    Raises
    ------
    UnknownName
        With the nearest argument.
    """
    known = inspect.signature(model.forward).parameters
    takes_any = any(item.kind is item.VAR_KEYWORD for item in known.values())
    if name is not None and name != USUAL_MASK and name not in known and not takes_any:
        raise unknown_name("argument of the model", name, known)


def unwrapped(model: nn.Module) -> nn.Module:
    """The module that torch.compile wrapped, else the model itself; both share their weights."""
    if not isinstance(model, nn.Module):
        raise InvalidInput(
            f"the model is a {type(model).__name__}; the rule is a torch.nn.Module (pipeline.model, say)."
        )
    inner = getattr(model, "_orig_mod", None)
    return inner if isinstance(inner, nn.Module) else model
