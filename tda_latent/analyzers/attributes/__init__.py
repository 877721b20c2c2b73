"""`attribute-directions` and `attribute-edits`: where known attributes vary, and whether the decoder follows."""

from tda_latent.analyzers.attributes.directions import AttributeDirections
from tda_latent.analyzers.attributes.edits import AttributeEdits

__all__ = ["AttributeDirections", "AttributeEdits"]
