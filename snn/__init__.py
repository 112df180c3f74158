"""Spiking neural networks: create, train and run them, and ship them as one file.

`Network` and `Sequential` build networks of neurons (`LIF`, ...) and connections (`Dense`, ...). `Simulation` runs them,
`Trainer` trains them, `load` and `save` read and write files. `encode`, `init`, `data` and `plot` are helpers.
Arrays are numpy arrays. Times such as `dt` are in milliseconds; numbers of steps are integers.

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
from importlib.util import find_spec as _find_spec
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
from snn._elsewhere import no_such_name as _no_such_name
from snn._stop import STOP
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
from snn.builtin_plasticity import BraderFusi, HomeostaticSTDP, PairSTDP, RewardSTDP, TripletSTDP, TsodyksMarkram
from snn.connections import AvgPool2d, Connection, Conv1d, Conv2d, Dense, MaxPool2d, OneToOne, SumPool2d
from snn.delays import DelayedDense, DelayLearning
from snn.distributions import Distribution, Exponential, LogNormal, Normal, Uniform
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
    MissingPackageError,
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
from snn.plasticity import Plasticity
from snn.population import Population, PopulationSlice
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

# Modules that need packages not installed with this one are loaded on first use.
_ON_DEMAND = {"nir": "nir", "onnx": "onnx", "torch": "torch"}  # the module, and the package that it needs

if not _TYPE_CHECKING:  # a type checker would accept every name

    def __getattr__(name: str) -> object:
        if name in _ON_DEMAND:
            return _import_module(f"snn.{name}")
        raise _no_such_name(__name__, name, __all__)

    def __dir__() -> list[str]:
        # Without modules that cannot be loaded, because inspect.getmembers() loads all names.
        return [*__all__, *(name for name, package in _ON_DEMAND.items() if _find_spec(package))]


__all__ = [
    "LIF",
    "STOP",
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
    "Exponential",
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
    "MissingPackageError",
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
    "PopulationSlice",
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
