"""The store: results named by what was computed, blobs named by what they are; atomic, verified, without pickle."""

from tda_latent.experiment.store.actions import Action, Stored
from tda_latent.experiment.store.archive import Notice, Store

__all__ = ["Action", "Notice", "Store", "Stored"]
