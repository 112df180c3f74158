// Every operation on lanes, on every instruction set of this machine, against plain C++ on values where things go wrong.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "common/error.h"
#include "common/math.h"
#include "cpu/instruction_set.h"
#include "cpu/kernel_table.h"
#include "cpu_runs.h"
#include "network/op.h"
#include "small_networks.h"

namespace snn::test {

namespace {

using namespace snn::cpu;

uint32_t bits(float x) { return std::bit_cast<uint32_t>(x); }
uint32_t bits(int32_t x) { return std::bit_cast<uint32_t>(x); }
float as_float(uint32_t x) { return std::bit_cast<float>(x); }
int32_t as_int(uint32_t x) { return std::bit_cast<int32_t>(x); }

constexpr uint32_t lanes = 1024;

std::vector<uint32_t> float_words(uint32_t shift) {
    constexpr float inf = std::numeric_limits<float>::infinity();
    const float special[] = {0.0f, -0.0f, 1.0f, -1.0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 0x1p-149f, -0x1p-149f,
                             0x1p-126f, 0x1.fffffcp-127f, 0x1p-63f, -0x1p-63f, 0x1.fffffep-64f, 0x1p-64f, inf, -inf,
                             std::numeric_limits<float>::quiet_NaN(), 8388607.5f, -8388607.5f, 8388608.0f, 16777217.0f,
                             2147483520.0f, 2147483648.0f, -2147483648.0f, -2147483904.0f, 3.4028235e38f, -3.4028235e38f,
                             -87.0f, -87.5f, 88.0f, 88.5f, -1000.0f, 1e-20f, 0.49999997f, 4194303.5f, 4194304.5f};
    Numbers numbers(shift + 1);
    std::vector<uint32_t> words;
    for (uint32_t i = 0; i < lanes; ++i) {
        const size_t count = std::size(special);
        if (i < 800) words.push_back(bits(special[(i / (shift == 0 ? 1 : count) + i * (shift == 0 ? 1 : 0)) % count]));
        else words.push_back(bits(numbers.uniform_f(-100, 100)));
    }
    return words;
}

std::vector<uint32_t> int_words(uint32_t shift) {
    const int32_t special[] = {0, 1, -1, 2, 3, INT32_MAX, INT32_MIN, INT32_MIN + 1, 16777217, -16777219, 46341, -65536};
    std::vector<uint32_t> words;
    for (uint32_t i = 0; i < lanes; ++i)
        words.push_back(bits(special[(shift == 0 ? i : i / std::size(special)) % std::size(special)]));
    return words;
}

std::vector<uint32_t> mask_words(uint32_t shift) {
    std::vector<uint32_t> words;
    for (uint32_t i = 0; i < lanes; ++i) words.push_back((i >> shift) & 1 ? 0xFFFFFFFFu : 0u);
    return words;
}

// One instruction over 1024 lanes; the result as raw words.
std::vector<uint32_t> run_one(const KernelTable& kernels, Op op, const std::vector<uint32_t>& a,
                              const std::vector<uint32_t>& b, const std::vector<uint32_t>& c, bool flushed = false) {
    const BlockInstruction instruction{static_cast<uint16_t>(op), 0, place_input | 0, place_input | 1, place_input | 2};
    const uint8_t is_int = !flushed;
    const uint32_t result = place_scratch | 0, input = place_input | 0;
    alignas(64) static uint32_t scratch[16 + 16 + interpreter_block];
    const BlockProgram program{
        .instructions = &instruction,
        .instruction_count = flushed ? 0u : 1u,
        .literals = nullptr,
        .input_count = 4,
        .table_words = 16,
        .constant_count = 0,
        .receptor_count = 3,
        .state_count = 1,
        .tape_count = 0,
        .state_is_int = &is_int,
        .state_results = flushed ? &input : &result,
        .receptor_results = nullptr,
        .tape_results = nullptr,
        .constant_results = nullptr,
        .constant_result_count = 0,
        .spike_result = 0,
        .spikes = false,
    };
    std::vector<uint32_t> out(lanes);
    const float* const receptors[] = {reinterpret_cast<const float*>(a.data()), reinterpret_cast<const float*>(b.data()),
                                      reinterpret_cast<const float*>(c.data())};
    void* const states[] = {out.data()};
    const NeuronStepArgs args{nullptr, nullptr, receptors, states, nullptr, nullptr};
    kernels.interpret_step(program, args, scratch, 0, lanes);
    return out;
}

bool same(uint32_t a, uint32_t b, bool is_float) {
    if (is_float && std::isnan(as_float(a)) && std::isnan(as_float(b))) return true;  // payloads are not defined
    return a == b;
}

}  // namespace

TEST_CASE("lanes: every operation gives the bits of plain C++ on every instruction set") {
    const auto fa = float_words(0), fb = float_words(1), ia = int_words(0), ib = int_words(1);
    const auto ma = mask_words(0), mb = mask_words(1), mc = mask_words(2);
    struct Case {
        Op op;
        const std::vector<uint32_t>&a, &b, &c;
        bool gives_float;
        uint32_t (*expected)(uint32_t, uint32_t, uint32_t);
    };
#define FLOAT_OP(expression) [](uint32_t u, [[maybe_unused]] uint32_t v, uint32_t) { \
        const float a = as_float(u); [[maybe_unused]] const float b = as_float(v); return bits(expression); }
#define INT_OP(expression) [](uint32_t a, uint32_t b, uint32_t) { return static_cast<uint32_t>(expression); }
#define COMPARE(type, expression) [](uint32_t u, uint32_t v, uint32_t) { \
        const auto a = type(u); const auto b = type(v); return (expression) ? 0xFFFFFFFFu : 0u; }
    const Case cases[] = {
        {Op::add, fa, fb, fa, true, FLOAT_OP(a + b)},
        {Op::sub, fa, fb, fa, true, FLOAT_OP(a - b)},
        {Op::mul, fa, fb, fa, true, FLOAT_OP(a * b)},
        {Op::div, fa, fb, fa, true, FLOAT_OP(a / b)},
        {Op::min, fa, fb, fa, true, FLOAT_OP(a < b ? a : b)},
        {Op::max, fa, fb, fa, true, FLOAT_OP(a > b ? a : b)},
        {Op::neg, fa, fa, fa, false, [](uint32_t u, uint32_t, uint32_t) { return u ^ 0x80000000u; }},
        {Op::abs, fa, fa, fa, false, [](uint32_t u, uint32_t, uint32_t) { return u & 0x7fffffffu; }},
        {Op::floor, fa, fa, fa, true, FLOAT_OP(std::floor(a))},
        {Op::exp, fa, fa, fa, true, FLOAT_OP(exp_f32(a))},
        {Op::log, fa, fa, fa, true, FLOAT_OP(log_f32(a))},
        {Op::reciprocal, fa, fa, fa, true, FLOAT_OP(reciprocal_f32(a))},
        {Op::sqrt, fa, fa, fa, true, FLOAT_OP(std::sqrt(a))},
        {Op::iadd, ia, ib, ia, false, INT_OP(a + b)},
        {Op::isub, ia, ib, ia, false, INT_OP(a - b)},
        {Op::imul, ia, ib, ia, false, INT_OP(a * b)},
        {Op::imin, ia, ib, ia, false, INT_OP(as_int(a) < as_int(b) ? a : b)},
        {Op::imax, ia, ib, ia, false, INT_OP(as_int(a) > as_int(b) ? a : b)},
        {Op::lt, fa, fb, fa, false, COMPARE(as_float, a < b)},
        {Op::le, fa, fb, fa, false, COMPARE(as_float, a <= b)},
        {Op::eq, fa, fb, fa, false, COMPARE(as_float, a == b)},
        {Op::ilt, ia, ib, ia, false, COMPARE(as_int, a < b)},
        {Op::ile, ia, ib, ia, false, COMPARE(as_int, a <= b)},
        {Op::ieq, ia, ib, ia, false, COMPARE(as_int, a == b)},
        {Op::and_, ma, mb, ma, false, INT_OP(a & b)},
        {Op::or_, ma, mb, ma, false, INT_OP(a | b)},
        {Op::not_, ma, mb, ma, false, [](uint32_t a, uint32_t, uint32_t) { return ~a; }},
        {Op::select, mc, fa, fb, false, [](uint32_t c, uint32_t a, uint32_t b) { return c ? a : b; }},
        {Op::select, mc, ma, mb, false, [](uint32_t c, uint32_t a, uint32_t b) { return c ? a : b; }},
        {Op::to_float, ia, ia, ia, false, [](uint32_t a, uint32_t, uint32_t) { return bits(static_cast<float>(as_int(a))); }},
        {Op::to_int, fa, fa, fa, false, [](uint32_t a, uint32_t, uint32_t) { return bits(to_int_nearest_even(as_float(a))); }},
        {Op::spike, fa, ib, fa, false, [](uint32_t a, uint32_t ge, uint32_t) {
             const float x = as_float(a);
             return bits(x > 0 || (ge == 1 && x == 0) ? 1.0f : 0.0f);
         }},
    };
    for (const uint32_t set : machine_instruction_sets())
        for (const Case& test_case : cases) {
            const auto seen = run_one(kernels_for(set), test_case.op, test_case.a, test_case.b, test_case.c);
            for (uint32_t i = 0; i < lanes; ++i) {
                const uint32_t expected = test_case.expected(test_case.a[i], test_case.b[i], test_case.c[i]);
                INFO("set ", set, ", op ", static_cast<int>(test_case.op), ", operands ", as_float(test_case.a[i]), " ",
                     as_float(test_case.b[i]), " = ", test_case.a[i], " ", test_case.b[i], ": ", seen[i], " for ", expected);
                REQUIRE(same(seen[i], expected, test_case.gives_float));
            }
        }
}

TEST_CASE("lanes: stored state is flushed") {
    const auto values = float_words(0);
    for (const uint32_t set : machine_instruction_sets()) {
        const auto seen = run_one(kernels_for(set), Op::add, values, values, values, true);
        for (uint32_t i = 0; i < lanes; ++i) {
            INFO("set ", set, ": ", as_float(values[i]), " gives ", as_float(seen[i]));
            REQUIRE(same(seen[i], bits(flush(as_float(values[i]))), true));
        }
    }
}

TEST_CASE("lanes: an instruction set that is not there is refused with a sentence") {
    CHECK_THROWS_WITH_AS(kernels_for(17), "instruction_set is 17; expected SNN_ISA_*", Error);
    const std::vector<uint32_t> there = machine_instruction_sets();
    for (const uint32_t set : {SNN_ISA_AVX2, SNN_ISA_AVX512, SNN_ISA_NEON}) {
        CAPTURE(set);
        if (std::find(there.begin(), there.end(), set) != there.end()) CHECK_NOTHROW(kernels_for(set));
        else CHECK_THROWS_WITH_AS(kernels_for(set), doctest::Contains("; it has: scalar"), Error);
    }
}

}  // namespace snn::test
