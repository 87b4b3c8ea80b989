import pytest
import torch
from safetensors.torch import load_file, save_file
from samples import PAPER_NETWORK

from grainpaint import InputError
from grainpaint.network.loading import load_model
from grainpaint.network.unet import UNet
from grainpaint.network.weights import read_network


def test_weights_come_back_as_they_were_written(tiny_model):
    model = load_model(str(tiny_model))
    stored = load_file(tiny_model / "base.safetensors")
    assert {v.dtype for v in stored.values()} == {torch.float16}
    network = read_network(tiny_model, model.base_card)
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, stored[key].float(), rtol=0, atol=0)
    assert len(model.sha256) == 64


def test_the_shapes_of_a_network_need_no_numbers(monkeypatch):
    """For normal numbers without values torch loads its compiler: 1 s a start."""
    monkeypatch.setattr(torch.Tensor, "normal_", None)
    with torch.device("meta"):
        UNet(PAPER_NETWORK)
    with pytest.raises(TypeError):
        UNet(PAPER_NETWORK)


@pytest.mark.parametrize("keep", [0, 100, 2000])
def test_truncated_weights_are_refused(own_model, keep):
    path = own_model / "base.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"base\.safetensors.*damaged"):
        load_model(str(own_model))


def test_foreign_weights_are_refused(own_model):
    path = own_model / "refine.safetensors"
    weights = load_file(path)
    save_file({"linear": torch.ones(3)}, path)
    with pytest.raises(InputError, match="not the weights of its card"):
        load_model(str(own_model))
    save_file(weights | {"leave.bias": torch.ones(7)}, path)
    with pytest.raises(InputError, match="shape"):
        load_model(str(own_model))
    bad = weights["leave.bias"].clone()
    bad[0] = float("nan")
    save_file(weights | {"leave.bias": bad}, path)
    with pytest.raises(InputError, match="not finite"):
        load_model(str(own_model))
    path.unlink()
    with pytest.raises(InputError, match="lacks this file"):
        load_model(str(own_model))
