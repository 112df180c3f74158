// Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand.

package snn;

/** The C interface as it is: no checks, pointers are long. For the classes beside it. */
final class Native {
    private Native() {}

    static {
        Jni.load();
    }

    static final int SNN_VERSION_MAJOR = 0x0;
    static final int SNN_VERSION_MINOR = 0x1;
    static final int SNN_VERSION_PATCH = 0x0;
    static final int SNN_ABI_VERSION = 0x1;
    static final long SNN_SEED_BY_INDEX = 0xffffffffffffffffL;
    static final long SNN_VULKAN_NO_FRAME = 0xffffffffffffffffL;
    static final int SNN_VULKAN_BINDING_COUNT = 0x7;
    static final int SNN_VULKAN_PUSH_WORD_COUNT = 0x20;
    static final int SNN_VULKAN_NO_BUFFER = 0xffffffff;

    /** Offsets of SNNAllocator in bytes. */
    static final class SNNAllocator {
        static final int SIZE = 32;
        static final int struct_size = 0;
        static final int allocate = 8;
        static final int release = 16;
        static final int user = 24;
    }

    /** Offsets of SNNJobSystem in bytes. */
    static final class SNNJobSystem {
        static final int SIZE = 24;
        static final int struct_size = 0;
        static final int worker_count = 4;
        static final int parallel_for = 8;
        static final int user = 16;
    }

    /** Offsets of SNNDeviceInfo in bytes. */
    static final class SNNDeviceInfo {
        static final int SIZE = 344;
        static final int struct_size = 0;
        static final int name = 4;
        static final int description = 68;
        static final int core_count = 260;
        static final int memory_bytes = 264;
        static final int can_train = 272;
        static final int instruction_sets = 276;
    }

    /** Offsets of SNNDeviceSpeed in bytes. */
    static final class SNNDeviceSpeed {
        static final int SIZE = 88;
        static final int struct_size = 0;
        static final int was_kept = 4;
        static final int driver = 8;
        static final int small_step_s = 72;
        static final int large_step_s = 80;
    }

    /** Offsets of SNNConfig in bytes. */
    static final class SNNConfig {
        static final int SIZE = 88;
        static final int struct_size = 0;
        static final int flags = 4;
        static final int file = 8;
        static final int network = 16;
        static final int device = 24;
        static final int batch_size = 32;
        static final int thread_count = 36;
        static final int instruction_set = 40;
        static final int max_catch_up_steps = 44;
        static final int allocator = 48;
        static final int job_system = 56;
        static final int log = 64;
        static final int log_user = 72;
        static final int seed = 80;
    }

    /** Offsets of SNNMemoryEstimate in bytes. */
    static final class SNNMemoryEstimate {
        static final int SIZE = 48;
        static final int struct_size = 0;
        static final int network_bytes = 8;
        static final int weight_bytes = 16;
        static final int state_bytes = 24;
        static final int total_bytes = 32;
        static final int opening_bytes = 40;
    }

    /** Offsets of SNNPlacementSlice in bytes. */
    static final class SNNPlacementSlice {
        static final int SIZE = 16;
        static final int population = 0;
        static final int first = 4;
        static final int count = 8;
        static final int device = 12;
    }

    /** Offsets of SNNPlacementInfo in bytes. */
    static final class SNNPlacementInfo {
        static final int SIZE = 56;
        static final int struct_size = 0;
        static final int device_count = 4;
        static final int slice_count = 8;
        static final int window_steps = 12;
        static final int device = 16;
        static final int reasons = 24;
        static final int slices = 32;
        static final int samples = 40;
        static final int step_s = 48;
    }

    /** Offsets of SNNSessionDevice in bytes. */
    static final class SNNSessionDevice {
        static final int SIZE = 324;
        static final int struct_size = 0;
        static final int name = 4;
        static final int reason = 68;
    }

    /** Offsets of SNNSpikes in bytes. */
    static final class SNNSpikes {
        static final int SIZE = 32;
        static final int struct_size = 0;
        static final int population = 4;
        static final int sample = 8;
        static final int count = 12;
        static final int neurons = 16;
        static final int step = 24;
    }

    /** Offsets of SNNCounters in bytes. */
    static final class SNNCounters {
        static final int SIZE = 56;
        static final int struct_size = 0;
        static final int steps = 8;
        static final int neuron_updates = 16;
        static final int spikes = 24;
        static final int input_spikes = 32;
        static final int synaptic_events = 40;
        static final int synaptic_operations = 48;
    }

    /** Offsets of SNNInputArray in bytes. */
    static final class SNNInputArray {
        static final int SIZE = 24;
        static final int population = 0;
        static final int held = 4;
        static final int data = 8;
        static final int count = 16;
    }

    /** Offsets of SNNRecordArray in bytes. */
    static final class SNNRecordArray {
        static final int SIZE = 32;
        static final int population = 0;
        static final int dtype = 4;
        static final int variable = 8;
        static final int data = 16;
        static final int count = 24;
    }

    /** Offsets of SNNSpikeRecord in bytes. */
    static final class SNNSpikeRecord {
        static final int SIZE = 48;
        static final int struct_size = 0;
        static final int population = 4;
        static final int steps = 8;
        static final int neurons = 16;
        static final int samples = 24;
        static final int capacity = 32;
        static final int count = 40;
    }

    /** Offsets of SNNSpikeInput in bytes. */
    static final class SNNSpikeInput {
        static final int SIZE = 40;
        static final int struct_size = 0;
        static final int population = 4;
        static final int steps = 8;
        static final int neurons = 16;
        static final int samples = 24;
        static final int count = 32;
    }

    /** Offsets of SNNValueRecord in bytes. */
    static final class SNNValueRecord {
        static final int SIZE = 48;
        static final int struct_size = 0;
        static final int dtype = 4;
        static final int path = 8;
        static final int indices = 16;
        static final int index_count = 24;
        static final int data = 32;
        static final int count = 40;
    }

    /** Offsets of SNNRunDef in bytes. */
    static final class SNNRunDef {
        static final int SIZE = 104;
        static final int struct_size = 0;
        static final int step_count = 4;
        static final int steps_before = 8;
        static final int record_interval = 12;
        static final int inputs = 16;
        static final int spike_inputs = 24;
        static final int records = 32;
        static final int spike_records = 40;
        static final int value_records = 48;
        static final int input_count = 56;
        static final int spike_input_count = 60;
        static final int record_count = 64;
        static final int spike_record_count = 68;
        static final int value_record_count = 72;
        static final int progress_interval = 76;
        static final int progress = 80;
        static final int progress_user = 88;
        static final int out_step_count = 96;
    }

    /** Offsets of SNNEncoderDef in bytes. */
    static final class SNNEncoderDef {
        static final int SIZE = 32;
        static final int struct_size = 0;
        static final int kind = 4;
        static final int step_count = 8;
        static final int gain = 12;
        static final int threshold = 16;
        static final int seed = 24;
    }

    /** Offsets of SNNShape in bytes. */
    static final class SNNShape {
        static final int SIZE = 16;
        static final int rank = 0;
        static final int dims = 4;
    }

    /** Offsets of SNNPopulationDef in bytes. */
    static final class SNNPopulationDef {
        static final int SIZE = 48;
        static final int struct_size = 0;
        static final int kind = 4;
        static final int name = 8;
        static final int shape = 16;
        static final int model_name = 32;
        static final int model = 40;
    }

    /** Offsets of SNNProjectionDef in bytes. */
    static final class SNNProjectionDef {
        static final int SIZE = 168;
        static final int struct_size = 0;
        static final int kind = 4;
        static final int name = 8;
        static final int source = 16;
        static final int target = 20;
        static final int receptor = 24;
        static final int delay_steps = 32;
        static final int trainable = 36;
        static final int detached = 40;
        static final int arithmetic = 44;
        static final int pool_mode = 48;
        static final int weights = 56;
        static final int weight_count = 64;
        static final int bias = 72;
        static final int bias_count = 80;
        static final int row_offsets = 88;
        static final int row_offset_count = 96;
        static final int synapse_targets = 104;
        static final int synapse_delays = 112;
        static final int synapse_count = 120;
        static final int kernel = 128;
        static final int stride = 136;
        static final int padding = 144;
        static final int dilation = 152;
        static final int groups = 160;
    }

    /** Offsets of SNNDistribution in bytes. */
    static final class SNNDistribution {
        static final int SIZE = 40;
        static final int kind = 0;
        static final int a = 8;
        static final int b = 16;
        static final int low = 24;
        static final int high = 32;
    }

    /** Offsets of SNNRandomConnectionDef in bytes. */
    static final class SNNRandomConnectionDef {
        static final int SIZE = 216;
        static final int struct_size = 0;
        static final int rule = 4;
        static final int probability = 8;
        static final int count = 16;
        static final int seed = 24;
        static final int allow_autapses = 32;
        static final int allow_multapses = 36;
        static final int weight = 40;
        static final int delay = 80;
        static final int first_source = 120;
        static final int source_count = 124;
        static final int first_target = 128;
        static final int target_count = 132;
        static final int kernel = 136;
        static final int dimensions = 140;
        static final int kernel_width = 144;
        static final int cutoff = 152;
        static final int period = 160;
        static final int source_positions = 184;
        static final int source_position_count = 192;
        static final int target_positions = 200;
        static final int target_position_count = 208;
    }

    /** Offsets of SNNNetworkInfo in bytes. */
    static final class SNNNetworkInfo {
        static final int SIZE = 48;
        static final int struct_size = 0;
        static final int population_count = 4;
        static final int projection_count = 8;
        static final int finished = 12;
        static final int dt_ms = 16;
        static final int neuron_count = 24;
        static final int synapse_count = 32;
        static final int parameter_count = 40;
    }

    /** Offsets of SNNPopulationInfo in bytes. */
    static final class SNNPopulationInfo {
        static final int SIZE = 56;
        static final int struct_size = 0;
        static final int kind = 4;
        static final int shape = 8;
        static final int size = 24;
        static final int name = 32;
        static final int model_name = 40;
        static final int surrogate_name = 48;
    }

    /** Offsets of SNNProjectionInfo in bytes. */
    static final class SNNProjectionInfo {
        static final int SIZE = 144;
        static final int struct_size = 0;
        static final int kind = 4;
        static final int source = 8;
        static final int target = 12;
        static final int delay_steps = 16;
        static final int trainable = 20;
        static final int detached = 24;
        static final int arithmetic = 28;
        static final int pool_mode = 32;
        static final int min_delay_steps = 36;
        static final int max_delay_steps = 40;
        static final int by_rule = 44;
        static final int name = 48;
        static final int receptor = 56;
        static final int weight_count = 64;
        static final int bias_count = 72;
        static final int synapse_count = 80;
        static final int bias = 88;
        static final int fixed_point_scale = 96;
        static final int kernel = 104;
        static final int stride = 112;
        static final int padding = 120;
        static final int dilation = 128;
        static final int groups = 136;
    }

    /** Offsets of SNNProjectionArrays in bytes. */
    static final class SNNProjectionArrays {
        static final int SIZE = 48;
        static final int struct_size = 0;
        static final int weight_count = 8;
        static final int weights = 16;
        static final int row_offsets = 24;
        static final int synapse_targets = 32;
        static final int synapse_delays = 40;
    }

    /** Offsets of SNNTrainerDef in bytes. */
    static final class SNNTrainerDef {
        static final int SIZE = 152;
        static final int struct_size = 0;
        static final int output_population = 4;
        static final int step_count = 8;
        static final int loss = 12;
        static final int optimizer = 16;
        static final int rule = 20;
        static final int rate_on = 24;
        static final int rate_off = 28;
        static final int label_smoothing = 32;
        static final int van_rossum_tau_ms = 40;
        static final int learning_rate = 48;
        static final int parameter_rate_factor = 56;
        static final int momentum = 64;
        static final int beta1 = 72;
        static final int beta2 = 80;
        static final int epsilon = 88;
        static final int weight_decay = 96;
        static final int l1_regularization = 104;
        static final int gradient_clip_norm = 112;
        static final int rate_regularization = 120;
        static final int rate_target = 128;
        static final int checkpoint_steps = 136;
        static final int window_steps = 140;
        static final int window_updates = 144;
    }

    /** Offsets of SNNBatch in bytes. */
    static final class SNNBatch {
        static final int SIZE = 64;
        static final int struct_size = 0;
        static final int input_count = 4;
        static final int spike_input_count = 8;
        static final int inputs = 16;
        static final int spike_inputs = 24;
        static final int labels = 32;
        static final int label_count = 40;
        static final int targets = 48;
        static final int target_count = 56;
    }

    /** Offsets of SNNTrainResult in bytes. */
    static final class SNNTrainResult {
        static final int SIZE = 32;
        static final int struct_size = 0;
        static final int sample_count = 4;
        static final int correct_count = 8;
        static final int loss = 16;
        static final int spike_count = 24;
    }

    /** Offsets of SNNWeightUpdate in bytes. */
    static final class SNNWeightUpdate {
        static final int SIZE = 24;
        static final int struct_size = 0;
        static final int projection = 4;
        static final int update = 8;
        static final int gradient_norm = 16;
    }

    /** Offsets of SNNEpoch in bytes. */
    static final class SNNEpoch {
        static final int SIZE = 40;
        static final int struct_size = 0;
        static final int epoch = 8;
        static final int sample_count = 16;
        static final int correct_count = 24;
        static final int mean_loss = 32;
    }

    /** Offsets of SNNVulkanHost in bytes. */
    static final class SNNVulkanHost {
        static final int SIZE = 88;
        static final int struct_size = 0;
        static final int queue_family = 4;
        static final int instance = 8;
        static final int physical_device = 16;
        static final int device = 24;
        static final int queue = 32;
        static final int pipeline_cache = 40;
        static final int get_instance_proc_addr = 48;
        static final int lock_queue = 56;
        static final int unlock_queue = 64;
        static final int submit = 72;
        static final int user = 80;
    }

    /** Offsets of SNNVulkanSemaphore in bytes. */
    static final class SNNVulkanSemaphore {
        static final int SIZE = 16;
        static final int semaphore = 0;
        static final int value = 8;
    }

    /** Offsets of SNNVulkanSubmission in bytes. */
    static final class SNNVulkanSubmission {
        static final int SIZE = 32;
        static final int struct_size = 0;
        static final int wait_count = 4;
        static final int signal_count = 8;
        static final int reserved = 12;
        static final int waits = 16;
        static final int signals = 24;
    }

    /** Offsets of SNNVulkanDevice in bytes. */
    static final class SNNVulkanDevice {
        static final int SIZE = 64;
        static final int struct_size = 0;
        static final int queue_family = 4;
        static final int instance = 8;
        static final int physical_device = 16;
        static final int device = 24;
        static final int queue = 32;
        static final int get_instance_proc_addr = 40;
        static final int submitted = 48;
    }

    /** Offsets of SNNVulkanBuffer in bytes. */
    static final class SNNVulkanBuffer {
        static final int SIZE = 48;
        static final int struct_size = 0;
        static final int type = 4;
        static final int buffer = 8;
        static final int offset_bytes = 16;
        static final int size_bytes = 24;
        static final int mapped = 32;
        static final int is_cached = 40;
        static final int reserved = 44;
    }

    /** Offsets of SNNVulkanPlanShader in bytes. */
    static final class SNNVulkanPlanShader {
        static final int SIZE = 32;
        static final int spirv = 0;
        static final int word_count = 8;
        static final int constants = 16;
        static final int constant_count = 24;
    }

    /** Offsets of SNNVulkanPlanBuffer in bytes. */
    static final class SNNVulkanPlanBuffer {
        static final int SIZE = 24;
        static final int size_bytes = 0;
        static final int contents = 8;
        static final int host_buffer = 16;
    }

    /** Offsets of SNNVulkanPlanBinding in bytes. */
    static final class SNNVulkanPlanBinding {
        static final int SIZE = 24;
        static final int buffer = 0;
        static final int reserved = 4;
        static final int offset_bytes = 8;
        static final int size_bytes = 16;
    }

    /** Offsets of SNNVulkanPlanDispatch in bytes. */
    static final class SNNVulkanPlanDispatch {
        static final int SIZE = 336;
        static final int shader = 0;
        static final int barrier = 4;
        static final int groups = 8;
        static final int indirect_buffer = 20;
        static final int indirect_offset_bytes = 24;
        static final int push_bytes = 32;
        static final int push = 36;
        static final int reserved = 164;
        static final int bindings = 168;
    }

    /** Offsets of SNNVulkanPlan in bytes. */
    static final class SNNVulkanPlan {
        static final int SIZE = 40;
        static final int struct_size = 0;
        static final int shader_count = 4;
        static final int buffer_count = 8;
        static final int dispatch_count = 12;
        static final int shaders = 16;
        static final int buffers = 24;
        static final int dispatches = 32;
    }

    /** The version of the loaded library: "0.1.0". */
    static native long snn_version_string();

    /** SNN_ABI_VERSION of the loaded library. */
    static native int snn_abi_version();

    /** The sentence about the last error on this thread, "" if none. */
    static native long snn_last_error();

    /** "SNN_ERROR_BUSY" and so on; "SNN_UNKNOWN_STATUS" for a value not listed. */
    static native long snn_status_name(int status);

    static native int snn_device_count(long out_count);

    static native int snn_device_get(int index, long out_info);

    /** Measures a device by its name ("cpu", "vulkan:0"), or returns an earlier measurement by this process, or by another one with the same driver, processor and version of libsnn. */
    static native int snn_device_speed(long device, long out_speed);

    static native void snn_config_init(long out_config, int struct_size);

    /** Bytes of memory that this process could still take: what the system has free or can free at once, within the limit of a container; 0 if unknown. */
    static native long snn_available_memory_bytes();

    /** Estimates the memory of a session that `config` would open; `file` and `network` of config are ignored. */
    static native int snn_network_memory(long network, long config, long out_estimate, long out_projection_bytes, long count);

    /** Finds where a session that `config` would open runs, and opens none; `file` and `network` of config are ignored. */
    static native int snn_network_place(long network, long config, long out_placement);

    /** Computes nothing; set out_info-&gt;struct_size first. */
    static native int snn_placement_get_info(long placement, long out_info);

    static native void snn_placement_release(long placement);

    /** Opens a session: loads `file` or takes `network`, prepares the device, sets the initial state. (snn_network_create makes a network to build.) */
    static native int snn_create_network(long config, long out_handle);

    /** The device that a session runs on now; set out_device-&gt;struct_size first. */
    static native int snn_session_device(long handle, long out_device);

    /** Ends the session and frees its memory; its trainers become invalid. */
    static native void snn_destroy_network(long handle);

    /** Replaces weights, biases and learnable parameters, in all samples, by those of a .snn file with the same names and shapes. */
    static native int snn_load_weights(long handle, long path);

    /** Advances the network by `frame_dt` seconds: as many whole steps as fit, at most max_catch_up_steps. */
    static native int snn_run_step(long handle, float frame_dt);

    /** The same, but it stops after the step in which `budget_s` seconds of wall time are used up: the frame stays in time and the network catches up later. */
    static native int snn_run_step_within(long handle, float frame_dt, float budget_s, long out_steps);

    /** Starts steps in the background and returns at once; a later frame asks with snn_session_poll whether they are done. */
    static native int snn_session_begin(long handle, float frame_dt, float budget_s, long out_begun);

    /** Asks whether the background steps are done, without waiting: *out_done is 1 when none are under way, else 0. */
    static native int snn_session_poll(long handle, long out_done);

    /** The same, but waits until they are done. */
    static native int snn_session_wait(long handle);

    /** The membrane state ("v" in most models) of every neuron of a population: [batch_size][size], `count` floats. */
    static native int snn_get_membrane_potentials(long handle, long population, long out_potentials, long count);

    /** Sets the session's spike callback, of which there is one; null removes it. */
    static native int snn_register_spike_callback(long handle, long callback, long user);

    /** A new reference to the session's network; release it. */
    static native int snn_session_network(long handle, long out_network);

    /** A new finished network with the session's present weights, biases and parameters; release it. */
    static native int snn_session_to_network(long handle, long out_network);

    /** Sets the input of an input population for the next step: [batch_size][size] floats. */
    static native int snn_session_set_input(long handle, int population, long values, long count);

    /** The same for one sample: `count` is the population's size. */
    static native int snn_session_set_sample_input(long handle, int population, int sample, long values, long count);

    /** Adds spikes for the next step of one sample, for events from a camera, a socket or another network. */
    static native int snn_session_add_input_spikes(long handle, int population, int sample, long neurons, long count);

    /** As snn_session_set_input, but the memory is borrowed: each step reads it, without checking the values, until the input is bound to null. */
    static native int snn_session_bind_input(long handle, int population, long values, long count);

    /** Advances by `step_count` steps. */
    static native int snn_session_step(long handle, int step_count);

    /** Returns to step 0 and the initial state; weights, parameters, callbacks and bindings stay. */
    static native int snn_session_reset(long handle);

    /** Resets some samples, as when a character of a game respawns. */
    static native int snn_session_reset_samples(long handle, long samples, long count);

    /** The number of steps since creation or reset. */
    static native int snn_session_step_count(long handle, long out_steps);

    /** Sets that number, to continue from a state that was read before: random draws depend on it. */
    static native int snn_session_set_step_count(long handle, long steps);

    /** The seed of the random draws: SNNConfig's, or that of the state that was loaded last. */
    static native int snn_session_seed(long handle, long out_seed);

    /** The neurons of `sample` that spiked in the last step, ascending. */
    static native int snn_session_get_spikes(long handle, int population, int sample, long out_neurons, long out_count);

    /** Copies the counters; set out_counters-&gt;struct_size first. */
    static native int snn_get_counters(long handle, long out_counters);

    /** Saves everything that the session's next steps depend on, to continue later. */
    static native int snn_save_state(long handle, long path);

    static native int snn_load_state(long handle, long path);

    /** The same in memory, for a game that puts it into its own save file: the same bytes as in the file. */
    static native int snn_save_state_memory(long handle, long out_data, long size_bytes, long out_size_bytes);

    static native int snn_load_state_memory(long handle, long data, long size_bytes);

    /** Reads or writes a variable by its path, converted to or from `dtype`; `count` must match exactly. */
    static native int snn_session_read(long handle, long path, int dtype, long out_data, long count);

    static native int snn_session_write(long handle, long path, int dtype, long data, long count);

    /** The `count` that snn_session_read needs for a path. */
    static native int snn_session_value_count(long handle, long path, long out_count);

    static native void snn_run_def_init(long out_def, int struct_size);

    /** Runs `step_count` steps with inputs and recordings. */
    static native int snn_session_run(long handle, long def);

    static native void snn_encoder_def_init(long out_def, int struct_size);

    /** values: [sample][feature] ([step][sample][feature] for DELTA), finite; out: [step][sample][feature]. */
    static native int snn_encode(long def, long values, long value_count, long sample_count, long feature_count, long out_encoded, long out_count);

    /** `count` numbers, the same on every platform: uniform in [a, b), or normal with mean a and standard deviation b. */
    static native int snn_random_fill(long seed, long stream, int distribution, double a, double b, long out_values, long count);

    /** Built-in models by index, in alphabetical order. */
    static native long snn_model_builtin_name(int index);

    static native long snn_surrogate_builtin_name(int index);

    static native long snn_plasticity_builtin_name(int index);

    /** Loads a model, surrogate or plasticity rule of the user from its op list (docs/model-format.md). */
    static native int snn_model_load(long text, long size_bytes, long out_model);

    /** A built-in neuron model (kind 0), surrogate (kind 1) or plasticity rule (kind 2) by name. */
    static native int snn_model_builtin(long name, int kind, long out_model);

    /** The op list of a model as JSON. */
    static native int snn_model_text(long model, long out_text, long out_size_bytes);

    static native int snn_model_retain(long model);

    static native void snn_model_release(long model);

    static native void snn_population_def_init(long out_def, int struct_size);

    static native void snn_projection_def_init(long out_def, int struct_size);

    static native void snn_random_connection_def_init(long out_def, int struct_size);

    /** Draws `count` numbers of a distribution, the same on every platform: for parameters and initial states, one for each neuron. */
    static native int snn_random_draw(long distribution, long seed, long stream, long out_values, long count);

    /** Creates an empty network, the definition, with the time step `dt_ms` (milliseconds, above 0 and at most 1e6). */
    static native int snn_network_create(double dt_ms, long out_network);

    static native int snn_network_add_population(long network, long def, long out_index);

    /** Sets a parameter of the population's model, in the model's unit: `count` is 1 (shared) or the population's size. */
    static native int snn_network_set_parameter(long network, int population, long parameter, long values, long count);

    /** Sets whether training changes the parameter: `learnable` is 1 or 0 (default). */
    static native int snn_network_set_learnable(long network, int population, long parameter, int learnable);

    /** Whether training changes the parameter; *out_learnable: 1 or 0. */
    static native int snn_network_get_learnable(long network, int population, long parameter, long out_learnable);

    /** Sets an option of the model by the names of option and choice: ("reset", "subtract"). */
    static native int snn_network_set_option(long network, int population, long option, long choice);

    /** Sets the state at step 0 and after a reset: `count` is 1 or the population's size. */
    static native int snn_network_set_initial_state(long network, int population, long state, long values, long count);

    /** Sets the surrogate derivative for training: a built-in one by name (`surrogate` null) or a user's. */
    static native int snn_network_set_surrogate(long network, int population, long name, long surrogate, long parameters, long count);

    static native int snn_network_connect(long network, long def, long out_index);

    /** Makes a sparse projection plastic: the rule changes its weights, or what its spikes deliver, while the network runs. */
    static native int snn_network_set_plasticity(long network, int projection, long name, long rule);

    /** Sets a parameter of the projection's rule, in the rule's unit, one value for all synapses; or an option by the names of option and choice. */
    static native int snn_network_set_plasticity_parameter(long network, int projection, long parameter, double value);

    static native int snn_network_set_plasticity_option(long network, int projection, long option, long choice);

    /** Connects by a rule: `def-&gt;kind` is SNN_CONNECT_SPARSE, and its sparse arrays and weights are null. */
    static native int snn_network_connect_random(long network, long def, long rule, long out_index);

    /** Checks the whole network (cycles without delay, fixed-point range, shapes) and makes it immutable. */
    static native int snn_network_finish(long network);

    static native int snn_network_retain(long network);

    static native void snn_network_release(long network);

    /** Saves the network: writes a new file beside `path` and renames it. */
    static native int snn_network_save(long network, long path);

    /** Loads a finished network. */
    static native int snn_network_load(long path, long out_network);

    static native int snn_network_load_memory(long data, long size_bytes, long out_network);

    /** Set out_info-&gt;struct_size first. */
    static native int snn_network_get_info(long network, long out_info);

    static native int snn_network_get_population(long network, int index, long out_info);

    static native int snn_network_get_projection(long network, int index, long out_info);

    /** The weights and synapses of a projection. */
    static native int snn_network_get_projection_arrays(long network, int index, long out_arrays);

    /** The rule that makes the synapses, with the seed in use; the positions are borrowed as above. */
    static native int snn_network_get_connection_rule(long network, int index, long out_rule);

    /** The synapses of the source neurons `first_source` to `first_source + source_count - 1`, row after row, each row in canonical order. */
    static native int snn_network_get_synapses(long network, int projection, int first_source, int source_count, long out_sources, long out_targets, long out_delays, long out_weights, long io_count);

    static native int snn_network_find_population(long network, long name, long out_index);

    static native int snn_network_find_projection(long network, long name, long out_index);

    /** The model of a population of neurons, or its surrogate; release it. */
    static native int snn_network_get_model(long network, int population, long out_model);

    static native int snn_network_get_surrogate(long network, int population, long out_surrogate);

    /** The values in use, defaults included. */
    static native int snn_network_get_parameter(long network, int population, long parameter, long out_values, long io_count);

    static native int snn_network_get_initial_state(long network, int population, long state, long out_values, long io_count);

    static native int snn_network_get_surrogate_parameters(long network, int population, long out_values, long io_count);

    /** The name of the choice that an option has; borrowed as above. */
    static native int snn_network_get_option(long network, int population, long option, long out_choice);

    /** The plasticity rule of a projection (release it), the value of a parameter, and the choice of an option (borrowed as above). */
    static native int snn_network_get_plasticity(long network, int projection, long out_rule);

    static native int snn_network_get_plasticity_parameter(long network, int projection, long parameter, long out_value);

    static native int snn_network_get_plasticity_option(long network, int projection, long option, long out_choice);

    static native void snn_trainer_def_init(long out_def, int struct_size);

    /** Creates a trainer of a session, which gets its own copy of the weights. */
    static native int snn_trainer_create(long handle, long def, long out_trainer);

    static native void snn_trainer_release(long trainer);

    /** Forward, backward and update on one batch, or on each of its windows. */
    static native int snn_trainer_step(long trainer, long batch, long io_result);

    /** The three parts of snn_trainer_step. backward needs a forward before it, update a backward; no other trainer of the session may run forward in between. */
    static native int snn_trainer_forward(long trainer, long batch, long io_result);

    static native int snn_trainer_backward(long trainer);

    static native int snn_trainer_update(long trainer);

    /** Training with a loss that the caller computes; the trainer has SNN_LOSS_NONE. */
    static native int snn_trainer_run(long trainer, long batch, long records, int record_count, long io_result);

    static native int snn_trainer_run_backward(long trainer, double loss, long gradients, int gradient_count, long input_gradients, int input_gradient_count);

    /** The scores that the loss used in the last forward: [batch_size][outputs]. */
    static native int snn_trainer_scores(long trainer, long out_scores, long count);

    /** The part of the last step's or forward's loss that comes from one population, output_population or one with an auxiliary loss, its weight included; 0 before the first. */
    static native int snn_trainer_loss_of(long trainer, int population, long out_loss);

    /** What a trainer keeps from update to update, above all the optimiser's moments. */
    static native int snn_trainer_get_state(long trainer, long out_values, long io_count);

    /** Sets such a state; a forward and backward that wait for their update are discarded. */
    static native int snn_trainer_set_state(long trainer, long values, long count);

    /** Adds a loss of a population other than output_population (local learning, as in DECOLLE: Kaiser et al. 2020): `weight` times it is added to the loss, and its gradients to the others. */
    static native int snn_trainer_set_auxiliary_loss(long trainer, int population, int loss, double weight);

    /** Sets the class weights of CROSS_ENTROPY losses, auxiliary ones too: [outputs], each at least 0, copied. count 0: none, which is 1 each. */
    static native int snn_trainer_set_class_weights(long trainer, long weights, long count);

    /** Sets dropout (Srivastava et al. 2014) of a population that spikes, fixed over time. */
    static native int snn_trainer_set_dropout(long trainer, int population, double probability, long seed);

    /** Quantisation-aware training of a projection's weights to `bits` bits, 2 to 8 (0: no longer; the session keeps its weights). */
    static native int snn_trainer_set_quantization(long trainer, int projection, int bits, int per_channel);

    /** Batch normalisation through time (tdBN: Zheng et al. 2021) of a projection. */
    static native int snn_trainer_set_normalization(long trainer, int projection, double scale, double momentum, double epsilon);

    static native int snn_trainer_set_delay_learning(long trainer, int projection, int kernel, double width, double rate_factor);

    static native int snn_trainer_set_learning_rate(long trainer, double learning_rate);

    static native int snn_register_weight_callback(long handle, long callback, long user);

    static native int snn_register_epoch_callback(long handle, long callback, long user);

    /** Ends an epoch: sums up the updates since the last call, calls the epoch callback, and returns the same in io_epoch (may be null). */
    static native int snn_trainer_end_epoch(long trainer, long io_epoch);

    static native void snn_vulkan_host_init(long out_host, int struct_size);

    /** Opens a session on the host's device, as snn_create_network does. config-&gt;device is null or "vulkan", or several devices with "vulkan" once among them. */
    static native int snn_vulkan_create_network(long config, long host, long out_handle);

    /** Records the next `step_count` steps into `command_buffer` (VkCommandBuffer, recording, outside a render pass): pipelines, descriptor sets, push constants, dispatches and barriers. */
    static native int snn_vulkan_record_steps(long handle, long command_buffer, int step_count);

    /** Submits the next `step_count` steps in a submission of the session's own, on the queue with which the session was opened. */
    static native int snn_vulkan_submit_steps(long handle, long submission, int step_count);

    /** Gets the device that a session runs on, for commands, buffers and submissions of your own. */
    static native int snn_vulkan_get_device(long handle, long out_device);

    /** The buffer that holds a state ("population.state") on the device, for reading in place or writing between two recorded steps. */
    static native int snn_vulkan_get_buffer(long handle, long state, long out_buffer);

    /** Binds a buffer of the host to what `path` names: from now on every step reads or writes it in place. */
    static native int snn_vulkan_bind_buffer(long handle, long path, long buffer);

    static native int snn_vulkan_set_readback(long handle, long paths, int path_count, int frame_count);

    static native int snn_vulkan_record_readback(long handle, long command_buffer, long frame);

    static native int snn_vulkan_read_back(long handle, long path, long finished_frame, int dtype, long out_data, long count, long out_frame);

    /** Gets the plan of a session. */
    static native int snn_vulkan_get_plan(long handle, long out_plan);

}
