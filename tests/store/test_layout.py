"""What is on disk: exactly what zarr writes, and what other programs read."""

import json

import numpy as np
import pytest
import tensorstore
import zarr
from store_run import SHAPE, contents, grains, values
from yaozarrs import validate_zarr_store

from grainpaint import formats
from grainpaint.microstructure import Microstructure


@pytest.mark.parametrize("array", ["tag", "grain_id"])
def test_the_bytes_are_those_that_zarr_writes(finished, tmp_path, array):
    made = zarr.open_array(finished.path / array, mode="r")
    itself = zarr.create_array(
        tmp_path / "a",
        shape=SHAPE,
        chunks=made.chunks,
        shards=made.shards,
        dtype=made.dtype,
        compressors=made.compressors,
        fill_value=0,
        dimension_names=["x", "y", "z"],
    )
    itself[:] = values(array)
    assert len(contents(tmp_path / "a")) == 4  # three shards of four: one is all 0
    assert contents(finished.path / array) == contents(tmp_path / "a")


def test_chunks_are_compressed_and_checked_as_promised(finished):
    for array in ("tag", "grain_id"):
        node = json.loads((finished.path / array / "zarr.json").read_text())
        (sharding,) = node["codecs"]
        inner, index = (
            sharding["configuration"][k] for k in ("codecs", "index_codecs")
        )
        assert node["chunk_grid"]["configuration"]["chunk_shape"] == [128] * 3
        assert inner[-1]["name"] == "zstd"
        assert inner[-1]["configuration"]["checksum"] is True
        assert index[-1]["name"] == "crc32c"


def test_plain_zarr_reads_it_and_sees_nothing_strange(finished):
    group = zarr.open(finished.path, mode="r")
    for name in ("tag", "grain_id"):
        np.testing.assert_array_equal(group[name][:], values(name))
    assert {name for name, _ in group.members()} == {"tag", "grain_id", "work"}


def test_tensorstore_reads_it(finished):
    for name in ("tag", "grain_id"):
        kvstore = {"driver": "file", "path": str(finished.path / name)}
        spec = {"driver": "zarr3", "kvstore": kvstore}
        found = tensorstore.open(spec, read=True).result().read().result()
        np.testing.assert_array_equal(found, values(name))


def test_it_is_valid_ome_zarr(finished, tmp_path):
    validate_zarr_store(finished.path)
    path = formats.write(Microstructure(grains()), tmp_path / "a.zarr")
    validate_zarr_store(path)  # what is written at once, too
    node = json.loads((path / "zarr.json").read_text())
    del node["attributes"]["ome"]["multiscales"][0]["axes"]
    (path / "zarr.json").write_text(json.dumps(node))
    with pytest.raises(ValueError, match="axes"):
        validate_zarr_store(path)


def test_ome_metadata_place_the_centers_of_voxels(finished):
    ome = zarr.open_group(finished.path, mode="r").attrs["ome"]
    (image,) = ome["multiscales"]
    assert ome["version"] == "0.5"
    assert [(a["name"], a["type"], a["unit"]) for a in image["axes"]] == [
        (x, "space", "micrometer") for x in "xyz"
    ]
    assert image["datasets"] == [
        {
            "path": "grain_id",
            "coordinateTransformations": [
                {"type": "scale", "scale": [2.0, 2.0, 3.0]},
                {"type": "translation", "translation": [11.0, -3.0, 2.0]},
            ],
        }
    ]
