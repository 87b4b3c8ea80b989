import pytest
from pydantic import ValidationError

from grainpaint.simulate.am.heat_affected_zone import LinearHaz


def test_zone_cannot_be_thinner_at_the_tail():
    with pytest.raises(ValidationError, match="tail"):
        LinearHaz(width=6, tail=5)
