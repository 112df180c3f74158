"""Draw docs/images/surrogates.png: the derivative of every built-in surrogate with its defaults, around the threshold.

Run by ``python -P docs/images/surrogates.py``.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import snn
from snn.engine.modelc import builtin_names, load_builtin_surrogate

COLUMNS = 5
GREY = "#b9c4d0"


def main() -> None:
    """Draw a small picture for each surrogate, in alphabetical order."""
    names = builtin_names("surrogates")
    figure, grid = plt.subplots(
        -(-len(names) // COLUMNS), COLUMNS, figsize=(9.0, 5.4), sharex=True, sharey=True, layout="constrained"
    )
    x = np.linspace(-2.5, 2.5, 2001)
    for axes, name in zip(grid.flat, names, strict=False):
        surrogate = load_builtin_surrogate(name)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.plot(
            x, surrogate.numpy.derivative(surrogate.default_parameters(), x, np.float64), color=snn.plot.COLORS[0]
        )
        axes.set_title(name, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=7)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    figure.supxlabel("membrane - threshold", fontsize=9)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
