"""Bundles: one file with a run and everything that it takes to check it and to run it again, without a network.

``contents`` gathers, ``anonymity`` strips, ``replay`` says how to run it again, ``crate`` describes, ``archive`` writes
and opens.
"""

from tda_latent.experiment.bundle.archive import open_bundle, opened, unfolded, write_bundle
from tda_latent.experiment.bundle.contents import Bundle, gather

__all__ = ["Bundle", "gather", "open_bundle", "opened", "unfolded", "write_bundle"]
