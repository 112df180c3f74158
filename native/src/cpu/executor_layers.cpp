// A taped run goes through the network layer by layer instead of step by step: what does not depend on later layers can be
// computed for all steps at once.
//
//     inputs, all steps        group 1, all steps            group 2, all steps
//     bits on the tape   -->   bits on the tape        -->   ...
//                              (tile by tile)
//
// A group is a stretch of the evaluation order with no way back from a later group: a single population, or several that reach
// back to each other through delays. A population alone whose projections are all dense or normalised is cut into tiles of
// neurons. The weights of a tile stay in the L2 cache through all steps and samples. A population that reaches back to itself
// is one tile. Other groups go step by step, one sample at a time, as in any run. executor_tiles.cpp explains what a tile does.
//
// Every sum is added up in the order of docs/semantics.md, and every neuron sees its steps in order, so the bits are those of
// any other run.
#include <algorithm>
#include <atomic>
#include <cstring>

#include "common/values.h"
#include "cpu/executor.h"
#include "cpu/tape.h"

namespace snn::cpu {

namespace {

constexpr size_t weight_bytes_of_tile = 768 * 1024;  // stay in an L2 cache of 1 MiB beside what passes through
constexpr size_t fewest_neurons_of_tile = 128;
constexpr uint32_t most_samples_of_item = 64;   // samples whose sums are made together
constexpr uint32_t most_samples_of_loop = 16;   // the same, for a whole population with its states
constexpr uint32_t items_per_thread = 4;        // so that threads end at about the same time
constexpr size_t values_worth_dealing = 65536;  // one thread looks through this many in the time that waking another takes

bool is_recorded(const RunRequest& request, uint32_t population) {
    return std::any_of(request.records.begin(), request.records.end(), [&](const RecordFrames& r) { return r.population == population; });
}

}  // namespace

// ---- Groups -----------------------------------------------------------------------------------------------------------

// What the tiles of all groups need of a task's memory, in floats unless noted.
struct CpuExecutor::TileRoom {
    size_t incoming = 0;  // projections
    size_t sums = 0, panel = 0, start = 0, held = 0;
    uint32_t widest_source = 0;  // neurons of the widest source that is listed
};

void CpuExecutor::make_groups() {
    const auto& populations = context_.populations;
    std::vector<size_t> place(populations.size(), 0);
    for (size_t i = 0; i < neurons_.size(); ++i) place[neurons_[i]] = i + 1;  // inputs: before all
    // The furthest place that a group beginning here reaches.
    std::vector<size_t> last(neurons_.size() + 1, 0);
    for (const auto& projection : context_.projections) {
        const size_t from = place[projection->info.source], to = place[projection->info.target];
        if (from >= to) last[to] = std::max(last[to], from);
    }
    group_of_.assign(populations.size(), no_group);  // inputs stay in none
    TileRoom room;
    std::vector<Group> groups;  // replace groups_ once their memory is allocated
    for (size_t begin = 1; begin <= neurons_.size();) {
        size_t end = begin;  // place of the last member
        for (size_t i = begin; i <= end; ++i) end = std::max(end, last[i]);
        Group group;
        for (size_t i = begin; i <= end; ++i) {
            group.populations.push_back(neurons_[i - 1]);
            group_of_[neurons_[i - 1]] = static_cast<uint32_t>(groups.size());
        }
        if (begin == end) {
            group.is_loop = last[begin] > 0;
            cut_into_tiles(group, room);
        }
        groups.push_back(std::move(group));
        begin = end + 1;
    }
    allocate_tiles(room);
    groups_ = std::move(groups);
}

// Leaves the group of one population whole if it has a projection that tiles cannot take.
void CpuExecutor::cut_into_tiles(Group& group, TileRoom& room) const {
    const PopulationData& target = *context_.populations[group.populations[0]];
    std::vector<size_t> incoming;  // indices into target.incoming, without normalised projections: their sums are ready before
    for (size_t k = 0; k < target.incoming.size(); ++k)
        if (!context_.normalized[target.incoming[k]]) incoming.push_back(k);
    size_t sources = 1;
    for (const size_t k : incoming) {
        const ProjectionData& projection = *context_.projections[target.incoming[k]];
        if (projection.info.kind != SNN_CONNECT_DENSE || projection.is_fixed) return;
        sources += projection.source_size;
    }
    group.by_tiles = true;
    const size_t fitting = std::max<size_t>(weight_bytes_of_tile / sizeof(float) / sources, fewest_neurons_of_tile);
    const uint32_t tiles = group.is_loop ? 1 : static_cast<uint32_t>((target.row + fitting - 1) / fitting);
    group.tile = padded((target.row + tiles - 1) / tiles);
    group.panels.resize(target.incoming.size());
    size_t panel = 0;
    for (const size_t k : incoming) {
        const ProjectionData& projection = *context_.projections[target.incoming[k]];
        const PopulationData& source = *context_.populations[projection.info.source];
        group.panels[k] = panel;
        panel += size_t{projection.source_size} * padded_panel(group.tile);
        if (source.info.is_input()) room.held = std::max<size_t>(room.held, padded_panel(group.tile));
        if (!source.is_value_input()) room.widest_source = std::max(room.widest_source, source.row);
    }
    const uint32_t samples = std::min(context_.batch, group.is_loop ? most_samples_of_loop : most_samples_of_item);
    room.sums = std::max<size_t>(room.sums, size_t{target.receptor_count} * group.tile * samples);
    room.panel = std::max(room.panel, panel);
    room.incoming = std::max(room.incoming, target.incoming.size());
    room.start = std::max(room.start, target.incoming.size() * padded_panel(group.tile));
}

void CpuExecutor::allocate_tiles(const TileRoom& room) {
    uint32_t longest_source = 0;
    for (const auto& projection : context_.projections)
        longest_source = std::max(longest_source, padded(projection->source_size));
    const uint32_t samples = std::min(context_.batch, most_samples_of_item);
    for (TaskMemory& task : context_.tasks) {
        task.active.allocate(context_.allocator, longest_source, false);
        task.tile_sums.allocate(context_.allocator, room.sums);
        task.panel.allocate(context_.allocator, room.panel);
        task.start.allocate(context_.allocator, room.start);
        task.packed.resize(room.incoming);
        task.held_sums.allocate(context_.allocator, room.held * samples);
        task.lists.allocate(context_.allocator, size_t{room.widest_source} * samples, false);
        task.list_ends.allocate(context_.allocator, samples);
    }
}

// Events are recorded in the order of steps, and bundles read frames that a run by layers does not fill.
bool CpuExecutor::runs_by_layers(const RunRequest& request) const {
    return request.tape && request.events.empty() && context_.bundles->empty();
}

// ---- A run ------------------------------------------------------------------------------------------------------------

void CpuExecutor::run_layers(const RunRequest& request) {
    if (groups_.empty()) make_groups();
    tape_inputs(request);
    for (TaskMemory& task : context_.tasks) task.packed_group = no_group;
    const uint32_t batch = context_.batch, width = context_.pool.width();
    for (uint32_t g = 0; g < groups_.size(); ++g) {
        Group& group = groups_[g];
        find_normalized_sums(request, g);
        if (!group.by_tiles) {
            const uint32_t parts = std::min(width, batch);
            context_.pool.run(parts, [&](uint32_t part) {
                const auto bound = [&](uint32_t k) { return static_cast<uint32_t>(uint64_t{batch} * k / parts); };
                for (uint32_t sample = bound(part); sample < bound(part + 1); ++sample)
                    run_group(request, g, sample, context_.tasks[part]);
            });
            continue;
        }
        make_room_for_products(group);
        const PopulationData& data = *context_.populations[group.populations[0]];
        const uint32_t tiles = (data.row + group.tile - 1) / group.tile;
        const uint32_t wanted = (items_per_thread * width + tiles - 1) / tiles;
        const uint32_t most_samples = group.is_loop ? most_samples_of_loop : most_samples_of_item;
        const uint32_t fewest = (batch + most_samples - 1) / most_samples;
        const uint32_t parts = std::clamp(width > 1 ? wanted : 1, fewest, std::max(fewest, (batch + 7) / 8));
        context_.pool.deal(tiles * parts, [&](uint32_t item, uint32_t worker) {
            const uint32_t tile = item / parts, part = item % parts;
            const NeuronRange neurons{tile * group.tile, std::min(data.row, (tile + 1) * group.tile)};
            const auto bound = [&](uint32_t k) { return static_cast<uint32_t>(uint64_t{batch} * k / parts); };
            run_tile(request, g, neurons, bound(part), bound(part + 1), context_.tasks[worker]);
        });
        group.was_dense = group.is_loop && tape_->is_ever_dense(group.populations[0]);
    }
    keep_last_steps(request.step_count);
}

// For products with spikes, which are rarely dense enough to need it.
void CpuExecutor::make_room_for_products(const Group& group) {
    const auto& incoming = context_.populations[group.populations[0]]->incoming;
    const bool are_needed = std::any_of(incoming.begin(), incoming.end(), [&](uint32_t q) {
        const uint32_t source = context_.projections[q]->info.source;
        return !context_.normalized[q] && !context_.populations[source]->is_value_input() && tape_->is_ever_dense(source);
    });
    if (!are_needed && !group.was_dense) return;
    for (TaskMemory& task : context_.tasks)
        if (task.unpacked.size() < task.lists.size()) task.unpacked.allocate(context_.allocator, task.lists.size());
}

// Looks at one step after the other, as they lie in memory, shared among all threads.
std::optional<size_t> CpuExecutor::first_wrong(InputFrames& io_input, uint32_t step_count, bool packs) {
    const PopulationData& data = *context_.populations[io_input.population];
    const size_t frame = size_t{context_.batch} * data.size, words = size_t{context_.batch} * data.words;
    uint16_t* bits = nullptr;
    if (packs && !data.is_value_input()) {
        packed_inputs_.resize(context_.populations.size());
        Buffer<uint16_t>& packed = packed_inputs_[io_input.population];
        if (packed.size() < step_count * words) packed.allocate(context_.allocator, step_count * words, false);
        io_input.bits = bits = packed.data();
        io_input.bits_stride = words;
    }
    std::atomic<size_t> first{frame * step_count};
    const auto look = [&](uint32_t step, uint32_t) {
        const float* const values = io_input.data + step * frame;
        bool right = bits != nullptr;
        for (uint32_t sample = 0; right && sample < context_.batch; ++sample)
            right = context_.kernels.pack_bits(values + size_t{sample} * data.size, data.size,
                                               bits + step * words + size_t{sample} * data.words);
        if (right) return;
        const size_t wrong = snn::first_wrong(values, frame, !data.is_value_input());
        if (wrong == frame) return;
        size_t so_far = first.load(std::memory_order_relaxed);
        const size_t place = step * frame + wrong;
        while (place < so_far && !first.compare_exchange_weak(so_far, place, std::memory_order_relaxed)) {
        }
    };
    if (frame * step_count >= values_worth_dealing) context_.pool.deal(step_count, look);
    else
        for (uint32_t step = 0; step < step_count; ++step) look(step, 0);
    return first.load(std::memory_order_relaxed);
}

// Writes the inputs of every step onto the tape, where all layers find them.
void CpuExecutor::tape_inputs(const RunRequest& request) {
    for (const InputFrames& input : request.inputs) {
        const PopulationData& data = *context_.populations[input.population];
        const bool held = input.step_stride == 0;
        std::atomic<uint64_t> active{0};
        const auto pack = [&](uint32_t step, uint32_t sample) {
            const uint32_t run_step = moment(request, step, sample).run_step;
            if (input.offsets) {
                uint16_t* const bits = tape_->bits(input.population, run_step, sample);
                std::fill_n(bits, data.words, uint16_t{0});
                const uint32_t* const range = input.offsets + size_t{step} * context_.batch + sample;
                for (uint32_t i = range[0]; i < range[1]; ++i) bits[input.neurons[i] / 16] |= uint16_t(1u << input.neurons[i] % 16);
                return;
            }
            const float* const frame = input.data + step * input.step_stride + static_cast<size_t>(sample) * data.size;
            context_.kernels.pack_bits(frame, data.size, tape_->bits(input.population, run_step, sample));
            if (data.is_value_input())
                std::memcpy(tape_->values(input.population, run_step, sample), frame, data.size * sizeof(float));
        };
        const auto tell = [&](uint32_t step, uint64_t count, uint32_t worker) {
            active.fetch_add(count, std::memory_order_relaxed);
            if (data.is_value_input()) return;
            context_.tasks[worker].counters.input_spikes += count;
            tape_->add_spikes(input.population, moment(request, step, 0).run_step, count);
        };
        // Steps one after the other, as they lie in memory.
        if (!held)
            context_.pool.deal(request.step_count, [&](uint32_t step, uint32_t worker) {
                uint16_t* const bits = tape_->bits(input.population, moment(request, step, 0).run_step, 0);
                if (input.bits)
                    std::copy_n(input.bits + step * input.bits_stride, input.bits_stride, bits);
                else
                    for (uint32_t sample = 0; sample < context_.batch; ++sample) pack(step, sample);
                tell(step, context_.kernels.count_bits(bits, context_.batch * data.words), worker);
            });
        if (held || is_recorded(request, input.population))
            context_.pool.deal(context_.batch, [&](uint32_t sample, uint32_t worker) {
                for (uint32_t step = 0; step < request.step_count; ++step) {
                    Moment at = moment(request, step, sample);
                    at.group = 0;
                    uint16_t* const bits = tape_->bits(input.population, at.run_step, sample);
                    if (held && step == 0) pack(step, sample);
                    else if (held)
                        std::memcpy(bits, tape_->bits(input.population, at.run_step - 1, sample), data.words * sizeof(uint16_t));
                    if (held) tell(step, context_.kernels.count_bits(bits, data.words), worker);
                    record_population(request, at, step, input.population, {0, data.size});
                }
            });
        const double values = static_cast<double>(data.size) * context_.batch * request.step_count;
        taped_.active[input.population] += active.load();
        tape_->set_share(input.population, static_cast<double>(active.load()) / values);
    }
}

// Takes one sample through all steps of a group.
void CpuExecutor::run_group(const RunRequest& request, uint32_t group, uint32_t sample, TaskMemory& memory) {
    for (uint32_t step = 0; step < request.step_count; ++step) {
        Moment at = moment(request, step, sample);
        at.group = group;
        for (const uint32_t p : groups_[group].populations) {
            update_neurons(p, at, memory);
            finish_population(p, at, memory);
            record_population(request, at, step, p, {0, context_.populations[p]->size});
        }
    }
}

// After the run, activity is looked up in the frames of the last steps, as after any other run.
void CpuExecutor::keep_last_steps(uint32_t step_count) {
    context_.pool.deal(context_.batch, [&](uint32_t sample, uint32_t) {
        for (uint32_t p = 0; p < context_.populations.size(); ++p) {
            PopulationData& data = *context_.populations[p];
            const bool in_frames = group_of_[p] != no_group && !groups_[group_of_[p]].by_tiles;
            if (!data.has_activity() || in_frames) continue;
            for (uint32_t step = step_count - std::min(step_count, data.frame_count); step < step_count; ++step) {
                const uint64_t clock = clock_ + step;
                const uint32_t run_step = taped_.segment_begin + step;
                std::memcpy(data.bits_at(clock, sample), tape_->bits(p, run_step, sample), data.words * sizeof(uint16_t));
                data.list_active(context_.kernels, clock, sample);
                if (data.is_value_input())
                    std::memcpy(data.values_at(clock, sample), tape_->values(p, run_step, sample), data.row * sizeof(float));
            }
        }
    });
}

}  // namespace snn::cpu
