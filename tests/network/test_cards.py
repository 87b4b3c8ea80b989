import json

import pytest

from grainpaint import InputError
from grainpaint.network.loading import load_model


@pytest.mark.parametrize(
    "change",
    [
        lambda card: card | {"surprise": 1},
        lambda card: {k: v for k, v in card.items() if k != "network"},
        lambda card: card | {"stage": "coarse"},
    ],
)
def test_foreign_cards_are_refused(own_model, change):
    path = own_model / "base.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(InputError, match=r"base\.json.*model card"):
        load_model(str(own_model))


def test_cards_that_are_no_json_are_refused(own_model):
    (own_model / "base.json").write_bytes(b"\x00\x01")
    with pytest.raises(InputError, match="model card"):
        load_model(str(own_model))
