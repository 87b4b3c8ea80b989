"""Files of a training run: configuration, checkpoint and log, beside the weights."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from grainpaint.errors import InputError, brief
from grainpaint.network.precision import Precision, resolve
from grainpaint.network.saving import save_whole

__all__ = ["Optimization", "TrainingFiles"]


class Optimization(BaseModel):
    """How weights are fitted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int = Field(ge=1, description="samples per step")
    learning_rate: float = Field(default=1.2e-3, gt=0, description="of AdamW")
    muon_learning_rate: float = Field(default=2.4e-3, gt=0, description="convolutions")
    warmup: int = Field(default=200, ge=1, description="steps of rising learning rate")
    decay: int = Field(default=1000, ge=1, description="step from which it falls")
    seed: int = Field(default=0, ge=0)
    precision: Precision | Literal["auto"] = "auto"


# A part of a checkpoint stays below 16 MiB, so that it can be sent where that is the
# limit; a larger tensor is a part of its own.
_PART_BYTES = 15 << 20
_FURTHER = "further parts"  # key of the header

C = TypeVar("C", bound=Optimization)


class TrainingFiles:
    """Where a training run keeps its state.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    name : str
        Name of the network, which the names of the files begin with.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.state = folder / f"{name}.state.safetensors"
        self.log = folder / f"{name}.log.jsonl"
        self.settings = folder / f"{name}.config.json"

    def settle(self, config: C, resume: bool, free: set[str], device: str) -> C:
        """Return the configuration of a run that starts or resumes.

        Parameters
        ----------
        config : Optimization
            What was asked for. A resumed run keeps the precision that it was started
            with if this asks for 'auto'.
        resume : bool
            Whether a run may be continued.
        free : set of str
            Fields that do not affect the weights and may change.
        device : str
            A torch device, to choose the precision of a new run.

        Raises
        ------
        InputError
            If there is a run but `resume` is false, or it has another configuration,
            or that is damaged.
        """
        if not self.state.exists():
            chosen = resolve(config.precision, device)
            return config.model_copy(update={"precision": chosen})
        if not resume:
            raise InputError(
                f"{self.state} exists: resume that run, or choose another output folder"
            )
        try:
            found = type(config).model_validate_json(self.settings.read_bytes())
        except (OSError, ValidationError) as error:
            raise self.damaged(self.settings, error) from None
        if config.precision == "auto":
            config = config.model_copy(update={"precision": found.precision})
        if found.model_dump(exclude=free) != config.model_dump(exclude=free):
            raise InputError(
                f"{self.settings} differs from this configuration: choose another "
                "output folder"
            )
        return config

    def start(self, config: Optimization) -> None:
        """Write the configuration of a new run, and an empty log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings.write_text(config.model_dump_json(indent=1))
        self.log.write_text("")

    def save(self, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
        """Replace the checkpoint, at once.

        A large one has further parts beside it, whose names bear a number that no
        other checkpoint of the run has: a run that is killed here has the old one.
        """
        first, *others = _parts(tensors)
        before, number = self._further(), 0
        while before and before[0].name.startswith(f"{self._stem}-{number}-"):
            number += 1
        names = [f"{self._stem}-{number}-{i}.safetensors" for i in range(len(others))]
        for name, part in zip(names, others):
            save_whole(part, self.folder / name)
        save_whole(first, self.state, {**header, _FURTHER: " ".join(names)})
        for old in before:
            old.unlink(missing_ok=True)

    def damaged(self, path: Path, error: Exception) -> InputError:
        """Return what to do about a file of the run that cannot be read."""
        if isinstance(error, FileNotFoundError):
            reason = "missing"
        else:
            reason = f"damaged ({brief(error, 80)})"
        return InputError(
            f"{path}: {reason}, so the run cannot be resumed: put a copy of all files "
            f"{self._stem.partition('.')[0]}.* there, or choose another output folder"
        )

    @property
    def _stem(self) -> str:
        return self.state.name.removesuffix(".safetensors")

    def _further(self) -> list[Path]:
        """Return the further parts of the checkpoint that is there."""
        if not self.state.exists():
            return []
        try:
            with safe_open(self.state, "pt") as file:
                names = (file.metadata() or {}).get(_FURTHER, "")
        except (SafetensorError, OSError) as error:
            raise self.damaged(self.state, error) from None
        return [self.folder / name for name in names.split()]

    def load(self) -> tuple[dict[str, Tensor], dict[str, str]]:
        """Return the tensors and the header of the checkpoint.

        Raises
        ------
        InputError
            If one of its parts is missing or damaged.
        """
        tensors: dict[str, Tensor] = {}
        parts = [self.state, *self._further()]
        with safe_open(self.state, "pt") as file:
            header: dict[str, str] = file.metadata() or {}
        for part in parts:
            try:
                tensors |= load_file(part)
            except (SafetensorError, OSError) as error:
                raise self.damaged(part, error) from None
        return tensors, header

    def cut_log(self, step: int) -> None:
        """Drop the lines that were logged after a step, and what a kill left of one."""
        rows = []
        for line in self.log.read_bytes().splitlines() if self.log.exists() else ():
            with suppress(ValueError, TypeError, KeyError):
                row = json.loads(line)
                rows += [json.dumps(row) + "\n"] * (row["step"] <= step)
        self.log.write_text("".join(rows))

    def add_to_log(self, row: dict[str, float]) -> None:
        """Append a line."""
        with self.log.open("a") as file:
            file.write(json.dumps(row) + "\n")


def _parts(tensors: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """Return tensors in parts that are small enough."""
    parts: list[dict[str, Tensor]] = [{}]
    n_bytes = 0
    for name, tensor in tensors.items():
        n_bytes += tensor.nbytes
        if n_bytes > _PART_BYTES and parts[-1]:
            parts.append({})
            n_bytes = tensor.nbytes
        parts[-1][name] = tensor
    return parts
