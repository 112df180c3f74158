# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=False
"""Thin binding of libsnn: every function of ``snn.h``, with handles as objects and status codes as exceptions.

The package `snn` is what users import; it checks and converts arguments, this module does not. Arrays must be
C-contiguous and of the dtype that the C interface names; they are used in place, never copied. A long call runs without
the interpreter lock. Exceptions raised inside a callback are kept and raised when the C call returns.

The parts: `binding/support.pxi` (status, buffers, views), `network.pxi` (models, networks, files), `arrays.pxi`
(inputs and records), `session.pxi` (sessions, callbacks), `vulkan.pxi`, `trainer.pxi`, `numbers.pxi` (devices, encoders,
random numbers, the timing loop).
"""
include "binding/support.pxi"
include "binding/network.pxi"
include "binding/vulkan.pxi"
include "binding/arrays.pxi"
include "binding/session.pxi"
include "binding/trainer.pxi"
include "binding/numbers.pxi"
