// The device "auto" from given measurements: the same ones always give the same choice.
#include <doctest/doctest.h>

#include "common/error.h"
#include "schedule/device_choice.h"
#include "small_networks.h"

using namespace snn;

namespace {

// 1 us and 1 ns a unit of work; a device that takes 100 us to be handed a step and then a tenth of the time.
const DeviceSpeed cpu{1e-6 + 1e-9 * 1000, 1e-6 + 1e-9 * 1e6, 1000, 1e6, false};
const DeviceSpeed gpu{100e-6 + 1e-10 * 1000, 100e-6 + 1e-10 * 1e6, 1000, 1e6, false};

}  // namespace

TEST_CASE("a step's time is a part for any step and one that grows with its work") {
    CHECK(predicted_step_s(cpu, 0, 1) == doctest::Approx(1e-6));
    CHECK(predicted_step_s(cpu, 5e6, 1) == doctest::Approx(5e-3).epsilon(0.001));
    CHECK(predicted_step_s(cpu, 5e6, 4) == doctest::Approx(5e-3 / 4).epsilon(0.002));
    // A device that takes longer for the small network than for the large one has no price of its own for work.
    const DeviceSpeed odd{2e-3, 1e-3, 1000, 1e6, false};
    CHECK(predicted_step_s(odd, 5e6, 1) == doctest::Approx(2e-3));
}

TEST_CASE("small steps stay on the CPU, large ones go where they are clearly faster") {
    const std::vector<Candidate> both{{"cpu", cpu}, {"gpu:0", gpu}};
    CHECK(ranked(both, 5e4, 1)[0].device == "cpu");
    CHECK(ranked(both, 5e6, 1)[0].device == "gpu:0");
    CHECK(ranked(both, 5e6, 1)[1].device == "cpu");
    CHECK(ranked(both, 5e6, 16)[0].device == "cpu");  // as many threads as it takes
    // A little faster is not enough.
    CHECK(ranked({{"cpu", cpu}, {"gpu:0", {0.9 * cpu.small_step_s, 0.9 * cpu.large_step_s, 1000, 1e6, false}}}, 5e6, 1)[0].device == "cpu");
    const std::string reason = ranked(both, 5e6, 1)[0].reason;
    for (const char* const word : {"gpu:0", "cpu", "5 million", "ms"}) CHECK(reason.find(word) != std::string::npos);
    CHECK(reason.find('\n') == std::string::npos);
    for (int again = 0; again < 3; ++again) CHECK(ranked(both, 5e6, 1)[0].reason == reason);
}

TEST_CASE("for low power the least hungry device that keeps time comes first, then the fastest") {
    const auto slower = [](double factor) { return DeviceSpeed{factor * cpu.small_step_s, factor * cpu.large_step_s, 1000, 1e6, false}; };
    const std::vector<Candidate> all{{"cpu", cpu, PowerClass::cpu},
                                     {"gpu:0", gpu, PowerClass::other},
                                     {"gpu:1", slower(0.5), PowerClass::integrated_gpu},
                                     {"npu", slower(2.0), PowerClass::accelerator}};
    const auto names = [&](const std::vector<Candidate>& candidates, double work, uint32_t threads, double dt_s) {
        std::string order;
        for (const DeviceChoice& choice : ranked_by_power(candidates, work, threads, dt_s)) {
            order += choice.device;
            if (choice.thread_count) order.append("x").append(std::to_string(choice.thread_count));
            order.append(" ");
        }
        return order;
    };
    // A step takes the CPU 1 ms with one thread, the GPU of its own 0.2 ms, the integrated one 0.5 ms and the NPU 2 ms.
    CHECK(names(all, 1e6, 4, 10e-3) == "npu gpu:1 cpux1 cpux4 gpu:0 ");
    CHECK(names(all, 1e6, 4, 3e-3) == "gpu:1 cpux1 cpux4 gpu:0 npu ");
    CHECK(names(all, 1e6, 4, 1e-3 / 2) == "gpu:0 cpux4 gpu:1 cpux1 npu ");
    CHECK(names(all, 1e6, 1, 3e-3) == "gpu:1 cpux1 gpu:0 npu ");
    CHECK(names({{"cpu", cpu, PowerClass::cpu}}, 1e6, 4, 1e-3) == "cpux4 cpux1 ");
    const std::string reason = ranked_by_power(all, 1e6, 4, 3e-3)[1].reason;
    for (const char* const word : {"power is to be low", "cpu with 1 thread", "1.0 ms", "half of its 3.0 ms"})
        CHECK_MESSAGE(reason.find(word) != std::string::npos, reason);
    CHECK(ranked_by_power(all, 1e6, 4, 1e-4)[0].reason.find("the least of all, as none") != std::string::npos);
}

TEST_CASE("\"auto\" is asked for by two names") {
    CHECK(automatic_device("auto") == Automatic::fastest);
    CHECK(automatic_device("auto:low") == Automatic::low_power);
    CHECK(automatic_device("cpu") == Automatic::no);
    CHECK(automatic_device("automobile") == Automatic::no);
    CHECK_THROWS_WITH(automatic_device("auto:high"), "device 'auto:high': there are \"auto\" and \"auto:low\"");
}

TEST_CASE("work counts synapses by the activity of their sources, neurons by the operations of their model") {
    auto network = std::make_shared<Network>(1.0);
    const auto add = [&](const char* name, uint32_t kind, uint32_t size) {
        SNNPopulationDef def{};
        def.struct_size = sizeof def;
        def.kind = kind;
        def.name = name;
        def.shape = {1, {size, 1, 1}};
        return network->add_population(def, kind == SNN_POPULATION_NEURONS ? builtin_model("lif") : nullptr);
    };
    const uint32_t spikes = add("spikes", SNN_POPULATION_SPIKE_INPUT, 100), values = add("values", SNN_POPULATION_VALUE_INPUT, 10);
    const uint32_t cells = add("cells", SNN_POPULATION_NEURONS, 32);
    for (const uint32_t source : {spikes, values}) {
        SNNProjectionDef def = default_projection_def();
        def.source = source;
        def.target = cells;
        network->connect(def);
    }
    network->finish();
    const double neurons = step_work(*network, 1, 0.0) - 10 * 32;
    CHECK(neurons == doctest::Approx(32 * static_cast<double>(builtin_model("lif")->step.instructions.size()) / 16));
    CHECK(step_work(*network, 1, 0.1) - step_work(*network, 1, 0.0) == doctest::Approx(0.1 * 100 * 32));
    CHECK(step_work(*network, 8, 0.1) == doctest::Approx(8 * step_work(*network, 1, 0.1)));
}

TEST_CASE("devices are found by their whole name, the first of a backend by the backend's") {
    CHECK(std::string(find_device("cpu").info.name) == "cpu");
    CHECK(find_device("reference").backend == &find_backend("reference"));
    try {
        find_device("quantum");
        FAIL("found a device that does not exist");
    } catch (const Error& error) {
        CHECK(error.status() == SNN_ERROR_NOT_FOUND);
        CHECK(std::string(error.what()).find("'quantum'; there are: cpu") != std::string::npos);
    }
}
