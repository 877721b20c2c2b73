"""One pass of a model over a batch: what its layers gave, held back until the pass is known to be whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tda_latent.errors import InvalidInput, shown
from tda_latent.models.recording.batch_axis import has_tokens, unpacked
from tda_latent.models.recording.masks import Masks
from tda_latent.models.recording.outputs import Part, kind_of, part_text, parts, picked, shape_of, shape_text
from tda_latent.models.recording.pooling import TOKENS, pooled, truth
from tda_latent.models.recording.sampling import Choice
from tda_latent.models.recording.selection import Target
from tda_latent.models.recording.writing import LayerFile

Places = NDArray[np.int64]
_NONE = Masks()
_SEQUENCE = 3  # axes: inputs, tokens, coordinates


class Call:
    """What is known of the call that a pass is: how many inputs it got, and which tokens count.

    The mask is looked at only when a layer's pooling asks for it.

    is_flat : all that the model was called with has one axis
    """

    def __init__(self, arguments: Any = None, masks: Masks = _NONE, is_counted: bool = False) -> None:
        given = arguments if isinstance(arguments, Mapping) else {}
        self._names = masks
        self._given = {str(name): value for name, value in given.items() if value is not None}
        self._is_told = not masks.is_asked or any(name in given for name in masks.names)
        self._kept: dict[str, Tensor] = {}
        shapes = [shape_of(part) for _, part in parts(arguments)] if is_counted else []
        self.is_flat = bool(shapes) and all(len(shape) == 1 for shape in shapes)
        self._first = {shape[0] for shape in shapes if shape}
        self._second = {shape[1] for shape in shapes if len(shape) > 1}

    def sizes(self, is_batch_second: bool) -> set[int]:
        """Lengths of the axes of the arguments that may count the inputs; empty when any length will do."""
        return self._first | self._second if is_batch_second else self._first

    def mask(self, values: Tensor, layer: str) -> Tensor | None:
        """(n, tokens) truth values for an (n, tokens, d) output; None when every token counts.

        Raises
        ------
        InvalidInput
            When the mask has another number of rows, or is none of 0 and 1, or there are two and the name of the layer
            does not tell which is meant, or there is one of another name, or the one that was asked for did not come.
        """
        if not self._is_told:
            raise InvalidInput(
                f"layer {layer!r} gives {shape_text(values.shape)}, and no call gave the mask {self._names.usual!r}, "
                "which says what tokens count. Give batches as mappings of named arguments (or named arrays of one "
                "file), or mask=None if all of them do."
            )
        self._require_named(values, layer)
        if not any(name in self._given for name in self._names.names):
            return None
        name = self._names.name_for(layer, self._given)
        if name is None or name not in self._given:
            return None
        if name not in self._kept:
            self._kept[name] = _mask_tensor(self._given[name], name)
        kept = self._kept[name]
        if len(kept) != len(values):
            raise InvalidInput(
                f"layer {layer!r} gives {len(values)} rows, but the mask {name!r} has {len(kept)}; the rule is "
                "one row of the mask for each input. Use mask=None if it does not belong to this layer."
            )
        return kept.to(values.device)

    def _require_named(self, values: Tensor, layer: str) -> None:
        """Refuse to pool over tokens that an argument with another name than the usual one may mask."""
        for name in self._names.other(self._given):
            if tuple(np.shape(self._given[name])) == tuple(values.shape[:2]):
                raise InvalidInput(
                    f"layer {layer!r} gives {shape_text(values.shape)}, and the model was called with {name!r}, which "
                    f"may say what tokens count; say mask={name!r} if it does, or mask=None if all of them do."
                )


def _mask_tensor(mask: Any, name: str) -> Tensor:
    try:
        values = torch.as_tensor(mask)
    except (TypeError, ValueError, RuntimeError):
        raise InvalidInput(
            f"the mask {name!r} is {shown(mask)}; the rule is (n, tokens) of 0 and 1, an array or tensor."
        ) from None
    return truth(values, name)


class Pass:
    """The outputs of one batch, on the CPU.

    start : number of the first input of the batch; size : inputs of the batch, 0 until a layer has spoken
    """

    def __init__(self, choice: Choice, call: Call | None = None) -> None:
        self.start, self.size = choice.seen, 0
        self.calls: Counter[str] = Counter()
        self.outputs: dict[str, tuple[NDArray[Any], Places]] = {}
        self._choice, self._call = choice, call or Call()
        self._places: Places = np.empty(0, dtype=np.int64)
        self._first = ""

    def add(self, target: Target, output: Any) -> None:
        """Take what a layer gives.

        Raises
        ------
        InvalidInput
            When the output has no such part, no batch axis of the right length, a shape that its pooling does not
            take, or a number that is not finite.
        """
        self.calls[target.name] += 1
        count = self.calls[target.name]
        name = target.name if count == 1 else f"{target.name}#{count}"
        layer = target.name.partition("[")[0]
        values, mask = _by_input(picked(output, target.path, layer), target, name)
        self._require_batch(values, name, target.is_batch_second)
        if mask is None and target.pooling in TOKENS and _is_sequence(values, target):
            mask = self._call.mask(values, name)
        if len(self._places) < self.size:
            rows = torch.from_numpy(self._places).to(values.device)
            values, mask = values[rows], None if mask is None else mask[rows]
        found = pooled(values, mask, target.pooling, name)
        inputs = self._places[found.inputs.numpy()] + self.start
        points = _readable(found.points, name).to("cpu", copy=True).numpy()  # in-place operations may follow
        self.outputs[name] = (points, np.column_stack([inputs, found.positions.numpy()]))
        if not points.shape[1]:
            raise InvalidInput(f"layer {name!r} gives rows without numbers; record another layer.")
        _require_finite(points, self.outputs[name][1], name)

    def _require_batch(self, values: Tensor, name: str, is_batch_second: bool) -> None:
        if not values.ndim or not len(values):
            remedy = "The batch is empty; leave it out." if 0 in self._call.sizes(False) else "Record another layer."
            raise InvalidInput(
                f"layer {name!r} gives {shape_text(values.shape)}; the rule is one row for each input. {remedy}"
            )
        if self._call.is_flat and values.ndim == 1:
            raise InvalidInput(
                f"layer {name!r} gives {shape_text(values.shape)} for inputs of one axis, which may be one input or "
                "many of one number; the rule is inputs on the first of two axes or more: x[None], or x[:, None]."
            )
        sizes = self._call.sizes(is_batch_second)
        if sizes and len(values) not in sizes:
            raise InvalidInput(
                f"layer {name!r} gives {shape_text(values.shape)} for a batch of "
                f"{' or '.join(map(str, sorted(sizes)))}; "
                "the first axis has to count the inputs. Build the model batch-first, name another part of the output, "
                "or set same_batch=False if rows are no inputs (nodes, windows)."
            )
        if not self.outputs:
            self.size, self._first = len(values), name
            self._places = self._choice.offer(self.size)
        elif len(values) != self.size:
            raise InvalidInput(
                f"layer {name!r} gives {len(values)} rows where {self._first!r} gives {self.size} for the same batch; "
                "the first axis has to be the batch in all of them. Record such layers apart."
            )


def _by_input(part: Part, target: Target, name: str) -> tuple[Tensor, Tensor | None]:
    """The inputs on the first axis; of packed and nested sequences, padded, also the (n, tokens) that are tokens."""
    if isinstance(part, Tensor) and not part.is_nested:
        values = _readable(part.detach(), name)
        is_turned = target.is_batch_second and values.ndim == _SEQUENCE
        return values.transpose(0, 1) if is_turned else values, None
    if target.pooling not in TOKENS:
        kind = f"{kind_of(part)} {'tensor' if isinstance(part, Tensor) else 'sequence'}"
        raise InvalidInput(f"layer {name!r} gives a {kind}; choose a pooling of tokens: {', '.join(TOKENS)}.")
    if len(shape_of(part)) != _SEQUENCE:
        raise InvalidInput(
            f"layer {name!r} gives {part_text(part)}; the rule is (n, tokens, d). Record a layer before or after it."
        )
    values, lengths = unpacked(part)
    if not bool(lengths.all()):
        raise InvalidInput(f"layer {name!r} gives no token for row {int(lengths.argmin())}; drop such inputs.")
    mask = torch.arange(values.shape[1], device="cpu") < lengths[:, None]
    return _readable(values.detach(), name), mask.to(values.device)


def _is_sequence(values: Tensor, target: Target) -> bool:
    return values.ndim == _SEQUENCE and has_tokens(target.module, target.path)


def _readable(values: Tensor, name: str) -> Tensor:
    """The tensor in a number format that NumPy has: float64 stays, other real formats become float32, integers float64.

    Raises
    ------
    InvalidInput
        For complex, sparse, nested or meta tensors.
    """
    if values.is_quantized:
        values = values.dequantize()
    if values.is_complex() or values.layout != torch.strided or values.is_meta:
        kind = "complex numbers" if values.is_complex() else "a sparse, nested or meta tensor"
        raise InvalidInput(
            f"layer {name!r} gives {kind}; the rule is real numbers. Convert them in a module of their own."
        )
    if values.dtype == torch.float64:
        return values
    return values.float() if values.is_floating_point() else values.double()


def _require_finite(points: NDArray[Any], places: Places, name: str) -> None:
    bad = ~np.isfinite(points).all(axis=1)
    if not bad.any():
        return
    row = int(bad.argmax())
    value = points[row][~np.isfinite(points[row])][0]
    position = f", position {places[row, 1]}" if places[:, 1].any() else ""
    raise InvalidInput(
        f"layer {name!r} gives {value} for row {places[row, 0]} of the inputs{position}. Look at this input and at the "
        "number format: float16 overflows beyond 65504 (model.float() does not)."
    )


class Book:
    """The passes written down: one file a layer, and the accounts that show whether all layers have the same rows."""

    def __init__(self, folder: Path, choice: Choice) -> None:
        self.folder, self.choice = folder, choice
        self.files: dict[str, LayerFile] = {}
        self.passes = 0

    def enter(self, done: Pass) -> None:
        """Write down a whole pass."""
        self.passes += 1
        self.choice.accept()
        for name, (points, places) in done.outputs.items():
            file = self.files.setdefault(name, LayerFile(self.folder, name))
            file.append(points, places)
            file.passes += 1

    def close(self) -> None:
        """Give the files their names.

        Raises
        ------
        InvalidInput
            When a layer was called in some passes only, or the listed inputs did not come.
        """
        self._require_every_pass()
        inputs = self.choice.kept()
        for file in self.files.values():
            file.keep(inputs)
        for file in self.files.values():
            file.finish()

    def _require_every_pass(self) -> None:
        for name, file in self.files.items():
            if file.passes != self.passes:
                whole = next((n for n, other in self.files.items() if other.passes == self.passes), "the model")
                raise InvalidInput(
                    f"layer {name!r} was called in {file.passes} of {self.passes} passes ({whole!r} in all), so its "
                    "rows "
                    "cannot be told apart. Record it only over batches that reach it, or leave it out."
                )

    def discard(self) -> None:
        """Remove what is unfinished."""
        for file in self.files.values():
            file.discard()
