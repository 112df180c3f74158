/* Connecting populations: every kind of projection, the random rules, and what is refused. */
#include <math.h>

#include "fixtures.h"

static void dense_projections_are_checked(void) {
    float weights[6] = {1, 2, 3, 4, 5, 6}, bias[2] = {1, 2};
    SNNNetwork network = unconnected();
    SNNProjectionDef def = projection(SNN_CONNECT_DENSE, weights, 5);
    uint32_t index = 99;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "6");
    def = projection(SNN_CONNECT_DENSE, weights, 6);
    weights[4] = NAN;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "[4]");
    weights[4] = INFINITY;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "[4]");
    weights[4] = 5;
    def.bias = bias;
    def.bias_count = 3;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "bias");
    def.bias = NULL;
    def.bias_count = 2;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "bias is null");
    def.bias = bias;
    def.weights = NULL;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "weights is null");
    def.weights = weights;
    def.weight_count = 0;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "takes 6 values");
    def.weight_count = 6;
    def.row_offset_count = 1;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "row_offsets is null");
    def.row_offset_count = 0;
    bias[1] = NAN;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "bias");
    bias[1] = 2;
    def.target = 2;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_NOT_FOUND, "2");
    def.target = 0;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "in");
    def.target = 1;
    def.source = 7;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_NOT_FOUND, "7");
    def.source = 0;
    def.receptor = "gaba";
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_NOT_FOUND, "gaba");
    def.receptor = "current";
    def.kind = 9;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "kind");
    def.kind = SNN_CONNECT_DENSE;
    def.arithmetic = 3;
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "arithmetic");
    def.arithmetic = SNN_ARITHMETIC_DEFAULT;
    def.name = "bad name";
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "bad name");
    def.name = NULL;
    CHECK_EQUAL(index, 99);
    CHECK_OK(snn_network_connect(network, &def, &index));
    CHECK_EQUAL(index, 0);
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "in_to_cells"); /* name in use */
    def.name = "second";
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_ERROR(snn_network_connect(network, NULL, NULL), SNN_ERROR_INVALID_ARGUMENT, "def");
    snn_network_release(network);
}

static void no_weights_are_zeros(void) {
    SNNNetwork network = unconnected();
    const SNNProjectionDef def = projection(SNN_CONNECT_DENSE, NULL, 0);
    SNNProjectionInfo info;
    uint64_t i;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_projection(network, 0, &info));
    CHECK_EQUAL(info.weight_count, 6);
    for (i = 0; i < info.weight_count; ++i) CHECK_NEAR(arrays_of(network, 0).weights[i], 0.0, 0);
    snn_network_release(network);
}

static void a_default_name_that_is_too_long_asks_for_a_name(void) {
    static const char long_name[] = "a_population_whose_name_has_fifty_eight_bytes_in_all_of_it";
    const float weights[6] = {1, 2, 3, 4, 5, 6};
    SNNNetwork network = new_network();
    SNNProjectionDef def = projection(SNN_CONNECT_DENSE, weights, 6);
    CHECK_EQUAL(strlen(long_name), 58);
    add_input(network, long_name, SNN_POPULATION_SPIKE_INPUT, 3);
    add_neurons(network, "c1", "adder", 2);
    add_neurons(network, "c", "adder", 2);
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "64 bytes");
    CHECK(strstr(snn_last_error(), "def->name"));
    def.target = 2; /* 63 bytes */
    CHECK_OK(snn_network_connect(network, &def, NULL));
    def.target = 1;
    def.name = "short";
    CHECK_OK(snn_network_connect(network, &def, NULL));
    snn_network_release(network);
}

static void one_to_one_needs_equal_sizes(void) {
    const float weights[3] = {1, 2, 3};
    SNNNetwork network = unconnected();
    SNNProjectionDef def = projection(SNN_CONNECT_ONE_TO_ONE, weights, 3);
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "3");
    snn_network_release(network);
}

static void a_value_input_cannot_use_fixed_point(void) {
    const float weights[4] = {1, 2, 3, 4};
    SNNNetwork network = new_network();
    SNNProjectionDef def = projection(SNN_CONNECT_DENSE, weights, 4);
    add_input(network, "in", SNN_POPULATION_VALUE_INPUT, 2);
    add_neurons(network, "cells", "adder", 2);
    def.arithmetic = SNN_ARITHMETIC_FIXED;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "");
    snn_network_release(network);
}

static void what_does_not_spike_is_no_source(void) {
    const float weights[1] = {1};
    SNNNetwork network = new_network();
    SNNProjectionDef def = projection(SNN_CONNECT_DENSE, weights, 1);
    add_neurons(network, "readout", "leaky_integrator", 1);
    add_neurons(network, "cells", "adder", 1);
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "readout");
    snn_network_release(network);
}

static void sparse_arrays_are_checked(void) {
    const float weights[4] = {1, 2, 3, 4};
    uint64_t rows[4] = {0, 2, 2, 4};
    uint32_t targets[4] = {1, 0, 0, 1};
    const uint16_t delays[4] = {3, 1, 0, 2};
    SNNNetwork network = unconnected();
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, weights, 4);
    SNNProjectionInfo info;
    def.trainable = 0; /* static: summed in fixed point */
    def.row_offsets = rows;
    def.row_offset_count = COUNT(rows);
    def.synapse_targets = targets;
    def.synapse_delays = delays;
    def.synapse_count = 4;
    rows[1] = 3; /* descending afterwards */
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "row_offsets");
    rows[1] = 2;
    rows[0] = 1;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "row_offsets");
    rows[0] = 0;
    rows[3] = 5;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "row_offsets");
    rows[3] = 4;
    targets[2] = 2;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "synapse_targets");
    targets[2] = 0;
    def.row_offset_count = 3;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "row_offsets has 3 values");
    def.row_offset_count = COUNT(rows);
    def.row_offsets = NULL;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "row_offsets is null");
    def.row_offsets = rows;
    def.synapse_targets = NULL;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "synapse_targets");
    def.synapse_targets = targets;
    def.weight_count = 3;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "weight");
    def.weight_count = 4;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_projection(network, 0, &info));
    CHECK_EQUAL(info.weight_count, 4);
    CHECK_EQUAL(info.synapse_count, 4);
    CHECK_EQUAL(arrays_of(network, 0).row_offsets[3], 4);
    CHECK(info.fixed_point_scale > 0);
    snn_network_release(network);
}

static void sparse_weights_are_by_source_delay_target_and_creation(void) {
    /* Source 0: (target 0, delay 2), (1, 1), (1, 1) again, (0, 1). Source 2: (1, 0), (0, 0). The weight is the place. */
    const uint64_t rows[4] = {0, 4, 4, 6};
    const uint32_t targets[6] = {0, 1, 1, 0, 1, 0};
    const uint16_t delays[6] = {2, 1, 1, 1, 0, 0};
    const float weights[6] = {0, 1, 2, 3, 4, 5}, expected[6] = {3, 1, 2, 0, 5, 4};
    SNNNetwork network = unconnected();
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, weights, 6);
    SNNProjectionInfo told;
    SNNProjectionArrays info;
    SNNHandle handle;
    float read[6];
    int i;
    def.row_offsets = rows;
    def.row_offset_count = COUNT(rows);
    def.synapse_targets = targets;
    def.synapse_delays = delays;
    def.synapse_count = 6;
    def.delay_steps = 3;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    told.struct_size = sizeof told;
    CHECK_OK(snn_network_get_projection(network, 0, &told));
    CHECK_EQUAL(told.min_delay_steps, 3);
    CHECK_EQUAL(told.max_delay_steps, 5);
    info = arrays_of(network, 0);
    CHECK(info.synapse_delays);
    for (i = 0; i < 6; ++i) {
        const int place = (int)expected[i];
        CHECK_NEAR(info.weights[i], expected[i], 0);
        CHECK_EQUAL(info.synapse_targets[i], targets[place]);
        CHECK_EQUAL(info.synapse_delays[i], delays[place]);
    }
    CHECK(memcmp(info.row_offsets, rows, sizeof rows) == 0);
    handle = open_session(network, NULL);
    CHECK_OK(snn_session_read(handle, "in_to_cells.weight", SNN_FLOAT32, read, 6));
    CHECK(memcmp(read, expected, sizeof read) == 0);
    snn_destroy_network(handle);
}

static void random_rules_make_what_they_say(void) {
    SNNNetwork network = new_network();
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, NULL, 0);
    SNNRandomConnectionDef rule;
    SNNProjectionInfo info;
    SNNProjectionArrays arrays;
    uint64_t i;
    uint32_t incoming[50] = {0};
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 40);
    add_neurons(network, "cells", "adder", 50);
    snn_random_connection_def_default(&rule);
    rule.rule = SNN_RULE_FIXED_INDEGREE;
    rule.count = 7;
    rule.seed = 5;
    rule.weight = distribution(SNN_DISTRIBUTION_CONSTANT, 0.25, 0);
    rule.delay = distribution(SNN_DISTRIBUTION_UNIFORM, 2, 4);
    def.name = "indegree";
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    rule.rule = SNN_RULE_FIXED_TOTAL;
    rule.count = 123;
    def.name = "total";
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    rule.rule = SNN_RULE_FIXED_PROBABILITY;
    rule.probability = 0.2;
    def.name = "probability";
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_projection(network, 0, &info));
    CHECK_EQUAL(info.weight_count, 7 * 50);
    CHECK_EQUAL(info.by_rule, 1);
    arrays = arrays_of(network, 0);
    for (i = 0; i < info.weight_count; ++i) {
        CHECK(arrays.synapse_targets[i] < 50);
        CHECK(arrays.synapse_delays[i] >= 2 && arrays.synapse_delays[i] <= 4);
        CHECK_NEAR(arrays.weights[i], 0.25, 0);
        ++incoming[arrays.synapse_targets[i]];
    }
    for (i = 0; i < 50; ++i) CHECK_EQUAL(incoming[i], 7);
    CHECK_OK(snn_network_get_projection(network, 1, &info));
    CHECK_EQUAL(info.weight_count, 123);
    CHECK_OK(snn_network_get_projection(network, 2, &info));
    CHECK_NEAR((double)info.weight_count, 400.0, 72); /* four standard deviations of binomial(2000, 0.2) */
    snn_network_release(network);
}

/* Whether two projections of a network connect the same neurons. */
static int connect_alike(SNNNetwork network, uint32_t a, uint32_t b) {
    const SNNProjectionArrays first = arrays_of(network, a), second = arrays_of(network, b);
    CHECK_EQUAL(first.weight_count, 200);
    return memcmp(first.synapse_targets, second.synapse_targets, 200 * sizeof *first.synapse_targets) == 0;
}

static void the_default_seed_follows_the_projection_and_any_other_does_not(void) {
    static const uint64_t largest = SNN_SEED_BY_INDEX - 1;
    const uint64_t seeds[7] = {SNN_SEED_BY_INDEX, SNN_SEED_BY_INDEX, 0, 0, 1, largest, largest};
    static const char *const names[7] = {"p0", "p1", "p2", "p3", "p4", "p5", "p6"};
    SNNNetwork networks[2];
    SNNProjectionArrays first, second;
    uint32_t i, j;
    for (i = 0; i < 2; ++i) {
        SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, NULL, 0);
        SNNRandomConnectionDef rule;
        networks[i] = new_network();
        add_input(networks[i], "in", SNN_POPULATION_SPIKE_INPUT, 40);
        add_neurons(networks[i], "cells", "adder", 50);
        snn_random_connection_def_default(&rule);
        CHECK(rule.seed == SNN_SEED_BY_INDEX);
        rule.rule = SNN_RULE_FIXED_TOTAL;
        rule.count = 200;
        for (j = 0; j < 7; ++j) {
            def.name = names[j];
            rule.seed = seeds[j];
            CHECK_OK(snn_network_connect_random(networks[i], &def, &rule, NULL));
        }
    }
    for (i = 0; i < 7; ++i)
        for (j = 0; j < i; ++j)
            CHECK_EQUAL(connect_alike(networks[0], i, j), seeds[i] != SNN_SEED_BY_INDEX && seeds[i] == seeds[j]);
    /* The same network built again has the same connections. */
    first = arrays_of(networks[0], 1);
    second = arrays_of(networks[1], 1);
    CHECK(memcmp(first.synapse_targets, second.synapse_targets, 200 * sizeof *first.synapse_targets) == 0);
    snn_network_release(networks[0]);
    snn_network_release(networks[1]);
}

static void random_rules_are_checked(void) {
    const float weight = 1;
    SNNNetwork network = unconnected();
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, NULL, 0);
    SNNRandomConnectionDef rule;
    snn_random_connection_def_default(&rule);
    rule.probability = 1.5;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "probability");
    rule.probability = NAN;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "probability");
    rule.probability = 0.5;
    rule.rule = 7;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "rule is 7; expected 0 to 6");
    rule.rule = SNN_RULE_FIXED_PROBABILITY;
    rule.delay = distribution(SNN_DISTRIBUTION_UNIFORM, 0, 2);
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "delay: delays reach down to");
    rule.delay = distribution(SNN_DISTRIBUTION_CONSTANT, 0, 0);
    rule.weight = distribution(SNN_DISTRIBUTION_NORMAL, 1, -1);
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "weight: the standard deviation is -1");
    rule.weight = distribution(SNN_DISTRIBUTION_NORMAL, NAN, 1);
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "a = nan");
    rule.weight = distribution(5, 1, 1);
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "kind is 5");
    rule.weight = distribution(SNN_DISTRIBUTION_EXPONENTIAL, 0, 0);
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "weight: the mean of the exponential distribution is 0; expected above 0");
    rule.weight = distribution(SNN_DISTRIBUTION_UNIFORM, 1, 0);
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "uniform from 1 to 0");
    rule.weight = distribution(SNN_DISTRIBUTION_NORMAL, 0, 1);
    rule.weight.low = 5;
    rule.weight.high = 4;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "low is 5 and high is 4");
    rule.weight.high = 6; /* 2.9e-7 of the distribution */
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "less than 1 of 65536");
    rule.weight = distribution(SNN_DISTRIBUTION_LOGNORMAL, 80, 2);
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "float32 numbers");
    rule.weight = distribution(SNN_DISTRIBUTION_CONSTANT, 1, 0);
    rule.rule = SNN_RULE_FIXED_INDEGREE;
    rule.count = 4;
    rule.allow_multapses = 0;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "4 sources for each target without multapses; there are 3");
    rule.rule = SNN_RULE_FIXED_OUTDEGREE;
    rule.count = 3;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "3 targets for each source without multapses; there are 2");
    rule.rule = SNN_RULE_FIXED_TOTAL;
    rule.count = 7;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "7 synapses without multapses; there are 6 pairs");
    rule.rule = SNN_RULE_ONE_TO_ONE;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "equal sizes");
    rule.rule = SNN_RULE_FIXED_PROBABILITY;
    def.weights = &weight;
    def.weight_count = 1;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "null");
    def.weights = NULL;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "counts 0");
    def.weight_count = 0;
    def.kind = SNN_CONNECT_DENSE;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "kind");
    def.kind = SNN_CONNECT_SPARSE;
    CHECK_ERROR(snn_network_connect_random(network, &def, NULL, NULL), SNN_ERROR_INVALID_ARGUMENT, "rule");
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    snn_network_release(network);
}

static void convolution_shapes_are_checked(void) {
    static const float weights[2 * 1 * 3 * 3] = {1};
    SNNNetwork network = new_network();
    SNNPopulationDef source, target;
    SNNProjectionDef def = projection(SNN_CONNECT_CONV2D, weights, COUNT(weights));
    SNNProjectionInfo info;
    snn_population_def_default(&source);
    source.name = "image";
    source.kind = SNN_POPULATION_VALUE_INPUT;
    source.shape = (SNNShape){3, {1, 6, 6}};
    snn_population_def_default(&target);
    target.name = "maps";
    target.model_name = "lif";
    target.shape = (SNNShape){3, {2, 4, 4}};
    CHECK_OK(snn_network_add_population(network, &source, NULL));
    CHECK_OK(snn_network_add_population(network, &target, NULL));
    add_neurons(network, "flat", "lif", 32);
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, ""); /* the kernel is 1x1 */
    def.kernel[0] = def.kernel[1] = 3;
    def.stride[1] = 0;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "stride");
    def.stride[1] = 1;
    def.padding[0] = 1;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "maps");
    def.padding[0] = 0;
    def.groups = 3;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "groups");
    def.groups = 1;
    def.target = 2;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "flat");
    def.target = 1;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_projection(network, 0, &info));
    CHECK_EQUAL(info.kernel[0], 3);
    CHECK_EQUAL(info.weight_count, 18);
    CHECK_EQUAL(info.synapse_count, 2 * 4 * 4 * 9);
    snn_network_release(network);
}

static void weights_too_large_for_fixed_point_are_refused(void) {
    /* The smallest scale is 2^-96, and a sum has 30 bits: 2^126 is the most that fits. */
    const float weights[1] = {3e38f};
    const uint64_t rows[2] = {0, 1};
    const uint32_t targets[1] = {0};
    SNNNetwork network = new_network();
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, weights, 1);
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 1);
    add_neurons(network, "cells", "adder", 1);
    def.trainable = 0;
    def.row_offsets = rows;
    def.row_offset_count = COUNT(rows);
    def.synapse_targets = targets;
    def.synapse_count = 1;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_ERROR(snn_network_finish(network), SNN_ERROR_INVALID_ARGUMENT, "cells");
    snn_network_release(network);
}

static void flags_are_0_or_1(void) {
    static const float weights[6] = {0};
    SNNNetwork network = unconnected();
    SNNProjectionDef def = projection(SNN_CONNECT_DENSE, weights, 6);
    SNNRandomConnectionDef rule;
    SNNNetworkInfo info;
    info.struct_size = sizeof info;
    def.name = "p";
    def.trainable = 7;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "projection 'p': trainable is 7; expected 0 or 1");
    def.trainable = 1;
    def.detached = 99;
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "projection 'p': detached is 99");
    def.detached = 0;
    def = projection(SNN_CONNECT_SPARSE, NULL, 0);
    snn_random_connection_def_default(&rule);
    rule.allow_autapses = 2;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "allow_autapses is 2");
    rule.allow_autapses = 1;
    rule.allow_multapses = 0xFFFFFFFFu;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT, "allow_multapses is 4294967295");
    CHECK_OK(snn_network_get_info(network, &info));
    CHECK_EQUAL(info.projection_count, 0);
    snn_network_release(network);
}

static const CheckCase cases[] = {
    CASE(flags_are_0_or_1),
    CASE(dense_projections_are_checked),
    CASE(no_weights_are_zeros),
    CASE(a_default_name_that_is_too_long_asks_for_a_name),
    CASE(one_to_one_needs_equal_sizes),
    CASE(a_value_input_cannot_use_fixed_point),
    CASE(what_does_not_spike_is_no_source),
    CASE(sparse_arrays_are_checked),
    CASE(sparse_weights_are_by_source_delay_target_and_creation),
    CASE(random_rules_make_what_they_say),
    CASE(the_default_seed_follows_the_projection_and_any_other_does_not),
    CASE(random_rules_are_checked),
    CASE(convolution_shapes_are_checked),
    CASE(weights_too_large_for_fixed_point_are_refused),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
