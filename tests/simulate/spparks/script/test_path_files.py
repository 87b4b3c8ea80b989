import pytest

from grainpaint.errors import InputError
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.runner import run_simulation

SCRIPT = """seed 100
app_style potts/am/path/gen
lattice sc/26n 1.0
boundary n n p
region box block -10 60 4 34 0 20
create_box box
am pass 1 dir X speed 14 hatch 17.3
am pass 2 dir Y speed 14 hatch 40
am cartesian_layer 1 start LL pass_id 1 thickness 3 offset -80.0 0.0 serpentine 1
am cartesian_layer 2 start UL pass_id 2 thickness 3 offset 0.0 80.0 serpentine 1
pathgen outfile paths.dat num_layers 3 zstart 2 width_haz 13 melt_depth 4 depth_haz 5
"""
# Written by SPPARKS (October 2025).
IN_SPPARKS = """\
layer window        2        5  haz        2        5 melt_depth        4
path start    -90.0      4.0 end    140.0      4.0 block      -10       60        4       11 
path start    140.0     21.3 end    -90.0     21.3 block      -10       60       14       29 
layer window        5        8  haz        3        8 melt_depth        4
path start    -10.0    114.0 end    -10.0    -76.0 block      -10       -3        4       34 
path start     30.0    -76.0 end     30.0    114.0 block       23       37        4       34 
layer window        8       11  haz        6       11 melt_depth        4
path start    -90.0      4.0 end    140.0      4.0 block      -10       60        4       11 
path start    140.0     21.3 end    -90.0     21.3 block      -10       60       14       29 
"""  # noqa: E501, W291


def test_the_file_of_paths_is_the_one_of_spparks(tmp_path):
    path = tmp_path / "in.path_gen"
    path.write_text(SCRIPT)
    simulation = read_script(path)
    assert list(run_simulation(simulation, folder=tmp_path)) == []
    text = (tmp_path / "paths.dat").read_text()
    assert text == IN_SPPARKS


def test_nothing_is_run_or_written_without_pathgen(tmp_path):
    path = tmp_path / "in.path_gen"
    path.write_text(SCRIPT.replace("pathgen", "# "))
    with pytest.raises(InputError, match="no pathgen: nothing to write"):
        read_script(path)
    path.write_text(SCRIPT.split("app_style")[0] + "app_style potts 9\npathgen a\n")
    with pytest.raises(InputError, match="needs app_style potts/am/path/gen"):
        read_script(path)
