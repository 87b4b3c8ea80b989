"""What several tests share: volumes, populations, scripts of SPPARKS, places."""

import tomllib
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from grainpaint.measure.population import Population
from grainpaint.microstructure import Microstructure
from grainpaint.network.train import PRESETS
from grainpaint.network.unet import NetworkConfig
from grainpaint.simulate.am.recipe import AmRecipe

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
GEAR = EXAMPLES / "parts" / "gear.stl"
PARTS = HERE / "data" / "parts"
RECORDED = HERE / "data" / "spparks"

PAPER_NETWORK = NetworkConfig(
    dim=1, n_colors=1, channels=(4, 4), head=2, torus=False
)  # a tiny one


def small_training(stage="base"):
    """Return the configuration of a training that takes a moment."""
    preset = PRESETS[stage]
    fewer = {"dim": 3, "n_colors": 12, "channels": (8, 8), "head": 4}
    small = preset.network.model_copy(update=fewer)
    changes = {"network": small, "begin": None, "batch": 2, "warmup": 5}
    return preset.model_copy(update=changes)


def batch_bytes(batch):
    """Return the bytes of all tensors of a training batch."""
    tensors = []
    for part in batch:
        values = vars(part).values() if hasattr(part, "setting") else [part]
        tensors += [v.numpy().tobytes() for v in values if v is not None]
    return tensors


CURVES = {
    "x": (-2.2597, -2.2597, 1.29865, 2.23368, 2.23368),
    "y": (0.85711, 1.50644, 0.88308),
    "z": (-0.78114, -1.62087, -1.78114),
}
ISO = """seed 7
app_style potts 100
dimension 3
lattice sc/26n 1.0
boundary p p n
region box block 0 20 0 30 0 10
create_box box
create_sites box
set site range 1 100
sweep random
temperature 0.5
run 10.0
"""
ELLIPSOID = """seed 5
app_style am/ellipsoid 1000 30 70 30 7 50 90 45 12 0.1
lattice sc/26n 1.0
region box block 0 100 0 100 0 100
boundary n n n
create_box box
create_sites box
set i1 range 1 1000
am pass 1 dir X speed 10 hatch 25
am pass 2 dir Y speed 10 hatch 25
am cartesian_layer 1 start LL pass_id 1 thickness 25 offset -80.0 0.0
am cartesian_layer 2 start UL pass_id 2 thickness 25 offset 0.0 80.0
am cartesian_layer 3 start UR pass_id 1 thickness 25 offset 80.0 0.0
am cartesian_layer 4 start LR pass_id 2 thickness 25 offset 0.0 -80.0
am build start 25.0 num_layers 4
sweep random mask no
temperature 0.25
run 225
"""
BEZIER = """app_style potts/am/bezier 1000 20 15 4 6 1.5
potts/am/bezier control_points x -2.2597 -2.2597 1.29865 2.23368 2.23368
potts/am/bezier control_points y 0.85711 1.50644 0.88308
potts/am/bezier control_points z -0.78114, -1.62087, -1.78114
potts/am/bezier beta 0.9 0.4
"""
POTTS = """seed 7
app_style potts 50
lattice sc/26n 1.0
boundary p p n
region box block 0 12 0 10 0 8
create_box box
create_sites box
set site range 1 50
solve_style tree
temperature 0.4
run 4
"""
AM = """seed 5
app_style am/ellipsoid 100 6 8 5 3 8 10 7 4 0.3
lattice sc/26n 1.0
region box block 0 16 0 12 0 8
boundary n n n
create_box box
create_sites box
set i1 range 1 100
am pass 1 dir X speed 10 hatch 5
am cartesian_layer 1 start LL pass_id 1 thickness 4 offset -8.0 0.0
am build start 3.0 num_layers 2
sweep random mask no
temperature 0.25
run 1
"""


def example_volume():
    """Return a small volume in which every voxel is a grain, but one outside."""
    ids = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    return Microstructure(ids, (2.0, 3.0, 4.0), (1.0, 0.0, -5.0))


# Few values, so that like ones meet; and whether x, y, z are periodic.
few_values = arrays(
    np.int32,
    array_shapes(min_dims=3, max_dims=3, max_side=7),
    elements=st.integers(0, 3),
)
axes = st.tuples(*[st.booleans()] * 3)


@st.composite
def noisy_values(draw):
    """Draw many fragments: hypothesis alone likes volumes of mostly one value."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = draw(array_shapes(min_dims=3, max_dims=3, max_side=8))
    return rng.integers(draw(st.integers(0, 1)), draw(st.integers(2, 30)), shape)


def sample(values, n_volumes=8, weight=None):
    """A population of values dealt to volumes in turn."""
    values = np.asarray(values, float)
    if values.ndim == 1:
        values = values[:, None]
    n = len(values)
    return Population(
        values,
        np.ones(n),
        np.ones(n) if weight is None else weight,
        np.arange(n) % n_volumes,
        n_volumes,
        n,
    )


def ratios(rng, n, shift=0.0):
    """Pairs like (b/a, c/a)."""
    b = np.clip(rng.beta(8, 3, n) + shift, 0.01, 1)
    return np.stack([b, b * rng.beta(9, 3, n)], 1)


AM_RECIPE = """
shape = [24, 20, 18]
voxel = "5um"
spins = 500
[substrate]
height = 8
grain = 6
[pool]
shape = "double-ellipsoid"
width = 9
depth = 6
front = 4
rear = 9
[haz]
law = "linear"
width = 3
[scan]
speed = 12
hatch = 6
thickness = 4
"""


def am_recipe(**changes):
    """Return the recipe of a small build with changes, such as scan__speed=9."""
    data = tomllib.loads(AM_RECIPE)
    for key, value in changes.items():
        table, _, name = key.rpartition("__")
        (data[table] if table else data)[name] = value
    return AmRecipe.model_validate(data)


def damaged(data, rng):
    """Return bytes that are cut, flipped, lost, added, or moved."""
    data, at = bytearray(data), rng.randrange(len(data))
    kind = rng.randrange(6)
    if kind == 0:
        del data[at:]
    elif kind == 1:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 2:
        del data[at : at + rng.randrange(1, 40)]
    elif kind == 3:
        data[at:at] = rng.randbytes(rng.randrange(1, 20))
    elif kind == 4:
        data[at % min(len(data), 900)] = rng.randrange(32, 127)
    else:
        there = rng.randrange(min(len(data), 900))
        data[there : there + 8] = data[at : at + 8]
    return bytes(data)
