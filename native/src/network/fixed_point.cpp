// The scale of fixed-point receptors: one power of two for all fixed-point projections onto the same receptor of a population,
// chosen so that no sum can overflow even if every synapse of a neuron is hit in the same step. This file also chooses the
// arithmetic of projections for which the user has not chosen one.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>

#include "common/error.h"
#include "common/machine.h"
#include "network/network.h"

namespace snn {

namespace {

constexpr int sum_bits = 30;   // every sum stays within 2^30; rounding of the weights adds to it, but stays far below 2^31
constexpr int spare_bits = 4;  // room above the largest sum, so that weights can grow when they are changed or trained
constexpr double compact_limit = 32767;  // the largest compact weight, in units of the scale
constexpr int compact_bits = 14;         // bits of the largest weight when the scale is chosen, so that it can double

using Group = FixedGroup;

std::vector<Group> groups_of(const std::vector<Projection>& projections) {
    std::map<std::pair<uint32_t, uint32_t>, Group> groups;
    for (uint32_t p = 0; p < projections.size(); ++p)
        if (projections[p].is_fixed()) groups[{projections[p].target, projections[p].receptor}].push_back(p);
    std::vector<Group> result;
    for (auto& [receptor, group] : groups) result.push_back(std::move(group));
    return result;
}

// A number for each target. With few synapses, it has entries only for targets with synapses, because a file of a few bytes may
// declare a population of 2^30 neurons.
template <class Number>
class ByTarget {
public:
    explicit ByTarget(uint32_t target_size) : target_size_(target_size) {}
    // Call before adding numbers for this many more synapses.
    void expect(uint64_t synapses) {
        expected_ += synapses;
        if (!all_.empty() || expected_ < target_size_ / 16) return;
        all_.resize(target_size_);
        for (const auto& [target, number] : some_) all_[target] = number;
        some_.clear();
    }
    Number& operator[](uint32_t target) { return all_.empty() ? some_[target] : all_[target]; }
    Number largest() const {
        Number most{};
        for (const Number number : all_) most = std::max(most, number);
        for (const auto& [target, number] : some_) most = std::max(most, number);
        return most;
    }

private:
    uint32_t target_size_;
    uint64_t expected_ = 0;
    std::vector<Number> all_;  // empty: the numbers are in `some_`
    std::unordered_map<uint32_t, Number> some_;
};

// A plastic weight may become as large as its rule allows.
WeightBounds plastic_bounds(const Network& network, const Projection& projection) {
    return weight_bounds(*projection.plasticity, network.dt_ms(), text("projection '", projection.name, "'"));
}

// The largest sum of |w| that the group could add to one neuron in a step. If weights_of gives null, the network's own weights
// count, and for a rule its bounds.
double largest_sum(const Network& network, const Group& group, const WeightsOf& weights_of) {
    const uint32_t target_size = network.population(network.projections()[group[0]].target).size;
    ByTarget<double> sums(target_size);
    double by_rules = 0;
    for (const uint32_t p : group) {
        const Projection& projection = network.projections()[p];
        const Synapses& synapses = *projection.synapses;
        const float* const weights = projection.plasticity ? nullptr : weights_of(p);
        const double bound = projection.plasticity ? plastic_bounds(network, projection).largest() : 0.0;
        if (const SynapseRule* const rule = synapses.rule(); rule && !weights) {
            by_rules += (projection.plasticity ? bound : synapses.largest_weight()) *
                        static_cast<double>(rule->in_degree_bound());
            continue;
        }
        sums.expect(synapses.count());
        const auto add = [&](std::span<const uint32_t> targets, const float* own) {
            if (projection.plasticity)
                for (const uint32_t target : targets) sums[target] += bound;
            else
                for (size_t k = 0; k < targets.size(); ++k) sums[targets[k]] += std::abs(static_cast<double>(own[k]));
        };
        if (synapses.is_rule()) {
            add(synapses.index().targets, weights);
            continue;
        }
        uint64_t begin = 0;
        synapses.for_rows([&](uint32_t, const SynapseRow& row) {
            add(row.targets, weights ? weights + begin : row.weights.data());
            begin += row.targets.size();
        });
    }
    return by_rules + sums.largest();
}

// The same for the network's own weights.
double largest_sum(const Network& network, const Group& group) {
    return largest_sum(network, group, [](uint32_t) { return nullptr; });
}

// The largest weight of the compact projections in the group; 0 if there are none.
double largest_compact_weight(const Network& network, const Group& group) {
    double largest = 0;
    for (const uint32_t p : group)
        if (network.projections()[p].arithmetic == SNN_ARITHMETIC_COMPACT)
            largest = std::max(largest, network.projections()[p].synapses->largest_weight());
    return largest;
}

// ---- What integers lose

// The median magnitude of the weights other than 0. Of very many weights, some thousands are sampled.
double median_magnitude(std::span<const float> weights) {
    std::vector<float> some;
    for (size_t i = 0, stride = weights.size() / 8192 + 1; i < weights.size(); i += stride)
        if (weights[i] != 0.0f) some.push_back(std::abs(weights[i]));
    if (some.empty()) return 0;
    const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
    std::nth_element(some.begin(), middle, some.end());
    return static_cast<double>(*middle);
}

// Calls use() with weights that represent a projection: all of them, or for a rule its quantiles, without making the weights.
template <class Use>
auto with_weights(const Projection& projection, const Use& use) {
    if (!projection.synapses->is_rule()) {
        const std::shared_ptr<const std::vector<float>> weights = projection.synapses->weights_alone();
        return use(std::span<const float>(*weights));
    }
    const std::vector<float> quantiles = projection.synapses->rule()->weight_quantiles();
    return use(std::span<const float>(quantiles));
}

constexpr double most_lost = 1e-2;  // share of the weights: a distribution around 0 always has some that are close to it

// Whether rounding to multiples of 2^-exponent changes weights too much: too many become 0, or their sum changes (as it does
// if all are equal), or weights of usual size change. Usual is at most twice the median, so that a few large weights, which may
// be silent, do not hide the changes.
bool loses(std::span<const float> weights, int exponent) {
    constexpr double most_on_the_whole = 1.0 / 512, most_of_usual = 1.0 / 64;  // shares of the weights' sum
    const double scale = std::ldexp(1.0, exponent), largest_usual = 2 * median_magnitude(weights) * scale;
    double sum = 0, grown = 0, usual = 0, moved = 0;
    size_t lost = 0;
    for (const float weight : weights) {
        const double units = std::abs(static_cast<double>(weight)) * scale, rounded = std::nearbyint(units);
        sum += units;
        grown += rounded - units;
        lost += rounded == 0 && units > 0;
        if (units > largest_usual) continue;
        usual += units;
        moved += std::abs(rounded - units);
    }
    return std::abs(grown) > sum * most_on_the_whole || moved > usual * most_of_usual ||
           static_cast<double>(lost) > most_lost * static_cast<double>(weights.size());
}

bool loses(const Network& network, const Projection& projection, int exponent) {
    if (projection.plasticity) {  // the rule moves weights in small steps, so the largest one needs many units
        const float bound = static_cast<float>(plastic_bounds(network, projection).largest());
        return bound > 0 && std::ldexp(bound, exponent) < 512;
    }
    return with_weights(projection, [&](std::span<const float> weights) { return loses(weights, exponent); });
}

// A number of units of the scale as a weight, with the digits that users write, not those of the float.
std::string of_units(double units, int exponent) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6g", std::ldexp(units, -exponent));
    return digits;
}

// Plastic weights are float32 and are rounded when they are delivered, so what counts is their size in units of the scale: with
// 64 units, rounding changes a usual weight by at most 1/128. The scale follows from the rule's bounds, however small the
// weights are.
std::string plastic_loss(const Network& network, const Projection& projection, std::span<const float> weights) {
    constexpr double fewest_units = 64;
    const int exponent = projection.fixed_exponent;
    const double usual = std::ldexp(median_magnitude(weights), exponent);
    if (usual == 0 || usual >= fewest_units) return {};
    return text("projection '", projection.name, "' delivers its plastic weights rounded to multiples of 2^", -exponent, " (",
                of_units(1, exponent), "), and half of those that are not 0 are at most ", of_units(usual, exponent),
                usual <= 0.5 ? ", which arrives as 0" : "",
                "; the scale has to hold the largest sum onto one neuron, with plastic weights ",
                describe_bounds(*projection.plasticity, plastic_bounds(network, projection)),
                ", so bounds closer to 0 make it finer");
}

void check_compact_weight(double weight, const Projection& projection) {
    const double limit = std::ldexp(compact_limit, -projection.fixed_exponent);
    if (!(weight <= limit))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "': a weight of ", weight,
                    " is too large; compact weights at the fixed-point scale 2^", projection.fixed_exponent, " are at most ",
                    limit, "; arithmetic 'float' has no such limit");
}

void check_compact_weights(const Network& network, uint32_t p, const WeightsOf& weights_of) {
    const Projection& projection = network.projections()[p];
    if (projection.arithmetic != SNN_ARITHMETIC_COMPACT) return;
    const float* const weights = weights_of(p);
    if (!weights) return;  // the network's own, for which the scale was chosen
    check_compact_weight(static_cast<double>(largest_magnitude({weights, projection.weight_count()})), projection);
}

// The sum is over all projections of the group; the sentence names one of them.
void check_sum(double sum, const Projection& projection, const Group& group) {
    const double limit = std::ldexp(1.0, sum_bits - projection.fixed_exponent);
    if (!(sum <= limit))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "': the weights onto one neuron add up to ",
                    sum, group.size() > 1 ? ", with those of the receptor's other projections" : "",
                    "; the fixed-point scale 2^", projection.fixed_exponent, " holds at most ", limit,
                    "; arithmetic 'float' has no such limit");
}

// ---- Choosing

// The finest scale of a group, and whether compact weights are what limits it.
struct Scale {
    double sum, compact;  // the largest sum of |w|; the largest |w| of compact projections
    int exponent;
    bool is_of_compact;
};

Scale scale_of(const Network& network, const Group& group) {
    Scale scale{largest_sum(network, group), largest_compact_weight(network, group), 0, false};
    int sum_exponent = 0, compact_exponent = 0;
    if (scale.sum > 0) std::frexp(scale.sum, &sum_exponent);  // sum < 2^sum_exponent
    scale.exponent = sum_bits - spare_bits - sum_exponent;
    if (scale.compact > 0) {
        std::frexp(scale.compact, &compact_exponent);
        scale.is_of_compact = compact_bits - compact_exponent < scale.exponent;
        scale.exponent = std::min(scale.exponent, compact_bits - compact_exponent);
    }
    scale.exponent = std::clamp(scale.exponent, -fixed_exponent_limit, fixed_exponent_limit);
    return scale;
}

bool some_loses(const Network& network, const Group& group, int exponent) {
    return std::any_of(group.begin(), group.end(),
                       [&](uint32_t p) { return loses(network, network.projections()[p], exponent); });
}

// How much a projection coarsens the scale: its largest weight if compact weights limit the scale, else its largest sum.
// Negative if it does not limit the scale, or if its arithmetic may not change.
double coarsening(const Network& network, uint32_t p, const Scale& scale) {
    const Projection& projection = network.projections()[p];
    if (!projection.arithmetic_is_default || projection.plasticity) return -1;
    if (!scale.is_of_compact) return largest_sum(network, {p});
    return projection.arithmetic == SNN_ARITHMETIC_COMPACT ? projection.synapses->largest_weight() : -1;
}

// The projection that coarsens the scale most, the first one of equals; nothing if none may change.
std::optional<uint32_t> coarsest(const Network& network, const Group& group, const Scale& scale) {
    std::optional<uint32_t> found;
    double most = 0;
    for (const uint32_t p : group)
        if (const double of_p = coarsening(network, p, scale); of_p >= 0 && (!found || of_p > most)) found = p, most = of_p;
    return found;
}

// Whether the scale that the group's projections have holds the network's own weights, whose largest sum is `sum`.
void check_holds(const Network& network, const Group& group, double sum) {
    check_sum(sum, network.projections()[group[0]], group);
    for (const uint32_t p : group) check_compact_weight(largest_compact_weight(network, {p}), network.projections()[p]);
}

}  // namespace

void Network::choose_arithmetic() {
    take_float_for_zeros();
    for (Group& group : groups_of(projections_)) choose_scale(group);
}

// Weights that are all 0 will be written later, and nothing is known about their size.
void Network::take_float_for_zeros() {
    for (Projection& projection : projections_)
        if (projection.is_fixed() && projection.arithmetic_is_default && !projection.plasticity &&
            projection.synapses->largest_weight() == 0 && !projection.synapses->is_empty())
            projection.arithmetic = SNN_ARITHMETIC_FLOAT;
}

// Projections onto a receptor share a scale, which the largest weight or sum determines. If that takes too much from other
// weights, the projection that determines the scale changes its arithmetic: from compact to fixed, whose weights have 32 bits,
// and otherwise to float, which has no scale.
void Network::choose_scale(FixedGroup& group) {
    Scale scale = scale_of(*this, group);
    while (some_loses(*this, group, scale.exponent)) {
        const std::optional<uint32_t> most = coarsest(*this, group, scale);
        if (!most) {
            keep_losses(group, scale.exponent);
            break;
        }
        if (scale.is_of_compact) {
            projections_[*most].arithmetic = SNN_ARITHMETIC_FIXED;
        } else {
            projections_[*most].arithmetic = SNN_ARITHMETIC_FLOAT;
            std::erase(group, *most);
            if (group.empty()) return;
        }
        scale = scale_of(*this, group);
    }
    for (const uint32_t p : group) projections_[p].fixed_exponent = scale.exponent;
    check_holds(*this, group, scale.sum);
}

// Must run before compact weights are rounded.
void Network::keep_losses(const FixedGroup& group, int exponent) {
    for (const uint32_t p : group) {
        Projection& projection = projections_[p];
        if (projection.plasticity) continue;
        projection.fixed_exponent = exponent;
        projection.rounding_loss = loss_of_own_weights(*this, projection);
    }
}

void Network::keep_fixed_groups() {
    fixed_groups_ = groups_of(projections_);
    group_of_.assign(projections_.size(), 0);
    for (uint32_t g = 0; g < fixed_groups_.size(); ++g)
        for (const uint32_t p : fixed_groups_[g]) group_of_[p] = g;
}

void Network::set_fixed_exponents(const std::vector<int32_t>& exponents) {
    for (size_t p = 0; p < projections_.size(); ++p) projections_[p].fixed_exponent = exponents[p];
    const std::vector<Group> groups = groups_of(projections_);
    for (const Group& group : groups) {
        const Projection& first = projections_[group[0]];
        for (const uint32_t p : group)
            if (projections_[p].fixed_exponent != first.fixed_exponent)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "projections '", first.name, "' and '", projections_[p].name,
                            "' reach the same receptor with different fixed-point scales");
    }
    for (const Group& group : groups) {
        check_holds(*this, group, largest_sum(*this, group));
        keep_losses(group, projections_[group[0]].fixed_exponent);
    }
}

void Network::round_compact_weights() {
    uint64_t synapses = 0;
    for (Projection& projection : projections_) {
        if (projection.arithmetic != SNN_ARITHMETIC_COMPACT) continue;
        projection.synapses = projection.synapses->rounded(projection.fixed_exponent);
        if (!projection.synapses->is_rule()) synapses += projection.synapses->count();
    }
    if (synapses >= many_synapses) return_free_memory();  // the memory of the weights before rounding
}

void round_compact(const Projection& projection, std::vector<float>& io_weights) {
    round_to_multiples(io_weights, projection.fixed_exponent);
}

std::string rounding_loss(const Network& network, const Projection& projection, std::span<const float> weights,
                          bool are_written) {
    const int exponent = projection.fixed_exponent;
    if (projection.plasticity) return plastic_loss(network, projection, weights);
    if (!loses(weights, exponent)) return {};
    double worst = 0, meant = 0;
    size_t lost = 0;
    for (const float weight : weights) {
        const double units = std::abs(std::ldexp(static_cast<double>(weight), exponent)), rounded = std::nearbyint(units);
        lost += rounded == 0 && units > 0;
        if (const double share = units > 0 ? std::abs(rounded - units) / units : 0; share > worst) worst = share, meant = units;
    }
    const double share = static_cast<double>(lost) / static_cast<double>(weights.size());
    const bool is_compact = projection.arithmetic == SNN_ARITHMETIC_COMPACT;
    return text("projection '", projection.name, "' has ", is_compact ? "compact" : "fixed-point", " weights, and those that ",
                are_written ? "were written" : "it was made with", " are rounded to multiples of 2^", -exponent, ": ",
                of_units(meant, exponent), " became ", of_units(std::nearbyint(meant), exponent),
                share > most_lost ? text(", and ", std::round(100 * share), " % of them became 0") : std::string(),
                "; arithmetic ", is_compact ? "'fixed' or 'float' keeps them" : "'float' keeps them",
                are_written ? ", or a network that is made with weights of their size" : "");
}

std::string loss_of_own_weights(const Network& network, const Projection& projection) {
    return with_weights(projection, [&](std::span<const float> weights) {
        return rounding_loss(network, projection, weights, false);
    });
}

void check_fixed_ranges(const Network& network, const WeightsOf& weights_of) {
    for (const Group& group : network.fixed_groups()) {
        check_sum(largest_sum(network, group, weights_of), network.projections()[group[0]], group);
        for (const uint32_t p : group) check_compact_weights(network, p, weights_of);
    }
}

void check_fixed_range(const Network& network, uint32_t projection, const WeightsOf& weights_of) {
    const Projection& changed = network.projection(projection);
    if (!changed.is_fixed()) return;
    check_compact_weights(network, projection, weights_of);
    const Group& group = network.fixed_group(projection);
    check_sum(largest_sum(network, group, weights_of), changed, group);
}

std::vector<float> fixed_weight_limits(const Network& network) {
    std::vector<float> limits(network.projections().size(), std::numeric_limits<float>::max());
    for (const Group& group : network.fixed_groups()) {
        // If all synapses onto the neuron with the most synapses are at the limit and hit at once, the sum must stay within
        // 2^30.
        const Projection& first = network.projections()[group[0]];
        const uint32_t target_size = network.population(first.target).size;
        ByTarget<uint32_t> synapses(target_size);
        uint64_t by_rules = 0;
        for (const uint32_t p : group) {
            const Synapses& made = *network.projections()[p].synapses;
            if (const SynapseRule* const rule = made.rule()) {
                by_rules += rule->in_degree_bound();
                continue;
            }
            synapses.expect(made.count());
            made.for_rows([&](uint32_t, const SynapseRow& row) {
                for (const uint32_t target : row.targets) ++synapses[target];
            });
        }
        const uint64_t most = std::max<uint64_t>(1, by_rules + synapses.largest());
        const double exact = std::ldexp(1.0, sum_bits - first.fixed_exponent) / static_cast<double>(most);
        float limit = static_cast<float>(exact);
        if (limit > exact) limit = std::nextafter(limit, 0.0f);  // if rounded up, the sum of `most` limits would be too large
        for (const uint32_t p : group) limits[p] = limit;
    }
    return limits;
}

}  // namespace snn
