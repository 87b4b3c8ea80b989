"""Files opened with the programs that they are for: DAMASK, orix and DefDAP.

Those are no dependencies: they are installed into an environment of these tests, and
asked in processes of their own.
"""

import subprocess
import sys
from dataclasses import replace
from textwrap import dedent

import numpy as np
import pytest
from oriented import numbers_of, oriented

from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export
from grainpaint.orientations import Orientations
from grainpaint.orientations.disorientation import disorientations
from grainpaint.orientations.symmetry import GROUPS

pytestmark = pytest.mark.slow

SECTION = [(0, 5), (0, 4), (1, 2)]


@pytest.fixture(scope="module")
def their_python(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "damask", "defdap", "orix"]
    if subprocess.run(install, check=False, capture_output=True).returncode:
        pytest.skip("damask, defdap and orix cannot be installed here")
    return python


@pytest.fixture
def ask(their_python, tmp_path):
    """Return what runs lines of Python there and returns the arrays in `found`."""

    def run(code):
        code = f"import numpy as np\n{dedent(code)}\nnp.savez('found.npz', **found)\n"
        subprocess.run([their_python, "-c", code], check=True, cwd=tmp_path)
        return dict(np.load(tmp_path / "found.npz"))

    return run


@pytest.mark.parametrize("void", [False, True])
def test_damask_opens_grid_and_materials(ask, tmp_path, void):
    volume = oriented(void, gaps=True)
    export(of_volume(volume), tmp_path / "a.vti", "damask")
    found = ask("""
        from damask import ConfigMaterial, GeomGrid, Rotation
        grid = GeomGrid.load("a.vti")
        config = ConfigMaterial.load("material.yaml")
        assert config.is_valid and config.is_complete
        first = [entry["constituents"][0] for entry in config["material"]]
        found = {
            "material": grid.material,
            "size": grid.size,
            "origin": grid.origin,
            "phase": [entry["phase"] for entry in first],
            "euler": Rotation(np.array([entry["O"] for entry in first]))
            .as_Euler_angles(),
        }
    """)
    numbers, ids = numbers_of(volume)
    np.testing.assert_array_equal(found["material"], numbers if void else numbers - 1)
    edges = np.array(volume.spacing) * 1e-6
    np.testing.assert_allclose(found["size"], edges * volume.shape)
    np.testing.assert_allclose(found["origin"], np.array(volume.origin) * 1e-6)
    known = volume.orientations.rows(ids)
    of = slice(1, None) if void else slice(None)
    assert [*found["phase"][of]] == [known.names[p - 1] for p in known.phase]
    same(known.euler(), found["euler"][of])


def same(one, other):
    """Assert that Bunge angles (n, 3), radians, are the same orientations."""
    turns = [Orientations.from_euler(angles, "1").quaternion for angles in (one, other)]
    assert disorientations(*turns, "1").max() < 2e-5


@pytest.mark.parametrize("suffix", ["ang", "ctf"])
def test_orix_reads_orientations_and_phases_of_sections(ask, tmp_path, suffix):
    volume = oriented(void=True, gaps=True)
    export(of_volume(volume).part(SECTION), tmp_path / f"a.{suffix}", suffix)
    found = ask(f"""
        from orix import io
        read = io.load("a.{suffix}")
        found = {{
            "shape": read.shape,
            "euler": read.rotations.to_euler(),
            "phase": read.phase_id,
            "indexed": read.is_indexed,
        }}
    """)
    ids = volume.grain_id[:, :, 1].T.ravel()
    inside = ids > 0
    assert tuple(found["shape"]) == (4, 5)
    np.testing.assert_array_equal(found["indexed"], inside)
    known = volume.orientations.rows(ids[inside])
    np.testing.assert_array_equal(found["phase"][inside], known.phase)
    expected = known.euler()
    if suffix == "ctf":  # the titanium's x axis is a*
        expected[:, 2] += np.pi / 6 * (known.phase == 2)
    same(expected, found["euler"][inside])


@pytest.mark.parametrize(
    ("suffix", "kind"), [("ang", "EdaxAng"), ("ctf", "OxfordText")]
)
def test_defdap_reads_sections_of_two_phases(ask, tmp_path, suffix, kind):
    """Of EDAX, it knows no hexagonal phase, takes names of one word, and turns phi1."""
    volume = oriented(gaps=True)
    own = volume.orientations
    cubic = Orientations(own.quaternion, ("432",) * 2, own.phase, own.names)
    section = of_volume(replace(volume, orientations=cubic)).part(SECTION)
    export(section, tmp_path / f"a.{suffix}", suffix)
    found = ask(f"""
        from defdap.ebsd import Map
        read = Map("a.{suffix}", data_type="{kind}")
        found = {{
            "euler": np.moveaxis(read.data.euler_angle, 0, -1),
            "phase": read.data.phase,
            "names": [phase.name for phase in read.phases],
        }}
    """)
    known = cubic.rows(volume.grain_id[:, :, 1].T.ravel())
    np.testing.assert_array_equal(found["phase"].ravel(), known.phase)
    names = (
        [name.split()[0] for name in cubic.names] if suffix == "ang" else cubic.names
    )
    assert [*found["names"]] == [*names]
    angles = found["euler"].reshape(-1, 3).astype(float)
    angles[:, 0] += np.pi / 2 * (suffix == "ang")
    same(known.euler(), angles)


def test_angles_between_crystals_are_those_of_orix(ask, tmp_path, rng):
    quaternion = rng.normal(size=(200, 4))
    quaternion /= np.linalg.norm(quaternion, axis=1)[:, None]
    np.save(tmp_path / "euler.npy", Orientations(quaternion, "1").euler())
    found = ask(f"""
        from orix.quaternion import Orientation, symmetry
        euler = np.load("euler.npy")
        found = {{}}
        for ours, theirs in {GROUPS!r}.items():
            group = getattr(symmetry, theirs)
            one, other = (
                Orientation.from_euler(half, symmetry=group)
                for half in (euler[:100], euler[100:])
            )
            found[ours] = one.angle_with(other)
    """)
    assert found.keys() == GROUPS.keys()
    for symmetry, angles in found.items():
        ours = disorientations(quaternion[:100], quaternion[100:], symmetry)
        np.testing.assert_allclose(ours, angles, atol=1e-7)
