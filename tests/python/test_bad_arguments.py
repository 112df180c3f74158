"""Bad arguments of everything but a simulation: files, models, connections, training, encoding, data and plots."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snn
from snn.engine.errors import error_for_status

MODEL: dict[str, dict[str, Any]] = {
    "model": {"name": "tiny"},
    "parameters": {"tau": {"default": 10.0, "unit": "ms"}},
    "states": {"v": {"unit": "u"}},
    "receptors": {"current": {"unit": "u"}},
    "step": {"program": "next.v = v + current"},
}
WRONG, TYPE, MISSING = snn.InvalidArgumentError, snn.ArgumentTypeError, snn.NotFoundError
Case = tuple[Callable[[], Any], type[Exception], str]


def model(**sections: dict[str, Any]) -> snn.NeuronModel:
    """The model above with other sections."""
    return snn.NeuronModel({**MODEL, **sections})


def step(expression: str) -> snn.NeuronModel:
    """The model above with another equation."""
    return model(step={"program": f"next.v = {expression}"})


def check(case: Case) -> None:
    """The call must raise the error, which is of the library, with one sentence of one line."""
    call, error, sentence = case
    assert issubclass(error, snn.SnnError)
    with pytest.raises(error, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


FILES: list[Case] = [
    (lambda: snn.load(None), TYPE, "the path is None, neither a string nor a Path"),
    (lambda: snn.load(3), TYPE, "the path is 3"),
    (lambda: snn.load("\ud800"), WRONG, "half of a surrogate pair"),
    (lambda: snn.load(b"/nowhere/x.snn"), snn.FileError, "/nowhere/x.snn"),
    (lambda: snn.save(snn.Sequential(3), None), TYPE, "the path is None"),
    (lambda: snn.Sequential(3).save(3.5), TYPE, "the path is 3.5"),
]


@pytest.mark.parametrize("case", FILES)
def test_bad_paths(case: Case) -> None:
    check(case)


NEURONS: list[Case] = [
    (lambda: snn.LIF(3, initial=5), TYPE, "LIF: initial is 5, not a dict of values by state"),
    (lambda: snn.LIF(3, initial={"v": 1e300}), WRONG, r"LIF: initial v is 1e\+300; it must fit float32"),
    (lambda: snn.LIF(3, initial={1: 0.0}), TYPE, "LIF has no state 1 to start from"),
    (lambda: snn.LIF(3).replaced(initial=5), TYPE, "LIF: initial is 5"),
    (lambda: snn.LIF(3, reset=np.array(["none", "value"])), WRONG, r"LIF: reset is array\(\['none', 'value'\], dtype"),
    (lambda: snn.LIF(3, threshold=1e300), WRONG, r"LIF: threshold is 1e\+300; it must fit float32, whose largest"),
    (lambda: snn.LIF(2, threshold=[1, 1e39]), WRONG, r"LIF: threshold\[1\] is 1e\+39; it must fit float32"),
    (lambda: snn.LIF(3, name=0), TYPE, "LIF: name is 0, not a string"),
    (lambda: snn.Input(3, name="a b"), WRONG, "Input: name is 'a b'"),
    (lambda: snn.LIF(10**5000), WRONG, "LIF: size is <int>; it must be"),
    (lambda: snn.Neuron(3), TYPE, "definition is 3, not a ModelDefinition"),
    (lambda: snn.Surrogate(3), TYPE, "the surrogate is 3, not a name"),
    (lambda: snn.Surrogate(["arctan"]), TYPE, r"the surrogate is \['arctan'\]"),
    (lambda: snn.Surrogate("fast_sigmoid", slope=1e300), WRONG, r"fast_sigmoid: slope is 1e\+300; it must fit float32"),
    (lambda: snn.Sequential(np.zeros(3)), TYPE, "Input: size is array"),
    (lambda: snn.Sequential(4.0), TYPE, "layer 0 is 4.0; it must be a size or an input"),
]


@pytest.mark.parametrize("case", NEURONS)
def test_bad_neurons(case: Case) -> None:
    check(case)


def test_sizes_may_be_integers_of_numpy() -> None:
    net = snn.Sequential(np.int64(4), snn.Dense(np.int32(3)), snn.LIF())
    assert net["input"].shape == (4,)
    assert snn.Sequential((np.int64(1), 2, 3)).populations["input"].shape == (1, 2, 3)


MODELS: list[Case] = [
    (lambda: snn.NeuronModel(""), snn.FormatError, "the definition is '', neither TOML text nor the path of a file"),
    (lambda: snn.NeuronModel("a\0b"), snn.FormatError, r"'a\\x00b': cannot be read: embedded null"),
    (lambda: snn.NeuronModel("x" * 10_000), snn.FormatError, r"^'x{50,100}\.\.\.: cannot be read"),
    (lambda: snn.NeuronModel(Path(sys.executable)), snn.FormatError, "is not text in UTF-8"),
    (lambda: snn.NeuronModel("a = " + "[" * 100_000 + "\n"), snn.FormatError, "its lists nest too deeply"),
    (lambda: snn.Surrogate.define(3), TYPE, "the definition is 3, not a dict, a string or a Path"),
    (lambda: snn.Surrogate.define(""), snn.FormatError, "the definition is ''"),
    (
        lambda: step("v + " * 5000 + "current"),
        snn.FormatError,
        r"\[step\]: an expression nests more than 100 operations",
    ),
    (
        lambda: step("v + " * 101 + "current"),
        snn.FormatError,
        r"\[step\]: an expression nests more than 100 operations",
    ),
    (lambda: step("-" * 5000 + "v"), snn.FormatError, "nests more than 100 operations"),
    (lambda: step("v\0"), snn.FormatError, r"\[step\] line 1: .*null"),
    (lambda: step("v * 1" + "0" * 400), snn.FormatError, r"\[step\] line 1: the number 10+\.\.\. does not fit float32"),
    (lambda: step("v * 1e300"), snn.FormatError, r"the number 1e\+300 does not fit float32"),
    (lambda: step("v * 1e400"), snn.FormatError, "the number inf does not fit float32"),
    (lambda: model(derived={"a": "1" + " + 1" * 5000}), snn.FormatError, r"\[derived\] a: an expression nests more"),
    (
        lambda: model(states={"v": {"unit": "*".join(["ms"] * 5000)}}),
        snn.FormatError,
        r"\[states\] v: an expression nests",
    ),
    (
        lambda: model(parameters={"tau": {"default": 10**400}}),
        snn.FormatError,
        "default must be a finite number, not 100",
    ),
    (lambda: model(parameters={"tau": {"default": 1e39}}), snn.FormatError, r"default 1e\+39 does not fit float32"),
    (lambda: model(states={"v": {"initial": -1e39}}), snn.FormatError, r"initial value -1e\+39 does not fit float32"),
    (lambda: model(model={"name": "tiny", "title": "\ud800"}), snn.FormatError, "title: .*half of a surrogate pair"),
    (lambda: model(states={"v": {"doc": "\ud800"}}), snn.FormatError, r"\[states\] v: .*half of a surrogate pair"),
]


@pytest.mark.parametrize("case", MODELS)
def test_bad_models(case: Case) -> None:
    check(case)


def test_a_hundred_nested_operations_are_allowed() -> None:
    deepest = "v"
    for _ in range(99):  # and the comparison in the innermost
        deepest = f"select(v > 0, {deepest}, v)"
    for expression in ("v + " * 100 + "current", deepest, "-" * 100 + "v"):
        assert step(expression).name == "tiny"


CONNECTIONS: list[Case] = [
    (
        lambda: snn.Sequential(4, snn.Sparse(), snn.LIF(3)),
        WRONG,
        r"'input_to_output': Sparse\(\) has no synapses; make it",
    ),
    (lambda: snn.Sparse.from_arrays([[0], [1, 2]], [0], 1.0), TYPE, "Sparse: sources is not an array of numbers"),
    (lambda: snn.Sparse.fixed_total(3, weigth=1.0), TYPE, "Sparse has no keyword 'weigth'; a rule has: weight,"),
    (lambda: snn.Sparse.fixed_total(3, weight=1e39), WRONG, r"Sparse: weight is 1e\+39; it must fit float32"),
    (lambda: snn.Dense(3, init=np.nan), WRONG, "init is nan; it must be finite"),
    (lambda: snn.Dense(3, init=1e40), WRONG, r"init is 1e\+40; it must fit float32"),
    (lambda: snn.Dense(3, init=[1]), TYPE, r"init is \[1\], not a name, a number or a callable"),
    (lambda: snn.Dense(weights=[[1.0, 1e40]]), WRONG, r"Dense: weights\[0, 1\] is 1e\+40; it must fit float32"),
    (lambda: snn.init.Constant("x"), TYPE, "Constant: value is 'x'"),
    (lambda: snn.init.Uniform(2.0, 1.0), WRONG, "Uniform: low is 2.0 and high is 1.0"),
    (lambda: snn.init.Normal(0.0, -1.0), WRONG, "Normal: std is -1.0"),
    (lambda: snn.init.KaimingUniform(gain="x"), TYPE, "KaimingUniform: gain is 'x'"),
    (lambda: snn.init.XavierNormal(gain=-1.0), WRONG, "XavierNormal: gain is -1.0"),
    (lambda: snn.init.uniform("x", 0, 1, seed=0), TYPE, "shape is 'x', not an integer"),
    (lambda: snn.init.uniform(-1, 0, 1, seed=0), WRONG, "shape is -1"),
    (lambda: snn.init.uniform(3, 0, 1, seed=int), TYPE, "seed is <class 'int'>, not an integer"),
    (lambda: snn.Dense(3, trainable="no"), TYPE, "Dense: trainable is 'no', not True or False"),
    (lambda: snn.Sparse.fixed_total(3, allow_autapses=2), TYPE, "Sparse: allow_autapses is 2, not True or False"),
    (lambda: snn.PairSTDP(mu_plus=0.4), WRONG, "mu_plus is 0.4, which bounds = 'hard' does not look at"),
    (lambda: snn.TripletSTDP(bounds="soft", mu_minus=0.4), WRONG, "mu_minus is 0.4, which bounds = 'soft' does not"),
]


@pytest.mark.parametrize("case", CONNECTIONS)
def test_bad_connections(case: Case) -> None:
    check(case)


def test_a_wrong_keyword_of_a_convolution_names_the_class() -> None:
    with pytest.raises(TypeError, match="Conv1d has no argument 'sride'; did you mean 'stride'"):
        snn.Conv1d(3, 2, sride=2)  # type: ignore[call-arg]


def test_init_takes_numbers_of_numpy() -> None:
    net = snn.Sequential(2, snn.Dense(2, init=np.float32(0.25)), snn.LIF())
    assert (net.projections["input_to_output"].weights == 0.25).all()


def fit(x: Any = None, y: Any = None, **arguments: Any) -> snn.Trainer:
    """Train a small network for an epoch; `arguments` of `Trainer` and of `fit`."""
    names = ("validation_data", "callbacks", "on_weight_update", "progress")
    of_fit = {name: arguments.pop(name) for name in names if name in arguments}
    net = snn.Sequential(2, snn.Dense(3), snn.LIF())
    values = np.ones((4, 2)) if x is None else x
    return snn.Trainer(net, steps=3, epochs=1, **arguments).fit(values, np.arange(4) % 3 if y is None else y, **of_fit)


def integrators(**arguments: Any) -> snn.Trainer:
    """A trainer of a network that does not spike."""
    return snn.Trainer(snn.Sequential(2, snn.Dense(3), snn.LeakyIntegrator()), **arguments)


TRAINING: list[Case] = [
    (lambda: fit(validation_data=(np.zeros((4, 2)),)), TYPE, r"validation_data is \(array.*not a pair \(x, y\)"),
    (lambda: fit(validation_data=3), TYPE, "validation_data is 3, not a pair"),
    (lambda: fit(callbacks=print), TYPE, "callbacks is <built-in function print>, not a list of callables"),
    (lambda: fit(callbacks=None), TYPE, "callbacks is None"),
    (lambda: fit(callbacks=[print, 3]), TYPE, r"callbacks\[1\] is 3, not callable"),
    (lambda: fit(on_weight_update=3), TYPE, "on_weight_update is 3, not callable"),
    (lambda: fit(schedule=lambda done: None), TYPE, "what schedule returned is None, not a number"),
    (lambda: fit(schedule=lambda done: np.nan), WRONG, "what schedule returned is nan"),
    (lambda: fit(schedule=lambda done: -1.0), WRONG, "what schedule returned is -1.0; it must be at least 0"),
    (lambda: fit(y=[[0], [1, 2]]), TYPE, "y is not an array of numbers"),
    (lambda: fit(y=[[0], [1, 2]], loss="mean_square_rate"), TYPE, "y is not an array of numbers"),
    (lambda: fit(loss=np.array(["a", "b"])), WRONG, r"loss is array\(\['a', 'b'\]"),
    (lambda: fit(batch_size=2**21), WRONG, "batch_size is 2097152; it must be 1 to 1048576"),
    (
        lambda: fit(np.full((4, 2), 3.0), encoder=snn.Encoder("constant", gain=3e38)),
        WRONG,
        r"gain is 3e\+38 and values go",
    ),
    (lambda: fit(np.ones((4, 3, 2))), WRONG, r"shape \(4, 3, 2\); .* encoder=None takes the input of each step"),
    (lambda: fit(y=np.eye(4, dtype=int)), WRONG, r"y has shape \(4, 4\); .* must be \(4,\), the class of each"),
    (lambda: fit(beta1=1.0), WRONG, "beta1 is 1.0; it must be below 1"),
    (lambda: fit(momentum=0.9), WRONG, "momentum is 0.9, which is read by 'sgd'; optimizer is 'adam'"),
    (lambda: fit(optimizer="sgd", beta1=0.5), WRONG, "beta1 is 0.5, which is read by 'adam' and 'adamw' and 'lion'"),
    (lambda: fit(optimizer="lion", epsilon=1e-3), WRONG, "epsilon is 0.001, which is read by 'adam' and 'adamw'"),
    (lambda: fit(rate_target=0.1), WRONG, "rate_target is 0.1, which does nothing without rate_regularization above 0"),
    (lambda: fit(rate_on=0.9), WRONG, "rate_on is 0.9, which does nothing without a mean-square loss"),
    (lambda: fit(van_rossum_tau=5.0), WRONG, "van_rossum_tau is 5.0, which does nothing without loss = 'van_rossum'"),
    (lambda: fit(window_updates=False), WRONG, "window_updates is False, which does nothing without window_steps"),
    (lambda: fit(output="input"), WRONG, "output is 'input', which is an input"),
    (lambda: fit(window_updates=1), TYPE, "window_updates is 1, not True or False"),
    (lambda: fit(progress="no"), TYPE, "progress is 'no', not True or False"),
    (lambda: snn.EarlyStopping(restore_best="no"), TYPE, "restore_best is 'no', not True or False"),
    (lambda: snn.Quantization(per_channel=1), TYPE, "per_channel is 1, not True or False"),
    (lambda: snn.Learnable(per_neuron="yes"), TYPE, "per_neuron is 'yes', not True or False"),
    (
        lambda: integrators(rule="eventprop", loss="mean_square_rate"),
        WRONG,
        "loss is 'mean_square_rate', which looks at spikes",
    ),
    (
        lambda: integrators(rule="eventprop", loss="cross_entropy_mean_membrane", rate_regularization=0.5),
        snn.UnsupportedError,
        "EventProp: rate_regularization is 0.5, and a rate does not change",
    ),
    (
        lambda: fit(rule="eventprop"),
        snn.UnsupportedError,
        "EventProp: the loss of population 'output' is 'cross_entropy_count', which counts spikes",
    ),
    (
        lambda: fit(rule="eventprop", loss="cross_entropy_max_membrane"),
        snn.UnsupportedError,
        "EventProp: the loss of population 'output' is 'cross_entropy_max_membrane', and its model is 'lif'",
    ),
    (
        lambda: integrators(),
        WRONG,
        "loss is 'cross_entropy_count', which looks at spikes, but .* does not spike; use a membrane",
    ),
]


@pytest.mark.parametrize("case", TRAINING)
def test_bad_training(case: Case) -> None:
    check(case)


VALUES = np.zeros((5, 2), np.float32)
HELPERS: list[Case] = [
    (lambda: snn.Encoder("rate", gain=1e300), WRONG, r"gain is 1e\+300; it must fit float32"),
    (lambda: snn.Encoder("rate")(VALUES, 3, out=[1.0]), TYPE, r"out is \[1\.0\], not a float32 array"),
    (lambda: snn.Encoder("rate")(VALUES, 3, out=np.zeros((3, 5, 2))), TYPE, "out has dtype float64, not float32"),
    (lambda: snn.encode.constant([3e38], 2, gain=10.0), WRONG, r"gain is 10 and values go up to 3e\+38; their product"),
    (lambda: snn.data.stratified_split([], 0.5, seed=0), WRONG, "y is empty; there is nothing to split"),
    (lambda: snn.data.stratified_split(["a"], 0.5, seed=0), TYPE, "y has dtype <U1"),
    (lambda: snn.data.stratified_split([[1]], 0.5, seed=0), WRONG, r"y has shape \(1, 1\)"),
    (lambda: snn.plot.traces("abc"), TYPE, "values has dtype <U3"),
    (
        lambda: snn.plot.traces(np.zeros((0, 2)), labels=["a", "b"]),
        WRONG,
        r"values has shape \(0, 2\); there is nothing",
    ),
    (lambda: snn.plot.traces(VALUES, labels=[1.0, 2.0]), TYPE, r"labels\[0\] is 1\.0, not a string"),
    (lambda: snn.plot.traces(VALUES, labels="ab"), TYPE, "labels is 'ab', not a list of strings"),
    (lambda: snn.plot.traces(VALUES, labels=["a"]), WRONG, "there are 1 labels for 2 lines"),
    (lambda: snn.plot.traces(VALUES, axes=3), TYPE, "axes is 3, not Axes of matplotlib"),
    (lambda: snn.plot.traces(VALUES, dt="x"), TYPE, "dt is 'x', not a number"),
    (lambda: snn.plot.traces(VALUES, threshold="x"), TYPE, "threshold is 'x'"),
    (lambda: snn.plot.raster([["a"]]), TYPE, "spikes has dtype <U1"),
    (lambda: snn.plot.raster(VALUES, dt=0), WRONG, "dt is 0.0; it must be above 0"),
    (lambda: snn.plot.raster(VALUES, color=["red"] * 3), WRONG, "there are 3 colors for 2 neurons"),
    (lambda: snn.plot.confusion_matrix([0, -1], [0, 0]), WRONG, r"truth\[1\] is -1; classes to draw are 0 to 999"),
    (lambda: snn.plot.confusion_matrix([0], [10**9]), WRONG, r"predicted\[0\] is 1000000000; classes to draw are 0"),
    (lambda: snn.plot.confusion_matrix([0.5], [0]), TYPE, "truth has dtype float64; it must hold integers"),
    (lambda: snn.plot.confusion_matrix([0], [1], classes=3), TYPE, "classes is 3, not a list of strings"),
    (lambda: snn.plot.confusion_matrix([0], [1], classes=["a"]), WRONG, "there are 1 names for 2 classes"),
]


@pytest.mark.parametrize("case", HELPERS)
def test_bad_values_for_encoders_data_and_plots(case: Case) -> None:
    check(case)


def test_functions_of_vulkan_name_what_is_no_simulation_semaphore_or_buffer() -> None:
    net = snn.Sequential(snn.SpikeInput(3), snn.Dense(2), snn.LIF())
    wrong: list[Any] = [3, None, net]
    for one in wrong:
        for function, arguments in (
            (snn.vulkan.plan, ()),
            (snn.vulkan.record_steps, (1,)),
            (snn.vulkan.submit_steps, ()),
            (snn.vulkan.buffer, ("output.v",)),
            (snn.vulkan.bind_buffer, ("output.spikes", None)),
            (snn.vulkan.set_readback, (["output.v"], 2)),
            (snn.vulkan.record_readback, (1, 0)),
            (snn.vulkan.read_back, ("output.v", 0)),
        ):
            with pytest.raises(snn.ArgumentTypeError, match=r"simulation is .*, not an snn\.Simulation"):
                function(one, *arguments)
    with snn.Simulation(net) as simulation:
        for semaphores, words in (
            (5, "waits is 5, not a list of semaphores"),
            (["a"], r"waits\[0\] is 'a', not an integer"),
            ([1, (2, 3, 4)], r"waits\[1\] is \(2, 3, 4\)"),
            ([(1, None)], r"the value of waits\[0\] is None"),
        ):
            with pytest.raises(snn.ArgumentTypeError, match=words):
                snn.vulkan.submit_steps(simulation, waits=semaphores)
        with pytest.raises(snn.ArgumentTypeError, match=r"memory is 3, not an snn\.vulkan\.Buffer"):
            snn.vulkan.bind_buffer(simulation, "output.spikes", 3)  # type: ignore[arg-type]
    with pytest.raises(snn.ArgumentTypeError, match="physical_device is 'a', not an integer"):
        snn.vulkan.Host(1, "a", 1, 1, 0)  # type: ignore[arg-type]


def test_sentences_of_libsnn_have_the_words_of_python() -> None:
    def said(sentence: str) -> str:
        return str(error_for_status(-1, sentence))

    assert said("config->batch_size is 0; expected 1 to 9") == "batch_size is 0; expected 1 to 9"
    assert said("def->beta1 is 2 and def->beta2 is 3") == "beta1 is 2 and beta2 is 3"
    assert said("host->queue is null; buffer->size_bytes is 3") == "host.queue is null; buffer.size_bytes is 3"
    assert said("SNN_FLAG_FLOAT64 needs SNN_ISA_BEST") == "'float64' needs 'best'"
    assert said("by SNN_LEARNING_BPTT, with SNN_ARITHMETIC_FLOAT") == "by rule = 'bptt', with arithmetic = 'float'"
    assert said("def->loss is 99; expected one of SNN_LOSS_*") == "loss is 99; expected one of SNN_LOSS_*"
    net = snn.Sequential(snn.SpikeInput(3), snn.Dense(2), snn.LIF())
    with pytest.raises(
        snn.UnsupportedError, match="computes in float32 only; 'float64' and 'smooth_spikes' need 'reference'"
    ):
        snn.Simulation(net, device="cpu", flags=["float64"])


def test_a_list_of_three_colors_is_one_for_each_neuron() -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgba

    # Neuron 2 spikes first: matplotlib alone would give it the first color.
    axes = snn.plot.raster([[0, 0, 1], [1, 0, 0], [0, 1, 0]], color=["red", "green", "blue"])
    (marks,) = [item for item in axes.collections if isinstance(item, LineCollection)]
    assert [tuple(color) for color in marks.get_colors()] == [to_rgba(name) for name in ("blue", "red", "green")]
    pyplot.close("all")
