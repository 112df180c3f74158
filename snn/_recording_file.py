"""Recordings as files: arrays of numpy by ``population.variable``, and a head that says the rest."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snn._archive import write_archive
from snn.engine.errors import FormatError, shown
from snn.spike_events import SpikeEvents

if TYPE_CHECKING:
    from snn.recording import Recording

__all__ = ["read", "write"]

FORMAT = 1
HEAD = "recording"
STEPS = "steps"  # of the rows, where they do not follow each other
COLUMNS = ("steps", "neurons", "samples")


def write(recording: Recording, path: Path) -> None:
    """Write a recording; an `OSError` leaves an old file as it was."""
    arrays: dict[str, Any] = {}
    variables: list[dict[str, Any]] = []
    for population, values in recording.items():
        for name, value in values.items():
            told: dict[str, Any] = {"population": population, "variable": name}
            key = f"{population}.{name}"
            if isinstance(value, SpikeEvents):
                arrays |= {f"{key}.{column}": getattr(value, column) for column in COLUMNS}
                told["events"] = {
                    "shape": list(value.shape),
                    "step_count": value.step_count,
                    "batch_size": value.batch_size,
                    "dropped": value.dropped,
                    "dt": value.dt,
                    "first_step": value.first_step,
                }
            else:
                arrays[key] = value
            variables.append(told)
    if recording._steps is not None:
        arrays[STEPS] = recording._steps
    head = {
        "format": FORMAT,
        "dt": recording.dt,
        "first_step": recording.first_step,
        "step_count": recording.step_count,
        "every": recording.every,
        "variables": variables,
    }
    write_archive(path, np.savez_compressed, {HEAD: np.array(json.dumps(head)), **arrays})


def read(path: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Return the arrays of a file and the other arguments of `Recording`; nothing in the file is executed."""
    what = shown(str(path))
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            head = json.loads(str(file[HEAD]))
            if head["format"] != FORMAT:
                raise FormatError(f"{what} is a recording of format {head['format']}, not {FORMAT}")
            arrays: dict[str, dict[str, Any]] = {}
            for told in head["variables"]:
                population, name = str(told["population"]), str(told["variable"])
                key, events = f"{population}.{name}", told.get("events")
                arrays.setdefault(population, {})[name] = (
                    file[key]
                    if events is None
                    else SpikeEvents(
                        *(file[f"{key}.{column}"] for column in COLUMNS), **events | {"shape": tuple(events["shape"])}
                    )
                )
            settings = {name: head[name] for name in ("dt", "first_step", "step_count", "every")}
            return arrays, settings | {"steps": file.get(STEPS)}
    except FormatError:
        raise
    except (KeyError, TypeError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise FormatError(f"{what} is not a recording, or is damaged") from error
