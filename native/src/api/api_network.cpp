// The C interface: building, saving, loading and looking at networks.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "api/guard.h"
#include "api/objects.h"
#include "file/file.h"
#include "network/names.h"
#include "network/rules.h"

using namespace snn;
using namespace snn::api;

namespace {

template <class Function>
SNNStatus with_network(SNNNetwork handle, Function&& function) noexcept {
    return guarded([&] {
        const PinnedNetwork object = pin_network(handle);
        const std::lock_guard lock(object->mutex);
        function(*object->network);
    });
}

// For what may take a while, such as the number of synapses that a rule makes: a finished network does not change any more, and
// nobody has to wait.
template <class Function>
SNNStatus reading_network(SNNNetwork handle, Function&& function) noexcept {
    return guarded([&] {
        const PinnedNetwork object = pin_network(handle);
        std::unique_lock lock(object->mutex);
        Network& network = *object->network;
        if (network.finished()) lock.unlock();
        function(network);
    });
}

const Population& neurons(const Network& network, uint32_t index) {
    const Population& population = network.population(index);
    if (population.is_input())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population.name, "' is an input and has no model");
    return population;
}

template <class List>
uint32_t index_of(const List& list, std::string_view name, const char* what, const Population& population) {
    return find_in(list, name, text("model '", population.model->name, "' of population '", population.name, "'"), what);
}

template <class List>
uint32_t index_of(const List& list, std::string_view name, const char* what, const Plasticity& plasticity) {
    return find_in(list, name, text("plasticity rule '", plasticity.rule->name, "'"), what);
}

const Plasticity& plasticity_of(const Network& network, uint32_t index) {
    const Projection& projection = network.projection(index);
    if (!projection.plasticity)
        throw Error(SNN_ERROR_NOT_FOUND, "projection '", projection.name, "' has no plasticity; its weights stay as they are");
    return *projection.plasticity;
}

// How many there are is told also where there is no room for them.
void give_values(const std::vector<double>& values, double* out_values, size_t* io_count) {
    const size_t capacity = required(io_count, "io_count");
    *io_count = values.size();
    if (!out_values) return;
    if (capacity < values.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "*io_count is ", capacity, "; there are ", values.size(), " values");
    std::copy(values.begin(), values.end(), out_values);
}

SNNShape to_c(const Shape& shape) { return {shape.rank, {shape.dims[0], shape.dims[1], shape.dims[2]}}; }

}  // namespace

extern "C" {

void snn_population_def_init(SNNPopulationDef* out_def, uint32_t struct_size) {
    SNNPopulationDef defaults{};
    defaults.kind = SNN_POPULATION_NEURONS;
    defaults.shape.rank = 1;
    initialize(out_def, struct_size, defaults);
}

void snn_projection_def_init(SNNProjectionDef* out_def, uint32_t struct_size) {
    initialize(out_def, struct_size, default_projection_def());
}

void snn_random_connection_def_init(SNNRandomConnectionDef* out_def, uint32_t struct_size) {
    SNNRandomConnectionDef defaults{};
    defaults.seed = SNN_SEED_BY_INDEX;
    defaults.allow_autapses = defaults.allow_multapses = 1;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    defaults.weight = {SNN_DISTRIBUTION_CONSTANT, 1.0, 0.0, -infinity, infinity};
    defaults.delay = {SNN_DISTRIBUTION_CONSTANT, 0.0, 0.0, -infinity, infinity};
    defaults.dimensions = 2;
    initialize(out_def, struct_size, defaults);
}

SNNStatus snn_network_create(double dt_ms, SNNNetwork* out_network) {
    return guarded([&] {
        required(out_network, "out_network");
        *out_network = new_network_handle(std::make_shared<Network>(dt_ms));
    });
}

SNNStatus snn_network_add_population(SNNNetwork network, const SNNPopulationDef* def, uint32_t* out_index) {
    return with_network(network, [&](Network& target) {
        const SNNPopulationDef complete_def = complete(def, snn_population_def_init, "def");
        std::shared_ptr<const Model> model;
        if (complete_def.kind == SNN_POPULATION_NEURONS) {
            if (complete_def.model) {
                const PinnedModel object = pin_model(complete_def.model);
                if (!object->model)
                    throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->model is ", object->describe(),
                                "; a population needs a neuron model");
                model = object->model;
            } else {
                model = builtin_model(&required(complete_def.model_name, "def->model_name"));
            }
        }
        const uint32_t index = target.add_population(complete_def, std::move(model));
        if (out_index) *out_index = index;
    });
}

SNNStatus snn_network_set_parameter(SNNNetwork network, uint32_t population, const char* parameter, const double* values,
                                    size_t count) {
    return with_network(network, [&](Network& target) {
        target.set_parameter(population, &required(parameter, "parameter"), &required(values, "values"), count);
    });
}

SNNStatus snn_network_set_option(SNNNetwork network, uint32_t population, const char* option, const char* choice) {
    return with_network(network, [&](Network& target) {
        target.set_option(population, &required(option, "option"), &required(choice, "choice"));
    });
}

SNNStatus snn_network_set_initial_state(SNNNetwork network, uint32_t population, const char* state,
                                        const double* values, size_t count) {
    return with_network(network, [&](Network& target) {
        target.set_initial_state(population, &required(state, "state"), &required(values, "values"), count);
    });
}

SNNStatus snn_network_set_surrogate(SNNNetwork network, uint32_t population, const char* name, SNNModel surrogate,
                                    const double* parameters, size_t count) {
    return with_network(network, [&](Network& target) {
        std::shared_ptr<const Surrogate> chosen;
        if (surrogate) {
            const PinnedModel object = pin_model(surrogate);
            if (!object->surrogate)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "surrogate is ", object->describe());
            chosen = object->surrogate;
        } else {
            chosen = builtin_surrogate(&required(name, "name"));
        }
        if (count > 0) required(parameters, "parameters");
        target.set_surrogate(population, std::move(chosen), parameters, count);
    });
}

SNNStatus snn_network_connect(SNNNetwork network, const SNNProjectionDef* def, uint32_t* out_index) {
    return with_network(network, [&](Network& target) {
        const uint32_t index = target.connect(complete(def, snn_projection_def_init, "def"));
        if (out_index) *out_index = index;
    });
}

SNNStatus snn_network_connect_random(SNNNetwork network, const SNNProjectionDef* def, const SNNRandomConnectionDef* rule,
                                     uint32_t* out_index) {
    return with_network(network, [&](Network& target) {
        const uint32_t index = target.connect_random(complete(def, snn_projection_def_init, "def"),
                                                     complete(rule, snn_random_connection_def_init, "rule"));
        if (out_index) *out_index = index;
    });
}

SNNStatus snn_network_set_plasticity(SNNNetwork network, uint32_t projection, const char* name, SNNModel rule) {
    return with_network(network, [&](Network& target) {
        std::shared_ptr<const PlasticityRule> chosen;
        if (rule) {
            const PinnedModel object = pin_model(rule);
            if (!object->plasticity) throw Error(SNN_ERROR_INVALID_ARGUMENT, "rule is ", object->describe());
            chosen = object->plasticity;
        } else {
            chosen = builtin_plasticity(&required(name, "name"));
        }
        target.set_plasticity(projection, std::move(chosen));
    });
}

SNNStatus snn_network_set_plasticity_parameter(SNNNetwork network, uint32_t projection, const char* parameter, double value) {
    return with_network(network, [&](Network& target) {
        target.set_plasticity_parameter(projection, &required(parameter, "parameter"), value);
    });
}

SNNStatus snn_network_set_plasticity_option(SNNNetwork network, uint32_t projection, const char* option, const char* choice) {
    return with_network(network, [&](Network& target) {
        target.set_plasticity_option(projection, &required(option, "option"), &required(choice, "choice"));
    });
}

SNNStatus snn_network_finish(SNNNetwork network) {
    return with_network(network, [](Network& target) { target.finish(); });
}

SNNStatus snn_network_retain(SNNNetwork network) {
    return guarded([&] {
        pin_network(network);
        if (!handle_table().retain(reinterpret_cast<uintptr_t>(network), HandleType::network))
            throw Error(SNN_ERROR_OUT_OF_MEMORY, "network has as many references as can be counted");
    });
}

void snn_network_release(SNNNetwork network) {
    handle_table().release(reinterpret_cast<uintptr_t>(network), HandleType::network);
}

// ---- Files

SNNStatus snn_network_save(SNNNetwork network, const char* path) {
    return guarded([&] {
        const PinnedNetwork object = pin_network(network);
        save_network(*object->finished(), &required(path, "path"));
    });
}

SNNStatus snn_network_load(const char* path, SNNNetwork* out_network) {
    return guarded([&] {
        required(out_network, "out_network");
        *out_network = new_network_handle(load_network(&required(path, "path")));
    });
}

SNNStatus snn_network_load_memory(const void* data, size_t size_bytes, SNNNetwork* out_network) {
    return guarded([&] {
        required(out_network, "out_network");
        if (!data) throw Error(SNN_ERROR_INVALID_ARGUMENT, "data is null");
        *out_network = new_network_handle(load_network_memory(data, size_bytes));
    });
}

// ---- Looking

SNNStatus snn_network_get_info(SNNNetwork network, SNNNetworkInfo* out_info) {
    return reading_network(network, [&](Network& target) {
        SNNNetworkInfo info{};
        info.population_count = static_cast<uint32_t>(target.populations().size());
        info.projection_count = static_cast<uint32_t>(target.projections().size());
        info.finished = target.finished();
        info.dt_ms = target.dt_ms();
        for (const Population& population : target.populations())
            if (!population.is_input()) info.neuron_count += population.size;
        for (const Projection& projection : target.projections()) {
            info.synapse_count += synapse_count(target, projection);
            info.parameter_count += projection.weight_count() + projection.bias_count();
        }
        answer(out_info, info, "out_info");
    });
}

SNNStatus snn_network_get_population(SNNNetwork network, uint32_t index, SNNPopulationInfo* out_info) {
    return with_network(network, [&](Network& target) {
        const Population& population = target.population(index);
        SNNPopulationInfo info{};
        info.kind = population.kind;
        info.shape = to_c(population.shape);
        info.size = population.size;
        info.name = population.name.c_str();
        info.model_name = population.model ? population.model->name.c_str() : nullptr;
        info.surrogate_name = population.surrogate ? population.surrogate->name.c_str() : nullptr;
        answer(out_info, info, "out_info");
    });
}

SNNStatus snn_network_get_projection(SNNNetwork network, uint32_t index, SNNProjectionInfo* out_info) {
    return reading_network(network, [&](Network& target) {
        const Projection& projection = target.projection(index);
        SNNProjectionInfo info{};
        info.kind = projection.kind;
        info.source = projection.source;
        info.target = projection.target;
        info.delay_steps = projection.delay_steps;
        info.trainable = projection.trainable;
        info.detached = projection.detached;
        info.arithmetic = projection.arithmetic;
        info.pool_mode = projection.pool_mode;
        info.name = projection.name.c_str();
        info.receptor = target.population(projection.target).model->receptors[projection.receptor].c_str();
        info.weight_count = projection.weight_count();
        info.bias_count = projection.bias_count();
        info.bias = projection.bias ? projection.bias->data() : nullptr;
        info.synapse_count = synapse_count(target, projection);
        info.min_delay_steps = info.synapse_count > 0 ? projection.min_delay() : projection.delay_steps;
        info.max_delay_steps = info.synapse_count > 0 ? projection.max_delay() : projection.delay_steps;
        for (int axis = 0; axis < 2; ++axis) {
            info.kernel[axis] = projection.window.kernel[axis];
            info.stride[axis] = projection.window.stride[axis];
            info.padding[axis] = projection.window.padding[axis];
            info.dilation[axis] = projection.window.dilation[axis];
        }
        info.groups = projection.window.groups;
        info.by_rule = projection.synapses && projection.synapses->is_rule();
        if (projection.is_fixed() && target.finished())
            info.fixed_point_scale = std::ldexp(1.0, projection.fixed_exponent);
        answer(out_info, info, "out_info");
    });
}

SNNStatus snn_network_get_projection_arrays(SNNNetwork network, uint32_t index, SNNProjectionArrays* out_arrays) {
    return reading_network(network, [&](Network& target) {
        const Projection& projection = target.projection(index);
        SNNProjectionArrays arrays{};
        arrays.weight_count = projection.weight_count();
        arrays.weights = arrays.weight_count == 0 ? nullptr : projection.weights().data();
        if (projection.synapses) {
            const SparseIndex& rows = projection.synapses->index();
            arrays.row_offsets = rows.row_offsets.data();
            arrays.synapse_targets = rows.targets.data();
            arrays.synapse_delays = rows.delays.empty() ? nullptr : rows.delays.data();
        }
        answer(out_arrays, arrays, "out_arrays");
    });
}

SNNStatus snn_network_get_connection_rule(SNNNetwork network, uint32_t index, SNNRandomConnectionDef* out_rule) {
    return with_network(network, [&](Network& target) {
        const Projection& projection = target.projection(index);
        const ConnectionRule* const rule =
            projection.synapses && projection.synapses->rule() ? projection.synapses->rule()->definition() : nullptr;
        if (!rule) throw Error(SNN_ERROR_NOT_FOUND, "projection '", projection.name, "' is not made by a connection rule");
        SNNRandomConnectionDef def = rule->def;
        if (def.rule == SNN_RULE_SPATIAL) {
            def.source_positions = rule->source_positions.data();
            def.source_position_count = rule->source_positions.size();
            def.target_positions = rule->target_positions.data();
            def.target_position_count = rule->target_positions.size();
        }
        answer(out_rule, def, "out_rule");
    });
}

SNNStatus snn_network_get_synapses(SNNNetwork network, uint32_t projection, uint32_t first_source, uint32_t source_count,
                                   uint32_t* out_sources, uint32_t* out_targets, uint32_t* out_delays, float* out_weights,
                                   size_t* io_count) {
    return reading_network(network, [&](Network& target) {
        const Projection& info = target.projection(projection);
        const size_t capacity = required(io_count, "io_count");
        const uint32_t size = target.population(info.source).size;
        if (!info.synapses)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", info.name, "' is ", name_of_kind(info.kind),
                        "; only sparse ones list their synapses");
        if (first_source > size || source_count > size - first_source)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "first_source is ", first_source, " and source_count ", source_count,
                        "; population '", target.population(info.source).name, "' has ", size, " neurons");
        const bool counts_only = !out_sources && !out_targets && !out_delays && !out_weights;
        const bool is_rounded = info.arithmetic == SNN_ARITHMETIC_COMPACT && target.finished();
        const uint32_t end = first_source + source_count;
        const std::shared_ptr<const SynapseStore> rows = info.synapses->store();
        RowMemory memory;
        size_t count = 0;
        if (counts_only || capacity < info.synapses->count()) {
            for (uint32_t source = first_source; source < end; ++source)
                count += rows->row(source, memory).targets.size();
            if (!counts_only && count > capacity) {
                *io_count = count;
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "*io_count is ", capacity, "; there are ", count, " synapses");
            }
        }
        if (!counts_only) {
            CanonicalRow row;
            count = 0;
            for (uint32_t source = first_source; source < end; ++source) {
                row.assign(rows->row(source, memory));
                if (is_rounded) round_to_multiples(row.weights, info.fixed_exponent);
                for (size_t k = 0; k < row.targets.size(); ++k, ++count) {
                    if (out_sources) out_sources[count] = source;
                    if (out_targets) out_targets[count] = row.targets[k];
                    if (out_delays) out_delays[count] = info.delay_steps + (row.delays.empty() ? 0u : row.delays[k]);
                    if (out_weights) out_weights[count] = row.weights[k];
                }
            }
        }
        *io_count = count;
    });
}

SNNStatus snn_network_find_population(SNNNetwork network, const char* name, uint32_t* out_index) {
    return with_network(network, [&](Network& target) {
        required(out_index, "out_index") = target.find_population(&required(name, "name"));
    });
}

SNNStatus snn_network_find_projection(SNNNetwork network, const char* name, uint32_t* out_index) {
    return with_network(network, [&](Network& target) {
        required(out_index, "out_index") = target.find_projection(&required(name, "name"));
    });
}

SNNStatus snn_network_get_model(SNNNetwork network, uint32_t population, SNNModel* out_model) {
    return with_network(network, [&](Network& target) {
        required(out_model, "out_model");
        *out_model = new_model_handle({neurons(target, population).model, nullptr, nullptr});
    });
}

SNNStatus snn_network_get_surrogate(SNNNetwork network, uint32_t population, SNNModel* out_surrogate) {
    return with_network(network, [&](Network& target) {
        required(out_surrogate, "out_surrogate");
        const Population& owner = neurons(target, population);
        if (!owner.surrogate)
            throw Error(SNN_ERROR_NOT_FOUND, "population '", owner.name, "' has no surrogate");
        *out_surrogate = new_model_handle({nullptr, owner.surrogate, nullptr});
    });
}

SNNStatus snn_network_get_plasticity(SNNNetwork network, uint32_t projection, SNNModel* out_rule) {
    return with_network(network, [&](Network& target) {
        required(out_rule, "out_rule");
        *out_rule = new_model_handle({nullptr, nullptr, plasticity_of(target, projection).rule});
    });
}

SNNStatus snn_network_get_plasticity_parameter(SNNNetwork network, uint32_t projection, const char* parameter,
                                               double* out_value) {
    return with_network(network, [&](Network& target) {
        const Plasticity& plasticity = plasticity_of(target, projection);
        const auto& parameters = plasticity.rule->parameters;
        const uint32_t index = index_of(parameters, &required(parameter, "parameter"), "parameter", plasticity);
        required(out_value, "out_value") = plasticity.parameters[index];
    });
}

SNNStatus snn_network_get_plasticity_option(SNNNetwork network, uint32_t projection, const char* option,
                                            const char** out_choice) {
    return with_network(network, [&](Network& target) {
        const Plasticity& plasticity = plasticity_of(target, projection);
        const uint32_t index = index_of(plasticity.rule->options, &required(option, "option"), "option", plasticity);
        required(out_choice, "out_choice") =
            plasticity.rule->options[index].choices[static_cast<size_t>(plasticity.options[index])].c_str();
    });
}

SNNStatus snn_network_get_parameter(SNNNetwork network, uint32_t population, const char* parameter, double* out_values,
                                    size_t* io_count) {
    return with_network(network, [&](Network& target) {
        const Population& owner = neurons(target, population);
        const uint32_t index = index_of(owner.model->parameters, &required(parameter, "parameter"), "parameter", owner);
        give_values(owner.parameters[index], out_values, io_count);
    });
}

SNNStatus snn_network_set_learnable(SNNNetwork network, uint32_t population, const char* parameter, uint32_t learnable) {
    return with_network(network, [&](Network& target) {
        const char* const name = &required(parameter, "parameter");
        check_flag(learnable, text("parameter '", name, "'"), "learnable");
        target.set_learnable(population, name, learnable == 1);
    });
}

SNNStatus snn_network_get_learnable(SNNNetwork network, uint32_t population, const char* parameter, uint32_t* out_learnable) {
    return with_network(network, [&](Network& target) {
        const Population& owner = neurons(target, population);
        const uint32_t index = index_of(owner.model->parameters, &required(parameter, "parameter"), "parameter", owner);
        required(out_learnable, "out_learnable") = owner.learnable[index];
    });
}

SNNStatus snn_network_get_initial_state(SNNNetwork network, uint32_t population, const char* state, double* out_values,
                                        size_t* io_count) {
    return with_network(network, [&](Network& target) {
        const Population& owner = neurons(target, population);
        const uint32_t index = index_of(owner.model->states, &required(state, "state"), "state", owner);
        give_values(owner.initial_states[index], out_values, io_count);
    });
}

SNNStatus snn_network_get_surrogate_parameters(SNNNetwork network, uint32_t population, double* out_values,
                                               size_t* io_count) {
    return with_network(network, [&](Network& target) {
        give_values(neurons(target, population).surrogate_parameters, out_values, io_count);
    });
}

SNNStatus snn_network_get_option(SNNNetwork network, uint32_t population, const char* option, const char** out_choice) {
    return with_network(network, [&](Network& target) {
        const Population& owner = neurons(target, population);
        const uint32_t index = index_of(owner.model->options, &required(option, "option"), "option", owner);
        required(out_choice, "out_choice") =
            owner.model->options[index].choices[static_cast<size_t>(owner.options[index])].c_str();
    });
}

}  // extern "C"
