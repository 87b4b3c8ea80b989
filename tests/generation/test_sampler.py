"""Drawing from a network, step by step."""

import numpy as np

from grainpaint.generation.sampler import Start, sample
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
