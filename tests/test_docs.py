"""Pages name files, commands, options and links that exist."""

import importlib.util
import pkgutil
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from test_layers import ROOMS

import grainpaint
from grainpaint.cli import app

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "grainpaint"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
ROOTS = ("benchmarks", "docs", "examples", "src", "tests")
each_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda p: str(p.relative_to(ROOT))
)


def blocks(text):
    """Return the lines of code in fences, those that end in a backslash joined."""
    fenced = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.M | re.S)
    indented = re.findall(r"^    (?![ \-|*])(.*)$", text, re.M)
    code = "\n".join([*fenced, *indented]).replace("\\\n", " ")
    return [line.strip() for line in code.splitlines()]


def spans(text):
    """Return the code within running text."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))


def read(page):
    """Return the text of a page, less what is struck out."""
    return re.sub(r"~~.*?~~", "", page.read_text(encoding="utf-8"), flags=re.S)


def lost_paths(text):
    """Yield the files named in code that are not there."""
    for word in " ".join([*spans(text), *blocks(text)]).split():
        word = word.strip("'\",;:()")
        if any(mark in word for mark in "*{<$=[") or word.startswith("-"):
            continue
        path = word.split("::")[0]
        first, _, rest = path.partition("/")
        if rest and first in ROOTS:
            found = (ROOT / path).exists()
        elif path.endswith(".py") or (first in ROOMS and path.endswith("/")):
            found = (PACKAGE / path).exists()
        else:
            continue
        if not found:
            yield word


def parse(words, tolerant=False):
    """Parse a command line as grainpaint would, without running it."""
    command, parent, name = typer.main.get_command(app), None, "grainpaint"
    try:
        while True:
            context = command.make_context(name, words, parent=parent)
            if not hasattr(command, "resolve_command"):
                return
            words = [*context._protected_args, *context.args]
            name, command, words = command.resolve_command(context, words)
            parent = context
    except Exception as error:
        kind = type(error).__name__
        if kind == "Exit" or (tolerant and kind == "MissingParameter"):
            return  # --help, --version; or a command of which a part is named
        raise


def commands(lines):
    for line in lines:
        usage = "..." in line or set("[{").intersection(line)  # not a command
        if line.startswith("grainpaint ") and not usage:
            yield shlex.split(line, comments=True)[1:]


def headings(text):
    """Return the anchors that GitHub makes of the headings."""
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}


@each_page
def test_every_path_exists(page):
    assert list(lost_paths(read(page))) == []


@each_page
def test_every_command_line_parses(page):
    text = read(page)
    for words in commands(blocks(text)):
        parse(words)
    for words in commands(spans(text)):
        parse(words, tolerant=True)


@each_page
def test_every_name_in_python_exists(page):
    text = read(page)
    for name in re.findall(
        r"\bgrainpaint(?:\.[a-zA-Z]\w*)+", "\n".join([*spans(text), *blocks(text)])
    ):
        assert pkgutil.resolve_name(name) is not None


@each_page
def test_every_relative_link_resolves(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in headings(target.read_text(encoding="utf-8")), link


def test_the_checks_find_what_is_wrong():
    text = "`tests/nothing.py` `cli/app.py` and `grainpaint paint part.stl --no`"
    assert list(lost_paths(text)) == ["tests/nothing.py"]
    (words,) = commands(spans(text))
    with pytest.raises(Exception, match="No such option: --no"):
        parse(words, tolerant=True)
    with pytest.raises(Exception, match="No such command"):
        parse(["pant"])
    with pytest.raises(Exception, match="Missing"):
        parse(["paint", "part.stl"])


def test_the_page_of_commands_is_up_to_date():
    path = ROOT / "docs" / "make_cli.py"
    spec = importlib.util.spec_from_file_location("make_cli", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: make docs"
    assert set(module.EXAMPLES) == {name for name, _, _ in module.commands()}


def test_the_page_of_the_architecture_lists_the_rooms_in_their_order():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## Rooms")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == ROOMS


def test_every_file_names_the_same_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert project["project"]["version"] == grainpaint.__version__
    assert f"\nversion: {grainpaint.__version__}\n" in citation
    assert f"## {grainpaint.__version__} " in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("table", ["quality", "speed"])
def test_the_readme_has_places_for_the_tables_that_benchmarks_write(table):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"<!-- table: {table} -->\n.*?<!-- end -->", text, re.S)
