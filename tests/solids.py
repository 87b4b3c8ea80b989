"""Bodies that tests voxelize, and files of them."""

import numpy as np
import trimesh

from grainpaint.cad import Part


def box(size=(1.0, 1.0, 1.0), at=(0.0, 0.0, 0.0)):
    mesh = trimesh.creation.box(size)
    mesh.apply_translation(at)
    return mesh


def saved(mesh, path, **options):
    mesh.export(path, **options)
    return path


def part_of(mesh):
    return Part(np.asarray(mesh.vertices, float), np.asarray(mesh.faces))
