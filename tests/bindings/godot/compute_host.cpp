// The extension in the stand-in for Godot: networks on its RenderingDevice.
//
// Environment: that of scripts.hpp, with creature.snn, mixed.snn and plastic.snn    SNN_EXPECTED  the line that the game prints
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "../creature.hpp"
#include "scripts.hpp"

#include "rendering_device.hpp"

#include <cmath>
#include <snn/snn.hpp>

namespace {

// A RenderingDevice of Godot's.
struct Device {
    Device() : object(construct("RenderingDevice")) {
        object->method = [this](const std::string& name, const std::vector<Any>& arguments) { return rendering.call(name, arguments); };
        find_method = [](const std::string& name, int64_t hash) -> const void* { return Rendering::find(name, hash); };
        call_method = [this](const void* bind, Object* on, const void* const* arguments, void* out) {
            REQUIRE(on == object);
            (*static_cast<const Rendering::Bind*>(bind))(rendering, arguments, out);
        };
    }
    ~Device() {
        if (object) free_object(object);
    }
    Rendering rendering;
    Object* object;
};

// A SpikingNetworkCompute and its network.
struct ComputeBrain {
    explicit ComputeBrain(const std::string& path)
        : resource(std::get<Object*>(load(path))), object(construct("SpikingNetworkCompute")) {
        reference(object);
    }
    ~ComputeBrain() {
        unreference(object);
        unreference(resource);
    }
    Any operator()(const char* method, std::vector<Any> arguments = {}) { return call(object, method, std::move(arguments)); }
    Object *resource, *object;
};

}  // namespace

TEST_CASE("the game is the same on Godot's RenderingDevice") {
    Godot godot;
    {
        Device device;
        ComputeBrain brain("res://creature.snn");
        brain("set_counted_populations", {std::vector<std::string>{"output"}});
        REQUIRE(number(brain("open", {brain.resource, device.object})) == 0);
        snn::Session cpu = snn::Session::open(std::string(variable("SNN_PROJECT")) + "/creature.snn");
        int64_t done = 0;
        const std::string line = play_creature([&](CreatureFrame& frame) {
            cpu.run_step(1.0f / 60.0f);  // how many steps a frame has
            const int64_t steps = static_cast<int64_t>(cpu.step_count()) - done;
            done += steps;
            CHECK(number(brain("set_input", {std::string("input"), Floats(frame.seen.begin(), frame.seen.end())})) == 0);
            CHECK(number(brain("clear_spike_count", {std::string("output")})) == 0);
            CHECK(number(brain("advance", {steps})) == 0);
            const Floats counts = std::get<Floats>(brain("read", {std::string("output.spike_count")}));
            const Floats voltages = std::get<Floats>(brain("read", {std::string("output.v")}));
            REQUIRE(counts.size() == 3);
            REQUIRE(voltages.size() == 3);
            std::copy(counts.begin(), counts.end(), frame.spikes.begin());
            std::copy(voltages.begin(), voltages.end(), frame.voltages.begin());
        });
        CHECK(line == variable("SNN_EXPECTED"));
        CHECK(number(brain("get_step_count")) == done);
    }
    CHECK(errors.empty());
}

TEST_CASE("networks of every kind give the bits of the processor on Godot's RenderingDevice") {
    Godot godot;
    {
        Device device;
        const std::string folder = variable("SNN_PROJECT");
        for (const char* name : {"mixed.snn", "plastic.snn"}) {
            CAPTURE(name);
            ComputeBrain brain("res://" + std::string(name));
            brain("set_seed", {int64_t{5}});
            REQUIRE(number(brain("open", {brain.resource, device.object})) == 0);
            snn::SessionOptions options;
            options.seed = 5;
            snn::Session cpu(snn::Network::load(folder + "/" + name), options);
            const uint32_t count = cpu.network().info().population_count;
            for (int round = 0; round < 20; ++round) {
                for (uint32_t p = 0; p < count; ++p) {
                    const SNNPopulationInfo about = cpu.network().population(p);
                    const bool spikes = about.kind == SNN_POPULATION_SPIKE_INPUT;
                    if (about.kind == SNN_POPULATION_NEURONS || (spikes && round % 3 == 2)) continue;
                    Floats values(about.size);
                    for (uint32_t i = 0; i < about.size; ++i)
                        values[i] = spikes ? float((i * 7 + uint32_t(round)) % 3 == 0) : float((i + uint32_t(round)) % 5) * 0.25f;
                    CHECK(number(brain("set_input", {std::string(about.name), values})) == 0);
                    cpu.set_input(p, values);
                }
                const int64_t steps = round % 4;
                CHECK(number(brain("advance", {steps})) == 0);
                cpu.step(static_cast<uint32_t>(steps));
                for (uint32_t p = 0; p < count; ++p) {
                    const SNNPopulationInfo about = cpu.network().population(p);
                    if (about.kind != SNN_POPULATION_NEURONS) continue;
                    const std::string state = std::string(about.name) + ".v";
                    CHECK(std::get<Floats>(brain("read", {state})) == cpu.read<float>(state));
                }
            }
            CHECK(cpu.counters().spikes > 100);
        }
    }
    CHECK(errors.empty());
}

TEST_CASE("a state on the GPU is a buffer that others use") {
    Godot godot;
    {
        Device device;
        ComputeBrain brain("res://creature.snn");
        REQUIRE(number(brain("open", {brain.resource, device.object})) == 0);
        CHECK(number(brain("set_input", {std::string("input"), Floats{1, 0, 1}})) == 0);
        CHECK(number(brain("advance", {int64_t{9}})) == 0);
        const Rid buffer = std::get<Rid>(brain("get_buffer", {std::string("hidden.v")}));
        const int64_t offset = number(brain("get_buffer_offset", {std::string("hidden.v")}));
        const Bytes bytes = std::get<Bytes>(device.rendering.call("buffer_get_data", {buffer, offset, int64_t{24 * 4}}));
        Floats there(24);
        std::memcpy(there.data(), bytes.data(), bytes.size());
        CHECK(there == std::get<Floats>(brain("read", {std::string("hidden.v")})));
        CHECK(std::any_of(there.begin(), there.end(), [](float v) { return v != 0; }));
        CHECK(std::get<Floats>(brain("read", {std::string("input.input")})) == Floats{1, 0, 1});
        // Opened again, it begins anew.
        REQUIRE(number(brain("open", {brain.resource, device.object})) == 0);
        CHECK(number(brain("get_step_count")) == 0);
        CHECK(std::get<Floats>(brain("read", {std::string("hidden.v")})) == Floats(24));
        brain("close");
        CHECK(device.rendering.buffer_count() == 0);
    }
    CHECK(errors.empty());
}

TEST_CASE("wrong use of Godot's RenderingDevice is an error in Godot's log") {
    Godot godot;
    {
        auto device = std::make_unique<Device>();
        ComputeBrain brain("res://creature.snn");
        CHECK(number(brain("advance", {int64_t{1}})) == 3);
        CHECK(told("open it first"));
        CHECK(number(brain("open", {brain.resource, Any{}})) == 31);
        CHECK(told("device is null"));
        CHECK(number(brain("open", {brain.resource, brain.resource})) == 31);
        CHECK(told("device is no RenderingDevice"));
        CHECK(number(brain("open", {brain.object, device->object})) == 31);
        CHECK(told("network is no SpikingNetworkResource"));
        brain("set_counted_populations", {std::vector<std::string>{"outputs"}});
        CHECK(number(brain("open", {brain.resource, device->object})) == 33);
        CHECK(told("outputs"));
        brain("set_counted_populations", {std::vector<std::string>{}});
        brain("set_seed", {int64_t{-1}});
        CHECK(told("seed is -1"));
        device->rendering.is_full = true;
        CHECK(number(brain("open", {brain.resource, device->object})) == 2);
        CHECK(told("made no buffer"));
        device->rendering.is_full = false;
        REQUIRE(number(brain("open", {brain.resource, device->object})) == 0);
        CHECK(number(brain("set_input", {std::string("hidden"), Floats{1}})) == 33);
        CHECK(told("no input population 'hidden'"));
        CHECK(number(brain("set_input", {std::string("input"), Floats{1}})) == 31);
        CHECK(told("has 1 numbers, population 'input' has 3"));
        CHECK(number(brain("set_input", {std::string("input"), Floats{1, NAN, 1}})) == 31);
        CHECK(told("values[1] is "));
        CHECK(number(brain("advance", {int64_t{-2}})) == 31);
        CHECK(told("steps is -2"));
        CHECK(std::get<Floats>(brain("read", {std::string("hidden.w")})).empty());
        CHECK(told("w"));
        CHECK(std::get<Floats>(brain("read", {std::string("output.spike_count")})).empty());
        CHECK(told("counted_populations"));
        CHECK(std::get<Rid>(brain("get_buffer", {std::string("hidden")})).id == 0);
        CHECK(told("hidden"));
        device->rendering.is_render_thread = false;
        CHECK(number(brain("advance", {int64_t{1}})) == 2);
        CHECK(told("render thread"));
        CHECK(number(brain("get_step_count")) == 0);
        device->rendering.is_render_thread = true;
        // A device that is freed first frees what was made on it.
        brain("close");
        REQUIRE(number(brain("open", {brain.resource, device->object})) == 0);
        device->rendering.free_all();
        device.reset();
        CHECK(number(brain("advance", {int64_t{1}})) == 3);
        CHECK(told("is gone"));
    }
    CHECK(errors.empty());
}

int main(int argc, char** argv) { return doctest::Context(argc, argv).run(); }
