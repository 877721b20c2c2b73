"""Hooks on a model for the length of a block, and everything as it was afterwards, whatever happens in between."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, Protocol

import torch
from torch import nn

from tda_latent.errors import InvalidInput

_NO_BACKWARD = -1
_SPLITTING = 2  # devices from which on DataParallel splits batches


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
            _evaluate(model)
            stack.enter_context(torch.no_grad())
        stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
        torch.backends.mha.set_fastpath_enabled(False)
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        for module, observer in observers:
            stack.callback(module.register_forward_hook(_observing(observer)).remove)
        _watch(model, watcher, stack)
        yield


def _evaluate(model: nn.Module) -> None:
    try:
        model.eval()
    except NotImplementedError:
        raise InvalidInput(
            f"a {type(model).__name__} cannot be brought into evaluation mode (torch.export, for instance); record the "
            "module that it was made from."
        ) from None


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
    outermost: FrameType | None = None

    def before(_: nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
        nonlocal depth, finished, outermost
        if depth and not _is_running(outermost):  # Ctrl-C ends a call without a word to hooks
            depth = 0
            watcher.end(False)
        depth += 1
        if depth == 1:
            finished, outermost = False, sys._getframe(1)
            watcher.begin(_by_name(signature, positional, named))

    def done(_: nn.Module, __: Any, ___: Any) -> None:
        nonlocal finished
        finished = depth == 1

    def after(_: nn.Module, __: Any, ___: Any) -> None:
        nonlocal depth, outermost
        depth -= 1
        if depth == 0:
            outermost = None
            watcher.end(finished)

    stack.callback(model.register_forward_pre_hook(before, with_kwargs=True).remove)
    stack.callback(model.register_forward_hook(done).remove)
    stack.callback(model.register_forward_hook(after, always_call=True).remove)


def _is_running(frame: FrameType | None) -> bool:
    current: FrameType | None = sys._getframe(1)
    while current is not None and current is not frame:
        current = current.f_back
    return current is not None


def _by_name(signature: inspect.Signature, positional: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    try:
        bound = signature.bind_partial(*positional, **named).arguments
    except TypeError:  # the call itself will say what is wrong with its arguments
        return dict(named)
    return {**bound, **named}


def unwrapped(model: nn.Module) -> nn.Module:
    """The module that torch.compile or DataParallel wrapped, else the model itself; both share their weights."""
    if not isinstance(model, nn.Module):
        raise InvalidInput(
            f"the model is a {type(model).__name__}; the rule is a torch.nn.Module (pipeline.model, say)."
        )
    if isinstance(model, nn.DataParallel) and len(model.device_ids) < _SPLITTING:
        return unwrapped(model.module)
    inner = getattr(model, "_orig_mod", None)
    return inner if isinstance(inner, nn.Module) else model
