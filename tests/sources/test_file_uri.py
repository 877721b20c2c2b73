"""Addresses and templates."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.sources.file import expand_template, split_uri, template_fields

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True)


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("run7.npz::z", ("run7.npz", "z")),
        ("a/b.npy", ("a/b.npy", None)),
        ("run.h5::group/z", ("run.h5", "group/z")),
        ("C:\\runs\\z.npz::z", ("C:\\runs\\z.npz", "z")),
        ("odd::name.npz::z", ("odd::name.npz", "z")),
    ],
)
def test_a_uri_is_split_at_the_last_double_colon(uri: str, parts: tuple[str, str | None]) -> None:
    assert split_uri(uri) == parts


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("", "names no file"),
        ("::z", "names no file"),
        ("z.npz::", "ends with '::'"),
        ("https://host/z.npy", "Download it first"),
        ("s3://bucket/z.npy", "s3 address"),
    ],
)
def test_an_address_that_is_no_local_file_is_refused(uri: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        split_uri(uri)


def test_fields_are_named_once_in_order() -> None:
    assert template_fields("{model}/{seed}-{model}.npz::{layer}") == ("model", "seed", "layer")
    assert template_fields("plain.npy") == ()
    assert template_fields("{{literal}}-{seed}.npy") == ("seed",)


def test_a_template_is_expanded_with_its_values() -> None:
    assert expand_template("latents/{model}-{seed}.npy", {"model": "vae", "seed": "3"}) == "latents/vae-3.npy"
    assert expand_template("{{x}}-{seed}.npy", {"seed": "3", "unused": "y"}) == "{x}-3.npy"


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.dictionaries(NAMES, st.text(min_size=1, max_size=5), min_size=1, max_size=4))
def test_values_arrive_unchanged_even_with_braces_in_them(values: dict[str, str]) -> None:
    template = "|".join(f"{{{name}}}" for name in values)
    assert expand_template(template, values) == "|".join(values.values())


def test_an_unknown_field_offers_the_nearest_axis() -> None:
    with pytest.raises(InvalidParameter, match=r"\{modle\}.*Did you mean \{model\}\? Known: model, seed\."):
        expand_template("{modle}.npy", {"model": "vae", "seed": "1"})
    with pytest.raises(InvalidParameter, match="Known: none"):
        expand_template("{seed}.npy", {})


@pytest.mark.parametrize("template", ["{", "}", "{model", "{}", "{0}", "{a.b}", "{a[0]}", "{a!r}", "{a:>3}", "{a b}"])
def test_anything_but_a_plain_name_is_refused(template: str) -> None:
    with pytest.raises(InvalidParameter, match=r"template .* (well formed|no plain name)"):
        expand_template(template, {"a": "1"})


def test_an_empty_value_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="empty"):
        expand_template("{seed}.npy", {"seed": ""})
