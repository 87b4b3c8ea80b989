"""Nothing imports upward: the house that DESIGN and docs/decisions.md draw."""

import ast
from pathlib import Path

import pytest

import grainpaint

ROOT = Path(grainpaint.__file__).parent
# A module may import from lower rows only (or its own package).
LAYERS = [
    {"compiled", "errors", "philox", "precision", "progress", "quantity"},
    {
        "microstructure",
        "segment",
        "separate",
        "tiles",
        "dbscan",
        "encode",
        "pyramid",
        "unet",
        "diffusion",
        "inference",
        "optimize",
        "plan",
        "blocks",
        "ddpm",
        "repaint",
    },
    {
        "formats",
        "grain_size",
        "model",
        "cad",
        "stats",
        "seams",
        "integrity",
        "outputs",
        "picture",
        "store",
        "tags",
    },
    {"simulate", "dataset", "render", "pieces", "plot", "spatial"},
    {"population"},
    {"distances"},
    {"sample"},
    {"train", "volume", "compare"},
    {"generation", "engine", "extend"},
    {"forecast", "paper"},
    {"figures"},
    {"report"},
    {"record"},
    {"cli"},
    {"__main__"},
]
LEVEL = {name: i for i, row in enumerate(LAYERS) for name in row}
MODULES = sorted(p for p in ROOT.rglob("*.py") if p != ROOT / "__init__.py")


def room(path):
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imports(path):
    """Yield the rooms imported at module level; those within functions are late."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "grainpaint"
        ):
            parts = node.module.split(".")
            yield from [parts[1]] if parts[1:] else [a.name for a in node.names]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_imports_upward(path):
    for other in imports(path):
        same_row = LEVEL[other] == LEVEL[room(path)]
        assert same_row or LEVEL[other] < LEVEL[room(path)], other


def test_import_of_the_package_loads_no_heavy_library():
    import subprocess
    import sys

    code = (
        "import sys, grainpaint, grainpaint.cli;"
        "heavy = {'torch', 'numba', 'zarr', 'vtk', 'pyvista', 'matplotlib', 'scipy',"
        " 'pandas', 'pyarrow', 'k3d', 'jinja2'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"
