"""The brain of a fruit fly: every neuron and connection of the FlyWire connectome, or a synthetic twin of it."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from snn._arrays import file_path
from snn.builtin_neurons import CurrentLIF, PoissonSource
from snn.distributions import Distribution, LogNormal, Normal, Uniform
from snn.engine.errors import FormatError, NotFoundError, UnsupportedError
from snn.network import Network
from snn.scenes.scene import Rate, Scene
from snn.sparse import Sparse

__all__ = ["FLYBRAIN", "Connectome", "FlyBrain"]

# FlyWire identifiers (materialisation 783) of the 21 sugar-sensing neurons of the right hemisphere, from the examples of
# github.com/philshiu/Drosophila_brain_model.
_SUGAR = (
    720575940624963786,
    720575940630233916,
    720575940637568838,
    720575940638202345,
    720575940617000768,
    720575940630797113,
    720575940632889389,
    720575940621754367,
    720575940621502051,
    720575940640649691,
    720575940639332736,
    720575940616885538,
    720575940639198653,
    720575940620900446,
    720575940617937543,
    720575940632425919,
    720575940633143833,
    720575940612670570,
    720575940628853239,
    720575940629176663,
    720575940611875570,
)

_PIECE = 2**20  # connections that are computed at a time

# Columns of the published table of connections.
_COLUMNS = ("Presynaptic_Index", "Postsynaptic_Index", "Excitatory x Connectivity")


@dataclass(frozen=True)
class Connectome:
    """Connections of a brain.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    sources, targets : array of int32, shape (connections,)
        Neuron indices.
    counts : array of float32, shape (connections,)
        Synapses of each connection, whole numbers; negative: inhibitory.
    driven : array of int64
        Indices of the driven neurons, excited from outside.
    """

    neurons: int
    sources: NDArray[np.int32]
    targets: NDArray[np.int32]
    counts: NDArray[np.float32]
    driven: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class FlyBrain(Scene):
    """The whole brain of Drosophila while it tastes sugar: 138,639 neurons and 15.1 million connections.

    Leaky integrate-and-fire neurons with exponential synapses. A spike clears the synaptic current of its neuron, and input
    during the refractory time is lost. A connection has the weight `synapse` for each of its synapses, with the sign of its
    source. Poisson events at `drive_rate` make a few sensory neurons spike.

    Weights are numbers of synapses, in units of `synapse`, so they are exact in 16 bits.

    Source: P. K. Shiu et al., A Drosophila computational brain model reveals sensorimotor processing, Nature 634, 210-219
    (2024), doi 10.1038/s41586-024-07763-9; parameters and files of github.com/philshiu/Drosophila_brain_model. An event of
    the drive is a strong current instead of a jump of the membrane: the neuron spikes in the next step.

    Without files (`with_files`) the network is a synthetic twin of the same size and activity. Neurons send and receive
    connections in proportion to log-normal numbers (sigma 1.2, correlation 0.7 within a neuron), which gives hubs of some ten
    thousand connections. A connection has 1 + floor(log-normal) synapses, 3.6 on average; 60 % of the neurons are excitatory.
    The driven neurons reach a pathway of 414 neurons through connections of several synapses. As in the published brain, this
    makes about 17,000 spikes per second in some 435 neurons, while all others are silent or nearly so.

    `scale` multiplies neurons, connections, pathway and driven neurons of the twin (at least four driven neurons), so the
    input of a neuron does not change.

    Parameters
    ----------
    brain : int
        Neurons at scale 1.
    connections : int
        Connections at scale 1.
    spikes, spikes_tolerance : float
        Spikes per second of the brain, all neurons together.
    drive_rate : float
        Rate of each train of events, in hertz.
    tau_membrane, tau_synapse : float
        Milliseconds.
    v_rest, v_reset, threshold : float
        Millivolts.
    refractory : float
        Milliseconds; driven neurons have none.
    delay : float
        Milliseconds.
    synapse : float
        Current of one synapse, in millivolts: by how much it would raise the membrane if it were constant.
    drive_jump : float
        Rise of the membrane of a driven neuron at an event, in synapses (250 times `synapse` in the paper).
    pathway : int
        Number of neurons of the twin that the driven ones activate.
    pathway_inputs : int
        Number of driven neurons connected to each pathway neuron.
    pathway_synapses : float
        Mean number of synapses from all driven neurons onto a pathway neuron.
    connectivity : Path, optional
        The published table of connections.
    completeness : Path, optional
        The published table of neurons.
    """

    brain: int
    connections: int
    spikes: float
    spikes_tolerance: float
    drive_rate: float = 150.0
    tau_membrane: float = 20.0
    tau_synapse: float = 5.0
    v_rest: float = -52.0
    v_reset: float = -52.0
    threshold: float = -45.0
    refractory: float = 2.2
    delay: float = 1.8
    synapse: float = 0.275
    drive_jump: float = 250.0
    pathway: int = 414
    pathway_inputs: int = 4
    pathway_synapses: float = 56.0
    connectivity: Path | None = None
    completeness: Path | None = None

    def with_files(
        self, connectivity: str | os.PathLike[str], completeness: str | os.PathLike[str] | None = None
    ) -> Self:
        """Return the scene of the published brain.

        Parameters
        ----------
        connectivity : path
            ``Connectivity_783.parquet`` (needs pyarrow), or the same table as ``.csv``: columns ``Presynaptic_Index``,
            ``Postsynaptic_Index`` and ``Excitatory x Connectivity``.
        completeness : path, optional
            ``Completeness_783.csv``: its first column has the FlyWire identifiers in the order of the indices. Default: the
            file of this name next to `connectivity`.

        Raises
        ------
        NotFoundError
            A file does not exist.
        """
        table = Path(file_path(connectivity))
        if completeness is None:
            neurons = table.with_name(f"{table.stem.replace('Connectivity', 'Completeness')}.csv")
        else:
            neurons = Path(file_path(completeness))
        for path in (table, neurons):
            if not path.is_file():
                raise NotFoundError(f"scene {self.name!r}: there is no file {str(path)!r}")
        return dataclasses.replace(
            self,
            title=f"{self.brain:,} LIF neurons of a fly's brain, Shiu et al. 2024, from {table.name}",
            connectivity=table,
            completeness=neurons,
            smallest_scale=1.0,
            largest_scale=1.0,
            # The published brain was measured elsewhere, with other draws and the sum of single reports.
            spikes_tolerance=max(self.spikes_tolerance, 0.25 * self.spikes),
        )

    @property
    def delay_steps(self) -> int:
        """The delay in steps."""
        return round(self.delay / self.dt)

    def driven(self, scale: float = 1.0) -> int:
        """Return the number of neurons excited from outside."""
        return max(round(len(_SUGAR) * scale), self.pathway_inputs)

    def sizes(self, scale: float = 1.0) -> dict[str, int]:
        """Return the number of neurons of each population; ``drive`` has the sources of the Poisson events."""
        return {"brain": round(self.brain * scale), "drive": self.driven(scale)}

    def synapses(self, scale: float = 1.0) -> float:
        """Return the number of connections, including those of the drive."""
        path = round(self.pathway * scale) * self.pathway_inputs if self.connectivity is None else 0
        return round(self.connections * scale) + path + self.driven(scale)

    def expected(self, scale: float = 1.0) -> dict[str, Rate]:
        """Return the rate that each population must have over the window; for the brain, the mean over all neurons."""
        sizes = self.sizes(self.valid_scale(scale))
        # The driven neurons spike with the drive, whose number is not quite in proportion; the others follow the scale.
        spikes = scale * (self.spikes - self.drive_rate * self.driven()) + self.drive_rate * sizes["drive"]
        wider = math.sqrt(scale) * self.spikes_tolerance / sizes["brain"]
        drive = Rate(self.drive_rate, 5.0 * math.sqrt(1000.0 * self.drive_rate / (self.window * sizes["drive"])))
        return {"brain": Rate(spikes / sizes["brain"], wider), "drive": drive}

    def connectome(self, scale: float = 1.0, seed: int = 0) -> Connectome:
        """Return the connections: of the published brain if files were given, else of the twin."""
        if self.connectivity is not None:
            return self._read()
        return self._twin(scale, seed)

    def _twin(self, scale: float, seed: int) -> Connectome:
        size, count = self.sizes(scale)["brain"], round(self.connections * scale)
        streams = itertools.count(2**32)  # above those of the network

        def draw(distribution: Distribution, count: int) -> NDArray[np.float64]:
            return distribution.draw(count, seed=seed, stream=next(streams))

        # Of 15 million connections each number takes 60 or 120 MB: they are made in place, and in pieces where numpy would
        # make arrays in between.
        pieces = [slice(first, min(first + _PIECE, count)) for first in range(0, count, _PIECE)]
        whole = count + round(self.pathway * scale) * self.pathway_inputs
        sources, targets = np.empty(whole, np.int32), np.empty(whole, np.int32)
        counts = np.empty(whole, np.float32)
        shared, sending, receiving = (draw(Normal(0.0, 1.0), size) for _ in range(3))
        for own, ends in ((sending, sources), (receiving, targets)):
            total = np.cumsum(np.exp(1.2 * (math.sqrt(0.7) * shared + math.sqrt(0.3) * own)))
            drawn = draw(Uniform(0.0, 1.0), count)
            for piece in pieces:
                found = np.searchsorted(total, drawn[piece] * total[-1], side="right")
                ends[piece] = np.minimum(found, size - 1)
            del drawn
        drawn = draw(LogNormal(0.6, 1.0), count)
        np.floor(drawn, out=drawn)
        np.add(drawn, 1.0, out=drawn)
        counts[:count] = drawn
        del drawn
        sign = np.where(draw(Uniform(0.0, 1.0), size) < 0.6, 1.0, -1.0)
        # Driven neurons and the pathway: the first of a random order of all. Driven ones excite, as sensory neurons do.
        order = np.argsort(draw(Uniform(0.0, 1.0), size), kind="stable")
        driven, pathway = np.split(order[: self.driven(scale) + round(self.pathway * scale)], [self.driven(scale)])
        sign[driven] = 1.0
        chosen = np.floor(draw(Uniform(0.0, driven.size), pathway.size * self.pathway_inputs)).astype(np.int64)
        path_sources = driven[np.minimum(chosen, driven.size - 1)]
        mean = self.pathway_synapses / self.pathway_inputs
        path_counts = np.rint(draw(Normal(mean, 0.25 * mean, low=1.0), path_sources.size))
        for piece in pieces:
            counts[piece] *= sign[sources[piece]]
        sources[count:], targets[count:] = path_sources, np.repeat(pathway, self.pathway_inputs)
        counts[count:] = path_counts
        return Connectome(size, sources, targets, counts, driven)

    def _read(self) -> Connectome:
        assert self.connectivity is not None
        assert self.completeness is not None
        sources, targets, counts = _table(self.connectivity)
        with self.completeness.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            next(rows, None)
            places = {row[0]: index for index, row in enumerate(rows)}
        missing = [one for one in _SUGAR if str(one) not in places]
        if missing:
            raise FormatError(f"{self.completeness}: there is no neuron {missing[0]}; scene 'flybrain' drives it")
        if sources.size == 0 or max(int(sources.max()), int(targets.max())) >= len(places):
            raise FormatError(
                f"{self.connectivity}: its {sources.size} connections do not fit the {len(places)} neurons of "
                f"{self.completeness}"
            )
        driven = np.array([places[str(one)] for one in _SUGAR], np.int64)
        return Connectome(len(places), sources.astype(np.int32), targets.astype(np.int32), counts, driven)

    def _build(self, scale: float, seed: int) -> Network:
        found = self.connectome(scale, seed)
        # Brian2, with which the model was published, counts the step of the spike as the first refractory one.
        refractory = np.full(found.neurons, self.refractory - self.dt)
        refractory[found.driven] = 0.0
        network = Network(self.dt, seed=seed)
        network.add(
            "brain",
            CurrentLIF(
                found.neurons,
                tau_membrane=self.tau_membrane,
                tau_synapse=self.tau_synapse,
                tau_inhibitory=self.tau_synapse,
                resistance=self.synapse,
                v_rest=self.v_rest,
                v_reset=self.v_reset,
                threshold=self.threshold,
                refractory=refractory,
                reset="value",
                input_scaling="exact",
                synapse_order="membrane_first",
                refractory_currents="cleared",
            ),
        )
        driven = found.driven
        network.add("drive", PoissonSource(driven.size, rate=self.drive_rate))
        connections = Sparse.from_arrays(
            found.sources,
            found.targets,
            found.counts,
            receptor="current",
            delay_steps=self.delay_steps,
            trainable=False,
        )
        del found  # so that connecting, which sorts copies of its arrays, has room
        network.connect("brain", "brain", connections)
        del connections
        # A receptor of its own, so that the drive's large weight does not set the scale of all the others.
        network.connect(
            "drive",
            "brain",
            Sparse.from_arrays(
                np.arange(driven.size),
                driven,
                self.drive_jump / self._gain,
                receptor="inhibitory",
                delay_steps=1,
                trainable=False,
            ),
        )
        return network

    @property
    def _gain(self) -> float:
        """Rise of the membrane in one step by a current of 1 mV, in millivolts: the exact solution."""
        slow, fast = self.tau_membrane, self.tau_synapse
        return fast / (fast - slow) * (math.exp(-self.dt / fast) - math.exp(-self.dt / slow))


def _table(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return sources, targets and signed numbers of synapses from the published table."""
    columns: list[NDArray[np.generic]]
    if path.suffix == ".parquet":
        try:
            from pyarrow import parquet
        except ImportError:
            raise UnsupportedError(
                f"{path}: reading parquet needs pyarrow: pip install 'snn-engine[connectome]'"
            ) from None
        found = parquet.read_table(path)
        _check_columns(path, found.column_names)
        columns = [found.column(name).to_numpy() for name in _COLUMNS]
    else:
        with path.open(newline="", encoding="utf-8") as file:
            names = next(csv.reader(file), [])
            _check_columns(path, names)
            places = [names.index(name) for name in _COLUMNS]
            try:
                values = np.loadtxt(file, np.float64, delimiter=",", usecols=places, ndmin=2)
            except ValueError as error:
                raise FormatError(f"{path}: {error}") from None
        columns = list(values.T)
    sources, targets, counts = columns
    return sources.astype(np.int64), targets.astype(np.int64), counts.astype(np.float32)


def _check_columns(path: Path, names: list[str]) -> None:
    for name in _COLUMNS:
        if name not in names:
            raise FormatError(f"{path}: there is no column {name!r}; it has: {', '.join(names)}")


FLYBRAIN = FlyBrain(
    name="flybrain",
    title="a synthetic twin of a fly's brain: 138,639 LIF neurons, 15.1 million connections (after Shiu et al. 2024)",
    dt=0.1,
    warm_up=300.0,
    window=1000.0,
    brain=138_639,
    connections=15_091_983,
    spikes=17_200.0,
    spikes_tolerance=1_700.0,
    smallest_scale=0.1,
    largest_scale=1.0,
    rates={"brain": Rate(0.124, 0.012), "drive": Rate(150.0, 13.0)},
)
