"""Models, which are folders of cards and weights: damaged, malicious, of another kind."""
# ruff: noqa: E501 (a case a line)

import json
import os
import re
import shutil
import warnings

import pytest
from hostile import gz, many, mutations, outcome, refused, table
from model_damage import card, instead, read, text

from grainpaint.network.description import describe
from grainpaint.network.loading import load_any, load_model
from grainpaint.paper.model import describe_paper, load_paper


def same(a, b):
    """Return whether models draw the same; what a card tells of training may differ."""
    cards = [(m.base_card, m.refine_card) for m in (a, b)]
    drawn = [[(c.network, c.sampling) for c in pair] for pair in cards]
    return drawn[0] == drawn[1] and a.sha256 == b.sha256


@many
@pytest.mark.parametrize("name", ["base.json", "refine.safetensors"])
def test_damage_of_a_model_is_borne(model, name, n):
    """Damage of weights is always refused; in a card, a changed number may be meant."""
    place = model / name
    data, n_refused = place.read_bytes(), 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = outcome(read, model).value
    for number, damaged in mutations(data, n // 2, name):
        place.write_bytes(damaged)
        found = outcome(read, model)
        n_refused += bool(found.error)
        if name.endswith("safetensors"):
            assert found.error or damaged == data, number
    place.write_bytes(data)
    assert same(read(model), first)
    assert n_refused > n / 20


def twice(key):
    return text(lambda data: re.sub(rb'("%s": [^,]*,)' % key, rb"\1\1", data, count=1))


def swapped_networks(folder):
    for end in ("json", "safetensors"):
        a, b = folder / f"base.{end}", folder / f"refine.{end}"
        data = a.read_bytes()
        a.write_bytes(b.read_bytes())
        b.write_bytes(data)


SIZES = {
    k: [1.0, 2.0] for k in ("diameter", "asked", "growth", "coarse_growth", "spins")
}
CARDS = {
    "missing": lambda f: (f / "refine.json").unlink(),
    "nothing": text(lambda data: b""),
    "cut": text(lambda data: data[:90]),
    "zeros": text(lambda data: bytes(len(data))),
    "no text": text(lambda data: b"\xff\xfe"),
    "UTF-16": text(lambda data: data.decode().encode("utf-16")),
    "a byte order mark": text(lambda data: b"\xef\xbb\xbf" + data),
    "gz": text(gz),
    "nested": text(lambda data: b"[" * 90_000),
    "nested data": card(data=json.loads("[" * 400 + "]" * 400)),
    "a list": text(lambda data: b"[" + data + b"]"),
    "a number": text(lambda data: b"1"),
    "more behind": text(lambda data: data + data),
    "a comment": text(lambda data: b"// mine\n" + data),
    "5 MB": text(lambda data: data[:-2] + b" " * (5 << 20) + b"}"),
    "a number of 9,999 digits": text(lambda data: data.replace(b'"n_steps": 0', b'"n_steps": ' + b"9" * 9999)),
    "a key twice": twice(b"n_steps"),
    "a key twice within": twice(b"head"),
    "an unknown key": card(surprise=1),
    "an unknown key within": card(network__surprise=1),
    "a list for a number": card(n_steps=[1]),
    "a text for a network": card(network="big"),
    "null for a network": card(network=None),
    "data of a list": card(data=[]),
    "steps of -1": card(n_steps=-1),
    "minutes of -1": card(minutes=-1),
    "minutes of infinity": card(minutes=float("inf")),
    "no evaluations": card(sampling__n_steps=0),
    "10^12 evaluations": card(sampling__n_steps=10**12),
    "a shift of nan": card(sampling__shift=float("nan")),
    "a shift of 1e300": card(sampling__shift=1e300),
    "infinite grains": card(sampling__grain_diameter=float("inf")),
    "grains of -1": card(sampling__grain_diameter=-1),
    "growth of 1e300": card(sampling__relax=1e300),
    "a core of 2^40": card(sampling__core=2**40),
    "spins of 2^62": card(sampling__spins=2**62),
    "one size": card(sampling__sizes=SIZES | {"diameter": [1.0]}),
    "sizes that fall": card(sampling__sizes=SIZES | {"diameter": [2.0, 1.0]}),
    "a size of 0": card(sampling__sizes=SIZES | {"diameter": [0.0, 1.0]}),
    "growth of -1": card(sampling__sizes=SIZES | {"growth": [-1.0, 2.0]}),
    "growth of infinity": card(sampling__sizes=SIZES | {"growth": [1.0, float("inf")]}),
    "channels of 2^31": card(network__channels=[2**31]),
    "channels of 4000": card(network__channels=[4000] * 8),
    "90,000 levels": card(network__channels=[8] * 90_000),
    "negative channels": card(network__channels=[-8]),
    "no channels": card(network__channels=[]),
    "half a channel": card(network__channels=[8.5]),
    "a head of 2^31": card(network__head=2**31),
    "128 colors": card(network__n_colors=128),
    "another palette": card("refine", network__n_colors=13),
    "a base that is guided": card(network__guided=True),
    "a refine that is not": card("refine", network__guided=False),
    "a base that reads maps": card(network__n_maps=3),
    "another stage": card(stage="refine"),
    "an unknown stage": card(stage="coarse"),
    "base and refine exchanged": swapped_networks,
    "a checksum of words": card(weights_sha256="none"),
    "a checksum of others": card(weights_sha256="0" * 64),
    "a note of two lines": card(note="a\nb"),
    "a note with an escape": card(note="\x1b[2J"),
    "a folder": instead(lambda path: path.mkdir(), "refine.json"),
    "a pipe": instead(os.mkfifo, "refine.json"),
    "zeros without end": instead(lambda path: path.symlink_to("/dev/zero"), "refine.json"),
    "a link to itself": instead(lambda path: path.symlink_to(path), "refine.json"),
    "a base that links to itself": instead(lambda path: path.symlink_to(path), "base.json"),
}  # fmt: skip


@table(CARDS)
def test_a_bad_card_is_refused(model, case):
    case(model)
    refused(read, model)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a" * 5000, "no/such", "/dev/null", "a\0b", "\udcff", "iso/x", "paper-iso", "am"],
    ids=ascii,
)  # fmt: skip
def test_what_names_no_pyramid_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    refused(lambda path: load_model(name), tmp_path)


def test_a_folder_may_have_any_name(model):
    """Bytes that are no text, too; its weights are refused, or read."""
    odd = model.rename(model.with_name("\udcff\udcfe"))
    found = outcome(read, odd)
    assert found.error or same(found.value, read(model))


def test_additive_and_paper_models_are_looked_at_as_hard(tmp_path, additive_model):
    folder = shutil.copytree(additive_model, tmp_path / "am")
    for change in (
        {"network__n_maps": 5},
        {"stage": "base"},
        {"sampling__shift": 1e300},
        {"weights_sha256": "0" * 64},
    ):
        card("additive", **change)(folder)
        refused(lambda path: load_any(str(path)), folder)
        shutil.copy(additive_model / "additive.json", folder)
    load_any(str(folder))


PAPER = {
    "a huge block": {"edge": 2**40},
    "10^12 levels": {"levels__n_steps": 10**12},
    "noise above 1": {"levels__last": 1.5},
    "infinite noise": {"levels__first": float("inf")},
    "another kind": {"kind": "pyramid"},
    "a checksum of others": {"weights_sha256": "0" * 64},
}


def test_a_bad_paper_model_is_refused(tmp_path, paper_folder):
    for changes in PAPER.values():
        folder = shutil.copytree(paper_folder, tmp_path / "paper", dirs_exist_ok=True)
        card("paper", **changes)(folder)
        refused(lambda path: load_paper(str(path)), folder)


@pytest.fixture(scope="module")
def paper_folder(tmp_path_factory):
    from samples import PAPER_NETWORK

    from grainpaint.network.unet import UNet
    from grainpaint.network.weights import write_stage
    from grainpaint.paper.model import Levels, PaperCard

    folder = tmp_path_factory.mktemp("paper")
    said = {"data": {"n_volumes": 1}, "training": {"batch": 8}, "metrics": {}}
    made = PaperCard(
        edge=16, network=PAPER_NETWORK, levels=Levels(), n_steps=1, minutes=0, **said
    )
    write_stage(folder, made, UNet(PAPER_NETWORK))
    return folder


def test_what_a_card_tells_of_its_training_may_be_anything(
    model, tmp_path, paper_folder
):
    huge = int("9" * 4000)
    for changes in (
        {"data": {}},
        {"data": {"n_volumes": "many"}},
        {"data": {"n_volumes": 1, "sets": 5}},
        {"data": {"n_volumes": 1, "sets": [{"time": [huge]}]}},
        {"data": {"n_volumes": 1, "range": {"a": [1]}}},
    ):
        card(**changes)(model)
        refused(lambda path: describe(str(path)), model)
    for changes in ({"training": {}}, {"training": {"batch": 0}}, {"n_steps": 0}):
        folder = shutil.copytree(paper_folder, tmp_path / "paper", dirs_exist_ok=True)
        card("paper", **changes)(folder)
        refused(lambda path: describe_paper(str(path)), folder)


ONE_BIT = text(lambda data: data[:-1] + bytes([data[-1] ^ 1]), "base.safetensors")


@pytest.mark.parametrize(
    ("case", "name"),
    [(CARDS["one size"], "base.json"), (ONE_BIT, "base.safetensors"), (CARDS["missing"], "refine.json")],
)  # fmt: skip
def test_the_command_line_says_it_in_one_line(model, tmp_path, run, case, name):
    case(model)
    out = tmp_path / "a.npz"
    code, _, error = run("generate", "--shape", "16,16,16", "--model", model, "-o", out)
    assert code == 2, error
    (line,) = error.splitlines()
    assert line.startswith("grainpaint: "), line
    assert name in line
    assert not out.exists()
