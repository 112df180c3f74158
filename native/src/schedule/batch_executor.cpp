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

// Samples given one by one, or by micro-batches: the next to the device that is expected to be done first with it.
std::vector<uint32_t> balanced(const Network& network, const std::vector<std::string>& devices, uint32_t microbatch,
                               const ExecutorOptions& options, const std::vector<double>& slowness) {
    std::vector<DeviceSpeed> speeds = speeds_of(devices, options);
    for (size_t d = 0; d < slowness.size(); ++d) speeds[d] = slower(speeds[d], slowness[d]);
    const double work = step_work(network, 1, assumed_activity);
    const uint32_t unit = std::max(microbatch, 1u);
    std::vector<uint32_t> units(devices.size(), 0), samples;
    for (uint32_t first = 0; first < options.batch_size; first += std::min(unit, options.batch_size - first)) {
        uint32_t best = 0;
        double best_s = 0;
        for (uint32_t d = 0; d < devices.size(); ++d) {
            const double seconds = predicted_step_s(speeds[d], work * unit * (units[d] + 1),
                                                    threads_of_part(devices, d, options.thread_count));
            // Where samples cost nothing beside the step, all have some.
            if (d > 0 && (seconds > best_s || (seconds == best_s && units[d] >= units[best]))) continue;
            best = d;
            best_s = seconds;
        }
        ++units[best];
    }
    uint32_t left = options.batch_size;  // only the last micro-batch may be a smaller one
    for (const uint32_t count : units) {
        samples.push_back(static_cast<uint32_t>(std::min<uint64_t>(uint64_t{count} * unit, left)));
        left -= samples.back();
    }
    return samples;
}

// The words after the devices: "microbatch=8", or nothing.
uint32_t microbatch_of(std::string_view device) {
    if (device.find(';') == device.npos) return 0;
    const std::string_view word = device.substr(device.find(';') + 1);
    constexpr std::string_view name = "microbatch=";
    uint32_t count = 0;
    if (!word.starts_with(name))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device '", device.substr(0, 80),
                    "': devices that share the samples have every population; none is placed, and ",
                    "only 'microbatch=NUMBER' may follow");
    const auto [end, failed] = std::from_chars(word.data() + name.size(), word.data() + word.size(), count);
    if (failed != std::errc() || end != word.data() + word.size() || count == 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device: '", word,
                    "' is no micro-batch; expected microbatch=NUMBER, of samples, at least 1");
    return count;
}

// What one executor does.
struct Microbatch {
    uint32_t place;         // of its device
    uint32_t first, count;  // samples
    uint32_t thread_count;
    bool begins_lane;       // it can run while the one before does
};

// A device of the host with several threads has several micro-batches at work at once.
std::vector<Microbatch> microbatches(const Shares& shares, const ExecutorOptions& options) {
    std::vector<Microbatch> found;
    uint32_t first = 0;
    for (uint32_t d = 0; d < shares.devices.size(); ++d) {
        const uint32_t samples = shares.samples[d], most = shares.microbatch ? shares.microbatch : samples;
        if (samples == 0) continue;
        const uint32_t threads = threads_of_part(shares.devices, d, options.thread_count);
        const uint32_t count = (samples - 1) / most + 1, lanes = std::min(threads, count);
        for (uint32_t i = 0; i < count; ++i)
            found.push_back({d, first + i * most, std::min(most, samples - i * most), threads / lanes,
                             i == 0 || uint64_t{i} * lanes / count != uint64_t{i - 1} * lanes / count});
        first += samples;
    }
    return found;
}

ExecutorOptions options_of(const Microbatch& microbatch, const Shares& shares, const ExecutorOptions& options) {
    ExecutorOptions own = options_of_part(options, shares.devices[microbatch.place], microbatch.thread_count);
    own.batch_size = microbatch.count;
    own.first_sample = options.first_sample + microbatch.first;
    return own;
}

uint32_t lane_count(const std::vector<Microbatch>& found) {
    return static_cast<uint32_t>(
        std::count_if(found.begin(), found.end(), [](const Microbatch& one) { return one.begins_lane; }));
}

}  // namespace

std::string Shares::device() const {
    std::string words;
    for (size_t d = 0; d < devices.size(); ++d) words += text(d ? "+" : "", devices[d], "*", samples[d]);
    if (microbatch > 0) words += text(";microbatch=", microbatch);
    return words;
}

Shares make_shares(const Network& network, std::string_view device, const ExecutorOptions& options,
                   const std::vector<double>& slowness) {
    Shares shares{devices_of(device), {}, microbatch_of(device)};
    check_together(shares.devices, device, options);
    uint64_t sum = 0;
    uint32_t given = 0;
    std::string_view left = device.substr(0, device.find(';'));
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
        shares.samples = balanced(network, shares.devices, shares.microbatch, options, slowness);
        return shares;
    }
    if (given < shares.devices.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device '", device,
                    "': some devices are told how many samples they have and some are not");
    if (sum != options.batch_size)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device '", device, "': the devices have ", sum,
                    " samples together; batch_size is ", options.batch_size);
    for (uint32_t d = 0, end = 0; shares.microbatch > 0 && d < shares.devices.size(); ++d) {
        end += shares.samples[d];
        if (end % shares.microbatch != 0 && end != options.batch_size)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device '", device, "': ", shares.samples[d], " samples of '",
                        shares.devices[d], "' are not whole micro-batches of ", shares.microbatch);
    }
    return shares;
}

MemoryEstimate estimate_memory(const Plan& plan, const Shares& shares, const ExecutorOptions& options) {
    MemoryEstimate sum;
    sum.projection_bytes.resize(plan.network->projections().size());
    bool is_first = true;
    for (const Microbatch& microbatch : microbatches(shares, options)) {
        const MemoryEstimate found =
            estimate_memory(plan, shares.devices[microbatch.place], options_of(microbatch, shares, options));
        sum.network_bytes = std::max(sum.network_bytes, found.network_bytes);  // it is one network
        sum.weight_bytes += found.weight_bytes;
        // All have one network and one plan.
        const uint64_t own_state_bytes = found.state_bytes - (is_first ? 0 : found.plan_bytes);
        sum.state_bytes += own_state_bytes;
        sum.new_bytes += is_first ? found.new_bytes : found.weight_bytes + own_state_bytes;
        sum.plan_bytes = found.plan_bytes;
        for (const auto& [device, bytes] : found.device_bytes) sum.device_bytes[device] += bytes;
        for (size_t q = 0; q < sum.projection_bytes.size(); ++q) sum.projection_bytes[q] += found.projection_bytes[q];
        is_first = false;
    }
    return sum;
}

BatchExecutor::BatchExecutor(std::shared_ptr<const Plan> plan, Shares shares, const ExecutorOptions& options)
    : plan_(std::move(plan)),
      shares_(std::move(shares)),
      batch_(options.batch_size),
      in_double_((options.flags & SNN_FLAG_FLOAT64) != 0),
      pool_(width_of(lane_count(microbatches(shares_, options)), options), {}),
      observation_(shares_.devices.size()) {
    check_shared_weights(options, joined_devices(shares_.devices, true));
    for (const Microbatch& microbatch : microbatches(shares_, options)) {
        if (microbatch.begins_lane) lanes_.emplace_back();
        lanes_.back().push_back(static_cast<uint32_t>(running_.size()));
        Running running{};
        running.place = microbatch.place;
        running.first = microbatch.first;
        running.count = microbatch.count;
        const std::string& device = shares_.devices[microbatch.place];
        try {
            running.executor = find_backend(device).open(plan_, options_of(microbatch, shares_, options));
        } catch (...) {
            rethrow_as_failure(device, microbatch.place);
        }
        check_bits(*running.executor, device, shares_.devices, joined_devices(shares_.devices, true));
        running_.push_back(std::move(running));
    }
}

std::string BatchExecutor::without(uint32_t place) const {
    return without_device(device(), place);
}

// How long a step of its samples takes each device, as it was measured.
std::vector<double> expected_step_s(const Network& network, const Shares& shares, const ExecutorOptions& options,
                                    const std::vector<DeviceSpeed>& speeds) {
    const double work = step_work(network, 1, assumed_activity);
    std::vector<double> seconds;
    for (uint32_t d = 0; d < speeds.size(); ++d)
        seconds.push_back(shares.samples[d] == 0 ? 0.0
                                                 : predicted_step_s(speeds[d], work * shares.samples[d],
                                                                    threads_of_part(shares.devices, d, options.thread_count)));
    return seconds;
}

std::string BatchExecutor::better(std::string_view asked, const ExecutorOptions& options, std::vector<double>& io_slowness) {
    if (training_ || shares_.microbatch > 0) return {};  // other shares would round gradients otherwise
    const std::vector<DeviceSpeed> speeds = speeds_of(shares_.devices, options);
    const std::vector<double> present = expected_step_s(*plan_->network, shares_, options, speeds);
    observation_.conclude(present, io_slowness);
    const Shares found = make_shares(*plan_->network, asked, options, io_slowness);
    const std::vector<double> moved = expected_step_s(*plan_->network, found, options, speeds);
    double present_s = 0, better_s = 0;
    for (size_t d = 0; d < speeds.size(); ++d) {
        present_s = std::max(present_s, present[d] * io_slowness[d]);
        better_s = std::max(better_s, moved[d] * io_slowness[d]);
    }
    return observation_.is_worth_a_move(present_s, better_s) ? found.device() : std::string();
}

std::string BatchExecutor::description() const {
    std::string words;
    uint32_t first = 0;
    for (size_t d = 0; d < shares_.devices.size(); first += shares_.samples[d++])
        if (shares_.samples[d] > 0)
            words += text(words.empty() ? "" : "; ", "samples ", first, " to ", first + shares_.samples[d] - 1, " on ",
                          shares_.devices[d]);
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

// use(running), those of one lane one after the other; the first error comes out.
template <class Use>
void BatchExecutor::on_all_at_once(Use&& use) {
    pool_.run(static_cast<uint32_t>(lanes_.size()), [&](uint32_t lane) {
        for (const uint32_t k : lanes_[lane]) {
            try {
                use(running_[k]);
            } catch (...) {
                running_[k].error = std::current_exception();
                return;
            }
        }
    });
    std::exception_ptr first;
    for (Running& running : running_)
        if (std::exception_ptr error = std::exchange(running.error, nullptr); error && !first) first = error;
    failed_ |= first != nullptr;
    if (first) std::rethrow_exception(first);
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
    check_whole();
    if (lost_with_weights_) std::rethrow_exception(lost_with_weights_);
    if (request.tape) {
        ++taped_runs_;
        if (!training_)
            training_ = on_device(running_.front(), [&](const Executor& executor) {
                return std::make_unique<SharedTraining>(plan_, in_double_, executor);
            });
        training_->forget_gradients();
    }
    on_all_at_once([&](Running& io_running) { run_part(io_running, request); });
    observation_.count(request.step_count);
    merge_events(request);
}

// The samples of one part lie together in every frame.
void BatchExecutor::run_part(Running& io_running, const RunRequest& request) {
    io_running.inputs.assign(request.inputs.begin(), request.inputs.end());
    io_running.records.assign(request.records.begin(), request.records.end());
    io_running.events.assign(request.events.begin(), request.events.end());
    for (InputFrames& input : io_running.inputs) {
        input.data += io_running.first * size_of_population(input.population);
        if (input.offsets) input.offsets += io_running.first;
    }
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
    io_running.dropout.assign(request.dropout.begin(), request.dropout.end());
    for (DropoutMask& mask : io_running.dropout) mask.kept += io_running.first * size_of_population(mask.population);
    RunRequest own = request;
    own.dropout = io_running.dropout;
    own.inputs = io_running.inputs;
    own.records = io_running.records;
    own.events = io_running.events;
    const auto run = [&] { on_device(io_running, [&](Executor& executor) { executor.run(own); }); };
    if (shares_.microbatch == 0) observation_.time(io_running.place, run);
    else run();
}

// By step, then by sample, as one device would tell them.
void BatchExecutor::merge_events(const RunRequest& request) const {
    if (request.events.empty()) return;  // a step allocates nothing
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

// ---- Training

Trainable* BatchExecutor::trainable() {
    const bool all =
        std::all_of(running_.begin(), running_.end(), [](const Running& running) { return running.executor->trainable(); });
    return all ? this : nullptr;
}

void BatchExecutor::go_back(Running& io_running, std::span<const OutputGradient> gradients,
                            std::span<const InputGradient> inputs) const {
    const auto offset = [&](const auto& frames) {
        return io_running.first * size_of_population(frames.population) * size_of(frames.dtype);
    };
    io_running.output_gradients.assign(gradients.begin(), gradients.end());
    io_running.input_gradients.assign(inputs.begin(), inputs.end());
    for (OutputGradient& gradient : io_running.output_gradients)
        gradient.data = static_cast<const char*>(gradient.data) + offset(gradient);
    for (InputGradient& gradient : io_running.input_gradients)
        gradient.data = static_cast<char*>(gradient.data) + offset(gradient);
    on_device(io_running, [&](Executor& executor) {
        executor.trainable()->backward(io_running.output_gradients, io_running.input_gradients);
    });
}

void BatchExecutor::backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    on_all_at_once([&](Running& io_running) { go_back(io_running, gradients, inputs); });
    for (const Running& running : running_)
        on_device(running, [&](Executor& executor) { training_->add_gradients(executor, &running == running_.data()); });
    training_->finish_gradients();
}

std::unique_ptr<OptimizerMemory> BatchExecutor::make_optimizer_memory(uint32_t optimizer) {
    return SharedTraining::make_optimizer_memory(*plan_, optimizer);
}

void BatchExecutor::update(const OptimizerStep& step, OptimizerMemory& memory) {
    if (!training_ || !training_->has_gradients())
        throw Error(SNN_ERROR_DEVICE_LOST, "the gradients were lost with a device that failed since; begin again with forward");
    training_->update(step, memory, pool_);
    training_->for_weights([&](const Slot& slot, DType dtype, const void* values) {
        give_trained([&](Executor& executor) { executor.write(slot, dtype, values); });
    });
}

// The host has them: a device that does not take them is what the next run fails of, and gradients stay until then.
template <class Use>
void BatchExecutor::give_trained(Use&& use) {
    try {
        on_all(use);
    } catch (...) {
        lost_with_weights_ = std::current_exception();
    }
}

// ---- Variables

size_t BatchExecutor::count(const Slot& slot) const { return slot_count(*plan_, batch_, slot); }

// Rows of [batch][size], of which each part has a piece; of a state there is one row, which needs no memory between.
void BatchExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    if (training_ && training_->has(slot)) return training_->read(slot, dtype, out_data);
    check_whole();
    if (!is_by_sample(slot.kind))
        return on_device(running_.front(), [&](Executor& executor) { executor.read(slot, dtype, out_data); });
    const size_t frame = batch_ * size_of_population(slot.index) * size_of(dtype);
    for (const Running& running : running_) {
        const size_t piece = running.count * size_of_population(slot.index) * size_of(dtype);
        const size_t bytes = on_device(running, [&](Executor& executor) { return executor.count(slot); }) * size_of(dtype);
        std::byte* const place = static_cast<std::byte*>(out_data) + running.first * (piece / running.count);
        if (bytes == piece) {
            on_device(running, [&](Executor& executor) { executor.read(slot, dtype, place); });
            continue;
        }
        std::vector<std::byte> own(bytes);
        on_device(running, [&](Executor& executor) { executor.read(slot, dtype, own.data()); });
        for (size_t row = 0; piece > 0 && row < bytes / piece; ++row)
            std::memcpy(place + row * frame, own.data() + row * piece, piece);
    }
}

void BatchExecutor::write(const Slot& slot, DType dtype, const void* data) {
    if (training_ && training_->has(slot)) {
        training_->write(slot, dtype, data);
        return give_trained([&](Executor& executor) { executor.write(slot, dtype, data); });
    }
    if (!is_by_sample(slot.kind)) return on_all([&](Executor& executor) { executor.write(slot, dtype, data); });
    const size_t frame = batch_ * size_of_population(slot.index) * size_of(dtype);
    for (const Running& running : running_) {
        const size_t piece = running.count * size_of_population(slot.index) * size_of(dtype);
        const size_t bytes = on_device(running, [&](Executor& executor) { return executor.count(slot); }) * size_of(dtype);
        const std::byte* const place = static_cast<const std::byte*>(data) + running.first * (piece / running.count);
        if (bytes == piece) {
            on_device(running, [&](Executor& executor) { executor.write(slot, dtype, place); });
            continue;
        }
        std::vector<std::byte> own(bytes);
        for (size_t row = 0; piece > 0 && row < bytes / piece; ++row)
            std::memcpy(own.data() + row * piece, place + row * frame, piece);
        on_device(running, [&](Executor& executor) { executor.write(slot, dtype, own.data()); });
    }
}

std::span<const uint32_t> BatchExecutor::active(uint32_t population, uint32_t sample) const {
    check_whole();
    const auto found = std::find_if(running_.begin(), running_.end(),
                                    [&](const Running& running) { return sample < running.first + running.count; });
    return on_device(*found, [&](Executor& executor) { return executor.active(population, sample - found->first); });
}

}  // namespace snn
