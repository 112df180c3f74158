// A network as the user built it: populations and projections. It knows no device. Immutable once finished.
#pragma once

#include <snn/snn.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "network/model.h"
#include "network/plasticity.h"
#include "network/synapses.h"

namespace snn {

struct Shape {
    uint32_t rank = 1;
    uint32_t dims[3] = {0, 1, 1};  // (neurons) or (channels, height, width)
    uint32_t size() const { return dims[0] * dims[1] * dims[2]; }  // fits in 31 bits, which is checked at creation
    bool operator==(const Shape&) const = default;
};

using Parameters = std::vector<std::vector<double>>;  // of a population, one vector for each parameter: 1 or `size` values

struct Population {
    uint32_t kind = SNN_POPULATION_NEURONS;
    std::string name;
    Shape shape;
    uint32_t size = 0;
    // number of the first neuron in random draws, a multiple of 64: not 0 in a slice of a population
    uint32_t first_neuron = 0;
    // neurons only
    std::shared_ptr<const Model> model;
    Parameters parameters;
    std::vector<int32_t> options;
    std::vector<uint8_t> learnable;  // by parameter: whether it is trained, as one value or one for each neuron
    std::vector<std::vector<double>> initial_states;  // one vector for each state: 1 or `size` values
    std::vector<uint8_t> initial_is_set;              // by state: it was set by hand and no longer follows a parameter
    std::shared_ptr<const Surrogate> surrogate;
    std::vector<double> surrogate_parameters;

    bool is_input() const { return kind != SNN_POPULATION_NEURONS; }
    // Whether activity is 0 or 1 (kept as bits), not a real value for each neuron.
    bool is_binary() const { return kind == SNN_POPULATION_SPIKE_INPUT || (model && model->spiking); }
    bool learns() const { return std::find(learnable.begin(), learnable.end(), 1) != learnable.end(); }
    // The learnable parameter that gives a state its initial value, if there is one. The state then follows it in sessions,
    // too.
    std::optional<uint32_t> learnable_initial(size_t state) const {
        const std::optional<uint32_t> parameter = model->states[state].initial_parameter;
        return parameter && !initial_is_set[state] && learnable[*parameter] ? parameter : std::nullopt;
    }
};

constexpr uint32_t max_total_delay = 4096;  // steps, of a projection and its slowest synapse together

// Limits of a network, checked when it is built and when a file is read.
constexpr size_t max_populations = 1u << 20;
constexpr size_t max_projections = 1u << 20;

constexpr size_t max_name_size = 63;  // bytes, of a population or projection
// Fixed-point scales are 2^-96 to 2^96: they and their inverses are ordinary float32 numbers.
constexpr int32_t fixed_exponent_limit = 96;

struct Window {  // conv2d and pool2d, (y, x)
    uint32_t kernel[2] = {1, 1}, stride[2] = {1, 1}, padding[2] = {0, 0}, dilation[2] = {1, 1};
    uint32_t groups = 1;
};

struct Projection {
    uint32_t kind = SNN_CONNECT_DENSE;
    std::string name;
    uint32_t source = 0, target = 0, receptor = 0;
    uint32_t delay_steps = 0;
    bool trainable = true;
    bool detached = false;  // no gradient goes back through it to its source
    uint32_t arithmetic = SNN_ARITHMETIC_FLOAT;  // never DEFAULT once connected
    bool arithmetic_is_default = false;          // finish() may choose another one if integers would lose too much
    uint32_t pool_mode = SNN_POOL_SUM;
    std::shared_ptr<const std::vector<float>> dense_weights;  // null when sparse; layouts as in SNNProjectionDef
    std::shared_ptr<const std::vector<float>> bias;           // null: none
    std::shared_ptr<const Synapses> synapses;                 // sparse only, else null
    std::shared_ptr<const Plasticity> plasticity;             // null: the weights do not change by plasticity
    Window window;
    // Fixed point: weights are delivered as llrint(w * 2^exponent) (ties to even), the sum times 2^-exponent. Set by
    // finish(): one exponent for all fixed and compact projections onto the same (target, receptor).
    int32_t fixed_exponent = 0;
    std::string rounding_loss;  // rounding_loss() of the weights at finish(); empty for plastic projections

    // Weights are delivered as integers. If compact, as 16-bit integers, and the weights themselves are rounded to them.
    bool is_fixed() const { return arithmetic == SNN_ARITHMETIC_FIXED || arithmetic == SNN_ARITHMETIC_COMPACT; }

    // In canonical order. weights() turns sparse synapses into arrays for good. weights_alone() keeps no arrays, except for a
    // rule's synapses.
    const std::vector<float>& weights() const { return synapses ? *synapses->weights() : *dense_weights; }
    std::shared_ptr<const std::vector<float>> weights_alone() const {
        return synapses ? synapses->weights_alone() : dense_weights;
    }
    size_t weight_count() const { return synapses ? synapses->count() : dense_weights->size(); }
    size_t bias_count() const { return bias ? bias->size() : 0; }
    uint32_t min_delay() const { return delay_steps + (synapses ? synapses->min_delay() : 0u); }
    uint32_t max_delay() const { return delay_steps + (synapses ? synapses->max_delay() : 0u); }
    // Whether some spike of the source can reach the target in the same step.
    bool reaches_within_step() const { return min_delay() == 0 && !(synapses && synapses->is_empty()); }
};

// Index of a parameter of the population's model; throws SNN_ERROR_NOT_FOUND with all names.
uint32_t find_parameter(const Population& population, std::string_view name);
// Throws SNN_ERROR_INVALID_ARGUMENT unless there are 1 or `size` values and each lies in the parameter's range.
void check_parameter(const Population& population, uint32_t parameter, const double* values, size_t count);

const char* name_of_kind(uint32_t connection_kind);  // SNN_CONNECT_*: "dense", "one-to-one", ...
SNNProjectionDef default_projection_def();           // the values of snn_projection_def_default

class Network;

// Fixed-point projections onto one receptor of a population, ascending: they share one scale and one sum that must not
// overflow.
using FixedGroup = std::vector<uint32_t>;

// The neurons of a population that one device computes; `first` is a multiple of slice_unit.
struct Slice {
    uint32_t first = 0, count = 0;
    bool operator==(const Slice&) const = default;
};
constexpr uint32_t slice_unit = 64;  // neurons whose random draws are made together

// The part of a network that one of several devices runs. Populations keep the index that they have in the whole network.
// Behind them are the gathered populations: inputs that carry all spikes of a population of which the device has only a slice.
struct NetworkPart {
    std::shared_ptr<const Network> network;
    std::vector<uint32_t> gathered;  // populations that are gathered, in the order of their inputs
};

class Network {
public:
    struct Named {
        bool is_population;  // else a projection
        uint32_t index;
    };

    explicit Network(double dt_ms);

    uint32_t add_population(const SNNPopulationDef& def, std::shared_ptr<const Model> model);
    void set_parameter(uint32_t population, std::string_view name, const double* values, size_t count);
    // Throws SNN_ERROR_UNSUPPORTED if the model has no gradient of the parameter.
    void set_learnable(uint32_t population, std::string_view name, bool learnable);
    void set_option(uint32_t population, std::string_view name, std::string_view choice);
    void set_initial_state(uint32_t population, std::string_view name, const double* values, size_t count);
    void set_surrogate(uint32_t population, std::shared_ptr<const Surrogate> surrogate, const double* parameters,
                       size_t count);
    uint32_t connect(const SNNProjectionDef& def);
    // Connects by a rule, which makes the synapses on demand; none are made here.
    uint32_t connect_random(const SNNProjectionDef& def, const SNNRandomConnectionDef& rule);
    // The rule changes the weights of a sparse projection from now on. Its arithmetic becomes fixed, and it is not trained.
    void set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityRule> rule);
    void set_plasticity_parameter(uint32_t projection, std::string_view name, double value);
    void set_plasticity_option(uint32_t projection, std::string_view name, std::string_view choice);
    void finish();
    // The same with the fixed-point exponents of a saved network, one for each projection, so that its results keep their bits.
    // The exponents are checked against the weights.
    void finish(const std::vector<int32_t>& fixed_exponents);

    // A finished copy with other weights, biases (of the same sizes), plasticity (the same rules with other parameters) and
    // parameters of populations (already checked). Null or empty keeps the present values. Initial states stay, except those
    // that follow a learnable parameter.
    std::shared_ptr<const Network> with_values(const std::vector<std::shared_ptr<const std::vector<float>>>& weights,
                                               const std::vector<std::shared_ptr<const std::vector<float>>>& biases,
                                               const std::vector<Parameters>& parameters,
                                               const std::vector<std::shared_ptr<const Plasticity>>& plasticity) const;

    // The part of a finished network that one device of several runs: see part.cpp. `here`: by population, inputs all or none.
    NetworkPart part(const std::vector<Slice>& here, uint32_t lag_steps) const;

    double dt_ms() const { return dt_ms_; }
    bool finished() const { return finished_; }
    const std::vector<Population>& populations() const { return populations_; }
    const std::vector<Projection>& projections() const { return projections_; }
    const Population& population(uint32_t index) const;  // throws SNN_ERROR_NOT_FOUND with the index
    const Projection& projection(uint32_t index) const;
    // Valid in a finished network.
    const std::vector<FixedGroup>& fixed_groups() const { return fixed_groups_; }
    const FixedGroup& fixed_group(uint32_t fixed_projection) const { return fixed_groups_[group_of_[fixed_projection]]; }
    uint32_t find_population(std::string_view name) const;  // throws SNN_ERROR_NOT_FOUND with all names
    uint32_t find_projection(std::string_view name) const;
    const Named* find(std::string_view name) const;  // null if nothing has the name

private:
    // `synapses`: made by a rule; null: take the arrays of `def`.
    uint32_t connect(const SNNProjectionDef& def, std::shared_ptr<const Synapses> synapses);
    Population& changeable_population(uint32_t index);
    Plasticity changeable_plasticity(uint32_t projection) const;  // a copy; the caller stores it after changing it
    void check_plasticity() const;
    void check_new_name(std::string_view name, const char* what) const;
    void check_unfinished() const;
    // Adds an entry to a list and to the names. If memory runs out, neither has changed.
    template <class Entry>
    uint32_t append(std::vector<Entry>& io_list, Entry entry, bool is_population);
    void choose_arithmetic();  // for projections with the default, and all exponents
    void take_float_for_zeros();
    void choose_scale(FixedGroup& group);
    void keep_losses(const FixedGroup& group, int exponent);  // sets rounding_loss
    void keep_fixed_groups();
    void set_fixed_exponents(const std::vector<int32_t>& exponents);  // throws if the weights do not fit them
    void round_compact_weights();
    void check_undelayed_cycles() const;

    double dt_ms_;
    bool finished_ = false;
    std::vector<Population> populations_;
    std::vector<Projection> projections_;
    std::map<std::string, Named, std::less<>> names_;
    std::vector<FixedGroup> fixed_groups_;  // set by finish()
    std::vector<uint32_t> group_of_;        // by projection: index in fixed_groups_, valid for fixed-point projections
};

// The present weights of a projection, by index, in canonical order. Null: the network's own weights; for a rule, these are
// checked by the rule's bounds without making them.
using WeightsOf = std::function<const float*(uint32_t projection)>;
// Throws SNN_ERROR_INVALID_ARGUMENT if the fixed-point projections onto this one's receptor could overflow its sum at the scale
// that finish() has chosen. Does nothing for a projection with float arithmetic.
void check_fixed_range(const Network& network, uint32_t projection, const WeightsOf& weights_of);
void check_fixed_ranges(const Network& network, const WeightsOf& weights_of);  // the same for every receptor
// Throws SNN_ERROR_INVALID_ARGUMENT if a weight of a plastic projection lies outside the bounds of its rule.
void check_plastic_weights(const Network& network, const Projection& projection, std::span<const float> weights);
// Rounds weights to the values that a compact projection of a finished network delivers.
void round_compact(const Projection& projection, std::vector<float>& io_weights);
// Describes in a sentence what rounding to the fixed-point scale does to weights, if it takes more from them than the default
// arithmetic allows, or leaves plastic weights too few steps. Empty otherwise.
std::string rounding_loss(const Network& network, const Projection& projection, std::span<const float> weights,
                          bool are_written);
// The same for the network's own weights. For a rule, quantiles stand for its weights.
std::string loss_of_own_weights(const Network& network, const Projection& projection);
// For each projection, the largest |w| that training may reach so that no fixed-point sum can overflow; the largest float for
// projections with float arithmetic.
std::vector<float> fixed_weight_limits(const Network& network);
// What an active source adds through an average pooling window; 1 for other kinds of pooling.
float pool_weight(const Projection& projection);
// The number of connections: for dense, source * target; for conv, each use of a kernel value whose input lies inside the
// image.
uint64_t synapse_count(const Network& network, const Projection& projection);

}  // namespace snn
