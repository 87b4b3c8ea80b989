"""Grains from a model: base in one piece, refinement window by window, segmentation.

The base network runs on a torus that covers the volume at half resolution. Its pieces
are cleaned: specks go to their neighbours, merged grains are split, and all get proper
colours again. Each refinement window then starts from these colours, doubled and noised
to the refiner's first level, and depends on nothing else: noise is a function of
(seed, level, voxel), so any order of windows gives the same grains.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil
import torch
import torch.nn.functional as F
from torch import Tensor

from grainpaint.diffusion import add_noise, reverse_step, timesteps
from grainpaint.encode import color_grains, contact_graph, palette
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.model import Model, Sampling, load_model
from grainpaint.philox import check_seed, normal_field
from grainpaint.plan import Window, base_shape, windows
from grainpaint.progress import Bar, Progress, silent
from grainpaint.segment import grains, label_pieces, merge_fragments
from grainpaint.separate import separate
from grainpaint.unet import UNet

__all__ = ["Run", "check_memory", "generate", "paint", "paint_mask"]

_BASE, _REFINE = 10, 11  # streams of noise
_TWO_ALIGNMENTS = 0.6  # noise level below which two alignments of cells are averaged
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


def _expected_colors(logits: Tensor, colors: Tensor) -> Tensor:
    """Return the mean colour vector of each voxel, slab by slab to save memory."""
    flat = logits.reshape(-1, logits.shape[-1])
    parts = [part.float().softmax(-1) @ colors for part in flat.split(_SLAB)]
    return torch.cat(parts).reshape(*logits.shape[:-1], -1)


def _predict(network: UNet, x: Tensor, t: float) -> Tensor:
    """Return the logits of x (1, X, Y, Z, dim), all at noise level t.

    A network that reads cells of 2^3 voxels likes boundaries between its cells. At low
    noise, where boundaries are drawn, its logits are averaged over two alignments of
    the cells, which takes most of that away.
    """
    level = torch.full((*x.shape[:-1], 1), t, device=x.device)
    with torch.autocast(x.device.type, torch.bfloat16):
        logits: Tensor = network(x, level)
        if t < _TWO_ALIGNMENTS:
            moved = network(x.roll((1, 1, 1), (1, 2, 3)), level)
            logits = (logits + moved.roll((-1, -1, -1), (1, 2, 3))) / 2
    return logits


def _sample(
    network: UNet, x: Tensor, sampling: Sampling, colors: Tensor, bar: Bar, done: float
) -> np.ndarray:
    """Denoise x (X, Y, Z, dim) from its first noise level; return colours (uint8)."""
    levels = timesteps(sampling.n_steps, sampling.shift, sampling.start).tolist()
    x = x[None]
    for t, s in pairwise(levels):
        logits = _predict(network, x, t)
        done += 1
        bar.update(done)
        if s > 0:
            x = reverse_step(x, _expected_colors(logits, colors), t, s)
    color: np.ndarray = logits[0].argmax(-1).to(torch.uint8).cpu().numpy()
    return color


@torch.inference_mode()
def _base_colors(
    model: Model, shape: tuple[int, int, int], seed: int, progress: Progress
) -> np.ndarray:
    """Return the base's colours on its torus (uint8)."""
    colors, device = _palette(model)
    noise = normal_field(seed, _BASE, [np.arange(n) for n in shape], colors.shape[1])
    sampling = model.base_card.sampling
    with progress("base", sampling.n_steps) as bar:
        x = torch.from_numpy(noise).to(device)
        return _sample(model.base, x, sampling, colors, bar, 0)


def _proper_colors(
    model: Model, color: np.ndarray, seed: int, progress: Progress
) -> np.ndarray:
    """Clean the base: no specks, merged grains split, colours proper again (uint8)."""
    torus = (True, True, True)
    limit = model.base_card.sampling.largest_shape_factor
    with progress("clean base", 1):
        grain_id = label_pieces(color.astype(np.int32) + 1, torus)
        grain_id = merge_fragments(grain_id, _MIN_BASE_VOXELS, torus)
        if limit is not None:
            grain_id = separate(grain_id, torus, limit)
        graph = contact_graph(grain_id, torus)
        rng = np.random.default_rng((seed, _BASE))
        n_colors = model.base.config.n_colors
        proper = color_grains(graph, n_colors, rng).astype(np.uint8)
        clean: np.ndarray = proper[grain_id]
        return clean


def _palette(model: Model) -> tuple[Tensor, torch.device]:
    device = next(model.base.parameters()).device
    return torch.from_numpy(palette(model.base.config.dim)).to(device), device


def _window_start(model: Model, base: np.ndarray, window: Window, seed: int) -> Tensor:
    """Return the noisy start of a refinement window: the base's colours, doubled.

    Colour vectors are doubled trilinearly: repeated cells would leave steps behind.
    """
    colors, device = _palette(model)
    voxels = [i % (2 * n) for i, n in zip(window.read(), base.shape)]
    cells = [
        np.arange(i[0] // 2 - 1, i[-1] // 2 + 2) % n
        for i, n in zip(window.read(), base.shape)
    ]
    coarse = colors[torch.from_numpy(base[np.ix_(*cells)]).long().to(device)]
    fine = F.interpolate(
        coarse.permute(3, 0, 1, 2)[None], scale_factor=2, mode="trilinear"
    )
    x0 = fine[0, :, 2:-2, 2:-2, 2:-2].permute(1, 2, 3, 0)
    noise = torch.from_numpy(normal_field(seed, _REFINE, voxels, colors.shape[1]))
    return add_noise(x0, model.refine_card.sampling.start, noise.to(device))


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
    colors, _ = _palette(model)
    sampling = model.refine_card.sampling
    with progress("refine", len(plan) * sampling.n_steps) as bar:
        for i, window in enumerate(plan):
            x = _window_start(model, base, window, seed)
            done = i * sampling.n_steps
            color = _sample(model.refine, x, sampling, colors, bar, done)
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
