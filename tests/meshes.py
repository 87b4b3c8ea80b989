"""A box of 48 triangles in files of all kinds, for tests that damage them."""

import gzip

import trimesh
from hostile import zipped

BOX = trimesh.creation.box((1, 2, 3)).subdivide()


def exported(kind, **options):
    """Return the box as trimesh writes it."""
    data = BOX.export(file_type=kind, **options)
    return data.encode() if isinstance(data, str) else data


def model(unit="millimeter", extra="", item='<item objectid="1"/>'):
    """Return the model of a 3MF file, XML."""
    points = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in BOX.vertices)
    faces = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in BOX.faces)
    return (
        f'<?xml version="1.0"?><model unit="{unit}" xmlns="http://schemas.microsoft.com/'
        f'3dmanufacturing/core/2015/02"><resources>{extra}<object id="1"><mesh>'
        f"<vertices>{points}</vertices><triangles>{faces}</triangles></mesh></object></resources>"
        f"<build>{item}</build></model>"
    ).encode()


def threemf(text):
    """Return a 3MF file of a model."""
    return zipped([("3D/3dmodel.model", text)])


WHOLE = {
    "a.stl": exported("stl"),
    "b.stl": exported("stl_ascii"),
    "a.obj": exported("obj"),
    "a.ply": exported("ply"),
    "b.ply": exported("ply", encoding="ascii"),
    "a.off": exported("off"),
    "a.glb": exported("glb"),
    "a.3mf": threemf(model()),
    "a.stl.gz": gzip.compress(exported("stl"), 1, mtime=0),
}
