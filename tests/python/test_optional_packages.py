"""Parts that need a package which is not installed with this one: loaded by name, and clear about what is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import snn

# Runs before snn is imported: as if none of the packages were installed.
HIDDEN = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in ("matplotlib", "nir", "onnx", "onnxruntime", "torch"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
import snn
"""


def last_line(code: str, *, hidden: bool) -> str:
    """Of a fresh process's output, or of its error."""
    program = (HIDDEN if hidden else "import snn\n") + code
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "install"), [("nir", "nir"), ("onnx", "onnx onnxruntime"), ("torch", "torch")], ids=lambda word: word
)
def test_what_to_install_is_said(name: str, install: str) -> None:
    wanted = (
        f"snn.engine.errors.MissingPackageError: snn.{name} needs the package {name}, which is not installed: "
        f"pip install {install} (or 'snn-engine[{name}]')"
    )
    for code in (f"import snn.{name}", f"snn.{name}", f"from snn import {name}"):
        assert last_line(code, hidden=True) == wanted


def test_a_plot_needs_a_package_in_the_same_words() -> None:
    wanted = (
        "snn.engine.errors.MissingPackageError: snn.plot needs the package matplotlib, which is not installed: "
        "pip install matplotlib (or 'snn-engine[plot]')"
    )
    assert last_line("snn.plot.traces([[0.0]])", hidden=True) == wanted


@pytest.mark.parametrize("kind", ["ModuleNotFoundError", "snn.UnsupportedError"])
def test_a_missing_package_is_an_error_of_import_and_of_the_library(kind: str) -> None:
    code = f"try:\n    import snn.torch\nexcept {kind} as error:\n    print('caught', error.name)"
    assert last_line(code, hidden=True) == "caught torch"


@pytest.mark.parametrize("name", ["nir", "onnx", "torch"])
def test_a_part_is_loaded_when_it_is_first_used(name: str) -> None:
    pytest.importorskip(name, reason=f"the package {name} is not installed (pip install 'snn-engine[{name}]')")
    code = f"import sys; before = 'snn.{name}' in sys.modules; print(before, snn.{name}.__name__)"
    assert last_line(code, hidden=False) == f"False snn.{name}"


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'snn' has no attribute 'onyx'"):
        _ = snn.onyx
