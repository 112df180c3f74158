"""Plots of what networks do. matplotlib is imported when the first one is drawn.

Each function draws into the `Axes` given, or into a new figure, and returns the `Axes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from snn.engine.errors import InvalidArgumentError, UnsupportedError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["confusion_matrix", "raster", "traces"]

INK = "#1b2a41"
COLORS = ("#0b6e99", "#d1495b", "#3f8f5b", "#8a5a9e", "#c98a1b", "#4a5568")


def _axes(axes: Axes | None) -> Axes:
    if axes is not None:
        return axes
    try:
        from matplotlib import pyplot
    except ImportError:
        raise UnsupportedError(
            "plots need matplotlib, which is not installed: pip install 'snn-engine[plot]'"
        ) from None
    return pyplot.subplots(layout="constrained")[1]


def _dress(axes: Axes, title: str | None, x_label: str, y_label: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    if title is not None:
        axes.set_title(title, loc="left", fontsize="medium")


def raster(
    spikes: ArrayLike, *, dt: float = 1.0, axes: Axes | None = None, color: Any = INK, title: str | None = None
) -> Axes:
    """Draw a spike raster: one row for each neuron, one mark for each spike.

    Parameters
    ----------
    spikes : array_like, shape (steps, neurons)
        0 or 1, as ``recording["hidden"]["spikes"][:, sample]``.
    dt : float, default 1.0
        Time step in milliseconds.
    axes : Axes, optional
        Where to draw.
    color : matplotlib colour or sequence of them, one for each neuron
        Of the marks.
    title : str, optional
        Title.
    """
    array = np.asarray(spikes)
    if array.ndim != 2:
        raise InvalidArgumentError(f"spikes has shape {array.shape}; it must be (steps, neurons)")
    axes = _axes(axes)
    steps, neurons = np.nonzero(array)
    colors = [color[int(neuron)] for neuron in neurons] if _is_list(color) else color
    # A mark is as high as a row; with many neurons rows are thin, and it covers a neighbour to be seen.
    half = 0.45 if array.shape[1] <= 32 else 0.45 * array.shape[1] / 32
    axes.vlines((steps + 1) * dt, neurons - half, neurons + half, colors=colors, linewidth=1.2)
    axes.set_xlim(0.5 * dt, (array.shape[0] + 0.5) * dt)
    axes.set_ylim(-1, array.shape[1])
    _dress(axes, title, "time (ms)", "neuron")
    return axes


def _is_list(color: Any) -> bool:
    return isinstance(color, Sequence | np.ndarray) and not isinstance(color, str) and len(color) not in (3, 4)


def traces(
    values: ArrayLike,
    *,
    dt: float = 1.0,
    threshold: float | None = None,
    labels: Sequence[str] | None = None,
    axes: Axes | None = None,
    y_label: str = "membrane",
    title: str | None = None,
) -> Axes:
    """Draw the course of a state in time, one line for each neuron.

    Parameters
    ----------
    values : array_like, shape (steps, neurons) or (steps,)
        As ``recording["hidden"]["v"][:, sample]``.
    dt : float, default 1.0
        Time step in milliseconds.
    threshold : float, optional
        Drawn as a dashed line.
    labels : sequence of str, optional
        One for each line, written at its end.
    axes : Axes, optional
        Where to draw.
    y_label, title : str, optional
        Label of the axis and title.
    """
    array = np.asarray(values, np.float64)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2:
        raise InvalidArgumentError(f"values has shape {array.shape}; it must be (steps, neurons)")
    if labels is not None and len(labels) != array.shape[1]:
        raise InvalidArgumentError(f"there are {len(labels)} labels for {array.shape[1]} lines")
    axes = _axes(axes)
    times = (np.arange(array.shape[0]) + 1) * dt
    for column in range(array.shape[1]):
        color = COLORS[column % len(COLORS)]
        axes.plot(times, array[:, column], color=color, linewidth=1.4)
        if labels is not None:
            # At the end of the line: a legend would lie on other lines.
            place = (times[-1], array[-1, column])
            axes.annotate(
                labels[column],
                place,
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize="small",
                color=color,
                annotation_clip=False,
            )
    if threshold is not None:
        axes.axhline(threshold, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(
            "threshold",
            (1.0, threshold),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 3),
            textcoords="offset points",
            ha="right",
            fontsize="x-small",
            color=INK,
        )
    axes.set_xlim(0.5 * dt, (array.shape[0] + 0.5) * dt)
    _dress(axes, title, "time (ms)", y_label)
    return axes


def confusion_matrix(
    truth: ArrayLike,
    predicted: ArrayLike,
    *,
    classes: Sequence[str] | None = None,
    axes: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Draw how often each class was taken for each other.

    Parameters
    ----------
    truth, predicted : array_like of int, shape (samples,)
        Classes from 0.
    classes : sequence of str, optional
        Names; default the numbers.
    axes : Axes, optional
        Where to draw.
    title : str, optional
        Title.
    """
    true_array, predicted_array = np.asarray(truth), np.asarray(predicted)
    if true_array.shape != predicted_array.shape or true_array.ndim != 1:
        raise InvalidArgumentError(
            f"truth has shape {true_array.shape} and predicted {predicted_array.shape}; both must be (samples,)"
        )
    if true_array.size == 0:
        raise InvalidArgumentError("truth is empty; there is nothing to draw")
    count = int(max(true_array.max(), predicted_array.max())) + 1
    names = [str(index) for index in range(count)] if classes is None else list(classes)
    if len(names) < count:
        raise InvalidArgumentError(f"there are {len(names)} names for {count} classes")
    matrix = np.zeros((len(names), len(names)), np.int64)
    np.add.at(matrix, (true_array, predicted_array), 1)
    axes = _axes(axes)
    # Rows are shares of a true class, so a rare class is as visible as a frequent one.
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for row, column in zip(*np.nonzero(matrix), strict=True):
        dark = shares[row, column] > 0.5
        axes.text(
            column,
            row,
            str(matrix[row, column]),
            ha="center",
            va="center",
            fontsize="x-small",
            color="white" if dark else INK if row == column else COLORS[1],
        )
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    _dress(axes, title, "predicted", "true")
    axes.spines[["left", "bottom"]].set_visible(False)
    return axes
