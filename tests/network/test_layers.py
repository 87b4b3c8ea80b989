import torch
import torch.nn.functional as F

from grainpaint.network.layers import Conv, _WrapPad


def test_wrap_padding_is_torchs_circular_padding():
    x = torch.randn(2, 4, 5, 6, 3, dtype=torch.float64, requires_grad=True)
    ours = _WrapPad.apply(x)
    theirs = F.pad(x.permute(0, 4, 1, 2, 3), (1,) * 6, mode="circular")
    torch.testing.assert_close(ours, theirs.permute(0, 2, 3, 4, 1))
    weight = torch.randn_like(ours)
    (grad,) = torch.autograd.grad((ours * weight).sum(), x)
    (their_grad,) = torch.autograd.grad(
        (theirs.permute(0, 2, 3, 4, 1) * weight).sum(), x
    )
    torch.testing.assert_close(grad, their_grad)


def test_without_a_torus_a_convolution_sees_zeros_beyond_the_faces():
    torch.manual_seed(1)
    conv = Conv(2, 3, torus=False)
    x = torch.randn(1, 4, 5, 6, 2)
    padded = F.pad(x.movedim(-1, 1), (1,) * 6)
    expected = F.conv3d(padded, conv.weight.view(3, 2, 3, 3, 3), conv.bias)
    torch.testing.assert_close(conv(x), expected.movedim(1, -1))
