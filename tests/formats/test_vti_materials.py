"""Grids of DAMASK with the material.yaml beside them."""

import warnings

import numpy as np
import pytest
import yaml

from grainpaint import Microstructure, load
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export
from grainpaint.orientations import Orientations

IDS = np.array([[[1, 2], [4, 4]], [[2, 2], [1, 4]], [[1, 1], [2, 4]]])
KNOWN = Orientations.from_euler(
    np.radians([[10.0, 20, 30], [40, 50, 60], [0, 0, 0], [200, 70, 5]])
)


def written(folder, void=False):
    """Write a grid of two phases and return its volume."""
    ids = np.where((IDS == 1) & void, 0, IDS)
    known = Orientations(KNOWN.quaternion, ("432", "622"), [1, 2, 1, 2], ("Al", "Ti-α"))
    volume = Microstructure(ids, (1.0, 0.5, 2.0), orientations=known)
    export(of_volume(volume), folder / "grid.vti", "damask")
    return volume


def read(folder):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        volume = load(folder / "grid.vti")
    return volume, " ".join(str(one.message) for one in caught)


FORMS = {
    "ours": lambda text: text,
    "of PyYAML": lambda text: yaml.safe_dump(yaml.safe_load(text), allow_unicode=True),
    "of PyYAML, ASCII": lambda text: yaml.safe_dump(yaml.safe_load(text)),
    "of DAMASK": lambda text: yaml.safe_dump(
        yaml.safe_load(text), default_flow_style=None, width=2000, sort_keys=False
    ),
    "comments": lambda text: text.replace("v: 1.0", "v: 1.0  # all of it"),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("void", [False, True])
@pytest.mark.parametrize("form", ["ours", "of DAMASK", "comments", "CRLF"])
def test_orientations_and_phases_come_back(tmp_path, void, form):
    volume = written(tmp_path, void)
    file = tmp_path / "material.yaml"
    file.write_bytes(FORMS[form](file.read_text("utf-8")).encode())
    found, said = read(tmp_path)
    assert "orientations and phases are those of material.yaml" in said
    order = np.searchsorted(volume.ids(), volume.grain_id) + 1
    np.testing.assert_array_equal(found.grain_id, np.where(volume.mask, order, 0))
    rows = volume.ids() - 1
    np.testing.assert_allclose(
        found.orientations.quaternion, KNOWN.quaternion[rows], atol=1e-12
    )
    names = [found.orientations.names[p - 1] for p in found.orientations.phase]
    assert names == [["Al", "Ti-α"][i % 2] for i in rows]
    groups = [found.orientations.symmetry[p - 1] for p in found.orientations.phase]
    assert groups == [["432", "622"][i % 2] for i in rows]


@pytest.mark.parametrize("form", ["of PyYAML", "of PyYAML, ASCII"])
def test_quaternions_in_blocks_are_left_out_or_right(tmp_path, form):
    written(tmp_path)
    file = tmp_path / "material.yaml"
    file.write_text(FORMS[form](file.read_text("utf-8")), encoding="utf-8")
    found, said = read(tmp_path)
    assert found.orientations is None
    assert "material.yaml beside it is not used: its materials are not" in said


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda text: text[: text.rindex("  - homogenization")],
            "has 2 materials, and",
        ),
        (lambda text: text.replace("lattice: cF", "lattice: aP"), "phase Al has no"),
        (lambda text: text.replace("O: [", "O: [1.0, "), "not unit quaternions"),
        (lambda text: text.replace("O: [", "O: [x"), "not used: could not convert"),
        (lambda text: "", "are not of one constituent"),
        (lambda text: "material: 1\nmaterial: [", "are not of one constituent"),
    ],
)
def test_what_is_not_understood_is_left_out_and_said(tmp_path, change, why):
    written(tmp_path)
    file = tmp_path / "material.yaml"
    file.write_text(change(file.read_text("utf-8")), encoding="utf-8")
    found, said = read(tmp_path)
    assert found.orientations is None
    assert found.n_grains == 3
    assert why in said


def test_without_the_file_there_is_nothing_to_say(tmp_path):
    written(tmp_path)
    (tmp_path / "material.yaml").unlink()
    found, said = read(tmp_path)
    assert found.orientations is None
    assert "material.yaml" not in said
