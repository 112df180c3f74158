// The kernels that draw: any range of neurons that begins at a multiple of 16 gives each neuron the draws of its own place.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/random.h"
#include "cpu/instruction_set.h"
#include "cpu/interpreter.h"
#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "cpu_runs.h"

namespace snn::test {

using namespace snn::cpu;

namespace {

// v is the draw itself, and there is nothing else.
std::shared_ptr<const Model> bare(const char* op) {
    return parse_model(std::string(R"({"format": 1, "kind": "neuron", "name": "bare", "parameters": [{"name": "mean",
        "unit": "1", "default": 3.0}], "options": [], "states": [{"name": "v", "unit": "", "type": "float", "initial": 0}],
        "receptors": [{"name": "input", "unit": ""}], "derived": [], "membrane": "v", "spiking": false,
        "derive": {"ops": [], "outputs": []},
        "step": {"ops": [)") + op + R"(], "states": [3], "spike": -1, "tape": []}})");
}

float count_of(uint32_t word, const std::vector<uint32_t>& limits) {
    return static_cast<float>(std::count_if(limits.begin(), limits.end(), [&](uint32_t limit) { return limit < word; }));
}

}  // namespace

TEST_CASE("a draw depends on its place alone, wherever a kernel begins and ends") {
    constexpr uint32_t size = 512;
    const DrawArgs place{0x0123456789abcdefu, 0x00000abc80000001u, 70000, 33};
    const std::vector<uint32_t> limits = poisson_limits(3.0);
    const size_t padded_limits = (limits.size() + poisson_group - 1) / poisson_group * poisson_group;
    alignas(64) int32_t rows[64][16];
    REQUIRE(padded_limits <= 64);
    for (size_t k = 0; k < padded_limits; ++k)
        std::fill_n(rows[k], 16, std::bit_cast<int32_t>((k < limits.size() ? limits[k] : UINT32_MAX) ^ 0x80000000u));
    const PoissonTable table{&rows[0][0], static_cast<uint32_t>(padded_limits), 16, 0};
    alignas(64) const float mean[16] = {};
    const void* const constants[] = {mean};
    const uint32_t masks[] = {0};
    for (const auto& [op, value] : {std::pair<const char*, float (*)(uint32_t)>{R"(["uniform", 63])", draw_uniform},
                                    {R"(["normal", 63])", draw_normal},
                                    {R"(["poisson", 63, 0])", nullptr}}) {
        const auto model = bare(op);
        const InterpretedProgram program = InterpretedProgram::step(*model, {}, {});
        std::vector<float> expected;
        for (uint32_t neuron = 0; neuron < size; ++neuron) {
            const uint32_t word = draw_word({place.seed, place.step, place.population, place.sample, neuron}, 63);
            expected.push_back(value ? value(word) : count_of(word, limits));
        }
        for (const uint32_t set : machine_instruction_sets())
            for (const uint32_t begin : {0u, 16u, 32u, 48u, 64u, 80u, 176u, 240u})
                for (const uint32_t end : {begin + 16, begin + 48, begin + 64, size}) {
                    INFO(op, ", set ", set, ", from ", begin, " to ", end);
                    Buffer<uint32_t> scratch;
                    scratch.allocate({}, program.scratch_words());
                    Buffer<float> row;
                    row.allocate({}, size);
                    std::fill_n(row.data(), size, -100.0f);
                    void* const states[] = {row.data()};
                    const float* const receptors[] = {row.data()};
                    const NeuronStepArgs args{constants, masks, receptors, states, nullptr, nullptr, place, &table};
                    kernels_for(set).interpret_step(program.view(), args, scratch.data(), begin, end);
                    bool same = true;
                    for (uint32_t n = 0; n < size; ++n)
                        same &= n >= begin && n < end ? std::memcmp(&row[n], &expected[n], sizeof(float)) == 0 : row[n] == -100.0f;
                    CHECK(same);
                }
    }
}

TEST_CASE("limits ascend and stop where no word passes") {
    CHECK(poisson_limits(0.0).empty());
    // exp(-1) * 2^32 = 1580030168.7: the words 0 to 1580030168 give no event.
    CHECK(poisson_limits(1.0)[0] == 1580030168u);
    for (const double mean : {1e-12, 1e-3, 0.5, 2.32, 16.0}) {
        const std::vector<uint32_t> limits = poisson_limits(mean);
        CHECK(std::is_sorted(limits.begin(), limits.end()));
        CHECK(limits.size() <= 60);
        CHECK(count_of(UINT32_MAX, limits) <= static_cast<float>(limits.size()));
        CHECK(count_of(0, limits) == 0.0f);
    }
}

}  // namespace snn::test
