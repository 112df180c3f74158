// SpikingNetworkCompute, a network on Godot's RenderingDevice: the plan of its step, replayed in compute lists.
#include "rendering_device.hpp"

#include <array>
#include <optional>

namespace godot_snn {

namespace {

struct SpikingNetworkCompute {
    static constexpr char kind[] = "SpikingNetworkCompute";
    const char* what = kind;  // first: tells instances of this extension apart

    struct Place {  // values in a buffer of the device
        Rid buffer;
        uint64_t offset_bytes, size_bytes;
        bool whole;  // int32, else float32
    };
    struct Input {
        Place place;
        bool spikes, given;  // given: spikes that the next step takes
    };
    using Part = std::array<uint64_t, 3>;  // of the plan: buffer, offset, size

    int64_t seed = 0;
    std::vector<std::string> counted;
    std::optional<snn::Session> session;  // the plan's; tells where states are
    std::optional<RenderingDevice> device;
    std::map<Part, Rid> buffers;
    std::map<std::string, Input> inputs;
    std::map<std::string, Place> counts;
    RenderingDevice::Dispatches dispatches;
    int64_t step_count = 0;

    void close() {
        dispatches.clear();
        counts.clear();
        inputs.clear();
        buffers.clear();
        device.reset();
        session.reset();
        step_count = 0;
    }

    void open(GodotObject resource, GodotObject on) {
        close();
        const snn::Network* network = network_of(resource);
        if (!network) throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, "network is no SpikingNetworkResource that has bytes");
        device.emplace(on);
        snn::SessionOptions options;
        options.device = "vulkan:plan";
        options.seed = static_cast<uint64_t>(seed);
        session.emplace(*network, options);
        std::map<uint64_t, std::string> names;  // of buffers that have one: "population.input", "population.spike_count"
        const uint32_t count = network->info().population_count;
        for (uint32_t i = 0; i < count; ++i) {
            const SNNPopulationInfo info = network->population(i);
            if (info.kind == SNN_POPULATION_NEURONS) continue;
            inputs[info.name] = {{0, 0, uint64_t{info.size} * 4, false}, info.kind == SNN_POPULATION_SPIKE_INPUT, false};
            name_buffer(names, std::string(info.name) + ".input", info.size);
        }
        for (const std::string& name : counted) {
            const uint32_t i = network->find_population(name);
            if (counts.count(name)) continue;
            counts[name] = {};
            name_buffer(names, name + ".spike_count", network->population(i).size);
        }
        replay(snn::vulkan::plan(*session), names);
    }

    void name_buffer(std::map<uint64_t, std::string>& names, const std::string& path, uint32_t size) {
        const uint64_t number = names.size() + 1;
        snn::vulkan::bind_buffer(*session, path, snn::vulkan::buffer_of(number, 0, uint64_t{size} * 4));
        names[number] = path;
    }

    // Makes all that the plan names. RenderingDevice binds whole buffers, so each part of one of the plan's that is bound somewhere
    // is a buffer of its own.
    void replay(const SNNVulkanPlan& plan, const std::map<uint64_t, std::string>& names) {
        std::vector<ComputeShader> shaders;
        std::vector<Rid> made_shaders, pipelines;
        for (uint32_t i = 0; i < plan.shader_count; ++i) {
            const SNNVulkanPlanShader& shader = plan.shaders[i];
            shaders.emplace_back(shader);
            made_shaders.push_back(device->make_shader(shaders.back()));
            pipelines.push_back(device->make_pipeline(made_shaders.back()));
        }
        std::map<std::pair<uint32_t, std::vector<Rid>>, Rid> sets;
        for (uint32_t i = 0; i < plan.dispatch_count; ++i) {
            const SNNVulkanPlanDispatch& dispatch = plan.dispatches[i];
            std::vector<Rid> bound;
            for (uint32_t binding = 0; binding < SNN_VULKAN_BINDING_COUNT; ++binding)
                bound.push_back(shaders[dispatch.shader].bindings.count(binding) ? buffer_of(plan, dispatch.bindings[binding], names) : 0);
            Rid& set = sets[{dispatch.shader, bound}];
            if (!set) set = device->make_set(made_shaders[dispatch.shader], shaders[dispatch.shader], bound);
            auto made = std::make_unique<RenderingDevice::Dispatch>();
            made->pipeline = pipelines[dispatch.shader];
            made->set = set;
            made->barrier = dispatch.barrier != 0;
            std::copy(dispatch.groups, dispatch.groups + 3, made->groups);
            // What no shader reads is not in its block.
            made->push_bytes = shaders[dispatch.shader].push_bytes;
            set_bytes(made->push.get(), reinterpret_cast<const uint8_t*>(dispatch.push), shaders[dispatch.shader].push_bytes);
            dispatches.push_back(std::move(made));
        }
        check_parts();
    }

    Rid buffer_of(const SNNVulkanPlan& plan, const SNNVulkanPlanBinding& binding, const std::map<uint64_t, std::string>& names) {
        const auto [found, is_new] = buffers.try_emplace({binding.buffer, binding.offset_bytes, binding.size_bytes}, 0);
        if (!is_new) return found->second;
        const SNNVulkanPlanBuffer& buffer = plan.buffers[binding.buffer];
        found->second = device->make_buffer(static_cast<const char*>(buffer.contents) + binding.offset_bytes,
                                            static_cast<std::size_t>(binding.size_bytes));
        if (buffer.host_buffer) {
            const std::string& path = names.at(buffer.host_buffer);
            const std::string name = path.substr(0, path.rfind('.'));
            const Place place{found->second, 0, binding.size_bytes, false};
            if (path.ends_with(".input")) inputs.at(name).place = place;
            else counts.at(name) = place;
        }
        return found->second;
    }

    // Two buffers for one memory would each have half of what is written.
    void check_parts() const {
        const Part* before = nullptr;
        for (const auto& [part, rid] : buffers) {
            if (before && (*before)[0] == part[0] && (*before)[1] + (*before)[2] > part[1])
                throw snn::Error(SNN_ERROR_UNSUPPORTED, "shaders of this network bind parts of a buffer that overlap, which RenderingDevice cannot");
            before = &part;
        }
    }

    RenderingDevice& running() {
        if (!device) throw snn::Error(SNN_ERROR_STATE, "this SpikingNetworkCompute has no network: open it first");
        return *device;
    }

    Input& input(const std::string& name) {
        running();
        const auto found = inputs.find(name);
        if (found == inputs.end()) throw snn::Error(SNN_ERROR_NOT_FOUND, ("no input population '" + name + "'").c_str());
        return found->second;
    }

    void set_input(const std::string& name, snn::Span<const float> values) {
        Input& it = input(name);
        const uint64_t size = it.place.size_bytes / 4;
        if (values.size() != size)
            throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, ("values has " + std::to_string(values.size()) + " numbers, population '" + name +
                                                          "' has " + std::to_string(size) + " neurons")
                                                             .c_str());
        for (std::size_t i = 0; i < values.size(); ++i)
            if (it.spikes ? values[i] != 0 && values[i] != 1 : !(values[i] - values[i] == 0))
                throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, ("values[" + std::to_string(i) + "] is " + std::to_string(values[i]) +
                                                              (it.spikes ? ", spikes are 0 or 1" : ", it must be finite"))
                                                                 .c_str());
        if (!it.place.buffer) return;  // nothing is connected to it
        device->update(it.place.buffer, values.data(), it.place.size_bytes);
        it.given = it.spikes;
    }

    void advance(int64_t steps) {
        if (steps < 0) throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, ("steps is " + std::to_string(steps)).c_str());
        RenderingDevice& on = running();
        int64_t left = steps;
        bool given = false;
        for (const auto& [name, it] : inputs) given |= it.given;
        if (given && left) {  // spikes are for one step
            on.record(dispatches, 1);
            --left;
            for (auto& [name, it] : inputs)
                if (std::exchange(it.given, false)) on.clear(it.place.buffer, it.place.size_bytes);
        }
        on.record(dispatches, static_cast<uint64_t>(left));
        step_count += steps;
    }

    Place place(const std::string& path) {
        running();
        const std::size_t dot = path.rfind('.');
        const std::string name = path.substr(0, dot), what_of = dot == std::string::npos ? "" : path.substr(dot + 1);
        if (what_of == "spike_count") {
            const auto found = counts.find(name);
            if (found != counts.end()) return found->second;
            throw snn::Error(SNN_ERROR_NOT_FOUND,
                             ("the spikes of '" + name + "' are not counted: put it into counted_populations before open").c_str());
        }
        const auto unused = snn::Error(SNN_ERROR_NOT_FOUND, ("no step reads or writes '" + path + "'").c_str());
        if (what_of == "input") {
            const Place found = input(name).place;
            if (!found.buffer) throw unused;
            return found;
        }
        const SNNVulkanBuffer state = snn::vulkan::buffer(*session, path);
        for (const auto& [part, rid] : buffers)
            if (part[0] == state.buffer && part[1] <= state.offset_bytes && state.offset_bytes + state.size_bytes <= part[1] + part[2])
                return {rid, state.offset_bytes - part[1], state.size_bytes, state.type == SNN_INT32};
        throw unused;
    }
};

using Arguments = const void* const*;

SpikingNetworkCompute& self(void* instance) { return *static_cast<SpikingNetworkCompute*>(instance); }
void give(void* result, int64_t number) { *static_cast<int64_t*>(result) = number; }

void open(void* instance, Arguments arguments, void* result) {
    SpikingNetworkCompute& it = self(instance);
    const int64_t error = guarded("SpikingNetworkCompute.open", [&] {
        it.open(value<GodotObject>(arguments[0]), value<GodotObject>(arguments[1]));
    });
    if (error) it.close();
    give(result, error);
}

void set_input(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetworkCompute.set_input",
                         [&] { self(instance).set_input(text(arguments[0]), floats(arguments[1])); }));
}

void advance(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetworkCompute.advance", [&] { self(instance).advance(value<int64_t>(arguments[0])); }));
}

void read(void* instance, Arguments arguments, void* result) {
    guarded("SpikingNetworkCompute.read", [&] {
        const auto place = self(instance).place(text(arguments[0]));
        std::vector<uint32_t> words(static_cast<std::size_t>(place.size_bytes / 4));
        self(instance).device->read(place.buffer, place.offset_bytes, place.size_bytes, words.data());
        float* const values = resized_floats(result, words.size());
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (place.whole) values[i] = static_cast<float>(static_cast<int32_t>(words[i]));
            else std::memcpy(&values[i], &words[i], sizeof *values);
        }
    });
}

void clear_spike_count(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetworkCompute.clear_spike_count", [&] {
             const auto place = self(instance).place(text(arguments[0]) + ".spike_count");
             self(instance).device->clear(place.buffer, place.size_bytes);
         }));
}

void get_buffer(void* instance, Arguments arguments, void* result) {
    *static_cast<Rid*>(result) = 0;
    guarded("SpikingNetworkCompute.get_buffer",
            [&] { *static_cast<Rid*>(result) = self(instance).place(text(arguments[0])).buffer; });
}

void get_buffer_offset(void* instance, Arguments arguments, void* result) {
    give(result, -1);
    guarded("SpikingNetworkCompute.get_buffer_offset",
            [&] { give(result, static_cast<int64_t>(self(instance).place(text(arguments[0])).offset_bytes)); });
}

void set_seed(void* instance, Arguments arguments, void*) {
    const int64_t seed = value<int64_t>(arguments[0]);
    if (seed < 0) return print_error("SpikingNetworkCompute.seed", "seed is " + std::to_string(seed) + ", it must be 0 or more");
    self(instance).seed = seed;
}

}  // namespace

const Class& compute_network_class() {
    constexpr uint32_t reads = GODOT_METHOD_NORMAL | GODOT_METHOD_CONST;
    static const Class description{
        SpikingNetworkCompute::kind,
        "RefCounted",
        false,
        [](GodotObject) -> void* { return new SpikingNetworkCompute; },
        [](void* instance) { delete static_cast<SpikingNetworkCompute*>(instance); },
        {{"set_seed", {{"seed", GODOT_INT}}, GODOT_NIL, set_seed},
         {"get_seed", {}, GODOT_INT, [](void* it, Arguments, void* result) { give(result, self(it).seed); }, reads},
         {"set_counted_populations", {{"populations", GODOT_STRINGS}}, GODOT_NIL,
          [](void* it, Arguments arguments, void*) { self(it).counted = strings(arguments[0]); }},
         {"get_counted_populations", {}, GODOT_STRINGS,
          [](void* it, Arguments, void* result) { set_strings(result, self(it).counted); }, reads},
         {"open",
          {{"network", {GODOT_OBJECT, "SpikingNetworkResource"}, GODOT_HINT_RESOURCE_TYPE, "SpikingNetworkResource"},
           {"device", {GODOT_OBJECT, "RenderingDevice"}}},
          error_type,
          open},
         {"close", {}, GODOT_NIL, [](void* it, Arguments, void*) { self(it).close(); }},
         {"set_input", {{"population", GODOT_STRING}, {"values", GODOT_FLOATS}}, error_type, set_input},
         {"advance", {{"steps", GODOT_INT}}, error_type, advance},
         {"read", {{"path", GODOT_STRING}}, GODOT_FLOATS, read},
         {"clear_spike_count", {{"population", GODOT_STRING}}, error_type, clear_spike_count},
         {"get_buffer", {{"path", GODOT_STRING}}, GODOT_RID, get_buffer},
         {"get_buffer_offset", {{"path", GODOT_STRING}}, GODOT_INT, get_buffer_offset},
         {"get_step_count", {}, GODOT_INT, [](void* it, Arguments, void* result) { give(result, self(it).step_count); }, reads}},
        {{{"seed", GODOT_INT}, "set_seed", "get_seed"},
         {{"counted_populations", GODOT_STRINGS}, "set_counted_populations", "get_counted_populations"}},
        {},
        {},
        {}};
    return description;
}

}  // namespace godot_snn
