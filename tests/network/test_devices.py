"""Devices by name; none of them but the CPU is here."""

import pytest
import torch

from grainpaint import InputError
from grainpaint.network import devices
from grainpaint.network.devices import exact, find_device, is_out_of_memory


@pytest.mark.parametrize(
    "name", ["", "gpu", "CUDA", "cuda:x", "cuda:200", "meta", "cuda:-1"]
)
def test_what_names_no_device_is_refused(name):
    with pytest.raises(InputError, match=r"must be cpu, cuda, cuda:1, \.\.\. or mps"):
        find_device(name)


@pytest.mark.parametrize(
    ("n", "found"),
    [(0, "cpu only"), (2, "cpu, cuda:0, cuda:1")],
)
def test_a_device_that_is_not_here_is_one_line(n, found, monkeypatch):
    def absent(*_, device):
        raise AssertionError("Torch not compiled with CUDA enabled\nmore\nlines")

    monkeypatch.setattr(torch, "empty", absent)
    monkeypatch.setattr(devices, "n_cards", lambda: n)
    with pytest.raises(InputError, match=f"'cuda:5' .* torch finds {found}") as e:
        find_device("cuda:5")
    assert "\n" not in str(e.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(
    "words",
    [
        ("generate", "--shape", "16,16,16", "-o", "OUT.npz"),
        ("generate", "--shape", "16,16,16", "-o", "OUT.zarr"),
        ("generate", "--shape", "16,16,16", "-o", "OUT.zarr", "--precision", "float32"),
        ("generate", "--shape", "16,16,16", "-o", "OUT.npz", "--precision", "float32"),
        ("train", "base", "--data", "DATA", "--out", "OUT"),
        ("train", "paper", "--data", "DATA", "--out", "OUT"),
    ],
)
def test_a_gpu_where_there_is_none_is_one_line_and_nothing_is_left(
    run, words, tmp_path, tiny_model, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    more = ("--model", tiny_model, "--no-picture") if words[0] == "generate" else ()
    code, out, error = run(*words, *more, "--device", "cuda")
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert "device 'cuda' cannot be used here, torch finds cpu only" in error
    assert list(tmp_path.iterdir()) == []


def test_float32_on_a_card_is_float32_and_repeats():
    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic
    with exact(torch.device("cuda")):
        assert not torch.backends.cudnn.allow_tf32
        assert torch.backends.cudnn.deterministic
        assert not torch.backends.cudnn.benchmark
    after = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic
    assert after == before


def test_lack_of_memory_is_known_on_every_device():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated"))
    for text in (
        "CUDA error: out of memory",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "[enforce fail at alloc_cpu.cpp:113] . DefaultCPUAllocator: can't allocate "
        "memory: you tried to allocate 99 bytes.",
    ):
        assert is_out_of_memory(RuntimeError(text))
    assert not is_out_of_memory(RuntimeError("CUDA error: misaligned address"))
