// Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand.

namespace Snn.Tests
{
    internal static unsafe class Layouts
    {
        internal static void Check()
        {
            Assert.Equal(32, sizeof(SNNAllocator), "sizeof(SNNAllocator)");
            {
                SNNAllocator it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNAllocator.struct_size");
                Assert.Equal(8, (byte*)&it.allocate - start, "SNNAllocator.allocate");
                Assert.Equal(16, (byte*)&it.release - start, "SNNAllocator.release");
                Assert.Equal(24, (byte*)&it.user - start, "SNNAllocator.user");
            }
            Assert.Equal(24, sizeof(SNNJobSystem), "sizeof(SNNJobSystem)");
            {
                SNNJobSystem it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNJobSystem.struct_size");
                Assert.Equal(4, (byte*)&it.worker_count - start, "SNNJobSystem.worker_count");
                Assert.Equal(8, (byte*)&it.parallel_for - start, "SNNJobSystem.parallel_for");
                Assert.Equal(16, (byte*)&it.user - start, "SNNJobSystem.user");
            }
            Assert.Equal(344, sizeof(SNNDeviceInfo), "sizeof(SNNDeviceInfo)");
            {
                SNNDeviceInfo it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNDeviceInfo.struct_size");
                Assert.Equal(4, (byte*)it.name - start, "SNNDeviceInfo.name");
                Assert.Equal(68, (byte*)it.description - start, "SNNDeviceInfo.description");
                Assert.Equal(260, (byte*)&it.core_count - start, "SNNDeviceInfo.core_count");
                Assert.Equal(264, (byte*)&it.memory_bytes - start, "SNNDeviceInfo.memory_bytes");
                Assert.Equal(272, (byte*)&it.can_train - start, "SNNDeviceInfo.can_train");
                Assert.Equal(276, (byte*)it.instruction_sets - start, "SNNDeviceInfo.instruction_sets");
            }
            Assert.Equal(88, sizeof(SNNDeviceSpeed), "sizeof(SNNDeviceSpeed)");
            {
                SNNDeviceSpeed it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNDeviceSpeed.struct_size");
                Assert.Equal(4, (byte*)&it.was_kept - start, "SNNDeviceSpeed.was_kept");
                Assert.Equal(8, (byte*)it.driver - start, "SNNDeviceSpeed.driver");
                Assert.Equal(72, (byte*)&it.small_step_s - start, "SNNDeviceSpeed.small_step_s");
                Assert.Equal(80, (byte*)&it.large_step_s - start, "SNNDeviceSpeed.large_step_s");
            }
            Assert.Equal(88, sizeof(SNNConfig), "sizeof(SNNConfig)");
            {
                SNNConfig it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNConfig.struct_size");
                Assert.Equal(4, (byte*)&it.flags - start, "SNNConfig.flags");
                Assert.Equal(8, (byte*)&it.file - start, "SNNConfig.file");
                Assert.Equal(16, (byte*)&it.network - start, "SNNConfig.network");
                Assert.Equal(24, (byte*)&it.device - start, "SNNConfig.device");
                Assert.Equal(32, (byte*)&it.batch_size - start, "SNNConfig.batch_size");
                Assert.Equal(36, (byte*)&it.thread_count - start, "SNNConfig.thread_count");
                Assert.Equal(40, (byte*)&it.instruction_set - start, "SNNConfig.instruction_set");
                Assert.Equal(44, (byte*)&it.max_catch_up_steps - start, "SNNConfig.max_catch_up_steps");
                Assert.Equal(48, (byte*)&it.allocator - start, "SNNConfig.allocator");
                Assert.Equal(56, (byte*)&it.job_system - start, "SNNConfig.job_system");
                Assert.Equal(64, (byte*)&it.log - start, "SNNConfig.log");
                Assert.Equal(72, (byte*)&it.log_user - start, "SNNConfig.log_user");
                Assert.Equal(80, (byte*)&it.seed - start, "SNNConfig.seed");
            }
            Assert.Equal(48, sizeof(SNNMemoryEstimate), "sizeof(SNNMemoryEstimate)");
            {
                SNNMemoryEstimate it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNMemoryEstimate.struct_size");
                Assert.Equal(8, (byte*)&it.network_bytes - start, "SNNMemoryEstimate.network_bytes");
                Assert.Equal(16, (byte*)&it.weight_bytes - start, "SNNMemoryEstimate.weight_bytes");
                Assert.Equal(24, (byte*)&it.state_bytes - start, "SNNMemoryEstimate.state_bytes");
                Assert.Equal(32, (byte*)&it.total_bytes - start, "SNNMemoryEstimate.total_bytes");
                Assert.Equal(40, (byte*)&it.opening_bytes - start, "SNNMemoryEstimate.opening_bytes");
            }
            Assert.Equal(16, sizeof(SNNPlacementSlice), "sizeof(SNNPlacementSlice)");
            {
                SNNPlacementSlice it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.population - start, "SNNPlacementSlice.population");
                Assert.Equal(4, (byte*)&it.first - start, "SNNPlacementSlice.first");
                Assert.Equal(8, (byte*)&it.count - start, "SNNPlacementSlice.count");
                Assert.Equal(12, (byte*)&it.device - start, "SNNPlacementSlice.device");
            }
            Assert.Equal(56, sizeof(SNNPlacementInfo), "sizeof(SNNPlacementInfo)");
            {
                SNNPlacementInfo it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNPlacementInfo.struct_size");
                Assert.Equal(4, (byte*)&it.device_count - start, "SNNPlacementInfo.device_count");
                Assert.Equal(8, (byte*)&it.slice_count - start, "SNNPlacementInfo.slice_count");
                Assert.Equal(12, (byte*)&it.window_steps - start, "SNNPlacementInfo.window_steps");
                Assert.Equal(16, (byte*)&it.device - start, "SNNPlacementInfo.device");
                Assert.Equal(24, (byte*)&it.reasons - start, "SNNPlacementInfo.reasons");
                Assert.Equal(32, (byte*)&it.slices - start, "SNNPlacementInfo.slices");
                Assert.Equal(40, (byte*)&it.samples - start, "SNNPlacementInfo.samples");
                Assert.Equal(48, (byte*)&it.step_s - start, "SNNPlacementInfo.step_s");
            }
            Assert.Equal(324, sizeof(SNNSessionDevice), "sizeof(SNNSessionDevice)");
            {
                SNNSessionDevice it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNSessionDevice.struct_size");
                Assert.Equal(4, (byte*)it.name - start, "SNNSessionDevice.name");
                Assert.Equal(68, (byte*)it.reason - start, "SNNSessionDevice.reason");
            }
            Assert.Equal(32, sizeof(SNNSpikes), "sizeof(SNNSpikes)");
            {
                SNNSpikes it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNSpikes.struct_size");
                Assert.Equal(4, (byte*)&it.population - start, "SNNSpikes.population");
                Assert.Equal(8, (byte*)&it.sample - start, "SNNSpikes.sample");
                Assert.Equal(12, (byte*)&it.count - start, "SNNSpikes.count");
                Assert.Equal(16, (byte*)&it.neurons - start, "SNNSpikes.neurons");
                Assert.Equal(24, (byte*)&it.step - start, "SNNSpikes.step");
            }
            Assert.Equal(56, sizeof(SNNCounters), "sizeof(SNNCounters)");
            {
                SNNCounters it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNCounters.struct_size");
                Assert.Equal(8, (byte*)&it.steps - start, "SNNCounters.steps");
                Assert.Equal(16, (byte*)&it.neuron_updates - start, "SNNCounters.neuron_updates");
                Assert.Equal(24, (byte*)&it.spikes - start, "SNNCounters.spikes");
                Assert.Equal(32, (byte*)&it.input_spikes - start, "SNNCounters.input_spikes");
                Assert.Equal(40, (byte*)&it.synaptic_events - start, "SNNCounters.synaptic_events");
                Assert.Equal(48, (byte*)&it.synaptic_operations - start, "SNNCounters.synaptic_operations");
            }
            Assert.Equal(24, sizeof(SNNInputArray), "sizeof(SNNInputArray)");
            {
                SNNInputArray it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.population - start, "SNNInputArray.population");
                Assert.Equal(4, (byte*)&it.held - start, "SNNInputArray.held");
                Assert.Equal(8, (byte*)&it.data - start, "SNNInputArray.data");
                Assert.Equal(16, (byte*)&it.count - start, "SNNInputArray.count");
            }
            Assert.Equal(32, sizeof(SNNRecordArray), "sizeof(SNNRecordArray)");
            {
                SNNRecordArray it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.population - start, "SNNRecordArray.population");
                Assert.Equal(4, (byte*)&it.dtype - start, "SNNRecordArray.dtype");
                Assert.Equal(8, (byte*)&it.variable - start, "SNNRecordArray.variable");
                Assert.Equal(16, (byte*)&it.data - start, "SNNRecordArray.data");
                Assert.Equal(24, (byte*)&it.count - start, "SNNRecordArray.count");
            }
            Assert.Equal(48, sizeof(SNNSpikeRecord), "sizeof(SNNSpikeRecord)");
            {
                SNNSpikeRecord it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNSpikeRecord.struct_size");
                Assert.Equal(4, (byte*)&it.population - start, "SNNSpikeRecord.population");
                Assert.Equal(8, (byte*)&it.steps - start, "SNNSpikeRecord.steps");
                Assert.Equal(16, (byte*)&it.neurons - start, "SNNSpikeRecord.neurons");
                Assert.Equal(24, (byte*)&it.samples - start, "SNNSpikeRecord.samples");
                Assert.Equal(32, (byte*)&it.capacity - start, "SNNSpikeRecord.capacity");
                Assert.Equal(40, (byte*)&it.count - start, "SNNSpikeRecord.count");
            }
            Assert.Equal(40, sizeof(SNNSpikeInput), "sizeof(SNNSpikeInput)");
            {
                SNNSpikeInput it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNSpikeInput.struct_size");
                Assert.Equal(4, (byte*)&it.population - start, "SNNSpikeInput.population");
                Assert.Equal(8, (byte*)&it.steps - start, "SNNSpikeInput.steps");
                Assert.Equal(16, (byte*)&it.neurons - start, "SNNSpikeInput.neurons");
                Assert.Equal(24, (byte*)&it.samples - start, "SNNSpikeInput.samples");
                Assert.Equal(32, (byte*)&it.count - start, "SNNSpikeInput.count");
            }
            Assert.Equal(48, sizeof(SNNValueRecord), "sizeof(SNNValueRecord)");
            {
                SNNValueRecord it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNValueRecord.struct_size");
                Assert.Equal(4, (byte*)&it.dtype - start, "SNNValueRecord.dtype");
                Assert.Equal(8, (byte*)&it.path - start, "SNNValueRecord.path");
                Assert.Equal(16, (byte*)&it.indices - start, "SNNValueRecord.indices");
                Assert.Equal(24, (byte*)&it.index_count - start, "SNNValueRecord.index_count");
                Assert.Equal(32, (byte*)&it.data - start, "SNNValueRecord.data");
                Assert.Equal(40, (byte*)&it.count - start, "SNNValueRecord.count");
            }
            Assert.Equal(104, sizeof(SNNRunDef), "sizeof(SNNRunDef)");
            {
                SNNRunDef it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNRunDef.struct_size");
                Assert.Equal(4, (byte*)&it.step_count - start, "SNNRunDef.step_count");
                Assert.Equal(8, (byte*)&it.steps_before - start, "SNNRunDef.steps_before");
                Assert.Equal(12, (byte*)&it.record_interval - start, "SNNRunDef.record_interval");
                Assert.Equal(16, (byte*)&it.inputs - start, "SNNRunDef.inputs");
                Assert.Equal(24, (byte*)&it.spike_inputs - start, "SNNRunDef.spike_inputs");
                Assert.Equal(32, (byte*)&it.records - start, "SNNRunDef.records");
                Assert.Equal(40, (byte*)&it.spike_records - start, "SNNRunDef.spike_records");
                Assert.Equal(48, (byte*)&it.value_records - start, "SNNRunDef.value_records");
                Assert.Equal(56, (byte*)&it.input_count - start, "SNNRunDef.input_count");
                Assert.Equal(60, (byte*)&it.spike_input_count - start, "SNNRunDef.spike_input_count");
                Assert.Equal(64, (byte*)&it.record_count - start, "SNNRunDef.record_count");
                Assert.Equal(68, (byte*)&it.spike_record_count - start, "SNNRunDef.spike_record_count");
                Assert.Equal(72, (byte*)&it.value_record_count - start, "SNNRunDef.value_record_count");
                Assert.Equal(76, (byte*)&it.progress_interval - start, "SNNRunDef.progress_interval");
                Assert.Equal(80, (byte*)&it.progress - start, "SNNRunDef.progress");
                Assert.Equal(88, (byte*)&it.progress_user - start, "SNNRunDef.progress_user");
                Assert.Equal(96, (byte*)&it.out_step_count - start, "SNNRunDef.out_step_count");
            }
            Assert.Equal(32, sizeof(SNNEncoderDef), "sizeof(SNNEncoderDef)");
            {
                SNNEncoderDef it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNEncoderDef.struct_size");
                Assert.Equal(4, (byte*)&it.kind - start, "SNNEncoderDef.kind");
                Assert.Equal(8, (byte*)&it.step_count - start, "SNNEncoderDef.step_count");
                Assert.Equal(12, (byte*)&it.gain - start, "SNNEncoderDef.gain");
                Assert.Equal(16, (byte*)&it.threshold - start, "SNNEncoderDef.threshold");
                Assert.Equal(24, (byte*)&it.seed - start, "SNNEncoderDef.seed");
            }
            Assert.Equal(16, sizeof(SNNShape), "sizeof(SNNShape)");
            {
                SNNShape it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.rank - start, "SNNShape.rank");
                Assert.Equal(4, (byte*)it.dims - start, "SNNShape.dims");
            }
            Assert.Equal(48, sizeof(SNNPopulationDef), "sizeof(SNNPopulationDef)");
            {
                SNNPopulationDef it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNPopulationDef.struct_size");
                Assert.Equal(4, (byte*)&it.kind - start, "SNNPopulationDef.kind");
                Assert.Equal(8, (byte*)&it.name - start, "SNNPopulationDef.name");
                Assert.Equal(16, (byte*)&it.shape - start, "SNNPopulationDef.shape");
                Assert.Equal(32, (byte*)&it.model_name - start, "SNNPopulationDef.model_name");
                Assert.Equal(40, (byte*)&it.model - start, "SNNPopulationDef.model");
            }
            Assert.Equal(168, sizeof(SNNProjectionDef), "sizeof(SNNProjectionDef)");
            {
                SNNProjectionDef it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNProjectionDef.struct_size");
                Assert.Equal(4, (byte*)&it.kind - start, "SNNProjectionDef.kind");
                Assert.Equal(8, (byte*)&it.name - start, "SNNProjectionDef.name");
                Assert.Equal(16, (byte*)&it.source - start, "SNNProjectionDef.source");
                Assert.Equal(20, (byte*)&it.target - start, "SNNProjectionDef.target");
                Assert.Equal(24, (byte*)&it.receptor - start, "SNNProjectionDef.receptor");
                Assert.Equal(32, (byte*)&it.delay_steps - start, "SNNProjectionDef.delay_steps");
                Assert.Equal(36, (byte*)&it.trainable - start, "SNNProjectionDef.trainable");
                Assert.Equal(40, (byte*)&it.detached - start, "SNNProjectionDef.detached");
                Assert.Equal(44, (byte*)&it.arithmetic - start, "SNNProjectionDef.arithmetic");
                Assert.Equal(48, (byte*)&it.pool_mode - start, "SNNProjectionDef.pool_mode");
                Assert.Equal(56, (byte*)&it.weights - start, "SNNProjectionDef.weights");
                Assert.Equal(64, (byte*)&it.weight_count - start, "SNNProjectionDef.weight_count");
                Assert.Equal(72, (byte*)&it.bias - start, "SNNProjectionDef.bias");
                Assert.Equal(80, (byte*)&it.bias_count - start, "SNNProjectionDef.bias_count");
                Assert.Equal(88, (byte*)&it.row_offsets - start, "SNNProjectionDef.row_offsets");
                Assert.Equal(96, (byte*)&it.row_offset_count - start, "SNNProjectionDef.row_offset_count");
                Assert.Equal(104, (byte*)&it.synapse_targets - start, "SNNProjectionDef.synapse_targets");
                Assert.Equal(112, (byte*)&it.synapse_delays - start, "SNNProjectionDef.synapse_delays");
                Assert.Equal(120, (byte*)&it.synapse_count - start, "SNNProjectionDef.synapse_count");
                Assert.Equal(128, (byte*)it.kernel - start, "SNNProjectionDef.kernel");
                Assert.Equal(136, (byte*)it.stride - start, "SNNProjectionDef.stride");
                Assert.Equal(144, (byte*)it.padding - start, "SNNProjectionDef.padding");
                Assert.Equal(152, (byte*)it.dilation - start, "SNNProjectionDef.dilation");
                Assert.Equal(160, (byte*)&it.groups - start, "SNNProjectionDef.groups");
            }
            Assert.Equal(40, sizeof(SNNDistribution), "sizeof(SNNDistribution)");
            {
                SNNDistribution it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.kind - start, "SNNDistribution.kind");
                Assert.Equal(8, (byte*)&it.a - start, "SNNDistribution.a");
                Assert.Equal(16, (byte*)&it.b - start, "SNNDistribution.b");
                Assert.Equal(24, (byte*)&it.low - start, "SNNDistribution.low");
                Assert.Equal(32, (byte*)&it.high - start, "SNNDistribution.high");
            }
            Assert.Equal(216, sizeof(SNNRandomConnectionDef), "sizeof(SNNRandomConnectionDef)");
            {
                SNNRandomConnectionDef it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNRandomConnectionDef.struct_size");
                Assert.Equal(4, (byte*)&it.rule - start, "SNNRandomConnectionDef.rule");
                Assert.Equal(8, (byte*)&it.probability - start, "SNNRandomConnectionDef.probability");
                Assert.Equal(16, (byte*)&it.count - start, "SNNRandomConnectionDef.count");
                Assert.Equal(24, (byte*)&it.seed - start, "SNNRandomConnectionDef.seed");
                Assert.Equal(32, (byte*)&it.allow_autapses - start, "SNNRandomConnectionDef.allow_autapses");
                Assert.Equal(36, (byte*)&it.allow_multapses - start, "SNNRandomConnectionDef.allow_multapses");
                Assert.Equal(40, (byte*)&it.weight - start, "SNNRandomConnectionDef.weight");
                Assert.Equal(80, (byte*)&it.delay - start, "SNNRandomConnectionDef.delay");
                Assert.Equal(120, (byte*)&it.first_source - start, "SNNRandomConnectionDef.first_source");
                Assert.Equal(124, (byte*)&it.source_count - start, "SNNRandomConnectionDef.source_count");
                Assert.Equal(128, (byte*)&it.first_target - start, "SNNRandomConnectionDef.first_target");
                Assert.Equal(132, (byte*)&it.target_count - start, "SNNRandomConnectionDef.target_count");
                Assert.Equal(136, (byte*)&it.kernel - start, "SNNRandomConnectionDef.kernel");
                Assert.Equal(140, (byte*)&it.dimensions - start, "SNNRandomConnectionDef.dimensions");
                Assert.Equal(144, (byte*)&it.kernel_width - start, "SNNRandomConnectionDef.kernel_width");
                Assert.Equal(152, (byte*)&it.cutoff - start, "SNNRandomConnectionDef.cutoff");
                Assert.Equal(160, (byte*)it.period - start, "SNNRandomConnectionDef.period");
                Assert.Equal(184, (byte*)&it.source_positions - start, "SNNRandomConnectionDef.source_positions");
                Assert.Equal(192, (byte*)&it.source_position_count - start, "SNNRandomConnectionDef.source_position_count");
                Assert.Equal(200, (byte*)&it.target_positions - start, "SNNRandomConnectionDef.target_positions");
                Assert.Equal(208, (byte*)&it.target_position_count - start, "SNNRandomConnectionDef.target_position_count");
            }
            Assert.Equal(48, sizeof(SNNNetworkInfo), "sizeof(SNNNetworkInfo)");
            {
                SNNNetworkInfo it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNNetworkInfo.struct_size");
                Assert.Equal(4, (byte*)&it.population_count - start, "SNNNetworkInfo.population_count");
                Assert.Equal(8, (byte*)&it.projection_count - start, "SNNNetworkInfo.projection_count");
                Assert.Equal(12, (byte*)&it.finished - start, "SNNNetworkInfo.finished");
                Assert.Equal(16, (byte*)&it.dt_ms - start, "SNNNetworkInfo.dt_ms");
                Assert.Equal(24, (byte*)&it.neuron_count - start, "SNNNetworkInfo.neuron_count");
                Assert.Equal(32, (byte*)&it.synapse_count - start, "SNNNetworkInfo.synapse_count");
                Assert.Equal(40, (byte*)&it.parameter_count - start, "SNNNetworkInfo.parameter_count");
            }
            Assert.Equal(56, sizeof(SNNPopulationInfo), "sizeof(SNNPopulationInfo)");
            {
                SNNPopulationInfo it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNPopulationInfo.struct_size");
                Assert.Equal(4, (byte*)&it.kind - start, "SNNPopulationInfo.kind");
                Assert.Equal(8, (byte*)&it.shape - start, "SNNPopulationInfo.shape");
                Assert.Equal(24, (byte*)&it.size - start, "SNNPopulationInfo.size");
                Assert.Equal(32, (byte*)&it.name - start, "SNNPopulationInfo.name");
                Assert.Equal(40, (byte*)&it.model_name - start, "SNNPopulationInfo.model_name");
                Assert.Equal(48, (byte*)&it.surrogate_name - start, "SNNPopulationInfo.surrogate_name");
            }
            Assert.Equal(144, sizeof(SNNProjectionInfo), "sizeof(SNNProjectionInfo)");
            {
                SNNProjectionInfo it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNProjectionInfo.struct_size");
                Assert.Equal(4, (byte*)&it.kind - start, "SNNProjectionInfo.kind");
                Assert.Equal(8, (byte*)&it.source - start, "SNNProjectionInfo.source");
                Assert.Equal(12, (byte*)&it.target - start, "SNNProjectionInfo.target");
                Assert.Equal(16, (byte*)&it.delay_steps - start, "SNNProjectionInfo.delay_steps");
                Assert.Equal(20, (byte*)&it.trainable - start, "SNNProjectionInfo.trainable");
                Assert.Equal(24, (byte*)&it.detached - start, "SNNProjectionInfo.detached");
                Assert.Equal(28, (byte*)&it.arithmetic - start, "SNNProjectionInfo.arithmetic");
                Assert.Equal(32, (byte*)&it.pool_mode - start, "SNNProjectionInfo.pool_mode");
                Assert.Equal(36, (byte*)&it.min_delay_steps - start, "SNNProjectionInfo.min_delay_steps");
                Assert.Equal(40, (byte*)&it.max_delay_steps - start, "SNNProjectionInfo.max_delay_steps");
                Assert.Equal(44, (byte*)&it.by_rule - start, "SNNProjectionInfo.by_rule");
                Assert.Equal(48, (byte*)&it.name - start, "SNNProjectionInfo.name");
                Assert.Equal(56, (byte*)&it.receptor - start, "SNNProjectionInfo.receptor");
                Assert.Equal(64, (byte*)&it.weight_count - start, "SNNProjectionInfo.weight_count");
                Assert.Equal(72, (byte*)&it.bias_count - start, "SNNProjectionInfo.bias_count");
                Assert.Equal(80, (byte*)&it.synapse_count - start, "SNNProjectionInfo.synapse_count");
                Assert.Equal(88, (byte*)&it.bias - start, "SNNProjectionInfo.bias");
                Assert.Equal(96, (byte*)&it.fixed_point_scale - start, "SNNProjectionInfo.fixed_point_scale");
                Assert.Equal(104, (byte*)it.kernel - start, "SNNProjectionInfo.kernel");
                Assert.Equal(112, (byte*)it.stride - start, "SNNProjectionInfo.stride");
                Assert.Equal(120, (byte*)it.padding - start, "SNNProjectionInfo.padding");
                Assert.Equal(128, (byte*)it.dilation - start, "SNNProjectionInfo.dilation");
                Assert.Equal(136, (byte*)&it.groups - start, "SNNProjectionInfo.groups");
            }
            Assert.Equal(48, sizeof(SNNProjectionArrays), "sizeof(SNNProjectionArrays)");
            {
                SNNProjectionArrays it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNProjectionArrays.struct_size");
                Assert.Equal(8, (byte*)&it.weight_count - start, "SNNProjectionArrays.weight_count");
                Assert.Equal(16, (byte*)&it.weights - start, "SNNProjectionArrays.weights");
                Assert.Equal(24, (byte*)&it.row_offsets - start, "SNNProjectionArrays.row_offsets");
                Assert.Equal(32, (byte*)&it.synapse_targets - start, "SNNProjectionArrays.synapse_targets");
                Assert.Equal(40, (byte*)&it.synapse_delays - start, "SNNProjectionArrays.synapse_delays");
            }
            Assert.Equal(152, sizeof(SNNTrainerDef), "sizeof(SNNTrainerDef)");
            {
                SNNTrainerDef it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNTrainerDef.struct_size");
                Assert.Equal(4, (byte*)&it.output_population - start, "SNNTrainerDef.output_population");
                Assert.Equal(8, (byte*)&it.step_count - start, "SNNTrainerDef.step_count");
                Assert.Equal(12, (byte*)&it.loss - start, "SNNTrainerDef.loss");
                Assert.Equal(16, (byte*)&it.optimizer - start, "SNNTrainerDef.optimizer");
                Assert.Equal(20, (byte*)&it.rule - start, "SNNTrainerDef.rule");
                Assert.Equal(24, (byte*)&it.rate_on - start, "SNNTrainerDef.rate_on");
                Assert.Equal(28, (byte*)&it.rate_off - start, "SNNTrainerDef.rate_off");
                Assert.Equal(32, (byte*)&it.label_smoothing - start, "SNNTrainerDef.label_smoothing");
                Assert.Equal(40, (byte*)&it.van_rossum_tau_ms - start, "SNNTrainerDef.van_rossum_tau_ms");
                Assert.Equal(48, (byte*)&it.learning_rate - start, "SNNTrainerDef.learning_rate");
                Assert.Equal(56, (byte*)&it.parameter_rate_factor - start, "SNNTrainerDef.parameter_rate_factor");
                Assert.Equal(64, (byte*)&it.momentum - start, "SNNTrainerDef.momentum");
                Assert.Equal(72, (byte*)&it.beta1 - start, "SNNTrainerDef.beta1");
                Assert.Equal(80, (byte*)&it.beta2 - start, "SNNTrainerDef.beta2");
                Assert.Equal(88, (byte*)&it.epsilon - start, "SNNTrainerDef.epsilon");
                Assert.Equal(96, (byte*)&it.weight_decay - start, "SNNTrainerDef.weight_decay");
                Assert.Equal(104, (byte*)&it.l1_regularization - start, "SNNTrainerDef.l1_regularization");
                Assert.Equal(112, (byte*)&it.gradient_clip_norm - start, "SNNTrainerDef.gradient_clip_norm");
                Assert.Equal(120, (byte*)&it.rate_regularization - start, "SNNTrainerDef.rate_regularization");
                Assert.Equal(128, (byte*)&it.rate_target - start, "SNNTrainerDef.rate_target");
                Assert.Equal(136, (byte*)&it.checkpoint_steps - start, "SNNTrainerDef.checkpoint_steps");
                Assert.Equal(140, (byte*)&it.window_steps - start, "SNNTrainerDef.window_steps");
                Assert.Equal(144, (byte*)&it.window_updates - start, "SNNTrainerDef.window_updates");
            }
            Assert.Equal(64, sizeof(SNNBatch), "sizeof(SNNBatch)");
            {
                SNNBatch it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNBatch.struct_size");
                Assert.Equal(4, (byte*)&it.input_count - start, "SNNBatch.input_count");
                Assert.Equal(8, (byte*)&it.spike_input_count - start, "SNNBatch.spike_input_count");
                Assert.Equal(16, (byte*)&it.inputs - start, "SNNBatch.inputs");
                Assert.Equal(24, (byte*)&it.spike_inputs - start, "SNNBatch.spike_inputs");
                Assert.Equal(32, (byte*)&it.labels - start, "SNNBatch.labels");
                Assert.Equal(40, (byte*)&it.label_count - start, "SNNBatch.label_count");
                Assert.Equal(48, (byte*)&it.targets - start, "SNNBatch.targets");
                Assert.Equal(56, (byte*)&it.target_count - start, "SNNBatch.target_count");
            }
            Assert.Equal(32, sizeof(SNNTrainResult), "sizeof(SNNTrainResult)");
            {
                SNNTrainResult it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNTrainResult.struct_size");
                Assert.Equal(4, (byte*)&it.sample_count - start, "SNNTrainResult.sample_count");
                Assert.Equal(8, (byte*)&it.correct_count - start, "SNNTrainResult.correct_count");
                Assert.Equal(16, (byte*)&it.loss - start, "SNNTrainResult.loss");
                Assert.Equal(24, (byte*)&it.spike_count - start, "SNNTrainResult.spike_count");
            }
            Assert.Equal(24, sizeof(SNNWeightUpdate), "sizeof(SNNWeightUpdate)");
            {
                SNNWeightUpdate it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNWeightUpdate.struct_size");
                Assert.Equal(4, (byte*)&it.projection - start, "SNNWeightUpdate.projection");
                Assert.Equal(8, (byte*)&it.update - start, "SNNWeightUpdate.update");
                Assert.Equal(16, (byte*)&it.gradient_norm - start, "SNNWeightUpdate.gradient_norm");
            }
            Assert.Equal(40, sizeof(SNNEpoch), "sizeof(SNNEpoch)");
            {
                SNNEpoch it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNEpoch.struct_size");
                Assert.Equal(8, (byte*)&it.epoch - start, "SNNEpoch.epoch");
                Assert.Equal(16, (byte*)&it.sample_count - start, "SNNEpoch.sample_count");
                Assert.Equal(24, (byte*)&it.correct_count - start, "SNNEpoch.correct_count");
                Assert.Equal(32, (byte*)&it.mean_loss - start, "SNNEpoch.mean_loss");
            }
            Assert.Equal(88, sizeof(SNNVulkanHost), "sizeof(SNNVulkanHost)");
            {
                SNNVulkanHost it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNVulkanHost.struct_size");
                Assert.Equal(4, (byte*)&it.queue_family - start, "SNNVulkanHost.queue_family");
                Assert.Equal(8, (byte*)&it.instance - start, "SNNVulkanHost.instance");
                Assert.Equal(16, (byte*)&it.physical_device - start, "SNNVulkanHost.physical_device");
                Assert.Equal(24, (byte*)&it.device - start, "SNNVulkanHost.device");
                Assert.Equal(32, (byte*)&it.queue - start, "SNNVulkanHost.queue");
                Assert.Equal(40, (byte*)&it.pipeline_cache - start, "SNNVulkanHost.pipeline_cache");
                Assert.Equal(48, (byte*)&it.get_instance_proc_addr - start, "SNNVulkanHost.get_instance_proc_addr");
                Assert.Equal(56, (byte*)&it.lock_queue - start, "SNNVulkanHost.lock_queue");
                Assert.Equal(64, (byte*)&it.unlock_queue - start, "SNNVulkanHost.unlock_queue");
                Assert.Equal(72, (byte*)&it.submit - start, "SNNVulkanHost.submit");
                Assert.Equal(80, (byte*)&it.user - start, "SNNVulkanHost.user");
            }
            Assert.Equal(16, sizeof(SNNVulkanSemaphore), "sizeof(SNNVulkanSemaphore)");
            {
                SNNVulkanSemaphore it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.semaphore - start, "SNNVulkanSemaphore.semaphore");
                Assert.Equal(8, (byte*)&it.value - start, "SNNVulkanSemaphore.value");
            }
            Assert.Equal(32, sizeof(SNNVulkanSubmission), "sizeof(SNNVulkanSubmission)");
            {
                SNNVulkanSubmission it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNVulkanSubmission.struct_size");
                Assert.Equal(4, (byte*)&it.wait_count - start, "SNNVulkanSubmission.wait_count");
                Assert.Equal(8, (byte*)&it.signal_count - start, "SNNVulkanSubmission.signal_count");
                Assert.Equal(12, (byte*)&it.reserved - start, "SNNVulkanSubmission.reserved");
                Assert.Equal(16, (byte*)&it.waits - start, "SNNVulkanSubmission.waits");
                Assert.Equal(24, (byte*)&it.signals - start, "SNNVulkanSubmission.signals");
            }
            Assert.Equal(64, sizeof(SNNVulkanDevice), "sizeof(SNNVulkanDevice)");
            {
                SNNVulkanDevice it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNVulkanDevice.struct_size");
                Assert.Equal(4, (byte*)&it.queue_family - start, "SNNVulkanDevice.queue_family");
                Assert.Equal(8, (byte*)&it.instance - start, "SNNVulkanDevice.instance");
                Assert.Equal(16, (byte*)&it.physical_device - start, "SNNVulkanDevice.physical_device");
                Assert.Equal(24, (byte*)&it.device - start, "SNNVulkanDevice.device");
                Assert.Equal(32, (byte*)&it.queue - start, "SNNVulkanDevice.queue");
                Assert.Equal(40, (byte*)&it.get_instance_proc_addr - start, "SNNVulkanDevice.get_instance_proc_addr");
                Assert.Equal(48, (byte*)&it.submitted - start, "SNNVulkanDevice.submitted");
            }
            Assert.Equal(48, sizeof(SNNVulkanBuffer), "sizeof(SNNVulkanBuffer)");
            {
                SNNVulkanBuffer it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNVulkanBuffer.struct_size");
                Assert.Equal(4, (byte*)&it.type - start, "SNNVulkanBuffer.type");
                Assert.Equal(8, (byte*)&it.buffer - start, "SNNVulkanBuffer.buffer");
                Assert.Equal(16, (byte*)&it.offset_bytes - start, "SNNVulkanBuffer.offset_bytes");
                Assert.Equal(24, (byte*)&it.size_bytes - start, "SNNVulkanBuffer.size_bytes");
                Assert.Equal(32, (byte*)&it.mapped - start, "SNNVulkanBuffer.mapped");
                Assert.Equal(40, (byte*)&it.is_cached - start, "SNNVulkanBuffer.is_cached");
                Assert.Equal(44, (byte*)&it.reserved - start, "SNNVulkanBuffer.reserved");
            }
            Assert.Equal(32, sizeof(SNNVulkanPlanShader), "sizeof(SNNVulkanPlanShader)");
            {
                SNNVulkanPlanShader it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.spirv - start, "SNNVulkanPlanShader.spirv");
                Assert.Equal(8, (byte*)&it.word_count - start, "SNNVulkanPlanShader.word_count");
                Assert.Equal(16, (byte*)&it.constants - start, "SNNVulkanPlanShader.constants");
                Assert.Equal(24, (byte*)&it.constant_count - start, "SNNVulkanPlanShader.constant_count");
            }
            Assert.Equal(24, sizeof(SNNVulkanPlanBuffer), "sizeof(SNNVulkanPlanBuffer)");
            {
                SNNVulkanPlanBuffer it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.size_bytes - start, "SNNVulkanPlanBuffer.size_bytes");
                Assert.Equal(8, (byte*)&it.contents - start, "SNNVulkanPlanBuffer.contents");
                Assert.Equal(16, (byte*)&it.host_buffer - start, "SNNVulkanPlanBuffer.host_buffer");
            }
            Assert.Equal(24, sizeof(SNNVulkanPlanBinding), "sizeof(SNNVulkanPlanBinding)");
            {
                SNNVulkanPlanBinding it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.buffer - start, "SNNVulkanPlanBinding.buffer");
                Assert.Equal(4, (byte*)&it.reserved - start, "SNNVulkanPlanBinding.reserved");
                Assert.Equal(8, (byte*)&it.offset_bytes - start, "SNNVulkanPlanBinding.offset_bytes");
                Assert.Equal(16, (byte*)&it.size_bytes - start, "SNNVulkanPlanBinding.size_bytes");
            }
            Assert.Equal(336, sizeof(SNNVulkanPlanDispatch), "sizeof(SNNVulkanPlanDispatch)");
            {
                SNNVulkanPlanDispatch it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.shader - start, "SNNVulkanPlanDispatch.shader");
                Assert.Equal(4, (byte*)&it.barrier - start, "SNNVulkanPlanDispatch.barrier");
                Assert.Equal(8, (byte*)it.groups - start, "SNNVulkanPlanDispatch.groups");
                Assert.Equal(20, (byte*)&it.indirect_buffer - start, "SNNVulkanPlanDispatch.indirect_buffer");
                Assert.Equal(24, (byte*)&it.indirect_offset_bytes - start, "SNNVulkanPlanDispatch.indirect_offset_bytes");
                Assert.Equal(32, (byte*)&it.push_bytes - start, "SNNVulkanPlanDispatch.push_bytes");
                Assert.Equal(36, (byte*)it.push - start, "SNNVulkanPlanDispatch.push");
                Assert.Equal(164, (byte*)&it.reserved - start, "SNNVulkanPlanDispatch.reserved");
                Assert.Equal(168, (byte*)&it.bindings_0 - start, "SNNVulkanPlanDispatch.bindings");
            }
            Assert.Equal(40, sizeof(SNNVulkanPlan), "sizeof(SNNVulkanPlan)");
            {
                SNNVulkanPlan it;
                byte* start = (byte*)&it;
                Assert.Equal(0, (byte*)&it.struct_size - start, "SNNVulkanPlan.struct_size");
                Assert.Equal(4, (byte*)&it.shader_count - start, "SNNVulkanPlan.shader_count");
                Assert.Equal(8, (byte*)&it.buffer_count - start, "SNNVulkanPlan.buffer_count");
                Assert.Equal(12, (byte*)&it.dispatch_count - start, "SNNVulkanPlan.dispatch_count");
                Assert.Equal(16, (byte*)&it.shaders - start, "SNNVulkanPlan.shaders");
                Assert.Equal(24, (byte*)&it.buffers - start, "SNNVulkanPlan.buffers");
                Assert.Equal(32, (byte*)&it.dispatches - start, "SNNVulkanPlan.dispatches");
            }
        }
    }
}
