"""Files of other programs that are not read: what one is, and what would do."""

from pathlib import Path

__all__ = ["other_kind"]

_VOXELS = "which is not read: save its labels as .tif, .npy or .vti"
_MESH = "a mesh of elements, which is not read: save its surface as .stl"
_CAD = "which is not read: export it as .step or .stl"
_STARTS = {  # how they begin
    b"# vtk DataFile": "a VTK file of the legacy kind: save it as .vti",
    b"***tess": "a tessellation of Neper, which holds no voxels: "
    "neper -T -loadtess FILE -format tesr writes them",
    b"\x89PNG": "a picture",
    b"NRRD0": f"an NRRD image, {_VOXELS}",
    b"ObjectType": f"a MetaImage, {_VOXELS}",
    b"# AmiraMesh": f"a file of Amira, {_VOXELS}",
    b"# Avizo": f"a file of Avizo, {_VOXELS}",
    b"# HyperSurface": "a surface of Amira, which is not read: save it as .stl",
    b"MATLAB ": f"a file of MATLAB, {_VOXELS}",
    b"$MeshFormat": f"a file of Gmsh, {_MESH}",
    b"BLENDER": f"a file of Blender, {_CAD}",
    b"Kaydara FBX": f"an FBX file, {_CAD}",
    b"DBRep_Drawable": f"a BREP file, {_CAD}",
    b"CASCADE Topology": f"a BREP file, {_CAD}",
    b"#VRML": f"a VRML file, {_CAD}",
    b"BZh": "packed by bzip2: unpack it first",
    b"\xfd7zXZ": "packed by xz: unpack it first",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it first",
    b"\x1f\x8b": "packed by gzip twice: unpack it once",
    b"7z\xbc\xaf": "an archive: unpack it first",
    b"Rar!": "an archive: unpack it first",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file, which holds no part that is read",
}
_SUFFIXES = {
    **dict.fromkeys((".nrrd", ".nhdr", ".mhd", ".mha", ".am", ".mat"), _VOXELS),
    **dict.fromkeys((".nii", ".hdr", ".mrc", ".dcm", ".dx", ".geom"), _VOXELS),
    **dict.fromkeys((".raw", ".vol", ".bin"), "which does not state how large it is or "
    "what its numbers are: save it as .tif, .npy or .vti"),
    **dict.fromkeys((".msh", ".mesh", ".inp", ".bdf", ".vtu", ".su2"), _MESH),
    **dict.fromkeys((".igs", ".iges", ".brep", ".x_t", ".x_b", ".sldprt"), _CAD),
    **dict.fromkeys((".fcstd", ".ipt", ".catpart", ".f3d", ".scad", ".blend"), _CAD),
    **dict.fromkeys((".fbx", ".dae", ".amf", ".x3d", ".wrl", ".dxf", ".usdz"), _CAD),
    **dict.fromkeys((".zip", ".tar", ".7z", ".rar"), "an archive: unpack it"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".bmp", ".gif"), "a picture"),
    **dict.fromkeys((".csv", ".txt", ".xlsx"), "a table, but no "
    "map of orientations: save grain IDs as .npy, .tif or .vti"),
}  # fmt: skip


def other_kind(path: Path, head: bytes, named: bool = True) -> str | None:
    """Return what a file is that is not read, and what to do; None if unknown.

    Parameters
    ----------
    path : Path
    head : bytes
        How it begins.
    named : bool
        Whether its suffix may tell, if its content does not.
    """
    for start, what in _STARTS.items():
        if head.startswith(start):
            return what
    suffix = path.suffix.lower()
    if named and suffix in _SUFFIXES:
        return f"a {suffix} file, {_SUFFIXES[suffix]}"
    if head.startswith(b"PK\x03\x04"):  # after suffixes of programs that use it
        return "an archive that holds no more than other files: unpack it first"
    return None
