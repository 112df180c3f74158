"""The one list of kernel cases. Every backend runs it: equal to the reference, gradients, golden hashes.

A case is a small network that leans on one kernel or one option, with odd sizes so that no loop ends where its vectors do.
To add a kernel, add the cases that show it; to add a backend, its settings in running.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from snn.engine import _native
from snn.engine.modelc import builtin_names, load_builtin_model
from tests.unit.modelc.running import SURROGATES_OF_EVERY_MODEL

NEURONS, SPIKES, VALUES = 0, 1, 2
DENSE, ONE_TO_ONE, SPARSE, CONV2D, POOL2D = range(5)
FLOAT, FIXED, COMPACT = 1, 2, 3
SUM, AVERAGE, MAX = range(3)


@dataclass(frozen=True)
class Case:
    """A named network and how to drive it."""

    name: str
    build: Callable[[Builder], None]
    steps: int = 12
    batch: int = 2
    trains: bool = True
    input_rate: float = 0.3
    # Where the loss looks; the last population unless the case says otherwise.
    loss: int = 2
    tags: frozenset[str] = field(default_factory=frozenset)


class Builder:
    """Short words for building a case; keeps the indices and sizes that the tests need."""

    def __init__(self, case: Case) -> None:
        self.network = _native.Network.create(1.0)
        self.random = np.random.Generator(np.random.Philox(sum(map(ord, case.name))))
        self.sizes: list[int] = []
        self.kinds: list[int] = []
        self.models: list[dict | None] = []
        self.trainable: list[str] = []
        self.names: list[str] = []
        case.build(self)
        self.network.finish()

    def add(self, kind: int, shape: int | tuple[int, ...], model: str | _native.Model | None = None, **settings) -> int:
        """A population; `settings` are parameters (numbers, arrays) or options (strings)."""
        shape = (shape,) if isinstance(shape, int) else shape
        name = f"p{len(self.sizes)}"
        index = self.network.add_population(kind, name, shape, model)
        self.sizes.append(int(np.prod(shape)))
        self.kinds.append(kind)
        self.names.append(name)
        document = None
        if model is not None:
            loaded = model if isinstance(model, _native.Model) else _native.Model.builtin(model)
            document = json.loads(loaded.json)
        self.models.append(document)
        surrogate = settings.pop("surrogate", None)
        if surrogate is not None:
            self.network.set_surrogate(index, surrogate, np.zeros(0))
        for key, value in settings.items():
            if isinstance(value, str):
                self.network.set_option(index, key, value)
            else:
                self.network.set_parameter(index, key, np.atleast_1d(np.asarray(value, np.float64)))
        return index

    def weights(self, count: int, fan_in: float, gain: float = 1.5) -> np.ndarray:
        """Normal weights with a positive mean, so that deep cases still spike."""
        scale = gain / np.sqrt(max(fan_in, 1.0))
        return (self.random.normal(0.12, 1.0, count) * scale).astype(np.float32)

    def connect(self, kind: int, source: int, target: int, **settings) -> int:
        name = settings.pop("name", f"w{len(self.trainable)}")
        if settings.get("trainable", True) and kind != POOL2D:
            self.trainable.append(name)
        else:
            self.trainable.append("")
        return self.network.connect(kind, name, source, target, **settings)

    def dense(self, source: int, target: int, *, gain: float = 1.5, bias: bool = False, **settings) -> int:
        rows, columns = self.sizes[source], self.sizes[target]
        weights = self.weights(rows * columns, rows * 0.3, gain)
        if bias:
            settings["bias"] = self.weights(columns, 40.0)
        return self.connect(DENSE, source, target, weights=weights, **settings)

    def sparse(self, source: int, target: int, *, density: float = 0.2, delays: bool = False, **settings) -> int:
        rows, columns = self.sizes[source], self.sizes[target]
        counts = self.random.binomial(columns, density, rows)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint64)
        targets = self.random.integers(0, columns, int(offsets[-1])).astype(np.uint32)
        if delays:
            settings["synapse_delays"] = self.random.integers(0, 6, targets.size).astype(np.uint16)
        weights = self.weights(targets.size, rows * density * 0.3)
        return self.connect(
            SPARSE, source, target, weights=weights, row_offsets=offsets, synapse_targets=targets, **settings
        )

    def drive(self, case: Case, seed: int = 7) -> list[tuple[int, bool, np.ndarray]]:
        """Inputs of every input population for a whole run: [step][batch][size]."""
        random = np.random.Generator(np.random.Philox(seed))
        frames = []
        for index, (kind, size) in enumerate(zip(self.kinds, self.sizes, strict=True)):
            shape = (case.steps, case.batch, size)
            if kind == SPIKES:
                frames.append((index, False, (random.random(shape) < case.input_rate).astype(np.float32)))
            elif kind == VALUES:
                values = random.normal(0.4, 0.6, shape) * (random.random(shape) < 0.7)
                frames.append((index, False, values.astype(np.float32)))
        return frames


def _chain(
    model: str, *, size: int = 37, source: int = SPIKES, gain: float = 1.5, bias: bool = True, **settings
) -> Callable[[Builder], None]:
    def build(b: Builder) -> None:
        first = b.add(source, 23)
        hidden = b.add(NEURONS, size, model, **settings)
        out = b.add(NEURONS, 5, "leaky_integrator")
        b.dense(first, hidden, gain=gain, bias=bias)
        if b.models[hidden]["spiking"]:
            b.dense(hidden, out)
        else:
            b.dense(first, out)

    return build


def _held_at_first(b: Builder) -> None:
    """No refractory time, but some neurons begin in one."""
    first, hidden, out = b.add(SPIKES, 23), b.add(NEURONS, 37, "lif"), b.add(NEURONS, 5, "leaky_integrator")
    b.network.set_initial_state(hidden, "refractory_left", np.arange(37) % 4.0)
    b.dense(first, hidden, bias=True)
    b.dense(hidden, out)


def _source(model: str) -> Callable[[Builder], None]:
    """Neurons without receptors drive others, at once and delayed."""

    def build(b: Builder) -> None:
        first = b.add(NEURONS, 83, model, rate=b.random.uniform(0, 600, 83))
        hidden, out = b.add(NEURONS, 37, "lif"), b.add(NEURONS, 5, "leaky_integrator")
        b.dense(first, hidden, bias=True)
        b.sparse(first, hidden, arithmetic=FIXED, trainable=False, delays=True)
        b.dense(hidden, out)

    return build


def _one_to_one(b: Builder) -> None:
    first, hidden, out = b.add(SPIKES, 33), b.add(NEURONS, 33, "lif"), b.add(NEURONS, 5, "leaky_integrator")
    b.connect(ONE_TO_ONE, first, hidden, weights=b.weights(33, 1.0))
    b.dense(hidden, out)


def _sparse(
    arithmetic: int, *, delays: bool = False, trainable: bool = True, below: bool = False
) -> Callable[[Builder], None]:
    """`below`: there are neurons below it, to which gradients go back."""

    def build(b: Builder) -> None:
        first = b.add(SPIKES, 61)
        if below:
            lowest, first = first, b.add(NEURONS, 33, "lif")
            b.dense(lowest, first)
        hidden, out = b.add(NEURONS, 45, "lif"), b.add(NEURONS, 5, "leaky_integrator")
        b.sparse(first, hidden, arithmetic=arithmetic, delays=delays, trainable=trainable)
        b.dense(hidden, out)

    return build


def _recurrent(delay: int, arithmetic: int | None = None) -> Callable[[Builder], None]:
    def build(b: Builder) -> None:
        first, hidden, out = b.add(SPIKES, 19), b.add(NEURONS, 35, "lif"), b.add(NEURONS, 5, "leaky_integrator")
        b.dense(first, hidden, delay_steps=delay - 1)
        if arithmetic is None:
            b.dense(hidden, hidden, gain=0.4, delay_steps=delay)
        else:
            b.sparse(hidden, hidden, arithmetic=arithmetic, delay_steps=delay, delays=True, trainable=False)
        b.dense(hidden, out)

    return build


def _conv(
    *,
    size=(7, 9),
    channels=(2, 4),
    kernel=(3, 3),
    groups=1,
    bias=True,
    source=SPIKES,
    delay_steps=0,
    below=False,
    **window,
):
    """A convolution; ``below``: from neurons of the input's shape, so that gradients pass back through it."""

    def build(b: Builder) -> None:
        stride, padding = window.get("stride", (1, 1)), window.get("padding", (0, 0))
        dilation = window.get("dilation", (1, 1))
        shape = [(size[a] + 2 * padding[a] - dilation[a] * (kernel[a] - 1) - 1) // stride[a] + 1 for a in range(2)]
        first = b.add(source, (channels[0], *size))
        if below:
            neurons = b.add(NEURONS, (channels[0], *size), "lif")
            b.connect(ONE_TO_ONE, first, neurons, weights=b.weights(channels[0] * size[0] * size[1], 1.0))
            first = neurons
        hidden = b.add(NEURONS, (channels[1], *shape), "lif")
        out = b.add(NEURONS, 5, "leaky_integrator")
        count = channels[1] * channels[0] // groups * kernel[0] * kernel[1]
        settings = {"bias": b.weights(channels[1], 40.0)} if bias else {}
        b.connect(
            CONV2D,
            first,
            hidden,
            weights=b.weights(count, count / channels[1] * 0.3),
            kernel=kernel,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            delay_steps=delay_steps,
            **settings,
        )
        b.dense(hidden, out)

    return build


def _pool(mode: int, source: int = SPIKES, kernel=(2, 3), stride=(2, 2), padding=(0, 1)) -> Callable[[Builder], None]:
    def build(b: Builder) -> None:
        first = b.add(source, (3, 8, 7))
        shape = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip((8, 7), padding, kernel, stride, strict=True)]
        conv = b.add(NEURONS, (3, 8, 7), "lif")
        hidden = b.add(NEURONS, (3, *shape), "lif")
        out = b.add(NEURONS, 5, "leaky_integrator")
        b.connect(ONE_TO_ONE, first, conv, weights=b.weights(168, 1.0))
        b.connect(POOL2D, conv, hidden, pool_mode=mode, kernel=kernel, stride=stride, padding=padding, dilation=(1, 1))
        b.dense(hidden, out)

    return build


def _several_projections(b: Builder) -> None:
    first, second = b.add(SPIKES, 21), b.add(VALUES, 30)
    hidden, out = b.add(NEURONS, 30, "lif"), b.add(NEURONS, 5, "leaky_integrator")
    b.dense(first, hidden, bias=True)
    b.connect(ONE_TO_ONE, second, hidden, weights=b.weights(30, 1.0), bias=b.weights(30, 40.0))
    b.sparse(first, hidden, arithmetic=FIXED, trainable=False)
    b.sparse(first, hidden, arithmetic=FLOAT, delay_steps=2)
    b.dense(hidden, out)


def _out_of_order(b: Builder) -> None:
    """Populations are created against the flow, so that the order of evaluation is not the order of creation."""
    out, hidden, first = b.add(NEURONS, 5, "leaky_integrator"), b.add(NEURONS, 27, "lif"), b.add(SPIKES, 18)
    b.dense(hidden, out)
    b.dense(first, hidden)


def _per_neuron(b: Builder) -> None:
    first = b.add(SPIKES, 23)
    hidden = b.add(
        NEURONS, 37, "lif", tau_membrane=b.random.uniform(5.0, 30.0, 37), threshold=b.random.uniform(0.5, 1.5, 37)
    )
    out = b.add(NEURONS, 5, "leaky_integrator", tau_membrane=b.random.uniform(5.0, 30.0, 5))
    b.dense(first, hidden)
    b.dense(hidden, out)


def _wide(b: Builder) -> None:
    first, hidden = b.add(SPIKES, 300), b.add(NEURONS, 1030, "lif")
    middle, out = b.add(NEURONS, 515, "lif"), b.add(NEURONS, 10, "lif")
    b.dense(first, hidden)
    b.dense(hidden, middle)
    b.dense(middle, out)


def _reset_cases() -> list[Case]:
    cases = []
    for reset in ("subtract", "value", "none"):
        for timing in ("same_step", "next_step"):
            for gradient in ("detached", "attached"):
                cases.append(
                    Case(
                        f"lif_{reset}_{timing}_{gradient}",
                        _chain("lif", reset=reset, reset_timing=timing, reset_gradient=gradient, v_reset=0.1),
                        tags=frozenset({"attached"} if gradient == "attached" or reset == "none" else set()),
                    )
                )
    return cases


def has_option(model: str, option: str) -> bool:
    return any(one.name == option for one in load_builtin_model(model).options)


# How large weights are, by the unit of the receptor that they reach; "u" and "i" are thresholds of about 1.
SPIKING_GAINS = {"mV/ms": 40.0, "1": 0.5, "nS": 60.0}
GENTLE_GAINS = {"mV/ms": 2.0, "1": 0.1, "nS": 2.0}  # the membrane stays below its peak


def _gain(model: str, gains: dict[str, float]) -> float:
    return gains.get(load_builtin_model(model).receptors[0].unit, 1.5)


# From the definitions, so that no new one is forgotten.
SOURCES = [name for name in builtin_names("neurons") if not load_builtin_model(name).receptors]
MODELS = [name for name in builtin_names("neurons") if name not in SOURCES]
SPIKING = [name for name in MODELS if load_builtin_model(name).spiking]
SURROGATES = builtin_names("surrogates")

CASES: list[Case] = [
    *(Case(f"model_{m}", _chain(m, gain=_gain(m, SPIKING_GAINS)), steps=20) for m in SPIKING),
    *(Case(f"model_{m}", _chain(m)) for m in MODELS if m not in SPIKING),
    *(Case(f"model_{m}", _source(m), steps=20) for m in SOURCES),
    *_reset_cases(),
    Case("lif_greater_equal", _chain("lif", threshold_compare="greater_equal", threshold=0.5)),
    Case("lif_euler", _chain("lif", decay="euler")),
    Case("lif_one_minus_decay", _chain("lif", input_scaling="one_minus_decay", gain=20.0)),
    Case("lif_refractory", _chain("lif", refractory=3.0)),
    Case("lif_values", _chain("lif", source=VALUES)),
    *(Case(f"size_{n}", _chain("lif", size=n), batch=3) for n in (1, 15, 16, 17, 63, 64, 65, 257)),
    Case("per_neuron_parameters", _per_neuron),
    Case("held_at_first", _held_at_first),
    Case("one_to_one", _one_to_one),
    Case("sparse_float", _sparse(FLOAT)),
    Case("sparse_float_delays", _sparse(FLOAT, delays=True)),
    # More samples than lanes, which go back through synapses side by side; on several threads some tasks have few.
    Case("sparse_float_delays_batch", _sparse(FLOAT, delays=True, below=True), batch=21),
    Case("sparse_fixed", _sparse(FIXED, trainable=False)),
    Case("sparse_fixed_delays", _sparse(FIXED, delays=True, trainable=False)),
    Case("sparse_fixed_trained", _sparse(FIXED)),
    Case("recurrent_1", _recurrent(1)),
    Case("recurrent_3", _recurrent(3)),
    Case("recurrent_sparse", _recurrent(1, FIXED), steps=25),
    Case("conv", _conv(padding=(1, 1))),
    Case("conv_strided", _conv(stride=(2, 3))),
    Case("conv_dilated", _conv(dilation=(2, 1), padding=(2, 0))),
    Case("conv_groups", _conv(channels=(4, 6), groups=2)),
    Case("conv_1d", _conv(size=(1, 20), kernel=(1, 5), padding=(0, 2), bias=False)),
    Case("conv_values", _conv(source=VALUES)),
    Case("conv_delayed", _conv(delay_steps=2)),
    # More channels than lanes, than blocks of them that are taken together, and rows of a kernel longer than those that
    # have loops of their own.
    Case("conv_wide", _conv(size=(3, 8), channels=(17, 66), kernel=(3, 6), padding=(1, 2), below=True)),
    Case(
        "conv_wide_groups",
        _conv(size=(5, 6), channels=(6, 40), kernel=(3, 2), groups=2, stride=(2, 1), dilation=(1, 2), below=True),
    ),
    Case("pool_sum", _pool(SUM)),
    Case("pool_average", _pool(AVERAGE)),
    Case("pool_max", _pool(MAX)),
    Case("pool_max_apart", _pool(MAX, kernel=(2, 2), stride=(3, 2), padding=(0, 1))),
    Case("several_projections", _several_projections),
    Case("created_out_of_order", _out_of_order),
    Case("wide", _wide, batch=1),
    Case("wide_batch", _wide, batch=9),
    # Weights that are read so often that they are copied first, on one thread.
    Case("long_batch", _chain("lif", size=70), steps=32, batch=20),
    Case("silent", _chain("lif", bias=False), input_rate=0.0),
    Case("saturated", _chain("lif", gain=10.0), input_rate=1.0),
]

# Gradient checks in float64 with the smooth spike: every surrogate, every model, every loss, attached resets.
GRADIENT_CASES: list[Case] = [
    *(
        Case(
            f"gradient_{model}_{surrogate}",
            # Izhikevich stays below its peak: above it, a reset that is only partial lets v grow without bound.
            _chain(
                model,
                size=6,
                surrogate=surrogate,
                gain=_gain(model, GENTLE_GAINS),
                **({"reset_gradient": "attached"} if has_option(model, "reset_gradient") else {}),
            ),
            steps=6,
            batch=1,
        )
        for model in SPIKING
        for surrogate in (SURROGATES if model == "lif" else SURROGATES_OF_EVERY_MODEL)
    ),
    *(
        Case(
            f"gradient_lif_{reset}_{timing}",
            _chain("lif", size=6, reset=reset, reset_timing=timing, reset_gradient="attached", v_reset=0.1),
            steps=6,
            batch=1,
        )
        for reset in ("subtract", "value", "none")
        for timing in ("same_step", "next_step")
    ),
    *(
        Case(f"gradient_loss_{loss}", _chain("lif", size=6, reset_gradient="attached"), steps=6, loss=loss)
        for loss in (1, 2)
    ),
]
