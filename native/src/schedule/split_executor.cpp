#include "schedule/split_executor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/error.h"
#include "schedule/device_speed.h"

namespace snn {

namespace {

// Traces of a slice have the places of the whole, also where no synapse onto it has one of the delays.
void take_delays(const Plan& whole, uint32_t projection, uint32_t index, Plan& io_own) {
    if (!whole.plasticity[projection]) return;
    const uint32_t earlier = whole.network->projection(projection).synapses->min_delay() -
                             io_own.network->projection(index).synapses->min_delay();
    auto own = std::make_shared<PlasticityPlan>(*io_own.plasticity[index]);
    own->delays = whole.plasticity[projection]->delays;
    for (uint16_t& delay : own->delays) delay = static_cast<uint16_t>(delay - earlier);
    io_own.plasticity[index] = std::move(own);
}

}  // namespace

Split make_split(const Plan& plan, std::string_view device, const ExecutorOptions& options) {
    check_shared_weights(options, device);
    const Network& network = *plan.network;
    Split split{place(plan, device, options), {}};
    const auto count = static_cast<uint32_t>(network.populations().size());
    for (uint32_t d = 0; d < split.placement.devices.size(); ++d) {
        SplitPart part;
        part.device = split.placement.devices[d];
        part.place = d;
        part.thread_count = threads_of_part(split.placement.devices, d, options.thread_count);
        part.here.resize(count);
        part.is_there.resize(count);
        part.late_at.assign(count, SplitPart::nowhere);
        bool has_any = false;
        for (uint32_t p = 0; p < count; ++p)
            for (const Placed& placed : split.placement.of_population[p])
                if (placed.device == d) {
                    part.here[p] = placed.neurons;
                    part.is_there[p] = 1;
                    has_any = true;
                }
        if (!has_any) continue;
        for (uint32_t q = 0; q < network.projections().size(); ++q) {
            const Projection& projection = network.projections()[q];
            if (part.here[projection.target].count == 0) continue;
            part.projections.push_back(q);
            part.is_there[projection.source] = 1;
            if (part.here[projection.source].count == 0 && !network.population(projection.source).is_input())
                part.late_at[projection.source] = projection.source;
        }
        NetworkPart own_network = network.part(part.here, split.placement.lag_steps);
        for (uint32_t i = 0; i < own_network.gathered.size(); ++i) part.late_at[own_network.gathered[i]] = count + i;
        Plan own = make_plan(std::move(own_network.network));
        // As much as saved states hold.
        for (uint32_t p = 0; p < count; ++p)
            if (part.here[p].count > 0) own.populations[p].history_depth = plan.populations[p].history_depth;
        for (uint32_t i = 0; i < part.projections.size(); ++i) take_delays(plan, part.projections[i], i, own);
        part.plan = std::make_shared<const Plan>(std::move(own));
        split.parts.push_back(std::move(part));
    }
    return split;
}

MemoryEstimate estimate_memory(const Plan& plan, const Split& split, const ExecutorOptions& options) {
    MemoryEstimate sum;
    sum.plan_bytes = sum.state_bytes = sum.new_bytes = plan_bytes(plan);
    sum.projection_bytes.resize(plan.network->projections().size());
    for (const SplitPart& part : split.parts) {
        const MemoryEstimate own =
            estimate_memory(*part.plan, part.device, options_of_part(options, part.device, part.thread_count));
        sum.network_bytes += own.network_bytes;
        sum.weight_bytes += own.weight_bytes;
        sum.state_bytes += own.state_bytes;
        sum.new_bytes += own.new_bytes;
        sum.plan_bytes += own.plan_bytes;
        for (const auto& [name, bytes] : own.device_bytes) sum.device_bytes[name] += bytes;
        for (size_t q = 0; q < part.projections.size(); ++q)
            sum.projection_bytes[part.projections[q]] += own.projection_bytes[q];
    }
    return sum;
}

SplitExecutor::SplitExecutor(std::shared_ptr<const Plan> plan, Split split, const ExecutorOptions& options)
    : plan_(std::move(plan)),
      placement_(std::move(split.placement)),
      batch_(options.batch_size),
      silence_(options.batch_size, 0.0f),
      pool_(width_of(split.parts.size(), options), {}),
      now_(placement_.lag_steps),
      observation_(placement_.devices.size()) {
    const Network& network = *plan_->network;
    const auto& populations = network.populations();
    const auto population_count = static_cast<uint32_t>(populations.size());
    pieces_of_.resize(population_count);
    projection_pieces_.resize(network.projections().size());
    links_of_.resize(population_count);
    frame_place_of_.assign(population_count, none);
    std::vector<uint8_t> has_links(population_count, 0);
    uint32_t input_count = 0;
    for (uint32_t p = 0; p < population_count; ++p) {
        if (populations[p].is_input()) frame_place_of_[p] = input_count++;
        has_links[p] = placement_.is_cut(p);
    }
    for (uint32_t k = 0; k < split.parts.size(); ++k) {
        auto running = std::make_unique<Running>();
        running->part = std::move(split.parts[k]);
        const SplitPart& part = running->part;
        for (uint32_t p = 0; p < population_count; ++p) {
            if (part.here[p].count > 0) pieces_of_[p].push_back({k, p, part.here[p]});
            has_links[p] |= part.late_at[p] != SplitPart::nowhere;
        }
        for (uint32_t i = 0; i < part.projections.size(); ++i) {
            const uint32_t q = part.projections[i];
            projection_pieces_[q].push_back({k, i, part.here[network.projections()[q].target]});
        }
        try {
            running->executor =
                find_backend(part.device).open(part.plan, options_of_part(options, part.device, part.thread_count));
        } catch (...) {
            rethrow_as_failure(part.device, part.place);
        }
        check_bits(*running->executor, part.device, devices(), joined_devices(devices(), false));
        running->takes_lists = running->executor->takes_spike_lists();
        running_.push_back(std::move(running));
    }
    const auto in_order = [](Pieces& pieces) {
        std::sort(pieces.begin(), pieces.end(),
                  [](const Piece& a, const Piece& b) { return a.neurons.first < b.neurons.first; });
    };
    std::for_each(pieces_of_.begin(), pieces_of_.end(), in_order);
    std::for_each(projection_pieces_.begin(), projection_pieces_.end(), in_order);
    for (uint32_t p = 0; p < population_count; ++p)
        for (const Piece& piece : pieces_of_[p]) {
            if (!has_links[p]) continue;
            const auto link = static_cast<uint32_t>(links_.size());
            links_of_[p].push_back(link);
            running_[piece.part]->links.push_back(link);
            links_.emplace_back(p, piece.neurons, batch_, placement_.window_steps, placement_.lag_steps);
        }
    for (const auto& running : running_) {
        running->late.resize(running->part.plan->network->populations().size());
        for (uint32_t p = 0; p < population_count; ++p) {
            const uint32_t at = running->part.late_at[p];
            if (at == SplitPart::nowhere) continue;
            LateSpikes& late = running->late[at].emplace(LateSpikes{p, links_of_[p], {}, {}});
            if (!running->takes_lists) late.frames.resize(placement_.window_steps * frame_of(p));
            else if (late.links.size() > 1)
                late.gathered.emplace(late.links, populations[p].size, batch_, placement_.window_steps);
        }
        running->finished = now_;
    }
}

std::string SplitExecutor::without(uint32_t place) const {
    const Placement left = placement_.without(place);
    return left.devices.size() > 1 ? left.device(*plan_->network) : left.devices.front();
}

std::string SplitExecutor::better(std::string_view asked, const ExecutorOptions& options, std::vector<double>& io_slowness) {
    const auto gives_same_bits = [](const std::string& name) { return find_backend(name).gives_same_bits; };
    if (!std::all_of(placement_.devices.begin(), placement_.devices.end(), gives_same_bits)) return {};
    const Network& network = *plan_->network;
    if (!measured_) {
        measured_ = figures_of(*plan_, placement_.devices, options);
        measured_->memory_bytes.front() = UINT64_MAX;  // the host's, of which this session has some
    }
    observation_.conclude(expected_step_s(network, placement_, options, *measured_), io_slowness);
    const DeviceFigures figures = measured_->slower(io_slowness);
    const auto longest_s = [&](const Placement& placement) {
        const std::vector<double> seconds = expected_step_s(network, placement, options, figures);
        return *std::max_element(seconds.begin(), seconds.end());
    };
    const Placement found = place(*plan_, asked, options, figures);
    return observation_.is_worth_a_move(longest_s(placement_), longest_s(found)) ? found.device(network) : std::string();
}

std::string SplitExecutor::description() const {
    std::string words = placement_.description(*plan_->network);
    if (placement_.window_steps == 1) words += ", spikes exchanged after every step";
    if (placement_.window_steps > 1) words += text(", spikes exchanged after every ", placement_.window_steps, " steps");
    return words;
}

void SplitExecutor::reset_state() {
    for (const auto& running : running_) on_device(*running, [](Executor& executor) { executor.reset_state(); });
    for (SpikeLink& link : links_) link.clear();
    now_ = placement_.lag_steps;
    input_spikes_ = 0;
    for (const auto& running : running_) running->finished = now_;
    failed_ = false;
}

// ---- Running

void SplitExecutor::run(const RunRequest& request) {
    check_whole();
    for (const auto& running : running_) {
        running->slice_events.resize(request.events.size());
        for (SliceEvents& events : running->slice_events) events.rows.clear(), events.neurons.clear();
    }
    if (pool_.width() >= running_.size()) {
        pool_.run(static_cast<uint32_t>(running_.size()), [&](uint32_t k) { run_part(*running_[k], request); });
    } else {
        for (uint32_t done = 0; done < request.step_count && !failed_;) {
            const uint32_t steps = steps_to_exchange(now_ + done, request.step_count - done);
            for (const auto& running : running_) run_window(*running, request, done, steps);
            done += steps;
        }
    }
    if (failed_) {
        std::exception_ptr first;
        for (const auto& running : running_)
            if (std::exception_ptr error = std::exchange(running->error, nullptr); error && !first) first = error;
        std::rethrow_exception(first);
    }
    now_ += request.step_count;
    observation_.count(request.step_count);
    merge_events(request);
    count_inputs(request);
}

uint32_t SplitExecutor::steps_to_exchange(uint64_t step, uint32_t most) const {
    const uint32_t window = placement_.window_steps;
    return window == 0 ? most : std::min(most, window - static_cast<uint32_t>(step % window));
}

void SplitExecutor::run_part(Running& io_running, const RunRequest& request) {
    for (uint32_t done = 0; done < request.step_count;) {
        if (!wait_for_others(io_running, now_ + done)) return;
        const uint32_t steps = steps_to_exchange(now_ + done, request.step_count - done);
        run_window(io_running, request, done, steps);
        done += steps;
    }
}

// Until they have handed over what the window from `step` on reads, and have read what it writes over. False: one has failed.
bool SplitExecutor::wait_for_others(const Running& running, uint64_t step) const {
    if (placement_.window_steps == 0) return !failed_.load(std::memory_order_relaxed);
    const uint64_t needed = (step / placement_.window_steps + 1) * placement_.window_steps - placement_.lag_steps;
    for (const auto& other : running_) {
        if (other.get() == &running) continue;
        Waiting waiting;
        while (other->finished.load(std::memory_order_acquire) < needed) {
            if (failed_.load(std::memory_order_relaxed)) return false;
            waiting.pause();
        }
    }
    return true;
}

void SplitExecutor::run_window(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps) {
    if (io_running.error) return;
    try {
        prepare(io_running, request, done, steps);
        RunRequest own;
        own.first_step = request.first_step + done;
        own.step_count = steps;
        own.inputs = io_running.inputs;
        own.records = io_running.records;
        own.record_interval = request.record_interval;
        own.record_phase = static_cast<uint32_t>((uint64_t{request.record_phase} + done) % request.record_interval);
        own.events = io_running.events;
        try {
            observation_.time(io_running.part.place, [&] { io_running.executor->run(own); });
        } catch (...) {
            rethrow_as_failure(io_running.part.device, io_running.part.place);
        }
        take_results(io_running, request, done, steps);
        io_running.finished.store(now_ + done + steps, std::memory_order_release);
    } catch (...) {
        io_running.error = std::current_exception();
        failed_.store(true, std::memory_order_relaxed);
    }
}

// What of the request concerns one part, for `steps` steps from `done` on.
void SplitExecutor::prepare(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps) {
    const SplitPart& part = io_running.part;
    const auto& populations = part.plan->network->populations();
    io_running.inputs.clear();
    io_running.records.clear();
    io_running.slice_records.clear();
    io_running.events.clear();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (!populations[p].is_input()) continue;
        if (io_running.late[p]) {
            io_running.inputs.push_back(late_spikes(*io_running.late[p], p, done, steps));
        } else if (!part.is_there[p]) {
            io_running.inputs.push_back({p, silence_.data(), 0});
        } else {
            InputFrames frames = request.inputs[frame_place_of_[p]];
            frames.data += done * frames.step_stride;
            io_running.inputs.push_back(frames);
        }
    }
    for (const RecordFrames& frames : request.records)
        if (part.here[frames.population].count > 0) add_record(io_running, request, frames, done, steps);
    for (const uint32_t l : io_running.links) io_running.events.push_back(links_[l].begin_write(now_ + done));
    // Records of populations that are elsewhere are not copied: their part raises the count meanwhile.
    for (const EventRecord& wanted : request.events) {
        if (part.here[wanted.population].count == 0 || !links_of_[wanted.population].empty()) continue;
        io_running.events.push_back(wanted);
        io_running.events.back().first_step += done;
    }
}

// What happened `lag` steps before the `steps` steps from `done` on, for population `at` of a part's plan.
InputFrames SplitExecutor::late_spikes(LateSpikes& io_late, uint32_t at, uint32_t done, uint32_t steps) const {
    InputFrames input{};
    if (io_late.gathered) {
        input = io_late.gathered->read(links_, now_ + done, steps);
    } else if (io_late.frames.empty()) {
        input = links_[io_late.links.front()].read(now_ + done);
    } else {
        const size_t frame = frame_of(io_late.population);
        std::fill_n(io_late.frames.data(), steps * frame, 0.0f);
        for (const uint32_t l : io_late.links)
            links_[l].read_frames(now_ + done, steps, size_of_population(io_late.population), io_late.frames.data());
        input = {at, io_late.frames.data(), steps > 1 ? frame : 0};
    }
    input.population = at;
    return input;
}

// Rows of a slice lie apart in the caller's frames. With one sample the device writes to its place in them; with several it
// writes rows of its own, which put_slices() brings there.
void SplitExecutor::add_record(Running& io_running, const RunRequest& request, RecordFrames frames, uint32_t done,
                               uint32_t steps) {
    const Slice neurons = io_running.part.here[frames.population];
    const auto rows_until = [&](uint32_t step) { return (uint64_t{request.record_phase} + step) / request.record_interval; };
    const auto offset = [&](size_t values) { return static_cast<char*>(frames.data) + values * size_of(frames.dtype); };
    frames.data = offset(rows_until(done) * frames.step_stride);
    if (is_cut(frames.population) && batch_ == 1) frames.data = offset(neurons.first);
    if (is_cut(frames.population) && batch_ > 1) {
        SliceRecord& slice = io_running.slice_records.emplace_back();
        slice.whole = frames;
        slice.neurons = neurons;
        slice.rows = frames.kind == RecordFrames::activity_sum ? 1 : rows_until(done + steps) - rows_until(done);
        slice.memory.resize(slice.rows * batch_ * neurons.count * size_of(frames.dtype));
        if (frames.kind == RecordFrames::activity_sum) copy_slice(slice, false);
        frames.data = slice.memory.data();
        frames.step_stride = frames.kind == RecordFrames::activity_sum ? 0 : size_t{batch_} * neurons.count;
    }
    io_running.records.push_back(frames);
}

void SplitExecutor::copy_slice(SliceRecord& io_slice, bool to_whole) const {
    const size_t value = size_of(io_slice.whole.dtype), size = size_of_population(io_slice.whole.population);
    std::byte* own = io_slice.memory.data();
    for (size_t row = 0; row < io_slice.rows; ++row)
        for (uint32_t sample = 0; sample < batch_; ++sample, own += io_slice.neurons.count * value) {
            std::byte* const there = static_cast<std::byte*>(io_slice.whole.data) +
                                     (row * io_slice.whole.step_stride + sample * size + io_slice.neurons.first) * value;
            std::memcpy(to_whole ? there : own, to_whole ? own : there, io_slice.neurons.count * value);
        }
}

// After the steps from `done` on: spikes to the links and to the caller.
void SplitExecutor::take_results(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps) {
    for (SliceRecord& slice : io_running.slice_records) copy_slice(slice, true);
    for (size_t i = 0; i < io_running.links.size(); ++i)
        links_[io_running.links[i]].end_write(io_running.events[i], now_ + done, steps);
    for (size_t w = 0; w < request.events.size(); ++w) {
        EventRecord& wanted = request.events[w];
        for (size_t i = 0; i < io_running.events.size(); ++i) {
            const EventRecord& events = io_running.events[i];
            if (events.population != wanted.population) continue;
            if (is_cut(wanted.population)) {
                SliceEvents& own = io_running.slice_events[w];
                for (size_t e = 0; e < events.count; ++e)
                    own.rows.push_back((uint64_t{done} + events.steps[e]) * batch_ + (events.samples ? events.samples[e] : 0));
                own.neurons.insert(own.neurons.end(), events.neurons, events.neurons + events.count);
            } else if (i < io_running.links.size()) {
                links_[io_running.links[i]].copy_to(wanted, events, wanted.first_step + done);
            } else {
                wanted.count = events.count;
            }
        }
    }
}

// Those of populations that are cut: by step, then by sample, then slice after slice.
void SplitExecutor::merge_events(const RunRequest& request) const {
    for (size_t w = 0; w < request.events.size(); ++w) {
        EventRecord& wanted = request.events[w];
        if (!is_cut(wanted.population)) continue;
        const Pieces& pieces = pieces_of_[wanted.population];
        std::vector<size_t> next(pieces.size(), 0);
        for (;;) {
            uint64_t row = UINT64_MAX;
            for (size_t k = 0; k < pieces.size(); ++k) {
                const SliceEvents& own = running_[pieces[k].part]->slice_events[w];
                if (next[k] < own.rows.size()) row = std::min(row, own.rows[next[k]]);
            }
            if (row == UINT64_MAX) break;
            for (size_t k = 0; k < pieces.size(); ++k) {
                const SliceEvents& own = running_[pieces[k].part]->slice_events[w];
                for (size_t& at = next[k]; at < own.rows.size() && own.rows[at] == row; ++at, ++wanted.count) {
                    wanted.steps[wanted.count] = wanted.first_step + static_cast<uint32_t>(row / batch_);
                    wanted.neurons[wanted.count] = pieces[k].neurons.first + own.neurons[at];
                    if (wanted.samples) wanted.samples[wanted.count] = static_cast<uint32_t>(row % batch_);
                }
            }
        }
    }
}

// Parts cannot say: an input may be read by several of them, and spikes from elsewhere look like inputs to them.
void SplitExecutor::count_inputs(const RunRequest& request) {
    for (const InputFrames& frames : request.inputs) {
        if (!plan_->network->population(frames.population).is_binary()) continue;
        const size_t frame = frame_of(frames.population);
        const uint32_t distinct = frames.step_stride == 0 ? 1 : request.step_count;
        uint64_t spikes = 0;
        for (uint32_t step = 0; step < distinct; ++step) {
            const float* const values = frames.data + step * frames.step_stride;
            spikes += frame - static_cast<size_t>(std::count(values, values + frame, 0.0f));
        }
        input_spikes_ += frames.step_stride == 0 ? spikes * request.step_count : spikes;
    }
}

ExecutorCounters SplitExecutor::counters() const {
    ExecutorCounters sum;
    for (const auto& running : running_) {
        const ExecutorCounters own = on_device(*running, [](Executor& executor) { return executor.counters(); });
        sum.steps = own.steps;
        sum.spikes += own.spikes;
        sum.synaptic_events += own.synaptic_events;
        sum.synaptic_operations += own.synaptic_operations;
    }
    sum.input_spikes = input_spikes_;
    return sum;
}

}  // namespace snn
