#include "schedule/placement.h"

#include <algorithm>
#include <charconv>
#include <functional>
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

// ---- Choosing places

constexpr double worth_a_cut = 0.9;     // of the time without one
constexpr uint32_t least_delay_of_cut = 2;  // steps: devices that exchange spikes in every step wait for each other

// How long the devices are at work.
class Loads {
public:
    Loads(const std::vector<std::string>& devices, uint32_t thread_count)
        : speeds_(speeds_of(devices)), work_(devices.size(), 0.0) {
        for (uint32_t d = 0; d < devices.size(); ++d) threads_.push_back(threads_of_part(devices, d, thread_count));
    }
    uint32_t count() const { return static_cast<uint32_t>(work_.size()); }
    void add(uint32_t device, double work) { work_[device] += work; }
    double seconds(uint32_t device, double more = 0) const {
        return predicted_step_s(speeds_[device], work_[device] + more, threads_[device]);
    }
    double longest() const {
        double longest_s = 0;
        for (uint32_t d = 0; d < count(); ++d)
            if (work_[d] > 0) longest_s = std::max(longest_s, seconds(d));
        return longest_s;
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

Placement place(const Network& network, std::string_view device, const ExecutorOptions& options) {
    const std::vector<std::string_view> entries = split_at(device, ';');
    Placement placement;
    placement.devices = devices_of(device);
    check_together(placement.devices, entries.front());
    Places& places = placement.of_population;
    places = checked_places(network, std::span(entries).subspan(1), placement.devices.size());
    const auto& populations = network.populations();
    const std::vector<uint32_t> group_of = tied_together(network);
    const std::vector<std::string> whole_because = reasons_to_stay_whole(network, group_of);

    struct Group {
        double work = 0;
        bool has_neurons = false;
        std::optional<uint32_t> placed_by;  // the population that the caller put somewhere
        std::vector<uint32_t> members;
    };
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
    const auto put = [&](const Group& group, uint32_t at) {
        for (const uint32_t p : group.members)
            if (places[p].empty()) places[p] = {{{0, populations[p].size}, at}};
    };

    std::vector<uint32_t> open;
    for (uint32_t g = 0; g < groups.size(); ++g)
        if (groups[g].has_neurons && !groups[g].placed_by) open.push_back(g);
    if (!open.empty()) {
        Loads whole(placement.devices, options.thread_count);
        for (const Group& group : groups)
            if (group.placed_by)
                for (const Placed& placed : places[*group.placed_by])
                    whole.add(placed.device, group.work * placed.neurons.count / populations[*group.placed_by].size);
        Loads cut = whole;
        std::vector<uint32_t> least_delay(populations.size(), UINT32_MAX);
        for (const Projection& projection : network.projections())
            least_delay[projection.source] = std::min(least_delay[projection.source], projection.min_delay());
        std::vector<uint32_t> may_be_cut;
        std::vector<uint32_t> places_whole(groups.size()), places_beside_cut(groups.size());
        std::stable_sort(open.begin(), open.end(), [&](uint32_t a, uint32_t b) { return groups[a].work > groups[b].work; });
        for (const uint32_t g : open) {
            places_whole[g] = whole.add_where_first_done(groups[g].work);
            if (whole_because[g].empty() && least_delay[g] >= least_delay_of_cut && populations[g].size > slice_unit)
                may_be_cut.push_back(g);
            else places_beside_cut[g] = cut.add_where_first_done(groups[g].work);
        }
        std::sort(may_be_cut.begin(), may_be_cut.end());
        const Places slices = filled(network, may_be_cut, work, cut);
        const bool cuts = cut.longest() < worth_a_cut * whole.longest();
        for (const uint32_t g : open)
            if (cuts && !slices[g].empty()) places[g] = slices[g];
            else put(groups[g], (cuts ? places_beside_cut : places_whole)[g]);
    }
    for (const Group& group : groups)
        if (group.placed_by) put(group, places[*group.placed_by].front().device);

    std::vector<uint8_t> is_read(populations.size(), 0);
    uint32_t shortest = UINT32_MAX;  // delay between devices
    size_t largest_frame = 0;        // of spikes that go from one to another
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (placement.is_cut(p)) largest_frame = std::max(largest_frame, size_t{options.batch_size} * populations[p].size);
    for (const Projection& projection : network.projections()) {
        std::vector<Placed>& from = places[projection.source];
        const std::vector<Placed>& to = places[projection.target];
        const Population& source = populations[projection.source];
        if (source.is_input()) {
            for (const Placed& placed : to)
                if (!is_read[projection.source] || placed.device < from.front().device) {
                    from = {{{0, source.size}, placed.device}};
                    is_read[projection.source] = 1;
                }
        } else if (from.size() > 1 || to.size() > 1 || from.front().device != to.front().device) {
            if (!projection.synapses || !projection.synapses->is_empty()) shortest = std::min(shortest, projection.min_delay());
            largest_frame = std::max(largest_frame, size_t{options.batch_size} * source.size);
        }
    }
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (populations[p].is_input() && !is_read[p]) places[p] = {{{0, populations[p].size}, 0}};
    if (largest_frame == 0) return placement;
    const size_t fit = std::clamp<size_t>(most_events_in_request / largest_frame, 1, most_window_steps);
    placement.window_steps = std::clamp(shortest / 2, 1u, static_cast<uint32_t>(fit));
    placement.lag_steps = shortest == 1 ? 1 : 2 * placement.window_steps;
    return placement;
}

}  // namespace snn
