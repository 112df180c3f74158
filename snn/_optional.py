"""Packages that parts of the library need and that are not installed with it."""

from __future__ import annotations

from snn.engine.errors import MissingPackageError

__all__ = ["missing"]


def missing(error: ModuleNotFoundError, package: str, part: str, extra: str, install: str) -> ModuleNotFoundError:
    """Return the error of an import with how to install the package, or as it is where another one is missing."""
    if error.name != package:
        return error
    return MissingPackageError(
        f"{part} needs the package {package}, which is not installed: pip install {install} (or 'snn-engine[{extra}]')",
        name=package,
    )
