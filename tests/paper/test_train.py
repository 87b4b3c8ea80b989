import pytest
from safetensors.torch import load_file
from samples import PAPER_NETWORK

from grainpaint import InputError
from grainpaint.generation.domain import Domain
from grainpaint.paper.model import load_paper
from grainpaint.paper.recipe import PaperOptions, make_paper_recipe
from grainpaint.paper.train import PaperTraining, train_paper


def config(**changes):
    settings = {"batch": 2, "warmup": 5, "edge": 16, "network": PAPER_NETWORK}
    return PaperTraining(**{**settings, **changes})


def test_training_lowers_the_error_and_resumes_bit_for_bit(volumes, tmp_path):
    whole = train_paper(config(), volumes, tmp_path / "once", n_steps=24)
    train_paper(config(), volumes, tmp_path / "twice", n_steps=10)
    again = train_paper(config(), volumes, tmp_path / "twice", n_steps=24, resume=True)
    weights = [
        load_file(tmp_path / f"{x}/paper.safetensors") for x in ("once", "twice")
    ]
    assert all((weights[0][key] == weights[1][key]).all() for key in weights[0])
    assert whole.metrics == again.metrics
    first = train_paper(config(), volumes, tmp_path / "first", n_steps=1)
    for level, error in whole.metrics["held_out_noise_error"].items():
        assert error < first.metrics["held_out_noise_error"][level]
    assert load_paper(str(tmp_path / "once")).card == whole


@pytest.mark.parametrize(("kind", "plan"), [("closed", "grid"), ("open", "center")])
def test_open_volumes_make_a_model_whose_blocks_go_outwards(
    volumes, tmp_path, kind, plan
):
    card = train_paper(config(), volumes / kind, tmp_path / "model", n_steps=1)
    assert card.plan == plan
    recipe = make_paper_recipe(Domain((32, 32, 32)), model=str(tmp_path / "model"))
    assert recipe.plan == plan
    other = PaperOptions("grid")
    assert make_paper_recipe(Domain((32,) * 3), other, recipe.model).plan == "grid"


def test_training_refuses_what_cannot_serve(volumes, tmp_path):
    with pytest.raises(InputError, match="multiple of 4 voxels, got 18"):
        train_paper(config(edge=18), volumes, tmp_path / "x")
    with pytest.raises(InputError, match="at least 48 voxels"):
        train_paper(config(edge=48), volumes, tmp_path / "x")
    with pytest.raises(InputError, match="above 0"):
        train_paper(config(), volumes, tmp_path / "x", minutes=0)
    assert not (tmp_path / "x").exists()
