"""Where `pip install openvino` put OpenVINO's C library, for libsnn, which looks nowhere inside a Python."""

from __future__ import annotations

import importlib.util
import os

__all__ = ["announce_openvino"]

VARIABLE = "SNN_OPENVINO"


def announce_openvino() -> None:
    """Name the OpenVINO of this Python in the environment, unless the user has named one. Nothing is imported."""
    if VARIABLE in os.environ:
        return
    found = importlib.util.find_spec("openvino")
    if found and found.submodule_search_locations:
        os.environ[VARIABLE] = next(iter(found.submodule_search_locations))
