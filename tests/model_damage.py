"""How the folder of a model is damaged: its cards and its files."""

import json

from grainpaint.network.loading import load_model


def read(folder):
    return load_model(str(folder))


def card(name="base", **changes):
    """Change fields of a card; `a__b` is field b of a."""

    def change(folder):
        path = folder / f"{name}.json"
        said = json.loads(path.read_text())
        for field, value in changes.items():
            *above, last = field.split("__")
            place = said
            for key in above:
                place = place[key]
            place[last] = value
        path.write_text(json.dumps(said))

    return change


def text(change, name="base.json"):
    return lambda folder: (folder / name).write_bytes(
        change((folder / name).read_bytes())
    )


def instead(make, name="base.safetensors"):
    """Put something else in the place of a file."""

    def change(folder):
        (folder / name).unlink()
        make(folder / name)

    return change
