"""Training that was interrupted goes on with the same bits."""

from __future__ import annotations

import contextlib
import gc
import os
import weakref

import numpy as np
import pytest

import snn
from snn._fitting import Fit

SETTINGS = {"steps": 10, "epochs": 6, "batch_size": 16, "learning_rate": 0.01, "schedule": "cosine"}


def network() -> snn.Network:
    return snn.Sequential(
        8, snn.Dense(16), snn.LIF(tau_membrane=snn.Learnable(10.0, per_neuron=True)), snn.Dense(3), snn.LIF(), seed=4
    )


def samples() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.Generator(np.random.Philox(2))
    y = np.arange(40) % 3
    x = random.uniform(0, 0.4, (40, 8)).astype(np.float32)
    for sample, label in enumerate(y):
        x[sample, 2 * label : 2 * label + 3] += 0.5
    return x, y


def everything(net: snn.Network, trainer: snn.Trainer) -> dict[str, np.ndarray]:
    found = {f"{name}.weight": projection.weights.copy() for name, projection in net.projections.items()}
    found["tau"] = np.array(net["hidden"].parameters["tau_membrane"])
    return found | {name: values for name, values in trainer.history.items() if name != "seconds"}


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "lion"])
@pytest.mark.parametrize("stop", [1, 4])
def test_the_same_bits_as_without_the_interruption(optimizer: str, stop: int, tmp_path) -> None:
    x, y = samples()
    settings = {
        **SETTINGS,
        "optimizer": optimizer,
        "momentum": 0.9 if optimizer == "sgd" else 0.0,
        "encoder": "rate",
        "l1_regularization": 1e-4,
        "dropout": 0.2,
    }
    whole = network()
    reference = snn.Trainer(whole, **settings).fit(x, y, validation_data=(x[:9], y[:9]))

    path = tmp_path / "run.npz"
    first = network()
    trainer = snn.Trainer(first, **settings)

    def interrupt(report: snn.EpochReport) -> object:
        if report.epoch == stop:
            trainer.save_checkpoint(path)
        return snn.STOP if report.epoch == stop else None

    trainer.fit(x, y, validation_data=(x[:9], y[:9]), callbacks=[interrupt])

    second = network()
    resumed = snn.Trainer(second, **settings).load_checkpoint(path).fit(x, y, validation_data=(x[:9], y[:9]))
    ours, theirs = everything(second, resumed), everything(whole, reference)
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values, err_msg=name)
    assert list(resumed.history["epoch"]) == [1, 2, 3, 4, 5, 6]
    # and the interruption was one: what it left is not where training ends
    assert (everything(first, trainer)["tau"] != theirs["tau"]).any()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"microbatch_size": 4}, {"devices": ["cpu", "cpu"], "microbatch_size": 4, "threads": 2}),
        ({"devices": ["cpu", "cpu"], "samples": [4, 12], "microbatch_size": 4}, {"microbatch_size": 4, "threads": 3}),
        ({}, {"microbatch_size": 16}),
    ],
)
def test_a_checkpoint_moves_between_devices_that_give_the_same_bits(one: dict, other: dict, tmp_path) -> None:
    x, y = samples()
    whole = network()
    reference = snn.Trainer(whole, **SETTINGS, **one).fit(x, y)
    trainer = snn.Trainer(network(), **SETTINGS, **one)

    def interrupt(report: snn.EpochReport) -> object:
        if report.epoch == 2:
            trainer.save_checkpoint(tmp_path / "run.npz")
        return snn.STOP if report.epoch == 2 else None

    trainer.fit(x, y, callbacks=[interrupt])
    moved = network()
    resumed = snn.Trainer(moved, **SETTINGS, **other).load_checkpoint(tmp_path / "run.npz").fit(x, y)
    theirs = everything(whole, reference)
    for name, values in everything(moved, resumed).items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)
    for elsewhere in ({"microbatch_size": 8}, {"devices": ["cpu", "reference"], "microbatch_size": 4}):
        with pytest.raises(snn.InvalidArgumentError, match="the checkpoint was made with device="):
            snn.Trainer(network(), **SETTINGS, **elsewhere).load_checkpoint(tmp_path / "run.npz").fit(x, y)


def test_early_stopping_remembers_its_best_epoch(tmp_path) -> None:
    x, y = samples()
    stopping = snn.EarlyStopping(monitor="loss", patience=2, min_delta=0.05)
    settings = {**SETTINGS, "epochs": 20}

    def run(net: snn.Network, trainer: snn.Trainer, callback=lambda report: False) -> snn.Trainer:
        return trainer.fit(x, y, early_stopping=stopping, callbacks=[callback])

    whole = network()
    reference = run(whole, snn.Trainer(whole, **settings))
    last = int(reference.history["epoch"][-1])
    assert 3 <= last < 20
    path = tmp_path / "run.npz"
    first = network()
    trainer = snn.Trainer(first, **settings)

    def interrupt(report: snn.EpochReport) -> object:
        trainer.save_checkpoint(path)
        return snn.STOP if report.epoch == last - 1 else None

    run(first, trainer, interrupt)
    second = network()
    resumed = run(second, snn.Trainer(second, **settings).load_checkpoint(path))
    ours, theirs = everything(second, resumed), everything(whole, reference)
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values, err_msg=name)


def test_more_epochs_after_the_end(tmp_path) -> None:
    x, y = samples()
    constant = {**SETTINGS, "schedule": "constant"}
    whole = network()
    snn.Trainer(whole, **constant).fit(x, y)
    net = network()
    trainer = snn.Trainer(net, **{**constant, "epochs": 2}).fit(x, y)
    trainer.save_checkpoint(tmp_path / "run.npz")  # fit has ended
    snn.Trainer(net, **constant).load_checkpoint(tmp_path / "run.npz").fit(x, y)
    for name, projection in whole.projections.items():
        np.testing.assert_array_equal(net.projections[name].weights, projection.weights)


@pytest.mark.parametrize("end", ["last", "callback", "error", "best"])
def test_a_checkpoint_after_the_end_is_that_of_the_last_epoch(end: str, tmp_path, monkeypatch) -> None:
    """Whatever ended the training, and whatever the network has since; and the trainer keeps no session for it."""
    begun: list[weakref.ref[Fit]] = []
    monkeypatch.setattr(
        Fit, "go", lambda self, *, progress, go=Fit.go: (begun.append(weakref.ref(self)), go(self, progress=progress))
    )
    x, y = samples()
    net = network()
    trainer = snn.Trainer(net, **SETTINGS)

    def called(report: snn.EpochReport) -> object:
        trainer.save_checkpoint(tmp_path / "in.npz")
        if end == "error" and report.epoch == 3:
            raise OSError("no more room")
        return snn.STOP if end == "callback" and report.epoch == 3 else None

    best = snn.EarlyStopping("validation_loss", patience=2, restore_best=True) if end == "best" else None
    with pytest.raises(OSError, match="no more room") if end == "error" else contextlib.nullcontext():
        trainer.fit(x, y, validation_data=(x[:9], y[:9]), callbacks=[called], early_stopping=best)
    gc.collect()
    (fit,) = begun
    assert fit() is None
    net.projections["input_to_hidden"].weights[...] = 0.0
    trainer.save_checkpoint(tmp_path / "after.npz")
    with np.load(tmp_path / "in.npz") as inside, np.load(tmp_path / "after.npz") as after:
        assert inside.files == after.files
        for name in inside.files:
            np.testing.assert_array_equal(after[name], inside[name])
            assert after[name].dtype == inside[name].dtype


@pytest.mark.parametrize("tau", [10.0, snn.Learnable(10.0)])
@pytest.mark.parametrize("validated", [False, True])
def test_the_network_has_weights_once_after_training(tau: float | snn.Learnable, validated: bool) -> None:
    x, y = samples()
    net = snn.Sequential(8, snn.Dense(16), snn.LIF(tau_membrane=tau), snn.Dense(3), snn.LIF(), seed=4)
    held = net.projections["hidden_to_output"].weights
    before = held.copy()
    snn.Trainer(net, **SETTINGS).fit(x, y, validation_data=(x, y) if validated else None)
    assert net.projections["input_to_hidden"]._weights is None  # the native network alone has them
    assert net.projections["hidden_to_output"].weights is held  # what somebody holds is what training changed
    assert (held != before).any()
    with snn.Simulation(net) as sim:
        for name, projection in net.projections.items():
            np.testing.assert_array_equal(sim[f"{name}.weight"], projection.weights)


def test_other_trainings_are_refused(tmp_path) -> None:
    x, y = samples()
    path = tmp_path / "run.npz"
    trainer = snn.Trainer(network(), **{**SETTINGS, "epochs": 1})
    with pytest.raises(snn.StateError, match="nothing to keep"):
        trainer.save_checkpoint(path)
    trainer.fit(x, y)
    trainer.save_checkpoint(path)

    def refused(match: str, net: snn.Network | None = None, rows: int = 40, **settings: object) -> None:
        other = snn.Trainer(net or network(), **{**SETTINGS, **settings}).load_checkpoint(path)
        with pytest.raises(snn.InvalidArgumentError, match=match):
            other.fit(x[:rows], y[:rows])

    refused("optimizer='adam'; here it is optimizer='lion'", optimizer="lion")
    refused("seed=0; here it is seed=5", seed=5)
    refused("made with 40 samples in x; here it is 39 samples in x", rows=39)
    refused(
        "hidden.tau_membrane",
        net=snn.Sequential(8, snn.Dense(16), snn.LIF(), snn.Dense(3), snn.LIF()),
    )
    refused(
        r"input_to_hidden.weight is float32 \(8, 16\) in the checkpoint",
        net=snn.Sequential(
            8, snn.Dense(17), snn.LIF(tau_membrane=snn.Learnable(10.0, per_neuron=True)), snn.Dense(3), snn.LIF()
        ),
    )


def mixed(
    *,
    dt: float = 1.0,
    tau: float | snn.Learnable = 10.0,
    drive: float = 0.5,
    probability: float = 0.4,
    surrogate: str = "arctan",
    start: float = 0.25,
    stride: int = 1,
    detached: bool = False,
    more: bool = False,
    **cells: object,
) -> snn.Network:
    """A network of much that is not trained, and of sparse connections by a rule that are."""
    net = snn.Network(dt, seed=4)
    net.add("pixels", snn.Input((1, 3, 3)))
    cells = {"threshold": np.linspace(0.4, 0.6, 6), **cells}
    net.add("cells", snn.LIF(6, surrogate=surrogate, **cells))
    net.add("pool", snn.LIF((1, 2, 2) if stride == 1 else (1, 1, 1)))
    net.add("output", snn.LIF(3, tau_membrane=tau, initial={"v": start}))
    net.add("readout", snn.LIF(3))
    first = snn.Dense(weights=np.full((9, 6), drive), bias=True, trainable=False)
    net.connect("pixels", "cells", first.detach() if detached else first)
    net.connect("pixels", "pool", snn.AvgPool2d(2, stride=stride))
    frozen = snn.Sparse.fixed_probability(probability, weight=0.1, seed=2, trainable=False)
    net.connect("pixels", "output", frozen)
    net.connect("cells", "output", snn.Sparse.fixed_probability(0.7, weight=snn.Uniform(0, 1), seed=3))
    net.connect("cells", "readout", snn.Dense(trainable=False))
    net.connect("pool", "output", snn.Dense())
    if more:
        net.add("watched", snn.LIF(2))
    return net


MIXED = {"steps": 5, "epochs": 2, "batch_size": 10, "output": "output"}


def mixed_samples() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.Generator(np.random.Philox(3))
    return random.uniform(0, 1, (20, 1, 3, 3)).astype(np.float32), np.arange(20) % 3


def changed(path: str, **values: object) -> snn.Network:
    """Return `mixed` with some weights or biases of a projection set to a number."""
    net = mixed()
    for name, value in values.items():
        getattr(net.projections[path], name)[...] = value
    return net


@pytest.mark.parametrize(
    ("made", "settings", "match"),
    [
        (mixed, {"output": "readout"}, "made with output='output'; here it is output='readout'"),
        (lambda: mixed(dt=0.5), {}, r"made with dt=1\.0; here it is dt=0\.5"),
        (lambda: mixed(threshold=0.75), {}, r"made with cells\.threshold='6 values with hash .*'; .*\.threshold=0\.75"),
        (lambda: mixed(tau=11.0), {}, r"made with output\.tau_membrane=10\.0; here it is output\.tau_membrane=11\.0"),
        (lambda: mixed(reset="value"), {}, r"made with cells\.reset='subtract'; here it is cells\.reset='value'"),
        (lambda: mixed(start=0.125), {}, r"made with output\.initial\.v=0\.25; here it is output\.initial\.v=0\.125"),
        (
            lambda: mixed(surrogate=snn.Surrogate("arctan", slope=2.0000001)),
            {},
            r"made with cells\.surrogate=.arctan {'slope': 2\.0, .*=.arctan {'slope': 2\.0000001, ",
        ),
        (lambda: mixed(drive=0.75), {}, r"made with pixels_to_cells\.weights='54 values with hash "),
        (lambda: changed("pixels_to_cells", bias=0.5), {}, r"made with pixels_to_cells\.bias='6 values with hash "),
        (
            lambda: changed("pixels_to_output", weights=0.2),
            {},
            r"made with pixels_to_output\.synapses='11 by rule .*; here .*\.synapses='11 with hash ",
        ),
        (lambda: mixed(probability=0.5), {}, r"made with pixels_to_output\.synapses='11 by rule \w+'; .*='13 by rule "),
        (lambda: mixed(detached=True), {}, r"made with pixels_to_cells\.detached=False; .*\.detached=True"),
        (lambda: mixed(more=True), {}, r"made without watched; here it is watched='lif of shape \(2,\), definition"),
        (lambda: mixed(tau=snn.Learnable(10.0)), {}, r"this network trains .*output\.tau_membrane"),
    ],
)
def test_a_checkpoint_of_another_network_is_refused(made, settings: dict, match: str, tmp_path) -> None:
    x, y = mixed_samples()
    snn.Trainer(mixed(), **{**MIXED, "epochs": 1}).fit(x, y).save_checkpoint(tmp_path / "run.npz")
    net = made()
    before = {name: one.weights.copy() for name, one in net.projections.items() if one.kind != "pool2d"}
    other = snn.Trainer(net, **{**MIXED, **settings}).load_checkpoint(tmp_path / "run.npz")
    with pytest.raises(snn.InvalidArgumentError, match=match):
        other.fit(x, y)
    assert all(np.array_equal(net.projections[name].weights, weights) for name, weights in before.items())


def test_the_other_way_round_tells_what_is_missing(tmp_path) -> None:
    x, y = mixed_samples()
    snn.Trainer(mixed(more=True), **{**MIXED, "epochs": 1}).fit(x, y).save_checkpoint(tmp_path / "run.npz")
    other = snn.Trainer(mixed(), **MIXED).load_checkpoint(tmp_path / "run.npz")
    with pytest.raises(snn.InvalidArgumentError, match=r"made with watched='lif of .*; here is no watched$"):
        other.fit(x, y)


@pytest.mark.parametrize("tau", [10.0, snn.Learnable(10.0), snn.Learnable(10.0, per_neuron=True)])
def test_a_network_is_the_same_after_training_and_in_a_file(tau: float | snn.Learnable, tmp_path) -> None:
    x, y = mixed_samples()
    net, path = mixed(tau=tau), tmp_path / "run.npz"
    net.projections["pixels_to_cells"].weights  # noqa: B018 - reading what is not trained changes nothing
    net.projections["pixels_to_output"].weights  # noqa: B018
    before = net.copy()
    net.save(tmp_path / "before.snn")
    snn.Trainer(net, **{**MIXED, "epochs": 1}).fit(x, y).save_checkpoint(path)
    assert net.projections["cells_to_output"].rule is None  # training has replaced it
    net.save(tmp_path / "after.snn")
    twins = [before, net, *(snn.load(tmp_path / f"{name}.snn") for name in ("before", "after")), mixed(tau=tau)]
    found = [snn.Trainer(twin, **MIXED).load_checkpoint(path).fit(x, y).network for twin in twins]
    for one in found[1:]:
        for name in ("cells_to_output", "pool_to_output"):
            np.testing.assert_array_equal(one.projections[name].weights, found[0].projections[name].weights)


def test_bad_files(tmp_path) -> None:
    trainer = snn.Trainer(network(), **SETTINGS)
    with pytest.raises(snn.FileError, match=r"missing\.npz"):
        trainer.load_checkpoint(tmp_path / "missing.npz")
    (tmp_path / "text.npz").write_text("no checkpoint")
    with pytest.raises(snn.FormatError, match="not a checkpoint"):
        trainer.load_checkpoint(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(snn.FormatError, match="not a checkpoint"):
        trainer.load_checkpoint(tmp_path / "other.npz")
    x, y = samples()
    trainer = snn.Trainer(network(), **{**SETTINGS, "epochs": 1}).fit(x, y)
    path = tmp_path / "run.npz"
    trainer.save_checkpoint(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(snn.FormatError, match="not a checkpoint"):
        trainer.load_checkpoint(path)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path) -> None:
    x, y = samples()
    trainer = snn.Trainer(network(), **{**SETTINGS, "epochs": 1}).fit(x, y)
    with pytest.raises(snn.FileError, match="cannot be written"):
        trainer.save_checkpoint(tmp_path / "no_such_folder" / "run.npz")
    trainer.save_checkpoint(tmp_path / "run.npz")
    assert os.listdir(tmp_path) == ["run.npz"]  # nothing temporary is left


def test_training_that_early_stopping_ended_stays_ended(tmp_path) -> None:
    x, y = samples()
    stopping = snn.EarlyStopping("loss", patience=2, min_delta=10.0)  # epochs after the first never are better
    path, again = tmp_path / "run.npz", tmp_path / "again.npz"
    first = network()
    ended = snn.Trainer(first, **SETTINGS).fit(x, y, early_stopping=stopping)
    assert len(ended.history["loss"]) == 3
    ended.save_checkpoint(path)

    second = network()
    resumed = snn.Trainer(second, **SETTINGS).load_checkpoint(path).fit(x, y, early_stopping=stopping)
    ours, theirs = everything(second, resumed), everything(first, ended)
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values, err_msg=name)
    resumed.save_checkpoint(again)  # the same once more
    with np.load(path) as one, np.load(again) as other:
        for name in set(one.files) - {"head"}:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)

    patient = snn.EarlyStopping("loss", patience=3, min_delta=10.0)
    longer = snn.Trainer(network(), **SETTINGS).load_checkpoint(path).fit(x, y, early_stopping=patient)
    assert len(longer.history["loss"]) == 4
    # Without an epoch that it has watched, early stopping ends nothing.
    unwatched = snn.Trainer(network(), **{**SETTINGS, "epochs": 4}).fit(x, y)
    unwatched.save_checkpoint(path)
    going_on = snn.Trainer(network(), **SETTINGS).load_checkpoint(path).fit(x, y, early_stopping=stopping)
    assert len(going_on.history["loss"]) > 4
