"""Random training samples of the pyramid: shifts, symmetries and fresh colors."""

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.network.cards import Stage
from grainpaint.network.dataset import TrainingSet, digest_of
from grainpaint.palette import color_grains, contact_graph
from grainpaint.pyramid import double, halve

__all__ = ["GRAIN_RANGE", "Sample", "Samples"]

# Range of mean grain diameters that a stage learns from, in its own voxels.
GRAIN_RANGE: dict[Stage, tuple[float, float]] = {"base": (3, 8.5), "refine": (7, 14)}


@dataclass(frozen=True)
class Sample:
    """One training sample.

    Attributes
    ----------
    color : numpy.ndarray, int8, shape (nx, ny, nz)
        Colors, 0..n_colors - 1; grains that touch differ. -1 = no grain.
    guide : numpy.ndarray, int8, shape of color, or None
        For a refiner: the same colors, halved and doubled.
    grain_diameter : float
        Mean equivalent grain diameter of its set, in voxels of the sample.
    halved : bool
        Whether the volume was halved, which smooths its boundaries.
    maps : numpy.ndarray, float32, shape (nx, ny, nz, n_maps), or None
        For an additive network: see `grainpaint.simulate.am.channels`.
    """

    color: np.ndarray
    guide: np.ndarray | None
    grain_diameter: float
    halved: bool
    maps: np.ndarray | None = None


class Samples:
    """Random training samples of one stage of the pyramid.

    A stage learns from the sets whose grains have a mean diameter within its
    `GRAIN_RANGE`, at full or at half resolution, where they have the shape that most of
    these sources have; each is drawn equally often.

    Parameters
    ----------
    sets : list of TrainingSet
        As `load_sets` returns them.
    stage : {'base', 'refine'}
        The network that is trained.
    n_colors : int
        Size of the palette.

    Raises
    ------
    InputError
        If no set has grains of a size that the stage learns from, or one that has does
        not have that shape.
    """

    def __init__(self, sets: list[TrainingSet], stage: Stage, n_colors: int) -> None:
        self.stage = stage
        self.n_colors = n_colors
        low, high = GRAIN_RANGE[stage]
        fitting = [
            (training_set, halved)
            for training_set in sets
            for halved in (False, True)
            if low <= training_set.grain_diameter / (1 + halved) <= high
        ]
        shapes = Counter(_shape(*source) for source in fitting)
        if not shapes:
            found = ", ".join(f"{s.grain_diameter:.3g}" for s in sets)
            raise InputError(
                f"the {stage} network learns from mean grain diameters of {low} to "
                f"{high} voxels, or twice that; the sets have {found}"
            )
        shape = shapes.most_common(1)[0][0]
        used = [source for source in fitting if _shape(*source) == shape]
        if {id(a) for a, _ in fitting} != {id(a) for a, _ in used}:
            raise InputError(
                f"the {stage} network needs volumes of one shape, after large "
                f"grains are halved; the sets have {sorted(shapes)}"
            )
        self.sources = [_Source(*source) for source in used]

    def draw(self, rng: np.random.Generator, source: int | None = None) -> Sample:
        """Return one sample, from a random source unless one is given."""
        if source is None:
            source = int(rng.integers(len(self.sources)))
        chosen = self.sources[source]
        i = int(rng.integers(len(chosen.grain_id)))
        grain_id = chosen.grain_id[i]
        grain_id = np.roll(grain_id, rng.integers(0, grain_id.shape), (0, 1, 2))
        grain_id = grain_id.transpose(rng.permutation(3))
        flipped = tuple(axis for axis in range(3) if rng.random() < 0.5)
        grain_id = np.flip(grain_id, flipped)
        colors = color_grains(chosen.graph(i), self.n_colors, rng)
        guide = colors[double(halve(grain_id))] if self.stage == "refine" else None
        return Sample(colors[grain_id], guide, chosen.grain_diameter, chosen.halved)

    def digest(self) -> str:
        """Return a digest of all that samples depend on."""
        arrays = (grain_id for s in self.sources for grain_id in s.grain_id)
        sizes = [(len(s.grain_id), s.grain_diameter, s.halved) for s in self.sources]
        return digest_of(arrays, self.stage, self.n_colors, sizes)


def _shape(training_set: TrainingSet, halved: bool) -> tuple[int, ...]:
    """Return the shape of the volumes of a set, at full or at half resolution."""
    shape = training_set.volumes[0].grain_id.shape
    return tuple(n // (1 + halved) for n in shape)


class _Source:
    """The volumes of a set at full or half resolution, with their contact graphs."""

    def __init__(self, training_set: TrainingSet, halved: bool) -> None:
        self.grain_diameter = training_set.grain_diameter / (1 + halved)
        self.halved = halved
        self.grain_id = [volume.grain_id for volume in training_set.volumes]
        if halved:  # with every offset of the 2^3 cells
            shifts = list(itertools.product((0, 1), repeat=3))
            self.grain_id = [
                Microstructure(halve(np.roll(g, shift, (0, 1, 2)))).relabel().grain_id
                for g in self.grain_id
                for shift in shifts
            ]
        self._graph: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def graph(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the contact graph of volume i, computed once."""
        if i not in self._graph:
            self._graph[i] = contact_graph(self.grain_id[i], (True,) * 3)
        return self._graph[i]
