"""Dropout that is fixed over time: what it computes, its gradients, and devices that agree."""

from __future__ import annotations

import numpy as np
import pytest

from snn.engine import _native
from snn.engine.errors import InvalidArgumentError, UnsupportedError

from .cases import CASES, NEURONS, Builder, Case
from .running import FLOAT64, SMOOTH, Setting, cpu_settings, gradients_of, labels, open_session, output_of, slope

CHOSEN = (
    "model_lif",
    "one_to_one",
    "sparse_float_delays",
    "recurrent_3",
    "conv",
    "pool_average",
    "several_projections",
    "wide_batch",
)


def _cases() -> list[Case]:
    by_name = {case.name: case for case in CASES}
    return [by_name[name] for name in CHOSEN]


def trainer_of(
    builder: Builder, session: _native.Session, case: Case, probability: float, seed: int = 9
) -> _native.Trainer:
    output = output_of(builder)
    trainer = _native.Trainer(
        session,
        output_population=output,
        steps=case.steps,
        loss=0 if builder.models[output]["spiking"] else case.loss,
        rate_regularization=0.05,
        rate_target=0.2,
    )
    for index, kind in enumerate(builder.kinds):
        if kind == NEURONS and builder.models[index]["spiking"] and index != output:
            trainer.set_dropout(index, probability, seed)
    return trainer


def run(builder: Builder, trainer: _native.Trainer, case: Case) -> _native.TrainResult:
    return trainer.forward(builder.drive(case), labels=labels(case, builder.sizes[output_of(builder)]))


@pytest.mark.parametrize("case", [case for case in _cases() if "wide" not in case.name], ids=lambda case: case.name)
def test_central_differences(case: Case) -> None:
    class Attached(Builder):
        def add(self, kind, shape, model=None, **settings):
            attached = {"reset_gradient": "attached"} if model == "lif" else {}
            return super().add(kind, shape, model, **settings, **attached)

    builder = Attached(case)
    session = open_session(builder, case, Setting("reference", flags=FLOAT64 | SMOOTH))
    trainer = trainer_of(builder, session, case, 0.4)
    run(builder, trainer, case)
    trainer.backward()
    found = gradients_of(builder, session)
    random = np.random.Generator(np.random.Philox(3))
    silent = 0
    for path, gradient in found.items():
        for index in random.choice(gradient.size, min(8, gradient.size), replace=False):
            expected = slope(session, path, index, lambda: run(builder, trainer, case).loss)
            assert gradient[index] == pytest.approx(expected, rel=1e-5, abs=1e-8), f"{path}[{index}]"
            silent += expected == 0
    assert silent > 0 or case.name not in ("model_lif", "one_to_one"), "no weight of a silenced neuron was looked at"


@pytest.mark.parametrize("case", _cases(), ids=lambda case: case.name)
def test_devices_agree(case: Case) -> None:
    def found(setting: Setting) -> tuple[float, float, dict[str, np.ndarray]]:
        builder = Builder(case)
        session = open_session(builder, case, setting)
        trainer = trainer_of(builder, session, case, 0.4)
        result = run(builder, trainer, case)
        trainer.backward()
        return result.loss, result.spike_count, gradients_of(builder, session)

    loss, spikes, expected = found(Setting("reference"))
    settings = cpu_settings()
    first = None
    for setting in settings:
        other_loss, other_spikes, other = found(setting)
        assert other_spikes == spikes, str(setting)  # the forward gives the same bits
        assert other_loss == pytest.approx(loss, rel=1e-6)
        for name, values in expected.items():
            scale = np.abs(values).max() + 1e-6
            np.testing.assert_allclose(other[name], values, rtol=1e-4, atol=2e-5 * scale, err_msg=f"{setting} {name}")
        if setting.instruction_set == settings[0].instruction_set and not setting.flags:
            first = first or other
            for name, values in first.items():
                np.testing.assert_array_equal(other[name], values, err_msg=f"{setting} {name}")


@pytest.mark.parametrize("setting", [Setting("reference"), Setting("cpu")], ids=str)
def test_it_is_the_network_without_the_silenced_and_with_the_others_louder(setting: Setting) -> None:
    """One sample: rows of weights from silenced neurons have no gradient; the network without them gives the same loss."""
    case = Case("dropped", next(c for c in CASES if c.name == "model_lif").build, steps=20, batch=1)
    builder = Builder(case)
    session = open_session(builder, case, setting)
    # Without regularisation of rates, which sees the silenced neurons as well.
    trainer = _native.Trainer(session, output_population=2, steps=case.steps, loss=2)
    trainer.set_dropout(1, 0.5, 9)
    with_dropout = run(builder, trainer, case).loss
    trainer.backward()
    rows = gradients_of(builder, session)["w1.weight"].reshape(37, 5)
    spikes = np.zeros((case.steps, 1, 37))
    open_session(builder, case, setting).run(case.steps, builder.drive(case), [(1, "spikes", spikes)])
    active = spikes.any(axis=(0, 1))
    kept = rows.any(axis=1)
    assert not (kept & ~active).any()
    assert 0.25 < kept.sum() / active.sum() < 0.75
    weights = np.empty(rows.size)
    session.read("w1.weight", weights)
    session.write("w1.weight", (weights.reshape(37, 5) * 2.0 * kept[:, None]).ravel())
    plain = _native.Trainer(session, output_population=2, steps=case.steps, loss=2)
    assert run(builder, plain, case).loss == pytest.approx(with_dropout, rel=1e-6)


def test_masks_follow_seed_and_update() -> None:
    case = Case("dropped", next(c for c in CASES if c.name == "model_lif").build, steps=20, batch=4)
    builder = Builder(case)
    session = open_session(builder, case, Setting("cpu"))
    trainer = trainer_of(builder, session, case, 0.5)
    first = run(builder, trainer, case).loss
    assert run(builder, trainer, case).loss == first
    assert run(builder, trainer_of(builder, session, case, 0.5, seed=10), case).loss != first
    trainer.set_learning_rate(0.0)
    run(builder, trainer, case)
    trainer.backward()
    trainer.update()
    assert run(builder, trainer, case).loss != first  # the same weights, other neurons
    trainer.set_dropout(1, 0.0)
    assert run(builder, trainer, case).loss == run(builder, trainer_of(builder, session, case, 0.0), case).loss


def test_the_share_of_the_silenced() -> None:
    case = Case("dropped", next(c for c in CASES if c.name == "wide").build, steps=12, batch=8)
    builder = Builder(case)
    session = open_session(builder, case, Setting("cpu"))

    def spikes(probability: float) -> float:
        trainer = _native.Trainer(session, output_population=3, steps=case.steps)
        if probability:
            trainer.set_dropout(1, probability, 4)
        run(builder, trainer, case)
        hidden = np.zeros((8, 1030))
        session.read("p1.spikes", hidden.reshape(-1))
        return hidden.sum()

    # Of n spikes in the last step a binomial share stays; 5 standard deviations.
    everyone = spikes(0.0)
    assert everyone > 500
    assert abs(spikes(0.3) - 0.7 * everyone) < 5 * np.sqrt(0.21 * everyone)


def test_what_cannot_drop_says_why() -> None:
    by_name = {case.name: case for case in CASES}

    def trainer(name: str) -> tuple[Builder, _native.Trainer]:
        builder = Builder(by_name[name])
        session = open_session(builder, by_name[name], Setting("cpu"))
        return builder, _native.Trainer(session, output_population=output_of(builder), steps=3, loss=2)

    _, one = trainer("model_lif")
    with pytest.raises(InvalidArgumentError, match="'p0' is an input"):
        one.set_dropout(0, 0.5)
    with pytest.raises(InvalidArgumentError, match="'p2' does not spike"):
        one.set_dropout(2, 0.5)
    for probability in (1.0, -0.1, float("nan")):
        with pytest.raises(InvalidArgumentError, match="probability is"):
            one.set_dropout(1, probability)
    _, pooled = trainer("pool_max")
    with pytest.raises(UnsupportedError, match="maximum pooling"):
        pooled.set_dropout(1, 0.5)
    _, fixed = trainer("recurrent_sparse")
    with pytest.raises(UnsupportedError, match="fixed point"):
        fixed.set_dropout(1, 0.5)
