// snn.hpp - libsnn for C++17 and later: snn.h with RAII objects, exceptions and ranges. Header only. It adds no logic of its
// own, so snn.h stays the manual: snn::Network::connect is snn_network_connect, and so on.
//
//     snn::Network network(1.0);                                     // dt in ms
//     const auto in = network.add_spike_input("in", {2});
//     const auto cells = network.add_neurons("cells", {3}, "lif");
//     network.connect_dense(in, cells, weights);                     // any range of floats, [source][target]
//     network.finish();
//     snn::Session session(network);
//     session.set_input(in, {1.0f, 0.0f});                           // or any range of floats
//     session.step(10);
//     std::vector<float> v = session.membrane_potentials("cells");
//
// Errors: every call that fails throws snn::Error, which carries the status and the sentence of snn_last_error().
// Ownership: Network, Model, Session and Trainer are move-only handles; share() gives a second reference to a network or a
//            model. They can be destroyed in any order.
// Thread-safety: as in snn.h. A session and its trainer: one thread at a time; networks and models: any thread.
// Callbacks: if one throws, the call that ran it (step, run, ...) rethrows the exception after it has returned from C.
//
// This file has sessions and trainers and includes snn_network.hpp and snn_base.hpp: a program only includes snn.hpp.
#ifndef SNN_SNN_HPP
#define SNN_SNN_HPP

#include <snn/snn_network.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace snn {
inline namespace v1 {

// ---- Session ----------------------------------------------------------------------------------------------------------

// SNNConfig without the file and the network. Only the constructor of Session reads the pointers.
struct SessionOptions {
    std::string device = "cpu";
    uint32_t batch_size = 1;
    uint32_t thread_count = 1;  // 0: one per core
    uint32_t instruction_set = SNN_ISA_BEST;
    uint32_t max_catch_up_steps = 0;  // 0: what fits into 0.25 s of simulated time, at least 100
    uint32_t flags = 0;
    const SNNAllocator* allocator = nullptr;
    const SNNJobSystem* job_system = nullptr;
    SNNLogCallback log = nullptr;
    void* log_user = nullptr;
    uint64_t seed = 0;  // of the random draws of models
};

// Parts of SNNRunDef that borrow arrays of the caller. Spikes of a spike input as events, ordered by step.
inline SNNSpikeInput spike_input(uint32_t population, Span<const uint32_t> steps, Span<const uint32_t> neurons,
                                 Span<const uint32_t> samples = {}) {
    if (neurons.size() != steps.size() || (samples.data() && samples.size() != steps.size()))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "steps, neurons and samples differ in their number; each spike has one");
    return {sizeof(SNNSpikeInput), population, steps.data(), neurons.data(), samples.data(), steps.size()};
}
// Values of all neurons or synapses, or of chosen ones. `path` is not copied.
template <class Range>
SNNValueRecord value_record(const char* path, Range&& out_values) {
    using Value = detail::ValueOf<Range>;
    return {sizeof(SNNValueRecord), detail::dtype_of<Value>(), path, nullptr, 0, std::data(out_values), std::size(out_values)};
}
template <class Range>
SNNValueRecord value_record(const char* path, Span<const uint64_t> indices, Range&& out_values) {
    static const uint64_t none = 0;  // an empty vector may have a null address, which would mean all
    SNNValueRecord record = value_record(path, out_values);
    record.indices = indices.data() ? indices.data() : &none;
    record.index_count = indices.size();
    return record;
}

namespace detail {

// The config for a file or a network. `options` must outlive the result.
inline SNNConfig config_of(const char* file, SNNNetwork network, const SessionOptions& options) {
    // The same error as that of the functions of such a network.
    if (!file && !network) throw Error(SNN_ERROR_INVALID_HANDLE, "network is null; expected a network handle");
    SNNConfig config;
    snn_config_default(&config);
    config.file = file;
    config.network = network;
    config.device = options.device.c_str();
    config.batch_size = options.batch_size;
    config.thread_count = options.thread_count;
    config.instruction_set = options.instruction_set;
    config.max_catch_up_steps = options.max_catch_up_steps;
    config.flags = options.flags;
    config.allocator = options.allocator;
    config.job_system = options.job_system;
    config.log = options.log;
    config.log_user = options.log_user;
    config.seed = options.seed;
    return config;
}

}  // namespace detail

// A running copy of a network. Thread-safety: one thread at a time.
class Session {
public:
    // Empty, to be assigned to. Its functions throw SNN_ERROR_INVALID_HANDLE, as after a move.
    Session() noexcept = default;
    explicit Session(const Network& network, const SessionOptions& options = {})
        : Session(nullptr, network.get(), options) {}
    // Takes ownership of a handle that a C function opened, such as snn_vulkan_create_network. `batch_size` is that of its
    // config.
    explicit Session(SNNHandle owned, uint32_t batch_size = 1)
        : batch_size_(batch_size), callbacks_(std::make_shared<Callbacks>()), handle_(owned) {}
    static Session open(const std::string& path, const SessionOptions& options = {}) {
        return Session(path.c_str(), nullptr, options);
    }

    // `frame_dt` in seconds: as many whole steps as fit; the rest is carried.
    void run_step(float frame_dt) { finish_call(snn_run_step(get(), frame_dt)); }
    // The same, until `budget_s` seconds of wall time are used up; returns the number of steps that ran.
    uint32_t run_step_within(float frame_dt, float budget_s) {
        uint32_t steps = 0;
        finish_call(snn_run_step_within(get(), frame_dt, budget_s, &steps));
        return steps;
    }
    // Starts such steps on a thread of the session's own and returns at once. False if steps are still under way: the time is
    // then carried to the next call. Until poll() is true the session only takes inputs, and bound memory is being read.
    bool begin(float frame_dt, float budget_s = std::numeric_limits<float>::infinity()) {
        uint32_t begun = 0;
        check(snn_session_begin(get(), frame_dt, budget_s, &begun));
        return begun != 0;
    }
    // Whether the steps are done; never waits. The call that finds them done calls on_spikes for each of them.
    bool poll() {
        uint32_t done = 0;
        finish_call(snn_session_poll(get(), &done));
        return done != 0;
    }
    void wait() { finish_call(snn_session_wait(get())); }
    void step(uint32_t step_count = 1) { finish_call(snn_session_step(get(), step_count)); }
    void run(const SNNRunDef& def) { finish_call(snn_session_run(get(), &def)); }
    void reset() { check(snn_session_reset(get())); }
    // Resets some samples; the others go on.
    void reset_samples(Values<uint32_t> samples) { check(snn_session_reset_samples(get(), samples.data(), samples.size())); }
    void save_state(const std::string& path) { check(snn_save_state(get(), path.c_str())); }
    void load_state(const std::string& path) { check(snn_load_state(get(), path.c_str())); }
    // The same bytes as in the file
    std::vector<unsigned char> save_state_memory() {
        size_t size = 0;
        check(snn_save_state_memory(get(), nullptr, 0, &size));
        std::vector<unsigned char> data(size);
        check(snn_save_state_memory(get(), data.data(), data.size(), &size));
        return data;
    }
    void load_state_memory(const void* data, size_t size_bytes) { check(snn_load_state_memory(get(), data, size_bytes)); }
    void set_step_count(uint64_t steps) { check(snn_session_set_step_count(get(), steps)); }
    uint64_t step_count() const {
        uint64_t steps = 0;
        check(snn_session_step_count(get(), &steps));
        return steps;
    }
    uint64_t seed() const {
        uint64_t seed = 0;
        check(snn_session_seed(get(), &seed));
        return seed;
    }

    // The device it runs on, and why.
    SNNSessionDevice device() const {
        SNNSessionDevice device{};
        device.struct_size = sizeof device;
        check(snn_session_device(get(), &device));
        return device;
    }

    // What was computed since the last reset.
    SNNCounters counters() const {
        SNNCounters counters{};
        counters.struct_size = sizeof counters;
        check(snn_get_counters(get(), &counters));
        return counters;
    }

    // [batch_size][size]
    void set_input(uint32_t population, Values<float> values) {
        check(snn_session_set_input(get(), population, values.data(), values.size()));
    }
    // [size], for one sample; the others keep their input
    void set_sample_input(uint32_t population, uint32_t sample, Values<float> values) {
        check(snn_session_set_sample_input(get(), population, sample, values.data(), values.size()));
    }
    // Adds spikes for the next step of a sample: indices of neurons in any order
    void add_input_spikes(uint32_t population, uint32_t sample, Values<uint32_t> neurons) {
        check(snn_session_add_input_spikes(get(), population, sample, neurons.data(), neurons.size()));
    }
    // for sample 0
    void add_input_spikes(uint32_t population, Values<uint32_t> neurons) { add_input_spikes(population, 0, neurons); }
    // Borrows `values` until something else is bound; {} ends the binding.
    void bind_input(uint32_t population, Span<const float> values) {
        check(snn_session_bind_input(get(), population, values.data(), values.size()));
    }
    // Deleted for temporaries that own their values: they would be gone at the next step. For a view other than std::span use
    // Span{data, size}.
    template <class Range, class = std::enable_if_t<detail::may_own<Range>>>
    void bind_input(uint32_t population, Range&& values) = delete;
    // [batch_size][size]
    void membrane_potentials(const std::string& population, Span<float> out_potentials) const {
        check(snn_get_membrane_potentials(get(), population.c_str(), out_potentials.data(), out_potentials.size()));
    }
    std::vector<float> membrane_potentials(const std::string& population) const {
        const Network owner = network();
        std::vector<float> potentials(std::size_t{batch_size_} *
                                      owner.population(owner.find_population(population)).size);
        membrane_potentials(population, potentials);
        return potentials;
    }
    // The neurons that spiked in the last step, ascending; valid until the session is next used.
    Span<const uint32_t> spikes(uint32_t population, uint32_t sample = 0) const {
        const uint32_t* neurons = nullptr;
        uint32_t count = 0;
        check(snn_session_get_spikes(get(), population, sample, &neurons, &count));
        return {neurons, count};
    }
    // Reads a variable by its path: "population.state", "projection.weight", ... as in snn_session_read.
    template <class T>
    void read(const std::string& path, Span<T> out_data) const {
        check(snn_session_read(get(), path.c_str(), detail::dtype_of<T>(), out_data.data(), out_data.size()));
    }
    template <class Range, class T = detail::ValueOf<Range>>
    void read(const std::string& path, Range&& out_data) const {
        read(path, Span<T>(out_data));
    }
    template <class T = float>
    std::vector<T> read(const std::string& path) const {
        std::vector<T> values(value_count(path));
        read(path, Span<T>(values));
        return values;
    }
    // Writes a variable from a range, {1.0f, 0.0f} or one value.
    template <class Range, class T = detail::ValueOf<const Range>>
    void write(const std::string& path, const Range& values) {
        check(snn_session_write(get(), path.c_str(), detail::dtype_of<T>(), std::data(values), std::size(values)));
    }
    template <class T>
    void write(const std::string& path, std::initializer_list<T> values) {
        write(path, Span<const T>(values.begin(), values.size()));
    }
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    void write(const std::string& path, T value) {
        write(path, Span<const T>(&value, 1));
    }
    std::size_t value_count(const std::string& path) const {
        std::size_t count = 0;
        check(snn_session_value_count(get(), path.c_str(), &count));
        return count;
    }
    void load_weights(const std::string& path) { check(snn_load_weights(get(), path.c_str())); }

    // One callback of each kind; {} removes it. It may only read from the session.
    void on_spikes(std::function<void(const SNNSpikes&)> function) {
        check(snn_register_spike_callback(get(), function ? call<SNNSpikes, &Callbacks::spikes> : nullptr,
                                          callbacks_.get()));
        callbacks_->spikes = std::move(function);
    }
    void on_weights(std::function<void(const SNNWeightUpdate&)> function) {
        check(snn_register_weight_callback(get(), function ? call<SNNWeightUpdate, &Callbacks::weights> : nullptr,
                                           callbacks_.get()));
        callbacks_->weights = std::move(function);
    }
    void on_epoch(std::function<void(const SNNEpoch&)> function) {
        check(snn_register_epoch_callback(get(), function ? call<SNNEpoch, &Callbacks::epoch> : nullptr,
                                          callbacks_.get()));
        callbacks_->epoch = std::move(function);
    }

    Network network() const {
        SNNNetwork handle = nullptr;
        check(snn_session_network(get(), &handle));
        return Network(handle);
    }
    // The index of a population, for functions that need one. Look it up once, not in each frame.
    uint32_t find_population(const std::string& name) const { return network().find_population(name); }
    // A new finished network with the present weights and biases.
    Network to_network() const {
        SNNNetwork handle = nullptr;
        check(snn_session_to_network(get(), &handle));
        return Network(handle);
    }
    uint32_t batch_size() const noexcept { return batch_size_; }
    explicit operator bool() const noexcept { return get() != nullptr; }
    SNNHandle get() const noexcept { return handle_.get(); }

private:
    friend class Trainer;

    // At a fixed address, because C holds a pointer to it.
    struct Callbacks {
        std::function<void(const SNNSpikes&)> spikes;
        std::function<void(const SNNWeightUpdate&)> weights;
        std::function<void(const SNNEpoch&)> epoch;
        std::exception_ptr thrown;  // by a callback during this call; no other callback runs before the call ends
    };

    template <class Event, std::function<void(const Event&)> Callbacks::*Member>
    static void SNN_CALL call(SNNHandle, const Event* event, void* user) {
        Callbacks& callbacks = *static_cast<Callbacks*>(user);
        if (callbacks.thrown) return;
        try {
            (callbacks.*Member)(*event);
        } catch (...) {
            if (!callbacks.thrown) callbacks.thrown = std::current_exception();
        }
    }

    // For calls that may have run callbacks.
    void finish_call(SNNStatus status) const {
        if (callbacks_ && callbacks_->thrown) std::rethrow_exception(std::exchange(callbacks_->thrown, nullptr));
        check(status);
    }

    Session(const char* file, SNNNetwork network, const SessionOptions& options)
        : batch_size_(options.batch_size), callbacks_(std::make_shared<Callbacks>()) {
        const SNNConfig config = detail::config_of(file, network, options);
        SNNHandle handle = nullptr;
        check(snn_create_network(&config, &handle));
        handle_ = detail::Owned<SNNHandle, snn_destroy_network>(handle);
    }

    uint32_t batch_size_ = 0;
    std::shared_ptr<Callbacks> callbacks_;
    detail::Owned<SNNHandle, snn_destroy_network> handle_;  // last: destroyed first
};

// ---- Trainer ----------------------------------------------------------------------------------------------------------

// Trains one session and ends with it. Thread-safety: that of the session.
class Trainer {
public:
    Trainer() noexcept = default;  // empty, to be assigned to
    // Start from trainer_def().
    Trainer(Session& session, const SNNTrainerDef& def) : callbacks_(session.callbacks_) {
        SNNTrainer handle = nullptr;
        check(snn_trainer_create(session.get(), &def, &handle));
        handle_ = detail::Owned<SNNTrainer, snn_trainer_release>(handle);
    }
    // Forward, backward and update on one batch of held inputs. `labels`: [batch_size], -1 is padding.
    SNNTrainResult step(Values<SNNInputArray> inputs, Values<int32_t> labels) {
        return step(batch(inputs, labels));
    }
    SNNTrainResult step(const SNNBatch& batch) {
        SNNTrainResult result = empty_result();
        finish_call(snn_trainer_step(get(), &batch, &result));
        return result;
    }
    SNNTrainResult forward(const SNNBatch& batch) {
        SNNTrainResult result = empty_result();
        finish_call(snn_trainer_forward(get(), &batch, &result));
        return result;
    }
    void backward() { finish_call(snn_trainer_backward(get())); }
    // Instead of forward and backward, for a loss of your own: the trainer's def has SNN_LOSS_NONE.
    SNNTrainResult run(const SNNBatch& batch, Values<SNNRecordArray> records) {
        SNNTrainResult result = empty_result();
        finish_call(snn_trainer_run(get(), &batch, records.data(), static_cast<uint32_t>(records.size()), &result));
        return result;
    }
    void run_backward(double loss, Values<SNNRecordArray> gradients, Values<SNNRecordArray> input_gradients = {}) {
        finish_call(snn_trainer_run_backward(get(), loss, gradients.data(), static_cast<uint32_t>(gradients.size()),
                                             input_gradients.data(), static_cast<uint32_t>(input_gradients.size())));
    }
    void update() { finish_call(snn_trainer_update(get())); }
    // [batch_size][outputs] of the last forward.
    void scores(Span<float> out_scores) const {
        check(snn_trainer_scores(get(), out_scores.data(), out_scores.size()));
    }
    // The part of the last loss that comes from one population.
    double loss_of(uint32_t population) const {
        double loss = 0;
        check(snn_trainer_loss_of(get(), population, &loss));
        return loss;
    }
    // What the trainer keeps from update to update. Restore it in a trainer of the same network and optimiser.
    std::vector<double> state() const {
        std::size_t count = 0;
        check(snn_trainer_get_state(get(), nullptr, &count));
        std::vector<double> values(count);
        check(snn_trainer_get_state(get(), values.data(), &count));
        return values;
    }
    void set_state(Values<double> values) { check(snn_trainer_set_state(get(), values.data(), values.size())); }
    void set_auxiliary_loss(uint32_t population, uint32_t loss, double weight = 1.0) {
        check(snn_trainer_set_auxiliary_loss(get(), population, loss, weight));
    }
    void set_class_weights(Values<float> weights) {
        check(snn_trainer_set_class_weights(get(), weights.data(), weights.size()));
    }
    void set_dropout(uint32_t population, double probability, uint64_t seed = 0) {
        check(snn_trainer_set_dropout(get(), population, probability, seed));
    }
    void set_quantization(uint32_t projection, uint32_t bits, bool per_channel = false) {
        check(snn_trainer_set_quantization(get(), projection, bits, per_channel));
    }
    void set_normalization(uint32_t projection, double scale = 1.0, double momentum = 0.1, double epsilon = 1e-5) {
        check(snn_trainer_set_normalization(get(), projection, scale, momentum, epsilon));
    }
    void set_delay_learning(uint32_t projection, double width, uint32_t kernel = SNN_DELAY_KERNEL_GAUSSIAN,
                            double rate_factor = 100.0) {
        check(snn_trainer_set_delay_learning(get(), projection, kernel, width, rate_factor));
    }
    void set_learning_rate(double learning_rate) { check(snn_trainer_set_learning_rate(get(), learning_rate)); }
    SNNEpoch end_epoch() {
        SNNEpoch epoch{};
        epoch.struct_size = sizeof epoch;
        finish_call(snn_trainer_end_epoch(get(), &epoch));
        return epoch;
    }
    static SNNBatch batch(Span<const SNNInputArray> inputs, Span<const int32_t> labels, Span<const SNNSpikeInput> spikes = {}) {
        SNNBatch batch{};
        batch.struct_size = sizeof batch;
        batch.inputs = inputs.data();
        batch.input_count = static_cast<uint32_t>(inputs.size());
        batch.labels = labels.data();
        batch.label_count = labels.size();
        batch.spike_inputs = spikes.data();
        batch.spike_input_count = static_cast<uint32_t>(spikes.size());
        return batch;
    }
    explicit operator bool() const noexcept { return get() != nullptr; }
    SNNTrainer get() const noexcept { return handle_.get(); }

private:
    static SNNTrainResult empty_result() {
        SNNTrainResult result{};
        result.struct_size = sizeof result;
        return result;
    }
    void finish_call(SNNStatus status) const {
        if (callbacks_ && callbacks_->thrown) std::rethrow_exception(std::exchange(callbacks_->thrown, nullptr));
        check(status);
    }

    std::shared_ptr<Session::Callbacks> callbacks_;
    detail::Owned<SNNTrainer, snn_trainer_release> handle_;
};

}  // namespace v1
}  // namespace snn
#endif  // SNN_SNN_HPP
