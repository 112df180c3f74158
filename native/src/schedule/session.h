// A session: one running copy of a network. It checks everything that comes from outside (the executor below it may then
// assume valid input), owns inputs and callbacks, and drives its executor.
//
// Thread-safety: one thread at a time, seen to by Entry; a second thread gets SNN_ERROR_BUSY. While steps that begin() began
// are under way the executor and all that steps change belong to the background's thread.
#pragma once

#include <snn/snn.h>

#include <atomic>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/shared_device.h"
#include "backend/trainable.h"
#include "common/saved_state.h"
#include "network/fingerprint.h"
#include "network/network.h"
#include "network/plan.h"
#include "schedule/background.h"
#include "schedule/chosen_values.h"
#include "schedule/spike_lists.h"

namespace snn {

struct SessionOptions {
    std::string device;
    ExecutorOptions executor;
    uint32_t max_catch_up_steps = 0;  // 0: see usual_catch_up()
    SNNLogCallback log = nullptr;
    void* log_user = nullptr;
};

class Session {
public:
    // What calls are besides ordinary: `reading` ones are allowed from inside a callback of this session as well; those `aside`
    // touch nothing that a step reads or changes, and are allowed while steps are under way.
    enum Access : uint8_t { ordinary = 0, reading = 1, aside = 2 };

    // Held by every call. `access`: a sum of Access.
    class Entry {
    public:
        explicit Entry(Session& session, uint32_t access = ordinary);
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

    private:
        Session& session_;
        bool nested_ = false;
    };

    Session(std::shared_ptr<const Network> network, const SessionOptions& options);
    ~Session();

    // The device it runs on; why, where "auto" chose it or another one failed, else "".
    const std::string& device() const { return device_; }
    const std::string& device_reason() const { return device_reason_; }
    // Training is coming: a session whose executor leaves that to another one of its device, or whose device was chosen by
    // "auto", goes on with one that trains, with all that it has.
    void prepare_to_train();

    // --- input and time
    void set_input(uint32_t population, const float* values, size_t count);
    void set_sample_input(uint32_t population, uint32_t sample, const float* values, size_t count);
    void add_input_spikes(uint32_t population, uint32_t sample, const uint32_t* neurons, size_t count);
    void bind_input(uint32_t population, const float* values, size_t count);
    void step(uint64_t count);
    // As many whole steps as fit, until `budget_s` seconds of wall time are spent; returns how many. At least one that is due
    // runs; what is left is due at the next call.
    uint32_t advance(double seconds, double budget_s = std::numeric_limits<double>::infinity());
    // --- (session_reset.cpp)
    void reset();
    // These samples alone; time goes on. All samples of a session with plasticity, whose synapses forget their traces.
    void reset_samples(std::span<const uint32_t> samples);
    void run(const SNNRunDef& def);
    // --- in the background (session_background.cpp)
    // advance() on a thread of its own. False: the last ones are still under way; the time is carried to the next call.
    bool begin(double seconds, double budget_s);
    // Whether nothing is under way any more; tells what steps had to tell when that is seen first, and throws what they threw.
    bool poll();
    void wait();  // until poll() is true
    uint64_t steps_done() const { return steps_done_; }
    void set_steps_done(uint64_t steps) { steps_done_ = steps; }
    uint64_t seed() const { return seed_; }
    SNNCounters counters() const;

    // --- on a device that the host program shares (session_device.cpp)
    // Appends steps to a command buffer of the host; time goes on as if they had run.
    void record(void* commands, uint32_t count);
    void submit(const SNNVulkanSubmission& submission, uint32_t count);
    void set_readback(std::span<const char* const> paths, uint32_t frame_count);
    void record_readback(uint64_t frame, void* commands);
    // False: no frame is kept that is old enough.
    bool read_back(std::string_view path, uint64_t finished_frame, uint32_t dtype, void* out_data, size_t count,
                   uint64_t& out_frame) const;
    void device_handles(SNNVulkanDevice& out_device);
    DeviceBuffer device_buffer(std::string_view path) const;
    void bind_buffer(std::string_view path, const DeviceBuffer* buffer);
    void plan(SNNVulkanPlan& out_plan);

    // --- variables
    size_t value_count(std::string_view path) const;
    void read(std::string_view path, uint32_t dtype, void* out_data, size_t count) const;
    void write(std::string_view path, uint32_t dtype, const void* data, size_t count);
    void read_membrane(std::string_view population, float* out_potentials, size_t count) const;
    std::span<const uint32_t> spikes(uint32_t population, uint32_t sample) const;

    // --- the whole (session_state.cpp)
    StateOutline outline_state();  // refers to the session
    SavedState save();
    // An error of the state leaves all as it was. One of memory or the device leaves a lost state, until a reset or another
    // restore, and perhaps the seed, parameters and weights that were to be restored. Bindings and callbacks stay
    // (session_restore.cpp).
    void restore(const SavedState& state);

    // --- weights
    void load_weights(const Network& other);
    std::shared_ptr<const Network> to_network() const;
    void weights_changed();  // a trainer updated them
    // As TrainedSession's begin_run(), end_run() and fail_run().
    void begin_training_run(bool anew);
    void fail_training_run() noexcept;
    void end_training_run(uint64_t steps_since_reset) { steps_done_ = steps_since_reset, state_is_lost_ = false; }
    void gradients_ready() { has_gradients_ = true; }

    // --- parameters
    const Parameters& parameters_of(uint32_t population) const;
    // Checked, with the constants that follow from them. All or nothing: the session and its executor agree also when memory
    // runs out.
    void set_parameters(uint32_t population, Parameters parameters, const PopulationConstants& constants);
    // dL/d(each learnable parameter of the population), empty for the others.
    void set_parameter_gradients(uint32_t population, const Parameters& gradients) {
        parameter_gradients_[population] = gradients;
    }

    const std::shared_ptr<const Network>& network() const { return network_; }
    const Plan& plan() const { return *plan_; }
    Executor& executor() { return *executor_; }
    uint32_t batch_size() const { return batch_size_; }
    uint32_t flags() const { return flags_; }
    // Keeps what works on the executor, such as a trainer, until disown() or the end of the session, whichever is first. The
    // executor and its memory are of one thread at a time: what is disowned while a call is inside the session ends with that
    // call, on its thread. Thread-safety: any thread.
    void own(std::shared_ptr<void> object);
    void disown(const void* object) noexcept;
    void close() { closed_.store(true, std::memory_order_release); }

    // Every input population in index order, of a batch that is trained on.
    struct BatchInputs {
        std::vector<InputFrames> frames;
        std::vector<RunSpikes> spikes;  // what frames are of, where the caller gave events
    };
    // `on_one_tape`: all steps are run together and none of them again.
    BatchInputs checked_inputs(const SNNBatch& batch, uint32_t step_count, bool on_one_tape) const;
    // What a run of so many steps writes or takes, [step][batch][size] each, checked. Sums ("spike_count") are set to zero.
    std::vector<RecordFrames> checked_records(std::span<const SNNRecordArray> records, size_t row_count) const;
    std::vector<OutputGradient> checked_gradients(std::span<const SNNRecordArray> gradients, uint32_t step_count) const;
    std::vector<InputGradient> checked_input_gradients(std::span<const SNNRecordArray> gradients, uint32_t step_count) const;

    // --- callbacks: without any lock held; the session is busy for all but reading calls meanwhile. Null: nobody listens
    void set_spike_callback(SpikeCallback callback, void* user);
    void set_weight_callback(SNNWeightCallback callback, void* user) { weight_callback_ = callback, weight_user_ = user; }
    void set_epoch_callback(SNNEpochCallback callback, void* user) { epoch_callback_ = callback, epoch_user_ = user; }
    bool tells_weights() const { return weight_callback_ != nullptr; }
    void tell(const SNNWeightUpdate& update);
    void tell(const SNNEpoch& epoch);

    double (*wall_clock)();      // seconds since some moment, never going back; a test may put its own here
    SNNHandle handle = nullptr;  // what callbacks are given

private:
    struct Input {
        uint32_t population, size;
        bool clears;                // spike input: empty after one step
        bool filled = false;        // a spike input that was set for the coming step
        const float* bound = nullptr;
        std::vector<float> values;  // [batch][size]
        bool on_device = false;     // read from a buffer of the host program instead
        bool listed = false;        // all that was set was added to `spikes`, and `values` say the same
        std::unique_ptr<StepSpikes> spikes{};  // null before spikes are added
        // What was given while steps are under way, by sample.
        enum Coming : uint8_t { nothing, set, added };
        std::vector<float> coming{};
        std::vector<Coming> is_coming{};
        bool any_coming = false;

        bool is_pending() const { return clears && filled; }
        // What was set or bound, for one step or, where nothing is listed, several.
        void tell(InputFrames& out_frames) const {
            out_frames = {population, bound ? bound : values.data(), 0};
            if (listed && !bound) spikes->list(out_frames);
        }
        void forget_list() {
            if (std::exchange(listed, false)) spikes->forget();
        }
    };
    struct Variable {
        // What a slot holds; a parameter of a model or its gradient, or a parameter of a rule of plasticity; a trace of a rule,
        // as the step to come sees it; or a signal to a rule.
        enum Kind : uint8_t { values, parameter, parameter_gradient, rule_parameter, trace, signal };
        Slot slot;  // of what is no slot: index is that of its population or projection
        bool writable;
        Kind kind = values;
        uint32_t number = 0;  // of the parameter or trace
    };

    // Held while a callback runs: reading calls are allowed from inside it.
    class Calling {
    public:
        explicit Calling(Session& session);
        ~Calling();
        Calling(const Calling&) = delete;
        Calling& operator=(const Calling&) = delete;

    private:
        Session& session_;
    };

    static constexpr uint32_t no_input = UINT32_MAX;

    // Who has the session: no one, a call, or a thread that ends what was disowned.
    enum class Holder : uint8_t { none, call, ending };

    static const void* this_thread();
    static uint32_t fork_count();  // how often this process was forked off, watched from the first call on
    void leave() noexcept;
    void end_disowned() noexcept;
    void open_executor(const SessionOptions& options);
    void open_executor_on(const std::string& device);
    void open_several(const std::string& device);
    void make_lasting(const std::vector<struct DeviceChoice>& others);
    std::unique_ptr<Executor> better_executor(class TogetherExecutor& present, std::string& io_asked,
                                              std::vector<double>& io_slowness, const ExecutorOptions& options,
                                              const std::function<void(Executor&)>& bring);
    void go_on_without(std::unique_ptr<Executor>& io_executor, std::exception_ptr failure, const ExecutorOptions& options);
    void report_opening() const;
    void warn(const std::string& sentence) const;
    std::string rounding_to_tell(uint32_t projection, std::span<const float> weights) const;
    void warn_of_rounding(uint32_t projection, const std::string& sentence);
    void log(int32_t level, const char* message) const;
    static void check_frame(double seconds, double budget_s);
    void take_coming(Input& input);
    void keep(const SNNSpikes& spikes);
    void tell(const SNNSpikes& spikes);
    void tell_kept();
    Readable find_readable(std::string_view path, const std::string& place) const;
    void check_is_free(const DeviceBuffer& buffer, std::string_view path) const;  // of other names
    SharedDevice& shared_device() const;  // throws SNN_ERROR_UNSUPPORTED where it is not shared
    void record_steps(SharedDevice& device, void* commands, uint32_t count);
    void count_recorded(uint32_t count);
    void check_state() const {
        if (state_is_lost_) refuse_lost_state();
    }
    // change() takes several calls of the executor: after an error in it the state is lost. A device that is lost says so itself,
    // to every call from then on.
    template <class Change>
    void change_state(Change&& change) {
        state_is_lost_ = true;
        try {
            change();
        } catch (...) {
            fail_change();
        }
        state_is_lost_ = false;
    }
    [[noreturn]] void fail_change();
    RunRequest request_for(uint32_t count);
    uint64_t step_within(uint64_t count, double budget_s);
    void report_spikes();
    static void clear_spikes(Input& input);
    void clear_spike_inputs();
    Input& input_of(uint32_t population);
    void set_samples(uint32_t population, uint32_t first, uint32_t sample_count, const float* values, size_t count);
    void take_samples(Input& input, uint32_t first, uint32_t sample_count, const float* values);
    void check_sample(uint32_t sample) const;
    void check_takes(const Input& input) const;
    void add_spikes(Input& input, uint32_t sample, std::span<const uint32_t> neurons);
    void add_coming(Input& input, uint32_t sample, std::span<const uint32_t> neurons) const;
    Variable find_variable(std::string_view path) const;
    uint32_t split_sample(std::string_view path, std::string_view& io_variable) const;
    uint32_t weight_copies() const { return plan_->sample_weights ? batch_size_ : 1; }
    void write_weights(uint32_t projection, const float* weights, const float* bias);
    // Parts of write(), with its arguments checked.
    void write_parameter(const Variable& variable, DType type, const void* data, size_t count);
    void check_values(const Slot& slot, DType type, const void* data, size_t count, std::string_view path) const;
    [[nodiscard]] std::string write_fixed_weights(const Slot& slot, DType type, const void* data, size_t count);
    size_t count_of(const Variable& variable) const;
    void check_state_can_be_saved() const;
    std::string state_document();
    bool is_in_state(const struct StateTensor& tensor) const;
    std::span<const std::byte> bytes_of(const struct StateTensor& tensor) const;
    class StateReader;  // of restore()
    const ProjectionHash& hash_of(uint32_t projection);
    // Of a model or rule of the network's, by its op list.
    const std::string& definition_hash(const std::string& json);
    // Of plastic projections (session_plasticity.cpp).
    Variable find_rule_variable(const Projection& projection, uint32_t index, std::string_view variable) const;
    std::shared_ptr<const PlasticityPlan> checked_plan(uint32_t projection, const Plasticity& plasticity);
    void set_plasticity(uint32_t projection, std::shared_ptr<const Plasticity> plasticity,
                        std::shared_ptr<const PlasticityPlan> plan);
    const Plasticity& plasticity_of(uint32_t projection) const;
    void read_trace(const Variable& variable, DType dtype, void* out_data) const;
    void write_rule(const Variable& variable, DType dtype, const void* data, std::string_view path);
    RecordFrames checked_record(const SNNRecordArray& record, size_t row_count, const std::string& place) const;
    RecordFrames checked_gradient(const SNNRecordArray& gradient, uint32_t step_count, const std::string& place) const;
    const std::vector<double>& parameter_values(const Variable& variable) const;
    std::vector<EventRecord> checked_events(const SNNRunDef& def) const;
    // Frames for every input population in index order from the caller's arrays, checked; empty where there is none.
    // `training`: looks at them for a taped run, `packs` as Trainable::first_wrong() has it.
    std::vector<InputFrames> checked_frames(const SNNInputArray* inputs, uint32_t input_count, uint32_t step_count,
                                            Trainable* training = nullptr, bool packs = false) const;
    // What the caller gives as events; `frames` are those of other inputs. The steps are `first_step` to `first_step` +
    // `step_count` - 1.
    std::vector<RunSpikes> checked_spikes(std::span<const SNNSpikeInput> given, std::span<const InputFrames> frames,
                                          uint32_t first_step, uint32_t step_count, RunSpikes::Form form,
                                          RunSpikes::Length length) const;
    // A variable that a run records by its path: of a population as steps run, of a projection between them.
    struct ValueRecord {
        Variable variable;
        ChosenValues values;
        bool is_of_population() const { return variable.slot.kind == Slot::state || variable.slot.kind == Slot::activity; }
    };
    class Run;  // a call of run()
    ValueRecord checked_value_record(const SNNValueRecord& record, size_t row_count, const std::string& place) const;
    std::vector<ValueRecord> checked_value_records(const SNNRunDef& def, size_t row_count) const;
    void read(const Variable& variable, DType dtype, void* out_data) const;

    std::shared_ptr<const Network> network_;
    std::shared_ptr<const Plan> plan_;
    std::unique_ptr<Executor> executor_;
    ExecutorOptions executor_options_;  // to open another one
    std::string device_, device_reason_;
    bool is_automatic_ = false;  // the device was left to choose
    uint32_t batch_size_;
    uint32_t flags_;
    uint32_t max_catch_up_steps_;
    SNNLogCallback log_;
    void* log_user_;
    uint32_t report_steps_ = 1;   // in a run that reports by the clock: steps from one report to the next
    bool dropping_time_ = false;  // the last advance() did; it is logged when it begins
    uint64_t steps_done_ = 0;
    double remainder_s_ = 0;
    // An error ended a reset or a restore, which take several calls of the executor. Nobody steps or reads values from then on.
    bool state_is_lost_ = false;
    uint64_t seed_;
    ExecutorCounters counted_before_;  // by the session whose state was restored
    // Of the network's: per projection, and by the text of a definition. Made when they are needed.
    std::vector<std::optional<ProjectionHash>> hashes_;
    std::map<const std::string*, std::string> definition_hashes_;
    std::vector<Input> inputs_;           // in the order of their populations
    struct BoundBuffer {
        std::string path;
        DeviceBuffer buffer;
    };
    std::vector<BoundBuffer> bound_buffers_;   // of the host program
    struct ReadbackValue {
        std::string path;
        size_t count;
    };
    std::vector<ReadbackValue> readback_values_;  // that come back without waiting
    std::vector<uint32_t> input_places_;  // per population: its place in inputs_, no_input for neurons
    std::vector<InputFrames> frames_;  // one for each of inputs_, rewritten before a step
    std::vector<float> no_spikes_;     // of the largest spike input; empty where steps are not recorded
    std::vector<Parameters> parameters_;  // per population: empty while they are the network's
    std::vector<std::shared_ptr<const Plasticity>> plasticity_;  // per projection: null while it is the network's ...
    std::vector<std::shared_ptr<const PlasticityPlan>> plasticity_plans_;  // ... and what the executor computes with
    DecayTables decay_tables_;  // of their traces
    std::vector<Parameters> parameter_gradients_;  // per population: empty before a backward pass
    std::vector<uint8_t> weight_is_own_;  // per projection: differs (perhaps) from the network's
    std::vector<uint8_t> rounding_is_told_;  // per projection
    bool has_gradients_ = false;

    // Of steps in the background.
    struct KeptSpikes {
        SNNSpikes spikes;
        size_t first;  // of its neurons in kept_neurons_
    };
    bool runs_on_host_device_ = false;
    bool under_way_ = false;  // begun, and poll() has not said that they are done
    double owed_s_ = 0;       // time of calls of begin() that found steps under way
    double begun_s_ = 0, begun_budget_s_ = 0;
    mutable std::vector<std::pair<int32_t, std::string>> kept_messages_;
    std::vector<KeptSpikes> kept_spikes_;
    std::vector<uint32_t> kept_neurons_;

    SpikeCallback spike_callback_ = nullptr;
    void* spike_user_ = nullptr;
    SNNWeightCallback weight_callback_ = nullptr;
    void* weight_user_ = nullptr;
    SNNEpochCallback epoch_callback_ = nullptr;
    void* epoch_user_ = nullptr;
    std::vector<uint32_t> told_spikes_;  // what the callback is given: it may read others from the executor meanwhile

    std::mutex owned_mutex_;                                // of these two; no step takes it
    std::vector<std::shared_ptr<void>> owned_, disowned_;  // after executor_, so that they end before it
    std::atomic<bool> has_disowned_{false};

    std::atomic<Holder> holder_{Holder::none};
    std::atomic<bool> closed_{false};
    std::atomic<const void*> callback_thread_{nullptr};
    uint32_t fork_count_;
    std::unique_ptr<Background> background_;  // last: it ends first. Null before the first begin()
};

}  // namespace snn
