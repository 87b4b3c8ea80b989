"""Which text files are maps of orientations, by how they begin."""

from __future__ import annotations

import re
from pathlib import Path

from grainpaint.formats.ebsd.headings import head_of

__all__ = ["kind_of_text"]

_ANG = re.compile(
    rb"^#[ \t]*(TEM_PIXperUM|GRID:|MaterialName|Symmetry|XSTEP|NCOLS_ODD|x-star)", re.M
)
_CTF = re.compile(rb"\A\s*(\xef\xbb\xbf)?Channel Text File|^Phase\tX\tY\t", re.M)


def kind_of_text(head: bytes, path: Path) -> str:
    """Return which kind of map a file is.

    Parameters
    ----------
    head : bytes
        How it begins.
    path : Path
        Its suffix counts where a header is missing, so that the message can say so.

    Returns
    -------
    str
        ang, ctf, csv, or "" if it is none.
    """
    if b"\0" in head:
        return ""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"#") and _ANG.search(head):
        return "ang"
    if _CTF.search(head):
        return "ctf"
    if head_of(head):
        return "csv"
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix[1:]
    return suffix if suffix in ("ang", "ctf") else ""
