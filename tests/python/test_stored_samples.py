"""Samples that stay on a disk, or with whoever has them, until a batch needs them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import snn

SAMPLES, FEATURES = 50, 12


def data() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    y = np.arange(SAMPLES) % 3
    x = random.uniform(0, 0.4, (SAMPLES, FEATURES)).astype(np.float32)
    x[np.arange(SAMPLES), 4 * y] += 0.5
    return x, y


def trainer(**settings: Any) -> snn.Trainer:
    net = snn.Sequential(FEATURES, snn.Dense(16), snn.LIF(), snn.Dense(3), snn.LIF(), seed=1)
    return snn.Trainer(net, steps=8, epochs=2, batch_size=16, learning_rate=5e-3, **settings)


class Given(Sequence):
    """Samples that note which of them were asked for."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = x
        self.asked: list[int] = []

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: Any) -> Any:
        self.asked.append(index)
        return self.x[index]


def memory_map(x: np.ndarray, path: Any) -> np.memmap:
    np.save(path, x)
    return np.load(path, mmap_mode="r")


@pytest.mark.parametrize("encoder", ["constant", "rate", None])
def test_training_has_the_bits_of_an_array_in_memory(encoder: str | None, tmp_path) -> None:
    x, y = data()
    if encoder is None:
        x = np.ascontiguousarray(snn.encode.rate(x, 8, seed=5).swapaxes(0, 1))
    reference = trainer(encoder=encoder).fit(x, y, validation_data=(x, y))
    for stored in (
        memory_map(x, tmp_path / "x.npy"),
        Given(x),
        memory_map(x.astype(np.float64), tmp_path / "double.npy"),
    ):
        ours = trainer(encoder=encoder).fit(stored, y, validation_data=(stored, y))
        for name, values in reference.history.items():
            if name != "seconds":
                np.testing.assert_array_equal(ours.history[name], values, err_msg=name)
        np.testing.assert_array_equal(ours.predict_scores(stored), reference.predict_scores(x))


def test_an_array_of_hdf5_is_read_batch_by_batch(tmp_path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install '.[events]'")
    x, y = data()
    with h5py.File(tmp_path / "x.h5", "w") as file:
        stored = file.create_dataset("x", data=x)
        ours = trainer().fit(stored, y, augment=lambda images, generator: images * generator.uniform(0.9, 1.1))
    reference = trainer().fit(x, y, augment=lambda images, generator: images * generator.uniform(0.9, 1.1))
    np.testing.assert_array_equal(ours.history["loss"], reference.history["loss"])


def test_each_sample_is_asked_for_once_in_an_epoch() -> None:
    x, _ = data()
    given = Given(x)
    one = trainer()
    first = one._batches(given)
    assert given.asked == [0]  # its shape
    given.asked.clear()
    order = np.random.default_rng(0).permutation(SAMPLES)
    for _ in first.each(order, 0):
        pass
    assert sorted(given.asked) == list(range(SAMPLES))
    batches = [given.asked[at : at + 16] for at in range(0, SAMPLES, 16)]
    assert all(batch == sorted(batch) for batch in batches)  # as they lie in a file


def test_memory_is_that_of_batches(tmp_path) -> None:
    """64 MiB of pixels as bytes; as float32 in memory they would be 256."""
    samples, pixels = 16384, 4096
    stored = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.uint8, (samples, pixels))
    stored[::7, :64] = 1
    y = np.arange(samples) % 7 == 0
    net = snn.Sequential(pixels, snn.Dense(2), snn.LIF())
    one = snn.Trainer(net, steps=2, epochs=1, batch_size=64)
    tracemalloc.start()
    try:
        one.fit(stored, y.astype(int))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 16 * 2**20


def test_an_exception_of_a_sample_names_it() -> None:
    class Broken(Given):
        def __getitem__(self, index: int) -> Any:
            if index == 33:
                raise OSError("the disk is gone")
            return super().__getitem__(index)

    x, y = data()
    with pytest.raises(OSError, match="the disk is gone") as caught:
        trainer().fit(Broken(x), y)
    assert caught.value.__notes__ == ["raised while sample 33 of x for input 'input' was read"]


class Pairs:
    """As a data set of PyTorch."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        return np.zeros(FEATURES), 0


class Uneven(Pairs):
    def __getitem__(self, index: int) -> Any:
        return np.zeros(FEATURES - (index == 2))


class Damaged(Pairs):
    def __getitem__(self, index: int) -> Any:
        return np.where((np.arange(FEATURES) == 3) & (index == 2), np.nan, 0.5)


class Text(Pairs):
    def __getitem__(self, index: int) -> Any:
        return "sample"


class Nothing(Pairs):
    def __len__(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("x", "error", "sentence"),
    [
        (Pairs(), snn.ArgumentTypeError, "sample 0 is .*several things at once; x has the samples alone"),
        (
            Uneven(),
            snn.InvalidArgumentError,
            r"x for input 'input': sample 2 has shape \(11,\); that of sample 0 is \(12,\)",
        ),
        (Damaged(), snn.InvalidArgumentError, r"x for input 'input': sample 2\[3\] is nan"),
        (Text(), snn.ArgumentTypeError, "x for input 'input': sample 0 has dtype"),
        (Nothing(), snn.InvalidArgumentError, "x has no samples"),
        ((one for one in range(3)), snn.ArgumentTypeError, "or of what has a length and gives sample i as"),
    ],
)
def test_samples_that_are_none_are_named(x: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        trainer().fit(x, np.zeros(4, int))


def test_pixels_that_were_not_scaled_are_told_by_the_first_samples(tmp_path) -> None:
    x, y = data()
    pixels = memory_map((255 * x).astype(np.uint8), tmp_path / "x.npy")
    with pytest.warns(UserWarning, match="divide pixels of 0 to 255 by 255"):
        trainer().fit(pixels, y)
