"""A recording after every epoch of training, as a callback of Lightning or called by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from tda_latent.errors import InvalidParameter
from tda_latent.models.recording.recording import Recording, Settings

_LIGHTNINGS = ("lightning.pytorch", "pytorch_lightning")


class EpochRecorder:
    """Records layers over the same batches before training and after its epochs.

    Files lie in ``folder/epoch-000`` (untrained), ``folder/epoch-001`` (after the first epoch), ...; with models called
    so, an experiment file reads them by ``path: "folder/{model}/{layer}.npy"``. Epochs of one training are no
    independent replicates.

    The methods are named as Lightning calls them. Lightning is never imported here; where the program has imported
    it, `epoch_recorder` gives an object that is its ``Callback`` too. In a loop of one's own, call
    ``record(module, epoch)``.
    """

    def __init__(self, batches: Iterable[Any], layers: str | Iterable[str], settings: Settings, every: int = 1) -> None:
        """``batches`` can be gone through repeatedly; ``settings`` name a folder; ``every`` counts epochs, >= 1."""
        super().__init__()
        if settings.folder is None:
            raise InvalidParameter("a recording of epochs needs a folder; give folder=...")
        if not isinstance(every, int) or every < 1:
            raise InvalidParameter(f"every is {every!r}; the rule is at least 1 epoch.")
        if iter(batches) is batches:
            raise InvalidParameter("batches is an iterator, spent after one epoch; give a list or a data loader.")
        self.batches, self.settings, self.every = batches, settings, every
        self.layers = [layers] if isinstance(layers, str) else list(layers)
        self.recordings: dict[int, Recording] = {}

    def record(self, model: nn.Module, epoch: int) -> Recording:
        """Record the model as it is now, in evaluation mode, as that epoch; its modes come back."""
        folder = Path(str(self.settings.folder)) / f"epoch-{epoch:03d}"
        with Recording(model, self.layers, replace(self.settings, folder=folder, training=False)) as recording:
            recording.run(self.batches)
        self.recordings[epoch] = recording
        return recording

    def on_train_start(self, trainer: Any, pl_module: nn.Module) -> None:
        """Epoch 0, the untrained model; nothing when training goes on from a checkpoint."""
        if trainer.is_global_zero and trainer.current_epoch == 0:
            self.record(pl_module, 0)

    def on_train_epoch_end(self, trainer: Any, pl_module: nn.Module) -> None:
        """An epoch is over; only the first process of several records."""
        epoch = trainer.current_epoch + 1
        if trainer.is_global_zero and epoch % self.every == 0:
            self.record(pl_module, epoch)


def epoch_recorder(
    batches: Iterable[Any], layers: str | Iterable[str], settings: Settings, every: int = 1
) -> EpochRecorder:
    """An `EpochRecorder`; one that Lightning takes as a callback, if the program has imported Lightning."""
    kinds = [getattr(sys.modules[name], "Callback", None) for name in _LIGHTNINGS if name in sys.modules]
    bases = tuple(kind for kind in kinds if isinstance(kind, type))
    kind = type("LightningEpochRecorder", (EpochRecorder, *bases), {}) if bases else EpochRecorder
    return kind(batches, layers, settings, every)
