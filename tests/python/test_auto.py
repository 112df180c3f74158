"""The device "auto": measured speeds, the choice that follows from them, and what happens when a device does not work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import snn
from tests.vulkan_loader import make_loader


def small() -> snn.Network:
    return snn.Sequential(20, snn.Dense(30), snn.LIF(), snn.Dense(10), snn.LIF())


def has_vulkan() -> bool:
    return any(device.name == "vulkan:0" for device in snn.devices())


needs_vulkan = pytest.mark.skipif(not has_vulkan(), reason="no Vulkan device, or built without Vulkan")


def test_a_small_network_stays_on_the_cpu_and_says_why() -> None:
    with snn.Simulation(small(), device="auto") as simulation:
        assert simulation.device == "cpu"
        assert "is small" in simulation.device_reason
    with snn.Simulation(small(), device="cpu") as simulation:
        assert (simulation.device, simulation.device_reason) == ("cpu", "")


def test_what_only_the_cpu_has_stays_there() -> None:
    with snn.Simulation(
        snn.Sequential(1500, snn.Dense(3000), snn.LIF()), device="auto", instruction_set="scalar"
    ) as simulation:
        assert simulation.device == "cpu"
        assert "only this device has" in simulation.device_reason


def test_float64_is_computed_where_it_can_be() -> None:
    with snn.Simulation(small(), device="auto", flags=["float64"]) as simulation:
        assert simulation.device == "reference"
        assert "float64 was asked for" in simulation.device_reason


def test_a_device_is_measured_once(tmp_path: Path) -> None:
    ask = "import snn; print(*snn.device_speed('cpu'), sep='|')"
    environment = os.environ | {"SNN_CACHE": str(tmp_path / "made")}
    run = [
        subprocess.run(
            [sys.executable, "-c", ask], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    first, second = (done.stdout.strip().split("|") for done in run)
    assert first[3] == "False"
    assert second[3] == "True"
    assert first[:3] == second[:3]
    assert 0 < float(first[0]) < float(first[1]) < 1
    (tmp_path / "made" / "device_speeds.json").write_text("{ damaged")
    again = subprocess.run(
        [sys.executable, "-c", ask], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert again.stdout.strip().endswith("False")


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = subprocess.run(
        [sys.executable, "-c", "import snn; print(snn.device_speed('cpu').was_kept, snn.device_speed('cpu').was_kept)"],
        env=os.environ | {"SNN_CACHE": str(tmp_path / "file" / "below")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "True"]


def test_unknown_devices_have_no_speed() -> None:
    with pytest.raises(snn.NotFoundError, match="there is no device 'quantum'; there are: cpu"):
        snn.device_speed("quantum")


# ---- With measurements that were written by hand


PRELUDE = """
import logging, sys
import numpy as np
import snn
from networks import large, plastic
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
"""
NETWORKS = '''
import numpy as np
import snn

def large():
    """Several million synapses, so that other devices are looked at."""
    return snn.Sequential(snn.SpikeInput(1500), snn.Dense(3000), snn.LIF(), snn.Dense(1500), snn.LIF())

def plastic():
    net, drawn = snn.Network(dt=1.0), snn.Sparse.fixed_indegree
    net.add("a", snn.SpikeInput(3000))
    net.add("b", snn.LIF(3000))
    net.connect("a", "b", snn.Dense())
    net.connect("a", "b", drawn(20, weight=0.5, delay=snn.Uniform(1.0, 20.0), plasticity=snn.PairSTDP()), name="learning")
    return net
'''


def run_with_speeds(tmp_path: Path, code: str, vulkan_over_cpu: float, cpu_step: float | None = None) -> str:
    """Run `code` in a process that finds speeds in its cache: those of this machine, the GPU's so many times the CPU's.

    With `cpu_step` the CPU takes so many seconds for the large step.
    """
    speeds = {name: snn.device_speed(name) for name in ("cpu", "vulkan:0")}
    assert all(speed.large_step > 0 for speed in speeds.values())
    document = json.loads((Path(os.environ["SNN_CACHE"]) / "device_speeds.json").read_text())
    cpu = next(entry for key, entry in document.items() if key.startswith("cpu | "))
    if cpu_step is not None:
        cpu["small_step_s"], cpu["large_step_s"] = cpu_step / 1000, cpu_step
    for key, entry in document.items():
        if key.startswith("vulkan:"):
            entry["small_step_s"], entry["large_step_s"] = (
                vulkan_over_cpu * cpu[name] for name in ("small_step_s", "large_step_s")
            )
    (tmp_path / "device_speeds.json").write_text(json.dumps(document))
    (tmp_path / "networks.py").write_text(NETWORKS)
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code],
        env=os.environ | {"SNN_CACHE": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_vulkan
@pytest.mark.parametrize(("ratio", "device"), [(0.1, "vulkan:0"), (0.95, "cpu"), (10.0, "cpu")])
def test_the_choice_follows_the_measurements(tmp_path: Path, ratio: float, device: str) -> None:
    code = "s = snn.Simulation(large(), device='auto'); print(s.device); print(s.device_reason)"
    out = run_with_speeds(tmp_path, code, ratio).splitlines()
    assert out[-2] == device
    assert "operations is expected to take" in out[-1]
    assert "on cpu" in out[-1]
    assert "on vulkan:0" in out[-1]
    assert run_with_speeds(tmp_path, code, ratio).splitlines()[-2:] == out[-2:], "the same measurements, another choice"


@needs_vulkan
@pytest.mark.parametrize(
    ("cpu_step", "device", "reason"),
    [
        (
            1e-5,
            "cpu",
            "on cpu with 1 thread, which leaves half of its 1.0 ms",
        ),  # though the GPU takes a tenth of the time
        (3e-3, "vulkan:0", "on vulkan:0, which leaves half of its 1.0 ms"),
        (3e-2, "vulkan:0", "on vulkan:0, the least of all, as none leaves half of its 1.0 ms"),
    ],
)
def test_low_power_takes_the_least_that_keeps_time(tmp_path: Path, cpu_step: float, device: str, reason: str) -> None:
    code = """
s = snn.Simulation(large(), device='auto', power='low')
s.step()
print(s.device)
print(s.device_reason)
"""
    out = run_with_speeds(tmp_path, code, 0.1, cpu_step).splitlines()
    assert out[-2] == device
    assert reason in out[-1]


def test_low_power_gives_a_small_network_one_thread() -> None:
    with snn.Simulation(small(), device="auto", power="low", threads=2) as simulation:
        assert (simulation.device, simulation.step_count) == ("cpu", 0)
        assert "is small" in simulation.device_reason
    assert small().memory_estimate(device="auto:low") == small().memory_estimate(device="auto")


def test_bad_words_about_power_are_named() -> None:
    with pytest.raises(snn.InvalidArgumentError, match="power is 'high'; it must be one of normal, low"):
        snn.Simulation(small(), device="auto", power="high")
    with pytest.raises(
        snn.InvalidArgumentError, match="power is 'low' and device 'vulkan'; power is for device 'auto'"
    ):
        snn.Simulation(small(), device="vulkan", power="low")
    with pytest.raises(snn.NotFoundError, match='device \'auto:high\': there are "auto" and "auto:low"'):
        snn.Simulation(small(), device="auto:high")


@needs_vulkan
def test_a_network_that_the_device_cannot_run_goes_to_the_next_with_one_warning(tmp_path: Path) -> None:
    # More traces than a shader reaches on a device whose buffers are this short.
    short = "import os; os.environ['SNN_VULKAN_STORAGE_RANGE'] = '400000'\n"
    code = short + "s = snn.Simulation(plastic(), device='auto'); print(s.device); s.step(3)"
    out = run_with_speeds(tmp_path, code, 0.1).splitlines()
    warnings = [line for line in out if line.startswith("WARNING")]
    assert len(warnings) == 1
    assert "device 'vulkan:0' is not used" in warnings[0]
    assert "the traces of projection 'learning' would take" in warnings[0]
    assert out[-1] == "cpu"
    named = (
        short + "try:\n    snn.Simulation(plastic(), device='vulkan')\nexcept snn.UnsupportedError: print('refused')"
    )
    assert run_with_speeds(tmp_path, named, 0.1).splitlines()[-1] == "refused"


@needs_vulkan
def test_a_session_that_is_to_train_stays_with_all_that_it_has(tmp_path: Path) -> None:
    code = """
frames = (np.random.default_rng(1).random((12, 1500)) < 0.1).astype(np.float32)
found = []
for device in ("cpu", "auto"):
    s = snn.Simulation(large(), device=device)
    hidden = next(name for name in s.network.populations if name.startswith("hidden"))
    s.set(f"{hidden}.threshold", np.linspace(0.5, 1.5, 3000))
    first = s.device
    s.run(5, {"input": frames[:5]})
    before = s.counters
    snn.engine._native.Trainer(s._session, output_population=2, steps=3)
    assert s.counters == before and s.step_count == 5
    run = s.run(7, {"input": frames[5:]}, {hidden: "v", "output": "v"})
    found.append((run[hidden]["v"].tobytes(), run["output"]["v"].tobytes(), s.counters))
assert s.device == first == "vulkan:0", first
assert found[0] == found[1]
print("equal")
"""
    assert run_with_speeds(tmp_path, code, 0.1).splitlines()[-1] == "equal"


# Devices are lost as soon as the environment says so.
LOSE = r"""
static PFN_vkQueueSubmit real_submit;
static VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence) {
    return getenv("LOSE_THE_DEVICE") ? VK_ERROR_DEVICE_LOST : real_submit(queue, count, infos, fence);
}
static const Instead instead[] = {INSTEAD("vkQueueSubmit", submit, real_submit)};
"""


@needs_vulkan
def test_a_gpu_that_is_lost_is_left_to_the_next_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in make_loader(tmp_path, LOSE).items():
        monkeypatch.setenv(name, value)
    code = """
import os
frames = (np.random.default_rng(1).random((40, 1500)) < 0.1).astype(np.float32)
found = []
for device in ("cpu", "auto"):
    s = snn.Simulation(large(), device=device)
    first = s.device
    s.run(20, {"input": frames[:20]})
    os.environ["LOSE_THE_DEVICE"] = "1"
    run = s.run(20, {"input": frames[20:]}, {"output": ["v", "spikes"]})
    del os.environ["LOSE_THE_DEVICE"]
    found.append((run["output"]["v"].tobytes(), run["output"]["spikes"].tobytes(), s.counters))
assert found[0] == found[1] and run["output"]["spikes"].any()
print(first, s.device)
print(s.device_reason)
"""
    out = run_with_speeds(tmp_path, code, 0.1).splitlines()
    assert out[-2] == "vulkan:0 cpu"
    assert out[-1].startswith("'vulkan:0' failed and is not used any more: ")
    warnings = [line for line in out if line.startswith("WARNING")]
    assert len(warnings) == 1
    assert "device 'vulkan:0' failed, the session goes on on 'cpu': " in warnings[0]


@needs_vulkan
def test_trainers_take_auto(tmp_path: Path) -> None:
    code = """
x = np.random.default_rng(1).random((8, 20), dtype=np.float32)
net = snn.Sequential(20, snn.Dense(3000), snn.LIF(), snn.Dense(3000), snn.LIF(), snn.Dense(3), snn.LIF())
trainer = snn.Trainer(net, steps=3, epochs=1, batch_size=8, device="auto").fit(x, np.arange(8) % 3)
print("trained")
"""
    assert run_with_speeds(tmp_path, code, 0.1).splitlines()[-1] == "trained"


def test_no_device_but_the_cpu_is_no_warning(tmp_path: Path) -> None:
    (tmp_path / "libvulkan.so.1").write_text("not a library")
    (tmp_path / "networks.py").write_text(NETWORKS)
    environment = {k: v for k, v in os.environ.items() if k != "SNN_VULKAN_VALIDATION"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PRELUDE + "s = snn.Simulation(large(), device='auto'); print(s.device_reason); s.step()",
        ],
        env=environment | {"LD_LIBRARY_PATH": str(tmp_path), "SNN_CACHE": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "WARNING" not in done.stdout
    assert "the only device here" in done.stdout
