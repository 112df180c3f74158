"""The C++ target, compiled against a tiny lanes header, against the numpy target: the same bits."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from snn.engine.modelc import compile_model, load_builtin_model, load_builtin_surrogate, print_builtin, print_cpp
from snn.engine.modelc.__main__ import main, native_files
from snn.engine.modelc.random_draws import Draws, poisson_thresholds
from tests.unit.modelc.running import (
    HUGE_REFRACTORY,
    NEGATIVE_COUNTERS,
    NEURONS,
    REFRACTORY_MODELS,
    SEED,
    SOURCES,
    SURROGATES,
    combinations,
    constants_for,
    drive,
    initial_states,
    oracle,
    parameters_for,
    refractory_drive,
)

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
COUNT = 80  # neurons: five groups of lanes, the last of which is the second block of 64 that shares random words

# A model with what few built-in ones use: exp, log, reciprocal, abs, floor, repeat, and, or, not, ints multiplied and
# converted, several draws of every kind.
OTHER = """\
[model]
name = "other"
[parameters]
rate = { default = 0.3 }
[options]
kind = { choices = ["plain", "odd", "strange"] }
[states]
v = { initial = 0.1 }
count = { type = "int" }
chance = {}
[receptors]
current = {}
[derived]
half_rate = "rate / 2"
wanted = "to_int(rate * 10)"
events = "11 * rate"
[step]
program = '''
moved = v
for part in repeat(3):
    change = half_rate * exp(-abs(moved)) - 0.3 * moved * log(2.0 + moved)
    moved = moved + 0.25 * change
limited = min(max(moved + current * reciprocal(1 + 0.1 * moved), -0.9), 1.1)
fired = spike(limited - 0.4)
emit(fired)
quiet = fired == 0 and not (count >= 3 or kind == "strange")
next.v = select(quiet, limited, floor(limited * 4) * 0.25) - 0.1 * fired
next.chance = select(uniform() < 0.25, normal(), chance)
surplus = to_int(poisson(rate) - poisson(events))
next.count = surplus + min(select(kind != "plain", count * 2 - 1, to_int(limited * 3)), wanted) + select(limited > 1.0, 1, 0)
'''
"""

HARNESS = """
#include "cpu/model_args.h"
#include "scalar_lanes.h"
using namespace snn::cpu;
#include "common/compiler.h"
#include "cpu/kernels_spans.h"
#include "model_kernels.inl"

extern "C" int run_step(int model, int taped, const void* const* constants, const uint32_t* masks,
                        const float* const* receptors, void* const* states, uint16_t* spikes, void* const* tape,
                        const DrawArgs* draws, const PoissonTable* poisson, uint32_t n) {
    const NeuronStepArgs args{constants, masks, receptors, states, spikes, tape, *draws, poisson};
    const NeuronStepFunction step = taped ? compiled_models[model].step_taped : compiled_models[model].step;
    if (step) step(args, 0, n);
    return step != nullptr;
}
extern "C" int run_adjoint(int model, const void* const* constants, const uint32_t* masks, const void* const* tape,
                           float* const* state_gradients, const float* spike_gradient, float* const* receptor_gradients,
                           int kind, const float* parameters, uint32_t n) {
    NeuronAdjointArgs args{constants, masks, tape, state_gradients, spike_gradient, receptor_gradients, {kind, {}}};
    for (int i = 0; i < 4; ++i) args.surrogate.parameters[i] = parameters[i];
    if (compiled_models[model].adjoint) compiled_models[model].adjoint(args, 0, n);
    return compiled_models[model].adjoint != nullptr;
}
extern "C" const char* model_name(uint32_t model) {
    return model < compiled_model_count ? compiled_models[model].name : "";
}
"""

MODELS = [*(load_builtin_model(name) for name in (*NEURONS, *SOURCES)), compile_model(OTHER)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = shutil.which("g++") or shutil.which("clang++") or shutil.which("c++")
    if not compiler:
        pytest.skip("no C++ compiler (g++, clang++ or c++) on the path")
    folder = tmp_path_factory.mktemp("cpp")
    kernels = print_cpp.kernels_source(
        [(m.definition, m.programs) for m in MODELS],
        [(s.definition, s.programs) for s in map(load_builtin_surrogate, SURROGATES)],
    )
    (folder / "model_kernels.inl").write_text(kernels)
    (folder / "normal_table.h").write_text(print_builtin.normal_table())
    (folder / "harness.cpp").write_text(HARNESS)
    output = folder / "kernels.so"
    # What the text says, not what an optimiser makes of it (a minute of work): of that, tests/backend compare libsnn.
    command = [
        compiler, "-std=c++20", "-O0", "-ffp-contract=off", "-fPIC", "-shared", "-Wall", "-Wextra", "-Wshadow", "-Werror",
        f"-I{ROOT / 'native' / 'src'}", f"-I{HERE}", f"-I{folder}", str(folder / "harness.cpp"), "-o", str(output),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    library = ctypes.CDLL(str(output))
    library.model_name.restype = ctypes.c_char_p
    return library


class DrawArgs(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint64) for name in ("seed", "step")),
        *((name, ctypes.c_uint32) for name in ("population", "sample")),
    ]


class PoissonTable(ctypes.Structure):
    _fields_ = [
        ("limits", ctypes.c_void_p),
        *((name, ctypes.c_uint32) for name in ("count", "stride", "mask")),
        ("upper_halves", ctypes.c_void_p),  # not read by the lanes of these tests
    ]


def poisson_tables(model, constants, vary):
    """The limits of every mean of the model as the backend lays them out, and the memory that they lie in."""
    program = model.programs.step
    means = sorted({i.operands[0] for i in program.instructions if i.op == "poisson"})
    tables, memory = (PoissonTable * max(1, len(means)))(), []
    for place, mean in enumerate(means):
        values = np.asarray(constants[program.inputs[mean][0]], np.float64)
        columns = np.broadcast_to(values if vary else values.ravel()[0], COUNT if vary else 16)
        thresholds = [poisson_thresholds(float(value)) for value in columns]
        limits = np.full((-(-max(map(len, thresholds)) // 8) * 8, columns.size), 2**32 - 1, np.uint32)
        for column, ascending in enumerate(thresholds):
            limits[: len(ascending), column] = np.array(ascending, np.uint64) - 1
        memory.append(limits ^ np.uint32(0x80000000))
        tables[place] = PoissonTable(memory[-1].ctypes.data, len(limits), columns.size, 0xFFFFFFFF if vary else 0)
    return tables, memory


def pointers(arrays):
    return (ctypes.c_void_p * max(1, len(arrays)))(*(array.ctypes.data for array in arrays))


def laid_out(model, constants, vary):
    """Constants as the backend lays them out: per neuron where they vary, else one value for 16 lanes."""
    floats = [p.name for p in model.parameters]
    types = dict.fromkeys(floats, np.float32) | {o.name: np.int32 for o in model.options}
    types |= {
        n: np.float32 if t == "float" else np.int32
        for n, t in zip(model.derived, model.programs.derived_types, strict=True)
    }
    arrays, masks = [], []
    for name, type in types.items():
        value = np.asarray(constants[name]).astype(type)
        per_neuron = value.ndim > 0 and vary
        arrays.append(
            np.ascontiguousarray(
                np.broadcast_to(value if per_neuron else value.ravel()[0], COUNT if per_neuron else 16)
            )
        )
        masks.append(0xFFFFFFFF if per_neuron else 0)
    return arrays, np.array(masks, np.uint32)


@pytest.mark.parametrize("vary", [True, False], ids=["per_neuron", "shared"])
@pytest.mark.parametrize("index", range(len(MODELS)), ids=[m.name for m in MODELS])
def test_compiled_step_and_adjoint_give_the_bits_of_numpy(library, index, vary):
    model = MODELS[index]
    assert library.model_name(index).decode() == model.name
    assert library.model_name(len(MODELS)) == b""
    for number, choices in enumerate(combinations(model, tuple(o.name for o in model.options))):
        if number % 7 == 0 or number < 4:  # all choices of each option, not all their combinations
            one_run(library, index, model, choices, vary, number)


def one_run(library, index, model, choices, vary, seed):
    rng = np.random.default_rng(seed)
    parameters = parameters_for(model, COUNT)
    if not vary:
        parameters = {k: v[0] for k, v in parameters.items()}
    constants = constants_for(model.numpy, parameters, model.option_indices(choices), 1.0)
    arrays, masks = laid_out(model, constants, vary)
    tables, _memory = poisson_tables(model, constants, vary)
    inputs = {k: v.astype(np.float32) for k, v in drive(model, 12, COUNT, seed, choices).items()}
    states = {
        s.name: rng.integers(0, 3, COUNT).astype(np.int32)
        if s.type == "int"
        else rng.normal(-60.0 if s.name == "v" and s.unit == "mV" else 0.3, 0.2, COUNT).astype(np.float32)
        for s in model.states
    }
    surrogate_kind = int(rng.integers(len(SURROGATES)))
    surrogate = load_builtin_surrogate(SURROGATES[surrogate_kind])
    shape = list(surrogate.default_parameters().values())
    trained = len(model.programs.adjoint.instructions) <= print_cpp.LARGEST_ADJOINT  # else the backend interprets
    for t in range(12):
        receptors = {name: np.ascontiguousarray(values[t]) for name, values in inputs.items()}
        place = DrawArgs(seed=2**63 + seed, step=2**40 + t, population=3, sample=5)
        draws = Draws(place.seed, place.step, COUNT, place.population, place.sample)
        after, spikes, tape = model.numpy.step(constants, receptors, states, np.float32, draws)
        for taped in (0, 1):
            got = {name: values.copy() for name, values in states.items()}
            words = np.zeros(COUNT // 16, np.uint16)
            kept = [np.zeros(COUNT, np.float32 if e.type == "float" else np.int32) for e in model.tape]
            ran = library.run_step(
                index, taped, pointers(arrays), ctypes.c_void_p(masks.ctypes.data), pointers(list(receptors.values())),
                pointers(list(got.values())), ctypes.c_void_p(words.ctypes.data if model.spiking else 0), pointers(kept),
                ctypes.byref(place), tables, ctypes.c_uint32(COUNT),
            )  # fmt: skip
            assert ran == (trained or not taped)
            if not ran:
                continue
            for name, values in got.items():
                same_bits(values, after[name])
            if model.spiking:
                bits = np.unpackbits(words.view(np.uint8), bitorder="little")
                np.testing.assert_array_equal(bits, spikes)
            if taped:
                for entry, values in zip(model.tape, kept, strict=True):
                    same_bits(values, tape[entry.name])
        if not model.receptors:
            continue  # a source: no gradient goes anywhere
        arriving = {s.name: rng.normal(size=COUNT).astype(np.float32) for s in model.states}
        spike_gradient = rng.normal(size=COUNT).astype(np.float32)

        def derivative(x):
            return surrogate.numpy.derivative(dict(zip((p.name for p in surrogate.parameters), shape, strict=True)), x)

        expected = model.numpy.adjoint(constants, tape, arriving, spike_gradient, derivative)
        gradients = {name: values.copy() for name, values in arriving.items()}
        into = [np.zeros(COUNT, np.float32) for _ in model.receptors]
        ran = library.run_adjoint(
            index, pointers(arrays), ctypes.c_void_p(masks.ctypes.data), pointers(kept), pointers(list(gradients.values())),
            ctypes.c_void_p(spike_gradient.ctypes.data), pointers(into), surrogate_kind,
            ctypes.c_void_p(np.array([*shape, 0, 0, 0][:4], np.float32).ctypes.data), ctypes.c_uint32(COUNT),
        )  # fmt: skip
        assert ran == trained
        if ran:
            for name, values in expected[0].items():
                same_bits(gradients[name], values)
            for receptor, values in zip(model.receptors, into, strict=True):
                same_bits(values, expected[1][receptor.name])
        states = {name: np.broadcast_to(v, COUNT).copy() for name, v in after.items()}


@pytest.mark.parametrize("name", REFRACTORY_MODELS)
@pytest.mark.parametrize("timing", ["same_step", "next_step"])
@pytest.mark.parametrize(
    ("refractory", "dt", "left"),
    [*((*huge, 0) for huge in HUGE_REFRACTORY), *((2.0, 1.0, left) for left in NEGATIVE_COUNTERS)],
)
def test_compiled_refractory_counters_do_not_wrap(library, name, timing, refractory, dt, left):
    index = NEURONS.index(name)
    model = MODELS[index]
    parameters = model.default_parameters() | {"refractory": refractory}
    choices = {option.name: option.default for option in model.options}
    if "reset_timing" in choices:
        choices["reset_timing"] = timing
    inputs = refractory_drive(model, neurons=COUNT)
    expected = oracle(name).simulate(inputs, parameters, choices, dt)["spikes"]
    assert expected.any()
    constants = constants_for(model.numpy, parameters, model.option_indices(choices), dt)
    arrays, masks = laid_out(model, constants, vary=False)
    tables, _memory = poisson_tables(model, constants, vary=False)
    start = initial_states(model, parameters, COUNT, np.float32)
    states = [np.full(COUNT, left, np.int32) if s.type == "int" else start[s.name].copy() for s in model.states]
    for t in range(len(expected)):
        receptors = [np.ascontiguousarray(inputs[r.name][t].astype(np.float32)) for r in model.receptors]
        words = np.zeros(COUNT // 16, np.uint16)
        library.run_step(
            index, 0, pointers(arrays), ctypes.c_void_p(masks.ctypes.data), pointers(receptors), pointers(states),
            ctypes.c_void_p(words.ctypes.data), pointers([]), ctypes.byref(DrawArgs(SEED, t)), tables, ctypes.c_uint32(COUNT),
        )  # fmt: skip
        np.testing.assert_array_equal(np.unpackbits(words.view(np.uint8), bitorder="little"), expected[t])


def same_bits(a, b):
    b = np.ascontiguousarray(np.broadcast_to(b, a.shape))
    assert a.dtype == b.dtype
    np.testing.assert_array_equal(a.view(np.uint32), b.view(np.uint32))


def test_float_literals_read_back_exactly():
    rng = np.random.default_rng(0)
    bits = rng.integers(0x00800000, 0x7F800000, 2000).astype(np.uint32)
    for value in [0.0, 1.0, -2.5, 1 / 3, 1e-30, 3.4e38, *map(float, bits.view(np.float32))]:
        text = print_cpp.float_literal(value)
        assert text.endswith("f")
        assert "." in text or "e" in text
        assert np.float32(float(text[:-1])) == np.float32(value)
    assert print_cpp.float_literal(0.04) == "0.04f"
    assert print_cpp.float_literal(140.0) == "140.0f"


def test_command_line_writes_what_the_build_needs(tmp_path):
    arguments = [
        "--models",
        str(ROOT / "snn" / "models"),
        "--out",
        str(tmp_path / "out"),
        "--docs",
        str(tmp_path / "docs"),
    ]
    assert main(arguments) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "builtin_models.cpp",
        "builtin_models.h",
        "model_kernels.inl",
        "normal_table.h",
        "plasticity_kernels.inl",
    ]
    assert (tmp_path / "docs" / "neurons" / "lif.md").read_text().startswith("# Leaky integrate-and-fire")
    before = (tmp_path / "out" / "builtin_models.cpp").stat().st_mtime_ns
    assert main(arguments) == 0
    assert (tmp_path / "out" / "builtin_models.cpp").stat().st_mtime_ns == before, (
        "unchanged files are not written again"
    )


def test_command_line_tells_a_wrong_model(tmp_path, capsys):
    (tmp_path / "neurons").mkdir()
    (tmp_path / "surrogates").mkdir()
    (tmp_path / "neurons" / "wrong.toml").write_text('[model]\nname = "wrong"\n')
    assert main(["--models", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "wrong.toml: needs a [step] section" in capsys.readouterr().err


def test_builtin_text_is_the_documents():
    """Each literal stays short, and together they are the JSON."""
    neurons = [load_builtin_model(name) for name in (*NEURONS, *SOURCES)]
    source = native_files(neurons, [])["builtin_models.cpp"]
    for model in neurons:
        body = source.split(f"const char neuron_{model.name}[] =\n")[1].split(";\n")[0]
        pieces = [line.strip()[1:-1] for line in body.splitlines()]
        assert all(len(piece.encode()) < 16_380 for piece in pieces)
        text = "".join(pieces)
        assert text.replace('\\"', '"').replace("\\?", "?").replace("\\\\", "\\") == model.json
