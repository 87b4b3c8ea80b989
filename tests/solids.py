"""Bodies that tests voxelize, and files of them."""

from pathlib import Path

import numpy as np
import trimesh

from grainpaint.cad import Part
from grainpaint.cad.solid import solid


def box(size=(1.0, 1.0, 1.0), at=(0.0, 0.0, 0.0)):
    mesh = trimesh.creation.box(size)
    mesh.apply_translation(at)
    return mesh


def saved(mesh, path, **options):
    mesh.export(path, **options)
    return path


def part_of(mesh):
    return Part(np.asarray(mesh.vertices, float), np.asarray(mesh.faces))


def solid_of(mesh):
    """Return a part as it is read from a file in µm: its bodies are told apart."""
    return solid(Path("mesh.stl"), np.asarray(mesh.triangles, float), "um")
