"""Sources that draw the same for layers and models, claims for some layers with controls, and folders as inputs."""

from __future__ import annotations

import gzip
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.api.bundles import bundle, open_bundle
from tda_latent.errors import ConfigError
from tda_latent.experiment.identity.keys import file_digest
from tda_latent.experiment.identity.streams import generator
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.results import claims
from tda_latent.experiment.run import Limits, carry_out
from tda_latent.experiment.store import Store
from tda_latent.sources.pitch_network import PitchNetwork

sys.path.insert(0, str(Path(__file__).parent))
from in_process import Here

PITCHES = """\
format: tda-latent/experiment@1
name: pitches
seed: 3
models:
  first: {use: pitch-network, layer: "{layer}", size: 12, random: true}
  second: {use: pitch-network, layer: "{layer}", size: 12, random: true}
axes: {replicates: 2, layers: [conv1, conv2]}
analyzers: {spectrum: {use: spectrum}}
expect:
  - claim: Tones differ
    that: value(spectrum.rank, first) > 1
    layers: [conv2]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "experiment.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Run the text of an experiment in this process; gives the run."""
    monkeypatch.setattr("tda_latent.experiment.executors.opening.Pool", Here)

    def call(text: str):
        return carry_out(load_plan(write(tmp_path, text)), Store(tmp_path / "store"), Limits(), tmp_path / "log")

    return call


def test_streams_of_such_a_source_differ_between_replicates_only(tmp_path) -> None:
    plan = load_plan(write(tmp_path, PITCHES))
    streams = {label: task.stream for label, task in plan.tasks.items() if label.startswith("latents/")}
    assert len(streams) == 8
    assert len(set(streams.values())) == 2
    for label, stream in streams.items():
        assert (stream == streams["latents/first/0/conv1"]) == ("/0/" in label)


def test_layers_and_models_get_the_same_inputs_and_one_random_network_has_all_its_layers(ran) -> None:
    done = ran(PITCHES)
    clouds = {label: done.record(label) for label in done.plan.tasks if label.startswith("latents/")}
    first = clouds["latents/first/0/conv1"]
    for label, cloud in clouds.items():
        assert (cloud.ids.tolist() == first.ids.tolist()) == ("/0/" in label)
        stream = generator(done.plan.tasks[label].stream)
        assert cloud == PitchNetwork(layer=label.rpartition("/")[2], size=12, random=True)(stream)
    assert clouds["latents/first/0/conv2"] == clouds["latents/second/0/conv2"]


def test_a_claim_for_one_layer_is_judged_there_and_nowhere_else(ran) -> None:
    found = claims(ran(PITCHES))
    assert [(group, outcome.holds) for group, outcome in found] == [("conv2", True)]


def test_a_control_that_fulfils_the_claim_makes_it_fail_in_a_run(ran) -> None:
    [(_, outcome)] = claims(ran(PITCHES + "    controls: [{first: second}]\n"))
    assert outcome.holds is False
    assert [control.holds for control in outcome.controls] == [True]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("    layers: [conv3]", r"experiment\.yaml:\d+:\d+: no layer is labelled 'conv3'"),
        ("    controls: [{first: silence}]", "no model is labelled 'silence'"),
        ("    controls: {first: second}", "controls"),
        ("    data: [songs]", "no data set is labelled 'songs'"),
    ],
)
def test_what_a_claim_cannot_speak_of_is_shown_with_its_place(tmp_path, line, message) -> None:
    text = PITCHES.replace("    layers: [conv2]", line)
    with pytest.raises(ConfigError, match=message):
        load_plan(write(tmp_path, text))


IMAGES = """\
format: tda-latent/experiment@1
name: images
seed: 3
data: {pictures: {use: idx, path: pictures}}
models: {pca: {use: pca, dimension: 2}}
analyzers: {spectrum: {use: spectrum}}
"""


def idx_files(folder: Path, labels: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    for stem, count in (("train", 30), ("t10k", 10)):
        images = np.random.default_rng(count).integers(0, 256, (count, 4, 4), dtype=np.uint8)
        head = struct.pack(">BBBB3I", 0, 0, 8, 3, *images.shape)
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + images.tobytes(), mtime=0))
        head = struct.pack(">BBBBI", 0, 0, 8, 1, count)
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(head + bytes([labels] * count))


def test_a_folder_of_images_trains_a_model_and_keeps_its_split(ran, tmp_path) -> None:
    idx_files(tmp_path / "pictures")
    done = ran(IMAGES)
    assert done.record("data/pictures").points.shape == (40, 16)
    assert len(done.record("latents/pictures/pca/0")) == 10


def test_the_digest_of_a_folder_follows_the_names_and_bytes_of_its_files(tmp_path) -> None:
    folder = tmp_path / "pictures"
    idx_files(folder)
    first = file_digest(str(folder))
    assert file_digest(str(folder)) == first
    (folder / "further").mkdir()
    (folder / "further" / "down").write_text("not read", encoding="utf-8")
    assert file_digest(str(folder)) == first
    idx_files(folder, labels=1)
    changed = file_digest(str(folder))
    assert changed != first
    (folder / "t10k-labels-idx1-ubyte").rename(folder / "labels")
    assert file_digest(str(folder)) not in (first, changed)


def test_other_labels_are_another_run(ran, tmp_path) -> None:
    idx_files(tmp_path / "pictures")
    first = ran(IMAGES)
    idx_files(tmp_path / "pictures", labels=1)
    second = ran(IMAGES)
    assert first.outcomes["data/pictures"].key != second.outcomes["data/pictures"].key
    assert second.record("data/pictures").labels["class"].tolist() == ["1"] * 40


SENTENCES = (
    PITCHES.partition("models:")[0]
    + """\
models: {days: {use: sentence-embeddings}}
axes: {replicates: 3}
analyzers: {spectrum: {use: spectrum}}
"""
)


def test_a_network_with_published_weights_is_not_passed_off_as_three(tmp_path) -> None:
    with pytest.raises(ConfigError, match="3 replicates would be the same points"):
        load_plan(write(tmp_path, SENTENCES))
    assert load_plan(write(tmp_path, SENTENCES.replace("embeddings}", "embeddings, random: true}"))).tasks
    assert load_plan(write(tmp_path, SENTENCES.replace("replicates: 3", "replicates: 1"))).tasks


def test_a_path_that_is_no_folder_of_images_is_shown_with_its_place(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"experiment\.yaml:4:\d+: .*pictures does not exist"):
        load_plan(write(tmp_path, IMAGES))
    (tmp_path / "pictures").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="is a file; name the folder"):
        load_plan(write(tmp_path, IMAGES))


def test_columns_that_the_parameters_decide_are_known_before_a_run(tmp_path) -> None:
    text = SENTENCES.replace("replicates: 3", "replicates: 1").replace(
        "spectrum: {use: spectrum}", "joins: {use: cyclic-order, factor: order}"
    )
    assert "analysis/joins/days/0" in load_plan(write(tmp_path, text)).tasks
    own = text.replace("embeddings}", "embeddings, words: null, texts: [one, two]}")
    assert "analysis/joins/days/0" in load_plan(write(tmp_path, own)).skipped


def test_a_bundle_holds_the_files_of_the_folder(tmp_path) -> None:
    idx_files(tmp_path / "pictures")
    done = tl.run(
        write(tmp_path, IMAGES), store=tmp_path / "store", output=tmp_path / "out", limits=tl.limits(workers=1)
    )
    assert done.complete
    made = bundle(tmp_path / "out", tmp_path / "b.zip", store=tmp_path / "store")
    assert not [notice for notice in made.notices if "not included" in notice]
    open_bundle(tmp_path / "b.zip", tmp_path / "opened")
    found = sorted((tmp_path / "opened" / "inputs").rglob("*-ubyte*"))
    assert [file.name for file in found] == sorted(file.name for file in (tmp_path / "pictures").iterdir())
    again = load_plan(tmp_path / "opened" / "experiment.yaml")
    place = again.tasks["data/pictures"].operator.parameters["path"]
    assert file_digest(place) == file_digest(str(tmp_path / "pictures"))
