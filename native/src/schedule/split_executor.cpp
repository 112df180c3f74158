#include "schedule/split_executor.h"

#include <algorithm>
#include <utility>

#include "backend/slots.h"
#include "common/error.h"

namespace snn {

Split make_split(const Plan& plan, std::string_view device, const ExecutorOptions& options) {
    check_shared_weights(options, device);
    const Network& network = *plan.network;
    Split split{place(network, device, options), {}};
    const std::vector<uint32_t>& of_population = split.placement.of_population;
    for (uint32_t d = 0; d < split.placement.devices.size(); ++d) {
        SplitPart part{split.placement.devices[d],
                       d,
                       threads_of_part(split.placement.devices, d, options.thread_count),
                       {},
                       {},
                       {},
                       nullptr};
        for (const uint32_t at : of_population) part.here.push_back(at == d);
        if (std::find(part.here.begin(), part.here.end(), 1) == part.here.end()) continue;
        part.is_there = part.here;
        for (uint32_t q = 0; q < network.projections().size(); ++q) {
            if (!part.here[network.projections()[q].target]) continue;
            part.projections.push_back(q);
            part.is_there[network.projections()[q].source] = 1;
        }
        Plan own = make_plan(network.part(part.here, split.placement.lag_steps));
        // As much as saved states hold.
        for (uint32_t p = 0; p < of_population.size(); ++p)
            if (part.here[p]) own.populations[p].history_depth = plan.populations[p].history_depth;
        part.plan = std::make_shared<const Plan>(std::move(own));
        split.parts.push_back(std::move(part));
    }
    return split;
}

MemoryEstimate estimate_memory(const Plan& plan, const Split& split, const ExecutorOptions& options) {
    MemoryEstimate sum;
    sum.projection_bytes.resize(plan.network->projections().size());
    for (const SplitPart& part : split.parts) {
        const MemoryEstimate own =
            estimate_memory(*part.plan, part.device, options_of_part(options, part.device, part.thread_count));
        sum.network_bytes += own.network_bytes;
        sum.weight_bytes += own.weight_bytes;
        sum.state_bytes += own.state_bytes;
        sum.new_bytes += own.new_bytes;
        for (size_t q = 0; q < part.projections.size(); ++q)
            sum.projection_bytes[part.projections[q]] = own.projection_bytes[q];
    }
    return sum;
}

SplitExecutor::SplitExecutor(std::shared_ptr<const Plan> plan, Split split, const ExecutorOptions& options)
    : plan_(std::move(plan)),
      placement_(std::move(split.placement)),
      batch_(options.batch_size),
      silence_(options.batch_size, 0.0f),
      pool_(width_of(split.parts.size(), options), {}),
      now_(placement_.lag_steps) {
    const Network& network = *plan_->network;
    const auto& populations = network.populations();
    part_of_.assign(populations.size(), none);
    link_of_.assign(populations.size(), none);
    frame_place_of_.assign(populations.size(), none);
    place_of_.resize(network.projections().size());
    uint32_t input_count = 0;
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (populations[p].is_input()) frame_place_of_[p] = input_count++;
    for (uint32_t k = 0; k < split.parts.size(); ++k) {
        auto running = std::make_unique<Running>();
        running->part = std::move(split.parts[k]);
        const SplitPart& part = running->part;
        for (uint32_t p = 0; p < populations.size(); ++p)
            if (part.here[p]) part_of_[p] = k;
        for (uint32_t q = 0; q < part.projections.size(); ++q) {
            place_of_[part.projections[q]] = {k, q};
            const uint32_t source = network.projections()[part.projections[q]].source;
            if (part.here[source] || populations[source].is_input() || link_of_[source] != none) continue;
            link_of_[source] = static_cast<uint32_t>(links_.size());
            links_.emplace_back(source, populations[source].size, batch_, placement_.window_steps, placement_.lag_steps);
        }
        try {
            running->executor =
                find_backend(part.device).open(part.plan, options_of_part(options, part.device, part.thread_count));
        } catch (...) {
            rethrow_as_failure(part.device, part.place);
        }
        running->takes_lists = running->executor->takes_spike_lists();
        running_.push_back(std::move(running));
    }
    for (uint32_t l = 0; l < links_.size(); ++l) part_of(links_[l].population()).links.push_back(l);
    for (const auto& running : running_) {
        if (running->takes_lists) continue;
        for (const SpikeLink& link : links_)
            running->frames.emplace_back(
                running->part.is_there[link.population()] ? size_t{placement_.window_steps} * frame_of(link.population()) : 0);
    }
    for (const auto& running : running_) running->finished = now_;
}

template <class Use>
decltype(auto) SplitExecutor::on_device(const Running& running, Use&& use) const {
    try {
        return use(*running.executor);
    } catch (...) {
        rethrow_as_failure(running.part.device, running.part.place);
    }
}

std::string SplitExecutor::without(uint32_t place) const {
    const Placement left = placement_.without(place);
    return left.devices.size() > 1 ? left.device(*plan_->network) : left.devices.front();
}

std::string SplitExecutor::description() const {
    std::string words = placement_.description(*plan_->network);
    if (placement_.window_steps > 0) words += text(", spikes exchanged after every ", placement_.window_steps, " steps");
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
    if (failed_)
        throw Error(SNN_ERROR_DEVICE_LOST,
                    "a device of this session failed in an earlier run, and the others are ahead of it; reset ",
                    "the session or load a state to go on");
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
            io_running.executor->run(own);
        } catch (...) {
            rethrow_as_failure(io_running.part.device, io_running.part.place);
        }
        take_events(io_running, request, done, steps);
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
    const size_t rows_before = (uint64_t{request.record_phase} + done) / request.record_interval;
    io_running.inputs.clear();
    io_running.records.clear();
    io_running.events.clear();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (!populations[p].is_input()) continue;
        if (!part.is_there[p]) {
            io_running.inputs.push_back({p, silence_.data(), 0});
        } else if (frame_place_of_[p] != none) {
            InputFrames frames = request.inputs[frame_place_of_[p]];
            frames.data += done * frames.step_stride;
            io_running.inputs.push_back(frames);
        } else if (io_running.takes_lists) {
            io_running.inputs.push_back(links_[link_of_[p]].read(now_ + done));
        } else {
            float* const frames = io_running.frames[link_of_[p]].data();
            links_[link_of_[p]].read_frames(now_ + done, steps, frames);
            io_running.inputs.push_back({p, frames, steps > 1 ? frame_of(p) : 0u});
        }
    }
    for (RecordFrames frames : request.records) {
        if (!part.here[frames.population]) continue;
        frames.data = static_cast<char*>(frames.data) + rows_before * frames.step_stride * size_of(frames.dtype);
        io_running.records.push_back(frames);
    }
    for (const uint32_t l : io_running.links) io_running.events.push_back(links_[l].begin_write(now_ + done));
    for (EventRecord events : request.events) {
        if (!part.here[events.population] || link_of_[events.population] != none) continue;
        events.first_step += done;
        io_running.events.push_back(events);
    }
}

// After the steps from `done` on: spikes to the links and to the caller.
void SplitExecutor::take_events(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps) {
    for (size_t i = 0; i < io_running.links.size(); ++i)
        links_[io_running.links[i]].end_write(io_running.events[i], now_ + done, steps);
    for (EventRecord& wanted : request.events)
        for (size_t i = 0; i < io_running.events.size(); ++i) {
            const EventRecord& events = io_running.events[i];
            if (events.population != wanted.population) continue;
            if (i < io_running.links.size()) links_[io_running.links[i]].copy_to(wanted, events, wanted.first_step + done);
            else wanted.count = events.count;
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

// ---- Variables

void SplitExecutor::set_constants(uint32_t population, const PopulationConstants& constants) {
    on_device(part_of(population), [&](Executor& executor) { executor.set_constants(population, constants); });
}

void SplitExecutor::set_seed(uint64_t seed) {
    for (const auto& running : running_) on_device(*running, [&](Executor& executor) { executor.set_seed(seed); });
}

void SplitExecutor::set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) {
    const Place place = place_of_[projection];
    const Running& running = *running_[place.part];
    auto own = std::make_shared<PlasticityPlan>(*plan);
    own->delays = running.part.plan->plasticity[place.index]->delays;
    on_device(running, [&](Executor& executor) { executor.set_plasticity(place.index, std::move(own)); });
}

void SplitExecutor::signal(uint32_t projection, float value) {
    const Place place = place_of_[projection];
    on_device(*running_[place.part], [&](Executor& executor) { executor.signal(place.index, value); });
}

Slot SplitExecutor::on_part(const Slot& slot, uint32_t& out_part) const {
    if (slot.kind == Slot::state || slot.kind == Slot::activity || slot.kind == Slot::history) {
        out_part = part_of_[slot.index];
        return slot;
    }
    out_part = place_of_[slot.index].part;
    return {slot.kind, place_of_[slot.index].index, slot.sub};
}

size_t SplitExecutor::count(const Slot& slot) const { return slot_count(*plan_, batch_, slot); }

void SplitExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    uint32_t part = 0;
    const Slot own = on_part(slot, part);
    on_device(*running_[part], [&](Executor& executor) { executor.read(own, dtype, out_data); });
}

void SplitExecutor::write(const Slot& slot, DType dtype, const void* data) {
    if (slot.kind == Slot::history) return write_history(slot.index, dtype, data);
    if (slot.kind == Slot::activity && plan_->network->population(slot.index).is_input()) {
        for (const auto& running : running_)
            if (running->part.is_there[slot.index])
                on_device(*running, [&](Executor& executor) { executor.write(slot, dtype, data); });
        return;
    }
    uint32_t part = 0;
    const Slot own = on_part(slot, part);
    on_device(*running_[part], [&](Executor& executor) { executor.write(own, dtype, data); });
}

// To the device that has the population and to those that read it: these know spikes from `lag` steps ago on, and get later
// ones from the link.
void SplitExecutor::write_history(uint32_t population, DType dtype, const void* data) {
    const size_t frame = frame_of(population);
    const size_t depth = plan_->populations[population].history_depth;
    const size_t lag = link_of_[population] != none ? placement_.lag_steps : 0;
    std::vector<float> rows(std::max(depth, lag) * frame, 0.0f);
    convert(dtype, data, DType::float32, rows.data(), depth * frame);
    for (const auto& running : running_) {
        const SplitPart& part = running->part;
        if (!part.is_there[population]) continue;
        const size_t late = part.here[population] ? 0 : lag, own_depth = part.plan->populations[population].history_depth;
        std::vector<float> own(own_depth * frame, 0.0f);
        for (size_t row = 0; row < own_depth && row + late < depth; ++row)
            std::copy_n(rows.data() + (row + late) * frame, frame, own.data() + row * frame);
        if (own_depth > 0)
            on_device(*running, [&](Executor& executor) {
                executor.write({Slot::history, population}, DType::float32, own.data());
            });
    }
    if (lag > 0) links_[link_of_[population]].write_history(now_, rows.data());
}

std::span<const uint32_t> SplitExecutor::active(uint32_t population, uint32_t sample) const {
    return on_device(*running_[part_of_[population]], [&](Executor& executor) { return executor.active(population, sample); });
}

}  // namespace snn
