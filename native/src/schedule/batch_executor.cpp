#include "schedule/batch_executor.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "backend/slots.h"
#include "schedule/device_choice.h"
#include "schedule/device_speed.h"

namespace snn {

namespace {

bool is_by_sample(Slot::Kind kind) { return kind == Slot::state || kind == Slot::activity || kind == Slot::history; }

// Samples given one by one, each to the device that is expected to be done first with it.
std::vector<uint32_t> balanced(const Network& network, const std::vector<std::string>& devices,
                               const ExecutorOptions& options) {
    const std::vector<DeviceSpeed> speeds = speeds_of(devices);
    const double work = step_work(network, 1, assumed_activity);
    std::vector<uint32_t> samples(devices.size(), 0);
    for (uint32_t sample = 0; sample < options.batch_size; ++sample) {
        uint32_t best = 0;
        double best_s = 0;
        for (uint32_t d = 0; d < devices.size(); ++d) {
            const double seconds =
                predicted_step_s(speeds[d], work * (samples[d] + 1), threads_of_part(devices, d, options.thread_count));
            if (d > 0 && seconds >= best_s) continue;
            best = d;
            best_s = seconds;
        }
        ++samples[best];
    }
    return samples;
}

}  // namespace

std::string Shares::device() const {
    std::string words;
    for (size_t d = 0; d < devices.size(); ++d) words += text(d ? "+" : "", devices[d], "*", samples[d]);
    return words;
}

Shares make_shares(const Network& network, std::string_view device, const ExecutorOptions& options) {
    if (device.find(';') != device.npos)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device '", device.substr(0, 80),
                    "': devices that share the samples have every population; ", "none is placed");
    Shares shares{devices_of(device), {}};
    check_together(shares.devices, device);
    uint64_t sum = 0;
    uint32_t given = 0;
    std::string_view left = device;
    for (const std::string& name : shares.devices) {
        const std::string_view word = left.substr(0, left.find('+'));
        left.remove_prefix(std::min(word.size() + 1, left.size()));
        const std::string_view number = word.substr(std::min(name.size() + 1, word.size()));
        uint32_t count = 0;
        const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), count);
        if (word.size() == name.size() || (!number.empty() && (failed != std::errc() || end != number.data() + number.size())))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", word,
                        "' is no share of a batch; expected DEVICE*NUMBER, of samples, or ", "DEVICE* for all devices");
        given += !number.empty();
        sum += count;
        shares.samples.push_back(count);
    }
    if (given == 0) {
        shares.samples = balanced(network, shares.devices, options);
        return shares;
    }
    if (given < shares.devices.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device '", device,
                    "': some devices are told how many samples they have and some are not");
    if (sum != options.batch_size)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device '", device, "': the devices have ", sum,
                    " samples together; batch_size is ", options.batch_size);
    return shares;
}

MemoryEstimate estimate_memory(const Plan& plan, const Shares& shares, const ExecutorOptions& options) {
    MemoryEstimate sum;
    sum.projection_bytes.resize(plan.network->projections().size());
    bool is_first = true;
    for (uint32_t d = 0; d < shares.devices.size(); ++d) {
        if (shares.samples[d] == 0) continue;
        ExecutorOptions own =
            options_of_part(options, shares.devices[d], threads_of_part(shares.devices, d, options.thread_count));
        own.batch_size = shares.samples[d];
        const MemoryEstimate found = estimate_memory(plan, shares.devices[d], own);
        sum.network_bytes = std::max(sum.network_bytes, found.network_bytes);  // it is one network
        sum.weight_bytes += found.weight_bytes;
        sum.state_bytes += found.state_bytes;
        sum.new_bytes += is_first ? found.new_bytes : found.weight_bytes + found.state_bytes;
        for (size_t q = 0; q < sum.projection_bytes.size(); ++q) sum.projection_bytes[q] += found.projection_bytes[q];
        is_first = false;
    }
    return sum;
}

BatchExecutor::BatchExecutor(std::shared_ptr<const Plan> plan, Shares shares, const ExecutorOptions& options)
    : plan_(std::move(plan)),
      shares_(std::move(shares)),
      batch_(options.batch_size),
      pool_(width_of(shares_.devices.size(), options), {}) {
    check_shared_weights(options, joined_devices(shares_.devices, true));
    uint32_t first = 0;
    for (uint32_t d = 0; d < shares_.devices.size(); ++d) {
        const uint32_t count = shares_.samples[d];
        if (count == 0) continue;
        ExecutorOptions own =
            options_of_part(options, shares_.devices[d], threads_of_part(shares_.devices, d, options.thread_count));
        own.batch_size = count;
        own.first_sample = options.first_sample + first;
        try {
            running_.push_back({d, first, count, find_backend(shares_.devices[d]).open(plan_, own), {}, {}, {}, {}, nullptr});
        } catch (...) {
            rethrow_as_failure(shares_.devices[d], d);
        }
        first += count;
    }
}

std::string BatchExecutor::without(uint32_t place) const {
    std::vector<std::string> left = shares_.devices;
    left.erase(left.begin() + place);
    return joined_devices(left, true);
}

std::string BatchExecutor::description() const {
    std::string words;
    for (const Running& running : running_)
        words += text(words.empty() ? "" : "; ", "samples ", running.first, " to ", running.first + running.count - 1, " on ",
                      shares_.devices[running.place]);
    return words;
}

// ---- All of them

template <class Use>
decltype(auto) BatchExecutor::on_device(const Running& running, Use&& use) const {
    try {
        return use(*running.executor);
    } catch (...) {
        rethrow_as_failure(shares_.devices[running.place], running.place);
    }
}

template <class Use>
void BatchExecutor::on_all(Use&& use) const {
    for (const Running& running : running_) on_device(running, use);
}

void BatchExecutor::reset_state() {
    on_all([](Executor& executor) { executor.reset_state(); });
    failed_ = false;
}

void BatchExecutor::set_constants(uint32_t population, const PopulationConstants& constants) {
    on_all([&](Executor& executor) { executor.set_constants(population, constants); });
}

void BatchExecutor::set_seed(uint64_t seed) {
    on_all([&](Executor& executor) { executor.set_seed(seed); });
}

void BatchExecutor::set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) {
    on_all([&](Executor& executor) { executor.set_plasticity(projection, plan); });
}

void BatchExecutor::signal(uint32_t projection, float value) {
    on_all([&](Executor& executor) { executor.signal(projection, value); });
}

ExecutorCounters BatchExecutor::counters() const {
    ExecutorCounters sum;
    on_all([&](Executor& executor) {
        const ExecutorCounters own = executor.counters();
        sum.steps = own.steps;
        sum.spikes += own.spikes;
        sum.input_spikes += own.input_spikes;
        sum.synaptic_events += own.synaptic_events;
        sum.synaptic_operations += own.synaptic_operations;
    });
    return sum;
}

// ---- Running

void BatchExecutor::run(const RunRequest& request) {
    if (failed_)
        throw Error(SNN_ERROR_DEVICE_LOST,
                    "a device of this session failed in an earlier run, and the others are ahead of it; reset ",
                    "the session or load a state to go on");
    pool_.run(static_cast<uint32_t>(running_.size()), [&](uint32_t k) {
        try {
            run_part(running_[k], request);
        } catch (...) {
            running_[k].error = std::current_exception();
        }
    });
    std::exception_ptr first;
    for (Running& running : running_)
        if (std::exception_ptr error = std::exchange(running.error, nullptr); error && !first) first = error;
    failed_ = first != nullptr;
    if (first) std::rethrow_exception(first);
    merge_events(request);
}

// The samples of one part lie together in every frame.
void BatchExecutor::run_part(Running& io_running, const RunRequest& request) const {
    io_running.inputs.assign(request.inputs.begin(), request.inputs.end());
    io_running.records.assign(request.records.begin(), request.records.end());
    io_running.events.assign(request.events.begin(), request.events.end());
    for (InputFrames& input : io_running.inputs) input.data += io_running.first * size_of_population(input.population);
    for (RecordFrames& record : io_running.records)
        record.data =
            static_cast<char*>(record.data) + io_running.first * size_of_population(record.population) * size_of(record.dtype);
    io_running.event_memory.resize(3 * io_running.events.size());
    for (size_t i = 0; i < io_running.events.size(); ++i) {
        EventRecord& record = io_running.events[i];
        const size_t room = size_t{request.step_count} * io_running.count * size_of_population(record.population);
        std::vector<uint32_t>* const memory = io_running.event_memory.data() + 3 * i;
        for (uint32_t k = 0; k < 3; ++k)
            if (memory[k].size() < room) memory[k].resize(room);
        record.steps = memory[0].data();
        record.neurons = memory[1].data();
        record.samples = memory[2].data();
        record.count = 0;
    }
    RunRequest own = request;
    own.inputs = io_running.inputs;
    own.records = io_running.records;
    own.events = io_running.events;
    on_device(io_running, [&](Executor& executor) { executor.run(own); });
}

// By step, then by sample, as one device would tell them.
void BatchExecutor::merge_events(const RunRequest& request) const {
    std::vector<size_t> next(running_.size());
    for (size_t i = 0; i < request.events.size(); ++i) {
        EventRecord& wanted = request.events[i];
        std::fill(next.begin(), next.end(), 0);
        for (uint32_t step = wanted.first_step; step != wanted.first_step + request.step_count; ++step)
            for (size_t k = 0; k < running_.size(); ++k) {
                const EventRecord& events = running_[k].events[i];
                for (size_t& at = next[k]; at < events.count && events.steps[at] == step; ++at, ++wanted.count) {
                    wanted.steps[wanted.count] = step;
                    wanted.neurons[wanted.count] = events.neurons[at];
                    if (wanted.samples) wanted.samples[wanted.count] = running_[k].first + events.samples[at];
                }
            }
    }
}

// ---- Variables

size_t BatchExecutor::count(const Slot& slot) const { return slot_count(*plan_, batch_, slot); }

// Rows of [batch][size], of which each part has a piece.
void BatchExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    if (!is_by_sample(slot.kind))
        return on_device(running_.front(), [&](Executor& executor) { executor.read(slot, dtype, out_data); });
    const size_t frame = batch_ * size_of_population(slot.index) * size_of(dtype);
    for (const Running& running : running_) {
        const size_t piece = running.count * size_of_population(slot.index) * size_of(dtype);
        std::vector<std::byte> own(on_device(running, [&](Executor& executor) { return executor.count(slot); }) *
                                   size_of(dtype));
        on_device(running, [&](Executor& executor) { executor.read(slot, dtype, own.data()); });
        for (size_t row = 0; piece > 0 && row < own.size() / piece; ++row)
            std::memcpy(static_cast<std::byte*>(out_data) + row * frame + running.first * (piece / running.count),
                        own.data() + row * piece, piece);
    }
}

void BatchExecutor::write(const Slot& slot, DType dtype, const void* data) {
    if (!is_by_sample(slot.kind)) return on_all([&](Executor& executor) { executor.write(slot, dtype, data); });
    const size_t frame = batch_ * size_of_population(slot.index) * size_of(dtype);
    for (const Running& running : running_) {
        const size_t piece = running.count * size_of_population(slot.index) * size_of(dtype);
        std::vector<std::byte> own(on_device(running, [&](Executor& executor) { return executor.count(slot); }) *
                                   size_of(dtype));
        for (size_t row = 0; piece > 0 && row < own.size() / piece; ++row)
            std::memcpy(own.data() + row * piece,
                        static_cast<const std::byte*>(data) + row * frame + running.first * (piece / running.count), piece);
        on_device(running, [&](Executor& executor) { executor.write(slot, dtype, own.data()); });
    }
}

std::span<const uint32_t> BatchExecutor::active(uint32_t population, uint32_t sample) const {
    const auto found = std::find_if(running_.begin(), running_.end(),
                                    [&](const Running& running) { return sample < running.first + running.count; });
    return on_device(*found, [&](Executor& executor) { return executor.active(population, sample - found->first); });
}

}  // namespace snn
