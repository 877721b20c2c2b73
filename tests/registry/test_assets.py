"""Assets: found without importing or downloading anything, used only with the pinned bytes."""

from __future__ import annotations

import hashlib
import re
import socket
import sys
from pathlib import Path

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.cli.main import main
from tda_latent.errors import InvalidInput, MissingLibrary, UnknownName
from tda_latent.registry.assets import ASSETS, VARIABLE, Asset, asset, verified
from tda_latent.sources.idx import FashionMnist
from tda_latent.sources.image_network import ImageNetwork
from tda_latent.sources.pitch_network import PitchNetwork
from tda_latent.sources.sentence_embeddings import SentenceEmbeddings

ASKING = [FashionMnist, SentenceEmbeddings, PitchNetwork, ImageNetwork]


def asset_of(folder: Path, content: bytes = b"weights") -> Asset:
    digest = hashlib.sha256(content).hexdigest()
    return Asset("little", "little weights", "little 1.0", "MIT", "pip install little", str(folder), {"w.bin": digest})


@pytest.fixture
def no_network(monkeypatch):
    def refused(*_, **__):
        raise AssertionError("something opens a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


@pytest.mark.parametrize("item", ASSETS, ids=lambda item: item.name)
def test_every_asset_says_who_brings_it_how_and_under_which_licence(item):
    assert re.fullmatch(r"(pip install|apt-get install) .+", item.command)
    assert item.licence
    assert item.references
    assert item.files
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in item.files.values())


def test_the_state_is_what_the_bytes_say(tmp_path):
    little = asset_of(tmp_path)
    assert little.state() == "missing"
    (tmp_path / "w.bin").write_bytes(b"weights")
    assert little.state() == "present"
    assert verified(little, "w.bin") == tmp_path / "w.bin"
    (tmp_path / "w.bin").write_bytes(b"WEIGHTS of somebody else")
    assert little.state() == "altered"
    with pytest.raises(InvalidInput, match=r"SHA-256 .* little 1\.0 .* pip install little"):
        verified(little, "w.bin")


def test_the_folder_of_the_variable_comes_first(tmp_path, monkeypatch):
    here, there = tmp_path / "little", tmp_path / "elsewhere"
    for folder in (here, there):
        folder.mkdir()
        (folder / "w.bin").write_bytes(b"weights")
    assert asset_of(there).folder() == there
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert asset_of(there).folder() == here
    (here / "w.bin").unlink()
    assert asset_of(there).folder() == there


def test_an_unknown_asset_is_named_with_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'crepe'"):
        asset("creppe")


@pytest.mark.parametrize("item", ASSETS, ids=lambda item: item.name)
def test_looking_for_an_asset_imports_nothing(item):
    before = set(sys.modules)
    item.folder()
    assert {name for name in set(sys.modules) - before if name.partition(".")[0] == item.home} == set()


@pytest.mark.parametrize("source", ASKING)
def test_without_its_files_a_source_names_the_command_and_opens_no_connection(source, monkeypatch, no_network):
    monkeypatch.setattr(Asset, "folder", lambda self: None)
    with pytest.raises(MissingLibrary, match=r"nothing is downloaded in a run\. Get it with: (pip|apt-get) install"):
        source()(np.random.default_rng(0))


@pytest.mark.slow
@pytest.mark.parametrize("source", ASKING)
def test_with_its_files_a_source_opens_no_connection(source, no_network):
    component = source(**source.example)
    if any(asset(name).state() != "present" for name in component.assets):
        pytest.skip("its files are not on this machine")
    assert len(component(np.random.default_rng(0)))


def test_the_command_lists_what_is_here_and_how_to_get_the_rest(monkeypatch, capsys, no_network):
    monkeypatch.setattr(Asset, "state", lambda self: "present" if self.name == "pictures" else "missing")
    assert main(["assets"]) == 0
    shown = capsys.readouterr().out
    for item in ASSETS:
        assert item.name in shown
        assert item.licence.split()[0] in shown
        assert (f"get it with: {item.command}" in shown) == (item.name != "pictures")


def test_altered_files_end_the_command_with_one(monkeypatch, capsys):
    monkeypatch.setattr(Asset, "state", lambda self: "altered")
    assert main(["assets"]) == 1
    assert "ALTERED" in capsys.readouterr().out


def test_python_gets_the_same_list():
    assert [item.asset.name for item in tl.assets()] == [item.name for item in ASSETS]
    assert all(bool(item.place) == (item.state != "missing") for item in tl.assets())
