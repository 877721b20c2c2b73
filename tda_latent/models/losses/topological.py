"""The loss of the topological autoencoder: both spaces should agree on the edges that carry their components."""

from __future__ import annotations

from torch import Tensor

from tda_latent.errors import InvalidInput
from tda_latent.models.losses.chosen_edges import detached_distances, edge_lengths, in_range
from tda_latent.numerics.pairwise import minimum_spanning_edges


def topological_loss(inputs: Tensor, codes: Tensor) -> Tensor:
    """Squared differences between the two spaces of the lengths of the edges of both minimum spanning trees.

    Parameters
    ----------
    inputs : (n, d), n >= 2
    codes : (n, k), row by row those of the inputs, in a comparable unit: divide both by a scale of their own

    Returns
    -------
    Tensor
        Scalar, in the squared unit: half the sum over the n - 1 edges of the tree of the inputs plus half that over
        the tree of the codes. 0 exactly when both trees have equal lengths in both spaces. It grows with n.

    Raises
    ------
    InvalidInput
        For other shapes, NaN or infinity, or a value beyond the range of the float type.

    Notes
    -----
    [moor2020]: the lengths of the edges of a tree are the deaths of degree 0 of the Vietoris-Rips filtration. The
    gradient reaches both arguments through these lengths. The authors' code leaves out the halves: its value is twice
    this one. O(n^2 (d + k)) once for each of the two trees.
    """
    if len(inputs) != len(codes):
        raise InvalidInput(f"{len(inputs)} inputs and {len(codes)} codes; the rule is one code for each input.")
    loss = inputs.new_zeros(()) + codes.new_zeros(())
    for matrix in (detached_distances(inputs, "inputs"), detached_distances(codes, "codes")):
        tails, heads, _ = minimum_spanning_edges(matrix)
        differences = edge_lengths(inputs, tails, heads) - edge_lengths(codes, tails, heads)
        loss = loss + (differences**2).sum() / 2
    return in_range(loss, "inputs or codes")
