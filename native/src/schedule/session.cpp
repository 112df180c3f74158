// Entering, time, inputs and runs of a session. Its devices: session_opening.cpp; what it reads and writes by name: session_variables.cpp.
#include "schedule/session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <thread>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "backend/slots.h"
#include "common/error.h"
#include "common/machine.h"
#include "common/values.h"
#include "schedule/checks.h"

namespace snn {

namespace {

// Of runs that report by the clock: steps are as many as take about so long.
constexpr double report_seconds = 0.02;
constexpr uint32_t most_report_steps = 1u << 20;

std::atomic<uint32_t> forks{0};

void watch_forks() {
#if !defined(_WIN32)
    static const int registered = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1); });
    (void)registered;
#endif
}

// Most steps of one advance() where nobody says: a quarter of a second of simulated time, at least 100.
uint32_t usual_catch_up(double dt_ms) {
    return static_cast<uint32_t>(std::clamp(std::floor(250.0 / dt_ms + 1e-6), 100.0, 4294967295.0));
}

double monotonic_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Frames of an input, [step][sample][size], or one that is held: every value is finite, of a spike input 0 or 1.
void check_frames(const float* values, size_t count, const Population& input, uint32_t first_sample, uint32_t sample_count, bool held) {
    const bool spikes = input.kind == SNN_POPULATION_SPIKE_INPUT;
    const size_t i = spikes ? first_no_spike(values, count) : first_not_finite(values, count);
    if (i >= count) return;
    throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", input.name, "' is ", values[i], " at ",
                held ? std::string() : text("step ", i / input.size / sample_count, ", "), "sample ",
                first_sample + i / input.size % sample_count, ", neuron ", i % input.size, spikes ? "; a spike input takes 0 and 1 only" : "; values must be finite");
}

// The product of the run's dimensions, refused when it cannot be an array size.
size_t checked_product(size_t a, size_t b, std::string_view what) {
    if (b != 0 && a > SIZE_MAX / 8 / b)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", a, " times ", b, " values do not fit in memory");
    return a * b;
}

}  // namespace

// ---- Entry ------------------------------------------------------------------------------------------------------------

const void* Session::this_thread() {
    static thread_local char token;
    return &token;
}

Session::Entry::Entry(Session& session, uint32_t access) : session_(session) {
    if (session.fork_count_ != forks.load(std::memory_order_relaxed))
        throw Error(SNN_ERROR_FORKED, "the session belongs to the parent process; open a new one after fork()");
    if (session.closed_.load(std::memory_order_acquire))
        throw Error(SNN_ERROR_INVALID_HANDLE, "the session of this trainer has been destroyed");
    Holder now = Holder::none;
    while (!session.holder_.compare_exchange_weak(now, Holder::call)) {
        if (now == Holder::call) {
            if (session.callback_thread_.load(std::memory_order_acquire) != this_thread())
                throw Error(SNN_ERROR_BUSY, "another thread is inside this session; a session takes one thread at a time");
            if (!(access & reading))
                throw Error(SNN_ERROR_BUSY, "a callback of this session may only read from it");
            nested_ = true;
            return;
        }
        if (now == Holder::ending) std::this_thread::yield();  // another thread has released a trainer: soon done
        now = Holder::none;
    }
    if (!session.under_way_ || access & aside) return;
    session.leave();
    throw Error(SNN_ERROR_BUSY, "steps of this session are under way; snn_session_poll tells when they are done");
}

Session::Entry::~Entry() {
    if (!nested_) session_.leave();
}

// Whoever disowns after the last look here finds that no one has the session, and ends it alone. While steps are under way the
// executor is theirs: the call that sees them done ends what was disowned.
void Session::leave() noexcept {
    if (under_way_) return holder_.store(Holder::none);
    for (;;) {
        if (has_disowned_.load()) end_disowned();
        holder_.store(Holder::none);
        if (!has_disowned_.load()) return;
        Holder now = Holder::none;
        if (!holder_.compare_exchange_strong(now, Holder::ending)) return;  // who has it now does it
    }
}

void Session::end_disowned() noexcept {
    has_disowned_.store(false);
    for (;;) {
        std::shared_ptr<void> ending;  // ends after the lock
        const std::lock_guard<std::mutex> lock(owned_mutex_);
        if (disowned_.empty()) return;
        ending = std::move(disowned_.back());
        disowned_.pop_back();
    }
}

// After fork() what an executor has belongs to the parent: a device whose driver was not made for it, threads that are not there,
// locks that one of them may hold. So it is left as it is.
Session::~Session() {
    if (fork_count_ == forks.load(std::memory_order_relaxed)) return;
    (void)background_.release();
    (void)executor_.release();
}

// ---- Callbacks ------------------------------------------------------------------------------------------------------------

template <class Function>
void Session::call_back(Function&& function) {
    // A C++ host's callback may throw: reading must not stay allowed then.
    struct Calling {
        std::atomic<const void*>& thread;
        ~Calling() { thread.store(nullptr, std::memory_order_release); }
    } calling{callback_thread_};
    callback_thread_.store(this_thread(), std::memory_order_release);
    function();
}

// With room for the spikes of every sample, so that no step allocates.
void Session::set_spike_callback(SpikeCallback callback, void* user) {
    uint32_t most = 0;
    for (const Population& population : network_->populations())
        if (callback && !population.is_input() && population.is_binary()) most = std::max(most, population.size);
    told_spikes_.reserve(most);
    spike_callback_ = callback;
    spike_user_ = user;
}

void Session::report_spikes() {
    const auto& populations = network_->populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (populations[p].is_input() || !populations[p].is_binary()) continue;
        for (uint32_t sample = 0; sample < batch_size_; ++sample) {
            const std::span<const uint32_t> neurons = executor_->active(p, sample);
            if (neurons.empty()) continue;
            SNNSpikes spikes{sizeof spikes, p, sample, static_cast<uint32_t>(neurons.size()), neurons.data(), steps_done_ - 1};
            if (under_way_) {
                keep(spikes);
                continue;
            }
            told_spikes_.assign(neurons.begin(), neurons.end());
            spikes.neurons = told_spikes_.data();
            tell(spikes);
        }
    }
}

void Session::tell(const SNNSpikes& spikes) {
    if (spike_callback_) call_back([&] { spike_callback_(handle, &spikes, spike_user_); });
}

// What steps in the background kept, on the thread that asks for them, in its order: first the log, then spikes. A callback may throw.
void Session::tell_kept() {
    struct Clearing {
        Session& it;
        ~Clearing() {
            it.kept_messages_.clear();
            it.kept_spikes_.clear();
            it.kept_neurons_.clear();
        }
    } clearing{*this};
    for (const auto& [level, message] : kept_messages_)
        call_back([&, level = level, text = message.c_str()] { log(level, text); });
    for (const KeptSpikes& kept : kept_spikes_) {
        SNNSpikes spikes = kept.spikes;
        spikes.neurons = kept_neurons_.data() + kept.first;
        tell(spikes);
    }
}

void Session::tell(const SNNWeightUpdate& update) {
    if (weight_callback_) call_back([&] { weight_callback_(handle, &update, weight_user_); });
}

void Session::tell(const SNNEpoch& epoch) {
    if (epoch_callback_) call_back([&] { epoch_callback_(handle, &epoch, epoch_user_); });
}

// ---- Opening ----------------------------------------------------------------------------------------------------------

Session::Session(std::shared_ptr<const Network> network, const SessionOptions& options)
    : wall_clock(monotonic_seconds),
      network_(std::move(network)),
      batch_size_(options.executor.batch_size),
      flags_(options.executor.flags),
      max_catch_up_steps_(options.max_catch_up_steps ? options.max_catch_up_steps : usual_catch_up(network_->dt_ms())),
      log_(options.log),
      log_user_(options.log_user),
      seed_(options.executor.seed) {
    if (!network_->finished())
        throw Error(SNN_ERROR_STATE, "the network is not finished; call snn_network_finish before opening a session");
    watch_forks();
    fork_count_ = forks.load();
    plan_ = std::make_shared<const Plan>(make_plan(network_, flags_ & SNN_FLAG_INPUT_GRADIENTS, flags_ & SNN_FLAG_SAMPLE_WEIGHTS));
    const auto& populations = network_->populations();
    input_places_.assign(populations.size(), no_input);
    std::vector<size_t> input_counts;
    for (uint32_t i = 0; i < populations.size(); ++i) {
        if (!populations[i].is_input()) continue;
        input_places_[i] = static_cast<uint32_t>(inputs_.size());
        const size_t count = checked_product(batch_size_, populations[i].size, populations[i].name);
        inputs_.push_back({.population = i,
                           .clears = populations[i].kind == SNN_POPULATION_SPIKE_INPUT,
                           .values = {}});
        input_counts.push_back(count);
    }
    frames_.resize(inputs_.size());
    weight_is_own_.assign(network_->projections().size(), 0);
    parameters_.resize(populations.size());
    plasticity_.resize(network_->projections().size());
    plasticity_plans_ = plan_->plasticity;
    parameter_gradients_.resize(populations.size());
    for (size_t p = 0; p < network_->projections().size(); ++p) {
        const Projection& projection = network_->projections()[p];
        if (!projection.plasticity) continue;
        if (plan_->sample_weights)
            throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name,
                        "' is plastic: weights that learn cannot be samples' own (SNN_FLAG_SAMPLE_WEIGHTS)");
        if (batch_size_ > 1)
            throw Error(SNN_ERROR_UNSUPPORTED, "batch_size is ", batch_size_, "; projection '", projection.name,
                        "' is plastic: weights that learn belong to one sample (open a session for each) and are not trained");
        weight_is_own_[p] = 1;
    }
    executor_options_ = options.executor;
    if (executor_options_.thread_count == 0) executor_options_.thread_count = logical_processors();
    open_executor(options);
    // After the executor has told whether there is memory enough.
    for (size_t i = 0; i < inputs_.size(); ++i) inputs_[i].values.assign(input_counts[i], 0.0f);
    runs_on_host_device_ = executor_options_.vulkan_host != nullptr;
    executor_options_.vulkan_host = nullptr;  // it is read while the executor is opened only
    if (log_) report_opening();
}

void Session::own(std::shared_ptr<void> object) {
    const std::lock_guard<std::mutex> lock(owned_mutex_);
    disowned_.reserve(owned_.size() + disowned_.size() + 1);  // disown() cannot fail
    owned_.push_back(std::move(object));
}

void Session::disown(const void* object) noexcept {
    {
        const std::lock_guard<std::mutex> lock(owned_mutex_);
        const auto found = std::find_if(owned_.begin(), owned_.end(), [&](const auto& owned) { return owned.get() == object; });
        if (found == owned_.end()) return;
        disowned_.push_back(std::move(*found));
        owned_.erase(found);
    }
    has_disowned_.store(true);
    Holder now = Holder::none;
    if (holder_.compare_exchange_strong(now, Holder::ending)) leave();
}

// ---- Input and time ---------------------------------------------------------------------------------------------------

Session::Input& Session::input_of(uint32_t population) {
    const Population& info = network_->population(population);
    if (input_places_[population] == no_input)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population ", population, " ('", info.name, "') is not an input");
    return inputs_[input_places_[population]];
}

void Session::set_input(uint32_t population, const float* values, size_t count) {
    set_samples(population, 0, batch_size_, values, count);
}

void Session::set_sample_input(uint32_t population, uint32_t sample, const float* values, size_t count) {
    if (sample >= batch_size_) throw Error(SNN_ERROR_INVALID_ARGUMENT, "sample is ", sample, "; batch_size is ", batch_size_);
    set_samples(population, sample, 1, values, count);
}

void Session::set_samples(uint32_t population, uint32_t first, uint32_t sample_count, const float* values, size_t count) {
    Input& input = input_of(population);
    const Population& info = network_->population(population);
    if (!values) throw Error(SNN_ERROR_INVALID_ARGUMENT, "values is null");
    if (const size_t expected = static_cast<size_t>(sample_count) * info.size; count != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", info.name, "' takes ", expected, " values (",
                    sample_count == batch_size_ ? text("batch_size ", batch_size_, " x size ", info.size) : text("of sample ", first),
                    "), got ", count);
    if (input.bound || input.on_device)
        throw Error(SNN_ERROR_STATE, "input '", info.name, "' is bound to memory of the program and reads nothing else; bind it "
                    "to null first");
    check_frames(values, count, info, first, sample_count, true);
    std::vector<float>& given = under_way_ ? input.coming : input.values;
    std::memcpy(given.data() + static_cast<size_t>(first) * info.size, values, count * sizeof(float));
    if (under_way_) {
        std::fill_n(input.is_coming.begin() + first, sample_count, uint8_t{1});
        input.any_coming = true;
    } else {
        input.filled = true;
    }
}

void Session::bind_input(uint32_t population, const float* values, size_t count) {
    Input& input = input_of(population);
    if (!values && count > 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "values is null, but count is ", count, "; null with count 0 ends the binding");
    if (values && count != input.values.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", network_->population(population).name, "' takes ",
                    input.values.size(), " values, got ", count);
    if (values && input.on_device)
        throw Error(SNN_ERROR_STATE, "input '", network_->population(population).name, "' is bound to a buffer on the device; bind "
                    "that to null first");
    input.bound = values;
}

void Session::clear_spike_inputs() {
    for (Input& input : inputs_) {
        if (!input.clears || !input.filled) continue;
        std::memset(input.values.data(), 0, input.values.size() * sizeof(float));
        input.filled = false;
    }
}

// Steps with the inputs that were set or bound.
RunRequest Session::request_for(uint32_t count) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
        const Input& input = inputs_[i];
        frames_[i] = {input.population, input.bound ? input.bound : input.values.data(), 0};
    }
    RunRequest request;
    request.first_step = steps_done_;
    request.inputs = frames_;
    request.step_count = count;
    return request;
}

void Session::run_steps(uint64_t count) {
    executor_->run(request_for(static_cast<uint32_t>(count)));
    steps_done_ += count;
    if (spike_callback_) report_spikes();
}

void Session::step(uint64_t count) {
    const bool one_by_one = spike_callback_ != nullptr;
    while (count > 0) {
        bool pending = false;
        for (const Input& input : inputs_) pending |= input.clears && input.filled;
        const uint64_t now = one_by_one || pending ? 1 : std::min<uint64_t>(count, UINT32_MAX);
        run_steps(now);
        if (pending) clear_spike_inputs();
        count -= now;
    }
}

// Step by step: the clock, tens of nanoseconds, is read after each.
uint64_t Session::step_within(uint64_t count, double budget_s) {
    if (std::isinf(budget_s)) {
        step(count);
        return count;
    }
    const double begin = wall_clock();
    for (uint64_t done = 0; done < count;) {
        step(1);
        if (++done == count || wall_clock() - begin >= budget_s) return done;
    }
    return 0;
}

void Session::check_frame(double seconds, double budget_s) {
    if (!std::isfinite(seconds) || seconds < 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "frame_dt is ", seconds, " s; it must be finite and not negative");
    if (std::isnan(budget_s) || budget_s < 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "budget_s is ", budget_s, " s; it must be 0 or more");
}

uint32_t Session::advance(double seconds, double budget_s) {
    check_frame(seconds, budget_s);
    const double dt_s = network_->dt_ms() * 1e-3;
    const double total_s = remainder_s_ + seconds;
    // A frame time is a float: 0.001f is a little more or less than one step of 1 ms and must still be one step, 0.02f still 200 of
    // 0.1 ms. Its error is at most half of its last bit.
    double steps = total_s / dt_s;
    steps = std::floor(steps + 1e-6 + steps * 0x1p-24);
    const bool drops = steps > max_catch_up_steps_;
    const bool begins_to_drop = drops && !dropping_time_;
    dropping_time_ = drops;
    if (drops) {
        steps = max_catch_up_steps_;
        remainder_s_ = 0;
    } else {
        remainder_s_ = std::max(0.0, total_s - steps * dt_s);
    }
    const uint64_t due = static_cast<uint64_t>(steps), done = step_within(due, budget_s);
    if (done < due) remainder_s_ += static_cast<double>(due - done) * dt_s;
    // Once for frames in a row, written into the stack: nothing is allocated here, and a slow game is not slowed down further.
    if (log_ && begins_to_drop) {
        std::array<char, 192> sentence;
        std::snprintf(sentence.data(), sentence.size(),
                      "simulated time is dropped: %.3g s were due and one call makes up for at most %.3g s (%u steps of %.3g ms)",
                      total_s, max_catch_up_steps_ * dt_s, static_cast<unsigned>(max_catch_up_steps_), network_->dt_ms());
        call_back([&] { log(SNN_LOG_WARNING, sentence.data()); });
    }
    return static_cast<uint32_t>(done);
}

void Session::reset() {
    executor_->reset_state();
    clear_spike_inputs();
    steps_done_ = 0;
    remainder_s_ = 0;
    dropping_time_ = false;
    counted_before_ = {};
}

SNNCounters Session::counters() const {
    const ExecutorCounters executor = executor_->counters();
    SNNCounters counters{};
    counters.struct_size = sizeof counters;
    counters.steps = counted_before_.steps + executor.steps;
    for (const Population& population : network_->populations())
        if (!population.is_input()) counters.neuron_updates += counters.steps * batch_size_ * population.size;
    counters.spikes = counted_before_.spikes + executor.spikes;
    counters.input_spikes = counted_before_.input_spikes + executor.input_spikes;
    counters.synaptic_events = counted_before_.synaptic_events + executor.synaptic_events;
    counters.synaptic_operations = counted_before_.synaptic_operations + executor.synaptic_operations;
    return counters;
}

// ---- Runs -------------------------------------------------------------------------------------------------------------

std::vector<InputFrames> Session::checked_inputs(const SNNInputArray* inputs, uint32_t input_count, uint32_t step_count,
                                                 bool need_all) const {
    if (input_count > 0 && !inputs)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs is null but input_count is ", input_count);
    std::vector<InputFrames> frames(inputs_.size());
    for (size_t k = 0; k < inputs_.size(); ++k) frames[k].population = inputs_[k].population;
    for (uint32_t i = 0; i < input_count; ++i) {
        const SNNInputArray& array = inputs[i];
        const Population& info = network_->population(array.population);
        if (input_places_[array.population] == no_input)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs[", i, "]: population '", info.name, "' is not an input");
        InputFrames& found = frames[input_places_[array.population]];
        if (found.data)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs[", i, "]: population '", info.name, "' is given twice");
        if (inputs_[input_places_[array.population]].on_device)
            throw Error(SNN_ERROR_STATE, "inputs[", i, "]: population '", info.name, "' is bound to a buffer on the device");
        if (!array.data) throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs[", i, "] ('", info.name, "'): data is null");
        const size_t frame = static_cast<size_t>(batch_size_) * info.size;
        const size_t expected = array.held ? frame : checked_product(frame, step_count, info.name);
        if (array.count != expected)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", info.name, "' takes ", expected, " values (",
                        array.held ? "held: " : text("step_count ", step_count, " x "), "batch_size ", batch_size_,
                        " x size ", info.size, "), got ", array.count);
        check_frames(array.data, array.count, info, 0, batch_size_, array.held);
        found.data = array.data;
        found.step_stride = array.held ? 0 : frame;
    }
    if (need_all)
        for (const InputFrames& frame : frames)
            if (!frame.data)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", network_->population(frame.population).name,
                            "' is missing from the batch");
    return frames;
}

RecordFrames Session::checked_record(const SNNRecordArray& record, size_t row_count, const std::string& array) const {
    const Population& info = network_->population(record.population);
    const std::string place = text(array, " ('", info.name, "')");
    if (!record.variable) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": variable is null");
    if (!record.data) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": data is null");
    const std::string_view variable = record.variable;
    const DType dtype = checked_dtype(record.dtype);
    const size_t frame = static_cast<size_t>(batch_size_) * info.size;
    RecordFrames frames{RecordFrames::activity, record.population, 0, dtype, record.data, frame};
    if (variable == "spike_count") {
        frames.kind = RecordFrames::activity_sum;
        frames.step_stride = 0;
    } else if (variable != "spikes") {
        frames.kind = RecordFrames::state;
        frames.state_index = state_index(info, variable);
    }
    if (frames.kind != RecordFrames::state) check_has_activity(info, place);
    const bool byte_allowed = frames.kind == RecordFrames::activity && info.is_binary();
    const bool whole_allowed = frames.kind == RecordFrames::state && is_whole(info, frames.state_index);
    if ((dtype == DType::int32 && !whole_allowed) || (dtype == DType::uint8 && !byte_allowed))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": '", variable, "' is recorded as SNN_FLOAT32 or SNN_FLOAT64",
                    byte_allowed ? " or SNN_UINT8" : "", whole_allowed ? " or SNN_INT32" : "");
    const size_t expected =
        frames.kind == RecordFrames::activity_sum ? frame : checked_product(frame, row_count, info.name);
    if (record.count != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": '", variable, "' needs room for ", expected, " values (",
                    frames.step_stride ? text(row_count, " recorded steps x ") : std::string(), "batch_size ",
                    batch_size_, " x size ", info.size, "), got ", record.count);
    return frames;
}

std::vector<RecordFrames> Session::checked_records(std::span<const SNNRecordArray> records, size_t row_count) const {
    std::vector<RecordFrames> frames;
    for (const SNNRecordArray& record : records)
        frames.push_back(checked_record(record, row_count, text("records[", frames.size(), "]")));
    for (size_t i = 0; i < frames.size(); ++i)
        if (frames[i].kind == RecordFrames::activity_sum)
            std::memset(frames[i].data, 0, records[i].count * size_of(frames[i].dtype));
    return frames;
}

// A gradient looks like a recording of every step of what it is the gradient of, in floating point.
RecordFrames Session::checked_gradient(const SNNRecordArray& gradient, uint32_t step_count, const std::string& array) const {
    const RecordFrames frames = checked_record(gradient, step_count, array);
    const Population& info = network_->population(gradient.population);
    if (frames.kind == RecordFrames::activity_sum)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, array, " ('", info.name, "'): the gradient of 'spike_count' is that of 'spikes' "
                    "at every step; give it so");
    if (frames.kind == RecordFrames::state && is_whole(info, frames.state_index))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, array, " ('", info.name, "'): '", gradient.variable,
                    "' is a whole number and has no gradient");
    if (frames.dtype != DType::float32 && frames.dtype != DType::float64)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, array, " ('", info.name, "'): gradients are SNN_FLOAT32 or SNN_FLOAT64");
    return frames;
}

std::vector<OutputGradient> Session::checked_gradients(std::span<const SNNRecordArray> gradients, uint32_t step_count) const {
    std::vector<OutputGradient> found;
    for (const SNNRecordArray& gradient : gradients) {
        const std::string array = text("gradients[", found.size(), "]");
        const RecordFrames frames = checked_gradient(gradient, step_count, array);
        if (network_->population(gradient.population).is_input())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, array, ": population '", network_->population(gradient.population).name,
                        "' is an input; its gradient comes out, in input_gradients");
        found.push_back({frames.kind == RecordFrames::state ? OutputGradient::state : OutputGradient::activity,
                         frames.population, frames.state_index, frames.dtype, frames.data, frames.step_stride});
    }
    return found;
}

std::vector<InputGradient> Session::checked_input_gradients(std::span<const SNNRecordArray> gradients, uint32_t step_count) const {
    std::vector<InputGradient> found;
    for (const SNNRecordArray& gradient : gradients) {
        const std::string array = text("input_gradients[", found.size(), "]");
        const RecordFrames frames = checked_gradient(gradient, step_count, array);
        if (!network_->population(gradient.population).is_input())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, array, ": population '", network_->population(gradient.population).name,
                        "' is not an input");
        if (!(flags_ & SNN_FLAG_INPUT_GRADIENTS))
            throw Error(SNN_ERROR_STATE, array, ": the session was opened without SNN_FLAG_INPUT_GRADIENTS");
        found.push_back({frames.population, frames.dtype, frames.data, frames.step_stride});
    }
    return found;
}

std::vector<EventRecord> Session::checked_events(const SNNRunDef& def) const {
    if (def.spike_record_count == 0) return {};
    if (!def.spike_records)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "spike_records is null but spike_record_count is ", def.spike_record_count);
    if (!def.out_step_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_step_count is null; a run that records spikes may return early and says "
                    "there how many steps it did");
    std::vector<EventRecord> events;
    for (uint32_t i = 0; i < def.spike_record_count; ++i) {
        const SNNSpikeRecord& record = def.spike_records[i];
        const Population& info = network_->population(record.population);
        const std::string place = text("spike_records[", i, "] ('", info.name, "')");
        if (!info.is_binary()) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": the population does not spike");
        for (const EventRecord& other : events)
            if (other.population == record.population) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": given twice");
        if (!record.steps) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": steps is null");
        if (!record.neurons) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": neurons is null");
        if (!record.samples && batch_size_ > 1)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": samples is null; it may be for a batch_size of 1 only, and that is ",
                        batch_size_);
        const size_t frame = static_cast<size_t>(batch_size_) * info.size;
        if (record.capacity < frame)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": capacity is ", record.capacity, "; one step may give ", frame,
                        " events (batch_size ", batch_size_, " x size ", info.size, ")");
        events.push_back({record.population, 0, record.steps, record.neurons, record.samples, 0});
    }
    return events;
}

void Session::run(const SNNRunDef& def) {
    if (def.record_count > 0 && !def.records)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "records is null but record_count is ", def.record_count);
    if (def.record_interval == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "record_interval is 0; it must be at least 1");
    if (def.step_count > UINT32_MAX - def.steps_before)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "steps_before is ", def.steps_before, " and step_count ", def.step_count,
                    "; together they must be at most ", UINT32_MAX);
    std::vector<InputFrames> frames = checked_inputs(def.inputs, def.input_count, def.step_count, false);
    std::vector<EventRecord> events = checked_events(def);
    const size_t row_count = (uint64_t{def.steps_before % def.record_interval} + def.step_count) / def.record_interval;
    std::vector<RecordFrames> records = checked_records({def.records, def.record_count}, row_count);
    for (uint32_t i = 0; i < events.size(); ++i) def.spike_records[i].count = 0;
    if (def.out_step_count) *def.out_step_count = 0;
    std::vector<size_t> not_given;  // inputs that take what was set or bound
    for (size_t k = 0; k < frames.size(); ++k)
        if (!frames[k].data) not_given.push_back(k);
    const bool by_clock = def.progress && def.progress_interval == 0;
    double reported = by_clock ? wall_clock() : 0;
    uint32_t done = 0;
    while (done < def.step_count) {
        bool pending = false;
        for (const size_t k : not_given) {
            const Input& input = inputs_[k];
            frames[k] = {input.population, input.bound ? input.bound : input.values.data(), 0};
            pending |= input.clears && input.filled;
        }
        uint32_t now = def.step_count - done;
        if (by_clock) now = std::min(now, report_steps_);
        else if (def.progress) now = std::min(now, def.progress_interval - done % def.progress_interval);
        if (pending || spike_callback_) now = 1;
        for (size_t i = 0; i < events.size(); ++i) {
            const size_t frame = static_cast<size_t>(batch_size_) * network_->population(events[i].population).size;
            const size_t fit = (def.spike_records[i].capacity - events[i].count) / frame;
            if (fit == 0) return;  // the next step could have more spikes than there is room for
            now = static_cast<uint32_t>(std::min<size_t>({now, fit, std::max<size_t>(1, most_events_in_request / frame)}));
            events[i].first_step = def.steps_before + done;
        }
        RunRequest request;
        request.first_step = steps_done_;
        request.step_count = now;
        request.inputs = frames;
        request.records = records;
        request.record_interval = def.record_interval;
        request.record_phase = (def.steps_before + done) % def.record_interval;
        request.events = events;
        const double begin = by_clock ? wall_clock() : 0;
        executor_->run(request);
        steps_done_ += now;
        done += now;
        for (size_t i = 0; i < events.size(); ++i) def.spike_records[i].count = events[i].count;
        if (def.out_step_count) *def.out_step_count = done;
        if (pending) clear_spike_inputs();
        if (spike_callback_) report_spikes();
        for (InputFrames& frame : frames)
            frame.data += static_cast<size_t>(now) * frame.step_stride;
        for (RecordFrames& record : records)
            record.data = static_cast<char*>(record.data) +
                          (request.record_row(now - 1) + 1) * record.step_stride * size_of(record.dtype);
        if (!def.progress) continue;
        bool is_due = !by_clock && done % def.progress_interval == 0;
        if (by_clock) {
            // A piece may be cut for other reasons, down to single steps.
            const double at = wall_clock(), seconds = at - begin;
            is_due = now == report_steps_ || at - reported >= report_seconds;
            if (is_due) reported = at;
            if (now == report_steps_ && seconds < report_seconds / 2) report_steps_ = std::min(report_steps_ * 2, most_report_steps);
            else if (seconds > report_seconds * 2) report_steps_ = std::max(report_steps_ / 2, 1u);
        }
        if (is_due || done == def.step_count) {
            int32_t stop = 0;
            call_back([&] { stop = def.progress(done, def.step_count, def.progress_user); });
            if (stop != 0 && done < def.step_count)
                throw Error(SNN_ERROR_STOPPED, "stopped after ", done, " of ", def.step_count, " steps");
        }
    }
}

}  // namespace snn
