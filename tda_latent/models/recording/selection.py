"""Which modules are meant: names, patterns, the part of the output, and the pooling of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from torch import nn

from tda_latent.errors import InvalidInput, UnknownName, nearest_name, shown
from tda_latent.models.recording.batch_axis import is_batch_second
from tda_latent.models.recording.outputs import Path, parsed_path, path_text
from tda_latent.models.recording.pooling import Pooling, require_pooling

OUTPUT = "output"
"""Name of the model's own output, unless a module has this name."""
_SELECTOR = re.compile(r"(?P<pattern>[^\[\]]+)(?P<path>(\[[^\[\]]+\])*)")
_NEVER_CALLED = (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)
_WEIGHTS = "parametrizations"  # modules that compute weights (spectral_norm, ...), not activations
_LISTED = 12

Poolings = Pooling | Mapping[str, Pooling]


@dataclass(frozen=True)
class Target:
    """A module whose output is recorded.

    name : of the module, followed by the path of the part: ``lstm[0]``
    is_named : asked for by its name, not found by a pattern: then it has to be called
    is_batch_second : the second of three axes counts the inputs
    """

    name: str
    module: nn.Module
    path: Path
    pooling: Pooling
    selector: str
    is_named: bool
    is_batch_second: bool = False


def layer_names(model: nn.Module) -> dict[str, nn.Module]:
    """Every module by name, in the order of definition, also the second names of shared ones; last the model itself.

    Modules that only hold others (lists and dictionaries) are among them, though they are never called.
    """
    named = {name: module for name, module in model.named_modules(remove_duplicate=False) if name}
    return named if OUTPUT in named else {**named, OUTPUT: model}


def selected(model: nn.Module, layers: str | Iterable[str], pooling: Poolings = None) -> tuple[Target, ...]:
    """The targets of names and patterns, in the order of the model.

    Parameters
    ----------
    model : nn.Module
    layers : str or iterable of str
        ``encoder.3``; ``encoder.*`` (``*`` and ``?`` stand for text without dots, ``**`` for any number of parts of a
        name); either may be followed by the path of one tensor in the output: ``lstm[0]``, ``bert[hidden_states][3]``.
        ``output`` is the output of the model.
    pooling : one for all layers, or by pattern: the first pattern that fits a layer holds

    Raises
    ------
    UnknownName
        For a name or pattern that fits no module, with the nearest one.
    InvalidInput
        For a malformed selector, a module that is never called, an unknown pooling.
    """
    named = layer_names(model)
    _require_hookable(model, named)
    order = {name: place for place, name in enumerate(named)}
    found: dict[str, Target] = {}
    for selector in _selectors(layers):
        pattern, path = _split(selector)
        for name in _matching(pattern, named, selector):
            full = name + path_text(path)
            second = is_batch_second(name, path, named, model)
            found.setdefault(full, Target(full, named[name], path, None, selector, name == pattern, second))
    if not found:
        raise InvalidInput("no layer is named; give names or patterns such as layers=['encoder.*'].")
    targets = sorted(_distinct(found.values()), key=lambda target: order[_split(target.name)[0]])
    return _with_pooling(targets, pooling)


def _selectors(layers: str | Iterable[str]) -> list[str]:
    names = [layers] if isinstance(layers, str) else list(layers) if isinstance(layers, Iterable) else [layers]
    if not all(isinstance(name, str) for name in names):
        raise InvalidInput(f"layers is {shown(layers)}; the rule is names or patterns, as in layers=['encoder.*'].")
    return names


def _distinct(targets: Iterable[Target]) -> list[Target]:
    """Those asked for by name, and of the others one for each module: shared ones have several names."""
    taken: set[tuple[int, Path]] = set()
    chosen = []
    for target in sorted(targets, key=lambda target: not target.is_named):
        identity = (id(target.module), target.path)
        if target.is_named or identity not in taken:
            chosen.append(target)
            taken.add(identity)
    return chosen


def _split(selector: str) -> tuple[str, Path]:
    match = _SELECTOR.fullmatch(selector)
    if match is None:
        raise InvalidInput(
            f"layer {selector!r} is malformed; the rule is a name or pattern, and then the path of a part in brackets: "
            "'encoder.*', 'lstm[0]', 'bert[hidden_states][3]'."
        )
    return match["pattern"], parsed_path(match["path"])


def _matching(pattern: str, named: Mapping[str, nn.Module], selector: str) -> list[str]:
    if pattern in named:
        _require_called(pattern, named)
        return [pattern]
    fits = _expression(pattern).fullmatch
    matched = [name for name in named if name != OUTPUT and fits(name) and _WEIGHTS not in name.split(".")]
    callable_ones = [name for name in matched if not isinstance(named[name], _NEVER_CALLED)]
    if callable_ones:
        return callable_ones
    if matched:
        raise InvalidInput(f"{selector!r} fits only containers, which are never called; try '{pattern}.*'.")
    raise _unknown(pattern, named)


def _expression(pattern: str) -> re.Pattern[str]:
    """``*`` and ``?`` stay within one part of a dotted name, ``**`` crosses dots."""
    text = re.escape(pattern).replace(r"\*\*", ".+").replace(r"\*", "[^.]*").replace(r"\?", "[^.]")
    return re.compile(text)


def _require_called(name: str, named: Mapping[str, nn.Module]) -> None:
    if isinstance(named[name], _NEVER_CALLED):
        raise InvalidInput(
            f"layer {name!r} is a {type(named[name]).__name__}, which is never called; record what is in it: "
            f"'{name}.*'."
        )


def _unknown(pattern: str, named: Mapping[str, nn.Module]) -> UnknownName:
    families = {f"{name.rpartition('.')[0]}.*" for name in named if "." in name}
    close = nearest_name(pattern, [*families, *named] if "*" in pattern else named)
    hint = f" Did you mean {close!r}?" if close else ""
    names = list(named)
    more = f" and {len(names) - _LISTED} more; list_layers shows them all" if len(names) > _LISTED else ""
    return UnknownName(f"unknown layer {pattern!r}.{hint} The model has {', '.join(names[:_LISTED])}{more}.")


def _require_hookable(model: nn.Module, named: Mapping[str, nn.Module]) -> None:
    """Refuse modules inside which hooks do not fire, or fire in several threads or processes on parts of a batch."""
    from torch.jit import ScriptModule
    from torch.nn.parallel import DistributedDataParallel

    for module in (model, *named.values()):
        if isinstance(module, (nn.DataParallel, DistributedDataParallel)):
            raise InvalidInput(
                f"the model is a {type(module).__name__}, which splits batches; record what it wraps: "
                "record(model.module, ...)."
            )
        if isinstance(module, ScriptModule):
            raise InvalidInput(
                "the model is compiled by torch.jit, where hooks do not fire; record the Python module it was made "
                "from."
            )


def _with_pooling(targets: Sequence[Target], pooling: Poolings) -> tuple[Target, ...]:
    rules = pooling if isinstance(pooling, Mapping) else {"**": pooling}
    checked = {pattern: require_pooling(value) for pattern, value in rules.items()}
    used: set[str] = set()
    chosen = []
    for target in targets:
        rule = next((pattern for pattern in checked if _fits(pattern, target)), None)
        used.add(rule or "")
        value = None if rule is None else checked[rule]
        chosen.append(replace(target, pooling=value))
    strange = [pattern for pattern in checked if pattern not in used and pattern != "**"]
    if strange and not any(_fits(strange[0], target) for target in targets):
        close = nearest_name(strange[0], [target.name for target in targets])
        hint = f" Did you mean {close!r}?" if close else ""
        raise UnknownName(f"the pooling for {strange[0]!r} fits none of the recorded layers.{hint}")
    return tuple(chosen)


def _fits(pattern: str, target: Target) -> bool:
    return pattern in (target.name, target.selector) or bool(
        re.fullmatch(_expression(pattern), _split(target.name)[0]) or pattern == "**"
    )
