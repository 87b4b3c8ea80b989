"""STL files: damaged ones are refused in words."""

import numpy as np
import pytest
import trimesh
from solids import box

from grainpaint import InputError
from grainpaint.cad import load_part


def damaged(tmp_path, kind):
    path = tmp_path / f"{kind}.stl"
    data = bytearray(trimesh.exchange.stl.export_stl(box()))
    text = trimesh.exchange.stl.export_stl_ascii(box())
    if kind == "empty":
        data = b""
    elif kind == "truncated":
        data = data[:-60]
    elif kind == "truncated text":
        data = text[: len(text) // 2].encode()
    elif kind == "nan":
        data[84 + 12 : 84 + 16] = np.float32("nan").tobytes()
    elif kind == "prose":
        data = b"I am not a mesh, I am a letter to my aunt.\n" * 9
    elif kind == "short":
        data = b"STL"
    elif kind == "flat":
        data = trimesh.exchange.stl.export_stl(
            trimesh.Trimesh(
                [[0, 0, 0], [1, 0, 0], [0, 0, 0]], [[0, 1, 2]], process=False
            )
        )
    elif kind == "no triangles":
        data = bytes(84)
    elif kind == "bad text":
        data = text.replace("vertex", "vortex").encode()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("empty", "empty"),
        ("truncated", "truncated"),
        ("truncated text", "truncated"),
        ("nan", r"1 of 12 triangles.*not\s+finite"),
        ("prose", "not an STL"),
        ("short", "not an STL"),
        ("flat", "degenerate"),
        ("no triangles", "no triangle"),
        ("bad text", "cannot be read as ASCII STL"),
    ],
)
def test_damaged_files_are_refused_in_words(tmp_path, kind, message):
    with pytest.raises(InputError, match=message):
        load_part(damaged(tmp_path, kind))


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_part(tmp_path / "no.stl")
    (tmp_path / "part.step").write_text("x")
    with pytest.raises(InputError, match="this is none"):
        load_part(tmp_path / "part.step")
    with pytest.raises(InputError, match="unit"):
        load_part(tmp_path / "no.stl", "furlong")
