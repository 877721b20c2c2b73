"""The steps between components: what is held out, drawn, encoded, compared and collected."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput
from tda_latent.experiment.steps.collect import Collect
from tda_latent.experiment.steps.compare import Compare
from tda_latent.experiment.steps.hold_out import HoldOut
from tda_latent.experiment.steps.subsample import Subsample, farthest_rows
from tda_latent.experiment.steps.training_sample import TrainingSample
from tda_latent.records import Latents, Measures, PersistenceDiagram, Table


def inputs(size: int = 100) -> Latents:
    rng = np.random.default_rng(0)
    return Latents(rng.normal(size=(size, 3)), ids=np.arange(size), labels={"y": rng.integers(0, 3, size)})


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_held_out_inputs_are_never_trained_on() -> None:
    split = HoldOut(held_out=0.3)(inputs(), rng())
    assert (split.split == "test").sum() == 30
    train = TrainingSample(train=0.5)(split, rng(1))
    assert len(train) == 35
    held_out = set(split.ids[split.split == "test"].tolist())
    assert not held_out & set(train.ids.tolist())


def test_a_split_that_the_data_brings_is_kept() -> None:
    own = inputs(10).replace(split=np.array(["test"] * 4 + ["train"] * 6))
    assert HoldOut(held_out=0.9)(own, rng()).split.tolist() == own.split.tolist()


def test_replicates_see_different_training_samples() -> None:
    split = HoldOut()(inputs(), rng())
    first, second = (TrainingSample(train=0.5)(split, rng(seed)) for seed in (1, 2))
    assert set(first.ids.tolist()) != set(second.ids.tolist())


def test_inputs_without_ids_get_row_numbers_so_that_models_pair() -> None:
    split = HoldOut()(Latents(np.zeros((10, 1)) + np.arange(10)[:, None]), rng())
    assert split.ids is not None
    assert split.ids.tolist() == list(range(10))


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_a_split_that_leaves_nothing_is_refused(fraction) -> None:
    with pytest.raises(InvalidInput, match="held_out"):
        HoldOut(held_out=fraction)(inputs(20), rng())


def test_a_farthest_sample_of_points_that_coincide_takes_none_twice() -> None:
    points = np.array([[0.0, 0], [0, 0], [1, 1], [1, 1], [1, 1]])
    assert sorted(farthest_rows(points, 5, 3).tolist()) == [0, 1, 2, 3, 4]
    assert set(farthest_rows(points, 2, 3).tolist()) & {0, 1}


def test_a_sample_keeps_columns_and_refuses_more_points_than_there_are() -> None:
    drawn = Subsample(size=20)(inputs(), rng())
    assert len(drawn) == 20
    assert drawn.labels["y"].shape == (20,)
    with pytest.raises(InvalidInput, match="101 points was asked for, but the cloud has 100"):
        Subsample(size=101)(inputs(), rng())


def test_farthest_points_cover_within_the_last_distance() -> None:
    points = inputs().points
    rows = farthest_rows(points, 20, 3)
    assert len(set(rows.tolist())) == 20
    gaps = cdist(points[rows], points[rows])
    np.fill_diagonal(gaps, np.inf)
    assert cdist(points, points[rows]).min(axis=1).max() <= gaps.min() + 1e-12


def diagram(length: float) -> PersistenceDiagram:
    return PersistenceDiagram([[0.0, length]], [1], computed={"max_degree": 1}, unit="median-normalised")


def test_a_block_holds_every_pair_of_replicates_and_averages_nested_subsamples() -> None:
    first = [[diagram(1.0), diagram(3.0)], [diagram(2.0), diagram(2.0)]]
    second = [[diagram(1.0), diagram(1.0)]]
    compare = Compare("bottleneck", {"degree": 1}, rows=("0", "1"), columns=("0",))
    table = compare(first, second).tables["distance"]
    # |1-1| = 0 and min(3-1, 3/2) = 1.5 average to 0.75; |2-1| = 1 both times
    np.testing.assert_allclose(table.values, [[0.75], [1.0]])
    assert table.unit == "median-normalised"


def test_the_block_of_a_model_with_itself_is_symmetric_with_zero_diagonal() -> None:
    replicates = [[diagram(1.0)], [diagram(2.0)], [diagram(4.0)]]
    names = ("0", "1", "2")
    values = (
        Compare("bottleneck", {"degree": 1}, names, names, same=True)(replicates, replicates).tables["distance"].values
    )
    np.testing.assert_array_equal(values, values.T)
    assert not values.diagonal().any()


def block(values: list[list[float]]) -> Measures:
    return Measures(tables={"distance": Table(values, ["0", "1"], ["0", "1"], "unit")})


def test_blocks_land_where_they_belong() -> None:
    collect = Collect("d", models=("a", "b"), replicates=("0", "1"), pairs=((0, 0), (0, 1), (1, 1)))
    whole = collect([block([[0, 1], [1, 0]]), block([[5, 6], [7, 8]]), block([[0, 2], [2, 0]])])
    assert whole.unit == "unit"
    assert whole.within("a").tolist() == [1.0]
    assert whole.within("b").tolist() == [2.0]
    assert sorted(whole.between("a", "b").tolist()) == [5.0, 6.0, 7.0, 8.0]
    np.testing.assert_array_equal(whole.values, whole.values.T)
    assert whole.order is not None
    assert whole.missing == 0


def test_a_missing_block_is_missing_and_nothing_is_arranged() -> None:
    collect = Collect("d", models=("a", "b"), replicates=("0", "1"), pairs=((0, 0), (0, 1), (1, 1)))
    partial = collect([block([[0, 1], [1, 0]]), None, block([[0, 2], [2, 0]])])
    assert partial.missing == 4
    assert np.isnan(partial.between("a", "b")).all()
    assert partial.order is None
    assert partial.embedding is None
    assert "INCOMPLETE" in repr(partial)
