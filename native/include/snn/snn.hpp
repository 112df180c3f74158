// snn.hpp - libsnn for C++17 and later: snn.h with objects that release themselves, exceptions and ranges. Header only; it
// adds no logic of its own, so snn.h stays the manual. Function by function: snn::Network::connect is snn_network_connect.
//
//     snn::Network network(1.0);                                     // dt in ms
//     const auto in = network.add_spike_input("in", {2});
//     const auto cells = network.add_neurons("cells", {3}, "lif");
//     network.connect_dense(in, cells, weights);                     // any range of floats, [source][target]
//     network.finish();
//     snn::Session session(network);
//     session.set_input(in, spikes);
//     session.step(10);
//     std::vector<float> v = session.membrane_potentials("cells");
//
// Errors: every call that fails throws snn::Error, which carries the status and the sentence of snn_last_error().
// Ownership: Network, Model, Session and Trainer are handles that move but do not copy; share() gives a second reference to
//            a network or a model. Destroying them in any order is safe.
// Thread-safety: as in snn.h. A session and its trainer: one thread at a time; networks and models: any thread.
// An exception thrown by a callback ends in the call that caused it (step, run, ...) once that call has returned from C.
#ifndef SNN_SNN_HPP
#define SNN_SNN_HPP

#include <snn/snn_base.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace snn {
inline namespace v1 {

// ---- Network ----------------------------------------------------------------------------------------------------------

// Thread-safety: any thread.
class Network {
public:
    // An empty network with the time step in milliseconds.
    explicit Network(double dt_ms) : Network(create(dt_ms)) {}
    explicit Network(SNNNetwork owned) noexcept : handle_(owned) {}
    static Network load(const std::string& path) {
        SNNNetwork handle = nullptr;
        check(snn_network_load(path.c_str(), &handle));
        return Network(handle);
    }
    static Network load_memory(const void* data, std::size_t size_bytes) {
        SNNNetwork handle = nullptr;
        check(snn_network_load_memory(data, size_bytes, &handle));
        return Network(handle);
    }

    // Populations; each returns the index of the new one.
    uint32_t add_spike_input(const std::string& name, const Shape& shape) {
        return add(name, shape, SNN_POPULATION_SPIKE_INPUT, nullptr, nullptr);
    }
    uint32_t add_value_input(const std::string& name, const Shape& shape) {
        return add(name, shape, SNN_POPULATION_VALUE_INPUT, nullptr, nullptr);
    }
    uint32_t add_neurons(const std::string& name, const Shape& shape, const std::string& builtin_model) {
        return add(name, shape, SNN_POPULATION_NEURONS, builtin_model.c_str(), nullptr);
    }
    uint32_t add_neurons(const std::string& name, const Shape& shape, const Model& model) {
        return add(name, shape, SNN_POPULATION_NEURONS, nullptr, model.get());
    }
    void set_parameter(uint32_t population, const std::string& parameter, double value) {
        set_parameter(population, parameter, Span<const double>(&value, 1));
    }
    void set_parameter(uint32_t population, const std::string& parameter, Span<const double> values) {
        check(snn_network_set_parameter(get(), population, parameter.c_str(), values.data(), values.size()));
    }
    void set_learnable(uint32_t population, const std::string& parameter, bool learnable = true) {
        check(snn_network_set_learnable(get(), population, parameter.c_str(), learnable));
    }
    void set_option(uint32_t population, const std::string& option, const std::string& choice) {
        check(snn_network_set_option(get(), population, option.c_str(), choice.c_str()));
    }
    void set_initial_state(uint32_t population, const std::string& state, double value) {
        set_initial_state(population, state, Span<const double>(&value, 1));
    }
    void set_initial_state(uint32_t population, const std::string& state, Span<const double> values) {
        check(snn_network_set_initial_state(get(), population, state.c_str(), values.data(), values.size()));
    }
    void set_surrogate(uint32_t population, const std::string& name, Span<const double> parameters = {}) {
        check(snn_network_set_surrogate(get(), population, name.c_str(), nullptr, parameters.data(), parameters.size()));
    }
    void set_surrogate(uint32_t population, const Model& surrogate, Span<const double> parameters = {}) {
        check(snn_network_set_surrogate(get(), population, nullptr, surrogate.get(), parameters.data(),
                                        parameters.size()));
    }

    // Plasticity of a sparse projection: see snn_network_set_plasticity.
    void set_plasticity(uint32_t projection, const std::string& builtin_rule) {
        check(snn_network_set_plasticity(get(), projection, builtin_rule.c_str(), nullptr));
    }
    void set_plasticity(uint32_t projection, const Model& rule) {
        check(snn_network_set_plasticity(get(), projection, nullptr, rule.get()));
    }
    void set_plasticity_parameter(uint32_t projection, const std::string& parameter, double value) {
        check(snn_network_set_plasticity_parameter(get(), projection, parameter.c_str(), value));
    }
    void set_plasticity_option(uint32_t projection, const std::string& option, const std::string& choice) {
        check(snn_network_set_plasticity_option(get(), projection, option.c_str(), choice.c_str()));
    }

    // Projections; each returns the index of the new one. Start from projection_def() for what has no short form.
    uint32_t connect(const SNNProjectionDef& def) {
        uint32_t index = 0;
        check(snn_network_connect(get(), &def, &index));
        return index;
    }
    uint32_t connect_dense(uint32_t source, uint32_t target, Span<const float> weights, Span<const float> bias = {}) {
        return connect(weighted(SNN_CONNECT_DENSE, source, target, weights, bias));
    }
    uint32_t connect_one_to_one(uint32_t source, uint32_t target, Span<const float> weights,
                                Span<const float> bias = {}) {
        return connect(weighted(SNN_CONNECT_ONE_TO_ONE, source, target, weights, bias));
    }
    // Rows of targets: row_offsets [source size + 1]; the others one value for each synapse. `delays` may be empty.
    uint32_t connect_sparse(uint32_t source, uint32_t target, Span<const uint64_t> row_offsets,
                            Span<const uint32_t> synapse_targets, Span<const float> weights,
                            Span<const uint16_t> delays = {}) {
        if (!delays.empty() && delays.size() != synapse_targets.size())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "delays needs one value for each of synapse_targets, or none");
        SNNProjectionDef def = weighted(SNN_CONNECT_SPARSE, source, target, weights, {});
        def.row_offsets = row_offsets.data();
        def.row_offset_count = row_offsets.size();
        def.synapse_targets = synapse_targets.data();
        def.synapse_delays = delays.empty() ? nullptr : delays.data();
        def.synapse_count = synapse_targets.size();
        return connect(def);
    }
    uint32_t connect_random(const SNNProjectionDef& def, const SNNRandomConnectionDef& rule) {
        uint32_t index = 0;
        check(snn_network_connect_random(get(), &def, &rule, &index));
        return index;
    }

    // Checks the whole and makes it immutable.
    void finish() { check(snn_network_finish(get())); }
    void save(const std::string& path) const { check(snn_network_save(get(), path.c_str())); }

    SNNNetworkInfo info() const {
        SNNNetworkInfo info{};
        info.struct_size = sizeof info;
        check(snn_network_get_info(get(), &info));
        return info;
    }
    // Pointers inside the answers live as long as the network.
    SNNPopulationInfo population(uint32_t index) const {
        SNNPopulationInfo info{};
        info.struct_size = sizeof info;
        check(snn_network_get_population(get(), index, &info));
        return info;
    }
    SNNProjectionInfo projection(uint32_t index) const {
        SNNProjectionInfo info{};
        info.struct_size = sizeof info;
        check(snn_network_get_projection(get(), index, &info));
        return info;
    }
    // Of a session as `config` would open it; `out_projection_bytes` gets one number for each projection.
    SNNMemoryEstimate memory(const SNNConfig& config, std::vector<uint64_t>* out_projection_bytes = nullptr) const {
        SNNMemoryEstimate estimate{};
        estimate.struct_size = sizeof estimate;
        if (out_projection_bytes) out_projection_bytes->resize(info().projection_count);
        check(snn_network_memory(get(), &config, &estimate, out_projection_bytes ? out_projection_bytes->data() : nullptr,
                                 out_projection_bytes ? out_projection_bytes->size() : 0));
        return estimate;
    }
    // For each population the number of its device among those of `config.device`, or SNN_PLACE_CUT; `out_window_steps`: steps between exchanges.
    std::vector<uint32_t> placement(const SNNConfig& config, uint32_t* out_window_steps = nullptr) const {
        std::vector<uint32_t> places(info().population_count);
        check(snn_network_placement(get(), &config, places.data(), places.size(), out_window_steps));
        return places;
    }
    // The same, and the shares of a batch, as a device string that reproduces this placement.
    std::string placement_words(const SNNConfig& config) const {
        std::size_t size = 0;
        check(snn_network_placement_words(get(), &config, nullptr, 0, &size));
        std::string words(size, ' ');
        check(snn_network_placement_words(get(), &config, words.data(), size, &size));
        words.resize(size - 1);
        return words;
    }
    // Seconds that a step is expected to take on each of the devices of config.device.
    std::vector<double> placement_times(const SNNConfig& config, std::size_t device_count) const {
        std::vector<double> seconds(device_count);
        check(snn_network_placement_times(get(), &config, seconds.data(), seconds.size()));
        return seconds;
    }
    // What keeps populations from some of the devices, a sentence on each line.
    std::string placement_reasons(const SNNConfig& config) const {
        std::size_t size = 0;
        check(snn_network_placement_reasons(get(), &config, nullptr, 0, &size));
        std::string lines(size, ' ');
        check(snn_network_placement_reasons(get(), &config, lines.data(), size, &size));
        lines.resize(size - 1);
        return lines;
    }
    // Weights and synapses; those of a connection rule are made and kept, 10 bytes a synapse.
    SNNProjectionArrays projection_arrays(uint32_t index) const {
        SNNProjectionArrays arrays{};
        arrays.struct_size = sizeof arrays;
        check(snn_network_get_projection_arrays(get(), index, &arrays));
        return arrays;
    }
    SNNRandomConnectionDef connection_rule(uint32_t index) const {
        SNNRandomConnectionDef rule{};
        rule.struct_size = sizeof rule;
        check(snn_network_get_connection_rule(get(), index, &rule));
        return rule;
    }
    struct Synapses {
        std::vector<uint32_t> sources, targets, delays;  // delays in steps
        std::vector<float> weights;
    };
    // Of some source neurons, made for this call only.
    Synapses synapses(uint32_t projection, uint32_t first_source, uint32_t source_count) const {
        std::size_t count = 0;
        check(snn_network_get_synapses(get(), projection, first_source, source_count, nullptr, nullptr, nullptr, nullptr,
                                       &count));
        Synapses found{std::vector<uint32_t>(count), std::vector<uint32_t>(count), std::vector<uint32_t>(count),
                       std::vector<float>(count)};
        check(snn_network_get_synapses(get(), projection, first_source, source_count, found.sources.data(),
                                       found.targets.data(), found.delays.data(), found.weights.data(), &count));
        return found;
    }
    uint32_t find_population(const std::string& name) const {
        uint32_t index = 0;
        check(snn_network_find_population(get(), name.c_str(), &index));
        return index;
    }
    uint32_t find_projection(const std::string& name) const {
        uint32_t index = 0;
        check(snn_network_find_projection(get(), name.c_str(), &index));
        return index;
    }
    Model model(uint32_t population) const {
        SNNModel handle = nullptr;
        check(snn_network_get_model(get(), population, &handle));
        return Model(handle);
    }
    Model surrogate(uint32_t population) const {
        SNNModel handle = nullptr;
        check(snn_network_get_surrogate(get(), population, &handle));
        return Model(handle);
    }
    // One value (shared) or one for each neuron.
    std::vector<double> parameter(uint32_t population, const std::string& name) const {
        std::size_t count = 0;
        check(snn_network_get_parameter(get(), population, name.c_str(), nullptr, &count));
        std::vector<double> values(count);
        check(snn_network_get_parameter(get(), population, name.c_str(), values.data(), &count));
        return values;
    }
    bool learnable(uint32_t population, const std::string& parameter) const {
        uint32_t learnable = 0;
        check(snn_network_get_learnable(get(), population, parameter.c_str(), &learnable));
        return learnable != 0;
    }
    std::vector<double> initial_state(uint32_t population, const std::string& name) const {
        std::size_t count = 0;
        check(snn_network_get_initial_state(get(), population, name.c_str(), nullptr, &count));
        std::vector<double> values(count);
        check(snn_network_get_initial_state(get(), population, name.c_str(), values.data(), &count));
        return values;
    }
    std::vector<double> surrogate_parameters(uint32_t population) const {
        std::size_t count = 0;
        check(snn_network_get_surrogate_parameters(get(), population, nullptr, &count));
        std::vector<double> values(count);
        check(snn_network_get_surrogate_parameters(get(), population, values.data(), &count));
        return values;
    }
    std::string option(uint32_t population, const std::string& name) const {
        const char* choice = nullptr;
        check(snn_network_get_option(get(), population, name.c_str(), &choice));
        return choice;
    }

    Model plasticity(uint32_t projection) const {
        SNNModel handle = nullptr;
        check(snn_network_get_plasticity(get(), projection, &handle));
        return Model(handle);
    }
    double plasticity_parameter(uint32_t projection, const std::string& name) const {
        double value = 0;
        check(snn_network_get_plasticity_parameter(get(), projection, name.c_str(), &value));
        return value;
    }
    std::string plasticity_option(uint32_t projection, const std::string& name) const {
        const char* choice = nullptr;
        check(snn_network_get_plasticity_option(get(), projection, name.c_str(), &choice));
        return choice;
    }

    Network share() const {
        check(snn_network_retain(get()));
        return Network(get());
    }
    SNNNetwork get() const noexcept { return handle_.get(); }

private:
    static SNNNetwork create(double dt_ms) {
        SNNNetwork handle = nullptr;
        check(snn_network_create(dt_ms, &handle));
        return handle;
    }
    uint32_t add(const std::string& name, const Shape& shape, uint32_t kind, const char* model_name, SNNModel model) {
        SNNPopulationDef def;
        snn_population_def_default(&def);
        def.name = name.c_str();
        def.shape = shape.get();
        def.kind = kind;
        def.model_name = model_name;
        def.model = model;
        uint32_t index = 0;
        check(snn_network_add_population(get(), &def, &index));
        return index;
    }
    static SNNProjectionDef weighted(uint32_t kind, uint32_t source, uint32_t target, Span<const float> weights,
                                     Span<const float> bias) {
        static constexpr float no_weights = 0;  // null would ask for zeros; an empty range is as wrong as a short one
        SNNProjectionDef def = projection_def();
        def.kind = kind;
        def.source = source;
        def.target = target;
        def.weights = weights.empty() ? &no_weights : weights.data();
        def.weight_count = weights.size();
        def.bias = bias.empty() ? nullptr : bias.data();
        def.bias_count = bias.size();
        return def;
    }
    detail::Owned<SNNNetwork, snn_network_release> handle_;
};

// ---- Session ----------------------------------------------------------------------------------------------------------

// SNNConfig without the file and the network. Pointers are read by the constructor of Session only.
struct SessionOptions {
    std::string device = "cpu";
    uint32_t batch_size = 1;
    uint32_t thread_count = 1;  // 0: one per core
    uint32_t instruction_set = SNN_ISA_BEST;
    uint32_t max_catch_up_steps = 0;  // 0: as many as fit into 0.25 s of simulated time, at least 100
    uint32_t flags = 0;
    const SNNAllocator* allocator = nullptr;
    const SNNJobSystem* job_system = nullptr;
    SNNLogCallback log = nullptr;
    void* log_user = nullptr;
    uint64_t seed = 0;  // of the random draws of models
};

// Parts of SNNRunDef over arrays of the caller, which are borrowed: spikes one by one, ordered by step, ...
inline SNNSpikeInput spike_input(uint32_t population, Span<const uint32_t> steps, Span<const uint32_t> neurons,
                                 Span<const uint32_t> samples = {}) {
    if (neurons.size() != steps.size() || (samples.data() && samples.size() != steps.size()))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "steps, neurons and samples differ in their number; each spike has one");
    return {sizeof(SNNSpikeInput), population, steps.data(), neurons.data(), samples.data(), steps.size()};
}
// ... and values of all neurons or synapses, or of chosen ones. `path` is not copied.
template <class Range>
SNNValueRecord value_record(const char* path, Range&& out_values) {
    using Value = std::remove_pointer_t<decltype(std::data(out_values))>;
    return {sizeof(SNNValueRecord), detail::dtype_of<Value>(), path, nullptr, 0, std::data(out_values), std::size(out_values)};
}
template <class Range>
SNNValueRecord value_record(const char* path, Span<const uint64_t> indices, Range&& out_values) {
    static const uint64_t none = 0;  // an empty vector has no address, which would stand for all
    SNNValueRecord record = value_record(path, out_values);
    record.indices = indices.data() ? indices.data() : &none;
    record.index_count = indices.size();
    return record;
}

// A running copy of a network. Thread-safety: one thread at a time.
class Session {
public:
    explicit Session(const Network& network, const SessionOptions& options = {})
        : Session(nullptr, network.get(), options) {}
    // Owns a handle that a function of C opened, such as snn_vulkan_create_network; `batch_size` is that of its config.
    explicit Session(SNNHandle owned, uint32_t batch_size = 1)
        : batch_size_(batch_size), callbacks_(std::make_shared<Callbacks>()), handle_(owned) {}
    static Session open(const std::string& path, const SessionOptions& options = {}) {
        return Session(path.c_str(), nullptr, options);
    }

    // `frame_dt` in seconds: as many whole steps as fit, the rest is carried.
    void run_step(float frame_dt) { finish_call(snn_run_step(get(), frame_dt)); }
    // The same, until `budget_s` seconds of wall time are spent; returns the steps that ran.
    uint32_t run_step_within(float frame_dt, float budget_s) {
        uint32_t steps = 0;
        finish_call(snn_run_step_within(get(), frame_dt, budget_s, &steps));
        return steps;
    }
    // Begins such steps on a thread of the session's own and returns at once; false when steps are under way already, whose successors
    // take the time over. Until poll() is true the session takes inputs and nothing else; memory that is bound is being read.
    bool begin(float frame_dt, float budget_s = std::numeric_limits<float>::infinity()) {
        uint32_t begun = 0;
        check(snn_session_begin(get(), frame_dt, budget_s, &begun));
        return begun != 0;
    }
    // Whether nothing is under way any more. Never waits. The call that sees the end calls on_spikes for all that was.
    bool poll() {
        uint32_t done = 0;
        finish_call(snn_session_poll(get(), &done));
        return done != 0;
    }
    void wait() { finish_call(snn_session_wait(get())); }
    void step(uint32_t step_count = 1) { finish_call(snn_session_step(get(), step_count)); }
    void run(const SNNRunDef& def) { finish_call(snn_session_run(get(), &def)); }
    void reset() { check(snn_session_reset(get())); }
    void save_state(const std::string& path) { check(snn_save_state(get(), path.c_str())); }
    void load_state(const std::string& path) { check(snn_load_state(get(), path.c_str())); }
    void set_step_count(uint64_t steps) { check(snn_session_set_step_count(get(), steps)); }
    uint64_t step_count() const {
        uint64_t steps = 0;
        check(snn_session_step_count(get(), &steps));
        return steps;
    }

    // Where it runs, and why there.
    SNNSessionDevice device() const {
        SNNSessionDevice device{};
        device.struct_size = sizeof device;
        check(snn_session_device(get(), &device));
        return device;
    }

    // What was computed since the last reset.
    SNNCounters counters() const {
        SNNCounters counters{};
        counters.struct_size = sizeof counters;
        check(snn_get_counters(get(), &counters));
        return counters;
    }

    // [batch_size][size]
    void set_input(uint32_t population, Span<const float> values) {
        check(snn_session_set_input(get(), population, values.data(), values.size()));
    }
    // [size], of one sample; the others keep what they were given
    void set_sample_input(uint32_t population, uint32_t sample, Span<const float> values) {
        check(snn_session_set_sample_input(get(), population, sample, values.data(), values.size()));
    }
    // Adds spikes, by neuron, to what a sample was given for the coming step; in any order
    void add_input_spikes(uint32_t population, Span<const uint32_t> neurons, uint32_t sample = 0) {
        check(snn_session_add_input_spikes(get(), population, sample, neurons.data(), neurons.size()));
    }
    // Borrows `values` until it is bound to something else; {} ends it.
    void bind_input(uint32_t population, Span<const float> values) {
        check(snn_session_bind_input(get(), population, values.data(), values.size()));
    }
    // A temporary that owns its values would be gone at the next step; a view that is no std::span goes through Span{data, size}.
    template <class Range, class = std::enable_if_t<detail::may_own<Range>>>
    void bind_input(uint32_t population, Range&& values) = delete;
    // [batch_size][size]
    void membrane_potentials(const std::string& population, Span<float> out_potentials) const {
        check(snn_get_membrane_potentials(get(), population.c_str(), out_potentials.data(), out_potentials.size()));
    }
    std::vector<float> membrane_potentials(const std::string& population) const {
        const Network owner = network();
        std::vector<float> potentials(std::size_t{batch_size_} *
                                      owner.population(owner.find_population(population)).size);
        membrane_potentials(population, potentials);
        return potentials;
    }
    // The neurons that spiked in the last step, ascending; valid until the session is next used.
    Span<const uint32_t> spikes(uint32_t population, uint32_t sample = 0) const {
        const uint32_t* neurons = nullptr;
        uint32_t count = 0;
        check(snn_session_get_spikes(get(), population, sample, &neurons, &count));
        return {neurons, count};
    }
    // Any variable by its path: "population.state", "projection.weight", ... as in snn_session_read.
    template <class T>
    void read(const std::string& path, Span<T> out_data) const {
        check(snn_session_read(get(), path.c_str(), detail::dtype_of<T>(), out_data.data(), out_data.size()));
    }
    template <class T = float>
    std::vector<T> read(const std::string& path) const {
        std::vector<T> values(value_count(path));
        read(path, Span<T>(values));
        return values;
    }
    template <class Range>
    void write(const std::string& path, const Range& values) {
        using T = std::remove_reference_t<decltype(*std::data(values))>;
        check(snn_session_write(get(), path.c_str(), detail::dtype_of<T>(), std::data(values), std::size(values)));
    }
    std::size_t value_count(const std::string& path) const {
        std::size_t count = 0;
        check(snn_session_value_count(get(), path.c_str(), &count));
        return count;
    }
    void load_weights(const std::string& path) { check(snn_load_weights(get(), path.c_str())); }

    // One function of each kind; {} removes it. It may read from the session and do nothing else with it.
    void on_spikes(std::function<void(const SNNSpikes&)> function) {
        check(snn_register_spike_callback(get(), function ? call<SNNSpikes, &Callbacks::spikes> : nullptr,
                                          callbacks_.get()));
        callbacks_->spikes = std::move(function);
    }
    void on_weights(std::function<void(const SNNWeightUpdate&)> function) {
        check(snn_register_weight_callback(get(), function ? call<SNNWeightUpdate, &Callbacks::weights> : nullptr,
                                           callbacks_.get()));
        callbacks_->weights = std::move(function);
    }
    void on_epoch(std::function<void(const SNNEpoch&)> function) {
        check(snn_register_epoch_callback(get(), function ? call<SNNEpoch, &Callbacks::epoch> : nullptr,
                                          callbacks_.get()));
        callbacks_->epoch = std::move(function);
    }

    Network network() const {
        SNNNetwork handle = nullptr;
        check(snn_session_network(get(), &handle));
        return Network(handle);
    }
    // A new finished network with the present weights and biases.
    Network to_network() const {
        SNNNetwork handle = nullptr;
        check(snn_session_to_network(get(), &handle));
        return Network(handle);
    }
    uint32_t batch_size() const noexcept { return batch_size_; }
    SNNHandle get() const noexcept { return handle_.get(); }

private:
    friend class Trainer;

    // At a fixed address, because C holds a pointer to it.
    struct Callbacks {
        std::function<void(const SNNSpikes&)> spikes;
        std::function<void(const SNNWeightUpdate&)> weights;
        std::function<void(const SNNEpoch&)> epoch;
        std::exception_ptr thrown;  // by a callback of this call; none is called again before the call ends
    };

    template <class Event, std::function<void(const Event&)> Callbacks::*Member>
    static void SNN_CALL call(SNNHandle, const Event* event, void* user) {
        Callbacks& callbacks = *static_cast<Callbacks*>(user);
        if (callbacks.thrown) return;
        try {
            (callbacks.*Member)(*event);
        } catch (...) {
            if (!callbacks.thrown) callbacks.thrown = std::current_exception();
        }
    }

    // For calls that may have called back.
    void finish_call(SNNStatus status) const {
        if (callbacks_->thrown) std::rethrow_exception(std::exchange(callbacks_->thrown, nullptr));
        check(status);
    }

    Session(const char* file, SNNNetwork network, const SessionOptions& options)
        : batch_size_(options.batch_size), callbacks_(std::make_shared<Callbacks>()) {
        SNNConfig config;
        snn_config_default(&config);
        config.file = file;
        config.network = network;
        config.device = options.device.c_str();
        config.batch_size = options.batch_size;
        config.thread_count = options.thread_count;
        config.instruction_set = options.instruction_set;
        config.max_catch_up_steps = options.max_catch_up_steps;
        config.flags = options.flags;
        config.allocator = options.allocator;
        config.job_system = options.job_system;
        config.log = options.log;
        config.log_user = options.log_user;
        config.seed = options.seed;
        SNNHandle handle = nullptr;
        check(snn_create_network(&config, &handle));
        handle_ = detail::Owned<SNNHandle, snn_destroy_network>(handle);
    }

    uint32_t batch_size_;
    std::shared_ptr<Callbacks> callbacks_;
    detail::Owned<SNNHandle, snn_destroy_network> handle_;  // last: destroyed first
};

// ---- Trainer ----------------------------------------------------------------------------------------------------------

// Trains one session and ends with it. Thread-safety: that of the session.
class Trainer {
public:
    // Start from trainer_def().
    Trainer(Session& session, const SNNTrainerDef& def) : callbacks_(session.callbacks_) {
        SNNTrainer handle = nullptr;
        check(snn_trainer_create(session.get(), &def, &handle));
        handle_ = detail::Owned<SNNTrainer, snn_trainer_release>(handle);
    }
    // Forward, backward and update on one batch of held inputs. `labels`: [batch_size], -1 is padding.
    SNNTrainResult step(Span<const SNNInputArray> inputs, Span<const int32_t> labels) {
        return step(batch(inputs, labels));
    }
    SNNTrainResult step(const SNNBatch& batch) {
        SNNTrainResult result = empty_result();
        finish_call(snn_trainer_step(get(), &batch, &result));
        return result;
    }
    SNNTrainResult forward(const SNNBatch& batch) {
        SNNTrainResult result = empty_result();
        finish_call(snn_trainer_forward(get(), &batch, &result));
        return result;
    }
    void backward() { finish_call(snn_trainer_backward(get())); }
    // Instead of forward and backward, for a loss of your own: a def with SNN_LOSS_NONE.
    SNNTrainResult run(const SNNBatch& batch, Span<const SNNRecordArray> records) {
        SNNTrainResult result = empty_result();
        finish_call(snn_trainer_run(get(), &batch, records.data(), static_cast<uint32_t>(records.size()), &result));
        return result;
    }
    void run_backward(double loss, Span<const SNNRecordArray> gradients, Span<const SNNRecordArray> input_gradients = {}) {
        finish_call(snn_trainer_run_backward(get(), loss, gradients.data(), static_cast<uint32_t>(gradients.size()),
                                             input_gradients.data(), static_cast<uint32_t>(input_gradients.size())));
    }
    void update() { finish_call(snn_trainer_update(get())); }
    // [batch_size][outputs] of the last forward.
    void scores(Span<float> out_scores) const {
        check(snn_trainer_scores(get(), out_scores.data(), out_scores.size()));
    }
    // The part of the last loss that is of a population's own.
    double loss_of(uint32_t population) const {
        double loss = 0;
        check(snn_trainer_loss_of(get(), population, &loss));
        return loss;
    }
    // What is kept from update to update, to go on with later in a trainer of the same network and optimiser.
    std::vector<double> state() const {
        std::size_t count = 0;
        check(snn_trainer_get_state(get(), nullptr, &count));
        std::vector<double> values(count);
        check(snn_trainer_get_state(get(), values.data(), &count));
        return values;
    }
    void set_state(Span<const double> values) { check(snn_trainer_set_state(get(), values.data(), values.size())); }
    void set_auxiliary_loss(uint32_t population, uint32_t loss, double weight = 1.0) {
        check(snn_trainer_set_auxiliary_loss(get(), population, loss, weight));
    }
    void set_class_weights(Span<const float> weights) { check(snn_trainer_set_class_weights(get(), weights.data(), weights.size())); }
    void set_dropout(uint32_t population, double probability, uint64_t seed = 0) {
        check(snn_trainer_set_dropout(get(), population, probability, seed));
    }
    void set_quantization(uint32_t projection, uint32_t bits, bool per_channel = false) {
        check(snn_trainer_set_quantization(get(), projection, bits, per_channel));
    }
    void set_normalization(uint32_t projection, double scale = 1.0, double momentum = 0.1, double epsilon = 1e-5) {
        check(snn_trainer_set_normalization(get(), projection, scale, momentum, epsilon));
    }
    void set_delay_learning(uint32_t projection, double width, uint32_t kernel = SNN_DELAY_KERNEL_GAUSSIAN,
                            double rate_factor = 100.0) {
        check(snn_trainer_set_delay_learning(get(), projection, kernel, width, rate_factor));
    }
    void set_learning_rate(double learning_rate) { check(snn_trainer_set_learning_rate(get(), learning_rate)); }
    SNNEpoch end_epoch() {
        SNNEpoch epoch{};
        epoch.struct_size = sizeof epoch;
        finish_call(snn_trainer_end_epoch(get(), &epoch));
        return epoch;
    }
    static SNNBatch batch(Span<const SNNInputArray> inputs, Span<const int32_t> labels, Span<const SNNSpikeInput> spikes = {}) {
        SNNBatch batch{};
        batch.struct_size = sizeof batch;
        batch.inputs = inputs.data();
        batch.input_count = static_cast<uint32_t>(inputs.size());
        batch.labels = labels.data();
        batch.label_count = labels.size();
        batch.spike_inputs = spikes.data();
        batch.spike_input_count = static_cast<uint32_t>(spikes.size());
        return batch;
    }
    SNNTrainer get() const noexcept { return handle_.get(); }

private:
    static SNNTrainResult empty_result() {
        SNNTrainResult result{};
        result.struct_size = sizeof result;
        return result;
    }
    void finish_call(SNNStatus status) const {
        if (callbacks_->thrown) std::rethrow_exception(std::exchange(callbacks_->thrown, nullptr));
        check(status);
    }

    std::shared_ptr<Session::Callbacks> callbacks_;
    detail::Owned<SNNTrainer, snn_trainer_release> handle_;
};

}  // namespace v1
}  // namespace snn
#endif  // SNN_SNN_HPP
