// What a Vulkan device is asked for and asked when it is opened: how its answers are judged, what is put into a shader.
#include <doctest/doctest.h>

#if defined(SNN_VULKAN)

#include <bit>
#include <cmath>

#include "vulkan/float_controls.h"
#include "vulkan/probe.h"
#include "vulkan/shader_arguments.h"

using namespace snn::vulkan;

namespace {

float real(uint32_t word) { return std::bit_cast<float>(word); }

// Answers with the one to question `question` of each triple made by `function`.
template <class Function>
Verdict judged(uint32_t question, const Function& function) {
    const std::vector<Triple> triples = probe_triples();
    std::vector<uint32_t> answers = probe_answers(triples);
    for (size_t i = 0; i < triples.size(); ++i) {
        uint32_t& answer = answers[i * shader::PROBE_ANSWERS + question];
        answer = function(triples[i], answer);
    }
    return judge(triples, answers);
}

float flushed_denormal(float x) { return std::fabs(x) < 0x1p-126f ? 0.0f : x; }

}  // namespace

TEST_CASE("right answers are right, whatever a NaN is made of") {
    const Verdict verdict = judged(0, [](const Triple&, uint32_t wanted) { return std::isnan(real(wanted)) ? 0xFFC12345u : wanted; });
    CHECK(verdict.first_wrong == "");
    CHECK(!verdict.flushes_denormals);
}

TEST_CASE("a device that contracts is found out") {
    const Verdict verdict = judged(3, [](const Triple& triple, uint32_t) {
        return std::bit_cast<uint32_t>(std::fma(real(triple[0]), real(triple[1]), real(triple[2])));
    });
    CHECK(verdict.first_wrong.find("x * y + z, each rounded for x = 0x") == 0);
}

TEST_CASE("a device that rounds towards zero is found out") {
    const Verdict verdict = judged(0, [](const Triple& triple, uint32_t wanted) {
        const double sum = static_cast<double>(real(triple[0])) + static_cast<double>(real(triple[1]));
        return std::fabs(static_cast<double>(real(wanted))) > std::fabs(sum) && std::isfinite(real(wanted)) ? wanted - 1 : wanted;
    });
    CHECK(verdict.first_wrong.find("x + y for x = 0x") == 0);
}

TEST_CASE("a device that takes NaN and signs of zeros for nothing is found out") {
    const Verdict verdict = judged(4, [](const Triple& triple, uint32_t) {
        return std::bit_cast<uint32_t>(std::fmin(real(triple[0]), real(triple[1])));
    });
    CHECK(verdict.first_wrong.find("the lesser of x and y for x = 0x") == 0);
}

TEST_CASE("a device that flushes denormals is named as such, and nothing else is wrong with it") {
    const Verdict verdict = judged(0, [](const Triple& triple, uint32_t) {
        return std::bit_cast<uint32_t>(flushed_denormal(flushed_denormal(real(triple[0])) + flushed_denormal(real(triple[1]))));
    });
    CHECK(verdict.first_wrong == "");
    CHECK(verdict.flushes_denormals);
}

TEST_CASE("a shader asks for what a device can be asked for") {
    constexpr uint32_t capability = 2u << 16 | 17, entry_point = 5u << 16 | 15, local_size = 6u << 16 | 16;
    const std::vector<uint32_t> module{0x07230203, 0x00010000, 0, 9, 0, capability, 1,    3u << 16 | 14, 0, 1,
                                       entry_point, 5,         4, 0, 0, local_size, 4, 17, 128,          1, 1};
    CHECK(with_float_controls(module, {}) == module);
    const std::vector<uint32_t> asking =
        with_float_controls(module, {.keeps_denormals = true, .rounds_to_nearest = false, .keeps_zeros_and_nan = true});
    const std::vector<uint32_t> wanted{
        0x07230203, 0x00010000, 0, 9, 0, capability, 1, capability, 4464, capability, 4466,
        7u << 16 | 10, 0x5F565053, 0x5F52484B, 0x616F6C66, 0x6F635F74, 0x6F72746E, 0x0000736C,  // "SPV_KHR_float_controls"
        3u << 16 | 14, 0, 1, entry_point, 5, 4, 0, 0,
        4u << 16 | 16, 4, 4459, 32, 4u << 16 | 16, 4, 4461, 32, local_size, 4, 17, 128, 1, 1};
    CHECK(asking == wanted);
}

#else

#include <cstdio>

TEST_CASE("what a Vulkan device is asked") { std::puts("skipped: built without Vulkan"); }

#endif
