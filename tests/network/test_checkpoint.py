"""Checkpoints: whole, or in parts that are put together."""

import numpy as np
import pytest
import torch
from safetensors import SafetensorError

from grainpaint import InputError
from grainpaint.network import checkpoint, saving
from grainpaint.network.checkpoint import Optimization, TrainingFiles


def tensors(n, scale):
    return {f"w{i}": scale * torch.arange(1000.0) for i in range(n)}


def same(found, expected):
    return found.keys() == expected.keys() and all(
        torch.equal(found[key], expected[key]) for key in expected
    )


@pytest.mark.parametrize("n_bytes", [15 << 20, 9000, 100])
def test_parts_are_put_together_and_old_ones_removed(tmp_path, monkeypatch, n_bytes):
    monkeypatch.setattr(checkpoint, "_PART_BYTES", n_bytes)
    files = TrainingFiles(tmp_path, "base")
    for step in (1, 2, 3):
        files.save(tensors(5, step), {"step": str(step)})
        found, header = files.load()
        assert same(found, tensors(5, step))
        assert header["step"] == str(step)
    sizes = [p.stat().st_size for p in tmp_path.iterdir()]
    assert len(sizes) == {15 << 20: 1, 9000: 3, 100: 5}[n_bytes]
    assert max(sizes) < max(n_bytes, 4000) + 1000


def test_a_kill_while_parts_are_written_leaves_the_old_checkpoint(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(checkpoint, "_PART_BYTES", 4000)
    files = TrainingFiles(tmp_path, "base")
    files.save(tensors(4, 1), {"step": "1"})
    save_whole = checkpoint.save_whole
    for n_written in range(4):
        left = iter(range(n_written))

        def killed(*how, left=left):
            next(left)
            save_whole(*how)

        monkeypatch.setattr(checkpoint, "save_whole", killed)
        with pytest.raises(StopIteration):
            files.save(tensors(4, 2), {"step": "2"})
        found, header = files.load()
        assert same(found, tensors(4, 1))
        assert header["step"] == "1"
    monkeypatch.setattr(checkpoint, "save_whole", save_whole)
    files.save(tensors(4, 2), {"step": "2"})
    assert same(files.load()[0], tensors(4, 2))
    assert len(list(tmp_path.glob("*.safetensors"))) == 4


def test_a_missing_part_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "_PART_BYTES", 4000)
    files = TrainingFiles(tmp_path, "base")
    files.save(tensors(3, 1), {"step": "1"})
    sorted(tmp_path.glob("*-0-*"))[0].unlink()
    with pytest.raises(InputError, match=r"base\.state-0-0\.safetensors: missing"):
        files.load()


def test_the_presets_fit_through_16_mib():
    """Each part of what a run of a shipped preset saves: weights, averages, moments."""
    from grainpaint.network.train import PRESETS
    from grainpaint.network.unet import UNet

    for preset in PRESETS.values():
        with torch.device("meta"):
            weights = UNet(preset.network).state_dict()
        largest = max(np.prod(w.shape) * 4 for w in weights.values())
        assert largest < checkpoint._PART_BYTES


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize("place", ["base.state.safetensors", "base.config.json"])
@pytest.mark.parametrize("hurt", [cut, lambda path: path.write_bytes(b"")])
def test_a_damaged_file_of_a_run_is_one_line(tmp_path, place, hurt):
    files, config = TrainingFiles(tmp_path, "base"), Optimization(batch=1)
    files.start(config.model_copy(update={"precision": "float32"}))
    files.save(tensors(2, 1), {"step": "1"})
    hurt(tmp_path / place)

    def resumed():
        files.settle(config, True, set(), "cpu")
        files.load()

    with pytest.raises(InputError, match=f"{place}: damaged.*be resumed") as told:
        resumed()
    assert "\n" not in str(told.value)


def test_a_log_that_a_kill_cut_off_is_no_hindrance(tmp_path):
    files = TrainingFiles(tmp_path, "base")
    files.log.write_text('{"step": 50, "loss": 1.0}\n{"step": 100}\n{"step": 1')
    files.cut_log(50)
    assert files.log.read_text() == '{"step": 50, "loss": 1.0}\n'
    files.log.unlink()
    files.cut_log(50)
    assert files.log.read_text() == ""


@pytest.mark.parametrize("number", [27, 28, 122])
def test_a_full_disk_keeps_the_checkpoint_before(tmp_path, monkeypatch, number):
    files = TrainingFiles(tmp_path, "base")
    files.save(tensors(2, 1), {"step": "1"})

    def full(found, path, header):
        path.write_bytes(b"half")
        raise SafetensorError(f"I/O error: No space (os error {number})")

    monkeypatch.setattr(saving, "save_file", full)
    with pytest.raises(InputError, match=r"base\.state\.safetensors: the disk is full"):
        files.save(tensors(2, 2), {"step": "2"})
    assert same(files.load()[0], tensors(2, 1))
    assert [p.name for p in tmp_path.iterdir()] == ["base.state.safetensors"]


def test_others_may_read_weights_as_they_may_read_all_other_files(tmp_path):
    saving.save_whole(tensors(1, 1), tmp_path / "base.safetensors")
    (tmp_path / "base.json").touch()
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1
