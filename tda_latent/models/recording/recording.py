"""`Recording`: the activations of a model's layers, written down while it runs and read as latents afterwards."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from tda_latent.errors import IncompleteResult, InvalidInput, unknown_name
from tda_latent.models.recording.attachment import attached, unwrapped
from tda_latent.models.recording.feeding import feed, require_batches
from tda_latent.models.recording.masks import USUAL_MASK, masks_of
from tda_latent.models.recording.passes import Book, Call, Pass
from tda_latent.models.recording.rows import columns_of
from tda_latent.models.recording.sampling import choice
from tda_latent.models.recording.selection import Poolings, Target, selected
from tda_latent.models.recording.writing import file_name
from tda_latent.records import Latents, Origin


@dataclass(frozen=True)
class Settings:
    """How to record.

    pooling : see `selected`
    mask : name of the model's argument that says which tokens count; None ignores masks. Any other than the usual one
        has to come with every call, be it as None. Where the model takes another one for its decoder
        (``decoder_attention_mask``), that holds for layers called decoder and for the output
    size : most inputs to keep, a uniform sample of those that come; None keeps all
    rows : numbers of the inputs to keep, counted from 0, in place of ``size``
    seed : of the sample, or a generator
    folder : where the files go and stay; None takes a temporary folder that goes with the recording
    training : record while the model trains: modes and gradients are left alone
    same_batch : refuse outputs whose first axis is as long as that of no tensor the model was called with; False for
        networks whose rows are no inputs
    """

    pooling: Poolings = None
    mask: str | None = USUAL_MASK
    size: int | None = None
    rows: Any = None
    seed: int | np.random.Generator = 0
    folder: str | Path | None = None
    training: bool = False
    same_batch: bool = True


class Recording:
    """The layers of a model while it runs in a ``with`` block; afterwards, what they gave.

    ``recording["encoder.3"]`` is a read-only memory map of (m, d) points; `latents` adds ids and labels. A module that
    is called several times in one pass of the model gives ``name``, ``name#2``, ``name#3``...

    A call of the model is a pass. Where its modules are called without it (``model.encode(x)``), a layer that speaks
    again begins the next pass; if such a method uses a layer twice, give it to `run` as ``call``.

    Attributes
    ----------
    seen : number of inputs that came
    folder : of the files, one ``.npy`` a layer
    """

    def __init__(self, model: nn.Module, layers: str | Iterable[str], settings: Settings) -> None:
        self._model = unwrapped(model)
        self._targets = selected(self._model, layers, settings.pooling)
        self._masks = masks_of(self._model, settings.mask)
        self._settings = settings
        self._choice = choice(settings.size, settings.rows, settings.seed)
        self._pass: Pass | None = None
        self._is_bounded = self._in_call = self._has_batches = self._has_run = False
        self._columns: dict[str, Any] = {}
        self._files: dict[str, Path] = {}
        self._state = "not started"

    def __enter__(self) -> Self:
        if self._state != "not started":
            raise InvalidInput("a recording is made once; call record again for another one.")
        self.folder = self._own_folder()
        self._made = not self.folder.exists()
        try:
            (self.folder / "rows").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(
                f"the folder {self.folder} cannot be made ({error.strerror}); name another one."
            ) from None
        self._book = Book(self.folder, self._choice)
        observers = [(target.module, partial(self._take, target)) for target in self._targets]
        self._stack = ExitStack()
        self._stack.enter_context(attached(self._model, observers, self, self._settings.training))
        self._state = "running"
        return self

    def _own_folder(self) -> Path:
        if self._settings.folder is not None:
            return Path(self._settings.folder).expanduser()
        folder = Path(tempfile.mkdtemp(prefix="tda-latent-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state = "broken off"
        try:
            self._stack.__exit__(kind, error, trace)
            if kind is None:
                self._finish()
        finally:
            if self._state != "finished":
                self._book.discard()
                with suppress(OSError):  # there was a folder before, or other recordings are in it
                    (self.folder / "rows").rmdir()
                    if self._made:
                        self.folder.rmdir()

    def _finish(self) -> None:
        self._commit()
        self._require_calls()
        self._book.close()
        self._files = {name: file.points.target for name, file in self._book.files.items()}
        self._state = "finished"

    def begin(self, arguments: dict[str, Any]) -> None:
        """A call of the model starts (for the hooks)."""
        self._in_call = True
        if not self._is_bounded:
            self._commit()
            self._pass = Pass(self._choice, self._call(arguments))

    def _call(self, arguments: Any) -> Call:
        return Call(arguments, self._masks, self._settings.same_batch)

    def end(self, finished: bool) -> None:
        """A call of the model is over (for the hooks); one that raised leaves nothing."""
        self._in_call = False
        if self._is_bounded:
            return
        if finished:
            self._commit()
        self._pass = None

    def _take(self, target: Target, output: Any) -> None:
        """What a layer gives; outside a call of the model, a layer that speaks again starts the next pass."""
        free = not self._in_call and not self._is_bounded
        if free and self._pass is not None and self._pass.calls[target.name]:
            self._commit()
        if self._pass is None:
            self._pass = Pass(self._choice, Call(None, self._masks))
        self._pass.add(target, output)

    def _commit(self) -> None:
        done, self._pass = self._pass, None
        if done is not None:
            self._book.enter(done)

    def run(
        self,
        batches: Iterable[Any],
        ids: Any = None,
        labels: Any = None,
        call: Callable[[Any], Any] | None = None,
    ) -> Self:
        """Run the model over batches, inside the block.

        Parameters
        ----------
        batches : tensors, arrays, mappings of named arguments, or tuples that start with the input
        ids, labels : one entry for each input of all batches; `latents` uses them. Labels: one column, or several by
            name
        call : what to do with a batch; default: call the model. ``model.encode``, for instance; one call of it is one
            pass, whatever it calls
        """
        if self._state != "running":
            raise IncompleteResult("the recording is not running; call run inside its with block.")
        self._has_run = True
        self._columns |= {name: column for name, column in (("ids", ids), ("labels", labels)) if column is not None}
        for batch in require_batches(batches):
            self._has_batches = True
            if call is None:
                feed(self._model, batch)
                continue
            self._commit()
            self._is_bounded = True
            self._pass = Pass(self._choice, self._call(batch))
            try:
                call(batch)
                self._commit()
            finally:
                self._is_bounded, self._pass = False, None
        return self

    def _require_calls(self) -> None:
        """Refuse a recording of nothing, and names or patterns of which nothing was called."""
        if self._has_run and not self._has_batches and not self._book.files:
            raise InvalidInput("no batch came; give at least one (an iterator that was gone through before is empty).")
        called = {name.partition("#")[0] for name in self._book.files}
        fruitful = {target.selector for target in self._targets if target.name in called}
        for target in self._targets:
            silent = target.name not in called
            if silent and (target.is_named or target.selector not in fruitful):
                what = "no layer was called" if not called else f"layer {target.selector!r} was never called"
                raise InvalidInput(
                    f"{what} in the block. Call the model that was given (not a copy), and record modules that it "
                    "calls: operations written as functions (relu, +) are no modules."
                )

    @property
    def seen(self) -> int:
        """Number of inputs that came."""
        return self._choice.seen

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of what was recorded, in the order in which the model called it."""
        self._require_finished()
        return tuple(self._files)

    @property
    def silent(self) -> tuple[str, ...]:
        """Layers that a pattern fitted and the model never called."""
        self._require_finished()
        called = {name.partition("#")[0] for name in self._files}
        return tuple(target.name for target in self._targets if target.name not in called)

    def __repr__(self) -> str:
        if self._state != "finished":
            return f"Recording({self._state})"
        shapes = [f"{layer} {self[layer].shape}" for layer in self._files]
        return f"Recording of {self.seen} inputs: {', '.join(shapes)}"

    def _require_finished(self) -> None:
        if self._state != "finished":
            raise IncompleteResult(f"the recording is {self._state}; its layers can be read after the with block.")

    def file(self, layer: str) -> Path:
        """The ``.npy`` file of a layer."""
        self._require_finished()
        if layer not in self._files:
            raise unknown_name("recorded layer", str(layer), self._files)
        return self._files[layer]

    def __contains__(self, layer: object) -> bool:
        return layer in self.layers

    def __iter__(self) -> Iterator[str]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, layer: str) -> NDArray[Any]:
        return _mapped(self.file(layer))

    def places(self, layer: str) -> NDArray[np.int64]:
        """(m, 2) number of the input, counted from 0 in the order they came, and position within it, of each point."""
        self.file(layer)
        return _mapped(self.folder / "rows" / f"{file_name(layer)}.npy")

    def latents(self, layer: str, ids: Any = None, labels: Any = None, origin: Origin | None = None) -> Latents:
        """The points of a layer with what is known about their inputs.

        Parameters
        ----------
        layer : one of ``layers``
        ids, labels : one entry for each input that came (not only for those kept); default: those given to `run`, and
            ids that count the inputs. Labels: one column, called "label", or several by name
        origin : default: class of the model, and the layer

        Returns
        -------
        Latents
            Memory-mapped. Where an input gives several points (tokens, positions), ids are ``id/position`` and the
            labels ``input`` and ``position`` are added.

        Raises
        ------
        InvalidInput
            When a column has another length than the number of inputs, or an id occurs twice.
        """
        ids = self._columns.get("ids") if ids is None else ids
        labels = self._columns.get("labels") if labels is None else labels
        found = columns_of(self.places(layer), self.seen, ids, labels)
        source = Origin(model=type(self._model).__name__, layer=layer) if origin is None else origin
        return Latents(self[layer], ids=found.ids, labels=found.labels, origin=source)


def _mapped(path: Path) -> NDArray[Any]:
    return np.load(path, mmap_mode="r", allow_pickle=False)
