"""The memory that a batch system or a container leaves to a process."""

import psutil
import pytest

from grainpaint.errors import InputError
from grainpaint.generation import memory
from grainpaint.generation.memory import check_free, free_bytes, left_of_limit

GIB = 1 << 30


def group(folder, most, used, names=("memory.max", "memory.current"), **stat):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, (most, used)):
        (folder / name).write_text(f"{value}\n")
    rows = [f"{name} {value}\n" for name, value in stat.items()]
    (folder / "memory.stat").write_text("anon 5\n" + "".join(rows))


def test_the_narrowest_limit_of_all_groups_counts_less_what_is_used(tmp_path):
    own, root = tmp_path / "own", tmp_path / "root"
    own.write_text("0::/slurm/job/step\n")
    group(root / "slurm" / "job" / "step", "max", 7 * GIB)
    group(root / "slurm" / "job", 4 * GIB, 3 * GIB, inactive_file=GIB // 2)
    group(root / "slurm", 90 * GIB, 3 * GIB)
    assert left_of_limit(own, root) == GIB + GIB // 2


def test_version_1_has_other_names(tmp_path):
    own, root = tmp_path / "own", tmp_path / "root"
    own.write_text("4:memory:/job\n2:cpu,cpuacct:/\n")
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
    group(root / "memory" / "job", 2 * GIB, GIB, names, total_inactive_file=5)
    assert left_of_limit(own, root) == GIB + 5


@pytest.mark.parametrize("text", ["0::/\n", "3:cpu:/\n", "", None])
def test_without_a_limit_there_is_none(tmp_path, text):
    if text is not None:
        (tmp_path / "own").write_text(text)
    assert left_of_limit(tmp_path / "own", tmp_path) is None


def test_a_job_is_refused_by_the_limit_not_by_the_machine(monkeypatch):
    free = psutil.virtual_memory()._replace(available=500 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(memory, "left_of_limit", lambda: GIB)
    assert GIB < free_bytes() < 50 * GIB  # with what this process has
    with pytest.raises(InputError, match=r"100\.0 GiB of memory, .* free: take less"):
        check_free(100 * GIB, "this", "take less")
