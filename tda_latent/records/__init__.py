"""The nouns that flow between components: immutable, checked once, equal by content."""

from tda_latent.records.comparison import Comparison
from tda_latent.records.diagram import PersistenceDiagram, require_comparable
from tda_latent.records.gallery import Gallery
from tda_latent.records.latents import Factor, Latents, Origin
from tda_latent.records.mapper_graph import MapperGraph
from tda_latent.records.measures import Curve, Measures, Scalar, Table, Vectors
from tda_latent.records.model import Drawing, Model, Projection
from tda_latent.records.record import Record, array_digest, canonical_json, sha256, unpack
from tda_latent.records.representatives import Representative, Representatives

Result = PersistenceDiagram | MapperGraph | Vectors | Measures

__all__ = [
    "Comparison",
    "Curve",
    "Drawing",
    "Factor",
    "Gallery",
    "Latents",
    "MapperGraph",
    "Measures",
    "Model",
    "Origin",
    "PersistenceDiagram",
    "Projection",
    "Record",
    "Representative",
    "Representatives",
    "Result",
    "Scalar",
    "Table",
    "Vectors",
    "array_digest",
    "canonical_json",
    "require_comparable",
    "sha256",
    "unpack",
]
