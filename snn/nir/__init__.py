"""Networks to and from NIR, the exchange format of snnTorch, Norse, Sinabs, SpikingJelly, Lava and others.

Needs the package ``nir`` (``pip install nir``, or the extra ``nir``). Loaded on first use. NIR defines the neurons'
differential equations, not their discretisation: `from_nir` documents how each node is read, `to_nir` how each population is
written.
J. E. Pedersen et al. (2024), https://doi.org/10.1038/s41467-024-52259-9.

Examples
--------
>>> import nir, snn, snn.nir
>>> net = snn.nir.from_nir("network.nir", dt=1e-4)
>>> nir.write("again.nir", snn.nir.to_nir(net))
"""

from snn._optional import missing

try:
    import nir as _nir  # noqa: F401
except ModuleNotFoundError as error:
    raise missing(error, "nir", "snn.nir", "nir", "nir") from None

from snn.nir._export import to_nir
from snn.nir._import import from_nir

__all__ = ["from_nir", "to_nir"]


def __dir__() -> list[str]:
    return __all__
