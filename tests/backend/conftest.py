from __future__ import annotations

import os
from pathlib import Path

import pytest

# The layer waits ten seconds for a thread of its own to see a semaphore or a fence (UNASSIGNED-VkSemaphore-state-timeout,
# UNASSIGNED-VkFence-state-timeout). Where the host signals a semaphore on a busy machine it sometimes waits in vain, with work
# that is long done, and says itself that this is most likely its own fault.
LAYER_WAITED = "-state-timeout"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="rewrite the golden hashes: marks a BITS change")


def has_validation_layer() -> bool:
    """Whether the Khronos validation layer is installed: a manifest of it lies where loaders look."""
    folders = [Path(root) / "vulkan/explicit_layer.d" for root in ("/usr/share", "/usr/local/share", "/etc")]
    return any((folder / "VkLayer_khronos_validation.json").exists() for folder in folders)


@pytest.fixture(scope="session")
def _messages(tmp_path_factory: pytest.TempPathFactory):
    """The file to which the validation layer adds what it has to say, in all sessions of these tests."""
    path = tmp_path_factory.mktemp("vulkan") / "messages"
    if has_validation_layer():
        os.environ["SNN_VULKAN_VALIDATION"] = str(path)
    yield path
    os.environ.pop("SNN_VULKAN_VALIDATION", None)


@pytest.fixture(autouse=True)
def vulkan_messages(_messages: Path):
    """No message of the validation layer while a test runs, but that it is there. Gives the file of messages."""
    _messages.write_text("")
    yield _messages
    said = [line for line in _messages.read_text().splitlines() if not line.startswith("information: ")]
    assert not [line for line in said if LAYER_WAITED not in line]


@pytest.fixture
def renderer():
    """A program that owns a Vulkan device, of which the validation layer has nothing to say."""
    from .vulkan_renderer import Renderer  # skips the test where there is none

    made = Renderer()
    yield made
    made.close()
    assert made.problems == []
