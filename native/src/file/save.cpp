// Writes .snn files.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <type_traits>

#include "common/json.h"
#include "common/disk.h"
#include "file/file.h"
#include "file/names.h"
#include "file/safetensors.h"
#include "network/rules.h"

namespace snn {

namespace {

// A value that all neurons share goes into the header; a value for each neuron becomes a tensor.
Json value_or_tensor(const std::vector<double>& values, const std::string& tensor, SafetensorsWriter& writer) {
    if (values.size() == 1) return values[0];
    writer.add(tensor, TensorType::f64, {values.size()}, values.data());
    return {{"tensor", tensor}};
}

// Whether a state was set by hand to the value of the learnable parameter that gives its initial value. Without a mark, its
// value alone would say that it follows the parameter.
bool stays_at_learnable(const Population& population, size_t state) {
    const std::optional<uint32_t> parameter = population.model->states[state].initial_parameter;
    return parameter && population.initial_is_set[state] && population.learnable[*parameter] &&
           population.initial_states[state] == population.parameters[*parameter];
}

Json describe(const Population& population, SafetensorsWriter& writer) {
    Json entry = {{"name", population.name}, {"kind", file_names::population_kinds[population.kind]}};
    for (uint32_t axis = 0; axis < population.shape.rank; ++axis) entry["shape"].push_back(population.shape.dims[axis]);
    if (population.is_input()) return entry;
    const Model& model = *population.model;
    const std::string prefix = population.name + ".";
    entry["model"] = model.name;
    entry["parameters"] = entry["options"] = entry["initial"] = Json::object();
    for (size_t i = 0; i < model.parameters.size(); ++i)
        entry["parameters"][model.parameters[i].name] =
            value_or_tensor(population.parameters[i], prefix + "parameter." + model.parameters[i].name, writer);
    for (size_t i = 0; i < model.options.size(); ++i)
        entry["options"][model.options[i].name] =
            model.options[i].choices[static_cast<size_t>(population.options[i])];
    for (size_t i = 0; i < model.states.size(); ++i) {
        Json initial = value_or_tensor(population.initial_states[i], prefix + "initial." + model.states[i].name, writer);
        if (stays_at_learnable(population, i)) initial = {{"set", std::move(initial)}};
        entry["initial"][model.states[i].name] = std::move(initial);
    }
    for (size_t i = 0; i < model.parameters.size(); ++i)  // the key exists only if a parameter is learnable
        if (population.learnable[i]) entry["learnable"].push_back(model.parameters[i].name);
    if (population.surrogate)
        entry["surrogate"] = {{"name", population.surrogate->name}, {"parameters", population.surrogate_parameters}};
    return entry;
}

std::vector<uint64_t> weight_shape(const Network& network, const Projection& projection) {
    const uint64_t source = network.population(projection.source).size, target = network.population(projection.target).size;
    if (projection.kind == SNN_CONNECT_DENSE) return {source, target};
    if (projection.kind == SNN_CONNECT_CONV2D)
        return {network.population(projection.target).shape.dims[0],
                network.population(projection.source).shape.dims[0] / projection.window.groups, projection.window.kernel[0],
                projection.window.kernel[1]};
    return {projection.weight_count()};
}

// Training may have made values infinite or NaN. Such a file could not be loaded again. `first`: index of the first value.
void check_finite(std::span<const float> values, const std::string& projection, const char* what, size_t first = 0) {
    for (size_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(values[i]))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection, "': ", what, "[", first + i, "] is ",
                        values[i], "; a file takes finite values only");
}

Json describe(const SNNDistribution& distribution) {
    Json entry = {{"kind", file_names::distributions[distribution.kind]}, {"a", distribution.a}, {"b", distribution.b}};
    if (std::isfinite(distribution.low)) entry["low"] = distribution.low;  // JSON has no infinity
    if (std::isfinite(distribution.high)) entry["high"] = distribution.high;
    return entry;
}

Json describe(const ConnectionRule& rule, const std::string& prefix, SafetensorsWriter& writer) {
    const SNNRandomConnectionDef& def = rule.def;
    Json entry = {{"name", file_names::rules[def.rule]},
                  {"generator", def.source_count || def.target_count ? generator_of_parts : generator_version},
                  {"seed", def.seed},
                  {"probability", def.probability},
                  {"count", def.count},
                  {"allow_autapses", def.allow_autapses != 0},
                  {"allow_multapses", def.allow_multapses != 0},
                  {"weight", describe(def.weight)},
                  {"delay", describe(def.delay)}};
    if (def.source_count) entry["sources"] = {def.first_source, def.source_count};
    if (def.target_count) entry["targets"] = {def.first_target, def.target_count};
    if (def.rule != SNN_RULE_SPATIAL) return entry;
    entry["kernel"] = file_names::kernels[def.kernel];
    entry["kernel_width"] = def.kernel_width;
    entry["cutoff"] = def.cutoff;
    for (uint32_t axis = 0; axis < def.dimensions; ++axis) entry["period"].push_back(def.period[axis]);
    writer.add(prefix + "source_positions", TensorType::f32, {rule.source_size, def.dimensions}, rule.source_positions.data());
    writer.add(prefix + "target_positions", TensorType::f32, {rule.target_size, def.dimensions}, rule.target_positions.data());
    return entry;
}

// One column of synapses that are not stored as arrays, made when it is written. The projection outlives the writer.
template <class Value>
SafetensorsWriter::Fill of_rows(const Projection& projection, std::span<const Value> SynapseRow::* column) {
    return [&projection, column](std::byte* out_values) {
        size_t first = 0;
        projection.synapses->for_rows([&](uint32_t, const SynapseRow& row) {
            const std::span<const Value> values = row.*column;
            if constexpr (std::is_same_v<Value, float>) check_finite(values, projection.name, "weight", first);
            first += values.size();
            const auto bytes = std::as_bytes(values);
            out_values = std::copy(bytes.begin(), bytes.end(), out_values);
        });
    };
}

SafetensorsWriter::Fill row_offsets_of(const Projection& projection) {
    return [&projection](std::byte* out_values) {
        uint64_t offset = 0;
        const auto add = [&] {
            std::memcpy(out_values, &offset, sizeof offset);
            out_values += sizeof offset;
        };
        add();
        projection.synapses->for_rows([&](uint32_t, const SynapseRow& row) {
            offset += row.targets.size();
            add();
        });
    };
}

Json describe(const Network& network, const Projection& projection, SafetensorsWriter& writer) {
    const Population& target = network.population(projection.target);
    Json entry = {{"name", projection.name},
                  {"kind", file_names::connection_kinds[projection.kind]},
                  {"source", network.population(projection.source).name},
                  {"target", target.name},
                  {"receptor", target.model->receptors[projection.receptor]},
                  {"delay_steps", projection.delay_steps},
                  {"trainable", projection.trainable},
                  {"arithmetic", file_names::arithmetics[projection.arithmetic]}};
    if (projection.detached) entry["detached"] = true;
    const std::string prefix = projection.name + ".";
    const SynapseRule* const made_by = projection.synapses ? projection.synapses->rule() : nullptr;
    const ConnectionRule* const rule = made_by ? made_by->definition() : nullptr;
    const bool from_rows = projection.synapses && projection.synapses->has_rows_only();
    if (!rule && !from_rows) check_finite(projection.weights(), projection.name, "weight");
    if (projection.bias) check_finite(*projection.bias, projection.name, "bias");
    if (projection.kind != SNN_CONNECT_POOL2D && !rule) {
        const std::vector<uint64_t> shape = weight_shape(network, projection);
        if (from_rows)
            writer.add(prefix + "weight", TensorType::f32, shape, of_rows(projection, &SynapseRow::weights));
        else
            writer.add(prefix + "weight", TensorType::f32, shape, projection.weights().data());
    }
    if (projection.bias) {
        entry["bias"] = true;
        writer.add(prefix + "bias", TensorType::f32, {projection.bias->size()}, projection.bias->data());
    }
    if (projection.plasticity) {
        const PlasticityRule& learned = *projection.plasticity->rule;
        Json parameters = Json::object(), options = Json::object();
        for (size_t i = 0; i < learned.parameters.size(); ++i)
            parameters[learned.parameters[i].name] = projection.plasticity->parameters[i];
        for (size_t i = 0; i < learned.options.size(); ++i)
            options[learned.options[i].name] =
                learned.options[i].choices[static_cast<size_t>(projection.plasticity->options[i])];
        entry["plasticity"] = {{"rule", learned.name}, {"parameters", parameters}, {"options", options}};
    }
    if (projection.is_fixed()) entry["fixed_exponent"] = projection.fixed_exponent;
    if (rule) {
        entry["rule"] = describe(*rule, prefix, writer);
    } else if (from_rows) {
        const Synapses& synapses = *projection.synapses;
        writer.add(prefix + "row_offsets", TensorType::u64, {uint64_t{network.population(projection.source).size} + 1},
                   row_offsets_of(projection));
        writer.add(prefix + "targets", TensorType::u32, {synapses.count()}, of_rows(projection, &SynapseRow::targets));
        if (synapses.max_delay() > 0) {
            entry["synapse_delays"] = true;
            writer.add(prefix + "delays", TensorType::u16, {synapses.count()},
                       of_rows(projection, &SynapseRow::delays));
        }
    } else if (projection.synapses) {
        const SparseIndex& sparse = projection.synapses->index();
        writer.add(prefix + "row_offsets", TensorType::u64, {sparse.row_offsets.size()}, sparse.row_offsets.data());
        writer.add(prefix + "targets", TensorType::u32, {sparse.targets.size()}, sparse.targets.data());
        if (!sparse.delays.empty()) {
            entry["synapse_delays"] = true;
            writer.add(prefix + "delays", TensorType::u16, {sparse.delays.size()}, sparse.delays.data());
        }
    }
    if (projection.kind == SNN_CONNECT_POOL2D) entry["pool_mode"] = file_names::pool_modes[projection.pool_mode];
    if (projection.kind == SNN_CONNECT_POOL2D || projection.kind == SNN_CONNECT_CONV2D) {
        const Window& window = projection.window;
        entry["kernel"] = {window.kernel[0], window.kernel[1]};
        entry["stride"] = {window.stride[0], window.stride[1]};
        entry["padding"] = {window.padding[0], window.padding[1]};
        entry["dilation"] = {window.dilation[0], window.dilation[1]};
        entry["groups"] = window.groups;
    }
    return entry;
}

void keep_definition(Json& definitions, const std::string& name, const std::string& text) {
    JsonDocument definition = parse_json(text, name);
    if (const auto found = definitions.find(name); found != definitions.end() && *found != definition.root)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the network uses two different definitions that are both named '", name,
                    "'; a file needs one name for each");
    definitions[name] = std::move(definition.root);
}

}  // namespace

void save_network(const Network& network, const std::string& path) {
    SafetensorsWriter writer;
    Json document = {{"dt_ms", network.dt_ms()},
                     {"models", Json::object()},
                     {"surrogates", Json::object()},
                     {"populations", Json::array()},
                     {"projections", Json::array()}};
    for (const Population& population : network.populations()) {
        // Definitions are saved, built-in ones too: a file gives the same spikes even if a later version improves a model.
        if (population.model) keep_definition(document["models"], population.model->name, population.model->json);
        if (population.surrogate)
            keep_definition(document["surrogates"], population.surrogate->name, population.surrogate->json);
        document["populations"].push_back(describe(population, writer));
    }
    for (const Projection& projection : network.projections()) {
        if (projection.plasticity) {  // the key exists only if needed, so that other files keep their bytes
            const PlasticityRule& rule = *projection.plasticity->rule;
            keep_definition(document["plasticity_rules"], rule.name, rule.json);
        }
        document["projections"].push_back(describe(network, projection, writer));
    }
    writer.set_metadata("snn", document.dump());
    writer.set_metadata("snn_version", file_names::format_version);

    AtomicFile file(path);
    const std::string header = writer.header();
    file.write(header.data(), header.size());
    writer.write_data([&](const void* piece, size_t size) { file.write(piece, size); });
    file.commit();
}

}  // namespace snn
