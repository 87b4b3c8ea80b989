"""A solid from triangles: corners are joined, holes refused, orientation mended."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from grainpaint.cad.stl import stl_triangles
from grainpaint.errors import InputError
from grainpaint.units import UNITS

__all__ = ["Part", "load_part", "solid"]


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
        What was mended, in words.
    sha256 : str
        SHA-256 of the file, hexadecimal; empty if there is no file.
    bodies : numpy.ndarray, int64, shape (m,)
        Body of each triangle, counted from 0: an outer shell and the cavities in it.
        All triangles are one body if it is left out.
    """

    vertices: np.ndarray
    faces: np.ndarray
    notes: tuple[str, ...] = ()
    sha256: str = ""
    bodies: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        if len(self.bodies) != len(self.faces):
            object.__setattr__(self, "bodies", np.zeros(len(self.faces), np.int64))

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner, µm."""
        return self.vertices.min(0), self.vertices.max(0)

    @property
    def volume(self) -> float:
        """Signed volume, µm^3 (overlaps count twice)."""
        return float(self.body_volumes.sum())

    @property
    def body_volumes(self) -> np.ndarray:
        """Signed volume of each body without its cavities, µm^3, shape (n_bodies,)."""
        return np.bincount(self.bodies, _volumes(self.vertices, self.faces))


def load_part(path: Path, unit: str = "mm") -> Part:
    """Read an STL file and make sure that it bounds a solid.

    A file is read and hashed once per process, until it changes: the same `Part` is
    returned again.

    Parameters
    ----------
    path : Path
        STL, binary or ASCII.
    unit : str
        Unit of the coordinates: nm, um, mm, cm, m, inch.

    Raises
    ------
    InputError
        If the file is missing, empty, truncated or not STL, has coordinates that are
        not finite, or its surface is open or cannot be oriented.
    """
    if unit not in UNITS:
        raise InputError(f"unknown unit {unit!r}: use one of {', '.join(UNITS)}")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    state = path.stat()
    file = (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size)
    return _load(path, unit, file)


@lru_cache(4)
def _load(path: Path, unit: str, file: tuple[int, ...]) -> Part:
    """Read a part; `file` differs once the file at `path` has changed."""
    if path.suffix.lower() != ".stl":
        raise InputError(f"{path}: parts are read from .stl files (binary or ASCII)")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    triangles, notes = stl_triangles(path, data)
    return solid(path, triangles, unit, hashlib.sha256(data).hexdigest(), notes)


def solid(
    path: Path,
    triangles: np.ndarray,
    unit: str,
    sha256: str = "",
    notes: Sequence[str] = (),
) -> Part:
    """Make triangles bound a solid: join corners, refuse holes, mend orientation.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    triangles : numpy.ndarray, float64, shape (m, 3, 3)
        Corners of each triangle.
    unit : str
        Unit of the coordinates, one of `units.UNITS`.
    sha256 : str
        SHA-256 of the file, hexadecimal.
    notes : sequence of str
        What reading the file has mended already.

    Raises
    ------
    InputError
        If coordinates are not finite, or the surface is open or cannot be oriented.
    """
    soup = triangles
    notes = list(notes)
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
    if _n_disagreeing_edges(faces):
        faces = _orient(path, vertices, faces)
        notes.append("some triangles faced the wrong way: turned")
    if _volumes(vertices, faces).sum() < 0:
        faces = faces[:, ::-1]
        notes.append("the part was inside out: turned")
    faces = np.ascontiguousarray(faces)
    return Part(vertices * UNITS[unit], faces, tuple(notes), sha256)


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


def _volumes(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the signed volumes of the cones from the center to each triangle."""
    a, b, c = (vertices[faces[:, i]] - vertices.mean(0) for i in range(3))
    return np.asarray(np.einsum("ij,ij->i", a, np.cross(b, c)) / 6)


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
    """Count edges that triangles do not pass equally often in both directions."""
    edges = _edges(faces)
    way = np.where(edges[:, 0] < edges[:, 1], 1, -1)
    _, index = np.unique(np.sort(edges, 1), axis=0, return_inverse=True)
    return int(np.count_nonzero(np.bincount(index.ravel(), way)))


def _orient(path: Path, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Flip triangles until neighbors agree; the majority of each body decides."""
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
