// Runs of many steps, in the pieces that recordings, events, callbacks and reports cut them into.
#include <algorithm>
#include <optional>

#include "common/error.h"
#include "schedule/session.h"

namespace snn {

namespace {

// Tells when a run reports by the clock. Its steps go in pieces, of as many as take about `report_seconds`.
class ReportClock {
public:
    ReportClock(double (*seconds)(), uint32_t& io_steps) : seconds_(seconds), steps_(io_steps), reported_(seconds()) {}

    uint32_t most_steps() const { return steps_; }
    void begin_piece() { begin_ = seconds_(); }
    // A piece may be cut for other reasons, down to single steps.
    bool is_due_after(uint32_t steps) {
        const double now = seconds_(), took = now - begin_;
        const bool is_due = steps == steps_ || now - reported_ >= report_seconds;
        if (is_due) reported_ = now;
        if (steps == steps_ && took < report_seconds / 2) steps_ = std::min(steps_ * 2, most_report_steps);
        else if (took > report_seconds * 2) steps_ = std::max(steps_ / 2, 1u);
        return is_due;
    }

private:
    static constexpr double report_seconds = 0.1;  // soon enough for people; the end of a piece is not for free
    static constexpr uint32_t most_report_steps = 1u << 20;

    double (*seconds_)();
    uint32_t& steps_;  // kept by the session for its next run
    double reported_, begin_ = 0;
};

void check_counts(const SNNRunDef& def) {
    if (def.record_count > 0 && !def.records)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "records is null but record_count is ", def.record_count);
    if (def.record_interval == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "record_interval is 0; it must be at least 1");
    if (def.step_count > UINT32_MAX - def.steps_before)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "steps_before is ", def.steps_before, " and step_count ", def.step_count,
                    "; together they must be at most ", UINT32_MAX);
}

}  // namespace

// One call of Session::run: the caller's arrays, and how far it is in them.
class Session::Run {
public:
    // Everything is checked here, before the first step.
    Run(Session& session, const SNNRunDef& def);

    bool is_done() const { return done_ == def_.step_count; }
    // How many steps can be taken at once; 0: the next one could have more spikes than there is room for.
    uint32_t next_piece() const;
    void take(uint32_t step_count);
    // Calls back for the piece that was just taken; throws SNN_ERROR_STOPPED when the caller wants no more.
    void report(uint32_t step_count);

private:
    size_t row_count() const { return (uint64_t{phase()} + def_.step_count - done_) / def_.record_interval; }
    uint32_t phase() const { return (def_.steps_before + done_) % def_.record_interval; }
    size_t frame_of(const EventRecord& events) const;
    RunRequest next_request(uint32_t step_count);
    void move_on(uint32_t step_count, size_t rows);

    Session& session_;
    const SNNRunDef& def_;
    uint32_t done_ = 0;
    std::vector<InputFrames> frames_;  // one for each input of the session
    std::vector<RunSpikes> spikes_;
    std::vector<EventRecord> events_;
    std::vector<CallerArrays::ValueRecord> values_;
    std::vector<RecordFrames> records_;  // the caller's, and behind them those that values_ are taken from
    size_t own_records_;                 // the caller's
    std::vector<size_t> given_;          // places of inputs with frames of the caller's ...
    std::vector<size_t> kept_;           // ... and of those that take what was set or bound
    std::optional<ReportClock> clock_;
};

Session::Run::Run(Session& session, const SNNRunDef& def)
    : session_(session), def_(def), frames_(session.arrays_.frames(def.inputs, def.input_count, def.step_count)),
      spikes_(session.arrays_.spikes({def.spike_inputs, def.spike_input_count}, frames_, def.steps_before, def.step_count,
                                     session.open_.executor().takes_spike_lists() ? RunSpikes::Form::lists
                                                                                  : RunSpikes::Form::frames,
                                     RunSpikes::Length::pieces)),
      events_(session.arrays_.events(def)),
      values_(session.arrays_.value_records(def, row_count())),
      records_(session.arrays_.records({def.records, def.record_count}, row_count())), own_records_(records_.size()) {
    for (const CallerArrays::ValueRecord& value : values_)
        if (value.is_of_population())
            records_.push_back(value.values.frames(
                value.variable.slot.kind == Slot::state ? RecordFrames::state : RecordFrames::activity, value.variable.slot));
    for (uint32_t i = 0; i < events_.size(); ++i) def.spike_records[i].count = 0;
    if (def.out_step_count) *def.out_step_count = 0;
    for (size_t k = 0; k < frames_.size(); ++k) {
        const bool is_listed = std::any_of(spikes_.begin(), spikes_.end(),
                                           [&](const RunSpikes& one) { return one.population() == frames_[k].population; });
        if (frames_[k].data) given_.push_back(k);
        else if (!is_listed) kept_.push_back(k);
    }
    if (def.progress && def.progress_interval == 0) clock_.emplace(session.wall_clock, session.report_steps_);
}

size_t Session::Run::frame_of(const EventRecord& events) const {
    return static_cast<size_t>(session_.open_.batch_size()) * session_.network().population(events.population).size;
}

uint32_t Session::Run::next_piece() const {
    uint32_t most = def_.step_count - done_;
    if (clock_) most = std::min(most, clock_->most_steps());
    else if (def_.progress) most = std::min(most, def_.progress_interval - done_ % def_.progress_interval);
    const bool is_for_one_step = std::any_of(kept_.begin(), kept_.end(), [&](size_t k) {
        return session_.inputs_.is_pending(k);
    });
    if (is_for_one_step || session_.listeners_.hear_spikes()) most = 1;
    for (const RunSpikes& one : spikes_) most = std::min(most, one.most_steps());
    for (const CallerArrays::ValueRecord& value : values_) {
        const uint64_t rows = value.is_of_population() ? value.values.rows_at_once() : 1;
        most = static_cast<uint32_t>(std::min<uint64_t>(most, rows * def_.record_interval - phase()));
    }
    for (size_t i = 0; i < events_.size(); ++i) {
        const size_t frame = frame_of(events_[i]), fit = (def_.spike_records[i].capacity - events_[i].count) / frame;
        most = static_cast<uint32_t>(std::min<size_t>({most, fit, std::max<size_t>(1, most_events_in_request / frame)}));
    }
    return most;
}

RunRequest Session::Run::next_request(uint32_t step_count) {
    for (const size_t k : kept_) session_.inputs_.tell(k, frames_[k]);
    for (RunSpikes& one : spikes_) frames_[session_.inputs_.place_of(one.population())] = one.next(step_count);
    for (EventRecord& events : events_) events.first_step = def_.steps_before + done_;
    size_t place = own_records_;
    for (CallerArrays::ValueRecord& value : values_)
        if (value.is_of_population()) records_[place++].data = value.values.begin();
    RunRequest request;
    request.first_step = session_.state_.progress().steps;
    request.step_count = step_count;
    request.inputs = frames_;
    request.records = records_;
    request.record_interval = def_.record_interval;
    request.record_phase = phase();
    request.events = events_;
    return request;
}

void Session::Run::take(uint32_t step_count) {
    const RunRequest request = next_request(step_count);
    if (clock_) clock_->begin_piece();
    session_.open_.executor().run(request);
    move_on(step_count, request.record_row(step_count - 1) + 1);
}

// Behind what the piece has read and written.
void Session::Run::move_on(uint32_t step_count, size_t rows) {
    session_.state_.progress().steps += step_count;
    done_ += step_count;
    for (const size_t k : kept_) session_.inputs_.clear_spikes(k);
    for (CallerArrays::ValueRecord& value : values_) {
        if (rows == 0) continue;
        if (!value.is_of_population()) session_.variables_.read(value.variable, value.values.dtype(), value.values.begin());
        value.values.end(rows);
    }
    for (size_t i = 0; i < events_.size(); ++i) def_.spike_records[i].count = events_[i].count;
    if (def_.out_step_count) *def_.out_step_count = done_;
    for (const size_t k : given_) frames_[k].data += static_cast<size_t>(step_count) * frames_[k].step_stride;
    for (size_t i = 0; i < own_records_; ++i)
        records_[i].data = static_cast<char*>(records_[i].data) + rows * records_[i].step_stride * size_of(records_[i].dtype);
}

void Session::Run::report(uint32_t step_count) {
    if (session_.listeners_.hear_spikes()) session_.tell_spikes();
    if (!def_.progress) return;
    const bool is_due = clock_ ? clock_->is_due_after(step_count) : done_ % def_.progress_interval == 0;
    if (!is_due && !is_done()) return;
    const SessionGate::Calling calling(session_.gate_);
    if (def_.progress(done_, def_.step_count, def_.progress_user) != 0 && !is_done())
        throw Error(SNN_ERROR_STOPPED, "stopped after ", done_, " of ", def_.step_count, " steps");
}

void Session::run(const SNNRunDef& def) {
    check_counts(def);
    open_.check_state();
    Run run(*this, def);
    while (!run.is_done()) {
        const uint32_t step_count = run.next_piece();
        if (step_count == 0) return;
        run.take(step_count);
        run.report(step_count);
    }
}

}  // namespace snn
