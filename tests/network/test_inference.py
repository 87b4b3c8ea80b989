"""What an `Evaluator` computes is what its network computes."""

import pytest
import torch
import torch.nn.functional as F

from grainpaint.network import inference
from grainpaint.network.inference import Evaluator
from grainpaint.network.unet import NetworkConfig, UNet

PALETTE = {"dim": 3, "n_colors": 12, "head": 4}
SHAPE = (2, 16, 8, 12)  # batch, x, y, z


def network(**config):
    torch.manual_seed(0)
    found = UNet(NetworkConfig(**PALETTE, channels=(8, 16), **config))
    with torch.no_grad():
        for weight in found.parameters():
            weight.copy_(torch.randn_like(weight) * 0.2)
    return found.eval()


def expected(net, x, told, guide=None):
    told = told.expand(*x.shape[:-1], 3)
    with torch.no_grad():
        return net(x, told[..., :1], told[..., 1:], guide)


@pytest.mark.parametrize("torus", [True, False], ids=["torus", "zeros around"])
@pytest.mark.parametrize("guided", [False, True], ids=["", "guided"])
@pytest.mark.parametrize("of_each", [False, True], ids=["one for all", "of each voxel"])
@pytest.mark.parametrize("inner", [(), (5, 6)], ids=["", "narrow"])
def test_float32_logits_are_those_of_the_network(
    torus, guided, of_each, inner, monkeypatch
):
    monkeypatch.setattr(inference, "_SLAB", 1000)  # several slabs, the last a short one
    monkeypatch.setattr(inference, "_CELLS", 60)  # of 8 planes of 24 cells, two a time
    net = network(torus=torus, guided=guided, inner=inner)
    x, guide = torch.randn(*SHAPE, 3), torch.randn(*SHAPE, 3) if guided else None
    told = torch.rand(*SHAPE, 3) if of_each else torch.rand(3)
    evaluator = Evaluator(net, "float32")
    planes = [p for p, _ in evaluator.slabs(x, told, guide)]
    assert len(planes) > 1
    found = evaluator(x, told, guide)
    torch.testing.assert_close(
        found, expected(net, x, told, guide), rtol=1e-4, atol=1e-4
    )


def test_bfloat16_logits_are_off_by_its_rounding_alone():
    net, x, told = network(), torch.randn(*SHAPE, 3), torch.rand(3)
    found = Evaluator(net, "bfloat16")(x, told).float()
    exact = expected(net, x, told)
    assert 0 < F.mse_loss(found, exact) < (0.02 * exact.std()) ** 2


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_cuda_gives_the_logits_of_the_cpu(precision):
    """Up to the rounding of its convolutions, TF32 or bfloat16."""
    net, x, told = network(), torch.randn(*SHAPE, 3), torch.rand(3)
    exact = expected(net, x, told)
    found = Evaluator(net.cuda(), precision)(x.cuda(), told).float().cpu()
    assert F.mse_loss(found, exact) < (0.02 * exact.std()) ** 2


def test_x_may_change_between_two_slabs(monkeypatch):
    """The sampler moves the planes of a slab while the next are to come."""
    monkeypatch.setattr(inference, "_SLAB", 1000)
    net, x, told = network(), torch.randn(*SHAPE, 3), torch.rand(3)
    evaluator = Evaluator(net, "float32")
    whole = evaluator(x.clone(), told)
    for planes, logits in evaluator.slabs(x, told):
        torch.testing.assert_close(logits, whole[:, planes])
        x[:, planes] = torch.nan


def test_later_changes_of_the_network_have_no_effect():
    net, x, told = network(), torch.randn(*SHAPE, 3), torch.rand(3)
    evaluator = Evaluator(net, "bfloat16")
    before = evaluator(x, told)
    with torch.no_grad():
        for weight in net.parameters():
            weight.zero_()
    assert torch.equal(evaluator(x, told), before)
