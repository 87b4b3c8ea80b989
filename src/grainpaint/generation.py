"""Grains from a model: base in one piece, refinement window by window, segmentation.

The base network runs on a torus that covers the volume at half resolution. Its pieces
are cleaned: specks go to their neighbours, merged grains are split, and all get proper
colours again. Each refinement window then starts from noise, guided by these colours,
and depends on nothing else: noise is a function of (seed, level, voxel), so any order
of windows gives the same grains.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil
import torch
from torch import Tensor

from grainpaint.diffusion import expected_colors, reverse_step, timesteps
from grainpaint.encode import color_grains, contact_graph, palette
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.model import Model, Sampling, load_model
from grainpaint.philox import check_seed, normal_field
from grainpaint.plan import Window, base_shape, windows
from grainpaint.progress import Bar, Progress, silent
from grainpaint.segment import grains, label_pieces, merge_fragments
from grainpaint.separate import separate
from grainpaint.unet import UNet, setting

__all__ = ["Run", "check_memory", "generate", "paint", "paint_mask"]

_BASE, _REFINE = 10, 11  # streams of noise
_MIN_BASE_VOXELS = 2  # smaller pieces of the base are specks
_SLAB = 1 << 20  # voxels whose probabilities are held at once
_MAX_VOXELS = 2**31 - 1  # voxel indices of the segmentation are int32
_BYTES_PER_VOXEL, _BYTES_PER_BASE_VOXEL = 30, 400  # at the peak
_BYTES_FIXED = 700 << 20  # interpreter, libraries, one window


@dataclass(frozen=True)
class Run:
    """A generated volume and how it came about."""

    volume: Microstructure
    seconds: dict[str, float]
    n_windows: int
    n_windows_box: int


def check_memory(shape: tuple[int, int, int]) -> int:
    """Return the bytes that generation of a volume takes at its peak.

    Raises
    ------
    InputError
        If there is not that much memory, or the volume has 2^31 voxels or more.
    """
    size = " x ".join(map(str, shape))
    n_voxels = math.prod(shape)
    n_base = math.prod(base_shape(shape, multiple=8))
    need = _BYTES_FIXED + _BYTES_PER_BASE_VOXEL * n_base + _BYTES_PER_VOXEL * n_voxels
    if n_voxels > _MAX_VOXELS:
        raise InputError(
            f"{size} voxels are too many ({n_voxels:.3g}; at most {_MAX_VOXELS}, and "
            f"they would take {need / 2**30:,.0f} GiB of memory): use larger voxels"
        )
    have = psutil.virtual_memory().available
    if need > have:
        raise InputError(
            f"{size} voxels would take {need / 2**30:,.1f} GiB of memory, "
            f"{have / 2**30:,.1f} GiB are free: use larger voxels or a smaller volume"
        )
    return need


def _expected(logits: Tensor, colors: Tensor) -> Tensor:
    """Return the mean colour vectors of voxels, slab by slab to save memory."""
    parts = logits.flatten(0, 3).split(_SLAB)
    x0 = torch.cat([expected_colors(part, colors) for part in parts])
    return x0.reshape(*logits.shape[:4], -1)


def _sample(
    network: UNet,
    x: Tensor,
    sampling: Sampling,
    colors: Tensor,
    bar: Bar,
    done: float,
    guide: Tensor | None = None,
) -> np.ndarray:
    """Denoise x (1, X, Y, Z, n); return colours (uint8, (X, Y, Z))."""
    one = torch.ones_like(x[..., :1])
    wanted = setting(sampling.grain_diameter * one, float(sampling.halved) * one)
    levels = timesteps(sampling.n_steps, sampling.shift).tolist()
    for t, s in pairwise(levels):
        with torch.autocast(x.device.type, torch.bfloat16):
            logits = network(x, t * one, wanted, guide)
        done += 1
        bar.update(done)
        if s > 0:
            x = reverse_step(x, _expected(logits, colors), t, s)
    color: np.ndarray = logits[0].argmax(-1).to(torch.uint8).cpu().numpy()
    return color


@torch.inference_mode()
def _base_colors(
    model: Model, shape: tuple[int, int, int], seed: int, progress: Progress
) -> np.ndarray:
    """Return the base's colours on its torus (uint8)."""
    colors = _palette(model.base)
    noise = normal_field(seed, _BASE, [np.arange(n) for n in shape], colors.shape[1])
    sampling = model.base_card.sampling
    with progress("base", sampling.n_steps) as bar:
        x = torch.from_numpy(noise)[None].to(colors.device)
        return _sample(model.base, x, sampling, colors, bar, 0)


def _proper_colors(
    model: Model, color: np.ndarray, seed: int, progress: Progress
) -> np.ndarray:
    """Clean the base: no specks, merged grains split, the refiner's colours (uint8)."""
    torus = (True, True, True)
    limit = model.base_card.sampling.largest_shape_factor
    with progress("clean base", 1):
        grain_id = label_pieces(color.astype(np.int32) + 1, torus)
        grain_id = merge_fragments(grain_id, _MIN_BASE_VOXELS, torus)
        if limit is not None:
            grain_id = separate(grain_id, torus, limit)
        graph = contact_graph(grain_id, torus)
        rng = np.random.default_rng((seed, _BASE))
        n_colors = model.refine.config.n_colors
        proper = color_grains(graph, n_colors, rng).astype(np.uint8)
        clean: np.ndarray = proper[grain_id]
        return clean


def _palette(network: UNet) -> Tensor:
    """Return a network's palette on its device."""
    device = next(network.parameters()).device
    return torch.from_numpy(palette(network.config.dim)).to(device)


@torch.inference_mode()
def _refined_colors(
    model: Model,
    base: np.ndarray,
    plan: list[Window],
    shape: tuple[int, int, int],
    seed: int,
    progress: Progress,
) -> np.ndarray:
    """Return the colours at full resolution (uint8), 0 where no window wrote."""
    result = np.zeros(shape, np.uint8)
    colors = _palette(model.refine)
    sampling = model.refine_card.sampling
    with progress("refine", len(plan) * sampling.n_steps) as bar:
        for i, window in enumerate(plan):
            voxels = [j % (2 * n) for j, n in zip(window.read(), base.shape)]
            noise = normal_field(seed, _REFINE, voxels, colors.shape[1])
            x = torch.from_numpy(noise)[None].to(colors.device)
            coarse = base[np.ix_(*[j // 2 for j in voxels])]
            guide = colors[torch.from_numpy(coarse).long().to(colors.device)][None]
            done = i * sampling.n_steps
            color = _sample(model.refine, x, sampling, colors, bar, done, guide)
            result[window.write] = color[window.keep]
    return result


def paint_mask(
    mask: np.ndarray,
    model: Model,
    seed: int = 0,
    spacing: float = 1.0,
    origin: tuple[float, ...] = (0.0, 0.0, 0.0),
    progress: Progress = silent,
) -> Run:
    """Fill the True voxels of a mask with grains.

    Parameters
    ----------
    mask : numpy.ndarray, bool, shape (nx, ny, nz)
        True = inside the part.
    model : Model
        See `grainpaint.model.load_model`.
    seed : int
        0..2^63 - 1. The same seed, mask and model give the same grains.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    progress : Progress
        Told the network evaluations done.

    Returns
    -------
    Run
        The volume, the seconds of each step and the windows.

    Raises
    ------
    InputError
        If the mask is empty, the memory is too small or the seed out of range.
    """
    check_seed(seed)
    if not mask.any():
        raise InputError("no voxel of the mask is inside the part")
    check_memory(mask.shape)
    clock = _Clock()
    plan = list(windows(mask.shape, mask))
    torus = base_shape(mask.shape, model.base.multiple)
    base = _base_colors(model, torus, seed, progress)
    clock.lap("base")
    base = _proper_colors(model, base, seed, progress)
    clock.lap("clean base")
    color = _refined_colors(model, base, plan, mask.shape, seed, progress)
    clock.lap("refine")
    color += 1  # 0 = outside from here on
    color[~mask] = 0
    with progress("segment", 1):
        grain_id = grains(color)
    clock.lap("segment")
    return Run(
        Microstructure(grain_id, (spacing,) * 3, origin),
        clock.seconds,
        n_windows=len(plan),
        n_windows_box=len(list(windows(mask.shape))),
    )


class _Clock:
    """Seconds of named steps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, name: str) -> None:
        now = perf_counter()
        self.seconds[name] = now - self._last
        self._last = now


def generate(
    shape: tuple[int, int, int],
    model: str = "iso",
    seed: int = 0,
    voxel: float = 1.0,
    device: str = "cpu",
    progress: Progress = silent,
) -> Microstructure:
    """Generate a box of grains.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    model : str
        A shipped model's name, or the folder of another.
    seed : int
        0..2^63 - 1.
    voxel : float
        Edge of a voxel, µm.
    device : str
        A torch device.
    progress : Progress
        Told the network evaluations done.

    Returns
    -------
    Microstructure
        Not periodic.

    Raises
    ------
    InputError
        As `paint_mask`.
    """
    check_memory(shape)
    mask = np.ones(shape, bool)
    loaded = load_model(model, device)
    return paint_mask(mask, loaded, seed, voxel, progress=progress).volume


def paint(
    part: str | Path,
    voxel: float | None = None,
    unit: str = "mm",
    longest: int = 128,
    model: str = "iso",
    seed: int = 0,
    device: str = "cpu",
    progress: Progress = silent,
) -> Microstructure:
    """Paint grains into a CAD part.

    Parameters
    ----------
    part : path
        An STL file, binary or ASCII, of closed bodies.
    voxel : float, optional
        Edge of a voxel, µm; without it the longest side gets `longest` voxels.
    unit : str
        Unit of the coordinates in the file (STL names none).
    longest : int
        Voxels along the longest side, where `voxel` is not given.
    model, seed, device, progress
        As in `generate`.

    Returns
    -------
    Microstructure
        In the part's own coordinates, µm; 0 outside.

    Raises
    ------
    InputError
        If the part cannot be voxelized, or as `paint_mask`.
    """
    from grainpaint.cad import load_part, plan_grid, voxelize

    solid = load_part(Path(part), unit)
    check_memory(plan_grid(solid, voxel, longest)[0])
    grid = voxelize(solid, voxel, longest)
    loaded = load_model(model, device)
    return paint_mask(
        grid.mask, loaded, seed, grid.spacing, grid.origin, progress
    ).volume
