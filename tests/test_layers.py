"""The house that docs/architecture.md draws: nothing imports upward, late or not."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import networkx
import pytest

import grainpaint

ROOT = Path(grainpaint.__file__).parent
# From the ground up. A room, a file or a folder, imports from rooms below it only.
ROOMS = [
    "errors",
    "philox",
    "freshness",
    "compiled",
    "progress",
    "units",
    "arguments",
    "diameter",
    "orientations",
    "microstructure",
    "pyramid",
    "palette",
    "segmentation",
    "formats",
    "cad",
    "record",
    "store",
    "executors",
    "simulate",
    "network",
    "measure",
    "orienting",
    "meshing",
    "generation",
    "paper",
    "drawing",
    "cli",
    "__main__",
]
# What a volume offers of the rooms above: its methods load them when they are called.
OFFERED = {("microstructure", room) for room in ("formats", "measure", "drawing")}
# The front door of the measures offers the report, which is drawn.
OFFERED |= {("measure", "drawing")}
MODULES = sorted(p for p in ROOT.rglob("*.py") if p != ROOT / "__init__.py")
each_module = pytest.mark.parametrize(
    "path", MODULES, ids=lambda p: str(p.relative_to(ROOT))
)


def dotted(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(p for p in parts if p != "__init__")


NAMES = {dotted(path) for path in MODULES}
LAST_NAMES = {name.split(".")[-1] for name in NAMES}


@cache
def parsed(path):
    return ast.parse(path.read_text())


def imports(path):
    """Yield (module, name) for all that is imported, within functions too."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module.split(".")[0] != "grainpaint":
                continue
            module = node.module.removeprefix("grainpaint").removeprefix(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".removeprefix(".")
                yield (inner, None) if inner in NAMES else (module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "grainpaint":
                    yield alias.name.removeprefix("grainpaint").removeprefix("."), None


@each_module
def test_no_module_imports_upward(path):
    room = dotted(path).split(".")[0]
    for module, _ in imports(path):
        other = module.split(".")[0]
        if other and other != room and (dotted(path), other) not in OFFERED:
            assert ROOMS.index(other) < ROOMS.index(room), module


@each_module
def test_no_private_name_crosses_modules(path):
    tree = parsed(path)
    own = {node.asname or node.name for node in ast.walk(tree) if is_module(node)}
    for module, name in imports(path):
        assert name is None or not private(name), f"{name} of {module}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert not (node.value.id in own and private(node.attr)), node.attr


def is_module(node):
    return isinstance(node, ast.alias) and node.name in LAST_NAMES


def private(name):
    return name.startswith("_") and not name.startswith("__")


def test_no_circle_within_a_room():
    graph = networkx.DiGraph()
    for path in MODULES:
        for module, _ in imports(path):
            if module in NAMES and module.split(".")[0] == dotted(path).split(".")[0]:
                graph.add_edge(dotted(path), module)
    graph.remove_edges_from(list(networkx.selfloop_edges(graph)))
    circles = [" -> ".join(circle) for circle in networkx.simple_cycles(graph)]
    assert circles == []


def test_every_room_stands_in_the_list():
    assert {dotted(path).split(".")[0] for path in MODULES} == set(ROOMS)


def test_the_test_of_imports_finds_late_and_private_ones(tmp_path):
    module = tmp_path / "module.py"
    module.write_text(
        "def f():\n    from grainpaint.cli import app\n"
        "    from grainpaint.segmentation.pieces import _root\n"
    )
    assert [*imports(module)] == [("cli.app", None), ("segmentation.pieces", "_root")]


def test_no_module_and_no_function_is_too_long():
    lengths = []
    for path in MODULES:
        text = path.read_text()
        lengths.append(text.count("\n"))
        assert lengths[-1] <= 400, path
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 80, (path, node.name)
    assert sorted(lengths)[len(lengths) // 2] <= 150


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_no_file_beside_the_package_is_too_long(folder):
    files = Path(__file__).parents[1].joinpath(folder).rglob("*.py")
    lengths = {str(path): path.read_text().count("\n") for path in files}
    assert max(lengths.values()) <= 400, max(lengths, key=lengths.get)


def test_import_of_the_package_loads_no_heavy_library():
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
