"""SIGTERM, by which batch systems and containers end a program."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

__all__ = ["INTERRUPTED", "TERMINATED", "Terminated", "ended_by_sigterm"]

# Exit statuses: 128 and the number of the signal, as a shell tells it.
INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM


class Terminated(KeyboardInterrupt):
    """SIGTERM came: it ends a command as Ctrl-C does."""


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM (of batch systems, containers) end a command as Ctrl-C does, with exit status 143."""

    def terminate(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # another one must not cut short the writing of files
        # While a log line is printed, libsnn asks for SIGINT in place of what is raised here, to raise that after the call.
        signal.signal(signal.SIGINT, terminate)
        raise Terminated

    before = signal.getsignal(signal.SIGTERM)
    before_interrupt = signal.getsignal(signal.SIGINT)
    # Not where whoever started this ignores it, or set it in C, or where Python does not allow it.
    if before in (signal.SIG_IGN, None) or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except Terminated:
        sys.exit(TERMINATED)
    finally:
        signal.signal(signal.SIGTERM, before)
        if before_interrupt is not None:  # set in C
            signal.signal(signal.SIGINT, before_interrupt)
