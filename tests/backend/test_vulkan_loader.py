"""A Vulkan loader in between: a device that is not all of Vulkan, or lacks a function, is opened and closed rightly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vulkan_loader import make_loader

from .running import vulkan_settings

pytestmark = pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")

# Says which extensions a device is made with, and when it is destroyed. Every device has VK_KHR_portability_subset, which is
# taken out again for the driver.
FUNCTIONS = r"""
#define SUBSET "VK_KHR_portability_subset"
static PFN_vkCreateDevice real_create;
static PFN_vkDestroyDevice real_destroy;
static PFN_vkEnumerateDeviceExtensionProperties real_extensions;

static VkResult VKAPI_CALL extensions(VkPhysicalDevice device, const char *layer, uint32_t *count,
                                      VkExtensionProperties *properties) {
    uint32_t room = *count;
    VkResult result = real_extensions(device, layer, count, properties);
    if (result) return result;
    if (properties) {
        if (*count == room) return VK_INCOMPLETE;
        memset(&properties[*count], 0, sizeof *properties);
        strcpy(properties[*count].extensionName, SUBSET);
    }
    ++*count;
    return VK_SUCCESS;
}
static VkResult VKAPI_CALL create(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                  const VkAllocationCallbacks *allocator, VkDevice *device) {
    const char *names[16];
    VkDeviceCreateInfo own = *info;
    own.enabledExtensionCount = 0;
    own.ppEnabledExtensionNames = names;
    printf("created with");
    for (uint32_t i = 0; i < info->enabledExtensionCount; ++i) {
        const char *name = info->ppEnabledExtensionNames[i];
        printf(" %s", name);
        if (strcmp(name, SUBSET)) names[own.enabledExtensionCount++] = name;
    }
    printf("\n");
    fflush(stdout);
    return real_create(physical, &own, allocator, device);
}
static void VKAPI_CALL destroy(VkDevice device, const VkAllocationCallbacks *allocator) {
    printf("destroyed\n");
    fflush(stdout);
    real_destroy(device, allocator);
}
static const Instead instead[] = {INSTEAD("vkCreateDevice", create, real_create),
                                  INSTEAD("vkDestroyDevice", destroy, real_destroy),
                                  INSTEAD("vkEnumerateDeviceExtensionProperties", extensions, real_extensions)};
"""

OPEN = """
import snn
try:
    snn.Simulation(snn.Sequential(4, snn.Dense(3), snn.LIF()), device="vulkan").close()
    print("closed", flush=True)
except snn.SnnError as error:
    print(error, flush=True)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if name != "SNN_VULKAN_VALIDATION"}
    return plain | make_loader(tmp_path, FUNCTIONS)


def opened(environment: dict[str, str], folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", OPEN], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_a_device_that_is_not_all_of_vulkan_is_opened_as_such(environment: dict[str, str], tmp_path: Path) -> None:
    created, destroyed, closed = opened(environment, tmp_path)
    assert created.startswith("created with")
    assert "VK_KHR_portability_subset" in created.split()
    assert (destroyed, closed) == ("destroyed", "closed")


@pytest.mark.parametrize("hidden", ["vkCmdDispatch", "vkWaitForFences"])
def test_a_device_that_lacks_a_function_is_closed_again(
    environment: dict[str, str], tmp_path: Path, hidden: str
) -> None:
    created, destroyed, told = opened(environment | {"HIDDEN": hidden}, tmp_path)
    assert created.startswith("created with")
    assert destroyed == "destroyed"
    assert f"does not know {hidden}" in told
