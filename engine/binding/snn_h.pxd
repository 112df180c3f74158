# The C interface of libsnn as Cython sees it. The manual is native/include/snn/snn.h; names and order are the same.
from libc.stdint cimport int32_t, uint16_t, uint32_t, uint64_t

cdef extern from "snn/snn.h" nogil:
    ctypedef int32_t SNNStatus
    enum:
        SNN_OK
        SNN_ERROR_INVALID_ARGUMENT
        SNN_ERROR_INVALID_HANDLE
        SNN_ERROR_NOT_FOUND
        SNN_ERROR_OUT_OF_MEMORY
        SNN_ERROR_IO
        SNN_ERROR_FORMAT
        SNN_ERROR_UNSUPPORTED
        SNN_ERROR_BUSY
        SNN_ERROR_STATE
        SNN_ERROR_VERSION
        SNN_ERROR_FORKED
        SNN_ERROR_STOPPED
        SNN_ERROR_INTERNAL
        SNN_ERROR_DEVICE_LOST

    uint32_t SNN_ABI_VERSION
    const char *snn_version_string()
    uint32_t snn_abi_version()
    uint64_t snn_available_memory_bytes()
    const char *snn_last_error()

    ctypedef struct SNNSessionOpaque:
        pass
    ctypedef struct SNNNetworkOpaque:
        pass
    ctypedef struct SNNModelOpaque:
        pass
    ctypedef struct SNNTrainerOpaque:
        pass
    ctypedef struct SNNPlacementOpaque:
        pass
    ctypedef SNNSessionOpaque *SNNHandle
    ctypedef SNNNetworkOpaque *SNNNetwork
    ctypedef SNNModelOpaque *SNNModel
    ctypedef SNNTrainerOpaque *SNNTrainer
    ctypedef SNNPlacementOpaque *SNNPlacement

    ctypedef struct SNNAllocator:
        pass
    ctypedef struct SNNJobSystem:
        pass
    enum:
        SNN_LOG_WARNING
        SNN_LOG_INFORMATION
    ctypedef void (*SNNLogCallback)(int32_t level, const char *message, void *user) noexcept

    # Devices
    ctypedef struct SNNDeviceInfo:
        uint32_t struct_size
        char name[64]
        char description[192]
        uint32_t core_count
        uint64_t memory_bytes
        uint32_t can_train
        char instruction_sets[64]
    SNNStatus snn_device_count(uint32_t *out_count)
    SNNStatus snn_device_get(uint32_t index, SNNDeviceInfo *out_info)
    ctypedef struct SNNDeviceSpeed:
        uint32_t struct_size
        uint32_t was_kept
        char driver[64]
        double small_step_s
        double large_step_s
    SNNStatus snn_device_speed(const char *device, SNNDeviceSpeed *out_speed) nogil

    # Models
    const char *snn_model_builtin_name(uint32_t index)
    const char *snn_surrogate_builtin_name(uint32_t index)
    const char *snn_plasticity_builtin_name(uint32_t index)
    SNNStatus snn_model_load(const char *text, size_t size_bytes, SNNModel *out_model)
    SNNStatus snn_model_builtin(const char *name, uint32_t kind, SNNModel *out_model)
    SNNStatus snn_model_text(SNNModel model, const char **out_text, size_t *out_size_bytes)
    void snn_model_release(SNNModel model)

    # Building a network
    ctypedef struct SNNShape:
        uint32_t rank
        uint32_t dims[3]
    enum:
        SNN_POPULATION_NEURONS
        SNN_POPULATION_SPIKE_INPUT
        SNN_POPULATION_VALUE_INPUT
    ctypedef struct SNNPopulationDef:
        uint32_t struct_size
        uint32_t kind
        const char *name
        SNNShape shape
        const char *model_name
        SNNModel model
    ctypedef struct SNNProjectionDef:
        uint32_t struct_size
        uint32_t kind
        const char *name
        uint32_t source
        uint32_t target
        const char *receptor
        uint32_t delay_steps
        uint32_t trainable
        uint32_t detached
        uint32_t arithmetic
        uint32_t pool_mode
        const float *weights
        size_t weight_count
        const float *bias
        size_t bias_count
        const uint64_t *row_offsets
        size_t row_offset_count
        const uint32_t *synapse_targets
        const uint16_t *synapse_delays
        size_t synapse_count
        uint32_t kernel[2]
        uint32_t stride[2]
        uint32_t padding[2]
        uint32_t dilation[2]
        uint32_t groups
    ctypedef struct SNNDistribution:
        uint32_t kind
        double a
        double b
        double low
        double high
    ctypedef struct SNNRandomConnectionDef:
        uint32_t struct_size
        uint32_t rule
        double probability
        uint64_t count
        uint64_t seed
        uint32_t allow_autapses
        uint32_t allow_multapses
        SNNDistribution weight
        SNNDistribution delay
        uint32_t first_source
        uint32_t source_count
        uint32_t first_target
        uint32_t target_count
        uint32_t kernel
        uint32_t dimensions
        double kernel_width
        double cutoff
        double period[3]
        const float *source_positions
        size_t source_position_count
        const float *target_positions
        size_t target_position_count

    void snn_population_def_default(SNNPopulationDef *out_def)
    void snn_projection_def_default(SNNProjectionDef *out_def)
    void snn_random_connection_def_default(SNNRandomConnectionDef *out_def)
    SNNStatus snn_network_create(double dt_ms, SNNNetwork *out_network)
    SNNStatus snn_network_add_population(SNNNetwork network, const SNNPopulationDef *definition, uint32_t *out_index)
    SNNStatus snn_network_set_parameter(SNNNetwork network, uint32_t population, const char *parameter,
                                        const double *values, size_t count)
    SNNStatus snn_network_set_learnable(SNNNetwork network, uint32_t population, const char *parameter,
                                        uint32_t learnable)
    SNNStatus snn_network_get_learnable(SNNNetwork network, uint32_t population, const char *parameter,
                                        uint32_t *out_learnable)
    SNNStatus snn_network_set_option(SNNNetwork network, uint32_t population, const char *option, const char *choice)
    SNNStatus snn_network_set_initial_state(SNNNetwork network, uint32_t population, const char *state,
                                            const double *values, size_t count)
    SNNStatus snn_network_set_surrogate(SNNNetwork network, uint32_t population, const char *name, SNNModel surrogate,
                                        const double *parameters, size_t count)
    SNNStatus snn_network_connect(SNNNetwork network, const SNNProjectionDef *definition, uint32_t *out_index)
    SNNStatus snn_network_connect_random(SNNNetwork network, const SNNProjectionDef *definition,
                                         const SNNRandomConnectionDef *rule, uint32_t *out_index)
    SNNStatus snn_network_set_plasticity(SNNNetwork network, uint32_t projection, const char *name, SNNModel rule)
    SNNStatus snn_network_set_plasticity_parameter(SNNNetwork network, uint32_t projection, const char *parameter,
                                                   double value)
    SNNStatus snn_network_set_plasticity_option(SNNNetwork network, uint32_t projection, const char *option,
                                                const char *choice)
    SNNStatus snn_network_get_plasticity(SNNNetwork network, uint32_t projection, SNNModel *out_rule)
    SNNStatus snn_network_get_plasticity_parameter(SNNNetwork network, uint32_t projection, const char *parameter,
                                                   double *out_value)
    SNNStatus snn_network_get_plasticity_option(SNNNetwork network, uint32_t projection, const char *option,
                                                const char **out_choice)
    SNNStatus snn_network_finish(SNNNetwork network)
    void snn_network_release(SNNNetwork network)

    # Files
    SNNStatus snn_network_save(SNNNetwork network, const char *path)
    SNNStatus snn_network_load(const char *path, SNNNetwork *out_network)
    SNNStatus snn_network_load_memory(const void *data, size_t size_bytes, SNNNetwork *out_network)

    # Looking at a network
    ctypedef struct SNNNetworkInfo:
        uint32_t struct_size
        uint32_t population_count
        uint32_t projection_count
        uint32_t finished
        double dt_ms
        uint64_t neuron_count
        uint64_t synapse_count
        uint64_t parameter_count
    ctypedef struct SNNPopulationInfo:
        uint32_t struct_size
        uint32_t kind
        SNNShape shape
        uint32_t size
        const char *name
        const char *model_name
        const char *surrogate_name
    ctypedef struct SNNProjectionInfo:
        uint32_t struct_size
        uint32_t kind
        uint32_t source
        uint32_t target
        uint32_t delay_steps
        uint32_t trainable
        uint32_t detached
        uint32_t arithmetic
        uint32_t pool_mode
        uint32_t min_delay_steps
        uint32_t max_delay_steps
        uint32_t by_rule
        const char *name
        const char *receptor
        uint64_t weight_count
        uint64_t bias_count
        uint64_t synapse_count
        const float *bias
        double fixed_point_scale
        uint32_t kernel[2]
        uint32_t stride[2]
        uint32_t padding[2]
        uint32_t dilation[2]
        uint32_t groups
    ctypedef struct SNNProjectionArrays:
        uint32_t struct_size
        uint64_t weight_count
        const float *weights
        const uint64_t *row_offsets
        const uint32_t *synapse_targets
        const uint16_t *synapse_delays
    SNNStatus snn_network_get_info(SNNNetwork network, SNNNetworkInfo *out_info)
    SNNStatus snn_network_get_population(SNNNetwork network, uint32_t index, SNNPopulationInfo *out_info)
    SNNStatus snn_network_get_projection(SNNNetwork network, uint32_t index, SNNProjectionInfo *out_info)
    SNNStatus snn_network_get_projection_arrays(SNNNetwork network, uint32_t index, SNNProjectionArrays *out_arrays)
    SNNStatus snn_network_get_connection_rule(SNNNetwork network, uint32_t index, SNNRandomConnectionDef *out_rule)
    SNNStatus snn_network_get_synapses(SNNNetwork network, uint32_t projection, uint32_t first_source,
                                       uint32_t source_count, uint32_t *out_sources, uint32_t *out_targets,
                                       uint32_t *out_delays, float *out_weights, size_t *io_count)
    SNNStatus snn_network_get_model(SNNNetwork network, uint32_t population, SNNModel *out_model)
    SNNStatus snn_network_get_surrogate(SNNNetwork network, uint32_t population, SNNModel *out_surrogate)
    SNNStatus snn_network_get_parameter(SNNNetwork network, uint32_t population, const char *parameter,
                                        double *out_values, size_t *io_count)
    SNNStatus snn_network_get_initial_state(SNNNetwork network, uint32_t population, const char *state,
                                            double *out_values, size_t *io_count)
    SNNStatus snn_network_get_surrogate_parameters(SNNNetwork network, uint32_t population, double *out_values,
                                                   size_t *io_count)
    SNNStatus snn_network_get_option(SNNNetwork network, uint32_t population, const char *option,
                                     const char **out_choice)

    # Sessions
    ctypedef struct SNNConfig:
        uint32_t struct_size
        uint32_t flags
        const char *file
        SNNNetwork network
        const char *device
        uint32_t batch_size
        uint32_t thread_count
        uint32_t instruction_set
        uint32_t max_catch_up_steps
        const SNNAllocator *allocator
        const SNNJobSystem *job_system
        SNNLogCallback log
        void *log_user
        uint64_t seed
    void snn_config_default(SNNConfig *out_config)
    ctypedef struct SNNMemoryEstimate:
        uint32_t struct_size
        uint64_t network_bytes
        uint64_t weight_bytes
        uint64_t state_bytes
        uint64_t total_bytes
        uint64_t opening_bytes
    SNNStatus snn_network_memory(SNNNetwork network, const SNNConfig *config, SNNMemoryEstimate *out_estimate,
                                 uint64_t *out_projection_bytes, size_t count)
    ctypedef struct SNNPlacementSlice:
        uint32_t population
        uint32_t first
        uint32_t count
        uint32_t device
    ctypedef struct SNNPlacementInfo:
        uint32_t struct_size
        uint32_t device_count
        uint32_t slice_count
        uint32_t window_steps
        const char *device
        const char *reasons
        const SNNPlacementSlice *slices
        const uint32_t *samples
        const double *step_s
    SNNStatus snn_network_place(SNNNetwork network, const SNNConfig *config, SNNPlacement *out_placement)
    SNNStatus snn_placement_get_info(SNNPlacement placement, SNNPlacementInfo *out_info)
    void snn_placement_release(SNNPlacement placement)
    SNNStatus snn_create_network(const SNNConfig *config, SNNHandle *out_handle)
    void snn_destroy_network(SNNHandle handle)
    SNNStatus snn_load_weights(SNNHandle handle, const char *path)
    SNNStatus snn_run_step(SNNHandle handle, float frame_dt)
    SNNStatus snn_save_state(SNNHandle handle, const char *path)
    SNNStatus snn_save_state_memory(SNNHandle handle, void *out_data, size_t size_bytes, size_t *out_size_bytes)
    SNNStatus snn_load_state_memory(SNNHandle handle, const void *data, size_t size_bytes)
    SNNStatus snn_load_state(SNNHandle handle, const char *path)
    SNNStatus snn_run_step_within(SNNHandle handle, float frame_dt, float budget_s, uint32_t *out_steps)
    SNNStatus snn_get_membrane_potentials(SNNHandle handle, const char *population, float *out_potentials, size_t count)

    ctypedef struct SNNSpikes:
        uint32_t struct_size
        uint32_t population
        uint32_t sample
        uint32_t count
        const uint32_t *neurons
        uint64_t step
    ctypedef void (*SpikeCallback)(SNNHandle handle, const SNNSpikes *spikes, void *user) noexcept
    SNNStatus snn_register_spike_callback(SNNHandle handle, SpikeCallback callback, void *user)

    SNNStatus snn_session_network(SNNHandle handle, SNNNetwork *out_network)
    SNNStatus snn_session_to_network(SNNHandle handle, SNNNetwork *out_network)
    SNNStatus snn_session_set_input(SNNHandle handle, uint32_t population, const float *values, size_t count)
    SNNStatus snn_session_add_input_spikes(SNNHandle handle, uint32_t population, uint32_t sample, const uint32_t *neurons,
                                           size_t count)
    SNNStatus snn_session_bind_input(SNNHandle handle, uint32_t population, const float *values, size_t count)
    SNNStatus snn_session_step(SNNHandle handle, uint32_t step_count)
    SNNStatus snn_session_reset(SNNHandle handle)
    SNNStatus snn_session_reset_samples(SNNHandle handle, const uint32_t *samples, size_t count)
    SNNStatus snn_session_set_step_count(SNNHandle handle, uint64_t steps)
    ctypedef struct SNNSessionDevice:
        uint32_t struct_size
        char name[64]
        char reason[256]
    SNNStatus snn_session_device(SNNHandle handle, SNNSessionDevice *out_device)
    SNNStatus snn_session_step_count(SNNHandle handle, uint64_t *out_steps)
    SNNStatus snn_session_seed(SNNHandle handle, uint64_t *out_seed)
    SNNStatus snn_session_get_spikes(SNNHandle handle, uint32_t population, uint32_t sample,
                                     const uint32_t **out_neurons, uint32_t *out_count)
    ctypedef struct SNNCounters:
        uint32_t struct_size
        uint64_t steps
        uint64_t neuron_updates
        uint64_t spikes
        uint64_t input_spikes
        uint64_t synaptic_events
        uint64_t synaptic_operations
    SNNStatus snn_get_counters(SNNHandle handle, SNNCounters *out_counters)
    enum:
        SNN_FLOAT32
        SNN_FLOAT64
        SNN_INT32
        SNN_UINT8
    SNNStatus snn_session_read(SNNHandle handle, const char *path, uint32_t dtype, void *out_data, size_t count)
    SNNStatus snn_session_write(SNNHandle handle, const char *path, uint32_t dtype, const void *data, size_t count)
    SNNStatus snn_session_value_count(SNNHandle handle, const char *path, size_t *out_count)

    ctypedef struct SNNInputArray:
        uint32_t population
        uint32_t held
        const float *data
        size_t count
    ctypedef struct SNNRecordArray:
        uint32_t population
        uint32_t dtype
        const char *variable
        void *data
        size_t count
    ctypedef struct SNNSpikeRecord:
        uint32_t struct_size
        uint32_t population
        uint32_t *steps
        uint32_t *neurons
        uint32_t *samples
        size_t capacity
        size_t count
    ctypedef struct SNNSpikeInput:
        uint32_t struct_size
        uint32_t population
        const uint32_t *steps
        const uint32_t *neurons
        const uint32_t *samples
        size_t count
    ctypedef struct SNNValueRecord:
        uint32_t struct_size
        uint32_t dtype
        const char *path
        const uint64_t *indices
        size_t index_count
        void *data
        size_t count
    ctypedef int32_t (*SNNProgressCallback)(uint64_t steps_done, uint64_t steps_total, void *user) noexcept
    ctypedef struct SNNRunDef:
        uint32_t struct_size
        uint32_t step_count
        uint32_t steps_before
        uint32_t record_interval
        const SNNInputArray *inputs
        const SNNSpikeInput *spike_inputs
        const SNNRecordArray *records
        SNNSpikeRecord *spike_records
        const SNNValueRecord *value_records
        uint32_t input_count
        uint32_t spike_input_count
        uint32_t record_count
        uint32_t spike_record_count
        uint32_t value_record_count
        uint32_t progress_interval
        SNNProgressCallback progress
        void *progress_user
        uint32_t *out_step_count
    void snn_run_def_default(SNNRunDef *out_def)
    SNNStatus snn_session_run(SNNHandle handle, const SNNRunDef *definition)

    # Training
    ctypedef struct SNNTrainerDef:
        uint32_t struct_size
        uint32_t output_population
        uint32_t step_count
        uint32_t loss
        uint32_t optimizer
        uint32_t rule
        float rate_on
        float rate_off
        double label_smoothing
        double van_rossum_tau_ms
        double learning_rate
        double parameter_rate_factor
        double momentum
        double beta1
        double beta2
        double epsilon
        double weight_decay
        double l1_regularization
        double gradient_clip_norm
        double rate_regularization
        double rate_target
        uint32_t checkpoint_steps
        uint32_t window_steps
        uint32_t window_updates
    ctypedef struct SNNBatch:
        uint32_t struct_size
        uint32_t input_count
        uint32_t spike_input_count
        const SNNInputArray *inputs
        const SNNSpikeInput *spike_inputs
        const int32_t *labels
        size_t label_count
        const float *targets
        size_t target_count
    ctypedef struct SNNTrainResult:
        uint32_t struct_size
        uint32_t sample_count
        uint32_t correct_count
        double loss
        double spike_count
    void snn_trainer_def_default(SNNTrainerDef *out_def)
    SNNStatus snn_trainer_create(SNNHandle handle, const SNNTrainerDef *definition, SNNTrainer *out_trainer)
    void snn_trainer_release(SNNTrainer trainer)
    SNNStatus snn_trainer_step(SNNTrainer trainer, const SNNBatch *batch, SNNTrainResult *io_result)
    SNNStatus snn_trainer_forward(SNNTrainer trainer, const SNNBatch *batch, SNNTrainResult *io_result)
    SNNStatus snn_trainer_backward(SNNTrainer trainer)
    SNNStatus snn_trainer_run(SNNTrainer trainer, const SNNBatch *batch, const SNNRecordArray *records, uint32_t record_count,
                              SNNTrainResult *io_result)
    SNNStatus snn_trainer_run_backward(SNNTrainer trainer, double loss, const SNNRecordArray *gradients,
                                       uint32_t gradient_count, const SNNRecordArray *input_gradients,
                                       uint32_t input_gradient_count)
    SNNStatus snn_trainer_update(SNNTrainer trainer)
    SNNStatus snn_trainer_scores(SNNTrainer trainer, float *out_scores, size_t count)
    SNNStatus snn_trainer_loss_of(SNNTrainer trainer, uint32_t population, double *out_loss)
    SNNStatus snn_trainer_get_state(SNNTrainer trainer, double *out_values, size_t *io_count)
    SNNStatus snn_trainer_set_state(SNNTrainer trainer, const double *values, size_t count)
    SNNStatus snn_trainer_set_auxiliary_loss(SNNTrainer trainer, uint32_t population, uint32_t loss, double weight)
    SNNStatus snn_trainer_set_class_weights(SNNTrainer trainer, const float *weights, size_t count)
    SNNStatus snn_trainer_set_dropout(SNNTrainer trainer, uint32_t population, double probability, uint64_t seed)
    SNNStatus snn_trainer_set_quantization(SNNTrainer trainer, uint32_t projection, uint32_t bits, uint32_t per_channel)
    SNNStatus snn_trainer_set_normalization(SNNTrainer trainer, uint32_t projection, double scale, double momentum,
                                            double epsilon)
    SNNStatus snn_trainer_set_delay_learning(SNNTrainer trainer, uint32_t projection, uint32_t kernel, double width,
                                             double rate_factor)
    SNNStatus snn_trainer_set_learning_rate(SNNTrainer trainer, double learning_rate)

    ctypedef struct SNNWeightUpdate:
        uint32_t struct_size
        uint32_t projection
        uint64_t update
        double gradient_norm
    ctypedef void (*SNNWeightCallback)(SNNHandle handle, const SNNWeightUpdate *update, void *user) noexcept
    SNNStatus snn_register_weight_callback(SNNHandle handle, SNNWeightCallback callback, void *user)
    ctypedef struct SNNEpoch:
        uint32_t struct_size
        uint64_t epoch
        uint64_t sample_count
        uint64_t correct_count
        double mean_loss
    ctypedef void (*SNNEpochCallback)(SNNHandle handle, const SNNEpoch *epoch, void *user) noexcept
    SNNStatus snn_register_epoch_callback(SNNHandle handle, SNNEpochCallback callback, void *user)
    SNNStatus snn_trainer_end_epoch(SNNTrainer trainer, SNNEpoch *io_epoch)

    # Encoders and random numbers
    ctypedef struct SNNEncoderDef:
        uint32_t struct_size
        uint32_t kind
        uint32_t step_count
        float gain
        float threshold
        uint64_t seed
    void snn_encoder_def_default(SNNEncoderDef *out_def)
    SNNStatus snn_encode(const SNNEncoderDef *definition, const float *values, size_t value_count, size_t sample_count,
                         size_t feature_count, float *out_encoded, size_t out_count)
    SNNStatus snn_random_draw(const SNNDistribution *distribution, uint64_t seed, uint64_t stream, double *out_values,
                              size_t count)
    SNNStatus snn_random_fill(uint64_t seed, uint64_t stream, uint32_t distribution, double a, double b,
                              float *out_values, size_t count)

cdef extern from "snn/snn_vulkan.h" nogil:
    ctypedef void (*SNNVulkanFunction)() noexcept
    ctypedef struct SNNVulkanHost:
        uint32_t struct_size
        uint32_t queue_family
        void *instance
        void *physical_device
        void *device
        void *queue
        uint64_t pipeline_cache
        SNNVulkanFunction (*get_instance_proc_addr)(void *instance, const char *name) noexcept
        void (*lock_queue)(void *user) noexcept
        void (*unlock_queue)(void *user) noexcept
        int32_t (*submit)(void *user, const void *submit_info, uint64_t fence) noexcept
        void *user
    void snn_vulkan_host_init(SNNVulkanHost *out_host, uint32_t struct_size)
    SNNStatus snn_vulkan_create_network(const SNNConfig *config, const SNNVulkanHost *host, SNNHandle *out_handle)
    SNNStatus snn_vulkan_record_steps(SNNHandle handle, void *command_buffer, uint32_t step_count)
    ctypedef struct SNNVulkanSemaphore:
        uint64_t semaphore
        uint64_t value
    ctypedef struct SNNVulkanSubmission:
        uint32_t struct_size
        uint32_t wait_count
        uint32_t signal_count
        const SNNVulkanSemaphore *waits
        const SNNVulkanSemaphore *signals
    SNNStatus snn_vulkan_submit_steps(SNNHandle handle, const SNNVulkanSubmission *submission, uint32_t step_count)
    ctypedef struct SNNVulkanDevice:
        uint32_t struct_size
        uint32_t queue_family
        void *instance
        void *physical_device
        void *device
        void *queue
        SNNVulkanFunction (*get_instance_proc_addr)(void *instance, const char *name) noexcept
        SNNVulkanSemaphore submitted
    SNNStatus snn_vulkan_get_device(SNNHandle handle, SNNVulkanDevice *out_device)
    ctypedef struct SNNVulkanBuffer:
        uint32_t struct_size
        uint32_t type
        uint64_t buffer
        uint64_t offset_bytes
        uint64_t size_bytes
        void *mapped
        uint32_t is_cached
    SNNStatus snn_vulkan_get_buffer(SNNHandle handle, const char *state, SNNVulkanBuffer *out_buffer)
    SNNStatus snn_vulkan_bind_buffer(SNNHandle handle, const char *path, const SNNVulkanBuffer *buffer)
    SNNStatus snn_vulkan_set_readback(SNNHandle handle, const char *const *paths, uint32_t path_count, uint32_t frame_count)
    SNNStatus snn_vulkan_record_readback(SNNHandle handle, void *command_buffer, uint64_t frame)
    SNNStatus snn_vulkan_read_back(SNNHandle handle, const char *path, uint64_t finished_frame, uint32_t dtype, void *out_data,
                                   size_t count, uint64_t *out_frame)
    uint64_t SNN_VULKAN_NO_FRAME
    enum:
        SNN_VULKAN_BINDING_COUNT
        SNN_VULKAN_NO_BUFFER
    ctypedef struct SNNVulkanPlanShader:
        const uint32_t *spirv
        uint64_t word_count
        const uint32_t *constants
        uint64_t constant_count
    ctypedef struct SNNVulkanPlanBuffer:
        uint64_t size_bytes
        const void *contents
        uint64_t host_buffer
    ctypedef struct SNNVulkanPlanBinding:
        uint32_t buffer
        uint64_t offset_bytes
        uint64_t size_bytes
    ctypedef struct SNNVulkanPlanDispatch:
        uint32_t shader
        uint32_t barrier
        uint32_t groups[3]
        uint32_t indirect_buffer
        uint64_t indirect_offset_bytes
        uint32_t push_bytes
        uint32_t push[32]
        SNNVulkanPlanBinding bindings[7]
    ctypedef struct SNNVulkanPlan:
        uint32_t struct_size
        uint32_t shader_count
        uint32_t buffer_count
        uint32_t dispatch_count
        const SNNVulkanPlanShader *shaders
        const SNNVulkanPlanBuffer *buffers
        const SNNVulkanPlanDispatch *dispatches
    SNNStatus snn_vulkan_get_plan(SNNHandle handle, SNNVulkanPlan *out_plan)
