"""Random draws in a session against those that the compiler's numpy makes for the same place: the same bits everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from snn.engine import _native
from snn.engine.modelc import compile_model
from snn.engine.modelc.random_draws import Draws

from .cases import CONV2D, NEURONS, ONE_TO_ONE, SPIKES, VALUES, Builder, Case
from .running import Setting, cpu_settings, open_session

SEED = 0xFEDC_BA98_7654_3210
EVERYWHERE = [Setting(), *cpu_settings()]

# Every draw straight into a state; both means differ from neuron to neuron or not, as the parameters do.
DRAWING = compile_model("""
[model]
name = "drawing"
membrane = "unit"
[parameters]
rare = { default = 0.3, minimum = 0 }
often = { default = 8.0, minimum = 0 }
[states]
unit = {}
bell = {}
few = {}
many = {}
chosen = { type = "int" }
[receptors]
current = {}
[step]
program = '''
next.few = poisson(rare)
next.unit = uniform()
next.many = poisson(often)
next.bell = normal()
next.chosen = select(uniform() < 0.5, 1, 0)
emit(spike(uniform() - 0.5))
'''
""")


def drawing(size: int, **parameters: np.ndarray | float) -> tuple[_native.Network, int]:
    """A network whose second population draws."""
    network = _native.Network.create(1.0)
    network.add_population(VALUES, "in", (3,), None)
    cells = network.add_population(NEURONS, "cells", (size,), _native.Model.load(DRAWING.json))
    for name, values in parameters.items():
        network.set_parameter(cells, name, np.atleast_1d(np.asarray(values, np.float64)))
    network.finish()
    return network, cells


def opened(network: _native.Network, setting: Setting, batch: int, seed: int = SEED) -> _native.Session:
    return _native.Session(
        network,
        device=setting.device,
        batch_size=batch,
        threads=setting.threads,
        instruction_set=setting.instruction_set,
        flags=setting.flags,
        seed=seed,
    )


def recorded(session: _native.Session, cells: int, shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    found = {name: np.full(shape, np.nan, np.float32) for name in ("unit", "bell", "few", "many", "chosen", "spikes")}
    session.run(shape[0], [], [(cells, name, array) for name, array in found.items()])
    return found


def expected(shape: tuple[int, int, int], cells: int, first: int, means: dict[str, np.ndarray | float]):
    steps, batch, size = shape
    result: dict[str, np.ndarray] = {}
    for t in range(steps):
        for sample in range(batch):
            draws = Draws(SEED, first + t, size, cells, sample)
            here = {
                "few": draws.poisson(0, means.get("rare", 0.3)),
                "unit": draws.uniform(1),
                "many": draws.poisson(2, means.get("often", 8.0)),
                "bell": draws.normal(3),
                "chosen": draws.uniform(4) < 0.5,
                "spikes": draws.uniform(5) > 0.5,
            }
            for name, values in here.items():
                result.setdefault(name, np.empty(shape, np.float32))[t, sample] = values
    return result


@pytest.mark.parametrize("per_neuron", [False, True], ids=["shared", "per_neuron"])
@pytest.mark.parametrize("size", [1, 15, 16, 17, 63, 64, 65, 300])
def test_draws_are_those_of_their_place(size: int, per_neuron: bool) -> None:
    random = np.random.Generator(np.random.Philox(size))
    means = {"rare": random.uniform(0, 1, size), "often": random.uniform(0, 16, size)} if per_neuron else {}
    network, cells = drawing(size, **means)
    shape = (4, 3, size)
    wanted = expected(shape, cells, 0, means)
    for setting in EVERYWHERE:
        found = recorded(opened(network, setting, 3), cells, shape)
        for name, values in wanted.items():
            np.testing.assert_array_equal(
                found[name].view(np.uint32), (values + 0.0).view(np.uint32), f"{setting} {name}"
            )


def test_means_at_both_ends_are_taken() -> None:
    size = 80
    means = {"rare": np.zeros(size), "often": np.full(size, 16.0)}
    network, cells = drawing(size, **means)
    wanted = expected((200, 1, size), cells, 0, means)
    assert not wanted["few"].any()
    assert wanted["many"].max() > 26
    for setting in EVERYWHERE:
        found = recorded(opened(network, setting, 1), cells, (200, 1, size))
        for name in ("few", "many"):
            np.testing.assert_array_equal(found[name], wanted[name], f"{setting} {name}")


def test_steps_go_on_where_they_were_set_to() -> None:
    network, cells = drawing(70)
    for setting in EVERYWHERE:
        session = opened(network, setting, 2)
        for first in (5, 2**32 - 1, 2**44 - 2):
            session.step_count = first
            found = recorded(session, cells, (2, 2, 70))
            for name, values in expected((2, 2, 70), cells, first, {}).items():
                np.testing.assert_array_equal(found[name], values, f"{setting} {name} {first}")
            assert session.step_count == first + 2
        session.reset()
        np.testing.assert_array_equal(
            recorded(session, cells, (1, 2, 70))["bell"], expected((1, 2, 70), cells, 0, {})["bell"]
        )


def test_how_a_run_is_cut_does_not_matter() -> None:
    network, cells = drawing(33)
    wanted = expected((6, 1, 33), cells, 0, {})["bell"]
    for setting in EVERYWHERE:
        session = opened(network, setting, 1)
        session.step(2)
        session.run_step(0.001)
        np.testing.assert_array_equal(recorded(session, cells, (3, 1, 33))["bell"], wanted[3:])


def test_seeds_and_populations_draw_different_numbers() -> None:
    network, cells = drawing(64)
    one = recorded(opened(network, Setting("cpu"), 1, seed=1), cells, (1, 1, 64))["unit"]
    two = recorded(opened(network, Setting("cpu"), 1, seed=2), cells, (1, 1, 64))["unit"]
    assert (one != two).all()
    twins = _native.Network.create(1.0)
    for name in ("a", "b"):
        twins.add_population(NEURONS, name, (64,), _native.Model.load(DRAWING.json))
    twins.finish()
    session = opened(twins, Setting("cpu"), 1)
    session.step(1)
    found = []
    for name in ("a", "b"):
        found.append(np.empty(64))
        session.read(f"{name}.unit", found[-1])
    assert (found[0] != found[1]).all()


@pytest.mark.parametrize("mean", [16.01, 1e9])
def test_a_mean_beyond_the_tables_is_refused_with_its_value(mean: float) -> None:
    network, _ = drawing(4, often=np.array([1.0, 2.0, mean, 3.0]))
    for setting in (Setting(), Setting("cpu")):
        with pytest.raises(
            ValueError, match=r"'cells': 'often' of model 'drawing'.* is (16\.01|1e\+09); it must be 0 to 16"
        ):
            opened(network, setting, 1)


def _pieces(b: Builder) -> None:
    """Neurons enough for threads, in blocks of 48: pieces begin inside the blocks of 64 that share random words."""
    first = b.add(SPIKES, (1, 1, 3))
    random = np.random.Generator(np.random.Philox(4))
    cells = b.add(
        NEURONS, (5040, 1, 3), "driven_lif", background_rate=random.uniform(0, 3000, 15120), background_weight=0.1
    )
    weights = b.weights(5040, 1.0)
    b.connect(
        CONV2D, first, cells, weights=weights, kernel=(1, 1), stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1
    )


def _driven_models(b: Builder) -> None:
    """Every compiled model that draws, in a population each, fed and connected."""
    random = np.random.Generator(np.random.Philox(4))
    first = b.add(SPIKES, 90)
    rates = random.uniform(0, 4000, 90)
    one = b.add(NEURONS, 90, "driven_lif", background_rate=rates, background_weight=0.05)
    two = b.add(
        NEURONS, 90, "driven_current_lif", background_rate=1500.0, background_weight=random.uniform(0, 0.03, 90)
    )
    three = b.add(NEURONS, 90, "noisy_izhikevich", noise_std=random.uniform(0, 8, 90))
    for target in (one, two, three):
        b.connect(ONE_TO_ONE, first, target, weights=b.weights(90, 20.0))
    for source, target in ((one, two), (two, three), (three, one)):
        b.sparse(source, target, delays=True, delay_steps=1, trainable=False)


@pytest.mark.parametrize(
    "case",
    [Case("pieces", _pieces, steps=5, batch=1), Case("driven_models", _driven_models, steps=60)],
    ids=lambda c: c.name,
)
def test_compiled_models_draw_as_the_reference_does(case: Case) -> None:
    def run(setting: Setting) -> dict[str, np.ndarray]:
        builder = Builder(case)
        session = open_session(builder, case, setting)
        result, records = {}, []
        for index, size in enumerate(builder.sizes):
            if builder.kinds[index] != NEURONS:
                continue
            for name, dtype in (("v", np.float32), ("spikes", np.uint8)):
                result[f"{index}.{name}"] = np.zeros((case.steps, case.batch, size), dtype)
                records.append((index, name, result[f"{index}.{name}"]))
        session.run(case.steps, builder.drive(case), records)
        return result

    wanted = run(Setting())
    for name, values in wanted.items():
        if name.endswith("spikes"):
            assert 0 < values.mean() < 0.9, name
    for setting in cpu_settings():
        for name, values in run(setting).items():
            np.testing.assert_array_equal(values.view(np.uint8), wanted[name].view(np.uint8), f"{setting} {name}")


def test_a_taped_run_draws_the_same_numbers() -> None:
    """Scores of a trainer's forward, and states after it, are those of a run; gradients agree between devices."""
    network = _native.Network.create(1.0)
    source = network.add_population(SPIKES, "in", (40,), None)
    cells = network.add_population(NEURONS, "cells", (70,), "driven_lif")
    out = network.add_population(NEURONS, "out", (5,), "leaky_integrator")
    random = np.random.Generator(np.random.Philox(8))
    network.connect(0, "w", source, cells, weights=random.normal(0.05, 0.2, 2800).astype(np.float32))
    network.connect(0, "x", cells, out, weights=random.normal(0, 0.2, 350).astype(np.float32))
    network.finish()
    inputs = [(source, False, (random.random((15, 3, 40)) < 0.2).astype(np.float32))]
    gradients = []
    for setting in EVERYWHERE:
        plain, taped = opened(network, setting, 3), opened(network, setting, 3)
        plain.run(15, inputs, [])
        trainer = _native.Trainer(taped, output_population=out, steps=15, loss=2)
        for _ in range(2):  # a forward resets the steps, so the second draws what the first drew
            trainer.forward(inputs, labels=np.array([0, 1, 2], np.int32))
            states = [np.empty(210, np.float32), np.empty(210, np.float32)]
            plain.read("cells.v", states[0])
            taped.read("cells.v", states[1])
            np.testing.assert_array_equal(states[0].view(np.uint32), states[1].view(np.uint32), str(setting))
        trainer.backward()
        gradients.append(np.empty(2800))
        taped.read("w.weight.gradient", gradients[-1])
        np.testing.assert_allclose(gradients[-1], gradients[0], rtol=1e-4, atol=2e-5 * np.abs(gradients[0]).max())
    assert np.count_nonzero(gradients[0]) > 100
