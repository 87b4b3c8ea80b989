import sys

import numba
import pytest

from grainpaint import compiled, progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_the_time_left_is_measured_and_unknown_before(clock):
    course = progress._Course("base", 1000.0, done=800.0)  # a resumed run
    seen = []
    for second in (0, 30, 60, 90, 120):
        clock[0] = 100.0 + second
        if second == 60:
            course.update(850.0, "")
        seen.append(str(course))
    assert seen == [
        "base: 80%, ... left",
        "base: 80%, ... left",
        "base: 85%, 180 s left",
        "base: 85%, 150 s left",
        "base: 85%, 120 s left",
    ]


def test_work_that_takes_longer_than_it_should_is_never_about_to_end(clock):
    course = progress._Course("base", 5.0, done=0.0)
    for second in range(1, 41):
        clock[0] = 100.0 + second
        if second <= 4:
            course.update(float(second), "")
        left = str(course).split(", ")[1]
        assert left != "0 s left"
        assert (left == "... left") == (second >= 5)


def test_compiling_does_not_count_as_work(clock):
    course = progress._Course("refine", 4.0, done=0.0)
    clock[0] += 1
    course.compiling(True)
    clock[0] += 60
    assert course.elapsed() == 1
    course.compiling(False)
    clock[0] += 1
    course.update(1.0, "")
    assert (course.elapsed(), course.left()) == (2, 6)


def test_a_log_gets_lines_also_where_nothing_is_reported(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_LINE_S", 0.01)
    with progress.console("base", 5.0) as bar:
        bar.update(0.0)
        for _ in range(500):
            bar._over.wait(0.01)
            err = capsys.readouterr().err
            if err:
                break
    assert "base: 0%, ... left" in err


def test_a_terminal_gets_a_bar_with_the_share_done(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.console("base", 10.0) as bar:
        bar.update(5.0, "step 7")
        row = bar.bar.tasks[0]
    assert (row.description, row.percentage) == ("base", 50)
    assert row.fields["course"].note == "step 7"


@pytest.mark.parametrize("terminal", [False, True])
def test_kernels_that_compile_are_shown_as_such(monkeypatch, capsys, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setattr(progress._Lines, "said_compiling", False)
    seen = []

    @numba.njit
    def triple(x):
        return 3 * x

    before = compiled.compile_seconds()
    with progress.console("refine", 2.0) as bar:

        def look(begins):
            if begins and terminal:
                seen.extend(row.description for row in bar.bar.tasks if row.visible)

        with compiled.told_of_compiling(look):
            triple(2)
    spent = compiled.compile_seconds() - before
    assert spent > 0
    if terminal:
        assert "compiling kernels, once on this machine" in seen
        assert "refine" not in seen
    else:
        lines = capsys.readouterr().err.splitlines()
        assert lines == ["compiling kernels, once on this machine"]
