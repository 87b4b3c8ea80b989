"""What the project says it needs is what it imports and what make installs."""

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MODULES = {"libigl": "igl", "pillow": "PIL"}  # that have names of their own


def names(requirements):
    return {re.split("[<>=]", requirement)[0] for requirement in requirements}


def imported():
    """Return the packages that the modules import, late or not."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found


def test_all_that_is_installed_is_imported():
    project = PROJECT["project"]
    wanted = names(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        wanted |= names(extra)
    modules = {MODULES.get(name, name.replace("-", "_")) for name in wanted}
    assert modules - imported() == set()


def test_make_installs_the_group_of_tests():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^\t\$\(INSTALL\) ((?!-e).*)$", text, re.M)
    assert set(listed.split()) == names(PROJECT["dependency-groups"]["test"])
