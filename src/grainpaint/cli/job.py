"""A volume that is to be made, as the command line asks for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grainpaint.cli.cluster import ClusterFlags
from grainpaint.cli.options import ModelFlags, OutputFlags, PlanFlags
from grainpaint.cli.texture import TextureFlags

if TYPE_CHECKING:
    from grainpaint.drawing.picture import Picture
    from grainpaint.generation.domain import Domain

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """What is to be made, and where it goes.

    Parameters
    ----------
    command : dict
        The command with its own settings, for the record.
    domain : callable
        Returns what is to be filled: read after the output was found to be free.
    output : Path
    model : ModelFlags
    plan : PlanFlags
    runs : ClusterFlags
    texture : TextureFlags
    written : OutputFlags
    """

    command: dict[str, Any]
    domain: Callable[[], Domain]
    output: Path
    model: ModelFlags
    plan: PlanFlags
    runs: ClusterFlags
    texture: TextureFlags
    written: OutputFlags

    def drawing(self, at_once: bool) -> AbstractContextManager[Picture | None]:
        """Return a process that draws, started before all else; None if none is wanted.

        It loads its libraries while this process loads others.

        Parameters
        ----------
        at_once : bool
            Whether the volume is made in memory: others have no picture.
        """
        from grainpaint.drawing.picture import Picture

        wanted = at_once and self.written.picture and not self.written.dry_run
        return Picture() if wanted else nullcontext()
