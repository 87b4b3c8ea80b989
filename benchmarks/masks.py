"""The mask of a part beside pyvista's, and files that are written.

Run: python benchmarks/masks.py. Prints a table and writes masks.json. The part is a
wavy ring of 100,000 triangles, turned so that no face lies along an axis, in a grid of
512 voxels along its longest side. Voxels that differ are those whose centers lie
nearest to the surface: their distance from it is told. Files are written to a
temporary folder and not waited for.
"""

import tempfile
from pathlib import Path

import numpy as np
import pyvista
import trimesh
from common import in_turns, make_parser, save, shortest, show

from grainpaint import formats
from grainpaint.cad.solid import solid
from grainpaint.cad.voxels import plan_grid
from grainpaint.microstructure import Microstructure

RADIUS, THICKNESS, WAVES = 10.0, 3.0, 7  # mm


def wavy_ring(n_around, n_across):
    """Return the triangles of a closed ring whose thickness varies."""
    ring = trimesh.creation.torus(RADIUS, THICKNESS, n_around, n_across)
    x, y, z = ring.vertices.T
    angle, out = np.arctan2(y, x), np.hypot(x, y)
    share = 1 + 0.3 * np.sin(WAVES * angle)
    out = RADIUS + (out - RADIUS) * share
    ring.vertices = np.stack([out * np.cos(angle), out * np.sin(angle), z * share], 1)
    ring.apply_transform(trimesh.transformations.euler_matrix(0.3, 0.5, 0.7))
    return ring.triangles


def pyvista_mask(part, grid):
    """Return a function that makes the mask of a grid with pyvista."""
    three = np.full((len(part.faces), 1), 3)
    surface = pyvista.PolyData(part.vertices, np.hstack([three, part.faces]).ravel())
    centers = pyvista.ImageData(
        dimensions=grid.shape,
        spacing=(grid.spacing,) * 3,
        origin=[o + grid.spacing / 2 for o in grid.origin],
    )

    def made():
        found = surface.voxelize_binary_mask(reference_volume=centers)
        return found["mask"].reshape(grid.shape, order="F") > 0

    return surface, made


def compared(edge, n_around, n_across, rounds):
    """Return the figures of both masks."""
    part = solid(Path("ring"), wavy_ring(n_around, n_across), "mm")
    grid = plan_grid(part, longest=edge)
    surface, made = pyvista_mask(part, grid)
    ours, theirs = grid.mask_of_all(), made()
    seconds = in_turns([grid.mask_of_all, made], rounds)
    differ = np.argwhere(ours != theirs)
    centers = np.array(grid.origin) + (differ + 0.5) * grid.spacing
    cloud = pyvista.PolyData(centers) if len(centers) else None
    far = np.zeros(1)
    if cloud is not None:
        far = np.abs(cloud.compute_implicit_distance(surface)["implicit_distance"])
    exact = part.volume / grid.spacing**3
    return {
        "triangles": len(part.faces),
        "voxels": ours.size,
        "mask, s": round(seconds[0], 3),
        "mask, Mvoxel/s": round(ours.size / seconds[0] / 1e6),
        "pyvista, s": round(seconds[1], 3),
        "times as fast": round(seconds[1] / seconds[0], 1),
        "voxels that differ": len(differ),
        "farthest of them from the surface, voxels": round(far.max() / grid.spacing, 3),
        "volume, % off": round(100 * (ours.sum() / exact - 1), 4),
        "pyvista's volume, % off": round(100 * (theirs.sum() / exact - 1), 4),
    }


def written(edge, rounds):
    """Return how fast files of grain IDs are written, MB/s of the IDs."""
    rng = np.random.default_rng(1)
    blocks = rng.permutation((edge // 16) ** 3).reshape((edge // 16,) * 3)
    ids = np.kron(blocks + 1, np.ones((16,) * 3, np.int32)).astype(np.int32)
    volume, found = Microstructure(ids), {}
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".vti", ".npz", ".tiff"):
            path = Path(folder) / f"grains{suffix}"
            seconds = shortest(lambda path=path: formats.write(volume, path), rounds)
            found[f"{suffix}, MB/s"] = round(ids.nbytes / seconds / 1e6)
    return found


def main():
    quick = {"edge": 48, "around": 40, "across": 16, "rounds": 1}
    parser = make_parser(__doc__, **quick)
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--around", type=int, default=250)
    parser.add_argument("--across", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    figures = compared(options.edge, options.around, options.across, options.rounds)
    figures |= written(options.edge, options.rounds)
    show([{"figure": name, "value": value} for name, value in figures.items()])
    save(options, Path(__file__), {"rows": figures})


if __name__ == "__main__":
    main()
