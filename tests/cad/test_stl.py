"""STL files: every spelling is read, damaged ones are refused in words."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solids import box
from stl_bytes import binary_stl, text_stl

from grainpaint import InputError
from grainpaint.cad import load_part
from grainpaint.cad.stl import is_stl, stl_triangles

CUBE = box((10, 10, 10), (5, 6, 7)).triangles
TEXT = text_stl(CUBE)
LENGTHS = [0, 1, 7, 48, 49, 50, 51, 200, 3, 0, 5, 9]

# Each is the cube, and what the note says.
BINARY = {
    "plain": (binary_stl(CUBE), None),
    "a byte more": (binary_stl(CUBE) + b"x", "behind the last"),
    "a text more": (binary_stl(CUBE) + b"color 1 2 3\n" * 9, "behind the last"),
    "no attribute at the end": (binary_stl(CUBE)[:-2], "an attribute, are missing"),
    "zeros as long as a triangle": (binary_stl(CUBE) + bytes(50), "behind the last"),
    "count 0": (binary_stl(CUBE, 0), "does not count"),
    "count 0 and a tail": (binary_stl(CUBE, 0) + bytes(9), "does not count"),
    "count -1": (binary_stl(CUBE, 2**32 - 1), "does not count"),
    "count too large": (binary_stl(CUBE, 17), "promises 17 triangles, it holds 12"),
    "count too small": (binary_stl(CUBE, 5), "promises 5 triangles, it holds 12"),
    "payloads": (binary_stl(CUBE, payloads=[b"\1" * n for n in LENGTHS]), "attribute"),
    "payloads and a tail": (
        binary_stl(CUBE, payloads=[b"\1\2\3" * 30] * 12) + b"zz",
        "attribute",
    ),
    "colors": (binary_stl(CUBE, color=0x7FFF), None),
    "colors and a tail": (binary_stl(CUBE, color=0x8123) + b"ab", "behind the last"),
    "solid in the head": (binary_stl(CUBE, head=b"solid base exported"), None),
    "words in the head": (binary_stl(CUBE, head=b"solid facet vertex" * 4), None),
    "big-endian": (binary_stl(CUBE, order=">"), "big-endian"),
}
ASCII = {
    "plain": TEXT,
    "upper case": TEXT.upper(),
    "no names": text_stl(CUBE, name="solid", end="endsolid"),
    "no space": text_stl(CUBE, name="solidcube", end="endsolidcube"),
    "end solid": text_stl(CUBE, end="end solid x"),
    "end facet": TEXT.replace("endfacet", "end facet").replace("endloop", "END LOOP"),
    "a name of words": text_stl(
        CUBE, name="solid facet normal vertex outer loop", end="endsolid facet vertex"
    ),
    "a long name": text_stl(CUBE, name="solid " + "/" * 9000, end="endsolid"),
    "a name with zeros": text_stl(CUBE, name="solid x\0\0\0"),
    "a name of letters": text_stl(CUBE, name="solid größer"),
    "CR LF": text_stl(CUBE, line="\r\n"),
    "CR": text_stl(CUBE, line="\r"),
    "tabs": text_stl(CUBE, gap="\t\t"),
    "empty lines": text_stl(CUBE, line="\n\n \n"),
    "one line": text_stl(CUBE, line=" "),
    "two solids": text_stl(CUBE[:5], end="endsolid a") + text_stl(CUBE[5:], "solid b"),
    "text behind": TEXT + "made by hand\nfacet count 12\nvertex count: 36\n\x1a",
    "text before": "# made by hand\n" + TEXT,
    "colors": text_stl(CUBE, end="color 1 0 0\nendsolid"),
    "zeros behind": TEXT + "\0" * 300,
    "exponents": text_stl(CUBE, number="%+.7E"),
    "exponents of Fortran": text_stl(CUBE, number="%.8E").replace("E+", "D+"),
    "columns": text_stl(CUBE, number="%18.9f"),
    "no normals": text_stl(CUBE, normal="facet"),
    "normals of zeros by zeros": text_stl(CUBE, normal="facet normal nan -nan(ind) 0"),
    "normals of Windows": text_stl(CUBE, normal="facet normal -1.#IND 1.#QNAN 1.#INF"),
}
ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("kind", BINARY)
def test_binary_files_are_read_by_what_they_hold(tmp_path, kind):
    data, note = BINARY[kind]
    triangles, notes = stl_triangles(tmp_path, data)
    np.testing.assert_array_equal(triangles, CUBE)
    assert len(notes) == (note is not None)
    assert note is None or note in notes[0]
    assert is_stl(data)


@pytest.mark.parametrize("kind", ASCII)
def test_ascii_files_are_read_in_every_spelling(tmp_path, kind):
    data = ASCII[kind].encode()
    triangles, notes = stl_triangles(tmp_path, data)
    np.testing.assert_allclose(triangles, CUBE, rtol=1e-7)
    assert notes == ()
    assert is_stl(data)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_ascii_files_may_be_unicode(tmp_path, encoding):
    triangles, _ = stl_triangles(tmp_path, TEXT.encode(encoding))
    np.testing.assert_array_equal(triangles, CUBE)


def test_a_missing_end_is_said(tmp_path):
    triangles, notes = stl_triangles(tmp_path, text_stl(CUBE, end="").encode())
    assert len(triangles) == 12
    assert "endsolid" in notes[0]


@given(
    st.lists(
        st.floats(-1e9, 1e9) | st.floats(allow_nan=False, allow_infinity=False),
        min_size=9,
        max_size=9,
    ),
    st.sampled_from(["%r", "%.17g", "%.6g", "%.4e", "%.3f", "%+.9E"]),
)
def test_numbers_are_those_that_python_reads(values, form):
    words = [form % v for v in values]
    triangle = np.array(words, object).reshape(1, 3, 3)
    found, _ = stl_triangles(None, text_stl(triangle, number="%s").encode())
    want = [float(word) for word in words]
    np.testing.assert_allclose(found.ravel(), want, rtol=1e-14, atol=1e-300)


BAD = {
    "empty": (b"", "empty"),
    "short": (b"STL", "not an STL"),
    "prose": (b"I am not a mesh, I am a letter to my aunt.\n" * 9, "not an STL"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "not an STL"),
    "zeros": (bytes(1000), "not an STL"),
    "no triangles": (bytes(84), "no triangles"),
    "no facets": (b"solid x\nendsolid x\n", "no triangles"),
    "cut": (binary_stl(CUBE)[:-60], "truncated"),
    "cut at the last byte": (binary_stl(CUBE)[:-1], "truncated"),
    "cut text": (TEXT[:900].encode(), "truncated"),
    "cut within a word": (TEXT[: TEXT.rindex("rtex 1")].encode(), "truncated"),
    "cut before the last word": (TEXT[: TEXT.rindex("endfacet")].encode(), "truncated"),
    "a wrong word": (TEXT.replace("vertex", "vortex").encode(), "line 4 .*'vortex'"),
    "a wrong number": (TEXT.replace("10", "1o", 1).encode(), "'1o' is not a number"),
    "decimal commas": (
        text_stl(CUBE, number="%.2f").replace(".", ",").encode(),
        r"line 4 .*decimals are written with a point",
    ),
    "four corners": (
        TEXT.replace(" endloop", " vertex 0 0 0\n endloop").encode(),
        "line 7 .*three corners",
    ),
    "two corners": (re.sub(" vertex.*\n", "", TEXT, count=1).encode(), "three corners"),
}


@pytest.mark.parametrize("kind", BAD)
def test_damaged_files_are_refused_in_words(tmp_path, kind):
    data, message = BAD[kind]
    with pytest.raises(InputError, match=message) as error:
        stl_triangles(tmp_path / "part.stl", data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_changed_bytes_are_read_or_refused_but_never_trip(rng, step):
    """Deleted, repeated, changed and inserted bytes, in files of all kinds."""
    for seed in range(75):
        data = bytearray([*BINARY.values()][seed % len(BINARY)][0])
        if seed % 2:
            data = bytearray([*ASCII.values()][seed % len(ASCII)].encode())
        i, j = np.sort(rng.integers(0, len(data), 2))
        j = min(j, i + 60)
        if step == 0:
            del data[i:j]
        elif step == 1:
            data[i:i] = data[i:j]
        elif step == 2:
            data[i:j] = rng.bytes(j - i)
        else:
            data[i:i] = rng.bytes(5)
        try:
            triangles, _ = stl_triangles(None, bytes(data))
        except InputError:
            continue
        assert triangles.shape[1:] == (3, 3)


def test_coordinates_that_are_no_numbers_are_refused(tmp_path):
    data = bytearray(binary_stl(CUBE))
    data[84 + 12 : 84 + 16] = np.float32("nan").tobytes()
    path = tmp_path / "part.stl"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"1 of 12 triangles.*not finite"):
        load_part(path)
    path.write_text(TEXT.replace("10", "1e99", 1))
    with pytest.raises(InputError, match=r"coordinates up to 1e\+99"):
        load_part(path)


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_part(tmp_path / "no.stl")
    (tmp_path / "part.step").write_text("x")
    with pytest.raises(InputError, match="this is none"):
        load_part(tmp_path / "part.step")
    with pytest.raises(InputError, match="unit"):
        load_part(tmp_path / "no.stl", "furlong")
