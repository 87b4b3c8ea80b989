from grainpaint.network.card_file import card_fields
from grainpaint.network.description import describe
from grainpaint.network.loading import load_any, load_model
from grainpaint.network.lookup import find_model, kind_of, shipped
from grainpaint.paper.model import describe_paper, load_paper
from grainpaint.simulate.am.channels import CHANNELS


def test_every_shipped_model_loads_and_describes_itself():
    assert {kind_of(name) for name in shipped()} == {"pyramid", "paper", "additive"}
    for name in shipped():
        cards = find_model(name, kind_of(name)).glob("*.json")
        assert all(len(card_fields(card)["weights_sha256"]) == 64 for card in cards)
        if kind_of(name) == "paper":
            assert load_paper(name).card.edge == 32
            assert "the authors' on " in describe_paper(name)[0]
        elif kind_of(name) == "additive":
            assert load_any(name).base.config.n_maps == len(CHANNELS)
            assert any("pool width 14..32" in line for line in describe(name))
        else:
            assert load_model(name).name == name
            heads = [line.split(":")[0] for line in describe(name) if line[0] != " "]
            assert heads == ["base", "refine"]
