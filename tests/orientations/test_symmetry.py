"""Names of crystal symmetries."""

import pytest

from grainpaint.errors import InputError
from grainpaint.orientations.symmetry import GROUPS, checked_symmetry


@pytest.mark.parametrize(
    ("name", "group"),
    [("m-3m", "432"), ("6/mmm", "622"), ("Cubic", "432"), ("-3 m", "32"), (432, "432")],
)
def test_point_groups_and_words_mean_their_rotations(name, group):
    assert checked_symmetry(name) == group
    assert all(checked_symmetry(one) == one for one in GROUPS)


@pytest.mark.parametrize("name", ["2/m", "43", "", "trigonal"])
def test_what_is_unknown_or_of_several_meanings_is_refused(name):
    with pytest.raises(InputError, match="unknown crystal symmetry"):
        checked_symmetry(name)
