import numpy as np
import pytest
import torch
from safetensors.torch import load_file

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
    network = NetworkConfig(dim=3, n_colors=12, channels=(16, 16), head=8)
    how = {"network": network, "batch": 2, "warmup": 5, "teacher": str(teacher)}
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
    np.testing.assert_array_equal(states[-1][3][0].argmax(-1).numpy(), drawn)


def test_the_teacher_has_nothing_to_learn_from_itself(teacher, questions, tiny_model):
    same, other = UNet(teacher.network.config), UNet(teacher.network.config)
    same.load_state_dict(
        {k: v.float() for k, v in load_file(tiny_model / "base.safetensors").items()}
    )
    _, alike = student_losses(same, questions, teacher, "float32")
    rough, apart = student_losses(other, questions, teacher, "float32")
    assert abs(alike.item()) < 1e-4
    assert apart.item() == rough.item() > 0.05  # a new network says nothing yet


def test_a_student_comes_nearer_to_its_teacher(
    teacher, questions, tiny_model, volumes, tmp_path, monkeypatch
):
    monkeypatch.setattr("grainpaint.network.train._HELD_OUT_LEVELS", (0.9,))
    how = config(tiny_model)
    card = train_student(how, volumes, tmp_path, n_steps=60)
    assert card.sampling == teacher.sampling
    student = read_network(tmp_path, card)
    found, before = (
        student_losses(network, questions, teacher, "float32")
        for network in (student, UNet(how.network))
    )
    for now, then in zip(found, before):
        assert now < 0.8 * then
