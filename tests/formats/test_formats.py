"""Volumes in every format: written, read, refused."""

import gzip
import io
import os
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from samples import RECORDED, example_volume

from grainpaint import InputError, Microstructure, load
from grainpaint.cad import load_mask_file, load_part
from grainpaint.errors import InputNote
from grainpaint.formats import SUFFIXES, check_output, dropped, find_volumes, write

lengths = st.floats(1e-3, 1e5)


microstructures = st.builds(
    Microstructure,
    arrays(
        np.int32,
        array_shapes(min_dims=3, max_dims=3, max_side=6),
        elements=st.integers(0, 2**31 - 1),
    ),
    st.tuples(lengths, lengths, lengths),
    st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    st.tuples(*[st.booleans()] * 3),
)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(volume=microstructures)
@settings(max_examples=20)
def test_what_is_written_is_read(tmp_path_factory, suffix, volume):
    path = tmp_path_factory.mktemp("io") / f"volume{suffix}"
    assert volume.save(path) == path
    back = load(path)
    np.testing.assert_array_equal(back.grain_id, volume.grain_id)
    np.testing.assert_allclose(back.spacing, volume.spacing, rtol=1e-9)
    np.testing.assert_allclose(back.origin, volume.origin, rtol=1e-9, atol=1e-6)
    assert back.periodic == volume.periodic


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_files_are_refused(tmp_path, suffix):
    path = example_volume().save(tmp_path / f"a{suffix}")
    if path.is_dir():
        (path / "zarr.json").write_text("{")
    else:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=f"a{suffix}"):
        load(path)


def test_unknown_and_missing_files_are_refused(tmp_path):
    (tmp_path / "a.dat").write_text("none")
    with pytest.raises(InputError, match=r"unknown kind.*\.vti.*\.npz and \.zarr"):
        load(tmp_path / "a.dat")
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "a.npz")
    with pytest.raises(InputError, match="unknown suffix"):
        write(example_volume(), tmp_path / "a.txt")
    (tmp_path / "b.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="use force"):
        check_output(tmp_path / "b.npz", force=False)


def periodic_volume():
    """Return grains that continue through the faces, all whole."""
    ids = np.roll(np.arange(1, 9).repeat(27).reshape(2, 2, 2, 3, 3, 3), 1, -1)
    ids = ids.transpose(0, 3, 1, 4, 2, 5).reshape(6, 6, 6)
    return Microstructure(np.roll(ids, 1, (0, 1, 2)), periodic=(True,) * 3)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".sites"])
def test_periodicity_survives_every_format(tmp_path, suffix):
    volume = periodic_volume()
    back = load(volume.save(tmp_path / f"a{suffix}"))
    assert back.periodic == (True,) * 3
    assert back.n_grains == volume.n_grains
    opened = load(tmp_path / f"a{suffix}", periodic=(False, True, True))
    assert opened.periodic == (False, True, True)


def test_what_a_site_file_does_not_hold_is_named(tmp_path):
    whole = Microstructure(np.ones((2, 2, 2), int))
    assert dropped(whole, tmp_path / "a.sites") == ""
    coarse = Microstructure(np.ones((2, 2, 2), int), (2.0,) * 3, (1.0, 0, 0))
    assert dropped(coarse, tmp_path / "a.vti") == ""
    said = dropped(coarse, tmp_path / "A.SITES")
    assert "size of a voxel" in said
    assert "the origin" in said


NAMES = {
    "A.VTI": "a.vti",
    "my.vti.1": "a.vti",
    "a.npz.bak": "a.npz",
    "table.csv": "a.npz",
    "a.zip": "a.npz",
    "grains.txt": "tiny.dump",
    "IN100_3d.init": "tiny.1.sites",
    "dump1.potts": "tiny.dump",
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_content_of_a_file_tells_what_it_is(tmp_path, name, packed):
    example_volume().save(tmp_path / "a.vti")
    example_volume().save(tmp_path / "a.npz")
    source = tmp_path / NAMES[name]
    source = source if source.exists() else RECORDED / source.name
    data = source.read_bytes()
    path = tmp_path / "folder" / (f"{name}.gz" if packed else name)
    path.parent.mkdir()
    path.write_bytes(gzip.compress(data) if packed else data)
    np.testing.assert_array_equal(load(path).grain_id, load(source).grain_id)
    (path.parent / "notes.txt").write_text("none")
    assert find_volumes([path.parent]) == [path]


def test_suffixes_of_capitals_are_written(tmp_path):
    path = example_volume().save(tmp_path / "A.NPZ")
    np.testing.assert_array_equal(load(path).grain_id, example_volume().grain_id)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"# vtk DataFile Version 3.0", "legacy kind"),
        (b"solid a\nfacet normal", "a part, .*paint PART -o OUT.*inspect PART"),
        (bytes(80) + b"\1\0\0\0" + bytes(50), "a part, "),
        (b"ISO-10303-21;", "a part, "),
        (b"ply\nformat ascii", "a part, "),
        (b"glTF\2\0", "a part, "),
        (b"OFF\n3 1 0\n", "a part, "),
        (b"# cube\nv 0 0 0\nv 1 0 0\nf 1 2 3\n", "a part, "),
        (b"***tess\n **format", "tessellation of Neper, which holds no voxels"),
        (b"off\n3 1 0\n0 0 0", "a part, which holds no grains"),
        (b"\x1f\x8bxx", "unknown kind"),
    ],
)
def test_other_files_are_refused_by_what_they_are(tmp_path, content, message):
    (tmp_path / "a.vti").write_bytes(content)
    with pytest.raises(InputError, match=message):
        load(tmp_path / "a.vti")


def test_an_archive_of_a_part_is_no_volume(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.3mf", "w") as archive:
        archive.writestr("3D/3dmodel.model", "<model/>")
    with pytest.raises(InputError, match="a part, which holds no grains"):
        load(tmp_path / "a.3mf")


def test_gzipped_files_are_checked(tmp_path):
    data = gzip.compress(example_volume().save(tmp_path / "a.vti").read_bytes())
    path = tmp_path / "b.vti.gz"
    for bad in (data[:-3], data[:-8] + b"12345678", data[: len(data) // 2]):
        path.write_bytes(bad)
        with pytest.raises(InputError, match="damaged or cut off"):
            load(path)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "a.dump.gz"
    members = [gzip.compress(b"ITEM: TIMESTEP\n"), *30 * [gzip.compress(bytes(10**7))]]
    path.write_bytes(b"".join(members))
    with pytest.raises(InputError, match="a hundred times its size"):
        load(path)


def test_an_archive_whose_header_lies_takes_no_memory(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("grain_id", "spacing", "origin", "periodic"):
            head = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                head,
                {"descr": "<i4", "fortran_order": False, "shape": (99999,) * 3},
            )
            archive.writestr(f"{name}.npy", head.getvalue() + bytes(64))
    (tmp_path / "a.npz").write_bytes(stream.getvalue())
    with pytest.raises(InputError, match="not the size that it states"):
        load(tmp_path / "a.npz")


def test_a_lost_chunk_of_a_zarr_volume_is_noticed(tmp_path):
    volume = Microstructure(np.ones((70, 3, 3), int))
    path = volume.save(tmp_path / "a.zarr")
    (path / "grain_id" / "c" / "1" / "0" / "0").unlink()
    with pytest.raises(InputError, match="files of it are missing"):
        load(path)


def test_memory_goes_by_grains_not_by_the_largest_id(tmp_path):
    ids = np.arange(1, 61).reshape(3, 4, 5) // 7 * 250_000_000
    volume = Microstructure(ids)
    tracemalloc.start()
    for suffix in SUFFIXES:
        back = load(volume.save(tmp_path / f"a{suffix}"))
        np.testing.assert_array_equal(back.grain_id, ids)
    load(Microstructure(ids + 1).save(tmp_path / "a.sites"))
    assert volume.n_grains == 8
    assert volume.ids().tolist() == [250_000_000 * k for k in range(1, 9)]
    assert volume.grain_volumes().tolist() == [7] * 7 + [5]
    assert tracemalloc.get_traced_memory()[1] < 30e6
    tracemalloc.stop()


def test_void_and_periodic_hold_for_every_format(tmp_path):
    for suffix in SUFFIXES:
        path = example_volume().save(tmp_path / f"a{suffix}")
        ids = example_volume().grain_id
        with pytest.warns(InputNote, match="plus 1"):
            np.testing.assert_array_equal(load(path, void="none").grain_id, ids + 1)
        with pytest.warns(InputNote, match="stated in u?m, so unit mm is unused"):
            load(path, unit="mm")
    with pytest.raises(InputError, match="unknown unit"):
        load(path, unit="feet")
    with pytest.raises(InputError, match="an ID, or none"):
        load(path, void="all")


@pytest.mark.parametrize(
    ("name", "head", "what"),
    [
        ("a.nrrd", b"NRRD0004\ntype: int\n", "an NRRD image, which is not read: save"),
        ("a.dat", b"# Avizo BINARY-LITTLE-ENDIAN 2.1\n", "a file of Avizo, which is"),
        ("a.mat", b"MATLAB 5.0 MAT-file", "a file of MATLAB, which is not read: save"),
        ("a.raw", b"\1\0\0\0" * 90, "does not state how large it is"),
        ("a.msh", b"$MeshFormat\n4.1 0 8\n", "Gmsh, a mesh of elements"),
        ("a.FCStd", b"PK\5\6" + b"\0" * 18, "a .fcstd file, which is not read: export"),
        ("a.csv", b"x,y,z,id\n0,0,0,1\n", "a table, but no map of orientations: save"),
        ("a.stl", b"BZh91AY&SY" + b"\0" * 90, "packed by bzip2: unpack it"),
        ("a.stl", b"\xfd7zXZ\0" + b"\0" * 90, "packed by xz: unpack it"),
        ("a.dat", b"\x28\xb5\x2f\xfd" + b"\0" * 90, "packed by zstd: unpack it"),
        (
            "a.dat",
            gzip.compress(gzip.compress(b"a" * 90, mtime=0), mtime=0),
            "packed by gzip twice",
        ),
    ],
)
def test_files_of_other_programs_are_named(tmp_path, name, head, what):
    (tmp_path / name).write_bytes(head)
    with pytest.raises(InputError, match=what) as error:
        load(tmp_path / name)
    assert "known are" not in str(error.value)
    if name not in ("a.csv", "a.raw"):  # which may hold the triangles of an STL
        with pytest.raises(InputError, match=what):
            load_part(tmp_path / name)


def test_a_pipe_is_refused_before_anything_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for read in (load, load_part):
        with pytest.raises(InputError, match="no ordinary file"):
            read(tmp_path / "pipe")
    example_volume().save(tmp_path / "a.vti")
    assert find_volumes([tmp_path]) == [tmp_path / "a.vti"]


def test_an_archive_that_holds_an_array_twice_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, grain_id=np.ones((2, 2, 2), int))
    data = io.BytesIO()
    np.save(data, np.full((2, 2, 2), 2))
    again = pytest.warns(UserWarning, match="Duplicate")
    with again, zipfile.ZipFile(path, "a") as archive:
        archive.writestr("grain_id.npy", data.getvalue())
    for read in (load, load_mask_file):
        with pytest.raises(InputError, match="holds 'grain_id' twice"):
            read(path)
