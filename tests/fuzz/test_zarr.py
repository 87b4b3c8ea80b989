"""Zarr volumes, which are folders: damaged and malicious."""

import json
import os
import pickle

import numpy as np
import zarr
from hostile import SECRET, many, mutations, outcome, refused, table

from grainpaint import Microstructure, load
from grainpaint.formats.zarr import attributes_of

IDS = np.random.default_rng(1).integers(1, 9, (6, 5, 4)).astype(np.int32)
VOLUME = Microstructure(IDS, (2.0, 2.0, 2.0), (1.0, 0.0, -5.0), (True, False, True))
MASK = np.zeros((5, 6, 7), np.uint8)
MASK[1:4, 1:5, 2:5] = 1


def same(a, b):
    ours = (a.spacing, a.origin, a.periodic) == (b.spacing, b.origin, b.periodic)
    return ours and np.array_equal(a.grain_id, b.grain_id)


@many
def test_damage_of_a_zarr_volume_never_passes_in_silence(tmp_path, n):
    whole = VOLUME.save(tmp_path / "a.zarr")
    files = sorted(p for p in whole.rglob("*") if p.is_file())
    for place in files:
        data = place.read_bytes()
        for _, damaged in mutations(data, n // len(files), place.name):
            place.write_bytes(damaged)
            found = outcome(load, whole)
            assert found.said or same(found.value, VOLUME), damaged
        place.unlink()
        assert outcome(load, whole).error
        place.write_bytes(data)


def group(path, version=3, **attributes):
    made = zarr.create_group(path, zarr_format=version)
    made.attrs.update(attributes or attributes_of((1.0,) * 3, (0.0,) * 3, (False,) * 3))
    return made


def empty(path, shape, chunk=64):
    group(path).create_array("grain_id", shape=shape, chunks=(chunk,) * 3, dtype="i4")


def edited(path, name, change):
    VOLUME.save(path)
    place = path / name
    tree = json.loads(place.read_text())
    place.write_text(json.dumps(change(tree) or tree))


def attribute(**changes):
    return lambda path: edited(
        path, "zarr.json", lambda tree: tree["attributes"].update(changes)
    )


def of_array(**changes):
    return lambda path: edited(path, "grain_id/zarr.json", lambda t: t.update(changes))


def pickled(path):
    """Write chunks that are pickles, which run what they like when they are read."""
    made = group(path, 2)
    made.create_array("grain_id", shape=(2,) * 3, chunks=(2,) * 3, dtype="i4")
    place = path / "grain_id" / ".zarray"
    said = json.loads(place.read_text())
    filters = [{"id": "vlen-utf8"}, {"id": "pickle"}]
    place.write_text(json.dumps(said | {"dtype": "|O", "filters": filters}))
    (path / "grain_id" / "0.0.0").write_bytes(pickle.dumps(Payload()))


class Payload:
    def __reduce__(self):
        return os.system, (f"touch {SECRET}",)


GRID = {"name": "regular", "configuration": {"chunk_shape": [2**31] * 3}}
CHUNKS_OF_0 = {"name": "regular", "configuration": {"chunk_shape": [0] * 3}}
ZARR = {
    "huge and empty": lambda p: empty(p, (2**20,) * 3),
    "of 2^62": lambda p: empty(p, (2**31, 2**31, 1), 2**20),
    "of 2 GB": lambda p: empty(p, (800,) * 3),
    "pickles": pickled,
    "a path": lambda p: (p.mkdir(), (p / "zarr.json").write_text('{"a": 1}')),
    "nested": lambda p: (p.mkdir(), (p / "zarr.json").write_text("[" * 90_000)),
    "no text": lambda p: (p.mkdir(), (p / "zarr.json").write_bytes(b"\xff\xfe")),
    "spacing 0": attribute(spacing=[0, 1, 1]),
    "spacing changed": attribute(spacing=[2, 2, 3]),
    "origin changed": attribute(origin=[0, 0, 0]),
    "two spacings": attribute(spacing=[1, 1]),
    "spacing of words": attribute(spacing=["a", "b", "c"]),
    "periodic of numbers": attribute(periodic=[1, 0, 1]),
    "voxels of words": attribute(voxels_inside="a"),
    "fewer voxels": attribute(voxels_inside=3),
    "not finished": attribute(format="grainpaint volume", complete=False),
    "another shape": of_array(shape=[6, 5, 40]),
    "negative shape": of_array(shape=[-6, 5, 4]),
    "floats": of_array(data_type="float64"),
    "objects": of_array(data_type="object"),
    "huge chunks": of_array(chunk_grid=GRID),
    "unknown codec": of_array(codecs=[{"name": "evil"}]),
    "no codecs": of_array(codecs=[]),
    "spacing of nothing": attribute(spacing=None),
    "spacing below 0": attribute(spacing=[-2, 2, 2]),
    "spacing without end": attribute(spacing=[1e999, 2, 2]),
    "origin of words": attribute(origin="here"),
    "two origins": attribute(origin=[0, 0]),
    "two periodic axes": attribute(periodic=[True, False]),
    "periodic of words": attribute(periodic=["yes", "no", "yes"]),
    "attributes of a list": lambda path: edited(
        path, "zarr.json", lambda tree: {**tree, "attributes": [1]}
    ),
    "a shape of words": of_array(shape=["a", 5, 4]),
    "four axes": of_array(shape=[6, 5, 4, 1]),
    "no shape": of_array(shape=None),
    "another format": of_array(zarr_format=9),
    "no array": of_array(node_type="group"),
    "chunks of 0": of_array(chunk_grid=CHUNKS_OF_0),
    "another grid": of_array(chunk_grid={"name": "evil"}),
    "other keys": of_array(chunk_key_encoding={"name": "evil"}),
    "unknown numbers": of_array(data_type="int512"),
    "a group for the array": lambda path: (
        VOLUME.save(path),
        (path / "grain_id/zarr.json").write_bytes((path / "zarr.json").read_bytes()),
    ),
}


@table(ZARR)
def test_a_bad_zarr_volume_is_refused(tmp_path, case):
    case(tmp_path / "a.zarr")
    (tmp_path / SECRET).mkdir()
    refused(load, tmp_path / "a.zarr")
