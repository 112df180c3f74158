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

/* `call` refuses `value` with any size that no header has had, such as one that ends inside a field. */
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
    SNNProjectionInfo projection_info;
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
    uint32_t index;

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
    CHECK_REFUSES_SIZES(projection_def, snn_network_connect(open_network, &projection_def, NULL));
    projection_def.kind = SNN_CONNECT_SPARSE;
    CHECK_REFUSES_SIZES(projection_def, snn_network_connect_random(open_network, &projection_def, &rule, NULL));
    CHECK_REFUSES_SIZES(rule, snn_network_connect_random(open_network, &projection_def, &rule, NULL));
    CHECK_OK(snn_network_connect_random(open_network, &projection_def, &rule, &index));
    CHECK_REFUSES_SIZES(projection_info, snn_network_get_projection(open_network, index, &projection_info));
    CHECK_REFUSES_SIZES(rule, snn_network_get_connection_rule(open_network, index, &rule));

    snn_config_default(&config);
    config.network = network;
    CHECK_REFUSES_SIZES(estimate, snn_network_memory(network, &config, &estimate, NULL, 0));
    CHECK_REFUSES_SIZES(config, snn_create_network(&config, &handle));
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
    CHECK_REFUSES_SIZES(run_def, snn_session_run(handle, &run_def));
    snn_trainer_def_default(&trainer_def);
    trainer_def.output_population = 2;
    trainer_def.loss = SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE;
    CHECK_REFUSES_SIZES(trainer_def, snn_trainer_create(handle, &trainer_def, &trainer));
    CHECK_OK(snn_trainer_create(handle, &trainer_def, &trainer));
    memset(&batch, 0, sizeof batch);
    result.struct_size = sizeof result;
    CHECK_REFUSES_SIZES(batch, snn_trainer_step(trainer, &batch, &result));
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

/* From the first release on these numbers do not change, unless a struct grows at its end: its size here is then that of an
 * older header (native/src/api/guard.h, sizes_of). */
static void structs_have_the_sizes_of_abi_1(void) {
    if (sizeof(void *) != 8) SKIP("the sizes are those of 64-bit systems");
    CHECK_EQUAL(sizeof(SNNShape), 16);
    CHECK_EQUAL(sizeof(SNNInputArray), 24);
    CHECK_EQUAL(sizeof(SNNRecordArray), 32);
    CHECK_EQUAL(sizeof(SNNAllocator), 32);
    CHECK_EQUAL(sizeof(SNNJobSystem), 24);
    CHECK_EQUAL(sizeof(SNNDeviceInfo), 344);
    CHECK_EQUAL(sizeof(SNNPopulationDef), 48);
    CHECK_EQUAL(sizeof(SNNProjectionDef), 168);
    CHECK_EQUAL(sizeof(SNNDistribution), 40);
    CHECK_EQUAL(sizeof(SNNRandomConnectionDef), 216);
    CHECK_EQUAL(sizeof(SNNNetworkInfo), 48);
    CHECK_EQUAL(sizeof(SNNPopulationInfo), 56);
    CHECK_EQUAL(sizeof(SNNProjectionInfo), 144);
    CHECK_EQUAL(sizeof(SNNProjectionArrays), 48);
    CHECK_EQUAL(sizeof(SNNMemoryEstimate), 48);
    CHECK_EQUAL(sizeof(SNNConfig), 88);
    CHECK_EQUAL(sizeof(SNNSpikes), 32);
    CHECK_EQUAL(sizeof(SNNRunDef), 104);
    CHECK_EQUAL(sizeof(SNNSpikeRecord), 48);
    CHECK_EQUAL(sizeof(SNNSpikeInput), 40);
    CHECK_EQUAL(sizeof(SNNValueRecord), 48);
    CHECK_EQUAL(sizeof(SNNCounters), 56);
    CHECK_EQUAL(sizeof(SNNTrainerDef), 152);
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
    CASE(structs_have_the_sizes_of_abi_1),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
