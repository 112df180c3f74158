// The part of a network that one of several devices runs: populations, or slices of them, and what their projections read.
//
//     the whole          a part with a slice of `exc`, and all of `inh`      another device has `out`
//     0 exc  [4096]      0 exc  [1024], neurons 2048 to 3071                 and the projections onto it
//     1 inh  [1024]      1 inh  [1024]
//     2 out  [10]        2 out  a placeholder of one neuron, which nothing reads
//                        3 exc  an input of 4096: the spikes of all slices, this one included
//
// Spikes from other devices arrive `lag` steps late, and the projection's delay is shortened by the same number. The spikes of
// a divided population reach all slices in this way, even its own. So a projection from it adds up its sources in the order in
// which one device would.
#include <algorithm>

#include "network/network.h"
#include "network/plan.h"

namespace snn {

namespace {

template <class Value>
std::vector<Value> cut(const std::vector<Value>& values, size_t rows, size_t row_size, Slice slice) {
    std::vector<Value> some(rows * slice.count);
    for (size_t row = 0; row < rows; ++row)
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(row * row_size + slice.first), slice.count,
                    some.begin() + static_cast<std::ptrdiff_t>(row * slice.count));
    return some;
}

// Cuts values that each neuron has; one value for all neurons stays.
template <class Value>
void cut_if_each(std::vector<Value>& io_values, Slice slice) {
    if (io_values.size() > 1) io_values = cut(io_values, 1, io_values.size(), slice);
}

Population slice_of(const Population& whole, Slice slice) {
    Population some = whole;
    some.size = slice.count;
    some.shape = {1, {slice.count, 1, 1}};
    some.first_neuron = slice.first;
    for (std::vector<double>& values : some.parameters) cut_if_each(values, slice);
    for (std::vector<double>& values : some.initial_states) cut_if_each(values, slice);
    return some;
}

Population spike_input(const Population& population, bool is_read) {
    Population input;
    input.kind = SNN_POPULATION_SPIKE_INPUT;
    input.name = population.name;
    input.shape = is_read ? population.shape : Shape{1, {1, 1, 1}};
    input.size = input.shape.size();
    return input;
}

// The weights keep their order. A one-to-one projection onto a slice becomes a sparse one, because the sizes differ.
void keep_targets(Projection& io_projection, uint32_t source_size, Slice slice) {
    if (io_projection.bias)
        io_projection.bias = std::make_shared<const std::vector<float>>(cut(*io_projection.bias, 1, 0, slice));
    if (io_projection.synapses) {
        io_projection.synapses = io_projection.synapses->onto(slice.first, slice.count);
        return;
    }
    const std::vector<float>& weights = *io_projection.dense_weights;
    if (io_projection.kind == SNN_CONNECT_DENSE) {
        io_projection.dense_weights = std::make_shared<const std::vector<float>>(
            cut(weights, source_size, weights.size() / source_size, slice));
        return;
    }
    auto index = std::make_shared<SparseIndex>();
    for (uint32_t source = 0; source <= source_size; ++source)
        index->row_offsets.push_back(std::clamp(source, slice.first, slice.first + slice.count) - slice.first);
    for (uint32_t target = 0; target < slice.count; ++target) index->targets.push_back(target);
    io_projection.kind = SNN_CONNECT_SPARSE;
    io_projection.synapses = std::make_shared<const Synapses>(
        std::move(index), std::make_shared<const std::vector<float>>(cut(weights, 1, weights.size(), slice)));
    io_projection.dense_weights = nullptr;
}

}  // namespace

NetworkPart Network::part(const std::vector<Slice>& here, uint32_t lag_steps) const {
    auto made = std::make_shared<Network>(dt_ms_);
    NetworkPart part;
    std::vector<uint8_t> is_read(populations_.size(), 0);
    for (const Projection& projection : projections_)
        if (here[projection.target].count > 0) is_read[projection.source] = 1;
    const auto is_whole = [&](uint32_t p) { return here[p].count == populations_[p].size; };
    std::vector<uint32_t> read_from(populations_.size());  // by population: index in the part of what projections read
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const Population& population = populations_[p];
        read_from[p] = p;
        if (is_whole(p) || (is_read[p] && population.is_input())) made->append(made->populations_, population, true);
        else if (here[p].count > 0) made->append(made->populations_, slice_of(population, here[p]), true);
        else made->append(made->populations_, spike_input(population, is_read[p]), true);
    }
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        if (here[p].count == 0 || is_whole(p) || !is_read[p]) continue;
        Population gathered = spike_input(populations_[p], true);
        gathered.name += " gathered";  // names that users give have no spaces
        read_from[p] = made->append(made->populations_, std::move(gathered), true);
        part.gathered.push_back(p);
    }
    for (const Projection& projection : projections_) {
        const Slice slice = here[projection.target];
        if (slice.count == 0) continue;
        Projection copy = projection;
        copy.trainable = false;
        copy.source = read_from[projection.source];
        if (!is_whole(projection.target)) keep_targets(copy, populations_[projection.source].size, slice);
        if (!is_whole(projection.source) && !populations_[projection.source].is_input()) {
            const uint32_t shorter = std::min(lag_steps, copy.min_delay());  // less than lag_steps only without synapses
            const uint32_t of_axon = std::min(shorter, copy.delay_steps);
            copy.delay_steps -= of_axon;
            if (shorter > of_axon) copy.synapses = copy.synapses->earlier(static_cast<uint16_t>(shorter - of_axon));
        }
        made->append(made->projections_, std::move(copy), false);
    }
    made->keep_fixed_groups();
    made->finished_ = true;
    part.network = std::move(made);
    return part;
}

PopulationConstants slice_of(const PopulationConstants& whole, Slice slice) {
    PopulationConstants some = whole;
    for (Constant& constant : some.constants) {
        cut_if_each(constant.floats, slice);
        cut_if_each(constant.ints, slice);
        cut_if_each(constant.doubles, slice);
    }
    for (PoissonLimits& limits : some.poisson)
        if (limits.per_neuron && limits.count > 0)
            limits.limits = cut(limits.limits, limits.count, limits.limits.size() / limits.count, slice);
    for (std::vector<double>& values : some.initial_states) cut_if_each(values, slice);
    return some;
}

}  // namespace snn
