"""A network that was trained elsewhere: weights from a file, into a module that the user's own code makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.records import Latents, Model
from tda_latent.registry import source


@source("checkpoint")
@dataclass(frozen=True)
class Checkpoint:
    """Your own trained torch network, for every analyzer that takes a model; nothing is trained.

    Its data say in a column ``split`` which rows it was trained on ("train") and which it never saw ("test"); the
    latter are encoded and analysed. The module of the factory is looked for beside the experiment file, then in the
    working folder, then among installed packages; its code runs. The weights are data and run nothing.

    Several trainings are replicates: ``path: "vae-{seed}.pt"`` with ``axes: {replicates: [3, 7]}`` reads vae-3.pt and
    vae-7.pt. ``{seed}`` is the name of the replicate, as ``{replicate}`` is, and not the ``seed`` of the file.

    Parameters
    ----------
    path : str
        Weights: a ``.pt`` of torch.save (read as data only; best a ``state_dict``), ``.safetensors``, or an index of
        shards as Hugging Face writes them (``.index.json``), each of which counts.
    factory : str
        ``module:function``, which makes the network; with plain values as arguments: ``my_models:make_vae(width=8)``.
    encode : str
        Name of its method or part from inputs to codes; "encode" also finds "encoder", and
        "forward[1]" takes one of several results.
    decode : str or None
        Name of its method or part from codes to inputs; "decode" also finds "decoder"; None for one that has none.
    shape : list of int
        Of one input as the network takes it, [1, 28, 28] for instance; empty for the rows of the data as they are.
    spread : log-variance, deviation, distribution or None
        What ``encode`` gives beside its mean: the second of a pair, or a distribution with mean and stddev.
    prior : normal or None
        Where codes for sampling are drawn from; "normal" is N(0, I). An encoder with a spread has N(0, I) anyway.
    code : str
        Digest of the code of the factory and of what it imports beside it; a run fills it in, so that a change of the
        code is a change of the model. Other code is refused, now and wherever the model is used.

    Notes
    -----
    Evaluated on the CPU in the number format of the module, in evaluation mode. ``encode`` must not draw at random.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    trained_elsewhere: ClassVar[bool] = True
    example: ClassVar[dict[str, object]] = {"path": "vae.pt", "factory": "my_models:make"}

    path: str
    factory: str
    encode: str = "encode"
    decode: str | None = "decode"
    shape: tuple[Annotated[int, Field(ge=1)], ...] = ()
    spread: Literal["log-variance", "deviation", "distribution"] | None = None
    prior: Literal["normal"] | None = None
    code: str = ""

    @property
    def provides(self) -> tuple[str, ...]:
        """Posterior deviations and a decoder, where they are told."""
        return (*(("scale",) if self.spread else ()), *(("decoder",) if self.decode else ()))

    def __call__(self, train: Latents) -> Model:
        """The network as a record.

        Raises
        ------
        InvalidInput
            For data without a split, a factory that cannot be called or whose code is another one, weights of another
            network, or a network that does not take two rows of the data.
        """
        from tda_latent.models.own import stored_model

        if train.split is None or not {"train", "test"} <= set(train.split.tolist()):
            raise InvalidInput(
                f"{self.path} was trained elsewhere, and these data do not say on which rows; give them a column split "
                'of "train" (it saw them) and "test" (it did not): np.savez(file, points=x, split=split).'
            )
        shape = self.shape or (train.dimension,)
        if np.prod(shape) != train.dimension:
            raise InvalidInput(
                f"shape is {list(shape)}, {np.prod(shape)} numbers, and a row of the data has {train.dimension}; the "
                "rule is one shape for each row. Change shape, or the data."
            )
        rows = np.asarray(train.points[:2], dtype=np.float64).reshape(-1, *shape)
        facts = {name: getattr(self, name) for name in ("factory", "encode", "decode", "spread", "prior", "code")}
        return stored_model(self.path, rows, facts)
