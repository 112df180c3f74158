"""The order of a step's kernels, with the barriers that ship and with strict ones, under a host's own validation layer."""

from __future__ import annotations

import re

import numpy as np
import pytest

import snn

from .conftest import has_validation_layer
from .vulkan_renderer import Renderer, number, vk

pytestmark = pytest.mark.skipif(not has_validation_layer(), reason="the Khronos validation layer is not installed")

STEPS, FRAMES = 3, 5

# What is said of kernels that do not race. Binding 1 is a ring of which a delivery reads an earlier step while the present one
# is written, binding 2 the sums that deliveries add to by atomics, of which neurons (binding 4) take each their own part.
ALLOWED = re.compile(
    r".*SYNC-HAZARD-(READ|WRITE)-AFTER-(READ|WRITE) .* vkCmdDispatch: Hazard .*\[snn memory\].*"
    r"\[snn (deliver_spikes|load_input|neuron_step of lif)\].*, binding #[124] .*"
    r"usage: SYNC_COMPUTE_SHADER_SHADER_STORAGE_(READ|WRITE), prior_usage: SYNC_COMPUTE_SHADER_SHADER_STORAGE_(READ|WRITE),.*",
    re.DOTALL,
)


def network() -> snn.Network:
    """Atomic sums of several sources onto each population, of earlier steps and of this one, in one buffer for all."""
    net = snn.Network(dt=1.0)
    net.add("input", snn.SpikeInput(100))
    for name in "abc":
        net.add(name, snn.LIF(300))
    for name in "abc":
        net.connect("input", name, snn.Sparse.fixed_total(2000, weight=0.5, delay=1.0, trainable=False))
        for other in "abc":
            net.connect(name, other, snn.Sparse.fixed_total(2000, weight=0.2, delay=2.0, trainable=False))
    return net


@pytest.mark.parametrize("flags", [(), ("strict_barriers",)], ids=["as it ships", "strict"])
def test_the_layer_says_what_is_known_of_a_schedule(flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only strict barriers leave it without a word; the bits are those of the reference with both."""
    monkeypatch.delenv("SNN_VULKAN_VALIDATION", raising=False)  # which asks for strict barriers too
    renderer = Renderer()
    net, random = network(), np.random.default_rng(0)
    with (
        snn.Simulation(net, device=renderer.host(), flags=flags) as sim,
        snn.Simulation(net, device="reference") as expected,
    ):
        for _ in range(FRAMES):
            spikes = (random.random(100) < 0.4).astype(np.float32)
            for one in (sim, expected):
                one.set_input("input", spikes)
            commands = renderer.commands()
            snn.vulkan.record_steps(sim, number(commands), STEPS)
            vk.vkEndCommandBuffer(commands)
            renderer.submit([commands])
            expected.step(STEPS)
            for name in "abc":
                np.testing.assert_array_equal(sim[f"{name}.v"], expected[f"{name}.v"])
        assert expected.counters.spikes > 0
        assert sim.counters == expected.counters
    renderer.close()
    assert bool(renderer.problems) == (not flags)
    assert [problem for problem in renderer.problems if not ALLOWED.fullmatch(problem)] == []
