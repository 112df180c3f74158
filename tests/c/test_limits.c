/* The limits that snn.h names: what lies at the limit passes, one more is refused with a sentence, before anything large is
 * allocated. */
#include "fixtures.h"

static void the_time_step_is_at_most_a_million_milliseconds(void) {
    SNNNetwork network = NULL;
    CHECK_OK(snn_network_create(1e6, &network));
    snn_network_release(network);
    network = NULL;
    CHECK_ERROR(snn_network_create(1000000.5, &network), SNN_ERROR_INVALID_ARGUMENT, "dt_ms is 1000000.5");
    CHECK(network == NULL);
}

static SNNStatus add_shape(SNNNetwork network, const char *name, uint32_t channels, uint32_t height, uint32_t width) {
    SNNPopulationDef def;
    snn_population_def_default(&def);
    def.kind = SNN_POPULATION_SPIKE_INPUT;
    def.name = name;
    def.shape.rank = 3;
    def.shape.dims[0] = channels;
    def.shape.dims[1] = height;
    def.shape.dims[2] = width;
    return snn_network_add_population(network, &def, NULL);
}

static void a_population_has_at_most_two_to_the_thirty_neurons(void) {
    const char *const words = "has more than 1073741824 neurons";
    SNNNetwork network = new_network();
    CHECK_OK(add_shape(network, "flat", 1, 1, 1u << 30));
    CHECK_OK(add_shape(network, "cube", 1u << 10, 1u << 10, 1u << 10));
    CHECK_ERROR(add_shape(network, "x", 1, 1, (1u << 30) + 1), SNN_ERROR_INVALID_ARGUMENT, words);
    CHECK_ERROR(add_shape(network, "x", 1u << 11, 1u << 10, 1u << 10), SNN_ERROR_INVALID_ARGUMENT, words);
    CHECK_ERROR(add_shape(network, "x", UINT32_MAX, UINT32_MAX, UINT32_MAX), SNN_ERROR_INVALID_ARGUMENT, words);
    snn_network_release(network);
}

static void a_delay_is_at_most_4096_steps(void) {
    const float weights[3 * 2] = {0};
    SNNNetwork network = unconnected();
    SNNProjectionDef def = projection(SNN_CONNECT_DENSE, weights, COUNT(weights));
    def.name = "at_the_limit";
    def.delay_steps = 4096;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    def.name = "slow";
    def.delay_steps = 4097;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "'slow': its largest delay is 4097 steps; at most 4096 are allowed");
    def.delay_steps = UINT32_MAX;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "4294967295 steps");
    snn_network_release(network);
}

static void the_delay_of_a_synapse_counts_with_that_of_its_projection(void) {
    const float weights[2] = {1, 1};
    const uint64_t row_offsets[4] = {0, 1, 1, 2};
    const uint32_t targets[2] = {0, 1};
    uint16_t delays[2] = {3, 96};
    SNNNetwork network = unconnected();
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, weights, 2);
    SNNRandomConnectionDef rule;
    def.row_offsets = row_offsets;
    def.row_offset_count = COUNT(row_offsets);
    def.synapse_targets = targets;
    def.synapse_delays = delays;
    def.synapse_count = 2;
    def.delay_steps = 4000;
    def.name = "given";
    CHECK_OK(snn_network_connect(network, &def, NULL));
    delays[1] = 97;
    def.name = "slow";
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "largest delay is 4097 steps");

    def = projection(SNN_CONNECT_SPARSE, NULL, 0);
    def.delay_steps = 4000;
    def.name = "drawn";
    snn_random_connection_def_default(&rule);
    rule.rule = SNN_RULE_FIXED_TOTAL;
    rule.count = 10;
    rule.delay = distribution(SNN_DISTRIBUTION_UNIFORM, 1, 96);
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    def.name = "slow";
    rule.delay.b = 97;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "'slow': its largest delay is 4097 steps; at most 4096 are allowed");
    rule.delay.b = 1e30;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "delays reach up to 1e+30 ms, that is 1e+30 steps; at most 4096 are allowed");
    snn_network_release(network);
}

static void a_rule_makes_at_most_two_to_the_thirty_four_synapses(void) {
    const char *const words = "at most 17179869184 are allowed";
    SNNNetwork network = new_network();
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, NULL, 0);
    SNNRandomConnectionDef rule;
    CHECK_OK(add_shape(network, "in", 1, 1, 1u << 18));
    add_neurons(network, "cells", "adder", 1u << 17);
    snn_random_connection_def_default(&rule);
    rule.rule = SNN_RULE_FIXED_TOTAL;
    rule.count = (UINT64_C(1) << 34) + 1;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, words);
    rule.rule = SNN_RULE_FIXED_INDEGREE;
    rule.count = (1u << 17) + 1;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, words);
    rule.rule = SNN_RULE_FIXED_PROBABILITY;
    rule.probability = 0.51;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, words);
    snn_network_release(network);
}

static void a_session_has_at_most_1048576_samples_and_1024_threads(void) {
    SNNNetwork network = make_chain();
    SNNConfig config;
    SNNHandle handle = NULL;
    snn_config_default(&config);
    config.network = network;
    config.device = "null";
    config.batch_size = 1u << 20;
    CHECK_OK(snn_create_network(&config, &handle));
    snn_destroy_network(handle);
    config.batch_size = (1u << 20) + 1;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "is 1048577; expected 1 to 1048576");
    config.batch_size = 1;
    config.thread_count = 1024;
    CHECK_OK(snn_create_network(&config, &handle));
    snn_destroy_network(handle);
    config.thread_count = 1025;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "is 1025; expected 0 to 1024");
    snn_network_release(network);
}

static void a_written_parameter_has_one_value_or_as_many_as_neurons(void) {
    static const double ones[3] = {1, 1, 1};
    SNNHandle handle = open_chain();
    const size_t wrong[] = {0, 2, 4, SIZE_MAX / 8, SIZE_MAX};
    size_t i;
    for (i = 0; i < COUNT(wrong); ++i)
        CHECK_ERROR(snn_session_write(handle, "cells.threshold", SNN_FLOAT64, ones, wrong[i]), SNN_ERROR_INVALID_ARGUMENT,
                    "takes 1 value or 3");
    CHECK_OK(snn_session_write(handle, "cells.threshold", SNN_FLOAT64, ones, 3));
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(the_time_step_is_at_most_a_million_milliseconds),
    CASE(a_population_has_at_most_two_to_the_thirty_neurons),
    CASE(a_delay_is_at_most_4096_steps),
    CASE(the_delay_of_a_synapse_counts_with_that_of_its_projection),
    CASE(a_rule_makes_at_most_two_to_the_thirty_four_synapses),
    CASE(a_session_has_at_most_1048576_samples_and_1024_threads),
    CASE(a_written_parameter_has_one_value_or_as_many_as_neurons),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
