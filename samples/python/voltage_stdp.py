"""STDP that sees the membrane: pairs of spikes that are rare depress, frequent ones potentiate.

The experiment is that of Sjostrom, Turrigiano & Nelson 2001, the rule that of Clopath, Busing, Vasilaki & Gerstner 2010: 75
times a spike arrives 10 ms before a spike of the target, or 10 ms after it. The table says how much of the weight is left.
"""

import numpy as np
from numpy.typing import NDArray

import snn

DT = 0.1

# An integrate-and-fire neuron with two low-pass filtered membranes. It does not draw its spikes: `spike_area` is how far one
# rises above the membrane, times how long it lasts.
FilteredLIF = snn.NeuronModel("""
[model]
name = "filtered_lif"

[parameters]
tau_membrane = { default = 15.0, unit = "ms", exclusive_minimum = 0 }
v_rest = { default = -70.6, unit = "mV" }
threshold = { default = -50.0, unit = "mV" }
v_reset = { default = -60.0, unit = "mV", doc = "Above v_rest: a spike leaves the membrane depolarised" }
spike_area = { default = 90.0, unit = "mV*ms" }
tau_minus = { default = 10.0, unit = "ms", exclusive_minimum = 0 }
tau_plus = { default = 7.0, unit = "ms", exclusive_minimum = 0 }

[states]
v = { unit = "mV", initial = "v_rest" }
u_minus = { unit = "mV", initial = "v_rest" }
u_plus = { unit = "mV", initial = "v_rest" }

[receptors]
depolarization = { unit = "mV" }

[derived]
keep = "exp(-dt / tau_membrane)"
keep_minus = "exp(-dt / tau_minus)"
keep_plus = "exp(-dt / tau_plus)"
spike_minus = "spike_area / tau_minus"
spike_plus = "spike_area / tau_plus"

[step]
program = '''
membrane = v_rest + keep * (v - v_rest) + depolarization
fired = spike(membrane - threshold)
emit(fired)
next.v = select(fired > 0, v_reset, membrane)
next.u_minus = keep_minus * u_minus + (1 - keep_minus) * v + fired * spike_minus
next.u_plus = keep_plus * u_plus + (1 - keep_plus) * v + fired * spike_plus
'''
""")

# The membrane is above theta_plus in spikes alone, so potentiation is an event at each of them.
RULE = snn.Plasticity.define("""
[plasticity]
name = "voltage_stdp"

[parameters]
amplitude_minus = { default = 0.00014, unit = "1/mV", doc = "A_LTD" }
amplitude_plus = { default = 0.0012, unit = "1/mV", doc = "A_LTP, times the area of a spike above theta_plus" }
theta_minus = { default = -70.6, unit = "mV" }
tau_x = { default = 15.0, unit = "ms", exclusive_minimum = 0 }

[pre_traces]
x = { tau = "tau_x" }

[target_states]
u_minus = { unit = "mV" }
u_plus = { unit = "mV" }

[weight]
minimum = "0"
maximum = "1"

[on_pre]
program = "next.w = w - amplitude_minus * max(u_minus - theta_minus, 0)"

[on_post]
program = "next.w = w + amplitude_plus * x * max(u_plus - theta_minus, 0)"
""")


def weights_left(hertz: float, lags: list[float], pairs: int = 75) -> NDArray[np.float32]:
    """Return what pairs leave of a weight of 0.5, for arrivals `lag` ms before the target's spikes (negative: after)."""
    period, first, count = round(1000 / hertz / DT), round(30 / DT), len(lags)
    arrives, spikes = np.zeros((2, first + pairs * period, count), np.float32)
    for k, lag in enumerate(lags):
        spikes[first::period, k] = 1
        arrives[first - round(lag / DT) :: period, k] = 1
    net = snn.Network(dt=DT)
    net.add("source", snn.SpikeInput(count))
    net.add("electrode", snn.SpikeInput(count))
    net.add("cells", FilteredLIF(count))
    net.connect("electrode", "cells", snn.OneToOne(40.0))  # mV: a spike at once
    one_to_one = snn.Sparse.from_arrays(range(count), range(count), 0.5, plasticity=RULE)
    net.connect("source", "cells", one_to_one, name="synapses")
    with snn.Simulation(net) as sim:
        sim.run(len(spikes), {"source": arrives[:, None], "electrode": spikes[:, None]})
        return sim["synapses.weight"] / 0.5


if __name__ == "__main__":
    print("rate      arrival before  arrival after")
    for hertz in (1, 10, 20, 30, 40, 50):
        before, after = weights_left(hertz, [10.0, -10.0])
        print(f"{hertz:3} Hz  {before:16.0%}  {after:13.0%}")
