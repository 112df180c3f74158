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

using Places = std::vector<std::optional<uint32_t>>;  // by population: where the caller wants it

Places checked_places(const Network& network, std::span<const std::string_view> entries, size_t device_count) {
    Places places(network.populations().size());
    for (const std::string_view entry : entries) {
        const size_t equals = entry.find('=');
        const std::string_view number = equals == entry.npos ? std::string_view() : entry.substr(equals + 1);
        uint32_t place = 0;
        const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), place);
        if (failed != std::errc() || end != number.data() + number.size())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", entry, "' places nothing; expected POPULATION=NUMBER, of a device ",
                        "counted from 0");
        const std::string_view name = entry.substr(0, equals);
        if (place >= device_count)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: population '", name, "' is placed on device ", place, "; there are ",
                        device_count, ", counted from 0");
        const uint32_t population = network.find_population(name);
        if (network.population(population).is_input())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: population '", name, "' is an input, which is where it is read");
        if (places[population])
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: population '", name, "' is placed twice");
        places[population] = place;
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

}  // namespace

std::string Placement::description(const Network& network) const {
    std::string words;
    for (uint32_t d = 0; d < devices.size(); ++d) {
        std::string names;
        for (uint32_t p = 0; p < of_population.size(); ++p)
            if (of_population[p] == d && !network.population(p).is_input())
                names += (names.empty() ? "" : ", ") + network.population(p).name;
        words += text(d ? "; " : "", names.empty() ? "nothing" : names, " on ", devices[d]);
    }
    return words;
}

std::string Placement::device(const Network& network) const {
    std::string words;
    for (const std::string& name : devices) words += (words.empty() ? "" : "+") + name;
    for (uint32_t p = 0; p < of_population.size(); ++p)
        if (!network.population(p).is_input() && of_population[p] < devices.size())
            words += text(";", network.population(p).name, "=", of_population[p]);
    return words;
}

Placement Placement::without(uint32_t device) const {
    Placement left = *this;
    left.devices.erase(left.devices.begin() + device);
    for (uint32_t& place : left.of_population)
        if (place == device) place = UINT32_MAX;
        else if (place > device) --place;
    return left;
}

Placement place(const Network& network, std::string_view device, const ExecutorOptions& options) {
    const std::vector<std::string_view> entries = split_at(device, ';');
    Placement placement;
    placement.devices = devices_of(device);
    check_together(placement.devices, entries.front());
    const auto device_count = static_cast<uint32_t>(placement.devices.size());
    const Places wanted = checked_places(network, std::span(entries).subspan(1), device_count);
    const auto& populations = network.populations();
    const std::vector<uint32_t> group_of = tied_together(network);

    struct Group {
        double work = 0;
        bool has_neurons = false;
        std::optional<uint32_t> place, placed_by;  // a device, and the population that the caller put there
    };
    std::vector<Group> groups(populations.size());
    const std::vector<double> work = population_work(network, options.batch_size, assumed_activity);
    for (uint32_t p = 0; p < populations.size(); ++p) {
        Group& group = groups[group_of[p]];
        group.work += work[p];
        group.has_neurons |= !populations[p].is_input();
        if (!wanted[p]) continue;
        if (group.place && *group.place != *wanted[p])
            throw Error(SNN_ERROR_UNSUPPORTED, "device: populations '", populations[*group.placed_by].name, "' and '",
                        populations[p].name, "' cannot be on two devices: projections without delay tie them together");
        group.place = wanted[p];
        group.placed_by = p;
    }

    std::vector<double> load(device_count, 0.0);
    std::vector<uint32_t> open;
    for (uint32_t g = 0; g < groups.size(); ++g) {
        if (!groups[g].has_neurons) continue;
        if (groups[g].place) load[*groups[g].place] += groups[g].work;
        else open.push_back(g);
    }
    if (!open.empty()) {
        const std::vector<DeviceSpeed> speeds = speeds_of(placement.devices);
        std::stable_sort(open.begin(), open.end(), [&](uint32_t a, uint32_t b) { return groups[a].work > groups[b].work; });
        for (const uint32_t g : open) {
            uint32_t best = 0;
            double best_s = 0;
            for (uint32_t d = 0; d < device_count; ++d) {
                const double seconds =
                    predicted_step_s(speeds[d], load[d] + groups[g].work, threads_of_part(placement.devices, d, options.thread_count));
                if (d > 0 && seconds >= best_s) continue;
                best = d;
                best_s = seconds;
            }
            groups[g].place = best;
            load[best] += groups[g].work;
        }
    }

    placement.of_population.assign(populations.size(), 0);
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (!populations[p].is_input()) placement.of_population[p] = *groups[group_of[p]].place;
    std::vector<uint8_t> is_read(populations.size(), 0);
    uint32_t shortest = UINT32_MAX;  // delay between devices
    size_t largest_frame = 0;        // of spikes that go from one to another
    for (const Projection& projection : network.projections()) {
        uint32_t& from = placement.of_population[projection.source];
        const uint32_t to = placement.of_population[projection.target];
        if (populations[projection.source].is_input()) {
            from = is_read[projection.source] ? std::min(from, to) : to;
            is_read[projection.source] = 1;
        } else if (from != to) {
            if (!projection.synapses || !projection.synapses->is_empty()) shortest = std::min(shortest, projection.min_delay());
            largest_frame = std::max(largest_frame, size_t{options.batch_size} * populations[projection.source].size);
        }
    }
    if (largest_frame == 0) return placement;
    const size_t fit = std::clamp<size_t>(most_events_in_request / largest_frame, 1, most_window_steps);
    placement.window_steps = std::clamp(shortest / 2, 1u, static_cast<uint32_t>(fit));
    placement.lag_steps = shortest == 1 ? 1 : 2 * placement.window_steps;
    return placement;
}

}  // namespace snn
