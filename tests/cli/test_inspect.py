"""The command inspect: figures of known bodies, and what is doubtful."""

import re

import numpy as np
import pytest
import trimesh
from solids import box, of_cells, saved, solid_of

from grainpaint.cad.inspection import (
    bodies_of,
    overlap_of,
    thinnest_place,
    unit_doubt,
)


def test_inspect_says_what_a_part_is(run, tiny_model, tmp_path):
    inner = box((2, 2, 2))
    two = [box((10, 10, 4)), inner, box((2, 2, 2), (8, 0, 0))]
    path = saved(trimesh.util.concatenate(two), tmp_path / "two.stl")
    picture = tmp_path / "two.png"
    words = ("--model", tiny_model, "--longest", 40, "-o", picture)
    code, text, _ = run("inspect", path, *words)
    assert code == 0
    rows = dict(re.findall(r"^(\w[\w ]*?)  +(.*)$", text, re.M))
    assert rows["bodies"] == "2"
    assert "14 mm x 10 mm x 4 mm" in rows["box"]
    assert rows["volume"].startswith("400 mm³ (4e+11 µm³)")
    assert "cavit" in rows["mended"]
    costs = re.findall(r"^ *(\S+ [mµ]m) +(\d+) +([\d,]+) ", text, re.M)
    assert [int(n) for _, n, _ in costs] == [40, 64, 128, 256, 512, 1024]
    assert int(costs[1][2].replace(",", "")) == pytest.approx(64**3 * 40 / 196, rel=0.1)
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert run("inspect", path, *words)[0] == 2


def test_the_volume_of_bodies_that_overlap_is_that_of_their_union():
    row = [box((10, 10, 10), (x, 0, 0)) for x in (0, 5, 10)]
    assert overlap_of(solid_of(*row)) == pytest.approx(1000.0, rel=0.02)
    assert overlap_of(solid_of(*row[::2])) == 0.0


def test_cavities_that_overlap_count_once():
    pair = [box((5, 5, 5), (x, x, x)) for x in (-1.25, 1.25)]
    for mesh in pair:
        mesh.invert()
    union = 1000 - 2 * 125 + 2.5**3
    part = solid_of(box((10, 10, 10)), *pair)
    assert part.volume - overlap_of(part) == pytest.approx(union, rel=0.002)
    (body,) = bodies_of(part)
    assert body.volume == pytest.approx(union, rel=0.002)


def test_inspect_says_what_a_mask_is(run, tiny_model, tmp_path):
    mask = np.zeros((20, 10, 10), bool)
    mask[5:15] = True
    np.save(tmp_path / "mask.npy", mask)
    words = ("--voxel", "5um", "--model", tiny_model)
    code, text, _ = run("inspect", tmp_path / "mask.npy", *words)
    assert code == 0
    assert "1,000 voxels, 50.0% of the box" in text
    assert "0.000125 mm³ (125000 µm³)" in text


def test_a_wall_is_measured_and_a_block_is_not_thin():
    inner = box((9.8, 9.8, 9.8))
    inner.invert()
    shell = solid_of(trimesh.util.concatenate([box((10, 10, 10)), inner]))
    thickness, _ = thinnest_place(shell)
    assert thickness == pytest.approx(0.1, rel=0.05)
    assert thinnest_place(solid_of(box((3, 4, 5)))) is None


@pytest.mark.parametrize("thickness", [0.5, 1.0])
def test_walls_are_as_thick_as_they_are_wherever_other_faces_lie(thickness):
    """A fin 30 high on a block, and a pocket: 200 voxels, in blocks of 4."""
    x, z = (0.0, 80.0, 80 + thickness, 200.0), (0.0, 40.0, 70.0)
    fin = solid_of(of_cells((x, (0.0, 60.0), z), [[[1, 0]], [[1, 1]], [[1, 0]]]))
    assert thinnest_place(fin)[0] == pytest.approx(thickness, rel=0.17)
    floor = np.ones((3, 3, 2))
    floor[1, 1, 1] = 0
    edges = ((0.0, 40.0, 80.0, 200.0), (0.0, 40.0, 80.0, 120.0), (0, thickness, 40.0))
    pocket = solid_of(of_cells(edges, floor))
    assert thinnest_place(pocket)[0] == pytest.approx(thickness, rel=0.01)


def test_only_absurd_sizes_are_doubted():
    assert unit_doubt(50_000.0, "mm") is None
    assert "in m 50 mm" in unit_doubt(50.0, "mm")
    assert "in um it would be 50 mm" in unit_doubt(5e7, "mm")


def test_voxels_of_open_parts_are_counted_up_to_what_is_asked_for(
    run, tiny_model, tmp_path
):
    lid = box((10, 10, 10))
    lid.update_faces(np.arange(len(lid.faces)) > 1)
    lid.export(tmp_path / "open.stl")
    words = ("--repair", "--longest", "80", "--model", tiny_model)
    code, text, _ = run("inspect", tmp_path / "open.stl", *words)
    assert code == 0
    costs = re.findall(r"^ *\S+ [mµ]m +(\d+) +[\d,]+ ", text, re.M)
    assert costs == ["64", "80"]
