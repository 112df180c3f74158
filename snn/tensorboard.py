"""The history of training as TensorBoard scalars."""

from __future__ import annotations

import math
import os

from snn._arrays import file_path
from snn.engine.errors import FileError, UnsupportedError, shown
from snn.epochs import EpochReport

__all__ = ["TensorBoard"]


def __dir__() -> list[str]:
    return __all__


class TensorBoard:
    """A callback of `Trainer.fit` that writes each epoch's numbers for TensorBoard.

    Needs the package tensorboardX: ``pip install 'snn-engine[tensorboard]'``.

    Parameters
    ----------
    folder : path-like
        Folder of the event file; TensorBoard shows each folder as a run.

    Examples
    --------
    >>> trainer.fit(x, y, callbacks=[snn.TensorBoard("runs/first")])

    Then run ``tensorboard --logdir runs``. The scalars have the names of `Trainer.history`, by epoch. NaN, such as
    ``validation_loss`` without validation data, is not written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise UnsupportedError(
                "TensorBoard files are written with tensorboardX, which is not installed: "
                "pip install 'snn-engine[tensorboard]'"
            ) from None
        try:
            self._writer = SummaryWriter(file_path(folder))
        except OSError as error:
            raise FileError(f"the folder {shown(str(folder))} cannot be written: {error.strerror}") from error

    def __call__(self, report: EpochReport) -> None:
        """Write the numbers of one epoch. The file is up to date when this returns."""
        for name, value in report.numbers().items():
            if name != "epoch" and not math.isnan(value):
                self._writer.add_scalar(name, value, report.epoch)
        self._writer.flush()

    def close(self) -> None:
        """Close the file. A later call writes another one."""
        self._writer.close()
