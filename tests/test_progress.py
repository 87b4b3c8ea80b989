import sys

import pytest

from grainpaint import progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_lines_come_every_30_s_with_the_time_left(clock, capsys):
    bar = progress._Lines("base", 1000.0)
    for second in range(0, 95, 5):
        clock[0] = 100.0 + second
        bar.update(800 + second)  # a resumed run: 800 were done before
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "base: 83%, 170 s left",
        "base: 86%, 140 s left",
        "base: 89%, 110 s left",
    ]


def test_a_terminal_gets_a_bar_with_the_share_done(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.console("base", 10.0) as bar:
        bar.update(5.0, "step 7")
        row = bar.bar.tasks[0]
    assert (row.description, row.percentage) == ("base", 50)
    assert row.fields["note"] == "step 7"
