"""Images in the IDX format: a folder of one's own, and Fashion-MNIST."""

from tda_latent.sources.idx.fashion_mnist import FashionMnist
from tda_latent.sources.idx.folder import Idx

__all__ = ["FashionMnist", "Idx"]
