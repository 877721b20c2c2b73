"""A BERT encoder of sentences with the sizes of MiniLM-L6 [wang2020], and its split of text into word pieces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.errors import InvalidInput
from tda_latent.models.encoding import Floats
from tda_latent.models.pretrained.weights import built, in_batches

WIDTH, DEPTH, HEADS, INNER = 384, 6, 12, 1536
LAYERS = ("embeddings", *(f"layer{k}" for k in range(1, DEPTH + 1)))
LONGEST = 512  # word pieces of a text, the two marks at its ends among them
_WORDS = 30522
_EPSILON = 1e-12
_UNKNOWN, _BEGIN, _END, _PAD = "[UNK]", "[CLS]", "[SEP]", "[PAD]"
_LONGEST_WORD = 100
_HAN = re.compile("([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f])")


class _Layer(nn.Module):
    """Attention between the word pieces of a text, then two dense layers for each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.mixed = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.wide, self.narrow = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.mixed_norm, self.norm = nn.LayerNorm(WIDTH, eps=_EPSILON), nn.LayerNorm(WIDTH, eps=_EPSILON)

    def forward(self, states: Tensor, seen: Tensor) -> Tensor:
        rows, length, _ = states.shape
        query, key, value = (
            part(states).view(rows, length, HEADS, -1).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(2, 3) / (WIDTH // HEADS) ** 0.5
        scores = scores.masked_fill(~seen[:, None, None, :], -torch.inf)
        heads = (scores.softmax(dim=3) @ value).transpose(1, 2).reshape(rows, length, WIDTH)
        states = self.mixed_norm(states + self.mixed(heads))
        return torch.as_tensor(self.norm(states + self.narrow(functional.gelu(self.wide(states)))))


class Sentences(nn.Module):
    """Embeddings of word pieces and places, six layers, and the mean over the word pieces of a text."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(_WORDS, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.kinds = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.layers = nn.ModuleList(_Layer() for _ in range(DEPTH))

    def forward(self, pieces: Tensor, seen: Tensor, layer: str) -> Tensor:
        """(n, 384) means of a layer over the pieces that are ``seen``, from (n, length) numbers of word pieces."""
        places = self.places.weight[: pieces.shape[1]]
        states = self.norm(self.words(pieces) + places + self.kinds.weight[0])
        for part in self.layers[: LAYERS.index(layer)]:
            states = part(states, seen)
        weights = seen[:, :, None].to(states.dtype)
        return (states * weights).sum(dim=1) / weights.sum(dim=1)


_PLACES = {
    "embeddings.word_embeddings": "words",
    "embeddings.position_embeddings": "places",
    "embeddings.token_type_embeddings": "kinds",
    "embeddings.LayerNorm": "norm",
    "attention.self.": "",
    "attention.output.dense": "mixed",
    "attention.output.LayerNorm": "mixed_norm",
    "intermediate.dense": "wide",
    "output.dense": "narrow",
    "output.LayerNorm": "norm",
    "encoder.layer.": "layers.",
}


def _renamed(name: str) -> str | None:
    """Our name of a tensor of a BERT file; None for what the mean over word pieces does not need."""
    if name.startswith("pooler.") or name == "embeddings.position_ids":
        return None
    for theirs, ours in _PLACES.items():
        name = name.replace(theirs, ours)
    return name


def sentence_network(weights: Path | np.random.Generator) -> Sentences:
    """The network with published weights from a .safetensors file, or with weights drawn from a stream."""
    network: Sentences = built(Sentences, weights, _renamed)
    return network


def vocabulary(path: Path) -> dict[str, int]:
    """Number of each word piece, from a file with one of them a line."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return {piece: number for number, piece in enumerate(lines[:_WORDS])}


def word_pieces(text: str, known: Mapping[str, int]) -> list[str]:
    """A text as BERT without upper case splits it: accents dropped, punctuation apart, longest pieces first."""
    plain = "".join(
        " " if letter.isspace() else letter
        for letter in unicodedata.normalize("NFD", _HAN.sub(r" \1 ", text).lower())
        if letter.isspace() or unicodedata.category(letter) not in ("Mn", "Cc", "Cf", "Co", "Cn", "Cs")
    )
    words = "".join(f" {letter} " if _is_punctuation(letter) else letter for letter in plain).split()
    return [piece for word in words for piece in _pieces(word, known)]


def _is_punctuation(letter: str) -> bool:
    ascii_sign = letter.isascii() and letter.isprintable() and not letter.isalnum() and letter != " "
    return ascii_sign or unicodedata.category(letter).startswith("P")


def _pieces(word: str, known: Mapping[str, int]) -> list[str]:
    """The longest known beginning, then the longest known continuation, and so on; or the mark for unknown words."""
    found: list[str] = []
    start = 0
    while start < len(word) and len(word) <= _LONGEST_WORD:
        prefix = "##" if start else ""
        end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in known), None)
        if end is None:
            return [_UNKNOWN]
        found.append(prefix + word[start:end])
        start = end
    return found or [_UNKNOWN]


def understood(network: Sentences, texts: Sequence[str], known: Mapping[str, int], layer: str) -> Floats:
    """(n, 384) means over the word pieces of each text of one layer, the marks at its ends included.

    Raises
    ------
    InvalidInput
        For an empty text, or one of more than 512 word pieces, which would be cut.
    """
    pieces = [word_pieces(text, known) for text in texts]
    for text, found in zip(texts, pieces, strict=True):
        if not 0 < len(found) <= LONGEST - 2:
            raise InvalidInput(f"{text[:40]!r} has {len(found)} word pieces; the rule is 1 to {LONGEST - 2}.")
    longest = max(map(len, pieces)) + 2
    numbers = np.full((len(texts), longest), known[_PAD])
    for row, found in enumerate(pieces):
        numbers[row, : len(found) + 2] = [known[piece] for piece in (_BEGIN, *found, _END)]
    seen = np.arange(longest) < np.array([len(found) + 2 for found in pieces])[:, None]
    return in_batches(lambda a, b: network(a, b, layer), torch.as_tensor(numbers), torch.as_tensor(seen))
