from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snn

from .command_line import Command, command

RANDOM = np.random.Generator(np.random.Philox(11))


@pytest.fixture
def chain() -> snn.Network:
    """12 spike inputs, 7 hidden neurons, 3 outputs; active enough that every population spikes."""
    net = snn.Sequential(
        snn.SpikeInput(12), snn.Dense(7, init=snn.init.Uniform(-0.2, 0.8)), snn.LIF(), snn.Dense(3, init=1.0), snn.LIF()
    )
    return net


@pytest.fixture
def spikes() -> np.ndarray:
    """Input of 40 steps for a batch of two: shape (40, 2, 12)."""
    return (np.random.Generator(np.random.Philox(3)).random((40, 2, 12)) < 0.3).astype(np.float32)


@pytest.fixture
def blobs() -> tuple[np.ndarray, np.ndarray]:
    """150 samples of three classes that a small network separates: values in [0, 1], shape (150, 6)."""
    random = np.random.Generator(np.random.Philox(5))
    y = np.arange(150) % 3
    centres = np.array([[0.9, 0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1, 0.9, 0.9]])
    x = np.clip(centres[y] + random.normal(0, 0.1, (150, 6)), 0, 1)
    return x.astype(np.float32), y


@pytest.fixture
def snn_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``snn`` with arguments: ``snn_command("devices", "--json").objects()``."""
    return command(monkeypatch, capsys)


@pytest.fixture
def file(chain: snn.Network, tmp_path: Path) -> Path:
    """The file of `chain`."""
    path = tmp_path / "chain.snn"
    chain.save(path)
    return path
