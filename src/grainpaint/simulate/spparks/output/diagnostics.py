"""Diagnostics: columns of the table of statistics, and files of clusters."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.simulate.spparks.energy import propensities, total_energy
from grainpaint.simulate.spparks.output.clusters import Clusters, find_clusters
from grainpaint.simulate.spparks.output.files import append_to, place_of
from grainpaint.simulate.spparks.output.frame import Frame
from grainpaint.simulate.spparks.output.rows import text_rows
from grainpaint.simulate.spparks.requests import ClusterFiles, Diagnostic

__all__ = ["ClusterWriter", "titles", "values"]

_TITLES = {
    "energy": ("Energy",),
    "propensity": ("Propnsty",),
    "cluster": ("Nclust", "<N>", "<R>"),
}
_HOW: dict[str, Callable[[np.ndarray], Any]] = {
    "mean": np.mean,
    "sum": np.sum,
    "min": np.min,
    "max": np.max,
}


def titles(diagnostic: Diagnostic) -> tuple[str, ...]:
    """Return the titles of a diagnostic's columns."""
    if diagnostic.style == "array":
        return tuple(f"{how}({value})" for value, how in diagnostic.columns)
    return _TITLES[diagnostic.style]


def values(
    diagnostic: Diagnostic, frame: Frame, clusters: Clusters | None
) -> tuple[float, ...]:
    """Return the values in a diagnostic's columns at a moment."""
    if clusters is not None:
        return len(clusters.size), clusters.mean_size, clusters.mean_radius
    if diagnostic.style == "energy":
        return (total_energy(frame.sites, frame.app),)
    if diagnostic.style == "propensity":
        rates = propensities(frame.sites, frame.app, frame.temperature)
        return (float(rates.sum()),)
    return tuple(
        float(_HOW[how](frame.column(value))) for value, how in diagnostic.columns
    )


class ClusterWriter:
    """Writes the files of ``diag_style cluster``, moment by moment.

    Parameters
    ----------
    files : ClusterFiles
    folder : Path
        Where names of files start.
    """

    def __init__(self, files: ClusterFiles, folder: Path) -> None:
        self.files, self.folder = files, folder
        self.count = 0
        self.begun = False

    def begin(self, n_sites: int) -> None:
        """Make the files that grow, as a run does first."""
        if self.begun:
            return
        self.begun = True
        if self.files.table:
            head = (
                "Clustering Analysis for Lattice (diag_style cluster) \n"
                f"nglobal = {n_sites} \nnprocs = 1 \n"
            )
            append_to(place_of(self.folder, self.files.table), head, first=True)
        if self.files.sites and not self.files.opendx:
            append_to(place_of(self.folder, self.files.sites), "", first=True)

    def write(self, frame: Frame) -> Clusters:
        """Find the clusters of a moment, write them, and return them."""
        found = find_clusters(frame)
        self.begin(len(frame.order))
        if self.files.table:
            path = place_of(self.folder, self.files.table)
            append_to(path, self._table(frame, found), first=False)
        if self.files.sites and self.files.opendx:
            path = place_of(self.folder, f"{self.files.sites}{self.count:05d}.dx")
            append_to(path, _opendx(frame, found), first=True)
        elif self.files.sites:
            path = place_of(self.folder, self.files.sites)
            append_to(path, _sites(frame, found), first=False)
        self.count += 1
        return found

    def _table(self, frame: Frame, found: Clusters) -> str:
        n = len(found.size)
        extents = np.stack([found.low, found.high], axis=2).reshape(n, 6)
        columns = [
            np.arange(1, n + 1),
            found.spin,
            np.zeros(n, np.int32),
            found.size.astype(float),
            *found.center.T,
            *extents.T,
        ]
        rows = b"".join(text_rows(columns)).decode().replace(" \n", "\n ")
        return (
            f"\n\n{'-' * 50}\nTime = {frame.time:f} \nncluster = {n} \n"
            f"<N> = {found.mean_size:g} \n<R> = {found.mean_radius:g} \n"
            "id ivalue dvalue size cx cy cz xlo xhi ylo yhi zlo zhi \n"
            f" {rows[:-1]}\n"
        )


def _sites(frame: Frame, found: Clusters) -> str:
    """Return the text of ``dump standard``: each site with its cluster."""
    low, high = frame.box.corners
    cluster = found.number.reshape(-1)[frame.order]
    columns = [
        frame.column("id"),
        cluster,
        *map(frame.column, "xyz"),
        frame.column("site"),
        np.where(cluster > 0, found.size[cluster - 1], 0).astype(float),
    ]
    return (
        f"ITEM: TIMESTEP\n{frame.time:g}\nITEM: NUMBER OF ATOMS\n{len(cluster)}\n"
        "ITEM: BOX BOUNDS\n"
        + "".join(f"{a:g} {b:g}\n" for a, b in zip(low, high))
        + "ITEM: ATOMS\n"
        + b"".join(text_rows(columns)).decode().replace(" \n", "\n")
    )


def _opendx(frame: Frame, found: Clusters) -> str:
    """Return the text of ``dump opendx``: the clusters of a grid of cells."""
    points = " ".join(str(n + 1) for n in frame.box.shape)
    cluster = found.number.reshape(-1)[frame.order].tolist()
    rows = (cluster[i : i + 20] for i in range(0, len(cluster), 20))
    return (
        f"# Cluster ID dump file for OpenDX\n# Time = {frame.time:g}\n"
        "# Create regular grid.\n"
        f"object 1 class gridpositions counts {points}\norigin  0 0 0 \n"
        "delta   1 0 0 \ndelta   0 1 0 \ndelta   0 0 1 \n\n# Create connections.\n"
        f"object 2 class gridconnections counts {points}\n\n# Feed data.\n"
        f"object 3 class array type int rank 0 items {len(cluster)} data follows\n"
        "#data goes here\n"
        + "".join("".join(f"{c} " for c in row) + "\n" for row in rows)
        + 'attribute "dep" string "connections"\n\n# Create a field.\n'
        'object "9 grain microstructure" class field\n'
        'component "positions" value 1\ncomponent "connections" value 2\n'
        'component "data" value 3\n\nend\n'
    )
