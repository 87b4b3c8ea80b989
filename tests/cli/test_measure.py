"""stats, compare, report and check on the command line."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from grainpaint import Microstructure, formats, load
from grainpaint.measure.descriptors import DESCRIPTORS
from grainpaint.segmentation.colors import grains
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic

COLUMNS = [
    "grain",
    "voxels",
    "volume_um3",
    "diameter_um",
    "x_um",
    "y_um",
    "z_um",
    "a_um",
    "b_um",
    "c_um",
    "b_over_a",
    "c_over_a",
    "sphericity",
    "area_um2",
    "neighbors",
    "nearest_um",
    "touches_border",
]
DISTANCES = [
    "kl",
    "kl_interval",
    "kl_floor",
    "wasserstein",
    "ks",
    "p",
    "ratio_to_floor",
    "verdict",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    for seed in range(4):
        volume = isotropic((24, 24, 24), time=8, seed=seed)
        volume = Microstructure(label_pieces(volume.grain_id), (2.0,) * 3)
        formats.write(volume, folder / f"{'ab'[seed % 2]}{seed}.npz")
    return folder


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_stats_writes_the_table(run, folder, tmp_path, suffix):
    path = tmp_path / f"grains{suffix}"
    code, text, _ = run("stats", folder / "a0.npz", "-o", path)
    assert code == 0
    read = pd.read_csv if suffix == ".csv" else pd.read_parquet
    found = read(path)
    assert found.columns[: len(COLUMNS)].tolist() == COLUMNS
    volume = formats.load(folder / "a0.npz")
    assert len(found) == volume.n_grains
    assert found["volume_um3"].sum() == pytest.approx(24**3 * 8)
    assert f"{volume.n_grains:,}" in text
    code, _, error = run("stats", folder / "a0.npz", "-o", path)
    assert code == 2
    assert "use --force" in error


def test_compare_takes_files_patterns_and_folders(
    run, folder, tmp_path, few_draws, no_densities
):
    result, report = tmp_path / "r.json", tmp_path / "r.html"
    code, text, error = run(
        "compare", folder / "a0.npz", folder / "a2.npz", "--with", folder / "b1.npz",
        folder / "b3.npz", "-o", result, "--report", report,
    )  # fmt: skip
    assert code == 0
    found = json.loads(result.read_text())
    for name in DESCRIPTORS:
        assert set(DISTANCES) <= set(found[name])
        assert name in text
    assert {"volume", "aspect_ratio", "nearest"} <= set(found)
    assert found["generated"]["volumes"] == found["reference"]["volumes"] == 2
    assert "fewer than 4" in error
    assert report.stat().st_size > 1e6


@pytest.fixture(scope="module")
def spins(tmp_path_factory):
    """Two lattices of 30 spins, in 600 blocks each."""
    folder, rng = tmp_path_factory.mktemp("spins"), np.random.default_rng(4)
    for name in ("a.npz", "b.npz"):
        spin = np.kron(rng.integers(1, 31, (10, 6, 10)), np.ones((2, 3, 2), int))
        formats.write(Microstructure(spin), folder / name)
    return folder


def test_stats_measures_pieces_and_says_so(run, spins, tmp_path):
    code, text, error = run("stats", spins / "a.npz", "-o", tmp_path / "pieces.csv")
    volume = formats.load(spins / "a.npz")
    n = int(label_pieces(volume.grain_id, corners=True).max())
    assert code == 0
    note = f"30 IDs in {n} pieces: measured as pieces; --as-is keeps IDs"
    assert error.splitlines() == [note]
    assert len(pd.read_csv(tmp_path / "pieces.csv")) == n
    words = ("stats", spins / "a.npz", "--as-is", "-o", tmp_path / "ids.csv")
    code, text, error = run(*words)
    assert code == 0
    assert error == ""
    assert pd.read_csv(tmp_path / "ids.csv")["grain"].tolist() == list(range(1, 31))
    assert f"{30:,}" in text


def test_compare_and_report_measure_pieces_and_say_so(
    run, spins, tmp_path, few_draws, no_densities
):
    n = [
        int(label_pieces(formats.load(spins / f).grain_id, corners=True).max())
        for f in ("a.npz", "b.npz")
    ]
    words = ("compare", spins / "a.npz", "--with", spins, "-o", tmp_path / "r.json")
    code, _, error = run(*words)
    assert code == 0
    assert f"generated: 30 IDs in {n[0]} pieces: measured" in error
    assert f"reference: 60 IDs in {sum(n)} pieces: measured" in error
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["reference"]["grains"] == sum(n)
    code, _, error = run(*words, "--as-is", "--force")
    assert code == 0
    assert "pieces" not in error
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["reference"]["grains"] == 60
    code, _, error = run("report", spins / "b.npz", "-o", tmp_path / "r.html")
    assert code == 0
    note = f"30 IDs in {n[1]} pieces: measured as pieces; --as-is keeps IDs"
    assert error.splitlines() == [note]


def test_find_volumes_takes_patterns_and_folders(folder):
    assert formats.find_volumes([folder / "b*.npz"]) == [
        folder / "b1.npz",
        folder / "b3.npz",
    ]
    assert len(formats.find_volumes([folder, folder / "a0.npz"])) == 5


def test_find_volumes_reads_the_members_of_a_zarr_set(folder, tmp_path):
    import zarr

    path = tmp_path / "set.zarr"
    zarr.create_group(path)
    volume = formats.load(folder / "a0.npz")
    for name in ("m2", "m1"):
        formats.write(volume, tmp_path / f"{name}.zarr")
        (tmp_path / f"{name}.zarr").rename(path / name)
    members = formats.find_volumes([path])
    assert [m.name for m in members] == ["m1", "m2"]
    np.testing.assert_array_equal(formats.load(members[0]).grain_id, volume.grain_id)
    formats.write(volume, tmp_path / "one.zarr")
    assert formats.find_volumes([tmp_path / "one.zarr"]) == [tmp_path / "one.zarr"]


def test_report_of_one_volume(run, folder, tmp_path, no_densities):
    path = tmp_path / "one.html"
    code, text, _ = run("report", folder / "a0.npz", "-o", path)
    assert code == 0
    assert text.strip() == str(path)
    assert "Grain volume" in path.read_text(encoding="utf-8")


def test_check_tells_sound_volumes_from_broken_ones(run, tmp_path):
    volume = isotropic((48, 48, 48), time=20, seed=5)
    path, bad = tmp_path / "sound.npz", tmp_path / "bad.npz"
    formats.write(Microstructure(grains(volume.grain_id)), path)
    code, text, _ = run("check", path)
    assert code == 0
    assert text.count("none") >= 4  # IDs, pieces, voxels, seams
    broken = formats.load(path).grain_id.copy()
    broken[9, 9, 9] = broken.max() + 3
    formats.write(Microstructure(broken), bad)
    code, text, _ = run("check", bad)
    assert code == 1
    assert "NOT SOUND" in text
    assert "(9, 9, 9)" in text


def test_check_of_one_window_says_so_and_looks_at_the_cells(run, tmp_path):
    path = tmp_path / "one.npz"
    words = ("--shape", "32,32,32", "--no-picture", "-o", path)
    assert run("generate", *words)[0] == 0
    code, text, _ = run("check", path)
    assert code == 0
    assert "one window" in text
    assert "trace of 2-voxel cells" in text


def test_check_looks_at_the_windows_that_the_run_names(run, tmp_path):
    a, b = (isotropic((48, 48, 48), time=12, seed=s).grain_id for s in (0, 1))
    cut = Microstructure(np.concatenate([a[:24], b[24:] + a.max()])).relabel()
    path = tmp_path / "cut.npz"
    formats.write(cut, path)
    note = {"output": "cut.npz", "window": 24}
    (tmp_path / "cut.run.json").write_text(json.dumps(note))
    code, text, _ = run("check", path)
    assert code == 1
    assert "a seam: p = " in text
    assert "3 faces of windows" in text
    for other in ("{", json.dumps(note | {"output": "another.npz"})):
        (tmp_path / "cut.run.json").write_text(other)
        _, text, _ = run("check", path)
        assert "at x = 24; every plane, the windows being unknown" in text


def test_a_volume_without_grains_is_broken_and_no_mistake(run, tmp_path):
    formats.write(Microstructure(np.zeros((9, 9, 9), int)), tmp_path / "empty.npz")
    code, text, error = run("check", tmp_path / "empty.npz")
    assert code == 1
    assert "not tested: the volume has no grain" in text
    assert error == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compare", "{a}"], "needs a reference"),
        (["compare", "{a}", "--with", "{dir}/none.npz"], "no such file"),
        (["compare", "{dir}/z*.npz", "--with", "{a}"], "no volume there"),
        (["compare", "{a}", "--with", "{a}", "-o", "{dir}/r.txt"], "written as .json"),
        (["report", "{a}", "-o", "{dir}/r.pdf"], "written as .html"),
        (["stats", "{a}", "-o", "{dir}/r.xls"], "written as .csv or .parquet"),
        (["stats", "{dir}/floats.npz"], "integers"),
        (["stats", "{dir}/empty.npz"], "no grain"),
        (["compare", "{a}", "--with", "{dir}/other.npz"], "one voxel size"),
        (["compare", "{a}", "--with", "{dir}/one.npz"], "20 or more"),
    ],
)
def test_mistakes_are_one_line(run, folder, tmp_path, words, message):
    formats.write(Microstructure(np.zeros((9, 9, 9), int)), tmp_path / "empty.npz")
    one = Microstructure(np.ones((9, 9, 9), int), (2.0,) * 3)
    formats.write(one, tmp_path / "one.npz")
    other = isotropic((16, 16, 16), time=4)
    formats.write(Microstructure(other.grain_id, (1.0,) * 3), tmp_path / "other.npz")
    np.savez(
        tmp_path / "floats.npz",
        grain_id=np.full((4, 4, 4), 0.5),
        spacing=np.ones(3),
        origin=np.zeros(3),
        periodic=np.zeros(3, bool),
    )
    named = [w.format(a=folder / "a0.npz", dir=tmp_path) for w in words]
    code, _, error = run(*named)
    assert code == 2
    assert message in error.splitlines()[-1]
    assert "Traceback" not in error


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """Two periodic sections, as an EBSD map would be."""
    folder = tmp_path_factory.mktemp("maps")
    for seed, name in enumerate(("a.npz", "b.npz")):
        grown = isotropic((64, 64, 1), time=10, seed=seed, lattice="sq/8n")
        ids = label_pieces(grown.grain_id, grown.periodic, corners=True)
        formats.write(
            Microstructure(ids, (0.5, 0.5, 9.0), periodic=(False, False, True)),
            folder / name,
        )
    return folder


def test_commands_work_in_two_dimensions_and_say_so(
    run, maps, tmp_path, few_draws, no_densities
):
    flat = "a section of 64 x 64 voxels: circles, areas"
    code, text, error = run(
        "stats", maps / "a.npz", "--as-is", "-o", tmp_path / "a.csv"
    )
    assert (code, error) == (0, "")
    assert flat in text
    assert "of circles of equal area" in text
    found = pd.read_csv(tmp_path / "a.csv")
    assert found["area_um2"].sum() == 64 * 64 * 0.25
    assert 0.1 < found["touches_border"].mean() < 0.5
    code, text, _ = run("check", maps / "a.npz")
    assert flat in text
    assert "Traceback" not in text
    names = ("compare", maps / "a.npz", "--as-is", "--with", maps / "b.npz")
    code, text, error = run(*names, "--report", tmp_path / "r.html")
    assert code == 0
    assert flat in error
    assert "circularity" in text
    assert "without border grains" in text
    assert "volume" not in text
    solid = isotropic((16, 16, 16), time=3)
    formats.write(Microstructure(solid.grain_id, (0.5,) * 3), tmp_path / "solid.npz")
    code, _, error = run(*names[:4], tmp_path / "solid.npz")
    assert code == 2
    assert "cannot be compared with a solid (16 x 16 x 16 voxels)" in error


@pytest.mark.parametrize("suffix", [".npz", ".zarr"])
def test_plates_are_checked_whether_windows_are_known_or_not(run, tmp_path, suffix):
    path = tmp_path / f"plate{suffix}"
    ids = np.add.outer(np.arange(40) // 5 * 64, np.arange(40) // 5 * 8)
    ids = np.add.outer(ids, np.arange(12) // 4) + 1
    formats.write(Microstructure(ids).relabel(), path)
    code, text, error = run("check", path)
    assert (code, error) == (0, "")
    assert "every plane, the windows being unknown" in text
    record = path / "run.json" if suffix == ".zarr" else tmp_path / "plate.run.json"
    record.write_text(json.dumps({"output": path.name, "window": 16}))
    code, text, error = run("check", path)
    assert (code, error) == (0, "")
    assert "not tested: a seam test needs 20 planes" in text
    assert "away from the faces of windows, there are 14" in text


# What each command adds after the volume that it reads.
READERS = {
    "stats": [],
    "check": [],
    "convert": ["-o", "{dir}/b.npz"],
    "view": ["-o", "{dir}/b.png"],
    "report": ["-o", "{dir}/b.html"],
    "compare": ["--with", "{file}", "-o", "{dir}/b.json"],
}


@pytest.mark.parametrize(
    "name",
    [n if n != "compare" else pytest.param(n, marks=pytest.mark.slow) for n in READERS],
)
def test_every_command_that_reads_is_told_what_a_file_means(
    run, tmp_path, rng, name, no_densities, drawn
):
    import pyvista

    seeds = rng.uniform(0, 24, (64, 3))
    places = np.stack(np.meshgrid(*3 * [np.arange(24)], indexing="ij"), -1)
    ids = cKDTree(seeds).query(places)[1]
    grid = pyvista.ImageData(dimensions=(25, 25, 25), spacing=(2, 2, 2))
    grid.cell_data["one"] = ids.ravel(order="F")
    grid.cell_data["other"] = ids.ravel(order="F") + 5
    grid.save(tmp_path / "a.vti")
    words = [
        word.format(dir=tmp_path, file=tmp_path / "a.vti") for word in READERS[name]
    ]
    code, _, error = run(name, tmp_path / "a.vti", *words)
    assert code == 2
    assert "(--array): one, other" in error
    told = ("--array", "one", "--unit", "nm", "--void", "none", "--periodic", "xy")
    code, _, error = run(name, *told, tmp_path / "a.vti", *words)
    assert code == 0, error
    assert "ID 0 is a grain" in error
    assert "assumed" not in error
    if name in ("convert", "view"):
        volume = load(tmp_path / "b.npz") if name == "convert" else drawn[0][0]
        np.testing.assert_array_equal(volume.grain_id, ids + 1)
        assert volume.spacing == (0.002,) * 3
        assert volume.periodic == (True, True, False)


def test_ids_with_large_gaps_are_measured_and_kept(run, tmp_path):
    ids = np.repeat([7, 3000, 2_000_000_000, 0], 8)[:, None, None]
    ids = ids * np.ones((1, 32, 32), int)
    path = Microstructure(ids).save(tmp_path / "a.npz")
    code, text, _ = run("stats", path, "--as-is", "-o", tmp_path / "a.csv")
    assert code == 0
    rows = (tmp_path / "a.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["7", "3000", "2000000000"]
    code, text, error = run("check", path)
    assert re.search(r"missing IDs \(no fault\) +1,999,999,997: 1, 2, 3", text), error
    for name in ("b.vti", "b.zarr"):
        assert run("convert", path, "-o", tmp_path / name)[0] == 0
        back = load(tmp_path / name).grain_id
        np.testing.assert_array_equal(back, ids)
