"""Text for Neper, MOOSE, EVP-FFT and PRISMS, by the rules of their readers."""

from dataclasses import replace

import numpy as np
import pytest
from oriented import SHAPE, centers, numbers_of, oriented, without, x_fastest
from scipy.spatial.transform import Rotation

from grainpaint import InputError, Microstructure, load
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export
from grainpaint.formats.solvers.crystals import rodrigues
from grainpaint.orientations import GROUPS, Orientations, operators


@pytest.fixture(autouse=True)
def thin(monkeypatch):
    monkeypatch.setattr("grainpaint.formats.slabs._SLAB", 20)


def strict_tesr(path):
    """Read a .tesr word by word, as Neper does; unknown sections fail."""
    data = path.read_bytes()
    found = {}
    at = 0

    def words(n):
        nonlocal at
        parts = data[at:].split(None, n)
        got = parts[:n]
        at = len(data) - len(parts[n]) if len(parts) > n else len(data)
        return [word.decode() for word in got]

    assert words(1) == ["***tesr"]
    assert words(2) == ["**format", "2.2"]
    assert words(2) == ["**general", "3"]
    found["size"] = [int(n) for n in words(3)]
    found["voxel"] = [float(s) for s in words(3)]
    (word,) = words(1)
    if word == "*origin":
        found["origin"] = [float(o) for o in words(3)]
        (word,) = words(1)
    assert word == "**cell"
    n = int(words(1)[0])
    assert words(1) == ["*id"]
    assert [int(i) for i in words(n)] == [*range(1, n + 1)]
    while (word := words(1)[0]) != "**data":
        if word == "*ori":
            assert words(1) == ["quaternion:passive"]
            found["ori"] = np.array(words(4 * n), float).reshape(n, 4)
        else:
            assert word == "*crysym"
            (found["crysym"],) = words(1)
    line_end = data.index(b"\n", at)
    form = data[at:line_end].strip()
    body = data[line_end + 1 :]
    n_voxels = np.prod(found["size"])
    if form == b"ascii":
        values = body.split()
        assert values[n_voxels:] == [b"***end"]
        ids = np.array(values[:n_voxels], int)
    else:
        assert form == b"binary32"
        ids = np.frombuffer(body, "<i4", n_voxels)
        assert body[4 * n_voxels :] == b"\n***end\n"
    found["ids"] = ids.reshape(found["size"], order="F")
    return found


@pytest.mark.parametrize("name", ["neper", "neper-binary"])
@pytest.mark.parametrize("void", [False, True])
def test_neper_gets_voxels_and_quaternions(tmp_path, name, void):
    volume = oriented(void, gaps=True)
    notes = export(of_volume(volume), tmp_path / "a.tesr", name)
    assert any("crashes" in note for note in notes) == void
    found = strict_tesr(tmp_path / "a.tesr")
    numbers, ids = numbers_of(volume)
    np.testing.assert_array_equal(found["ids"], numbers)
    assert found["voxel"] == [2, 3, 4]
    assert found["origin"] == [1, 0, -5]
    quaternion = volume.orientations.rows(ids).quaternion
    np.testing.assert_allclose(found["ori"], quaternion, atol=1e-11)
    assert "crysym" not in found  # of two symmetries it can name none


def test_neper_gets_the_symmetry_and_does_without_orientations(tmp_path):
    known = Orientations(np.tile([1.0, 0, 0, 0], (7, 1)), "622")
    volume = Microstructure(oriented().grain_id, orientations=known)
    export(of_volume(volume), tmp_path / "a.tesr", "neper")
    assert strict_tesr(tmp_path / "a.tesr")["crysym"] == "hexagonal"
    export(of_volume(without(volume)), tmp_path / "b.tesr", "neper")
    found = strict_tesr(tmp_path / "b.tesr")
    assert not {"ori", "crysym", "origin"} & found.keys()


# What Neper takes (ol_lauegroup_qty): as many rotations as the group has.
NEPERS = {"triclinic": 1, "cubic": 24, "hexagonal": 12, "2/m": 2, "mmm": 4, "4/m": 4}
NEPERS |= {"4/mmm": 8, "-3": 3, "-3m": 6, "6/m": 6, "m-3": 12}


@pytest.mark.parametrize("symmetry", GROUPS)
def test_neper_gets_every_symmetry_and_we_read_it_back(tmp_path, symmetry):
    known = Orientations(np.tile([1.0, 0, 0, 0], (7, 1)), symmetry)
    volume = Microstructure(oriented().grain_id, orientations=known)
    export(of_volume(volume), tmp_path / "a.tesr", "neper")
    word = strict_tesr(tmp_path / "a.tesr")["crysym"]
    assert NEPERS[word] == len(operators(symmetry))
    assert load(tmp_path / "a.tesr", unit="um").orientations.symmetry == (symmetry,)


def strict_ebsd(path):
    """Read as MOOSE's EBSDReader: labels, then points in the cells of its mesh."""
    labels, rows = {}, []
    for line in path.read_text().splitlines():
        words = line.split()
        if words[0] == "#":
            if words[1].endswith(":"):
                assert len(words) == 3
                labels[words[1][:-1].lower()] = words[2]
        else:
            assert len(words) == 9
            rows.append([float(word) for word in words])
    rows = np.array(rows)
    n = [int(labels[f"{x}_dim"]) for x in "xyz"]
    low = np.array([float(labels[f"{x}_min"]) for x in "xyz"])
    step = np.array([float(labels[f"{x}_step"]) for x in "xyz"])
    dims = 3 if n[2] else 2
    place = ((rows[:, 3:6] - low) / step)[:, :dims]
    assert (place > 0).all()  # no point on the border of the domain
    index = np.floor(place).astype(int)
    assert (index < n[:dims]).all()
    filled = np.zeros(n[:dims], int)
    np.add.at(filled, tuple(index.T), 1)
    assert (filled == 1).all()
    for feature in np.unique(rows[:, 6]):
        assert len(np.unique(rows[rows[:, 6] == feature][:, 7:], axis=0)) == 1
    counts = [int(labels[f"features_{p}"]) for p in np.unique(rows[:, 7]).astype(int)]
    assert sum(counts) == int(labels["num_features"]) == np.unique(rows[:, 6]).size
    return labels, rows, index


@pytest.mark.parametrize("void", [False, True])
def test_moose_gets_the_centers_of_voxels(tmp_path, void):
    volume = oriented(void, gaps=True)
    export(of_volume(volume), tmp_path / "a.txt", "moose")
    labels, rows, index = strict_ebsd(tmp_path / "a.txt")
    numbers, ids = numbers_of(volume)
    wanted = np.where(numbers > 0, numbers, ids.size + 1)[tuple(index.T)]
    np.testing.assert_array_equal(rows[:, 6], wanted)
    np.testing.assert_allclose(rows[:, 3:6], centers(volume))
    known = volume.orientations.rows(ids)
    inside = wanted <= ids.size
    np.testing.assert_allclose(
        rows[inside, :3], known.euler()[wanted[inside] - 1], atol=1e-8
    )
    np.testing.assert_array_equal(rows[inside, 7], known.phase[wanted[inside] - 1])
    assert set(rows[inside, 8]) == {43, 62}
    assert labels["phase_2"] == "Ti_alpha"
    assert set(rows[~inside, 7]) == ({3} if void else set())


def test_moose_gets_a_section_in_two_dimensions(tmp_path):
    export(of_volume(oriented(shape=(5, 4, 1))), tmp_path / "a.txt", "moose")
    labels, _, _ = strict_ebsd(tmp_path / "a.txt")
    assert labels["z_dim"] == "0"


@pytest.mark.parametrize("void", [False, True])
def test_evpfft_gets_degrees_and_counts_voxels_from_1(tmp_path, void):
    volume = oriented(void, gaps=True)
    notes = export(of_volume(volume), tmp_path / "a.txt", "evpfft")
    rows = np.loadtxt(tmp_path / "a.txt")
    assert rows.shape == (volume.grain_id.size, 8)
    place = np.indices(SHAPE).reshape(3, -1, order="F").T + 1
    np.testing.assert_array_equal(rows[:, 3:6], place)
    ids = x_fastest(volume.grain_id)
    inside = ids > 0
    np.testing.assert_array_equal(rows[inside, 6], ids[inside])
    euler = np.rad2deg(volume.orientations.euler())
    np.testing.assert_allclose(rows[inside, :3], euler[ids[inside] - 1], atol=1e-6)
    np.testing.assert_array_equal(
        rows[inside, 7], volume.orientations.phase[ids[inside] - 1]
    )
    assert (rows[~inside, 6] == volume.ids().max() + 1).all()
    assert (rows[~inside, 7] == 3).all()
    assert notes[0] == "phases are 1 Al (432), 2 Ti alpha (622)"
    assert any("make it a gas" in note for note in notes) == void


def test_evpfft_is_told_the_edges_of_voxels_that_are_no_cubes(tmp_path):
    volume = oriented(False)
    for spacing, n in (((1.0, 0.5, 2.0), 1), ((2.0, 2.0, 2.0), 0)):
        slabs = of_volume(replace(volume, spacing=spacing))
        notes = export(slabs, tmp_path / "a.txt", "evpfft")
        assert sum("does not hold their edges" in note for note in notes) == n


def test_prisms_gets_a_line_for_each_x_and_y_and_rodrigues_vectors(tmp_path):
    volume = oriented(gaps=True)
    export(of_volume(volume), tmp_path / "grainID.txt", "prisms")
    lines = (tmp_path / "grainID.txt").read_text().splitlines()[5:]
    nx, ny, _ = SHAPE
    found = np.zeros(SHAPE, int)
    rest = iter(lines)
    for x in range(nx):
        for y in range(ny):
            found[x, y] = [int(word) for word in next(rest).split()]
    assert next(rest, None) is None
    numbers, ids = numbers_of(volume)
    np.testing.assert_array_equal(found, numbers)
    rows = np.loadtxt(tmp_path / "orientations.txt", skiprows=1)
    np.testing.assert_array_equal(rows[:, 0], np.arange(1, ids.size + 1))
    known = volume.orientations.rows(ids)
    np.testing.assert_array_equal(rows[:, 4], known.phase)
    np.testing.assert_allclose(rows[:, 1:4], rodrigues(known), rtol=1e-7)


def test_prisms_has_no_outside(tmp_path):
    with pytest.raises(InputError, match="take a region inside the part, without"):
        export(of_volume(oriented(void=True)), tmp_path / "g.txt", "prisms")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("symmetry", ["432", "622", "1", "23", "32"])
def test_rodrigues_vectors_are_the_orientation_and_short(symmetry):
    quaternion = np.random.default_rng(0).normal(size=(200, 4))
    quaternion[0] = [0, 1, 0, 0]
    quaternion /= np.linalg.norm(quaternion, axis=1)[:, None]
    known = Orientations(quaternion, symmetry)
    vectors = rodrigues(known)
    # The matrix that PRISMS makes of a vector: from the crystal to the sample.
    square = (vectors**2).sum(1)[:, None, None]
    cross = np.einsum("ijk,nk->nij", _LEVI_CIVITA, vectors)
    matrix = (1 - square) * np.eye(3) + 2 * vectors[:, :, None] * vectors[:, None]
    matrix = (matrix - 2 * cross) / (1 + square)
    own = Rotation.from_quat(known.quaternion, scalar_first=True).as_matrix()
    group = Rotation.from_quat(operators(symmetry), scalar_first=True).as_matrix()
    equal = np.einsum("nij,gjk->gnik", own, group)
    distance = np.abs(equal - matrix).max((2, 3))
    assert distance.min(0).max() < 1e-7
    turns = np.arccos(np.clip((np.trace(equal, axis1=2, axis2=3) - 1) / 2, -1, 1))
    shortest = 2 * np.arctan(np.linalg.norm(vectors, axis=1))
    np.testing.assert_allclose(shortest, turns.min(0), atol=1e-6)


_LEVI_CIVITA = np.array(
    [
        [[(i - j) * (j - k) * (k - i) / 2 for k in range(3)] for j in range(3)]
        for i in range(3)
    ]
)
