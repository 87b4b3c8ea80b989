"""The front door."""

import pytest

from grainpaint import measure
from grainpaint.drawing.report import report
from grainpaint.measure.comparison import compare
from grainpaint.measure.grain_table import table
from grainpaint.measure.soundness import check


def test_the_front_door_offers_the_functions_of_its_modules():
    assert measure.__all__ == dir(measure) == ["check", "compare", "report", "table"]
    assert measure.table is table
    assert measure.compare is compare
    assert measure.check is check
    assert measure.report is report
    with pytest.raises(AttributeError):
        _ = measure.nothing
