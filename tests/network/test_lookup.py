import json
from pathlib import Path

import pytest

from grainpaint import InputError
from grainpaint.network.loading import load_model
from grainpaint.network.lookup import find_model, kind_of, model_digest, shipped


def test_shipped_models_and_folders_of_ones_own_have_a_kind(tiny_model):
    assert {"iso", "iso-large", "paper-iso"} <= set(shipped())
    assert kind_of("iso") == kind_of(str(tiny_model)) == "pyramid"
    assert kind_of("paper-iso") == "paper"
    assert find_model("paper-iso", "paper").name == "paper-iso"
    assert find_model(str(tiny_model)) == tiny_model


def test_a_model_of_another_kind_is_refused():
    with pytest.raises(InputError, match=r"of another kind: it has paper\.json, but"):
        find_model("paper-iso")
    with pytest.raises(InputError, match=r"base\.json, but paper\.json is needed"):
        find_model("iso", "paper")


def test_a_shipped_name_comes_before_a_folder(tiny_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paper-iso").symlink_to(tiny_model)
    assert kind_of("paper-iso") == "paper"
    assert kind_of(str(Path("paper-iso").resolve())) == "pyramid"


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("iso", "7f7d0729f8d564eb"),
        ("iso-large", "71face995755349b"),
        ("paper-iso", "c8e38e35f3823744"),
    ],
)
def test_the_digests_in_old_records_stay_valid(name, digest):
    """A new model of an old name breaks old records: they ask for the digest."""
    assert model_digest(name).startswith(digest)


@pytest.mark.parametrize(
    ("stage", "key", "field", "changes"),
    [
        ("refine", "sampling", "relax", True),
        ("base", "sampling", "n_steps", True),
        ("base", "metrics", "note", False),
    ],
)
def test_the_digest_changes_with_all_that_decides_grains_only(
    own_model, stage, key, field, changes
):
    before = load_model(str(own_model)).sha256
    card = json.loads((own_model / f"{stage}.json").read_text())
    card[key][field] = 3
    (own_model / f"{stage}.json").write_text(json.dumps(card))
    assert (load_model(str(own_model)).sha256 != before) == changes


def test_unknown_names_list_the_shipped_ones():
    with pytest.raises(InputError, match=r"no model 'isso'.*iso"):
        load_model("isso")
    with pytest.raises(InputError, match="no model"):
        kind_of("isso")
