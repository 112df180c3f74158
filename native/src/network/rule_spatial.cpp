// Connections by distance: each pair of neurons with probability p0 f(d), where f is a Gaussian or an exponential, and 0 beyond
// a cutoff.
//
// The targets lie in a grid of cells at least as wide as the cutoff, so a source looks at the 3^dimensions cells around its
// own. In these cells it draws one word for each target within the cutoff, in the order of the cells and of the neurons in
// them. The number of synapses is known only after all rows have been made once, at the first count().
#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/math.h"
#include "network/rules.h"

namespace snn {

namespace {

constexpr uint32_t most_cells_on_axis = 1u << 10;

class Spatial final : public RuleBase {
public:
    Spatial(ConnectionRule definition, const std::string& what) : RuleBase(std::move(definition), what) {
        const SNNRandomConnectionDef& def = rule_.def;
        if (def.kernel > SNN_KERNEL_EXPONENTIAL)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": kernel is ", def.kernel, "; expected 0 or 1 (SNN_KERNEL_*)");
        check_length(def.kernel_width, "kernel_width", what);
        check_length(def.cutoff, "cutoff", what);
        for (uint32_t axis = 0; axis < def.dimensions; ++axis)
            if (def.period[axis] != 0.0 && !(def.period[axis] >= 2.0 * def.cutoff && def.period[axis] <= largest_length))
                throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": period[", axis, "] is ", def.period[axis],
                            "; expected 0 or at least twice the cutoff, which is ", def.cutoff);
        check_positions(rule_.source_positions, "source_positions", what);
        check_positions(rule_.target_positions, "target_positions", what);
        make_cells();
    }

    uint64_t count() const override { return totals().synapses; }
    uint64_t in_degree_bound() const override { return totals().in_degree; }
    uint64_t memory_bytes() const override {
        return (rule_.source_positions.size() + rule_.target_positions.size()) * sizeof(float) +
               (cell_begin_.size() + neurons_.size()) * sizeof(uint32_t);
    }

    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        size_t count = 0;
        for_candidates(source, [&](uint32_t target, double probability, Candidates& io_candidates) {
            if (!io_candidates.happens(probability)) return;
            if (memory.targets.size() <= count) memory.targets.resize(2 * count + 64);
            memory.targets[count++] = target;
        });
        return complete(source, {memory.targets.data(), count}, memory);
    }

private:
    static constexpr double largest_length = 1e30;

    struct Totals {
        uint64_t synapses = 0, in_degree = 0;
    };

    // Draws one word for each pair that the kernel could connect.
    class Candidates {
    public:
        Candidates(uint64_t seed, uint32_t source) : words_(seed, Purpose::targets, source) {}
        bool happens(double probability) {
            if (at_ == some_.size()) {
                some_ = words_.next(64);
                at_ = 0;
            }
            return static_cast<double>(some_[at_++]) < probability * 0x1p32;
        }

    private:
        Words words_;
        std::span<const uint32_t> some_;
        size_t at_ = 0;
    };

    static void check_length(double value, const char* name, const std::string& what) {
        if (!(value > 0.0 && value <= largest_length))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", name, " is ", value, "; expected a number above 0 and at most ",
                        largest_length);
    }

    static void check_positions(const std::vector<float>& positions, const char* name, const std::string& what) {
        for (size_t i = 0; i < positions.size(); ++i)
            if (!(std::abs(static_cast<double>(positions[i])) <= largest_length))
                throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", name, "[", i, "] is ", positions[i],
                            "; expected a finite number of at most ", largest_length);
    }

    // Along a periodic axis, maps the coordinate to a number from 0 to the period.
    double folded(double x, uint32_t axis) const {
        const double period = rule_.def.period[axis];
        if (period == 0.0) return x;
        const double inside = x - period * std::floor(x / period);
        return inside < period && inside >= 0.0 ? inside : 0.0;
    }

    void make_cells() {
        const uint32_t n = rule_.def.dimensions;
        uint64_t cells = 1;
        // About as many cells as neurons at most, because empty cells cost memory, too.
        const double most = std::max(1.0, std::floor(std::sqrt(static_cast<double>(rule_.target_size))));
        for (uint32_t axis = 0; axis < n; ++axis) {
            double least = 0.0, extent = rule_.def.period[axis];
            if (extent == 0.0) {
                double largest = least = rule_.target_positions[axis];
                for (size_t i = axis; i < rule_.target_positions.size(); i += n) {
                    least = std::min(least, static_cast<double>(rule_.target_positions[i]));
                    largest = std::max(largest, static_cast<double>(rule_.target_positions[i]));
                }
                extent = largest - least;
            }
            const double wanted = std::floor(extent / rule_.def.cutoff);  // each cell at least as wide as the cutoff
            const double allowed = n == 3 ? std::min(most, 128.0) : std::min<double>(most, most_cells_on_axis);
            cell_counts_[axis] = static_cast<int64_t>(std::clamp(wanted, 1.0, allowed));
            origin_[axis] = least;
            cell_width_[axis] = extent > 0.0 ? extent / static_cast<double>(cell_counts_[axis]) : 1.0;
            cells *= static_cast<uint64_t>(cell_counts_[axis]);
        }
        cell_begin_.assign(cells + 1, 0);
        std::vector<uint32_t> cell_of(rule_.target_size);
        for (uint32_t target = 0; target < rule_.target_size; ++target) {
            uint64_t cell = 0;
            for (uint32_t axis = 0; axis < n; ++axis)
                cell = cell * static_cast<uint64_t>(cell_counts_[axis]) +
                       static_cast<uint64_t>(cell_along(rule_.target_positions[size_t{target} * n + axis], axis));
            cell_of[target] = static_cast<uint32_t>(cell);
            ++cell_begin_[cell + 1];
        }
        for (size_t i = 1; i < cell_begin_.size(); ++i) cell_begin_[i] += cell_begin_[i - 1];
        std::vector<uint32_t> next(cell_begin_.begin(), cell_begin_.end() - 1);
        neurons_.resize(rule_.target_size);
        for (uint32_t target = 0; target < rule_.target_size; ++target) neurons_[next[cell_of[target]]++] = target;
    }

    int64_t cell_along(double position, uint32_t axis) const {
        const double cell = std::floor((folded(position, axis) - origin_[axis]) / cell_width_[axis]);
        // A source may lie outside the grid. Clamping it to a border cell loses no target within the cutoff.
        const double last = static_cast<double>(cell_counts_[axis]) - 1.0;
        return static_cast<int64_t>(std::clamp(cell, 0.0, last));
    }

    double squared_distance(uint32_t source, uint32_t target) const {
        const uint32_t n = rule_.def.dimensions;
        double sum = 0;
        for (uint32_t axis = 0; axis < n; ++axis) {
            double d = static_cast<double>(rule_.source_positions[size_t{source} * n + axis]) -
                       static_cast<double>(rule_.target_positions[size_t{target} * n + axis]);
            if (const double period = rule_.def.period[axis]; period != 0.0) d -= period * std::floor(d / period + 0.5);
            sum += d * d;
        }
        return sum;
    }

    // Calls visit(target, probability, candidates) for every target within the cutoff.
    template <class Visit>
    void for_candidates(uint32_t source, Visit&& visit) const {
        const SNNRandomConnectionDef& def = rule_.def;
        Candidates candidates(def.seed, source);
        int64_t from[3] = {0, 0, 0}, count[3] = {1, 1, 1}, cells[3] = {1, 1, 1};
        for (uint32_t axis = 0; axis < def.dimensions; ++axis) {
            const int64_t middle = cell_along(rule_.source_positions[size_t{source} * def.dimensions + axis], axis);
            cells[axis] = cell_counts_[axis];
            const bool repeats = def.period[axis] != 0.0;
            from[axis] = repeats ? (middle - 1 + cells[axis]) % cells[axis] : std::max<int64_t>(middle - 1, 0);
            count[axis] = repeats ? std::min<int64_t>(3, cells[axis]) : std::min(middle + 2, cells[axis]) - from[axis];
        }
        for (int64_t z = 0; z < count[0]; ++z)
            for (int64_t y = 0; y < count[1]; ++y)
                for (int64_t x = 0; x < count[2]; ++x) {
                    const int64_t cell = (((from[0] + z) % cells[0]) * cells[1] + (from[1] + y) % cells[1]) * cells[2] +
                                         (from[2] + x) % cells[2];
                    visit_cell(source, static_cast<size_t>(cell), candidates, visit);
                }
    }

    template <class Visit>
    void visit_cell(uint32_t source, size_t cell, Candidates& io_candidates, Visit&& visit) const {
        const SNNRandomConnectionDef& def = rule_.def;
        for (uint32_t k = cell_begin_[cell]; k < cell_begin_[cell + 1]; ++k) {
            const uint32_t target = neurons_[k];
            if (rule_.skips_self() && target == source) continue;
            const double square = squared_distance(source, target);
            if (!(square <= def.cutoff * def.cutoff)) continue;
            const double exponent = def.kernel == SNN_KERNEL_GAUSSIAN ? square / (2.0 * def.kernel_width * def.kernel_width)
                                                                      : std::sqrt(square) / def.kernel_width;
            visit(target, def.probability * exp_f64(-exponent), io_candidates);
        }
    }

    const Totals& totals() const {
        counted_.call([&] {
            std::vector<uint32_t> degrees(rule_.target_size, 0);
            Totals totals;
            for (uint32_t source = 0; source < rule_.source_size; ++source)
                for_candidates(source, [&](uint32_t target, double probability, Candidates& io_candidates) {
                    if (!io_candidates.happens(probability)) return;
                    ++totals.synapses;
                    ++degrees[target];
                });
            totals.in_degree = *std::max_element(degrees.begin(), degrees.end());
            if (totals.synapses > max_rule_synapses)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "a spatial rule makes ", totals.synapses, " synapses; at most ",
                            max_rule_synapses, " are allowed");
            totals_ = totals;
        });
        return totals_;
    }

    int64_t cell_counts_[3] = {1, 1, 1};
    double origin_[3] = {0, 0, 0}, cell_width_[3] = {1, 1, 1};
    std::vector<uint32_t> cell_begin_, neurons_;  // neurons sorted by cell
    mutable Once counted_;
    mutable Totals totals_;
};

}  // namespace

std::shared_ptr<const SynapseRule> make_spatial_rule(ConnectionRule definition, const std::string& what) {
    return std::make_shared<const Spatial>(std::move(definition), what);
}

}  // namespace snn
