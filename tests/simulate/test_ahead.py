import threading
import time

import pytest

from grainpaint.simulate.ahead import made_ahead


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_jobs(n_threads):
    made = list(made_ahead(lambda job: job**2, iter(range(200)), n_threads))
    assert made == [job**2 for job in range(200)]


def test_a_thread_that_gets_no_core_holds_nobody_up():
    """Helpers end nothing before the caller has everything."""
    caller, over = threading.current_thread(), threading.Event()
    begun = []

    def make(job):
        if threading.current_thread() is not caller:
            begun.append(job)
            over.wait(10)
            return "late"
        return job

    rows = made_ahead(make, range(20), 3)
    try:
        made = [next(rows) for _ in range(20)]
    finally:
        over.set()
    assert made == list(range(20))
    assert next(rows, None) is None
    assert begun  # or this proves nothing


def test_helpers_make_what_comes_next_while_the_caller_is_busy():
    names, helped = {}, threading.Event()

    def make(job):
        names[job] = threading.current_thread()
        if names[job] is not threading.main_thread():
            helped.set()
        return job

    for job in made_ahead(make, range(8), 2):
        if job == 1:  # the caller has its hands full
            assert helped.wait(10)
    assert len(set(names.values())) == 2


@pytest.mark.parametrize("n_threads", [1, 3])
def test_an_error_is_raised_where_its_result_is_due(n_threads):
    def make(job):
        if job == 5:
            raise ValueError("five")
        return job

    found, n_before = [], threading.active_count()
    with pytest.raises(ValueError, match="five"):
        found.extend(iter(made_ahead(make, range(9), n_threads)))
    made = made_ahead(make, range(9), n_threads)
    assert [next(made) for _ in range(5)] == list(range(5))
    made.close()
    end = time.monotonic() + 10
    while threading.active_count() > n_before:
        assert time.monotonic() < end, "threads go on"
        time.sleep(0.001)


def test_a_single_job_starts_no_thread(monkeypatch):
    monkeypatch.setattr(threading, "Thread", None)
    assert list(made_ahead(str, [7], 4)) == ["7"]
