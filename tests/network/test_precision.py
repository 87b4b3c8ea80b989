"""The precision of networks: chosen by trying, kept by what was begun in it."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from samples import GEAR

from grainpaint import InputError
from grainpaint.network import precision
from grainpaint.network.precision import resolve, slow_note
from grainpaint.record import outputs


@pytest.fixture
def times(monkeypatch):
    """Let convolutions take other times than they do, or fail."""

    def pretend(float32, bfloat16):
        seconds = {"float32": float32, "bfloat16": bfloat16}

        def timed(device, name):
            if seconds[name] is None:
                raise RuntimeError(f"no convolution in {name} on {device}")
            return seconds[name]

        precision._fastest.cache_clear()
        monkeypatch.setattr(precision, "_seconds", timed)

    yield pretend
    precision._fastest.cache_clear()


@pytest.mark.parametrize("device", ["cpu", "cuda:1", "mps"])
@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen"),
    [
        (1.0, 0.5, "bfloat16"),
        (1.0, 2.0, "float32"),
        (1.0, 255.0, "float32"),
        (1.0, None, "float32"),
    ],
)
def test_the_faster_precision_is_chosen(
    times, device, float32, bfloat16, chosen, monkeypatch
):
    monkeypatch.setattr(precision, "find_device", torch.device)
    times(float32, bfloat16)
    assert resolve("auto", device) == chosen
    assert resolve("bfloat16", device) == "bfloat16"
    assert resolve("float32", device) == "float32"
    note = slow_note("bfloat16", device)
    assert (note is None) == (chosen == "bfloat16")
    assert slow_note("float32", device) is None


def test_a_device_that_cannot_convolve_is_refused(times, monkeypatch):
    monkeypatch.setattr(precision, "find_device", torch.device)
    times(None, None)
    with pytest.raises(InputError, match="device 'mps' cannot convolve volumes"):
        resolve("auto", "mps")


def test_a_given_precision_asks_no_device():
    """As on a machine that only hands out the work."""
    assert resolve("bfloat16", "cuda:7") == "bfloat16"
    with pytest.raises(InputError, match=r"or mps, got 'gpu'"):
        resolve("bfloat16", "gpu")


def test_another_precision_is_a_mistake():
    with pytest.raises(InputError, match="auto, float32 or bfloat16, got 'float16'"):
        resolve("float16")


_LIMITED = """
import time, torch, grainpaint
from grainpaint.network.precision import has_onednn, resolve
torch.set_num_threads(1)
took = {}
for precision in ("float32", "auto"):  # the first compiles kernels
    start = time.process_time()
    volume = grainpaint.paint(PART, longest=32, precision=precision)
    took[precision] = time.process_time() - start
native = has_onednn(torch.device("cpu"), torch.bfloat16)
print(native, resolve("auto"), took["auto"] / took["float32"])
"""


def test_where_bfloat16_is_emulated_a_part_takes_no_longer_than_in_float32():
    """In a process that oneDNN treats as one of a processor with AVX2 alone."""
    code = _LIMITED.replace("PART", repr(str(GEAR)))
    limited = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    command = [sys.executable, "-c", code]
    out = subprocess.run(
        command, env=limited, capture_output=True, text=True, check=True
    )
    native, chosen, of_part = out.stdout.split()
    assert native == "False"  # else the limit does not limit
    assert chosen == "float32"
    assert float(of_part) < 3


@pytest.fixture
def smallest_model(tiny_model, tmp_path):
    """Windows of 16^3: bfloat16 is slow on many machines that run this."""
    folder = shutil.copytree(tiny_model, tmp_path / "smallest")
    card = json.loads((folder / "refine.json").read_text())
    card["sampling"] |= {"core": 16, "halo": 0}
    (folder / "refine.json").write_text(json.dumps(card))
    return folder


def test_what_was_chosen_stands_in_the_record(run, smallest_model, tmp_path):
    words = (
        "generate",
        "--shape",
        "16,16,16",
        "--model",
        smallest_model,
        "--no-picture",
    )
    for wanted in ("float32", "bfloat16"):
        out = tmp_path / f"{wanted}.npz"
        assert run(*words, "-o", out, "--precision", wanted)[0] == 0
        record = json.loads(outputs(out).record.read_text())
        assert record["recipe"]["precision"] == wanted
    code, _, error = run(*words, "-o", tmp_path / "a.npz", "--precision", "half")
    assert code == 2
    assert "the precision must be auto, float32 or bfloat16, got 'half'" in error


def test_a_run_that_goes_on_keeps_its_precision(run, smallest_model, tmp_path, times):
    from grainpaint import store
    from grainpaint.generation.domain import Domain
    from grainpaint.generation.recipe import make_recipe

    out = tmp_path / "box.zarr"
    recipe = make_recipe(
        Domain((16, 16, 16)), model=str(smallest_model), precision="bfloat16"
    )
    settings = recipe.model_dump(mode="json")
    store.create(out, recipe.shape, (1.0,) * 3, recipe.origin, settings)
    times(float32=1.0, bfloat16=9.0)  # it goes on on a machine of another kind
    words = ("generate", "--shape", "16,16,16", "--model", smallest_model, "-o", out)
    words += ("--no-picture",)
    code, _, error = run(*words, "--precision", "float32")
    assert code == 2
    assert 'precision is "bfloat16" there, "float32" here' in error
    code, text, error = run(*words)
    assert code == 0
    assert "precision  bfloat16" in text
    assert error.count("\n") == 1
    assert "bfloat16 is slow on this machine" in error
    assert "begun in it" in error
    code, _, error = run(
        "region", out, "--box", "0:8,0:8,0:8", "-o", tmp_path / "a.npz"
    )
    assert code == 0
    assert "--precision float32 gives nearly the same grains" in error
    words = ("region", out, "--box", "0:8,0:8,0:8", "-o", tmp_path / "b.npz")
    assert run(*words, "--precision", "float32")[2] == ""


def test_nothing_is_said_of_a_card_that_only_workers_have():
    assert slow_note("bfloat16", "cuda:17") is None
