"""The part of a trainer that evaluates its network: scores, classes, values, loss. Nothing is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats
from snn._batches import Batches, Samples, class_labels
from snn._scoring import evaluate, traces, validate
from snn._strict import Strict, keywords_told
from snn.epochs import Evaluation

if TYPE_CHECKING:
    from snn._checkpoint import Checkpoint
    from snn._loss import Loss
    from snn.encode import Encoder
    from snn.engine import _native
    from snn.network import Network

__all__ = ["Predictions"]


class Predictions(Strict):
    """The part of `Trainer` that evaluates; `Trainer` sets the attributes and opens sessions."""

    network: Network
    output: str
    loss: str
    steps: int
    batch_size: int
    encoder: Encoder | None
    seed: int
    _loss: Loss
    _resumed: Checkpoint | None
    _told_frames: set[tuple[str, float]]  # input, length of a frame: what `Batches.warn_of_frames` has said

    def _open(self, *, scoring: bool = False) -> tuple[_native.Session, _native.Trainer]:
        raise NotImplementedError

    def _batches(self, x: Samples) -> Batches:
        """Return the samples of a call of `fit`, `predict` and so on, which calls this itself: its caller gets the warnings."""
        batches = Batches(self.network, x, self.steps, self.batch_size, self.encoder)
        batches.warn_of_frames(self.network.dt, self._told_frames, stacklevel=5)
        return batches

    @keywords_told
    def predict_scores(self, x: Samples) -> Floats:
        """Return the score of each output that the loss compares: spike counts, membrane values, rates or latencies.

        With a callable loss: spike counts of `output`, or its mean membrane if it does not spike.

        Parameters
        ----------
        x : array_like, or dict of them by input population
            As for `fit`.

        Returns
        -------
        float32 array, shape (samples, outputs)
        """
        return self._scores(self._batches(x))

    @keywords_told
    def predict(self, x: Samples) -> NDArray[np.int64] | Floats:
        """Return the class of each sample; with a single output, its value.

        Returns
        -------
        int64 array, shape (samples,)
            Index of the output with the best score, the first of equals. The best score is the largest one; for
            ``"mean_square_latency"`` the smallest latency.
        float32 array, shape (samples,) or (samples, steps)
            With one output: its score, see `predict_scores`. For ``"mean_square_membrane"`` and ``"van_rossum"`` what they
            compare at every step, shape (samples, steps).
        """
        batches = self._batches(x)
        if self.network[self.output].size > 1:
            return self._classes(batches)
        if self._loss.is_in_time:
            return traces(self, batches).reshape(-1, self.steps)
        return self._scores(batches)[:, 0]

    def _scores(self, batches: Batches) -> Floats:
        return evaluate(self, batches, self._loss.any_targets(batches.count))[2]

    def _classes(self, batches: Batches) -> NDArray[np.int64]:
        best = np.argmin if self.loss == "mean_square_latency" else np.argmax
        return np.asarray(best(self._scores(batches), axis=1), np.int64)

    @keywords_told
    def score(self, x: Samples, y: ArrayLike) -> float:
        """Return the fraction of samples classified correctly. For targets instead of classes, use `evaluate`."""
        batches = self._batches(x)
        self._loss.check_scores(y)
        labels = class_labels(y, batches.count, self.network[self.output].size)
        if self._loss.needs_targets:
            return float(np.mean(self._classes(batches) == labels))
        return evaluate(self, batches, labels)[1]

    @keywords_told
    def evaluate(self, x: Samples, y: ArrayLike) -> Evaluation:
        """Return loss and accuracy, as `fit` reports them for its `validation_data`. Nothing is learned.

        Parameters
        ----------
        x, y
            As for `fit`. If `y` has targets instead of classes, there is no accuracy.

        Returns
        -------
        Evaluation
            `loss`, the mean over the samples, and `accuracy`, NaN if `y` has no classes.
        """
        batches = self._batches(x)
        return Evaluation(*validate(self, batches, self._loss.targets(y, batches.count)))
