"""Continue known grains: extend a volume, fill holes, continue a measured section.

Known voxels are halved down to the base, where the network reads them at noise level 0
and draws what is around them. On the way up they are put back at each level, and stay
fixed while the grains beside them grow.
"""

import math

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt

from grainpaint.errors import InputError
from grainpaint.generation.base import base_colors
from grainpaint.generation.domain import Domain
from grainpaint.generation.grain_size import (
    LARGEST,
    SMALLEST,
    AnyGrainSize,
    choose_levels,
    make_wanted,
    read_grain_size,
)
from grainpaint.generation.painter import Painter
from grainpaint.generation.refine import grown, named
from grainpaint.generation.sampler import UNKNOWN, Leaning
from grainpaint.generation.tags import color_of, tag_grains
from grainpaint.generation.windows import BasePlan, whole
from grainpaint.microstructure import Microstructure, cut, new_ids
from grainpaint.network.loading import Pyramid
from grainpaint.palette import color_grains, contact_graph
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, silent
from grainpaint.pyramid import double
from grainpaint.segmentation.colors import grains
from grainpaint.segmentation.pieces import label_pieces

__all__ = ["estimate_grain_size", "fill_around"]

# Unknown base voxels as near as this to a known one lean as the chord law says, known
# grains being followed for so many base voxels.
_NEAR, _DEEPEST = 8, 8
# How much they lean, and what all lean besides (at level 0, above): growth makes known
# grains go on further. Fitted by the seam test, benchmarks/extend.py.
_WEIGHT, _MORE = 4.0, (-1.2, -0.9)
# Grains grow as far as elsewhere at this many base voxels from the known ones, and by
# this share beside them, if they get the usual time: known grains stand still.
_REACH, _LEAST, _USUAL = 6, 0.26, 34.0
_PADDING = 8  # base voxels between the far faces of the volume, around the torus
_TAGS = 2**16 - 1
# Mean grain diameter over mean distance between boundaries along a line, as simulated.
_DIAMETER_TO_CHORD = 1.33
# Share of the chords longer than x times their mean: exp(-(x / 1.05)^1.62), as
# simulated to within 0.03 for grains of 6.7 to 16 voxels.
_CHORD_SCALE, _CHORD_POWER = 1.05, 1.62

Span = tuple[int, int]


def estimate_grain_size(volume: Microstructure) -> float:
    """Return the mean grain diameter (µm) of a volume or of a section of one voxel.

    Counted from the boundaries that lines along the axes cross, which works for a
    section too; in simulated grain growth the mean diameter is 1.33 times the mean
    distance between boundaries.

    Raises
    ------
    InputError
        If there is no boundary.
    """
    n_unlike, length = 0, 0.0
    for axis in range(3):
        ids = np.moveaxis(volume.grain_id, axis, 0)
        known = (ids[1:] > 0) & (ids[:-1] > 0)
        n_unlike += int(((ids[1:] != ids[:-1]) & known).sum())
        length += float(known.sum()) * volume.spacing[axis]
    if n_unlike == 0:
        raise InputError(
            "the known voxels show no boundary between grains, so their size is "
            "unknown: give the grain size"
        )
    return _DIAMETER_TO_CHORD * length / n_unlike


def _estimated(known: Microstructure) -> float:
    """Return the grain size of what is known, if grains of that size can be made."""
    found = estimate_grain_size(known)
    across = found / known.spacing[0]
    if not SMALLEST <= across <= LARGEST:
        raise InputError(
            f"the known grains have a mean diameter of about {across:.3g} voxels, and "
            f"grains of {SMALLEST:g} to {LARGEST:g} can be made: use "
            f"{'smaller' if across < SMALLEST else 'larger'} voxels, or give the grain "
            "size"
        )
    return found


@torch.inference_mode()
def fill_around(
    known: Microstructure,
    model: Pyramid,
    box: tuple[Span, Span, Span] | None = None,
    seed: int = 0,
    grain_size: AnyGrainSize | None = None,
    progress: Progress = silent,
) -> Microstructure:
    """Fill a box around known grains.

    Parameters
    ----------
    known : Microstructure
        Voxels with a grain are kept as they are; those with grain 0 are filled.
    model : Pyramid
        See `grainpaint.network.loading.load_model`.
    box : three pairs of int, optional
        First and last-plus-one voxel along x, y, z, counted in the known volume; it may
        reach beyond it on any side. The known volume itself if not given.
    seed : int
        0..2^63 - 1.
    grain_size : float, str, path, callable or numpy.ndarray, optional
        Mean grain diameter of what is filled, see `read_grain_size`; that of the known
        grains if not given, see `estimate_grain_size`.
    progress : Progress
        Told the steps.

    Returns
    -------
    Microstructure
        The box. Known grains keep their IDs, new ones follow; a known grain that
        continues into what was filled is one grain.

    Raises
    ------
    InputError
        If the box holds no known voxel or none to fill, voxels are not cubes, the grain
        size is out of range, or there are more than 65,535 known grains.
    """
    check_seed(seed)
    if len(set(known.spacing)) > 1:
        raise InputError(f"voxels must be cubes, these measure {known.spacing} µm")
    nx, ny, nz = known.shape
    box = box or ((0, nx), (0, ny), (0, nz))
    given = _given(known, box)
    voxel = known.spacing[0]
    x, y, z = (o + a * voxel for o, (a, _) in zip(known.origin, box))
    domain = Domain((given.shape[0], given.shape[1], given.shape[2]), voxel, (x, y, z))
    size = read_grain_size(
        _estimated(known) if grain_size is None else grain_size, domain
    )
    rows = model.base_card.sampling.calibration
    levels = choose_levels(size.low / voxel, size.high / voxel, rows)
    if model.refine_card.sampling.n_steps > 0:
        raise InputError(
            "this model's refine network does not support extending known grains"
        )
    wanted = make_wanted(size, rows, voxel, levels, domain.origin)
    padded = [n + (_PADDING << levels) for n in given.shape]
    plan = whole((padded[0], padded[1], padded[2]), model.base.multiple, levels)
    painter = Painter(model, plan, seed, levels, wanted)
    pyramid = _pyramid(_tagged(given, model.base.config.n_colors, seed), plan, levels)
    with progress("extend", levels + 2) as bar:
        beside = size.low if size.uniform else estimate_grain_size(known)
        chord = beside / voxel / (1 << levels) / _DIAMETER_TO_CHORD
        found = _base(painter, pyramid[0], chord)
        bar.update(1)
        if levels == 0:
            found = _at_level(painter, found, pyramid[0], 0)
        for level in range(1, levels + 1):
            found = _at_level(painter, double(found), pyramid[level], level)
            bar.update(level + 1)
        inside = tuple(slice(0, n) for n in given.shape)
        grain_id = _numbered(found[inside], given)
    return Microstructure(grain_id, known.spacing, domain.origin)


def _given(known: Microstructure, box: tuple[Span, ...]) -> np.ndarray:
    """Return the known grains in a box; raise if there are none, or nothing else."""
    given = cut(known.grain_id, box)
    if not given.any():
        raise InputError(
            f"the box {_text(box)} holds no known voxel: the known volume has "
            f"{_text(tuple((0, n) for n in known.shape))}"
        )
    if given.all():
        raise InputError(
            f"all voxels of the box {_text(box)} are known, so nothing is to be "
            "filled: give a box that reaches beyond them (box)"
        )
    return given


def _text(box: tuple[Span, ...]) -> str:
    return ",".join(f"{a}:{b}" for a, b in box)


def _tagged(given: np.ndarray, n_colors: int, seed: int) -> np.ndarray:
    """Return a different tag for each known grain (uint16), 0 elsewhere."""
    ids, place = np.unique(given, return_inverse=True)
    if ids[0] != 0:
        ids, place = np.concatenate([[0], ids]), place + 1
    local = place.reshape(given.shape).astype(np.int32)
    rng = np.random.default_rng((seed, 20))
    colors = color_grains(contact_graph(local, (False,) * 3), n_colors, rng)
    tags = np.zeros(ids.size, np.int64)
    for color in range(n_colors):
        members = np.flatnonzero(colors == color)
        members = members[members > 0]
        turns = _TAGS // n_colors
        if members.size > turns:
            raise InputError(
                f"{ids.size - 1:,} known grains are too many, about {_TAGS:,} can be "
                "told apart: extend a smaller volume"
            )
        tags[members] = 1 + color + n_colors * rng.permutation(turns)[: members.size]
    return tags.astype(np.uint16)[local]


def _pyramid(tags: np.ndarray, plan: BasePlan, levels: int) -> dict[int, np.ndarray]:
    """Return the tags of known voxels at each level (0 = unknown), on the torus.

    Level 0 has the voxels of the base.
    """
    torus = np.zeros(plan.period(levels), np.uint16)
    torus[tuple(slice(0, n) for n in tags.shape)] = tags
    found = {levels: torus}
    for level in range(levels - 1, -1, -1):
        found[level] = _halved(found[level + 1])
    return found


def _halved(tags: np.ndarray) -> np.ndarray:
    """Return the most common tag of cells at least half known, else 0."""
    nx, ny, nz = (n // 2 for n in tags.shape)
    cells = tags.reshape(nx, 2, ny, 2, nz, 2).transpose(0, 2, 4, 1, 3, 5)
    cells = cells.reshape(nx, ny, nz, 8)
    n_like = (cells[..., :, None] == cells[..., None, :]).sum(-1)
    n_like[cells == 0] = 0
    best = np.take_along_axis(cells, n_like.argmax(-1)[..., None], -1)[..., 0]
    known = (cells > 0).sum(-1) >= 4
    return np.where(known, best, 0).astype(np.uint16)


def _base(painter: Painter, given: np.ndarray, chord: float) -> np.ndarray:
    """Return the tags of the base around known voxels."""
    n_colors = painter.model.base.config.n_colors
    known = np.where(given > 0, color_of(given, n_colors), UNKNOWN).astype(np.uint8)
    voxels = [np.arange(n) for n in given.shape]
    leaning = _leaning(known, chord, _MORE[min(painter.levels, 1)])
    color = base_colors(painter, voxels, known=known, leaning=leaning)
    sampling = painter.model.base_card.sampling
    tags = tag_grains(color, n_colors, voxels, painter.seed, sampling)
    if painter.levels > 0:
        tags = named(painter, tags)
    return _continued(given, color, tags)


def _leaning(known: np.ndarray, chord: float, more: float) -> Leaning:
    """Return the color that each unknown base voxel leans toward, and how much.

    The network continues known grains as if it could not see how deep they are: deep
    ones too often, shallow ones too rarely. The right odds follow from the chords of
    simulated grains: of the lines that have been in a grain for k voxels, the share
    T(k + d) / T(k) is still in it d voxels on, where T(l) is the share of chords of at
    least l voxels. Added is the log of these odds minus that for grains of any depth.

    Parameters
    ----------
    known : numpy.ndarray, uint8
        Colors, UNKNOWN elsewhere.
    chord : float
        Mean chord of the known grains, base voxels.
    more : float
        Added everywhere.
    """
    away, nearest = distance_transform_edt(known == UNKNOWN, return_indices=True)
    places = np.argwhere((away > 0) & (away <= _NEAR))
    ends = nearest[:, *places.T].T
    distance = away[*places.T]
    step = (ends - places) / distance[:, None]
    color = known[*ends.T]
    depth, open_end = np.ones(color.size), np.zeros(color.size, bool)
    inside = np.ones(color.size, bool)
    for k in range(1, _DEEPEST):
        at = np.rint(ends + k * step).astype(int)
        beyond = ((at < 0) | (at >= known.shape)).any(1)
        there = known[*np.clip(at, 0, np.array(known.shape) - 1).T]
        there = np.where(beyond, UNKNOWN, there)
        open_end |= inside & (there == UNKNOWN)
        inside &= there == color
        depth += inside
    open_end |= inside
    seen = _goes_on(depth, distance, open_end, chord)
    alike = _goes_on(np.ones(color.size), distance, np.ones(color.size, bool), chord)
    lean = np.zeros(known.shape, np.float32)
    lean[*places.T] = _WEIGHT * (_log_odds(seen) - _log_odds(alike)) + more
    toward = np.zeros(known.shape, np.uint8)
    toward[*places.T] = color
    return toward, lean


def _goes_on(
    depth: np.ndarray, distance: np.ndarray, open_end: np.ndarray, chord: float
) -> np.ndarray:
    """Return the share of grains `depth` voxels deep that continue for a distance.

    With an open end, they are at least that deep.
    """
    voxels = np.arange(1, 8 * math.ceil(chord) + _DEEPEST + _NEAR)
    tail = np.exp(-(((voxels - 1) / chord / _CHORD_SCALE) ** _CHORD_POWER))
    longer = tail[::-1].cumsum()[::-1]  # of chords of at least so many, summed
    share = np.where(open_end, np.interp(depth + distance, voxels, longer), 0.0)
    share /= np.interp(depth, voxels, longer)
    exact = np.interp(depth + distance, voxels, tail) / np.interp(depth, voxels, tail)
    return np.where(open_end, share, exact)


def _log_odds(share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 1e-3, 1 - 1e-3)
    odds: np.ndarray = np.log(share / (1 - share))
    return odds


def _spread(given: np.ndarray) -> np.ndarray:
    """Let known grains grow by one voxel."""
    wider = given.copy()
    for axis in range(3):
        for step in (1, -1):
            wider = np.where(wider > 0, wider, np.roll(given, step, axis))
    return wider


def _continued(given: np.ndarray, color: np.ndarray, tags: np.ndarray) -> np.ndarray:
    """Give known grains the connected voxels of their color.

    Layer by layer, so that two known grains of one color meet in the middle. Other
    voxels keep their tags.
    """
    reached = given.copy()
    piece = label_pieces(color + np.uint8(1), (True, True, True))
    while True:
        before = reached
        for axis in range(3):
            for step in (1, -1):
                near = np.roll(before, step, axis)
                joins = np.roll(piece, step, axis) == piece
                take = (reached == 0) & (near > 0) & joins
                reached = np.where(take, near, reached)
        if (reached == before).all():
            return np.where(reached > 0, reached, tags)


def _at_level(
    painter: Painter, tags: np.ndarray, given: np.ndarray, level: int
) -> np.ndarray:
    """Put the known voxels back and let the others grow.

    At the levels of strong growth, known grains first spread by one base voxel, so that
    the boundaries beside them can move, and other voxels grow less the nearer they are:
    beside fixed grains full growth would leave too much boundary.
    """
    share, nearest = (given == 0).astype(np.float32), given
    if level <= 1 and painter.wanted is not None:
        for _ in range(1 << level):
            nearest = _spread(nearest)
        away = (distance_transform_edt(given == 0) - 0.5) / (_REACH << level)
        places = [np.arange(n) for n in tags.shape]
        time, _ = painter.wanted.growth((places[0], places[1], places[2]), level)
        least = min(1.0, _LEAST * (_USUAL / time) ** 0.4)
        share *= np.clip(least + (1 - least) * away, 0, 1)
    tags = np.where(nearest > 0, nearest, tags)
    return grown(painter, tags, [(0, n) for n in tags.shape], level, share)


def _numbered(tags: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return grain IDs: known voxels, and pieces that hold any, keep theirs."""
    piece = grains(tags)
    own = np.zeros(int(piece.max()) + 1, np.int64)
    known = given > 0
    own[piece[known]] = given[known]
    new = np.flatnonzero(own == 0)[1:]
    own[new] = new_ids(given, new.size)
    return np.where(known, given, own[piece]).astype(np.int32)
