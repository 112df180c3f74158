"""Run a case on a device and give back everything that can differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from snn.engine import _native

from .cases import NEURONS, Builder, Case

INTERPRET, FLOAT64, SMOOTH = 1, 2, 4
SCALAR, AVX2, AVX512, NEON = 1, 2, 3, 4


@dataclass(frozen=True)
class Setting:
    """A way to run: device, instruction set, threads, flags."""

    device: str = "reference"
    instruction_set: int = 0
    threads: int = 1
    flags: int = 0

    def __str__(self) -> str:
        isa = ("best", "scalar", "avx2", "avx512", "neon")[self.instruction_set]
        return f"{self.device}-{isa}-{self.threads}t" + ("-interpreted" if self.flags & INTERPRET else "")


def cpu_settings() -> list[Setting]:
    """Every instruction set of this machine, alone and threaded, compiled and interpreted."""
    names = {"scalar": SCALAR, "avx2": AVX2, "avx512": AVX512, "neon": NEON}
    cpu = next(device for device in _native.devices() if device.name == "cpu")
    sets = [names[name] for name in cpu.instruction_sets]
    settings = [Setting("cpu", isa, threads) for isa in sets for threads in (1, 3)]
    settings += [Setting("cpu", isa, 1, INTERPRET) for isa in sets]
    return [*settings, Setting("cpu", 0, 2), Setting("cpu", 0, 4), Setting("cpu", 0, 8)]


def vulkan_settings() -> list[Setting]:
    """The first Vulkan device, where there is one."""
    return [Setting("vulkan") for device in _native.devices() if device.name == "vulkan:0"]


@dataclass
class Result:
    """Arrays by name; states and spikes are [step][batch][size]."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def digest(self) -> str:
        whole = hashlib.sha256()
        for name in sorted(self.arrays):
            whole.update(name.encode())
            whole.update(np.ascontiguousarray(self.arrays[name]).tobytes())
        return whole.hexdigest()[:32]

    def first_difference(self, other: Result) -> str:
        """Where two results first differ, in time, as a sentence; empty when they are the same bits."""
        found = []
        for name, mine in self.arrays.items():
            theirs = other.arrays[name]
            differs = mine.view(np.uint8 if mine.dtype == np.uint8 else np.uint32) != theirs.view(
                np.uint8 if theirs.dtype == np.uint8 else np.uint32
            )
            if differs.any():
                place = tuple(int(i) for i in np.argwhere(differs)[0])
                found.append((place, f"{name}{list(place)}: {mine[place]!r} against {theirs[place]!r}"))
        return min(found)[1] if found else ""


def session_of(network: _native.Network, setting: Setting, batch_size: int) -> _native.Session:
    return _native.Session(
        network,
        device=setting.device,
        batch_size=batch_size,
        threads=setting.threads,
        instruction_set=setting.instruction_set,
        flags=setting.flags,
    )


def open_session(builder: Builder, case: Case, setting: Setting) -> _native.Session:
    return session_of(builder.network, setting, case.batch)


def simulate(case: Case, setting: Setting) -> Result:
    """Every state and every spike of every step."""
    builder = Builder(case)
    return recorded(builder, open_session(builder, case, setting), case, builder.drive(case))


def recorded(builder: Builder, session: _native.Session, case: Case, frames: list) -> Result:
    """The same of a session that is there, with inputs as `Builder.drive` gives them."""
    result, records = Result(), []
    for index, (size, kind, model) in enumerate(zip(builder.sizes, builder.kinds, builder.models, strict=True)):
        if kind != NEURONS:
            continue
        shape = (case.steps, case.batch, size)
        for state in model["states"]:
            if state["type"] == "float":
                result.arrays[f"{builder.names[index]}.{state['name']}"] = np.full(shape, np.nan, np.float32)
                records.append((index, state["name"], result.arrays[f"{builder.names[index]}.{state['name']}"]))
        if model["spiking"]:
            result.arrays[f"{builder.names[index]}.spikes"] = np.full(shape, 255, np.uint8)
            records.append((index, "spikes", result.arrays[f"{builder.names[index]}.spikes"]))
    session.run(case.steps, frames, records)
    return result


def labels(case: Case, outputs: int) -> np.ndarray:
    return (np.arange(case.batch) * 3 % outputs).astype(np.int32)


def output_of(builder: Builder) -> int:
    """The population of five or ten neurons at the end of every case."""
    return max(i for i, n in enumerate(builder.names) if builder.kinds[i] == NEURONS and builder.sizes[i] in (5, 10))


def read(session: _native.Session, path: str, dtype: type = np.float64) -> np.ndarray:
    """All values of a variable, flat."""
    values = np.empty(session.value_count(path), dtype)
    session.read(path, values)
    return values


def trained(builder: Builder, session: _native.Session) -> list[str]:
    """Paths of the weights and biases of every trained projection."""
    paths = []
    for name in filter(None, builder.trainable):
        paths.append(f"{name}.weight")
        try:
            session.value_count(f"{name}.bias")
        except KeyError:
            continue  # a projection without bias
        paths.append(f"{name}.bias")
    return paths


def gradients_of(builder: Builder, session: _native.Session) -> dict[str, np.ndarray]:
    """What the last backward pass left: dL/d(weight), dL/d(bias) of every trained projection, float64."""
    return {path: read(session, f"{path}.gradient") for path in trained(builder, session)}


def gradients(case: Case, setting: Setting) -> tuple[float, dict[str, np.ndarray]]:
    """The loss of one batch and its `gradients_of`."""
    builder = Builder(case)
    session = open_session(builder, case, setting)
    trainer, loss = forward(builder, session, case)
    trainer.backward()
    return loss, gradients_of(builder, session)


def slope(session: _native.Session, path: str, index: int, loss: Callable[[], float], step: float = 1e-5) -> float:
    """The central difference of a loss over one value of a variable, which is as before afterwards."""
    values = read(session, path)
    losses = []
    for sign in (1, -1):
        moved = values.copy()
        moved[index] += sign * step
        session.write(path, moved)
        losses.append(loss())
    session.write(path, values)
    return (losses[0] - losses[1]) / (2 * step)


def forward(builder: Builder, session: _native.Session, case: Case) -> tuple[_native.Trainer, float]:
    output = output_of(builder)
    spiking = builder.models[output]["spiking"]
    trainer = _native.Trainer(
        session,
        output_population=output,
        steps=case.steps,
        loss=0 if spiking else case.loss,
        rate_regularization=0.05,
        rate_target=0.2,
    )
    result = trainer.forward(builder.drive(case), labels=labels(case, builder.sizes[output]))
    return trainer, result.loss


class Training:
    """A case that is trained on its labels by plain gradient descent, unless settings of the trainer say otherwise."""

    def __init__(self, case: Case, setting: Setting, **settings) -> None:
        self.case, self.builder = case, Builder(case)
        self.session = open_session(self.builder, case, setting)
        self.trainer = _native.Trainer(
            self.session,
            output_population=output_of(self.builder),
            steps=case.steps,
            loss=case.loss,
            **{"optimizer": 0, **settings},
        )
        self.labels = labels(case, 5)

    def forward(self) -> float:
        return self.trainer.forward(self.builder.drive(self.case), labels=self.labels).loss

    def step(self) -> float:
        return self.trainer.step(self.builder.drive(self.case), labels=self.labels).loss

    def read(self, path: str, dtype: type = np.float64) -> np.ndarray:
        return read(self.session, path, dtype)


def load_golden(path) -> dict[str, str]:
    return json.loads(path.read_text()) if path.exists() else {}
