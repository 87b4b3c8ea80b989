"""The language of SPPARKS' input scripts."""

import pytest

from grainpaint import InputError
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.script.language import commands


def follow(tmp_path, text, **variables):
    """Return the commands of a script, with their words."""
    path = tmp_path / "in.test"
    path.write_text(text)
    found = commands(path, variables, {"time": 7.5, "nglobal": 1000.0}.__getitem__)
    return [" | ".join((c.name, *c.words)) for c in found]


def formula(tmp_path, text):
    (line,) = follow(tmp_path, f'variable x equal "{text}"\nprint ${{x}}')
    return float(line.removeprefix("print | "))


def test_lines_are_joined_cut_and_split_as_in_spparks(tmp_path):
    text = 'a  1\t2 # note\n\nb 1 &\n  2 &\n3\n# c\nd "two words" "# kept $x" e'
    assert follow(tmp_path, text) == ["a | 1 | 2", "b | 1 | 2 | 3",
                                      "d | two words | # kept $x | e"]  # fmt: skip


def test_variables_are_put_in_by_name_and_by_letter(tmp_path):
    text = "variable n index 5 6\nvariable size index big\nrun $n ${size}x$n"
    assert follow(tmp_path, text) == ["run | 5 | bigx5"]


def test_the_first_definition_and_the_command_line_win(tmp_path):
    text = "variable n index 5\nvariable n index 6\nvariable m equal 1\nrun $n $m"
    assert follow(tmp_path, text) == ["run | 5 | 1"]
    assert follow(tmp_path, text, n="8", m="9") == ["run | 8 | 9"]


def test_loops_run_through_their_values(tmp_path):
    text = (
        "variable i loop 3\nvariable s index a b c\nlabel top\nrun $i $s\n"
        "next i s\njump in.test top\nrun end"
    )
    assert follow(tmp_path, text) == ["run | 1 | a", "run | 2 | b", "run | 3 | c",
                                      "run | end"]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_scripts_saved_by_other_systems_are_read(tmp_path, encoding, end):
    path = tmp_path / "in.test"
    path.write_bytes(f"seed 5{end}set i1 &{end} value 1 # one{end}".encode(encoding))
    found = [(c.name, *c.words) for c in commands(path, {}, float)]
    assert found == [("seed", "5"), ("set", "i1", "value", "1")]


def test_if_include_and_jump_forward(tmp_path):
    (tmp_path / "more").write_text("seed 1\n")
    text = (
        "variable n index 3\ninclude more\n"
        'if $n > 2 then "run $n" else "run 0"\nif $n == 2 then "run 9"\n'
        "jump in.test over\nrun ${undefined}\nlabel over\nrun 4"
    )
    assert follow(tmp_path, text) == ["seed | 1", "run | 3", "run | 4"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run 1\nrun ${N}", r"in\.test:2: no variable 'N': define it"),
        ("run ${N", r"in\.test:1: \$\{ without"),
        ('print "open', "quote is not closed"),
        ("jump in.test nowhere", "no label 'nowhere'"),
        ("jump no.file", "no.file"),
        ("jump SELF a", "LAMMPS' word"),
        ("variable a loop 2 4", "a loop has one number"),
        ("label a\njump in.test a", "endless loop"),
        ("variable a equal 1/0\nrun $a", "division by zero"),
        ("variable a equal sqrt(-1)\nrun $a", "formula 'sqrt.-1.'"),
        ("variable a equal (1+2\nrun $a", "bracket is not closed"),
        ("variable a equal 1+\nrun $a", "ends too early"),
        ("variable a equal size\nrun $a", "'size' is unknown"),
        ("variable a equal 1 + 2", "double quotes"),
        ("variable a world x y", "pass the one for a"),
        ("next a", "not a variable of style index or loop"),
        ("if 1 ~ 2 then run", "'~' is not supported, only =="),
        ("variable a-b index 1", "letters, digits and _"),
    ],
)
def test_mistakes_of_the_language_name_the_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as error:
        follow(tmp_path, text)
    assert "\n" not in str(error.value)


def script(tmp_path, text, **variables):
    path = tmp_path / "in.script"
    path.write_text(text)
    return read_script(path, variables)
