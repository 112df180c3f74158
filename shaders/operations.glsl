// The operations of the model language (docs/model-format.md); native/src/network/evaluate.h defines them in C++.
//
// Every float operation is `precise`: it is rounded separately, never contracted into a fused multiply-add.

float op_add(const float x, const float y) { precise const float r = x + y; return r; }
float op_sub(const float x, const float y) { precise const float r = x - y; return r; }
float op_mul(const float x, const float y) { precise const float r = x * y; return r; }
float op_min(const float x, const float y) { return x < y ? x : y; }  // y if either is not a number
float op_max(const float x, const float y) { return x > y ? x : y; }
float op_neg(const float x) { return uintBitsToFloat(floatBitsToUint(x) ^ 0x80000000u); }
float op_abs(const float x) { return uintBitsToFloat(floatBitsToUint(x) & 0x7FFFFFFFu); }
float op_floor(const float x) { return floor(x); }

float multiply_add(const float x, const float y, const float z) {
    precise const float product = x * y;
    precise const float r = product + z;
    return r;
}

float op_exp(const float argument) {
    const float x = op_min(op_max(argument, -87.0), 88.0);
    const float n = floor(multiply_add(x, uintBitsToFloat(0x3FB8AA3Bu), 0.5));  // log2(e)
    precise const float high = n * uintBitsToFloat(0x3F317200u);               // ln(2) in two parts
    precise const float low = n * uintBitsToFloat(0x35BFBE8Eu);
    precise const float rest = x - high;
    precise const float r = rest - low;
    float p = uintBitsToFloat(0x3AB6887Eu);
    p = multiply_add(p, r, uintBitsToFloat(0x3C0905B1u));
    p = multiply_add(p, r, uintBitsToFloat(0x3D2AAA8Du));
    p = multiply_add(p, r, uintBitsToFloat(0x3E2AAA6Fu));
    p = multiply_add(p, r, 0.5);
    p = multiply_add(p, r, 1.0);
    p = multiply_add(p, r, 1.0);
    precise const float result = p * uintBitsToFloat(uint(int(n) + 127) << 23);
    return result;
}

float op_log(const float argument) {
    const float x = op_min(op_max(argument, uintBitsToFloat(0x00800000u)), uintBitsToFloat(0x7F7FFFFFu));  // 2^-126, the largest
    const uint bits = floatBitsToUint(x) + 0x004AFB0Du;
    const float k = float(int(bits >> 23) - 127);
    precise const float r = uintBitsToFloat((bits & 0x007FFFFFu) + 0x3F3504F3u) - 1.0;
    precise const float z = r * r;
    float p = uintBitsToFloat(0x3D8A2BCDu);
    p = multiply_add(p, r, uintBitsToFloat(0xBDEF1E09u));
    p = multiply_add(p, r, uintBitsToFloat(0x3DF37837u));
    p = multiply_add(p, r, uintBitsToFloat(0xBDFE1104u));
    p = multiply_add(p, r, uintBitsToFloat(0x3E119BB4u));
    p = multiply_add(p, r, uintBitsToFloat(0xBE2AAE27u));
    p = multiply_add(p, r, uintBitsToFloat(0x3E4CD25Bu));
    p = multiply_add(p, r, uintBitsToFloat(0xBE800003u));
    p = multiply_add(p, r, uintBitsToFloat(0x3EAAAAA4u));
    precise const float low = k * uintBitsToFloat(0x35BFBE8Eu);  // ln(2) in two parts
    precise const float high = k * uintBitsToFloat(0x3F317200u);
    precise const float cube = z * r;
    precise const float half_square = 0.5 * z;
    precise const float tail = multiply_add(cube, p, low) - half_square;
    precise const float rest = r + tail;
    precise const float result = high + rest;
    return result;
}

float op_reciprocal(const float x) {
    const float smallest = uintBitsToFloat(0x00800000u), largest = uintBitsToFloat(0x7E800000u);  // 2^-126, 2^126
    const uint bits = floatBitsToUint(op_min(op_max(op_abs(x), smallest), largest));
    const float m = uintBitsToFloat((bits & 0x007FFFFFu) | 0x3F800000u);
    float y = uintBitsToFloat(0x3EA57EB5u);
    y = multiply_add(y, m, uintBitsToFloat(0xBFBA2E8Cu));
    y = multiply_add(y, m, uintBitsToFloat(0x4007C1F0u));
    for (int i = 0; i < 2; ++i) {
        precise const float product = m * y;
        precise const float error = 1.0 - product;
        y = multiply_add(y, error, y);
    }
    precise const float result = y * uintBitsToFloat(0x7F000000u - (bits & 0x7F800000u));
    return x <= -smallest ? op_neg(result) : result;
}

// Stored state is never denormal: tiny values become +0.
uint flushed(const float value) {
    const float tiny = 1.0842021724855044e-19;  // 2^-63
    return value < tiny && value > -tiny ? 0u : floatBitsToUint(value);
}

int op_iadd(const int x, const int y) { return x + y; }
int op_isub(const int x, const int y) { return x - y; }
int op_imul(const int x, const int y) { return x * y; }
int op_imin(const int x, const int y) { return x < y ? x : y; }
int op_imax(const int x, const int y) { return x > y ? x : y; }
bool op_lt(const float x, const float y) { return x < y; }
bool op_le(const float x, const float y) { return x <= y; }
bool op_eq(const float x, const float y) { return x == y; }
bool op_ilt(const int x, const int y) { return x < y; }
bool op_ile(const int x, const int y) { return x <= y; }
bool op_ieq(const int x, const int y) { return x == y; }
bool op_and(const bool x, const bool y) { return x && y; }
bool op_or(const bool x, const bool y) { return x || y; }
bool op_not(const bool x) { return !x; }
float op_select_float(const bool c, const float x, const float y) { return c ? x : y; }
int op_select_int(const bool c, const int x, const int y) { return c ? x : y; }
bool op_select_bool(const bool c, const bool x, const bool y) { return c ? x : y; }
float op_to_float(const int x) { return float(x); }

// The nearest integer, ties to even, clamped to the range of int; 0 for NaN.
int op_to_int(const float x) {
    if (!(x > -2147483648.0)) return x <= -2147483648.0 ? int(0x80000000u) : 0;
    if (x >= 2147483648.0) return 0x7FFFFFFF;
    const float below = floor(x);
    precise const float part = x - below;
    const int whole = int(below);
    return part > 0.5 || (part == 0.5 && (whole & 1) != 0) ? whole + 1 : whole;
}

float op_spike(const float x, const int greater_equal) {
    return (greater_equal != 0 ? x >= 0.0 : x > 0.0) ? 1.0 : 0.0;
}

// Only for adjoints and derivatives of surrogates. Vulkan allows other rounding of these two, and gradients may differ by it.
float op_div(const float x, const float y) { return x / y; }
float op_sqrt(const float x) { return sqrt(x); }
