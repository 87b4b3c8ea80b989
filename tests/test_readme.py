"""RESULTS.md and the tables of the README are what the JSON files say."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "benchmarks"))

import quality_tables  # noqa: E402
import results  # noqa: E402
import speed_tables  # noqa: E402

MARKED = re.compile(r"<!-- table: (.+?) -->\n(.*?)<!-- end -->", re.DOTALL)
README = results.README.read_text()
AGAIN = "run python benchmarks/results.py --readme"


def test_results_are_made_from_the_json_files():
    assert results.RESULTS.read_text() == results.make_results(), AGAIN


def test_tables_of_the_readme_are_made_from_the_json_files():
    assert set(dict(MARKED.findall(README))) == {"quality", "speed"}
    assert results.make_readme(README) == README, AGAIN


@pytest.mark.parametrize("section", ["How good", "How fast"])
def test_measured_numbers_stand_in_tables_only(section):
    text = MARKED.sub("", README)
    found = re.search(rf"^## {section}\n(.*?)(?=^## )", text, re.DOTALL | re.MULTILINE)
    if found is None:
        pytest.skip(f"the README has no section {section!r}")
    assert re.findall(r"\d+\.\d+|\d+ (?:s|GB|%|times)\b", found[1]) == []


def test_all_that_failed_stands_in_the_table_of_quality():
    table = quality_tables.quality()
    bold = table.count("**") // 2
    failed = [
        row["name"]
        for found in quality_tables.read_quality().values()
        for row in found["rows"]
        if row["verdict"] == "different"
    ]
    assert bold == len(failed) > 0


def test_a_table_of_speed_is_of_one_commit(monkeypatch):
    rows = json.loads((ROOT / "benchmarks" / "speed.json").read_text())
    assert speed_tables.speed()
    rows.append({"stamp": {**rows[0]["stamp"], "commit": "0123456789"}})
    monkeypatch.setattr(speed_tables, "read", lambda name: rows)
    with pytest.raises(ValueError, match="one commit"):
        speed_tables.speed()


def test_every_figure_has_a_stamp():
    for path in (ROOT / "benchmarks").rglob("*.json"):
        content = json.loads(path.read_text())
        records = [content] if "stamp" in content else content
        records = records.values() if isinstance(records, dict) else records
        for record in records:
            stamp = record["stamp"]
            assert stamp["command"].split("python ")[-1].startswith("benchmarks/")
            assert stamp["machine"]
            assert stamp["date"]
            assert stamp["commit"] or stamp["note"], path


def ended(folder, *words):
    """Run a command to its end; return all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "grainpaint", *map(str, words)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


@pytest.mark.slow
def test_the_commands_of_the_readme_run_as_they_stand_and_their_results_are_sound(
    tmp_path,
):
    (section,) = re.findall(r"^## On the command line\n(.*?)^## ", README, re.M | re.S)
    commands = re.findall(r"^grainpaint (.+?)(?:  #.*)?$", section, re.M)
    assert len(commands) > 5
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "mine").mkdir()
    for seed in (1, 2):  # what a user brings to `compare`
        words = ["simulate", "iso", "--shape", "64,64,64", "--time", "100"]
        ended(tmp_path, *words, "--seed", seed, "-o", f"mine/{seed}.npz")
    for command in commands:
        said = ended(tmp_path, *shlex.split(command))
        assert "not sound" not in said.lower(), command
    assert "sound" in ended(tmp_path, "check", "gear.vti").splitlines()[-1]
