r"""Grains from a temperature history: the additive Potts model where no pool is known.

Each site is melt until it freezes for the last time; then it takes a random spin and is
mobile while it cools,

.. math:: M = 1 - \dot T (t - t_f) / \Delta T,

which is Eq. (19) of Hoffman et al. (Acta Materialia 288, 2025) with the temperature
below that of freezing in place of the distance from the pool. Moves are those of
`grainpaint.simulate.am.solidify`: in each sweep every mobile site is attempted once on
average, in random order, and takes the spin of a neighbor by Eq. (18). Melt is no
neighbor; sites that never melted stay as they are.
"""

import numba as nb
import numpy as np

from grainpaint.compiled import inner
from grainpaint.errors import InputError
from grainpaint.philox import check_seed, philox4x32, split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.am.mobility import TO_UNIT
from grainpaint.simulate.am.proposals import propose
from grainpaint.simulate.am.sweeper import move_rules

__all__ = ["freeze_grains"]

_STREAM = 12
_LAST_SWEEP = 2**32
_STRETCH = 2**22  # moves between two reports


def freeze_grains(
    spin: np.ndarray,
    freeze: np.ndarray,
    fall: np.ndarray,
    *,
    n_spins: int,
    temperature: float = 0.25,
    seed: int = 0,
    progress: Progress = silent,
) -> np.ndarray:
    """Simulate the grains of sites that freeze one after the other.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (nx, ny, nz)
        Spins >= 1 of the sites that never melted; 0 = no material. Elsewhere only
        whether it is 0 matters.
    freeze : numpy.ndarray, float64, shape (nx, ny, nz)
        When each site freezes for the last time, sweeps; NaN = it never melted.
    fall : numpy.ndarray, float64, shape (nx, ny, nz)
        How much mobility a site loses in a sweep, above 0.
    n_spins : int
        A site that freezes takes a random spin 1..n_spins.
    temperature : float
        Of the Potts model, >= 0, in units of one unlike pair.
    seed : int
        Key of the random numbers.
    progress : Progress
        Receives the number of moves attempted: one for each sweep in which a site is
        mobile.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)

    Raises
    ------
    InputError
        If no site freezes, one that does keeps its mobility for 2^32 sweeps, or the
        history takes more.
    """
    check_seed(seed)
    melted = np.isfinite(freeze) & (spin != 0)
    if not melted.any():
        raise InputError("no site inside the material ever melted: nothing would grow")
    if not (fall[melted] > 0).all():
        at = tuple(np.argwhere(melted & ~(fall > 0))[0].tolist())
        raise InputError(f"site {at} freezes but does not cool: it would move forever")
    longest = 1 / fall[melted].min()
    if longest >= _LAST_SWEEP:
        raise InputError(
            f"a site moves for {longest:,.0f} sweeps after it froze, more than 2^32: a "
            "unit of time must be longer"
        )
    places = np.flatnonzero(melted)
    begin = np.floor(freeze.flat[places] - freeze[melted].min())
    order = np.argsort(begin, kind="stable")
    places, begin = places[order], begin[order]
    if begin[-1] >= _LAST_SWEEP:
        raise InputError(
            f"the history takes {begin[-1]:,.0f} sweeps, more than 2^32: a unit of "
            "time must be longer"
        )
    padded = np.zeros([n + 2 for n in spin.shape], np.int32)
    inner = padded[1:-1, 1:-1, 1:-1]
    inner[:] = np.where(melted, 0, spin)
    rules = move_rules(n_spins, temperature, True)
    sites = np.column_stack(np.unravel_index(places, spin.shape)).astype(np.int32) + 1
    falls = fall.flat[places].astype(np.float64)
    mobile = np.empty(len(places), np.int64)
    state = np.zeros(4, np.int64)  # sites frozen, of them mobile, next sweep, moves
    key = split_key(seed, _STREAM)
    n_moves = int(np.ceil(1 / falls).sum())
    with progress("freeze", n_moves) as bar:
        while state[0] < len(places) or state[1] > 0:
            _sweeps(padded, sites, begin, falls, mobile, state, rules, key, _STRETCH)
            bar.update(min(int(state[3]), n_moves))
    return inner


@inner()
def _mean_mobility(left, fall):
    """Return the mean over a sweep of a mobility that falls from `left` to 0."""
    return left - fall / 2 if left > fall else left * left / (2 * fall)


@nb.njit(cache=True)
def _sweeps(spin, sites, begin, fall, mobile, state, rules, key, n_moves):
    """Do some sweeps, at least so many moves, or all that are left.

    Sweeps in which no site is mobile are passed over.
    """
    around = np.empty(52, np.int32)
    plan = np.zeros((3, 3, 3), np.uint8)
    frozen, n_mobile, sweep, before = state
    done = 0
    while done < n_moves:
        if n_mobile == 0:
            if frozen == len(sites):
                break
            sweep = np.int64(begin[frozen])
        now = np.uint64(sweep)
        while frozen < len(sites) and begin[frozen] <= sweep:
            w = philox4x32(
                key[0], key[1], np.uint64(frozen), now, np.uint64(0), np.uint64(1)
            )
            drawn = (w[0] * rules.n_spins) >> np.uint64(32)
            x, y, z = sites[frozen]
            spin[x, y, z] = rules.lowest + np.int64(drawn)
            mobile[n_mobile] = frozen
            n_mobile += 1
            frozen += 1
        done += n_mobile
        for k in range(n_mobile):
            w = philox4x32(
                key[0], key[1], np.uint64(k), now, np.uint64(0), np.uint64(2)
            )
            chosen = mobile[(w[0] * np.uint64(n_mobile)) >> np.uint64(32)]
            left = 1 - fall[chosen] * (sweep - begin[chosen])
            if w[3] * TO_UNIT >= _mean_mobility(left, fall[chosen]):
                continue
            x, y, z = sites[chosen]
            new, rise = propose(spin, (x, y, z), plan, (1, 1, 1), rules, w[1], around)
            u = np.float64(w[2]) * TO_UNIT
            if new > 0 and (rise <= 0 or u < rules.chances[rise]):
                spin[x, y, z] = new
        sweep += 1
        n_left = 0
        for k in range(n_mobile):
            i = mobile[k]
            if fall[i] * (sweep - begin[i]) < 1:
                mobile[n_left] = i
                n_left += 1
        n_mobile = n_left
    state[0], state[1], state[2], state[3] = frozen, n_mobile, sweep, before + done
