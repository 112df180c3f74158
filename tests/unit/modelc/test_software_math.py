"""The library's own exp, log and reciprocal against exact values, and the same bits for scalars and arrays."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snn.engine.modelc import evaluate, numpy_support, software_math


def test_float32_exp_is_within_1_23_units_in_the_last_place():
    x = np.linspace(-87, 88, 1_000_001).astype(np.float32)
    exact = np.exp(x.astype(np.float64))  # far more accurate than needed here
    error = np.abs(numpy_support.exp(x) - exact) / np.spacing(exact.astype(np.float32)).astype(np.float64)
    assert error.max() < 1.23


def error_in_units(value: float, exact: Decimal) -> float:
    return abs(float((Decimal(value) - exact) / Decimal(math.ulp(value))))


def test_double_exp_and_log_are_within_their_stated_errors():
    rng = np.random.default_rng(0)
    with localcontext() as context:
        context.prec = 40
        for x in rng.uniform(-708, 709, 2000):
            assert error_in_units(software_math.exp(x), Decimal(float(x)).exp()) < 1.0
        for x in [*np.exp(rng.uniform(-700, 700, 1000)), *rng.uniform(0.5, 2, 1000)]:
            assert error_in_units(software_math.log(x), Decimal(float(x)).ln()) < 1.9


def test_float32_log_is_within_0_85_units_in_the_last_place():
    """Every mantissa there is, where the error is largest; one in a thousand for all other exponents."""
    mantissas = np.arange(2**23, dtype=np.int32)
    for exponent in range(-126, 128):
        some = mantissas if exponent in (-1, 0, 1) else mantissas[::997]
        x = (some | np.int32((exponent + 127) << 23)).view(np.float32)
        y = numpy_support.log(x)
        assert y.dtype == np.float32
        exact = np.log(x.astype(np.float64))
        error = np.abs(y - exact) / np.spacing(np.maximum(np.abs(exact), 2.0**-126).astype(np.float32)).astype(
            np.float64
        )
        assert error.max() < 0.85
        assert (np.diff(y) >= 0).all(), "larger numbers have no smaller log"


def test_edges():
    single = numpy_support.exp(np.array([0, np.nan, np.inf, -np.inf, 1e9, -1e9], np.float32))
    assert single[0] == 1
    assert np.isfinite(single).all()
    assert (single > np.finfo(np.float32).tiny).all()
    assert single[1] == single[3] == single[5] == numpy_support.exp(np.float32(-87))
    double = numpy_support.exp(np.array([0, np.nan, np.inf, -np.inf]))
    assert double[0] == 1
    assert np.isfinite(double).all()
    assert (double > np.finfo(np.float64).tiny).all()
    assert software_math.log(1.0) == 0
    for bad in (0.0, -1.0, math.nan, math.inf):
        assert math.isfinite(software_math.log(bad))
    single = numpy_support.log(
        np.array([1, 2.0**-126, 0, -0.0, -1, 2.0**-149, np.nan, -np.inf, np.inf, 3.4e38], np.float32)
    )
    assert single[0] == 0
    assert not np.signbit(single[0])
    assert (single[1:8] == np.float32(-126 * math.log(2))).all()
    assert (np.abs(single[8:] - 128 * math.log(2)) < 1e-3).all()


def test_float32_reciprocal_is_within_1_16_units_in_the_last_place():
    """Every mantissa there is: exponents only scale by powers of two."""
    m = (np.arange(2**23, dtype=np.int32) | np.int32(0x3F800000)).view(np.float32)
    y = numpy_support.reciprocal(m)
    error = np.abs(y.astype(np.float64) - 1 / m.astype(np.float64)) * 2.0**24  # of results from 1/2 to 1
    assert 0.5 < error.max() < 1.16
    assert (np.diff(y) <= 0).all(), "larger numbers have no larger reciprocal"
    some = m[::997]
    for exponent in range(-126, 126):
        scaled = np.ldexp(some, exponent)
        expected = np.ldexp(numpy_support.reciprocal(some), -exponent)
        np.testing.assert_array_equal(numpy_support.reciprocal(scaled), expected)
        np.testing.assert_array_equal(numpy_support.reciprocal(-scaled), -expected)


def test_reciprocals_of_powers_of_two_are_exact():
    x = np.ldexp(np.float32(1), np.arange(-126, 127)).astype(np.float32)
    np.testing.assert_array_equal(numpy_support.reciprocal(x) * x, 1)
    np.testing.assert_array_equal(numpy_support.reciprocal(-x) * x, -1)


def test_the_edges_of_reciprocal():
    tiny, inf, nan = 2.0**-126, math.inf, math.nan
    x = [0.0, -0.0, 2.0**-149, -(2.0**-127), tiny, -tiny, nan, -nan, inf, -inf, 3.4e38, -(2.0**127), 2.0**126]
    large, small = 2.0**126, 2.0**-126
    expected = [large, large, large, large, large, -large, large, large, small, -small, small, -small, small]
    single = numpy_support.reciprocal(np.array(x, np.float32))
    assert single.dtype == np.float32
    assert single.tolist() == expected
    x = [0.0, -0.0, 5e-324, -(2.0**-1023), 2.0**-1022, -(2.0**-1022), nan, inf, -inf, 1.7e308, -(2.0**1023)]
    large, small = 2.0**1022, 2.0**-1022
    expected = [large, large, large, large, large, -large, large, small, -small, small, -small]
    assert numpy_support.reciprocal(np.array(x)).tolist() == expected
    assert [software_math.reciprocal(value) for value in x] == expected


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_scalars_and_arrays_agree(x):
    assert software_math.exp(x) == numpy_support.exp(np.array([x]))[0]
    assert software_math.log(x) == numpy_support.log(np.array([x]))[0]
    assert software_math.reciprocal(x) == numpy_support.reciprocal(np.array([x]))[0]


def test_known_bits():
    """So that another implementation can be checked without this one."""
    x = np.array([-10.0, -1.0, -0.05, 0.5, 1.0, 80.0], np.float32)
    bits = [0x383E6BCE, 0x3EBC5AB2, 0x3F7383C6, 0x3FD3094C, 0x402DF854, 0x792ABBCE]
    assert [hex(b) for b in numpy_support.exp(x).view(np.uint32)] == [hex(b) for b in bits]
    x = np.array([1e-30, 0.05, 0.7, 1.5, 2.0, 1e30], np.float32)
    bits = [0xC28A27B5, 0xC03FBA14, 0xBEB69E1A, 0x3ECF991F, 0x3F317218, 0x428A27B5]
    assert [hex(b) for b in numpy_support.log(x).view(np.uint32)] == [hex(b) for b in bits]


def test_to_int_rounds_to_even_and_stays_in_range_as_in_libsnn():
    """native/src/common/math.h says the same for libsnn; tests/unit/native/test_numbers.cpp checks it there."""
    x = [0.5, 1.5, 2.5, -0.5, -1.5, 2147483520.0, 3e9, -3e9, math.inf, -math.inf, math.nan]
    expected = [0, 2, 2, 0, -2, 2147483520, 2**31 - 1, -(2**31), 2**31 - 1, -(2**31), 0]
    for dtype in (np.float32, np.float64):
        assert numpy_support.to_int(np.array(x, dtype)).tolist() == expected
        assert [int(numpy_support.to_int(dtype(value))) for value in x] == expected
    assert [evaluate.OPERATIONS["to_int"](value) for value in x] == expected
