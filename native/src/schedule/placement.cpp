#include "schedule/placement.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>

#include "common/error.h"
#include "schedule/device_choice.h"
#include "schedule/device_speed.h"
#include "schedule/together.h"

namespace snn {

namespace {

constexpr uint32_t most_window_steps = 64;  // more saves nothing and costs memory

std::vector<std::string_view> split_at(std::string_view words, char separator) {
    std::vector<std::string_view> parts;
    for (size_t end; (end = words.find(separator)) != words.npos; words.remove_prefix(end + 1))
        parts.push_back(words.substr(0, end));
    parts.push_back(words);
    return parts;
}

using Places = std::vector<std::vector<Placed>>;  // by population

std::string words_of(const Population& population, const Slice& neurons) {
    if (neurons.count == population.size) return population.name;
    return text(population.name, "[", neurons.first, ":", neurons.first + neurons.count, "]");
}

bool reads_number(std::string_view word, uint32_t& out_number) {
    const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), out_number);
    return failed == std::errc() && end == word.data() + word.size();
}

// "exc" or "exc[0:512]", before the "=" of an entry; the bounds may be left out, as in Python.
Slice checked_slice(const Population& population, std::string_view words, std::string_view entry) {
    if (words.empty()) return {0, population.size};
    const size_t colon = words.find(':');
    uint32_t first = 0, end = population.size;
    const std::string_view from = words.substr(1, colon - 1);
    const std::string_view to = colon == words.npos ? std::string_view() : words.substr(colon + 1, words.size() - colon - 2);
    if (words.back() != ']' || colon == words.npos || (!from.empty() && !reads_number(from, first)) ||
        (!to.empty() && !reads_number(to, end)))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", entry, "' places nothing; expected POPULATION[FIRST:END]=NUMBER");
    if (first >= end || end > population.size)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", entry, "': there are no such neurons; population '", population.name,
                    "' has ", population.size);
    if (first % slice_unit != 0 || (end % slice_unit != 0 && end != population.size))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", entry, "': a population is cut at multiples of ", slice_unit, " neurons");
    return {first, end - first};
}

Places checked_places(const Network& network, std::span<const std::string_view> entries, size_t device_count) {
    Places places(network.populations().size());
    for (const std::string_view entry : entries) {
        const size_t equals = entry.find('=');
        uint32_t place = 0;
        if (equals == entry.npos || !reads_number(entry.substr(equals + 1), place))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", entry, "' places nothing; expected POPULATION=NUMBER, of a device ",
                        "counted from 0");
        const size_t bracket = std::min(entry.find('['), equals);
        const std::string_view name = entry.substr(0, bracket);
        if (place >= device_count)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: population '", name, "' is placed on device ", place, "; there are ",
                        device_count, ", counted from 0");
        const uint32_t population = network.find_population(name);
        if (network.population(population).is_input())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: population '", name, "' is an input, which is where it is read");
        const Slice neurons = checked_slice(network.population(population), entry.substr(bracket, equals - bracket), entry);
        places[population].push_back({neurons, place});
    }
    for (uint32_t p = 0; p < places.size(); ++p) {
        std::vector<Placed>& slices = places[p];
        if (slices.empty()) continue;
        const Population& population = network.population(p);
        std::stable_sort(slices.begin(), slices.end(),
                         [](const Placed& a, const Placed& b) { return a.neurons.first < b.neurons.first; });
        uint32_t end = 0;
        std::vector<uint8_t> has(device_count, 0);
        for (const Placed& slice : slices) {
            if (slice.neurons.first < end)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: population '", population.name, "' is placed twice");
            if (slice.neurons.first > end) break;
            end = slice.neurons.first + slice.neurons.count;
            if (has[slice.device])
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: population '", population.name, "' has two slices on device ",
                            slice.device, "; a device has one");
            has[slice.device] = 1;
        }
        if (end < population.size)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: the slices of population '", population.name, "' leave out neuron ",
                        end);
    }
    return places;
}

// For each population the lowest index among those that undelayed projections tie it to.
std::vector<uint32_t> tied_together(const Network& network) {
    std::vector<uint32_t> group(network.populations().size());
    std::iota(group.begin(), group.end(), 0u);
    const auto root = [&](uint32_t p) {
        while (group[p] != p) p = group[p] = group[group[p]];
        return p;
    };
    for (const Projection& projection : network.projections()) {
        if (!projection.reaches_within_step() || network.population(projection.source).is_input()) continue;
        const uint32_t a = root(projection.source), b = root(projection.target);
        group[std::max(a, b)] = std::min(a, b);
    }
    for (uint32_t p = 0; p < group.size(); ++p) group[p] = root(p);
    return group;
}

// Why each population cannot be cut; empty where it can. `group_of`: tied_together().
std::vector<std::string> reasons_to_stay_whole(const Network& network, const std::vector<uint32_t>& group_of) {
    std::vector<std::string> reasons(group_of.size());
    std::vector<uint32_t> sizes(group_of.size(), 0);
    for (const uint32_t group : group_of) ++sizes[group];
    for (uint32_t p = 0; p < group_of.size(); ++p)
        if (sizes[group_of[p]] > 1) reasons[p] = "a projection without delay ties it to another population";
    for (const Projection& projection : network.projections())
        if (projection.kind == SNN_CONNECT_CONV2D || projection.kind == SNN_CONNECT_POOL2D)
            reasons[projection.target] = text("projection '", projection.name, "' onto it is ", name_of_kind(projection.kind));
    return reasons;
}

// ---- What goes from device to device

// By the places of all populations but inputs.
struct Exchange {
    uint32_t shortest_delay = UINT32_MAX;  // steps
    size_t largest_frame = 0;              // neurons times samples of a population that another device reads, or that is cut
    bool any() const { return largest_frame > 0; }
    uint32_t window_steps() const {
        const size_t fit = std::clamp<size_t>(most_events_in_request / std::max<size_t>(largest_frame, 1), 1, most_window_steps);
        return std::clamp(shortest_delay / 2, 1u, static_cast<uint32_t>(fit));
    }
};

bool goes_elsewhere(const std::vector<Placed>& from, const std::vector<Placed>& to) {
    return from.size() > 1 || to.size() > 1 || from.front().device != to.front().device;
}

Exchange exchange_of(const Network& network, const Places& places, uint32_t batch) {
    Exchange found;
    for (uint32_t p = 0; p < places.size(); ++p)
        if (places[p].size() > 1) found.largest_frame = std::max(found.largest_frame, size_t{batch} * network.population(p).size);
    for (const Projection& projection : network.projections()) {
        const Population& source = network.population(projection.source);
        if (source.is_input() || !goes_elsewhere(places[projection.source], places[projection.target])) continue;
        if (!projection.synapses || !projection.synapses->is_empty())
            found.shortest_delay = std::min(found.shortest_delay, projection.min_delay());
        found.largest_frame = std::max(found.largest_frame, size_t{batch} * source.size);
    }
    return found;
}

// ---- Choosing places

constexpr double worth_a_cut = 0.9;     // of the time without one
constexpr uint32_t least_delay_of_cut = 2;  // steps: devices that exchange spikes in every step wait for each other

// How long the devices are at work.
class Loads {
public:
    Loads(const std::vector<std::string>& devices, const std::vector<DeviceSpeed>& speeds, uint32_t thread_count)
        : speeds_(speeds), work_(devices.size(), 0.0) {
        for (uint32_t d = 0; d < devices.size(); ++d) threads_.push_back(threads_of_part(devices, d, thread_count));
    }
    uint32_t count() const { return static_cast<uint32_t>(work_.size()); }
    void add(uint32_t device, double work) { work_[device] += work; }
    double seconds(uint32_t device, double more = 0) const {
        return predicted_step_s(speeds_[device], work_[device] + more, threads_[device]);
    }
    // Onto the device that is expected to be done first with it, which it returns.
    uint32_t add_where_first_done(double more) {
        uint32_t best = 0;
        for (uint32_t d = 1; d < count(); ++d)
            if (seconds(d, more) < seconds(best, more)) best = d;
        add(best, more);
        return best;
    }
    // What it can do beside what it has, until so many seconds are over.
    double room(uint32_t device, double until_s) const {
        const double unit = 1e9, slope = (seconds(device, unit) - seconds(device)) / unit;
        return slope > 0 ? std::max(0.0, (until_s - seconds(device)) / slope) : 0.0;
    }

private:
    std::vector<DeviceSpeed> speeds_;
    std::vector<uint32_t> threads_;
    std::vector<double> work_;
};

// Populations one after the other onto devices one after the other, each of which is filled before the next begins, so that at most
// one population goes from each device to the next (R. McNaughton, "Scheduling with deadlines and loss functions", 1959).
Places filled(const Network& network, const std::vector<uint32_t>& populations, const std::vector<double>& work, Loads& io_loads) {
    double sum = 0, high = 0, low = 0;
    for (const uint32_t p : populations) sum += work[p];
    for (uint32_t d = 0; d < io_loads.count(); ++d) high = std::max(high, io_loads.seconds(d, sum));
    for (int halving = 0; halving < 60; ++halving) {
        const double middle = (low + high) / 2;
        double room = 0;
        for (uint32_t d = 0; d < io_loads.count(); ++d) room += io_loads.room(d, middle);
        (room < sum ? low : high) = middle;
    }
    Places places(network.populations().size());
    uint32_t device = 0;
    for (const uint32_t p : populations) {
        const uint32_t size = network.population(p).size;
        const double of_neuron = work[p] / size;
        for (uint32_t first = 0; first < size;) {
            const double units = io_loads.room(device, high) / (of_neuron * slice_unit);
            uint32_t count = size - first;
            if (device + 1 < io_loads.count() && units < count / static_cast<double>(slice_unit))
                count = std::min(count, static_cast<uint32_t>(units + 0.5) * slice_unit);
            if (count > 0) places[p].push_back({{first, count}, device});
            io_loads.add(device, count * of_neuron);
            first += count;
            if (first < size) ++device;
        }
    }
    return places;
}

// How long a step is expected to take, on the device that takes longest.
class Expectation {
public:
    Expectation(const Network& network, const std::vector<std::string>& devices, const std::vector<DeviceSpeed>& speeds,
                const std::vector<double>& work, const ExecutorOptions& options)
        : network_(network), devices_(devices), speeds_(speeds), work_(work), options_(options), targets_(work.size()) {
        for (const Projection& projection : network.projections()) targets_[projection.source].push_back(projection.target);
    }

    double step_s(const Places& places) const {
        const std::vector<double> seconds = by_device(places);
        return *std::max_element(seconds.begin(), seconds.end());
    }

    std::vector<double> by_device(const Places& places) const {
        const auto device_count = static_cast<uint32_t>(devices_.size());
        Loads loads(devices_, speeds_, options_.thread_count);
        std::vector<double> spikes(device_count, 0.0);  // given and taken in a step
        std::vector<uint8_t> works(device_count, 0), exchanges(device_count, 0), reads(device_count);
        for (uint32_t p = 0; p < places.size(); ++p) {
            const Population& population = network_.population(p);
            if (population.is_input()) continue;
            for (const Placed& placed : places[p]) {
                loads.add(placed.device, work_[p] * placed.neurons.count / population.size);
                works[placed.device] = 1;
            }
            std::fill(reads.begin(), reads.end(), 0);
            for (const uint32_t target : targets_[p])
                for (const Placed& placed : places[target])
                    reads[placed.device] |= goes_elsewhere(places[p], places[target]);
            const double a_neuron = assumed_activity * options_.batch_size;
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
        const uint32_t window = exchange_of(network_, places, options_.batch_size).window_steps();
        std::vector<double> seconds(device_count, 0.0);
        for (uint32_t d = 0; d < device_count; ++d) {
            if (!works[d]) continue;
            // A spike is measured on its way in and out again.
            const double exchange_s = exchanges[d] ? speeds_[d].exchange_s / window + spikes[d] * speeds_[d].spike_s / 2 : 0.0;
            seconds[d] = loads.seconds(d) + exchange_s;
        }
        return seconds;
    }

private:
    const Network& network_;
    const std::vector<std::string>& devices_;
    const std::vector<DeviceSpeed>& speeds_;
    const std::vector<double>& work_;
    const ExecutorOptions& options_;
    std::vector<std::vector<uint32_t>> targets_;  // by population
};

// Populations that go together.
struct Group {
    double work = 0;
    bool has_neurons = false;
    std::optional<uint32_t> placed_by;  // the population that the caller put somewhere
    std::vector<uint32_t> members;
};

// One group after the other to another device, as long as a step gets shorter by it.
void improve(Places& io_places, const Network& network, const std::vector<Group>& groups, const std::vector<uint32_t>& open,
             uint32_t device_count, const Expectation& expectation) {
    constexpr double most_work = 2e8;  // projections looked at: a second at most
    constexpr double clearly_less = 0.999;
    double left = most_work / static_cast<double>(network.projections().size() + network.populations().size());
    double best_s = expectation.step_s(io_places);
    const auto put = [&](uint32_t group, uint32_t device) {
        for (const uint32_t p : groups[group].members) io_places[p] = {{{0, network.population(p).size}, device}};
    };
    for (bool moved = true; moved && left > 0;) {
        moved = false;
        for (const uint32_t g : open) {
            const uint32_t present = io_places[g].front().device;
            uint32_t best = present;
            for (uint32_t d = 0; d < device_count && left > 0; ++d, --left) {
                if (d == present) continue;
                put(g, d);
                const double seconds = expectation.step_s(io_places);
                if (seconds >= best_s * clearly_less) continue;
                best_s = seconds;
                best = d;
            }
            put(g, best);
            moved |= best != present;
        }
    }
}

}  // namespace

std::string Placement::description(const Network& network) const {
    std::string words;
    for (uint32_t d = 0; d < devices.size(); ++d) {
        std::string names;
        for (uint32_t p = 0; p < of_population.size(); ++p)
            for (const Placed& placed : of_population[p])
                if (placed.device == d && !network.population(p).is_input())
                    names += (names.empty() ? "" : ", ") + words_of(network.population(p), placed.neurons);
        words += text(d ? "; " : "", names.empty() ? "nothing" : names, " on ", devices[d]);
    }
    return words;
}

std::string Placement::device(const Network& network) const {
    std::string words;
    for (const std::string& name : devices) words += (words.empty() ? "" : "+") + name;
    for (uint32_t p = 0; p < of_population.size(); ++p)
        for (const Placed& placed : of_population[p])
            if (!network.population(p).is_input())
                words += text(";", words_of(network.population(p), placed.neurons), "=", placed.device);
    return words;
}

Placement Placement::without(uint32_t device) const {
    Placement left = *this;
    left.devices.erase(left.devices.begin() + device);
    for (std::vector<Placed>& slices : left.of_population) {
        const auto is_there = [&](const Placed& placed) { return placed.device == device; };
        if (std::any_of(slices.begin(), slices.end(), is_there)) slices.clear();
        for (Placed& placed : slices) placed.device -= placed.device > device;
    }
    return left;
}

namespace {

// `speeds`: null: measured where they are needed.
Placement placed(const Network& network, std::string_view device, const ExecutorOptions& options, const std::vector<DeviceSpeed>* speeds) {
    const std::vector<std::string_view> entries = split_at(device, ';');
    Placement placement;
    placement.devices = devices_of(device);
    check_together(placement.devices, entries.front());
    Places& places = placement.of_population;
    places = checked_places(network, std::span(entries).subspan(1), placement.devices.size());
    const auto& populations = network.populations();
    const std::vector<uint32_t> group_of = tied_together(network);
    const std::vector<std::string> whole_because = reasons_to_stay_whole(network, group_of);

    std::vector<Group> groups(populations.size());
    const std::vector<double> work = population_work(network, options.batch_size, assumed_activity);
    for (uint32_t p = 0; p < populations.size(); ++p) {
        Group& group = groups[group_of[p]];
        group.work += work[p];
        group.has_neurons |= !populations[p].is_input();
        group.members.push_back(p);
        if (places[p].empty()) continue;
        if (placement.is_cut(p) && !whole_because[p].empty())
            throw Error(SNN_ERROR_UNSUPPORTED, "device: population '", populations[p].name, "' cannot be cut: ", whole_because[p]);
        if (group.placed_by && places[*group.placed_by].front().device != places[p].front().device)
            throw Error(SNN_ERROR_UNSUPPORTED, "device: populations '", populations[*group.placed_by].name, "' and '",
                        populations[p].name, "' cannot be on two devices: projections without delay tie them together");
        group.placed_by = p;
    }
    const auto put = [&](Places& io_places, const Group& group, uint32_t at) {
        for (const uint32_t p : group.members)
            if (io_places[p].empty()) io_places[p] = {{{0, populations[p].size}, at}};
    };
    std::vector<uint32_t> open;
    for (uint32_t g = 0; g < groups.size(); ++g) {
        if (groups[g].placed_by) put(places, groups[g], places[*groups[g].placed_by].front().device);
        else if (groups[g].has_neurons) open.push_back(g);
    }
    const auto device_count = static_cast<uint32_t>(placement.devices.size());
    if (device_count == 1) {
        for (const uint32_t g : open) put(places, groups[g], 0);
    } else if (!open.empty()) {
        const std::vector<DeviceSpeed> measured = speeds ? *speeds : measured_speeds(placement.devices);
        const Expectation expectation(network, placement.devices, measured, work, options);
        Loads whole(placement.devices, measured, options.thread_count);
        for (uint32_t p = 0; p < populations.size(); ++p)
            for (const Placed& fixed : places[p]) whole.add(fixed.device, work[p] * fixed.neurons.count / populations[p].size);
        Loads cut = whole;
        std::vector<uint32_t> least_delay(populations.size(), UINT32_MAX);
        for (const Projection& projection : network.projections())
            least_delay[projection.source] = std::min(least_delay[projection.source], projection.min_delay());
        std::vector<uint32_t> may_be_cut;
        Places shared = places, sliced = places;
        std::stable_sort(open.begin(), open.end(), [&](uint32_t a, uint32_t b) { return groups[a].work > groups[b].work; });
        for (const uint32_t g : open) {
            put(shared, groups[g], whole.add_where_first_done(groups[g].work));
            if (whole_because[g].empty() && least_delay[g] >= least_delay_of_cut && populations[g].size > slice_unit)
                may_be_cut.push_back(g);
            else put(sliced, groups[g], cut.add_where_first_done(groups[g].work));
        }
        // Shared by their work, and all on one device; from there on one by one, and what takes less time.
        double least_s = std::numeric_limits<double>::infinity();
        Places best;
        for (uint32_t d = 0; d < device_count; ++d) {
            Places together = places;
            for (const uint32_t g : open) put(together, groups[g], d);
            const double seconds = expectation.step_s(together);
            if (seconds >= least_s) continue;
            least_s = seconds;
            best = std::move(together);
        }
        improve(shared, network, groups, open, device_count, expectation);
        improve(best, network, groups, open, device_count, expectation);
        if (expectation.step_s(shared) <= expectation.step_s(best)) best = std::move(shared);
        std::sort(may_be_cut.begin(), may_be_cut.end());
        const Places slices = filled(network, may_be_cut, work, cut);
        for (const uint32_t p : may_be_cut) sliced[p] = slices[p];
        places = expectation.step_s(sliced) < worth_a_cut * expectation.step_s(best) ? std::move(sliced) : std::move(best);
    }

    // Inputs are where they are read first.
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (populations[p].is_input()) places[p].clear();
    for (const Projection& projection : network.projections()) {
        std::vector<Placed>& from = places[projection.source];
        const Population& source = populations[projection.source];
        if (!source.is_input()) continue;
        for (const Placed& reader : places[projection.target])
            if (from.empty() || reader.device < from.front().device) from = {{{0, source.size}, reader.device}};
    }
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (places[p].empty()) places[p] = {{{0, populations[p].size}, 0}};
    const Exchange exchange = exchange_of(network, places, options.batch_size);
    if (!exchange.any()) return placement;
    placement.window_steps = exchange.window_steps();
    placement.lag_steps = exchange.shortest_delay == 1 ? 1 : 2 * placement.window_steps;
    return placement;
}

}  // namespace

Placement place(const Network& network, std::string_view device, const ExecutorOptions& options) {
    return placed(network, device, options, nullptr);
}

Placement place(const Network& network, std::string_view device, const ExecutorOptions& options, const std::vector<DeviceSpeed>& speeds) {
    return placed(network, device, options, &speeds);
}

std::vector<double> expected_step_s(const Network& network, const Placement& placement, const ExecutorOptions& options,
                                    const std::vector<DeviceSpeed>& speeds) {
    const std::vector<double> work = population_work(network, options.batch_size, assumed_activity);
    return Expectation(network, placement.devices, speeds, work, options).by_device(placement.of_population);
}

}  // namespace snn
