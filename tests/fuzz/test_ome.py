"""OME-Zarr labels of other programs: damaged metadata, chunks and axes."""
# ruff: noqa: E501 (a case a line)

import json
import os
import pickle

import numpy as np
import pytest
import zarr
from hostile import SECRET, mutations, outcome, refused, table

from grainpaint import load

IDS = np.random.default_rng(1).integers(1, 9, (4, 5, 6)).astype(np.int32)  # [z, y, x]


def label(path, change=lambda said: said, version=3, values=IDS):
    """Write a label image whose metadata are changed."""
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
    level = {
        "path": "0",
        "coordinateTransformations": [{"type": "scale", "scale": [1.0] * 3}],
    }
    said = {
        "version": "0.5",
        "multiscales": [{"axes": axes, "datasets": [level]}],
        "image-label": {},
    }
    made = zarr.create_group(path, zarr_format=version)
    made.create_array("0", data=values)
    said = change(said) or said
    made.attrs.update({"ome": said} if version == 3 else said)
    return made


def put(*path_and_value):
    """Return what writes an image with another entry in its metadata, None for none."""
    *path, key, value = path_and_value

    def change(said):
        for step in path:
            said = said[step]
        if value is None:
            del said[key]
        else:
            said[key] = value

    return lambda folder: label(folder, change)


def of_image(key, value):
    return put("multiscales", 0, key, value)


def of_level(key, value):
    return put("multiscales", 0, "datasets", 0, key, value)


def axes(names, **more):
    return of_image("axes", [{"name": a, "type": "space"} | more for a in names])


def steps(*kinds):
    return of_level("coordinateTransformations", list(kinds))


def scale(*values):
    return steps({"type": "scale", "scale": list(values)})


def of_array(**changes):
    def write(folder):
        label(folder)
        place = folder / "0" / "zarr.json"
        place.write_text(json.dumps(json.loads(place.read_text()) | changes))

    return write


def text(name, data):
    def write(folder):
        label(folder)
        (folder / name).write_bytes(data)

    return write


class Payload:
    def __reduce__(self):
        return os.system, (f"touch {SECRET}",)


def pickled(folder):
    label(folder, version=2)
    place = folder / "0" / ".zarray"
    filters = [{"id": "vlen-utf8"}, {"id": "pickle"}]
    place.write_text(json.dumps(json.loads(place.read_text()) | {"filters": filters}))
    (folder / "0" / "0.0.0").write_bytes(pickle.dumps(Payload()))


def linked(folder):
    """Write an image whose array is a link to a secret file."""
    made = label(folder)
    del made["0"]
    (folder / "0").symlink_to(folder.parent / SECRET)


def plain(folder):
    """Write an image of floats with fractions."""
    label(folder, values=IDS.astype("f4") + 0.5)


def huge(folder):
    made = label(folder)
    del made["0"]
    made.create_array("0", shape=(2**20,) * 3, chunks=(64,) * 3, dtype="i4")


GRID = {"name": "regular", "configuration": {"chunk_shape": [2**31] * 3}}
CASES = {
    "path up": of_level("path", f"../{SECRET}"),
    "path outside": of_level("path", "/etc/passwd"),
    "path of a zero byte": of_level("path", "a\0b"),
    "path of 9000": of_level("path", "a" * 9000),
    "path of a number": of_level("path", 7),
    "no path": of_level("path", None),
    "no level": of_level("path", "9"),
    "levels of nothing": of_image("datasets", []),
    "levels of words": of_image("datasets", "0"),
    "levels nested": of_image("datasets", [[[[["0"]]]]]),
    "no levels": of_image("datasets", None),
    "no image": put("multiscales", []),
    "two images": put("multiscales", [{}, {}]),
    "an image of words": put("multiscales", "image"),
    "no axes": of_image("axes", None),
    "axes of nothing": of_image("axes", []),
    "two axes": axes("yx"),
    "an axis twice": axes("xyx"),
    "axes without x": axes("abc"),
    "axes of numbers": of_image("axes", [1, 2, 3]),
    "axes of words": of_image("axes", "zyx" * 9000),
    "four axes": axes("tzyx"),
    "a unit of time": axes("zyx", unit="second"),
    "a unit of 9000": axes("zyx", unit="m" * 9000),
    "a unit of a list": axes("zyx", unit=["micrometer"]),
    "a shear": steps({"type": "affine", "affine": [[1.0] * 4] * 3}),
    "a scale elsewhere": steps({"type": "scale", "path": f"../{SECRET}"}),
    "a scale of words": scale("a", "b", "c"),
    "a scale of nan": scale(float("nan"), 1, 1),
    "a scale of inf": scale(float("inf"), 1, 1),
    "a scale of 0": scale(0, 1, 1),
    "a scale of -1": scale(-1, 1, 1),
    "a scale of two": scale(1, 1),
    "a scale of 2^70": scale(2**1030, 1, 1),
    "a step of nothing": steps({}),
    "a step of words": steps("scale"),
    "steps of a number": of_level("coordinateTransformations", 5),
    "a plate": put("plate", {}),
    "huge and empty": huge,
    "of floats": plain,
    "of objects": of_array(data_type="object"),
    "of texts": of_array(data_type="string"),
    "of a negative shape": of_array(shape=[-4, 5, 6]),
    "of another shape": of_array(shape=[4, 5, 6, 7]),
    "of huge chunks": of_array(chunk_grid=GRID),
    "of no codecs": of_array(codecs=[]),
    "of an unknown codec": of_array(codecs=[{"name": "evil", "configuration": {"a": 1}}]),
    "of a codec that says little": of_array(codecs=[{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 10**9}}]),
    "a link elsewhere": linked,
    "pickles": pickled,
    "metadata nested": text("zarr.json", b"[" * 90_000),
    "metadata of bytes": text("zarr.json", b"\xff\xfe\0"),
    "metadata of nothing": text("zarr.json", b""),
    "metadata cut": text("zarr.json", b'{"attributes": {"ome": '),
    "a chunk cut": text("0/c/0/0/0", b"\x28\xb5\x2f\xfd\0"),
    "a chunk of bytes": text("0/c/0/0/0", bytes(range(256))),
}  # fmt: skip


@table(CASES)
def test_a_bad_label_image_is_refused(tmp_path, case):
    (tmp_path / SECRET).mkdir()
    case(tmp_path / "a.zarr")
    refused(load, tmp_path / "a.zarr")


@pytest.mark.parametrize(
    "n", [60, pytest.param(10_000, marks=pytest.mark.slow)], ids=["some", "all"]
)
@pytest.mark.parametrize("version", [2, 3])
def test_damage_of_a_label_image_is_borne(tmp_path, version, n):
    folder = tmp_path / "a.zarr"
    label(folder, version=version)
    for place in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = place.read_bytes()
        for _, damaged in mutations(data, n // 3, f"{version} {place.name}"):
            place.write_bytes(damaged)
            outcome(load, folder)
        place.write_bytes(data)
