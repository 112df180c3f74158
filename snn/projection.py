"""A projection: the connections from one population of a network to a receptor of another, with their weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, float32_array
from snn.connections import ARITHMETIC, Connection, Resolved
from snn.engine import _native
from snn.engine.errors import InvalidArgumentError
from snn.plasticity import Plasticity

if TYPE_CHECKING:
    from snn.network import Network, Population

__all__ = ["Projection"]

_KINDS = ("dense", "one_to_one", "sparse", "conv2d", "pool2d")
_SPARSE = 2
_POOL = 4
_POOL_MODES = ("sum", "average", "max")


class Projection:
    """Connections from `source` to `target`; made by `Network.connect` and by loading a file.

    `plasticity` is the rule by which a simulation changes the weights, None if they stay.
    `weights` and `bias` are ordinary arrays that may be changed in place; the next simulation, training or save takes
    what they hold then.
    """

    def __init__(
        self,
        network: Network,
        name: str,
        source: Population,
        target: Population,
        index: int,
        *,
        receptor: str | None,
        delay_steps: int,
        trainable: bool,
        arithmetic: int,
        resolved: Resolved,
        plasticity: Plasticity | None = None,
    ) -> None:
        self._network = network
        self.name = name
        self.source = source
        self.target = target
        self.receptor = receptor
        self.delay_steps = delay_steps
        self.trainable = trainable
        self.plasticity = plasticity
        self._index = index
        self._arithmetic = arithmetic
        self._kind = resolved.kind
        self._weight_shape = resolved.weight_shape
        self._pool_mode = resolved.pool_mode
        self._window = resolved.window
        self._rule = resolved.rule
        # None where the native network is the origin: sparse connections and files, until someone looks at them.
        self._weights = resolved.weights
        self._bias = resolved.bias
        self._csr = resolved.csr

    @classmethod
    def _of_connection(
        cls, network: Network, name: str, source: Population, target: Population, index: int, connection: Connection
    ) -> Projection:
        resolved = connection.resolved(source.shape, target.shape, network.seed, index, f"projection {name!r}")
        return cls(
            network,
            name,
            source,
            target,
            index,
            receptor=connection.receptor,
            delay_steps=connection.delay_steps,
            trainable=connection.trainable and connection.plasticity is None,
            arithmetic=connection.arithmetic,
            resolved=resolved,
            plasticity=connection.plasticity,
        )

    @classmethod
    def _from_native(
        cls, network: Network, native: _native.Network, index: int, populations: Sequence[Population]
    ) -> Projection:
        info = native.projection(index)
        source, target = populations[info.source], populations[info.target]
        window: dict[str, Any] = {}
        shape: tuple[int, ...] | None = None
        if info.kind in (3, 4):
            window = {
                "kernel": info.kernel,
                "stride": info.stride,
                "padding": info.padding,
                "dilation": info.dilation,
                "groups": info.groups,
            }
        if info.kind == 0:
            shape = (source.size, target.size)
        elif info.kind == 3:
            shape = (target.shape[0], source.shape[0] // info.groups, *info.kernel)
        elif info.weights is not None:
            shape = (info.weights.size,)
        return cls(
            network,
            info.name,
            source,
            target,
            index,
            receptor=info.receptor,
            delay_steps=info.delay_steps,
            trainable=info.trainable,
            arithmetic=info.arithmetic,
            resolved=Resolved(info.kind, shape, pool_mode=info.pool_mode, window=window),
            plasticity=Plasticity._from_native(native, index),
        )

    # ---- what it is

    @property
    def kind(self) -> str:
        """``"dense"``, ``"one_to_one"``, ``"sparse"``, ``"conv2d"`` or ``"pool2d"``."""
        return _KINDS[self._kind]

    @property
    def arithmetic(self) -> str:
        """How inputs are summed: ``"float"``, ``"fixed"`` or ``"compact"`` (``docs/semantics.md``)."""
        return ARITHMETIC[self._network._finished().projection(self._index).arithmetic]

    @property
    def fixed_point_scale(self) -> float:
        """Weights are rounded to multiples of 1 / scale: when delivered (fixed), for good (compact); 0 for float."""
        return self._network._finished().projection(self._index).fixed_point_scale

    @property
    def synapse_count(self) -> int:
        """Connections as delivered; a convolution's kernel counts each use."""
        return self._network._finished().projection(self._index).synapse_count

    @property
    def pool_mode(self) -> str | None:
        """``"sum"``, ``"average"`` or ``"max"``; None for other kinds."""
        return _POOL_MODES[self._pool_mode] if self._kind == _POOL else None

    def __repr__(self) -> str:
        delay = f", delay_steps={self.delay_steps}" if self.delay_steps else ""
        shape = f" {self._weight_shape}" if self._weight_shape is not None else ""
        return f"<Projection {self.name!r}: {self.source.name} to {self.target.name}, {self.kind}{shape}{delay}>"

    # ---- weights

    @property
    def weights(self) -> Floats:
        """The weights as a float32 array that may be changed in place.

        Shape: dense (source size, target size); one-to-one (size,); sparse (synapses,) in canonical order; conv2d
        (channels, in_channels / groups, kernel y, kernel x).

        Raises
        ------
        InvalidArgumentError
            A pooling projection has no weights.
        """
        if self._kind == _POOL:
            raise InvalidArgumentError(f"projection {self.name!r} is pooling; it has no weights")
        if self._weights is None or self._csr_is_unordered:
            self._pull()
        assert self._weights is not None
        return self._weights

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        own = self.weights
        own[...] = float32_array(values, f"projection {self.name!r}: weights", own.shape)

    @property
    def bias(self) -> Floats | None:
        """The biases as a float32 array that may be changed in place; None if there are none."""
        if self._bias is None:
            info = self._info()
            if info is not None and info.bias is not None:
                self._bias = np.array(info.bias)
        return self._bias

    @bias.setter
    def bias(self, values: ArrayLike) -> None:
        own = self.bias
        if own is None:
            raise InvalidArgumentError(f"projection {self.name!r} has no bias; it was connected without one")
        own[...] = float32_array(values, f"projection {self.name!r}: bias", own.shape)

    def synapses(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
        """Return (source, target, delay in steps) of each synapse of a sparse projection, in the weights' order."""
        if self._kind != _SPARSE:
            raise InvalidArgumentError(f"projection {self.name!r} is {self.kind}; only sparse ones list their synapses")
        info = self._network._finished().projection(self._index)
        assert info.row_offsets is not None
        targets = np.empty(0, np.uint32) if info.synapse_targets is None else info.synapse_targets
        sources = np.repeat(np.arange(self.source.size, dtype=np.uint32), np.diff(info.row_offsets).astype(np.int64))
        delays = np.full(targets.size, self.delay_steps, np.uint32)
        if info.synapse_delays is not None:
            delays += info.synapse_delays
        return sources, np.array(targets), delays

    # ---- to and from the native network

    @property
    def _csr_is_unordered(self) -> bool:
        """Whether the arrays are still as the user gave them, not in canonical order."""
        return self._kind == _SPARSE and self._csr is not None and not isinstance(self._csr, _CanonicalRows)

    def _info(self) -> Any:
        native = self._network._origin()
        return None if native is None else native.projection(self._index)

    def _pull(self) -> None:
        """Copy the weights out of the native network, which has been their only place so far.

        Not out of `Network._finished`, which may be just about to build another native network and asks for this.
        """
        info = self._network._present().projection(self._index)
        if self._kind == _SPARSE:
            self._csr = _CanonicalRows(info.row_offsets, info.synapse_targets, info.synapse_delays)
            self._rule = None
            if info.weights is None:
                self._weights = np.empty(0, np.float32)
                self._csr = _CanonicalRows(info.row_offsets, np.empty(0, np.uint32), None)
                return
            self._weight_shape = (info.weights.size,)
        assert self._weight_shape is not None
        self._weights = np.array(info.weights).reshape(self._weight_shape)

    def _keep(self) -> None:
        """Make sure that everything can be declared again before the native network goes."""
        if self._kind != _POOL and self._rule is None and self._weights is None:
            self._pull()
        self._bias = self.bias

    def _release(self) -> None:
        """Drop what the native network, now finished, holds in canonical order; show how it rounded the weights."""
        if self._csr_is_unordered:
            self._weights = self._csr = None
        elif self._weights is not None and self.arithmetic == "compact":
            info = self._network._present().projection(self._index)
            if info.weights is not None:
                self._weights[...] = info.weights

    def _changed(self, native: _native.Network) -> bool:
        """Whether weights or biases differ, bit for bit, from what the native network has."""
        if self._weights is None and self._bias is None:
            return False
        if self._csr_is_unordered:
            return False
        info = native.projection(self._index)
        for own, its in ((self._weights, info.weights), (self._bias, info.bias)):
            if own is None or its is None:
                continue
            if not np.array_equal(own.reshape(-1).view(np.uint32), its.view(np.uint32)):
                return True
        return False

    def _declare(self, native: _native.Network) -> None:
        """Add the projection to a native network."""
        arguments: dict[str, Any] = dict(self._window)
        if self._csr is not None:
            offsets, targets, delays = self._csr
            arguments.update(row_offsets=offsets, synapse_targets=targets, synapse_delays=delays)
        if self._weights is not None:
            size = math.prod(self._weight_shape) if self._weight_shape is not None else self._weights.size
            if self._weights.size != size:
                raise InvalidArgumentError(
                    f"projection {self.name!r}: weights has {self._weights.size} values; it must have {size}"
                )
            arguments["weights"] = self._weights
        index = native.connect(
            self._kind,
            self.name,
            self.source._index,
            self.target._index,
            receptor=self.receptor,
            delay_steps=self.delay_steps,
            trainable=self.trainable,
            arithmetic=self._arithmetic,
            pool_mode=self._pool_mode,
            bias=self._bias,
            rule=self._rule,
            **arguments,
        )
        if self.plasticity is not None:
            self.plasticity._declare(native, index)


class _CanonicalRows(tuple[Any, Any, Any]):
    """Rows of synapses in the order of a finished network."""

    __slots__ = ()

    def __new__(cls, offsets: Any, targets: Any, delays: Any) -> _CanonicalRows:
        return super().__new__(cls, (offsets, targets, delays))
