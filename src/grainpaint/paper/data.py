"""Training blocks cut out of volumes: sections 2.4 and 3.3 (additive) of the paper."""

from collections import Counter
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.network.dataset import (
    digest_of,
    find_members,
    is_held_out,
    recipe_of,
)
from grainpaint.palette import color_grains, contact_graph, palette, scalar_block

__all__ = [
    "TrainingBlocks",
    "encode_block",
    "lattice_blocks",
    "load_blocks",
    "random_blocks",
]

N_BETWEEN, N_RANDOM = 56, 40  # blocks drawn from a volume

Start = tuple[int, ...]


def lattice_blocks(
    shape: tuple[int, ...], edge: int, rng: np.random.Generator
) -> list[Start]:
    """Return corners of disjoint blocks, and of blocks centered on their boundaries.

    Parameters
    ----------
    shape : three ints
        Voxels of the volume; 100^3 holds 27 disjoint blocks of 32^3.
    edge : int
        Edge of a block, voxels.
    rng : numpy.random.Generator
        Draws 56 of the blocks (98 in a volume of 100^3) that are centered on a face, an
        edge or a corner shared by disjoint blocks. The paper calls its choice
        arbitrary and does not specify it.

    Examples
    --------
    >>> len(lattice_blocks((100, 100, 100), 32, np.random.default_rng(0)))
    83
    """
    n = [size // edge for size in shape]
    half = list(product(*(range(2 * m - 1) for m in n)))
    apart = [h for h in half if not any(i % 2 for i in h)]
    between = [h for h in half if any(i % 2 for i in h)]
    drawn = rng.permutation(len(between))[:N_BETWEEN]
    chosen = apart + [between[i] for i in sorted(drawn.tolist())]
    return [tuple(i * edge // 2 for i in h) for h in chosen]


def random_blocks(
    shape: tuple[int, ...], edge: int, rng: np.random.Generator
) -> list[Start]:
    """Return 40 uniformly random corners of blocks; parameters as `lattice_blocks`."""
    last = [size - edge + 1 for size in shape]
    return [tuple(start) for start in rng.integers(last, size=(N_RANDOM, 3)).tolist()]


def encode_block(
    grain_id: np.ndarray, dim: int, rng: np.random.Generator
) -> np.ndarray:
    """Encode the grains of a block as the network's input.

    Parameters
    ----------
    grain_id : numpy.ndarray, integer, shape (nx, ny, nz)
        Grain IDs, in any range.
    dim : int
        Values per voxel. 1: the paper's random value for each grain; more: color
        vectors of our palette.
    rng : numpy.random.Generator
        Draws the values or colors.

    Returns
    -------
    numpy.ndarray, float32, shape (dim, nx, ny, nz)
    """
    if dim == 1:
        return scalar_block(grain_id, rng)[None]
    colors = palette(dim)
    _, index = np.unique(grain_id, return_inverse=True)
    grain = index.reshape(grain_id.shape).astype(np.int32) + 1
    graph = contact_graph(grain, (False,) * 3)
    chosen = color_grains(graph, len(colors), rng)[grain]
    return np.ascontiguousarray(np.moveaxis(colors[chosen], -1, 0))


@dataclass(frozen=True)
class TrainingBlocks:
    """Blocks to train on.

    Attributes
    ----------
    volumes : list of Microstructure
    places : list of (int, three ints)
        Index of the volume and corner of each block.
    edge : int
        Edge of the blocks, voxels.
    """

    volumes: list[Microstructure]
    places: list[tuple[int, Start]]
    edge: int

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return the grains of a random block, shape (edge, edge, edge)."""
        i, start = self.places[rng.integers(len(self.places))]
        box = tuple(slice(a, a + self.edge) for a in start)
        return self.volumes[i].grain_id[box]

    def digest(self) -> str:
        """Return a digest of all that blocks depend on."""
        arrays = (volume.grain_id for volume in self.volumes)
        return digest_of(arrays, self.places, self.edge)


def load_blocks(
    folder: Path, edge: int
) -> tuple[TrainingBlocks, TrainingBlocks, dict[str, Any]]:
    """Read volumes and choose their blocks.

    Parameters
    ----------
    folder : Path
        A Zarr set or a folder of volumes, or a folder of these. Periodic volumes get
        `lattice_blocks`; others, such as additive builds, get `random_blocks`.
    edge : int
        Edge of a block, voxels.

    Returns
    -------
    trained, held_out : TrainingBlocks
        One volume in twenty is held out.
    description : dict
        What the model card says about the data.

    Raises
    ------
    InputError
        If there are fewer than two volumes, or one is smaller than a block or has
        outside voxels.
    """
    paths = find_members(folder)
    if len(paths) < 2:
        raise InputError(
            f"{folder}: training needs at least 2 volumes, got {len(paths)}"
        )
    volumes = [formats.load(path) for path in paths]
    places: list[list[tuple[int, Start]]] = [[], []]
    for i, (path, volume) in enumerate(zip(paths, volumes)):
        if min(volume.shape) < edge or volume.grain_id.min() == 0:
            raise InputError(
                f"{path}: training volumes must have at least {edge} voxels along x, y "
                f"and z and none outside (grain_id 0), got the shape {volume.shape}"
            )
        plan = lattice_blocks if all(volume.periodic) else random_blocks
        starts = plan(volume.shape, edge, np.random.default_rng(i))
        places[is_held_out(i)] += [(i, start) for start in starts]
    sets = Counter(path.parent for path in paths)
    description = {
        "sets": [{**recipe_of(place), "n_volumes": n} for place, n in sets.items()],
        "n_volumes": len(volumes),
        "n_blocks": sum(map(len, places)),
        "n_held_out_blocks": len(places[1]),
    }
    trained, held = (TrainingBlocks(volumes, part, edge) for part in places)
    return trained, held, description
