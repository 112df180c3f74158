"""A Vulkan loader in between: devices of libsnn that are not all of Vulkan, lack something, or refuse work."""

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
# taken out again for the driver, and lacks the extension that HIDDEN names. The next submission gives `refusal`, if it is set.
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
        for (uint32_t i = 0; i < *count; ++i)
            if (!strcmp(properties[i].extensionName, getenv("HIDDEN"))) strcpy(properties[i].extensionName, "hidden");
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
__attribute__((visibility("default"))) int refusal;
static PFN_vkQueueSubmit real_submit;
static VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence) {
    const int result = refusal;
    refusal = 0;
    return result ? result : real_submit(queue, count, infos, fence);
}
static const Instead instead[] = {INSTEAD("vkCreateDevice", create, real_create),
                                  INSTEAD("vkDestroyDevice", destroy, real_destroy),
                                  INSTEAD("vkEnumerateDeviceExtensionProperties", extensions, real_extensions),
                                  INSTEAD("vkQueueSubmit", submit, real_submit)};
"""

# As loaders do since 1.3.216: devices that are not all of Vulkan - here all - are listed for an instance that asks for them by
# an extension and a flag. The extension that ABSENT names is not there; without the other one, devices are listed as before.
INSTANCES = r"""
#define ENUMERATION "VK_KHR_portability_enumeration"
static PFN_vkCreateInstance real_create;
static PFN_vkEnumerateInstanceExtensionProperties real_extensions;
static PFN_vkEnumeratePhysicalDevices real_devices;
static int lists_devices;

static int is_absent(const char *name) { return !strcmp(name, getenv("ABSENT")); }
static VkResult VKAPI_CALL extensions(const char *layer, uint32_t *count, VkExtensionProperties *properties) {
    VkExtensionProperties all[256];
    uint32_t found = 255, kept = 0;
    VkResult result = real_extensions(layer, &found, all);
    if (result) return result;
    for (uint32_t i = 0; i < found; ++i)
        if (strcmp(all[i].extensionName, ENUMERATION) && !is_absent(all[i].extensionName)) all[kept++] = all[i];
    if (!is_absent(ENUMERATION)) {
        memset(&all[kept], 0, sizeof *all);
        strcpy(all[kept++].extensionName, ENUMERATION);
    }
    if (properties && *count < kept) return VK_INCOMPLETE;
    if (properties) memcpy(properties, all, kept * sizeof *all);
    *count = kept;
    return VK_SUCCESS;
}
static VkResult VKAPI_CALL create(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator,
                                  VkInstance *instance) {
    const char *names[16];
    VkInstanceCreateInfo own = *info;
    int asks = 0;
    own.flags = 0;
    own.enabledExtensionCount = 0;
    own.ppEnabledExtensionNames = names;
    printf("instance of flags %u with", (unsigned)info->flags);
    for (uint32_t i = 0; i < info->enabledExtensionCount; ++i) {
        const char *name = info->ppEnabledExtensionNames[i];
        printf(" %s", name);
        if (is_absent(name)) return VK_ERROR_EXTENSION_NOT_PRESENT;
        if (!strcmp(name, ENUMERATION)) asks = 1;
        else names[own.enabledExtensionCount++] = name;
    }
    printf("\n");
    fflush(stdout);
    if (info->flags && !asks) return VK_ERROR_INITIALIZATION_FAILED;
    lists_devices = is_absent(ENUMERATION) || (asks && info->flags == 1);
    return real_create(&own, allocator, instance);
}
static VkResult VKAPI_CALL devices(VkInstance instance, uint32_t *count, VkPhysicalDevice *found) {
    if (lists_devices) return real_devices(instance, count, found);
    *count = 0;
    return VK_SUCCESS;
}
static const Instead instead[] = {INSTEAD("vkCreateInstance", create, real_create),
                                  INSTEAD("vkEnumerateInstanceExtensionProperties", extensions, real_extensions),
                                  INSTEAD("vkEnumeratePhysicalDevices", devices, real_devices)};
"""

# By how much the semaphore is to rise with a submission, whether it does, and the steps so far; then the device is lost.
COUNT = """
import ctypes, time, snn
net = snn.Sequential(4, snn.Dense(3), snn.LIF())
loader = ctypes.CDLL("libvulkan.so.1")
refusal = ctypes.c_int.in_dll(loader, "refusal")
Get = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
Counter = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint64, ctypes.POINTER(ctypes.c_uint64))

# Mesa's counter may be a little behind the fences that the session waits for.
def comes_to(found, wanted):
    value, end = ctypes.c_uint64(), time.monotonic() + 20
    of_device = Get(Get(found.get_instance_proc_addr)(found.instance, b"vkGetDeviceProcAddr"))
    counter = Counter(of_device(found.device, b"vkGetSemaphoreCounterValueKHR"))
    while value.value < wanted and time.monotonic() < end:
        assert counter(found.device, found.submitted[0], ctypes.byref(value)) == 0
    return value.value == wanted

with snn.Simulation(net, device="vulkan") as sim:
    if snn.vulkan.device(sim).submitted:
        for refusal.value in (0, -2, 0):
            before = snn.vulkan.device(sim)
            try:
                snn.vulkan.submit_steps(sim, 2)
            except snn.OutOfMemoryError:
                print("refused")
            after = snn.vulkan.device(sim)
            sim.step()  # which waits
            rises = comes_to(after, snn.vulkan.device(sim).submitted[1])
            print(after.submitted[1] - before.submitted[1], rises, sim.step_count)
        refusal.value = -4
        for call in (lambda: snn.vulkan.submit_steps(sim, 1), lambda: snn.vulkan.device(sim)):
            try:
                call()
            except snn.DeviceLostError:
                print("lost")
    else:
        snn.vulkan.submit_steps(sim, 2)
        print("no semaphore", sim["output.v"].shape)
"""

OPEN = """
import snn
try:
    snn.Simulation(snn.Sequential(4, snn.Dense(3), snn.LIF()), device="vulkan").close()
    print("closed", flush=True)
except snn.SnnError as error:
    print(error, flush=True)
"""


def with_loader(folder: Path, functions: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if name != "SNN_VULKAN_VALIDATION"}
    return plain | make_loader(folder, functions)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return with_loader(tmp_path, FUNCTIONS) | {"HIDDEN": ""}


def opened(environment: dict[str, str], folder: Path, program: str = OPEN) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-u", "-c", program], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_a_device_that_is_not_all_of_vulkan_is_opened_as_such(environment: dict[str, str], tmp_path: Path) -> None:
    created, destroyed, closed = opened(environment, tmp_path)
    assert created.startswith("created with")
    assert "VK_KHR_portability_subset" in created.split()
    assert (destroyed, closed) == ("destroyed", "closed")


@pytest.mark.parametrize("absent", ["", "VK_KHR_portability_enumeration", "VK_EXT_debug_utils"])
def test_devices_that_are_not_all_of_vulkan_are_asked_for_where_that_can_be(tmp_path: Path, absent: str) -> None:
    told, closed = opened(with_loader(tmp_path, INSTANCES) | {"ABSENT": absent}, tmp_path)
    offered = [name for name in ("VK_KHR_portability_enumeration", "VK_EXT_debug_utils") if name != absent]
    flags = int("VK_KHR_portability_enumeration" in offered)
    assert told.split() == ["instance", "of", "flags", str(flags), "with", *offered]
    assert closed == "closed"


@pytest.mark.parametrize("hidden", ["vkCmdDispatch", "vkWaitForFences"])
def test_a_device_that_lacks_a_function_is_closed_again(
    environment: dict[str, str], tmp_path: Path, hidden: str
) -> None:
    created, destroyed, told = opened(environment | {"HIDDEN": hidden}, tmp_path)
    assert created.startswith("created with")
    assert destroyed == "destroyed"
    assert f"does not know {hidden}" in told


def test_only_what_was_submitted_is_counted(environment: dict[str, str], tmp_path: Path) -> None:
    created, *said = opened(environment, tmp_path, COUNT)
    if "VK_KHR_timeline_semaphore" not in created.split():
        pytest.skip("the device has no timeline semaphores")
    # A value that was told after the refusal and never reached would be waited for in vain.
    assert said == ["1 True 3", "refused", "0 True 4", "1 True 7", "lost", "lost", "destroyed"]


def test_a_device_without_timeline_semaphores_is_used_all_the_same(environment: dict[str, str], tmp_path: Path) -> None:
    created, told, destroyed = opened(environment | {"HIDDEN": "VK_KHR_timeline_semaphore"}, tmp_path, COUNT)
    assert "VK_KHR_timeline_semaphore" not in created.split()
    assert (told, destroyed) == ("no semaphore (1, 3)", "destroyed")
