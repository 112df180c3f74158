"""The programs in the opening comments of the headers compile as they stand, beside the names that they take for granted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bindings.building import ROOT, run, tool

INCLUDE = ROOT / "native/include"
VULKAN = (
    "VkInstance instance, VkPhysicalDevice physical_device, VkDevice device, VkQueue queue, uint32_t queue_family, "
    "VkCommandBuffer command_buffer"
)

# What stands around each program: files that it includes, and parameters of the function that it becomes.
AROUND = {
    "snn.h": (
        "#include <snn/snn.h>\n#include <stdio.h>\n",
        "const float *pixels, float frame_dt_seconds, float *voltages",
    ),
    "snn.hpp": ("#include <snn/snn.hpp>\n", "const std::vector<float>& weights"),
    "snn_vulkan.h": (
        "#include <snn/snn_vulkan.h>\n#include <vulkan/vulkan.h>\n",
        f"{VULKAN}, SNNConfig config, SNNHandle brain, SNNVulkanBuffer membrane, const float *values, size_t count",
    ),
    "snn_vulkan.hpp": (
        "#include <snn/snn_vulkan.hpp>\n#include <vulkan/vulkan.h>\n",
        f"{VULKAN}, const std::vector<float>& values",
    ),
}


def first_program(header: str) -> str:
    """The first lines of the opening comment that are indented, without what marks a comment."""
    text = (INCLUDE / "snn" / header).read_text(encoding="utf-8")
    lines = [re.match(r"(?: \*|//) {5,8}(.*)", line) for line in text.splitlines()]
    first = next(index for index, line in enumerate(lines) if line)
    last = next(index for index, line in enumerate(lines) if index > first and not line)
    return "\n".join(line[1] for line in lines[first:last] if line)


@pytest.mark.parametrize(
    ("header", "compiler", "standard"),
    [
        ("snn.h", "cc", "c99"),
        ("snn.h", "c++", "c++17"),
        ("snn.hpp", "c++", "c++17"),
        ("snn_vulkan.h", "cc", "c99"),
        ("snn_vulkan.h", "c++", "c++17"),
        ("snn_vulkan.hpp", "c++", "c++17"),
    ],
)
def test_the_program_of_a_header_compiles(tmp_path: Path, header: str, compiler: str, standard: str) -> None:
    if "vulkan" in header and not Path("/usr/include/vulkan/vulkan.h").exists():
        pytest.skip("vulkan/vulkan.h is not there (Debian: libvulkan-dev)")
    before, parameters = AROUND[header]
    program = first_program(header)
    assert program.count(";") >= 6, program
    source = tmp_path / ("program.cpp" if compiler == "c++" else "program.c")
    source.write_text(f"{before}void program({parameters});\nvoid program({parameters}) {{\n{program}\n}}\n", "utf-8")
    warnings = ("-Wall", "-Wextra", "-Werror", "-Wno-unused", "-Wno-unused-but-set-parameter", "-fsyntax-only")
    run(tool(compiler, "g++"), f"-std={standard}", *warnings, f"-I{INCLUDE}", source)
