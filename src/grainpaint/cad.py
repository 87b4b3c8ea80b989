"""From a CAD mesh to the voxels inside it: load, audit, voxelize.

A voxel is inside when its center is. Along each column of voxel centers the triangles
crossed are counted with their orientation; where the winding number is positive the
column is inside, so that overlapping bodies count as their union and inward-facing
shells as cavities.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numba as nb
import numpy as np

from grainpaint.compiled import inner
from grainpaint.errors import InputError
from grainpaint.units import UNITS

__all__ = ["Part", "PartGrid", "VoxelGrid", "load_part", "plan_grid", "voxelize"]

_STL_HEAD, _STL_TRIANGLE = 84, 50  # bytes

Box = Sequence[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Part:
    """Closed, consistently oriented triangle mesh.

    Parameters
    ----------
    vertices : numpy.ndarray, float64, shape (n, 3)
        µm.
    faces : numpy.ndarray, int64, shape (m, 3)
        Vertices of each triangle, counter-clockwise seen from outside.
    notes : tuple of str
        What the audit mended.
    """

    vertices: np.ndarray
    faces: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner, µm."""
        return self.vertices.min(0), self.vertices.max(0)

    @property
    def volume(self) -> float:
        """Signed volume, µm^3 (overlaps count twice)."""
        return _signed_volume(self.vertices, self.faces)


@dataclass(frozen=True, eq=False)
class VoxelGrid:
    """Which voxels are inside a part.

    Parameters
    ----------
    mask : numpy.ndarray, bool, shape (nx, ny, nz)
        True = inside.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    """

    mask: np.ndarray
    spacing: float
    origin: tuple[float, float, float]


def load_part(path: Path, unit: str = "mm") -> Part:
    """Read an STL file and make sure that it bounds a solid.

    Parameters
    ----------
    path : Path
        STL, binary or ASCII.
    unit : str
        Unit of its coordinates: nm, um, mm, cm, m, inch.

    Raises
    ------
    InputError
        If the file is missing, empty, truncated or no STL, has coordinates that are not
        finite, or its surface is open or cannot be oriented.
    """
    if unit not in UNITS:
        raise InputError(f"unknown unit {unit!r}: use one of {', '.join(UNITS)}")
    soup = _read_stl(path)
    n_bad = int((~np.isfinite(soup)).any((1, 2)).sum())
    if n_bad:
        raise InputError(
            f"{path}: {n_bad} of {len(soup)} triangles have coordinates that are not "
            "finite (NaN): export the part again"
        )
    vertices, faces = _merge_vertices(soup)
    if not len(faces):
        raise InputError(f"{path}: all triangles are degenerate, there is no surface")
    _check_closed(path, vertices, faces, unit)
    notes = []
    if _n_disagreeing_edges(faces):
        faces = _orient(path, vertices, faces)
        notes.append("some triangles faced the wrong way: turned")
    if _signed_volume(vertices, faces) < 0:
        faces = faces[:, ::-1]
        notes.append("the part was inside out: turned")
    return Part(vertices * UNITS[unit], np.ascontiguousarray(faces), tuple(notes))


def _read_stl(path: Path) -> np.ndarray:
    """Return the triangles, shape (m, 3, 3), after checking the file's frame."""
    import trimesh

    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix.lower() != ".stl":
        raise InputError(f"{path}: parts are read from .stl files (binary or ASCII)")
    size = path.stat().st_size
    if not size:
        raise InputError(f"{path}: the file is empty")
    with path.open("rb") as file:
        head = file.read(_STL_HEAD)
    promised = int.from_bytes(head[80:84], "little")
    want = _STL_HEAD + _STL_TRIANGLE * promised
    text = head.lstrip()[:5].lower() == b"solid"
    if text and size != want:
        tail = path.read_bytes()[-400:].lower()
        if b"endsolid" not in tail:
            raise InputError(
                f"{path}: ASCII STL is truncated: no 'endsolid' at its end"
            )
    elif size < _STL_HEAD:
        raise InputError(f"{path}: not an STL file ({size} bytes)")
    elif size < want:
        raise InputError(
            f"{path}: truncated, or no STL file: its head promises {promised} "
            f"triangles ({want} bytes), it has {size} bytes"
        )
    try:
        mesh = trimesh.load_mesh(path, process=False)
        triangles = np.asarray(mesh.triangles, np.float64)
    except (ValueError, AttributeError, IndexError, TypeError) as error:
        raise InputError(f"{path}: cannot be read as STL ({error})") from None
    if not len(triangles):
        raise InputError(f"{path}: the file holds no triangle")
    return triangles


def _merge_vertices(soup: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Join equal corners (to 1e-7 of the size) and drop triangles without area."""
    corners = soup.reshape(-1, 3)
    size = np.ptp(corners, axis=0).max() or 1.0
    grid = np.round((corners - corners.min(0)) / size * 1e7).astype(np.int64)
    _, first, index = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    faces = index.reshape(-1, 3)
    a, b, c = faces.T
    return corners[first], faces[(a != b) & (b != c) & (c != a)]


def _edges(faces: np.ndarray) -> np.ndarray:
    """Return the directed edges of all triangles, shape (3 m, 2)."""
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def _signed_volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, i]] - vertices.mean(0) for i in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def _check_closed(
    path: Path, vertices: np.ndarray, faces: np.ndarray, unit: str
) -> None:
    """Raise if an edge belongs to an odd number of triangles; count the holes."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges, count = np.unique(np.sort(_edges(faces), 1), axis=0, return_counts=True)
    rim = edges[count % 2 == 1]
    if not len(rim):
        return
    nodes, index = np.unique(rim, return_inverse=True)
    i, j = index.reshape(-1, 2).T
    graph = coo_array((np.ones(i.size), (i, j)), (nodes.size, nodes.size))
    n_holes = connected_components(graph, directed=False)[0]
    place = ", ".join(f"{v:.6g}" for v in vertices[rim[0]].mean(0))
    holes = "1 hole" if n_holes == 1 else f"{n_holes} holes"
    raise InputError(
        f"{path}: the surface is open: {holes} ({len(rim)} open edges), the first at "
        f"({place}) {unit}; close it in the CAD program"
    )


def _n_disagreeing_edges(faces: np.ndarray) -> int:
    """Count edges that are not run through as often one way as the other."""
    edges = _edges(faces)
    way = np.where(edges[:, 0] < edges[:, 1], 1, -1)
    _, index = np.unique(np.sort(edges, 1), axis=0, return_inverse=True)
    return int(np.count_nonzero(np.bincount(index.ravel(), way)))


def _orient(path: Path, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Turn triangles until neighbors agree; each body keeps its majority's side."""
    import trimesh

    mesh = trimesh.Trimesh(vertices, faces.copy(), process=False)
    trimesh.repair.fix_winding(mesh)
    fixed = np.asarray(mesh.faces)
    n_wrong = _n_disagreeing_edges(fixed)
    if n_wrong:
        raise InputError(
            f"{path}: the triangles do not agree on what is inside ({n_wrong} edges "
            "where bodies meet or the surface has one side only): mend it in the CAD "
            "program"
        )
    before, after = _normals(vertices, faces), _normals(vertices, fixed)
    turned = np.einsum("ij,ij->i", before, after) < 0
    area = np.linalg.norm(after, axis=1)
    for body in trimesh.graph.connected_components(
        mesh.face_adjacency, nodes=np.arange(len(fixed))
    ):
        if area[body][turned[body]].sum() > area[body].sum() / 2:
            fixed[body] = fixed[body][:, ::-1]
    return fixed


def _normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return normals, twice as long as the triangles' areas."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return np.cross(b - a, c - a)


@dataclass(frozen=True, eq=False)
class PartGrid:
    """The voxels that cover a part; which are inside is found where it is asked.

    Parameters
    ----------
    part : Part
    shape : three ints
        Voxels along x, y, z.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    """

    part: Part
    shape: tuple[int, int, int]
    spacing: float
    origin: tuple[float, float, float]

    def mask(self, box: Box) -> np.ndarray:
        """Return which voxels of a box are inside.

        Parameters
        ----------
        box : three pairs of ints
            Voxel ranges, half open; beyond the grid nothing is inside.

        Returns
        -------
        numpy.ndarray, bool, shape of the box
        """
        mask = np.zeros([b - a for a, b in box], np.bool_)
        inner = [(max(a, 0), min(b, n)) for (a, b), n in zip(box, self.shape)]
        if all(a < b for a, b in inner):
            (x0, x1), (y0, y1), (z0, z1) = inner
            found = np.zeros((x1 - x0, y1 - y0, z1 - z0), np.bool_)
            _fill(*self._crossings(x0, x1, y0, y1), found, z0)
            here = tuple(slice(p - a, q - a) for (p, q), (a, _) in zip(inner, box))
            mask[here] = found
        return mask

    def touched(self, edge: int) -> np.ndarray:
        """Return which blocks of `edge` voxels hold a voxel that is inside.

        Returns
        -------
        numpy.ndarray, bool, shape (ceil(nx / edge), ceil(ny / edge), ceil(nz / edge))
        """
        nx, ny, nz = self.shape
        found = np.zeros([-(-n // edge) for n in self.shape], np.bool_)
        for i, x0 in enumerate(range(0, nx, edge)):
            x1 = min(x0 + edge, nx)
            _touch(*self._crossings(x0, x1, 0, ny), ny, nz, edge, found[i])
        return found

    def _crossings(
        self, x0: int, x1: int, y0: int, y1: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return where the columns of voxels (y fastest) enter and leave bodies."""
        # Voxel centers at whole numbers.
        corners = (self.part.vertices - np.array(self.origin)) / self.spacing - 0.5
        faces, n_z = self.part.faces, self.shape[2]
        found: tuple[np.ndarray, np.ndarray] = _cross(
            corners, faces, x0, x1, y0, y1, n_z
        )
        return found


def plan_grid(part: Part, voxel: float | None = None, longest: int = 128) -> PartGrid:
    """Return the voxels that cover a part.

    Parameters
    ----------
    part : Part
    voxel : float, optional
        Edge of a voxel, µm.
    longest : int
        Voxels along the longest side, where `voxel` is not given.

    Raises
    ------
    InputError
        If `longest` is below 2, the voxel is not positive, or the part is thinner than
        a voxel.
    """
    low, high = part.bounds
    size = high - low
    if longest < 2:
        raise InputError(f"--longest must be at least 2 voxels, got {longest}")
    if voxel is None:
        voxel = float(size.max()) / longest
    if not 0 < voxel < float("inf"):
        raise InputError(f"the voxel size must be above 0, got {voxel:g} µm")
    if size.min() < voxel:
        raise InputError(
            f"the part is thinner than a voxel: it measures "
            f"{' x '.join(f'{s:g}' for s in size)} µm, a voxel {voxel:g} µm; use a "
            f"voxel below {size.min():g} µm (and check --unit)"
        )
    x, y, z = (max(1, int(np.ceil(s / voxel - 1e-6))) for s in size)
    corner = (low + high) / 2 - np.array([x, y, z]) * voxel / 2
    ox, oy, oz = corner.tolist()
    return PartGrid(part, (x, y, z), voxel, (ox, oy, oz))


def voxelize(part: Part, voxel: float | None = None, longest: int = 128) -> VoxelGrid:
    """Return the voxels whose centers lie inside a part.

    Parameters
    ----------
    part, voxel, longest
        As in `plan_grid`.

    Raises
    ------
    InputError
        As `plan_grid`, and if no center lies inside.
    """
    grid = plan_grid(part, voxel, longest)
    mask = grid.mask([(0, n) for n in grid.shape])
    if not mask.any():
        raise InputError(
            f"the part is thinner than a voxel of {grid.spacing:g} µm everywhere: no "
            "voxel center lies inside; use smaller voxels"
        )
    return VoxelGrid(mask, grid.spacing, grid.origin)


@inner()
def _side(px, py, qx, qy, x, y):
    """Tell whether (x, y) lies left of the directed edge p -> q, ties included once.

    The cross product is taken with the corners in a fixed order, so that two triangles
    get exactly opposite values for the edge that they share; a point on the edge
    belongs to one of them, as if it were moved by an infinitesimal step.
    """
    if (px, py) < (qx, qy):
        cross = (qx - px) * (y - py) - (qy - py) * (x - px)
    else:
        cross = -((px - qx) * (y - qy) - (py - qy) * (x - qx))
    if cross != 0.0:
        return cross > 0.0
    return qy < py or (qy == py and qx > px)


@inner()
def _sort(values):
    """Sort a few numbers in place: numba's own sort takes long to compile."""
    for i in range(1, values.size):
        v = values[i]
        j = i
        while j > 0 and values[j - 1] > v:
            values[j] = values[j - 1]
            j -= 1
        values[j] = v


@nb.njit(cache=True)
def _cross(vertices, faces, x0, x1, y0, y1, nz):
    """List where columns enter (+1) and leave (-1) bodies going up, by column.

    A crossing is 4 z + step + 1, z the first voxel center above it; column (x, y) has
    those from start[(x - x0) * (y1 - y0) + y - y0] on, sorted.
    """
    ny = y1 - y0
    start = np.zeros((x1 - x0) * ny + 1, np.int64)
    found = np.empty(0, np.int64)
    for filling in (False, True):
        if filling:
            start = np.cumsum(start)
            found = np.empty(start[-1], np.int64)
            place = start.copy()
        for f in range(faces.shape[0]):
            ax, ay, az = vertices[faces[f, 0]]
            bx, by, bz = vertices[faces[f, 1]]
            cx, cy, cz = vertices[faces[f, 2]]
            twice_area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            if twice_area == 0.0:
                continue
            step = -1  # seen from above counter-clockwise: a top face
            if twice_area < 0.0:
                step = 1
                bx, by, bz, cx, cy, cz = cx, cy, cz, bx, by, bz
                twice_area = -twice_area
            i0 = max(x0, math.ceil(min(ax, bx, cx)))
            i1 = min(x1 - 1, math.floor(max(ax, bx, cx)))
            j0 = max(y0, math.ceil(min(ay, by, cy)))
            j1 = min(y1 - 1, math.floor(max(ay, by, cy)))
            for i in range(i0, i1 + 1):
                for j in range(j0, j1 + 1):
                    if not (
                        _side(ax, ay, bx, by, i, j)
                        and _side(bx, by, cx, cy, i, j)
                        and _side(cx, cy, ax, ay, i, j)
                    ):
                        continue
                    column = (i - x0) * ny + j - y0
                    if not filling:
                        start[column + 1] += 1
                        continue
                    wb = (ax - cx) * (j - cy) - (ay - cy) * (i - cx)
                    wc = (bx - ax) * (j - ay) - (by - ay) * (i - ax)
                    z = az + (wb * (bz - az) + wc * (cz - az)) / twice_area
                    found[place[column]] = 4 * min(max(math.ceil(z), 0), nz) + step + 1
                    place[column] += 1
    for column in range(start.size - 1):
        _sort(found[start[column] : start[column + 1]])
    return start, found


@nb.njit(cache=True)
def _fill(start, crossings, mask, z0):
    """Set the voxels from z0 on in which the winding number is positive."""
    columns = mask.reshape(-1, mask.shape[2])
    for column in range(columns.shape[0]):
        winding = 0
        since = 0
        for c in crossings[start[column] : start[column + 1]]:
            z = c // 4
            if winding > 0:
                columns[column, max(since - z0, 0) : max(z - z0, 0)] = True
            winding += c % 4 - 1
            since = z


@nb.njit(cache=True)
def _touch(start, crossings, ny, nz, edge, touched):
    """Mark the blocks (along y and z) that hold a voxel of a slab of columns."""
    for column in range(start.size - 1):
        winding = 0
        since = 0
        for c in crossings[start[column] : start[column + 1]]:
            z = c // 4
            if winding > 0 and z > since:
                touched[column % ny // edge, since // edge : (z - 1) // edge + 1] = True
            winding += c % 4 - 1
            since = z
