"""Windows of the result from the base under them, and grains from their tags.

A pyramid's base is drawn finer and grown; that of an additive model is doubled, and the
last moves that the scan made are played again.
"""

from collections.abc import Callable

import numpy as np

from grainpaint.generation.margin import Inside
from grainpaint.generation.painter import Painter
from grainpaint.generation.refine import doubled, grown_box, refine_window, within
from grainpaint.generation.sampler import Tick, unheard
from grainpaint.generation.scan_field import ScanField
from grainpaint.generation.substrate import substrate_colors
from grainpaint.generation.windows import Key, Window, cells_of
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.colors import grains
from grainpaint.simulate.am.channels import COOLED_FAST
from grainpaint.simulate.am.replay import replay

__all__ = ["finish_window", "label_grains", "with_substrate"]

_TAGS = 2**16 - 1
_SKIN = 6.0  # voxels below the surface that was scanned last, where flat grains stay
_REACH = 2  # voxels around such places that relive their whole last life
_LAST = 10.0  # units of dose that sites relive which melted elsewhere


def finish_window(
    painter: Painter,
    window: Window,
    colors: Callable[[Key], np.ndarray],
    tick: Tick = unheard,
    inside: Inside | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Return the tags of a window of the result (uint16, 0 = outside).

    Parameters
    ----------
    painter, window, colors, tick, inside, progress
        As in `grainpaint.generation.refine.refine_window`.
    """
    if painter.scan is None:
        return refine_window(painter, window, colors, tick, inside, progress)
    return _replayed(painter, painter.scan, window, colors)


def _replayed(
    painter: Painter,
    scan: ScanField,
    window: Window,
    colors: Callable[[Key], np.ndarray],
) -> np.ndarray:
    """Return the tags of a window of a build: grains go by their color, melt by spin.

    Places of little dose, and those right under a surface that no later layer melted,
    have grains finer than the base can hold; there, and near by, the whole time since
    the last melting is played again, elsewhere the last moves.
    What never melted begins from the grains of the substrate and makes all its moves,
    and so does the melt in base voxels that have the color of such a grain.
    """
    from scipy.ndimage import minimum_filter

    ends = zip(grown_box(painter, window), scan.shape)
    box = [(max(a, 0), min(b, n)) for (a, b), n in ends]
    stretch = painter.plan.stretch
    cells = cells_of(window, painter.levels, stretch)
    base = [(int(c[0]), int(c[-1]) + 1) for c in cells]
    n_colors = painter.model.base.config.n_colors
    coarse = painter.plan.gather(cells, colors)
    tags = doubled(coarse, base, box, stretch).astype(np.uint16) + 1
    inside = scan.inside(box)
    tags[~inside] = 0
    exposure, recipe = scan.exposure(box), scan.recipe
    low = minimum_filter(exposure.dose, 2 * _REACH + 1) < COOLED_FAST
    low |= exposure.below * recipe.pool.depth < _SKIN
    x, y, z = (a for a, _ in box)
    powder = ~exposure.melted
    powder[:, :, : max(0, recipe.ground - z)] = 0
    still = inside & ~exposure.melted & ~powder
    if recipe.substrate is not None:
        places = np.argwhere(still) + np.array([x, y, z])
        slab, given = scan.slab, recipe.substrate
        under = substrate_colors(places, slab, given, painter.seed, n_colors)
        tags[still] = under + np.uint16(1)
    lowest, most = n_colors + 1, _TAGS - n_colors
    fresh = powder | (low & exposure.melted)
    limit = np.full(still.shape, _LAST, np.float32)
    limit[with_substrate(still, z, 2 * stretch)] = np.inf
    found = replay(
        tags,
        exposure,
        scan.path(box[2][0], box[2][1] - 1),
        (recipe.pool, recipe.haz),
        fresh,
        limit,
        n_spins=min(recipe.spins, most),
        lowest=lowest,
        temperature=recipe.temperature,
        freeze=recipe.freeze,
        seed=painter.seed,
        origin=(x, y, z),
    )
    written = list(zip(window.start, window.stop))
    return np.ascontiguousarray(found[within(written, box)], np.uint16)


def with_substrate(still: np.ndarray, bottom: int, height: int) -> np.ndarray:
    """Return what lies with unmelted voxels in base voxels of a height (bool)."""
    base = np.arange(bottom, bottom + still.shape[2]) // height
    first = np.flatnonzero(np.diff(base, prepend=base[0] - 1))
    found: np.ndarray = np.logical_or.reduceat(still, first, axis=2)
    return found[:, :, base - base[0]]


def label_grains(
    painter: Painter,
    tags: np.ndarray,
    periodic: tuple[bool, ...] = (False, False, False),
) -> np.ndarray:
    """Return grain IDs for tags: pieces, without fragments."""
    return grains(tags, periodic, painter.min_voxels, keep_cut=painter.in_box)
