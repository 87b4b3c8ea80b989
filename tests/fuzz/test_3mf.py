"""3MF files: damaged archives, malicious XML, models that refer to themselves."""

from hostile import SECRET, refused, table, zipped
from meshes import model, threemf

from grainpaint.cad.load import load_part


def nested(n):
    """Return objects that hold the next one twice: 2^n of them."""
    twice = '<object id="{}"><components>' + 2 * '<component objectid="{}"/>'
    return "".join((twice + "</components></object>").format(i + 2, i + 3, i + 3)
                   for i in range(n)) + f'<object id="{n + 2}"/>'  # fmt: skip


LAUGHS = "<!DOCTYPE a [<!ENTITY b 'c'>" + "".join(
    f"<!ENTITY b{i} '{10 * f'&b{i - 1};' if i else 10 * '&b;'}'>" for i in range(9)
)
OUTSIDE = f"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///{SECRET}'>]><model>&x;</model>"
THREEMF = {
    "laughs": threemf(f"{LAUGHS}]><model>&b8;</model>".encode()),
    "outside": threemf(OUTSIDE.encode()),
    "late doctype": threemf(b"<!--" + b" " * 9000 + b"-->" + OUTSIDE.encode()),
    "wide doctype": threemf(f"{LAUGHS}]><model>&b8;</model>".encode("utf-16")),
    "2^30 objects": lambda: threemf(
        model(extra=nested(30), item='<item objectid="2"/>')
    ),
    "itself": threemf(
        b'<model><resources><object id="1"><components><component objectid="1"/>'
        b'</components></object></resources><build><item objectid="1"/></build></model>'
    ),
    "nested": threemf(b"<a>" * 200_000),
    "nested and closed": threemf(b"<a>" * 90_000 + b"</a>" * 90_000),
    "unknown code": threemf(b'<?xml version="1.0" encoding="evil"?><model/>'),
    "utf-32": threemf(model().decode().encode("utf-32")),
    "no XML": threemf(b"hello"),
    "empty": threemf(b""),
    "cut": threemf(model()[:-99]),
    "no unit": threemf(model("parsec")),
    "no build": threemf(model(item="")),
    "no object": threemf(model(item='<item objectid="9"/>')),
    "no id": threemf(model(item="<item/>")),
    "path up": threemf(model(item=f'<item objectid="1" path="../../{SECRET}"/>')),
    "path outside": threemf(model(item='<item objectid="1" path="/etc/passwd"/>')),
    "matrix nan": threemf(
        model(item=f'<item objectid="1" transform="{"nan " * 12}"/>')
    ),
    "matrix flat": threemf(model(item=f'<item objectid="1" transform="{"0 " * 12}"/>')),
    "matrix of words": threemf(model(item='<item objectid="1" transform="a b"/>')),
    "corner beyond": threemf(model().replace(b'v1="0"', b'v1="2147483648"', 1)),
    "corner -1": threemf(model().replace(b'v1="0"', b'v1="-1"', 1)),
    "corner 2^70": threemf(model().replace(b'v1="0"', b'v1="1180591620717411303424"')),
    "corner of words": threemf(model().replace(b'v1="0"', b'v1="a"', 1)),
    "x nan": threemf(model().replace(b'x="', b'x="nan" w="', 1)),
    "x inf": threemf(model().replace(b'x="', b'x="inf" w="', 1)),
    "x 1e308": threemf(
        model(item=f'<item objectid="1" transform="{"2 " * 12}"/>').replace(
            b'x="', b'x="1e308" w="', 1
        )
    ),
    "no x": threemf(model().replace(b" x=", b" w=", 1)),
    "items of 60,000": threemf(model(item='<item objectid="1"/>' * 60_000)),
    "another archive": zipped([("3D/3dmodel.model", zipped([("a", b"b")]))]),
    "a model of zeros": threemf(bytes(90_000)),
    "a mesh twice": threemf(
        model().replace(
            b"</mesh>",
            b"</mesh><mesh><vertices/><triangles>"
            b"<triangle v1='0' v2='1' v3='2'/></triangles></mesh>",
        )
    ),
    "no vertices": threemf(
        model().replace(b"<vertices>", b"<a>").replace(b"</vertices>", b"</a>")
    ),
    "no triangles": threemf(
        model().replace(b"<triangles>", b"<a>").replace(b"</triangles>", b"</a>")
    ),
    "a transform of 13": threemf(
        model(item=f'<item objectid="1" transform="{"1 " * 13}"/>')
    ),
    "a transform of digits": threemf(
        model(item=f'<item objectid="1" transform="{"9" * 9000} {"1 " * 11}"/>')
    ),
    "zip cut": threemf(model())[:300],
    "zip bomb": lambda: zipped([("3D/3dmodel.model", b"<a>" + bytes(140 << 20))]),
    "only outside": zipped([("/etc/passwd.model", b"x"), ("../a.model", b"y")]),
}


@table(THREEMF)
def test_a_bad_3mf_is_refused(tmp_path, case):
    refused(load_part, tmp_path / "a.3mf", case)
