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

from tda_latent.errors import InvalidInput
from tda_latent.models.recording.batch_axis import has_tokens, unpacked
from tda_latent.models.recording.masks import is_decoded
from tda_latent.models.recording.outputs import Part, parts, picked, shape_of, shape_text
from tda_latent.models.recording.pooling import TOKENS, pooled, truth
from tda_latent.models.recording.sampling import Choice
from tda_latent.models.recording.selection import Target
from tda_latent.models.recording.writing import LayerFile

Places = NDArray[np.int64]
_SEQUENCE = 3  # axes: inputs, tokens, coordinates


class Call:
    """What is known of the call that a pass is: how many inputs it got, and which tokens count.

    The mask is looked at only when a layer's pooling asks for it.
    """

    def __init__(
        self, arguments: Any = None, masks: tuple[str | None, str | None] = (None, None), is_counted: bool = False
    ) -> None:
        given = arguments if isinstance(arguments, Mapping) else {}
        self._masks = {name: given[name] for name in masks if name and given.get(name) is not None}
        self._usual, self._decoded = masks
        self._kept: dict[str, Tensor] = {}
        shapes = [shape_of(part) for _, part in parts(arguments)] if is_counted else []
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
            does not tell which is meant.
        """
        if not self._masks:
            return None
        name = self._decoded if self._decoded and is_decoded(layer) else self._usual
        if name not in self._masks:
            return None
        if name not in self._kept:
            self._kept[name] = truth(torch.as_tensor(self._masks[name]), name)
        kept = self._kept[name]
        if len(kept) != len(values):
            raise InvalidInput(
                f"layer {layer!r} gives {len(values)} rows, but the mask {name!r} has {len(kept)}; the rule is "
                "one row of the mask for each input. Use mask=None if it does not belong to this layer."
            )
        return kept.to(values.device)


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
            raise InvalidInput(
                f"layer {name!r} gives {shape_text(values.shape)}; the rule is one row for each input. Record another "
                "layer."
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
    """The inputs on the first axis; of a packed sequence, padded, also the (n, tokens) that are tokens."""
    if isinstance(part, Tensor):
        values = _readable(part.detach(), name)
        is_turned = target.is_batch_second and values.ndim == _SEQUENCE
        return values.transpose(0, 1) if is_turned else values, None
    if target.pooling not in TOKENS:
        raise InvalidInput(f"layer {name!r} gives a packed sequence; choose a pooling of tokens: {', '.join(TOKENS)}.")
    values, lengths = unpacked(part)
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
