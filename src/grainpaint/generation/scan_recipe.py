"""All that decides the voxels of a build that an additive model paints."""

import math
import warnings

from grainpaint.cad import AS_IT_IS
from grainpaint.errors import InputError, InputNote
from grainpaint.formats.files import check_file, file_digest
from grainpaint.generation.base_axis import BaseAxis, windowed_axis
from grainpaint.generation.cuts import LARGE_CORE
from grainpaint.generation.domain import Domain, settled
from grainpaint.generation.recipe import Recipe
from grainpaint.generation.windows import lead_of
from grainpaint.network.cards import read_card
from grainpaint.network.lookup import find_model
from grainpaint.philox import check_seed
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.am.recipe_range import check_in_range
from grainpaint.units import parse_length

__all__ = ["make_scan_recipe", "path_digest"]

_HALO = 16  # of windows, voxels
# Edges of windows, and the largest of base windows: base voxels, which are tall.
_CORE, _BASE_WINDOW = 128, (128, 128, 64)
# Of larger builds, boxes are looked at rather than the whole: 128^3 voxels of one touch
# windows of half the work in all, and the whole would take 1.6 times as long.
_WHOLE = 2**32  # voxels
_SMALL_CORE, _SMALL_BASE_WINDOW = 64, (104, 104, 64)
_LEAST_BASE = (24, 24, 8)  # of what a closed axis writes
_BASE_HALO = 12  # base voxels
_TALL = 1.25  # times the height of the builds that a model learned from


def path_digest(scan: AmRecipe) -> str | None:
    """Return the SHA-256 of the file of a path, hexadecimal; None without a file.

    Raises
    ------
    InputError
        If the file is missing or cannot be read.
    """
    if scan.scan.kind == "lines":
        return None
    check_file(scan.scan.file)
    return file_digest(scan.scan.file)


def make_scan_recipe(
    domain: Domain,
    scan: AmRecipe,
    model: str = "am",
    seed: int = 0,
    precision: str = "auto",
    device: str = "cpu",
) -> Recipe:
    """Settle all that decides the voxels of a build.

    Parameters
    ----------
    domain : Domain
        Its voxels are those that the recipe's lengths count.
    scan : AmRecipe
        Pool, zone, substrate and scan; its box or part does not matter.
    model : str
        Name or folder of an additive model.
    seed, precision, device
        As in `make_recipe`.

    Raises
    ------
    InputError
        If there is no such model, the recipe is outside the range that it was trained
        on, its voxels are others than the domain's, or the seed, precision or device
        cannot serve.

    Warns
    -----
    InputNote
        If the volume is much taller than the builds that the model learned from, or the
        part is turned or scaled and the path comes from a file.
    """
    check_seed(seed)
    card = read_card(find_model(model, "additive") / "additive.json")
    check_in_range(scan)
    edge = parse_length(scan.voxel)
    if not math.isclose(edge, domain.spacing, rel_tol=1e-6):
        raise InputError(
            f"the lengths of the scan count voxels of {edge:g} µm, the volume has "
            f"voxels of {domain.spacing:g} µm: give the same edge to both"
        )
    learned = max((z for _, _, z in card.data.get("shapes", ())), default=math.inf)
    if domain.shape[2] > _TALL * learned:
        warnings.warn(
            f"the volume is {domain.shape[2]} voxels high and the model learned from "
            f"builds of {learned}: columns widen all the way up, and how wide they are "
            "above that height is a guess; where it matters, simulate",
            InputNote,
            stacklevel=2,
        )
    turned = domain.part is not None and domain.part.pose != AS_IT_IS
    if turned and scan.scan.kind != "lines":
        warnings.warn(
            f"the part is turned or scaled, the path of {scan.scan.file} stays where "
            "it is: its coordinates are those of the part as it now stands",
            InputNote,
            stacklevel=2,
        )
    stretch = card.sampling.stretch
    multiple = 2 ** len(card.network.channels)
    axes, core = _windows(domain.shape, multiple, stretch)
    x, y, z = ((axis.block, axis.halo) for axis in axes)
    return Recipe(
        **settled(domain, model, seed, precision, device),
        base=(x, y, z),
        core=(core,) * 3,
        halo=_HALO,
        scan=scan.model_copy(update={"shape": domain.shape, "part": None}),
        path_sha256=path_digest(scan),
        stretch=stretch,
    )


def _windows(
    shape: tuple[int, int, int], multiple: int, stretch: int
) -> tuple[list[BaseAxis], int]:
    """Return how a base is cut along x, y, z, and what a window writes of its build."""
    core, longest = _CORE, _BASE_WINDOW
    if math.prod(shape) > _WHOLE:
        core, longest = _SMALL_CORE, _SMALL_BASE_WINDOW
    nx, ny, nz = shape
    axes = [
        windowed_axis(n, multiple, window, _BASE_HALO, 1, lead_of(_HALO), least)
        for n, window, least in zip((nx, ny, -(-nz // stretch)), longest, _LEAST_BASE)
    ]
    return axes, LARGE_CORE if all(axis.closed for axis in axes) else core
