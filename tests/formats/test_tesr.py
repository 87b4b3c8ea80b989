"""Raster tessellations of Neper: text and binary, orientations, damage."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from grainpaint import InputError, load

pytestmark = pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
IDS = np.array([[[1, 2], [1, 3], [0, 3]], [[2, 2], [1, 3], [3, 3]]])  # [x, y, z]
TURNS = Rotation.from_euler("ZXZ", [[10, 20, 30], [40, 50, 60], [0, 90, 0]], True)


def tesr(form="ascii", ori="", version="2.2", crysym="cubic", ids=IDS):
    head = (
        f"***tesr\n **format\n   {version}\n **general\n   3\n   2 3 2\n   0.5 0.5 2\n"
    )
    head += "  *origin\n   1 2 3\n **cell\n   3\n  *id\n   1 2 3\n"
    head += f"{ori}  *crysym\n   {crysym}\n **data\n   {form}\n"
    flat = ids.flatten(order="F")
    if form == "ascii":
        data = " ".join(map(str, flat)).encode()
    else:
        base, _, big = form.partition("_")
        kind = {"binary8": "u1", "binary16": "u2", "binary32": "i4"}[base]
        data = flat.astype((">" if big else "<") + kind).tobytes()
    return head.encode() + data + b"\n***end\n"


def lines(name, rows):
    text = "\n".join("   " + " ".join(f"{v:.12f}" for v in row) for row in rows)
    return f"  *ori\n   {name}\n{text}\n"


def loaded(tmp_path, data):
    (tmp_path / "a.tesr").write_bytes(data)
    return load(tmp_path / "a.tesr")


@pytest.mark.parametrize(
    "form", ["ascii", "binary8", "binary16", "binary32", "binary16_big"]
)
def test_ids_come_back_from_text_and_binary(tmp_path, form):
    volume = loaded(tmp_path, tesr(form))
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == (0.5, 0.5, 2.0)
    assert volume.origin == (1.0, 2.0, 3.0)


def test_data_are_read_from_the_file_that_is_named(tmp_path):
    data = tesr("binary32")
    at = data.index(b"binary32\n") + 9
    (tmp_path / "a.raw").write_bytes(data[at : at + 48])
    told = data[:at] + b"*file a.raw\n***end\n"
    np.testing.assert_array_equal(loaded(tmp_path, told).grain_id, IDS)
    (tmp_path / "a.raw").unlink()
    with pytest.raises(InputError, match=r"a\.raw, which cannot be read"):
        load(tmp_path / "a.tesr")


Q = TURNS.as_quat(canonical=True, scalar_first=True)
INVERSE = TURNS.inv().as_quat(canonical=True, scalar_first=True)


@pytest.mark.parametrize(
    ("ori", "version"),
    [
        (lines("quaternion:passive", Q), "2.2"),
        (lines("quaternion:active", INVERSE), "2.2"),
        (lines("quaternion:active", Q), "2.1"),
        (lines("quaternion:passive", INVERSE), "2.0"),
        (lines("quaternion", Q), "2.1"),
        (lines("quaternion", Q), "2.2"),
        (lines("rodrigues:passive", Q[:, 1:] / Q[:, :1]), "2.2"),
        (lines("euler-bunge:passive", [[10, 20, 30], [40, 50, 60], [0, 90, 0]]), "2.2"),
        # Kocks: phi1 - 90, Phi, 90 - phi2; Roe: phi1 - 90, Phi, phi2 + 90.
        (lines("euler-kocks", [[-80, 20, 60], [-50, 50, 30], [-90, 90, 90]]), "2.2"),
        (lines("er:passive", [[-80, 20, 120], [-50, 50, 150], [-90, 90, 90]]), "2.2"),
        (lines("rotmat:passive", TURNS.inv().as_matrix().reshape(-1, 9)), "2.2"),
    ],
)
def test_orientations_by_all_descriptors(tmp_path, ori, version):
    volume = loaded(tmp_path, tesr(ori=ori, version=version, crysym="hexagonal"))
    np.testing.assert_allclose(volume.orientations.quaternion, Q, atol=1e-9)
    assert volume.orientations.symmetry == ("622",)


def test_what_follows_the_data_is_passed_over(tmp_path):
    plain = loaded(tmp_path, tesr())
    for name in (b"**oridata", b"**oridef"):
        more = tesr().replace(b"***end", name + b"\n  ascii\n  1 1\n***end")
        np.testing.assert_array_equal(loaded(tmp_path, more).grain_id, plain.grain_id)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d[:-9], "cut off|ends|end"),
        (lambda d: d[:-20], "cut off: .*data holds 6 of 12|cut off"),
        (lambda d: d.replace(b"   2.2", b"   3.0"), "format '3.0'"),
        (lambda d: d.replace(b"**general", b"**generic"), "generic' for a section"),
        (lambda d: d.replace(b"2 3 2", b"2 x 2"), "not a number"),
        (lambda d: d.replace(b" 3\n***", b" 7\n***"), "cell 7 of 3"),
        (lambda d: d.replace(b"ascii", b"asciz"), "of the kind 'asciz'; read are"),
    ],
)
def test_damage_is_one_clear_line(tmp_path, change, message):
    with pytest.raises(InputError, match=message) as caught:
        loaded(tmp_path, change(tesr()))
    assert "\n" not in str(caught.value)


def test_sections_may_come_in_another_order(tmp_path):
    data = tesr("binary16", lines("quaternion:passive", Q))
    head, cell, body = (
        data[: data.index(b" **cell")],
        data[data.index(b" **cell") : data.index(b" **data")],
        data[data.index(b" **data") : data.index(b"***end")],
    )
    late = loaded(tmp_path, head + body + cell + b"***end\n")
    np.testing.assert_array_equal(late.grain_id, IDS)
    usual = loaded(tmp_path, data).orientations.quaternion
    np.testing.assert_array_equal(late.orientations.quaternion, usual)
    frame = head.index(b" **general")
    for order, message in (
        (head[:frame] + body + head[frame:] + b"***end\n", "before ..general"),
        (head + body + body + b"***end\n", "data twice"),
        (head + cell + b"***end\n", "no ..data"),
    ):
        with pytest.raises(InputError, match=message):
            loaded(tmp_path, order)


@pytest.mark.parametrize("rows", [4, 40])
def test_orientations_of_more_cells_than_there_are_are_refused(tmp_path, rows):
    ori = lines("quaternion", np.tile([1.0, 0, 0, 0], (rows, 1)))
    with pytest.raises(InputError, match=r"damaged: .*(its 3 cells|160 of 12 numbers)"):
        loaded(tmp_path, tesr(ori=ori))
