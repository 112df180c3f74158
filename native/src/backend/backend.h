// THE backend interface. A backend turns a plan into an executor: memory on its device plus a way to run the plan's
// kernel calls. Everything that reaches an executor has been checked above it (src/schedule/session_*.cpp), so it may
// assume valid input: indices in range, counts exact, calls in a legal order.
//
// What a device may leave out has an interface of its own: training (trainable.h), steps in the command buffers of a host
// program (shared_device.h).
//
// To add a backend: derive from Executor, add one line to registry.cpp. Start from null/ (does nothing, counts
// everything), read reference/ for what every kernel means. docs/adding-a-backend.md walks through it.
//
// Thread-safety: an executor is used by one thread at a time.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "network/linear_step.h"
#include "network/plan.h"

struct SNNVulkanHost;

namespace snn {

enum class DType : uint8_t { float32 = SNN_FLOAT32, float64 = SNN_FLOAT64, int32 = SNN_INT32, uint8 = SNN_UINT8 };
size_t size_of(DType type);

// One variable of a session. All are read and written in canonical order, whatever the device's layout.
struct Slot {
    enum Kind : uint8_t {
        state,            // index population, sub state: [batch][size]; float or int32
        activity,         // index population: [batch][size], spikes as 0/1 or input values of the last step. Written only
                          // where there is no history
        history,          // index population: [history_depth][batch][size], newest (the last step) first
        weight,           // index projection. Where samples have weights of their own, of `sample`, or [batch][weight]
        // What a plastic projection remembers of events, as kept_traces() gives it; written after reset_state() only. Traces
        // are floats, an age is an int: steps from the last event to the step to come.
        pre_traces,   // index projection: [trace][source][delay of PlasticityPlan::delays]
        pre_age,      // index projection: [source][delay]
        post_traces,  // index projection: [trace][target]
        post_age,     // index projection: [target]
        synapse_traces,  // index projection: [trace][synapse]
        synapse_age,     // index projection: [synapse]
        bias,             // index projection; as weight
        weight_gradient,  // index projection
        bias_gradient,    // index projection
    };
    Kind kind;
    uint32_t index;
    uint32_t sub = 0;
    uint32_t sample = all_samples;  // of weight and bias, where the plan has sample_weights
    static constexpr uint32_t all_samples = UINT32_MAX;
};

struct InputFrames {
    uint32_t population;
    const float* data;   // first step's [batch][size]
    size_t step_stride;  // floats to the next step's frame; 0: the same frame at every step
    // Instead of `data`, of a spike input, for an executor that takes_spike_lists(), or that takes_taped_spike_lists() in a
    // taped run: who spikes, ascending. Those of sample b in step s of the request are neurons[offsets[s * batch + b]] up to
    // neurons[offsets[s * batch + b + 1]]. The stride is not 0 then. In a request of one step, for any executor, beside `data`,
    // which says the same.
    const uint32_t* neurons = nullptr;
    const uint32_t* offsets = nullptr;  // null: there are no lists
    // Beside `data`, what Trainable::first_wrong() made of it for the same executor: the first step's. Null: nothing.
    const uint16_t* bits = nullptr;
    size_t bits_stride = 0;  // to the next step's

    // The input from a later step of the request on.
    InputFrames from(size_t step, size_t batch) const {
        InputFrames later = *this;
        if (data) later.data += step * step_stride;
        if (offsets) later.offsets += step * batch;
        if (bits) later.bits += step * bits_stride;
        return later;
    }
};

// A neuron that is recorded, and its place in the row of a sample.
struct ChosenNeuron {
    uint32_t neuron, place;
};

struct RecordFrames {
    enum Kind : uint8_t { state, activity, activity_sum };  // activity_sum adds up into data (zeroed by the caller)
    Kind kind;
    uint32_t population;
    uint32_t state_index;
    DType dtype;  // float32, float64; uint8 for activity of spikes
    void* data;
    size_t step_stride;  // elements to the next step's frame; 0 for activity_sum
    // For an executor that records_chosen(), of a state or activity: these neurons alone, ascending, in frames
    // [batch][chosen_count].
    const ChosenNeuron* chosen = nullptr;  // null: all
    size_t chosen_count = 0;
};

// Spikes of one population, appended as events ordered by step, then sample, then neuron. There is room for all its neurons
// to spike in every step of the request.
struct EventRecord {
    uint32_t population;
    uint32_t first_step;  // what the request's first step is called in `steps`
    uint32_t* steps;
    uint32_t* neurons;
    uint32_t* samples;  // null: not wanted
    size_t count;       // of events so far; the executor raises it
};

// An executor keeps events back until it has them in order: so many of a population at most, or those of one step.
constexpr size_t most_events_in_request = size_t{1} << 22;

// Neurons of a population that are silenced for a whole taped run, whatever their model does; what the others send counts
// `scale` times. Only for populations that spike, with projections in float and no maximum pooling from them.
struct DropoutMask {
    uint32_t population;
    const uint8_t* kept;  // [batch][size], 0: silenced; read during run()
    float scale;
};

// Batch normalisation through time of a projection in float, over all steps, the samples that count and the neurons of a
// channel (conv2d: an output channel, else one target neuron). With x the projection's sum without its bias, it delivers
// (x - mean) * gamma / sqrt(variance + epsilon) + bias. It lies on no cycle.
struct NormalizedProjection {
    uint32_t projection;
    const double* gamma;           // [channel], read during run()
    double epsilon;
    const uint8_t* counts;         // [batch], 0: padding, which is normalised but not part of mean and variance
    double* out_mean;              // [channel], written by run()
    double* out_variance;          // [channel], of the population: divided by the number of values
    double* out_gamma_gradient;    // [channel], dL/d(gamma), written by each backward() of the run
};

enum class LearningRule : uint8_t {
    bptt = SNN_LEARNING_BPTT,
    ottt = SNN_LEARNING_OTTT,
    eprop = SNN_LEARNING_EPROP,
    eventprop = SNN_LEARNING_EVENTPROP,  // OutputGradient::activity is then dL/d(time of a spike of that step), in steps
};

struct RunRequest {
    uint64_t first_step = 0;  // steps since the last reset, for the random draws
    uint32_t step_count = 0;
    std::span<const InputFrames> inputs;  // every input population, in index order
    std::span<const RecordFrames> records;
    uint32_t record_interval = 1;  // frames of states and activity are written after every so many steps ...
    uint32_t record_phase = 0;     // ... of which so many, less than all, were before this request
    std::span<EventRecord> events;  // at most one for each population
    bool tape = false;  // keep what backward() needs; steps are then numbered from 0 within this run
    // With a tape: about how many steps of it to keep at once, 0: all. backward() then runs the others forward again, from
    // states kept on the way, and reads the inputs once more, so their arrays stay as they are until it is done. Gradients are
    // the same bits. An executor may keep more.
    uint32_t tape_steps = 0;
    // With a tape: backward() takes no gradient from a step to one before it where the number of the later one is a multiple of
    // this; 0: to all.
    uint32_t gradient_steps = 0;
    // With a tape: what backward() computes, see docs/semantics.md. Of rules other than bptt: how states follow each other, by
    // population, valid until backward() is done; the population that e-prop takes its learning signals from; and whether the
    // run is one of several that follow each other from a reset on, so that traces are kept from each for the next.
    LearningRule rule = LearningRule::bptt;
    std::span<const LinearStep> linear;
    uint32_t readout = 0;
    bool traces = false;
    std::span<const DropoutMask> dropout;  // with a tape; the backward pass of the run heeds them
    std::span<const NormalizedProjection> normalization;  // the same; the run begins after a reset

    // Whether a frame is written after step `step` of the request, and which one, counted from the request's first.
    bool records_after(uint32_t step) const { return (uint64_t{record_phase} + step + 1) % record_interval == 0; }
    size_t record_row(uint32_t step) const { return (uint64_t{record_phase} + step + 1) / record_interval - 1; }
};

// What an executor has computed since its last reset_state(); the words are those of SNNCounters.
struct ExecutorCounters {
    uint64_t steps = 0, spikes = 0, input_spikes = 0, synaptic_events = 0, synaptic_operations = 0;
};

class Trainable;
class SharedDevice;

class Executor {
public:
    virtual ~Executor() = default;

    // What it runs on, for the session's log: "avx2, 4 threads". Empty: nothing to add to the device's name.
    virtual std::string description() const { return {}; }
    // Of a backend that gives the same bits as others, why its device does not after all, as the end of a sentence about it;
    // empty where it does.
    virtual std::string other_bits() const { return {}; }

    // Initial state of every population, empty activity, history and pending input. Weights stay. Called before the first
    // run, so an executor need not do it when it is opened.
    virtual void reset_state() = 0;
    virtual void run(const RunRequest& request) = 0;
    // Whether spikes may come as lists: InputFrames::neurons. Not in taped runs.
    virtual bool takes_spike_lists() const { return false; }
    // Whether it records some of the neurons: RecordFrames::chosen. Not in taped runs.
    virtual bool records_chosen() const { return false; }
    // Exact, whatever the device and its threads.
    virtual ExecutorCounters counters() const = 0;

    // Constants of one population from now on, of the same model and size as the plan's; a reset keeps them. Copies.
    virtual void set_constants(uint32_t population, const PopulationConstants& constants) = 0;
    virtual void set_seed(uint64_t seed) = 0;  // of the random draws from now on

    // Of a plastic projection, optional. Parameters from now on, of the same rule and with the
    // same bounds of the weight; a reset keeps them.
    virtual void set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan);
    // Before the step to come: at each synapse, what PlasticityRule::on_signal says; the rule has one.
    virtual void signal(uint32_t projection, float value);

    virtual size_t count(const Slot& slot) const = 0;
    virtual void read(const Slot& slot, DType dtype, void* out_data) const = 0;
    virtual void write(const Slot& slot, DType dtype, const void* data) = 0;
    // The neurons of one sample that were active in the last step, ascending; valid until the executor is next used.
    virtual std::span<const uint32_t> active(uint32_t population, uint32_t sample) const = 0;

    // What it can do besides; null: it cannot.
    virtual Trainable* trainable() { return nullptr; }
    // Whether its device trains, perhaps with an executor of its own instead of this one.
    virtual bool device_trains() { return trainable() != nullptr; }
    virtual SharedDevice* shared_device() { return nullptr; }
};

struct ExecutorOptions {
    uint32_t batch_size = 1;
    uint32_t thread_count = 1;  // resolved: at least 1
    uint32_t instruction_set = SNN_ISA_BEST;
    uint32_t flags = 0;         // SNN_FLAG_*
    uint64_t seed = 0;          // of the random draws
    uint32_t first_sample = 0;  // what the first sample is called in them
    std::string device;         // which of the backend's devices: what follows the colon in "vulkan:1"; empty: the first
    const SNNVulkanHost* vulkan_host = nullptr;  // complete; the device is the host's. Read while the executor is opened
    SNNAllocator allocator{};   // functions null: the C runtime's
    SNNJobSystem job_system{};  // function null: own threads
};

// For devices on which samples always share the weights: throws SNN_ERROR_UNSUPPORTED where the options ask for more.
void check_shared_weights(const ExecutorOptions& options, std::string_view device);
// Throws SNN_ERROR_STATE: an error ended a change of the state when some of it was done, so that it is the state of no step.
[[noreturn]] void refuse_lost_state();

// What an executor would take, without opening it.
struct ExecutorMemory {
    uint64_t state_bytes = 0;                // states, sums, activity kept for delays
    std::vector<uint64_t> projection_bytes;  // forms of weights and synapses of its own, by projection
    std::vector<uint8_t> needs_arrays;       // by projection: reads the network's arrays, which are made when asked for
    std::vector<uint8_t> keeps_rows;         // by projection: the network reads its synapses from there; empty: of none
};

struct Backend {
    const char* name;
    // Fills everything but struct_size; `device` counts the backend's devices.
    void (*describe)(uint32_t device, SNNDeviceInfo& out_info);
    // Throws Error(SNN_ERROR_UNSUPPORTED) when the options ask for what it cannot do.
    std::unique_ptr<Executor> (*open)(std::shared_ptr<const Plan> plan, const ExecutorOptions& options);
    // An estimate; options.thread_count is resolved. Null: nothing to speak of.
    ExecutorMemory (*memory)(const Plan& plan, const ExecutorOptions& options) = nullptr;
    // Null: there is one, which needs no choice. Else what is open to choice on this machine, perhaps nothing.
    uint32_t (*device_count)() = nullptr;
    // Throws why it has no device, where it has none. Null: it has, or that is all that there is to say.
    void (*tell_absence)() = nullptr;
    // What drives a device, with its version: "Mesa 22.3.6", "OpenVINO 2026.4.1". Null: nothing but libsnn.
    std::string (*driver)(uint32_t device) = nullptr;
    // It computes, with the bits of all others of which that is true: several of them may work on one network.
    bool gives_same_bits = false;
    // Executor::other_bits() of a device before it is chosen. Null: of none. `choice` is ExecutorOptions::device. The device may
    // be opened for it, once in a process, and what that throws is thrown.
    std::string (*other_bits)(std::string_view choice) = nullptr;
    // Takes SNN_FLAG_FLOAT64 and SNN_FLAG_SMOOTH_SPIKES.
    bool has_float64 = false;
    // A GPU: the threads of the host are free meanwhile, and it may be lost. A host program may share its own.
    bool is_gpu = false;
    // By population, why it or a projection onto it cannot be run; empty where it can. Null: every population can. Devices that
    // give other bits than the rest and have this may still run populations beside them, where the user names them.
    std::vector<std::string> (*cannot_run)(const Network& network) = nullptr;
    // Bytes of the memory that only this device has; `choice` is ExecutorOptions::device. 0: it works in the host's, or nobody
    // knows. Null: it works in the host's.
    uint64_t (*own_memory_bytes)(std::string_view choice) = nullptr;
    // The device "auto" may choose it, which gives the same bits.
    bool is_automatic = false;
    // "auto:low" may choose it too, though its bits are its own: it takes little power.
    bool saves_power = false;
    // A GPU that is part of the processor. Null: none is.
    bool (*is_integrated)(uint32_t device) = nullptr;
    // Describes a host program's device, with its driver, by asking that alone. Null: no host shares one.
    void (*describe_host)(const SNNVulkanHost& host, SNNDeviceInfo& out_info) = nullptr;
};

// The list of backends, the default one first.
std::span<const Backend* const> backends();
// Of a device, "cpu" or "vulkan:1". Throws SNN_ERROR_NOT_FOUND with the names there are.
const Backend& find_backend(std::string_view device);
std::string_view device_choice(std::string_view device);  // what follows the colon, or nothing
// Whether a choice is the number of a device: one or two digits. More are part of a name, as 4090 is.
bool is_device_number(std::string_view choice);

}  // namespace snn
