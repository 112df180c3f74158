// The plug-in, loaded as Unity does it, in the stand-in for Unity.
//
// Environment: SNN_PLUGIN  libsnn_unity.so    SNN_BRAIN  creature.snn    SNN_EXPECTED  the line that the game prints
#define DOCTEST_CONFIG_IMPLEMENT
#include "snn_unity.h"

#include "../creature.hpp"

#include <doctest/doctest.h>
#include <snn/snn.hpp>

#define HOST_REQUIRE(condition) REQUIRE(condition)
#include "unity.hpp"

#include <atomic>
#include <cmath>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <thread>

namespace {

const char* variable(const char* name) {
    const char* value = std::getenv(name);
    REQUIRE_MESSAGE(value != nullptr, name);
    return value;
}

// The plug-in, loaded and unloaded as Unity does it, and its functions.
struct Plugin {
    explicit Plugin(Unity& host) : unity(host) {
        library = dlopen(variable("SNN_PLUGIN"), RTLD_NOW);
        REQUIRE_MESSAGE(library != nullptr, dlerror());
        load(create, "snn_unity_create");
        load(destroy, "snn_unity_destroy");
        load(set_input, "snn_unity_set_input");
        load(copy_state, "snn_unity_copy_state");
        load(queue_steps, "snn_unity_queue_steps");
        load(status, "snn_unity_status");
        load(step_count, "snn_unity_step_count");
        load(ready, "snn_unity_ready");
        load(event_id, "snn_unity_event_id");
        load(event_function, "snn_unity_event_function");
        load(abi_version, "snn_unity_abi_version");
        load(last_error, "snn_unity_last_error");
        load(plugin_load, "UnityPluginLoad");
        load(plugin_unload, "UnityPluginUnload");
        plugin_load(host.interfaces());
        host.event_function = event_function();
    }
    ~Plugin() {
        unity.finish();
        if (unity.device_callback) unity.device_callback(UNITY_DEVICE_SHUTDOWN);
        plugin_unload();
        CHECK(!static_cast<bool>(unity.device_callback));
        dlclose(library);
    }
    template <class Function>
    void load(Function& function, const char* name) {
        function = reinterpret_cast<Function>(dlsym(library, name));
        REQUIRE_MESSAGE(static_cast<bool>(function), name);
    }
    std::string failure(SNNStatus got, SNNStatus wanted) {
        CHECK(got == wanted);
        return last_error();
    }

    Unity& unity;
    void* library;
    decltype(&snn_unity_create) create;
    decltype(&snn_unity_destroy) destroy;
    decltype(&snn_unity_set_input) set_input;
    decltype(&snn_unity_copy_state) copy_state;
    decltype(&snn_unity_queue_steps) queue_steps;
    decltype(&snn_unity_status) status;
    decltype(&snn_unity_step_count) step_count;
    decltype(&snn_unity_ready) ready;
    decltype(&snn_unity_event_id) event_id;
    decltype(&snn_unity_event_function) event_function;
    decltype(&snn_unity_abi_version) abi_version;
    decltype(&snn_unity_last_error) last_error;
    decltype(&UnityPluginLoad) plugin_load;
    decltype(&UnityPluginUnload) plugin_unload;
};

std::vector<char> brain_bytes() {
    std::ifstream file(variable("SNN_BRAIN"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Running {
    Unity unity;
    Plugin plugin{unity};
    std::vector<char> bytes = brain_bytes();
    SNNUnityNetwork network = nullptr;
    const int open = plugin.event_id(SNN_UNITY_OPEN), step = plugin.event_id(SNN_UNITY_STEP),
              close = plugin.event_id(SNN_UNITY_CLOSE);

    Running() { REQUIRE(plugin.create(bytes.data(), bytes.size(), 0, &network) == SNN_OK); }
};

bool contains(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("the creature's brain gives the same bits in Unity's command buffers as on the processor") {
    Running it;
    Buffer* voltages = it.unity.make_buffer(3 * sizeof(float));
    REQUIRE(it.plugin.copy_state(it.network, "output.v", voltages) == SNN_OK);
    it.unity.frame({it.open}, it.network);
    snn::Session cpu(snn::Network::load_memory(it.bytes.data(), it.bytes.size()));
    const uint32_t input = cpu.network().find_population("input"), output = cpu.network().find_population("output");
    CreatureFrame* now = nullptr;
    cpu.on_spikes([&](const SNNSpikes& event) {
        for (uint32_t i = 0; event.population == output && i < event.count; ++i) ++now->spikes[event.neurons[i]];
    });
    uint64_t done = 0;
    const std::string line = play_creature([&](CreatureFrame& frame) {
        now = &frame;
        cpu.set_input(input, frame.seen);
        cpu.run_step(1.0f / 60.0f);  // the spikes, and how many steps a frame has
        const uint64_t steps = cpu.step_count() - done;
        done += steps;
        REQUIRE(it.plugin.set_input(it.network, input, frame.seen.data(), 3) == SNN_OK);
        REQUIRE(it.plugin.queue_steps(it.network, static_cast<uint32_t>(steps)) == SNN_OK);
        it.unity.frame({it.step}, it.network);
        it.unity.finish();
        std::memcpy(frame.voltages.data(), voltages->mapped, voltages->size);
    });
    CHECK(it.plugin.status(it.network) == SNN_OK);
    CHECK(line == variable("SNN_EXPECTED"));
    uint64_t recorded = 0;
    CHECK(it.plugin.step_count(it.network, &recorded) == SNN_OK);
    CHECK(recorded == done);
}

TEST_CASE("steps that are queued ahead keep their own inputs") {
    Running it;
    const float inputs[3][3] = {{1, 0, 0}, {0, 0, 1}, {0.5f, 1, 0}};
    Buffer* voltages = it.unity.make_buffer(3 * sizeof(float));
    REQUIRE(it.plugin.copy_state(it.network, "output.v", voltages) == SNN_OK);
    snn::Session cpu(snn::Network::load_memory(it.bytes.data(), it.bytes.size()));
    const uint32_t input = cpu.network().find_population("input");
    for (const auto& values : inputs) {
        REQUIRE(it.plugin.set_input(it.network, input, values, 3) == SNN_OK);
        REQUIRE(it.plugin.queue_steps(it.network, 20) == SNN_OK);
        cpu.set_input(input, values);
        cpu.step(20);
    }
    it.unity.begin_frame();
    it.unity.event(it.open, it.network);
    for (int i = 0; i < 3; ++i) it.unity.event(it.step, it.network);
    it.unity.end_frame();
    it.unity.finish();
    CHECK(it.plugin.status(it.network) == SNN_OK);
    const std::vector<float> expected = cpu.membrane_potentials("output");
    CHECK(std::memcmp(expected.data(), voltages->mapped, voltages->size) == 0);
    CHECK(expected[0] != 0);
}

TEST_CASE("a network is freed when the GPU has done with it, its queued steps included") {
    Running it;
    it.unity.frame({it.open}, it.network);
    REQUIRE(it.plugin.queue_steps(it.network, 3) == SNN_OK);
    it.plugin.destroy(it.network);
    CHECK(contains(it.plugin.failure(it.plugin.queue_steps(it.network, 1), SNN_ERROR_INVALID_HANDLE), "destroyed"));
    it.unity.frame({it.step, it.close}, it.network);  // validation would tell of a buffer that is freed too early
    for (int i = 0; i < 5; ++i) it.unity.frame({it.close}, it.network);
    it.plugin.destroy(it.network);  // again: ignored
}

TEST_CASE("a network that is left behind goes with the device") {
    Running it;
    it.unity.frame({it.open}, it.network);
    REQUIRE(it.plugin.queue_steps(it.network, 3) == SNN_OK);
    it.unity.frame({it.step}, it.network);
    it.unity.finish();
    it.unity.device_callback(UNITY_DEVICE_SHUTDOWN);
    CHECK(it.plugin.ready() == 0);
    CHECK(contains(it.plugin.failure(it.plugin.status(it.network), SNN_ERROR_DEVICE_LOST), "shut its graphics device down"));
    CHECK(contains(it.plugin.failure(it.plugin.queue_steps(it.network, 1), SNN_ERROR_DEVICE_LOST), "shut"));
    it.unity.device_callback(UNITY_DEVICE_INITIALIZE);
    CHECK(it.plugin.ready() == 1);
    SNNUnityNetwork another = nullptr;
    CHECK(it.plugin.create(it.bytes.data(), it.bytes.size(), 0, &another) == SNN_OK);
    it.unity.frame({it.open}, another);
    CHECK(it.plugin.status(another) == SNN_OK);
}

TEST_CASE("without Vulkan there is nothing to create") {
    Unity unity;
    unity.renderer = 18;  // Direct3D 12
    Plugin plugin(unity);
    CHECK(plugin.ready() == 0);
    SNNUnityNetwork network = nullptr;
    const std::vector<char> bytes = brain_bytes();
    CHECK(contains(plugin.failure(plugin.create(bytes.data(), bytes.size(), 0, &network), SNN_ERROR_UNSUPPORTED),
                   "does not render with Vulkan"));
    CHECK(network == nullptr);
    CHECK(plugin.abi_version() == SNN_ABI_VERSION);
}

TEST_CASE("bad input is an error with a sentence") {
    Running it;
    Plugin& plugin = it.plugin;
    SNNUnityNetwork none = nullptr;
    const float values[3] = {1, NAN, 0};
    CHECK(contains(plugin.failure(plugin.create("no network", 10, 0, &none), SNN_ERROR_FORMAT), ""));
    CHECK(contains(plugin.failure(plugin.create(nullptr, 5, 0, &none), SNN_ERROR_INVALID_ARGUMENT), "data"));
    CHECK(contains(plugin.failure(plugin.create(it.bytes.data(), it.bytes.size(), 0, nullptr), SNN_ERROR_INVALID_ARGUMENT),
                   "out_network is null"));
    CHECK(contains(plugin.failure(plugin.set_input(it.network, 0, values, 2), SNN_ERROR_INVALID_ARGUMENT), "3"));
    CHECK(contains(plugin.failure(plugin.set_input(it.network, 0, values, 3), SNN_ERROR_INVALID_ARGUMENT), "nan"));
    CHECK(contains(plugin.failure(plugin.set_input(it.network, 2, values, 3), SNN_ERROR_INVALID_ARGUMENT), "output"));
    CHECK(contains(plugin.failure(plugin.copy_state(it.network, "output.w", nullptr), SNN_ERROR_NOT_FOUND), "w"));
    CHECK(contains(plugin.failure(plugin.copy_state(it.network, nullptr, nullptr), SNN_ERROR_INVALID_ARGUMENT), "path"));
    CHECK(contains(plugin.failure(plugin.status(nullptr), SNN_ERROR_INVALID_HANDLE), "network"));
    CHECK(contains(plugin.failure(plugin.step_count(it.network, nullptr), SNN_ERROR_INVALID_ARGUMENT), "out_steps"));
    CHECK(plugin.event_id(3) == -1);
    CHECK(plugin.event_id(-1) == -1);
}

TEST_CASE("what goes wrong in an event is told afterwards") {
    Running it;
    Plugin& plugin = it.plugin;
    it.unity.frame({it.step}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_STATE), "without queued steps"));
    CHECK(plugin.status(it.network) == SNN_OK);  // told once
    REQUIRE(plugin.queue_steps(it.network, 1) == SNN_OK);
    it.unity.frame({it.step}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_STATE), "before SNN_UNITY_OPEN"));
    it.unity.frame({it.open}, it.network);
    it.unity.frame({it.open}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_STATE), "twice"));

    REQUIRE(plugin.copy_state(it.network, "output.v", it.unity.make_buffer(8)) == SNN_OK);
    REQUIRE(plugin.queue_steps(it.network, 1) == SNN_OK);
    it.unity.frame({it.step}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_INVALID_ARGUMENT), "has 8 bytes, the state 12"));
    int stranger;
    REQUIRE(plugin.copy_state(it.network, "output.v", &stranger) == SNN_OK);
    REQUIRE(plugin.queue_steps(it.network, 1) == SNN_OK);
    it.unity.frame({it.step}, it.network);
    CHECK(contains(plugin.failure(plugin.status(it.network), SNN_ERROR_INVALID_ARGUMENT), "does not know the buffer"));
    REQUIRE(plugin.copy_state(it.network, "output.v", nullptr) == SNN_OK);

    for (int i = 0; i < SNN_UNITY_QUEUE_LENGTH; ++i) REQUIRE(plugin.queue_steps(it.network, 1) == SNN_OK);
    CHECK(contains(plugin.failure(plugin.queue_steps(it.network, 1), SNN_ERROR_BUSY), "8 calls wait"));
    it.unity.frame({it.step}, &stranger);  // an event for something that is no network
    for (int i = 0; i < SNN_UNITY_QUEUE_LENGTH; ++i) it.unity.frame({it.step}, it.network);
    CHECK(plugin.status(it.network) == SNN_OK);
}

TEST_CASE("scripts and the render thread may run at the same time") {
    Running it;
    it.unity.frame({it.open}, it.network);
    constexpr int frames = 100;
    std::atomic<int> queued = 0;
    std::thread script([&] {
        const float values[3] = {1, 0.5f, 0};
        while (queued < frames && it.plugin.set_input(it.network, 0, values, 3) == SNN_OK) {
            const SNNStatus status = it.plugin.queue_steps(it.network, 1);
            if (status == SNN_OK) ++queued;
            else if (status == SNN_ERROR_BUSY) std::this_thread::yield();
            else break;
        }
    });
    for (int i = 0; i < frames;) {
        if (i == queued) std::this_thread::yield();
        else it.unity.frame({it.step}, it.network), ++i;
    }
    script.join();
    CHECK(it.plugin.status(it.network) == SNN_OK);
    uint64_t steps = 0;
    CHECK(it.plugin.step_count(it.network, &steps) == SNN_OK);
    CHECK(steps == frames);
}

int main(int argc, char** argv) { return doctest::Context(argc, argv).run(); }
