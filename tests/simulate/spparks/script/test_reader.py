"""SPPARKS' input scripts, read: values and mistakes."""

import numpy as np
import pytest
from samples import BEZIER, ELLIPSOID, ISO, RECORDED

from grainpaint import InputError
from grainpaint.formats.spparks import write_sites
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.applications import BezierApp, EllipsoidApp, PottsApp
from grainpaint.simulate.spparks.regions import (
    BlockRegion,
    RegionMix,
    SphereRegion,
)
from grainpaint.simulate.spparks.requests import Moment, Say
from grainpaint.simulate.spparks.simulation import ReadFile, SetSpins, SiteCondition


def script(tmp_path, text, **variables):
    path = tmp_path / "in.script"
    path.write_text(text)
    return read_script(path, variables)


TREE = ISO.replace("sweep random", "solve_style tree")


def changes(simulation):
    """Return the steps that change sites: without messages and dumps."""
    return [s for s in simulation.steps if not isinstance(s, Say | Moment)]


def test_sites_are_created_with_values(tmp_path):
    """Values of every kind; the only site of a unit cell has a basis, too."""
    text = TREE.replace("app_style potts", "app_style potts/strain")
    for words, what, value in (
        ("value site 3", "site", 3),
        ("value i1 3 basis 1 4", "site", 4),
        ("value d1 0.5 basis * 0.75", "d1", 0.75),
    ):
        found = script(
            tmp_path, text.replace("create_sites box", f"create_sites box {words}")
        )
        assert changes(found)[0] == SetSpins(value, value, what=what)
    for words, message in (
        ("value d2 1", "'d2' is not supported, only site | i1 | d1"),
        ("basis 1 4", "value must come before basis"),
    ):
        with pytest.raises(InputError, match=message):
            script(
                tmp_path, text.replace("create_sites box", f"create_sites box {words}")
            )


def test_a_potts_script_becomes_values(tmp_path):
    found = script(tmp_path, ISO)
    assert found.app == PottsApp(100)
    assert found.box.shape == (20, 30, 10)
    assert found.box.periodic == (True, True, False)
    assert found.box.lattice == "sc/26n"
    assert changes(found)[0] == SetSpins(1, 100, seed=7)
    (run,) = found.runs
    assert (run.start, run.stop, run.temperature) == (0, 10, 0.5)
    assert (run.rejection, run.snapshots, run.seed) == (True, (), 7)
    assert found.passed_over == ()


def test_an_additive_script_becomes_values(tmp_path):
    found = script(tmp_path, ELLIPSOID)
    assert found.app == EllipsoidApp(1000, 30, 70, 30, 7, 50, 90, 45, 12, 0.1)
    assert found.scan.start == 25
    assert found.scan.n_layers == 4
    tracks, thickness = found.scan.layers[0]
    assert thickness == 25
    assert [t.start for t in tracks[:2]] == [(-80, 0), (180, 25)]  # serpentine
    text = ELLIPSOID.replace("app_style", "#").replace("seed 5\n", f"seed 5\n{BEZIER}")
    bezier = script(tmp_path, text).app
    assert isinstance(bezier, BezierApp)
    assert (bezier.width, bezier.depth, bezier.haz, bezier.haz_tail) == (20, 15, 4, 6)
    assert bezier.z == (-0.78114, -1.62087, -1.78114)
    assert bezier.beta == (0.9, 0.4)


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        # Times at which SPPARKS' logs of these scans end; `run` is ignored.
        (ELLIPSOID, 519.846),
        (
            ELLIPSOID.replace("0 100 0 100 0 100", "0 56 0 56 0 56")
            .replace("hatch 25", "hatch 12.5")
            .replace("80.0", "40.0")
            .replace("am cartesian_layer 3 start UR", "# ")
            .replace("am cartesian_layer 4 start LR", "# "),
            272.154,
        ),
    ],
)
def test_a_build_ends_when_spparks_ends_it(tmp_path, text, stop):
    assert script(tmp_path, text).runs[0].stop == pytest.approx(stop, abs=1e-3)


def test_paths_and_layers_count_from_the_corner_of_the_box(tmp_path):
    head, tail = ELLIPSOID.split("am pass 1")
    head = head.replace("0 100 0 100 0 100", "10 60 20 70 30 60")
    text = (
        f"{head}am path 1 start 10 20 end 60 20 speed 5\n"
        "am path 2 start 60 70 end 10 70 speed 9\n"
        "am path_layer 1 num_paths 2 path_ids 2 1 thickness 5\n"
        f"{tail[tail.index('sweep') :]}"
    )
    found = script(tmp_path, text)
    assert found.box.origin == (10, 20, 30)
    assert found.scan.start == 30  # the top of the box, from its bottom
    tracks, _ = found.scan.layers[0]
    assert tracks == (((50, 50), (0, 50), 9), ((0, 0), (50, 0), 5))


@pytest.mark.parametrize(
    ("commands_", "times"),
    [
        ("dump 1 text 4.0 d.*\nrun 10", [(0, 4, 8)]),
        ("dump 1 text 5.0 d.*\nrun 10", [(0, 5, 10)]),
        ("dump 1 text 4.0 d.*\ndump_modify 1 delay 6.0\nrun 10", [(6, 8)]),
        ("dump 1 text 1.0 d\ndump_modify 1 logfreq 2 10.0\nrun 12",
         [(0, 1, 10**0.5, 10)]),
        ("dump 1 text 1.0 d\ndump_modify 1 loglinfreq 3 10\nrun 25",
         [(0, 1, 2, 3, 10, 20)]),
        ("dump 1 text 5 d.*\nrun 7\nrun 6", [(0, 5), (10,)]),
        ("run 7\ndump 1 text 5 d.*\nrun 12 upto", [(), (7, 10)]),
        ("dump 1 text 4 d\ndump a vtk 3 d.*.vti site\nrun 8", [(0, 3, 4, 6, 8)]),
        ("dump 1 image 4 d.*.jpg site x crange 1 9\nrun 8", [()]),
        ("dump 1 text 2 d\nrun 3\nundump 1\nrun 3", [(0, 2), ()]),
    ],
)  # fmt: skip
def test_snapshots_are_due_when_spparks_dumps(tmp_path, commands_, times):
    found = script(tmp_path, TREE.replace("run 10.0", commands_))
    assert [run.snapshots for run in found.runs] == [pytest.approx(t) for t in times]


@pytest.mark.parametrize(
    ("commands_", "times"),
    [
        ("run 3\ndump 1 text 100 d\ndump_one 1", (3,)),
        ("dump 1 text 100 d\ndump_one 1\nreset_time 7\nrun 3", (0, 10)),
        ("variable t loop 3\nlabel a\nrun $t\nnext t\njump in.script a\n"
         "dump 1 text 9 d\ndump_one 1", (6,)),
    ],
)  # fmt: skip
def test_a_dump_at_once_is_a_snapshot_too(tmp_path, commands_, times):
    found = script(tmp_path, TREE.replace("run 10.0", commands_))
    assert found.snapshots == pytest.approx(times)


def test_set_knows_regions_conditions_fractions_and_files(tmp_path, rng):
    write_sites(tmp_path / "start.sites", rng.integers(1, 9, (20, 30, 10)), (True,) * 3)
    text = ISO.replace(
        "set site range 1 100",
        "region ball sphere 5 5 5 3 side out\nregion low block INF INF INF EDGE 0 4\n"
        "region both union 2 ball low\n"
        "set site value 3\nset i1 range 1 9 region both fraction 0.5\n"
        "set site unique if z >= 2 if site = 3 loop local\nread_sites start.sites",
    )
    steps = changes(script(tmp_path, text))
    ball = SphereRegion((5, 5, 5), 3, outside=True)
    low = BlockRegion((-np.inf, -np.inf, 0), (np.inf, 30, 4))
    assert steps[:4] == [
        SetSpins(3, 3),
        SetSpins(1, 9, fraction=0.5, region=RegionMix((ball, low), True), seed=7),
        SetSpins(
            unique=True,
            conditions=(SiteCondition("z", ">=", 2.0), SiteCondition("site", "=", 3.0)),
        ),
        ReadFile(tmp_path / "start.sites", where="in.script:15"),
    ]


def test_sites_of_open_axes_lie_on_multiples_of_the_lattice_constant(tmp_path):
    text = ISO.replace("lattice sc/26n 1.0", "lattice sc/26n 2.0").replace(
        "block 0 20 0 30 0 10", "block 0 20 0 30 0.5 9.6"
    )
    box = script(tmp_path, text).box
    assert box.shape == (20, 30, 9)  # regions count in lattice constants
    assert box.origin == (0, 0, 2)  # sites at 2, 4, ..., 18 in 1..19.2
    flat = ISO.replace("dimension 3", "dimension 2").replace("sc/26n", "sq/8n")
    flat = flat.replace("p p n", "n p p").replace("0 10\n", "-0.5 0.5\n")
    box = script(tmp_path, flat).box
    assert (box.shape, box.lattice) == ((20, 30, 1), "sq/8n")
    assert box.origin == (0, 0, 0)


def edit(old, new, text=ISO):
    assert old in text
    return text.replace(old, new, 1)


SCRIPT_MISTAKES = {
    "sintering": (edit("potts 100", "sinter"), "'sinter' is not simulated here: it"),
    "style": (edit("potts", "potts/foo"), r"in.script:2: app_style: 'potts/foo' is "
              r"not supported, only potts \| potts/neighonly \| am/ellipsoid"),
    "lattice": (edit("sc/26n", "fcc"), r"in.script:4: lattice: 'fcc'.*sc/26n \| sc/6n"
                r" \| sq/8n \| sq/4n: SPPARKS itself runs"),
    "not a lattice": (edit("sc/26n", "hex"), r"lattice: 'hex' is not supported, only"),
    "command": (edit("temperature", "ecoord 1 1\ntemperature"),
                "in.script:11: ecoord: not supported"),
    "dimension": (edit("dimension 3", "dimension 2"), "needs dimension 3, not 2"),
    "no lattice": (edit("lattice", "#"), "in.script:6: region: lattice must come"),
    "no region": (edit("create_box box", "create_box tube"), "no region 'tube'"),
    "no box": (edit("create_box", "#"), "in.script:8: create_sites: create_box must"),
    "no sites": (edit("create_sites", "#"), "in.script:9: set: create_sites must"),
    "no seed": (edit("seed", "#"), "in.script:9: set: needs random numbers"),
    "no solver": (edit("sweep", "#"), "12: run: needs either sweep or solve_style"),
    "box twice": (edit("create_box box", "create_box box\ncreate_box box"), "exists"),
    "word": (edit("temperature 0.5", "temperature cold"), "needs a number, got 'cold'"),
    "few words": (edit("0 30 0 10", "0 30"), "region: needs more than 6 words"),
    "spins": (edit("potts 100", "potts 0"), "number of spins must be 1"),
    "range": (edit("1 100\n", "9 3\n"), "range 9..3 is empty"),
    "period": (edit("0 20 0", "0 20.5 0"), "is not a multiple of the lattice constant"),
    "backwards": (edit("0 20 0", "20 0 0"), "block ends before it starts"),
    "file": (edit("set site", "read_sites a.sites #"), "read_sites: no file a.sites"),
    "time": (edit("10.0", "-1"), "cannot run from time 0 to -1"),
    "cold": (edit("0.25", "-0.5", ELLIPSOID), "run: the temperature must be 0 or ab"),
    "hot": (edit("0.5", "inf"), "temperature: needs a number, got 'inf'"),
    "dump": (edit("run", "dump_one a\nrun"), "no dump 'a'"),
    "second": (edit("run 10.0", "run 1\nclear\nrun 2"), "run: create_sites must come"),
    "clear": (edit("run 10.0", "run 1\nclear all"), "clear: takes no words"),
    "loop": (edit("run", "set site value 1 loop 2\nrun"), "'2' is not supported, only"),
    "shell": (edit("run", "shell ls\nrun"), "shell: 'ls' is not supported, only cd"),
    "shell mv": (edit("run", "shell mv a\nrun"), "mv needs two names, got mv a"),
    "shell rm": (edit("run", "shell rm\nrun"), "rm needs names, got rm"),
    "zero hatch": (edit("hatch 25", "hatch 0", ELLIPSOID), "hatch must be above 0"),
    "zero speed": (edit("speed 10", "speed 0", ELLIPSOID), "speed must be above 0"),
    "no pass": (edit("pass_id 2", "pass_id 3", ELLIPSOID), "no am pass 3"),
    "thickness": (edit("thickness 25", "thickness 0", ELLIPSOID), "above 0, got 0"),
    "alone": (edit("n n n", "n p n", ELLIPSOID).replace("0 100 0 100 0", "0 100 0 1 0"),
              "needs two sites or more along x and y"),
    "no shape": (ELLIPSOID.replace("am/ellipsoid 1000 30 70 30 7 50 90 45 12 0.1",
                 "potts/am/weld 9 0.7 0.5 20"), "weld_shape_teardrop is missing"),
    "four or six": (ELLIPSOID.replace("am/ellipsoid 1000 30 70 30 7 50 90 45 12 0.1",
                    "potts/am/bezier 9 20 15 4 6"), "needs 6 or 4 numbers, got 5"),
    "jom": (edit("potts 100", "potts/weld/jom 9 30 25 10 40 0 10 6 0.1"), "be 1..5"),
    "pulse": (edit("potts 100", "potts/weld 9 0 0.7 0.5 9 9\npulse 1.5 9"), "0..1 and"),
    "not a weld": (edit("run", "weld_shape_ellipse 9 9\nrun"), "style potts/weld"),
    "not joining": (edit("run", "deep_width 9\nrun"), "style potts/weld/jom"),
    "sector": (edit("run", "sector yes tend 1\nrun"), "only nstop . tstop"),
    "nstop": (edit("run", "sector yes nstop 0\nrun"), "nstop must be above 0, got 0"),
    "no try": (edit("run", "sector yes nstop 1e-6\nrun"), "no site is tried"),
    "pre": (edit("run 10.0", "run 1 pre maybe"), "'maybe' is not supported, only yes"),
    "pre no": (edit("run 225", "run 1\nrun -1 pre no", ELLIPSOID), "above, got -1"),
    "kmc": (edit("sweep random mask no", "solve_style tree", ELLIPSOID), "need sweep"),
    "no layer": (ELLIPSOID.replace("am cart", "# "), "no am cartesian_layer"),
    "am in potts": (edit("run", "am build start 1 num_layers 2\nrun"), "needs app_sty"),
    "am word": (edit("dir X", "way X", ELLIPSOID), r"in.script:9: am: 'way' is not"),
    "no points": (ELLIPSOID.replace("am/ellipsoid 1000 30 70 30 7 50 90 45 12 0.1",
                  "potts/am/bezier 9 20 15 4 6 1.5"), "control_points are missing"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", SCRIPT_MISTAKES)
def test_mistakes_name_file_line_and_what_is_supported(tmp_path, mistake):
    text, message = SCRIPT_MISTAKES[mistake]
    with pytest.raises(InputError, match=message) as error:
        script(tmp_path, text)
    assert "\n" not in str(error.value)


def test_a_script_may_do_without_a_run(tmp_path):
    found = script(tmp_path, edit("run", "#"))
    assert (found.runs, found.snapshots, found.scan) == ((), (), None)


@pytest.mark.parametrize(
    ("app", "how", "expected"),
    [("potts 9", "sweep random", np.inf), ("ising", "sweep random", np.inf),
     ("potts/neighonly 9", "solve_style tree", 0)],
)  # fmt: skip
def test_a_temperature_below_0_acts_as_in_spparks(tmp_path, app, how, expected):
    """Its Boltzmann factor is above 1: sweeps accept all, solvers leave it out."""
    text = ISO.replace("potts 100", app).replace("sweep random", how)
    text = text.replace("range 1 100", "range 1 2")
    (run,) = script(tmp_path, text.replace("0.5", "-0.5")).runs
    assert run.temperature == expected


def test_a_second_run_of_a_build_goes_on(tmp_path):
    first, second = script(tmp_path, ELLIPSOID + "run 1\n").runs
    assert first.scan.start == 25
    assert second.scan.start == 100  # where the last of four layers was scanned
    assert second.start == first.end
    again = script(tmp_path, ELLIPSOID + "am build start 30 num_layers 1\nrun 1\n")
    assert again.runs[1].scan.start == 30
    assert again.runs[1].stop < second.stop


def test_the_old_name_of_phase_fields_is_known(tmp_path):
    text = ISO.replace("potts 100", "STYLE 100 10 0.3 1 1 2 0.25 0.75 0.05 0.95")
    text = text.replace("p p n", "p p p")
    new, old = (
        script(tmp_path, text.replace("STYLE", name)).app
        for name in ("phasefield/potts", "potts/pfm")
    )
    assert new == old


@pytest.mark.parametrize("name", ["in.iso", "in.am_ellipsoid", "in.am_bezier"])
def test_the_scripts_of_the_recorded_runs_are_understood(name):
    found = read_script(RECORDED / name)
    assert len(found.runs) == 1
    if found.scan is not None:
        # The Bezier run dumped from 200 to 239.5, the ellipsoid one from 280.
        assert found.runs[0].stop == pytest.approx(
            {"in.am_ellipsoid": 309.0, "in.am_bezier": 239.769}[name], abs=1e-3
        )


def test_pre_no_goes_on_with_the_layer_that_was_reached_for_the_time_given(tmp_path):
    first, second = script(tmp_path, ELLIPSOID + "run 2 pre no post no\n").runs
    assert (first.begins, second.begins) == (True, False)
    assert second.moments[-1].n_sweeps == 52
    assert second.end == pytest.approx(first.end + 2)
    assert second.scan.start == 100  # the fourth layer is not complete
    (alone,) = script(tmp_path, ELLIPSOID.replace("run 225", "run 225 pre no")).runs
    assert alone == first  # nothing comes before it


def test_clear_ends_a_simulation_and_keeps_what_belongs_to_the_script(tmp_path):
    twice = ISO + "clear\n" + ISO.replace("run 10.0", "run 3")
    found = script(tmp_path, twice)
    assert [part.runs[-1].stop for part in found.parts] == pytest.approx(
        [10, 3], abs=0.1
    )
    assert script(tmp_path, twice + "print done\nclear\n").parts[1].runs == found.runs
    alone = script(tmp_path, "clear\n" + ISO)
    assert (alone.before, alone.box) == ((), found.box)


@pytest.mark.parametrize(("alpha", "told"), [(1, True), (0.75, False)])
def test_a_random_pool_that_spparks_cannot_draw_is_told(tmp_path, alpha, told):
    """Its alpha is the seed of the pool's spins, too; 1 makes all of them 1."""
    text = f"app_style potts/am/weld 50 {alpha} 0.5 8\nlattice sc/26n 1.0\n"
    text += "region b block 0 9 0 9 0 4\ncreate_box b\ncreate_sites box\n"
    assert any("takes spin 1" in s for s in script(tmp_path, text).passed_over) == told
