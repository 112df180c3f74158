/* Structs that carry their size: what the library writes, which sizes it takes, and that ABI 1 stays as it is. */
#include <stddef.h>

#include "fixtures.h"

/* `init` called with every size up to the struct's own: it sets struct_size and writes nothing behind it. */
#define CHECK_WRITES_WITHIN(Type, init) \
    do { \
        unsigned char memory[sizeof(Type) + 16]; \
        Type *const value = (Type *)(void *)aligned; \
        uint32_t size; \
        size_t i; \
        CHECK(sizeof memory <= sizeof aligned); \
        for (size = 0; size <= sizeof(Type) + 8; ++size) { \
            memset(aligned, 0x5a, sizeof aligned); \
            init(value, size); \
            if (size >= sizeof size) CHECK_EQUAL(value->struct_size, size); \
            memcpy(memory, aligned, sizeof memory); \
            for (i = size; i < sizeof memory; ++i) CHECK_EQUAL(memory[i], 0x5a); \
        } \
        init(NULL, sizeof(Type)); \
    } while (0)

static void defaults_are_written_within_the_size_of_the_caller(void) {
    static uint64_t aligned[64];
    CHECK_WRITES_WITHIN(SNNPopulationDef, snn_population_def_init);
    CHECK_WRITES_WITHIN(SNNProjectionDef, snn_projection_def_init);
    CHECK_WRITES_WITHIN(SNNRandomConnectionDef, snn_random_connection_def_init);
    CHECK_WRITES_WITHIN(SNNConfig, snn_config_init);
    CHECK_WRITES_WITHIN(SNNRunDef, snn_run_def_init);
    CHECK_WRITES_WITHIN(SNNTrainerDef, snn_trainer_def_init);
    CHECK_WRITES_WITHIN(SNNEncoderDef, snn_encoder_def_init);
}

static void default_and_init_are_the_same(void) {
    SNNConfig first, second;
    memset(&first, 0x5a, sizeof first);
    memset(&second, 0x5a, sizeof second);
    snn_config_default(&first);
    snn_config_init(&second, sizeof second);
    CHECK_EQUAL(first.struct_size, sizeof first);
    CHECK_EQUAL(first.batch_size, 1);
    CHECK(memcmp(&first, &second, sizeof first) == 0);
}

/* `call` refuses `value` with any size that no header has had, one that ends inside a field too. */
#define CHECK_REFUSES_SIZES(value, call) \
    do { \
        uint32_t size; \
        for (size = 0; size <= sizeof(value) + 8; ++size) { \
            if (size == sizeof(value)) continue; \
            (value).struct_size = size; \
            CHECK_ERROR(call, SNN_ERROR_VERSION, "struct_size"); \
        } \
        (value).struct_size = sizeof(value); \
    } while (0)

/* A config has grown once: ABI 1 had 80 bytes where pointers have 8, and no seed. */
static void check_refuses_sizes_but_the_first(SNNConfig *config, SNNHandle *out_handle) {
    uint32_t size;
    for (size = 0; size <= sizeof *config + 8; ++size) {
        if (size == sizeof *config || size == offsetof(SNNConfig, seed)) continue;
        config->struct_size = size;
        CHECK_ERROR(snn_create_network(config, out_handle), SNN_ERROR_VERSION, "struct_size");
    }
    config->struct_size = sizeof *config;
}

/* A projection's definition and description have grown by `detached`, from 160 and 128 bytes, and the description by delays,
 * from 136. */
static void check_projection_refuses_sizes_but_the_first(SNNNetwork network, SNNProjectionDef *def, SNNRandomConnectionDef *rule) {
    SNNProjectionInfo info;
    uint32_t size, index;
    for (size = 0; size <= sizeof *def + 8; ++size) {
        if (size == sizeof *def || size == offsetof(SNNProjectionDef, detached)) continue;
        def->struct_size = size;
        CHECK_ERROR(snn_network_connect(network, def, NULL), SNN_ERROR_VERSION, "struct_size");
        CHECK_ERROR(snn_network_connect_random(network, def, rule, NULL), SNN_ERROR_VERSION, "struct_size");
    }
    def->struct_size = offsetof(SNNProjectionDef, detached);
    def->detached = 1; /* behind what an old caller owns */
    CHECK_OK(snn_network_connect(network, def, &index));
    def->struct_size = sizeof *def;
    for (size = 0; size <= sizeof info + 8; ++size) {
        if (size == sizeof info || size == offsetof(SNNProjectionInfo, detached)) continue;
        if (size == offsetof(SNNProjectionInfo, min_delay_steps)) continue;
        info.struct_size = size;
        CHECK_ERROR(snn_network_get_projection(network, index, &info), SNN_ERROR_VERSION, "struct_size");
    }
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_projection(network, index, &info));
    CHECK_EQUAL(info.detached, 0);
    info.struct_size = offsetof(SNNProjectionInfo, detached);
    info.detached = 7;
    CHECK_OK(snn_network_get_projection(network, index, &info));
    CHECK_EQUAL(info.detached, 7);
    info.struct_size = offsetof(SNNProjectionInfo, min_delay_steps);
    info.min_delay_steps = 7;
    CHECK_OK(snn_network_get_projection(network, index, &info));
    CHECK_EQUAL(info.detached, 0);
    CHECK_EQUAL(info.min_delay_steps, 7);
}

/* A rule has grown by the parts of populations, from 200 bytes. */
static void check_rule_refuses_sizes_but_the_first(SNNNetwork network, SNNProjectionDef *def, SNNRandomConnectionDef *rule) {
    SNNRandomConnectionDef found;
    uint32_t size, index;
    for (size = 0; size <= sizeof *rule + 8; ++size) {
        if (size == sizeof *rule || size == offsetof(SNNRandomConnectionDef, first_source)) continue;
        rule->struct_size = size;
        CHECK_ERROR(snn_network_connect_random(network, def, rule, NULL), SNN_ERROR_VERSION, "struct_size");
    }
    rule->struct_size = offsetof(SNNRandomConnectionDef, first_source);
    rule->first_source = 1000000; /* behind what an old caller owns */
    def->name = "by_rule";
    CHECK_OK(snn_network_connect_random(network, def, rule, &index));
    found.struct_size = sizeof found;
    CHECK_OK(snn_network_get_connection_rule(network, index, &found));
    CHECK(found.first_source == 0 && found.source_count == 0);
    found.struct_size = offsetof(SNNRandomConnectionDef, first_source);
    found.first_source = 7;
    CHECK_OK(snn_network_get_connection_rule(network, index, &found));
    CHECK_EQUAL(found.first_source, 7);
}

/* So has the definition of a run: 56 bytes, and no recording of spikes; then 88, and no events as input. */
static void check_run_refuses_sizes_but_the_first(SNNRunDef *def, SNNHandle handle) {
    uint32_t size;
    for (size = 0; size <= sizeof *def + 8; ++size) {
        if (size == sizeof *def || size == offsetof(SNNRunDef, spike_records) || size == offsetof(SNNRunDef, spike_inputs))
            continue;
        def->struct_size = size;
        CHECK_ERROR(snn_session_run(handle, def), SNN_ERROR_VERSION, "struct_size");
    }
    def->struct_size = offsetof(SNNRunDef, spike_records);
    def->record_interval = 0; /* behind what an old caller owns */
    CHECK_OK(snn_session_run(handle, def));
    def->record_interval = 1;
    def->struct_size = offsetof(SNNRunDef, spike_inputs);
    def->spike_input_count = 1; /* and of nothing */
    CHECK_OK(snn_session_run(handle, def));
    def->spike_input_count = 0;
    def->struct_size = sizeof *def;
}

/* And that of a trainer: 104 bytes, before parameters of neurons learned; 144, before labels were softened. */
static void check_trainer_refuses_sizes_but_the_first(SNNTrainerDef *def, SNNHandle handle) {
    SNNTrainer trainer = NULL;
    uint32_t size;
    for (size = 0; size <= sizeof *def + 8; ++size) {
        if (size == sizeof *def || size == offsetof(SNNTrainerDef, parameter_rate_factor) ||
            size == offsetof(SNNTrainerDef, label_smoothing))
            continue;
        def->struct_size = size;
        CHECK_ERROR(snn_trainer_create(handle, def, &trainer), SNN_ERROR_VERSION, "struct_size");
    }
    def->struct_size = offsetof(SNNTrainerDef, parameter_rate_factor);
    def->parameter_rate_factor = -1; /* behind what an old caller owns */
    CHECK_OK(snn_trainer_create(handle, def, &trainer));
    snn_trainer_release(trainer);
    def->parameter_rate_factor = 1;
    def->struct_size = offsetof(SNNTrainerDef, label_smoothing);
    def->label_smoothing = -1;
    CHECK_OK(snn_trainer_create(handle, def, &trainer));
    snn_trainer_release(trainer);
    def->label_smoothing = 0;
    def->struct_size = sizeof *def;
}

/* And that of a batch: 48 bytes, before inputs came as events. */
static void check_batch_refuses_sizes_but_the_first(SNNTrainer trainer, SNNBatch *batch, SNNTrainResult *result) {
    uint32_t size;
    for (size = 0; size <= sizeof *batch + 8; ++size) {
        if (size == sizeof *batch || size == offsetof(SNNBatch, spike_inputs)) continue;
        batch->struct_size = size;
        CHECK_ERROR(snn_trainer_step(trainer, batch, result), SNN_ERROR_VERSION, "struct_size");
    }
    batch->struct_size = offsetof(SNNBatch, spike_inputs);
    batch->spike_input_count = 1; /* behind what an old caller owns */
    CHECK_ERROR(snn_trainer_step(trainer, batch, result), SNN_ERROR_INVALID_ARGUMENT, "neither labels nor targets");
    batch->spike_input_count = 0;
    batch->struct_size = sizeof *batch;
}

static void sizes_that_no_header_had_are_refused(void) {
    SNNNetwork network = make_classifier(), open_network = unconnected();
    SNNHandle handle = NULL, second = NULL;
    SNNTrainer trainer = NULL;
    SNNAllocator allocator = {0, NULL, NULL, NULL};
    SNNJobSystem job_system = {0, 1, NULL, NULL};
    SNNDeviceInfo device_info;
    SNNDeviceSpeed speed;
    SNNSessionDevice session_device;
    SNNNetworkInfo network_info;
    SNNPopulationInfo population_info;
    SNNProjectionArrays projection_arrays;
    SNNMemoryEstimate estimate;
    SNNPopulationDef population_def;
    SNNProjectionDef projection_def;
    SNNRandomConnectionDef rule;
    SNNConfig config;
    SNNRunDef run_def;
    SNNTrainerDef trainer_def;
    SNNBatch batch;
    SNNTrainResult result;
    SNNEpoch epoch;
    SNNCounters counters;
    SNNEncoderDef encoder_def;
    float value = 0.5f, encoded[25];

    CHECK_REFUSES_SIZES(device_info, snn_device_get(0, &device_info));
    CHECK_REFUSES_SIZES(speed, snn_device_speed("cpu", &speed));
    CHECK_REFUSES_SIZES(network_info, snn_network_get_info(network, &network_info));
    CHECK_REFUSES_SIZES(population_info, snn_network_get_population(network, 0, &population_info));
    CHECK_REFUSES_SIZES(projection_arrays, snn_network_get_projection_arrays(network, 0, &projection_arrays));

    snn_population_def_default(&population_def);
    snn_projection_def_default(&projection_def);
    snn_random_connection_def_default(&rule);
    population_def.name = "more";
    population_def.model_name = "lif";
    population_def.shape.dims[0] = 1;
    projection_def.target = 1;
    CHECK_REFUSES_SIZES(population_def, snn_network_add_population(open_network, &population_def, NULL));
    check_projection_refuses_sizes_but_the_first(open_network, &projection_def, &rule);
    projection_def.kind = SNN_CONNECT_SPARSE;
    check_rule_refuses_sizes_but_the_first(open_network, &projection_def, &rule);

    snn_config_default(&config);
    config.network = network;
    CHECK_REFUSES_SIZES(estimate, snn_network_memory(network, &config, &estimate, NULL, 0));
    check_refuses_sizes_but_the_first(&config, &handle);
    CHECK_OK(snn_create_network(&config, &handle));
    config.allocator = &allocator;
    CHECK_REFUSES_SIZES(allocator, snn_create_network(&config, &second));
    config.allocator = NULL;
    config.job_system = &job_system;
    CHECK_REFUSES_SIZES(job_system, snn_create_network(&config, &second));
    CHECK(second == NULL);

    snn_run_def_default(&run_def);
    CHECK_REFUSES_SIZES(counters, snn_get_counters(handle, &counters));
    CHECK_REFUSES_SIZES(session_device, snn_session_device(handle, &session_device));
    check_run_refuses_sizes_but_the_first(&run_def, handle);
    snn_trainer_def_default(&trainer_def);
    trainer_def.output_population = 2;
    trainer_def.loss = SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE;
    check_trainer_refuses_sizes_but_the_first(&trainer_def, handle);
    CHECK_OK(snn_trainer_create(handle, &trainer_def, &trainer));
    memset(&batch, 0, sizeof batch);
    result.struct_size = sizeof result;
    check_batch_refuses_sizes_but_the_first(trainer, &batch, &result);
    CHECK_REFUSES_SIZES(result, snn_trainer_step(trainer, &batch, &result));
    CHECK_REFUSES_SIZES(result, snn_trainer_forward(trainer, &batch, &result));
    CHECK_REFUSES_SIZES(epoch, snn_trainer_end_epoch(trainer, &epoch));
    snn_encoder_def_default(&encoder_def);
    CHECK_REFUSES_SIZES(encoder_def, snn_encode(&encoder_def, &value, 1, 1, 1, encoded, 25));
    CHECK_OK(snn_encode(&encoder_def, &value, 1, 1, 1, encoded, 25));

    snn_trainer_release(trainer);
    snn_destroy_network(handle);
    snn_network_release(network);
    snn_network_release(open_network);
}

/* These numbers never change. A struct that has grown since is larger, and takes the number here as the size of an older
 * header (native/src/api/guard.h, sizes_of). */
static void structs_begin_as_they_did_in_abi_1(void) {
    if (sizeof(void *) != 8) SKIP("the sizes are those of 64-bit systems");
    CHECK_EQUAL(sizeof(SNNShape), 16);
    CHECK_EQUAL(sizeof(SNNInputArray), 24);
    CHECK_EQUAL(sizeof(SNNRecordArray), 32);
    CHECK_EQUAL(sizeof(SNNAllocator), 32);
    CHECK_EQUAL(sizeof(SNNJobSystem), 24);
    CHECK_EQUAL(sizeof(SNNDeviceInfo), 344);
    CHECK_EQUAL(sizeof(SNNPopulationDef), 48);
    CHECK_EQUAL(offsetof(SNNProjectionDef, detached), 160);
    CHECK_EQUAL(sizeof(SNNDistribution), 40);
    CHECK_EQUAL(offsetof(SNNRandomConnectionDef, first_source), 200);
    CHECK_EQUAL(sizeof(SNNNetworkInfo), 48);
    CHECK_EQUAL(sizeof(SNNPopulationInfo), 56);
    CHECK_EQUAL(offsetof(SNNProjectionInfo, detached), 128);
    CHECK_EQUAL(offsetof(SNNProjectionInfo, min_delay_steps), 136);
    CHECK_EQUAL(sizeof(SNNProjectionArrays), 48);
    CHECK_EQUAL(sizeof(SNNMemoryEstimate), 48);
    CHECK_EQUAL(offsetof(SNNConfig, seed), 80);
    CHECK_EQUAL(sizeof(SNNSpikes), 32);
    CHECK_EQUAL(offsetof(SNNRunDef, spike_records), 56);
    CHECK_EQUAL(offsetof(SNNRunDef, spike_inputs), 88);
    CHECK_EQUAL(sizeof(SNNSpikeRecord), 48);
    CHECK_EQUAL(sizeof(SNNSpikeInput), 40);
    CHECK_EQUAL(sizeof(SNNValueRecord), 48);
    CHECK_EQUAL(sizeof(SNNCounters), 56);
    CHECK_EQUAL(offsetof(SNNTrainerDef, parameter_rate_factor), 104);
    CHECK_EQUAL(offsetof(SNNTrainerDef, label_smoothing), 144);
    CHECK_EQUAL(sizeof(SNNBatch), 64);
    CHECK_EQUAL(sizeof(SNNTrainResult), 32);
    CHECK_EQUAL(sizeof(SNNWeightUpdate), 24);
    CHECK_EQUAL(sizeof(SNNDeviceSpeed), 88);
    CHECK_EQUAL(sizeof(SNNSessionDevice), 324);
    CHECK_EQUAL(sizeof(SNNEpoch), 40);
    CHECK_EQUAL(sizeof(SNNEncoderDef), 32);
}

static const CheckCase cases[] = {
    CASE(defaults_are_written_within_the_size_of_the_caller),
    CASE(default_and_init_are_the_same),
    CASE(sizes_that_no_header_had_are_refused),
    CASE(structs_begin_as_they_did_in_abi_1),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
