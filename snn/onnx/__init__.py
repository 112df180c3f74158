"""Networks as ONNX graphs, for AMD's NPUs and other ONNX runtimes, and a small runner on top of ONNX Runtime.

Needs the package ``onnx`` to write and ``onnxruntime`` to run (``pip install onnx onnxruntime``, or the extra ``onnx``). Loaded
on first use. If the installed ONNX Runtime is that of AMD's Ryzen AI software, `Runner` uses its VitisAI execution provider.

A graph computes one or several steps, from the network's state before them to the state after them. Values are float32,
integer states int32. Its inputs and outputs, by name:

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

The file's metadata has ``snn.steps``, ``snn.batch_size``, ``snn.dt_ms``, and two JSON objects: ``snn.initial``, the
initial values of the ``before`` inputs by name, a number or a list with one for each neuron; and ``snn.spike_inputs``, by
input population whether it takes spikes.

The file does not need `snn`: any program can run it and feed ``after`` back as ``before``. Int8 weights are converted to
float32 (DequantizeLinear) before the product with activity, which stays float32. The products are written in a form that ONNX
Runtime (1.32) does not fuse with the conversion, because the fused operation (MatMulNBits) would round activity to 8 bits. If
another version fuses them, so that weights rounded in training do not give the spikes of float32, set the session's
configuration entry ``session.qdq_matmulnbits_accuracy_level`` to ``"1"``.

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
