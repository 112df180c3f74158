"""SIGTERM, by which batch systems and containers end a program."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

__all__ = ["Terminated", "ended_by_sigterm"]


class Terminated(KeyboardInterrupt):
    """SIGTERM came: it ends a command as Ctrl-C does."""


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM (of batch systems, containers) end a command as Ctrl-C does, with exit status 143."""
    came = False

    def terminate(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # another one must not cut short the writing of files
        raise Terminated

    before = signal.getsignal(signal.SIGTERM)
    # Not where whoever started this ignores it, or set it in C, or where Python does not allow it.
    if before in (signal.SIG_IGN, None) or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except Terminated:
        sys.exit(128 + signal.SIGTERM)
    except SystemExit as ended:
        if came and ended.code == 128 + signal.SIGINT:  # what typer makes of any KeyboardInterrupt
            sys.exit(128 + signal.SIGTERM)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
