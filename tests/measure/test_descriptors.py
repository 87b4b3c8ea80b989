"""Descriptors name what the table and the volumes hold."""

import pytest

from grainpaint.measure.descriptors import DESCRIPTORS
from grainpaint.measure.population import population


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_every_descriptor_has_values(measured, name):
    descriptor = DESCRIPTORS[name]
    found = population(measured[:1], name)
    assert found.values.shape[1] == max(1, len(descriptor.columns))
    assert bool(descriptor.columns) == (descriptor.chord_axis is None)
    assert (found.values >= 0).all()
    assert descriptor.is_length == (descriptor.unit != "")
