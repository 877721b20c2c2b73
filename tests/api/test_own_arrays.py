"""A researcher's own arrays, on the command line and in a notebook: misuse is answered in a sentence."""

from __future__ import annotations

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.cli.main import main
from tda_latent.errors import InvalidInput, UnknownName
from tda_latent.records import Scalar


@pytest.fixture
def cloud(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    points = np.random.default_rng(1).normal(size=(60, 3))
    np.save("z.npy", points)
    np.save("same.npy", np.ones((60, 3)))
    return points


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("analyze", "z.npy", "--size", "-4"), "sample is -4; the rule is at least 1"),
        (("analyze", "z.npy", "--plot", "z.xyz"), "rule for figures is .png, .pdf, .svg"),
        (("analyze", "z.npy", "--plot", "nowhere/z.png"), "the folder nowhere does not exist"),
        (("compare", "z.npy", "same.npy"), "same.npy: the median pairwise distance is zero"),
    ],
)
def test_misuse_is_answered_in_a_sentence(cloud, capsys, arguments, said) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert not shown.out


def test_any_integer_is_a_seed(cloud) -> None:
    assert str(tl.compare(cloud, cloud, seed=-1)) == str(tl.compare(cloud, cloud, seed=-1))


def test_halves_of_one_cloud_are_alike_and_the_words_are_explained(cloud) -> None:
    shown = str(tl.compare(cloud[:30], cloud[30:]))
    assert "   apart" not in shown
    assert "alike: its median" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_one_name_is_a_list_of_one(cloud) -> None:
    assert list(tl.analyze(cloud, "spectrum")) == ["spectrum"]


def test_one_column_of_labels_is_called_label(cloud) -> None:
    assert list(tl.load(cloud, labels=np.arange(60)).labels) == ["label"]


def test_an_unknown_column_is_named(cloud) -> None:
    with pytest.raises(UnknownName, match=r"'lables'\. Did you mean 'labels'"):
        tl.load(cloud, lables=[1])


def test_a_record_that_is_no_graph_or_no_subject_of_a_figure_is_refused(cloud) -> None:
    spectrum = tl.analyze(cloud, "spectrum")["spectrum"]
    with pytest.raises(InvalidInput, match="Measures is no graph"):
        tl.to_networkx(spectrum)
    with pytest.raises(InvalidInput, match="mapper-graph draws MapperGraph, not a Measures"):
        tl.plot(spectrum, figure="mapper-graph")


def test_a_number_agrees_with_its_unit() -> None:
    assert str(Scalar(1, "points")) == "1 point"
    assert str(Scalar(2, "points")) == "2 points"
    assert str(Scalar(float("nan"), "dimensions")) == "undefined"
    assert str(Scalar(1, "input distance")) == "1 input distance"


def test_descriptions_tell_how_a_format_holds_ids(capsys) -> None:
    assert main(("describe", "file")) == 0
    assert "label_NAME" in capsys.readouterr().out


def test_the_beginning_of_a_name_suggests_the_name(capsys) -> None:
    assert main(("describe", "vietoris")) == 2
    assert "Did you mean 'vietoris-rips'?" in capsys.readouterr().err
