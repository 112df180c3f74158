#include "schedule/split_executor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "backend/slots.h"
#include "common/error.h"

namespace snn {

namespace {

ExecutorOptions options_of(const SplitPart& part, const ExecutorOptions& options) {
    ExecutorOptions own = options;
    own.device = device_choice(part.device);
    own.thread_count = part.thread_count;
    return own;
}

// The host's job system and allocator are called from the thread that calls us: with one of them, parts run one after the other.
uint32_t width_of(const Split& split, const ExecutorOptions& options) {
    const bool alone = options.job_system.parallel_for || options.allocator.allocate;
    return alone ? 1 : static_cast<uint32_t>(split.parts.size());
}

}  // namespace

Split make_split(const Plan& plan, std::string_view device, const ExecutorOptions& options) {
    if (options.flags & (SNN_FLAG_INPUT_GRADIENTS | SNN_FLAG_SMOOTH_SPIKES))
        throw Error(SNN_ERROR_UNSUPPORTED, "several devices do not train together: SNN_FLAG_INPUT_GRADIENTS and ",
                    "SNN_FLAG_SMOOTH_SPIKES need one device, not '", device, "'");
    check_shared_weights(options, device);
    const Network& network = *plan.network;
    Split split{place(network, device, options), {}};
    const std::vector<uint32_t>& of_population = split.placement.of_population;
    for (uint32_t d = 0; d < split.placement.devices.size(); ++d) {
        SplitPart part{split.placement.devices[d], threads_of_part(split.placement, d, options.thread_count), {}, {}, nullptr};
        for (const uint32_t at : of_population) part.here.push_back(at == d);
        if (std::find(part.here.begin(), part.here.end(), 1) == part.here.end()) continue;
        for (uint32_t q = 0; q < network.projections().size(); ++q)
            if (part.here[network.projections()[q].target]) part.projections.push_back(q);
        Plan own = make_plan(network.part(part.here, split.placement.window_steps));
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
        const MemoryEstimate own = estimate_memory(*part.plan, part.device, options_of(part, options));
        sum.network_bytes += own.network_bytes;
        sum.weight_bytes += own.weight_bytes;
        sum.state_bytes += own.state_bytes;
        sum.new_bytes += own.new_bytes;
        for (size_t q = 0; q < part.projections.size(); ++q) sum.projection_bytes[part.projections[q]] = own.projection_bytes[q];
    }
    return sum;
}

SplitExecutor::SplitExecutor(std::shared_ptr<const Plan> plan, Split split, const ExecutorOptions& options)
    : plan_(std::move(plan)),
      placement_(std::move(split.placement)),
      batch_(options.batch_size),
      silence_(options.batch_size, 0.0f),
      pool_(width_of(split, options), {}) {
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
        SplitPart& part = split.parts[k];
        for (uint32_t p = 0; p < populations.size(); ++p)
            if (part.here[p]) part_of_[p] = k;
        for (uint32_t q = 0; q < part.projections.size(); ++q) {
            place_of_[part.projections[q]] = {k, q};
            const uint32_t source = network.projections()[part.projections[q]].source;
            if (part.here[source] || populations[source].is_input() || link_of_[source] != none) continue;
            link_of_[source] = static_cast<uint32_t>(links_.size());
            const size_t room = size_t{placement_.window_steps} * frame_of(source);
            links_.push_back({source, frame_of(source), std::vector<float>(room, 0.0f), std::vector<uint32_t>(room),
                              std::vector<uint32_t>(room), std::vector<uint32_t>(room)});
        }
        std::unique_ptr<Executor> executor = find_backend(part.device).open(part.plan, options_of(part, options));
        running_.push_back({std::move(part), std::move(executor), {}, {}, {}, nullptr});
    }
}

uint32_t SplitExecutor::frame_of(uint32_t population) const { return batch_ * plan_->network->population(population).size; }

std::string SplitExecutor::description() const {
    std::string words = placement_.description(*plan_->network);
    if (placement_.window_steps > 0) words += text(", spikes exchanged after every ", placement_.window_steps, " steps");
    return words;
}

void SplitExecutor::reset_state() {
    for (Running& running : running_) running.executor->reset_state();
    for (Link& link : links_) std::fill(link.late.begin(), link.late.end(), 0.0f);
    now_ = input_spikes_ = 0;
    failed_ = false;
}

// ---- Running

void SplitExecutor::run(const RunRequest& request) {
    if (failed_)
        throw Error(SNN_ERROR_DEVICE_LOST, "a device of this session failed in an earlier run, and the others are ahead of it; reset ",
                    "the session or load a state to go on");
    for (uint32_t done = 0; done < request.step_count;) {
        uint32_t steps = request.step_count - done;
        if (placement_.window_steps > 0)  // no window is left behind, so that its steps lie together in `late`
            steps = std::min(steps, placement_.window_steps - static_cast<uint32_t>(now_ % placement_.window_steps));
        run_parts(request, done, steps);
        take_spikes(request, done, steps);
        now_ += steps;
        done += steps;
    }
    count_inputs(request);
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
        const Population& whole = plan_->network->population(p);
        if (!whole.is_input() && link_of_[p] != none && populations[p].size == whole.size) {
            const Link& link = links_[link_of_[p]];
            const size_t row = placement_.window_steps > 1 ? now_ % placement_.window_steps : 0;
            io_running.inputs.push_back({p, link.late.data() + row * link.frame, steps > 1 ? link.frame : 0u});
        } else if (whole.is_input() && populations[p].size == whole.size) {
            InputFrames frames = request.inputs[frame_place_of_[p]];
            frames.data += done * frames.step_stride;
            io_running.inputs.push_back(frames);
        } else {
            io_running.inputs.push_back({p, silence_.data(), 0});
        }
    }
    for (RecordFrames frames : request.records) {
        if (!part.here[frames.population]) continue;
        frames.data = static_cast<char*>(frames.data) + rows_before * frames.step_stride * size_of(frames.dtype);
        io_running.records.push_back(frames);
    }
    for (EventRecord events : request.events) {
        if (!part.here[events.population] || link_of_[events.population] != none) continue;
        events.first_step += done;
        io_running.events.push_back(events);
    }
    for (Link& link : links_)
        if (part.here[link.population])
            io_running.events.push_back({link.population, 0, link.steps.data(), link.neurons.data(), link.samples.data(), 0});
}

void SplitExecutor::run_parts(const RunRequest& request, uint32_t done, uint32_t steps) {
    for (Running& running : running_) prepare(running, request, done, steps);
    pool_.run(static_cast<uint32_t>(running_.size()), [&](uint32_t k) {
        Running& running = running_[k];
        RunRequest own;
        own.first_step = request.first_step + done;
        own.step_count = steps;
        own.inputs = running.inputs;
        own.records = running.records;
        own.record_interval = request.record_interval;
        own.record_phase = static_cast<uint32_t>((uint64_t{request.record_phase} + done) % request.record_interval);
        own.events = running.events;
        try {
            running.executor->run(own);
        } catch (...) {
            running.error = std::current_exception();
        }
    });
    for (Running& running : running_) failed_ |= running.error != nullptr;
    for (Running& running : running_)
        if (running.error) std::rethrow_exception(std::exchange(running.error, nullptr));
}

// After the steps from `done` on: spikes to those that read them late, and to the caller.
void SplitExecutor::take_spikes(const RunRequest& request, uint32_t done, uint32_t steps) {
    for (const Running& running : running_)
        for (const EventRecord& events : running.events) {
            if (link_of_[events.population] != none) {
                links_[link_of_[events.population]].count = events.count;
                continue;
            }
            for (EventRecord& wanted : request.events)
                if (wanted.population == events.population) wanted.count = events.count;
        }
    for (Link& link : links_) {
        const uint32_t size = plan_->network->population(link.population).size;
        float* const rows = link.late.data() + now_ % placement_.window_steps * link.frame;
        std::fill_n(rows, size_t{steps} * link.frame, 0.0f);
        for (size_t i = 0; i < link.count; ++i)
            rows[size_t{link.steps[i]} * link.frame + size_t{link.samples[i]} * size + link.neurons[i]] = 1.0f;
    }
    for (EventRecord& wanted : request.events) {
        if (link_of_[wanted.population] == none) continue;
        const Link& link = links_[link_of_[wanted.population]];
        for (size_t i = 0; i < link.count; ++i, ++wanted.count) {
            wanted.steps[wanted.count] = wanted.first_step + done + link.steps[i];
            wanted.neurons[wanted.count] = link.neurons[i];
            if (wanted.samples) wanted.samples[wanted.count] = link.samples[i];
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
    for (const Running& running : running_) {
        const ExecutorCounters own = running.executor->counters();
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
    part_of(population).executor->set_constants(population, constants);
}

void SplitExecutor::set_seed(uint64_t seed) {
    for (Running& running : running_) running.executor->set_seed(seed);
}

void SplitExecutor::set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) {
    const Place place = place_of_[projection];
    Running& running = running_[place.part];
    auto own = std::make_shared<PlasticityPlan>(*plan);
    own->delays = running.part.plan->plasticity[place.index]->delays;
    running.executor->set_plasticity(place.index, std::move(own));
}

void SplitExecutor::signal(uint32_t projection, float value) {
    const Place place = place_of_[projection];
    running_[place.part].executor->signal(place.index, value);
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
    running_[part].executor->read(own, dtype, out_data);
}

void SplitExecutor::write(const Slot& slot, DType dtype, const void* data) {
    if (slot.kind == Slot::history) return write_history(slot.index, dtype, data);
    if (slot.kind == Slot::activity && plan_->network->population(slot.index).is_input()) {
        for (Running& running : running_)
            if (running.part.plan->network->population(slot.index).size == plan_->network->population(slot.index).size)
                running.executor->write(slot, dtype, data);
        return;
    }
    uint32_t part = 0;
    const Slot own = on_part(slot, part);
    running_[part].executor->write(own, dtype, data);
}

// To the device that has the population and to those that read it: these know spikes from `window` steps ago on, and get later
// ones from `late`.
void SplitExecutor::write_history(uint32_t population, DType dtype, const void* data) {
    const size_t frame = frame_of(population);
    const size_t depth = plan_->populations[population].history_depth;
    std::vector<float> rows(depth * frame);
    convert(dtype, data, DType::float32, rows.data(), rows.size());
    const bool is_linked = link_of_[population] != none;
    const size_t window = is_linked ? placement_.window_steps : 0;
    for (uint32_t k = 0; k < running_.size(); ++k) {
        const SplitPart& part = running_[k].part;
        if (part.plan->network->population(population).size != plan_->network->population(population).size) continue;
        const size_t late = part.here[population] ? 0 : window;
        std::vector<float> own(part.plan->populations[population].history_depth * frame, 0.0f);
        for (size_t row = 0; row < own.size() / std::max<size_t>(1, frame) && row + late < depth; ++row)
            std::copy_n(rows.data() + (row + late) * frame, frame, own.data() + row * frame);
        if (!own.empty()) running_[k].executor->write({Slot::history, population}, DType::float32, own.data());
    }
    if (!is_linked) return;
    Link& link = links_[link_of_[population]];
    for (size_t row = 0; row < std::min(window, depth); ++row)
        std::copy_n(rows.data() + row * frame, frame, link.late.data() + (now_ + window - 1 - row) % window * frame);
}

std::span<const uint32_t> SplitExecutor::active(uint32_t population, uint32_t sample) const {
    return running_[part_of_[population]].executor->active(population, sample);
}

}  // namespace snn
