"""Errors that say what to write instead, and limits that are told before any work."""

from __future__ import annotations

import numpy as np
import pytest

import snn

RULE = snn.PairSTDP(w_min=0.0, w_max=1.0)


def plastic(weight: float | snn.Normal, rule: snn.Plasticity = RULE) -> snn.Network:
    net = snn.Network()
    net.add("a", snn.SpikeInput(20))
    net.add("b", snn.LIF(20))
    net.connect("a", "b", snn.Sparse.fixed_probability(0.5, weight=weight, plasticity=rule))
    return net


@pytest.mark.parametrize("rule", [RULE, snn.TsodyksMarkram()], ids=["pair", "short_term"])
def test_a_plastic_network_is_not_trained_whatever_the_batch(rule: snn.Plasticity) -> None:
    with pytest.raises(snn.UnsupportedError, match=f"by gradients: projection 'a_to_b' is plastic.* by {rule.name}"):
        snn.Trainer(plastic(0.5, rule), batch_size=32)


def test_drawn_weights_outside_of_a_rule_need_bounds() -> None:
    hint = "a distribution of weights takes bounds: low= and high="
    with pytest.raises(snn.InvalidArgumentError, match=f"the rule keeps weights from 0.*{hint}"):
        snn.Simulation(plastic(snn.Normal(0.5, 0.3)))
    snn.Simulation(plastic(snn.Normal(0.5, 0.3, low=0.0, high=1.0)))  # what the hint says
    with pytest.raises(snn.InvalidArgumentError, match="the rule keeps weights from 0") as caught:
        snn.Simulation(plastic(2.0))
    assert hint not in str(caught.value)


def ring(connection: snn.Connection) -> snn.Network:
    net = snn.Network(dt=0.5)
    net.add("e", snn.LIF(20))
    net.connect("e", "e", connection)
    return net


def test_a_ring_of_a_rule_needs_a_delay_in_milliseconds() -> None:
    hint = "or a rule of Sparse its delay= in ms, at least 0.5"
    with pytest.raises(snn.InvalidArgumentError, match=f"delay_steps of at least 1, {hint}"):
        ring(snn.Sparse.fixed_probability(0.5)).projections["e_to_e"].synapses()
    delays = ring(snn.Sparse.fixed_probability(0.5, delay=0.5)).projections["e_to_e"].synapses()[2]
    assert (delays == 1).all()
    with pytest.raises(snn.InvalidArgumentError, match="delay_steps of at least 1") as caught:
        ring(snn.Dense()).summary()
    assert hint not in str(caught.value)


@pytest.mark.parametrize(
    ("population", "reason"), [("output", "does not spike"), ("input", "is an input")], ids=["output", "input"]
)
def test_dropout_is_refused_when_the_trainer_is_made(population: str, reason: str) -> None:
    net = snn.Network()
    net.add("input", snn.Input(3))
    net.add("hidden", snn.LIF(4))
    net.add("output", snn.LeakyIntegrator(2))
    net.connect("input", "hidden", snn.Dense())
    net.connect("hidden", "output", snn.Dense())
    with pytest.raises(snn.InvalidArgumentError, match=f"dropout: '{population}' {reason}; dropout silences neurons"):
        snn.Trainer(net, loss="cross_entropy_max_membrane", dropout={population: 0.1})
    trainer = snn.Trainer(net, loss="cross_entropy_max_membrane", dropout={"hidden": 0.1, population: 0.0})
    assert trainer.dropout == {"hidden": 0.1}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: snn.Sparse.fixed_probability(0.5, 2.0), "fixed_probability takes probability .*: weight=2.0"),
        (lambda: snn.Sparse.fixed_total(5, 2.0), "fixed_total takes count .*: weight=2.0"),
        (lambda: snn.Sparse.fixed_indegree(5, 2.0), "fixed_indegree takes count .*: weight=2.0"),
        (lambda: snn.Sparse.one_to_one(2.0), "one_to_one takes nothing .*: weight=2.0"),
        (lambda: snn.Sparse.all_to_all(2.0), "all_to_all takes nothing .*: weight=2.0"),
        (lambda: snn.Sparse.spatial([0.0], [0.0], 1.0), "spatial takes source_positions, target_positions without"),
        (lambda: snn.Sparse.fixed_probability(), "probability is missing"),
    ],
)
def test_a_rule_takes_its_weight_by_name(make: object, sentence: str) -> None:
    assert callable(make)
    with pytest.raises(snn.ArgumentTypeError, match=sentence) as caught:
        make()
    assert ("weight=" in str(caught.value)) == ("weight=" in sentence)


def test_scores_are_where_other_libraries_have_probabilities(chain: snn.Network) -> None:
    with pytest.raises(AttributeError, match="'predict_proba'; predict_scores"):
        _ = snn.Trainer(chain).predict_proba


def test_one_is_singular(chain: snn.Network) -> None:
    assert ", 1 step, 1 epoch of batches" in repr(snn.Trainer(chain, steps=1, epochs=1))
    assert ", 2 steps, 2 epochs of batches" in repr(snn.Trainer(chain, steps=2, epochs=2))


def test_an_input_has_after_a_run_what_was_set_before_it() -> None:
    net = snn.Network()
    net.add("in", snn.Input(2))
    net.add("out", snn.LeakyIntegrator(2))
    net.connect("in", "out", snn.OneToOne())
    with snn.Simulation(net) as run, snn.Simulation(net) as stepped:
        run.set_input("in", [1.0, 2.0])
        run.run(3, np.full((3, 2), 5.0, np.float32))
        run.step()
        for values in ([5.0, 5.0], [5.0, 5.0], [5.0, 5.0], [1.0, 2.0]):
            stepped.step(inputs={"in": values})
        np.testing.assert_array_equal(run["out.v"], stepped["out.v"])
