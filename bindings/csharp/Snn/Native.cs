// Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand.

using System;
using System.Runtime.InteropServices;

namespace Snn
{
    /// <summary>Optional.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNAllocator
    {
        internal uint struct_size;
        internal IntPtr allocate;
        internal IntPtr release;
        internal void* user;
    }

    /// <summary>Optional: the host's own job system instead of the session's threads.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNJobSystem
    {
        internal uint struct_size;
        /// <summary>how many tasks can run at once, 1 to 1024</summary>
        internal uint worker_count;
        internal IntPtr parallel_for;
        internal void* user;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNDeviceInfo
    {
        internal uint struct_size;
        /// <summary>what SNNConfig.device takes: "cpu", "vulkan:0", "npu", "openvino:CPU", "reference", "null"</summary>
        internal fixed byte name[64];
        /// <summary>for people: processor name, instruction set</summary>
        internal fixed byte description[192];
        /// <summary>logical processors this process may use</summary>
        internal uint core_count;
        /// <summary>total memory, 0 if unknown</summary>
        internal ulong memory_bytes;
        /// <summary>1 or 0</summary>
        internal uint can_train;
        /// <summary>usable on the device, best last: "scalar avx2 avx512", "scalar neon"</summary>
        internal fixed byte instruction_sets[64];
    }

    /// <summary>Duration of one step of one sample on one thread: the median of steps that are requested one at a time.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNDeviceSpeed
    {
        internal uint struct_size;
        /// <summary>1: not measured by this call</summary>
        internal uint was_kept;
        /// <summary>driver of the device and its version; "" for libsnn itself</summary>
        internal fixed byte driver[64];
        /// <summary>seconds: 128-256-256-8 LIF neurons, densely connected</summary>
        internal double small_step_s;
        /// <summary>seconds: 1024-2048-1024</summary>
        internal double large_step_s;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNConfig
    {
        internal uint struct_size;
        /// <summary>SNN_FLAG_*</summary>
        internal uint flags;
        /// <summary>a .snn file, or null when `network` is given</summary>
        internal byte* file;
        /// <summary>a finished network; the session keeps a reference</summary>
        internal IntPtr network;
        /// <summary>Where the session runs: "cpu" (default, also when null), "vulkan", "npu", "openvino", "auto", "reference", "null", or several devices.</summary>
        internal byte* device;
        /// <summary>samples, 1 (default) to 1,048,576</summary>
        internal uint batch_size;
        /// <summary>default 1, at most 1024; 0: one per core.</summary>
        internal uint thread_count;
        /// <summary>SNN_ISA_*</summary>
        internal uint instruction_set;
        /// <summary>most steps that one snn_run_step may take; the time beyond is dropped. 0 (default): what fits into 0.25 s of simulated time, at least 100</summary>
        internal uint max_catch_up_steps;
        /// <summary>copied; null: the C runtime's</summary>
        internal SNNAllocator* allocator;
        /// <summary>copied; null: own threads</summary>
        internal SNNJobSystem* job_system;
        /// <summary>null: silent</summary>
        internal IntPtr log;
        internal void* log_user;
        /// <summary>of the random draws of models, default 0: same network, inputs and seed, same spikes</summary>
        internal ulong seed;
    }

    /// <summary>The memory that a session will need: an estimate, right within a few percent for large networks.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNMemoryEstimate
    {
        internal uint struct_size;
        /// <summary>held by the network, shared by its sessions: weights, synapses, parameters.</summary>
        internal ulong network_bytes;
        /// <summary>weights and synapses in the form of the session's device</summary>
        internal ulong weight_bytes;
        /// <summary>states, sums and activity kept for delays, of all samples; constants of neurons; how the traces of plasticity decay</summary>
        internal ulong state_bytes;
        /// <summary>their sum</summary>
        internal ulong total_bytes;
        /// <summary>what opening the session would add: without what the network already holds</summary>
        internal ulong opening_bytes;
    }

    /// <summary>Neurons of one population that one device runs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNPlacementSlice
    {
        internal uint population;
        /// <summary>neurons first to first + count - 1</summary>
        internal uint first;
        /// <summary>neurons first to first + count - 1</summary>
        internal uint count;
        /// <summary>index, from 0, among the devices of SNNPlacementInfo.device</summary>
        internal uint device;
    }

    /// <summary>Where a session would run, and why.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNPlacementInfo
    {
        internal uint struct_size;
        internal uint device_count;
        internal uint slice_count;
        /// <summary>devices exchange spikes every so many steps; 0: they exchange none</summary>
        internal uint window_steps;
        /// <summary>for SNNConfig.device: names the devices and reproduces the placement, as "cpu+vulkan:0;exc[0:512]=0;exc[512:800]=1;inh=0" or, for "cpu*+vulkan:0*", "cpu*8+vulkan:0*24".</summary>
        internal byte* device;
        /// <summary>one sentence on each line, "" if there are none: why populations cannot run on a device (it cannot run them, its bits are its own, there is not enough memory), or why "auto" chose</summary>
        internal byte* reasons;
        /// <summary>[slice_count] by population, then first neuron, then device.</summary>
        internal SNNPlacementSlice* slices;
        /// <summary>[device_count] samples of the batch that each device runs; of devices that share populations all of them</summary>
        internal uint* samples;
        /// <summary>[device_count] expected seconds of a step, the exchange of spikes included; 0 for a device with nothing to do.</summary>
        internal double* step_s;
    }

    /// <summary>The device that a session runs on.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNSessionDevice
    {
        internal uint struct_size;
        /// <summary>as SNNConfig.device names it, or what "auto" chose ("vulkan:0"); of several devices without those that failed.</summary>
        internal fixed byte name[64];
        /// <summary>one line: why "auto" chose it, or which of several failed; "" where the caller named it</summary>
        internal fixed byte reason[256];
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNSpikes
    {
        internal uint struct_size;
        internal uint population;
        internal uint sample;
        internal uint count;
        /// <summary>ascending; valid during the callback only</summary>
        internal uint* neurons;
        /// <summary>the step just computed, 0 = the first</summary>
        internal ulong step;
    }

    /// <summary>What a session has computed since it was opened or reset (a trainer's forward resets).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNCounters
    {
        internal uint struct_size;
        /// <summary>computed; snn_session_set_step_count changes nothing here</summary>
        internal ulong steps;
        /// <summary>steps times neurons times samples, without inputs</summary>
        internal ulong neuron_updates;
        /// <summary>spikes of neurons</summary>
        internal ulong spikes;
        /// <summary>spikes given to spike inputs</summary>
        internal ulong input_spikes;
        /// <summary>one synapse that delivered one spike, counted in the step in which it arrives.</summary>
        internal ulong synaptic_events;
        /// <summary>the same, plus synapses that delivered a nonzero value of a value input</summary>
        internal ulong synaptic_operations;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNInputArray
    {
        internal uint population;
        /// <summary>1: data is [batch_size][size] and used at every step; 0: [step][batch_size][size]</summary>
        internal uint held;
        internal float* data;
        internal UIntPtr count;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNRecordArray
    {
        internal uint population;
        /// <summary>SNN_FLOAT32 or SNN_FLOAT64; for spikes also SNN_UINT8, for states of whole numbers SNN_INT32</summary>
        internal uint dtype;
        /// <summary>a state, "spikes", or "spike_count" ([batch_size][size], of the run; SNN_FLOAT32: up to 2^24)</summary>
        internal byte* variable;
        /// <summary>[step][batch_size][size], written as the run goes; SNNRunDef.record_interval: fewer steps</summary>
        internal void* data;
        internal UIntPtr count;
    }

    /// <summary>Records the spikes of a population as events in the caller's arrays, ordered by step, then sample, then neuron.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNSpikeRecord
    {
        internal uint struct_size;
        /// <summary>neurons that spike, or a spike input</summary>
        internal uint population;
        /// <summary>[capacity]; 0 is the run's first step</summary>
        internal uint* steps;
        /// <summary>[capacity]</summary>
        internal uint* neurons;
        /// <summary>[capacity]; may be null when batch_size is 1</summary>
        internal uint* samples;
        /// <summary>at least batch_size times size: the most that one step can give</summary>
        internal UIntPtr capacity;
        /// <summary>out: number of events</summary>
        internal UIntPtr count;
    }

    /// <summary>Gives the spikes of a spike input as events in the caller's arrays: ascending steps, any order within a step.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNSpikeInput
    {
        internal uint struct_size;
        /// <summary>a spike input</summary>
        internal uint population;
        /// <summary>[count]; 0 is the run's first step; less than steps_before + step_count.</summary>
        internal uint* steps;
        /// <summary>[count] less than the population's size</summary>
        internal uint* neurons;
        /// <summary>[count] less than batch_size; may be null when batch_size is 1</summary>
        internal uint* samples;
        /// <summary>number of events, may be 0; at most 2^32 - 1</summary>
        internal UIntPtr count;
    }

    /// <summary>Records values of chosen neurons or synapses after every record_interval steps.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNValueRecord
    {
        internal uint struct_size;
        /// <summary>SNN_FLOAT32 or SNN_FLOAT64; for spikes also SNN_UINT8, for states of whole numbers SNN_INT32</summary>
        internal uint dtype;
        /// <summary>as for snn_session_read: "population.state", "population.spikes", "projection.weight", "projection.bias", "projection.trace"</summary>
        internal byte* path;
        /// <summary>[index_count] neurons or synapses: indices into the values of one sample, in any order, repeats allowed; null, with index_count 0: all</summary>
        internal ulong* indices;
        internal UIntPtr index_count;
        /// <summary>[row][batch_size][index_count], written as the run goes.</summary>
        internal void* data;
        internal UIntPtr count;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNRunDef
    {
        internal uint struct_size;
        internal uint step_count;
        /// <summary>default 0; steps already done of a run that this call continues: they count in `steps` of events and towards record_interval</summary>
        internal uint steps_before;
        /// <summary>`records` and `value_records` are written after every so many steps, default 1; "spike_count" sums over all steps</summary>
        internal uint record_interval;
        internal SNNInputArray* inputs;
        /// <summary>all of one struct_size; an input is here or in `inputs`, once</summary>
        internal SNNSpikeInput* spike_inputs;
        internal SNNRecordArray* records;
        /// <summary>all of one struct_size; each population at most once</summary>
        internal SNNSpikeRecord* spike_records;
        /// <summary>all of one struct_size</summary>
        internal SNNValueRecord* value_records;
        internal uint input_count;
        internal uint spike_input_count;
        internal uint record_count;
        internal uint spike_record_count;
        internal uint value_record_count;
        /// <summary>steps, default 1000; 0: about 10 times a second, by the clock</summary>
        internal uint progress_interval;
        /// <summary>null: none</summary>
        internal IntPtr progress;
        internal void* progress_user;
        /// <summary>the steps that were done; may be null, but not with spike_records</summary>
        internal uint* out_step_count;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNEncoderDef
    {
        internal uint struct_size;
        /// <summary>SNN_ENCODE_*</summary>
        internal uint kind;
        /// <summary>T</summary>
        internal uint step_count;
        /// <summary>default 1</summary>
        internal float gain;
        /// <summary>default 0.01</summary>
        internal float threshold;
        /// <summary>rate: Philox counter-based random numbers; the seed is the key, step, sample and feature the counter</summary>
        internal ulong seed;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNShape
    {
        /// <summary>1 to 3</summary>
        internal uint rank;
        /// <summary>(neurons) or (channels, height, width); at most 2^30 neurons in all</summary>
        internal fixed uint dims[3];
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNPopulationDef
    {
        internal uint struct_size;
        /// <summary>SNN_POPULATION_*</summary>
        internal uint kind;
        /// <summary>[A-Za-z_][A-Za-z0-9_]*, unique in the network, at most 63 bytes</summary>
        internal byte* name;
        internal SNNShape shape;
        /// <summary>a built-in model ("lif"), for neurons when `model` is null</summary>
        internal byte* model_name;
        /// <summary>a user's model, or null</summary>
        internal IntPtr model;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNProjectionDef
    {
        internal uint struct_size;
        /// <summary>SNN_CONNECT_*</summary>
        internal uint kind;
        /// <summary>as for populations; null: "source_to_target" (at most 63 bytes)</summary>
        internal byte* name;
        /// <summary>population indices</summary>
        internal uint source;
        /// <summary>population indices</summary>
        internal uint target;
        /// <summary>a receptor of the target's model; null: its first</summary>
        internal byte* receptor;
        /// <summary>0: arrives within the same step (such projections must form no cycle).</summary>
        internal uint delay_steps;
        /// <summary>1 (default) or 0; pooling never is</summary>
        internal uint trainable;
        /// <summary>1: no gradient goes back through it to its source, but its own weights still learn.</summary>
        internal uint detached;
        /// <summary>SNN_ARITHMETIC_*</summary>
        internal uint arithmetic;
        /// <summary>SNN_POOL_*</summary>
        internal uint pool_mode;
        /// <summary>copied, all finite; null with weight_count 0: zeros</summary>
        internal float* weights;
        internal UIntPtr weight_count;
        /// <summary>null: none.</summary>
        internal float* bias;
        internal UIntPtr bias_count;
        /// <summary>[source size + 1], ascending from 0 to synapse_count; row i: the synapses from row_offsets[i] to row_offsets[i + 1] - 1</summary>
        internal ulong* row_offsets;
        internal UIntPtr row_offset_count;
        /// <summary>[synapse_count]; any order within a row, repeats allowed</summary>
        internal uint* synapse_targets;
        /// <summary>[synapse_count] steps, added to delay_steps (sum at most 4096); null: none</summary>
        internal ushort* synapse_delays;
        internal UIntPtr synapse_count;
        /// <summary>conv2d and pool2d only: (y, x).</summary>
        internal fixed uint kernel[2];
        /// <summary>conv2d and pool2d only: (y, x).</summary>
        internal fixed uint stride[2];
        /// <summary>conv2d and pool2d only: (y, x).</summary>
        internal fixed uint padding[2];
        /// <summary>conv2d and pool2d only: (y, x).</summary>
        internal fixed uint dilation[2];
        internal uint groups;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNDistribution
    {
        /// <summary>SNN_DISTRIBUTION_*</summary>
        internal uint kind;
        internal double a;
        internal double b;
        /// <summary>bounds; none: -INFINITY and INFINITY, as snn_random_connection_def_default sets them.</summary>
        internal double low;
        /// <summary>bounds; none: -INFINITY and INFINITY, as snn_random_connection_def_default sets them.</summary>
        internal double high;
    }

    /// <summary>Begin with snn_random_connection_def_default: zeros are not the defaults.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNRandomConnectionDef
    {
        internal uint struct_size;
        /// <summary>SNN_RULE_*</summary>
        internal uint rule;
        /// <summary>0 to 1</summary>
        internal double probability;
        internal ulong count;
        /// <summary>default SNN_SEED_BY_INDEX</summary>
        internal ulong seed;
        /// <summary>1 (default): in a projection onto its own population a neuron may connect to itself</summary>
        internal uint allow_autapses;
        /// <summary>for fixed in-degree, out-degree and total. 1 (default): drawn with replacement, a pair may have several synapses; 0: without replacement; more synapses than pairs are refused</summary>
        internal uint allow_multapses;
        /// <summary>default: constant 1</summary>
        internal SNNDistribution weight;
        /// <summary>milliseconds, rounded to the nearest step; added to delay_steps (sum at most 4096 steps).</summary>
        internal SNNDistribution delay;
        /// <summary>default 0</summary>
        internal uint first_source;
        /// <summary>0 (default): all from first_source on</summary>
        internal uint source_count;
        internal uint first_target;
        internal uint target_count;
        /// <summary>SNN_KERNEL_*</summary>
        internal uint kernel;
        /// <summary>1 to 3</summary>
        internal uint dimensions;
        /// <summary>above 0; like the cutoff in the unit of the positions</summary>
        internal double kernel_width;
        /// <summary>above 0</summary>
        internal double cutoff;
        /// <summary>0 (default): open; else the period of space along this axis, at least twice the cutoff</summary>
        internal fixed double period[3];
        /// <summary>[sources][dimensions], finite; copied</summary>
        internal float* source_positions;
        /// <summary>sources times dimensions</summary>
        internal UIntPtr source_position_count;
        internal float* target_positions;
        internal UIntPtr target_position_count;
    }

    /// <summary>Pointers in these structs are borrowed: valid while the network lives and nothing is added to it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNNetworkInfo
    {
        internal uint struct_size;
        internal uint population_count;
        internal uint projection_count;
        internal uint finished;
        internal double dt_ms;
        /// <summary>without inputs</summary>
        internal ulong neuron_count;
        /// <summary>connections that deliver: each use of a conv kernel's weight counts</summary>
        internal ulong synapse_count;
        /// <summary>stored weights and biases</summary>
        internal ulong parameter_count;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNPopulationInfo
    {
        internal uint struct_size;
        internal uint kind;
        internal SNNShape shape;
        internal uint size;
        /// <summary>borrowed as above; null where there is none</summary>
        internal byte* name;
        /// <summary>borrowed as above; null where there is none</summary>
        internal byte* model_name;
        /// <summary>borrowed as above; null where there is none</summary>
        internal byte* surrogate_name;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNProjectionInfo
    {
        internal uint struct_size;
        internal uint kind;
        internal uint source;
        internal uint target;
        internal uint delay_steps;
        internal uint trainable;
        internal uint detached;
        internal uint arithmetic;
        internal uint pool_mode;
        /// <summary>The shortest and the longest delay of the synapses in steps, delay_steps included; of a rule bounds of what it draws.</summary>
        internal uint min_delay_steps;
        /// <summary>The shortest and the longest delay of the synapses in steps, delay_steps included; of a rule bounds of what it draws.</summary>
        internal uint max_delay_steps;
        /// <summary>1: a connection rule makes the synapses; 0: they are arrays</summary>
        internal uint by_rule;
        /// <summary>borrowed as above</summary>
        internal byte* name;
        /// <summary>borrowed as above</summary>
        internal byte* receptor;
        internal ulong weight_count;
        internal ulong bias_count;
        internal ulong synapse_count;
        /// <summary>borrowed as above; null when there is none</summary>
        internal float* bias;
        /// <summary>0 for float arithmetic; weights are rounded to multiples of 1/scale</summary>
        internal double fixed_point_scale;
        internal fixed uint kernel[2];
        internal fixed uint stride[2];
        internal fixed uint padding[2];
        internal fixed uint dilation[2];
        internal uint groups;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNProjectionArrays
    {
        internal uint struct_size;
        internal ulong weight_count;
        /// <summary>borrowed as above; null when the count is 0</summary>
        internal float* weights;
        /// <summary>[source size + 1]</summary>
        internal ulong* row_offsets;
        /// <summary>[synapse_count]</summary>
        internal uint* synapse_targets;
        /// <summary>[synapse_count]; null: none</summary>
        internal ushort* synapse_delays;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNTrainerDef
    {
        internal uint struct_size;
        internal uint output_population;
        /// <summary>T</summary>
        internal uint step_count;
        /// <summary>SNN_LOSS_*</summary>
        internal uint loss;
        /// <summary>SNN_OPTIMIZER_*, default Adam</summary>
        internal uint optimizer;
        /// <summary>SNN_LEARNING_*, default BPTT.</summary>
        internal uint rule;
        /// <summary>MEAN_SQUARE losses with labels alone: target of the labelled class and of the others, for COUNT times T.</summary>
        internal float rate_on;
        /// <summary>MEAN_SQUARE losses with labels alone: target of the labelled class and of the others, for COUNT times T.</summary>
        internal float rate_off;
        /// <summary>CROSS_ENTROPY losses, 0 to 1, default 0: with smoothing e and K outputs the target is 1 - e + e / K for the labelled class and e / K for each other (Szegedy et al. 2016)</summary>
        internal double label_smoothing;
        /// <summary>time constant of VAN_ROSSUM, default 10</summary>
        internal double van_rossum_tau_ms;
        /// <summary>default 1e-3</summary>
        internal double learning_rate;
        /// <summary>factor on the learning rate of learnable neuron parameters; default 1.</summary>
        internal double parameter_rate_factor;
        /// <summary>SGD, default 0</summary>
        internal double momentum;
        /// <summary>Adam: 0.9, 0.999, 1e-8; Lion (published with 0.9, 0.99) reads the betas too</summary>
        internal double beta1;
        /// <summary>Adam: 0.9, 0.999, 1e-8; Lion (published with 0.9, 0.99) reads the betas too</summary>
        internal double beta2;
        /// <summary>Adam: 0.9, 0.999, 1e-8; Lion (published with 0.9, 0.99) reads the betas too</summary>
        internal double epsilon;
        /// <summary>SGD and Adam: added to the gradient, as of weight_decay / 2 * sum w^2 (L2); AdamW and Lion: decoupled.</summary>
        internal double weight_decay;
        /// <summary>strength s: s * sign(w) is added to the gradient of weights and biases; default 0.</summary>
        internal double l1_regularization;
        /// <summary>0: none; else the gradient is scaled so that its global L2 norm is at most this.</summary>
        internal double gradient_clip_norm;
        /// <summary>strength s of s * mean((rate - rate_target)^2) over all spiking populations, 0: none</summary>
        internal double rate_regularization;
        /// <summary>spikes per step</summary>
        internal double rate_target;
        /// <summary>0 (default): all steps are kept for the backward pass.</summary>
        internal uint checkpoint_steps;
        /// <summary>0 (default): gradients go back through all T steps.</summary>
        internal uint window_steps;
        /// <summary>1 (default): snn_trainer_step treats each window as a run of its own, with the loss of its steps and an update after it; the result has the mean loss and the last window's correct_count. 0: one loss over T and one update; snn_trainer_forward and snn_trainer_backward always do that</summary>
        internal uint window_updates;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNBatch
    {
        internal uint struct_size;
        internal uint input_count;
        internal uint spike_input_count;
        /// <summary>counts as for the session's batch_size</summary>
        internal SNNInputArray* inputs;
        /// <summary>inputs as spike events instead of frames of all steps, with the same results; all of one struct_size; an input is here or in `inputs`, once.</summary>
        internal SNNSpikeInput* spike_inputs;
        /// <summary>[batch_size] class of each sample; -1: the sample is padding and ignored</summary>
        internal int* labels;
        internal UIntPtr label_count;
        /// <summary>MEAN_SQUARE losses: [batch_size][outputs]; losses with targets for each step: [T][batch_size][outputs].</summary>
        internal float* targets;
        internal UIntPtr target_count;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNTrainResult
    {
        internal uint struct_size;
        /// <summary>samples that were not padding</summary>
        internal uint sample_count;
        /// <summary>argmax equal to the label; 0 without labels</summary>
        internal uint correct_count;
        /// <summary>mean over samples, rate regularisation included</summary>
        internal double loss;
        /// <summary>of all spiking populations and steps, without padding</summary>
        internal double spike_count;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNWeightUpdate
    {
        internal uint struct_size;
        internal uint projection;
        /// <summary>1 = the first</summary>
        internal ulong update;
        /// <summary>L2, before clipping</summary>
        internal double gradient_norm;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNEpoch
    {
        internal uint struct_size;
        /// <summary>1 = the first</summary>
        internal ulong epoch;
        internal ulong sample_count;
        internal ulong correct_count;
        internal double mean_loss;
    }

    /// <summary>The host's device.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanHost
    {
        internal uint struct_size;
        /// <summary>the family of `queue` and of the command buffers that steps are recorded into; it supports compute</summary>
        internal uint queue_family;
        /// <summary>VkInstance</summary>
        internal void* instance;
        /// <summary>VkPhysicalDevice</summary>
        internal void* physical_device;
        /// <summary>VkDevice</summary>
        internal void* device;
        /// <summary>VkQueue, used to open the session and by the functions named above; never by recording.</summary>
        internal void* queue;
        /// <summary>VkPipelineCache, or 0: none.</summary>
        internal ulong pipeline_cache;
        /// <summary>vkGetInstanceProcAddr</summary>
        internal IntPtr get_instance_proc_addr;
        /// <summary>Called around every vkQueueSubmit; set both or neither.</summary>
        internal IntPtr lock_queue;
        internal IntPtr unlock_queue;
        /// <summary>The host submits.</summary>
        internal IntPtr submit;
        internal void* user;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanSemaphore
    {
        /// <summary>VkSemaphore</summary>
        internal ulong semaphore;
        /// <summary>above 0 for a timeline semaphore; 0: a binary one</summary>
        internal ulong value;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanSubmission
    {
        internal uint struct_size;
        internal uint wait_count;
        internal uint signal_count;
        /// <summary>0</summary>
        internal uint reserved;
        /// <summary>before the first step</summary>
        internal SNNVulkanSemaphore* waits;
        /// <summary>after the last</summary>
        internal SNNVulkanSemaphore* signals;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanDevice
    {
        internal uint struct_size;
        internal uint queue_family;
        /// <summary>VkInstance</summary>
        internal void* instance;
        /// <summary>VkPhysicalDevice</summary>
        internal void* physical_device;
        /// <summary>VkDevice</summary>
        internal void* device;
        /// <summary>VkQueue; null if the host gave none</summary>
        internal void* queue;
        /// <summary>vkGetInstanceProcAddr</summary>
        internal IntPtr get_instance_proc_addr;
        /// <summary>a timeline semaphore, and the value that it has when all is done that the session has submitted so far; null on a host's device, and where the device has none</summary>
        internal SNNVulkanSemaphore submitted;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanBuffer
    {
        internal uint struct_size;
        /// <summary>SNN_FLOAT32 or SNN_INT32</summary>
        internal uint type;
        /// <summary>VkBuffer; exclusive to the queue family; usage: storage, vertex, indirect, transfer source and destination</summary>
        internal ulong buffer;
        /// <summary>where the values begin, [batch_size][size]</summary>
        internal ulong offset_bytes;
        internal ulong size_bytes;
        /// <summary>only an answer: the first value, in memory that the host sees too, mapped and coherent as long as the buffer stays the same; `offset_bytes` is not to be added.</summary>
        internal void* mapped;
        /// <summary>of `mapped`: 1: the host reads through its caches. 0: writing is fast, reading is many times slower than snn_session_read</summary>
        internal uint is_cached;
        /// <summary>0</summary>
        internal uint reserved;
    }

    /// <summary>These structs are parts of a plan: they have no size of their own and never change.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanPlanShader
    {
        /// <summary>a compute shader for Vulkan 1.0, entry point "main", no optional features</summary>
        internal uint* spirv;
        internal ulong word_count;
        /// <summary>[constant_count] 32-bit specialisation constants of constant_id 0, 1, ...; booleans are 0 and 1</summary>
        internal uint* constants;
        internal ulong constant_count;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanPlanBuffer
    {
        internal ulong size_bytes;
        /// <summary>[size_bytes] before the first step</summary>
        internal void* contents;
        /// <summary>the number given to snn_vulkan_bind_buffer; 0: the plan's own buffer</summary>
        internal ulong host_buffer;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanPlanBinding
    {
        /// <summary>index in SNNVulkanPlan.buffers</summary>
        internal uint buffer;
        internal uint reserved;
        /// <summary>the offset is a multiple of 256, or the one that was bound</summary>
        internal ulong offset_bytes;
        /// <summary>the offset is a multiple of 256, or the one that was bound</summary>
        internal ulong size_bytes;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanPlanDispatch
    {
        /// <summary>index in SNNVulkanPlan.shaders</summary>
        internal uint shader;
        internal uint barrier;
        /// <summary>workgroups; always enough, even with an indirect_buffer</summary>
        internal fixed uint groups[3];
        /// <summary>three words there are the workgroups needed now.</summary>
        internal uint indirect_buffer;
        internal ulong indirect_offset_bytes;
        /// <summary>bytes of `push` to set as push constants, from offset 0</summary>
        internal uint push_bytes;
        internal fixed uint push[32];
        internal uint reserved;
        internal SNNVulkanPlanBinding bindings_0, bindings_1, bindings_2, bindings_3, bindings_4, bindings_5, bindings_6;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct SNNVulkanPlan
    {
        internal uint struct_size;
        internal uint shader_count;
        internal uint buffer_count;
        internal uint dispatch_count;
        internal SNNVulkanPlanShader* shaders;
        internal SNNVulkanPlanBuffer* buffers;
        /// <summary>of one step, in order</summary>
        internal SNNVulkanPlanDispatch* dispatches;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void* SNNAllocator_allocate(void* user, UIntPtr size_bytes, UIntPtr alignment);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SNNAllocator_release(void* user, void* memory, UIntPtr size_bytes);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SNNJobSystem_parallel_for_task(void* context, uint index);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SNNJobSystem_parallel_for(void* user, uint count, IntPtr task, void* context);

    /// <summary>Receives the log messages of a session.</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SNNLogCallback(int level, byte* message, void* user);

    /// <summary>Called after each step, on the thread that steps, for each population (except inputs) and sample that spiked.</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SpikeCallback(IntPtr handle, SNNSpikes* spikes, void* user);

    /// <summary>Called every `progress_interval` steps, or by the clock; a nonzero return value stops the run (SNN_ERROR_STOPPED).</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int SNNProgressCallback(ulong steps_done, ulong steps_total, void* user);

    /// <summary>Called after each update, for each trained projection.</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SNNWeightCallback(IntPtr handle, SNNWeightUpdate* update, void* user);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SNNEpochCallback(IntPtr handle, SNNEpoch* epoch, void* user);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SNNVulkanFunction();

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate IntPtr SNNVulkanHost_get_instance_proc_addr(void* instance, byte* name);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SNNVulkanHost_lock_queue(void* user);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate void SNNVulkanHost_unlock_queue(void* user);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int SNNVulkanHost_submit(void* user, void* submit_info, ulong fence);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate IntPtr SNNVulkanDevice_get_instance_proc_addr(void* instance, byte* name);

    internal static unsafe class Native
    {
#if (UNITY_IOS || UNITY_WEBGL) && !UNITY_EDITOR
        internal const string Library = "__Internal"; // linked into the program
#else
        internal const string Library = "libsnn"; // not "snn": Windows would find Snn.dll, this assembly
#endif
        internal const uint SNN_VERSION_MAJOR = 0x0;
        internal const uint SNN_VERSION_MINOR = 0x1;
        internal const uint SNN_VERSION_PATCH = 0x0;
        internal const uint SNN_ABI_VERSION = 0x1;
        internal const ulong SNN_SEED_BY_INDEX = 0xffffffffffffffff;
        internal const ulong SNN_VULKAN_NO_FRAME = 0xffffffffffffffff;
        internal const uint SNN_VULKAN_BINDING_COUNT = 0x7;
        internal const uint SNN_VULKAN_PUSH_WORD_COUNT = 0x20;
        internal const uint SNN_VULKAN_NO_BUFFER = 0xffffffff;

        /// <summary>The version of the loaded library: "0.1.0".</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* snn_version_string();

        /// <summary>SNN_ABI_VERSION of the loaded library.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint snn_abi_version();

        /// <summary>The sentence about the last error on this thread, "" if none.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* snn_last_error();

        /// <summary>"SNN_ERROR_BUSY" and so on; "SNN_UNKNOWN_STATUS" for a value not listed.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* snn_status_name(int status);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_device_count(uint* out_count);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_device_get(uint index, SNNDeviceInfo* out_info);

        /// <summary>Measures a device by its name ("cpu", "vulkan:0"), or returns an earlier measurement by this process, or by another one with the same driver, processor and version of libsnn.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_device_speed(byte* device, SNNDeviceSpeed* out_speed);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_config_init(SNNConfig* out_config, uint struct_size);

        /// <summary>Bytes of memory that this process could still take: what the system has free or can free at once, within the limit of a container; 0 if unknown.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern ulong snn_available_memory_bytes();

        /// <summary>Estimates the memory of a session that `config` would open; `file` and `network` of config are ignored.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_memory(NetworkHandle network, SNNConfig* config, SNNMemoryEstimate* out_estimate, ulong* out_projection_bytes, UIntPtr count);

        /// <summary>Finds where a session that `config` would open runs, and opens none; `file` and `network` of config are ignored.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_place(NetworkHandle network, SNNConfig* config, IntPtr* out_placement);

        /// <summary>Computes nothing; set out_info-&gt;struct_size first.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_placement_get_info(PlacementHandle placement, SNNPlacementInfo* out_info);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_placement_release(IntPtr placement);

        /// <summary>Opens a session: loads `file` or takes `network`, prepares the device, sets the initial state. (snn_network_create makes a network to build.)</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_create_network(SNNConfig* config, IntPtr* out_handle);

        /// <summary>The device that a session runs on now; set out_device-&gt;struct_size first.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_device(SessionHandle handle, SNNSessionDevice* out_device);

        /// <summary>Ends the session and frees its memory; its trainers become invalid.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_destroy_network(IntPtr handle);

        /// <summary>Replaces weights, biases and learnable parameters, in all samples, by those of a .snn file with the same names and shapes.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_load_weights(SessionHandle handle, byte* path);

        /// <summary>Advances the network by `frame_dt` seconds: as many whole steps as fit, at most max_catch_up_steps.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_run_step(SessionHandle handle, float frame_dt);

        /// <summary>The same, but it stops after the step in which `budget_s` seconds of wall time are used up: the frame stays in time and the network catches up later.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_run_step_within(SessionHandle handle, float frame_dt, float budget_s, uint* out_steps);

        /// <summary>Starts steps in the background and returns at once; a later frame asks with snn_session_poll whether they are done.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_begin(SessionHandle handle, float frame_dt, float budget_s, uint* out_begun);

        /// <summary>Asks whether the background steps are done, without waiting: *out_done is 1 when none are under way, else 0.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_poll(SessionHandle handle, uint* out_done);

        /// <summary>The same, but waits until they are done.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_wait(SessionHandle handle);

        /// <summary>The membrane state ("v" in most models) of every neuron of a population: [batch_size][size], `count` floats.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_get_membrane_potentials(SessionHandle handle, byte* population, float* out_potentials, UIntPtr count);

        /// <summary>Sets the session's spike callback, of which there is one; null removes it.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_register_spike_callback(SessionHandle handle, IntPtr callback, void* user);

        /// <summary>A new reference to the session's network; release it.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_network(SessionHandle handle, IntPtr* out_network);

        /// <summary>A new finished network with the session's present weights, biases and parameters; release it.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_to_network(SessionHandle handle, IntPtr* out_network);

        /// <summary>Sets the input of an input population for the next step: [batch_size][size] floats.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_set_input(SessionHandle handle, uint population, float* values, UIntPtr count);

        /// <summary>The same for one sample: `count` is the population's size.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_set_sample_input(SessionHandle handle, uint population, uint sample, float* values, UIntPtr count);

        /// <summary>Adds spikes for the next step of one sample, for events from a camera, a socket or another network.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_add_input_spikes(SessionHandle handle, uint population, uint sample, uint* neurons, UIntPtr count);

        /// <summary>As snn_session_set_input, but the memory is borrowed: each step reads it, without checking the values, until the input is bound to null.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_bind_input(SessionHandle handle, uint population, float* values, UIntPtr count);

        /// <summary>Advances by `step_count` steps.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_step(SessionHandle handle, uint step_count);

        /// <summary>Returns to step 0 and the initial state; weights, parameters, callbacks and bindings stay.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_reset(SessionHandle handle);

        /// <summary>Resets some samples, as when a character of a game respawns.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_reset_samples(SessionHandle handle, uint* samples, UIntPtr count);

        /// <summary>The number of steps since creation or reset.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_step_count(SessionHandle handle, ulong* out_steps);

        /// <summary>Sets that number, to continue from a state that was read before: random draws depend on it.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_set_step_count(SessionHandle handle, ulong steps);

        /// <summary>The seed of the random draws: SNNConfig's, or that of the state that was loaded last.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_seed(SessionHandle handle, ulong* out_seed);

        /// <summary>The neurons of `sample` that spiked in the last step, ascending.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_get_spikes(SessionHandle handle, uint population, uint sample, uint** out_neurons, uint* out_count);

        /// <summary>Copies the counters; set out_counters-&gt;struct_size first.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_get_counters(SessionHandle handle, SNNCounters* out_counters);

        /// <summary>Saves everything that the session's next steps depend on, to continue later.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_save_state(SessionHandle handle, byte* path);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_load_state(SessionHandle handle, byte* path);

        /// <summary>The same in memory, for a game that puts it into its own save file: the same bytes as in the file.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_save_state_memory(SessionHandle handle, void* out_data, UIntPtr size_bytes, UIntPtr* out_size_bytes);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_load_state_memory(SessionHandle handle, void* data, UIntPtr size_bytes);

        /// <summary>Reads or writes a variable by its path, converted to or from `dtype`; `count` must match exactly.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_read(SessionHandle handle, byte* path, uint dtype, void* out_data, UIntPtr count);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_write(SessionHandle handle, byte* path, uint dtype, void* data, UIntPtr count);

        /// <summary>The `count` that snn_session_read needs for a path.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_value_count(SessionHandle handle, byte* path, UIntPtr* out_count);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_run_def_init(SNNRunDef* out_def, uint struct_size);

        /// <summary>Runs `step_count` steps with inputs and recordings.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_session_run(SessionHandle handle, SNNRunDef* def);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_encoder_def_init(SNNEncoderDef* out_def, uint struct_size);

        /// <summary>values: [sample][feature] ([step][sample][feature] for DELTA), finite; out: [step][sample][feature].</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_encode(SNNEncoderDef* def, float* values, UIntPtr value_count, UIntPtr sample_count, UIntPtr feature_count, float* out_encoded, UIntPtr out_count);

        /// <summary>`count` numbers, the same on every platform: uniform in [a, b), or normal with mean a and standard deviation b.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_random_fill(ulong seed, ulong stream, uint distribution, double a, double b, float* out_values, UIntPtr count);

        /// <summary>Built-in models by index, in alphabetical order.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* snn_model_builtin_name(uint index);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* snn_surrogate_builtin_name(uint index);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* snn_plasticity_builtin_name(uint index);

        /// <summary>Loads a model, surrogate or plasticity rule of the user from its op list (docs/model-format.md).</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_model_load(byte* text, UIntPtr size_bytes, IntPtr* out_model);

        /// <summary>A built-in neuron model (kind 0), surrogate (kind 1) or plasticity rule (kind 2) by name.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_model_builtin(byte* name, uint kind, IntPtr* out_model);

        /// <summary>The op list of a model as JSON.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_model_text(ModelHandle model, byte** out_text, UIntPtr* out_size_bytes);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_model_retain(ModelHandle model);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_model_release(IntPtr model);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_population_def_init(SNNPopulationDef* out_def, uint struct_size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_projection_def_init(SNNProjectionDef* out_def, uint struct_size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_random_connection_def_init(SNNRandomConnectionDef* out_def, uint struct_size);

        /// <summary>Draws `count` numbers of a distribution, the same on every platform: for parameters and initial states, one for each neuron.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_random_draw(SNNDistribution* distribution, ulong seed, ulong stream, double* out_values, UIntPtr count);

        /// <summary>Creates an empty network, the definition, with the time step `dt_ms` (milliseconds, above 0 and at most 1e6).</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_create(double dt_ms, IntPtr* out_network);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_add_population(NetworkHandle network, SNNPopulationDef* def, uint* out_index);

        /// <summary>Sets a parameter of the population's model, in the model's unit: `count` is 1 (shared) or the population's size.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_set_parameter(NetworkHandle network, uint population, byte* parameter, double* values, UIntPtr count);

        /// <summary>Sets whether training changes the parameter: `learnable` is 1 or 0 (default).</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_set_learnable(NetworkHandle network, uint population, byte* parameter, uint learnable);

        /// <summary>Whether training changes the parameter; *out_learnable: 1 or 0.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_learnable(NetworkHandle network, uint population, byte* parameter, uint* out_learnable);

        /// <summary>Sets an option of the model by the names of option and choice: ("reset", "subtract").</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_set_option(NetworkHandle network, uint population, byte* option, byte* choice);

        /// <summary>Sets the state at step 0 and after a reset: `count` is 1 or the population's size.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_set_initial_state(NetworkHandle network, uint population, byte* state, double* values, UIntPtr count);

        /// <summary>Sets the surrogate derivative for training: a built-in one by name (`surrogate` null) or a user's.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_set_surrogate(NetworkHandle network, uint population, byte* name, ModelHandle surrogate, double* parameters, UIntPtr count);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_connect(NetworkHandle network, SNNProjectionDef* def, uint* out_index);

        /// <summary>Makes a sparse projection plastic: the rule changes its weights, or what its spikes deliver, while the network runs.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_set_plasticity(NetworkHandle network, uint projection, byte* name, ModelHandle rule);

        /// <summary>Sets a parameter of the projection's rule, in the rule's unit, one value for all synapses; or an option by the names of option and choice.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_set_plasticity_parameter(NetworkHandle network, uint projection, byte* parameter, double value);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_set_plasticity_option(NetworkHandle network, uint projection, byte* option, byte* choice);

        /// <summary>Connects by a rule: `def-&gt;kind` is SNN_CONNECT_SPARSE, and its sparse arrays and weights are null.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_connect_random(NetworkHandle network, SNNProjectionDef* def, SNNRandomConnectionDef* rule, uint* out_index);

        /// <summary>Checks the whole network (cycles without delay, fixed-point range, shapes) and makes it immutable.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_finish(NetworkHandle network);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_retain(NetworkHandle network);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_network_release(IntPtr network);

        /// <summary>Saves the network: writes a new file beside `path` and renames it.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_save(NetworkHandle network, byte* path);

        /// <summary>Loads a finished network.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_load(byte* path, IntPtr* out_network);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_load_memory(void* data, UIntPtr size_bytes, IntPtr* out_network);

        /// <summary>Set out_info-&gt;struct_size first.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_info(NetworkHandle network, SNNNetworkInfo* out_info);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_population(NetworkHandle network, uint index, SNNPopulationInfo* out_info);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_projection(NetworkHandle network, uint index, SNNProjectionInfo* out_info);

        /// <summary>The weights and synapses of a projection.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_projection_arrays(NetworkHandle network, uint index, SNNProjectionArrays* out_arrays);

        /// <summary>The rule that makes the synapses, with the seed in use; the positions are borrowed as above.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_connection_rule(NetworkHandle network, uint index, SNNRandomConnectionDef* out_rule);

        /// <summary>The synapses of the source neurons `first_source` to `first_source + source_count - 1`, row after row, each row in canonical order.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_synapses(NetworkHandle network, uint projection, uint first_source, uint source_count, uint* out_sources, uint* out_targets, uint* out_delays, float* out_weights, UIntPtr* io_count);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_find_population(NetworkHandle network, byte* name, uint* out_index);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_find_projection(NetworkHandle network, byte* name, uint* out_index);

        /// <summary>The model of a population of neurons, or its surrogate; release it.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_model(NetworkHandle network, uint population, IntPtr* out_model);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_surrogate(NetworkHandle network, uint population, IntPtr* out_surrogate);

        /// <summary>The values in use, defaults included.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_parameter(NetworkHandle network, uint population, byte* parameter, double* out_values, UIntPtr* io_count);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_initial_state(NetworkHandle network, uint population, byte* state, double* out_values, UIntPtr* io_count);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_surrogate_parameters(NetworkHandle network, uint population, double* out_values, UIntPtr* io_count);

        /// <summary>The name of the choice that an option has; borrowed as above.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_option(NetworkHandle network, uint population, byte* option, byte** out_choice);

        /// <summary>The plasticity rule of a projection (release it), the value of a parameter, and the choice of an option (borrowed as above).</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_plasticity(NetworkHandle network, uint projection, IntPtr* out_rule);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_plasticity_parameter(NetworkHandle network, uint projection, byte* parameter, double* out_value);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_network_get_plasticity_option(NetworkHandle network, uint projection, byte* option, byte** out_choice);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_trainer_def_init(SNNTrainerDef* out_def, uint struct_size);

        /// <summary>Creates a trainer of a session, which gets its own copy of the weights.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_create(SessionHandle handle, SNNTrainerDef* def, IntPtr* out_trainer);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_trainer_release(IntPtr trainer);

        /// <summary>Forward, backward and update on one batch, or on each of its windows.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_step(TrainerHandle trainer, SNNBatch* batch, SNNTrainResult* io_result);

        /// <summary>The three parts of snn_trainer_step. backward needs a forward before it, update a backward; no other trainer of the session may run forward in between.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_forward(TrainerHandle trainer, SNNBatch* batch, SNNTrainResult* io_result);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_backward(TrainerHandle trainer);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_update(TrainerHandle trainer);

        /// <summary>Training with a loss that the caller computes; the trainer has SNN_LOSS_NONE.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_run(TrainerHandle trainer, SNNBatch* batch, SNNRecordArray* records, uint record_count, SNNTrainResult* io_result);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_run_backward(TrainerHandle trainer, double loss, SNNRecordArray* gradients, uint gradient_count, SNNRecordArray* input_gradients, uint input_gradient_count);

        /// <summary>The scores that the loss used in the last forward: [batch_size][outputs].</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_scores(TrainerHandle trainer, float* out_scores, UIntPtr count);

        /// <summary>The part of the last step's or forward's loss that comes from one population, output_population or one with an auxiliary loss, its weight included; 0 before the first.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_loss_of(TrainerHandle trainer, uint population, double* out_loss);

        /// <summary>What a trainer keeps from update to update, above all the optimiser's moments.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_get_state(TrainerHandle trainer, double* out_values, UIntPtr* io_count);

        /// <summary>Sets such a state; a forward and backward that wait for their update are discarded.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_set_state(TrainerHandle trainer, double* values, UIntPtr count);

        /// <summary>Adds a loss of a population other than output_population (local learning, as in DECOLLE: Kaiser et al. 2020): `weight` times it is added to the loss, and its gradients to the others.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_set_auxiliary_loss(TrainerHandle trainer, uint population, uint loss, double weight);

        /// <summary>Sets the class weights of CROSS_ENTROPY losses, auxiliary ones too: [outputs], each at least 0, copied. count 0: none, which is 1 each.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_set_class_weights(TrainerHandle trainer, float* weights, UIntPtr count);

        /// <summary>Sets dropout (Srivastava et al. 2014) of a population that spikes, fixed over time.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_set_dropout(TrainerHandle trainer, uint population, double probability, ulong seed);

        /// <summary>Quantisation-aware training of a projection's weights to `bits` bits, 2 to 8 (0: no longer; the session keeps its weights).</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_set_quantization(TrainerHandle trainer, uint projection, uint bits, uint per_channel);

        /// <summary>Batch normalisation through time (tdBN: Zheng et al. 2021) of a projection.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_set_normalization(TrainerHandle trainer, uint projection, double scale, double momentum, double epsilon);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_set_delay_learning(TrainerHandle trainer, uint projection, uint kernel, double width, double rate_factor);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_set_learning_rate(TrainerHandle trainer, double learning_rate);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_register_weight_callback(SessionHandle handle, IntPtr callback, void* user);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_register_epoch_callback(SessionHandle handle, IntPtr callback, void* user);

        /// <summary>Ends an epoch: sums up the updates since the last call, calls the epoch callback, and returns the same in io_epoch (may be null).</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_trainer_end_epoch(TrainerHandle trainer, SNNEpoch* io_epoch);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void snn_vulkan_host_init(SNNVulkanHost* out_host, uint struct_size);

        /// <summary>Opens a session on the host's device, as snn_create_network does. config-&gt;device is null or "vulkan", or several devices with "vulkan" once among them.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_create_network(SNNConfig* config, SNNVulkanHost* host, IntPtr* out_handle);

        /// <summary>Records the next `step_count` steps into `command_buffer` (VkCommandBuffer, recording, outside a render pass): pipelines, descriptor sets, push constants, dispatches and barriers.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_record_steps(SessionHandle handle, void* command_buffer, uint step_count);

        /// <summary>Submits the next `step_count` steps in a submission of the session's own, on the queue with which the session was opened.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_submit_steps(SessionHandle handle, SNNVulkanSubmission* submission, uint step_count);

        /// <summary>Gets the device that a session runs on, for commands, buffers and submissions of your own.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_get_device(SessionHandle handle, SNNVulkanDevice* out_device);

        /// <summary>The buffer that holds a state ("population.state") on the device, for reading in place or writing between two recorded steps.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_get_buffer(SessionHandle handle, byte* state, SNNVulkanBuffer* out_buffer);

        /// <summary>Binds a buffer of the host to what `path` names: from now on every step reads or writes it in place.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_bind_buffer(SessionHandle handle, byte* path, SNNVulkanBuffer* buffer);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_set_readback(SessionHandle handle, byte** paths, uint path_count, uint frame_count);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_record_readback(SessionHandle handle, void* command_buffer, ulong frame);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_read_back(SessionHandle handle, byte* path, ulong finished_frame, uint dtype, void* out_data, UIntPtr count, ulong* out_frame);

        /// <summary>Gets the plan of a session.</summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int snn_vulkan_get_plan(SessionHandle handle, SNNVulkanPlan* out_plan);

    }
}
