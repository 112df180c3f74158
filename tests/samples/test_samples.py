"""The samples in Python run by themselves, and the README shows samples that are run here and by ctest."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import snn

ROOT = Path(__file__).parents[2]


def test_first_network_learns_and_is_loaded_again(tmp_path: Path) -> None:
    sample = ROOT / "samples" / "python" / "first_network.py"
    result = subprocess.run(
        [sys.executable, str(sample)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    accuracy = re.search(r"test accuracy: ([\d.]+)%", result.stdout)
    assert accuracy, result.stdout
    assert float(accuracy[1]) > 90  # five epochs; the demo's twenty reach 97
    assert int(re.search(r"hidden neurons spiked (\d+) times", result.stdout)[1]) > 0
    assert re.search(r"the digit is a \d, its label says \d", result.stdout)
    assert (tmp_path / "digits.snn").stat().st_size > 64 * 128 * 4


def test_scene_raster_has_the_expected_rates(tmp_path: Path) -> None:
    sample = ROOT / "samples" / "python" / "scene_raster.py"
    result = subprocess.run(
        [sys.executable, str(sample)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "the rates are as expected" in result.stdout
    rates = re.findall(r"(?:excitatory|inhibitory): ([\d.]+) Hz", result.stdout)
    assert len(rates) == 2
    assert all(float(rate) > 1.0 for rate in rates)
    assert (tmp_path / "raster.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_voltage_stdp_depresses_at_low_rates_and_potentiates_at_high_ones() -> None:
    sample = ROOT / "samples" / "python" / "voltage_stdp.py"
    result = subprocess.run([sys.executable, str(sample)], capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    rows = re.findall(r"(\d+) Hz +(\d+)% +(\d+)%", result.stdout)
    left = {int(hertz): (int(before), int(after)) for hertz, before, after in rows}
    assert len(left) == 6
    # As Clopath et al. 2010, figure 2b: an arrival before the spike does next to nothing at low rates, one after it depresses;
    # at high rates both potentiate, and they come near each other.
    assert abs(left[1][0] - 100) <= 5
    assert left[1][1] < 90
    for column in zip(*left.values(), strict=True):
        assert list(column) == sorted(column)
    assert min(left[50]) > 130
    assert abs(left[50][0] - left[50][1]) < 15


def test_game_frame_keeps_its_budget(tmp_path: Path) -> None:
    sample = (ROOT / "samples" / "python" / "game_frame.py").read_text(encoding="utf-8")
    shorter = sample.replace("FRAMES = 600 ", "FRAMES = 180 ")  # it waits for every frame
    assert shorter != sample
    result = subprocess.run(
        [sys.executable, "-c", shorter], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "10,000 neurons, 1,000,000 synapses, 180 frames of 16.7 ms" in result.stdout
    cost = re.search(r"median ([\d.]+) ms, 99th percentile ([\d.]+) ms", result.stdout)
    assert cost, result.stdout
    # The budget is 4.2 ms and a step must end; the rest is what a busy machine adds.
    assert 0 < float(cost[1]) <= 6 < 1000 / 60
    # Within the budget all steps are done; without enough time some are due later, and none is done twice.
    steps = int(re.search(r"steps: ([\d,]+) in 3 s", result.stdout)[1].replace(",", ""))
    assert 1500 < steps <= 3_001
    assert float(re.search(r"([\d.]+) excitatory spikes", result.stdout)[1]) > 10
    assert (tmp_path / "frame_times.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("language", "sample"), [("python", "samples/python/first_network.py"), ("c", "samples/c/run_a_file.c")]
)
def test_readme_shows_the_sample(language: str, sample: str) -> None:
    blocks = re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert (ROOT / sample).read_text(encoding="utf-8") in blocks


def test_readme_builds_its_program_in_c_as_it_says(tmp_path: Path) -> None:
    """The block of C saved as brain.c, and the commands below it, beside a file of the same shape as the digits'."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```c\n(.*?)```", text, re.DOTALL)
    (commands,) = re.findall(r"```sh\n(S=.*?)```", text, re.DOTALL)
    (tmp_path / "brain.c").write_text(program, encoding="utf-8")
    snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF()).save(tmp_path / "digits.snn")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(
        ["bash", "-ec", commands],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert re.fullmatch(r"the digit is a \d: \d+ spikes\n", result.stdout), result.stdout
