// SpikingNetwork, the node that runs a network, or many brains of one.
#include "engine.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace godot_snn {

namespace {

enum { step_in_physics = 0, step_in_process = 1, step_by_script = 2 };

struct SpikingNetwork {
    explicit SpikingNetwork(GodotObject object) : object(object) {}
    ~SpikingNetwork() { godot.ref_set(&resource, nullptr); }

    const char* what = "SpikingNetwork";
    GodotObject object;
    void* resource = nullptr;  // a Ref
    std::optional<snn::Session> session;
    std::map<std::string, uint32_t> populations;
    std::vector<std::string> names;
    int64_t step_mode = step_in_physics, thread_count = 1, seed = 0, batch_size = 1;
    double budget_ms = 0;
    std::string device = "cpu";
    bool own_weights = false, in_background = false;
    bool begun = false;  // steps in the background that nobody was told of

    struct Heard {
        uint32_t population, sample;
        std::size_t begin, count;
        uint64_t step;
    };
    std::vector<Heard> heard, told;  // in steps that were just made, and in those that handlers were told of last
    std::vector<uint32_t> heard_neurons, told_neurons;
    bool telling = false;
    std::shared_ptr<const char> alive = std::make_shared<const char>();

    void close() {
        session.reset();
        begun = false;
        forget();
        forget();
    }

    void forget() {
        told.clear();
        told_neurons.clear();
        told.swap(heard);
        told_neurons.swap(heard_neurons);
    }

    // Opened when it is first needed, so that properties may be set in any order.
    snn::Session& running() {
        if (session) return *session;
        const snn::Network* network = network_of(resource);
        if (!network) throw snn::Error(SNN_ERROR_STATE, "the property 'network' of this SpikingNetwork is not set");
        snn::SessionOptions options;
        options.thread_count = static_cast<uint32_t>(thread_count);
        options.seed = static_cast<uint64_t>(seed);
        options.device = device;
        options.batch_size = static_cast<uint32_t>(batch_size);
        if (own_weights) options.flags |= SNN_FLAG_SAMPLE_WEIGHTS;
        const uint32_t count = network->info().population_count;
        populations.clear();
        names.clear();
        for (uint32_t i = 0; i < count; ++i) {
            names.emplace_back(network->population(i).name);
            populations.emplace(names.back(), i);
        }
        session.emplace(*network, options);
        session->on_spikes([this](const SNNSpikes& spikes) { hear(spikes); });
        return *session;
    }

    // The same when no steps are under way: waits for them. For what is rarely done, or done in a handler of `stepped`.
    snn::Session& resting() {
        snn::Session& it = running();
        it.wait();
        return it;
    }

    uint32_t population(const std::string& name) {
        running();
        const auto found = populations.find(name);
        if (found == populations.end()) throw snn::Error(SNN_ERROR_NOT_FOUND, ("no population '" + name + "'").c_str());
        return found->second;
    }

    void step(double delta) {
        const float seconds = static_cast<float>(delta);
        const float budget_s = budget_ms > 0 ? static_cast<float>(budget_ms / 1000) : std::numeric_limits<float>::infinity();
        if (!in_background) {
            resting().run_step_within(seconds, budget_s);
            tell();
        } else if (!running().poll()) {
            running().begin(seconds, budget_s);  // the time is carried
        } else {
            const std::weak_ptr<const char> here = alive;
            if (std::exchange(begun, false)) tell();
            if (here.expired()) return;
            begun = running().begin(seconds, budget_s) || begun;  // a handler may have begun some
        }
    }

    // While the network steps.
    void hear(const SNNSpikes& spikes) {
        heard.push_back({spikes.population, spikes.sample, heard_neurons.size(), spikes.count, spikes.step});
        heard_neurons.insert(heard_neurons.end(), spikes.neurons, spikes.neurons + spikes.count);
    }

    // After the steps, so that a handler may do anything: set inputs, step on, take another network, free this node.
    void tell() {
        if (telling) return;  // a handler stepped: the loop below comes to that
        struct Guard {
            SpikingNetwork& it;
            std::weak_ptr<const char> alive = it.alive;
            ~Guard() {
                if (alive.expired()) return;
                it.telling = false;
                it.forget();
            }
        } guard{*this};
        telling = true;
        for (std::size_t i = 0; batch_size == 1 && i < heard.size(); ++i) {
            emit(heard[i]);
            if (guard.alive.expired()) return;
        }
        StringName signal("stepped");
        Variant self(GODOT_OBJECT, &object), signal_v(GODOT_STRING_NAME, signal.get());
        const Variant nothing(self, "emit_signal", {&signal_v});
    }

    // Of each neuron of a population, [batch_size][size], in the steps that were made last.
    std::vector<uint32_t> spike_counts(uint32_t population) {
        const std::size_t size = running().network().population(population).size;
        std::vector<uint32_t> counts(static_cast<std::size_t>(batch_size) * size);
        const std::vector<uint32_t>& neurons = telling ? heard_neurons : told_neurons;
        for (const Heard& one : telling ? heard : told)
            for (std::size_t i = 0; one.population == population && i < one.count; ++i)
                ++counts[one.sample * size + neurons[one.begin + i]];
        return counts;
    }

    void emit(const Heard& spikes) {
        StringName signal("spiked"), name(names[spikes.population].c_str());
        Value<GODOT_INTS> neurons;
        set_ints(neurons.get(), heard_neurons.data() + spikes.begin, spikes.count);
        const int64_t number = static_cast<int64_t>(spikes.step);
        Variant self(GODOT_OBJECT, &object), signal_v(GODOT_STRING_NAME, signal.get()), name_v(GODOT_STRING_NAME, name.get()),
            neurons_v(GODOT_INTS, neurons.get()), number_v(number);
        const Variant nothing(self, "emit_signal", {&signal_v, &name_v, &neurons_v, &number_v});
    }
};

using Arguments = const void* const*;

SpikingNetwork& self(void* instance) { return *static_cast<SpikingNetwork*>(instance); }
void give(void* result, int64_t number) { *static_cast<int64_t*>(result) = number; }

// A setting that the next session has: a whole number from 0 to `most`.
void set_number(const char* name, int64_t& place, int64_t wanted, int64_t most, SpikingNetwork& network) {
    guarded((std::string("SpikingNetwork.") + name).c_str(), [&] {
        if (wanted < 0 || wanted > most)
            throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, (std::string(name) + " is " + std::to_string(wanted) + ", it must be 0 to " +
                                                          std::to_string(most))
                                                             .c_str());
        network.close();
        place = wanted;
    });
}

// The device and what a brain is: the next session has them.
void set_device(void* instance, Arguments arguments, void*) {
    SpikingNetwork& it = self(instance);
    it.close();
    it.device = text(arguments[0]);
}

template <bool SpikingNetwork::*Setting>
void get_bool(void* instance, Arguments, void* result) {
    *static_cast<uint8_t*>(result) = self(instance).*Setting;
}

void set_own_weights(void* instance, Arguments arguments, void*) {
    SpikingNetwork& it = self(instance);
    it.close();
    it.own_weights = value<uint8_t>(arguments[0]) != 0;
}

void set_in_background(void* instance, Arguments arguments, void*) {
    guarded("SpikingNetwork.in_background", [&] {
        SpikingNetwork& it = self(instance);
        if (it.session) it.resting();
        it.in_background = value<uint8_t>(arguments[0]) != 0;
    });
}

void set_network(void* instance, Arguments arguments, void*) {
    SpikingNetwork& it = self(instance);
    const GodotObject resource = value<GodotObject>(arguments[0]);
    guarded("SpikingNetwork.network", [&] {
        if (resource && !network_of(resource))
            throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, "network takes a SpikingNetworkResource that has bytes, or null");
        it.close();
        godot.ref_set(&it.resource, resource);
    });
}

void get_network(void* instance, Arguments, void* result) { godot.ref_set(result, self(instance).resource); }

void set_step_mode(void* instance, Arguments arguments, void*) {
    SpikingNetwork& it = self(instance);
    const int64_t mode = value<int64_t>(arguments[0]);
    if (mode < step_in_physics || mode > step_by_script)
        return print_error("SpikingNetwork.step_mode", "step_mode is " + std::to_string(mode) + ", it must be 0 to 2");
    it.step_mode = mode;
}

void set_budget_ms(void* instance, Arguments arguments, void*) {
    const double budget = value<double>(arguments[0]);
    if (!(budget >= 0) || std::isinf(budget))
        return print_error("SpikingNetwork.budget_ms", "budget_ms is " + std::to_string(budget) + ", it must be 0 or more");
    self(instance).budget_ms = budget;
}

void set_input(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetwork.set_input", [&] {
             const uint32_t population = self(instance).population(text(arguments[0]));
             self(instance).running().set_input(population, floats(arguments[1]));
         }));
}

uint32_t sample_of(const SpikingNetwork& it, const void* argument) {
    const int64_t sample = value<int64_t>(argument);
    if (sample < 0 || sample >= it.batch_size)
        throw snn::Error(SNN_ERROR_INVALID_ARGUMENT,
                         ("sample is " + std::to_string(sample) + "; batch_size is " + std::to_string(it.batch_size)).c_str());
    return static_cast<uint32_t>(sample);
}

void set_sample_input(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetwork.set_sample_input", [&] {
             SpikingNetwork& it = self(instance);
             const uint32_t sample = sample_of(it, arguments[0]);
             const uint32_t population = it.population(text(arguments[1]));
             it.running().set_sample_input(population, sample, floats(arguments[2]));
         }));
}

void reset_sample(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetwork.reset_sample", [&] {
             SpikingNetwork& it = self(instance);
             it.resting().reset_samples(sample_of(it, arguments[0]));
         }));
}

void is_stepping(void* instance, Arguments, void* result) {
    *static_cast<uint8_t*>(result) = 0;
    guarded("SpikingNetwork.is_stepping", [&] {
        SpikingNetwork& it = self(instance);
        *static_cast<uint8_t*>(result) = it.session && !it.session->poll();
    });
}

void get_spike_counts(void* instance, Arguments arguments, void* result) {
    guarded("SpikingNetwork.get_spike_counts", [&] {
        const std::vector<uint32_t> counts = self(instance).spike_counts(self(instance).population(text(arguments[0])));
        set_ints(result, counts.data(), counts.size());
    });
}

void get_session_device(void* instance, Arguments, void* result) {
    guarded("SpikingNetwork.get_session_device", [&] {
        const SNNSessionDevice device = self(instance).resting().device();
        set_text(result, std::string(device.name) + (*device.reason ? ": " : "") + device.reason);
    });
}

void step(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetwork.step", [&] { self(instance).step(value<double>(arguments[0])); }));
}

void advance(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetwork.advance", [&] {
             const int64_t count = value<int64_t>(arguments[0]);
             if (count < 0 || count > UINT32_MAX)
                 throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, ("steps is " + std::to_string(count)).c_str());
             self(instance).resting().step(static_cast<uint32_t>(count));
             self(instance).tell();
         }));
}

void reset(void* instance, Arguments, void* result) {
    give(result, guarded("SpikingNetwork.reset", [&] { self(instance).resting().reset(); }));
}

void get_spikes(void* instance, Arguments arguments, void* result) {
    guarded("SpikingNetwork.get_spikes", [&] {
        const uint32_t population = self(instance).population(text(arguments[0]));
        const snn::Span<const uint32_t> spikes = self(instance).resting().spikes(population);
        set_ints(result, spikes.data(), spikes.size());
    });
}

void get_state(void* instance, Arguments arguments, void* result) {
    guarded("SpikingNetwork.get_state", [&] {
        const std::string path = text(arguments[0]);
        snn::Session& session = self(instance).resting();
        const std::size_t count = session.value_count(path);
        session.read(path, snn::Span<float>(resized_floats(result, count), count));
    });
}

void set_state(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetwork.set_state",
                         [&] { self(instance).resting().write(text(arguments[0]), floats(arguments[1])); }));
}

void send_signal(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetwork.send_signal", [&] {
             const float signal[] = {static_cast<float>(value<double>(arguments[1]))};
             self(instance).resting().write(text(arguments[0]) + ".signal", signal);
         }));
}

// A path of Godot's, "user://brain.state", as the system has it.
std::string system_path(const void* path) {
    GodotObject settings = godot.singleton(StringName("ProjectSettings").get());
    Variant self(GODOT_OBJECT, &settings), given(GODOT_STRING, path), found(self, "globalize_path", {&given});
    if (found.type() != GODOT_STRING) throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, ("'" + text(path) + "' is no path").c_str());
    const Value<GODOT_STRING> made(found);
    return text(made.get());
}

void save_state(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetwork.save_state", [&] { self(instance).resting().save_state(system_path(arguments[0])); }));
}

void load_state(void* instance, Arguments arguments, void* result) {
    give(result, guarded("SpikingNetwork.load_state", [&] { self(instance).resting().load_state(system_path(arguments[0])); }));
}

constexpr struct {
    const char* name;
    uint64_t SNNCounters::*count;
} counters[] = {{"COUNTER_STEPS", &SNNCounters::steps},
                {"COUNTER_NEURON_UPDATES", &SNNCounters::neuron_updates},
                {"COUNTER_SPIKES", &SNNCounters::spikes},
                {"COUNTER_INPUT_SPIKES", &SNNCounters::input_spikes},
                {"COUNTER_SYNAPTIC_EVENTS", &SNNCounters::synaptic_events},
                {"COUNTER_SYNAPTIC_OPERATIONS", &SNNCounters::synaptic_operations}};

std::vector<Constant> constants() {
    std::vector<Constant> made{{"StepMode", "STEP_PHYSICS", step_in_physics},
                               {"StepMode", "STEP_PROCESS", step_in_process},
                               {"StepMode", "STEP_SCRIPT", step_by_script}};
    for (const auto& counter : counters) made.push_back({"Counter", counter.name, &counter - counters});
    return made;
}

void get_counter(void* instance, Arguments arguments, void* result) {
    give(result, 0);
    guarded("SpikingNetwork.get_counter", [&] {
        const int64_t which = value<int64_t>(arguments[0]);
        if (which < 0 || which >= int64_t{std::size(counters)})
            throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, ("counter is " + std::to_string(which) + ", it must be a COUNTER_").c_str());
        give(result, static_cast<int64_t>(self(instance).resting().counters().*counters[which].count));
    });
}

void get_projections(void* instance, Arguments, void* result) {
    guarded("SpikingNetwork.get_projections", [&] {
        const snn::Network network = self(instance).running().network();
        std::vector<std::string> names;
        for (uint32_t i = 0; i < network.info().projection_count; ++i) names.emplace_back(network.projection(i).name);
        set_strings(result, names);
    });
}

void get_step_count(void* instance, Arguments, void* result) {
    give(result, 0);
    guarded("SpikingNetwork.get_step_count", [&] { give(result, static_cast<int64_t>(self(instance).resting().step_count())); });
}

void get_populations(void* instance, Arguments, void* result) {
    guarded("SpikingNetwork.get_populations", [&] {
        self(instance).running();
        set_strings(result, self(instance).names);
    });
}

// Godot calls _process and _physics_process of a node that has them in every frame.
template <int Mode>
void frame(void* instance, Arguments arguments, void*) {
    SpikingNetwork& it = self(instance);
    if (it.step_mode != Mode || !it.resource) return;
    guarded("SpikingNetwork", [&] { it.step(value<double>(arguments[0])); });
}

}  // namespace

const Class& spiking_network_class() {
    constexpr uint32_t reads = GODOT_METHOD_NORMAL | GODOT_METHOD_CONST;
    constexpr const char* modes = "Physics,Process,Script";
    constexpr Type mode_type{GODOT_INT, "SpikingNetwork.StepMode"};
    constexpr Argument network_argument{"network", {GODOT_OBJECT, "SpikingNetworkResource"}, GODOT_HINT_RESOURCE_TYPE,
                                        "SpikingNetworkResource"};
    static const Class description{
        "SpikingNetwork",
        "Node",
        true,
        [](GodotObject object) -> void* { return new SpikingNetwork(object); },
        [](void* instance) { delete static_cast<SpikingNetwork*>(instance); },
        {{"set_network", {network_argument}, GODOT_NIL, set_network},
         {"get_network", {}, network_argument.type, get_network, reads},
         {"set_step_mode", {{"step_mode", mode_type}}, GODOT_NIL, set_step_mode},
         {"get_step_mode", {}, mode_type, [](void* it, Arguments, void* result) { give(result, self(it).step_mode); }, reads},
         {"set_thread_count", {{"thread_count", GODOT_INT}}, GODOT_NIL,
          [](void* it, Arguments arguments, void*) {
              set_number("thread_count", self(it).thread_count, value<int64_t>(arguments[0]), 1024, self(it));
          }},
         {"get_thread_count", {}, GODOT_INT, [](void* it, Arguments, void* result) { give(result, self(it).thread_count); }, reads},
         {"set_seed", {{"seed", GODOT_INT}}, GODOT_NIL,
          [](void* it, Arguments arguments, void*) {
              set_number("seed", self(it).seed, value<int64_t>(arguments[0]), INT64_MAX, self(it));
          }},
         {"get_seed", {}, GODOT_INT, [](void* it, Arguments, void* result) { give(result, self(it).seed); }, reads},
         {"set_budget_ms", {{"budget_ms", GODOT_FLOAT}}, GODOT_NIL, set_budget_ms},
         {"get_budget_ms", {}, GODOT_FLOAT,
          [](void* it, Arguments, void* result) { *static_cast<double*>(result) = self(it).budget_ms; }, reads},
         {"set_device", {{"device", GODOT_STRING}}, GODOT_NIL, set_device},
         {"get_device", {}, GODOT_STRING, [](void* it, Arguments, void* result) { set_text(result, self(it).device); }, reads},
         {"set_batch_size", {{"batch_size", GODOT_INT}}, GODOT_NIL,
          [](void* it, Arguments arguments, void*) {
              const int64_t wanted = value<int64_t>(arguments[0]);
              if (wanted == 0) return print_error("SpikingNetwork.batch_size", "batch_size is 0, it must be 1 or more");
              set_number("batch_size", self(it).batch_size, wanted, 1 << 20, self(it));
          }},
         {"get_batch_size", {}, GODOT_INT, [](void* it, Arguments, void* result) { give(result, self(it).batch_size); }, reads},
         {"set_own_weights", {{"own_weights", GODOT_BOOL}}, GODOT_NIL, set_own_weights},
         {"get_own_weights", {}, GODOT_BOOL, get_bool<&SpikingNetwork::own_weights>, reads},
         {"set_in_background", {{"in_background", GODOT_BOOL}}, GODOT_NIL, set_in_background},
         {"get_in_background", {}, GODOT_BOOL, get_bool<&SpikingNetwork::in_background>, reads},
         {"set_sample_input", {{"sample", GODOT_INT}, {"population", GODOT_STRING}, {"values", GODOT_FLOATS}}, error_type,
          set_sample_input},
         {"is_stepping", {}, GODOT_BOOL, is_stepping},
         {"get_spike_counts", {{"population", GODOT_STRING}}, GODOT_INTS, get_spike_counts},
         {"get_session_device", {}, GODOT_STRING, get_session_device},
         {"set_input", {{"population", GODOT_STRING}, {"values", GODOT_FLOATS}}, error_type, set_input},
         {"step", {{"delta", GODOT_FLOAT}}, error_type, step},
         {"advance", {{"steps", GODOT_INT}}, error_type, advance},
         {"reset", {}, error_type, reset},
         {"reset_sample", {{"sample", GODOT_INT}}, error_type, reset_sample},
         {"get_spikes", {{"population", GODOT_STRING}}, GODOT_INTS, get_spikes},
         {"get_state", {{"path", GODOT_STRING}}, GODOT_FLOATS, get_state},
         {"set_state", {{"path", GODOT_STRING}, {"values", GODOT_FLOATS}}, error_type, set_state},
         {"send_signal", {{"projection", GODOT_STRING}, {"value", GODOT_FLOAT}}, error_type, send_signal},
         {"save_state", {{"path", GODOT_STRING}}, error_type, save_state},
         {"load_state", {{"path", GODOT_STRING}}, error_type, load_state},
         {"get_counter", {{"counter", {GODOT_INT, "SpikingNetwork.Counter"}}}, GODOT_INT, get_counter},
         {"get_step_count", {}, GODOT_INT, get_step_count},
         {"get_populations", {}, GODOT_STRINGS, get_populations},
         {"get_projections", {}, GODOT_STRINGS, get_projections}},
        {{network_argument, "set_network", "get_network"},
         {{"step_mode", mode_type, GODOT_HINT_ENUM, modes}, "set_step_mode", "get_step_mode"},
         {{"thread_count", GODOT_INT, GODOT_HINT_RANGE, "0,64"}, "set_thread_count", "get_thread_count"},
         {{"seed", GODOT_INT}, "set_seed", "get_seed"},
         {{"device", GODOT_STRING}, "set_device", "get_device"},
         {{"batch_size", GODOT_INT, GODOT_HINT_RANGE, "1,1048576"}, "set_batch_size", "get_batch_size"},
         {{"own_weights", GODOT_BOOL}, "set_own_weights", "get_own_weights"},
         {{"in_background", GODOT_BOOL}, "set_in_background", "get_in_background"},
         {{"budget_ms", GODOT_FLOAT, GODOT_HINT_RANGE, "0,16,0.1"}, "set_budget_ms", "get_budget_ms"}},
        {{"spiked", {{"population", GODOT_STRING_NAME}, {"neurons", GODOT_INTS}, {"step", GODOT_INT}}}, {"stepped", {}}},
        constants(),
        {{"_process", frame<step_in_process>}, {"_physics_process", frame<step_in_physics>}}};
    return description;
}

}  // namespace godot_snn
