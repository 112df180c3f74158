"""What all Python tests share."""

from __future__ import annotations

import os

# No window, on a server too; before anything imports matplotlib.
os.environ["MPLBACKEND"] = "Agg"
