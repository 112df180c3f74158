"""The library's own exp, log and reciprocal: the same bits on every target.

No two C libraries agree on the last bit of ``exp``, and a GPU need not round a division as IEEE does. The algorithms and
their constants are written down in ``docs/model-format.md`` under "Software exp", "Software log" and "Software reciprocal";
this file is that text as Python, for scalars in double (derived constants) and, through the namespace ``np`` handed in by
the caller, for numpy arrays of float32 or float64 (the numpy target). Every operation is rounded on its own: multiply, then
add, never fused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

_f = float.fromhex


@dataclass(frozen=True)
class ExpConstants:
    """The numbers of one precision's exp: clamp, log2(e), ln(2) in two parts, polynomial from its highest power down."""

    low: float
    high: float
    log2_e: float
    ln2_high: float
    ln2_low: float
    coefficients: tuple[float, ...]


def _hex(text: str) -> tuple[float, ...]:
    return tuple(_f(word) for word in text.split())


EXP_FLOAT32 = ExpConstants(
    low=-87.0,
    high=88.0,
    log2_e=_f("0x1.715476p+0"),
    ln2_high=_f("0x1.62e400p-1"),
    ln2_low=_f("0x1.7f7d1cp-20"),
    coefficients=_hex("0x1.6d10fcp-10 0x1.120b62p-7 0x1.55551ap-5 0x1.5554dep-3 0x1p-1 0x1p+0 0x1p+0"),
)
EXP_FLOAT64 = ExpConstants(
    low=-708.0,
    high=709.0,
    log2_e=_f("0x1.71547652b82fep+0"),
    ln2_high=_f("0x1.62e42fee00000p-1"),
    ln2_low=_f("0x1.a39ef35793c76p-33"),
    coefficients=_hex(
        "0x1.1f72fc730bc2ap-29 0x1.af4ddd8488f8bp-26 0x1.27e4db67b42ffp-22 0x1.71de023756566p-19 0x1.a01a01a6d7808p-16 "
        "0x1.a01a01abe62ddp-13 0x1.6c16c16c162d6p-10 0x1.11111111100dfp-7 0x1.5555555555556p-5 0x1.5555555555557p-3 "
        "0x1p-1 0x1p+0 0x1p+0"
    ),
)
# P in log(1 + r) = r - r*r/2 + r*r*r*P(r) for sqrt(1/2) - 1 <= r < sqrt(2) - 1, of least relative error, from its highest
# power down.
LOG_FLOAT32_COEFFICIENTS = _hex(
    "0x1.14579ap-4 -0x1.de3c12p-4 0x1.e6f06ep-4 -0x1.fc2208p-4 0x1.233768p-3 -0x1.555c4ep-3 0x1.99a4b6p-3 -0x1.000006p-2 "
    "0x1.555548p-2"
)
LOG_COEFFICIENTS = tuple(1.0 / j for j in (21, 19, 17, 15, 13, 11, 9, 7, 5, 3))
# A first guess at 1/m for 1 <= m < 2, off by at most 1/99: a Chebyshev polynomial, from its highest power down.
RECIPROCAL_COEFFICIENTS = _hex("0x1.4afd6ap-2 -0x1.745d18p+0 0x1.0f83e0p+1")
_SQRT_2 = _f("0x1.6a09e667f3bcdp+0")
_SMALLEST = _f("0x1p-1022")
_LARGEST = _f("0x1.fffffffffffffp+1023")


def exp(x: float) -> float:
    """The double version for one Python float."""
    k = EXP_FLOAT64
    x = x if x > k.low else k.low
    x = x if x < k.high else k.high
    n = float((x * k.log2_e + 0.5) // 1.0)
    r = (x - n * k.ln2_high) - n * k.ln2_low
    first, *rest = k.coefficients
    p = first
    for c in rest:
        p = p * r + c
    scale: float = struct.unpack("<d", struct.pack("<q", (int(n) + 1023) << 52))[0]
    return p * scale


def log(x: float) -> float:
    """The double version for one Python float."""
    x = x if x > _SMALLEST else _SMALLEST
    x = x if x < _LARGEST else _LARGEST
    (bits,) = struct.unpack("<q", struct.pack("<d", x))
    k = float((bits >> 52) - 1023)
    m: float = struct.unpack("<d", struct.pack("<q", (bits & ((1 << 52) - 1)) | (1023 << 52)))[0]
    if m > _SQRT_2:
        m, k = m * 0.5, k + 1.0
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    first, *rest = LOG_COEFFICIENTS
    p = first
    for c in rest:
        p = p * z + c
    return k * EXP_FLOAT64.ln2_high + (2.0 * s + (2.0 * s * z * p + k * EXP_FLOAT64.ln2_low))


def reciprocal(x: float) -> float:
    """The double version for one Python float."""
    magnitude = abs(x)
    magnitude = magnitude if magnitude > _SMALLEST else _SMALLEST
    magnitude = magnitude if magnitude < 1.0 / _SMALLEST else 1.0 / _SMALLEST
    return -1.0 / magnitude if x <= -_SMALLEST else 1.0 / magnitude


def numpy_exp(np: Any, x: Any) -> Any:
    """``exp`` of a float32 or float64 array, in its own type; ``np`` is the numpy module."""
    x = np.asarray(x)
    single = x.dtype == np.float32
    k, f = (EXP_FLOAT32, np.float32) if single else (EXP_FLOAT64, np.float64)
    integer, bias, shift = (np.int32, 127, 23) if single else (np.int64, 1023, 52)
    x = np.where(x > f(k.low), x, f(k.low))
    x = np.where(x < f(k.high), x, f(k.high))
    n = np.floor(x * f(k.log2_e) + f(0.5))
    r = (x - n * f(k.ln2_high)) - n * f(k.ln2_low)
    first, *rest = k.coefficients
    p = f(first)
    for c in rest:
        p = p * r + f(c)
    scale = ((n.astype(integer) + integer(bias)) << integer(shift)).view(f)
    return p * scale


def numpy_reciprocal(np: Any, x: Any) -> Any:
    """``reciprocal`` of a float32 or float64 array, in its own type; ``np`` is the numpy module."""
    x = np.asarray(x)
    f = np.float32 if x.dtype == np.float32 else np.float64
    smallest = f(_f("0x1p-126") if f is np.float32 else _SMALLEST)
    magnitude = np.abs(x)
    magnitude = np.where(magnitude > smallest, magnitude, smallest)
    magnitude = np.where(magnitude < f(1) / smallest, magnitude, f(1) / smallest)
    if f is np.float32:
        bits = magnitude.view(np.int32)
        m = ((bits & np.int32(0x7FFFFF)) | np.int32(0x3F800000)).view(f)
        scale = (np.int32(0x7F000000) - (bits & np.int32(0x7F800000))).view(f)
        first, *rest = RECIPROCAL_COEFFICIENTS
        y = f(first)
        for c in rest:
            y = y * m + f(c)
        y = y + y * (f(1) - m * y)
        y = y + y * (f(1) - m * y)
        y = y * scale
    else:
        y = f(1) / magnitude
    return np.where(x <= -smallest, -y, y)


def numpy_log(np: Any, x: Any) -> Any:
    """``log`` of a float32 or float64 array, in its own type; ``np`` is the numpy module."""
    x = np.asarray(x)
    if x.dtype == np.float32:
        return _numpy_log_float32(np, x)
    f = np.float64
    x = x.astype(f)
    x = np.where(x > f(_SMALLEST), x, f(_SMALLEST))
    x = np.where(x < f(_LARGEST), x, f(_LARGEST))
    bits = x.view(np.int64)
    k = ((bits >> 52) - 1023).astype(f)
    m = ((bits & ((1 << 52) - 1)) | (1023 << 52)).view(f)
    upper = m > f(_SQRT_2)
    m, k = np.where(upper, m * f(0.5), m), np.where(upper, k + f(1), k)
    s = (m - f(1)) / (m + f(1))
    z = s * s
    first, *rest = LOG_COEFFICIENTS
    p = f(first)
    for c in rest:
        p = p * z + f(c)
    return k * f(EXP_FLOAT64.ln2_high) + (f(2) * s + (f(2) * s * z * p + k * f(EXP_FLOAT64.ln2_low)))


def _numpy_log_float32(np: Any, x: Any) -> Any:
    f = np.float32
    smallest, largest = f(_f("0x1p-126")), f(_f("0x1.fffffep+127"))
    x = np.where(x > smallest, x, smallest)
    x = np.where(x < largest, x, largest)
    bits = x.view(np.int32) + np.int32(0x004AFB0D)
    k = ((bits >> 23) - np.int32(127)).astype(f)
    m = ((bits & np.int32(0x7FFFFF)) + np.int32(0x3F3504F3)).view(f)
    r = m - f(1)
    z = r * r
    first, *rest = LOG_FLOAT32_COEFFICIENTS
    p = f(first)
    for c in rest:
        p = p * r + f(c)
    tail = (z * r * p + k * f(EXP_FLOAT32.ln2_low)) - f(0.5) * z
    return k * f(EXP_FLOAT32.ln2_high) + (r + tail)
