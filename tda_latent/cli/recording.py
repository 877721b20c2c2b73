"""``tda-latent record`` and ``tda-latent list-layers``: a checkpoint and the user's own code in, layers out."""

from __future__ import annotations

import argparse
import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from tda_latent.code.lookup import looking_in

if TYPE_CHECKING:
    from rich.progress import Progress

    from tda_latent.api.recording import LayerFacts

POOLINGS = ("mean", "cls", "last", "average", "spatial", "none", "flatten")


def _model_arguments(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "checkpoint",
        help="weights: a .pt of torch.save (read as data only), .safetensors, an index of shards, or a folder; "
        "FILE::NAME takes one of several sets",
    )
    sub.add_argument(
        "--factory", required=True, metavar="MODULE:FUNCTION",
        help="your function that makes the model without weights, as my_models:make, models.py:make(dimension=8)",
    )  # fmt: skip


def list_arguments(sub: argparse.ArgumentParser) -> None:
    """Arguments of ``tda-latent list-layers``."""
    _model_arguments(sub)
    sub.add_argument("--example", default=None, metavar="FILE", help="inputs, the first two of which show the shapes")


def record_arguments(sub: argparse.ArgumentParser) -> None:
    """Arguments of ``tda-latent record``."""
    _model_arguments(sub)
    sub.add_argument("--data", required=True, metavar="FILE", help="inputs: .npy, .npz (with ids, labels), or latents")
    sub.add_argument(
        "--layers", required=True, nargs="+", metavar="NAME", help="names or patterns, as 'encoder.*' or 'lstm[0]'"
    )
    sub.add_argument("--out", required=True, metavar="FOLDER", help="folder for one file a layer")
    sub.add_argument("--pooling", default=None, choices=POOLINGS, help="from tokens or feature maps to points")
    sub.add_argument(
        "--mask", default="attention_mask", metavar="ARGUMENT",
        help="the model's argument that says which tokens count, as src_key_padding_mask; none: all do "
        "(default: %(default)s)",
    )  # fmt: skip
    sub.add_argument("--batch-size", type=int, default=256, metavar="N", help="inputs at a time (default: %(default)s)")
    sub.add_argument("--size", type=int, default=None, metavar="N", help="keep a uniform sample of N inputs")
    sub.add_argument("--seed", type=int, default=0, help="of the sample")
    sub.add_argument("--device", default="cpu", help="where the model runs, as cuda or mps (default: %(default)s)")
    sub.add_argument("--npz", action="store_true", help="write .npz with ids and labels in place of bare .npy")


@looking_in()
def list_layers(options: Namespace) -> int:
    """``tda-latent list-layers``."""
    from tda_latent.api import checkpoints

    for line in _listed(checkpoints.layers_of(options.checkpoint, options.factory, options.example)):
        print(line)
    return 0


@looking_in()
def record(options: Namespace) -> int:
    """``tda-latent record``."""
    from tda_latent.api import checkpoints

    model = checkpoints.trained(options.checkpoint, options.factory, options.device)
    inputs = checkpoints.read_inputs(options.data)
    with _progress() as progress:
        steps = -(-len(inputs) // max(1, options.batch_size))
        recording = checkpoints.record_inputs(
            model, inputs, options.layers, progress.track(inputs.batches(options.batch_size), total=steps),
            folder=options.out, pooling=options.pooling, size=options.size, seed=options.seed,
            mask=None if options.mask == "none" else options.mask,
        )  # fmt: skip
    shapes = {layer: recording[layer].shape for layer in recording.layers}
    files = checkpoints.with_columns(recording) if options.npz else {x: recording.file(x) for x in recording.layers}
    width = max(map(len, shapes))
    for layer, shape in shapes.items():
        print(f"{layer:<{width}}  {shape[0]:>9} points x {shape[1]:<6}  {files[layer]}")
    if recording.silent:
        print(f"never called, so not recorded: {', '.join(recording.silent)}")
    print(f"Of {recording.seen} inputs. In an experiment file, with axes: {{layers: {json.dumps([*shapes])}}}:")
    template = f"{options.out.rstrip('/')}/{{layer}}.{'npz' if options.npz else 'npy'}"
    print(f'  models: {{mine: {{use: file, path: "{template}"}}}}')
    return 0


def _progress() -> Progress:
    """A bar over batches on the terminal, gone when it is done; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _listed(layers: tuple[LayerFacts, ...]) -> list[str]:
    """A line for each layer: name, class, parameters, calls, shapes."""
    known = [fact for fact in layers if fact.calls is not None]
    name, kind = (max(map(len, column)) for column in ([f.name for f in layers], [f.kind for f in layers]))
    head = f"{'layer':<{name}}  {'class':<{kind}}  {'parameters':>10}" + ("  output" if known else "")
    return [head, *(f"{f.name:<{name}}  {f.kind:<{kind}}  {f.parameters:>10}{_output(f)}".rstrip() for f in layers)]


def _output(fact: LayerFacts) -> str:
    if fact.calls is None:
        return ""
    if not fact.calls:
        return "  never called"
    shapes = ", ".join(f"{path}{' ' if path else ''}{shape}" for path, shape in fact.shapes.items())
    return f"  {shapes or 'no tensor'}{f', called {fact.calls} times' if fact.calls > 1 else ''}"
