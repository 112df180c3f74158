#include "schedule/placement.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "common/error.h"
#include "schedule/memory.h"
#include "schedule/placement_choice.h"
#include "schedule/together.h"

namespace snn {

namespace {

std::vector<std::string_view> split_at(std::string_view words, char separator) {
    std::vector<std::string_view> parts;
    for (size_t end; (end = words.find(separator)) != words.npos; words.remove_prefix(end + 1))
        parts.push_back(words.substr(0, end));
    parts.push_back(words);
    return parts;
}

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
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", entry, "': there are no such neurons; population '",
                    population.name, "' has ", population.size);
    if (first % slice_unit != 0 || (end % slice_unit != 0 && end != population.size))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", entry, "': a population is cut at multiples of ", slice_unit,
                    " neurons");
    return {first, end - first};
}

Places checked_places(const Network& network, std::span<const std::string_view> entries, size_t device_count) {
    Places places(network.populations().size());
    for (const std::string_view entry : entries) {
        const size_t equals = entry.find('=');
        uint32_t place = 0;
        if (equals == entry.npos || !reads_number(entry.substr(equals + 1), place))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", entry,
                        "' places nothing; expected POPULATION=NUMBER, of a device ", "counted from 0");
        const size_t bracket = std::min(entry.find('['), equals);
        const std::string_view name = entry.substr(0, bracket);
        if (place >= device_count)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: population '", name, "' is placed on device ", place,
                        "; there are ", device_count, ", counted from 0");
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
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: the slices of population '", population.name,
                        "' leave out neuron ", end);
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

}  // namespace

std::string Placement::description(const Network& network) const {
    std::string words;
    for (uint32_t d = 0; d < devices.size(); ++d) {
        std::string names;
        for (uint32_t p = 0; p < of_population.size(); ++p)
            for (const Placed& placed : of_population[p])
                if (placed.device == d && !network.population(p).is_input())
                    add_item(names, words_of(network.population(p), placed.neurons));
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

// What goes to a device together, with who was placed there by the caller. `group_of`: by population, the number of its group.
std::vector<Group> groups_of(const Network& network, const std::vector<uint32_t>& group_of, const std::vector<double>& work,
                             const Places& places) {
    const auto& populations = network.populations();
    std::vector<Group> groups(populations.size());
    for (uint32_t p = 0; p < populations.size(); ++p) {
        Group& group = groups[group_of[p]];
        group.work += work[p];
        group.has_neurons |= !populations[p].is_input();
        group.members.push_back(p);
        if (places[p].empty()) continue;
        if (group.placed_by && places[*group.placed_by].front().device != places[p].front().device)
            throw Error(SNN_ERROR_UNSUPPORTED, "device: populations '", populations[*group.placed_by].name, "' and '",
                        populations[p].name, "' cannot be on two devices: projections without delay tie them together");
        group.placed_by = p;
    }
    return groups;
}

// Inputs are where they are read first, and what nobody reads is on the first device.
void place_inputs(const Network& network, Places& io_places) {
    const auto& populations = network.populations();
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (populations[p].is_input()) io_places[p].clear();
    for (const Projection& projection : network.projections()) {
        std::vector<Placed>& from = io_places[projection.source];
        const Population& source = populations[projection.source];
        if (!source.is_input()) continue;
        for (const Placed& reader : io_places[projection.target])
            if (from.empty() || reader.device < from.front().device) from = {{{0, source.size}, reader.device}};
    }
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (io_places[p].empty()) io_places[p] = {{{0, populations[p].size}, 0}};
}

}  // namespace

Placement place(const Plan& plan, std::string_view device, const ExecutorOptions& options,
                std::optional<DeviceFigures>& io_figures) {
    const Network& network = *plan.network;
    const std::vector<std::string_view> entries = split_at(device, ';');
    Placement placement;
    placement.devices = devices_of(device);
    check_together(placement.devices, entries.front(), options);
    Places& places = placement.of_population;
    places = checked_places(network, std::span(entries).subspan(1), placement.devices.size());
    const auto& populations = network.populations();
    const std::vector<uint32_t> group_of = tied_together(network);
    const std::vector<std::string> whole_because = reasons_to_stay_whole(network, group_of);
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (!places[p].empty() && placement.is_cut(p) && !whole_because[p].empty())
            throw Error(SNN_ERROR_UNSUPPORTED, "device: population '", populations[p].name,
                        "' cannot be cut: ", whole_because[p]);
    const std::vector<double> work = population_work(network, options.batch_size, assumed_activity);
    const std::vector<Group> groups = groups_of(network, group_of, work, places);

    std::vector<uint32_t> open;  // groups whose device is to be chosen
    const auto put = [&](const Group& group, uint32_t at) {
        for (const uint32_t p : group.members)
            if (places[p].empty()) places[p] = {{{0, populations[p].size}, at}};
    };
    for (uint32_t g = 0; g < groups.size(); ++g) {
        if (groups[g].placed_by) put(groups[g], places[*groups[g].placed_by].front().device);
        else if (groups[g].has_neurons && placement.devices.size() == 1) put(groups[g], 0);
        else if (groups[g].has_neurons) open.push_back(g);
    }
    if (!open.empty()) {
        if (!io_figures) io_figures = figures_of(plan, placement.devices, options);
        const bool same_bits = std::all_of(placement.devices.begin(), placement.devices.end(),
                                           [](const std::string& name) { return find_backend(name).gives_same_bits; });
        std::vector<uint8_t> stays_whole;
        for (const std::string& reason : whole_because) stays_whole.push_back(!same_bits || !reason.empty());
        const Choosing choosing{network, placement.devices, *io_figures, work, options.batch_size, options.thread_count};
        places = choose_places(choosing, std::move(places), groups, std::move(open), stays_whole);
    }
    place_inputs(network, places);

    const Exchange exchange = exchange_of(network, places, options.batch_size);
    if (!exchange.any()) return placement;
    placement.window_steps = exchange.window_steps();
    placement.lag_steps = exchange.shortest_delay == 1 ? 1 : 2 * placement.window_steps;
    return placement;
}

Placement place(const Plan& plan, std::string_view device, const ExecutorOptions& options) {
    std::optional<DeviceFigures> figures;
    return place(plan, device, options, figures);
}

Placement place(const Plan& plan, std::string_view device, const ExecutorOptions& options, const DeviceFigures& figures) {
    std::optional<DeviceFigures> given = figures;
    return place(plan, device, options, given);
}

std::vector<double> expected_step_s(const Network& network, const Placement& placement, const ExecutorOptions& options,
                                    const DeviceFigures& figures) {
    const std::vector<double> work = population_work(network, options.batch_size, assumed_activity);
    return expected_seconds({network, placement.devices, figures, work, options.batch_size, options.thread_count},
                            placement.of_population);
}

std::vector<std::string> reasons_of(const Network& network, const Placement& placement, const DeviceFigures& figures) {
    std::vector<std::string> sentences;
    for (uint32_t d = 0; d < placement.devices.size(); ++d) {
        const std::string& name = placement.devices[d];
        if (std::find(placement.devices.begin(), placement.devices.begin() + d, name) != placement.devices.begin() + d)
            continue;
        if (!find_backend(name).gives_same_bits)
            sentences.push_back(text("'", name,
                                     "' computes in its maker's arithmetic: spikes agree with those of other devices to a ",
                                     "degree, not to the bit"));
        for (uint32_t p = 0; p < network.populations().size(); ++p)
            if (!network.population(p).is_input() && !figures.can_run(d, p))
                sentences.push_back(
                    text("'", network.population(p).name, "' is not for '", name, "': ", figures.cannot_run[d][p]));
    }
    if (figures.memory_bytes.empty()) return sentences;
    std::vector<uint64_t> taken(figures.memory_bytes.size(), 0);
    for (uint32_t p = 0; p < network.populations().size(); ++p)
        for (const Placed& placed : placement.of_population[p])
            taken[figures.memory_of[placed.device]] +=
                figures.bytes_of(placed.device, p, placed.neurons.count, network.population(p).size);
    for (uint32_t d = 0; d < placement.devices.size(); ++d) {
        const uint32_t m = figures.memory_of[d];
        if (std::find(figures.memory_of.begin(), figures.memory_of.begin() + d, m) != figures.memory_of.begin() + d) continue;
        if (taken[m] > figures.memory_bytes[m])
            sentences.push_back(text("there is not enough memory: what is on '", placement.devices[d], "' takes about ",
                                     gibibytes(taken[m]), ", and ", gibibytes(figures.memory_bytes[m]), " may be taken"));
    }
    return sentences;
}

}  // namespace snn
