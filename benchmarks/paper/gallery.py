"""The six parts of the paper's Figure 7, each with three textures, in one picture.

Run: python benchmarks/paper/gallery.py [--seed 1]. The parts are those that
examples/make_parts.py makes. Volumes are kept in runs/gallery, so a stopped run goes
on. Writes docs/gallery.png, and gallery.json with what each picture holds. Parts of
your own, in a picture of your own: --parts a.stl b.stl --picture parts.png
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))

from common import REPOSITORY, folder_for, grainpaint, make_parser, save, show  # noqa: E402

from grainpaint import formats  # noqa: E402
from grainpaint.cad import load_part  # noqa: E402
from grainpaint.drawing.coloring import coloring  # noqa: E402
from grainpaint.drawing.plot import trimmed  # noqa: E402
from grainpaint.drawing.render import solid_picture  # noqa: E402

EXAMPLES = REPOSITORY / "examples"
PARTS = [
    EXAMPLES / "parts" / f"{name}.stl"
    for name in ("dog_bone", "gear", "helical_gear", "spring", "tube", "turbo_blade")
]
LONGEST = 120  # voxels
EVEN, FINE, COARSE = 10, 8, 24  # grain diameters, voxels
ROWS = ("equal grains", "graded grains", "laser powder bed")
WIDTH, HEIGHT = 330, 300  # pixels of a picture
MARGIN = 0.03  # of it


def graded(low, high, voxel):
    """Return a formula for grains that grow along the longest axis of a box."""
    axis = int(np.argmax(high - low))
    slope = (COARSE - FINE) * voxel / (high - low)[axis]
    return f"{FINE * voxel:.2f} + {slope:.6f} * ({'xyz'[axis]} - {low[axis]:.2f})"


def build(voxel, folder):
    """Write the recipe of examples/am.toml for voxels of an edge, on a low plate."""
    text = (EXAMPLES / "am.toml").read_text()
    changes = {
        '"5um"': f'"{voxel:.4f}um"',
        "height = 26": "height = 2",
        "[scan]": "[scan]\nfirst = 9",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "am.toml"
    path.write_text(text)
    return path


def painted(path, row, longest, seed, folder):
    """Return a part with a texture, from disk or painted now."""
    low, high = load_part(path).bounds
    voxel = round(float((high - low).max()) / longest, 4)
    out = folder / f"{path.stem}-{row.replace(' ', '-')}-{longest}-{seed}.npz"
    if not out.exists():
        with tempfile.TemporaryDirectory() as place:
            words = {
                ROWS[0]: ("--grain-size", f"{EVEN * voxel}um"),
                ROWS[1]: ("--grain-size", graded(low, high, voxel)),
                ROWS[2]: ("--model", "am", "--scan", build(voxel, Path(place))),
            }[row]
            folder.mkdir(parents=True, exist_ok=True)
            edge = ("--voxel", f"{voxel:.4f}um", "--seed", seed, "--no-picture")
            grainpaint("paint", path, *edge, *words, "-o", out)
    return formats.load(out)


def tile(volume):
    """Return the picture of a volume, in the middle of a white field."""
    volume = volume.compact()[0]
    image = trimmed(solid_picture(volume, coloring(volume).colors, whole=True))
    drawn = Image.fromarray(image)
    room = 1 - 2 * MARGIN
    drawn.thumbnail((int(WIDTH * room), int(HEIGHT * room)), Image.Resampling.LANCZOS)
    field = Image.new("RGB", (WIDTH, HEIGHT), "white")
    field.paste(drawn, ((WIDTH - drawn.width) // 2, (HEIGHT - drawn.height) // 2))
    return np.asarray(field)


def draw(tiles, names, path):
    """Draw tiles with the names of parts above and of textures at the left."""
    n_rows, n_columns, dots = len(tiles), len(names), 100
    side, top = 40, 40  # pixels
    wide, tall = side + n_columns * WIDTH, top + n_rows * HEIGHT
    figure = Figure(figsize=(wide / dots, tall / dots), dpi=dots)
    figure.figimage(np.concatenate([np.concatenate(row, 1) for row in tiles]), side, 0)
    for i, name in enumerate(names):
        x = (side + (i + 0.5) * WIDTH) / wide
        figure.text(x, 1 - top / 2 / tall, name, ha="center", va="center", size=17)
    for i, row in enumerate(ROWS):
        y = 1 - (top + (i + 0.5) * HEIGHT) / tall
        x = side / 2 / wide
        figure.text(x, y, row, ha="center", va="center", rotation=90, size=17)
    figure.savefig(path)
    few = Image.open(path).convert("RGB").quantize(255, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def main():
    parser = make_parser(__doc__, longest=48, parts=[PARTS[1], PARTS[4]])
    parser.add_argument("--parts", type=Path, nargs="+", default=PARTS)
    parser.add_argument("--picture", type=Path, default=REPOSITORY / "docs/gallery.png")
    parser.add_argument("--longest", type=int, default=LONGEST, help="voxels")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows, tiles = [], []
    with folder_for(options, "gallery") as folder:
        for row in ROWS:
            tiles.append([])
            for path in options.parts:
                found = painted(path, row, options.longest, options.seed, folder)
                n_voxels, n_grains = int(found.mask.sum()), len(found.ids())
                rows.append({"part": path.stem, "texture": row})
                rows[-1] |= {"voxels": n_voxels, "grains": n_grains}
                tiles[-1].append(tile(found))
        names = [path.stem.replace("_", " ") for path in options.parts]
        picture = folder / "gallery.png" if options.quick else options.picture
        draw(tiles, names, picture)
    show(rows)
    if options.parts == PARTS or options.quick:
        save(options, Path(__file__), {"longest": options.longest, "rows": rows})


if __name__ == "__main__":
    main()
