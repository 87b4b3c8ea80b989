"""Drawing from a network, step by step."""

import numpy as np

from grainpaint.generation.sampler import UNKNOWN, Start, sample
from grainpaint.network.cards import Sampling
from grainpaint.network.loading import load_model
from grainpaint.philox import normal_field


def test_few_steps_of_the_second_order_draw_what_many_of_the_first_order_do():
    model = load_model("iso", precision="float32")
    noise = normal_field(3, 10, [np.arange(16)] * 3, 5)

    def drawn(n_steps, order):
        sampling = Sampling(
            n_steps=n_steps, shift=8.0, order=order, grain_diameter=6.0, halved=True
        )
        return sample(model.base, [Start(noise.copy())], sampling)[0]

    fine = drawn(24, 1)
    first, second = ((drawn(8, order) == fine).mean() for order in (1, 2))
    assert second > first + 0.04


def test_pure_noise_is_taken_without_the_network(tiny_model):
    """As by a network that finds all colors as likely there, unless some are known."""
    network = load_model(str(tiny_model), precision="float32").base
    dim = network.config.dim
    noise = normal_field(3, 10, [np.arange(16)] * 3, dim)
    levels = []

    class Listening:
        config, device = network.config, network.device

        @staticmethod
        def slabs(x, told, guide=None):
            levels.append(float(told[..., 0].max()))
            for planes, logits in network.slabs(x, told, guide):
                yield planes, logits * (levels[-1] < 1)

    def drawn(n_steps, begin, known=None):
        levels.clear()
        sampling = Sampling(n_steps=n_steps, shift=3.0, begin=begin, grain_diameter=6.0)
        start = Start(noise.copy(), known=known)
        return sample(Listening, [start], sampling)[0]

    whole = drawn(3, 1.0)
    assert len(levels) == 3
    np.testing.assert_array_equal(drawn(2, 2 / 3), whole)
    assert len(levels) == 2
    known = np.full((16,) * 3, UNKNOWN, np.uint8)
    known[:4] = 1
    drawn(2, 2 / 3, known)
    assert levels[0] == 1
    assert len(levels) == 3
