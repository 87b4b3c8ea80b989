"""Orientations for grains as they are painted: what paint and generate do with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from grainpaint.cli.app import WHAT
from grainpaint.cli.options import option
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from grainpaint.generation.in_memory import Painted

__all__ = ["TextureFlags"]


@dataclass(frozen=True)
class TextureFlags:
    """The orientations that painted grains have; without a texture, none."""

    texture: Annotated[
        str | None,
        option(
            "--texture", "Texture of the grains, as `grainpaint orient` takes it.", WHAT
        ),
    ] = None
    misorientations: Annotated[
        Path | None,
        option("--misorientations", "Volume whose misorientations are wanted.", WHAT),
    ] = None
    symmetry: Annotated[
        str | None,
        option("--symmetry", "Crystal symmetry: 432, 622, ...  [432]", WHAT),
    ] = None

    def check(self, output: Path, in_memory: bool) -> None:
        """Raise, before anything is painted, if orientations cannot be given or kept.

        Parameters
        ----------
        output : Path
        in_memory : bool
            Whether the volume is made in memory, not piece by piece on disk.

        Raises
        ------
        InputError
        """
        if self.texture is None:
            for name in ("misorientations", "symmetry"):
                if getattr(self, name) is not None:
                    raise InputError(f"--{name} needs --texture, such as uniform")
            return
        from grainpaint.formats import without_orientations
        from grainpaint.orienting.sources import check_sources

        if without_orientations(output):
            raise InputError(f"{output}: such a file does not hold orientations")
        if not in_memory:
            raise InputError(
                f"{output} is made piece by piece, and orientations need all of its "
                f"grains: leave out --texture, then run grainpaint orient {output}"
            )
        check_sources(self.texture, self.misorientations, self.symmetry or "432")

    def settings(self, seed: int) -> dict[str, Any]:
        """Return what the record of a volume says of its orientations."""
        if self.texture is None:
            return {}
        from grainpaint.orientations.symmetry import checked_symmetry

        told = {
            "texture": self.texture,
            "misorientations": self.misorientations and str(self.misorientations),
            "symmetry": checked_symmetry(self.symmetry or "432"),
            "seed": seed,
        }
        return {"orient": told}

    def oriented(self, painted: Painted, seed: int) -> Painted:
        """Return a painted volume with its orientations."""
        settings = self.settings(seed)
        if not settings:
            return painted
        from grainpaint.orienting.public import orient_measured
        from grainpaint.progress import console

        made = orient_measured(painted.volume, **settings["orient"], progress=console)
        return replace(painted, volume=made.volume)
