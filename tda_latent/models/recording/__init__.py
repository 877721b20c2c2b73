"""Activations of any torch model: hooks on named modules, pooled, sampled and streamed into files.

A call of the model is a pass; the rows of all layers of a pass are the inputs of one batch, in their order. What is
not called as a module (a function such as relu, an addition) cannot be recorded.
"""

from tda_latent.models.recording.listing import LayerFacts, list_layers
from tda_latent.models.recording.recording import Recording, Settings

__all__ = ["LayerFacts", "Recording", "Settings", "list_layers"]
