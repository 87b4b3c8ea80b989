import threading

import numba as nb
import numpy as np

from grainpaint.simulate.iso.claims import claim, publish, published


@nb.njit(nogil=True)
def take_all(flags, owner, tickets, me):
    for i in range(flags.size):
        if claim(flags, i):
            owner[i] = me
            tickets[i] += 1


@nb.njit(nogil=True)
def count_up(flags, numbers, n):
    done = 0
    while done < n:
        if claim(flags, 0):
            publish(numbers, 0, published(numbers, 0) + 1)
            publish(flags, 0, 0)
            done += 1


def together(function, *rows):
    threads = [threading.Thread(target=function, args=row) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_thread_gets_each_claim():
    n = 200_000
    flags, owner, tickets = (np.zeros(n, np.int64) for _ in range(3))
    take_all(flags[:0], owner, tickets, 0)  # compiles
    together(take_all, *[(flags, owner, tickets, me) for me in (1, 2, 3)])
    assert (flags == 1).all()
    assert (tickets == 1).all()


def test_what_is_published_under_a_claim_is_not_lost():
    flags, numbers = np.zeros(1, np.int64), np.zeros(1, np.int64)
    count_up(flags, numbers, 1)
    together(count_up, *[(flags, numbers, 2000)] * 2)
    assert numbers[0] == 4001
