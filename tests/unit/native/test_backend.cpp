// What lies around the kernels: the list of backends, the null backend, conversions, and the variables of the
// reference.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "backend/null/null_backend.h"
#include "backend/slots.h"
#include "backend/trainable.h"
#include "common/error.h"
#include "small_networks.h"

using namespace snn;
using namespace snn::test;

namespace {

template <class From, class To>
To converted(From value) {
    const auto type = [](auto example) {
        using T = decltype(example);
        if constexpr (std::is_same_v<T, float>) return DType::float32;
        else if constexpr (std::is_same_v<T, double>) return DType::float64;
        else if constexpr (std::is_same_v<T, int32_t>) return DType::int32;
        else return DType::uint8;
    };
    To result{};
    convert(type(From{}), &value, type(To{}), &result, 1);
    return result;
}

// spikes(2) -> lif(3), recurrent with delay 2, and a sparse projection whose delays reach 4.
struct Recurrent {
    std::shared_ptr<const Plan> plan;
    uint32_t input, hidden;
    Recurrent() {
        NetworkMaker maker;
        input = maker.spikes({2});
        hidden = maker.neurons({3}, "lif");
        maker.connect({.source = input,
                       .target = hidden,
                       .weights = {0.9f, 0.5f, 1.2f, 0.4f, 0.8f, 0.3f},
                       .bias = {0.1f, 0, 0.2f}});
        maker.connect({.source = hidden,
                       .target = hidden,
                       .weights = {0.1f, -0.4f, 0.3f, 0.2f, 0.1f, -0.2f, 0.5f, 0.3f, 0.1f},
                       .delay_steps = 2});
        maker.connect({.kind = SNN_CONNECT_SPARSE,
                       .source = input,
                       .target = hidden,
                       .weights = {0.7f, 0.6f},
                       .sparse = {{0, 1, 2}, {2, 1}, {1, 4}}});
        plan = maker.plan();
    }
};

std::vector<float> all_records(Run& run, const Recurrent& net, const std::vector<float>& frames, uint32_t steps,
                               size_t first_step) {
    const size_t in = 2 * run.batch_size;
    return run.states(net.input,
                      {frames.begin() + static_cast<std::ptrdiff_t>(first_step * in),
                       frames.begin() + static_cast<std::ptrdiff_t>((first_step + steps) * in)},
                      steps, net.hidden);
}

}  // namespace

TEST_CASE("backends are found by name; the first is the default") {
    REQUIRE(backends().size() >= 3);
    CHECK(std::string(backends()[0]->name) == "cpu");
    CHECK(&find_backend("null") == &null_backend);
    CHECK_THROWS_AS(find_backend("cpu:1"), Error);  // there is nothing to choose from
    try {
        find_backend("quantum:1");
        FAIL("found a backend that does not exist");
    } catch (const Error& error) {
        CHECK(error.status() == SNN_ERROR_NOT_FOUND);
        CHECK(std::string(error.what()).find("'quantum:1'") != std::string::npos);
        CHECK(std::string(error.what()).find("reference, null") != std::string::npos);
    }
}

TEST_CASE("every backend describes itself") {
    for (const Backend* backend : backends()) {
        const uint32_t count = backend->device_count ? backend->device_count() : 1;
        for (uint32_t device = 0; device < count; ++device) {
            SNNDeviceInfo info{};
            backend->describe(device, info);
            CHECK(&find_backend(info.name) == backend);
            CHECK((backend->device_count || std::string(info.name) == backend->name));
            CHECK(std::strlen(info.description) > 0);
            CHECK(info.core_count >= 1);
        }
    }
}

TEST_CASE("the null backend counts calls and reads zeros") {
    const Recurrent net;
    Run run(net.plan, 2, 0, "null");
    const std::vector<float> states = run.states(net.input, std::vector<float>(20, 1.0f), 5, net.hidden);
    CHECK(states == std::vector<float>(30, 0.0f));
    CHECK(run.read(Slot::weight, 0) == std::vector<double>(6, 0.0));
    run.write(Slot::weight, 0, std::vector<double>(6, 1.0));
    const NullCalls* calls = null_calls(*run.executor);
    REQUIRE(calls);
    CHECK(calls->resets == 1);
    CHECK(calls->runs == 1);
    CHECK(calls->steps == 5);
    CHECK(calls->reads == 1);
    CHECK(calls->writes == 1);
    CHECK(run.executor->trainable() == nullptr);
    CHECK(run.executor->shared_device() == nullptr);
    Run other(net.plan, 1);
    CHECK(null_calls(*other.executor) == nullptr);
}

TEST_CASE("devices refuse what they cannot do") {
    const Recurrent net;
    const auto status = [&](const char* backend, uint32_t flags, uint32_t instruction_set) {
        ExecutorOptions options;
        options.flags = flags;
        options.instruction_set = instruction_set;
        try {
            find_backend(backend).open(net.plan, options);
            return SNNStatus{SNN_OK};
        } catch (const Error& error) {
            return error.status();
        }
    };
    CHECK(status("reference", SNN_FLAG_FLOAT64, SNN_ISA_BEST) == SNN_OK);
    CHECK(status("reference", SNN_FLAG_FLOAT64 | SNN_FLAG_SMOOTH_SPIKES, SNN_ISA_SCALAR) == SNN_OK);
    CHECK(status("reference", SNN_FLAG_SMOOTH_SPIKES, SNN_ISA_BEST) == SNN_ERROR_UNSUPPORTED);
    CHECK(status("reference", 0, SNN_ISA_AVX2) == SNN_ERROR_UNSUPPORTED);
    CHECK(status("null", SNN_FLAG_FLOAT64, SNN_ISA_BEST) == SNN_ERROR_UNSUPPORTED);
    CHECK(status("cpu", SNN_FLAG_FLOAT64, SNN_ISA_BEST) == SNN_ERROR_UNSUPPORTED);
}

TEST_CASE("conversions round to the nearest, ties to even, and stay in range") {
    CHECK(converted<float, int32_t>(2.5f) == 2);
    CHECK(converted<float, int32_t>(3.5f) == 4);
    CHECK(converted<double, int32_t>(-2.5) == -2);
    CHECK(converted<double, int32_t>(1e20) == std::numeric_limits<int32_t>::max());
    CHECK(converted<double, int32_t>(-1e20) == std::numeric_limits<int32_t>::min());
    CHECK(converted<double, int32_t>(std::nan("")) == 0);
    CHECK(converted<float, uint8_t>(300.0f) == 255);
    CHECK(converted<float, uint8_t>(-3.0f) == 0);
    CHECK(converted<int32_t, uint8_t>(-3) == 0);
    CHECK(converted<int32_t, double>(-2147483647) == -2147483647.0);
    CHECK(converted<uint8_t, float>(200) == 200.0f);
    CHECK(converted<double, float>(0.1) == 0.1f);
    CHECK(converted<float, double>(0.1f) == static_cast<double>(0.1f));
}

TEST_CASE("a leaky integrate-and-fire neuron follows its equation") {
    // v = decay * v + input, spike above 1, take 1 away.
    NetworkMaker maker;
    const uint32_t input = maker.values({1}), neuron = maker.neurons({1}, "lif");
    maker.connect({.kind = SNN_CONNECT_ONE_TO_ONE, .source = input, .target = neuron, .weights = {1.0f}});
    Run run(maker.plan(), 1);
    const std::vector<float> drive{0.75f, 0.5f, 0.25f, 1.5f, 0.0f, 2.5f};
    const std::vector<float> found = run.states(input, drive, 6, neuron);
    const float decay = static_cast<float>(std::exp(-1.0 / 20.0));
    float v = 0;
    for (size_t step = 0; step < drive.size(); ++step) {
        v = decay * v + drive[step];
        if (v > 1.0f) v -= 1.0f;
        CHECK(found[step] == doctest::Approx(v).epsilon(1e-6));
    }
}

TEST_CASE("slots: counts, values there and back") {
    const Recurrent net;
    Run run(net.plan, 2);
    CHECK(net.plan->populations[net.hidden].history_depth == 2);
    CHECK(net.plan->populations[net.input].history_depth == 4);
    CHECK(run.executor->count({Slot::state, net.hidden}) == 6);
    CHECK(run.executor->count({Slot::activity, net.input}) == 4);
    CHECK(run.executor->count({Slot::history, net.hidden}) == 12);
    CHECK(run.executor->count({Slot::history, net.input}) == 16);
    CHECK(run.executor->count({Slot::weight, 1}) == 9);
    CHECK(run.executor->count({Slot::bias, 0}) == 3);
    CHECK(run.executor->count({Slot::bias, 1}) == 0);
    run.write(Slot::state, net.hidden, {1, 2, 3, 4, 5, 1e-30});
    CHECK(run.read(Slot::state, net.hidden) == std::vector<double>{1, 2, 3, 4, 5, 0});  // flushed on store
    run.write(Slot::weight, 1, {9, 8, 7, 6, 5, 4, 3, 2, 1});
    CHECK(run.read(Slot::weight, 1) == std::vector<double>{9, 8, 7, 6, 5, 4, 3, 2, 1});
    run.executor->reset_state();
    CHECK(run.read(Slot::state, net.hidden) == std::vector<double>(6, 0.0));
    CHECK(run.read(Slot::weight, 1)[0] == 9);  // weights stay
}

TEST_CASE("history holds the last steps, the newest first, and resumes a run exactly") {
    const Recurrent net;
    Numbers numbers(4);
    const uint32_t batch = 2;
    const std::vector<float> frames = numbers.spikes(12 * 2 * batch, 0.6);
    Run whole(net.plan, batch), first(net.plan, batch), second(net.plan, batch);
    const std::vector<float> expected = all_records(whole, net, frames, 12, 0);
    all_records(first, net, frames, 7, 0);
    const std::vector<double> inputs = first.read(Slot::history, net.input);
    for (uint32_t lag = 0; lag < 4; ++lag)
        for (size_t i = 0; i < 4; ++i) CHECK(inputs[lag * 4 + i] == frames[(6 - lag) * 4 + i]);
    CHECK(std::count(expected.begin(), expected.end(), 0.0f) < 30);

    const std::map<uint32_t, uint32_t> states{
        {net.hidden, static_cast<uint32_t>(net.plan->network->population(net.hidden).model->states.size())}};
    for (const auto& [population, count] : states)
        for (uint32_t s = 0; s < count; ++s)
            second.write(Slot::state, population, first.read(Slot::state, population, s), s);
    second.write(Slot::history, net.hidden, first.read(Slot::history, net.hidden));
    second.write(Slot::history, net.input, inputs);
    const std::vector<float> rest = all_records(second, net, frames, 5, 7);
    CHECK(std::equal(rest.begin(), rest.end(), expected.begin() + 7 * 6));
}

TEST_CASE("records: states, activity and sums in every type they allow; the active list") {
    const Recurrent net;
    Numbers numbers(5);
    const std::vector<float> frames = numbers.spikes(6 * 2 * 2, 0.8);
    Run run(net.plan, 2);
    std::vector<double> spikes(36), sums(6, 0.0);
    std::vector<uint8_t> bytes(36);
    std::vector<float> float_sums(6, 0.0f);
    const InputFrames input{net.input, frames.data(), 4};
    const RecordFrames records[] = {
        {RecordFrames::activity, net.hidden, 0, DType::float64, spikes.data(), 6},
        {RecordFrames::activity, net.hidden, 0, DType::uint8, bytes.data(), 6},
        {RecordFrames::activity_sum, net.hidden, 0, DType::float64, sums.data(), 0},
        {RecordFrames::activity_sum, net.hidden, 0, DType::float32, float_sums.data(), 0},
    };
    RunRequest request;
    request.step_count = 6;
    request.inputs = {&input, 1};
    request.records = records;
    run.executor->run(request);
    double total = 0;
    for (size_t i = 0; i < 6; ++i) {
        double count = 0;
        for (size_t step = 0; step < 6; ++step) {
            CHECK(spikes[step * 6 + i] == bytes[step * 6 + i]);
            count += spikes[step * 6 + i];
        }
        CHECK(sums[i] == count);
        CHECK(float_sums[i] == static_cast<float>(count));
        total += count;
    }
    CHECK(total > 3);
    for (uint32_t sample = 0; sample < 2; ++sample) {
        std::vector<uint32_t> expected;
        for (uint32_t n = 0; n < 3; ++n)
            if (spikes[30 + sample * 3 + n] != 0) expected.push_back(n);
        const std::span<const uint32_t> found = run.executor->active(net.hidden, sample);
        CHECK(std::vector<uint32_t>(found.begin(), found.end()) == expected);
    }
}

TEST_CASE("session memory comes from the host's allocator and goes back to it") {
    struct Books {
        size_t bytes = 0, calls = 0;
        std::map<void*, size_t> sizes;
    } books;
    ExecutorOptions options;
    options.batch_size = 2;
    options.allocator.user = &books;
    options.allocator.allocate = [](void* user, size_t size, size_t) -> void* {
        Books& book = *static_cast<Books*>(user);
        void* memory = ::operator new(size);
        book.sizes[memory] = size;
        book.bytes += size;
        ++book.calls;
        return memory;
    };
    options.allocator.release = [](void* user, void* memory, size_t size) {
        Books& book = *static_cast<Books*>(user);
        REQUIRE(book.sizes.at(memory) == size);
        book.sizes.erase(memory);
        book.bytes -= size;
        ::operator delete(memory);
    };
    const Recurrent net;
    {
        const std::unique_ptr<Executor> executor = find_backend("reference").open(net.plan, options);
        executor->reset_state();
        CHECK(books.bytes > 100);
        const std::vector<float> frames(4, 1.0f);
        const InputFrames input{net.input, frames.data(), 0};
        RunRequest request;
        request.step_count = 3;
        request.inputs = {&input, 1};
        request.tape = true;
        std::vector<float> gradient(6, 1.0f);
        const OutputGradient output{OutputGradient::activity, net.hidden, 0, DType::float32, gradient.data(), 0};
        const auto moments = executor->trainable()->make_optimizer_memory(SNN_OPTIMIZER_ADAM);
        size_t calls = 0;
        for (int round = 0; round < 3; ++round) {
            if (round == 1) calls = books.calls;
            executor->run(request);
            executor->trainable()->backward({&output, 1}, {});
            executor->trainable()->update({SNN_OPTIMIZER_ADAM, 1, 0.01, 0, 0.9, 0.999, 1e-8, 0, 0, 1}, *moments);
        }
        CHECK(books.calls == calls);  // after the first round nothing is allocated
    }
    CHECK(books.sizes.empty());
}
