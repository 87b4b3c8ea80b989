"""The same seeds give the same grains as they always did.

The expected grains were written by the version before the modules moved into rooms, at
float32, those of builds when sweeps gave way to last lives, the flat one when its axes
were turned; ``python tests/test_digests.py`` writes them again, when a change of the
grains is meant. What is integer arithmetic must be equal. Networks give a few other
voxels on processors of other kinds, and other numbers with them: there the test asks
whether two voxels that share a face are in one grain.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from samples import AM, GEAR, POTTS

from grainpaint import load

EXPECTED = Path(__file__).parent / "data" / "grains.npz"
# Of the pairs of neighbors, how many agree at least. AVX-512 against AVX2: 0.9996 or
# more; another seed: 0.85 or less.
AGREE = 0.99

ELLIPSOID_RECIPE = """shape = [40, 32, 20]
spins = 500
substrate = {height = 6, grain = 5}
pool = {shape = "double-ellipsoid", width = 14, depth = 8, front = 6, rear = 14}
haz = {law = "exponential", width = 20, depth = 11, front = 9, rear = 20, decay = 0.3}
scan = {speed = 8, hatch = 8, thickness = 5, rotation = 67, island = 16, contours = 1}
"""
BEZIER_RECIPE = """shape = [32, 32, 16]
spins = 300
pool = {shape = "bezier", width = 12, depth = 8, x = [-2.2597, -2.2597, 1.29865, \
2.23368, 2.23368], y = [0.85711, 1.50644, 0.88308], z = [-0.78114, -1.62087, -1.78114]}
haz = {law = "linear", width = 5, tail = 7, power = 1.5}
scan = {speed = 9, hatch = 9, thickness = 6, rotation = 90}
"""
EXACT = {
    "iso": "simulate iso --shape 24,24,24 --time 20 --seed 3",
    "iso warm": "simulate iso --shape 20,24,16 --time 9 --temperature 0.7 --periodic xy",  # noqa: E501
    "iso flat": "simulate iso --shape 48,48,1 --lattice sq/8n --time 30 --spins 50",
    "am ellipsoid": "simulate am ellipsoid.toml --seed 4",
    "am bezier": "simulate am bezier.toml --seed 5",
    "script potts": "simulate in.potts",
    "script am": "simulate in.am",
    "colors": "segment colors.npz",
    "dbscan": "segment values.npz --method dbscan",
}
BY_NETWORK = {
    "box": "generate --shape 40,32,32 --seed 7",
    "small grains": "generate --shape 32,32,32 --voxel 2um --grain-size 12um --seed 1",
    "graded": "generate --shape 48,32,32 --voxel 1um --grain-size 9+x/8 --seed 2",
    "large grains": "generate --shape 64,32,32 --voxel 1um --grain-size 24um --seed 3",
    "periodic": "generate --shape 64,64,64 --periodic xyz --seed 4",
    "in order": "generate --shape 80,64,64 --plan grid --window 64 --seed 5",
    "gear": "paint GEAR --longest 40 --seed 6",
    "region": "region box.out.npz --box 4:30,2:30,0:20",
    "zoom": "zoom box.out.npz --box 0:16,0:16,0:16 --voxel 0.5um",
    "extended": "extend box.out.npz --box 0:56,0:32,0:32 --seed 8",
    "paper": "generate --model paper-iso --shape 24,16,16 --block 16 --resamplings 1",
}

SLOW = ("small grains", "graded", "large grains", "in order", "zoom", "paper")


def write_inputs(folder):
    """Write what the commands read."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(1, 6, (6, 6, 6)).repeat(4, 0).repeat(4, 1).repeat(4, 2)
    colors = np.where(rng.random(blocks.shape) < 0.05, 0, blocks)
    np.savez(folder / "colors.npz", field=colors)
    values = blocks + rng.normal(0, 0.01, blocks.shape)
    np.savez(folder / "values.npz", field=values.astype(np.float32))
    texts = {
        "ellipsoid.toml": ELLIPSOID_RECIPE,
        "bezier.toml": BEZIER_RECIPE,
        "in.potts": POTTS,
        "in.am": AM,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)


def words_of(name, folder):
    """Return a command; files lie in the folder."""
    output = folder / f"{name.replace(' ', '-')}.out.npz"
    words = ({**EXACT, **BY_NETWORK}[name]).split()
    words = [str(folder / w) if (folder / w).is_file() else w for w in words]
    words = [str(GEAR) if w == "GEAR" else w for w in words]
    if name in BY_NETWORK and name != "zoom" and name != "region":
        words += ["--precision", "float32"]
    if words[0] in ("generate", "paint"):
        words.append("--no-picture")
    return [*words, "-o", str(output)], output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("digests")
    write_inputs(made)
    return made


@pytest.fixture(autouse=True)
def in_the_folder(folder, monkeypatch):
    """Let scripts of SPPARKS, which write where they run, write beside the rest."""
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def expected():
    with np.load(EXPECTED) as archive:
        return dict(archive)


def agreement(a, b):
    """Share of the pairs of neighbors that are in one grain, or not, in both."""
    same = [
        (np.diff(a, axis=i) == 0) == (np.diff(b, axis=i) == 0) for i in range(a.ndim)
    ]
    return np.concatenate([s.ravel() for s in same]).mean()


@pytest.mark.parametrize("name", EXACT)
def test_what_is_integer_arithmetic_is_equal(run, folder, expected, name):
    words, output = words_of(name, folder)
    code, _, error = run(*words)
    assert code == 0, error
    np.testing.assert_array_equal(load(output).grain_id, expected[name])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
        for name in BY_NETWORK
    ],
)
def test_what_a_network_draws_is_nearly_equal(run, folder, expected, name):
    words, output = words_of(name, folder)
    if "box.out.npz" in BY_NETWORK[name] and not (folder / "box.out.npz").exists():
        run(*words_of("box", folder)[0])
    code, _, error = run(*words)
    assert code == 0, error
    found = load(output).grain_id
    assert found.shape == expected[name].shape
    np.testing.assert_array_equal(found == 0, expected[name] == 0)
    assert agreement(found, expected[name]) >= AGREE


def write_expected(folder):
    """Write the grains of this version, each command in a process of its own."""
    write_inputs(folder)
    grains = {}
    for name in [*EXACT, *BY_NETWORK]:
        words, output = words_of(name, folder)
        subprocess.run([sys.executable, "-m", "grainpaint", *words], check=True)
        grains[name] = np.load(output)["grain_id"].astype(np.uint16)
    np.savez_compressed(EXPECTED, **grains)


if __name__ == "__main__":
    import tempfile

    write_expected(Path(tempfile.mkdtemp()))
