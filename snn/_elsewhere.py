"""The names of other libraries, and what is there under another name here; docs/layers.md has more of them."""

from __future__ import annotations

from collections.abc import Collection

from snn._nest import NEST_MODELS
from snn._strict import suggestion

__all__ = ["no_such_name"]

# What follows "see snn.".
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
    "delta_modulation": "encode.delta",
    "Dropout": "Trainer(dropout=...)",
    "Equations": "NeuronModel",
    "Flatten": "Dense, which takes a source of any shape",
    "functional": "Trainer, which has the losses by name",
    "IFNode": "presets.spikingjelly_if and snn.IntegrateAndFire",
    "Lapicque": "presets.snntorch_lapicque",
    "LatencyEncoder": "encode.latency",
    "Leaky": "presets.snntorch_leaky and snn.LIF",
    "LIFBoxCell": "presets.norse_lif_box",
    "LIFCell": "presets.norse_lif",
    "LIFNode": "presets.spikingjelly_lif",
    "LIFRecurrentCell": "presets.norse_lif, and snn.Network.connect of the population to itself with delay_steps=1",
    "Linear": "Dense",
    "LinearRecurrentContainer": "Network.connect, of a population to itself with delay_steps=1",
    "MSELoss": "Trainer(loss='mean_square_membrane') and its other losses",
    "nest": "presets.nest",
    "NeuronGroup": "Network.add, with neurons such as snn.LIF(100) or a snn.NeuronModel",
    "ParametricLIFNode": "LIF(tau_membrane=snn.Learnable(2.0))",
    "Poisson": "PoissonSource and snn.encode.rate",
    "poisson": "encode.rate",
    "poisson_encode": "encode.rate",
    "PoissonEncoder": "encode.rate",
    "PoissonGroup": "PoissonSource",
    "PoissonInput": "DrivenLIF and snn.DrivenCurrentLIF",
    "population_encode": "encode.population",
    "PopulationRateMonitor": "SpikeEvents.population_rate",
    "RLeaky": "presets.snntorch_rleaky",
    "RSynaptic": "Network.connect, of a population to itself with delay_steps=1, and snn.presets.snntorch_synaptic",
    "SLSTM": "SpikingLSTM",
    "spike_latency_encode": "encode.latency",
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
    "WeightedPhaseEncoder": "encode.phase",
}


def no_such_name(module: str, name: str, names: Collection[str]) -> AttributeError:
    """Return the error that a module does not have a name: what it is called here, what was meant, or what there is."""
    here = _ELSEWHERE.get(name) or (f"presets.nest({name!r}, ...)" if name in NEST_MODELS else None)
    hint = f"; see snn.{here}" if here else suggestion(name, names)
    if not hint and module != "snn" and not name.startswith("_"):
        hint = f"; it has: {', '.join(names)}"
    return AttributeError(f"module {module!r} has no attribute {name!r}{hint}")
