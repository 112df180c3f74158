// Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand.

use std::os::raw::{c_char, c_void};

pub type SNNStatus = i32;

pub const SNN_VERSION_MAJOR: u32 = 0;
pub const SNN_VERSION_MINOR: u32 = 1;
pub const SNN_VERSION_PATCH: u32 = 0;
pub const SNN_ABI_VERSION: u32 = 1;
pub const SNN_SEED_BY_INDEX: u64 = 0xffffffffffffffff;
pub const SNN_VULKAN_NO_FRAME: u64 = 0xffffffffffffffff;
pub const SNN_VULKAN_BINDING_COUNT: u32 = 7;
pub const SNN_VULKAN_PUSH_WORD_COUNT: u32 = 32;
pub const SNN_VULKAN_NO_BUFFER: u32 = 0xffffffff;
pub const SNN_OK: i32 = 0;
/// a value, size, shape or name is wrong
pub const SNN_ERROR_INVALID_ARGUMENT: i32 = -1;
/// null, stale or foreign handle, or a handle of another type
pub const SNN_ERROR_INVALID_HANDLE: i32 = -2;
/// no population, projection, variable, model or device of that name
pub const SNN_ERROR_NOT_FOUND: i32 = -3;
pub const SNN_ERROR_OUT_OF_MEMORY: i32 = -4;
/// file I/O failed; snn_last_error() gives the reason
pub const SNN_ERROR_IO: i32 = -5;
/// the file is damaged or not a .snn file; snn_last_error() says where
pub const SNN_ERROR_FORMAT: i32 = -6;
/// valid, but this device or build cannot do it
pub const SNN_ERROR_UNSUPPORTED: i32 = -7;
/// another thread is inside this session
pub const SNN_ERROR_BUSY: i32 = -8;
/// valid call at the wrong time (network not finished, backward before forward)
pub const SNN_ERROR_STATE: i32 = -9;
/// struct or file of a version that this library does not know
pub const SNN_ERROR_VERSION: i32 = -10;
/// the session belongs to the parent process
pub const SNN_ERROR_FORKED: i32 = -11;
/// a progress callback asked to stop; what was recorded so far is kept
pub const SNN_ERROR_STOPPED: i32 = -12;
/// a defect of the library
pub const SNN_ERROR_INTERNAL: i32 = -13;
/// the GPU was reset or removed; the session is lost, a new one can be opened
pub const SNN_ERROR_DEVICE_LOST: i32 = -14;
/// training: the loss or a gradient is not finite, or a parameter would leave its range
pub const SNN_ERROR_DIVERGED: i32 = -15;
pub const SNN_LOG_WARNING: u32 = 1;
pub const SNN_LOG_INFORMATION: u32 = 2;
pub const SNN_ISA_BEST: u32 = 0;
pub const SNN_ISA_SCALAR: u32 = 1;
pub const SNN_ISA_AVX2: u32 = 2;
pub const SNN_ISA_AVX512: u32 = 3;
pub const SNN_ISA_NEON: u32 = 4;
/// run built-in models through the op-list interpreter as well (tests)
pub const SNN_FLAG_INTERPRET_MODELS: u32 = 1;
/// device "reference" only: compute in double (tests)
pub const SNN_FLAG_FLOAT64: u32 = 2;
/// with FLOAT64: spikes are the surrogate's smooth function (gradient checks)
pub const SNN_FLAG_SMOOTH_SPIKES: u32 = 4;
/// open a session even when its estimate (snn_network_memory) exceeds the free memory; without it that is SNN_ERROR_OUT_OF_MEMORY
pub const SNN_FLAG_ANY_SIZE: u32 = 8;
/// training computes gradients of the inputs, through untrained projections too: see snn_trainer_run_backward.
pub const SNN_FLAG_INPUT_GRADIENTS: u32 = 16;
/// each sample has its own weights and biases, which begin as the network's; paths: snn_session_read.
pub const SNN_FLAG_SAMPLE_WEIGHTS: u32 = 32;
/// device "vulkan": barriers also between kernels that use one buffer at once and do not race, in different bytes or by atomic sums.
pub const SNN_FLAG_STRICT_BARRIERS: u32 = 64;
pub const SNN_FLOAT32: u32 = 0;
pub const SNN_FLOAT64: u32 = 1;
pub const SNN_INT32: u32 = 2;
pub const SNN_UINT8: u32 = 3;
/// spike with probability gain * value at each step (clipped to 1)
pub const SNN_ENCODE_RATE: u32 = 0;
/// one spike at step round((1 - value) * (T - 1)); none for values below `threshold`
pub const SNN_ENCODE_LATENCY: u32 = 1;
/// gain * value at every step (for value inputs)
pub const SNN_ENCODE_CONSTANT: u32 = 2;
/// values are \[step\]\[sample\]\[feature\]: 1 where the value rose by more than threshold since the last step, else 0; the first step is compared with 0
pub const SNN_ENCODE_DELTA: u32 = 3;
pub const SNN_RANDOM_UNIFORM: u32 = 0;
pub const SNN_RANDOM_NORMAL: u32 = 1;
pub const SNN_POPULATION_NEURONS: u32 = 0;
/// the caller gives spikes (0 or 1) for each step; the input is empty again after the step
pub const SNN_POPULATION_SPIKE_INPUT: u32 = 1;
/// the caller gives real values; they stay until changed
pub const SNN_POPULATION_VALUE_INPUT: u32 = 2;
/// weights \[source\]\[target\]
pub const SNN_CONNECT_DENSE: u32 = 0;
/// weights \[neuron\]; equal sizes
pub const SNN_CONNECT_ONE_TO_ONE: u32 = 1;
/// rows of targets per source neuron (CSR); weights \[synapse\]
pub const SNN_CONNECT_SPARSE: u32 = 2;
/// weights \[out_channel\]\[in_channel / groups\]\[kernel_y\]\[kernel_x\]; cross-correlation
pub const SNN_CONNECT_CONV2D: u32 = 3;
/// no weights; pool_mode; padding counts as zero (average divides by the window size)
pub const SNN_CONNECT_POOL2D: u32 = 4;
pub const SNN_POOL_SUM: u32 = 0;
pub const SNN_POOL_AVERAGE: u32 = 1;
pub const SNN_POOL_MAX: u32 = 2;
/// sparse static projections from spikes: compact; fixed, then float, where its largest weights would cost others onto the receptor too much precision (docs/semantics.md).
pub const SNN_ARITHMETIC_DEFAULT: u32 = 0;
/// float32, in ascending order of the source neuron
pub const SNN_ARITHMETIC_FLOAT: u32 = 1;
/// int32 sums with one power-of-two scale per target population and receptor
pub const SNN_ARITHMETIC_FIXED: u32 = 2;
/// as fixed, with the weights themselves rounded to 16 bits at that scale when the network is finished and when they are written; static projections only. 4 bytes a synapse
pub const SNN_ARITHMETIC_COMPACT: u32 = 3;
/// a
pub const SNN_DISTRIBUTION_CONSTANT: u32 = 0;
/// mean a, standard deviation b; never farther than 6.34 b from a
pub const SNN_DISTRIBUTION_NORMAL: u32 = 1;
/// from a to b
pub const SNN_DISTRIBUTION_UNIFORM: u32 = 2;
/// exp of a normal number of mean a and standard deviation b
pub const SNN_DISTRIBUTION_LOGNORMAL: u32 = 3;
/// mean a, above 0; b is not used.
pub const SNN_DISTRIBUTION_EXPONENTIAL: u32 = 4;
/// each pair with `probability`
pub const SNN_RULE_FIXED_PROBABILITY: u32 = 0;
/// `count` sources for each target
pub const SNN_RULE_FIXED_INDEGREE: u32 = 1;
/// `count` synapses in all
pub const SNN_RULE_FIXED_TOTAL: u32 = 2;
/// each neuron to the one of the same index; equal sizes
pub const SNN_RULE_ONE_TO_ONE: u32 = 3;
/// each pair
pub const SNN_RULE_ALL_TO_ALL: u32 = 4;
/// each pair with a probability that falls with the distance d, 0 beyond `cutoff`
pub const SNN_RULE_SPATIAL: u32 = 5;
/// `count` targets for each source
pub const SNN_RULE_FIXED_OUTDEGREE: u32 = 6;
/// probability * exp(-d^2 / (2 width^2))
pub const SNN_KERNEL_GAUSSIAN: u32 = 0;
/// probability * exp(-d / width)
pub const SNN_KERNEL_EXPONENTIAL: u32 = 1;
/// its number of spikes
pub const SNN_LOSS_CROSS_ENTROPY_COUNT: u32 = 0;
/// its largest membrane value in time
pub const SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE: u32 = 1;
/// its mean membrane value in time
pub const SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE: u32 = 2;
/// its spikes per step
pub const SNN_LOSS_CROSS_ENTROPY_RATE: u32 = 4;
/// its membrane value after the last step
pub const SNN_LOSS_CROSS_ENTROPY_LAST_MEMBRANE: u32 = 5;
/// minus the step of its first spike, T when there is none
pub const SNN_LOSS_CROSS_ENTROPY_LATENCY: u32 = 6;
/// of the membranes after the step
pub const SNN_LOSS_CROSS_ENTROPY_MEMBRANE: u32 = 14;
/// of the spikes, 0 or 1, of the step
pub const SNN_LOSS_CROSS_ENTROPY_SPIKES: u32 = 15;
/// Mean over outputs of (score - target)^2
pub const SNN_LOSS_MEAN_SQUARE_RATE: u32 = 3;
/// Mean over outputs of (score - target)^2
pub const SNN_LOSS_MEAN_SQUARE_COUNT: u32 = 7;
/// Mean over outputs of (score - target)^2
pub const SNN_LOSS_MEAN_SQUARE_MAX_MEMBRANE: u32 = 8;
/// Mean over outputs of (score - target)^2
pub const SNN_LOSS_MEAN_SQUARE_MEAN_MEMBRANE: u32 = 9;
/// Mean over outputs of (score - target)^2
pub const SNN_LOSS_MEAN_SQUARE_LAST_MEMBRANE: u32 = 10;
/// latencies in steps; needs targets
pub const SNN_LOSS_MEAN_SQUARE_LATENCY: u32 = 11;
/// mean over outputs and steps of (membrane after the step - target)^2
pub const SNN_LOSS_MEAN_SQUARE_MEMBRANE: u32 = 12;
/// mean over outputs of the van Rossum distance (squared) to target trains
pub const SNN_LOSS_VAN_ROSSUM: u32 = 13;
/// The caller computes the loss: snn_trainer_run and snn_trainer_run_backward; output_population is ignored.
pub const SNN_LOSS_NONE: u32 = 255;
/// back-propagation through time
pub const SNN_LEARNING_BPTT: u32 = 0;
/// online training through time (Xiao et al. 2022): at each step errors go back through the layers and are combined with traces of what arrived before
pub const SNN_LEARNING_OTTT: u32 = 1;
/// e-prop (Bellec et al. 2020), symmetric feedback: errors go from the output population straight to the populations that project onto it, and are combined with eligibility traces
pub const SNN_LEARNING_EPROP: u32 = 2;
/// EventProp (Wunderlich and Pehle 2021), in steps: gradients of spike times, from 4 bytes per spike.
pub const SNN_LEARNING_EVENTPROP: u32 = 3;
pub const SNN_OPTIMIZER_SGD: u32 = 0;
pub const SNN_OPTIMIZER_ADAM: u32 = 1;
pub const SNN_OPTIMIZER_ADAMW: u32 = 2;
pub const SNN_OPTIMIZER_LION: u32 = 3;
pub const SNN_DELAY_KERNEL_GAUSSIAN: u32 = 0;
pub const SNN_DELAY_KERNEL_TRIANGLE: u32 = 1;

#[repr(C)]
pub struct SNNHandleOpaque {
    _private: [u8; 0],
}
pub type SNNHandle = *mut SNNHandleOpaque;

#[repr(C)]
pub struct SNNNetworkOpaque {
    _private: [u8; 0],
}
pub type SNNNetwork = *mut SNNNetworkOpaque;

#[repr(C)]
pub struct SNNModelOpaque {
    _private: [u8; 0],
}
pub type SNNModel = *mut SNNModelOpaque;

#[repr(C)]
pub struct SNNTrainerOpaque {
    _private: [u8; 0],
}
pub type SNNTrainer = *mut SNNTrainerOpaque;

#[repr(C)]
pub struct SNNPlacementOpaque {
    _private: [u8; 0],
}
pub type SNNPlacement = *mut SNNPlacementOpaque;

pub type SNNAllocator_allocate = Option<unsafe extern "C" fn(user: *mut c_void, size_bytes: usize, alignment: usize) -> *mut c_void>;

pub type SNNAllocator_release = Option<unsafe extern "C" fn(user: *mut c_void, memory: *mut c_void, size_bytes: usize)>;

pub type SNNJobSystem_parallel_for_task = Option<unsafe extern "C" fn(context: *mut c_void, index: u32)>;

pub type SNNJobSystem_parallel_for = Option<unsafe extern "C" fn(user: *mut c_void, count: u32, task: SNNJobSystem_parallel_for_task, context: *mut c_void)>;

/// Receives the log messages of a session.
pub type SNNLogCallback = Option<unsafe extern "C" fn(level: i32, message: *const c_char, user: *mut c_void)>;

/// Called after each step, on the thread that steps, for each population (except inputs) and sample that spiked.
pub type SpikeCallback = Option<unsafe extern "C" fn(handle: SNNHandle, spikes: *const SNNSpikes, user: *mut c_void)>;

/// Called every `progress_interval` steps, or by the clock; a nonzero return value stops the run (SNN_ERROR_STOPPED).
pub type SNNProgressCallback = Option<unsafe extern "C" fn(steps_done: u64, steps_total: u64, user: *mut c_void) -> i32>;

/// Called after each update, for each trained projection.
pub type SNNWeightCallback = Option<unsafe extern "C" fn(handle: SNNHandle, update: *const SNNWeightUpdate, user: *mut c_void)>;

pub type SNNEpochCallback = Option<unsafe extern "C" fn(handle: SNNHandle, epoch: *const SNNEpoch, user: *mut c_void)>;

pub type SNNVulkanFunction = Option<unsafe extern "C" fn()>;

pub type SNNVulkanHost_get_instance_proc_addr = Option<unsafe extern "C" fn(instance: *mut c_void, name: *const c_char) -> SNNVulkanFunction>;

pub type SNNVulkanHost_lock_queue = Option<unsafe extern "C" fn(user: *mut c_void)>;

pub type SNNVulkanHost_unlock_queue = Option<unsafe extern "C" fn(user: *mut c_void)>;

pub type SNNVulkanHost_submit = Option<unsafe extern "C" fn(user: *mut c_void, submit_info: *const c_void, fence: u64) -> i32>;

pub type SNNVulkanDevice_get_instance_proc_addr = Option<unsafe extern "C" fn(instance: *mut c_void, name: *const c_char) -> SNNVulkanFunction>;

/// Optional.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNAllocator {
    pub struct_size: u32,
    pub allocate: SNNAllocator_allocate,
    pub release: SNNAllocator_release,
    pub user: *mut c_void,
}

/// Optional: the host's own job system instead of the session's threads.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNJobSystem {
    pub struct_size: u32,
    /// how many tasks can run at once, 1 to 1024
    pub worker_count: u32,
    pub parallel_for: SNNJobSystem_parallel_for,
    pub user: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNDeviceInfo {
    pub struct_size: u32,
    /// what SNNConfig.device takes: "cpu", "vulkan:0", "npu", "openvino:CPU", "reference", "null"
    pub name: [c_char; 64],
    /// for people: processor name, instruction set
    pub description: [c_char; 192],
    /// logical processors this process may use
    pub core_count: u32,
    /// total memory, 0 if unknown
    pub memory_bytes: u64,
    /// 1 or 0
    pub can_train: u32,
    /// usable on the device, best last: "scalar avx2 avx512", "scalar neon"
    pub instruction_sets: [c_char; 64],
}

/// Duration of one step of one sample on one thread: the median of steps that are requested one at a time.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNDeviceSpeed {
    pub struct_size: u32,
    /// 1: not measured by this call
    pub was_kept: u32,
    /// driver of the device and its version; "" for libsnn itself
    pub driver: [c_char; 64],
    /// seconds: 128-256-256-8 LIF neurons, densely connected
    pub small_step_s: f64,
    /// seconds: 1024-2048-1024
    pub large_step_s: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNConfig {
    pub struct_size: u32,
    /// SNN_FLAG_*
    pub flags: u32,
    /// a .snn file, or null when `network` is given
    pub file: *const c_char,
    /// a finished network; the session keeps a reference
    pub network: SNNNetwork,
    /// Where the session runs: "cpu" (default, also when null), "vulkan", "npu", "openvino", "auto", "reference", "null", or several devices.
    pub device: *const c_char,
    /// samples, 1 (default) to 1,048,576
    pub batch_size: u32,
    /// default 1, at most 1024; 0: one per core.
    pub thread_count: u32,
    /// SNN_ISA_*
    pub instruction_set: u32,
    /// most steps that one snn_run_step may take; the time beyond is dropped. 0 (default): what fits into 0.25 s of simulated time, at least 100
    pub max_catch_up_steps: u32,
    /// copied; null: the C runtime's
    pub allocator: *const SNNAllocator,
    /// copied; null: own threads
    pub job_system: *const SNNJobSystem,
    /// null: silent
    pub log: SNNLogCallback,
    pub log_user: *mut c_void,
    /// of the random draws of models, default 0: same network, inputs and seed, same spikes
    pub seed: u64,
}

/// The memory that a session will need: an estimate, right within a few percent for large networks.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNMemoryEstimate {
    pub struct_size: u32,
    /// held by the network, shared by its sessions: weights, synapses, parameters.
    pub network_bytes: u64,
    /// weights and synapses in the form of the session's device
    pub weight_bytes: u64,
    /// states, sums and activity kept for delays, of all samples; constants of neurons; how the traces of plasticity decay
    pub state_bytes: u64,
    /// their sum
    pub total_bytes: u64,
    /// what opening the session would add: without what the network already holds
    pub opening_bytes: u64,
}

/// Neurons of one population that one device runs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNPlacementSlice {
    pub population: u32,
    /// neurons first to first + count - 1
    pub first: u32,
    /// neurons first to first + count - 1
    pub count: u32,
    /// index, from 0, among the devices of SNNPlacementInfo.device
    pub device: u32,
}

/// Where a session would run, and why.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNPlacementInfo {
    pub struct_size: u32,
    pub device_count: u32,
    pub slice_count: u32,
    /// devices exchange spikes every so many steps; 0: they exchange none
    pub window_steps: u32,
    /// for SNNConfig.device: names the devices and reproduces the placement, as "cpu+vulkan:0;exc\[0:512\]=0;exc\[512:800\]=1;inh=0" or, for "cpu*+vulkan:0*", "cpu*8+vulkan:0*24".
    pub device: *const c_char,
    /// one sentence on each line, "" if there are none: why populations cannot run on a device (it cannot run them, its bits are its own, there is not enough memory), or why "auto" chose
    pub reasons: *const c_char,
    /// \[slice_count\] by population, then first neuron, then device.
    pub slices: *const SNNPlacementSlice,
    /// \[device_count\] samples of the batch that each device runs; of devices that share populations all of them
    pub samples: *const u32,
    /// \[device_count\] expected seconds of a step, the exchange of spikes included; 0 for a device with nothing to do.
    pub step_s: *const f64,
}

/// The device that a session runs on.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNSessionDevice {
    pub struct_size: u32,
    /// as SNNConfig.device names it, or what "auto" chose ("vulkan:0"); of several devices without those that failed.
    pub name: [c_char; 64],
    /// one line: why "auto" chose it, or which of several failed; "" where the caller named it
    pub reason: [c_char; 256],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNSpikes {
    pub struct_size: u32,
    pub population: u32,
    pub sample: u32,
    pub count: u32,
    /// ascending; valid during the callback only
    pub neurons: *const u32,
    /// the step just computed, 0 = the first
    pub step: u64,
}

/// What a session has computed since it was opened or reset (a trainer's forward resets).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNCounters {
    pub struct_size: u32,
    /// computed; snn_session_set_step_count changes nothing here
    pub steps: u64,
    /// steps times neurons times samples, without inputs
    pub neuron_updates: u64,
    /// spikes of neurons
    pub spikes: u64,
    /// spikes given to spike inputs
    pub input_spikes: u64,
    /// one synapse that delivered one spike, counted in the step in which it arrives.
    pub synaptic_events: u64,
    /// the same, plus synapses that delivered a nonzero value of a value input
    pub synaptic_operations: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNInputArray {
    pub population: u32,
    /// 1: data is \[batch_size\]\[size\] and used at every step; 0: \[step\]\[batch_size\]\[size\]
    pub held: u32,
    pub data: *const f32,
    pub count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNRecordArray {
    pub population: u32,
    /// SNN_FLOAT32 or SNN_FLOAT64; for spikes also SNN_UINT8, for states of whole numbers SNN_INT32
    pub dtype: u32,
    /// a state, "spikes", or "spike_count" (\[batch_size\]\[size\], of the run; SNN_FLOAT32: up to 2^24)
    pub variable: *const c_char,
    /// \[step\]\[batch_size\]\[size\], written as the run goes; SNNRunDef.record_interval: fewer steps
    pub data: *mut c_void,
    pub count: usize,
}

/// Records the spikes of a population as events in the caller's arrays, ordered by step, then sample, then neuron.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNSpikeRecord {
    pub struct_size: u32,
    /// neurons that spike, or a spike input
    pub population: u32,
    /// \[capacity\]; 0 is the run's first step
    pub steps: *mut u32,
    /// \[capacity\]
    pub neurons: *mut u32,
    /// \[capacity\]; may be null when batch_size is 1
    pub samples: *mut u32,
    /// at least batch_size times size: the most that one step can give
    pub capacity: usize,
    /// out: number of events
    pub count: usize,
}

/// Gives the spikes of a spike input as events in the caller's arrays: ascending steps, any order within a step.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNSpikeInput {
    pub struct_size: u32,
    /// a spike input
    pub population: u32,
    /// \[count\]; 0 is the run's first step; less than steps_before + step_count.
    pub steps: *const u32,
    /// \[count\] less than the population's size
    pub neurons: *const u32,
    /// \[count\] less than batch_size; may be null when batch_size is 1
    pub samples: *const u32,
    /// number of events, may be 0; at most 2^32 - 1
    pub count: usize,
}

/// Records values of chosen neurons or synapses after every record_interval steps.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNValueRecord {
    pub struct_size: u32,
    /// SNN_FLOAT32 or SNN_FLOAT64; for spikes also SNN_UINT8, for states of whole numbers SNN_INT32
    pub dtype: u32,
    /// as for snn_session_read: "population.state", "population.spikes", "projection.weight", "projection.bias", "projection.trace"
    pub path: *const c_char,
    /// \[index_count\] neurons or synapses: indices into the values of one sample, in any order, repeats allowed; null, with index_count 0: all
    pub indices: *const u64,
    pub index_count: usize,
    /// \[row\]\[batch_size\]\[index_count\], written as the run goes.
    pub data: *mut c_void,
    pub count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNRunDef {
    pub struct_size: u32,
    pub step_count: u32,
    /// default 0; steps already done of a run that this call continues: they count in `steps` of events and towards record_interval
    pub steps_before: u32,
    /// `records` and `value_records` are written after every so many steps, default 1; "spike_count" sums over all steps
    pub record_interval: u32,
    pub inputs: *const SNNInputArray,
    /// all of one struct_size; an input is here or in `inputs`, once
    pub spike_inputs: *const SNNSpikeInput,
    pub records: *const SNNRecordArray,
    /// all of one struct_size; each population at most once
    pub spike_records: *mut SNNSpikeRecord,
    /// all of one struct_size
    pub value_records: *const SNNValueRecord,
    pub input_count: u32,
    pub spike_input_count: u32,
    pub record_count: u32,
    pub spike_record_count: u32,
    pub value_record_count: u32,
    /// steps, default 1000; 0: about 10 times a second, by the clock
    pub progress_interval: u32,
    /// null: none
    pub progress: SNNProgressCallback,
    pub progress_user: *mut c_void,
    /// the steps that were done; may be null, but not with spike_records
    pub out_step_count: *mut u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNEncoderDef {
    pub struct_size: u32,
    /// SNN_ENCODE_*
    pub kind: u32,
    /// T
    pub step_count: u32,
    /// default 1
    pub gain: f32,
    /// default 0.01
    pub threshold: f32,
    /// rate: Philox counter-based random numbers; the seed is the key, step, sample and feature the counter
    pub seed: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNShape {
    /// 1 to 3
    pub rank: u32,
    /// (neurons) or (channels, height, width); at most 2^30 neurons in all
    pub dims: [u32; 3],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNPopulationDef {
    pub struct_size: u32,
    /// SNN_POPULATION_*
    pub kind: u32,
    /// \[A-Za-z_\]\[A-Za-z0-9_\]*, unique in the network, at most 63 bytes
    pub name: *const c_char,
    pub shape: SNNShape,
    /// a built-in model ("lif"), for neurons when `model` is null
    pub model_name: *const c_char,
    /// a user's model, or null
    pub model: SNNModel,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNProjectionDef {
    pub struct_size: u32,
    /// SNN_CONNECT_*
    pub kind: u32,
    /// as for populations; null: "source_to_target" (at most 63 bytes)
    pub name: *const c_char,
    /// population indices
    pub source: u32,
    /// population indices
    pub target: u32,
    /// a receptor of the target's model; null: its first
    pub receptor: *const c_char,
    /// 0: arrives within the same step (such projections must form no cycle).
    pub delay_steps: u32,
    /// 1 (default) or 0; pooling never is
    pub trainable: u32,
    /// 1: no gradient goes back through it to its source, but its own weights still learn.
    pub detached: u32,
    /// SNN_ARITHMETIC_*
    pub arithmetic: u32,
    /// SNN_POOL_*
    pub pool_mode: u32,
    /// copied, all finite; null with weight_count 0: zeros
    pub weights: *const f32,
    pub weight_count: usize,
    /// null: none.
    pub bias: *const f32,
    pub bias_count: usize,
    /// \[source size + 1\], ascending from 0 to synapse_count; row i: the synapses from row_offsets\[i\] to row_offsets\[i + 1\] - 1
    pub row_offsets: *const u64,
    pub row_offset_count: usize,
    /// \[synapse_count\]; any order within a row, repeats allowed
    pub synapse_targets: *const u32,
    /// \[synapse_count\] steps, added to delay_steps (sum at most 4096); null: none
    pub synapse_delays: *const u16,
    pub synapse_count: usize,
    /// conv2d and pool2d only: (y, x).
    pub kernel: [u32; 2],
    /// conv2d and pool2d only: (y, x).
    pub stride: [u32; 2],
    /// conv2d and pool2d only: (y, x).
    pub padding: [u32; 2],
    /// conv2d and pool2d only: (y, x).
    pub dilation: [u32; 2],
    pub groups: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNDistribution {
    /// SNN_DISTRIBUTION_*
    pub kind: u32,
    pub a: f64,
    pub b: f64,
    /// bounds; none: -INFINITY and INFINITY, as snn_random_connection_def_default sets them.
    pub low: f64,
    /// bounds; none: -INFINITY and INFINITY, as snn_random_connection_def_default sets them.
    pub high: f64,
}

/// Begin with snn_random_connection_def_default: zeros are not the defaults.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNRandomConnectionDef {
    pub struct_size: u32,
    /// SNN_RULE_*
    pub rule: u32,
    /// 0 to 1
    pub probability: f64,
    pub count: u64,
    /// default SNN_SEED_BY_INDEX
    pub seed: u64,
    /// 1 (default): in a projection onto its own population a neuron may connect to itself
    pub allow_autapses: u32,
    /// for fixed in-degree, out-degree and total. 1 (default): drawn with replacement, a pair may have several synapses; 0: without replacement; more synapses than pairs are refused
    pub allow_multapses: u32,
    /// default: constant 1
    pub weight: SNNDistribution,
    /// milliseconds, rounded to the nearest step; added to delay_steps (sum at most 4096 steps).
    pub delay: SNNDistribution,
    /// default 0
    pub first_source: u32,
    /// 0 (default): all from first_source on
    pub source_count: u32,
    pub first_target: u32,
    pub target_count: u32,
    /// SNN_KERNEL_*
    pub kernel: u32,
    /// 1 to 3
    pub dimensions: u32,
    /// above 0; like the cutoff in the unit of the positions
    pub kernel_width: f64,
    /// above 0
    pub cutoff: f64,
    /// 0 (default): open; else the period of space along this axis, at least twice the cutoff
    pub period: [f64; 3],
    /// \[sources\]\[dimensions\], finite; copied
    pub source_positions: *const f32,
    /// sources times dimensions
    pub source_position_count: usize,
    pub target_positions: *const f32,
    pub target_position_count: usize,
}

/// Pointers in these structs are borrowed: valid while the network lives and nothing is added to it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNNetworkInfo {
    pub struct_size: u32,
    pub population_count: u32,
    pub projection_count: u32,
    pub finished: u32,
    pub dt_ms: f64,
    /// without inputs
    pub neuron_count: u64,
    /// connections that deliver: each use of a conv kernel's weight counts
    pub synapse_count: u64,
    /// stored weights and biases
    pub parameter_count: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNPopulationInfo {
    pub struct_size: u32,
    pub kind: u32,
    pub shape: SNNShape,
    pub size: u32,
    /// borrowed as above; null where there is none
    pub name: *const c_char,
    /// borrowed as above; null where there is none
    pub model_name: *const c_char,
    /// borrowed as above; null where there is none
    pub surrogate_name: *const c_char,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNProjectionInfo {
    pub struct_size: u32,
    pub kind: u32,
    pub source: u32,
    pub target: u32,
    pub delay_steps: u32,
    pub trainable: u32,
    pub detached: u32,
    pub arithmetic: u32,
    pub pool_mode: u32,
    /// The shortest and the longest delay of the synapses in steps, delay_steps included; of a rule bounds of what it draws.
    pub min_delay_steps: u32,
    /// The shortest and the longest delay of the synapses in steps, delay_steps included; of a rule bounds of what it draws.
    pub max_delay_steps: u32,
    /// 1: a connection rule makes the synapses; 0: they are arrays
    pub by_rule: u32,
    /// borrowed as above
    pub name: *const c_char,
    /// borrowed as above
    pub receptor: *const c_char,
    pub weight_count: u64,
    pub bias_count: u64,
    pub synapse_count: u64,
    /// borrowed as above; null when there is none
    pub bias: *const f32,
    /// 0 for float arithmetic; weights are rounded to multiples of 1/scale
    pub fixed_point_scale: f64,
    pub kernel: [u32; 2],
    pub stride: [u32; 2],
    pub padding: [u32; 2],
    pub dilation: [u32; 2],
    pub groups: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNProjectionArrays {
    pub struct_size: u32,
    pub weight_count: u64,
    /// borrowed as above; null when the count is 0
    pub weights: *const f32,
    /// \[source size + 1\]
    pub row_offsets: *const u64,
    /// \[synapse_count\]
    pub synapse_targets: *const u32,
    /// \[synapse_count\]; null: none
    pub synapse_delays: *const u16,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNTrainerDef {
    pub struct_size: u32,
    pub output_population: u32,
    /// T
    pub step_count: u32,
    /// SNN_LOSS_*
    pub loss: u32,
    /// SNN_OPTIMIZER_*, default Adam
    pub optimizer: u32,
    /// SNN_LEARNING_*, default BPTT.
    pub rule: u32,
    /// MEAN_SQUARE losses with labels alone: target of the labelled class and of the others, for COUNT times T.
    pub rate_on: f32,
    /// MEAN_SQUARE losses with labels alone: target of the labelled class and of the others, for COUNT times T.
    pub rate_off: f32,
    /// CROSS_ENTROPY losses, 0 to 1, default 0: with smoothing e and K outputs the target is 1 - e + e / K for the labelled class and e / K for each other (Szegedy et al. 2016)
    pub label_smoothing: f64,
    /// time constant of VAN_ROSSUM, default 10
    pub van_rossum_tau_ms: f64,
    /// default 1e-3
    pub learning_rate: f64,
    /// factor on the learning rate of learnable neuron parameters; default 1.
    pub parameter_rate_factor: f64,
    /// SGD, default 0
    pub momentum: f64,
    /// Adam: 0.9, 0.999, 1e-8; Lion (published with 0.9, 0.99) reads the betas too
    pub beta1: f64,
    /// Adam: 0.9, 0.999, 1e-8; Lion (published with 0.9, 0.99) reads the betas too
    pub beta2: f64,
    /// Adam: 0.9, 0.999, 1e-8; Lion (published with 0.9, 0.99) reads the betas too
    pub epsilon: f64,
    /// SGD and Adam: added to the gradient, as of weight_decay / 2 * sum w^2 (L2); AdamW and Lion: decoupled.
    pub weight_decay: f64,
    /// strength s: s * sign(w) is added to the gradient of weights and biases; default 0.
    pub l1_regularization: f64,
    /// 0: none; else the gradient is scaled so that its global L2 norm is at most this.
    pub gradient_clip_norm: f64,
    /// strength s of s * mean((rate - rate_target)^2) over all spiking populations, 0: none
    pub rate_regularization: f64,
    /// spikes per step
    pub rate_target: f64,
    /// 0 (default): all steps are kept for the backward pass.
    pub checkpoint_steps: u32,
    /// 0 (default): gradients go back through all T steps.
    pub window_steps: u32,
    /// 1 (default): snn_trainer_step treats each window as a run of its own, with the loss of its steps and an update after it; the result has the mean loss and the last window's correct_count. 0: one loss over T and one update; snn_trainer_forward and snn_trainer_backward always do that
    pub window_updates: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNBatch {
    pub struct_size: u32,
    pub input_count: u32,
    pub spike_input_count: u32,
    /// counts as for the session's batch_size
    pub inputs: *const SNNInputArray,
    /// inputs as spike events instead of frames of all steps, with the same results; all of one struct_size; an input is here or in `inputs`, once.
    pub spike_inputs: *const SNNSpikeInput,
    /// \[batch_size\] class of each sample; -1: the sample is padding and ignored
    pub labels: *const i32,
    pub label_count: usize,
    /// MEAN_SQUARE losses: \[batch_size\]\[outputs\]; losses with targets for each step: \[T\]\[batch_size\]\[outputs\].
    pub targets: *const f32,
    pub target_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNTrainResult {
    pub struct_size: u32,
    /// samples that were not padding
    pub sample_count: u32,
    /// argmax equal to the label; 0 without labels
    pub correct_count: u32,
    /// mean over samples, rate regularisation included
    pub loss: f64,
    /// of all spiking populations and steps, without padding
    pub spike_count: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNWeightUpdate {
    pub struct_size: u32,
    pub projection: u32,
    /// 1 = the first
    pub update: u64,
    /// L2, before clipping
    pub gradient_norm: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNEpoch {
    pub struct_size: u32,
    /// 1 = the first
    pub epoch: u64,
    pub sample_count: u64,
    pub correct_count: u64,
    pub mean_loss: f64,
}

/// The host's device.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanHost {
    pub struct_size: u32,
    /// the family of `queue` and of the command buffers that steps are recorded into; it supports compute
    pub queue_family: u32,
    /// VkInstance
    pub instance: *mut c_void,
    /// VkPhysicalDevice
    pub physical_device: *mut c_void,
    /// VkDevice
    pub device: *mut c_void,
    /// VkQueue, used to open the session and by the functions named above; never by recording.
    pub queue: *mut c_void,
    /// VkPipelineCache, or 0: none.
    pub pipeline_cache: u64,
    /// vkGetInstanceProcAddr
    pub get_instance_proc_addr: SNNVulkanHost_get_instance_proc_addr,
    /// Called around every vkQueueSubmit; set both or neither.
    pub lock_queue: SNNVulkanHost_lock_queue,
    pub unlock_queue: SNNVulkanHost_unlock_queue,
    /// The host submits.
    pub submit: SNNVulkanHost_submit,
    pub user: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanSemaphore {
    /// VkSemaphore
    pub semaphore: u64,
    /// above 0 for a timeline semaphore; 0: a binary one
    pub value: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanSubmission {
    pub struct_size: u32,
    pub wait_count: u32,
    pub signal_count: u32,
    /// 0
    pub reserved: u32,
    /// before the first step
    pub waits: *const SNNVulkanSemaphore,
    /// after the last
    pub signals: *const SNNVulkanSemaphore,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanDevice {
    pub struct_size: u32,
    pub queue_family: u32,
    /// VkInstance
    pub instance: *mut c_void,
    /// VkPhysicalDevice
    pub physical_device: *mut c_void,
    /// VkDevice
    pub device: *mut c_void,
    /// VkQueue; null if the host gave none
    pub queue: *mut c_void,
    /// vkGetInstanceProcAddr
    pub get_instance_proc_addr: SNNVulkanDevice_get_instance_proc_addr,
    /// a timeline semaphore, and the value that it has when all is done that the session has submitted so far; null on a host's device, and where the device has none
    pub submitted: SNNVulkanSemaphore,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanBuffer {
    pub struct_size: u32,
    /// SNN_FLOAT32 or SNN_INT32
    pub r#type: u32,
    /// VkBuffer; exclusive to the queue family; usage: storage, vertex, indirect, transfer source and destination
    pub buffer: u64,
    /// where the values begin, \[batch_size\]\[size\]
    pub offset_bytes: u64,
    pub size_bytes: u64,
    /// only an answer: the first value, in memory that the host sees too, mapped and coherent as long as the buffer stays the same; `offset_bytes` is not to be added.
    pub mapped: *mut c_void,
    /// of `mapped`: 1: the host reads through its caches. 0: writing is fast, reading is many times slower than snn_session_read
    pub is_cached: u32,
    /// 0
    pub reserved: u32,
}

/// These structs are parts of a plan: they have no size of their own and never change.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanPlanShader {
    /// a compute shader for Vulkan 1.0, entry point "main", no optional features
    pub spirv: *const u32,
    pub word_count: u64,
    /// \[constant_count\] 32-bit specialisation constants of constant_id 0, 1, ...; booleans are 0 and 1
    pub constants: *const u32,
    pub constant_count: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanPlanBuffer {
    pub size_bytes: u64,
    /// \[size_bytes\] before the first step
    pub contents: *const c_void,
    /// the number given to snn_vulkan_bind_buffer; 0: the plan's own buffer
    pub host_buffer: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanPlanBinding {
    /// index in SNNVulkanPlan.buffers
    pub buffer: u32,
    pub reserved: u32,
    /// the offset is a multiple of 256, or the one that was bound
    pub offset_bytes: u64,
    /// the offset is a multiple of 256, or the one that was bound
    pub size_bytes: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanPlanDispatch {
    /// index in SNNVulkanPlan.shaders
    pub shader: u32,
    pub barrier: u32,
    /// workgroups; always enough, even with an indirect_buffer
    pub groups: [u32; 3],
    /// three words there are the workgroups needed now.
    pub indirect_buffer: u32,
    pub indirect_offset_bytes: u64,
    /// bytes of `push` to set as push constants, from offset 0
    pub push_bytes: u32,
    pub push: [u32; 32],
    pub reserved: u32,
    pub bindings: [SNNVulkanPlanBinding; 7],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct SNNVulkanPlan {
    pub struct_size: u32,
    pub shader_count: u32,
    pub buffer_count: u32,
    pub dispatch_count: u32,
    pub shaders: *const SNNVulkanPlanShader,
    pub buffers: *const SNNVulkanPlanBuffer,
    /// of one step, in order
    pub dispatches: *const SNNVulkanPlanDispatch,
}

extern "C" {
    /// The version of the loaded library: "0.1.0".
    pub fn snn_version_string() -> *const c_char;
    /// SNN_ABI_VERSION of the loaded library.
    pub fn snn_abi_version() -> u32;
    /// The sentence about the last error on this thread, "" if none.
    pub fn snn_last_error() -> *const c_char;
    /// "SNN_ERROR_BUSY" and so on; "SNN_UNKNOWN_STATUS" for a value not listed.
    pub fn snn_status_name(status: SNNStatus) -> *const c_char;
    pub fn snn_device_count(out_count: *mut u32) -> SNNStatus;
    pub fn snn_device_get(index: u32, out_info: *mut SNNDeviceInfo) -> SNNStatus;
    /// Measures a device by its name ("cpu", "vulkan:0"), or returns an earlier measurement by this process, or by another one with the same driver, processor and version of libsnn.
    pub fn snn_device_speed(device: *const c_char, out_speed: *mut SNNDeviceSpeed) -> SNNStatus;
    pub fn snn_config_init(out_config: *mut SNNConfig, struct_size: u32);
    /// Bytes of memory that this process could still take: what the system has free or can free at once, within the limit of a container; 0 if unknown.
    pub fn snn_available_memory_bytes() -> u64;
    /// Estimates the memory of a session that `config` would open; `file` and `network` of config are ignored.
    pub fn snn_network_memory(network: SNNNetwork, config: *const SNNConfig, out_estimate: *mut SNNMemoryEstimate, out_projection_bytes: *mut u64, count: usize) -> SNNStatus;
    /// Finds where a session that `config` would open runs, and opens none; `file` and `network` of config are ignored.
    pub fn snn_network_place(network: SNNNetwork, config: *const SNNConfig, out_placement: *mut SNNPlacement) -> SNNStatus;
    /// Computes nothing; set out_info->struct_size first.
    pub fn snn_placement_get_info(placement: SNNPlacement, out_info: *mut SNNPlacementInfo) -> SNNStatus;
    pub fn snn_placement_release(placement: SNNPlacement);
    /// Opens a session: loads `file` or takes `network`, prepares the device, sets the initial state. (snn_network_create makes a network to build.)
    pub fn snn_create_network(config: *const SNNConfig, out_handle: *mut SNNHandle) -> SNNStatus;
    /// The device that a session runs on now; set out_device->struct_size first.
    pub fn snn_session_device(handle: SNNHandle, out_device: *mut SNNSessionDevice) -> SNNStatus;
    /// Ends the session and frees its memory; its trainers become invalid.
    pub fn snn_destroy_network(handle: SNNHandle);
    /// Replaces weights, biases and learnable parameters, in all samples, by those of a .snn file with the same names and shapes.
    pub fn snn_load_weights(handle: SNNHandle, path: *const c_char) -> SNNStatus;
    /// Advances the network by `frame_dt` seconds: as many whole steps as fit, at most max_catch_up_steps.
    pub fn snn_run_step(handle: SNNHandle, frame_dt: f32) -> SNNStatus;
    /// The same, but it stops after the step in which `budget_s` seconds of wall time are used up: the frame stays in time and the network catches up later.
    pub fn snn_run_step_within(handle: SNNHandle, frame_dt: f32, budget_s: f32, out_steps: *mut u32) -> SNNStatus;
    /// Starts steps in the background and returns at once; a later frame asks with snn_session_poll whether they are done.
    pub fn snn_session_begin(handle: SNNHandle, frame_dt: f32, budget_s: f32, out_begun: *mut u32) -> SNNStatus;
    /// Asks whether the background steps are done, without waiting: *out_done is 1 when none are under way, else 0.
    pub fn snn_session_poll(handle: SNNHandle, out_done: *mut u32) -> SNNStatus;
    /// The same, but waits until they are done.
    pub fn snn_session_wait(handle: SNNHandle) -> SNNStatus;
    /// The membrane state ("v" in most models) of every neuron of a population: \[batch_size\]\[size\], `count` floats.
    pub fn snn_get_membrane_potentials(handle: SNNHandle, population: *const c_char, out_potentials: *mut f32, count: usize) -> SNNStatus;
    /// Sets the session's spike callback, of which there is one; null removes it.
    pub fn snn_register_spike_callback(handle: SNNHandle, callback: SpikeCallback, user: *mut c_void) -> SNNStatus;
    /// A new reference to the session's network; release it.
    pub fn snn_session_network(handle: SNNHandle, out_network: *mut SNNNetwork) -> SNNStatus;
    /// A new finished network with the session's present weights, biases and parameters; release it.
    pub fn snn_session_to_network(handle: SNNHandle, out_network: *mut SNNNetwork) -> SNNStatus;
    /// Sets the input of an input population for the next step: \[batch_size\]\[size\] floats.
    pub fn snn_session_set_input(handle: SNNHandle, population: u32, values: *const f32, count: usize) -> SNNStatus;
    /// The same for one sample: `count` is the population's size.
    pub fn snn_session_set_sample_input(handle: SNNHandle, population: u32, sample: u32, values: *const f32, count: usize) -> SNNStatus;
    /// Adds spikes for the next step of one sample, for events from a camera, a socket or another network.
    pub fn snn_session_add_input_spikes(handle: SNNHandle, population: u32, sample: u32, neurons: *const u32, count: usize) -> SNNStatus;
    /// As snn_session_set_input, but the memory is borrowed: each step reads it, without checking the values, until the input is bound to null.
    pub fn snn_session_bind_input(handle: SNNHandle, population: u32, values: *const f32, count: usize) -> SNNStatus;
    /// Advances by `step_count` steps.
    pub fn snn_session_step(handle: SNNHandle, step_count: u32) -> SNNStatus;
    /// Returns to step 0 and the initial state; weights, parameters, callbacks and bindings stay.
    pub fn snn_session_reset(handle: SNNHandle) -> SNNStatus;
    /// Resets some samples, as when a character of a game respawns.
    pub fn snn_session_reset_samples(handle: SNNHandle, samples: *const u32, count: usize) -> SNNStatus;
    /// The number of steps since creation or reset.
    pub fn snn_session_step_count(handle: SNNHandle, out_steps: *mut u64) -> SNNStatus;
    /// Sets that number, to continue from a state that was read before: random draws depend on it.
    pub fn snn_session_set_step_count(handle: SNNHandle, steps: u64) -> SNNStatus;
    /// The seed of the random draws: SNNConfig's, or that of the state that was loaded last.
    pub fn snn_session_seed(handle: SNNHandle, out_seed: *mut u64) -> SNNStatus;
    /// The neurons of `sample` that spiked in the last step, ascending.
    pub fn snn_session_get_spikes(handle: SNNHandle, population: u32, sample: u32, out_neurons: *mut *const u32, out_count: *mut u32) -> SNNStatus;
    /// Copies the counters; set out_counters->struct_size first.
    pub fn snn_get_counters(handle: SNNHandle, out_counters: *mut SNNCounters) -> SNNStatus;
    /// Saves everything that the session's next steps depend on, to continue later.
    pub fn snn_save_state(handle: SNNHandle, path: *const c_char) -> SNNStatus;
    pub fn snn_load_state(handle: SNNHandle, path: *const c_char) -> SNNStatus;
    /// The same in memory, for a game that puts it into its own save file: the same bytes as in the file.
    pub fn snn_save_state_memory(handle: SNNHandle, out_data: *mut c_void, size_bytes: usize, out_size_bytes: *mut usize) -> SNNStatus;
    pub fn snn_load_state_memory(handle: SNNHandle, data: *const c_void, size_bytes: usize) -> SNNStatus;
    /// Reads or writes a variable by its path, converted to or from `dtype`; `count` must match exactly.
    pub fn snn_session_read(handle: SNNHandle, path: *const c_char, dtype: u32, out_data: *mut c_void, count: usize) -> SNNStatus;
    pub fn snn_session_write(handle: SNNHandle, path: *const c_char, dtype: u32, data: *const c_void, count: usize) -> SNNStatus;
    /// The `count` that snn_session_read needs for a path.
    pub fn snn_session_value_count(handle: SNNHandle, path: *const c_char, out_count: *mut usize) -> SNNStatus;
    pub fn snn_run_def_init(out_def: *mut SNNRunDef, struct_size: u32);
    /// Runs `step_count` steps with inputs and recordings.
    pub fn snn_session_run(handle: SNNHandle, def: *const SNNRunDef) -> SNNStatus;
    pub fn snn_encoder_def_init(out_def: *mut SNNEncoderDef, struct_size: u32);
    /// values: \[sample\]\[feature\] (\[step\]\[sample\]\[feature\] for DELTA), finite; out: \[step\]\[sample\]\[feature\].
    pub fn snn_encode(def: *const SNNEncoderDef, values: *const f32, value_count: usize, sample_count: usize, feature_count: usize, out_encoded: *mut f32, out_count: usize) -> SNNStatus;
    /// `count` numbers, the same on every platform: uniform in \[a, b), or normal with mean a and standard deviation b.
    pub fn snn_random_fill(seed: u64, stream: u64, distribution: u32, a: f64, b: f64, out_values: *mut f32, count: usize) -> SNNStatus;
    /// Built-in models by index, in alphabetical order.
    pub fn snn_model_builtin_name(index: u32) -> *const c_char;
    pub fn snn_surrogate_builtin_name(index: u32) -> *const c_char;
    pub fn snn_plasticity_builtin_name(index: u32) -> *const c_char;
    /// Loads a model, surrogate or plasticity rule of the user from its op list (docs/model-format.md).
    pub fn snn_model_load(text: *const c_char, size_bytes: usize, out_model: *mut SNNModel) -> SNNStatus;
    /// A built-in neuron model (kind 0), surrogate (kind 1) or plasticity rule (kind 2) by name.
    pub fn snn_model_builtin(name: *const c_char, kind: u32, out_model: *mut SNNModel) -> SNNStatus;
    /// The op list of a model as JSON.
    pub fn snn_model_text(model: SNNModel, out_text: *mut *const c_char, out_size_bytes: *mut usize) -> SNNStatus;
    pub fn snn_model_retain(model: SNNModel) -> SNNStatus;
    pub fn snn_model_release(model: SNNModel);
    pub fn snn_population_def_init(out_def: *mut SNNPopulationDef, struct_size: u32);
    pub fn snn_projection_def_init(out_def: *mut SNNProjectionDef, struct_size: u32);
    pub fn snn_random_connection_def_init(out_def: *mut SNNRandomConnectionDef, struct_size: u32);
    /// Draws `count` numbers of a distribution, the same on every platform: for parameters and initial states, one for each neuron.
    pub fn snn_random_draw(distribution: *const SNNDistribution, seed: u64, stream: u64, out_values: *mut f64, count: usize) -> SNNStatus;
    /// Creates an empty network, the definition, with the time step `dt_ms` (milliseconds, above 0 and at most 1e6).
    pub fn snn_network_create(dt_ms: f64, out_network: *mut SNNNetwork) -> SNNStatus;
    pub fn snn_network_add_population(network: SNNNetwork, def: *const SNNPopulationDef, out_index: *mut u32) -> SNNStatus;
    /// Sets a parameter of the population's model, in the model's unit: `count` is 1 (shared) or the population's size.
    pub fn snn_network_set_parameter(network: SNNNetwork, population: u32, parameter: *const c_char, values: *const f64, count: usize) -> SNNStatus;
    /// Sets whether training changes the parameter: `learnable` is 1 or 0 (default).
    pub fn snn_network_set_learnable(network: SNNNetwork, population: u32, parameter: *const c_char, learnable: u32) -> SNNStatus;
    /// Whether training changes the parameter; *out_learnable: 1 or 0.
    pub fn snn_network_get_learnable(network: SNNNetwork, population: u32, parameter: *const c_char, out_learnable: *mut u32) -> SNNStatus;
    /// Sets an option of the model by the names of option and choice: ("reset", "subtract").
    pub fn snn_network_set_option(network: SNNNetwork, population: u32, option: *const c_char, choice: *const c_char) -> SNNStatus;
    /// Sets the state at step 0 and after a reset: `count` is 1 or the population's size.
    pub fn snn_network_set_initial_state(network: SNNNetwork, population: u32, state: *const c_char, values: *const f64, count: usize) -> SNNStatus;
    /// Sets the surrogate derivative for training: a built-in one by name (`surrogate` null) or a user's.
    pub fn snn_network_set_surrogate(network: SNNNetwork, population: u32, name: *const c_char, surrogate: SNNModel, parameters: *const f64, count: usize) -> SNNStatus;
    pub fn snn_network_connect(network: SNNNetwork, def: *const SNNProjectionDef, out_index: *mut u32) -> SNNStatus;
    /// Makes a sparse projection plastic: the rule changes its weights, or what its spikes deliver, while the network runs.
    pub fn snn_network_set_plasticity(network: SNNNetwork, projection: u32, name: *const c_char, rule: SNNModel) -> SNNStatus;
    /// Sets a parameter of the projection's rule, in the rule's unit, one value for all synapses; or an option by the names of option and choice.
    pub fn snn_network_set_plasticity_parameter(network: SNNNetwork, projection: u32, parameter: *const c_char, value: f64) -> SNNStatus;
    pub fn snn_network_set_plasticity_option(network: SNNNetwork, projection: u32, option: *const c_char, choice: *const c_char) -> SNNStatus;
    /// Connects by a rule: `def->kind` is SNN_CONNECT_SPARSE, and its sparse arrays and weights are null.
    pub fn snn_network_connect_random(network: SNNNetwork, def: *const SNNProjectionDef, rule: *const SNNRandomConnectionDef, out_index: *mut u32) -> SNNStatus;
    /// Checks the whole network (cycles without delay, fixed-point range, shapes) and makes it immutable.
    pub fn snn_network_finish(network: SNNNetwork) -> SNNStatus;
    pub fn snn_network_retain(network: SNNNetwork) -> SNNStatus;
    pub fn snn_network_release(network: SNNNetwork);
    /// Saves the network: writes a new file beside `path` and renames it.
    pub fn snn_network_save(network: SNNNetwork, path: *const c_char) -> SNNStatus;
    /// Loads a finished network.
    pub fn snn_network_load(path: *const c_char, out_network: *mut SNNNetwork) -> SNNStatus;
    pub fn snn_network_load_memory(data: *const c_void, size_bytes: usize, out_network: *mut SNNNetwork) -> SNNStatus;
    /// Set out_info->struct_size first.
    pub fn snn_network_get_info(network: SNNNetwork, out_info: *mut SNNNetworkInfo) -> SNNStatus;
    pub fn snn_network_get_population(network: SNNNetwork, index: u32, out_info: *mut SNNPopulationInfo) -> SNNStatus;
    pub fn snn_network_get_projection(network: SNNNetwork, index: u32, out_info: *mut SNNProjectionInfo) -> SNNStatus;
    /// The weights and synapses of a projection.
    pub fn snn_network_get_projection_arrays(network: SNNNetwork, index: u32, out_arrays: *mut SNNProjectionArrays) -> SNNStatus;
    /// The rule that makes the synapses, with the seed in use; the positions are borrowed as above.
    pub fn snn_network_get_connection_rule(network: SNNNetwork, index: u32, out_rule: *mut SNNRandomConnectionDef) -> SNNStatus;
    /// The synapses of the source neurons `first_source` to `first_source + source_count - 1`, row after row, each row in canonical order.
    pub fn snn_network_get_synapses(network: SNNNetwork, projection: u32, first_source: u32, source_count: u32, out_sources: *mut u32, out_targets: *mut u32, out_delays: *mut u32, out_weights: *mut f32, io_count: *mut usize) -> SNNStatus;
    pub fn snn_network_find_population(network: SNNNetwork, name: *const c_char, out_index: *mut u32) -> SNNStatus;
    pub fn snn_network_find_projection(network: SNNNetwork, name: *const c_char, out_index: *mut u32) -> SNNStatus;
    /// The model of a population of neurons, or its surrogate; release it.
    pub fn snn_network_get_model(network: SNNNetwork, population: u32, out_model: *mut SNNModel) -> SNNStatus;
    pub fn snn_network_get_surrogate(network: SNNNetwork, population: u32, out_surrogate: *mut SNNModel) -> SNNStatus;
    /// The values in use, defaults included.
    pub fn snn_network_get_parameter(network: SNNNetwork, population: u32, parameter: *const c_char, out_values: *mut f64, io_count: *mut usize) -> SNNStatus;
    pub fn snn_network_get_initial_state(network: SNNNetwork, population: u32, state: *const c_char, out_values: *mut f64, io_count: *mut usize) -> SNNStatus;
    pub fn snn_network_get_surrogate_parameters(network: SNNNetwork, population: u32, out_values: *mut f64, io_count: *mut usize) -> SNNStatus;
    /// The name of the choice that an option has; borrowed as above.
    pub fn snn_network_get_option(network: SNNNetwork, population: u32, option: *const c_char, out_choice: *mut *const c_char) -> SNNStatus;
    /// The plasticity rule of a projection (release it), the value of a parameter, and the choice of an option (borrowed as above).
    pub fn snn_network_get_plasticity(network: SNNNetwork, projection: u32, out_rule: *mut SNNModel) -> SNNStatus;
    pub fn snn_network_get_plasticity_parameter(network: SNNNetwork, projection: u32, parameter: *const c_char, out_value: *mut f64) -> SNNStatus;
    pub fn snn_network_get_plasticity_option(network: SNNNetwork, projection: u32, option: *const c_char, out_choice: *mut *const c_char) -> SNNStatus;
    pub fn snn_trainer_def_init(out_def: *mut SNNTrainerDef, struct_size: u32);
    /// Creates a trainer of a session, which gets its own copy of the weights.
    pub fn snn_trainer_create(handle: SNNHandle, def: *const SNNTrainerDef, out_trainer: *mut SNNTrainer) -> SNNStatus;
    pub fn snn_trainer_release(trainer: SNNTrainer);
    /// Forward, backward and update on one batch, or on each of its windows.
    pub fn snn_trainer_step(trainer: SNNTrainer, batch: *const SNNBatch, io_result: *mut SNNTrainResult) -> SNNStatus;
    /// The three parts of snn_trainer_step. backward needs a forward before it, update a backward; no other trainer of the session may run forward in between.
    pub fn snn_trainer_forward(trainer: SNNTrainer, batch: *const SNNBatch, io_result: *mut SNNTrainResult) -> SNNStatus;
    pub fn snn_trainer_backward(trainer: SNNTrainer) -> SNNStatus;
    pub fn snn_trainer_update(trainer: SNNTrainer) -> SNNStatus;
    /// Training with a loss that the caller computes; the trainer has SNN_LOSS_NONE.
    pub fn snn_trainer_run(trainer: SNNTrainer, batch: *const SNNBatch, records: *const SNNRecordArray, record_count: u32, io_result: *mut SNNTrainResult) -> SNNStatus;
    pub fn snn_trainer_run_backward(trainer: SNNTrainer, loss: f64, gradients: *const SNNRecordArray, gradient_count: u32, input_gradients: *const SNNRecordArray, input_gradient_count: u32) -> SNNStatus;
    /// The scores that the loss used in the last forward: \[batch_size\]\[outputs\].
    pub fn snn_trainer_scores(trainer: SNNTrainer, out_scores: *mut f32, count: usize) -> SNNStatus;
    /// The part of the last step's or forward's loss that comes from one population, output_population or one with an auxiliary loss, its weight included; 0 before the first.
    pub fn snn_trainer_loss_of(trainer: SNNTrainer, population: u32, out_loss: *mut f64) -> SNNStatus;
    /// What a trainer keeps from update to update, above all the optimiser's moments.
    pub fn snn_trainer_get_state(trainer: SNNTrainer, out_values: *mut f64, io_count: *mut usize) -> SNNStatus;
    /// Sets such a state; a forward and backward that wait for their update are discarded.
    pub fn snn_trainer_set_state(trainer: SNNTrainer, values: *const f64, count: usize) -> SNNStatus;
    /// Adds a loss of a population other than output_population (local learning, as in DECOLLE: Kaiser et al. 2020): `weight` times it is added to the loss, and its gradients to the others.
    pub fn snn_trainer_set_auxiliary_loss(trainer: SNNTrainer, population: u32, loss: u32, weight: f64) -> SNNStatus;
    /// Sets the class weights of CROSS_ENTROPY losses, auxiliary ones too: \[outputs\], each at least 0, copied. count 0: none, which is 1 each.
    pub fn snn_trainer_set_class_weights(trainer: SNNTrainer, weights: *const f32, count: usize) -> SNNStatus;
    /// Sets dropout (Srivastava et al. 2014) of a population that spikes, fixed over time.
    pub fn snn_trainer_set_dropout(trainer: SNNTrainer, population: u32, probability: f64, seed: u64) -> SNNStatus;
    /// Quantisation-aware training of a projection's weights to `bits` bits, 2 to 8 (0: no longer; the session keeps its weights).
    pub fn snn_trainer_set_quantization(trainer: SNNTrainer, projection: u32, bits: u32, per_channel: u32) -> SNNStatus;
    /// Batch normalisation through time (tdBN: Zheng et al. 2021) of a projection.
    pub fn snn_trainer_set_normalization(trainer: SNNTrainer, projection: u32, scale: f64, momentum: f64, epsilon: f64) -> SNNStatus;
    pub fn snn_trainer_set_delay_learning(trainer: SNNTrainer, projection: u32, kernel: u32, width: f64, rate_factor: f64) -> SNNStatus;
    pub fn snn_trainer_set_learning_rate(trainer: SNNTrainer, learning_rate: f64) -> SNNStatus;
    pub fn snn_register_weight_callback(handle: SNNHandle, callback: SNNWeightCallback, user: *mut c_void) -> SNNStatus;
    pub fn snn_register_epoch_callback(handle: SNNHandle, callback: SNNEpochCallback, user: *mut c_void) -> SNNStatus;
    /// Ends an epoch: sums up the updates since the last call, calls the epoch callback, and returns the same in io_epoch (may be null).
    pub fn snn_trainer_end_epoch(trainer: SNNTrainer, io_epoch: *mut SNNEpoch) -> SNNStatus;
    pub fn snn_vulkan_host_init(out_host: *mut SNNVulkanHost, struct_size: u32);
    /// Opens a session on the host's device, as snn_create_network does. config->device is null or "vulkan", or several devices with "vulkan" once among them.
    pub fn snn_vulkan_create_network(config: *const SNNConfig, host: *const SNNVulkanHost, out_handle: *mut SNNHandle) -> SNNStatus;
    /// Records the next `step_count` steps into `command_buffer` (VkCommandBuffer, recording, outside a render pass): pipelines, descriptor sets, push constants, dispatches and barriers.
    pub fn snn_vulkan_record_steps(handle: SNNHandle, command_buffer: *mut c_void, step_count: u32) -> SNNStatus;
    /// Submits the next `step_count` steps in a submission of the session's own, on the queue with which the session was opened.
    pub fn snn_vulkan_submit_steps(handle: SNNHandle, submission: *const SNNVulkanSubmission, step_count: u32) -> SNNStatus;
    /// Gets the device that a session runs on, for commands, buffers and submissions of your own.
    pub fn snn_vulkan_get_device(handle: SNNHandle, out_device: *mut SNNVulkanDevice) -> SNNStatus;
    /// The buffer that holds a state ("population.state") on the device, for reading in place or writing between two recorded steps.
    pub fn snn_vulkan_get_buffer(handle: SNNHandle, state: *const c_char, out_buffer: *mut SNNVulkanBuffer) -> SNNStatus;
    /// Binds a buffer of the host to what `path` names: from now on every step reads or writes it in place.
    pub fn snn_vulkan_bind_buffer(handle: SNNHandle, path: *const c_char, buffer: *const SNNVulkanBuffer) -> SNNStatus;
    pub fn snn_vulkan_set_readback(handle: SNNHandle, paths: *mut *const c_char, path_count: u32, frame_count: u32) -> SNNStatus;
    pub fn snn_vulkan_record_readback(handle: SNNHandle, command_buffer: *mut c_void, frame: u64) -> SNNStatus;
    pub fn snn_vulkan_read_back(handle: SNNHandle, path: *const c_char, finished_frame: u64, dtype: u32, out_data: *mut c_void, count: usize, out_frame: *mut u64) -> SNNStatus;
    /// Gets the plan of a session.
    pub fn snn_vulkan_get_plan(handle: SNNHandle, out_plan: *mut SNNVulkanPlan) -> SNNStatus;
}

/// Size, alignment and the offsets of the fields of every struct, as a C compiler for a 64-bit target lays it out.
#[cfg(test)]
pub(crate) const LAYOUTS: &[(&str, usize, usize, &[usize])] = &[
    ("SNNAllocator", 32, 8, &[0, 8, 16, 24]),
    ("SNNJobSystem", 24, 8, &[0, 4, 8, 16]),
    ("SNNDeviceInfo", 344, 8, &[0, 4, 68, 260, 264, 272, 276]),
    ("SNNDeviceSpeed", 88, 8, &[0, 4, 8, 72, 80]),
    ("SNNConfig", 88, 8, &[0, 4, 8, 16, 24, 32, 36, 40, 44, 48, 56, 64, 72, 80]),
    ("SNNMemoryEstimate", 48, 8, &[0, 8, 16, 24, 32, 40]),
    ("SNNPlacementSlice", 16, 4, &[0, 4, 8, 12]),
    ("SNNPlacementInfo", 56, 8, &[0, 4, 8, 12, 16, 24, 32, 40, 48]),
    ("SNNSessionDevice", 324, 4, &[0, 4, 68]),
    ("SNNSpikes", 32, 8, &[0, 4, 8, 12, 16, 24]),
    ("SNNCounters", 56, 8, &[0, 8, 16, 24, 32, 40, 48]),
    ("SNNInputArray", 24, 8, &[0, 4, 8, 16]),
    ("SNNRecordArray", 32, 8, &[0, 4, 8, 16, 24]),
    ("SNNSpikeRecord", 48, 8, &[0, 4, 8, 16, 24, 32, 40]),
    ("SNNSpikeInput", 40, 8, &[0, 4, 8, 16, 24, 32]),
    ("SNNValueRecord", 48, 8, &[0, 4, 8, 16, 24, 32, 40]),
    ("SNNRunDef", 104, 8, &[0, 4, 8, 12, 16, 24, 32, 40, 48, 56, 60, 64, 68, 72, 76, 80, 88, 96]),
    ("SNNEncoderDef", 32, 8, &[0, 4, 8, 12, 16, 24]),
    ("SNNShape", 16, 4, &[0, 4]),
    ("SNNPopulationDef", 48, 8, &[0, 4, 8, 16, 32, 40]),
    ("SNNProjectionDef", 168, 8, &[0, 4, 8, 16, 20, 24, 32, 36, 40, 44, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144, 152, 160]),
    ("SNNDistribution", 40, 8, &[0, 8, 16, 24, 32]),
    ("SNNRandomConnectionDef", 216, 8, &[0, 4, 8, 16, 24, 32, 36, 40, 80, 120, 124, 128, 132, 136, 140, 144, 152, 160, 184, 192, 200, 208]),
    ("SNNNetworkInfo", 48, 8, &[0, 4, 8, 12, 16, 24, 32, 40]),
    ("SNNPopulationInfo", 56, 8, &[0, 4, 8, 24, 32, 40, 48]),
    ("SNNProjectionInfo", 144, 8, &[0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 136]),
    ("SNNProjectionArrays", 48, 8, &[0, 8, 16, 24, 32, 40]),
    ("SNNTrainerDef", 152, 8, &[0, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 140, 144]),
    ("SNNBatch", 64, 8, &[0, 4, 8, 16, 24, 32, 40, 48, 56]),
    ("SNNTrainResult", 32, 8, &[0, 4, 8, 16, 24]),
    ("SNNWeightUpdate", 24, 8, &[0, 4, 8, 16]),
    ("SNNEpoch", 40, 8, &[0, 8, 16, 24, 32]),
    ("SNNVulkanHost", 88, 8, &[0, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80]),
    ("SNNVulkanSemaphore", 16, 8, &[0, 8]),
    ("SNNVulkanSubmission", 32, 8, &[0, 4, 8, 12, 16, 24]),
    ("SNNVulkanDevice", 64, 8, &[0, 4, 8, 16, 24, 32, 40, 48]),
    ("SNNVulkanBuffer", 48, 8, &[0, 4, 8, 16, 24, 32, 40, 44]),
    ("SNNVulkanPlanShader", 32, 8, &[0, 8, 16, 24]),
    ("SNNVulkanPlanBuffer", 24, 8, &[0, 8, 16]),
    ("SNNVulkanPlanBinding", 24, 8, &[0, 4, 8, 16]),
    ("SNNVulkanPlanDispatch", 336, 8, &[0, 4, 8, 20, 24, 32, 36, 164, 168]),
    ("SNNVulkanPlan", 40, 8, &[0, 4, 8, 12, 16, 24, 32]),
];

/// The same, of the structs above.
#[cfg(test)]
pub(crate) fn layouts() -> Vec<(&'static str, usize, usize, Vec<usize>)> {
    vec![
        layout!(SNNAllocator: struct_size, allocate, release, user),
        layout!(SNNJobSystem: struct_size, worker_count, parallel_for, user),
        layout!(SNNDeviceInfo: struct_size, name, description, core_count, memory_bytes, can_train, instruction_sets),
        layout!(SNNDeviceSpeed: struct_size, was_kept, driver, small_step_s, large_step_s),
        layout!(SNNConfig: struct_size, flags, file, network, device, batch_size, thread_count, instruction_set, max_catch_up_steps, allocator, job_system, log, log_user, seed),
        layout!(SNNMemoryEstimate: struct_size, network_bytes, weight_bytes, state_bytes, total_bytes, opening_bytes),
        layout!(SNNPlacementSlice: population, first, count, device),
        layout!(SNNPlacementInfo: struct_size, device_count, slice_count, window_steps, device, reasons, slices, samples, step_s),
        layout!(SNNSessionDevice: struct_size, name, reason),
        layout!(SNNSpikes: struct_size, population, sample, count, neurons, step),
        layout!(SNNCounters: struct_size, steps, neuron_updates, spikes, input_spikes, synaptic_events, synaptic_operations),
        layout!(SNNInputArray: population, held, data, count),
        layout!(SNNRecordArray: population, dtype, variable, data, count),
        layout!(SNNSpikeRecord: struct_size, population, steps, neurons, samples, capacity, count),
        layout!(SNNSpikeInput: struct_size, population, steps, neurons, samples, count),
        layout!(SNNValueRecord: struct_size, dtype, path, indices, index_count, data, count),
        layout!(SNNRunDef: struct_size, step_count, steps_before, record_interval, inputs, spike_inputs, records, spike_records, value_records, input_count, spike_input_count, record_count, spike_record_count, value_record_count, progress_interval, progress, progress_user, out_step_count),
        layout!(SNNEncoderDef: struct_size, kind, step_count, gain, threshold, seed),
        layout!(SNNShape: rank, dims),
        layout!(SNNPopulationDef: struct_size, kind, name, shape, model_name, model),
        layout!(SNNProjectionDef: struct_size, kind, name, source, target, receptor, delay_steps, trainable, detached, arithmetic, pool_mode, weights, weight_count, bias, bias_count, row_offsets, row_offset_count, synapse_targets, synapse_delays, synapse_count, kernel, stride, padding, dilation, groups),
        layout!(SNNDistribution: kind, a, b, low, high),
        layout!(SNNRandomConnectionDef: struct_size, rule, probability, count, seed, allow_autapses, allow_multapses, weight, delay, first_source, source_count, first_target, target_count, kernel, dimensions, kernel_width, cutoff, period, source_positions, source_position_count, target_positions, target_position_count),
        layout!(SNNNetworkInfo: struct_size, population_count, projection_count, finished, dt_ms, neuron_count, synapse_count, parameter_count),
        layout!(SNNPopulationInfo: struct_size, kind, shape, size, name, model_name, surrogate_name),
        layout!(SNNProjectionInfo: struct_size, kind, source, target, delay_steps, trainable, detached, arithmetic, pool_mode, min_delay_steps, max_delay_steps, by_rule, name, receptor, weight_count, bias_count, synapse_count, bias, fixed_point_scale, kernel, stride, padding, dilation, groups),
        layout!(SNNProjectionArrays: struct_size, weight_count, weights, row_offsets, synapse_targets, synapse_delays),
        layout!(SNNTrainerDef: struct_size, output_population, step_count, loss, optimizer, rule, rate_on, rate_off, label_smoothing, van_rossum_tau_ms, learning_rate, parameter_rate_factor, momentum, beta1, beta2, epsilon, weight_decay, l1_regularization, gradient_clip_norm, rate_regularization, rate_target, checkpoint_steps, window_steps, window_updates),
        layout!(SNNBatch: struct_size, input_count, spike_input_count, inputs, spike_inputs, labels, label_count, targets, target_count),
        layout!(SNNTrainResult: struct_size, sample_count, correct_count, loss, spike_count),
        layout!(SNNWeightUpdate: struct_size, projection, update, gradient_norm),
        layout!(SNNEpoch: struct_size, epoch, sample_count, correct_count, mean_loss),
        layout!(SNNVulkanHost: struct_size, queue_family, instance, physical_device, device, queue, pipeline_cache, get_instance_proc_addr, lock_queue, unlock_queue, submit, user),
        layout!(SNNVulkanSemaphore: semaphore, value),
        layout!(SNNVulkanSubmission: struct_size, wait_count, signal_count, reserved, waits, signals),
        layout!(SNNVulkanDevice: struct_size, queue_family, instance, physical_device, device, queue, get_instance_proc_addr, submitted),
        layout!(SNNVulkanBuffer: struct_size, r#type, buffer, offset_bytes, size_bytes, mapped, is_cached, reserved),
        layout!(SNNVulkanPlanShader: spirv, word_count, constants, constant_count),
        layout!(SNNVulkanPlanBuffer: size_bytes, contents, host_buffer),
        layout!(SNNVulkanPlanBinding: buffer, reserved, offset_bytes, size_bytes),
        layout!(SNNVulkanPlanDispatch: shader, barrier, groups, indirect_buffer, indirect_offset_bytes, push_bytes, push, reserved, bindings),
        layout!(SNNVulkanPlan: struct_size, shader_count, buffer_count, dispatch_count, shaders, buffers, dispatches),
    ]
}
