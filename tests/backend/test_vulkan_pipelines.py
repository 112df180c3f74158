"""Compiled pipelines are kept on disk: what a file of them may be, and that it can be left out. A host keeps its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import snn

from .running import vulkan_settings
from .vulkan_meddler import Meddler, Spoiled
from .vulkan_renderer import Renderer, number, vk

pytestmark = pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")

MARK = b"snn pipelines 1\n"
HEADER = 32  # bytes of VkPipelineCacheHeaderVersionOne


def membranes() -> np.ndarray:
    net = snn.Sequential(30, snn.Dense(20), snn.LIF(), seed=1)
    with snn.Simulation(net, device="vulkan") as sim:
        sim.run(5, {"input": np.ones(30, np.float32)})
        return sim["output.v"]


def kept(folder: Path) -> Path:
    (found,) = folder.iterdir()  # the file alone: nothing half-written beside it
    assert found.name.startswith("vulkan-")
    assert found.suffix == ".pipelines"
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_was_compiled_is_kept_for_the_next_process(folder: Path) -> None:
    wanted = membranes()
    content = kept(folder).read_bytes()
    assert content.startswith(MARK)
    data = content[len(MARK) + 8 :]
    assert int.from_bytes(data[:4], "little") == HEADER  # as Vulkan lays it out
    assert kept(folder).name.split("-")[1:3] == [str(int.from_bytes(data[at : at + 4], "little")) for at in (8, 12)]
    assert kept(folder).name == f"vulkan-{'-'.join(kept(folder).name.split('-')[1:3])}-{data[16:32].hex()}.pipelines"
    before = kept(folder).stat()
    np.testing.assert_array_equal(membranes(), wanted)
    after = kept(folder).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)  # nothing new: not written again


@pytest.mark.parametrize("kind", ["empty", "cut", "changed", "foreign"])
def test_a_damaged_file_is_made_anew(folder: Path, kind: str) -> None:
    wanted = membranes()
    path = kept(folder)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "cut": whole[:-1],
            "changed": whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:],
            "foreign": b"other pipelines\n" + whole[16:],
        }[kind]
    )
    np.testing.assert_array_equal(membranes(), wanted)
    made = path.read_bytes()
    assert made.startswith(MARK)
    assert len(made) == len(whole)


def test_it_can_be_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNN_VULKAN_PIPELINE_CACHE", "0")
    membranes()
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SNN_CACHE", str(tmp_path / "file"))
    membranes()
    assert (tmp_path / "file").read_text() == ""


class Watched(Spoiled):
    """A function of the device that is called with these second arguments."""

    def __init__(self, address: int) -> None:
        super().__init__(address)
        self.seconds: list[int] = []

    def call(self, *arguments: int | None) -> int:
        self.seconds.append(arguments[1] or 0)
        return super().call(*arguments)


def test_shaders_are_compiled_with_the_hosts_pipeline_cache(renderer: Renderer) -> None:
    """Which stays the host's: not destroyed with a session. (lavapipe itself keeps nothing in one.)"""
    net = snn.Sequential(30, snn.Dense(20), snn.LIF(), seed=1)
    cache = vk.vkCreatePipelineCache(renderer.device, vk.VkPipelineCacheCreateInfo(), None)
    for wanted in (number(cache), 0, number(cache)):
        meddler = Meddler(renderer)
        made = Watched(meddler.of_device(number(renderer.device), b"vkCreateComputePipelines"))
        meddler.spoiled[b"vkCreateComputePipelines"] = made
        host = replace(meddler.host(), pipeline_cache=wanted)
        with snn.Simulation(net, device=host) as sim, snn.Simulation(net, device="reference") as reference:
            for one in (sim, reference):
                one.set_input("input", np.ones(30, np.float32))
                one.step(20)
            np.testing.assert_array_equal(sim["output.v"], reference["output.v"])
        assert len(made.seconds) > 0
        assert set(made.seconds) == {wanted}
    vk.vkDestroyPipelineCache(renderer.device, cache, None)
    with pytest.raises(snn.ArgumentTypeError, match="pipeline_cache is 'no number'"):
        replace(renderer.host(), pipeline_cache="no number")
