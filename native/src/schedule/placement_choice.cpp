#include "schedule/placement_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/error.h"
#include "schedule/device_choice.h"
#include "schedule/together.h"

namespace snn {

namespace {

constexpr uint32_t most_window_steps = 64;  // more saves nothing and costs memory
constexpr double worth_a_cut = 0.9;         // of the time without one
constexpr double clearly_less = 0.999;
constexpr uint32_t least_delay_of_cut = 2;  // steps: devices that exchange spikes in every step wait for each other

bool goes_elsewhere(const std::vector<Placed>& from, const std::vector<Placed>& to) {
    return from.size() > 1 || to.size() > 1 || from.front().device != to.front().device;
}

// How long the devices are at work, and what of the memories is taken.
class Loads {
public:
    explicit Loads(const Choosing& choosing)
        : choosing_(choosing), work_(choosing.devices.size(), 0.0), taken_(choosing.figures.memory_bytes.size(), 0) {
        for (uint32_t d = 0; d < count(); ++d) threads_.push_back(threads_of_part(choosing.devices, d, choosing.thread_count));
    }
    uint32_t count() const { return static_cast<uint32_t>(work_.size()); }
    void add(uint32_t device, uint32_t population, uint32_t neurons) {
        const uint32_t size = choosing_.network.population(population).size;
        work_[device] += choosing_.work[population] * neurons / size;
        if (!taken_.empty()) taken_[memory_of(device)] += choosing_.figures.bytes_of(device, population, neurons, size);
    }
    double seconds(uint32_t device, double more = 0) const {
        return predicted_step_s(choosing_.figures.speeds[device], work_[device] + more, threads_[device]);
    }
    // How much work it can do beside what it has, until so many seconds are over.
    double work_until(uint32_t device, double until_s) const {
        const double unit = 1e9, slope = (seconds(device, unit) - seconds(device)) / unit;
        return slope > 0 ? std::max(0.0, (until_s - seconds(device)) / slope) : 0.0;
    }
    uint64_t free_bytes(uint32_t device) const {
        if (taken_.empty()) return UINT64_MAX;
        const uint64_t all = choosing_.figures.memory_bytes[memory_of(device)], taken = taken_[memory_of(device)];
        return all > taken ? all - taken : 0;
    }
    // Bytes for which there is no memory.
    uint64_t excess() const {
        uint64_t sum = 0;
        for (size_t m = 0; m < taken_.size(); ++m)
            if (taken_[m] > choosing_.figures.memory_bytes[m]) sum += taken_[m] - choosing_.figures.memory_bytes[m];
        return sum;
    }

private:
    uint32_t memory_of(uint32_t device) const { return choosing_.figures.memory_of[device]; }

    const Choosing& choosing_;
    std::vector<uint32_t> threads_;
    std::vector<double> work_;
    std::vector<uint64_t> taken_;  // by memory; nothing where memories are not known
};

// What a choice of places costs: memory that there is not, then time.
struct Cost {
    uint64_t excess;
    double seconds;
    bool is_less_than(const Cost& other, double part) const {
        return excess != other.excess ? excess < other.excess : seconds < part * other.seconds;
    }
};

class Expectation {
public:
    explicit Expectation(const Choosing& choosing) : choosing_(choosing), targets_(choosing.work.size()) {
        for (const Projection& projection : choosing.network.projections())
            targets_[projection.source].push_back(projection.target);
    }

    Cost of(const Places& places) const {
        uint64_t excess = 0;
        const std::vector<double> seconds = by_device(places, &excess);
        return {excess, *std::max_element(seconds.begin(), seconds.end())};
    }

    std::vector<double> by_device(const Places& places, uint64_t* out_excess = nullptr) const {
        const auto device_count = static_cast<uint32_t>(choosing_.devices.size());
        Loads loads(choosing_);
        std::vector<double> spikes(device_count, 0.0);  // given and taken in a step
        std::vector<uint8_t> works(device_count, 0), exchanges(device_count, 0), reads(device_count);
        for (uint32_t p = 0; p < places.size(); ++p) {
            const Population& population = choosing_.network.population(p);
            if (population.is_input()) continue;
            for (const Placed& placed : places[p]) {
                loads.add(placed.device, p, placed.neurons.count);
                works[placed.device] = 1;
            }
            std::fill(reads.begin(), reads.end(), 0);
            for (const uint32_t target : targets_[p])
                for (const Placed& placed : places[target]) reads[placed.device] |= goes_elsewhere(places[p], places[target]);
            const double a_neuron = assumed_activity * choosing_.batch_size;
            bool is_read = false;
            for (uint32_t d = 0; d < device_count; ++d) {
                if (!reads[d]) continue;
                spikes[d] += a_neuron * population.size;
                exchanges[d] = 1;
                is_read = true;
            }
            for (const Placed& placed : places[p]) {
                if (!is_read) continue;
                spikes[placed.device] += a_neuron * placed.neurons.count;
                exchanges[placed.device] = 1;
            }
        }
        if (out_excess) *out_excess = loads.excess();
        const uint32_t window = exchange_of(choosing_.network, places, choosing_.batch_size).window_steps();
        std::vector<double> seconds(device_count, 0.0);
        for (uint32_t d = 0; d < device_count; ++d) {
            if (!works[d]) continue;
            const DeviceSpeed& speed = choosing_.figures.speeds[d];
            // A spike is measured on its way in and out again.
            seconds[d] = loads.seconds(d) + (exchanges[d] ? speed.exchange_s / window + spikes[d] * speed.spike_s / 2 : 0.0);
        }
        return seconds;
    }

private:
    const Choosing& choosing_;
    std::vector<std::vector<uint32_t>> targets_;  // by population
};

// Places for all groups but those that are cut.
class Shared {
public:
    Shared(const Choosing& choosing, const std::vector<Group>& groups, const Expectation& expectation)
        : choosing_(choosing), groups_(groups), expectation_(expectation) {}

    bool can_run(uint32_t device, uint32_t group) const {
        const auto& members = groups_[group].members;
        return std::all_of(members.begin(), members.end(), [&](uint32_t p) { return choosing_.figures.can_run(device, p); });
    }

    void check_can_run(uint32_t group) const {
        std::string reasons;
        for (uint32_t d = 0; d < choosing_.devices.size(); ++d) {
            if (can_run(d, group)) return;
            for (const uint32_t p : groups_[group].members)
                if (!choosing_.figures.can_run(d, p)) {
                    reasons +=
                        text(reasons.empty() ? "" : "; ", choosing_.devices[d], ": ", choosing_.figures.cannot_run[d][p]);
                    break;
                }
        }
        throw Error(SNN_ERROR_UNSUPPORTED, "none of the devices can run population '",
                    choosing_.network.population(groups_[group].members.front()).name, "': ", reasons);
    }

    void put(Places& io_places, uint32_t group, uint32_t device) const {
        for (const uint32_t p : groups_[group].members) io_places[p] = {{{0, choosing_.network.population(p).size}, device}};
    }

    // Onto the device that is expected to be done first with it, of those that have memory for it if there are such.
    void put_where_first_done(Places& io_places, uint32_t group, Loads& io_loads) const {
        std::optional<uint32_t> best;
        const auto has_room = [&](uint32_t device) { return bytes(device, group) <= io_loads.free_bytes(device); };
        const double work = groups_[group].work;
        for (uint32_t d = 0; d < io_loads.count(); ++d) {
            if (!can_run(d, group)) continue;
            const bool is_better =
                !best ||
                (has_room(d) != has_room(*best) ? has_room(d) : io_loads.seconds(d, work) < io_loads.seconds(*best, work));
            if (is_better) best = d;
        }
        add(io_loads, group, *best);
        put(io_places, group, *best);
    }

    // All on one device, but for those that it cannot run.
    Places on_one(Places places, const std::vector<uint32_t>& open, uint32_t device, Loads loads) const {
        std::vector<uint32_t> elsewhere;
        for (const uint32_t g : open) {
            if (!can_run(device, g)) {
                elsewhere.push_back(g);
                continue;
            }
            put(places, g, device);
            add(loads, g, device);
        }
        for (const uint32_t g : elsewhere) put_where_first_done(places, g, loads);
        return places;
    }

    // One group after the other to another device, as long as that costs less.
    void improve(Places& io_places, const std::vector<uint32_t>& open) const {
        constexpr double most_work = 2e8;  // projections looked at: a second at most
        double left =
            most_work / static_cast<double>(choosing_.network.projections().size() + choosing_.network.populations().size());
        Cost least = expectation_.of(io_places);
        const auto device_count = static_cast<uint32_t>(choosing_.devices.size());
        for (bool moved = true; moved && left > 0;) {
            moved = false;
            for (const uint32_t g : open) {
                const uint32_t present = io_places[groups_[g].members.front()].front().device;
                uint32_t best = present;
                for (uint32_t d = 0; d < device_count && left > 0; ++d, --left) {
                    if (d == present || !can_run(d, g)) continue;
                    put(io_places, g, d);
                    const Cost cost = expectation_.of(io_places);
                    if (!cost.is_less_than(least, clearly_less)) continue;
                    least = cost;
                    best = d;
                }
                put(io_places, g, best);
                moved |= best != present;
            }
        }
    }

private:
    uint64_t bytes(uint32_t device, uint32_t group) const {
        uint64_t sum = 0;
        for (const uint32_t p : groups_[group].members) {
            const uint32_t size = choosing_.network.population(p).size;
            sum += choosing_.figures.bytes_of(device, p, size, size);
        }
        return sum;
    }
    void add(Loads& io_loads, uint32_t group, uint32_t device) const {
        for (const uint32_t p : groups_[group].members) io_loads.add(device, p, choosing_.network.population(p).size);
    }

    const Choosing& choosing_;
    const std::vector<Group>& groups_;
    const Expectation& expectation_;
};

// Populations one after the other onto devices one after the other, each of which is filled - with `until_s` seconds of work,
// or its memory - before the next begins, so that at most one population goes from each device to the next (R. McNaughton,
// "Scheduling with deadlines and loss functions", 1959). False: that is not enough for all. `takes_rest`: the last device then
// has what is left.
bool fill(const Choosing& choosing, const std::vector<uint32_t>& populations, Loads loads, double until_s, bool takes_rest,
          Places& out_places) {
    uint32_t device = 0;
    bool is_enough = true;
    for (const uint32_t p : populations) {
        out_places[p].clear();
        const uint32_t size = choosing.network.population(p).size;
        for (uint32_t first = 0; first < size;) {
            const bool is_last = device + 1 == loads.count();
            const uint32_t left = size - first;
            const double by_time = loads.work_until(device, until_s) / (choosing.work[p] / size * slice_unit);
            const uint64_t bytes = choosing.figures.bytes_of(device, p, slice_unit, size);
            const double by_memory = bytes == 0 ? std::numeric_limits<double>::infinity()
                                                : static_cast<double>(loads.free_bytes(device)) / static_cast<double>(bytes);
            uint32_t count = left;
            if (std::min(by_time, by_memory) < left / static_cast<double>(slice_unit)) {
                is_enough &= !is_last;
                if (!is_last || !takes_rest)
                    count = std::min(left, static_cast<uint32_t>(std::min(by_time + 0.5, std::floor(by_memory))) * slice_unit);
            }
            if (count > 0) out_places[p].push_back({{first, count}, device});
            loads.add(device, p, count);
            first += count;
            if (first == size) break;
            if (is_last) return false;
            ++device;
        }
    }
    return is_enough;
}

Places filled(const Choosing& choosing, const std::vector<uint32_t>& populations, const Loads& loads, Places places) {
    double sum = 0, high = 0, low = 0;
    for (const uint32_t p : populations) sum += choosing.work[p];
    for (uint32_t d = 0; d < loads.count(); ++d) high = std::max(high, loads.seconds(d, sum));
    for (int halving = 0; halving < 60; ++halving) {
        const double middle = (low + high) / 2;
        (fill(choosing, populations, loads, middle, false, places) ? high : low) = middle;
    }
    fill(choosing, populations, loads, high, true, places);
    return places;
}

}  // namespace

uint32_t Exchange::window_steps() const {
    const size_t fit = std::clamp<size_t>(most_events_in_request / std::max<size_t>(largest_frame, 1), 1, most_window_steps);
    return std::clamp(shortest_delay / 2, 1u, static_cast<uint32_t>(fit));
}

Exchange exchange_of(const Network& network, const Places& places, uint32_t batch) {
    Exchange found;
    for (uint32_t p = 0; p < places.size(); ++p)
        if (places[p].size() > 1)
            found.largest_frame = std::max(found.largest_frame, size_t{batch} * network.population(p).size);
    for (const Projection& projection : network.projections()) {
        const Population& source = network.population(projection.source);
        if (source.is_input() || !goes_elsewhere(places[projection.source], places[projection.target])) continue;
        if (!projection.synapses || !projection.synapses->is_empty())
            found.shortest_delay = std::min(found.shortest_delay, projection.min_delay());
        found.largest_frame = std::max(found.largest_frame, size_t{batch} * source.size);
    }
    return found;
}

std::vector<double> expected_seconds(const Choosing& choosing, const Places& places) {
    return Expectation(choosing).by_device(places);
}

Places choose_places(const Choosing& choosing, Places places, const std::vector<Group>& groups, std::vector<uint32_t> open,
                     const std::vector<uint8_t>& stays_whole) {
    const auto& populations = choosing.network.populations();
    const auto device_count = static_cast<uint32_t>(choosing.devices.size());
    const Expectation expectation(choosing);
    const Shared shared_out(choosing, groups, expectation);
    for (const uint32_t g : open) shared_out.check_can_run(g);
    std::stable_sort(open.begin(), open.end(), [&](uint32_t a, uint32_t b) { return groups[a].work > groups[b].work; });
    Loads fixed(choosing);
    for (uint32_t p = 0; p < populations.size(); ++p)
        for (const Placed& placed : places[p]) fixed.add(placed.device, p, placed.neurons.count);

    const auto take_if_less = [&](Places& io_best, Places found, double part) {
        if (expectation.of(found).is_less_than(expectation.of(io_best), part)) io_best = std::move(found);
    };
    // Shared by their work, and all on one device; from there on one by one, and what costs less.
    Places best = places;
    Loads loads = fixed;
    for (const uint32_t g : open) shared_out.put_where_first_done(best, g, loads);
    shared_out.improve(best, open);
    Places one = shared_out.on_one(places, open, 0, fixed);
    for (uint32_t d = 1; d < device_count; ++d) take_if_less(one, shared_out.on_one(places, open, d, fixed), 1.0);
    shared_out.improve(one, open);
    take_if_less(best, std::move(one), 1.0);

    // The same with populations that are cut.
    std::vector<uint32_t> least_delay(populations.size(), UINT32_MAX);
    for (const Projection& projection : choosing.network.projections())
        least_delay[projection.source] = std::min(least_delay[projection.source], projection.min_delay());
    const auto with_cuts = [&](uint32_t shortest_delay) {
        std::vector<uint32_t> may_be_cut;
        Places cut = places;
        Loads of_whole = fixed;
        for (const uint32_t g : open) {
            bool runs_everywhere = true;
            for (uint32_t d = 0; d < device_count; ++d) runs_everywhere &= shared_out.can_run(d, g);
            if (runs_everywhere && !stays_whole[g] && least_delay[g] >= shortest_delay && populations[g].size > slice_unit)
                may_be_cut.push_back(g);
            else shared_out.put_where_first_done(cut, g, of_whole);
        }
        std::sort(may_be_cut.begin(), may_be_cut.end());
        return filled(choosing, may_be_cut, of_whole, std::move(cut));
    };
    take_if_less(best, with_cuts(least_delay_of_cut), worth_a_cut);
    if (expectation.of(best).excess > 0) take_if_less(best, with_cuts(1), worth_a_cut);  // better slow than not at all
    return best;
}

}  // namespace snn
