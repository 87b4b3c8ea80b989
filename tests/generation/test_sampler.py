"""Drawing from a network, step by step."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from grainpaint import InputError
from grainpaint.generation import sampler
from grainpaint.generation.sampler import Start, sample, sample_one
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


@pytest.mark.parametrize("fits", [True, False])
def test_a_window_leaves_the_memory_of_a_card_to_other_processes(monkeypatch, fits):
    network, given_back = SimpleNamespace(device=torch.device("cuda")), []

    def drawn(*how):
        if not fits:
            raise RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")
        return ["colors"]

    monkeypatch.setattr(sampler, "sample", drawn)
    monkeypatch.setattr(sampler, "empty_cache", given_back.append)
    if fits:
        assert sample_one(network, None, None) == "colors"
    else:
        with pytest.raises(InputError, match=r"not fit into the memory of cuda: use f"):
            sample_one(network, None, None)
    assert given_back == [torch.device("cuda")]
