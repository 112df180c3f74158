/* Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand. */
#include <jni.h>
#include <snn/snn_vulkan.h>

#include <stddef.h>
#include <stdint.h>

#define LAYOUT(condition) _Static_assert(condition, #condition)
LAYOUT(sizeof(SNNAllocator) == 32);
LAYOUT(offsetof(SNNAllocator, struct_size) == 0);
LAYOUT(offsetof(SNNAllocator, allocate) == 8);
LAYOUT(offsetof(SNNAllocator, release) == 16);
LAYOUT(offsetof(SNNAllocator, user) == 24);
LAYOUT(sizeof(SNNJobSystem) == 24);
LAYOUT(offsetof(SNNJobSystem, struct_size) == 0);
LAYOUT(offsetof(SNNJobSystem, worker_count) == 4);
LAYOUT(offsetof(SNNJobSystem, parallel_for) == 8);
LAYOUT(offsetof(SNNJobSystem, user) == 16);
LAYOUT(sizeof(SNNDeviceInfo) == 344);
LAYOUT(offsetof(SNNDeviceInfo, struct_size) == 0);
LAYOUT(offsetof(SNNDeviceInfo, name) == 4);
LAYOUT(offsetof(SNNDeviceInfo, description) == 68);
LAYOUT(offsetof(SNNDeviceInfo, core_count) == 260);
LAYOUT(offsetof(SNNDeviceInfo, memory_bytes) == 264);
LAYOUT(offsetof(SNNDeviceInfo, can_train) == 272);
LAYOUT(offsetof(SNNDeviceInfo, instruction_sets) == 276);
LAYOUT(sizeof(SNNDeviceSpeed) == 88);
LAYOUT(offsetof(SNNDeviceSpeed, struct_size) == 0);
LAYOUT(offsetof(SNNDeviceSpeed, was_kept) == 4);
LAYOUT(offsetof(SNNDeviceSpeed, driver) == 8);
LAYOUT(offsetof(SNNDeviceSpeed, small_step_s) == 72);
LAYOUT(offsetof(SNNDeviceSpeed, large_step_s) == 80);
LAYOUT(sizeof(SNNConfig) == 88);
LAYOUT(offsetof(SNNConfig, struct_size) == 0);
LAYOUT(offsetof(SNNConfig, flags) == 4);
LAYOUT(offsetof(SNNConfig, file) == 8);
LAYOUT(offsetof(SNNConfig, network) == 16);
LAYOUT(offsetof(SNNConfig, device) == 24);
LAYOUT(offsetof(SNNConfig, batch_size) == 32);
LAYOUT(offsetof(SNNConfig, thread_count) == 36);
LAYOUT(offsetof(SNNConfig, instruction_set) == 40);
LAYOUT(offsetof(SNNConfig, max_catch_up_steps) == 44);
LAYOUT(offsetof(SNNConfig, allocator) == 48);
LAYOUT(offsetof(SNNConfig, job_system) == 56);
LAYOUT(offsetof(SNNConfig, log) == 64);
LAYOUT(offsetof(SNNConfig, log_user) == 72);
LAYOUT(offsetof(SNNConfig, seed) == 80);
LAYOUT(sizeof(SNNMemoryEstimate) == 48);
LAYOUT(offsetof(SNNMemoryEstimate, struct_size) == 0);
LAYOUT(offsetof(SNNMemoryEstimate, network_bytes) == 8);
LAYOUT(offsetof(SNNMemoryEstimate, weight_bytes) == 16);
LAYOUT(offsetof(SNNMemoryEstimate, state_bytes) == 24);
LAYOUT(offsetof(SNNMemoryEstimate, total_bytes) == 32);
LAYOUT(offsetof(SNNMemoryEstimate, opening_bytes) == 40);
LAYOUT(sizeof(SNNPlacementSlice) == 16);
LAYOUT(offsetof(SNNPlacementSlice, population) == 0);
LAYOUT(offsetof(SNNPlacementSlice, first) == 4);
LAYOUT(offsetof(SNNPlacementSlice, count) == 8);
LAYOUT(offsetof(SNNPlacementSlice, device) == 12);
LAYOUT(sizeof(SNNPlacementInfo) == 56);
LAYOUT(offsetof(SNNPlacementInfo, struct_size) == 0);
LAYOUT(offsetof(SNNPlacementInfo, device_count) == 4);
LAYOUT(offsetof(SNNPlacementInfo, slice_count) == 8);
LAYOUT(offsetof(SNNPlacementInfo, window_steps) == 12);
LAYOUT(offsetof(SNNPlacementInfo, device) == 16);
LAYOUT(offsetof(SNNPlacementInfo, reasons) == 24);
LAYOUT(offsetof(SNNPlacementInfo, slices) == 32);
LAYOUT(offsetof(SNNPlacementInfo, samples) == 40);
LAYOUT(offsetof(SNNPlacementInfo, step_s) == 48);
LAYOUT(sizeof(SNNSessionDevice) == 324);
LAYOUT(offsetof(SNNSessionDevice, struct_size) == 0);
LAYOUT(offsetof(SNNSessionDevice, name) == 4);
LAYOUT(offsetof(SNNSessionDevice, reason) == 68);
LAYOUT(sizeof(SNNSpikes) == 32);
LAYOUT(offsetof(SNNSpikes, struct_size) == 0);
LAYOUT(offsetof(SNNSpikes, population) == 4);
LAYOUT(offsetof(SNNSpikes, sample) == 8);
LAYOUT(offsetof(SNNSpikes, count) == 12);
LAYOUT(offsetof(SNNSpikes, neurons) == 16);
LAYOUT(offsetof(SNNSpikes, step) == 24);
LAYOUT(sizeof(SNNCounters) == 56);
LAYOUT(offsetof(SNNCounters, struct_size) == 0);
LAYOUT(offsetof(SNNCounters, steps) == 8);
LAYOUT(offsetof(SNNCounters, neuron_updates) == 16);
LAYOUT(offsetof(SNNCounters, spikes) == 24);
LAYOUT(offsetof(SNNCounters, input_spikes) == 32);
LAYOUT(offsetof(SNNCounters, synaptic_events) == 40);
LAYOUT(offsetof(SNNCounters, synaptic_operations) == 48);
LAYOUT(sizeof(SNNInputArray) == 24);
LAYOUT(offsetof(SNNInputArray, population) == 0);
LAYOUT(offsetof(SNNInputArray, held) == 4);
LAYOUT(offsetof(SNNInputArray, data) == 8);
LAYOUT(offsetof(SNNInputArray, count) == 16);
LAYOUT(sizeof(SNNRecordArray) == 32);
LAYOUT(offsetof(SNNRecordArray, population) == 0);
LAYOUT(offsetof(SNNRecordArray, dtype) == 4);
LAYOUT(offsetof(SNNRecordArray, variable) == 8);
LAYOUT(offsetof(SNNRecordArray, data) == 16);
LAYOUT(offsetof(SNNRecordArray, count) == 24);
LAYOUT(sizeof(SNNSpikeRecord) == 48);
LAYOUT(offsetof(SNNSpikeRecord, struct_size) == 0);
LAYOUT(offsetof(SNNSpikeRecord, population) == 4);
LAYOUT(offsetof(SNNSpikeRecord, steps) == 8);
LAYOUT(offsetof(SNNSpikeRecord, neurons) == 16);
LAYOUT(offsetof(SNNSpikeRecord, samples) == 24);
LAYOUT(offsetof(SNNSpikeRecord, capacity) == 32);
LAYOUT(offsetof(SNNSpikeRecord, count) == 40);
LAYOUT(sizeof(SNNSpikeInput) == 40);
LAYOUT(offsetof(SNNSpikeInput, struct_size) == 0);
LAYOUT(offsetof(SNNSpikeInput, population) == 4);
LAYOUT(offsetof(SNNSpikeInput, steps) == 8);
LAYOUT(offsetof(SNNSpikeInput, neurons) == 16);
LAYOUT(offsetof(SNNSpikeInput, samples) == 24);
LAYOUT(offsetof(SNNSpikeInput, count) == 32);
LAYOUT(sizeof(SNNValueRecord) == 48);
LAYOUT(offsetof(SNNValueRecord, struct_size) == 0);
LAYOUT(offsetof(SNNValueRecord, dtype) == 4);
LAYOUT(offsetof(SNNValueRecord, path) == 8);
LAYOUT(offsetof(SNNValueRecord, indices) == 16);
LAYOUT(offsetof(SNNValueRecord, index_count) == 24);
LAYOUT(offsetof(SNNValueRecord, data) == 32);
LAYOUT(offsetof(SNNValueRecord, count) == 40);
LAYOUT(sizeof(SNNRunDef) == 104);
LAYOUT(offsetof(SNNRunDef, struct_size) == 0);
LAYOUT(offsetof(SNNRunDef, step_count) == 4);
LAYOUT(offsetof(SNNRunDef, steps_before) == 8);
LAYOUT(offsetof(SNNRunDef, record_interval) == 12);
LAYOUT(offsetof(SNNRunDef, inputs) == 16);
LAYOUT(offsetof(SNNRunDef, spike_inputs) == 24);
LAYOUT(offsetof(SNNRunDef, records) == 32);
LAYOUT(offsetof(SNNRunDef, spike_records) == 40);
LAYOUT(offsetof(SNNRunDef, value_records) == 48);
LAYOUT(offsetof(SNNRunDef, input_count) == 56);
LAYOUT(offsetof(SNNRunDef, spike_input_count) == 60);
LAYOUT(offsetof(SNNRunDef, record_count) == 64);
LAYOUT(offsetof(SNNRunDef, spike_record_count) == 68);
LAYOUT(offsetof(SNNRunDef, value_record_count) == 72);
LAYOUT(offsetof(SNNRunDef, progress_interval) == 76);
LAYOUT(offsetof(SNNRunDef, progress) == 80);
LAYOUT(offsetof(SNNRunDef, progress_user) == 88);
LAYOUT(offsetof(SNNRunDef, out_step_count) == 96);
LAYOUT(sizeof(SNNEncoderDef) == 32);
LAYOUT(offsetof(SNNEncoderDef, struct_size) == 0);
LAYOUT(offsetof(SNNEncoderDef, kind) == 4);
LAYOUT(offsetof(SNNEncoderDef, step_count) == 8);
LAYOUT(offsetof(SNNEncoderDef, gain) == 12);
LAYOUT(offsetof(SNNEncoderDef, threshold) == 16);
LAYOUT(offsetof(SNNEncoderDef, seed) == 24);
LAYOUT(sizeof(SNNShape) == 16);
LAYOUT(offsetof(SNNShape, rank) == 0);
LAYOUT(offsetof(SNNShape, dims) == 4);
LAYOUT(sizeof(SNNPopulationDef) == 48);
LAYOUT(offsetof(SNNPopulationDef, struct_size) == 0);
LAYOUT(offsetof(SNNPopulationDef, kind) == 4);
LAYOUT(offsetof(SNNPopulationDef, name) == 8);
LAYOUT(offsetof(SNNPopulationDef, shape) == 16);
LAYOUT(offsetof(SNNPopulationDef, model_name) == 32);
LAYOUT(offsetof(SNNPopulationDef, model) == 40);
LAYOUT(sizeof(SNNProjectionDef) == 168);
LAYOUT(offsetof(SNNProjectionDef, struct_size) == 0);
LAYOUT(offsetof(SNNProjectionDef, kind) == 4);
LAYOUT(offsetof(SNNProjectionDef, name) == 8);
LAYOUT(offsetof(SNNProjectionDef, source) == 16);
LAYOUT(offsetof(SNNProjectionDef, target) == 20);
LAYOUT(offsetof(SNNProjectionDef, receptor) == 24);
LAYOUT(offsetof(SNNProjectionDef, delay_steps) == 32);
LAYOUT(offsetof(SNNProjectionDef, trainable) == 36);
LAYOUT(offsetof(SNNProjectionDef, detached) == 40);
LAYOUT(offsetof(SNNProjectionDef, arithmetic) == 44);
LAYOUT(offsetof(SNNProjectionDef, pool_mode) == 48);
LAYOUT(offsetof(SNNProjectionDef, weights) == 56);
LAYOUT(offsetof(SNNProjectionDef, weight_count) == 64);
LAYOUT(offsetof(SNNProjectionDef, bias) == 72);
LAYOUT(offsetof(SNNProjectionDef, bias_count) == 80);
LAYOUT(offsetof(SNNProjectionDef, row_offsets) == 88);
LAYOUT(offsetof(SNNProjectionDef, row_offset_count) == 96);
LAYOUT(offsetof(SNNProjectionDef, synapse_targets) == 104);
LAYOUT(offsetof(SNNProjectionDef, synapse_delays) == 112);
LAYOUT(offsetof(SNNProjectionDef, synapse_count) == 120);
LAYOUT(offsetof(SNNProjectionDef, kernel) == 128);
LAYOUT(offsetof(SNNProjectionDef, stride) == 136);
LAYOUT(offsetof(SNNProjectionDef, padding) == 144);
LAYOUT(offsetof(SNNProjectionDef, dilation) == 152);
LAYOUT(offsetof(SNNProjectionDef, groups) == 160);
LAYOUT(sizeof(SNNDistribution) == 40);
LAYOUT(offsetof(SNNDistribution, kind) == 0);
LAYOUT(offsetof(SNNDistribution, a) == 8);
LAYOUT(offsetof(SNNDistribution, b) == 16);
LAYOUT(offsetof(SNNDistribution, low) == 24);
LAYOUT(offsetof(SNNDistribution, high) == 32);
LAYOUT(sizeof(SNNRandomConnectionDef) == 216);
LAYOUT(offsetof(SNNRandomConnectionDef, struct_size) == 0);
LAYOUT(offsetof(SNNRandomConnectionDef, rule) == 4);
LAYOUT(offsetof(SNNRandomConnectionDef, probability) == 8);
LAYOUT(offsetof(SNNRandomConnectionDef, count) == 16);
LAYOUT(offsetof(SNNRandomConnectionDef, seed) == 24);
LAYOUT(offsetof(SNNRandomConnectionDef, allow_autapses) == 32);
LAYOUT(offsetof(SNNRandomConnectionDef, allow_multapses) == 36);
LAYOUT(offsetof(SNNRandomConnectionDef, weight) == 40);
LAYOUT(offsetof(SNNRandomConnectionDef, delay) == 80);
LAYOUT(offsetof(SNNRandomConnectionDef, first_source) == 120);
LAYOUT(offsetof(SNNRandomConnectionDef, source_count) == 124);
LAYOUT(offsetof(SNNRandomConnectionDef, first_target) == 128);
LAYOUT(offsetof(SNNRandomConnectionDef, target_count) == 132);
LAYOUT(offsetof(SNNRandomConnectionDef, kernel) == 136);
LAYOUT(offsetof(SNNRandomConnectionDef, dimensions) == 140);
LAYOUT(offsetof(SNNRandomConnectionDef, kernel_width) == 144);
LAYOUT(offsetof(SNNRandomConnectionDef, cutoff) == 152);
LAYOUT(offsetof(SNNRandomConnectionDef, period) == 160);
LAYOUT(offsetof(SNNRandomConnectionDef, source_positions) == 184);
LAYOUT(offsetof(SNNRandomConnectionDef, source_position_count) == 192);
LAYOUT(offsetof(SNNRandomConnectionDef, target_positions) == 200);
LAYOUT(offsetof(SNNRandomConnectionDef, target_position_count) == 208);
LAYOUT(sizeof(SNNNetworkInfo) == 48);
LAYOUT(offsetof(SNNNetworkInfo, struct_size) == 0);
LAYOUT(offsetof(SNNNetworkInfo, population_count) == 4);
LAYOUT(offsetof(SNNNetworkInfo, projection_count) == 8);
LAYOUT(offsetof(SNNNetworkInfo, finished) == 12);
LAYOUT(offsetof(SNNNetworkInfo, dt_ms) == 16);
LAYOUT(offsetof(SNNNetworkInfo, neuron_count) == 24);
LAYOUT(offsetof(SNNNetworkInfo, synapse_count) == 32);
LAYOUT(offsetof(SNNNetworkInfo, parameter_count) == 40);
LAYOUT(sizeof(SNNPopulationInfo) == 56);
LAYOUT(offsetof(SNNPopulationInfo, struct_size) == 0);
LAYOUT(offsetof(SNNPopulationInfo, kind) == 4);
LAYOUT(offsetof(SNNPopulationInfo, shape) == 8);
LAYOUT(offsetof(SNNPopulationInfo, size) == 24);
LAYOUT(offsetof(SNNPopulationInfo, name) == 32);
LAYOUT(offsetof(SNNPopulationInfo, model_name) == 40);
LAYOUT(offsetof(SNNPopulationInfo, surrogate_name) == 48);
LAYOUT(sizeof(SNNProjectionInfo) == 144);
LAYOUT(offsetof(SNNProjectionInfo, struct_size) == 0);
LAYOUT(offsetof(SNNProjectionInfo, kind) == 4);
LAYOUT(offsetof(SNNProjectionInfo, source) == 8);
LAYOUT(offsetof(SNNProjectionInfo, target) == 12);
LAYOUT(offsetof(SNNProjectionInfo, delay_steps) == 16);
LAYOUT(offsetof(SNNProjectionInfo, trainable) == 20);
LAYOUT(offsetof(SNNProjectionInfo, detached) == 24);
LAYOUT(offsetof(SNNProjectionInfo, arithmetic) == 28);
LAYOUT(offsetof(SNNProjectionInfo, pool_mode) == 32);
LAYOUT(offsetof(SNNProjectionInfo, min_delay_steps) == 36);
LAYOUT(offsetof(SNNProjectionInfo, max_delay_steps) == 40);
LAYOUT(offsetof(SNNProjectionInfo, by_rule) == 44);
LAYOUT(offsetof(SNNProjectionInfo, name) == 48);
LAYOUT(offsetof(SNNProjectionInfo, receptor) == 56);
LAYOUT(offsetof(SNNProjectionInfo, weight_count) == 64);
LAYOUT(offsetof(SNNProjectionInfo, bias_count) == 72);
LAYOUT(offsetof(SNNProjectionInfo, synapse_count) == 80);
LAYOUT(offsetof(SNNProjectionInfo, bias) == 88);
LAYOUT(offsetof(SNNProjectionInfo, fixed_point_scale) == 96);
LAYOUT(offsetof(SNNProjectionInfo, kernel) == 104);
LAYOUT(offsetof(SNNProjectionInfo, stride) == 112);
LAYOUT(offsetof(SNNProjectionInfo, padding) == 120);
LAYOUT(offsetof(SNNProjectionInfo, dilation) == 128);
LAYOUT(offsetof(SNNProjectionInfo, groups) == 136);
LAYOUT(sizeof(SNNProjectionArrays) == 48);
LAYOUT(offsetof(SNNProjectionArrays, struct_size) == 0);
LAYOUT(offsetof(SNNProjectionArrays, weight_count) == 8);
LAYOUT(offsetof(SNNProjectionArrays, weights) == 16);
LAYOUT(offsetof(SNNProjectionArrays, row_offsets) == 24);
LAYOUT(offsetof(SNNProjectionArrays, synapse_targets) == 32);
LAYOUT(offsetof(SNNProjectionArrays, synapse_delays) == 40);
LAYOUT(sizeof(SNNTrainerDef) == 152);
LAYOUT(offsetof(SNNTrainerDef, struct_size) == 0);
LAYOUT(offsetof(SNNTrainerDef, output_population) == 4);
LAYOUT(offsetof(SNNTrainerDef, step_count) == 8);
LAYOUT(offsetof(SNNTrainerDef, loss) == 12);
LAYOUT(offsetof(SNNTrainerDef, optimizer) == 16);
LAYOUT(offsetof(SNNTrainerDef, rule) == 20);
LAYOUT(offsetof(SNNTrainerDef, rate_on) == 24);
LAYOUT(offsetof(SNNTrainerDef, rate_off) == 28);
LAYOUT(offsetof(SNNTrainerDef, label_smoothing) == 32);
LAYOUT(offsetof(SNNTrainerDef, van_rossum_tau_ms) == 40);
LAYOUT(offsetof(SNNTrainerDef, learning_rate) == 48);
LAYOUT(offsetof(SNNTrainerDef, parameter_rate_factor) == 56);
LAYOUT(offsetof(SNNTrainerDef, momentum) == 64);
LAYOUT(offsetof(SNNTrainerDef, beta1) == 72);
LAYOUT(offsetof(SNNTrainerDef, beta2) == 80);
LAYOUT(offsetof(SNNTrainerDef, epsilon) == 88);
LAYOUT(offsetof(SNNTrainerDef, weight_decay) == 96);
LAYOUT(offsetof(SNNTrainerDef, l1_regularization) == 104);
LAYOUT(offsetof(SNNTrainerDef, gradient_clip_norm) == 112);
LAYOUT(offsetof(SNNTrainerDef, rate_regularization) == 120);
LAYOUT(offsetof(SNNTrainerDef, rate_target) == 128);
LAYOUT(offsetof(SNNTrainerDef, checkpoint_steps) == 136);
LAYOUT(offsetof(SNNTrainerDef, window_steps) == 140);
LAYOUT(offsetof(SNNTrainerDef, window_updates) == 144);
LAYOUT(sizeof(SNNBatch) == 64);
LAYOUT(offsetof(SNNBatch, struct_size) == 0);
LAYOUT(offsetof(SNNBatch, input_count) == 4);
LAYOUT(offsetof(SNNBatch, spike_input_count) == 8);
LAYOUT(offsetof(SNNBatch, inputs) == 16);
LAYOUT(offsetof(SNNBatch, spike_inputs) == 24);
LAYOUT(offsetof(SNNBatch, labels) == 32);
LAYOUT(offsetof(SNNBatch, label_count) == 40);
LAYOUT(offsetof(SNNBatch, targets) == 48);
LAYOUT(offsetof(SNNBatch, target_count) == 56);
LAYOUT(sizeof(SNNTrainResult) == 32);
LAYOUT(offsetof(SNNTrainResult, struct_size) == 0);
LAYOUT(offsetof(SNNTrainResult, sample_count) == 4);
LAYOUT(offsetof(SNNTrainResult, correct_count) == 8);
LAYOUT(offsetof(SNNTrainResult, loss) == 16);
LAYOUT(offsetof(SNNTrainResult, spike_count) == 24);
LAYOUT(sizeof(SNNWeightUpdate) == 24);
LAYOUT(offsetof(SNNWeightUpdate, struct_size) == 0);
LAYOUT(offsetof(SNNWeightUpdate, projection) == 4);
LAYOUT(offsetof(SNNWeightUpdate, update) == 8);
LAYOUT(offsetof(SNNWeightUpdate, gradient_norm) == 16);
LAYOUT(sizeof(SNNEpoch) == 40);
LAYOUT(offsetof(SNNEpoch, struct_size) == 0);
LAYOUT(offsetof(SNNEpoch, epoch) == 8);
LAYOUT(offsetof(SNNEpoch, sample_count) == 16);
LAYOUT(offsetof(SNNEpoch, correct_count) == 24);
LAYOUT(offsetof(SNNEpoch, mean_loss) == 32);
LAYOUT(sizeof(SNNVulkanHost) == 88);
LAYOUT(offsetof(SNNVulkanHost, struct_size) == 0);
LAYOUT(offsetof(SNNVulkanHost, queue_family) == 4);
LAYOUT(offsetof(SNNVulkanHost, instance) == 8);
LAYOUT(offsetof(SNNVulkanHost, physical_device) == 16);
LAYOUT(offsetof(SNNVulkanHost, device) == 24);
LAYOUT(offsetof(SNNVulkanHost, queue) == 32);
LAYOUT(offsetof(SNNVulkanHost, pipeline_cache) == 40);
LAYOUT(offsetof(SNNVulkanHost, get_instance_proc_addr) == 48);
LAYOUT(offsetof(SNNVulkanHost, lock_queue) == 56);
LAYOUT(offsetof(SNNVulkanHost, unlock_queue) == 64);
LAYOUT(offsetof(SNNVulkanHost, submit) == 72);
LAYOUT(offsetof(SNNVulkanHost, user) == 80);
LAYOUT(sizeof(SNNVulkanSemaphore) == 16);
LAYOUT(offsetof(SNNVulkanSemaphore, semaphore) == 0);
LAYOUT(offsetof(SNNVulkanSemaphore, value) == 8);
LAYOUT(sizeof(SNNVulkanSubmission) == 32);
LAYOUT(offsetof(SNNVulkanSubmission, struct_size) == 0);
LAYOUT(offsetof(SNNVulkanSubmission, wait_count) == 4);
LAYOUT(offsetof(SNNVulkanSubmission, signal_count) == 8);
LAYOUT(offsetof(SNNVulkanSubmission, reserved) == 12);
LAYOUT(offsetof(SNNVulkanSubmission, waits) == 16);
LAYOUT(offsetof(SNNVulkanSubmission, signals) == 24);
LAYOUT(sizeof(SNNVulkanDevice) == 64);
LAYOUT(offsetof(SNNVulkanDevice, struct_size) == 0);
LAYOUT(offsetof(SNNVulkanDevice, queue_family) == 4);
LAYOUT(offsetof(SNNVulkanDevice, instance) == 8);
LAYOUT(offsetof(SNNVulkanDevice, physical_device) == 16);
LAYOUT(offsetof(SNNVulkanDevice, device) == 24);
LAYOUT(offsetof(SNNVulkanDevice, queue) == 32);
LAYOUT(offsetof(SNNVulkanDevice, get_instance_proc_addr) == 40);
LAYOUT(offsetof(SNNVulkanDevice, submitted) == 48);
LAYOUT(sizeof(SNNVulkanBuffer) == 48);
LAYOUT(offsetof(SNNVulkanBuffer, struct_size) == 0);
LAYOUT(offsetof(SNNVulkanBuffer, type) == 4);
LAYOUT(offsetof(SNNVulkanBuffer, buffer) == 8);
LAYOUT(offsetof(SNNVulkanBuffer, offset_bytes) == 16);
LAYOUT(offsetof(SNNVulkanBuffer, size_bytes) == 24);
LAYOUT(offsetof(SNNVulkanBuffer, mapped) == 32);
LAYOUT(offsetof(SNNVulkanBuffer, is_cached) == 40);
LAYOUT(offsetof(SNNVulkanBuffer, reserved) == 44);
LAYOUT(sizeof(SNNVulkanPlanShader) == 32);
LAYOUT(offsetof(SNNVulkanPlanShader, spirv) == 0);
LAYOUT(offsetof(SNNVulkanPlanShader, word_count) == 8);
LAYOUT(offsetof(SNNVulkanPlanShader, constants) == 16);
LAYOUT(offsetof(SNNVulkanPlanShader, constant_count) == 24);
LAYOUT(sizeof(SNNVulkanPlanBuffer) == 24);
LAYOUT(offsetof(SNNVulkanPlanBuffer, size_bytes) == 0);
LAYOUT(offsetof(SNNVulkanPlanBuffer, contents) == 8);
LAYOUT(offsetof(SNNVulkanPlanBuffer, host_buffer) == 16);
LAYOUT(sizeof(SNNVulkanPlanBinding) == 24);
LAYOUT(offsetof(SNNVulkanPlanBinding, buffer) == 0);
LAYOUT(offsetof(SNNVulkanPlanBinding, reserved) == 4);
LAYOUT(offsetof(SNNVulkanPlanBinding, offset_bytes) == 8);
LAYOUT(offsetof(SNNVulkanPlanBinding, size_bytes) == 16);
LAYOUT(sizeof(SNNVulkanPlanDispatch) == 336);
LAYOUT(offsetof(SNNVulkanPlanDispatch, shader) == 0);
LAYOUT(offsetof(SNNVulkanPlanDispatch, barrier) == 4);
LAYOUT(offsetof(SNNVulkanPlanDispatch, groups) == 8);
LAYOUT(offsetof(SNNVulkanPlanDispatch, indirect_buffer) == 20);
LAYOUT(offsetof(SNNVulkanPlanDispatch, indirect_offset_bytes) == 24);
LAYOUT(offsetof(SNNVulkanPlanDispatch, push_bytes) == 32);
LAYOUT(offsetof(SNNVulkanPlanDispatch, push) == 36);
LAYOUT(offsetof(SNNVulkanPlanDispatch, reserved) == 164);
LAYOUT(offsetof(SNNVulkanPlanDispatch, bindings) == 168);
LAYOUT(sizeof(SNNVulkanPlan) == 40);
LAYOUT(offsetof(SNNVulkanPlan, struct_size) == 0);
LAYOUT(offsetof(SNNVulkanPlan, shader_count) == 4);
LAYOUT(offsetof(SNNVulkanPlan, buffer_count) == 8);
LAYOUT(offsetof(SNNVulkanPlan, dispatch_count) == 12);
LAYOUT(offsetof(SNNVulkanPlan, shaders) == 16);
LAYOUT(offsetof(SNNVulkanPlan, buffers) == 24);
LAYOUT(offsetof(SNNVulkanPlan, dispatches) == 32);

JNIEXPORT jlong JNICALL Java_snn_Native_snn_1version_1string(JNIEnv *env, jclass self) {
    (void)env;
    (void)self;
    return (jlong)(intptr_t)snn_version_string();
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1abi_1version(JNIEnv *env, jclass self) {
    (void)env;
    (void)self;
    return (jint)snn_abi_version();
}

JNIEXPORT jlong JNICALL Java_snn_Native_snn_1last_1error(JNIEnv *env, jclass self) {
    (void)env;
    (void)self;
    return (jlong)(intptr_t)snn_last_error();
}

JNIEXPORT jlong JNICALL Java_snn_Native_snn_1status_1name(JNIEnv *env, jclass self, jint status) {
    (void)env;
    (void)self;
    return (jlong)(intptr_t)snn_status_name((SNNStatus)status);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1device_1count(JNIEnv *env, jclass self, jlong out_count) {
    (void)env;
    (void)self;
    return (jint)snn_device_count((uint32_t *)(intptr_t)out_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1device_1get(JNIEnv *env, jclass self, jint index, jlong out_info) {
    (void)env;
    (void)self;
    return (jint)snn_device_get((uint32_t)index, (SNNDeviceInfo *)(intptr_t)out_info);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1device_1speed(JNIEnv *env, jclass self, jlong device, jlong out_speed) {
    (void)env;
    (void)self;
    return (jint)snn_device_speed((const char *)(intptr_t)device, (SNNDeviceSpeed *)(intptr_t)out_speed);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1config_1init(JNIEnv *env, jclass self, jlong out_config, jint struct_size) {
    (void)env;
    (void)self;
    snn_config_init((SNNConfig *)(intptr_t)out_config, (uint32_t)struct_size);
}

JNIEXPORT jlong JNICALL Java_snn_Native_snn_1available_1memory_1bytes(JNIEnv *env, jclass self) {
    (void)env;
    (void)self;
    return (jlong)snn_available_memory_bytes();
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1memory(JNIEnv *env, jclass self, jlong network, jlong config, jlong out_estimate, jlong out_projection_bytes, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_network_memory((SNNNetwork)(intptr_t)network, (const SNNConfig *)(intptr_t)config, (SNNMemoryEstimate *)(intptr_t)out_estimate, (uint64_t *)(intptr_t)out_projection_bytes, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1place(JNIEnv *env, jclass self, jlong network, jlong config, jlong out_placement) {
    (void)env;
    (void)self;
    return (jint)snn_network_place((SNNNetwork)(intptr_t)network, (const SNNConfig *)(intptr_t)config, (SNNPlacement *)(intptr_t)out_placement);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1placement_1get_1info(JNIEnv *env, jclass self, jlong placement, jlong out_info) {
    (void)env;
    (void)self;
    return (jint)snn_placement_get_info((SNNPlacement)(intptr_t)placement, (SNNPlacementInfo *)(intptr_t)out_info);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1placement_1release(JNIEnv *env, jclass self, jlong placement) {
    (void)env;
    (void)self;
    snn_placement_release((SNNPlacement)(intptr_t)placement);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1create_1network(JNIEnv *env, jclass self, jlong config, jlong out_handle) {
    (void)env;
    (void)self;
    return (jint)snn_create_network((const SNNConfig *)(intptr_t)config, (SNNHandle *)(intptr_t)out_handle);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1device(JNIEnv *env, jclass self, jlong handle, jlong out_device) {
    (void)env;
    (void)self;
    return (jint)snn_session_device((SNNHandle)(intptr_t)handle, (SNNSessionDevice *)(intptr_t)out_device);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1destroy_1network(JNIEnv *env, jclass self, jlong handle) {
    (void)env;
    (void)self;
    snn_destroy_network((SNNHandle)(intptr_t)handle);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1load_1weights(JNIEnv *env, jclass self, jlong handle, jlong path) {
    (void)env;
    (void)self;
    return (jint)snn_load_weights((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)path);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1run_1step(JNIEnv *env, jclass self, jlong handle, jfloat frame_dt) {
    (void)env;
    (void)self;
    return (jint)snn_run_step((SNNHandle)(intptr_t)handle, (float)frame_dt);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1run_1step_1within(JNIEnv *env, jclass self, jlong handle, jfloat frame_dt, jfloat budget_s, jlong out_steps) {
    (void)env;
    (void)self;
    return (jint)snn_run_step_within((SNNHandle)(intptr_t)handle, (float)frame_dt, (float)budget_s, (uint32_t *)(intptr_t)out_steps);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1begin(JNIEnv *env, jclass self, jlong handle, jfloat frame_dt, jfloat budget_s, jlong out_begun) {
    (void)env;
    (void)self;
    return (jint)snn_session_begin((SNNHandle)(intptr_t)handle, (float)frame_dt, (float)budget_s, (uint32_t *)(intptr_t)out_begun);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1poll(JNIEnv *env, jclass self, jlong handle, jlong out_done) {
    (void)env;
    (void)self;
    return (jint)snn_session_poll((SNNHandle)(intptr_t)handle, (uint32_t *)(intptr_t)out_done);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1wait(JNIEnv *env, jclass self, jlong handle) {
    (void)env;
    (void)self;
    return (jint)snn_session_wait((SNNHandle)(intptr_t)handle);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1get_1membrane_1potentials(JNIEnv *env, jclass self, jlong handle, jlong population, jlong out_potentials, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_get_membrane_potentials((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)population, (float *)(intptr_t)out_potentials, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1register_1spike_1callback(JNIEnv *env, jclass self, jlong handle, jlong callback, jlong user) {
    (void)env;
    (void)self;
    return (jint)snn_register_spike_callback((SNNHandle)(intptr_t)handle, (SpikeCallback)(intptr_t)callback, (void *)(intptr_t)user);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1network(JNIEnv *env, jclass self, jlong handle, jlong out_network) {
    (void)env;
    (void)self;
    return (jint)snn_session_network((SNNHandle)(intptr_t)handle, (SNNNetwork *)(intptr_t)out_network);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1to_1network(JNIEnv *env, jclass self, jlong handle, jlong out_network) {
    (void)env;
    (void)self;
    return (jint)snn_session_to_network((SNNHandle)(intptr_t)handle, (SNNNetwork *)(intptr_t)out_network);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1set_1input(JNIEnv *env, jclass self, jlong handle, jint population, jlong values, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_session_set_input((SNNHandle)(intptr_t)handle, (uint32_t)population, (const float *)(intptr_t)values, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1set_1sample_1input(JNIEnv *env, jclass self, jlong handle, jint population, jint sample, jlong values, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_session_set_sample_input((SNNHandle)(intptr_t)handle, (uint32_t)population, (uint32_t)sample, (const float *)(intptr_t)values, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1add_1input_1spikes(JNIEnv *env, jclass self, jlong handle, jint population, jint sample, jlong neurons, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_session_add_input_spikes((SNNHandle)(intptr_t)handle, (uint32_t)population, (uint32_t)sample, (const uint32_t *)(intptr_t)neurons, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1bind_1input(JNIEnv *env, jclass self, jlong handle, jint population, jlong values, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_session_bind_input((SNNHandle)(intptr_t)handle, (uint32_t)population, (const float *)(intptr_t)values, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1step(JNIEnv *env, jclass self, jlong handle, jint step_count) {
    (void)env;
    (void)self;
    return (jint)snn_session_step((SNNHandle)(intptr_t)handle, (uint32_t)step_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1reset(JNIEnv *env, jclass self, jlong handle) {
    (void)env;
    (void)self;
    return (jint)snn_session_reset((SNNHandle)(intptr_t)handle);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1reset_1samples(JNIEnv *env, jclass self, jlong handle, jlong samples, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_session_reset_samples((SNNHandle)(intptr_t)handle, (const uint32_t *)(intptr_t)samples, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1step_1count(JNIEnv *env, jclass self, jlong handle, jlong out_steps) {
    (void)env;
    (void)self;
    return (jint)snn_session_step_count((SNNHandle)(intptr_t)handle, (uint64_t *)(intptr_t)out_steps);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1set_1step_1count(JNIEnv *env, jclass self, jlong handle, jlong steps) {
    (void)env;
    (void)self;
    return (jint)snn_session_set_step_count((SNNHandle)(intptr_t)handle, (uint64_t)steps);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1seed(JNIEnv *env, jclass self, jlong handle, jlong out_seed) {
    (void)env;
    (void)self;
    return (jint)snn_session_seed((SNNHandle)(intptr_t)handle, (uint64_t *)(intptr_t)out_seed);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1get_1spikes(JNIEnv *env, jclass self, jlong handle, jint population, jint sample, jlong out_neurons, jlong out_count) {
    (void)env;
    (void)self;
    return (jint)snn_session_get_spikes((SNNHandle)(intptr_t)handle, (uint32_t)population, (uint32_t)sample, (const uint32_t **)(intptr_t)out_neurons, (uint32_t *)(intptr_t)out_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1get_1counters(JNIEnv *env, jclass self, jlong handle, jlong out_counters) {
    (void)env;
    (void)self;
    return (jint)snn_get_counters((SNNHandle)(intptr_t)handle, (SNNCounters *)(intptr_t)out_counters);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1save_1state(JNIEnv *env, jclass self, jlong handle, jlong path) {
    (void)env;
    (void)self;
    return (jint)snn_save_state((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)path);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1load_1state(JNIEnv *env, jclass self, jlong handle, jlong path) {
    (void)env;
    (void)self;
    return (jint)snn_load_state((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)path);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1save_1state_1memory(JNIEnv *env, jclass self, jlong handle, jlong out_data, jlong size_bytes, jlong out_size_bytes) {
    (void)env;
    (void)self;
    return (jint)snn_save_state_memory((SNNHandle)(intptr_t)handle, (void *)(intptr_t)out_data, (size_t)size_bytes, (size_t *)(intptr_t)out_size_bytes);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1load_1state_1memory(JNIEnv *env, jclass self, jlong handle, jlong data, jlong size_bytes) {
    (void)env;
    (void)self;
    return (jint)snn_load_state_memory((SNNHandle)(intptr_t)handle, (const void *)(intptr_t)data, (size_t)size_bytes);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1read(JNIEnv *env, jclass self, jlong handle, jlong path, jint dtype, jlong out_data, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_session_read((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)path, (uint32_t)dtype, (void *)(intptr_t)out_data, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1write(JNIEnv *env, jclass self, jlong handle, jlong path, jint dtype, jlong data, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_session_write((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)path, (uint32_t)dtype, (const void *)(intptr_t)data, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1value_1count(JNIEnv *env, jclass self, jlong handle, jlong path, jlong out_count) {
    (void)env;
    (void)self;
    return (jint)snn_session_value_count((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)path, (size_t *)(intptr_t)out_count);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1run_1def_1init(JNIEnv *env, jclass self, jlong out_def, jint struct_size) {
    (void)env;
    (void)self;
    snn_run_def_init((SNNRunDef *)(intptr_t)out_def, (uint32_t)struct_size);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1session_1run(JNIEnv *env, jclass self, jlong handle, jlong def) {
    (void)env;
    (void)self;
    return (jint)snn_session_run((SNNHandle)(intptr_t)handle, (const SNNRunDef *)(intptr_t)def);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1encoder_1def_1init(JNIEnv *env, jclass self, jlong out_def, jint struct_size) {
    (void)env;
    (void)self;
    snn_encoder_def_init((SNNEncoderDef *)(intptr_t)out_def, (uint32_t)struct_size);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1encode(JNIEnv *env, jclass self, jlong def, jlong values, jlong value_count, jlong sample_count, jlong feature_count, jlong out_encoded, jlong out_count) {
    (void)env;
    (void)self;
    return (jint)snn_encode((const SNNEncoderDef *)(intptr_t)def, (const float *)(intptr_t)values, (size_t)value_count, (size_t)sample_count, (size_t)feature_count, (float *)(intptr_t)out_encoded, (size_t)out_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1random_1fill(JNIEnv *env, jclass self, jlong seed, jlong stream, jint distribution, jdouble a, jdouble b, jlong out_values, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_random_fill((uint64_t)seed, (uint64_t)stream, (uint32_t)distribution, (double)a, (double)b, (float *)(intptr_t)out_values, (size_t)count);
}

JNIEXPORT jlong JNICALL Java_snn_Native_snn_1model_1builtin_1name(JNIEnv *env, jclass self, jint index) {
    (void)env;
    (void)self;
    return (jlong)(intptr_t)snn_model_builtin_name((uint32_t)index);
}

JNIEXPORT jlong JNICALL Java_snn_Native_snn_1surrogate_1builtin_1name(JNIEnv *env, jclass self, jint index) {
    (void)env;
    (void)self;
    return (jlong)(intptr_t)snn_surrogate_builtin_name((uint32_t)index);
}

JNIEXPORT jlong JNICALL Java_snn_Native_snn_1plasticity_1builtin_1name(JNIEnv *env, jclass self, jint index) {
    (void)env;
    (void)self;
    return (jlong)(intptr_t)snn_plasticity_builtin_name((uint32_t)index);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1model_1load(JNIEnv *env, jclass self, jlong text, jlong size_bytes, jlong out_model) {
    (void)env;
    (void)self;
    return (jint)snn_model_load((const char *)(intptr_t)text, (size_t)size_bytes, (SNNModel *)(intptr_t)out_model);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1model_1builtin(JNIEnv *env, jclass self, jlong name, jint kind, jlong out_model) {
    (void)env;
    (void)self;
    return (jint)snn_model_builtin((const char *)(intptr_t)name, (uint32_t)kind, (SNNModel *)(intptr_t)out_model);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1model_1text(JNIEnv *env, jclass self, jlong model, jlong out_text, jlong out_size_bytes) {
    (void)env;
    (void)self;
    return (jint)snn_model_text((SNNModel)(intptr_t)model, (const char **)(intptr_t)out_text, (size_t *)(intptr_t)out_size_bytes);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1model_1retain(JNIEnv *env, jclass self, jlong model) {
    (void)env;
    (void)self;
    return (jint)snn_model_retain((SNNModel)(intptr_t)model);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1model_1release(JNIEnv *env, jclass self, jlong model) {
    (void)env;
    (void)self;
    snn_model_release((SNNModel)(intptr_t)model);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1population_1def_1init(JNIEnv *env, jclass self, jlong out_def, jint struct_size) {
    (void)env;
    (void)self;
    snn_population_def_init((SNNPopulationDef *)(intptr_t)out_def, (uint32_t)struct_size);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1projection_1def_1init(JNIEnv *env, jclass self, jlong out_def, jint struct_size) {
    (void)env;
    (void)self;
    snn_projection_def_init((SNNProjectionDef *)(intptr_t)out_def, (uint32_t)struct_size);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1random_1connection_1def_1init(JNIEnv *env, jclass self, jlong out_def, jint struct_size) {
    (void)env;
    (void)self;
    snn_random_connection_def_init((SNNRandomConnectionDef *)(intptr_t)out_def, (uint32_t)struct_size);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1random_1draw(JNIEnv *env, jclass self, jlong distribution, jlong seed, jlong stream, jlong out_values, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_random_draw((const SNNDistribution *)(intptr_t)distribution, (uint64_t)seed, (uint64_t)stream, (double *)(intptr_t)out_values, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1create(JNIEnv *env, jclass self, jdouble dt_ms, jlong out_network) {
    (void)env;
    (void)self;
    return (jint)snn_network_create((double)dt_ms, (SNNNetwork *)(intptr_t)out_network);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1add_1population(JNIEnv *env, jclass self, jlong network, jlong def, jlong out_index) {
    (void)env;
    (void)self;
    return (jint)snn_network_add_population((SNNNetwork)(intptr_t)network, (const SNNPopulationDef *)(intptr_t)def, (uint32_t *)(intptr_t)out_index);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1set_1parameter(JNIEnv *env, jclass self, jlong network, jint population, jlong parameter, jlong values, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_network_set_parameter((SNNNetwork)(intptr_t)network, (uint32_t)population, (const char *)(intptr_t)parameter, (const double *)(intptr_t)values, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1set_1learnable(JNIEnv *env, jclass self, jlong network, jint population, jlong parameter, jint learnable) {
    (void)env;
    (void)self;
    return (jint)snn_network_set_learnable((SNNNetwork)(intptr_t)network, (uint32_t)population, (const char *)(intptr_t)parameter, (uint32_t)learnable);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1learnable(JNIEnv *env, jclass self, jlong network, jint population, jlong parameter, jlong out_learnable) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_learnable((SNNNetwork)(intptr_t)network, (uint32_t)population, (const char *)(intptr_t)parameter, (uint32_t *)(intptr_t)out_learnable);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1set_1option(JNIEnv *env, jclass self, jlong network, jint population, jlong option, jlong choice) {
    (void)env;
    (void)self;
    return (jint)snn_network_set_option((SNNNetwork)(intptr_t)network, (uint32_t)population, (const char *)(intptr_t)option, (const char *)(intptr_t)choice);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1set_1initial_1state(JNIEnv *env, jclass self, jlong network, jint population, jlong state, jlong values, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_network_set_initial_state((SNNNetwork)(intptr_t)network, (uint32_t)population, (const char *)(intptr_t)state, (const double *)(intptr_t)values, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1set_1surrogate(JNIEnv *env, jclass self, jlong network, jint population, jlong name, jlong surrogate, jlong parameters, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_network_set_surrogate((SNNNetwork)(intptr_t)network, (uint32_t)population, (const char *)(intptr_t)name, (SNNModel)(intptr_t)surrogate, (const double *)(intptr_t)parameters, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1connect(JNIEnv *env, jclass self, jlong network, jlong def, jlong out_index) {
    (void)env;
    (void)self;
    return (jint)snn_network_connect((SNNNetwork)(intptr_t)network, (const SNNProjectionDef *)(intptr_t)def, (uint32_t *)(intptr_t)out_index);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1set_1plasticity(JNIEnv *env, jclass self, jlong network, jint projection, jlong name, jlong rule) {
    (void)env;
    (void)self;
    return (jint)snn_network_set_plasticity((SNNNetwork)(intptr_t)network, (uint32_t)projection, (const char *)(intptr_t)name, (SNNModel)(intptr_t)rule);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1set_1plasticity_1parameter(JNIEnv *env, jclass self, jlong network, jint projection, jlong parameter, jdouble value) {
    (void)env;
    (void)self;
    return (jint)snn_network_set_plasticity_parameter((SNNNetwork)(intptr_t)network, (uint32_t)projection, (const char *)(intptr_t)parameter, (double)value);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1set_1plasticity_1option(JNIEnv *env, jclass self, jlong network, jint projection, jlong option, jlong choice) {
    (void)env;
    (void)self;
    return (jint)snn_network_set_plasticity_option((SNNNetwork)(intptr_t)network, (uint32_t)projection, (const char *)(intptr_t)option, (const char *)(intptr_t)choice);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1connect_1random(JNIEnv *env, jclass self, jlong network, jlong def, jlong rule, jlong out_index) {
    (void)env;
    (void)self;
    return (jint)snn_network_connect_random((SNNNetwork)(intptr_t)network, (const SNNProjectionDef *)(intptr_t)def, (const SNNRandomConnectionDef *)(intptr_t)rule, (uint32_t *)(intptr_t)out_index);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1finish(JNIEnv *env, jclass self, jlong network) {
    (void)env;
    (void)self;
    return (jint)snn_network_finish((SNNNetwork)(intptr_t)network);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1retain(JNIEnv *env, jclass self, jlong network) {
    (void)env;
    (void)self;
    return (jint)snn_network_retain((SNNNetwork)(intptr_t)network);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1network_1release(JNIEnv *env, jclass self, jlong network) {
    (void)env;
    (void)self;
    snn_network_release((SNNNetwork)(intptr_t)network);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1save(JNIEnv *env, jclass self, jlong network, jlong path) {
    (void)env;
    (void)self;
    return (jint)snn_network_save((SNNNetwork)(intptr_t)network, (const char *)(intptr_t)path);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1load(JNIEnv *env, jclass self, jlong path, jlong out_network) {
    (void)env;
    (void)self;
    return (jint)snn_network_load((const char *)(intptr_t)path, (SNNNetwork *)(intptr_t)out_network);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1load_1memory(JNIEnv *env, jclass self, jlong data, jlong size_bytes, jlong out_network) {
    (void)env;
    (void)self;
    return (jint)snn_network_load_memory((const void *)(intptr_t)data, (size_t)size_bytes, (SNNNetwork *)(intptr_t)out_network);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1info(JNIEnv *env, jclass self, jlong network, jlong out_info) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_info((SNNNetwork)(intptr_t)network, (SNNNetworkInfo *)(intptr_t)out_info);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1population(JNIEnv *env, jclass self, jlong network, jint index, jlong out_info) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_population((SNNNetwork)(intptr_t)network, (uint32_t)index, (SNNPopulationInfo *)(intptr_t)out_info);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1projection(JNIEnv *env, jclass self, jlong network, jint index, jlong out_info) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_projection((SNNNetwork)(intptr_t)network, (uint32_t)index, (SNNProjectionInfo *)(intptr_t)out_info);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1projection_1arrays(JNIEnv *env, jclass self, jlong network, jint index, jlong out_arrays) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_projection_arrays((SNNNetwork)(intptr_t)network, (uint32_t)index, (SNNProjectionArrays *)(intptr_t)out_arrays);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1connection_1rule(JNIEnv *env, jclass self, jlong network, jint index, jlong out_rule) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_connection_rule((SNNNetwork)(intptr_t)network, (uint32_t)index, (SNNRandomConnectionDef *)(intptr_t)out_rule);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1synapses(JNIEnv *env, jclass self, jlong network, jint projection, jint first_source, jint source_count, jlong out_sources, jlong out_targets, jlong out_delays, jlong out_weights, jlong io_count) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_synapses((SNNNetwork)(intptr_t)network, (uint32_t)projection, (uint32_t)first_source, (uint32_t)source_count, (uint32_t *)(intptr_t)out_sources, (uint32_t *)(intptr_t)out_targets, (uint32_t *)(intptr_t)out_delays, (float *)(intptr_t)out_weights, (size_t *)(intptr_t)io_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1find_1population(JNIEnv *env, jclass self, jlong network, jlong name, jlong out_index) {
    (void)env;
    (void)self;
    return (jint)snn_network_find_population((SNNNetwork)(intptr_t)network, (const char *)(intptr_t)name, (uint32_t *)(intptr_t)out_index);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1find_1projection(JNIEnv *env, jclass self, jlong network, jlong name, jlong out_index) {
    (void)env;
    (void)self;
    return (jint)snn_network_find_projection((SNNNetwork)(intptr_t)network, (const char *)(intptr_t)name, (uint32_t *)(intptr_t)out_index);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1model(JNIEnv *env, jclass self, jlong network, jint population, jlong out_model) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_model((SNNNetwork)(intptr_t)network, (uint32_t)population, (SNNModel *)(intptr_t)out_model);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1surrogate(JNIEnv *env, jclass self, jlong network, jint population, jlong out_surrogate) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_surrogate((SNNNetwork)(intptr_t)network, (uint32_t)population, (SNNModel *)(intptr_t)out_surrogate);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1parameter(JNIEnv *env, jclass self, jlong network, jint population, jlong parameter, jlong out_values, jlong io_count) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_parameter((SNNNetwork)(intptr_t)network, (uint32_t)population, (const char *)(intptr_t)parameter, (double *)(intptr_t)out_values, (size_t *)(intptr_t)io_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1initial_1state(JNIEnv *env, jclass self, jlong network, jint population, jlong state, jlong out_values, jlong io_count) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_initial_state((SNNNetwork)(intptr_t)network, (uint32_t)population, (const char *)(intptr_t)state, (double *)(intptr_t)out_values, (size_t *)(intptr_t)io_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1surrogate_1parameters(JNIEnv *env, jclass self, jlong network, jint population, jlong out_values, jlong io_count) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_surrogate_parameters((SNNNetwork)(intptr_t)network, (uint32_t)population, (double *)(intptr_t)out_values, (size_t *)(intptr_t)io_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1option(JNIEnv *env, jclass self, jlong network, jint population, jlong option, jlong out_choice) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_option((SNNNetwork)(intptr_t)network, (uint32_t)population, (const char *)(intptr_t)option, (const char **)(intptr_t)out_choice);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1plasticity(JNIEnv *env, jclass self, jlong network, jint projection, jlong out_rule) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_plasticity((SNNNetwork)(intptr_t)network, (uint32_t)projection, (SNNModel *)(intptr_t)out_rule);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1plasticity_1parameter(JNIEnv *env, jclass self, jlong network, jint projection, jlong parameter, jlong out_value) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_plasticity_parameter((SNNNetwork)(intptr_t)network, (uint32_t)projection, (const char *)(intptr_t)parameter, (double *)(intptr_t)out_value);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1network_1get_1plasticity_1option(JNIEnv *env, jclass self, jlong network, jint projection, jlong option, jlong out_choice) {
    (void)env;
    (void)self;
    return (jint)snn_network_get_plasticity_option((SNNNetwork)(intptr_t)network, (uint32_t)projection, (const char *)(intptr_t)option, (const char **)(intptr_t)out_choice);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1trainer_1def_1init(JNIEnv *env, jclass self, jlong out_def, jint struct_size) {
    (void)env;
    (void)self;
    snn_trainer_def_init((SNNTrainerDef *)(intptr_t)out_def, (uint32_t)struct_size);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1create(JNIEnv *env, jclass self, jlong handle, jlong def, jlong out_trainer) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_create((SNNHandle)(intptr_t)handle, (const SNNTrainerDef *)(intptr_t)def, (SNNTrainer *)(intptr_t)out_trainer);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1trainer_1release(JNIEnv *env, jclass self, jlong trainer) {
    (void)env;
    (void)self;
    snn_trainer_release((SNNTrainer)(intptr_t)trainer);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1step(JNIEnv *env, jclass self, jlong trainer, jlong batch, jlong io_result) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_step((SNNTrainer)(intptr_t)trainer, (const SNNBatch *)(intptr_t)batch, (SNNTrainResult *)(intptr_t)io_result);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1forward(JNIEnv *env, jclass self, jlong trainer, jlong batch, jlong io_result) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_forward((SNNTrainer)(intptr_t)trainer, (const SNNBatch *)(intptr_t)batch, (SNNTrainResult *)(intptr_t)io_result);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1backward(JNIEnv *env, jclass self, jlong trainer) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_backward((SNNTrainer)(intptr_t)trainer);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1update(JNIEnv *env, jclass self, jlong trainer) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_update((SNNTrainer)(intptr_t)trainer);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1run(JNIEnv *env, jclass self, jlong trainer, jlong batch, jlong records, jint record_count, jlong io_result) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_run((SNNTrainer)(intptr_t)trainer, (const SNNBatch *)(intptr_t)batch, (const SNNRecordArray *)(intptr_t)records, (uint32_t)record_count, (SNNTrainResult *)(intptr_t)io_result);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1run_1backward(JNIEnv *env, jclass self, jlong trainer, jdouble loss, jlong gradients, jint gradient_count, jlong input_gradients, jint input_gradient_count) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_run_backward((SNNTrainer)(intptr_t)trainer, (double)loss, (const SNNRecordArray *)(intptr_t)gradients, (uint32_t)gradient_count, (const SNNRecordArray *)(intptr_t)input_gradients, (uint32_t)input_gradient_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1scores(JNIEnv *env, jclass self, jlong trainer, jlong out_scores, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_scores((SNNTrainer)(intptr_t)trainer, (float *)(intptr_t)out_scores, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1loss_1of(JNIEnv *env, jclass self, jlong trainer, jint population, jlong out_loss) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_loss_of((SNNTrainer)(intptr_t)trainer, (uint32_t)population, (double *)(intptr_t)out_loss);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1get_1state(JNIEnv *env, jclass self, jlong trainer, jlong out_values, jlong io_count) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_get_state((SNNTrainer)(intptr_t)trainer, (double *)(intptr_t)out_values, (size_t *)(intptr_t)io_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1set_1state(JNIEnv *env, jclass self, jlong trainer, jlong values, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_set_state((SNNTrainer)(intptr_t)trainer, (const double *)(intptr_t)values, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1set_1auxiliary_1loss(JNIEnv *env, jclass self, jlong trainer, jint population, jint loss, jdouble weight) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_set_auxiliary_loss((SNNTrainer)(intptr_t)trainer, (uint32_t)population, (uint32_t)loss, (double)weight);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1set_1class_1weights(JNIEnv *env, jclass self, jlong trainer, jlong weights, jlong count) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_set_class_weights((SNNTrainer)(intptr_t)trainer, (const float *)(intptr_t)weights, (size_t)count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1set_1dropout(JNIEnv *env, jclass self, jlong trainer, jint population, jdouble probability, jlong seed) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_set_dropout((SNNTrainer)(intptr_t)trainer, (uint32_t)population, (double)probability, (uint64_t)seed);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1set_1quantization(JNIEnv *env, jclass self, jlong trainer, jint projection, jint bits, jint per_channel) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_set_quantization((SNNTrainer)(intptr_t)trainer, (uint32_t)projection, (uint32_t)bits, (uint32_t)per_channel);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1set_1normalization(JNIEnv *env, jclass self, jlong trainer, jint projection, jdouble scale, jdouble momentum, jdouble epsilon) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_set_normalization((SNNTrainer)(intptr_t)trainer, (uint32_t)projection, (double)scale, (double)momentum, (double)epsilon);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1set_1delay_1learning(JNIEnv *env, jclass self, jlong trainer, jint projection, jint kernel, jdouble width, jdouble rate_factor) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_set_delay_learning((SNNTrainer)(intptr_t)trainer, (uint32_t)projection, (uint32_t)kernel, (double)width, (double)rate_factor);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1set_1learning_1rate(JNIEnv *env, jclass self, jlong trainer, jdouble learning_rate) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_set_learning_rate((SNNTrainer)(intptr_t)trainer, (double)learning_rate);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1register_1weight_1callback(JNIEnv *env, jclass self, jlong handle, jlong callback, jlong user) {
    (void)env;
    (void)self;
    return (jint)snn_register_weight_callback((SNNHandle)(intptr_t)handle, (SNNWeightCallback)(intptr_t)callback, (void *)(intptr_t)user);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1register_1epoch_1callback(JNIEnv *env, jclass self, jlong handle, jlong callback, jlong user) {
    (void)env;
    (void)self;
    return (jint)snn_register_epoch_callback((SNNHandle)(intptr_t)handle, (SNNEpochCallback)(intptr_t)callback, (void *)(intptr_t)user);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1trainer_1end_1epoch(JNIEnv *env, jclass self, jlong trainer, jlong io_epoch) {
    (void)env;
    (void)self;
    return (jint)snn_trainer_end_epoch((SNNTrainer)(intptr_t)trainer, (SNNEpoch *)(intptr_t)io_epoch);
}

JNIEXPORT void JNICALL Java_snn_Native_snn_1vulkan_1host_1init(JNIEnv *env, jclass self, jlong out_host, jint struct_size) {
    (void)env;
    (void)self;
    snn_vulkan_host_init((SNNVulkanHost *)(intptr_t)out_host, (uint32_t)struct_size);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1create_1network(JNIEnv *env, jclass self, jlong config, jlong host, jlong out_handle) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_create_network((const SNNConfig *)(intptr_t)config, (const SNNVulkanHost *)(intptr_t)host, (SNNHandle *)(intptr_t)out_handle);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1record_1steps(JNIEnv *env, jclass self, jlong handle, jlong command_buffer, jint step_count) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_record_steps((SNNHandle)(intptr_t)handle, (void *)(intptr_t)command_buffer, (uint32_t)step_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1submit_1steps(JNIEnv *env, jclass self, jlong handle, jlong submission, jint step_count) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_submit_steps((SNNHandle)(intptr_t)handle, (const SNNVulkanSubmission *)(intptr_t)submission, (uint32_t)step_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1get_1device(JNIEnv *env, jclass self, jlong handle, jlong out_device) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_get_device((SNNHandle)(intptr_t)handle, (SNNVulkanDevice *)(intptr_t)out_device);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1get_1buffer(JNIEnv *env, jclass self, jlong handle, jlong state, jlong out_buffer) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_get_buffer((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)state, (SNNVulkanBuffer *)(intptr_t)out_buffer);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1bind_1buffer(JNIEnv *env, jclass self, jlong handle, jlong path, jlong buffer) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_bind_buffer((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)path, (const SNNVulkanBuffer *)(intptr_t)buffer);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1set_1readback(JNIEnv *env, jclass self, jlong handle, jlong paths, jint path_count, jint frame_count) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_set_readback((SNNHandle)(intptr_t)handle, (const char **)(intptr_t)paths, (uint32_t)path_count, (uint32_t)frame_count);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1record_1readback(JNIEnv *env, jclass self, jlong handle, jlong command_buffer, jlong frame) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_record_readback((SNNHandle)(intptr_t)handle, (void *)(intptr_t)command_buffer, (uint64_t)frame);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1read_1back(JNIEnv *env, jclass self, jlong handle, jlong path, jlong finished_frame, jint dtype, jlong out_data, jlong count, jlong out_frame) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_read_back((SNNHandle)(intptr_t)handle, (const char *)(intptr_t)path, (uint64_t)finished_frame, (uint32_t)dtype, (void *)(intptr_t)out_data, (size_t)count, (uint64_t *)(intptr_t)out_frame);
}

JNIEXPORT jint JNICALL Java_snn_Native_snn_1vulkan_1get_1plan(JNIEnv *env, jclass self, jlong handle, jlong out_plan) {
    (void)env;
    (void)self;
    return (jint)snn_vulkan_get_plan((SNNHandle)(intptr_t)handle, (SNNVulkanPlan *)(intptr_t)out_plan);
}
