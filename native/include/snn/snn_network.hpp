// snn_network.hpp - the part of snn.hpp that builds, saves, loads and inspects networks. Include snn.hpp.
#ifndef SNN_SNN_NETWORK_HPP
#define SNN_SNN_NETWORK_HPP

#include <snn/snn_base.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace snn {
inline namespace v1 {

// Where a session would run: see SNNPlacementInfo.
struct Placement {
    std::string device, reasons;
    std::vector<SNNPlacementSlice> slices;
    std::vector<uint32_t> samples;  // of each device, as step_s
    std::vector<double> step_s;
    uint32_t window_steps;
};

// ---- Network ----------------------------------------------------------------------------------------------------------

// Thread-safety: any thread.
class Network {
public:
    // Empty, to be assigned to. Its functions throw SNN_ERROR_INVALID_HANDLE, as after a move.
    Network() noexcept = default;
    // An empty network with the time step in milliseconds.
    explicit Network(double dt_ms) : Network(create(dt_ms)) {}
    template <class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
    explicit Network(Integer dt_ms) : Network(static_cast<double>(dt_ms)) {}  // a literal 0 would also convert to a null handle
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
    void set_parameter(uint32_t population, const std::string& parameter, Values<double> values) {
        check(snn_network_set_parameter(get(), population, parameter.c_str(), values.data(), values.size()));
    }
    void set_learnable(uint32_t population, const std::string& parameter, bool learnable = true) {
        check(snn_network_set_learnable(get(), population, parameter.c_str(), learnable));
    }
    void set_option(uint32_t population, const std::string& option, const std::string& choice) {
        check(snn_network_set_option(get(), population, option.c_str(), choice.c_str()));
    }
    void set_initial_state(uint32_t population, const std::string& state, Values<double> values) {
        check(snn_network_set_initial_state(get(), population, state.c_str(), values.data(), values.size()));
    }
    void set_surrogate(uint32_t population, const std::string& name, Values<double> parameters = {}) {
        check(snn_network_set_surrogate(get(), population, name.c_str(), nullptr, parameters.data(), parameters.size()));
    }
    void set_surrogate(uint32_t population, const Model& surrogate, Values<double> parameters = {}) {
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

    // Projections; each returns the index of the new one. What has no short form starts from projection_def().
    uint32_t connect(const SNNProjectionDef& def) {
        uint32_t index = 0;
        check(snn_network_connect(get(), &def, &index));
        return index;
    }
    uint32_t connect_dense(uint32_t source, uint32_t target, Values<float> weights, Values<float> bias = {}) {
        return connect(weighted(SNN_CONNECT_DENSE, source, target, weights, bias));
    }
    uint32_t connect_one_to_one(uint32_t source, uint32_t target, Values<float> weights, Values<float> bias = {}) {
        return connect(weighted(SNN_CONNECT_ONE_TO_ONE, source, target, weights, bias));
    }
    // Rows of targets (CSR): row_offsets [source size + 1], the others [synapse_count]. `delays` may be empty.
    uint32_t connect_sparse(uint32_t source, uint32_t target, Values<uint64_t> row_offsets,
                            Values<uint32_t> synapse_targets, Values<float> weights, Values<uint16_t> delays = {}) {
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

    // Checks the whole network and makes it immutable.
    void finish() { check(snn_network_finish(get())); }
    void save(const std::string& path) const { check(snn_network_save(get(), path.c_str())); }

    SNNNetworkInfo info() const {
        SNNNetworkInfo info{};
        info.struct_size = sizeof info;
        check(snn_network_get_info(get(), &info));
        return info;
    }
    // Pointers in the results are valid while the network lives and nothing is added to it.
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
    // The memory of a session that `config` would open. `out_projection_bytes` gets one number for each projection.
    SNNMemoryEstimate memory(const SNNConfig& config, std::vector<uint64_t>* out_projection_bytes = nullptr) const {
        SNNMemoryEstimate estimate{};
        estimate.struct_size = sizeof estimate;
        if (out_projection_bytes) out_projection_bytes->resize(info().projection_count);
        check(snn_network_memory(get(), &config, &estimate, out_projection_bytes ? out_projection_bytes->data() : nullptr,
                                 out_projection_bytes ? out_projection_bytes->size() : 0));
        return estimate;
    }
    // Where a session that `config` would open runs. Measures devices that have not been measured.
    Placement placement(const SNNConfig& config) const {
        SNNPlacement handle = nullptr;
        check(snn_network_place(get(), &config, &handle));
        const detail::Owned<SNNPlacement, snn_placement_release> owned(handle);
        SNNPlacementInfo info{};
        info.struct_size = sizeof info;
        check(snn_placement_get_info(handle, &info));
        return {info.device,
                info.reasons,
                {info.slices, info.slices + info.slice_count},
                {info.samples, info.samples + info.device_count},
                {info.step_s, info.step_s + info.device_count},
                info.window_steps};
    }
    // Weights and synapses. Those of a connection rule, and compact ones, are made and kept with the network: 10 bytes a
    // synapse.
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
    // The synapses of some source neurons. Those of a rule are made for this call only.
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
        return values_of(snn_network_get_parameter, population, name);
    }
    bool learnable(uint32_t population, const std::string& parameter) const {
        uint32_t learnable = 0;
        check(snn_network_get_learnable(get(), population, parameter.c_str(), &learnable));
        return learnable != 0;
    }
    std::vector<double> initial_state(uint32_t population, const std::string& name) const {
        return values_of(snn_network_get_initial_state, population, name);
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
    explicit operator bool() const noexcept { return get() != nullptr; }
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
    std::vector<double> values_of(SNNStatus(SNN_CALL* read)(SNNNetwork, uint32_t, const char*, double*, std::size_t*),
                                  uint32_t population, const std::string& name) const {
        std::size_t count = 0;
        check(read(get(), population, name.c_str(), nullptr, &count));
        std::vector<double> values(count);
        check(read(get(), population, name.c_str(), values.data(), &count));
        return values;
    }
    detail::Owned<SNNNetwork, snn_network_release> handle_;
};

}  // namespace v1
}  // namespace snn
#endif  // SNN_SNN_NETWORK_HPP
