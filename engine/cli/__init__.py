"""The command line ``snn``. It stands on top of the package `snn`; nothing in `snn` imports it."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line; the entry point of the distribution."""
    # Imported here, so that importing the package stays cheap.
    from snn.engine.cli.app import run

    run()
