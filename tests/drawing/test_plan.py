"""The picture of a plan shows its windows, or its blocks by stage."""

import dataclasses

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from grainpaint.drawing.plan import draw_plan
from grainpaint.generation.windows import Order, whole

SHAPE = (112, 64, 64)


def has_color(path, color):
    pixels = imread(path)[..., :3]
    return (np.abs(pixels - to_rgb(color)).max(-1) < 0.01).sum() > 500


@pytest.mark.parametrize("kind", [None, "grid"])
def test_a_plan_is_drawn(tmp_path, kind):
    plan = whole(SHAPE, 8)
    if kind:
        order = Order(kind, edge=24, overlap=5, halo=4)
        plan = dataclasses.replace(plan, order=order)
    draw_plan(plan, SHAPE, 1, (64,) * 3, tmp_path / "plan.png")
    assert has_color(tmp_path / "plan.png", "C0")  # windows
    pale = 0.65 + 0.35 * np.array(to_rgb("C0"))  # blocks of the first stage
    assert has_color(tmp_path / "plan.png", pale) == (kind is not None)
