"""Checkpoints of training: a numpy .npz file."""

from __future__ import annotations

import json
import warnings
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snn._archive import write_archive
from snn._fingerprint import fingerprint
from snn.engine.errors import FormatError, InvalidArgumentError, shown

if TYPE_CHECKING:
    from snn._batches import Batches
    from snn.trainer import Trainer

__all__ = ["Checkpoint", "free_settings_of", "network_of", "settings_of"]

FORMAT = 1


@dataclass
class Checkpoint:
    """Where training is between two epochs."""

    settings: dict[str, Any]
    """What must be the same for training to go on as if it had not been interrupted."""
    free_settings: dict[str, Any]
    """What may be another when training goes on."""
    network: dict[str, Any]
    """What must be the same of the network, besides the names and shapes of `values`."""
    reports: list[dict[str, float]]
    """The numbers of each epoch, by the names of `Trainer.history`."""
    optimizer: NDArray[np.float64]
    """What the native trainer remembers."""
    values: dict[str, NDArray[Any]]
    """Weights, biases and learnable parameters by name."""
    best_epoch: int
    """Of early stopping; 0: there is none yet."""
    best_values: dict[str, NDArray[Any]]

    def itself(self) -> Checkpoint:
        """Return this: where a function that makes a checkpoint is expected, and pickled."""
        return self

    def save(self, path: Path) -> None:
        """Write the file, or leave an old one as it was."""
        head = {
            "format": FORMAT,
            "settings": self.settings,
            "free_settings": self.free_settings,
            "network": self.network,
            "reports": self.reports,
            "best_epoch": self.best_epoch,
        }
        arrays: dict[str, NDArray[Any]] = {"head": np.array(json.dumps(head)), "optimizer": self.optimizer}
        arrays |= {f"value.{name}": array for name, array in self.values.items()}
        arrays |= {f"best.{name}": array for name, array in self.best_values.items()}
        write_archive(path, np.savez, arrays)

    @staticmethod
    def load(path: Path) -> Checkpoint:
        """Read a file; nothing in it is executed."""
        try:
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            head = json.loads(str(arrays["head"]))
            if head["format"] != FORMAT:
                raise FormatError(f"{shown(str(path))} is a checkpoint of format {head['format']}, not {FORMAT}")
            return Checkpoint(
                dict(head["settings"]),
                dict(head["free_settings"]),
                dict(head["network"]),
                [{str(name): float(value) for name, value in report.items()} for report in head["reports"]],
                arrays["optimizer"],
                _part(arrays, "value."),
                int(head["best_epoch"]),
                _part(arrays, "best."),
            )
        except (AttributeError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise FormatError(f"{shown(str(path))} is not a checkpoint of training, or is damaged") from error

    def check(self, settings: dict[str, Any], network: dict[str, Any], values: dict[str, NDArray[Any]]) -> None:
        """Refuse to go on with other settings or another network."""
        _check_same(self.settings, settings)
        for group in (self.values, *([self.best_values] if self.best_epoch else [])):
            if group.keys() != values.keys():
                raise InvalidArgumentError(
                    f"the checkpoint has the values of {', '.join(sorted(group)) or 'nothing'}; "
                    f"this network trains {', '.join(sorted(values))}"
                )
            for name, array in values.items():
                if group[name].shape != array.shape or group[name].dtype != array.dtype:
                    raise InvalidArgumentError(
                        f"{name} is {group[name].dtype} {group[name].shape} in the checkpoint; "
                        f"in this network it is {array.dtype} {array.shape}"
                    )
        _check_same(self.network, network)

    def warn_of_changes(self, free_settings: dict[str, Any], stacklevel: int) -> None:
        """Say which settings are others than those that training began with."""
        changed = [
            f"{name} {self.free_settings.get(name)!r} and goes on with {value!r}"
            for name, value in free_settings.items()
            if self.free_settings.get(name) != value
        ]
        if changed:
            warnings.warn(
                f"training was begun with {'; with '.join(changed)}. What comes of it is not what an uninterrupted run gives",
                stacklevel=stacklevel,
            )


def settings_of(trainer: Trainer, batches: Batches) -> dict[str, Any]:
    """Return what must be the same for training to go on as if it had not been interrupted."""
    return {
        "output": trainer.output,
        "loss": trainer.loss,
        "auxiliary_losses": {name: list(loss) for name, loss in trainer._loss.auxiliary.items()},
        "optimizer": trainer.optimizer,
        "seed": trainer.seed,
        "batch_size": trainer.batch_size,
        "steps": trainer.steps,
        "samples": batches.count,
        "dropout": trainer.dropout,
        "normalization": {name: asdict(norm) for name, norm in trainer.normalization.items()},
        "quantization": {name: asdict(rounded) for name, rounded in trainer.quantization.items()},
        "delay_learning": {name: asdict(one) for name, one in trainer.delay_learning.items()},
        "rule": trainer.rule,
        "windows": trainer.window_steps and [trainer.window_steps, trainer.window_updates],
        "device": _device_of_bits(trainer.device, trainer.batch_size),
    }


def _device_of_bits(device: str, batch_size: int) -> str:
    """Return one name for all lists of devices that give the same bits: micro-batches may be dealt to any number of a kind."""
    names, _, microbatch = device.partition(";microbatch=")
    kinds = {name.partition("*")[0] for name in names.split("+")}
    if not microbatch or len(kinds) > 1:
        return device
    kind = kinds.pop()
    # The CPU's own update is that of the host's memory, to the bit.
    return kind if kind == "cpu" and int(microbatch) >= batch_size else f"{kind}*;microbatch={microbatch}"


def free_settings_of(trainer: Trainer) -> dict[str, Any]:
    """Return what may be another when training goes on, but changes what comes of it."""
    return {
        "learning_rate": trainer.learning_rate,
        "schedule": trainer._schedule_name,
        "encoder": None if trainer.encoder is None else asdict(trainer.encoder),
        **{name: value for name, value in trainer._numbers.items() if name != "optimizer"},
        "class_weight": None if trainer._loss.class_weight is None else trainer._loss.class_weight.tolist(),
    }


def network_of(trainer: Trainer) -> dict[str, Any]:
    """Return what must be the same of the network, besides the names and shapes of what is trained."""
    return fingerprint(trainer.network, trainer.delay_learning)


def _part(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _check_same(kept: dict[str, Any], here: dict[str, Any]) -> None:
    """Refuse settings that are not those of the checkpoint; the error names the first."""
    for name in {**here, **kept}:
        if name not in kept:
            raise InvalidArgumentError(f"the checkpoint was made without {name}; here it is {_told(name, here[name])}")
        told = f"the checkpoint was made with {_told(name, kept[name])}"
        if name not in here:
            raise InvalidArgumentError(f"{told}; here is no {name}")
        if kept[name] != here[name]:
            raise InvalidArgumentError(f"{told}; here it is {_told(name, here[name])}")


def _told(name: str, value: Any) -> str:
    """Return a setting as the user gave it."""
    if name == "samples":
        return f"{value} samples in x"  # `samples` of a trainer are those of its devices
    if name == "windows":
        return f"window_steps={value[0]}, window_updates={value[1]}" if value else "window_steps=None"
    return f"{name}={value!r}"
