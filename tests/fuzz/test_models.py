"""Models, which are folders of cards and weights: damaged, malicious, of another kind."""
# ruff: noqa: E501 (a case a line)

import json
import os
import pickle
import re
import shutil
import warnings

import pytest
import torch
from conftest import make_model
from hostile import (
    SECRET,
    gz,
    many,
    mutations,
    outcome,
    refused,
    table,
    zeros_gz,
    zipped,
)
from safetensors.torch import load_file, save_file

from grainpaint.network.description import describe
from grainpaint.network.loading import load_any, load_model
from grainpaint.paper.model import describe_paper, load_paper


def read(folder):
    return load_model(str(folder))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model of six small files' worth: folders are copied faster than made."""
    return make_model(tmp_path_factory.mktemp("whole") / "model")


@pytest.fixture
def model(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "model")


def weights_of(model):
    networks = model.base.network, model.refine.network
    return [w for network in networks for w in network.state_dict().values()]


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


def card(name="base", **changes):
    """Change fields of a card; `a__b` is field b of a."""

    def change(folder):
        path = folder / f"{name}.json"
        said = json.loads(path.read_text())
        for field, value in changes.items():
            *above, last = field.split("__")
            place = said
            for key in above:
                place = place[key]
            place[last] = value
        path.write_text(json.dumps(said))

    return change


def text(change, name="base.json"):
    return lambda folder: (folder / name).write_bytes(
        change((folder / name).read_bytes())
    )


def weights(data, name="base.safetensors"):
    return lambda folder: (folder / name).write_bytes(
        data() if callable(data) else data
    )


def instead(make, name="base.safetensors"):
    """Put something else in the place of a file."""

    def change(folder):
        (folder / name).unlink()
        make(folder / name)

    return change


def tensors(change):
    """Write the weights anew, with a checksum that fits."""

    def damage(folder):
        path = folder / "base.safetensors"
        save_file(change(load_file(path)), path)
        card(weights_sha256="")(folder)

    return damage


def tensor(change):
    return tensors(lambda held: held | {"leave.bias": change(held["leave.bias"])})


def header(change):
    """Change what the header of the weights says; the checksum is not asked."""

    def damage(folder):
        path = folder / "base.safetensors"
        data = path.read_bytes()
        n = int.from_bytes(data[:8], "little")
        said = change(json.loads(data[8 : 8 + n]))
        new = said if isinstance(said, bytes) else json.dumps(said).encode()
        path.write_bytes(len(new).to_bytes(8, "little") + new + data[8 + n :])
        card(weights_sha256="")(folder)

    return damage


def offsets(place):
    """Move one tensor of the header: `place` gives its offsets."""

    def change(said):
        first = said["leave.bias"]
        first["data_offsets"] = place(*first["data_offsets"])
        return said

    return header(change)


class Payload:
    def __reduce__(self):
        return os.system, (f"touch {SECRET}",)


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
HUGE = {"a": {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 2**62]}}
MANY = b"{" + b",".join(b'"%d":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}' % i for i in range(9000)) + b"}"  # fmt: skip
WEIGHTS = {
    "missing": lambda f: (f / "base.safetensors").unlink(),
    "nothing": weights(b""),
    "seven bytes": weights(bytes(7)),
    "cut": text(lambda data: data[:-9], "base.safetensors"),
    "more behind": text(lambda data: data + b"more", "base.safetensors"),
    "a bit": text(lambda data: data[:-1] + bytes([data[-1] ^ 1]), "base.safetensors"),
    "weights of others": lambda f: make_model(f, seed=1) and card(weights_sha256="1" * 64)(f),
    "of the refine network": lambda f: shutil.copy(f / "refine.safetensors", f / "base.safetensors"),
    "a header of 2^62": weights((2**62).to_bytes(8, "little") + b"{}"),
    "a header of 99 MB": weights((99 << 20).to_bytes(8, "little") + b"{}"),
    "a header of -1": weights(b"\xff" * 8 + b"{}"),
    "a header that is no JSON": header(lambda said: b"{]"),
    "a header of no text": header(lambda said: b"\xff\xfe"),
    "a header of a list": header(lambda said: [said]),
    "a nested header": header(lambda said: b"[" * 9000),
    "a header with a BOM": header(lambda said: b"\xef\xbb\xbf" + json.dumps(said).encode()),
    "an empty header": header(lambda said: {}),
    "a tensor twice": header(lambda said: json.dumps(said).encode()[:-1] + b', "leave.bias": ' + json.dumps(said["leave.bias"]).encode() + b"}"),
    "a tensor twice, elsewhere": header(lambda said: b'{"leave.bias": ' + json.dumps(said["enter.weight"]).encode() + b", " + json.dumps(said).encode()[1:]),
    "9,000 tensors": header(lambda said: MANY),
    "a tensor of 2^62": header(lambda said: HUGE),
    "a tensor of 2^62 more": header(lambda said: said | HUGE),
    "a negative shape": header(lambda said: said | {"leave.bias": said["leave.bias"] | {"shape": [-96]}}),
    "a shape of halves": header(lambda said: said | {"leave.bias": said["leave.bias"] | {"shape": [9.5]}}),
    "an unknown type": header(lambda said: said | {"leave.bias": said["leave.bias"] | {"dtype": "F12"}}),
    "a type of twice the bytes": header(lambda said: said | {"leave.bias": said["leave.bias"] | {"dtype": "F32"}}),
    "integers of as many bytes": header(lambda said: said | {"leave.bias": said["leave.bias"] | {"dtype": "I16"}}),
    "metadata of numbers": header(lambda said: said | {"__metadata__": {"a": 1}}),
    "offsets that overlap": offsets(lambda a, b: [a - 2, b - 2]),
    "offsets beyond the end": offsets(lambda a, b: [a + 2**40, b + 2**40]),
    "offsets the wrong way round": offsets(lambda a, b: [b, a]),
    "negative offsets": offsets(lambda a, b: [a - 2**20, b - 2**20]),
    "one offset": offsets(lambda a, b: [a]),
    "a tensor less": tensors(lambda held: {k: v for k, v in held.items() if k != "leave.bias"}),
    "a tensor more": tensors(lambda held: held | {"evil": torch.ones(3)}),
    "a name of no text": tensors(lambda held: held | {"\x1b[2J\n": torch.ones(3)}),
    "another shape": tensor(lambda old: old.view(-1, 1)),
    "a shape of 0": tensor(lambda old: old[:0]),
    "integers": tensor(lambda old: old.int()),
    "complex numbers": tensor(lambda old: old.to(torch.complex64)),
    "doubles": tensor(lambda old: old.double()),
    "nan": tensor(lambda old: old * float("nan")),
    "infinity": tensor(lambda old: old + float("inf")),
    "a pickle": weights(pickle.dumps(Payload())),
    "a zip of a pickle": weights(zipped([("a/data.pkl", pickle.dumps(Payload()))])),
    "a zip bomb": weights(lambda: zipped([("a/data/0", bytes(200 << 20))])),
    "gz": text(gz, "base.safetensors"),
    "a gz bomb": weights(zeros_gz(1 << 30)),
    "a NumPy array": weights(b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }" + bytes(24)),
    "a card": lambda f: shutil.copy(f / "base.json", f / "base.safetensors"),
    "a folder": instead(lambda path: path.mkdir()),
    "a pipe": instead(os.mkfifo),
    "zeros without end": instead(lambda path: path.symlink_to("/dev/zero")),
    "a link to itself": instead(lambda path: path.symlink_to(path)),
}  # fmt: skip


@table(CARDS)
def test_a_bad_card_is_refused(model, case):
    case(model)
    refused(read, model)


@table(WEIGHTS)
def test_bad_weights_are_refused(model, case, monkeypatch):
    monkeypatch.chdir(model)
    case(model)
    refused(read, model)
    assert not (model / SECRET).exists()


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


@pytest.mark.parametrize(
    ("case", "name"),
    [(CARDS["one size"], "base.json"), (WEIGHTS["a bit"], "base.safetensors"), (CARDS["missing"], "refine.json")],
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
