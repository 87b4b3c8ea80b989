import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_formulas_are_evaluated_when_they_are_used(tmp_path):
    text = "variable a equal 1\nvariable b equal v_a+1\nvariable a equal 5\nrun $b"
    assert follow(tmp_path, text) == ["run | 6"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2+3*4^2", 50),
        ("2^3^2", 64),  # from left to right
        ("-2^2", 4),  # the minus binds closer
        ("(1+2)*(3-5)/4", -1.5),
        ("8/4/2-1-1", -1),
        ("sqrt(16)+ln(exp(2))+log(1000)", 9),
        ("round(2.5)+floor(-1.5)+ceil(1.2)", 3),
        ("2.5e2 + .5", 250.5),
        ("time*2 + nglobal", 1015),
        ("cos(PI)", -1),
    ],
)
def test_formulas_have_the_values_of_spparks(tmp_path, text, value):
    assert formula(tmp_path, text) == pytest.approx(value)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), st.data())
def test_formulas_agree_with_python_on_the_four_operations(tmp_path_factory, n, data):
    signs = [data.draw(st.sampled_from("+-*/")) for _ in n[1:]]
    text = str(n[0]) + "".join(f"{s}{v}" for s, v in zip(signs, n[1:]))
    found = formula(tmp_path_factory.mktemp("f"), text)
    assert found == pytest.approx(eval(text), rel=1e-9)


def script(tmp_path, text, **variables):
    path = tmp_path / "in.script"
    path.write_text(text)
    return read_script(path, variables)
