"""Spiking neural networks: create, train and run them; ship them as one file.

The pieces: `Network` and `Sequential` build networks of neurons (`LIF`, ...) and connections (`Dense`, ...);
`Simulation` runs them; `Trainer` trains them; `load` and `save` read and write files. `encode`, `init`, `data` and `plot` help.
Arrays are numpy's. Times such as `dt` are in milliseconds; steps are whole numbers.

Examples
--------
>>> import snn
>>> digits = snn.data.digits()
>>> net = snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF())
>>> trainer = snn.Trainer(net, steps=25, epochs=20).fit(digits.train_x, digits.train_y)
>>> trainer.score(digits.test_x, digits.test_y)
>>> net.save("digits.snn")
"""

from importlib import import_module as _import_module
from pathlib import Path as _Path
from typing import TYPE_CHECKING as _TYPE_CHECKING

if not (_Path(__file__).parent / "engine").is_dir() and (_Path(__file__).parent.parent / "engine").is_dir():
    try:
        # The import hook of an editable install finds the engine wherever this file was imported from.
        import snn.engine  # noqa: F401
    except ImportError:
        raise ImportError(
            f"snn was imported from its source folder {_Path(__file__).parent}, where the engine is not built; "
            "install it (tools/setup, or pip install .) and run Python from another folder, or with python -P"
        ) from None

from snn import attention, data, encode, events, init, plot, presets, scenes, schedules, stimuli, vulkan
from snn._nest import NEST_MODELS as _NEST_MODELS
from snn._strict import suggestion as _suggestion
from snn.backpropagation import Backpropagation, Gradients
from snn.builtin_neurons import (
    LIF,
    AdaptiveLIF,
    AdEx,
    AlphaLIF,
    ConductanceLIF,
    CurrentLIF,
    DrivenCurrentLIF,
    DrivenLIF,
    HodgkinHuxley,
    IntegrateAndFire,
    Izhikevich,
    LeakyIntegrator,
    NoisyIzhikevich,
    PoissonSource,
    ResonateAndFire,
    SpikingLSTM,
)
from snn.connections import AvgPool2d, Connection, Conv1d, Conv2d, Dense, MaxPool2d, OneToOne, SumPool2d
from snn.delays import DelayedDense, DelayLearning
from snn.distributions import Distribution, LogNormal, Normal, Uniform
from snn.encode import Encoder
from snn.engine._native import abi_version, device_speed, devices
from snn.engine._native import version as library_version
from snn.engine.errors import (
    ArgumentTypeError,
    BusyError,
    DeviceLostError,
    FileError,
    ForkedError,
    FormatError,
    InternalError,
    InvalidArgumentError,
    InvalidHandleError,
    NotFiniteError,
    NotFoundError,
    OutOfMemoryError,
    SnnError,
    StateError,
    StoppedError,
    UnknownAttributeError,
    UnsupportedError,
    VersionError,
)
from snn.engine.records import Counters, DeviceInfo, DeviceSpeed, SpikeEvent, WeightUpdate
from snn.epochs import EarlyStopping, EpochReport, Evaluation
from snn.inhibition import LateralInhibition
from snn.learnable import Learnable
from snn.network import MemoryEstimate, Network, load, save
from snn.neurons import Input, Neuron, NeuronModel, SpikeInput
from snn.normalization import BatchNorm
from snn.placement import Placement
from snn.plasticity import BraderFusi, HomeostaticSTDP, PairSTDP, Plasticity, RewardSTDP, TripletSTDP, TsodyksMarkram
from snn.population import Population
from snn.projection import Projection
from snn.quantization import Quantization
from snn.recorder import Recorder
from snn.recording import Recording
from snn.sequential import Sequential
from snn.simulation import Simulation
from snn.sparse import Sparse
from snn.spike_events import SpikeEvents
from snn.surrogates import Surrogate
from snn.tensorboard import TensorBoard
from snn.trainer import Trainer

__version__ = library_version()

_ELSEWHERE = {
    "Alpha": "AlphaLIF",
    "backprop": "Trainer and snn.Backpropagation",
    "BatchNorm2d": "BatchNorm",
    "BatchNormTT1d": "BatchNorm, whose statistics are over all steps",
    "BatchNormTT2d": "BatchNorm, whose statistics are over all steps",
    "BCELoss": "Trainer, whose loss may be a function of yours",
    "Connect": "Network.connect",
    "Create": "Network.add, with neurons such as snn.presets.nest('iaf_psc_exp', 100)",
    "CrossEntropyLoss": "Trainer(loss='cross_entropy_count') and its other losses",
    "DataLoader": "Trainer.fit, which makes batches itself and takes arrays or snn.events.EventData",
    "Dropout": "Trainer(dropout=...)",
    "Equations": "NeuronModel",
    "Flatten": "Dense, which takes a source of any shape",
    "functional": "Trainer, which has the losses by name",
    "IFNode": "IntegrateAndFire",
    "Lapicque": "LIF",
    "Leaky": "presets.snntorch_leaky and snn.LIF",
    "LIFBoxCell": "presets.norse_lif_box",
    "LIFCell": "presets.norse_lif",
    "LIFNode": "presets.spikingjelly_lif",
    "Linear": "Dense",
    "MSELoss": "Trainer(loss='mean_square_membrane') and its other losses",
    "nest": "presets.nest",
    "NeuronGroup": "Network.add, with neurons such as snn.LIF(100) or a snn.NeuronModel",
    "ParametricLIFNode": "LIF(tau_membrane=snn.Learnable(2.0))",
    "Poisson": "PoissonSource and snn.encode.rate",
    "PoissonGroup": "PoissonSource",
    "PoissonInput": "DrivenLIF and snn.DrivenCurrentLIF",
    "PopulationRateMonitor": "SpikeEvents.population_rate",
    "RLeaky": "Network.connect, of a population to itself with delay_steps=1, and snn.presets.snntorch_leaky",
    "RSynaptic": "Network.connect, of a population to itself with delay_steps=1, and snn.presets.snntorch_synaptic",
    "SLSTM": "SpikingLSTM",
    "spikegen": "encode",
    "SpikeGeneratorGroup": "SpikeInput, with snn.stimuli.spike_events",
    "SpikeMonitor": "Simulation.run, with record={name: 'spike_events'}",
    "spikeplot": "plot",
    "StateMonitor": "Simulation.run, with record={name: 'v'}",
    "STDP": "PairSTDP",
    "Synapses": "Network.connect, with snn.Sparse and its rules",
    "Synaptic": "presets.snntorch_synaptic and snn.CurrentLIF",
    "TimedArray": "stimuli.timed",
    "utils": "Simulation.reset, which begins again, and snn.data",
}

if not _TYPE_CHECKING:  # which would take every name for one of the module's

    def __getattr__(name: str) -> object:
        # What needs packages that are not installed with this one is loaded when it is first used.
        if name in ("nir", "onnx", "torch"):
            return _import_module(f"snn.{name}")
        # The names of other libraries lead to those of this one; docs/layers.md has more of them.
        here = _ELSEWHERE.get(name) or (f"presets.nest({name!r}, ...)" if name in _NEST_MODELS else None)
        hint = f"; see snn.{here}" if here else _suggestion(name, __all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


__all__ = [
    "LIF",
    "AdEx",
    "AdaptiveLIF",
    "AlphaLIF",
    "ArgumentTypeError",
    "AvgPool2d",
    "Backpropagation",
    "BatchNorm",
    "BraderFusi",
    "BusyError",
    "ConductanceLIF",
    "Connection",
    "Conv1d",
    "Conv2d",
    "Counters",
    "CurrentLIF",
    "DelayLearning",
    "DelayedDense",
    "Dense",
    "DeviceInfo",
    "DeviceLostError",
    "DeviceSpeed",
    "Distribution",
    "DrivenCurrentLIF",
    "DrivenLIF",
    "EarlyStopping",
    "Encoder",
    "EpochReport",
    "Evaluation",
    "FileError",
    "ForkedError",
    "FormatError",
    "Gradients",
    "HodgkinHuxley",
    "HomeostaticSTDP",
    "Input",
    "IntegrateAndFire",
    "InternalError",
    "InvalidArgumentError",
    "InvalidHandleError",
    "Izhikevich",
    "LateralInhibition",
    "LeakyIntegrator",
    "Learnable",
    "LogNormal",
    "MaxPool2d",
    "MemoryEstimate",
    "Network",
    "Neuron",
    "NeuronModel",
    "NoisyIzhikevich",
    "Normal",
    "NotFiniteError",
    "NotFoundError",
    "OneToOne",
    "OutOfMemoryError",
    "PairSTDP",
    "Placement",
    "Plasticity",
    "PoissonSource",
    "Population",
    "Projection",
    "Quantization",
    "Recorder",
    "Recording",
    "ResonateAndFire",
    "RewardSTDP",
    "Sequential",
    "Simulation",
    "SnnError",
    "Sparse",
    "SpikeEvent",
    "SpikeEvents",
    "SpikeInput",
    "SpikingLSTM",
    "StateError",
    "StoppedError",
    "SumPool2d",
    "Surrogate",
    "TensorBoard",
    "Trainer",
    "TripletSTDP",
    "TsodyksMarkram",
    "Uniform",
    "UnknownAttributeError",
    "UnsupportedError",
    "VersionError",
    "WeightUpdate",
    "__version__",
    "abi_version",
    "attention",
    "data",
    "device_speed",
    "devices",
    "encode",
    "events",
    "init",
    "library_version",
    "load",
    "plot",
    "presets",
    "save",
    "scenes",
    "schedules",
    "stimuli",
    "vulkan",
]
