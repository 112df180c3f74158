// The kernels that draw: any range of neurons that begins at a multiple of 16 gives each neuron the draws of its own place.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/error.h"
#include "common/random.h"
#include "cpu/instruction_set.h"
#include "cpu/interpreter.h"
#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "cpu/population_data.h"
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

constexpr uint32_t size = 512;

// What an op draws, by every instruction set and for ranges that begin and end anywhere.
void check_draws(const char* op, const DrawArgs& place, const PoissonTable& table, const std::vector<float>& expected) {
    alignas(64) const float mean[size] = {};
    const void* const constants[] = {mean};
    const uint32_t masks[] = {table.mask};
    const auto model = bare(op);
    const InterpretedProgram program = InterpretedProgram::step(*model, {}, {});
    for (const uint32_t set : machine_instruction_sets())
        for (const uint32_t begin : {0u, 16u, 32u, 48u, 64u, 80u, 176u, 240u})
            for (const uint32_t end : {begin + 16, begin + 48, begin + 64, size}) {
                INFO(op, ", set ", set, ", from ", begin, " to ", end, ", block ", place.first_block);
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
                    same &= n >= begin && n < end ? std::memcmp(&row[n], &expected[n], sizeof(float)) == 0
                                                  : row[n] == -100.0f;
                CHECK(same);
            }
}

}  // namespace

TEST_CASE("a draw depends on its place alone, wherever a kernel begins and ends") {
    for (const uint32_t first_block : {0u, 1u, 70u}) {
        const DrawArgs place{0x0123456789abcdefu, 0x00000abc80000001u, 70000, 33, first_block};
        const auto each = [&](auto&& value) {
            std::vector<float> values;
            for (uint32_t n = 0; n < size; ++n)
                values.push_back(
                    value(DrawPlace{place.seed, place.step, place.population, place.sample, first_block * 64 + n}));
            return values;
        };
        check_draws(R"(["uniform", 63])", place, {}, each([](const DrawPlace& at) { return draw_uniform(draw_word(at, 63)); }));
        check_draws(R"(["normal", 63])", place, {}, each([](const DrawPlace& at) { return draw_normal(draw_word(at, 63)); }));
        // The last are limits that the lower halves of some words decide about: those words, and their neighbours.
        std::vector<std::vector<uint32_t>> cases;
        for (const double mean : {0.003, 1.6, 3.0, 16.0}) cases.push_back(poisson_limits(mean));
        for (const uint32_t limit_count : {4u, 20u, 40u}) {
            std::vector<uint32_t>& limits = cases.emplace_back();
            for (uint32_t k = 0; k < limit_count; ++k)
                limits.push_back(poisson_word({place.seed, place.step, place.population, place.sample,
                                               first_block * 64 + 12 * k}, 63) - k % 3 + 1);
            std::sort(limits.begin(), limits.end());
        }
        for (const std::vector<uint32_t>& limits : cases) {
            CAPTURE(limits.size());
            const auto count = static_cast<uint32_t>((limits.size() + poisson_group - 1) / poisson_group * poisson_group);
            const std::vector<float> expected =
                each([&](const DrawPlace& at) { return count_of(poisson_word(at, 63), limits); });
            const UpperHalves halves = upper_halves(limits);
            for (const bool is_shared : {true, false}) {
                const uint32_t stride = is_shared ? 16 : size;
                Buffer<int32_t> rows;
                rows.allocate({}, size_t{count} * stride);
                for (uint32_t k = 0; k < count; ++k)
                    std::fill_n(rows.data() + k * stride, stride,
                                std::bit_cast<int32_t>((k < limits.size() ? limits[k] : UINT32_MAX) ^ 0x80000000u));
                const PoissonTable table{rows.data(), count, stride, is_shared ? 0u : UINT32_MAX,
                                         is_shared ? halves.data() : nullptr};
                check_draws(R"(["poisson", 63, 0])", place, table, expected);
            }
        }
    }
}

TEST_CASE("there is room for the limits of every mean, and no more are taken") {
    const std::vector<uint32_t> most(half_limit_count, 0x12345678u);
    CHECK(poisson_limits(largest_poisson_mean).size() <= most.size());
    CHECK(upper_halves(most).back() == 0x1234u);
    CHECK(upper_halves({}).front() == 0xFFFFu);
    const std::vector<uint32_t> too_many(half_limit_count + 1);
    CHECK_THROWS_WITH_AS(upper_halves(too_many), "a mean has 65 limits; there is room for 64", Error);
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
