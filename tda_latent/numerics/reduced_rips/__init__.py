"""Exact Vietoris-Rips persistence in degrees 0 and 1 over Z/2, without triangles; `voids` goes one further.

The idea [koyama2023, koyama2024] is that an edge acts on degree 1 through its *lune* alone: the vertices that both its
ends are joined to when it enters. Let edges enter by length, ties by vertices.

1. **Births.** An edge with an empty lune closes no triangle: it merges two components or opens a loop. These edges are
   the relative-neighbourhood graph (`neighbourhood`), some 2 to 4 n of them, found without sorting. Kruskal's algorithm
   on them alone gives every death of degree 0, and what it leaves over is every birth of degree 1 (`graph`).
2. **Deaths.** An edge whose lune has c > 1 components, by the edges that entered before, kills: for v and w in
   different components the 4-cycle a-v-b-w bounds now and did not need to before. If the lune is connected, all its
   triangles are one and the same relation, which only says that the edge itself is filled. So instead of triangles, of
   which there are n^3, we count components of lunes (`lunes`), one for each edge, on rows of bits.
3. **Which loop dies.** The 4-cycle is expanded until only edges of the relative-neighbourhood graph are left: an edge
   with a vertex in its lune equals the two other edges of that triangle. Those that opened loops are the column, and
   the column is reduced as in the standard algorithm; the youngest loop that is left dies (`reduction`). There are
   only one to three such columns for each loop.

What makes it fast: lunes are tested only while a loop is alive, for all births are known in advance (`sweep`); edges
are sorted only there, a bucket at a time (`edges`); one vertex often covers a whole lune (`lunes`).

Exactness: float64, ties broken by a total order of the edges, so bars with birth < death are those of any other correct
algorithm, to the bit. No triangle inequality is used. Representatives are read off the reduced columns (`cycles`).
"""

from tda_latent.numerics.reduced_rips.cycles import cycle_edges, loops_of_matrix
from tda_latent.numerics.reduced_rips.interface import (
    DegreeOne,
    DegreeOneBars,
    degree_one,
    degree_one_batch,
    degree_one_of_matrix,
)
from tda_latent.numerics.reduced_rips.voids import DegreeTwo, degree_two, degree_two_of_matrix

__all__ = [
    "DegreeOne",
    "DegreeOneBars",
    "DegreeTwo",
    "cycle_edges",
    "degree_one",
    "degree_one_batch",
    "degree_one_of_matrix",
    "degree_two",
    "degree_two_of_matrix",
    "loops_of_matrix",
]
