"""Notebooks: the sample runs from a fresh kernel, and what a cell shows of a network and of training."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

TOUR = Path(__file__).parents[2] / "samples/python/tour.ipynb"

# Of jupyter_client and its packages, not of ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def run(notebook: nbformat.NotebookNode, folder: Path) -> list[str]:
    """Run the cells; return what each put out, text and HTML."""
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    shown = []
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        shown.append(
            "".join(output.get("text", "") + output.get("data", {}).get("text/html", "") for output in outputs)
        )
    return shown


def test_the_tour_runs(tmp_path: Path) -> None:
    tour = nbformat.read(TOUR, as_version=4)
    saved = [cell.get("outputs", []) for cell in tour.cells]
    shown = run(tour, tmp_path)
    text = "\n".join(shown)
    assert float(re.search(r"([\d.]+)% of 360 test images are read right", text)[1]) > 93
    assert "cpu: spikes and membranes are the reference's to the bit: True" in text
    assert "to the bit: False" not in text
    assert int(re.search(r"(\d+)% of the weights are within a tenth of a bound", text)[1]) > 35  # 20 at first
    assert '<progress value="360" max="360">' in text
    assert (tmp_path / "digits.snn").stat().st_size > 64 * 128 * 4
    # It is kept with its figures, for those who read it without running it.
    assert [[kind for output in outputs for kind in output.get("data", {})] for outputs in saved].count(
        ["image/png"]
    ) >= 3


def test_a_network_is_shown_as_tables(tmp_path: Path) -> None:
    cells = [
        "import snn\nsnn.Sequential(4, snn.Dense(3), snn.LIF(tau_membrane=7.0, name='a'), snn.Dense(2), snn.LIF())",
        "net = snn.Network()\nnet.add('input', snn.Input(3))\nnet",  # unfinished: it is shown as repr() has it
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    whole, unfinished = run(notebook, tmp_path)
    assert whole.count("<table>") == 2
    assert "tau_membrane=7" in whole
    assert "input to a" in whole
    assert "5 neurons, 18 synapses" in whole
    assert "Error" not in unfinished
