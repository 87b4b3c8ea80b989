"""Weights of models: damaged, malicious, of other networks."""
# ruff: noqa: E501 (a case a line)

import json
import os
import pickle
import shutil

import torch
from conftest import make_model
from hostile import SECRET, gz, refused, table, zeros_gz, zipped
from model_damage import card, instead, read, text
from safetensors.torch import load_file, save_file


def weights(data, name="base.safetensors"):
    return lambda folder: (folder / name).write_bytes(
        data() if callable(data) else data
    )


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


@table(WEIGHTS)
def test_bad_weights_are_refused(model, case, monkeypatch):
    monkeypatch.chdir(model)
    case(model)
    refused(read, model)
    assert not (model / SECRET).exists()
