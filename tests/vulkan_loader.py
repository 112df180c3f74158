"""A Vulkan loader between libsnn and the system's, for what no driver does when a test wants it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

# %s: functions in place of the driver's, and the table `instead` of them. The function that the environment's HIDDEN names is
# not there.
FRAME = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

typedef struct Instead {
    const char *name;
    PFN_vkVoidFunction own, *real; /* that of the driver is put into *real */
} Instead;
#define INSTEAD(function, own, real) {function, (PFN_vkVoidFunction)own, (PFN_vkVoidFunction *)&real}
%s
static PFN_vkGetInstanceProcAddr real_instance_proc;
static PFN_vkGetDeviceProcAddr real_device_proc;

static PFN_vkVoidFunction own_function(const char *name, PFN_vkVoidFunction found) {
    for (size_t i = 0; found && i < sizeof instead / sizeof *instead; ++i)
        if (!strcmp(name, instead[i].name)) {
            *instead[i].real = found;
            return instead[i].own;
        }
    return found;
}
static PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice device, const char *name) {
    const char *hidden = getenv("HIDDEN");
    return hidden && !strcmp(name, hidden) ? 0 : own_function(name, real_device_proc(device, name));
}
__attribute__((visibility("default")))
PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr(VkInstance instance, const char *name) {
    if (!real_instance_proc)
        real_instance_proc = (PFN_vkGetInstanceProcAddr)dlsym(dlopen(getenv("REAL_LOADER"), RTLD_NOW), "vkGetInstanceProcAddr");
    PFN_vkVoidFunction found = real_instance_proc(instance, name);
    if (strcmp(name, "vkGetDeviceProcAddr")) return own_function(name, found);
    real_device_proc = (PFN_vkGetDeviceProcAddr)found;
    return (PFN_vkVoidFunction)device_proc;
}
"""


def make_loader(folder: Path, functions: str) -> dict[str, str]:
    """Build the loader in a folder; return what the environment of a process needs to take it for the system's.

    The system's own must have been loaded by this process. Skips the test where there is no C compiler.
    """
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler to make a Vulkan loader with")
    loaded = [line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libvulkan.so" in line]
    (folder / "loader.c").write_text(FRAME.replace("%s", functions))
    command = [compiler, "-shared", "-fPIC", "-fvisibility=hidden", "loader.c", "-o", "libvulkan.so.1", "-ldl"]
    subprocess.run(command, cwd=folder, check=True)
    return {"LD_LIBRARY_PATH": str(folder), "REAL_LOADER": loaded[0]}
