#include "network/fingerprint.h"

#include <bit>
#include <cmath>

#include "common/error.h"
#include "common/json.h"

namespace snn {

namespace {

std::string text_of(const Shape& shape) {
    std::string result = text("(", shape.dims[0]);
    for (uint32_t axis = 1; axis < shape.rank; ++axis) result += text(", ", shape.dims[axis]);
    return result + ")";
}

// The finalizer of SplitMix64 (Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195).
uint64_t mixed(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t joined(uint64_t a, uint64_t b) { return mixed(a * 0x9e3779b97f4a7c15u + b + 1); }

uint64_t bits_of(float value) { return std::bit_cast<uint32_t>(value + 0.0f); }  // -0 counts as 0

uint64_t hash_of_values(const std::vector<float>& values) {
    uint64_t hash = values.size();
    for (const float value : values) hash = joined(hash, bits_of(value));
    return hash;
}

}  // namespace

std::string wiring_of(const Network& network, const Projection& projection) {
    const Population& source = network.population(projection.source);
    const Population& target = network.population(projection.target);
    std::string words = name_of_kind(projection.kind);
    if (projection.kind == SNN_CONNECT_CONV2D || projection.kind == SNN_CONNECT_POOL2D) {
        const Window& w = projection.window;
        words += text(" from ", text_of(source.shape), " to ", text_of(target.shape), ", kernel ", w.kernel[0], " x ",
                      w.kernel[1], ", stride ", w.stride[0], " x ", w.stride[1], ", padding ", w.padding[0], " x ",
                      w.padding[1], ", dilation ", w.dilation[0], " x ", w.dilation[1], ", groups ", w.groups);
    } else {
        words += text(" from ", source.size, " to ", target.size);
    }
    if (projection.synapses) words += text(", ", projection.synapses->count(), " synapses");
    return words + (projection.bias ? ", with bias" : "");
}

std::string delivery_of(const Network& network, const Projection& projection) {
    constexpr const char* arithmetics[] = {"default", "float", "fixed", "compact"};
    constexpr const char* pools[] = {"sum", "average", "max"};
    const Population& target = network.population(projection.target);
    std::string words = text(wiring_of(network, projection), ", from '", network.population(projection.source).name, "' to '",
                             target.name, ".", target.model->receptors[projection.receptor], "', delay ",
                             projection.delay_steps, ", ", arithmetics[projection.arithmetic]);
    if (projection.is_fixed()) words += text(" in units of 2^", -projection.fixed_exponent);
    if (projection.kind == SNN_CONNECT_POOL2D) words += text(", ", pools[projection.pool_mode]);
    if (!projection.plasticity) return words;
    const PlasticityRule& rule = *projection.plasticity->rule;
    words += text(", plastic by '", rule.name, "'");
    for (size_t i = 0; i < rule.parameters.size(); ++i)
        words += text(", ", rule.parameters[i].name, " ", projection.plasticity->parameters[i]);
    for (size_t i = 0; i < rule.options.size(); ++i)
        words += text(", ", rule.options[i].name, " ",
                      rule.options[i].choices[static_cast<size_t>(projection.plasticity->options[i])]);
    return words;
}

std::string nature_of(const Population& population) {
    if (population.kind == SNN_POPULATION_SPIKE_INPUT) return "a spike input of shape " + text_of(population.shape);
    if (population.kind == SNN_POPULATION_VALUE_INPUT) return "a value input of shape " + text_of(population.shape);
    const Model& model = *population.model;
    std::string words = text("neurons of model '", model.name, "' and shape ", text_of(population.shape));
    for (size_t i = 0; i < model.options.size(); ++i)
        words += text(", ", model.options[i].name, " ",
                      model.options[i].choices[static_cast<size_t>(population.options[i])]);
    return words;
}

std::string hexadecimal(uint64_t hash) {
    constexpr const char* digits = "0123456789abcdef";
    std::string words(16, '0');
    for (size_t i = 0; i < 16; ++i) words[i] = digits[hash >> (60 - 4 * i) & 15];
    return words;
}

uint64_t hash_of_definition(const std::string& json) {
    uint64_t hash = 0;
    for (const char c : parse_json(json, "a definition").root.dump()) hash = joined(hash, static_cast<unsigned char>(c));
    return hash;
}

ProjectionHash hash_of_projection(const Projection& projection) {
    ProjectionHash hash;
    if (!projection.synapses) {
        hash.weights = hash_of_values(projection.weights());
    } else {
        const bool compact = projection.arithmetic == SNN_ARITHMETIC_COMPACT;
        std::vector<float> rounded;
        projection.synapses->for_rows([&](uint32_t source, const SynapseRow& row) {
            std::span<const float> weights = row.weights;
            if (compact) {  // a rule's weights are not rounded yet
                rounded.assign(weights.begin(), weights.end());
                round_to_multiples(rounded, projection.fixed_exponent);
                weights = rounded;
            }
            for (size_t k = 0; k < row.targets.size(); ++k) {
                const uint64_t delay = row.delays.empty() ? 0 : row.delays[k];
                const uint64_t synapse = joined(uint64_t{source} << 32 | row.targets[k], delay);
                hash.connections += synapse;
                hash.weights += joined(synapse, bits_of(weights[k]));
            }
        });
    }
    if (projection.bias) hash.weights = joined(hash.weights, hash_of_values(*projection.bias));
    return hash;
}

}  // namespace snn
