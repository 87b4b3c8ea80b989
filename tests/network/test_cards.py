import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from grainpaint import InputError
from grainpaint.network.cards import (
    describe,
    is_paper,
    load_model,
    read_network,
    shipped,
)
from grainpaint.paper.model import describe_paper, load_paper


@pytest.fixture
def copy(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "mine")


def test_weights_come_back_as_they_were_written(tiny_model):
    model = load_model(str(tiny_model))
    stored = load_file(tiny_model / "base.safetensors")
    assert {v.dtype for v in stored.values()} == {torch.float16}
    network = read_network(tiny_model, model.base_card)
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, stored[key].float(), rtol=0, atol=0)
    assert len(model.sha256) == 64


@pytest.mark.parametrize(
    ("stage", "key", "field", "changes"),
    [
        ("refine", "sampling", "relax", True),
        ("base", "sampling", "n_steps", True),
        ("base", "metrics", "note", False),
    ],
)
def test_the_hash_of_a_model_knows_all_that_decides_grains(
    copy, stage, key, field, changes
):
    before = load_model(str(copy)).sha256
    card = json.loads((copy / f"{stage}.json").read_text())
    card[key][field] = 3
    (copy / f"{stage}.json").write_text(json.dumps(card))
    assert (load_model(str(copy)).sha256 != before) == changes


def test_every_shipped_model_loads_and_describes_itself():
    assert {"iso", "paper-iso"} <= set(shipped())
    for name in shipped():
        if is_paper(name):
            assert load_paper(name).card.edge == 32
            assert "times as many in 59 hours of a GPU" in describe_paper(name)[0]
        else:
            load_model(name)
            assert any("base" in line for line in describe(name))


def test_unknown_names_list_the_shipped_ones():
    with pytest.raises(InputError, match=r"no model 'isso'.*iso"):
        load_model("isso")


@pytest.mark.parametrize("keep", [0, 100, 2000])
def test_truncated_weights_are_refused(copy, keep):
    path = copy / "base.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"base\.safetensors.*damaged"):
        load_model(str(copy))


def test_foreign_weights_are_refused(copy):
    path = copy / "refine.safetensors"
    weights = load_file(path)
    save_file({"linear": torch.ones(3)}, path)
    with pytest.raises(InputError, match="not the weights of its card"):
        load_model(str(copy))
    save_file(weights | {"leave.bias": torch.ones(7)}, path)
    with pytest.raises(InputError, match="shape"):
        load_model(str(copy))
    bad = weights["leave.bias"].clone()
    bad[0] = float("nan")
    save_file(weights | {"leave.bias": bad}, path)
    with pytest.raises(InputError, match="not finite"):
        load_model(str(copy))
    path.unlink()
    with pytest.raises(InputError, match="lacks this file"):
        load_model(str(copy))


@pytest.mark.parametrize(
    "change",
    [
        lambda card: card | {"surprise": 1},
        lambda card: {k: v for k, v in card.items() if k != "network"},
        lambda card: card | {"stage": "coarse"},
    ],
)
def test_foreign_cards_are_refused(copy, change):
    path = copy / "base.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(InputError, match=r"base\.json.*model card"):
        load_model(str(copy))


def test_cards_that_are_no_json_are_refused(copy):
    (copy / "base.json").write_bytes(b"\x00\x01")
    with pytest.raises(InputError, match="model card"):
        load_model(str(copy))
