"""Pretrained networks: our architectures are the published ones, with published or with random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import rotate

from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.models.pretrained.images import BLOCKS, image_network, seen
from tda_latent.models.pretrained.pitch import Pitch, heard, pitch_network, pitch_of
from tda_latent.models.pretrained.sentences import Sentences, sentence_network, understood, word_pieces
from tda_latent.models.pretrained.weights import built
from tda_latent.numerics.pictures import turned
from tda_latent.numerics.tones import HARMONICS, RATE, frequencies, tones
from tda_latent.registry.assets import asset, verified
from tda_latent.sources import image_network as image_source
from tda_latent.sources import pitch_network as pitch_source
from tda_latent.sources.image_network import ImageNetwork
from tda_latent.sources.pitch_network import PitchNetwork
from tda_latent.sources.sentence_embeddings import SentenceEmbeddings


def stream(seed=0):
    return np.random.default_rng(seed)


def needs(*names):
    """Run by `make test-slow`, which gets the weights; `make test` needs none."""
    absent = [name for name in names if asset(name).state() != "present"]
    there = pytest.mark.skipif(bool(absent), reason=f"not on this machine: {[asset(n).command for n in absent]}")
    return lambda test: pytest.mark.slow(there(test))


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def some_tones(number, seed=0):
    rng = stream(seed)
    frequency = frequencies(np.full(number, 2.0), rng.uniform(0, 48, number))
    return frequency, tones(frequency, rng.uniform(0.5, 1.5, number), rng.uniform(0, 2 * np.pi, (number, HARMONICS)))


# ---- architectures


def test_the_networks_have_the_published_numbers_of_weights():
    """22.7 million with the unused pooler [wang2020], 4.652 million, 22.2 million [kim2018b]."""
    with torch.device("meta"):
        assert count(Sentences()) + 384 * 384 + 384 == 22_713_216
        assert count(Pitch("full")) == pytest.approx(22.2e6, rel=0.003)
    assert count(image_network(stream())) == 4_652_008
    assert BLOCKS == 16


def test_random_weights_come_from_the_stream_alone():
    before = torch.get_rng_state()
    _, frames = some_tones(3)
    first, second, third = (heard(pitch_network("tiny", stream(k)), frames, "conv3") for k in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.allclose(first, third)
    assert torch.equal(before, torch.get_rng_state())


def test_random_weights_have_the_spread_of_pytorch():
    layer = built(lambda: torch.nn.Linear(400, 300), stream(3))
    assert layer.weight.abs().max().item() <= 1 / 20
    assert layer.weight.std().item() == pytest.approx(1 / 20 / np.sqrt(3), rel=0.01)
    table = built(lambda: torch.nn.Embedding(300, 400), stream(4))
    assert table.weight.std().item() == pytest.approx(0.02, rel=0.01)


def test_batches_do_not_change_what_is_heard():
    _, frames = some_tones(40)
    network = pitch_network("tiny", stream())
    whole = heard(network, frames, "conv2")
    alone = np.concatenate([heard(network, frames[k : k + 1], "conv2") for k in (0, 31, 32, 39)])
    np.testing.assert_allclose(whole[[0, 31, 32, 39]], alone, atol=1e-5)


def test_a_file_that_is_no_such_network_is_refused(tmp_path):
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(InvalidInput, match="does not hold the weights"):
        pitch_network("tiny", tmp_path / "other.pth")
    (tmp_path / "text.safetensors").write_text("not tensors")
    with pytest.raises(InvalidInput, match="does not hold the weights"):
        sentence_network(tmp_path / "text.safetensors")


class Evil:
    def __reduce__(self):
        return (print, ("code was run",))


def test_weights_are_never_unpickled(tmp_path, capsys):
    torch.save({"weight": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(InvalidInput, match="does not hold the weights"):
        pitch_network("tiny", tmp_path / "evil.pth")
    assert "code was run" not in capsys.readouterr().out


@pytest.mark.parametrize("layer", pitch_source.LAYERS)
def test_every_layer_of_the_pitch_network_can_be_asked_for(layer):
    found = PitchNetwork(layer=layer, size=2, random=True)(stream())
    widths = {"input": 1024, "conv1": 16384, "conv2": 1024, "conv3": 512, "conv4": 256, "conv5": 256, "conv6": 256,
              "pitch": 360}  # fmt: skip
    assert found.points.shape == (2, widths[layer])


def test_a_later_layer_of_the_image_network_is_made_of_the_earlier():
    network, pictures = image_network(stream()), stream(1).uniform(size=(2, 48, 48, 3))
    widths = {"stem": 32, "block1": 16, "block3": 24, "block16": 320, "head": 1280, "classes": 1000}
    assert {layer: seen(network, pictures, layer).shape[1] for layer in widths} == widths
    head, classes = seen(network, pictures, "head"), seen(network, pictures, "classes")
    weight, bias = network._fc.weight.numpy(), network._fc.bias.numpy()
    np.testing.assert_allclose(head @ weight.T + bias, classes, atol=1e-4)


def test_padding_changes_nothing_of_a_sentence():
    network = sentence_network(stream())
    known = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "b": 5, "c": 6}
    alone = understood(network, ["a b"], known, "layer6")
    beside = understood(network, ["a b", "c c c a b c a"], known, "layer6")[:1]
    np.testing.assert_allclose(beside, alone, atol=1e-5)
    with pytest.raises(InvalidInput, match="has 0 word pieces"):
        understood(network, [" "], known, "layer6")
    with pytest.raises(InvalidInput, match="has 511 word pieces"):
        understood(network, ["a " * 511], known, "layer6")


def test_words_are_split_into_the_longest_known_pieces():
    known = {"un": 0, "##aff": 1, "##able": 2, "##a": 3, "naive": 4, ",": 5, "!": 6}
    assert word_pieces("Unaffable, NAÏVE!", known) == ["un", "##aff", "##able", ",", "naive", "!"]
    assert word_pieces("unaffect", known) == ["[UNK]"]
    assert word_pieces("", known) == []


# ---- published weights, and other implementations of the same networks


@needs("crepe")
def test_crepe_hears_the_pitch_of_tones_to_a_few_cents():
    frequency, frames = some_tones(48)
    bins = heard(pitch_network("tiny", verified(asset("crepe"), "tiny.pth")), frames, "pitch")
    cents = 1200 * np.abs(np.log2(pitch_of(bins) / frequency))
    assert np.median(cents) < 20  # a bin


@needs("efficientnet-lite0", "pictures")
def test_efficientnet_knows_an_espresso():
    network = image_network(verified(asset("efficientnet-lite0"), image_source._WEIGHTS))
    view = turned(ImageNetwork(picture="coffee")._photograph(), np.zeros(1), 224)
    assert seen(network, view, "classes").argmax() == 967  # espresso


@needs("efficientnet-lite0")
def test_efficientnet_agrees_with_another_implementation():
    theirs = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet.from_name("efficientnet-lite0")
    path = verified(asset("efficientnet-lite0"), image_source._WEIGHTS)
    theirs.load_state_dict(torch.load(path, weights_only=True))
    pictures = stream().uniform(size=(1, 224, 224, 3))
    inputs = torch.as_tensor((pictures * 255 - 127) / 128, dtype=torch.float32).permute(0, 3, 1, 2)
    with torch.inference_mode():
        expected = theirs.eval()(inputs).numpy()
    np.testing.assert_allclose(seen(image_network(path), pictures, "classes"), expected, atol=1e-4)


@needs("all-minilm-l6-v2")
def test_nearer_in_meaning_is_nearer():
    found = SentenceEmbeddings(
        words=None, texts=("A cat sleeps on the sofa.", "A kitten naps on the couch.", "The court fined the bank.")
    )(stream())
    unit = found.points / np.linalg.norm(found.points, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > 0.6 > 0.3 > unit[0] @ unit[2]


# ---- stimuli


def test_a_tone_has_its_harmonics_and_nothing_above_half_the_rate():
    frame = tones(np.array([RATE / 1024 * 20]), np.array([1.0]), np.zeros((1, HARMONICS)))[0]
    power = np.abs(np.fft.rfft(frame)) ** 2
    peaks = np.arange(20, 20 * HARMONICS + 1, 20)
    peaks = peaks[peaks < 512]
    assert power[peaks].sum() == pytest.approx(power.sum(), rel=1e-12)
    np.testing.assert_allclose(np.sqrt(power[peaks] / power[20]), 1 / np.arange(1, len(peaks) + 1), rtol=1e-9)
    assert frame.std() == pytest.approx(1)


def test_the_a_above_middle_c_has_440_hertz():
    np.testing.assert_allclose(frequencies(np.array([4.0, 5.0]), np.array([9.0, 9.0])), [440, 880])


def test_a_picture_turned_by_a_quarter_is_the_turned_picture():
    picture = stream().uniform(size=(40, 40, 3))
    plain, quarter, whole = turned(picture, np.array([0, np.pi / 2, 2 * np.pi]), 33)
    np.testing.assert_allclose(quarter, np.rot90(plain), atol=1e-9)
    np.testing.assert_allclose(whole, plain, atol=1e-9)
    assert np.all(plain[0, 0] == 0.5)


def test_a_turn_agrees_with_another_implementation_in_the_middle():
    smooth = np.fromfunction(lambda y, x: np.sin(x / 9) * np.cos(y / 7) / 4 + 0.5, (65, 65))[:, :, None]
    view = turned(smooth, np.array([0.4]), 65)[0, :, :, 0]
    other = rotate(smooth[:, :, 0], np.degrees(0.4), reshape=False, order=3)
    np.testing.assert_allclose(view[20:45, 20:45], other[20:45, 20:45], atol=0.02)


# ---- sources


def test_layers_models_and_control_share_their_tones_and_replicates_do_not():
    plain = PitchNetwork(layer="input", size=9)(stream(1))
    control = PitchNetwork(layer="conv1", size=9, random=True)(stream(1))
    assert plain.ids.tolist() == control.ids.tolist()
    assert not set(plain.ids.tolist()) & set(PitchNetwork(layer="input", size=9)(stream(2)).ids.tolist())
    assert PitchNetwork.varies == ImageNetwork.varies == ("replicate",)
    assert (SentenceEmbeddings().varies, SentenceEmbeddings(random=True).varies) == ((), ("replicate",))


def test_tones_are_even_over_four_octaves_and_tell_their_pitch():
    found = PitchNetwork(layer="input", size=4000)(stream())
    octave, chroma = found.factors["octave"].values, found.factors["chroma"].values
    assert found.factors["chroma"].period == 12
    assert set(octave.tolist()) == {2, 3, 4, 5}
    np.testing.assert_allclose(np.quantile(chroma, [0.25, 0.5, 0.75]), [3, 6, 9], atol=0.5)


def test_folded_tones_are_means_of_four_tones_one_fold_apart():
    folded = PitchNetwork(layer="input", size=5, fold=12)(stream(3))
    np.testing.assert_allclose(folded.factors["chroma"].values, np.arange(5) * 12 / 5)
    rng = stream(3)
    tilt, phases = rng.uniform(0.5, 1.5, 20), rng.uniform(0, 2 * np.pi, (20, HARMONICS))
    pitch = np.tile(np.arange(5) * 12 / 5, 4) + 12 * np.repeat(np.arange(4), 5)
    single = tones(frequencies(np.full(20, 2.0), pitch), tilt, phases)
    np.testing.assert_allclose(folded.points, (single[:5] + single[5:10] + single[10:15] + single[15:]) / 4)


@needs("pictures")
def test_angles_are_even_and_begin_anywhere():
    found = ImageNetwork(layer="pixels", size=12, pixels=32)(stream())
    steps = np.diff(np.sort(found.factors["angle"].values))
    np.testing.assert_allclose(steps, 2 * np.pi / 12, rtol=1e-9)
    assert found.points.shape == (12, 32 * 32 * 3)


@needs("all-minilm-l6-v2")
def test_words_come_in_their_order_in_every_template_and_templates_are_taken_out():
    found = SentenceEmbeddings(words="months", templates=("{}", "The word is {}."), layer="embeddings")(stream())
    assert found.points.shape == (24, 384)
    assert found.factors["order"].period == 12
    assert found.ids[13] == "The word is February."
    assert found.labels["word"][13] == "February"
    np.testing.assert_allclose(found.points.reshape(2, 12, -1).mean(axis=1), 0, atol=1e-12)
    numbers = SentenceEmbeddings(words="numbers", templates=("{}",), layer="embeddings")(stream())
    assert numbers.factors["order"].kind == "real"
    assert numbers.factors["order"].values.tolist() == list(range(1, 13))


@needs("all-minilm-l6-v2")
def test_the_random_control_keeps_the_texts_and_changes_with_the_stream():
    first, second = (SentenceEmbeddings(random=True, templates=("{}",))(stream(k)) for k in (1, 2))
    assert first.ids.tolist() == second.ids.tolist()
    assert not np.allclose(first.points, second.points)


@pytest.mark.parametrize(
    ("source", "parameters", "error", "message"),
    [
        (PitchNetwork, {"layer": "conv9"}, UnknownName, "Did you mean"),
        (ImageNetwork, {"layer": "block17"}, UnknownName, "Did you mean"),
        (SentenceEmbeddings, {"layer": "layer7"}, UnknownName, "Did you mean"),
        (SentenceEmbeddings, {"texts": ("a",)}, InvalidParameter, "words: null"),
        (SentenceEmbeddings, {"words": None}, InvalidParameter, "either words or texts"),
        (SentenceEmbeddings, {"words": None, "texts": ("a", "a")}, InvalidParameter, "given twice"),
        (SentenceEmbeddings, {"templates": ("no blank",)}, InvalidParameter, "one {} in each"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(source, parameters, error, message):
    with pytest.raises(error, match=message):
        source(**parameters)


def test_a_layer_of_the_axes_is_accepted_before_it_is_filled_in():
    assert PitchNetwork(layer="{layer}").layer == "{layer}"
