"""A user's neuron model through Kompute: the sample compares every membrane with our own run of it."""

import subprocess
import sys
from pathlib import Path

import pytest

import snn

SAMPLE = Path(__file__).parents[2] / "samples/kompute_workbench/main.py"


def test_kompute_and_we_agree(tmp_path: Path) -> None:
    pytest.importorskip("kp", reason="Kompute's package kp is not installed (tools/test does it)", exc_type=ImportError)
    if all(device.name != "vulkan:0" for device in snn.devices()):
        pytest.skip("no Vulkan device, or built without Vulkan")
    result = subprocess.run(
        [sys.executable, str(SAMPLE)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr + result.stdout
    assert "1,000 neurons, 2,000 steps: Kompute's membranes are ours to the bit" in result.stdout
    assert (tmp_path / "neuron.spv").read_bytes()[:4] == b"\x03\x02\x23\x07"
    assert (tmp_path / "membranes.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
