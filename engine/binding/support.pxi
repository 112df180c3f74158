# Status codes as exceptions, buffers of the caller as pointers, memory of libsnn as arrays.
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset
from cpython.bytearray cimport PyByteArray_FromStringAndSize
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_WRITABLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer)
from cpython.exc cimport PyErr_CheckSignals
from cpython.number cimport PyNumber_AsSsize_t

from snn_h cimport *

import logging
import operator
import weakref

import numpy

from snn.engine.errors import (
    ArgumentTypeError, FileError, InternalError, InvalidArgumentError, InvalidHandleError, OutOfMemoryError,
    error_for_status, shown)
from snn.engine.openvino import announce_openvino
from snn.engine.records import (
    Counters, DeviceInfo, DeviceSpeed, EpochResult, NetworkInfo, PlacementInfo, PopulationInfo, ProjectionArrays,
    ProjectionInfo, SpikeEvent, TrainResult, WeightUpdate)

if snn_abi_version() != SNN_ABI_VERSION:
    raise ImportError(
        f"libsnn has ABI version {snn_abi_version()}, this binding was built for {SNN_ABI_VERSION}: "
        "another libsnn was loaded in place of the one that belongs to this package")


cdef int check(SNNStatus status) except -1:
    """Raise the error that `status` stands for, with the sentence of this thread."""
    if status == SNN_OK:
        return 0
    raise error_for_status(status, snn_last_error().decode("utf-8", "replace"))


# Where a session may wait for a device, Python's lock is let go meanwhile: what the device waits for may come from another thread. Not
# elsewhere, where a call takes less than waiting for the lock.
cdef extern from "Python.h":
    ctypedef struct PyThreadState:
        pass
    PyThreadState *PyEval_SaveThread() noexcept nogil
    void PyEval_RestoreThread(PyThreadState *state) noexcept nogil


cdef inline PyThreadState *let_go(bint waits) noexcept nogil:
    return PyEval_SaveThread() if waits else NULL


cdef inline void take_back(PyThreadState *released) noexcept nogil:
    if released != NULL:
        PyEval_RestoreThread(released)


cdef bytes text(object value, str what):
    """UTF-8 of a name or path; a null character would end it early, so it is refused."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{what} is {shown(value)}, not a string")
    try:
        encoded = (<str>value).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise InvalidArgumentError(f"{what} is {shown(value)}: it contains half of a surrogate pair") from None
    if b"\0" in encoded:
        raise InvalidArgumentError(f"{what} is {shown(value)}: it contains a null character")
    return encoded


cdef bytes device_text(object device):
    """A device string for libsnn, which then knows where OpenVINO is, if any of its devices may be meant."""
    cdef bytes words = text(device, "the device")
    if any(name in words for name in (b"npu", b"openvino", b"auto")):
        announce_openvino()
    return words


cdef str decoded(const char *value):
    return None if value == NULL else value.decode("utf-8", "replace")


cdef object as_integer(object value, str what):
    try:
        return operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"{what} is {shown(value)}, not an integer") from None


cdef uint32_t as_u32(object value, str what) except? 0xFFFFFFFF:
    """An integer of 32 bits without a sign, or an error that names it."""
    number = as_integer(value, what)
    if not 0 <= number <= 0xFFFFFFFF:
        raise InvalidArgumentError(f"{what} is {shown(number)}; it must be 0 to {0xFFFFFFFF}")
    return <uint32_t>number


cdef uint64_t as_u64(object value, str what) except? 0xFFFFFFFFFFFFFFFF:
    number = as_integer(value, what)
    if not 0 <= number <= 0xFFFFFFFFFFFFFFFF:
        raise InvalidArgumentError(f"{what} is {shown(number)}; it must be 0 to {0xFFFFFFFFFFFFFFFF}")
    return <uint64_t>number


# What an element may be, by its width and what kind of number it is.
cdef enum Element:
    FLOAT32, FLOAT64, INT32, UINT8, UINT16, UINT32, UINT64


cdef dict ELEMENT_NAMES = {
    FLOAT32: "float32", FLOAT64: "float64", INT32: "int32", UINT8: "uint8", UINT16: "uint16", UINT32: "uint32",
    UINT64: "uint64"}


cdef int element_of(const char *format, Py_ssize_t itemsize):
    """The element of a buffer's format, -1 for any other."""
    cdef char code = format[0] if format != NULL else b"B"
    if code == b"<" or code == b"=" or code == b"@":
        code = format[1]
    if code == b"f":
        return FLOAT32
    if code == b"d":
        return FLOAT64
    if code in (b"i", b"l", b"q"):
        return INT32 if itemsize == 4 else -1
    if code == b"B" or code == b"?":
        return UINT8
    if code in (b"H", b"I", b"L", b"Q"):
        return UINT16 if itemsize == 2 else UINT32 if itemsize == 4 else UINT64 if itemsize == 8 else -1
    return -1


cdef class Buffer:
    """The memory of an array, held for as long as this object lives."""

    cdef Py_buffer view
    cdef bint held
    cdef int element
    cdef size_t count

    def __cinit__(self):
        self.held = False

    cdef int open(self, object array, str what, bint writable) except -1:
        cdef int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (PyBUF_WRITABLE if writable else 0)
        try:
            PyObject_GetBuffer(array, &self.view, flags)
        except TypeError:
            raise ArgumentTypeError(f"{what} is a {type(array).__name__}, not an array") from None
        except (BufferError, ValueError) as error:
            raise InvalidArgumentError(f"{what} cannot be used in place: {error}") from None
        self.held = True
        self.element = element_of(self.view.format, self.view.itemsize)
        self.count = self.view.len // self.view.itemsize if self.view.itemsize > 0 else 0
        return 0

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.view)


cdef Buffer open_buffer(object array, int element, str what, bint writable=False):
    """The memory of `array`, which must hold `element`; the caller keeps the Buffer alive while the pointer is used."""
    cdef Buffer buffer = Buffer()
    buffer.open(array, what, writable)
    if buffer.element != element:
        raise ArgumentTypeError(
            f"{what} has dtype {getattr(array, 'dtype', None) or (<bytes>buffer.view.format).decode()}, "
            f"not {ELEMENT_NAMES[element]}")
    return buffer


cdef uint32_t value_dtype(Buffer buffer, str what) except? 99:
    """The SNN_* dtype that libsnn converts to or from."""
    if buffer.element == FLOAT32:
        return SNN_FLOAT32
    if buffer.element == FLOAT64:
        return SNN_FLOAT64
    if buffer.element == INT32:
        return SNN_INT32
    if buffer.element == UINT8:
        return SNN_UINT8
    raise ArgumentTypeError(f"{what} has a dtype that is none of float32, float64, int32, uint8, bool")


cdef class View:
    """Memory of libsnn as a read-only buffer; `owner` keeps it alive."""

    cdef object owner
    cdef const void *data
    cdef Py_ssize_t byte_count

    def __getbuffer__(self, Py_buffer *view, int flags):
        if flags & PyBUF_WRITABLE:
            raise BufferError("the memory belongs to a finished network and is read-only")
        view.buf = <void *>self.data
        view.obj = self
        view.len = self.byte_count
        view.readonly = 1
        view.itemsize = 1
        view.format = NULL
        view.ndim = 1
        view.shape = &self.byte_count
        view.strides = NULL
        view.suboffsets = NULL
        view.internal = NULL


cdef object view_of(object owner, const void *data, uint64_t count, object dtype, bint copied):
    """A read-only array over `count` elements of libsnn's memory, or a copy; None if there is none."""
    if data == NULL:
        return None
    if count == 0:
        return numpy.empty(0, dtype)
    cdef View view = View()
    view.owner = owner
    view.data = data
    view.byte_count = <Py_ssize_t>(count * <uint64_t>dtype.itemsize)
    array = numpy.frombuffer(view, dtype)
    return array.copy() if copied else array


cdef object DTYPE_FLOAT32 = numpy.dtype(numpy.float32)
cdef object DTYPE_UINT64 = numpy.dtype(numpy.uint64)
cdef object DTYPE_UINT32 = numpy.dtype(numpy.uint32)
cdef object DTYPE_UINT16 = numpy.dtype(numpy.uint16)

cdef extern from "Python.h":
    void PyErr_SetInterrupt() noexcept


cdef object LOGGER = logging.getLogger("snn")


cdef void on_log(int32_t level, const char *message, void *user) noexcept with gil:
    """Messages of libsnn go to the logger "snn"."""
    try:
        LOGGER.log(logging.WARNING if level == SNN_LOG_WARNING else logging.INFO, "%s", decoded(message))
    except KeyboardInterrupt:  # Python looks for Ctrl-C before it runs the handler: it waits for the end of the call.
        PyErr_SetInterrupt()
    except BaseException:  # A handler of the user failed; a log line is no reason to end a simulation.
        pass
