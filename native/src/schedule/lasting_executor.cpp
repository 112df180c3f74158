#include "schedule/lasting_executor.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "backend/slots.h"
#include "common/error.h"

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
      question_interval_(first_interval),
      question_time_(Clock::now()),
      interval_(first_interval),
      point_time_(question_time_) {
    keep(NewSeed{options.seed}, point_.settings);
}

// ---- Going on without what failed

Executor& LastingExecutor::present() const {
    if (!executor_) throw Error(SNN_ERROR_DEVICE_LOST, "all devices of this session have failed; open a new one");
    return *executor_;
}

// use(executor), again on the next one when a device fails.
template <class Use>
decltype(auto) LastingExecutor::lasting(Use&& use) {
    if (!reopen_) return use(*executor_);
    if (is_ahead_) go_back_whole();
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
    reopen_(executor_, failure);
    go_back_whole();
}

// On what is left of the devices.
void LastingExecutor::go_back_whole() {
    is_ahead_ = true;
    present();
    while (const std::exception_ptr failure = go_back()) reopen_(executor_, failure);
    is_ahead_ = false;
}

// What failed.
std::exception_ptr LastingExecutor::go_back() {
    try {
        restore(point_, *executor_);
        counted_before_ = point_.counters;
        for (const Act& act : log_) apply(act, *executor_);
        return nullptr;
    } catch (...) {
        return std::current_exception();
    }
}

void LastingExecutor::restore(const SafePoint& point, Executor& executor) {
    executor.reset_state();
    for (const auto& [key, act] : point.settings) apply(act, executor);
    executor.reset_state();  // initial states follow parameters
    for (const Act& written : point.state) apply(written, executor);
}

void LastingExecutor::apply(const Act& act, Executor& executor) {
    struct Again {
        LastingExecutor& self;
        Executor& executor;
        void operator()(const std::shared_ptr<Steps>& steps) const {
            RunRequest request;
            request.first_step = steps->first_step;
            request.step_count = steps->count;
            std::vector<InputFrames> inputs;
            for (uint32_t p = 0; p < self.plan_->network->populations().size(); ++p) {
                if (!self.plan_->network->population(p).is_input()) continue;
                inputs.push_back({p, steps->values[inputs.size()].data(), steps->strides[inputs.size()]});
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
    std::visit(Again{*this, executor}, act);
}

// ---- Safe points and the log

// Does it and writes it down; what an error leaves goes back to what was before.
void LastingExecutor::act(Act act, size_t bytes) {
    if (!reopen_) {
        keep(act, point_.settings);
        return apply(act, *executor_);
    }
    keep_first(act);
    lasting([&](Executor&) {
        is_ahead_ = true;
        apply(act, *executor_);
    });
    log(std::move(act), bytes);
    is_ahead_ = false;
}

void LastingExecutor::log(Act act, size_t bytes) {
    log_.push_back(std::move(act));
    log_bytes_ += bytes + sizeof(Act);
}

void LastingExecutor::clear_log() noexcept {
    if (log_bytes_ > most_spare_bytes) spare_steps_.clear();
    else {
        try {
            for (Act& act : log_)
                if (auto* const steps = std::get_if<std::shared_ptr<Steps>>(&act)) spare_steps_.push_back(std::move(*steps));
        } catch (const std::exception&) {  // no room to keep memory in
        }
    }
    log_.clear();
    log_bytes_ = 0;
}

// Of what is no setting: nothing.
LastingExecutor::Key LastingExecutor::key_of(const Act& act) const {
    if (std::holds_alternative<NewSeed>(act)) return {of_seed};
    if (const auto* const made = std::get_if<NewConstants>(&act)) return {of_constants, made->population};
    if (const auto* const made = std::get_if<NewRule>(&act)) return {of_rule, made->projection};
    const auto* const written = std::get_if<Written>(&act);
    if (!written) return {};
    const Slot& slot = written->slot;
    const bool is_weight = slot.kind == Slot::weight && !plan_->network->projection(slot.index).plasticity;
    if (!is_weight && slot.kind != Slot::bias) return {};
    return {is_weight ? of_weights : of_bias, slot.index, slot.sample + 1};
}

void LastingExecutor::keep(const Act& act, Settings& io_settings) const {
    Key key = key_of(act);
    if (key[0] == no_setting) return;
    const auto place = io_settings.insert_or_assign(key, act).first;
    if (key[2] != 0) return;
    key[2] = UINT32_MAX;  // those of single samples are old now
    io_settings.erase(std::next(place), io_settings.upper_bound(key));
}

// What it changes for the first time since the executor was opened: the same one may have to go back to that.
void LastingExecutor::keep_first(const Act& act) {
    Key key = key_of(act);
    key[2] = 0;
    if (key[0] == no_setting || point_.settings.contains(key)) return;
    if (const auto* const made = std::get_if<Written>(&act)) {
        const Slot slot{made->slot.kind, made->slot.index};
        auto data = std::make_shared<Bytes>(count(slot) * sizeof(float));
        lasting([&](Executor& executor) { executor.read(slot, DType::float32, data->data()); });
        keep(Written{slot, DType::float32, std::move(data)}, point_.settings);
    } else if (key[0] == of_constants) {
        const PopulationConstants& planned = plan_->populations[key[1]];
        keep(NewConstants{key[1], std::make_shared<const PopulationConstants>(planned)}, point_.settings);
    } else keep(NewRule{key[1], plan_->plasticity[key[1]]}, point_.settings);
}

LastingExecutor::Settings LastingExecutor::present_settings() const {
    Settings settings = point_.settings;
    for (const Act& act : log_) keep(act, settings);
    return settings;
}

std::shared_ptr<LastingExecutor::Steps> LastingExecutor::spare_steps() {
    if (spare_steps_.empty()) return std::make_shared<Steps>();
    std::shared_ptr<Steps> steps = std::move(spare_steps_.back());
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
    const auto* const logged = log_.empty() ? nullptr : std::get_if<std::shared_ptr<Steps>>(&log_.back());
    if (Steps* const last = logged ? logged->get() : nullptr;
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
    std::shared_ptr<Steps> logging = spare_steps();
    Steps& steps = *logging;
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
    log(std::move(logging), bytes_to_log(request, begin) + sizeof(Steps));
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

LastingExecutor::SafePoint LastingExecutor::made_point() const {
    SafePoint point{present_settings(), {}, sum_of(counted_before_, executor_->counters())};
    const auto copied = [&](const Slot& slot, DType dtype) {
        auto data = std::make_shared<Bytes>(executor_->count(slot) * size_of(dtype));
        if (!data->empty()) executor_->read(slot, dtype, data->data());
        return Written{slot, dtype, std::move(data)};
    };
    for (auto& [key, act] : point.settings)
        if (const auto* const written = std::get_if<Written>(&act); written && !written->data)
            act = copied(written->slot, written->dtype);
    for_state_slots(*plan_, [&](const Slot& slot, DType dtype) {
        if (executor_->count(slot) > 0) point.state.emplace_back(copied(slot, dtype));
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
}

// At a safe point, whose log is empty, or without a log. Where that fails, all stays as it is.
void LastingExecutor::consider_a_move() noexcept {
    if (!move_ || steps_since_question_ < question_interval_) return;
    steps_since_question_ = 0;
    const Clock::time_point begin = Clock::now();
    try {
        ExecutorCounters counted;
        const auto bring = [&](Executor& executor) {
            const SafePoint* point = &point_;
            SafePoint made{};
            if (!reopen_) made = made_point(), point = &made;
            restore(*point, executor);
            counted = point->counters;
        };
        if (std::unique_ptr<Executor> better = move_(*executor_, bring)) {
            executor_ = std::move(better);
            counted_before_ = counted;
        }
    } catch (...) {  // no room for both at once, say
    }
    const Clock::time_point end = Clock::now();
    if (end - begin > most_of_time * (begin - question_time_)) question_interval_ *= 2;
    question_time_ = end;
}

void LastingExecutor::reset_state() {
    if (is_plastic_ || !reopen_) {
        act(Reset{}, 0);
        if (!is_plastic_) consider_a_move();
        else if (reopen_ && point_.state.empty()) {  // no reset has the weights that it begins with
            lasting([&](Executor&) { take_safe_point(); });
            interval_ = first_interval;  // nothing has run that its time could be compared with
        }
    } else {
        SafePoint point{present_settings(), {}, {}};
        lasting([&](Executor&) {
            is_ahead_ = true;
            apply(Reset{}, *executor_);
        });
        point_ = std::move(point);
        clear_log();
        steps_since_point_ = 0;
        point_time_ = Clock::now();
        is_ahead_ = false;
        consider_a_move();
    }
    is_lost_ = false;
}

// ---- Running

LastingExecutor::Mark LastingExecutor::mark(const RunRequest& request, uint32_t done) const {
    Mark made{done, {}, {}};
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
    const Mark begin = mark(request, 0);
    lasting([&](Executor& executor) {
        rewind(request, begin);
        is_ahead_ = true;
        executor.run(request);
    });
    log_taped(request);
    is_ahead_ = false;
}

// Without a log there is nothing to be copied.
void LastingExecutor::run_unlogged(const RunRequest& request) {
    is_lost_ = true;
    for (uint32_t done = 0; done < request.step_count;) {
        const uint64_t most = move_ ? question_interval_ : request.step_count;
        const auto steps = static_cast<uint32_t>(std::min<uint64_t>(request.step_count - done, most));
        if (steps == request.step_count) executor_->run(request);
        else run_stretch(request, done, steps);
        done += steps;
        steps_since_question_ += steps;
        consider_a_move();
    }
    is_lost_ = false;
}

void LastingExecutor::run(const RunRequest& request) {
    check_state();
    if (reopen_ && (steps_since_point_ >= interval_ || log_bytes_ > most_log_bytes)) {
        lasting([&](Executor&) { take_safe_point(); });
        consider_a_move();
    }
    if (request.tape) return run_taped(request);
    if (!reopen_) return run_unlogged(request);
    Mark begin = mark(request, 0);
    lasting([&](Executor&) {
        rewind(request, begin);
        is_ahead_ = true;
        for (uint32_t done = begin.done; done < request.step_count;) {
            const uint64_t since_point = steps_since_point_ + (done - begin.done);
            const uint64_t most = interval_ > since_point ? interval_ - since_point : interval_;
            const auto steps = static_cast<uint32_t>(std::min<uint64_t>(request.step_count - done, most));
            run_stretch(request, done, steps);
            done += steps;
            steps_since_question_ += steps;
            const bool is_last = done == request.step_count;
            if (is_last ? bytes_to_log(request, begin.done) < most_log_bytes : since_point + steps < interval_) continue;
            Mark next = mark(request, done);
            take_safe_point();
            is_lost_ = true;
            begin = std::move(next);
            consider_a_move();
        }
    });
    log_steps(request, begin.done);
    steps_since_point_ += request.step_count - begin.done;
    is_ahead_ = is_lost_ = false;
}

// ---- Training

void LastingExecutor::backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    lasting([&](Executor& executor) {
        is_ahead_ = true;
        executor.trainable()->backward(gradients, inputs);
    });
    is_ahead_ = false;
}

void LastingExecutor::update(const OptimizerStep& step, OptimizerMemory& memory) {
    // There is room for all of it before anything changes.
    std::vector<std::pair<Slot, std::shared_ptr<Bytes>>> trained;
    for (uint32_t q = 0; reopen_ && q < plan_->network->projections().size(); ++q)
        for (const Slot::Kind kind : {Slot::weight, Slot::bias}) {
            const Slot slot{kind, q};
            if (!plan_->network->projection(q).trainable || count(slot) == 0) continue;
            keep_first(Written{slot, DType::float32, nullptr});
            trained.emplace_back(slot, std::make_shared<Bytes>(count(slot) * sizeof(float)));
        }
    if (const size_t needed = log_.size() + trained.size(); needed > log_.capacity())
        log_.reserve(std::max(needed, 2 * log_.capacity()));
    driven().update(step, memory);
    for (auto& [slot, data] : trained) {
        executor_->read(slot, DType::float32, data->data());
        const size_t bytes = data->size();
        log(Written{slot, DType::float32, std::move(data)}, bytes);
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
    act(NewConstants{population, std::make_shared<const PopulationConstants>(constants)}, 0);
}

void LastingExecutor::set_seed(uint64_t seed) { act(NewSeed{seed}, 0); }

void LastingExecutor::set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) {
    act(NewRule{projection, std::move(plan)}, 0);
}

void LastingExecutor::signal(uint32_t projection, float value) { act(Signal{projection, value}, 0); }

size_t LastingExecutor::count(const Slot& slot) const { return slot_count(*plan_, batch_, slot); }

void LastingExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    check_state();
    reading([&](const Executor& executor) { executor.read(slot, dtype, out_data); });
}

void LastingExecutor::write(const Slot& slot, DType dtype, const void* data) {
    if (!reopen_) {  // the executor keeps the values
        keep(Written{slot, DType::float32, nullptr}, point_.settings);
        return executor_->write(slot, dtype, data);
    }
    const auto* const bytes = static_cast<const std::byte*>(data);
    const size_t size = count(slot) * size_of(dtype);
    act(Written{slot, dtype, std::make_shared<const Bytes>(bytes, bytes + size)}, size);
}

std::span<const uint32_t> LastingExecutor::active(uint32_t population, uint32_t sample) const {
    check_state();
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
