"""Networks as ONNX graphs, for AMD's NPUs and other runtimes of ONNX; and a small runner on top of ONNX Runtime.

Needs the package ``onnx`` to write and ``onnxruntime`` to run (``pip install onnx onnxruntime``, or the extra ``onnx``); loaded
when it is first used.
Where ONNX Runtime of AMD's Ryzen AI software is installed, which has the VitisAI execution provider, `Runner` uses that.

A graph computes one step or several, from the network's state to the state after them. Values are float32, states of whole
numbers int32. Its inputs and outputs, by name:

========================= ========================= ====================================================================
name                      shape                     what
========================= ========================= ====================================================================
``input``                 (steps, batch, neurons)   input, activity of an input population of that name; spikes are 0 or 1
``hidden.v.before``       (batch, neurons)          input, a state of a population before the first step
``hidden.v.after``        (batch, neurons)          output, the same after the last step: the next call's ``before``
``hidden.history.before`` (delay, batch, neurons)   input, activity that delays look back to, the oldest step first
``hidden.history.after``  (delay, batch, neurons)   output, the next call's ``before``
``hidden.spikes``         (steps, batch, neurons)   output, 0 or 1; what is recorded, see `export`
``output.v``              (steps, batch, neurons)   output, a state after each step
========================= ========================= ====================================================================

The file's metadata has ``snn.steps``, ``snn.batch_size``, ``snn.dt_ms``, and two JSON objects: ``snn.initial``, by name the
values of the ``before`` inputs at the start, a number or a list with one for each neuron; and ``snn.spike_inputs``, by input
population whether it is one of spikes.

The file needs nothing of `snn`: whoever runs it feeds ``after`` back as ``before``. Weights in int8 are converted to floats
(DequantizeLinear) before they are multiplied with activity, which stays float32: the products are written as ONNX Runtime
(1.32) does not fuse them with their weights, which would round activity to 8 bits (MatMulNBits). Should another version do
that, so that weights which training has rounded do not give the spikes of float32, its session's configuration entry
``session.qdq_matmulnbits_accuracy_level`` of ``"1"`` asks for float32.

Examples
--------
>>> import snn, snn.onnx
>>> net = snn.load("digits.snn")
>>> snn.onnx.export(net, "digits.onnx", steps=25)
>>> runner = snn.onnx.Runner("digits.onnx")
>>> runner.run({"input": digits.test_x[0]})["output.spikes"].sum(axis=0)
"""

from snn._optional import missing

try:
    import onnx as _onnx  # noqa: F401
except ModuleNotFoundError as error:
    raise missing(error, "onnx", "snn.onnx", "onnx", "onnx onnxruntime") from None

from snn.onnx._export import export
from snn.onnx._runner import Runner

__all__ = ["Runner", "export"]


def __dir__() -> list[str]:
    return __all__
