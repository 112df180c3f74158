#include "schedule/lasting_executor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "backend/slots.h"
#include "common/error.h"
#include "schedule/together.h"

namespace snn {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t first_interval = 1024;  // steps
constexpr double most_of_time = 0.03;      // that safe points may take of the time between them
constexpr size_t most_log_bytes = size_t{64} << 20;
constexpr size_t most_spare_bytes = size_t{4} << 20;  // of a log whose memory is kept for the next one

ExecutorCounters sum_of(const ExecutorCounters& a, const ExecutorCounters& b) {
    return {a.steps + b.steps, a.spikes + b.spikes, a.input_spikes + b.input_spikes, a.synaptic_events + b.synaptic_events,
            a.synaptic_operations + b.synaptic_operations};
}

// Every slot that steps to come depend on, but for weights that no rule changes.
template <class Use>
void for_state_slots(const Plan& plan, Use&& use) {
    const Network& network = *plan.network;
    for_population_slots(plan, use);
    for (uint32_t q = 0; q < network.projections().size(); ++q) {
        if (!network.projection(q).plasticity) continue;
        for_trace_slots(plan, q, use);
        use(Slot{Slot::weight, q}, DType::float32);
    }
}

}  // namespace

LastingExecutor::LastingExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options,
                                 std::unique_ptr<Executor> executor, Reopen reopen, Move move)
    : plan_(std::move(plan)),
      batch_(options.batch_size),
      executor_(std::move(executor)),
      reopen_(std::move(reopen)),
      move_(std::move(move)),
      is_plastic_(
          std::any_of(plan_->plasticity.begin(), plan_->plasticity.end(), [](const auto& rule) { return rule != nullptr; })),
      keeps_training_(dynamic_cast<const TogetherExecutor*>(executor_.get()) != nullptr),
      settings_{.seed = options.seed, .constants = {}, .rules = {}, .weights = {}},
      point_{.settings = settings_, .state = {}, .counters = {}},
      question_interval_(first_interval),
      question_time_(Clock::now()),
      interval_(first_interval),
      point_time_(question_time_) {}

// ---- Going on without what failed

Executor& LastingExecutor::present() const {
    if (!executor_) throw Error(SNN_ERROR_DEVICE_LOST, "all devices of this session have failed; open a new one");
    return *executor_;
}

// use(executor), again on the next one when a device fails.
template <class Use>
decltype(auto) LastingExecutor::lasting(Use&& use) {
    if (!reopen_) return use(*executor_);
    if (must_go_back_) go_back_whole();
    for (;;) {
        std::exception_ptr failure;
        Executor& executor = present();
        try {
            return use(executor);
        } catch (...) {
            failure = std::current_exception();
        }
        recover(failure);
    }
}

// Whoever reads sees the same state, on whatever devices: it stays const for them.
template <class Use>
decltype(auto) LastingExecutor::reading(Use&& use) const {
    return const_cast<LastingExecutor*>(this)->lasting(std::forward<Use>(use));
}

void LastingExecutor::recover(std::exception_ptr failure) {
    try {
        reopen_(executor_, failure);
    } catch (const Error& error) {
        if (error.status() == SNN_ERROR_INVALID_ARGUMENT) undo_run();  // of a host program
        throw;
    }
    go_back_whole();
}

// On what is left of the devices.
void LastingExecutor::go_back_whole() {
    present();
    while (const std::exception_ptr failure = go_back()) reopen_(executor_, failure);
    must_go_back_ = false;
}

// What failed.
std::exception_ptr LastingExecutor::go_back() {
    try {
        restore();
        for (const Act& act : log_) apply(act);
        return nullptr;
    } catch (...) {
        return std::current_exception();
    }
}

// A run that failed for no device's fault is as if it had not begun, where that can be.
void LastingExecutor::undo_run() {
    const auto* const together = dynamic_cast<const TogetherExecutor*>(executor_.get());
    if (!together || together->is_whole() || point_is_ahead_) return;
    must_go_back_ = true;
    try {
        go_back_whole();
    } catch (...) {  // as where the program refuses this too: the next call begins with it
    }
}

void LastingExecutor::restore() {
    executor_->reset_state();
    const Settings& settings = point_.settings;
    executor_->set_seed(settings.seed);
    for (const auto& [population, made] : settings.constants) executor_->set_constants(population, *made.constants);
    for (const auto& [projection, made] : settings.rules) executor_->set_plasticity(projection, made.plan);
    if (!settings.constants.empty()) executor_->reset_state();  // initial states that follow parameters
    const auto write = [&](const Written& written) { executor_->write(written.slot, written.dtype, written.data->data()); };
    for (const auto& [slot, written] : settings.weights) write(written);
    for (const Written& written : point_.state) write(written);
    counted_before_ = point_.counters;
}

void LastingExecutor::apply(const Act& act) {
    struct Again {
        LastingExecutor& self;
        Executor& executor;
        void operator()(const Steps& steps) const {
            RunRequest request;
            request.first_step = steps.first_step;
            request.step_count = steps.count;
            std::vector<InputFrames> inputs;
            for (uint32_t p = 0; p < self.plan_->network->populations().size(); ++p) {
                if (!self.plan_->network->population(p).is_input()) continue;
                inputs.push_back({p, steps.values[inputs.size()].data(), steps.strides[inputs.size()]});
            }
            request.inputs = inputs;
            executor.run(request);
        }
        void operator()(const std::shared_ptr<const Taped>& taped) const { executor.run(taped->request); }
        void operator()(const Written& written) const { executor.write(written.slot, written.dtype, written.data->data()); }
        void operator()(const Signal& given) const { executor.signal(given.projection, given.value); }
        void operator()(const NewConstants& made) const { executor.set_constants(made.population, *made.constants); }
        void operator()(const NewRule& made) const { executor.set_plasticity(made.projection, made.plan); }
        void operator()(const NewSeed& made) const { executor.set_seed(made.seed); }
        void operator()(const Reset&) const {
            executor.reset_state();
            self.counted_before_ = {};
        }
    };
    std::visit(Again{*this, *executor_}, act);
}

// ---- Safe points and the log

void LastingExecutor::log(Act act, size_t bytes) {
    if (!reopen_) return;
    log_.push_back(std::move(act));
    log_bytes_ += bytes + sizeof(Act);
}

void LastingExecutor::clear_log() {
    if (log_bytes_ > most_spare_bytes) spare_steps_.clear();
    else
        for (Act& act : log_)
            if (Steps* const steps = std::get_if<Steps>(&act)) spare_steps_.push_back(std::move(*steps));
    log_.clear();
    log_bytes_ = 0;
}

LastingExecutor::Steps LastingExecutor::spare_steps() {
    if (spare_steps_.empty()) return {};
    Steps steps = std::move(spare_steps_.back());
    spare_steps_.pop_back();
    return steps;
}

// Of the inputs of a request from step `begin` on.
size_t LastingExecutor::bytes_to_log(const RunRequest& request, uint32_t begin) const {
    size_t bytes = 0;
    for (const InputFrames& input : request.inputs)
        bytes += size_t{input.step_stride == 0 ? 1 : request.step_count - begin} * frame_of(input.population) * sizeof(float);
    return bytes;
}

void LastingExecutor::log_steps(const RunRequest& request, uint32_t begin) {
    if (begin == request.step_count) return;
    const uint32_t count = request.step_count - begin;
    // The same inputs held as before: the usual step of a game.
    if (Steps* const last = log_.empty() ? nullptr : std::get_if<Steps>(&log_.back());
        last && last->first_step + last->count == request.first_step + begin && last->count <= UINT32_MAX - count) {
        bool same = true;
        for (size_t i = 0; same && i < request.inputs.size(); ++i)
            same = last->strides[i] == 0 && request.inputs[i].step_stride == 0 &&
                   std::memcmp(last->values[i].data(), request.inputs[i].data, last->values[i].size() * sizeof(float)) == 0;
        if (same) {
            last->count += count;
            return;
        }
    }
    Steps steps = spare_steps();
    steps.first_step = request.first_step + begin;
    steps.count = count;
    steps.strides.clear();
    steps.values.resize(request.inputs.size());
    for (const InputFrames& input : request.inputs) {
        const size_t frame = frame_of(input.population);
        const float* const first = input.data + size_t{begin} * input.step_stride;
        std::vector<float>& values = steps.values[steps.strides.size()];
        values.clear();
        steps.strides.push_back(input.step_stride == 0 ? 0 : frame);
        for (uint32_t step = 0; step < (input.step_stride == 0 ? 1 : count); ++step)
            values.insert(values.end(), first + step * input.step_stride, first + step * input.step_stride + frame);
    }
    log(std::move(steps), bytes_to_log(request, begin));
}

void LastingExecutor::log_taped(const RunRequest& request) {
    auto taped = std::make_shared<Taped>();
    taped->request = request;
    for (const InputFrames& input : request.inputs) {
        const size_t frame = frame_of(input.population);
        std::vector<float>& values = taped->values.emplace_back();
        for (uint32_t step = 0; step < (input.step_stride == 0 ? 1 : request.step_count); ++step)
            values.insert(values.end(), input.data + step * input.step_stride, input.data + step * input.step_stride + frame);
        taped->inputs.push_back({input.population, values.data(), input.step_stride == 0 ? 0 : frame});
    }
    taped->linear.assign(request.linear.begin(), request.linear.end());
    for (const DropoutMask& mask : request.dropout) {
        const std::vector<uint8_t>& kept = taped->kept.emplace_back(mask.kept, mask.kept + frame_of(mask.population));
        taped->dropout.push_back({mask.population, kept.data(), mask.scale});
    }
    taped->request.inputs = taped->inputs;
    taped->request.linear = taped->linear;
    taped->request.dropout = taped->dropout;
    taped->request.records = {};
    taped->request.events = {};
    log(std::shared_ptr<const Taped>(std::move(taped)), bytes_to_log(request, 0));
}

bool LastingExecutor::is_point_due() const { return steps_since_point_ >= interval_ || log_bytes_ > most_log_bytes; }

LastingExecutor::SafePoint LastingExecutor::made_point() const {
    SafePoint point{settings_, {}, sum_of(counted_before_, executor_->counters())};
    const auto copied = [&](const Slot& slot, DType dtype) {
        Bytes data(executor_->count(slot) * size_of(dtype));
        if (!data.empty()) executor_->read(slot, dtype, data.data());
        return Written{slot, dtype, std::make_shared<const Bytes>(std::move(data))};
    };
    for (auto& [slot, written] : point.settings.weights)
        if (!written.data) written = copied(written.slot, written.dtype);
    for_state_slots(*plan_, [&](const Slot& slot, DType dtype) {
        if (executor_->count(slot) > 0) point.state.push_back(copied(slot, dtype));
    });
    return point;
}

// The old one stays until all of it is there.
void LastingExecutor::take_safe_point() {
    const Clock::time_point begin = Clock::now();
    point_ = made_point();
    clear_log();
    steps_since_point_ = 0;
    const Clock::time_point end = Clock::now();
    if (end - begin > most_of_time * (begin - point_time_)) interval_ *= 2;
    point_time_ = end;
    consider_a_move();
}

// At a safe point, whose log is empty, or without a log.
void LastingExecutor::consider_a_move() {
    if (!move_ || steps_since_question_ < question_interval_) return;
    steps_since_question_ = 0;
    const Clock::time_point begin = Clock::now();
    if (std::unique_ptr<Executor> better = move_(*executor_)) {
        if (!reopen_) point_ = made_point();
        executor_ = std::move(better);
        restore();
        if (!reopen_) point_.state.clear(), point_.settings = {};
    }
    const Clock::time_point end = Clock::now();
    if (end - begin > most_of_time * (begin - question_time_)) question_interval_ *= 2;
    question_time_ = end;
}

void LastingExecutor::reset_state() {
    lasting([](Executor& executor) { executor.reset_state(); });
    counted_before_ = {};
    if (is_plastic_) return log(Reset{}, 0);
    if (!reopen_) return consider_a_move();
    point_ = {settings_, {}, {}};
    clear_log();
    steps_since_point_ = 0;
    point_time_ = Clock::now();
    lasting([&](Executor&) { consider_a_move(); });
}

// ---- Running

LastingExecutor::Mark LastingExecutor::mark(const RunRequest& request, uint32_t done) const {
    Mark made{done, steps_since_point_, {}, {}};
    for (const EventRecord& events : request.events) made.event_counts.push_back(events.count);
    for (const RecordFrames& record : request.records) {
        Bytes& sums = made.sums.emplace_back();
        if (record.kind != RecordFrames::activity_sum) continue;
        sums.resize(frame_of(record.population) * size_of(record.dtype));
        std::memcpy(sums.data(), record.data, sums.size());
    }
    return made;
}

void LastingExecutor::rewind(const RunRequest& request, const Mark& mark) {
    steps_since_point_ = mark.steps_since_point;
    for (size_t i = 0; i < request.events.size(); ++i) request.events[i].count = mark.event_counts[i];
    for (size_t i = 0; i < request.records.size(); ++i)
        if (!mark.sums[i].empty()) std::memcpy(request.records[i].data, mark.sums[i].data(), mark.sums[i].size());
}

void LastingExecutor::run_stretch(const RunRequest& request, uint32_t done, uint32_t steps) {
    if (steps == request.step_count) return executor_->run(request);
    std::vector<InputFrames> inputs(request.inputs.begin(), request.inputs.end());
    std::vector<RecordFrames> records(request.records.begin(), request.records.end());
    std::vector<EventRecord> events(request.events.begin(), request.events.end());
    const size_t rows_before = (uint64_t{request.record_phase} + done) / request.record_interval;
    for (InputFrames& input : inputs) input.data += done * input.step_stride;
    for (RecordFrames& record : records)
        record.data = static_cast<char*>(record.data) + rows_before * record.step_stride * size_of(record.dtype);
    for (EventRecord& record : events) record.first_step += done;
    RunRequest stretch = request;
    stretch.first_step += done;
    stretch.step_count = steps;
    stretch.inputs = inputs;
    stretch.records = records;
    stretch.record_phase = static_cast<uint32_t>((uint64_t{request.record_phase} + done) % request.record_interval);
    stretch.events = events;
    executor_->run(stretch);
    for (size_t i = 0; i < events.size(); ++i) request.events[i].count = events[i].count;
}

// All of it at once: the tape is that of one run.
void LastingExecutor::run_taped(const RunRequest& request) {
    ++taped_runs_;
    if (!reopen_) return executor_->run(request);
    if (is_point_due()) lasting([&](Executor&) { take_safe_point(); });
    const Mark begin = mark(request, 0);
    lasting([&](Executor& executor) {
        rewind(request, begin);
        executor.run(request);
    });
    log_taped(request);
}

// Without a log there is nothing to be copied.
void LastingExecutor::run_unlogged(const RunRequest& request) {
    for (uint32_t done = 0; done < request.step_count;) {
        const uint64_t most = move_ ? question_interval_ : request.step_count;
        const auto steps = static_cast<uint32_t>(std::min<uint64_t>(request.step_count - done, most));
        if (steps == request.step_count) executor_->run(request);
        else run_stretch(request, done, steps);
        done += steps;
        steps_since_question_ += steps;
        consider_a_move();
    }
}

void LastingExecutor::run(const RunRequest& request) {
    if (request.tape) return run_taped(request);
    if (!reopen_) return run_unlogged(request);
    point_is_ahead_ = false;
    std::optional<Mark> begin;
    lasting([&](Executor&) {
        if (begin) rewind(request, *begin);
        else if (is_point_due()) take_safe_point();
        if (!begin) begin = mark(request, 0);
        for (uint32_t done = begin->done; done < request.step_count;) {
            const uint64_t most = interval_ > steps_since_point_ ? interval_ - steps_since_point_ : interval_;
            const auto steps = static_cast<uint32_t>(std::min<uint64_t>(request.step_count - done, most));
            run_stretch(request, done, steps);
            done += steps;
            steps_since_point_ += steps;
            steps_since_question_ += steps;
            const bool is_last = done == request.step_count;
            if (is_last ? bytes_to_log(request, begin->done) < most_log_bytes : !is_point_due()) continue;
            take_safe_point();
            point_is_ahead_ = true;
            begin = mark(request, done);
        }
    });
    log_steps(request, begin->done);
    point_is_ahead_ = false;
}

// ---- Training

void LastingExecutor::backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    lasting([&](Executor& executor) { executor.trainable()->backward(gradients, inputs); });
}

void LastingExecutor::update(const OptimizerStep& step, OptimizerMemory& memory) {
    driven().update(step, memory);
    if (!reopen_) return;
    for (uint32_t q = 0; q < plan_->network->projections().size(); ++q)
        for (const Slot::Kind kind : {Slot::weight, Slot::bias}) {
            const Slot slot{kind, q};
            if (!plan_->network->projection(q).trainable || count(slot) == 0) continue;
            Bytes data(count(slot) * sizeof(float));
            executor_->read(slot, DType::float32, data.data());
            const Written written{slot, DType::float32, std::make_shared<const Bytes>(std::move(data))};
            settings_.weights.insert_or_assign({kind, q}, written);
            log(written, written.data->size());
        }
}

// ---- Variables

std::string LastingExecutor::description() const {
    return reading([](const Executor& executor) { return executor.description(); });
}

std::string LastingExecutor::other_bits() const {
    return reading([](const Executor& executor) { return executor.other_bits(); });
}

ExecutorCounters LastingExecutor::counters() const {
    // After the call: the executor may be another one then.
    const ExecutorCounters own = reading([](const Executor& executor) { return executor.counters(); });
    return sum_of(counted_before_, own);
}

void LastingExecutor::set_constants(uint32_t population, const PopulationConstants& constants) {
    const NewConstants made{population, std::make_shared<const PopulationConstants>(constants)};
    lasting([&](Executor& executor) { executor.set_constants(population, constants); });
    settings_.constants.insert_or_assign(population, made);
    log(made, 0);
}

void LastingExecutor::set_seed(uint64_t seed) {
    lasting([&](Executor& executor) { executor.set_seed(seed); });
    settings_.seed = seed;
    log(NewSeed{seed}, 0);
}

void LastingExecutor::set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) {
    lasting([&](Executor& executor) { executor.set_plasticity(projection, plan); });
    settings_.rules.insert_or_assign(projection, NewRule{projection, plan});
    log(NewRule{projection, std::move(plan)}, 0);
}

void LastingExecutor::signal(uint32_t projection, float value) {
    lasting([&](Executor& executor) { executor.signal(projection, value); });
    log(Signal{projection, value}, 0);
}

size_t LastingExecutor::count(const Slot& slot) const { return slot_count(*plan_, batch_, slot); }

void LastingExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    reading([&](const Executor& executor) { executor.read(slot, dtype, out_data); });
}

void LastingExecutor::write(const Slot& slot, DType dtype, const void* data) {
    lasting([&](Executor& executor) { executor.write(slot, dtype, data); });
    const bool is_kept =
        slot.kind == Slot::bias || (slot.kind == Slot::weight && !plan_->network->projection(slot.index).plasticity);
    if (!reopen_) {
        if (is_kept) settings_.weights.insert_or_assign({slot.kind, slot.index}, Written{slot, DType::float32, nullptr});
        return;
    }
    const auto* const bytes = static_cast<const std::byte*>(data);
    const Written written{slot, dtype, std::make_shared<const Bytes>(bytes, bytes + count(slot) * size_of(dtype))};
    if (is_kept) settings_.weights.insert_or_assign({slot.kind, slot.index}, written);
    log(written, written.data->size());
}

std::span<const uint32_t> LastingExecutor::active(uint32_t population, uint32_t sample) const {
    return reading([&](const Executor& executor) { return executor.active(population, sample); });
}

LastingExecutor::Reopen reopen_on_next(std::vector<std::string> devices,
                                       std::function<std::unique_ptr<Executor>(const std::string& device)> open,
                                       std::function<void(const std::string& device, const std::string& failure)> told) {
    return [devices = std::move(devices), open = std::move(open), told = std::move(told)](
               std::unique_ptr<Executor>& io_executor, std::exception_ptr failure) mutable {
        std::string sentence;
        try {
            std::rethrow_exception(failure);
        } catch (const Error& error) {
            if (devices.empty() || (error.status() != SNN_ERROR_DEVICE_LOST && error.status() != SNN_ERROR_OUT_OF_MEMORY))
                throw;
            sentence = error.what();
        }
        while (true) {
            const std::string device = devices.front();
            devices.erase(devices.begin());
            told(device, sentence);
            io_executor.reset();  // makes room
            try {
                io_executor = open(device);
                return;
            } catch (const std::exception& error) {  // does not open: whatever is next
                if (devices.empty()) throw;
                sentence = error.what();
            }
        }
    };
}

}  // namespace snn
