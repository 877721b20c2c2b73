"""A trained model from a checkpoint and the user's own code, run over a file of inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.api.clouds import load
from tda_latent.api.recording import LayerFacts, Recording, list_layers, record
from tda_latent.errors import InvalidInput, TdaLatentError
from tda_latent.models.recording.checkpoints import load_weights, made
from tda_latent.sources.file import save_latents
from tda_latent.sources.file.layout import label_name

Array = NDArray[Any]
BATCH = 256
_TAKES = "Look whether the data have the shape and type that it takes."
_COLUMNS = ("ids", "id", "split", "scale")


@dataclass(frozen=True)
class Inputs:
    """Inputs of a model, and what is known about each.

    arrays : (n, ...) by name of the argument; a lone one is called "" and passed first
    """

    arrays: Mapping[str, Array]
    ids: Array | None = None
    labels: Mapping[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def batches(self, size: int) -> Iterator[Any]:
        """Batches of at most ``size`` inputs, in order.

        Raises
        ------
        InvalidInput
            When ``size`` is below 1.
        """
        if size < 1:
            raise InvalidInput(f"the batch size is {size}; the rule is at least 1.")
        for start in range(0, len(self), size):
            part = {name: array[start : start + size] for name, array in self.arrays.items()}
            yield part.get("", part)


def trained(checkpoint: str | Path, factory: str, device: str = "cpu") -> Any:
    """The module that a factory makes, with the weights of a checkpoint (``.pt``, ``.safetensors``, shards, a folder).

    The factory is ``package.module:function`` or ``file.py:function``, with ``(plain values)`` behind it if it takes
    some; ``checkpoint::name`` takes the weights of one dictionary in the file, or behind one prefix.
    The code of the factory is imported from the Python path and runs; the checkpoint is data and runs nothing.
    """
    model = load_weights(made(factory), checkpoint)
    with _own_words(f"moving the model to {device!r}", "Name a device that torch has here."):
        return model.to(device)


def read_inputs(path: str | Path) -> Inputs:
    """Inputs from a file.

    Parameters
    ----------
    path : a ``.npy`` array (n, ...), memory-mapped; a ``.npz`` whose arrays ``ids`` and ``labels/NAME`` (or
        ``label_NAME``) are columns and whose others are arguments of the model by name (a single one needs no name
        that the model knows); or anything that `load` reads, for (n, d) inputs

    Raises
    ------
    InvalidInput
        For pickled objects, no inputs, or arrays of different lengths.
    """
    path = Path(path)
    if path.suffix.lower() not in (".npy", ".npz"):
        latents = load(path)
        return Inputs({"": latents.points}, latents.ids, latents.labels)
    if not path.is_file():
        raise InvalidInput(f"{path}: there is no such file; name the inputs of the model.")
    try:
        if path.suffix.lower() == ".npy":
            return _checked(Inputs({"": np.load(path, mmap_mode="r", allow_pickle=False)}), path)
        with np.load(path, allow_pickle=False) as archive:
            return _checked(_sorted({name: archive[name] for name in archive.files}), path)
    except (ValueError, EOFError) as error:
        if isinstance(error, TdaLatentError):
            raise
        raise InvalidInput(
            f"{path}: cannot be read without unpickling ({error}); save plain arrays: np.save(path, x)."
        ) from None


def _sorted(arrays: Mapping[str, Array]) -> Inputs:
    """Columns and inputs told apart by their names."""
    labels = {label_name(name) or "": array for name, array in arrays.items() if label_name(name) is not None}
    ids = next((arrays[name] for name in ("ids", "id") if name in arrays), None)
    inputs = {name: array for name, array in arrays.items() if name not in _COLUMNS and label_name(name) is None}
    return Inputs({"": next(iter(inputs.values()))} if len(inputs) == 1 else inputs, ids, labels)


def _checked(inputs: Inputs, path: Path) -> Inputs:
    if not inputs.arrays or any(not array.ndim or not len(array) for array in inputs.arrays.values()):
        raise InvalidInput(f"{path}: holds no inputs; the rule is an array (n, ...) with n >= 1.")
    columns = {"ids": inputs.ids, **inputs.labels, **inputs.arrays}
    lengths = {name or "the inputs": len(array) for name, array in columns.items() if array is not None}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise InvalidInput(f"{path}: its arrays have different lengths ({said}); the rule is one entry for each input.")
    return inputs


def layers_of(checkpoint: str | Path, factory: str, example: str | Path | None = None) -> tuple[LayerFacts, ...]:
    """What can be recorded; with a file of inputs, whose first two are run, also what each layer gives."""
    model = trained(checkpoint, factory)
    if example is None:
        return list_layers(model)
    batch = next(read_inputs(example).batches(2))
    with _own_words("the model", _TAKES):
        return list_layers(model, batch)


def record_inputs(
    model: Any, inputs: Inputs, layers: Iterable[str], batches: Iterable[Any] | None = None, **settings: Any
) -> Recording:
    """Layers of a model over inputs; ``settings`` as in `record`, best with a ``folder``.

    ``batches`` are those of the inputs (default: of 256). Beside the ``.npy`` of each layer, the ids and labels of the
    inputs kept go to ``columns.npz`` where the inputs have them.
    """
    recording = record(model, layers, **settings)
    with recording, _own_words("the model", _TAKES):
        given = inputs.batches(BATCH) if batches is None else batches
        recording.run(given, ids=inputs.ids, labels=inputs.labels or None)
    _write_columns(recording, inputs)
    return recording


def with_columns(recording: Recording) -> dict[str, Path]:
    """Turn each ``layer.npy`` of a recording into a ``layer.npz`` that carries ids and labels, by layer."""
    written = {}
    for layer in recording.layers:
        file = recording.file(layer)
        written[layer] = save_latents(recording.latents(layer), file.with_name(f"{file.stem}.npz"))
        file.unlink()
    return written


def _write_columns(recording: Recording, inputs: Inputs) -> None:
    if inputs.ids is None and not inputs.labels:
        (recording.folder / "columns.npz").unlink(missing_ok=True)  # of an earlier recording, of other inputs
        return
    kept = np.unique(recording.places(recording.layers[0])[:, 0])
    columns = {f"labels/{name}": column[kept] for name, column in inputs.labels.items()}
    if inputs.ids is not None:
        columns["ids"] = inputs.ids[kept]
    with (recording.folder / "columns.npz").open("wb") as stream:
        np.savez(stream, allow_pickle=False, **columns)


@contextmanager
def _own_words(who: str, remedy: str) -> Iterator[None]:
    """What the user's own code raises, in one line that says so."""
    try:
        yield
    except (TdaLatentError, OSError):
        raise
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        raise InvalidInput(f"{who} raised {type(error).__name__}: {first}. {remedy}") from error
