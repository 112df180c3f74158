"""Plots: that they show what they were given, and that pictures come out of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image, pyplot
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

import snn
from snn.engine.cli.demo_picture import draw
from snn.engine.digits import digits_network
from snn.plot import COLORS, INK, confusion_matrix, raster, traces


@pytest.fixture(autouse=True)
def _no_figure_is_left_open() -> Iterator[None]:
    yield
    pyplot.close("all")


def saved(axes: Axes, path: Path) -> np.ndarray:
    """The picture as it is read back: shape (height, width, 4), values in [0, 1]."""
    axes.figure.savefig(path)
    return image.imread(path)


def test_raster_draws_each_spike_once_where_it_was(tmp_path: Path) -> None:
    spikes = np.random.Generator(np.random.Philox(4)).random((30, 12)) < 0.15
    axes = raster(spikes, dt=0.5, title="hidden")
    segments = np.array(axes.collections[0].get_segments())  # (marks, two ends, x and y)
    assert len(segments) == spikes.sum() > 20
    steps, neurons = np.nonzero(spikes)
    np.testing.assert_allclose(segments[:, :, 0], np.repeat((steps + 1)[:, np.newaxis] * 0.5, 2, axis=1))
    np.testing.assert_allclose(segments[:, :, 1].mean(axis=1), neurons)
    assert axes.get_xlim() == (0.25, 15.25)
    assert axes.get_ylim() == (-1, 12)
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title("left")) == ("time (ms)", "neuron", "hidden")
    assert tuple(axes.collections[0].get_colors()[0]) == to_rgba(INK)
    picture = saved(axes, tmp_path / "raster.png")
    empty = saved(raster(np.zeros((30, 12)), dt=0.5, title="hidden"), tmp_path / "empty.png")
    assert picture.shape == empty.shape
    # Marks are ink on white: there is more of it than without spikes.
    assert (picture[..., 0] < 0.5).sum() > (empty[..., 0] < 0.5).sum() + 50 * spikes.sum()


def test_raster_colours_neurons() -> None:
    spikes = np.eye(5)
    axes = raster(spikes, color=["red", "green", "blue", "black", "white"])
    colors = axes.collections[0].get_colors()
    assert [tuple(color) for color in colors] == [to_rgba(c) for c in ("red", "green", "blue", "black", "white")]


def test_raster_marks_of_many_neurons_stay_visible() -> None:
    def height(neurons: int) -> float:
        (segment,) = raster(np.eye(1, neurons)).collections[0].get_segments()
        return float(np.ptp(segment[:, 1]))

    assert height(10) == height(32) == pytest.approx(0.9)
    assert height(320) == pytest.approx(9.0)


def test_raster_takes_what_a_simulation_recorded(chain: snn.Network, spikes: np.ndarray) -> None:
    with snn.Simulation(chain, batch_size=2) as simulation:
        recording = simulation.run(40, {"input": spikes}, {"hidden": ["spikes", "spike_count"]})
    _, axes = pyplot.subplots()
    assert raster(recording["hidden"]["spikes"][:, 1], axes=axes) is axes
    assert len(axes.collections[0].get_segments()) == recording["hidden"]["spike_count"][1].sum() > 0


def test_traces_draw_one_line_for_each_neuron(tmp_path: Path) -> None:
    values = np.random.Generator(np.random.Philox(4)).normal(0, 1, (20, 3))
    axes = traces(values, dt=2.0, threshold=1.5, labels=["a", "b", "c"], y_label="v", title="membranes")
    *lines, dashed = axes.lines
    assert len(lines) == 3
    for column, line in enumerate(lines):
        np.testing.assert_allclose(line.get_xdata(), 2.0 * np.arange(1, 21))
        np.testing.assert_array_equal(line.get_ydata(), values[:, column])
        assert line.get_color() == COLORS[column]
    assert list(dashed.get_ydata()) == [1.5, 1.5]
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c", "threshold"]
    for column in range(3):
        assert axes.texts[column].xy == (40.0, values[-1, column])  # at the line's end
    assert (axes.get_ylabel(), axes.get_title("left")) == ("v", "membranes")
    assert saved(axes, tmp_path / "traces.png").std() > 0.01


def test_traces_of_one_neuron() -> None:
    axes = traces([0.0, 0.5, 0.25])
    (line,) = axes.lines
    assert list(line.get_ydata()) == [0.0, 0.5, 0.25]
    assert axes.get_ylabel() == "membrane"


def test_traces_are_drawn_where_they_were_recorded() -> None:
    net = snn.Network(dt=0.5)
    net.add("cells", snn.LIF(2))
    with snn.Simulation(net) as sim:
        sim.step(6)
        run = sim.run(20, record={"cells": "v"}, every=4)
    axes = traces(run["cells"]["v"][:, 0], times=run.times, labels=["a", "b"])
    for line in axes.lines:
        np.testing.assert_array_equal(line.get_xdata(), [5.0, 7.0, 9.0, 11.0, 13.0])
    assert axes.get_xlim() == (4.0, 14.0)
    assert axes.texts[0].xy == (13.0, 0.0)
    assert traces([0.5], times=[3.0]).get_xlim() == (2.5, 3.5)
    for wrong, sentence in (
        ([1.0], r"times has shape \(1,\); values has 2 rows"),
        ([2.0, 2.0], "ascend"),
        ([0, np.nan], "finite"),
    ):
        with pytest.raises(snn.InvalidArgumentError, match=sentence):
            traces([0.0, 1.0], times=wrong)
    with pytest.raises(snn.ArgumentTypeError, match="dt and times are both given"):
        traces([0.0, 1.0], dt=1.0, times=[1.0, 2.0])


def test_confusion_matrix_counts(tmp_path: Path) -> None:
    truth, predicted = [0, 0, 0, 1, 1, 2, 2, 2, 2, 2], [0, 0, 1, 1, 1, 2, 2, 2, 2, 0]
    axes = confusion_matrix(truth, predicted, classes=["cat", "dog", "owl", "yak"], title="animals")
    found = {(text.get_position()[1], text.get_position()[0]): int(text.get_text()) for text in axes.texts}
    assert found == {(0, 0): 2, (0, 1): 1, (1, 1): 2, (2, 2): 4, (2, 0): 1}  # (true, predicted)
    shares = np.asarray(axes.images[0].get_array())
    np.testing.assert_allclose(shares, [[2 / 3, 1 / 3, 0, 0], [0, 1, 0, 0], [0.2, 0, 0.8, 0], [0, 0, 0, 0]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "owl", "yak"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert saved(axes, tmp_path / "matrix.png").std() > 0.01


def test_bad_input_is_named() -> None:
    with pytest.raises(snn.InvalidArgumentError, match=r"spikes has shape \(3,\); it must be \(steps, neurons\)"):
        raster([0, 1, 0])
    with pytest.raises(snn.InvalidArgumentError, match=r"values has shape \(1, 1, 1\)"):
        traces([[[0.0]]])
    with pytest.raises(snn.InvalidArgumentError, match=r"there are 1 labels for 2 lines"):
        traces([[0.0, 1.0]], labels=["one"])
    with pytest.raises(snn.InvalidArgumentError, match=r"truth has shape \(2,\) and predicted \(1,\)"):
        confusion_matrix([0, 1], [0])
    with pytest.raises(snn.InvalidArgumentError, match=r"truth is empty"):
        confusion_matrix([], [])
    with pytest.raises(snn.InvalidArgumentError, match=r"there are 1 names for 2 classes"):
        confusion_matrix([0, 1], [0, 1], classes=["one"])
    assert pyplot.get_fignums() == []  # an error leaves no empty figure behind


def test_the_picture_of_the_demo(tmp_path: Path) -> None:
    network = digits_network(0)
    data = snn.data.digits()
    truth, predicted = data.test_y[:50], (data.test_y[:50] + (np.arange(50) % 7 == 0)) % 10
    path = tmp_path / "picture.png"
    draw(path, network, data.test_x[0], int(truth[0]), truth, predicted, 25)
    picture = image.imread(path)
    assert picture.shape[0] > 600
    assert picture.shape[1] > 1000
    # Each of its three columns has something on it: ink on white.
    for column in np.array_split(picture[..., :3].mean(axis=2), 3, axis=1):
        assert (column < 0.6).mean() > 0.005
    assert pyplot.get_fignums() == []
