"""Figures of the JSON files as tables in Markdown, with the line on their source."""

import json
from pathlib import Path

__all__ = ["HERE", "columns_of", "listed", "markdown", "read", "source", "sourced"]
__all__ += ["written"]

HERE = Path(__file__).parent


def read(name):
    """Return what a JSON holds."""
    return json.loads((HERE / f"{name}.json").read_text())


def markdown(heads, rows):
    """Return a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in lines)


def source(*stamps):
    """Return a line for each stamp: command, machine, commit and date."""
    lines = []
    for stamp in stamps:
        machine = stamp["machine"]
        if (stamp["instructions"] or "").startswith("limited"):
            machine += f" {stamp['instructions']}"
        if stamp["commit"]:
            commit = f"commit {stamp['commit']}{', changed' if stamp['dirty'] else ''}"
        else:
            commit = "**older figures, commit not recorded**"
        line = f"`{stamp['command']}`; {machine}; {commit}; {stamp['date']}"
        lines += [line] if line not in lines else []
    return "<br>\n".join(f"<sub>{line}</sub>" for line in lines)


def sourced(stamp, heads, rows):
    """Return a table and the line with its source."""
    return markdown(heads, rows) + "\n\n" + source(stamp)


def columns_of(file, columns, key="rows", part=None):
    """Return a table with a row for each row of a JSON.

    Parameters
    ----------
    file : str
        Name of the JSON.
    columns : dict of str to (str, str)
        Key and format, by the head of each column.
    key, part : str
        Where the rows are.
    """
    content = read(file)[part] if part else read(file)
    rows = [
        [written(row[name], form) for name, form in columns.values()]
        for row in content[key]
    ]
    return sourced(content["stamp"], [*columns], rows)


def written(value, form=""):
    """Return a cell."""
    if value is None:
        return ""
    if isinstance(value, str) or not form:
        return str(value)
    return format(value, form)


def listed(file, key="rows", part=None):
    """Return a table of two columns, of a dict in a JSON."""
    content = read(file)[part] if part else read(file)
    rows = [
        [name, f"{value:,}"]
        for name, value in content[key].items()
        if value is not None
    ]
    return sourced(content["stamp"], ["what", "figure"], rows)
