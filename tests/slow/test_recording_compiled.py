"""Compiled models: their code knows of no hook that came later, so a recording runs the modules they were made from."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn

import tda_latent as tl

pytestmark = pytest.mark.slow


def test_compiled_models_are_recorded_as_the_modules_they_were_made_from() -> None:
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 2)).eval()
    x = torch.randn(5, 4, generator=generator)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the compiler, about itself
        expected = x @ model[0].weight.T + model[0].bias
        compiled = torch.compile(model, backend="eager")
        compiled(x)
        unseen: list[object] = []
        with model[0].register_forward_hook(lambda *_: unseen.append(1)):
            compiled(x)
        assert not unseen  # the trap: a hook that is silently never called
        with tl.record(compiled, ["0"]) as recording:
            compiled(x)
        model[2].compile(backend="eager")
        with tl.record(model, ["output", "2"]) as inner:
            model(x)
    np.testing.assert_allclose(recording["0"], expected.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(inner["2"], inner["output"])
