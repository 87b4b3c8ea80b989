"""Colors of the base, which is at half resolution or less, one window at a time."""

import numpy as np
import torch

from grainpaint.generation.base_axis import BaseAxis
from grainpaint.generation.columns import alike_along_columns, grown_from
from grainpaint.generation.painter import Painter
from grainpaint.generation.sampler import (
    UNKNOWN,
    Leaning,
    Start,
    Tick,
    sample_one,
    unheard,
)
from grainpaint.generation.scan_field import ScanField
from grainpaint.generation.scatter import unevenness
from grainpaint.generation.substrate import substrate_colors
from grainpaint.generation.tags import color_of, tag_grains
from grainpaint.generation.windows import Key, Order
from grainpaint.philox import normal_field
from grainpaint.simulate.am.channels import has_columns, unmelted

__all__ = ["base_colors", "base_start", "base_window", "start_of", "written_of"]

_STREAM = 10  # of noise
_LEAST = 4  # base voxels of a grain of a build; fewer are errors of the network
_MARGIN = 4  # base voxels; twice that is a multiple of the network's


@torch.inference_mode()
def base_window(painter: Painter, key: Key, tick: Tick = unheard) -> np.ndarray:
    """Return the colors that a window of the base writes.

    A voxel depends on the noise around it, and hardly on noise more than eight base
    voxels away: two windows with that overlap agree on 98.6 % of the voxels at the face
    between them, and on 99.5 % three voxels inside.

    Parameters
    ----------
    painter : Painter
    key : three ints
        The window.
    tick : callable

    Returns
    -------
    numpy.ndarray, uint8, shape plan.written(key)
    """
    if painter.plan.order is not None:
        return _in_order(painter, painter.plan.order, tick)
    start, kept = base_start(painter, key)
    model = painter.model
    color = sample_one(model.base, start, model.base_card.sampling, tick)
    return written_of(painter, key, start, kept, color)


def base_start(painter: Painter, key: Key) -> tuple[Start, tuple[slice, ...]]:
    """Return what a window is drawn from, and which of its colors it writes.

    A build ends at its faces: along closed axes the network sees a margin beyond them,
    as in training.
    """
    plan = painter.plan
    if painter.scan is None:
        voxels = [axis.wrap(v) for axis, v in zip(plan.axes, plan.computed(key))]
        return start_of(painter, voxels), plan.keep(key)
    wide = _wide(painter, key)
    inner = []
    for axis, kept in zip(plan.axes, plan.keep(key)):
        more = _margin(axis)
        inner.append(slice(kept.start + more, kept.stop + more))
    return start_of(painter, wide), tuple(inner)


def _margin(axis: BaseAxis) -> int:
    """Return how many base voxels beyond its ends an axis of a build is drawn."""
    return _MARGIN if axis.closed else 0


def _wide(painter: Painter, key: Key) -> list[np.ndarray]:
    """Return the base voxels that a window of a build computes, with its margin."""
    found = []
    for axis, along in zip(painter.plan.axes, painter.plan.computed(key)):
        more = _margin(axis)
        found.append(np.arange(along[0] - more, along[-1] + 1 + more))
    return found


def written_of(
    painter: Painter,
    key: Key,
    start: Start,
    kept: tuple[slice, ...],
    color: np.ndarray,
) -> np.ndarray:
    """Return what a window writes of the colors that were drawn from its start."""
    if start.maps is not None:
        color = _cleaned(painter, key, start.maps, start.known, color)
    return np.ascontiguousarray(color[kept])


def _cleaned(
    painter: Painter,
    key: Key,
    maps: np.ndarray,
    known: np.ndarray | None,
    color: np.ndarray,
) -> np.ndarray:
    """Return the colors of a window of a build without specks and merged grains.

    The grains of a build go by their colors, so the parts of a merged one get others.
    Where a network makes no grains colors stay as they are, and count as one grain;
    known colors stay, too.
    """
    card, n_colors = painter.model.base_card, painter.model.base.config.n_colors
    rest = ~has_columns(maps)
    firm = np.zeros(color.shape, bool) if known is None else known != UNKNOWN
    tags = tag_grains(
        np.where(rest, np.uint8(n_colors), color),
        n_colors + 1,
        _wide(painter, key),
        painter.seed,
        card.sampling,
        least=_LEAST,
        firm=firm,
    )
    found = color_of(tags, n_colors + 1)
    return np.where(rest | firm | (found == n_colors), color, found)


def _in_order(painter: Painter, order: Order, tick: Tick) -> np.ndarray:
    """Return the colors of a base made block by block, each fitting those before."""
    shape, halo = painter.plan.shape, order.halo
    color = np.full(shape, UNKNOWN, np.uint8)
    inner = (slice(halo, halo + order.edge),) * 3
    for block in order.blocks(shape):
        x, y, z = (
            np.arange(a - halo, a + order.edge + halo) % n
            for a, n in zip(block.start, shape)
        )
        known = color[np.ix_(x, y, z)]
        found = base_colors(painter, [x, y, z], tick, known=known)[inner]
        color[block.read] = found[block.inside]
    return color


def base_colors(
    painter: Painter,
    voxels: list[np.ndarray],
    tick: Tick = unheard,
    known: np.ndarray | None = None,
    leaning: Leaning | None = None,
) -> np.ndarray:
    """Return the colors of base voxels, given their indices along x, y, z on a torus.

    `known` holds the colors of known voxels, and UNKNOWN elsewhere.
    """
    model = painter.model
    start = start_of(painter, voxels, known, leaning)
    return sample_one(model.base, start, model.base_card.sampling, tick)


def start_of(
    painter: Painter,
    voxels: list[np.ndarray],
    known: np.ndarray | None = None,
    leaning: Leaning | None = None,
) -> Start:
    """Return what base voxels are drawn from; parameters as in `base_colors`."""
    x, y, z = voxels
    noise = normal_field(painter.seed, _STREAM, voxels, painter.model.base.config.dim)
    maps = None
    if painter.scan is not None:
        maps = painter.scan.maps((x, y, z))
        places = x, y, z * painter.plan.stretch
        noise = alike_along_columns(noise, painter.seed, places, maps)
        known = _substrate(painter, painter.scan, voxels, maps)
        if known is not None:
            noise = grown_from(noise, known, painter.plan.stretch)
    return Start(
        noise,
        known=known,
        diameter=_asked(painter, voxels),
        leaning=leaning,
        maps=maps,
    )


def _substrate(
    painter: Painter, scan: ScanField, voxels: list[np.ndarray], maps: np.ndarray
) -> np.ndarray | None:
    """Return the colors of base voxels of the substrate, UNKNOWN where all melted."""
    if scan.recipe.substrate is None:
        return None
    share = unmelted(maps)
    still = share > 0
    x, y, z = np.argwhere(still).T + np.array([[v[0]] for v in voxels])
    middle = scan.stretch * share[still]  # of what did not melt, at the bottom
    places = np.stack([2 * x + 0.5, 2 * y + 0.5, 2 * scan.stretch * z - 0.5 + middle])
    found = np.full(still.shape, UNKNOWN, np.uint8)
    n_colors = painter.model.base.config.n_colors
    found[still] = substrate_colors(
        places.T, scan.slab, scan.recipe.substrate, painter.seed, n_colors
    )
    return found


def _asked(painter: Painter, voxels: list[np.ndarray]) -> np.ndarray | None:
    """Return the grain diameters for the network; None: the one on the model's card."""
    x, y, z = voxels
    sampling, wanted = painter.model.base_card.sampling, painter.wanted
    asked: np.ndarray | None = None
    spread: np.ndarray | float = sampling.scatter
    if wanted is not None:
        asked, spread = wanted.asked((x, y, z))
    if painter.even or not np.any(spread):
        return asked
    mean = sampling.grain_diameter if asked is None else asked
    uneven = unevenness(painter.seed, voxels, painter.plan.period(0))
    found = (mean * np.exp(spread * uneven)).astype(np.float32)
    return found if sampling.sizes is None else sampling.sizes.clipped(found)
