"""Networks as ONNX graphs, for AMD's NPUs and whatever else runs ONNX; and a small runner over ONNX Runtime.

Needs the package ``onnx`` to write and ``onnxruntime`` to run (the extra ``onnx``), and is not imported with `snn`.
Where ONNX Runtime of AMD's Ryzen AI software is installed, which has the VitisAI execution provider, `Runner` takes that.

A graph computes one step or several, from the network's state to the state after them. Values are float32, states of whole
numbers int32. Its inputs and outputs, by name:

======================== ========================= ====================================================================
name                     shape                     what
======================== ========================= ====================================================================
``input``                (steps, batch, neurons)   input, activity of an input population of that name; spikes are 0 or 1
``hidden.v.before``      (batch, neurons)          input, a state of a population before the first step
``hidden.v.after``       (batch, neurons)          output, the same after the last step: the next call's ``before``
``hidden.history.before`` (delay, batch, neurons)  input, activity that delays look back to, the oldest step first
``hidden.history.after`` (delay, batch, neurons)   output, the next call's ``before``
``hidden.spikes``        (steps, batch, neurons)   output, 0 or 1; what is recorded, see `export`
``output.v``             (steps, batch, neurons)   output, a state after each step
======================== ========================= ====================================================================

The file's metadata has ``snn.steps``, ``snn.batch_size``, ``snn.dt_ms``, and two JSON objects: ``snn.initial``, by name the
values of the ``before`` inputs at the start, a number or a list with one for each neuron; and ``snn.spike_inputs``, by input
population whether it is one of spikes.

Examples
--------
>>> import snn, snn.onnx
>>> net = snn.load("digits.snn")
>>> snn.onnx.export(net, "digits.onnx", steps=25)
>>> runner = snn.onnx.Runner("digits.onnx")
>>> runner.run({"input": digits.test_x[0]})["output.spikes"].sum(axis=0)
"""

from snn.onnx._export import export
from snn.onnx._runner import Runner

__all__ = ["Runner", "export"]
