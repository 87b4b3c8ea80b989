import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from grainpaint.errors import InputError
from grainpaint.generation.sampler import Start, sample_one
from grainpaint.network.batch import draw_batch
from grainpaint.network.dataset import load_sets
from grainpaint.network.loading import load_model
from grainpaint.network.samples import Samples
from grainpaint.network.student import (
    STUDENT,
    StudentConfig,
    Teacher,
    student_losses,
    train_student,
)
from grainpaint.network.train import noise_like
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.network.weights import read_network
from grainpaint.palette import palette


def config(teacher):
    network = NetworkConfig(dim=3, n_colors=12, channels=(8, 8), inner=(3, 2), head=2)
    how = {"network": network, "batch": 2, "warmup": 5, "teacher": str(teacher)}
    how |= {"learning_rate": 0.01, "muon_learning_rate": 0.01}
    return StudentConfig(**{**dict(STUDENT), **how})


@pytest.fixture
def teacher(tiny_model):
    model = load_model(str(tiny_model), precision="float32")
    colors = torch.from_numpy(palette(model.base.config.dim))
    return Teacher(model.base, model.base_card.sampling, colors)


@pytest.fixture
def questions(volumes, rng):
    """Draw what a student is asked: noised data with known boxes, noise, a size."""
    samples = Samples(load_sets(volumes), "base", 12)
    batch = draw_batch(samples, np.array([0.8, 0.5]), 1.0, rng)
    generator = torch.Generator().manual_seed(3)
    eps = noise_like(batch, 3, generator)
    noise = torch.randn((1, *eps.shape[1:]), generator=generator)
    return batch, eps, noise, torch.tensor(5.3)


def test_the_way_of_the_teacher_is_that_of_the_sampler(teacher, rng):
    noise = rng.normal(size=(16, 16, 16, 3)).astype(np.float32)
    sampling = teacher.sampling.model_copy(update={"grain_diameter": 5.3})
    states = teacher.on_the_way(torch.from_numpy(noise.copy())[None], 5.3)
    assert len(states) == sampling.n_steps
    drawn = sample_one(teacher.network, Start(noise), sampling)
    found = states[-1][3][0].argmax(-1).numpy()
    places = (len(states) - 1) % 2  # as far as the last step sees voxels moved
    np.testing.assert_array_equal(np.roll(found, (-places,) * 3, (0, 1, 2)), drawn)


def test_the_teacher_has_nothing_to_learn_from_itself(teacher, questions, tiny_model):
    same, other = UNet(teacher.network.config), UNet(teacher.network.config)
    same.load_state_dict(
        {k: v.float() for k, v in load_file(tiny_model / "base.safetensors").items()}
    )
    _, alike = student_losses(same, questions, teacher, "float32")
    rough, apart = student_losses(other, questions, teacher, "float32")
    assert abs(alike.item()) < 1e-4
    assert apart.item() == rough.item() > 0.05  # a new network says nothing yet


@pytest.fixture
def one_level(monkeypatch):
    monkeypatch.setattr("grainpaint.network.train._HELD_OUT_LEVELS", (0.9,))


def test_a_student_begins_near_its_teacher_and_comes_nearer(
    teacher, questions, tiny_model, volumes, tmp_path, one_level
):
    how = config(tiny_model)
    cards = [
        train_student(how, volumes, tmp_path / str(n), n_steps=n) for n in (1, 100)
    ]
    assert cards[1].sampling == teacher.sampling
    first, then = (
        student_losses(network, questions, teacher, "float32")
        for network in (read_network(tmp_path / "1", cards[0]), UNet(how.network))
    )
    assert first[1] < 0.5 * then[1]
    trained = read_network(tmp_path / "100", cards[1])
    for now, before in zip(
        student_losses(trained, questions, teacher, "float32"), first
    ):
        assert now < 0.8 * before


def test_a_student_is_no_teacher(volumes, tmp_path):
    with pytest.raises(InputError, match="'iso' is a student itself"):
        train_student(config("iso"), volumes, tmp_path)


def test_a_student_has_the_channels_of_its_teacher(tiny_model, volumes, tmp_path):
    other = config(tiny_model).network.model_copy(update={"channels": (8, 16)})
    how = config(tiny_model).model_copy(update={"network": other})
    with pytest.raises(InputError, match=r"channels.*\(8, 8\).*\(8, 16\)"):
        train_student(how, volumes, tmp_path)
