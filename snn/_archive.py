"""Archives of numpy, which are replaced whole: checkpoints of training, and recordings."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["write_archive"]


def write_archive(path: Path, save: Callable[..., None], arrays: Mapping[str, Any]) -> None:
    """Write an ``.npz`` file beside its name and rename it, so that a failure leaves an old file as it was.

    Parameters
    ----------
    path : Path
        The file; numpy adds no suffix to its name. Who may read it follows from the umask, as of any new file.
    save : callable
        `numpy.savez` or `numpy.savez_compressed`.
    arrays : dict
        By name.

    Raises
    ------
    OSError
        The file cannot be written, or is a device, a pipe or a folder, which a file must not replace.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    # Not by tempfile: what it makes is for its owner alone.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            save(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
