"""The renderer that owns the device: its spikes and its pixels against the same network on the CPU."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import snn

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "samples/vulkan_renderer/main.py"


def colors(membrane: np.ndarray, spiked: np.ndarray) -> np.ndarray:
    """What neurons.vert makes of neurons, in float64: [neuron][red, green, blue] from 0 to 255."""
    part = np.clip(membrane.astype(np.float64), 0, 1)[:, None]
    rest, middle, high = np.array([[0.02, 0.03, 0.10], [0.10, 0.35, 0.55], [0.95, 0.60, 0.15]])
    low = rest + (middle - rest) * part * 2
    found = np.where(part < 0.5, low, middle + (high - middle) * (part * 2 - 1))
    return 255 * np.where(spiked[:, None], 1.0, found)


def test_frames_show_the_neurons_of_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if all(device.name != "vulkan:0" for device in snn.devices()):
        pytest.skip("no Vulkan device, or built without Vulkan")
    try:
        import vulkan  # noqa: F401
    except (ImportError, OSError) as error:
        pytest.skip(f"the package vulkan does not work here: {error}")
    result = subprocess.run(
        [sys.executable, str(SAMPLE)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    assert re.search(r"validation layer: (0 messages|not installed)$", result.stdout.strip()), result.stdout

    monkeypatch.syspath_prepend(str(SAMPLE.parent))
    spec = importlib.util.spec_from_file_location("vulkan_renderer_main", SAMPLE)
    sample = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    import matplotlib.pyplot as plt

    with snn.Simulation(sample.sheet(), seed=1, threads=2) as simulation:
        for frame in range(1, sample.FRAMES + 1):
            spiked = np.zeros(sample.COLUMNS * sample.ROWS, bool)
            for _ in range(sample.STEPS):
                simulation.step()
                spiked |= simulation["cells.spikes"].ravel()
            if frame % 5:
                continue
            simulation_spikes = simulation.counters.spikes
            assert f"frame {frame}: {simulation_spikes:,} spikes so far" in result.stdout
            image = 255 * plt.imread(tmp_path / f"frame_{frame:02}.png")[..., :3]
            drawn = image[:: sample.SCALE, :: sample.SCALE].reshape(-1, 3)
            # The device rounds to whole levels, and computes colours in float32.
            np.testing.assert_allclose(drawn, colors(simulation["cells.v"].ravel(), spiked), atol=0.51)
            np.testing.assert_array_equal(
                image, np.kron(drawn.reshape(sample.ROWS, sample.COLUMNS, 3), np.ones((2, 2, 1)))
            )
    assert simulation_spikes > 50_000  # waves ran
