"""Every benchmark runs, on tiny inputs, and writes what its JSON holds."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import grainpaint

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
PARTS = {  # of scripts that are too long to run at once
    "additive.py": ("speed", "grains"),
    "cluster_model.py": ("join", "statistics", "model"),
    "potts.py": ("speed", "agreement"),
    "scale.py": ("box", "seams", "parts", "gear"),
}
SCRIPTS = sorted(
    path.relative_to(BENCHMARKS).as_posix()
    for path in BENCHMARKS.rglob("*.py")
    if "make_parser(" in path.read_text() or "study_parser(" in path.read_text()
)
SCRIPTS = [name for name in SCRIPTS if name not in ("common.py", "paper/boxes.py")]
RUNS = [(name, part) for name in SCRIPTS for part in PARTS.get(name, (None,))]
MISSING = 3  # exit code
STAMP = {"command", "commit", "dirty", "date", "machine", "instructions"}
STAMP |= {"cpu_capability", "cores", "torch_threads", "numba_threads", "precision"}
STAMP |= {"model", "versions"}


def keys_of(figures):
    """Return the keys of figures, with numbers in them masked: sizes may differ."""
    if isinstance(figures, dict):
        return {
            re.sub(r"\d+", "N", key): keys_of(value)
            for key, value in figures.items()
            if key != "stamp"
        }
    if isinstance(figures, list) and figures and isinstance(figures[0], dict):
        return keys_of(figures[-1])
    return None


def agree(found, known):
    """Return whether keys are the same, where known figures are not missing."""
    if known is None or not isinstance(found, dict):
        return known is None or found is None
    return found.keys() == known.keys() and all(
        agree(found[key], known[key]) for key in known
    )


def records_of(content):
    """Return the records of a JSON by part; a file without parts has one, None."""
    if isinstance(content, list):
        return {None: content[0]}
    return {None: content} if "stamp" in content else content


@pytest.mark.slow
@pytest.mark.parametrize(("name", "part"), RUNS)
def test_a_benchmark_runs(name, part, tmp_path):
    script, out = BENCHMARKS / name, tmp_path / "out.json"
    committed = script.with_suffix(".json")
    before = committed.read_bytes() if committed.exists() else None
    words = [sys.executable, str(script), "--quick", "--out", str(out)]
    # Threads that wait for each other are slow where other work takes the cores.
    calm = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    path = {"PYTHONPATH": str(Path(grainpaint.__file__).parents[1])}
    done = subprocess.run(
        [*words, *(("--only", part) if part else ())],
        capture_output=True,
        text=True,
        env={**os.environ, **calm, **path},
        cwd=tmp_path,
    )
    if done.returncode == MISSING:
        (line,) = done.stderr.splitlines()
        pytest.skip(line)
    assert done.returncode == 0, done.stderr
    records = records_of(json.loads(out.read_text()))
    for record in records.values():
        assert set(record["stamp"]) == STAMP
        assert record["stamp"]["command"].startswith(
            f"python benchmarks/{name} --quick"
        )
    if before is not None:
        assert committed.read_bytes() == before
        known = records_of(json.loads(before))
        for key, record in records.items():
            assert agree(keys_of(record), keys_of(known[key])), keys_of(record)


def test_every_script_takes_the_options_of_all():
    assert len(SCRIPTS) > 20
    not_run = {"common.py", "stamps.py", "results.py", "markup.py", "paper/boxes.py"}
    not_run |= {path.name for path in BENCHMARKS.glob("*tables.py")}
    not_run |= {"ablation_figures.py", "ablation_networks.py", "bezier_pool.py"}
    not_run |= {"voronoi.py"}
    found = {p.relative_to(BENCHMARKS).as_posix() for p in BENCHMARKS.rglob("*.py")}
    assert found - not_run == set(SCRIPTS)


@pytest.mark.slow
def test_a_script_without_its_data_says_so_in_one_line():
    words = [sys.executable, str(BENCHMARKS / "spparks.py"), "--quick"]
    path = {"PYTHONPATH": str(Path(grainpaint.__file__).parents[1])}
    env = {**os.environ, **path}
    done = subprocess.run(words, capture_output=True, text=True, env=env)
    assert done.returncode == MISSING
    assert done.stderr.splitlines() == [
        "spparks.py runs SPPARKS itself: give the program with --spparks PATH"
    ]
