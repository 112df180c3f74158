"""The numbers that Python has of its own are those of the header."""

from __future__ import annotations

import pytest

from snn import _outputs, _words, delays, distributions, encode, network, projection, sparse
from snn.engine import errors
from tools.headers.__main__ import INCLUDE
from tools.headers.describe import describe


@pytest.fixture(scope="module")
def constants() -> dict[str, int]:
    return {constant.name: constant.value for constant in describe(INCLUDE).constants}


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("SNN_ARITHMETIC_", _words.ARITHMETIC),
        ("SNN_ISA_", _words.INSTRUCTION_SETS),
        ("SNN_OPTIMIZER_", _words.OPTIMIZERS),
        ("SNN_LEARNING_", _words.RULES),
        ("SNN_LOSS_", _words.LOSSES),
        ("SNN_ENCODE_", encode.KINDS),
        ("SNN_DELAY_KERNEL_", delays.KERNELS),
        ("SNN_CONNECT_", projection._KINDS),
        ("SNN_POOL_", projection._POOL_MODES),
        ("SNN_RULE_", sparse._RULES),
    ],
)
def test_words_stand_at_their_numbers(constants: dict[str, int], prefix: str, words: tuple[str, ...]) -> None:
    of_header = {
        name: value for name, value in constants.items() if name.startswith(prefix) and name != "SNN_LOSS_NONE"
    }
    assert {f"{prefix}{word.upper()}": number for number, word in enumerate(words)} == of_header


def test_single_numbers(constants: dict[str, int]) -> None:
    assert constants["SNN_LOSS_NONE"] == _outputs.LOSS_NONE
    flags = {name: value for name, value in constants.items() if name.startswith("SNN_FLAG_")}
    assert flags == {f"SNN_FLAG_{name.upper()}": value for name, value in _words.FLAGS.items()} | {
        "SNN_FLAG_SAMPLE_WEIGHTS": network.SAMPLE_WEIGHTS
    }
    assert constants["SNN_CONNECT_SPARSE"] == projection._SPARSE
    assert constants["SNN_CONNECT_POOL2D"] == projection._POOL
    inputs = {"SNN_POPULATION_SPIKE_INPUT": "SpikeInput", "SNN_POPULATION_VALUE_INPUT": "Input"}
    assert {constants[name]: word for name, word in inputs.items()} == {
        number: made.__name__ for number, made in network._INPUT_KINDS.items()
    }
    drawn = {
        "SNN_DISTRIBUTION_NORMAL": distributions.Normal(0, 1),
        "SNN_DISTRIBUTION_UNIFORM": distributions.Uniform(0, 1),
        "SNN_DISTRIBUTION_LOGNORMAL": distributions.LogNormal(0, 1),
        "SNN_DISTRIBUTION_EXPONENTIAL": distributions.Exponential(1),
    }
    assert {name: constants[name] for name in drawn} == {name: made._numbers()[0] for name, made in drawn.items()}


def test_every_status_has_its_error(constants: dict[str, int]) -> None:
    statuses = {value for name, value in constants.items() if name.startswith("SNN_ERROR_")}
    classes = [made for made in vars(errors).values() if isinstance(made, type) and issubclass(made, errors.SnnError)]
    assert {made.status for made in classes} == statuses | {0}  # 0: Python's own
    for status in statuses:
        assert errors.error_for_status(status, "a sentence").status == status
