"""A projection: the connections, with weights, from one population of a network to a receptor of another."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, boolean, check_room, float32_array, integer_array
from snn._rules import rule_described
from snn._strict import Strict, suggestion
from snn._words import ARITHMETIC
from snn.connections import Connection, Resolved
from snn.engine import _native
from snn.engine.errors import InvalidArgumentError, NotFoundError, shown
from snn.neurons import Neuron, SpikeInput
from snn.plasticity import Plasticity

if TYPE_CHECKING:
    from snn.engine.records import ProjectionInfo
    from snn.network import Network
    from snn.population import Population, PopulationSlice

__all__ = ["Projection"]

_KINDS = ("dense", "one_to_one", "sparse", "conv2d", "pool2d")
_SPARSE = 2
_POOL = 4
_DEFAULT = 0  # arithmetic that the user did not choose
_CONSTANT = 0  # kind of a distribution
_RUN = 4096  # sources whose synapses are listed in one go
_MADE_BYTES = 14  # of a synapse that a rule made, and its weight in Python
_LISTED_BYTES = 32  # of a synapse in the lists, and in the pieces that they are joined from
_POOL_MODES = ("sum", "average", "max")


class Projection(Strict):
    """Connections from `source` to `target`; made by `Network.connect` and by loading a file.

    `plasticity` is the rule by which a simulation changes the weights, or None.
    `weights` and `bias` are arrays that you can change in place; the next simulation, training or save uses their current
    values.
    """

    _fixed = MappingProxyType(
        dict.fromkeys(
            ("name", "source", "target", "receptor", "delay_steps", "plasticity"), "it is given to Network.connect"
        )
        | {"arithmetic": "it is an argument of the connection, as in snn.Sparse.from_arrays(..., arithmetic='float')"}
    )

    _hints = MappingProxyType(
        {
            "delay": "delay_steps is that of all synapses, delay_range counts those of single ones too, synapses() tells them",
            "delays": "delay_steps is that of all synapses, delay_range counts those of single ones too, synapses() tells them",
        }
    )

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
        detached: bool,
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
        self._trainable = trainable
        self._detached = detached
        self.plasticity = plasticity
        self._index = index
        self._arithmetic = arithmetic
        self._kind = resolved.kind
        self._weight_shape = resolved.weight_shape
        self._pool_mode = resolved.pool_mode
        self._window = resolved.window
        self._rule = resolved.rule
        # None while only the native network has them: of a sparse projection from the start, of others once the network is
        # finished, until someone asks for them.
        self._weights = resolved.weights
        self._weights_are_out = False
        self._bias = resolved.bias
        self._csr = resolved.csr
        self._digest = b""  # of a rule's weights, once they were read

    @classmethod
    def _of_connection(
        cls,
        network: Network,
        name: str,
        sources: PopulationSlice,
        targets: PopulationSlice,
        index: int,
        connection: Connection,
    ) -> Projection:
        what = f"projection {name!r}"
        resolved = connection.resolved_parts(sources, targets, network.seed, index, what)
        return cls(
            network,
            name,
            sources.population,
            targets.population,
            index,
            receptor=connection.receptor,
            delay_steps=connection.delay_steps,
            trainable=connection.trainable and connection.plasticity is None,
            detached=connection.detached,
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
        elif info.weight_count:
            shape = (info.weight_count,)
        return cls(
            network,
            info.name,
            source,
            target,
            index,
            receptor=info.receptor,
            delay_steps=info.delay_steps,
            trainable=info.trainable,
            detached=info.detached,
            arithmetic=info.arithmetic,
            resolved=Resolved(
                info.kind, shape, rule=native.connection_rule(index), pool_mode=info.pool_mode, window=window
            ),
            plasticity=Plasticity._from_native(native, index),
        )

    # ---- what it is

    @property
    def kind(self) -> str:
        """``"dense"``, ``"one_to_one"``, ``"sparse"``, ``"conv2d"`` or ``"pool2d"``."""
        return _KINDS[self._kind]

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights. Set False to freeze the layer; it keeps its arithmetic."""
        return self._trainable

    @trainable.setter
    def trainable(self, trainable: bool) -> None:
        if self.plasticity is not None and trainable:
            raise InvalidArgumentError(
                f"projection {self.name!r} learns by {self.plasticity.name}; it cannot be trained as well"
            )
        wanted: dict[str, Any] = {"_trainable": boolean(trainable, f"projection {self.name!r}: trainable")}
        if self._trainable and self._arithmetic == _DEFAULT:
            wanted["_arithmetic"] = ARITHMETIC.index("float")  # the default of trained projections
        self._set(**wanted)

    @property
    def detached(self) -> bool:
        """Whether training propagates no gradient through it to its source. Can be set. See `Connection.detach`."""
        return self._detached

    @detached.setter
    def detached(self, detached: bool) -> None:
        self._set(_detached=boolean(detached, f"projection {self.name!r}: detached"))

    def _set(self, **values: Any) -> None:
        """Set attributes that the native network has too. If it refuses, nothing changes."""
        before = {name: getattr(self, name) for name in values}
        self.__dict__.update(values)
        try:
            self._network._rebuild()
        except BaseException:
            self.__dict__.update(before)
            raise

    @property
    def arithmetic(self) -> str:
        """How weights are stored and inputs summed: ``"float"``, ``"fixed"`` or ``"compact"``; see `Connection`.

        If the connection left it at ``"default"``: what was chosen, by kind and weights, when the network was finished.
        """
        return ARITHMETIC[self._network._finished().projection(self._index).arithmetic]

    @property
    def fixed_point_scale(self) -> float:
        """Weights are rounded to multiples of 1 / scale: on delivery (fixed) or when stored (compact). 0 for float."""
        return self._network._finished().projection(self._index).fixed_point_scale

    @property
    def synapse_count(self) -> int:
        """Number of synapses. Each use of a convolution's kernel weight counts."""
        return self._network._shaped().projection(self._index).synapse_count

    @property
    def weight_count(self) -> int:
        """Number of weights; 0 for pooling."""
        return self._network._shaped().projection(self._index).weight_count

    @property
    def pool_mode(self) -> str | None:
        """``"sum"``, ``"average"`` or ``"max"``; None for other kinds."""
        return _POOL_MODES[self._pool_mode] if self._kind == _POOL else None

    def _titled(self) -> str:
        return f"projection {self.name!r}"

    def __repr__(self) -> str:
        delay = f", delay_steps={self.delay_steps}" if self.delay_steps else ""
        shape = f" {self._weight_shape}" if self._weight_shape is not None else ""
        plastic = f", {self.plasticity!r}" if self.plasticity else ""
        return f"<Projection {self.name!r}: {' to '.join(self._ends())}, {self.kind}{shape}{delay}{plastic}>"

    def _ends(self) -> tuple[str, str]:
        """Return what it connects, with the slices of populations that a rule is for."""
        source, target = (
            part.population.name if part.is_whole else str(part) for part in map(self._part, ("sources", "targets"))
        )
        return source, target

    def _part(self, key: str) -> PopulationSlice:
        """Return the neurons that a rule is for, ``"sources"`` or ``"targets"``; all where arrays gave the synapses."""
        population = self.source if key == "sources" else self.target
        first, size = (self._rule or {}).get(key, (0, population.size))
        return population[first : first + size]

    def _target_and_receptor(self) -> str:
        """Return the target as `_ends` does, with the receptor where the model has several."""
        neurons = self.target._layer
        if not isinstance(neurons, Neuron) or len(neurons.definition.receptors) == 1:
            return self._ends()[1]
        # Of one that was not named, libsnn knows the first.
        return f"{self._ends()[1]}.{self._network._shaped().projection(self._index).receptor}"

    # ---- weights

    @property
    def weights(self) -> Floats:
        """The weights as a float32 array that you can change in place.

        Shape: dense (source size, target size); one-to-one (size,); sparse (synapses,) in canonical order; conv2d
        (channels, in_channels / groups, kernel y, kernel x). Reading them makes a copy besides the network's own. Those of a
        connection rule, and compact ones, become arrays on the first read; they take 14 bytes a synapse and stay with the
        network. `synapse_weights` makes nothing that stays. Changing the weights of a rule replaces it. In compact arithmetic
        they are rounded to multiples of 1 / `fixed_point_scale` when the network is next used.

        Raises
        ------
        InvalidArgumentError
            A pooling projection has no weights.
        OutOfMemoryError
            There is no room for the synapses of a rule; `synapse_weights` returns those of some neurons.
        """
        own = self._own_weights()
        self._weights_are_out = True
        return own

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        own = self._own_weights()
        own[...] = float32_array(values, f"projection {self.name!r}: weights", own.shape)

    def _own_weights(self) -> Floats:
        """Return `weights` for temporary use: they may be dropped when the network is next finished."""
        if self._kind == _POOL:
            raise InvalidArgumentError(f"projection {self.name!r} is pooling; it has no weights")
        if self._weights is None or self._csr_is_unordered:
            self._pull()
        assert self._weights is not None
        return self._weights

    @property
    def bias(self) -> Floats | None:
        """The biases as a float32 array that you can change in place; None if there are none."""
        native = self._network._origin()
        its = None if native is None or self._bias is not None else native.projection(self._index).bias
        if its is not None:
            self._bias = np.array(its)
        return self._bias

    @bias.setter
    def bias(self, values: ArrayLike) -> None:
        own = self.bias
        if own is None:
            raise InvalidArgumentError(f"projection {self.name!r} has no bias; it was connected without one")
        own[...] = float32_array(values, f"projection {self.name!r}: bias", own.shape)

    @property
    def by_rule(self) -> bool:
        """Whether a connection rule generates the synapses when needed, so that they take no memory."""
        return self._own_info().by_rule

    @property
    def rule(self) -> Mapping[str, Any] | None:
        """The connection rule as plain data that is read only; None where there is none, or weights were changed.

        ``name`` is that of the class method of `Sparse`, and ``count`` or ``probability`` its number; `Sparse.spatial` has
        ``kernel``, ``width``, ``cutoff`` and ``period`` too. ``sources`` and ``targets`` have the ``first`` neuron and the
        ``size`` of what is connected, ``in_degree`` the mean number of synapses onto each target. ``weight`` and ``delay_ms``
        have the ``distribution`` and its parameters, or a ``value`` if it is ``"constant"``. ``seed`` is the one in use.
        ``allow_autapses`` and ``allow_multapses`` are as given.
        """
        self._check_rule()
        described = rule_described(self)
        return None if described is None else MappingProxyType(described)

    @property
    def _draws_weights(self) -> bool:
        """Whether a rule draws the weights from a distribution."""
        return self._rule is not None and self._rule["weight"][0] != 0

    @property
    def delay_range(self) -> tuple[int, int]:
        """Shortest and longest delay of the synapses in steps, with `delay_steps`. For a rule, bounds of its draws."""
        return self._own_info().delay_range

    def synapses(
        self, sources: ArrayLike | None = None, targets: ArrayLike | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """Return (source, target, delay in steps) of the synapses of a sparse projection, in the weights' order, as int32.

        Synapses of a connection rule are generated for this call only.

        Parameters
        ----------
        sources, targets : int or array_like of int, optional
            Return only synapses from these source neurons and onto these target neurons.

        Raises
        ------
        InvalidArgumentError
            The projection is not sparse, or there is no such neuron.
        OutOfMemoryError
            There is no room for lists of all synapses; those of some neurons may fit.
        """
        found = self._rows(sources, targets)
        # Signed, so that differences may be negative; all values fit.
        return found[0].view(np.int32), found[1].view(np.int32), found[2].view(np.int32)

    def synapse_weights(self, sources: ArrayLike | None = None, targets: ArrayLike | None = None) -> Floats:
        """Return a copy of the weights of the synapses that `synapses` returns for the same arguments."""
        return self._rows(sources, targets)[3]

    def _rows(
        self, sources: ArrayLike | None, targets: ArrayLike | None
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32], Floats]:
        if self._kind != _SPARSE:
            raise InvalidArgumentError(f"projection {self.name!r} is {self.kind}; only sparse ones list their synapses")
        wanted_sources = self._neurons(sources, "sources", self.source.size)
        wanted_targets = self._neurons(targets, "targets", self.target.size)
        if wanted_sources is None and wanted_targets is None:
            check_room(
                _LISTED_BYTES * self.synapse_count,
                f"lists of the {self.synapse_count:,} synapses of projection {self.name!r}",
            )
        native = self._network._finished()
        pieces = []
        # Runs of contiguous sources, one at a time, so that synapses not selected take no memory.
        for first, count in _runs(wanted_sources, self.source.size):
            piece = native.synapses(self._index, first, count)
            if wanted_targets is not None:
                keep = np.zeros(self.target.size, np.bool_)
                keep[wanted_targets] = True
                chosen = keep[piece[1]]
                piece = (piece[0][chosen], piece[1][chosen], piece[2][chosen], piece[3][chosen])
            pieces.append(piece)
        if len(pieces) == 1:
            return pieces[0]
        ids = [np.concatenate([piece[k] for piece in pieces] or [np.empty(0, np.uint32)]) for k in range(3)]
        weights = np.concatenate([piece[3] for piece in pieces] or [np.empty(0, np.float32)])
        return ids[0], ids[1], ids[2], weights

    def _neurons(self, values: ArrayLike | None, name: str, size: int) -> NDArray[np.int64] | None:
        """Return neuron indices, ascending and each once; None stands for all."""
        if values is None:
            return None
        what = f"projection {self.name!r}: {name}"
        array = integer_array(np.atleast_1d(np.asarray(values)), what).astype(np.int64)
        if array.size and (int(array.min()) < 0 or int(array.max()) >= size):
            wrong = int(array.min()) if int(array.min()) < 0 else int(array.max())
            raise InvalidArgumentError(f"{what} contains {wrong}; it must be 0 to {size - 1}")
        return np.unique(array)

    # ---- to and from the native network

    def _own_info(self) -> ProjectionInfo:
        """Return what the native network says of this projection with its current weights; others may have older ones."""
        native = self._network._shaped()
        if self._changed(native):
            native = self._network._finished()
        return native.projection(self._index)

    @property
    def _csr_is_unordered(self) -> bool:
        """Whether the arrays are still in the user's order, not the canonical one."""
        return self._kind == _SPARSE and self._csr is not None and not isinstance(self._csr, _CanonicalRows)

    def _pull(self) -> None:
        """Copy the weights out of the native network, which alone has them so far.

        It does not use `Network._finished`, which calls this when it is about to build another native network.
        """
        native = self._network._present()
        told = native.projection(self._index)
        if told.by_rule or ARITHMETIC[told.arithmetic] == "compact":
            made_of = "of a rule" if told.by_rule else "in 16 bits"
            what = f"the weights of projection {self.name!r}, {told.weight_count:,} synapses {made_of},"
            check_room(_MADE_BYTES * told.weight_count, what)
        arrays = native.projection_arrays(self._index)
        if self._kind == _SPARSE:
            self._csr = _CanonicalRows(arrays.row_offsets, arrays.synapse_targets, arrays.synapse_delays)
            if arrays.weights is None:
                self._weights = np.empty(0, np.float32)
                self._csr = _CanonicalRows(arrays.row_offsets, np.empty(0, np.uint32), None)
                return
            self._weight_shape = (arrays.weights.size,)
        assert self._weight_shape is not None
        self._weights = np.array(arrays.weights).reshape(self._weight_shape)
        self._digest = _digest(self._weights)

    def _keep(self) -> None:
        """Copy all that declaring the projection again needs, before the native network is freed."""
        if self._kind != _POOL and self._rule is None and self._weights is None:
            self._pull()
        self._check_rule()
        self._bias = self.bias

    def _release(self, native: _native.Network) -> None:
        """Drop the arrays that `native`, now finished, has too; write rounded weights into arrays that the user may hold.

        `native` is an argument because `Network._finished`, which calls this, would take unrounded weights for changed ones.
        """
        is_compact = self._kind == _SPARSE and ARITHMETIC[native.projection(self._index).arithmetic] == "compact"
        if self._csr_is_unordered or not self._weights_are_out:
            self._weights = self._csr = None
        elif self._weights is not None and is_compact:
            weights = native.projection_arrays(self._index).weights
            if weights is not None:
                self._weights[...] = weights
                self._digest = _digest(self._weights)

    def _set_synapses(self, offsets: Any, targets: Any, delays: Any, weights: Floats) -> None:
        """Replace the synapses of a sparse projection, rows by source; `Network._rebuild` is to follow."""
        self._rule = self._weight_shape = None
        self._csr, self._weights = (offsets, targets, delays), weights

    def _changed(self, native: _native.Network) -> bool:
        """Whether weights or biases differ, bit for bit, from those of the native network; equal weights are dropped."""
        self._check_rule()
        if self._bias is not None and not _same_bits(self._bias, native.projection(self._index).bias):
            return True
        if self._weights is None or self._csr_is_unordered:
            return False
        if self._rule is not None:
            return False
        if native.projection(self._index).by_rule:
            return True
        if not _same_bits(self._weights, native.projection_arrays(self._index).weights):
            return True
        if not self._weights_are_out:
            self._weights = self._csr = None
        return False

    def _check_rule(self) -> None:
        """Drop the rule if the weights were changed since they were pulled out."""
        if self._rule is not None and self._weights is not None and _digest(self._weights) != self._digest:
            self._rule = None

    def _check_recordable(self, variable: str) -> None:
        """Raise NotFoundError unless `variable` is the weight, a bias that there is, or a trace of the rule."""
        known = [
            "weight",
            *(["bias"] if self.bias is not None else []),
            *(self.plasticity.definition.traces if self.plasticity else ()),
        ]
        if variable not in known:
            raise NotFoundError(
                f"projection {self.name!r} has nothing to record that is named {shown(variable)}; "
                f"it has: {', '.join(known)}{suggestion(variable, known)}"
            )

    def _check_plasticity(self, dt: float) -> None:
        """Raise the plasticity rule's errors about its parameters, the target's model and the weights.

        A native network would raise them when it is finished, long after `connect`. So a small one is finished here, with the
        smallest and the largest weight. Weights that a rule draws are not checked.
        """
        layer = self.target._layer
        if self.plasticity is None or not isinstance(layer, Neuron):  # inputs are refused as targets elsewhere
            return
        weights = np.zeros(0, np.float32)
        if self._rule is None and self._weights is not None and self._weights.size:
            weights = np.array([self._weights.min(), self._weights.max()], np.float32)
        elif self._rule is not None and self._rule["weight"][0] == _CONSTANT:
            weights = np.full(2, self._rule["weight"][1], np.float32)
        model = layer.definition.name if layer.definition.builtin else layer.definition.native
        trial = _native.Network.create(dt)
        source = trial.add_population(SpikeInput.kind, "b" if self.target.name == "a" else "a", (1,))
        target = trial.add_population(layer.kind, self.target.name, (2,), model)
        index = trial.connect(
            _SPARSE,
            self.name,
            source,
            target,
            receptor=self.receptor,
            weights=weights,
            row_offsets=np.array([0, weights.size], np.uint64),
            synapse_targets=np.arange(weights.size, dtype=np.uint32),
        )
        self.plasticity._declare(trial, index)
        trial.finish()
        self.plasticity._check_target(self.target, f"projection {self.name!r}")

    def _declare(self, native: _native.Network) -> None:
        """Add the projection to a native network."""
        arguments: dict[str, Any] = dict(self._window)
        by_rule = self._rule is not None
        if self._csr is not None and not by_rule:
            offsets, targets, delays = self._csr
            arguments.update(row_offsets=offsets, synapse_targets=targets, synapse_delays=delays)
        if self._weights is not None and not by_rule:
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
            detached=self.detached,
            arithmetic=self._arithmetic,
            pool_mode=self._pool_mode,
            bias=self._bias,
            rule=self._rule,
            **arguments,
        )
        if self.plasticity is not None:
            self.plasticity._declare(native, index)

    def _leave_to_native(self) -> None:
        """Let go of synapses from arrays that the native network has now: a large network would have them twice."""
        if self._kind == _SPARSE and self._rule is None and (self._csr_is_unordered or not self._weights_are_out):
            self._weights = self._csr = None


def _same_bits(own: Floats | None, its: Floats | None) -> bool:
    if own is None or its is None:
        return True
    return np.array_equal(own.reshape(-1).view(np.uint32), its.view(np.uint32))


def _digest(weights: Floats) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(weights).reshape(-1).view(np.uint8).data, digest_size=16).digest()


def _runs(neurons: NDArray[np.int64] | None, size: int) -> list[tuple[int, int]]:
    """Return (first, count) of the contiguous runs in ascending indices, each of at most 4,096."""
    if neurons is None:
        return [(first, min(_RUN, size - first)) for first in range(0, size, _RUN)]
    ends = np.flatnonzero(np.diff(neurons) != 1) + 1
    runs: list[tuple[int, int]] = []
    for run in np.split(neurons, ends):
        runs += [(int(run[k]), min(_RUN, run.size - k)) for k in range(0, run.size, _RUN)]
    return runs


class _CanonicalRows(tuple[Any, Any, Any]):
    """Rows of synapses in the order of a finished network."""

    __slots__ = ()

    def __new__(cls, offsets: Any, targets: Any, delays: Any) -> _CanonicalRows:
        return super().__new__(cls, (offsets, targets, delays))
