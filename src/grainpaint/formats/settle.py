"""From what a file holds to a volume: the last step of every reader."""

from __future__ import annotations

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.raw import RawVolume, in_order
from grainpaint.formats.spparks.snapshot import label_spins
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations
from grainpaint.units import UNITS

__all__ = ["settle"]

_LARGEST = int(np.iinfo(np.int32).max)


def settle(raw: RawVolume) -> tuple[Microstructure, list[str]]:
    """Return the volume, lengths in µm and 0 outside, and notes for the user.

    Raises
    ------
    InputError
        If an ID is negative or a length is not usable.
    """
    if raw.ids.ndim != 3 or not raw.ids.size:
        raise InputError(
            f"a volume has voxels along x, y and z; this one has the shape "
            f"{raw.ids.shape}"
        )
    for name, three in (("spacing", raw.spacing), ("origin", raw.origin)):
        if len(three) != 3:
            raise InputError(f"damaged: its {name} has {len(three)} numbers, not three")
    notes = list(raw.notes)
    if raw.spins:
        outside = None if raw.void is None else raw.ids == raw.void
        grain_id = label_spins(raw.ids, raw.periodic, outside)
        if raw.spins_are_ids and outside is None and _one_piece_each(raw.ids, grain_id):
            grain_id = raw.ids.astype(np.int32)
    else:
        grain_id = _grain_ids(raw.ids, raw.void, raw.orientations, notes)
    edge = f"{raw.spacing[0] * UNITS[raw.unit]:.4g} µm a voxel"
    said = {"unit": raw.assumed_unit and f"{raw.assumed_unit}, {edge}"}
    if raw.assumed_void and (raw.ids == 0).any():
        said["void"] = raw.assumed_void
    if any(said.values()):
        words = ", ".join(word for word, text in said.items() if text)
        texts = "; ".join(filter(None, said.values()))
        notes.append(f"assumed: {texts}; if that is wrong, say so ({words})")
    grain_id = in_order(grain_id)
    grain_id.flags.writeable = False  # so that it is not copied once more
    scale = UNITS[raw.unit]
    volume = Microstructure(
        grain_id,
        tuple(_scaled(s, scale) for s in raw.spacing),
        tuple(_scaled(o, scale) for o in raw.origin),
        raw.periodic,
        raw.orientations,
    )
    return volume, notes


def _scaled(length: float, scale: float) -> float:
    """Return a length in µm; 15 digits undo the rounding of what was divided."""
    return length if scale == 1.0 else float(f"{length * scale:.15g}")


def _grain_ids(
    ids: np.ndarray,
    void: int | None,
    orientations: Orientations | None,
    notes: list[str],
) -> np.ndarray:
    """Return IDs in 1..2^31 - 1, and 0 where it is outside."""
    low, high = int(ids.min()), int(ids.max())
    if low >= int(void != 0) and high <= _LARGEST and (void is None or void <= 0):
        return ids.astype(np.int32, copy=False)
    outside = None if void is None else ids == void
    if outside is not None and outside.any():
        if outside.all():
            return np.zeros(ids.shape, np.int32)
        low, high = int(ids[~outside].min()), int(ids[~outside].max())
    if low < 0:
        raise _negative(ids if outside is None else ids[~outside])
    shift = int(low == 0 and void != 0)
    if orientations is not None and (shift or high > len(orientations)):
        raise InputError(
            "orientations belong to grains 1, 2, ...: the IDs must lie in "
            f"1..{len(orientations)}, 0 outside; got {low}..{high}"
        )
    if high + shift > _LARGEST:
        grain_id = _renumbered(ids, void)
        notes.append(
            f"IDs up to {high} are beyond 32 bits: grains are numbered "
            f"1..{grain_id.max()} in the order of their IDs"
        )
        return grain_id
    if shift:
        notes.append("ID 0 is a grain, so each grain has its ID in the file plus 1")
    grain_id = ids.astype(np.int32) + np.int32(shift)
    if outside is not None:
        grain_id[outside] = 0
    return grain_id


def _negative(ids: np.ndarray) -> InputError:
    """Return the error for IDs of which some are negative."""
    found = np.unique(ids[ids < 0])
    if found.size == 1:
        return InputError(
            f"holds the grain ID {found[0]}, and IDs are not negative: "
            f"if it means outside, say so (void {found[0]})"
        )
    return InputError(
        f"holds {found.size} negative grain IDs, {found[0]} to {found[-1]}, and IDs "
        "are not negative: at most one of them can be the outside (void), so number "
        "the others anew"
    )


def _one_piece_each(spin: np.ndarray, grain_id: np.ndarray) -> bool:
    """Return whether each spin is above 0 and one connected piece."""
    of_grain = np.ones(int(grain_id.max()) + 1, spin.dtype)
    of_grain[grain_id] = spin
    own = of_grain[1:]
    return bool(own.min() > 0) and np.unique(own).size == own.size


def _renumbered(ids: np.ndarray, void: int | None) -> np.ndarray:
    """Return the numbers of the IDs in ascending order, 0 for the void."""
    known, inverse = np.unique(ids, return_inverse=True)
    inside = np.ones(known.size, bool) if void is None else known != void
    number = np.where(inside, np.cumsum(inside), 0).astype(np.int32)
    return number[inverse].reshape(ids.shape)
