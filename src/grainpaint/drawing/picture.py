"""Pictures, drawn by a child process.

It loads matplotlib and OpenGL while the grains are made, so that only the drawing takes
extra time, and a broken OpenGL crashes the child process alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any

import numpy as np

from grainpaint.drawing.coloring import coloring
from grainpaint.microstructure import Microstructure

__all__ = ["Picture", "picture", "thinned"]

_RENDERER = "grainpaint.drawing.render"
_TIMEOUT_S = 120
_EDGE = 512  # the picture never shows more voxels along an edge


def thinned(volume: Microstructure, edge: int = _EDGE) -> Microstructure:
    """Return every n-th voxel, so that no edge of the volume exceeds `edge` voxels.

    Axes are thinned one by one: a plate keeps its layers.
    """
    steps = [-(-n // edge) for n in volume.shape]
    if max(steps) == 1:
        return volume
    return Microstructure(
        volume.grain_id[tuple(slice(None, None, step) for step in steps)],
        tuple(s * step for s, step in zip(volume.spacing, steps)),
        volume.origin,
        orientations=volume.orientations,
    )


class Picture:
    """A process that is ready to draw, as a context manager.

    Examples
    --------
    >>> with Picture() as drawing:  # doctest: +SKIP
    ...     volume = grainpaint.generate((64, 64, 64))
    ...     drawing.draw(volume, Path("grains.png"))
    ...     drawing.wait()
    True
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._process = self._start()

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", _RENDERER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Picture:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process, whether or not the picture is finished."""
        self._end()
        self._folder.cleanup()

    def draw(self, volume: Microstructure, path: Path, axis: str | None = None) -> None:
        """Start drawing the part with a quarter cut away, beside three slices.

        A section one voxel thick is drawn as it is.

        Parameters
        ----------
        volume : Microstructure
        path : Path
            A .png file; it is never left half-written.
        axis : {'x', 'y', 'z'}, optional
            Colors show the crystal directions along it; without it, they tell grains
            apart.

        Raises
        ------
        InputError
            If colors are to show directions and there is none, or no key for them.
        """
        shown = thinned(volume)
        array, colors = (Path(self._folder.name, n) for n in ("ids.npy", "colors.npy"))
        self._order: dict[str, Any] = {
            "grain_id": str(array),
            "spacing": shown.spacing,
            "picture": str(path.absolute()),
            "colors": str(colors),
            "axis": axis,
        }
        if axis is not None:
            shown = shown.compact()[0]
            colored = coloring(shown, axis)
            np.save(colors, colored.colors)
            self._order["symmetries"] = colored.symmetries
        np.save(array, shown.grain_id)
        self._tell()

    def wait(self) -> bool:
        """Wait for the picture.

        Returns
        -------
        bool
            False if there is no usable OpenGL, so that the picture has slices only.

        Raises
        ------
        OSError
            If the picture could not be written.
        """
        answer = self._answer()
        if answer is None:  # OpenGL may have crashed
            self._end()
            self._process = self._start("--slices")
            self._tell()
            answer = self._answer()
        if answer is None:
            raise OSError(f"{self._order['picture']}: the picture could not be drawn")
        return answer

    def _tell(self) -> None:
        """Send the order to the process."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the process may have died already
            self._process.stdin.write(json.dumps(self._order) + "\n")
            self._process.stdin.flush()

    def _answer(self) -> bool | None:
        """Return whether the solid was drawn as well; None if nothing was."""
        out = self._process.stdout
        assert out is not None
        lines: list[str] = []
        reader = Thread(target=lambda: lines.append(out.readline()), daemon=True)
        reader.start()
        reader.join(_TIMEOUT_S)
        return {"solid": True, "slices": False}.get("".join(lines).strip())

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()


def picture(volume: Microstructure, path: Path, axis: str | None = None) -> bool:
    """Draw a volume to a .png file; return whether it shows more than slices.

    See `Picture.draw`.
    """
    with Picture() as drawing:
        drawing.draw(volume, path, axis)
        return drawing.wait()
