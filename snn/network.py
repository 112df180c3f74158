"""A network: named populations of neurons and the projections between them."""

from __future__ import annotations

import math
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from snn._arrays import MAX_BATCH, MAX_DT, MAX_SEED, file_path, integer, number, valid_name
from snn._contents import Named, known_population
from snn._strict import Strict, keywords_told
from snn._summary import Summary
from snn.connections import Connection
from snn.definitions import ModelDefinition
from snn.engine import _native
from snn.engine.errors import (
    ArgumentTypeError,
    FormatError,
    InvalidArgumentError,
    NotFoundError,
    OutOfMemoryError,
    SnnError,
    counted,
    shown,
)
from snn.neurons import Input, Neuron, SpikeInput
from snn.placement import Placement, device_of_several
from snn.population import Population, PopulationSlice, declare, split_slice
from snn.projection import Projection

__all__ = ["MemoryEstimate", "Network", "load", "save"]

_INPUT_KINDS = {1: SpikeInput, 2: Input}

_STATE = b'{"__metadata__":{"snn_state"'

SAMPLE_WEIGHTS = 32  # SNN_FLAG_SAMPLE_WEIGHTS

_LOST = "the network cannot be used any more: its weights were lost when what could not be added was taken back"


class MemoryEstimate(NamedTuple):
    """Memory that a network and one simulation of it need, in bytes.

    Attributes
    ----------
    network : int
        Held by the network and shared by its simulations: weights, synapses, parameters. A connection rule stores no
        synapses, unless the simulation needs them as arrays (see `Sparse.fixed_total`). Compact synapses that the network
        shares with a simulation on the CPU count as the simulation's.
    weights : int
        Weights and synapses in the form that the simulation's device uses.
    state : int
        States, input sums and the activity kept for delays, of all samples.
    total : int
        The sum of the three.
    opening : int
        What opening the simulation adds to what the network already holds, and what stays. While it opens, up to 5 bytes a
        synapse more are in use for a moment: of the scene ``izhikevich_100k`` 48 MiB stay, and the peak is 71 MiB on one thread
        and 100 MiB on two; of ``brunel`` 62 MiB stay, and the peak is 96 MiB.
    projections : dict of str to int
        Each projection's share of `network` and `weights`.
    """

    network: int
    weights: int
    state: int
    total: int
    opening: int
    projections: dict[str, int]


class Network(Strict):
    """A spiking network, to simulate, train and save.

    Parameters
    ----------
    dt : float, default 1.0
        Time step in milliseconds, at most 1e6; fixed for the network.
    seed : int, default 0
        Seed of initial weights and random connections. The same seed gives the same network on every machine. Copies and
        pickles keep it, files do not.

    Examples
    --------
    >>> net = snn.Network(dt=1.0)
    >>> net.add("input", snn.Input(64))
    >>> net.add("hidden", snn.LIF(128, tau_membrane=20.0))
    >>> net.connect("input", "hidden", snn.Dense())
    >>> net.projections["input_to_hidden"].weights.shape
    (64, 128)
    """

    _is_lost = False  # populations and projections remain, but the native network with their weights is gone

    _hints = MappingProxyType(
        {
            "add_neuron_population": "add(name, neurons) does",
            "add_neurons": "add(name, neurons) does",
            "add_population": "add(name, neurons) does",
            "add_projection": "connect(source, target, connection) does",
            "add_synapse_population": "connect(source, target, connection) does",
            "add_synapses": "connect(source, target, connection) does",
            "cuda": "the device is an argument of snn.Trainer and snn.Simulation: device='vulkan'",
            "eval": "a network is the same in training and after; dropout and normalisation are arguments of snn.Trainer",
            "fit": "snn.Trainer(network, ...) trains it",
            "forward": "snn.Simulation(network).run runs it, snn.Backpropagation(network, ...).forward for gradients",
            "layers": "it has populations and projections",
            "parameters": "they are in populations[...].parameters and projections[...].weights",
            "load_state_dict": "projections[...].weights and .bias may be assigned to; snn.torch.Module(network) has it",
            "predict": "snn.Trainer(network, steps=...).predict gives classes, snn.Simulation runs it",
            "run": "snn.Simulation(network) runs it",
            "score": "snn.Trainer(network, steps=...).score gives the accuracy",
            "simulate": "snn.Simulation(network).run(steps) does; of a time in ms, steps are round(time / network.dt)",
            "state_dict": "projections[...] have weights and bias, save writes a file; snn.torch.Module(network) has it",
            "to": "the device is an argument of snn.Trainer and snn.Simulation: device='vulkan'",
            "train": "snn.Trainer(network, ...) trains it",
            "weights": "each of its projections has weights: projections[...].weights",
        }
    )

    def __init__(self, dt: float = 1.0, *, seed: int = 0) -> None:
        self._dt = number(dt, "dt", minimum=0.0, exclusive=True, maximum=MAX_DT)
        self.seed = integer(seed, "seed", maximum=MAX_SEED)
        self._populations: dict[str, Population] = Named("population")
        self._definitions: dict[str, ModelDefinition] = {}  # of its populations, by name
        self._projections: dict[str, Projection] = Named("projection")
        self._native: _native.Network | None = _native.Network.create(self._dt)
        self._native_is_finished = False

    # ---- building

    @keywords_told
    def add(self, name: str, neurons: Neuron | Input) -> Population:
        """Add a population.

        Parameters
        ----------
        name : str
            At most 63 letters, digits and ``_``, not starting with a digit; unique in the network.
        neurons : Neuron, Input or SpikeInput
            For example ``snn.LIF(128)``. The size is required.

        Returns
        -------
        Population

        Raises
        ------
        InvalidArgumentError
            The name is taken or invalid, or the size is missing.

        Notes
        -----
        Neurons with a recurrent connection, such as ``snn.presets.snntorch_rleaky``, are also connected to themselves.
        """
        valid_name(name, "the population name")
        if not isinstance(neurons, Neuron | Input):
            is_class = isinstance(neurons, type) and issubclass(neurons, Neuron | Input)
            told = f"make neurons of the class, as in snn.{neurons.__name__}(128)" if is_class else ""
            raise ArgumentTypeError(
                f"population {name!r}: neurons is {shown(neurons)}; "
                f"{told or 'it must be neurons such as snn.LIF(128), or an input'}"
            )
        if name in self._populations:
            raise InvalidArgumentError(f"there is a population {name!r} already")
        if neurons.shape is None:
            raise InvalidArgumentError(f"population {name!r}: {neurons!r} has no size; give it, as in snn.LIF(128)")
        if isinstance(neurons, Neuron):
            if neurons.made_for_dt is not None and not math.isclose(neurons.made_for_dt, self._dt, rel_tol=1e-9):
                raise InvalidArgumentError(
                    f"population {name!r}: the neurons were made for dt={neurons.made_for_dt:g} ms, and the network has "
                    f"{self._dt:g} ms; give the preset the network's dt"
                )
            # A file has one definition for each name. Refused here, not when a trained network is saved.
            definition = neurons.definition
            known = self._definitions.get(definition.name, definition)
            if known is not definition and not known.same_as(definition):
                raise InvalidArgumentError(
                    f"population {name!r}: another model of this network is named {definition.name!r} too; give the "
                    "model a name of its own"
                )
        index = len(self._populations)
        layer = neurons._with_shape(neurons.shape)
        if isinstance(layer, Neuron):
            for told in layer._lost_in_steps(self._dt):
                warnings.warn(f"population {name!r}: {told}", stacklevel=3)  # the caller's line: `add` is wrapped
            # What it is connected by with itself is from now on the network's.
            layer = layer._draw(self.seed, index)._but(recurrent=None)
        population = Population(self, name, index, layer)
        native = self._open()
        try:
            declare(native, population)
        except BaseException:
            self._take_back()
            raise
        self._populations[name] = population
        if isinstance(neurons, Neuron):
            if neurons.recurrent is not None:
                try:
                    self.connect(population, population, neurons.recurrent)
                except BaseException:
                    del self._populations[name]
                    self._take_back()
                    raise
            self._definitions[neurons.definition.name] = neurons.definition
        return population

    @keywords_told
    def connect(
        self,
        source: str | Population | PopulationSlice,
        target: str | Population | PopulationSlice,
        connection: Connection,
        *,
        name: str | None = None,
    ) -> Projection:
        """Connect two populations.

        Parameters
        ----------
        source, target : str, Population or PopulationSlice
            Populations of this network. `Sparse` also connects slices of contiguous neurons, by flat index:
            ``"exc[0:800]"`` or ``population[:800]``. Sizes, indices and positions of the connection then refer to the slice.
        connection : Connection
            For example ``snn.Dense()`` or ``snn.Sparse.fixed_probability(0.1)``.
        name : str, optional
            Name of the projection; default ``source_to_target``. A second projection between the same populations needs
            its own name.

        Returns
        -------
        Projection

        Raises
        ------
        NotFoundError
            There is no such population, or the target has no such receptor.
        InvalidArgumentError
            Shapes do not match, the name is taken, the source does not spike, or the plasticity rule does not accept its
            parameters or the weights.
        """
        sources, targets = self._part(source), self._part(target)
        if not isinstance(connection, Connection):
            raise ArgumentTypeError(f"connection is {shown(connection)}; it must be one such as snn.Dense()")
        if name is None:
            name = f"{sources.population.name}_to_{targets.population.name}"
        valid_name(name, "the projection name")
        if name in self._projections:
            raise InvalidArgumentError(
                f"there is a projection {name!r} already; give this one a name of its own: name=..."
            )
        connection.check(sources.population.name, targets.population.name)
        projection = Projection._of_connection(self, name, sources, targets, len(self._projections), connection)
        projection._check_plasticity(self._dt)
        native = self._open()
        try:
            projection._declare(native)
        except BaseException:
            self._take_back()
            raise
        projection._leave_to_native()
        self._projections[name] = projection
        return projection

    def _part(self, reference: str | Population | PopulationSlice) -> PopulationSlice:
        if isinstance(reference, PopulationSlice):
            self._population(reference.population)
            return reference
        part = None
        if isinstance(reference, str):
            reference, part = split_slice(reference)
        population = self._population(reference)
        return population[part or slice(None)]

    def _population(self, reference: str | Population) -> Population:
        return known_population(self._populations, reference)

    # ---- looking at it

    @property
    def dt(self) -> float:
        """Time step in milliseconds."""
        return self._dt

    @property
    def populations(self) -> Mapping[str, Population]:
        """The populations by name, in the order they were added. An unknown name raises NotFoundError, which lists them."""
        return MappingProxyType(self._populations)

    @property
    def projections(self) -> Mapping[str, Projection]:
        """The projections by name, in the order they were added. An unknown name raises NotFoundError, which lists them."""
        return MappingProxyType(self._projections)

    @property
    def inputs(self) -> list[str]:
        """Names of the input populations."""
        return [name for name, population in self._populations.items() if population.is_input]

    @property
    def neuron_count(self) -> int:
        """Number of neurons, without inputs."""
        return sum(population.size for population in self._populations.values() if not population.is_input)

    @property
    def synapse_count(self) -> int:
        """Number of synapses. Each use of a convolution's kernel weight counts."""
        return self._shaped().info().synapse_count

    @property
    def parameter_count(self) -> int:
        """Number of stored weights and biases."""
        return self._shaped().info().parameter_count

    def __getitem__(self, name: str) -> Population:
        return self._population(name)

    def __contains__(self, name: object) -> bool:
        return name in self._populations

    def __repr__(self) -> str:
        populations = counted(len(self._populations), "population")
        projections = counted(len(self._projections), "projection")
        neurons = counted(self.neuron_count, "neuron")
        return f"<{type(self).__name__}: {populations}, {projections}, {neurons}, dt={self._dt:g} ms>"

    def _answer(self) -> str:
        """Return the default output: the population ``"output"``, else the neurons added last."""
        named = self._populations.get("output")
        if named is not None and not named.is_input:
            return named.name
        neurons = [name for name, population in self._populations.items() if not population.is_input]
        return neurons[-1] if neurons else list(self._populations)[-1]

    def summary(self) -> str:
        """Return tables of the populations and projections as text, and the default output for training.

        Where a connection left the arithmetic at ``"default"``, the table shows the one that was chosen; see `Connection`.
        """
        return self._summary().text()

    def _repr_html_(self) -> str | None:
        """Return `summary` as HTML for a notebook. None while the network is unfinished: the notebook then shows `repr`."""
        try:
            return self._summary().html()
        except SnnError:
            return None

    def _summary(self) -> Summary:
        info = self._finished().info()
        projections = [*self._projections.values()]
        trained = bool(self.inputs) and any(projection.trainable for projection in projections)
        return Summary([*self._populations.values()], projections, info, self._answer() if trained else None)

    @keywords_told
    def memory_estimate(
        self, *, device: str = "cpu", batch_size: int = 1, threads: int = 1, sample_weights: bool = False
    ) -> MemoryEstimate:
        """Return the memory that this network and a simulation of it need, without opening one.

        Accurate to a few percent for large networks, of what stays: connecting synapses from arrays takes up to 30 bytes a
        synapse beside these arrays. Training also needs gradients, optimiser moments and the tape. Reading `Projection.weights`
        makes another copy, in Python. Writing weights of a connection rule makes its synapses: 10 bytes each, which stay. A
        simulation whose weights are written has those for itself: 4 bytes each beside what the network and other simulations
        share.

        Parameters
        ----------
        device, batch_size, threads, sample_weights
            As for `Simulation`.
        """
        size = integer(batch_size, "batch_size", minimum=1, maximum=MAX_BATCH)
        flags = SAMPLE_WEIGHTS if sample_weights else 0
        parts, projections = self._finished().memory(device, size, integer(threads, "threads", maximum=1024), flags)
        return MemoryEstimate(**parts, projections=dict(zip(self._projections, projections, strict=True)))

    @keywords_told
    def placement(
        self,
        devices: str | Iterable[str],
        placement: Mapping[str, int] | None = None,
        *,
        batch_size: int = 1,
        threads: int = 1,
    ) -> Placement:
        """Return which of several devices would run each population, without opening a simulation.

        Populations with an undelayed projection between them stay together. The others are placed in order of their work,
        largest first, each on the device expected to finish it first. Work is estimated from neurons and synapses, and speed
        comes from `snn.device_speed`, measured if it is not known yet. Where one device would take much longer than others,
        populations are cut into slices on several devices. A device that cannot run a population does not get it, nor one
        that lacks the memory while others have it.

        Parameters
        ----------
        devices, placement, batch_size, threads
            As for `Simulation`.
        """
        size = integer(batch_size, "batch_size", minimum=1, maximum=MAX_BATCH)
        words = device_of_several(devices, placement, network=self)
        found = self._finished().placement(words, size, integer(threads, "threads", maximum=1024))
        names = list(self._populations)
        populations: dict[str, int] = {}
        for index, first, count, device in found.slices:
            name = names[index]
            is_whole = count == self[name].size
            populations[name if is_whole else f"{name}[{first}:{first + count}]"] = device
        return Placement(
            tuple(found.device.partition(";")[0].split("+")),
            populations,
            found.window_steps,
            found.device,
            found.step_seconds,
            found.reasons,
        )

    @keywords_told
    def shares(self, devices: Iterable[str], *, batch_size: int, threads: int = 1) -> tuple[int, ...]:
        """Return how many samples of a batch each of several devices would get, without opening a simulation.

        This is what ``samples="auto"`` of `Simulation` chooses. The result can be passed as its `samples`. Devices that have
        not been measured are (see `snn.device_speed`), which takes up to half a second each.

        Parameters
        ----------
        devices, batch_size, threads
            As for `Simulation`.
        """
        words = device_of_several(devices, samples="auto")
        size = integer(batch_size, "batch_size", minimum=1, maximum=MAX_BATCH)
        return self._finished().placement(words, size, integer(threads, "threads", maximum=1024)).samples

    # ---- files and copies

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a ``.snn`` file.

        The file is written next to `path`, then renamed, so an error leaves an existing file unchanged. Symbolic links are
        followed, and an existing file keeps its permissions. The file does not have `seed`, which `snn.load` takes.

        Parameters
        ----------
        path : path-like
            The file.

        Raises
        ------
        FileError
            File I/O failed, or `path` is not a regular file.
        """
        self._finished().save(file_path(path))

    def copy(self) -> Network:
        """Return an independent network with the same populations, projections and weights."""
        return Network._from_native(self._finished(), self.seed)

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickled as the bytes of its file, so that unpickling makes the same checks as reading a file.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.snn"
            self.save(path)
            return _unpickled, (path.read_bytes(), self.seed)

    def __copy__(self) -> Network:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return self.copy()

    # ---- the native network
    #
    # It is built along with this object, so that errors appear at the line that caused them, and finished at first use.
    # It is immutable then: after a change, another one is built from what this object holds.

    def _origin(self) -> _native.Network | None:
        self._check_usable()
        return self._native

    def _present(self) -> _native.Network:
        """Return the native network as it is, finished or not, without weight changes made since it was built."""
        if self._native is None:
            self._native = self._declared()
        return self._native

    def _open(self) -> _native.Network:
        """Return an unfinished native network that has all populations and projections so far."""
        native = self._present()
        if self._native_is_finished:
            self._native = native = self._declared()
        return native

    def _declared(self) -> _native.Network:
        self._check_usable()
        for projection in self._projections.values():
            projection._keep()
        native = _native.Network.create(self._dt)
        for population in self._populations.values():
            declare(native, population)
        for projection in self._projections.values():
            projection._declare(native)
        # Not before all are there: if one is refused, this network is not used.
        for projection in self._projections.values():
            projection._leave_to_native()
        self._native_is_finished = False
        return native

    def _take_back(self) -> None:
        """Give up the native network if a failed `add` or `connect` left something in it, once this object has the rest."""
        native = self._native
        if native is None:
            return
        self._is_lost = True  # unless all below comes to its end
        try:
            if self._is_ahead(native):
                for population in self._populations.values():
                    population._keep()
                for projection in self._projections.values():
                    projection._keep()
                self._native = None
            self._is_lost = False
        except MemoryError as error:
            raise OutOfMemoryError(_LOST) from error
        finally:
            if self._is_lost:
                self._native = None

    def _is_ahead(self, native: _native.Network) -> bool:
        """Whether `native` has a population or projection that this object has not."""
        for get, known in ((native.population, self._populations), (native.projection, self._projections)):
            try:
                get(len(known))
            except NotFoundError:
                continue
            return True
        return False

    def _check_usable(self) -> None:
        if self._is_lost and self._native is None:
            raise OutOfMemoryError(_LOST)

    def _rebuild(self) -> None:
        """Rebuild the native network after a population changed."""
        self._native = self._declared()

    def _finished(self) -> _native.Network:
        """Return the finished native network with the current weights."""
        native = self._present()
        if any(projection._changed(native) for projection in self._projections.values()):
            self._native = native = self._declared()
        if not self._native_is_finished:
            try:
                native.finish()
            except InvalidArgumentError as error:
                raise InvalidArgumentError(f"{error}{self._remedy(str(error))}") from None
            self._native_is_finished = True
            for population in self._populations.values():
                population._release()
            for projection in self._projections.values():
                projection._release(native)
        return native

    def _shaped(self) -> _native.Network:
        """Return the finished native network for what weights do not decide: it may have older ones.

        Whether they were changed takes a look at all of them.
        """
        return self._native if self._native is not None and self._native_is_finished else self._finished()

    def _remedy(self, sentence: str) -> str:
        """Return what to change in this language, for errors of libsnn that do not know how the network was written."""
        if "the rule keeps weights from" in sentence:
            drawn = (p for p in self._projections.values() if sentence.startswith(f"projection {p.name!r} "))
            if any(projection._draws_weights for projection in drawn):
                return "; a distribution of weights takes bounds: low= and high="
        if "projections without delay form a ring" in sentence:
            ring = set(sentence.partition(" ring: ")[2].partition(";")[0].split(" -> "))
            rules = (p for p in self._projections.values() if p._rule is not None)
            if any(projection.source.name in ring and projection.target.name in ring for projection in rules):
                return f", or a rule of Sparse its delay= in ms, at least {self._dt:g}"
        return ""

    @classmethod
    def _from_native(cls, native: _native.Network, seed: int = 0) -> Network:
        network = Network.__new__(Network)
        info = native.info()
        network._dt = info.dt_ms
        network.seed = seed
        network._native = native
        network._native_is_finished = True
        network._populations = Named("population")
        network._definitions = {}
        network._projections = Named("projection")
        for index in range(info.population_count):
            described = native.population(index)
            layer: Neuron | Input
            if described.kind in _INPUT_KINDS:
                layer = _INPUT_KINDS[described.kind](described.shape)
            else:
                layer = Neuron._from_native(native, index)
                network._definitions[layer.definition.name] = layer.definition
            network._populations[described.name] = Population(network, described.name, index, layer)
            network._populations[described.name]._release()
        populations = list(network._populations.values())
        for index in range(info.projection_count):
            projection = Projection._from_native(network, native, index, populations)
            network._projections[projection.name] = projection
        network._close()
        return network


def _unpickled(data: bytes, seed: int) -> Network:
    return Network._from_native(_native.Network.load_memory(data), seed)


@keywords_told
def load(path: str | os.PathLike[str], *, seed: int = 0) -> Network:
    """Read a network from a ``.snn`` file.

    Every size, index, name and number is checked; nothing in the file is executed.

    Parameters
    ----------
    path : path-like
        The file.
    seed : int, default 0
        Seed of initial weights and random connections of what is added later, as for `Network`. The file has what was drawn
        and the seeds of its connection rules, but not the seed of the network: give the same one to continue building as in
        the original.

    Returns
    -------
    Network

    Raises
    ------
    FileError
        File I/O failed.
    FormatError
        The file is damaged or not a ``.snn`` file; the message says where.
    VersionError
        The file has a later format version.
    """
    file = file_path(path)
    given = integer(seed, "seed", maximum=MAX_SEED)
    try:
        return Network._from_native(_native.Network.load(file), given)
    except FormatError:
        if _is_state(file):
            raise FormatError(
                f"{file!r} is the state of a simulation, not a network: snn.Simulation(network).load_state reads it"
            ) from None
        raise


def _is_state(file: str) -> bool:
    """Whether a file that is no network begins as those of `Simulation.save_state` do, behind the length of its header."""
    try:
        with open(file, "rb") as opened:
            return opened.read(8 + len(_STATE))[8:] == _STATE
    except OSError:
        return False


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network to a ``.snn`` file; the same as ``network.save(path)``."""
    if not isinstance(network, Network):
        raise ArgumentTypeError(f"network is {shown(network)}, not a Network")
    network.save(path)
