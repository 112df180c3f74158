"""Plots of spikes, states and predictions. matplotlib is imported when the first plot is drawn.

Each function draws into the given `Axes`, or into a new figure, and returns the `Axes`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import integer_array, number, real_array
from snn._optional import missing
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.spike_events import SpikeEvents

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["confusion_matrix", "raster", "traces"]


def __dir__() -> list[str]:
    return __all__


INK = "#1b2a41"
COLORS = ("#0b6e99", "#d1495b", "#3f8f5b", "#8a5a9e", "#c98a1b", "#4a5568")


# More classes would make an unreadable picture, and the matrix grows with their square.
MOST_CLASSES = 1000
_CROWD = 3000  # spikes in a raster


def _axes(axes: Axes | None) -> Axes:
    try:
        from matplotlib import pyplot
        from matplotlib.axes import Axes as AnyAxes
    except ModuleNotFoundError as error:
        raise missing(error, "matplotlib", "snn.plot", "plot", "matplotlib") from None
    if axes is None:
        return pyplot.subplots(layout="constrained")[1]
    if not isinstance(axes, AnyAxes):
        raise ArgumentTypeError(f"axes is {shown(axes)}, not Axes of matplotlib")
    return axes


def _names(names: Any, what: str) -> list[str]:
    """Return a list of strings; a single string is refused, not taken for a list of its letters."""
    if isinstance(names, str) or not isinstance(names, Sequence | np.ndarray):
        raise ArgumentTypeError(f"{what} is {shown(names)}, not a list of strings")
    for position, name in enumerate(names):
        if not isinstance(name, str):
            raise ArgumentTypeError(f"{what}[{position}] is {shown(name)}, not a string")
    return [str(name) for name in names]


def _frames(values: ArrayLike, what: str) -> NDArray[Any]:
    """Return real numbers of shape (steps, neurons), at least one of each."""
    if isinstance(values, Mapping):
        raise ArgumentTypeError(
            f"{what} is a recording of {', '.join(map(str, values))}; one variable of it is drawn, as "
            "recording['hidden']['spike_events']"
        )
    array = real_array(values, what)
    if array.ndim != 2:
        told = "; of (steps, samples, neurons) choose a sample: [:, 0]" if array.ndim == 3 else ""
        raise InvalidArgumentError(f"{what} has shape {array.shape}; it must be (steps, neurons){told}")
    if array.size == 0:
        raise InvalidArgumentError(f"{what} has shape {array.shape}; there is nothing to draw")
    return array


def _dress(axes: Axes, title: str | None, x_label: str, y_label: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    if title is not None:
        axes.set_title(title, loc="left", fontsize="medium")


def raster(
    spikes: ArrayLike | SpikeEvents,
    *,
    dt: float | None = None,
    axes: Axes | None = None,
    color: Any = INK,
    title: str | None = None,
) -> Axes:
    """Draw a spike raster: one row for each neuron, one mark for each spike.

    Parameters
    ----------
    spikes : array_like, shape (steps, neurons), or SpikeEvents
        0 or 1, as ``recording["hidden"]["spikes"][:, sample]``; or ``recording["hidden"]["spike_events"]`` of one sample.
    dt : float, optional
        Time step in milliseconds; default: `dt` of the events, else 1.0. Events are drawn at their time since the simulation
        began; an array as if the simulation began with its first row.
    axes : Axes, optional
        Where to draw.
    color : matplotlib colour or sequence of them, one for each neuron
        Colour of the marks.
    title : str, optional
        Title.
    """
    steps: NDArray[Any]
    neurons: NDArray[Any]
    first_step = 0
    if isinstance(spikes, SpikeEvents):
        if spikes.batch_size > 1:
            raise InvalidArgumentError(
                f"spikes are events of {spikes.batch_size} samples; choose one: events.of(sample)"
            )
        if spikes.step_count == 0:
            raise InvalidArgumentError("spikes are events of a run without steps; there is nothing to draw")
        step_count, size = spikes.step_count, math.prod(spikes.shape)
        first_step, dt = spikes.first_step, spikes.dt if dt is None else dt
        steps, neurons = spikes.steps.astype(np.int64), spikes.neurons.astype(np.int64)
    else:
        array = _frames(spikes, "spikes")
        step_count, size = array.shape
        steps, neurons = np.nonzero(array)
    dt = number(1.0 if dt is None else dt, "dt", minimum=0.0, exclusive=True)
    if _is_list(color) and len(color) != size:
        raise InvalidArgumentError(f"there are {len(color)} colors for {size} neurons")
    axes = _axes(axes)
    colors = [color[int(neuron)] for neuron in neurons] if _is_list(color) else color
    # A mark is as high as a row. With many neurons rows are thin, and marks overlap neighbouring rows to stay visible.
    # Thousands of marks are drawn small, because overlapping ones would hide where the neurons are silent.
    is_crowded = len(steps) > _CROWD
    half = 0.45 * max(1.0, size / (256 if is_crowded else 32))
    width = 0.6 if is_crowded else 1.2
    axes.vlines((first_step + steps + 1) * dt, neurons - half, neurons + half, colors=colors, linewidth=width)
    axes.set_xlim((first_step + 0.5) * dt, (first_step + step_count + 0.5) * dt)
    axes.set_ylim(-1, size)
    _dress(axes, title, "time (ms)", "neuron")
    return axes


def _is_list(color: Any) -> bool:
    """Whether these are several colours; a sequence of numbers is one colour: red, green and blue."""
    if isinstance(color, str) or not isinstance(color, Sequence | np.ndarray):
        return False
    return any(isinstance(one, str) or np.ndim(one) > 0 for one in color)


def traces(
    values: ArrayLike,
    *,
    dt: float | None = None,
    times: ArrayLike | None = None,
    threshold: float | None = None,
    labels: Sequence[str] | None = None,
    axes: Axes | None = None,
    y_label: str = "membrane",
    title: str | None = None,
) -> Axes:
    """Draw a state over time, one line for each neuron.

    Parameters
    ----------
    values : array_like, shape (steps, neurons) or (steps,)
        As ``recording["hidden"]["v"][:, sample]``.
    dt : float, optional
        Time between two rows in milliseconds, the first of which is drawn at `dt`; default 1.0.
    times : array_like, shape (steps,), optional
        In place of `dt`, the time of each row in milliseconds, ascending, as ``recording.times``: for what was recorded every
        few steps, or after the simulation had run before.
    threshold : float, optional
        Draws a dashed line at this value.
    labels : sequence of str, optional
        A label for each line, written at its end.
    axes : Axes, optional
        Where to draw.
    y_label, title : str, optional
        Label of the axis and title.
    """
    array = real_array(values, "values").astype(np.float64)
    array = _frames(array[:, np.newaxis] if array.ndim == 1 else array, "values")
    moments, half = _moments(len(array), dt, times)
    words = None if labels is None else _names(labels, "labels")
    if words is not None and len(words) != array.shape[1]:
        raise InvalidArgumentError(f"there are {len(words)} labels for {array.shape[1]} lines")
    if threshold is not None:
        threshold = number(threshold, "threshold")
    axes = _axes(axes)
    for column in range(array.shape[1]):
        color = COLORS[column % len(COLORS)]
        axes.plot(moments, array[:, column], color=color, linewidth=1.4)
        if words is not None:
            # At the end of the line: a legend would cover other lines.
            place = (moments[-1], array[-1, column])
            axes.annotate(
                words[column],
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
    axes.set_xlim(moments[0] - half, moments[-1] + half)
    _dress(axes, title, "time (ms)", y_label)
    return axes


def _moments(rows: int, dt: float | None, times: ArrayLike | None) -> tuple[NDArray[np.float64], float]:
    """Return the time of each row, and half of what lies between two."""
    if times is None:
        step = number(1.0 if dt is None else dt, "dt", minimum=0.0, exclusive=True)
        return (np.arange(rows, dtype=np.float64) + 1.0) * np.float64(step), 0.5 * step
    if dt is not None:
        raise ArgumentTypeError(
            "dt and times are both given; times says where each row is, and dt how far they are apart"
        )
    moments = real_array(times, "times").astype(np.float64)
    if moments.shape != (rows,):
        raise InvalidArgumentError(f"times has shape {moments.shape}; values has {rows} rows, so it must be ({rows},)")
    between = np.diff(moments)
    if not np.isfinite(moments).all() or (between <= 0.0).any():
        raise InvalidArgumentError("times must be finite and ascend from row to row")
    return moments, 0.5 * float(np.median(between)) if rows > 1 else 0.5


def confusion_matrix(
    truth: ArrayLike,
    predicted: ArrayLike,
    *,
    classes: Sequence[str] | None = None,
    axes: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Draw a confusion matrix: how often each true class was predicted as each class.

    Parameters
    ----------
    truth, predicted : array_like of int, shape (samples,)
        Classes from 0, at most 999.
    classes : sequence of str, optional
        Names of the classes; default: their numbers.
    axes : Axes, optional
        Where to draw.
    title : str, optional
        Title.
    """
    true_array, predicted_array = _classes(truth, "truth"), _classes(predicted, "predicted")
    if true_array.shape != predicted_array.shape:
        raise InvalidArgumentError(
            f"truth has shape {true_array.shape} and predicted {predicted_array.shape}; both must be (samples,)"
        )
    if true_array.size == 0:
        raise InvalidArgumentError("truth is empty; there is nothing to draw")
    count = int(max(true_array.max(), predicted_array.max())) + 1
    names = [str(index) for index in range(count)] if classes is None else _names(classes, "classes")
    if not count <= len(names) <= MOST_CLASSES:
        raise InvalidArgumentError(
            f"there are {len(names)} names for {count} classes; there must be one for each, {MOST_CLASSES} at most"
        )
    matrix = np.zeros((len(names), len(names)), np.int64)
    np.add.at(matrix, (true_array, predicted_array), 1)
    axes = _axes(axes)
    # Rows are normalised to fractions of the true class, so rare classes are as visible as frequent ones.
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


def _classes(values: ArrayLike, what: str) -> NDArray[Any]:
    array = integer_array(values, what)
    outside = np.flatnonzero((array < 0) | (array >= MOST_CLASSES))
    if outside.size:
        place = int(outside[0])
        raise InvalidArgumentError(
            f"{what}[{place}] is {int(array[place])}; classes to draw are 0 to {MOST_CLASSES - 1}"
        )
    return array
