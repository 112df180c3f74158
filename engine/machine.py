"""What a measurement ran on: the machine, the versions, the memory in use."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from snn.engine import _native

__all__ = ["description", "peak_rss_bytes", "processor_name", "reset_peak_rss", "used_instruction_set", "versions"]


def processor_name() -> str:
    """Name of the processor as its maker gives it, else the architecture."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def description() -> dict[str, Any]:
    """Return processor, cores this process may use, memory, system, and the best instruction set of libsnn here."""
    cpu = next(device for device in _native.devices() if device.name == "cpu")
    return {
        "processor": processor_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": cpu.memory_bytes,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "instruction_set": cpu.instruction_sets[-1],
    }


def used_instruction_set(wanted: str) -> str:
    """Return the instruction set that a session uses: the wanted one, or for ``"best"`` the best there is."""
    return str(description()["instruction_set"]) if wanted == "best" else wanted


def versions() -> dict[str, str]:
    """Return the versions of what takes part."""
    return {
        "libsnn": _native.version(),
        "snn-engine": metadata.version("snn-engine"),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _status_bytes(field: str) -> int | None:
    """Return a line of /proc/self/status; None where there is none."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def reset_peak_rss() -> int:
    """Let `peak_rss_bytes` begin anew, where the system can, and return the memory in use now."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    now = _status_bytes("VmRSS")
    return peak_rss_bytes() if now is None else now


def peak_rss_bytes() -> int:
    """Largest amount of memory that this process has had in use so far; 0 where the system does not say."""
    if sys.platform == "win32":
        import ctypes

        # PROCESS_MEMORY_COUNTERS of 64 bits: its size and the page faults as 32-bit integers, then the largest working set.
        counters = (ctypes.c_size_t * 9)(72)
        this_process = ctypes.c_void_p(-1)
        known = ctypes.windll.kernel32.K32GetProcessMemoryInfo(this_process, ctypes.byref(counters), 72)
        return counters[1] if known else 0
    peak = _status_bytes("VmHWM")
    if peak is not None:
        return peak
    try:
        import resource
    except ImportError:
        return 0
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if sys.platform == "darwin" else usage * 1024  # bytes there, KiB elsewhere
