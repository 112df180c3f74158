"""Exported networks on ONNX Runtime."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, file_path, float32_array, integer, known_name, mapping, spread
from snn._optional import missing
from snn.engine.errors import (
    ArgumentTypeError,
    FileError,
    FormatError,
    InvalidArgumentError,
    UnsupportedError,
    shown,
)

__all__ = ["Runner"]

# Used if installed, in this order: AMD's NPUs.
_PREFERRED = ("VitisAIExecutionProvider",)
_CPU = "CPUExecutionProvider"


class Runner:
    """Runs a file of `export` on ONNX Runtime and keeps the network's state between calls.

    Parameters
    ----------
    path : path-like
        The ``.onnx`` file.
    providers : str or list, optional
        Execution providers as for ONNX Runtime: a name, or a list of names and of pairs (name, options). Default: VitisAI,
        of AMD's Ryzen AI software, if the installed ONNX Runtime has it, and the CPU for the rest.
    threads : int, default 1
        Threads of the CPU provider, at most 1024; 0: ONNX Runtime chooses.

    Raises
    ------
    FileError
        File I/O failed.
    FormatError
        The file is damaged or was not written by `export`.
    NotFoundError
        The installed ONNX Runtime has no such provider.
    ModuleNotFoundError
        ONNX Runtime is not installed.

    Notes
    -----
    Thread-safety: one call at a time.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        providers: str | Sequence[str | tuple[str, Mapping[str, Any]]] | None = None,
        threads: int = 1,
    ) -> None:
        try:
            import onnxruntime  # here, so that a graph can be written without it
        except ModuleNotFoundError as error:
            raise missing(error, "onnxruntime", "snn.onnx.Runner", "onnx", "onnxruntime") from None

        place = file_path(path)
        available = onnxruntime.get_available_providers()
        if providers is None:
            providers = [name for name in (*_PREFERRED, _CPU) if name in available]
        elif isinstance(providers, str):
            providers = [providers]
        elif not isinstance(providers, Sequence):
            raise ArgumentTypeError(f"providers is {shown(providers)}, neither a name nor a list of names")
        for provider in providers:
            name = provider[0] if isinstance(provider, tuple) and provider else provider
            known_name(name, available, "execution provider")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = integer(threads, "threads", maximum=1024)
        try:
            with open(place, "rb") as file:
                data = file.read()
        except OSError as error:
            raise FileError(f"{place} cannot be read: {error.strerror or error}") from error
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=list(providers))
            words = self._session.get_modelmeta().custom_metadata_map
        except Exception as error:  # ONNX Runtime's error classes have no common base
            raise FormatError(f"{place}: ONNX Runtime cannot load it: {error}") from error
        if "snn.initial" not in words:
            raise FormatError(f"{place} is not a file of snn.onnx.export: it has no metadata 'snn.initial'")
        self._initial: dict[str, Any] = json.loads(words["snn.initial"])
        self._spiking: dict[str, bool] = json.loads(words["snn.spike_inputs"])
        self._carried: dict[str, NDArray[Any]] = {}
        self._shapes = {value.name: value.shape for value in self._session.get_inputs()}
        self._types = {
            value.name: np.int32 if value.type == "tensor(int32)" else np.float32
            for value in self._session.get_inputs()
        }
        self._outputs = [value.name for value in self._session.get_outputs()]
        self.steps = int(words["snn.steps"])
        """Steps that one inference computes."""
        self.batch_size = int(words["snn.batch_size"])
        """Independent samples."""
        self.dt = float(words["snn.dt_ms"])
        """Time step in milliseconds."""
        self.reset()

    def __repr__(self) -> str:
        return (
            f"<snn.onnx.Runner: {self.steps} steps of {self.dt:g} ms at once, batch of {self.batch_size}, inputs "
            f"{', '.join(self.inputs) or 'none'}, on {self.providers[0]}>"
        )

    @property
    def providers(self) -> list[str]:
        """The execution providers in use, in order of preference."""
        return list(self._session.get_providers())

    @property
    def inputs(self) -> dict[str, int]:
        """Names of the input populations, and their numbers of neurons."""
        return {name: self._shapes[name][-1] for name in self._spiking}

    def reset(self) -> None:
        """Go back to the initial state."""
        self._carried = {}
        for name, values in self._initial.items():
            start = np.empty(self._shapes[name], self._types[name])
            start[...] = values
            self._carried[name] = start

    def run(self, inputs: Mapping[str, ArrayLike] | None = None, steps: int | None = None) -> dict[str, NDArray[Any]]:
        """Run from the current state.

        Parameters
        ----------
        inputs : dict, optional
            By input population: (steps, batch, neurons), or (batch, neurons) or (neurons,) for values held at every step.
            With a batch of one, (steps, neurons) as well. For a spike input any value other than 0 is a spike. Populations not
            given are silent.
        steps : int, optional
            A multiple of `Runner.steps`; default: `Runner.steps`.

        Returns
        -------
        dict of str to array
            The outputs chosen by `record` of `export`, such as ``"hidden.spikes"``: (steps, batch, neurons).
        """
        steps = self.steps if steps is None else integer(steps, "steps", minimum=1)
        if steps % self.steps:
            raise InvalidArgumentError(
                f"steps is {steps}; the graph computes {self.steps} at once, so it must be a multiple"
            )
        given = self._frames(mapping(inputs, "inputs", "values by input population"), steps)
        found: dict[str, list[NDArray[Any]]] = {}
        for first in range(0, steps, self.steps):
            feed = {name: values[first : first + self.steps] for name, values in given.items()}
            try:
                results = self._session.run(None, self._carried | feed)
            except Exception as error:
                raise UnsupportedError(f"ONNX Runtime could not compute on {self.providers[0]}: {error}") from error
            for name, values in zip(self._outputs, results, strict=True):
                if name.endswith(".after"):
                    self._carried[f"{name.removesuffix('.after')}.before"] = values
                else:
                    found.setdefault(name, []).append(values)
        return {name: np.concatenate(pieces) for name, pieces in found.items()}

    def _frames(self, inputs: Mapping[str, ArrayLike], steps: int) -> dict[str, Floats]:
        sizes = self.inputs
        frames = {}
        for name in inputs:
            known_name(name, sizes, "input population")
        for name, size in sizes.items():
            whole = (steps, self.batch_size, size)
            what = f"input {name!r}"
            values = float32_array(inputs.get(name, np.zeros(size, np.float32)), what)
            if self.batch_size == 1 and values.shape == (steps, size):
                values = values[:, None]
            if values.shape not in (whole, whole[1:], whole[2:]):
                raise InvalidArgumentError(
                    f"{what} has shape {values.shape}; it must be {whole} (each step), {whole[1:]} or {whole[2:]} (held)"
                )
            if self._spiking[name]:
                values = (values != 0).astype(np.float32)
            frames[name] = spread(values, whole, what)
        return frames
