// THE backend interface. A backend turns a plan into an executor: memory on its device plus a way to run the plan's
// kernel calls. Everything that reaches an executor has been checked above it (src/schedule/session_*.cpp), so it may
// assume valid input: indices in range, counts exact, calls in a legal order.
//
// What a device may leave out has an interface of its own: training (trainable.h), and steps in the command buffers of a
// host program (shared_device.h).
//
// To add a backend: derive from Executor and add one line to registry.cpp. Start from null/, which does nothing and counts
// every call. Read reference/ for what each kernel means. docs/adding-a-backend.md walks through it.
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

// One variable of a session. Every variable is read and written in canonical order, whatever the device's layout.
struct Slot {
    enum Kind : uint8_t {
        state,            // index population, sub state: [batch][size]; float or int32
        activity,         // index population: [batch][size], spikes as 0/1 or input values of the last step. Written only
                          // if the population has no history
        history,          // index population: [history_depth][batch][size], newest (the last step) first
        weight,           // index projection: [weight], or [batch][weight] if samples have weights of their own; see `sample`
        // The traces of a plastic projection, as kept_traces() returns them. They may be written only right after
        // reset_state(). Traces are floats. An age is an int: the steps from the last event to the next step.
        pre_traces,   // index projection: [trace][source][delay of PlasticityPlan::delays]
        pre_age,      // index projection: [source][delay]
        post_traces,  // index projection: [trace][target]
        post_age,     // index projection: [target]
        synapse_traces,  // index projection: [trace][synapse]
        synapse_age,     // index projection: [synapse]
        bias,             // index projection; with samples as for weight
        weight_gradient,  // index projection
        bias_gradient,    // index projection
    };
    Kind kind;
    uint32_t index;
    uint32_t sub = 0;
    uint32_t sample = all_samples;  // of weight and bias, if the plan has sample_weights
    static constexpr uint32_t all_samples = UINT32_MAX;
};

struct InputFrames {
    uint32_t population;
    const float* data;   // [batch][size] of the first step
    size_t step_stride;  // floats to the next step's frame; 0: the same frame at every step
    // Spike lists of a spike input: indices of the neurons that spike, ascending. Those of sample b in step s of the request
    // are neurons[offsets[s * batch + b]] up to neurons[offsets[s * batch + b + 1]]. They replace `data` if the executor
    // takes_spike_lists() or, in a taped run, takes_taped_spike_lists(); step_stride is then not 0. In a request of one step
    // any executor may be given them beside `data`, with the same spikes.
    const uint32_t* neurons = nullptr;
    const uint32_t* offsets = nullptr;  // null: there are no lists
    // Beside `data`: the packed form that Trainable::first_wrong() of the same executor made of it, from the first step on.
    const uint16_t* bits = nullptr;  // null: none
    size_t bits_stride = 0;          // to the next step's

    // The part of the input from step `step` of the request on.
    InputFrames from(size_t step, size_t batch) const {
        InputFrames later = *this;
        if (data) later.data += step * step_stride;
        if (offsets) later.offsets += step * batch;
        if (bits) later.bits += step * bits_stride;
        return later;
    }
};

// A neuron that is recorded, and its index in a sample's row of the record.
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
    // For an executor that records_chosen(): record only these neurons, ascending, in frames [batch][chosen_count]. Not for
    // activity_sum.
    const ChosenNeuron* chosen = nullptr;  // null: all
    size_t chosen_count = 0;
};

// The spikes of one population, appended as events ordered by step, then sample, then neuron. The arrays have room for every
// neuron to spike in every step of the request.
struct EventRecord {
    uint32_t population;
    uint32_t first_step;  // number that the request's first step has in `steps`
    uint32_t* steps;
    uint32_t* neurons;
    uint32_t* samples;  // null: not wanted
    size_t count;       // events so far; the executor increases it
};

// An executor buffers events until they are in order. This is the most events of a population in a request of several steps.
constexpr size_t most_events_in_request = size_t{1} << 22;

// Silences neurons of a population for a whole taped run, whatever their model does. What the other neurons send is multiplied
// by `scale`. Only for spiking populations whose outgoing projections use float arithmetic and no maximum pooling.
struct DropoutMask {
    uint32_t population;
    const uint8_t* kept;  // [batch][size], 0: silenced; read during run()
    float scale;
};

// Batch normalisation through time of a projection with float arithmetic. The statistics of a channel cover all steps, the
// samples that count and the neurons of the channel (conv2d: an output channel, else one target neuron). With x the
// projection's sum without its bias, the projection delivers (x - mean) * gamma / sqrt(variance + epsilon) + bias. It must
// not be part of a cycle.
struct NormalizedProjection {
    uint32_t projection;
    const double* gamma;           // [channel], read during run()
    double epsilon;
    const uint8_t* counts;         // [batch], 0: padding, which is normalised but not part of mean and variance
    double* out_mean;              // [channel], written by run()
    double* out_variance;          // [channel], population variance: divided by the number of values
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
    uint32_t record_interval = 1;  // frames of states and activity are written after every `record_interval` steps ...
    uint32_t record_phase = 0;     // ... of which `record_phase`, fewer than that, were before this request
    std::span<EventRecord> events;  // at most one for each population
    bool tape = false;  // keep what backward() needs; steps are then numbered from 0 within this run
    // With a tape: about how many steps to keep on the tape at once; 0: all. backward() then recomputes the other steps from
    // states kept on the way and reads the inputs again, so the input arrays must stay unchanged until it is done. Gradients
    // have the same bits. An executor may keep more steps.
    uint32_t tape_steps = 0;
    // With a tape: truncates back-propagation. No gradient passes from a step whose number is a multiple of this to the step
    // before it. 0: no truncation.
    uint32_t gradient_steps = 0;
    // With a tape: what backward() computes, see docs/semantics.md. For rules other than bptt: the linear part of each
    // population's step, valid until backward() is done; the population that e-prop takes its learning signals from; and
    // whether this run is one of several consecutive runs since a reset, so that traces are carried from one to the next.
    LearningRule rule = LearningRule::bptt;
    std::span<const LinearStep> linear;
    uint32_t readout = 0;
    bool traces = false;
    std::span<const DropoutMask> dropout;  // with a tape; backward() applies the same masks
    std::span<const NormalizedProjection> normalization;  // with a tape; the run begins after a reset

    // Whether a frame is written after step `step` of the request, and the index of that frame in the request.
    bool records_after(uint32_t step) const { return (uint64_t{record_phase} + step + 1) % record_interval == 0; }
    size_t record_row(uint32_t step) const { return (uint64_t{record_phase} + step + 1) / record_interval - 1; }
};

// What an executor has computed since its last reset_state(). The names are those of SNNCounters.
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
    // For a backend that gives_same_bits: why this device gives other bits after all, as the end of a sentence about the
    // device. Empty if it gives the same.
    virtual std::string other_bits() const { return {}; }

    // Sets the initial state of every population and clears activity, history and pending input. Weights stay. It is called
    // before the first run, so an executor need not do this when it is opened.
    virtual void reset_state() = 0;
    virtual void run(const RunRequest& request) = 0;
    // Whether spikes may come as lists (InputFrames::neurons). Does not apply to taped runs.
    virtual bool takes_spike_lists() const { return false; }
    // Whether it can record a part of the neurons (RecordFrames::chosen). Does not apply to taped runs.
    virtual bool records_chosen() const { return false; }
    // Exact, whatever the device and its number of threads.
    virtual ExecutorCounters counters() const = 0;

    // Replaces the constants of one population, for the same model and size as in the plan. A reset keeps them. Copies.
    virtual void set_constants(uint32_t population, const PopulationConstants& constants) = 0;
    virtual void set_seed(uint64_t seed) = 0;  // of later random draws

    // Optional. Replaces the parameters of a plastic projection, for the same rule and the same bounds of the weight. A reset
    // keeps them.
    virtual void set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan);
    // Optional. Before the next step, runs PlasticityRule::on_signal at each synapse. The rule has an on_signal block.
    virtual void signal(uint32_t projection, float value);

    virtual size_t count(const Slot& slot) const = 0;
    virtual void read(const Slot& slot, DType dtype, void* out_data) const = 0;
    virtual void write(const Slot& slot, DType dtype, const void* data) = 0;
    // The neurons of one sample that were active in the last step, ascending; valid until the executor is next used.
    virtual std::span<const uint32_t> active(uint32_t population, uint32_t sample) const = 0;

    // Optional abilities; null if the executor does not have them.
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
    uint32_t first_sample = 0;  // number that the first sample has in the random draws
    std::string device;         // which of the backend's devices: what follows the colon in "vulkan:1"; empty: the first
    const SNNVulkanHost* vulkan_host = nullptr;  // complete; the device is the host's. Read while the executor is opened
    SNNAllocator allocator{};   // functions null: the C runtime's
    SNNJobSystem job_system{};  // function null: own threads
};

// For devices on which samples always share weights: throws SNN_ERROR_UNSUPPORTED if the options ask for separate weights.
void check_shared_weights(const ExecutorOptions& options, std::string_view device);
// Throws SNN_ERROR_STATE: an error interrupted a change of the state, so the state belongs to no single step.
[[noreturn]] void refuse_lost_state();

// What an executor would need, without opening it.
struct ExecutorMemory {
    uint64_t state_bytes = 0;                // states, sums, activity kept for delays
    std::vector<uint64_t> projection_bytes;  // its own forms of weights and synapses, by projection
    std::vector<uint8_t> needs_arrays;       // by projection: reads the network's arrays, which are made on request
    std::vector<uint8_t> keeps_rows;         // by projection: the network reads its synapses back from these rows; empty: none
};

struct Backend {
    const char* name;
    // Fills everything but struct_size; `device` counts the backend's devices.
    void (*describe)(uint32_t device, SNNDeviceInfo& out_info);
    // Throws Error(SNN_ERROR_UNSUPPORTED) if the options ask for something that the backend cannot do.
    std::unique_ptr<Executor> (*open)(std::shared_ptr<const Plan> plan, const ExecutorOptions& options);
    // An estimate; options.thread_count is resolved. Null: the memory is negligible.
    ExecutorMemory (*memory)(const Plan& plan, const ExecutorOptions& options) = nullptr;
    // The number of devices that can be chosen on this machine, perhaps 0. Null: there is exactly one, and no choice.
    uint32_t (*device_count)() = nullptr;
    // If the backend has no device, throws the reason. Null: it has one, or there is no further reason to give.
    void (*tell_absence)() = nullptr;
    // The driver of a device, with its version: "Mesa 22.3.6", "OpenVINO 2026.4.1". Null: there is no driver but libsnn.
    std::string (*driver)(uint32_t device) = nullptr;
    // It computes, and with the same bits as all other backends that have this: several of them may work on one network.
    bool gives_same_bits = false;
    // Executor::other_bits() of a device before it is chosen. Null: always empty. `choice` is ExecutorOptions::device. The
    // device may be opened for this, once in a process; what opening throws is thrown on.
    std::string (*other_bits)(std::string_view choice) = nullptr;
    // Takes SNN_FLAG_FLOAT64 and SNN_FLAG_SMOOTH_SPIKES.
    bool has_float64 = false;
    // A GPU: it leaves the host's threads free while it works, and it may be lost. A host program may share its own.
    bool is_gpu = false;
    // By population: why the population or a projection onto it cannot be run; empty if it can. Null: every population can.
    // A device that gives other bits and has this function may still run populations beside other devices, if the user names
    // these populations.
    std::vector<std::string> (*cannot_run)(const Network& network) = nullptr;
    // Bytes of the device's own memory; `choice` is ExecutorOptions::device. 0: it works in the host's memory, or the size is
    // unknown. Null: it works in the host's memory.
    uint64_t (*own_memory_bytes)(std::string_view choice) = nullptr;
    // The device "auto" may choose this backend. It then gives the same bits.
    bool is_automatic = false;
    // "auto:low" may choose this backend too, although it gives other bits, because it takes little power.
    bool saves_power = false;
    // Whether a GPU is part of the processor. Null: none is.
    bool (*is_integrated)(uint32_t device) = nullptr;
    // Describes a host program's device and its driver, by querying that device alone. Null: a host cannot share a device.
    void (*describe_host)(const SNNVulkanHost& host, SNNDeviceInfo& out_info) = nullptr;
};

// The list of backends, the default one first.
std::span<const Backend* const> backends();
// The backend of a device such as "cpu" or "vulkan:1". Throws SNN_ERROR_NOT_FOUND with the names of all backends.
const Backend& find_backend(std::string_view device);
std::string_view device_choice(std::string_view device);  // what follows the colon, or nothing
// Whether a choice is the number of a device: one or two digits. A longer number is part of a name, such as 4090.
bool is_device_number(std::string_view choice);

}  // namespace snn
