"""Sparse connections: synapses from arrays, or a rule that generates them."""

from __future__ import annotations

import math
from abc import ABCMeta
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import (
    MAX_DELAY,
    MAX_NEURONS,
    MAX_SEED,
    MAX_SYNAPSES,
    Floats,
    boolean,
    choice,
    float32_array,
    integer,
    integer_array,
    number,
)
from snn._elsewhere import seen_elsewhere
from snn._strict import keywords_told, suggestion
from snn._words import ARITHMETIC, Arithmetic
from snn.connections import Connection, Resolved
from snn.distributions import Distribution, numbers
from snn.engine.errors import (
    ArgumentTypeError,
    InvalidArgumentError,
    UnknownAttributeError,
    arguments_shown,
    counted,
    shown,
)
from snn.plasticity import Plasticity, checked_plasticity

if TYPE_CHECKING:
    from snn.population import PopulationSlice

__all__ = ["Sparse"]


class _Rule(TypedDict, total=False):
    """Keywords of all rules; see `Sparse.fixed_total`."""

    weight: float | Distribution
    delay: float | Distribution
    seed: int | None
    allow_autapses: bool
    allow_multapses: bool
    receptor: str | None
    delay_steps: int
    trainable: bool
    arithmetic: Arithmetic
    plasticity: Plasticity | None


# In the order of SNN_RULE_*.
_RULES = (
    "fixed_probability",
    "fixed_indegree",
    "fixed_total",
    "one_to_one",
    "all_to_all",
    "spatial",
    "fixed_outdegree",
)
_WITH_MULTAPSES = ("fixed_indegree", "fixed_outdegree", "fixed_total")
_MAX_SEED = MAX_SEED - 1  # the last one means "no seed given" in the C interface: SNN_SEED_BY_INDEX


class _Rules(ABCMeta):
    """Says of a rule that `Sparse` does not have what it is called here."""

    if not TYPE_CHECKING:  # which would take every name for a rule

        def __getattr__(cls, name: str) -> Any:
            known = [] if name.startswith("_") else [one for one in vars(cls) if not one.startswith("_")]
            told = seen_elsewhere(name) or suggestion(name, known)
            raise UnknownAttributeError(f"{cls.__name__} has no attribute {name!r}{told}")


class Sparse(Connection, metaclass=_Rules):
    """Individual synapses, from arrays or a rule. Make one with a class method, such as `Sparse.fixed_probability`.

    The network keeps synapses in canonical order: by source, then delay, then target. The weights of the projection are in
    that order, whatever the order they were given in.

    Parameters
    ----------
    receptor, delay_steps, trainable, arithmetic
        See `Connection`. `delay_steps` is added to the delay of each synapse; the sum is at most 4096.
    plasticity : Plasticity, optional
        A rule, such as `PairSTDP`, that changes the weights while the network runs. They are then not trained, and their
        arithmetic is ``"fixed"``.
    """

    def __init__(self, *, plasticity: Plasticity | None = None, **common: Any) -> None:
        super().__init__(**common)
        self.plasticity = checked_plasticity(plasticity, "Sparse", ARITHMETIC[self.arithmetic])
        self._pairs: tuple[NDArray[Any], NDArray[Any]] | None = None
        self._csr: tuple[NDArray[Any], NDArray[Any]] | None = None
        self._rule: dict[str, Any] | None = None
        self._weights: Floats | None = None
        self._delays: NDArray[np.uint16] | None = None

    @classmethod
    @keywords_told
    def from_arrays(
        cls,
        sources: ArrayLike,
        targets: ArrayLike,
        weights: ArrayLike,
        delays: ArrayLike | None = None,
        *,
        receptor: str | None = None,
        delay_steps: int = 0,
        trainable: bool = True,
        arithmetic: Arithmetic = "default",
        plasticity: Plasticity | None = None,
    ) -> Sparse:
        """Return the synapses ``sources[i] -> targets[i]``.

        Parameters
        ----------
        sources, targets : array_like of int, shape (synapses,)
            Neuron indices, in any order, repeats allowed.
        weights : array_like of float32, shape (synapses,), or float
            One number applies to all.
        delays : array_like of int, shape (synapses,), or int, optional
            Whole steps, 0 to 4096, at most 4096 with `delay_steps`; one number applies to all. Divide delays in ms by the
            network's `dt`. (`delay` of rules such as `fixed_total` is in ms.)
        receptor, delay_steps, trainable, arithmetic
            See `Connection`.
        plasticity : Plasticity, optional
            See `Sparse`.
        """
        sparse = cls(
            receptor=receptor,
            delay_steps=delay_steps,
            trainable=trainable,
            arithmetic=arithmetic,
            plasticity=plasticity,
        )
        source_array = _indices(sources, "Sparse: sources", MAX_NEURONS - 1)
        target_array = _indices(targets, "Sparse: targets", MAX_NEURONS - 1)
        if source_array.shape != target_array.shape:
            raise InvalidArgumentError(
                f"Sparse: there are {source_array.size} sources and {target_array.size} targets; they are pairs"
            )
        sparse._pairs = (source_array, target_array.astype(np.uint32))
        sparse._set_values(weights, delays, source_array.size)
        sparse._name_maker("from_arrays")
        return sparse

    @classmethod
    @keywords_told
    def from_csr(
        cls,
        row_offsets: ArrayLike,
        targets: ArrayLike,
        weights: ArrayLike,
        delays: ArrayLike | None = None,
        *,
        receptor: str | None = None,
        delay_steps: int = 0,
        trainable: bool = True,
        arithmetic: Arithmetic = "default",
        plasticity: Plasticity | None = None,
    ) -> Sparse:
        """Return synapses in compressed sparse row form, a row for each source neuron.

        From a `scipy.sparse` CSR matrix: ``Sparse.from_csr(m.indptr, m.indices, m.data)``.

        Parameters
        ----------
        row_offsets : array_like of int, shape (source size + 1,)
            Source ``i`` has the synapses ``row_offsets[i]`` to ``row_offsets[i + 1] - 1``.
        targets : array_like of int, shape (synapses,)
            Target neuron of each synapse.
        weights : array_like of float32, shape (synapses,), or float
            One number applies to all.
        delays : array_like of int, shape (synapses,), or int, optional
            Whole steps, 0 to 4096, at most 4096 with `delay_steps`; one number applies to all. Divide delays in ms by the
            network's `dt`. (`delay` of rules such as `fixed_total` is in ms.)
        receptor, delay_steps, trainable, arithmetic
            See `Connection`.
        plasticity : Plasticity, optional
            See `Sparse`.
        """
        sparse = cls(
            receptor=receptor,
            delay_steps=delay_steps,
            trainable=trainable,
            arithmetic=arithmetic,
            plasticity=plasticity,
        )
        offsets = _indices(row_offsets, "Sparse: row_offsets", 2**63 - 1).astype(np.uint64)
        target_array = _indices(targets, "Sparse: targets", MAX_NEURONS - 1).astype(np.uint32)
        sparse._csr = (offsets, target_array)
        sparse._set_values(weights, delays, target_array.size)
        sparse._name_maker("from_csr")
        return sparse

    @classmethod
    @keywords_told
    def fixed_probability(cls, probability: float, **rule: Unpack[_Rule]) -> Sparse:
        """Return connections where each pair of neurons is connected with `probability`.

        Parameters
        ----------
        probability : float
            0 to 1. The expected number of synapses is at most 2**34.
        **rule
            As for `fixed_total`. A pair has at most one synapse.
        """
        return cls._by_rule(0, probability=_probability(probability), **rule)

    @classmethod
    @keywords_told
    def fixed_indegree(cls, count: int, **rule: Unpack[_Rule]) -> Sparse:
        """Return connections with `count` randomly drawn sources for each target.

        Parameters
        ----------
        count : int
            Synapses onto each target neuron; at most 2**34 in all.
        **rule
            As for `fixed_total`.
        """
        return cls._by_rule(1, count=integer(count, "Sparse: count", maximum=MAX_SYNAPSES), **rule)

    @classmethod
    @keywords_told
    def fixed_outdegree(cls, count: int, **rule: Unpack[_Rule]) -> Sparse:
        """Return connections with `count` randomly drawn targets for each source.

        Parameters
        ----------
        count : int
            Synapses from each source neuron; at most 2**34 in all.
        **rule
            As for `fixed_total`.
        """
        return cls._by_rule(6, count=integer(count, "Sparse: count", maximum=MAX_SYNAPSES), **rule)

    @classmethod
    @keywords_told
    def fixed_total(cls, count: int, **rule: Unpack[_Rule]) -> Sparse:
        """Return `count` connections in all, sources and targets drawn at random.

        The same seed gives the same connections on every machine. The network and its file keep the rule, not the synapses,
        which take no memory until they are needed as arrays: 10 to 12 bytes a synapse. Arrays are needed for reading
        ``weights``, training (``trainable=True``, the default), float and fixed arithmetic, and connections without delay. A
        network that is only simulated takes 4 bytes a synapse with ``trainable=False`` and a delay.

        Parameters
        ----------
        count : int
            Number of synapses; at most 2**34.
        weight : float or Distribution, default 1.0
            Weight of each synapse: a number, or `Normal`, `Uniform`, `LogNormal`, `Exponential`.
        delay : float or Distribution, default 0.0
            In ms, rounded to the nearest step; at most 4096 steps with `delay_steps`. (`delays` of `from_arrays` and
            `delay_steps` are whole steps.) 0 is allowed; a distribution that can give delays shorter than the time step is
            refused, so give it a `low`.
        seed : int, optional
            0 to 2**64 - 2. Default: from the network's seed and the projection's index.
        allow_autapses : bool, default True
            Whether a neuron may connect to itself, in a projection onto its own population.
        allow_multapses : bool, optional
            Whether a pair may have several synapses, that is, whether pairs are drawn with replacement. Default: True for
            `fixed_indegree`, `fixed_outdegree` and `fixed_total`; with other rules a pair has at most one synapse, and True is
            refused.
        receptor, delay_steps, trainable, arithmetic
            See `Connection`.
        plasticity : Plasticity, optional
            See `Sparse`.
        """
        return cls._by_rule(2, count=integer(count, "Sparse: count", maximum=MAX_SYNAPSES), **rule)

    @classmethod
    @keywords_told
    def one_to_one(cls, **rule: Unpack[_Rule]) -> Sparse:
        """Return connections from each neuron to the one of the same index.

        Unlike with `OneToOne`, weights and delays may be drawn, and nothing is stored for each synapse.

        Parameters
        ----------
        **rule
            As for `fixed_total`.
        """
        return cls._by_rule(3, **rule)

    @classmethod
    @keywords_told
    def all_to_all(cls, **rule: Unpack[_Rule]) -> Sparse:
        """Return connections from each neuron to each neuron.

        Unlike with `Dense`, weights and delays may be drawn, and nothing is stored for each synapse.

        Parameters
        ----------
        **rule
            As for `fixed_total`.
        """
        return cls._by_rule(4, **rule)

    @classmethod
    @keywords_told
    def spatial(
        cls,
        source_positions: ArrayLike,
        target_positions: ArrayLike,
        *,
        width: float,
        cutoff: float,
        kernel: Literal["gaussian", "exponential"] = "gaussian",
        probability: float = 1.0,
        period: float | Sequence[float] | None = None,
        **rule: Unpack[_Rule],
    ) -> Sparse:
        """Return connections whose probability falls with the distance between the two neurons.

        Parameters
        ----------
        source_positions, target_positions : array_like of float32, shape (neurons, dimensions)
            Positions of the neurons, in 1 to 3 dimensions; for one dimension also (neurons,).
        width : float
            Gaussian: the standard deviation; exponential: the length over which the probability falls by a factor e.
            In the unit of the positions.
        cutoff : float
            Neurons farther apart are not connected.
        kernel : {"gaussian", "exponential"}
            ``probability * exp(-d**2 / (2 * width**2))`` or ``probability * exp(-d / width)``.
        probability : float, default 1.0
            Probability at distance 0.
        period : float or sequence of float, optional
            Period of space, for all axes or for each (0: not periodic); at least twice `cutoff`.
        **rule
            As for `fixed_total`. A pair has at most one synapse.
        """
        places = [_positions(source_positions, "source_positions"), _positions(target_positions, "target_positions")]
        dimensions = places[0].shape[1]
        if places[1].shape[1] != dimensions:
            raise InvalidArgumentError(
                f"Sparse: source_positions has {dimensions} dimensions and target_positions {places[1].shape[1]}"
            )
        if period is None or np.ndim(period) == 0:
            periods = [number(0.0 if period is None else period, "Sparse: period", minimum=0.0)] * dimensions
        else:
            periods = [number(one, "Sparse: period", minimum=0.0) for one in np.asarray(period).tolist()]
            if len(periods) != dimensions:
                raise InvalidArgumentError(
                    f"Sparse: period has {len(periods)} values; the positions have {dimensions} dimensions"
                )
        kernels = ("gaussian", "exponential")
        sparse = cls._by_rule(5, probability=_probability(probability), **rule)
        assert sparse._rule is not None  # _by_rule sets it
        sparse._rule.update(
            kernel=kernels.index(choice(kernel, kernels, "Sparse: kernel")),
            kernel_width=number(width, "Sparse: width", minimum=0.0, exclusive=True),
            cutoff=number(cutoff, "Sparse: cutoff", minimum=0.0, exclusive=True),
            period=tuple(periods),
            source_positions=places[0],
            target_positions=places[1],
        )
        own = {"width": width, "cutoff": cutoff, "kernel": kernel, "probability": probability, "period": period}
        sparse._made_with = arguments_shown(places, {**own, **rule})
        return sparse

    def _name_maker(self, method: str) -> None:
        """Make `repr` show the class method with arrays."""
        assert self._weights is not None  # the arrays have just been set
        plastic = f", plasticity={self.plasticity!r}" if self.plasticity else ""
        self._made_by, self._made_with = f".{method}", f"<{counted(self._weights.size, 'synapse')}>{plastic}"

    @classmethod
    def _by_rule(cls, kind: int, **rule: Any) -> Sparse:
        sparse = cls._of_rule(kind, **rule)
        if rule.get("allow_multapses") and _RULES[kind] not in _WITH_MULTAPSES:
            raise InvalidArgumentError(
                f"Sparse.{_RULES[kind]}: allow_multapses is True, but the rule gives a pair at most one synapse; "
                f"{', '.join(_WITH_MULTAPSES[:-1])} and {_WITH_MULTAPSES[-1]} may give it several"
            )
        first = [rule.pop(name) for name in ("probability", "count") if name in rule]
        sparse._made_by, sparse._made_with = f".{_RULES[kind]}", arguments_shown(first, rule)
        return sparse

    @classmethod
    def _of_rule(
        cls,
        kind: int,
        *,
        probability: float = 0.0,
        count: int = 0,
        weight: float | Distribution = 1.0,
        delay: float | Distribution = 0.0,
        seed: int | None = None,
        allow_autapses: bool = True,
        allow_multapses: bool = True,
        receptor: str | None = None,
        delay_steps: int = 0,
        trainable: bool = True,
        arithmetic: Arithmetic = "default",
        plasticity: Plasticity | None = None,
        **unknown: Any,
    ) -> Sparse:
        if unknown:
            name = next(iter(unknown))
            raise ArgumentTypeError(
                f"Sparse has no keyword {shown(name)}; a rule has: {', '.join(_Rule.__annotations__)}"
                f"{suggestion(name, _Rule.__annotations__)}"
            )
        sparse = cls(
            receptor=receptor,
            delay_steps=delay_steps,
            trainable=trainable,
            arithmetic=arithmetic,
            plasticity=plasticity,
        )
        sparse._rule = {
            "rule": kind,
            "probability": probability,
            "count": count,
            "seed": None if seed is None else integer(seed, "Sparse: seed", maximum=_MAX_SEED),
            "allow_autapses": boolean(allow_autapses, "Sparse: allow_autapses"),
            "allow_multapses": boolean(allow_multapses, "Sparse: allow_multapses"),
            "weight": numbers(weight, "Sparse: weight"),
            "delay": numbers(delay, "Sparse: delay", minimum=0.0),
        }
        return sparse

    def _set_values(self, weights: ArrayLike, delays: ArrayLike | None, count: int) -> None:
        values = float32_array(weights, "Sparse: weights")
        if values.ndim == 0:
            values = np.full(count, values, np.float32)
        if values.shape != (count,):
            raise InvalidArgumentError(f"Sparse: weights has shape {values.shape}; there are {count} synapses")
        self._weights = np.array(values)
        if delays is not None:
            steps = np.asarray(delays)
            if steps.dtype.kind == "f" and steps.size:
                raise ArgumentTypeError(
                    f"Sparse: delays has dtype {steps.dtype}; delays of arrays are whole steps: np.rint(delays_in_ms / "
                    "dt).astype(int). The delay of a rule, as of Sparse.fixed_probability, is in ms"
                )
            if steps.ndim == 0:
                steps = np.full(count, integer(delays, "Sparse: delays", maximum=MAX_DELAY))
            delay_array = _indices(steps, "Sparse: delays", MAX_DELAY).astype(np.uint16)
            if delay_array.shape != (count,):
                raise InvalidArgumentError(f"Sparse: delays has shape {delay_array.shape}; there are {count} synapses")
            if count:
                self._check_total_delay(int(delay_array.max()))
            self._delays = delay_array

    def _check_total_delay(self, longest: int) -> None:
        if self.delay_steps + longest > MAX_DELAY:
            raise InvalidArgumentError(
                f"Sparse: delay_steps is {self.delay_steps} and the longest delay of a synapse {longest}; "
                f"their sum must be at most {MAX_DELAY}"
            )

    def target_shape(self, source: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return None: the target decides its number of neurons."""
        return None

    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return rows for each source neuron, or the rule that generates them."""
        size = math.prod(source)
        if self._rule is not None:
            rule = dict(self._rule)
            if rule["seed"] is None:
                # One number of 64 bits from the network's seed and the projection's position.
                rule["seed"] = (seed * 0x9E3779B97F4A7C15 + stream + 1) % 2**64
            return Resolved(2, None, rule=rule)
        if self._weights is None:
            raise InvalidArgumentError(
                f"{what}: Sparse() has no synapses; make it by Sparse.from_arrays, from_csr, or by a rule such as "
                "Sparse.fixed_probability"
            )
        if self._csr is not None:
            return Resolved(2, None, self._weights, csr=(*self._csr, self._delays))
        assert self._pairs is not None  # the only other way to have weights
        sources, targets = self._pairs
        if sources.size and int(sources.max()) >= size:
            raise InvalidArgumentError(
                f"{what}: sources contains {int(sources.max())}, but the source has {size} neurons"
            )
        offsets = np.zeros(size + 1, np.uint64)
        np.cumsum(np.bincount(sources.astype(np.int64, copy=False), minlength=size), out=offsets[1:])
        if (sources[1:] >= sources[:-1]).all():
            return Resolved(2, None, self._weights, csr=(offsets, targets, self._delays))
        order = np.argsort(sources, kind="stable")
        delays = None if self._delays is None else self._delays[order]
        return Resolved(2, None, self._weights[order], csr=(offsets, targets[order], delays))

    def resolved_parts(
        self, sources: PopulationSlice, targets: PopulationSlice, seed: int, stream: int, what: str
    ) -> Resolved:
        """Return the same for slices of populations, treated as whole populations."""
        if sources.is_whole and targets.is_whole:
            return super().resolved_parts(sources, targets, seed, stream, what)
        resolved = self.resolved((sources.size,), (targets.size,), seed, stream, what)
        if resolved.rule is not None:
            resolved.rule["sources"] = (sources.first, sources.size)
            resolved.rule["targets"] = (targets.first, targets.size)
            return resolved
        assert resolved.csr is not None  # the only other way to be sparse
        offsets, indices, delays = resolved.csr
        if len(offsets) != sources.size + 1:
            raise InvalidArgumentError(
                f"{what}: row_offsets has {len(offsets)} values; {sources} needs {sources.size + 1}"
            )
        if len(indices) and int(indices.max()) >= targets.size:
            raise InvalidArgumentError(
                f"{what}: targets contains {int(indices.max())}; {targets} has {targets.size} neurons"
            )
        after = sources.population.size - sources.first - sources.size
        moved = np.concatenate([np.zeros(sources.first, np.uint64), offsets, np.full(after, offsets[-1], np.uint64)])
        resolved.csr = (moved, indices + np.uint32(targets.first), delays)
        return resolved


def _probability(value: Any) -> float:
    real = number(value, "Sparse: probability", minimum=0.0)
    if real > 1.0:
        raise InvalidArgumentError(f"Sparse: probability is {real}; it must be 0 to 1")
    return real


def _positions(values: ArrayLike, name: str) -> Floats:
    """Return positions as float32 of shape (neurons, dimensions)."""
    array = np.array(float32_array(values, f"Sparse: {name}"))
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or not 1 <= array.shape[1] <= 3:
        raise InvalidArgumentError(
            f"Sparse: {name} has shape {array.shape}; it must be (neurons, dimensions) with 1 to 3 dimensions"
        )
    return array


def _indices(values: ArrayLike, what: str, maximum: int) -> NDArray[Any]:
    array = integer_array(values, what)
    if array.size and (int(array.min()) < 0 or int(array.max()) > maximum):
        wrong = int(array.min()) if int(array.min()) < 0 else int(array.max())
        raise InvalidArgumentError(f"{what} contains {wrong}; it must be 0 to {maximum}")
    return array
