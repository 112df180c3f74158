"""Sparse connections: a list of synapses, from arrays or from a random rule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import (
    MAX_DELAY,
    MAX_NEURONS,
    MAX_SYNAPSES,
    Floats,
    float32_array,
    float32_number,
    integer,
    integer_array,
    number,
)
from snn.connections import ARITHMETIC, Connection, Resolved
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.plasticity import Plasticity, checked_plasticity

__all__ = ["Sparse"]

_MAX_SEED = 2**64 - 2  # the number after it stands for "no seed given" in the C interface: SNN_SEED_BY_INDEX


class Sparse(Connection):
    """Synapses one by one; made by its class methods.

    In the network they are kept in canonical order: by source, then delay, then target; the weights of the projection
    are in that order, whatever the order they were given in.

    Parameters
    ----------
    receptor, delay_steps, trainable, arithmetic
        See `Connection`. `delay_steps` is added to the delay of each synapse; the sum is at most 4096.
    plasticity : Plasticity, optional
        A rule such as `PairSTDP` by which the weights change while the network runs; they are not trained then, and
        their arithmetic is fixed.
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
        arithmetic: str = "default",
        plasticity: Plasticity | None = None,
    ) -> Sparse:
        """Return the synapses ``sources[i] -> targets[i]``.

        Parameters
        ----------
        sources, targets : array_like of int, shape (synapses,)
            Neuron indices; any order, repeats allowed.
        weights : array_like of float32, shape (synapses,), or float
            One number stands for all.
        delays : array_like of int, shape (synapses,), optional
            Steps, 0 to 4096; with `delay_steps` at most 4096.
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
        return sparse

    @classmethod
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
        arithmetic: str = "default",
        plasticity: Plasticity | None = None,
    ) -> Sparse:
        """Return the synapses of a compressed row for each source neuron.

        Of a `scipy.sparse` matrix in CSR form: ``Sparse.from_csr(m.indptr, m.indices, m.data)``.

        Parameters
        ----------
        row_offsets : array_like of int, shape (source size + 1,)
            Row of source ``i``: synapses ``row_offsets[i]`` to ``row_offsets[i + 1] - 1``.
        targets : array_like of int, shape (synapses,)
            Target neuron of each synapse.
        weights : array_like of float32, shape (synapses,), or float
            One number stands for all.
        delays : array_like of int, shape (synapses,), optional
            Steps, 0 to 4096; with `delay_steps` at most 4096.
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
        return sparse

    @classmethod
    def fixed_probability(cls, probability: float, **rule: Any) -> Sparse:
        """Return connections where each pair of neurons is connected with `probability`.

        Parameters
        ----------
        probability : float
            0 to 1; at most 2**34 synapses may be expected in all.
        **rule
            As for `fixed_total`.
        """
        real = number(probability, "Sparse: probability", minimum=0.0)
        if real > 1.0:
            raise InvalidArgumentError(f"Sparse: probability is {real}; it must be 0 to 1")
        return cls._random(0, probability=real, **rule)

    @classmethod
    def fixed_indegree(cls, count: int, **rule: Any) -> Sparse:
        """Return connections where each target has `count` sources, drawn with replacement.

        Parameters
        ----------
        count : int
            Synapses onto each target neuron; at most 2**34 onto all.
        **rule
            As for `fixed_total`.
        """
        return cls._random(1, count=integer(count, "Sparse: count", maximum=MAX_SYNAPSES), **rule)

    @classmethod
    def fixed_total(cls, count: int, **rule: Any) -> Sparse:
        """Return `count` connections in all, sources and targets drawn with replacement.

        The same seed gives the same connections everywhere.

        Parameters
        ----------
        count : int
            Number of synapses; at most 2**34.
        weight : float, default 1.0
            Mean weight.
        weight_std : float, default 0.0
            Standard deviation of a normal distribution; 0: all weights are `weight`.
        delay_min, delay_max : int, default 0
            Steps, uniform, both ends included; with `delay_steps` at most 4096.
        seed : int, optional
            0 to 2**64 - 2; when not given, it follows from the network's seed and the projection's position.
        allow_autapses : bool, default True
            Whether a neuron may connect to itself.
        receptor, delay_steps, trainable, arithmetic
            See `Connection`.
        plasticity : Plasticity, optional
            See `Sparse`.
        """
        return cls._random(2, count=integer(count, "Sparse: count", maximum=MAX_SYNAPSES), **rule)

    @classmethod
    def _random(
        cls,
        kind: int,
        *,
        probability: float = 0.0,
        count: int = 0,
        weight: float = 1.0,
        weight_std: float = 0.0,
        delay_min: int = 0,
        delay_max: int | None = None,
        seed: int | None = None,
        allow_autapses: bool = True,
        receptor: str | None = None,
        delay_steps: int = 0,
        trainable: bool = True,
        arithmetic: str = "default",
        plasticity: Plasticity | None = None,
        **unknown: Any,
    ) -> Sparse:
        if unknown:
            raise ArgumentTypeError(
                f"Sparse has no keyword {shown(next(iter(unknown)))}; a random rule has: weight, weight_std, delay_min, "
                "delay_max, seed, allow_autapses, receptor, delay_steps, trainable, arithmetic, plasticity"
            )
        sparse = cls(
            receptor=receptor,
            delay_steps=delay_steps,
            trainable=trainable,
            arithmetic=arithmetic,
            plasticity=plasticity,
        )
        shortest = integer(delay_min, "Sparse: delay_min", maximum=MAX_DELAY)
        longest = shortest if delay_max is None else integer(delay_max, "Sparse: delay_max", maximum=MAX_DELAY)
        if longest < shortest:
            raise InvalidArgumentError(f"Sparse: delay_max is {longest}, less than delay_min, which is {shortest}")
        sparse._check_total_delay(longest)
        sparse._rule = {
            "rule": kind,
            "probability": probability,
            "count": count,
            "seed": None if seed is None else integer(seed, "Sparse: seed", maximum=_MAX_SEED),
            "allow_autapses": bool(allow_autapses),
            "weight_mean": float32_number(weight, "Sparse: weight"),
            "weight_std": float32_number(weight_std, "Sparse: weight_std", minimum=0.0),
            "delay_min": shortest,
            "delay_max": longest,
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
            delay_array = _indices(delays, "Sparse: delays", MAX_DELAY).astype(np.uint16)
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
        """Return None: the target says how many neurons it has."""
        return None

    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return rows for each source neuron, or the rule that makes them."""
        size = math.prod(source)
        if self._rule is not None:
            rule = dict(self._rule)
            if rule["seed"] is None:
                # One number of 64 bits from the network's seed and the projection's position.
                rule["seed"] = (seed * 0x9E3779B97F4A7C15 + stream + 1) % 2**64
            return Resolved(2, None, rule=rule)
        if self._weights is None:
            raise InvalidArgumentError(
                f"{what}: Sparse() has no synapses; make it by Sparse.from_arrays, from_csr, fixed_probability, "
                "fixed_indegree or fixed_total"
            )
        if self._csr is not None:
            return Resolved(2, None, self._weights, csr=(*self._csr, self._delays))
        assert self._pairs is not None  # the only other way to have weights
        sources, targets = self._pairs
        if sources.size and int(sources.max()) >= size:
            raise InvalidArgumentError(
                f"{what}: sources contains {int(sources.max())}, but the source has {size} neurons"
            )
        order = np.argsort(sources, kind="stable")
        offsets = np.zeros(size + 1, np.uint64)
        np.cumsum(np.bincount(sources.astype(np.int64), minlength=size), out=offsets[1:])
        delays = None if self._delays is None else self._delays[order]
        return Resolved(2, None, self._weights[order], csr=(offsets, targets[order], delays))


def _indices(values: ArrayLike, what: str, maximum: int) -> NDArray[Any]:
    array = integer_array(values, what)
    if array.size and (int(array.min()) < 0 or int(array.max()) > maximum):
        wrong = int(array.min()) if int(array.min()) < 0 else int(array.max())
        raise InvalidArgumentError(f"{what} contains {wrong}; it must be 0 to {maximum}")
    return array
