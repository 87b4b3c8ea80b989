"""The JSON of a comparison."""

import dataclasses
import json

import numpy as np

from grainpaint.measure.results import (
    Comparison,
    CurveComparison,
    DescriptorComparison,
    MeasureComparison,
    SetSummary,
)

DISTANCES = (0.2, (0.1, 0.3), 0.05) * 3
ENDS = ("", "_interval", "_floor")
KEYS = [f"{name}{end}" for name in ("kl", "wasserstein", "ks") for end in ENDS]


def test_json_has_every_field_and_no_tuples_or_arrays():
    inside = DescriptorComparison(*DISTANCES, 0.1, 0.5, 4.0, "different", 30, 40)
    without = DescriptorComparison(*(None,) * 12, "too few grains", 3, 40)
    whole = dataclasses.replace(inside, interior=inside)
    curve = CurveComparison(*np.arange(10.0).reshape(5, 2), 0.5)
    summary = SetSummary(1, (4, 5, 6), (1.0,) * 3, (True, False, False), 120, 30, 12)
    found = Comparison(
        {"volume": whole, "area": without},
        {"roughness": MeasureComparison(1.0, None, 2.0, None, 0.5, None)},
        {"radial": curve},
        summary,
        summary,
        ("a note",),
    ).to_dict()
    assert json.loads(json.dumps(found)) == found
    volume = found["volume"]
    assert list(volume) == [
        "title", "unit", "interior", *KEYS, "kl_floor_largest", "p", "ratio_to_floor",
        "verdict", "n_generated", "n_reference",
    ]  # fmt: skip
    assert list(volume["interior"]) == list(volume)[3:]
    assert volume["kl_interval"] == [0.1, 0.3]
    assert found["area"]["verdict"] == "too few grains"
    assert found["area"]["interior"] is None
    assert found["correlation"]["radial"]["generated"] == [2.0, 3.0]
    assert found["generated"]["shape"] == [4, 5, 6]
    assert found["notes"] == ["a note"]


def test_what_is_not_defined_is_null_in_json():
    entry = MeasureComparison(float("nan"), None, 2.0, None, None, None)
    curve = CurveComparison(*np.full((5, 2), np.nan), float("nan"))
    summary = SetSummary(1, (4, 5, 1), (1.0,) * 3, (False,) * 3, 20, 3, 3)
    found = Comparison(
        {}, {"roughness": entry}, {"x": curve}, summary, summary, ()
    ).to_dict()
    assert found["measures"]["roughness"]["generated"] is None
    assert found["correlation"]["x"]["reference"] == [None, None]
    json.dumps(found, allow_nan=False)
