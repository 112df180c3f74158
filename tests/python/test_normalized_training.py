"""Trainers that normalise or round weights: what the network has afterwards, and how well it does."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event

import snn

DIGITS = snn.data.digits()


def network(**settings: bool) -> snn.Sequential:
    return snn.Sequential(64, snn.Dense(128, bias=True), snn.LIF(), snn.Dense(10, **settings), snn.LIF(), seed=1)


def trained(net: snn.Network, epochs: int = 8, **settings: object) -> snn.Trainer:
    trainer = snn.Trainer(net, steps=25, epochs=epochs, learning_rate=2e-3, **settings)
    return trainer.fit(DIGITS.train_x, DIGITS.train_y)


def test_a_normalized_network_is_saved_as_an_ordinary_one(tmp_path: Path) -> None:
    net = network()
    trainer = trained(net, normalization=snn.BatchNorm(scale=0.3))
    assert trainer.normalization.keys() == {"input_to_hidden"}
    accuracy = trainer.score(DIGITS.test_x, DIGITS.test_y)
    assert accuracy >= 0.96  # measured: 97.8 %
    net.save(tmp_path / "folded.snn")
    again = snn.load(tmp_path / "folded.snn")
    assert snn.Trainer(again, steps=25).score(DIGITS.test_x, DIGITS.test_y) == accuracy
    hidden = again.projections["input_to_hidden"]
    assert np.array_equal(hidden.weights, net.projections["input_to_hidden"].weights)
    # What reaches a hidden neuron is spread as the normalisation says: by 0.3 times what was learned since.
    spread = (DIGITS.train_x @ hidden.weights + hidden.bias).std(axis=0)
    assert 0.15 < np.median(spread) < 0.6


@pytest.mark.parametrize(("bits", "per_channel", "least"), [(8, False, 0.95), (4, True, 0.95)])
def test_a_quantized_network_has_few_values_and_does_as_well(
    bits: int, per_channel: bool, least: float, tmp_path: Path
) -> None:
    """Measured after 10 epochs: 96.4 % without, 96.4 % with 8 bits, 96.9 % with 4 bits by neuron."""
    net = network()
    rounding = snn.Quantization(bits, per_channel)
    trainer = trained(net, epochs=10, quantization=rounding)
    assert trainer.quantization.keys() == {"input_to_hidden", "hidden_to_output"}
    assert trainer.score(DIGITS.test_x, DIGITS.test_y) >= least
    net.save(tmp_path / "rounded.snn")
    for projection in snn.load(tmp_path / "rounded.snn").projections.values():
        whole, scale = rounding.integers(projection.weights)
        assert np.array_equal(whole * scale, projection.weights)
        assert np.unique(whole).size > 2**bits / 3
        assert scale.shape == ((projection.target.size,) if per_channel else ())
    assert net.projections["input_to_hidden"].bias.any()


def test_normalised_and_quantised_at_once(tmp_path: Path) -> None:
    """The folded weights are integers times a scale for each neuron; measured: 97.5 %, without rounding 98.3 %."""
    net = network()
    rounding = snn.Quantization(4, per_channel=True)
    trainer = trained(net, normalization=snn.BatchNorm(scale=0.3), quantization={"input_to_hidden": rounding})
    accuracy = trainer.score(DIGITS.test_x, DIGITS.test_y)
    assert accuracy >= 0.95
    net.save(tmp_path / "both.snn")
    loaded = snn.load(tmp_path / "both.snn")
    assert snn.Trainer(loaded, steps=25).score(DIGITS.test_x, DIGITS.test_y) == accuracy
    weights = loaded.projections["input_to_hidden"].weights
    whole, scale = rounding.integers(weights)
    assert np.array_equal(whole * scale, weights)
    assert np.unique(whole).size == 15
    net = network()
    with pytest.raises(snn.InvalidArgumentError, match="folds a factor for each channel into its weights"):
        trained(net, normalization=snn.BatchNorm(), quantization=snn.Quantization(4))


@pytest.mark.parametrize("more", [{"window_steps": 10}, {"checkpoint_steps": 10}, {"rule": "ottt"}], ids=str)
def test_weights_are_rounded_under_every_rule_and_window(more: dict[str, object]) -> None:
    net = network()
    trainer = snn.Trainer(net, steps=25, epochs=2, quantization=snn.Quantization(3), **more)
    history = trainer.fit(DIGITS.train_x[:320], DIGITS.train_y[:320]).history["loss"]
    assert history[1] < history[0]
    assert np.unique(net.projections["input_to_hidden"].weights).size <= 7


def test_projections_are_chosen_by_name() -> None:
    net = network(bias=True)
    trainer = trained(
        net,
        epochs=1,
        normalization={"hidden_to_output": snn.BatchNorm()},
        quantization={"input_to_hidden": snn.Quantization(2)},
    )
    assert np.unique(net.projections["input_to_hidden"].weights).size == 3
    assert np.unique(net.projections["hidden_to_output"].weights).size == 1280
    assert trainer.normalization.keys() == {"hidden_to_output"}


@pytest.mark.parametrize(
    "settings",
    [{"normalization": snn.BatchNorm()}, {"quantization": snn.Quantization(4)}],
    ids=["normalization", "quantization"],
)
def test_checkpoints_have_the_weights_behind(settings: dict[str, object], tmp_path: Path) -> None:
    def trainer(net: snn.Network) -> snn.Trainer:
        return snn.Trainer(net, steps=5, epochs=3, learning_rate=2e-3, **settings)

    x, y = DIGITS.train_x[:200], DIGITS.train_y[:200]
    whole, first, second = network(), network(), network()
    trainer(whole).fit(x, y)
    interrupted = trainer(first)
    interrupted.fit(x, y, callbacks=[lambda report: snn.STOP if report.epoch == 1 else None])
    interrupted.save_checkpoint(tmp_path / "run.npz")
    trainer(second).load_checkpoint(tmp_path / "run.npz").fit(x, y)
    for name, projection in whole.projections.items():
        assert np.array_equal(second.projections[name].weights, projection.weights)
    with pytest.raises(snn.InvalidArgumentError, match=f"was made with {next(iter(settings))}="):
        snn.Trainer(second, steps=5).load_checkpoint(tmp_path / "run.npz").fit(x, y)


def test_bad_settings_say_what_is_wrong() -> None:
    net = network()
    for arguments, said in (
        ({"momentum": 1.5}, "momentum is 1.5; it must be at most 1"),
        ({"scale": 0.0}, "scale is 0"),
        ({"epsilon": -1.0}, "epsilon is -1"),
    ):
        with pytest.raises(snn.InvalidArgumentError, match=said):
            snn.BatchNorm(**arguments)
    for bits in (1, 9):
        with pytest.raises(snn.InvalidArgumentError, match=f"bits is {bits}"):
            snn.Quantization(bits)
    with pytest.raises(snn.ArgumentTypeError, match=r"normalization\['input_to_hidden'\] is 3, not a BatchNorm"):
        snn.Trainer(net, normalization={"input_to_hidden": 3})
    with pytest.raises(snn.ArgumentTypeError, match="quantization is 8, neither a Quantization nor a dict"):
        snn.Trainer(net, quantization=8)
    with pytest.raises(snn.NotFoundError, match="no projection 'other'"):
        snn.Trainer(net, quantization={"other": snn.Quantization()})
    for more in ({"window_steps": 5}, {"checkpoint_steps": 5}, {"rule": "eprop"}):
        ((argument, value),) = more.items()
        with pytest.raises(
            snn.UnsupportedError, match=f"'input_to_hidden' cannot be normalised with {argument} = {value!r}"
        ):
            snn.Trainer(network(), normalization=snn.BatchNorm(), **more)
    plain = snn.Sequential(64, snn.Dense(8), snn.LIF(), snn.Dense(10), snn.LIF())
    before = plain.projections["input_to_hidden"].weights.copy()
    with pytest.raises(snn.InvalidArgumentError, match="'input_to_hidden' has no bias"):
        snn.Trainer(plain, normalization=snn.BatchNorm())
    assert np.array_equal(plain.projections["input_to_hidden"].weights, before)


def events(folder: Path) -> list[Event]:
    """The events of a TensorBoard file: records of a length, its check sum, the message, its check sum."""
    (path,) = folder.iterdir()
    data, found = path.read_bytes(), []
    while data:
        (length,) = struct.unpack_from("<Q", data)
        found.append(Event.FromString(data[12 : 12 + length]))
        data = data[16 + length :]
    return found


def test_tensorboard_gets_the_history(tmp_path: Path) -> None:
    board = snn.TensorBoard(tmp_path / "run")
    trainer = snn.Trainer(network(), steps=5, epochs=3)
    trainer.fit(DIGITS.train_x[:100], DIGITS.train_y[:100], callbacks=[board])
    board.close()
    scalars: dict[str, list[tuple[int, float]]] = {}
    for event in events(tmp_path / "run"):
        for value in event.summary.value:
            scalars.setdefault(value.tag, []).append((event.step, value.simple_value))
    history = trainer.history
    assert scalars.keys() == {"loss", "accuracy", "spikes_per_neuron", "learning_rate", "seconds"}
    for name, found in scalars.items():
        assert [step for step, _ in found] == [1, 2, 3]
        np.testing.assert_allclose([value for _, value in found], history[name], rtol=1e-6)
    with pytest.raises(snn.ArgumentTypeError, match=r"callbacks\[0\] is the class TensorBoard; make one of it"):
        trainer.fit(DIGITS.train_x[:100], DIGITS.train_y[:100], callbacks=[snn.TensorBoard])
    (tmp_path / "file").write_text("")
    with pytest.raises(snn.FileError, match="cannot be written"):
        snn.TensorBoard(tmp_path / "file")


@pytest.mark.parametrize("settings", [{"scale": 1e300}, {"scale": 0.0}, {"epsilon": 1e-300}])
def test_a_number_that_weights_would_not_survive_is_refused(settings: dict[str, float]) -> None:
    ((name, value),) = settings.items()
    with pytest.raises(snn.InvalidArgumentError, match=f"{name} is {re.escape(str(value))}"):
        snn.BatchNorm(**settings)
