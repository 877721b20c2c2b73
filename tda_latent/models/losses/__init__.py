"""Topological losses: differentiable scalars of torch tensors, for the zoo and for a user's own training loop.

    from tda_latent.models.losses import rtd_loss, topological_loss, total_persistence

    loss = reconstruction + 0.1 * topological_loss(batch, encoder(batch))

Persistence chooses pairs of points; the loss is a function of the distances between those, and its gradient is that
of these distances. It is the exact gradient wherever all distances differ; where some are equal, one of the choices.
"""

from tda_latent.models.losses.discrepancy import mean_discrepancy
from tda_latent.models.losses.divergence import rtd_loss
from tda_latent.models.losses.persistence import total_persistence
from tda_latent.models.losses.topological import topological_loss

__all__ = ["mean_discrepancy", "rtd_loss", "topological_loss", "total_persistence"]
