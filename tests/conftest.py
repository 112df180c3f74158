"""What all Python tests share."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile

# No window, on a server too; before anything imports matplotlib.
os.environ["MPLBACKEND"] = "Agg"

# Speeds of devices that tests measure stay out of the user's folder; processes that tests start find them.
os.environ["SNN_CACHE"] = tempfile.mkdtemp(prefix="snn-cache-")
atexit.register(shutil.rmtree, os.environ["SNN_CACHE"], ignore_errors=True)

# A shell's background jobs ignore Ctrl-C, which some tests raise.
signal.signal(signal.SIGINT, signal.default_int_handler)
