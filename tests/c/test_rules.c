/* Projections by rule: they cost nothing for each synapse, files hold the rule, and what a session would take is known before. */
#include "fixtures.h"

static SNNRandomConnectionDef rule_of(uint32_t kind, uint64_t count) {
    SNNRandomConnectionDef rule;
    snn_random_connection_def_default(&rule);
    rule.rule = kind;
    rule.count = count;
    rule.seed = 3;
    rule.weight = distribution(SNN_DISTRIBUTION_NORMAL, 0.1, 0.02);
    rule.weight.low = 0;
    rule.delay = distribution(SNN_DISTRIBUTION_NORMAL, 6, 3);
    rule.delay.low = 1;
    return rule;
}

/* Neurons "a" -> "b" by the rule, static. Not finished. */
static SNNNetwork build_pair(uint32_t a, uint32_t b, const SNNRandomConnectionDef *rule, uint32_t arithmetic) {
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    add_neurons(network, "a", "lif", a);
    add_neurons(network, "b", "lif", b);
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_SPARSE;
    def.target = 1;
    def.delay_steps = 2;
    def.trainable = 0;
    def.arithmetic = arithmetic;
    CHECK_OK(snn_network_connect_random(network, &def, rule, NULL));
    return network;
}

static void eight_billion_synapses_cost_nothing_until_they_run(void) {
    const SNNRandomConnectionDef rule = rule_of(SNN_RULE_FIXED_TOTAL, UINT64_C(1) << 33);
    SNNNetwork network = build_pair(100000, 100000, &rule, SNN_ARITHMETIC_DEFAULT), loaded = NULL;
    const char *const path = temporary_path("huge.snn");
    SNNProjectionInfo info;
    SNNRandomConnectionDef found;
    SNNMemoryEstimate estimate;
    SNNConfig config;
    SNNHandle handle = NULL;
    size_t count = 0;
    FILE *file;
    uint32_t *targets;
    int i;
    CHECK_OK(snn_network_finish(network));
    CHECK_OK(snn_network_save(network, path));
    file = fopen(path, "rb");
    CHECK(file && fseek(file, 0, SEEK_END) == 0);
    CHECK(ftell(file) < 20000);
    fclose(file);
    CHECK_OK(snn_network_load(path, &loaded));
    for (i = 0; i < 2; ++i) {
        const SNNNetwork one = i ? loaded : network;
        memset(&info, 0, sizeof info);
        info.struct_size = sizeof info;
        CHECK_OK(snn_network_get_projection(one, 0, &info));
        CHECK(info.synapse_count == UINT64_C(1) << 33 && info.weight_count == info.synapse_count);
        CHECK_EQUAL(info.by_rule, 1);
        CHECK(info.fixed_point_scale > 0);
        CHECK_EQUAL(info.min_delay_steps, 3); /* delay_steps 2, and at least one of its own */
        CHECK(info.max_delay_steps > 3);
        memset(&found, 0, sizeof found);
        found.struct_size = sizeof found;
        CHECK_OK(snn_network_get_connection_rule(one, 0, &found));
        CHECK(found.count == rule.count && found.seed == 3 && found.weight.b == rule.weight.b && found.delay.low == 1);
        CHECK_OK(snn_network_get_synapses(one, 0, 77, 1, NULL, NULL, NULL, NULL, &count));
        CHECK_NEAR((double)count, 85899.0, 1500); /* five standard deviations of a binomial number */
        targets = malloc(count * sizeof *targets);
        CHECK(targets);
        CHECK_OK(snn_network_get_synapses(one, 0, 77, 1, NULL, targets, NULL, NULL, &count));
        CHECK(targets[0] < 100000 && targets[count - 1] < 100000);
        free(targets);
    }
    snn_config_default(&config);
    config.network = network;
    memset(&estimate, 0, sizeof estimate);
    estimate.struct_size = sizeof estimate;
    CHECK_OK(snn_network_memory(network, &config, &estimate, NULL, 0));
    CHECK(estimate.network_bytes < 2000000); /* 8 bytes a row */
    CHECK(estimate.weight_bytes > UINT64_C(4) << 33 && estimate.weight_bytes < UINT64_C(5) << 33);
    CHECK(estimate.total_bytes == estimate.network_bytes + estimate.weight_bytes + estimate.state_bytes);
    {
        SNNDeviceInfo device;
        device.struct_size = sizeof device;
        CHECK_OK(snn_device_get(0, &device));
        if (device.memory_bytes > estimate.total_bytes) SKIP("this machine could open it");
    }
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_OUT_OF_MEMORY, "the session would need about 32.");
    snn_network_release(network);
    snn_network_release(loaded);
}

static void a_part_of_a_population_is_connected_as_a_population_of_its_own(void) {
    const char *const path = temporary_path("parts.snn");
    float positions[2 * 20];
    uint32_t kind, i;
    for (i = 0; i < COUNT(positions); ++i) positions[i] = (float)(i % 7);
    for (kind = SNN_RULE_FIXED_PROBABILITY; kind <= SNN_RULE_FIXED_OUTDEGREE; ++kind) {
        SNNRandomConnectionDef rule = rule_of(kind, 40), found;
        SNNNetwork alone, whole, loaded;
        uint32_t targets[2][400], delays[2][400];
        float weights[2][400];
        size_t counts[2] = {400, 400}, k;
        const uint32_t sources = 20, target_count = kind == SNN_RULE_ONE_TO_ONE ? 20 : 12;
        if (kind == SNN_RULE_FIXED_INDEGREE || kind == SNN_RULE_FIXED_OUTDEGREE) rule.count = 9;
        rule.probability = 0.4;
        if (kind == SNN_RULE_SPATIAL) {
            rule.dimensions = 1;
            rule.kernel_width = rule.cutoff = 3;
            rule.source_positions = rule.target_positions = positions;
            rule.source_position_count = sources;
            rule.target_position_count = target_count;
        }
        alone = build_pair(sources, target_count, &rule, SNN_ARITHMETIC_DEFAULT);
        rule.first_source = 5;
        rule.source_count = sources;
        rule.first_target = 28; /* to the end */
        whole = build_pair(30, 28 + target_count, &rule, SNN_ARITHMETIC_DEFAULT);
        CHECK_OK(snn_network_finish(alone));
        CHECK_OK(snn_network_finish(whole));
        CHECK_OK(snn_network_save(whole, path));
        CHECK_OK(snn_network_load(path, &loaded));
        CHECK_OK(snn_network_get_synapses(alone, 0, 0, sources, NULL, targets[0], delays[0], weights[0], &counts[0]));
        CHECK(counts[0] >= 20);
        for (i = 0; i < 2; ++i) {
            const SNNNetwork one = i ? loaded : whole;
            memset(&found, 0, sizeof found);
            found.struct_size = sizeof found;
            CHECK_OK(snn_network_get_connection_rule(one, 0, &found));
            CHECK(found.first_source == 5 && found.source_count == sources);
            CHECK(found.first_target == 28 && found.target_count == target_count);
            for (k = 0; k < 30; k += k == 0 ? 25 : 5) { /* the neurons before and after the part have none */
                counts[1] = 0;
                if (k == 5) continue;
                CHECK_OK(snn_network_get_synapses(one, 0, (uint32_t)k, 5, NULL, NULL, NULL, NULL, &counts[1]));
                CHECK_EQUAL(counts[1], 0);
            }
            counts[1] = 400;
            CHECK_OK(snn_network_get_synapses(one, 0, 5, sources, NULL, targets[1], delays[1], weights[1], &counts[1]));
            CHECK_EQUAL(counts[1], counts[0]);
            for (k = 0; k < counts[0]; ++k) CHECK_EQUAL(targets[1][k], targets[0][k] + 28);
            CHECK(memcmp(delays[0], delays[1], counts[0] * sizeof *delays[0]) == 0);
            CHECK(memcmp(weights[0], weights[1], counts[0] * sizeof *weights[0]) == 0);
        }
        snn_network_release(alone);
        snn_network_release(whole);
        snn_network_release(loaded);
    }
}

static void parts_of_one_population_are_the_same_or_apart(void) {
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    SNNRandomConnectionDef rule = rule_of(SNN_RULE_ALL_TO_ALL, 0);
    size_t count = 0;
    add_neurons(network, "a", "lif", 30);
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_SPARSE;
    def.trainable = 0;
    def.name = "one";
    rule.source_count = rule.target_count = 10;
    rule.first_source = 20;
    rule.first_target = 11;
    rule.allow_autapses = 0;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "neurons 20 to 29 onto 11 to 20 of 'a' share some");
    rule.first_target = 10;
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    rule.first_target = 20;
    def.name = "itself";
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    rule.first_target = 15;
    rule.allow_autapses = 1;
    def.name = "shares";
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    rule.first_target = 21;
    def.name = "beyond";
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "first_target is 21 and target_count 10; the target 'a' has 30 neurons");
    rule.first_target = 0;
    rule.first_source = 30;
    rule.source_count = 0;
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "first_source is 30 and source_count 0; the source 'a' has 30 neurons");
    CHECK_OK(snn_network_finish(network));
    CHECK_OK(snn_network_get_synapses(network, 0, 0, 30, NULL, NULL, NULL, NULL, &count));
    CHECK_EQUAL(count, 100);
    CHECK_OK(snn_network_get_synapses(network, 1, 0, 30, NULL, NULL, NULL, NULL, &count));
    CHECK_EQUAL(count, 90); /* all but the neurons with themselves */
    CHECK_OK(snn_network_get_synapses(network, 2, 0, 30, NULL, NULL, NULL, NULL, &count));
    CHECK_EQUAL(count, 100);
    snn_network_release(network);
}

static void synapses_are_those_of_the_arrays(void) {
    const uint32_t arithmetics[2] = {SNN_ARITHMETIC_COMPACT, SNN_ARITHMETIC_FLOAT};
    int i;
    for (i = 0; i < 2; ++i) {
        const SNNRandomConnectionDef rule = rule_of(SNN_RULE_FIXED_INDEGREE, 9);
        SNNNetwork network = build_pair(30, 40, &rule, arithmetics[i]);
        uint32_t sources[9 * 40], targets[9 * 40], delays[9 * 40];
        float weights[9 * 40];
        SNNProjectionArrays arrays;
        size_t count = COUNT(sources), k, row;
        uint64_t first;
        CHECK_OK(snn_network_finish(network));
        CHECK_OK(snn_network_get_synapses(network, 0, 0, 30, sources, targets, delays, weights, &count));
        CHECK_EQUAL(count, 9 * 40);
        arrays = arrays_of(network, 0);
        CHECK(memcmp(targets, arrays.synapse_targets, sizeof targets) == 0);
        CHECK(memcmp(weights, arrays.weights, sizeof weights) == 0);
        for (row = k = 0; row < 30; ++row)
            for (; k < arrays.row_offsets[row + 1]; ++k) {
                CHECK_EQUAL(sources[k], row);
                CHECK_EQUAL(delays[k], arrays.synapse_delays[k] + 2);
            }
        first = arrays.row_offsets[7];
        count = COUNT(sources);
        CHECK_OK(snn_network_get_synapses(network, 0, 7, 3, NULL, targets, NULL, NULL, &count));
        CHECK_EQUAL(count, arrays.row_offsets[10] - first);
        CHECK(memcmp(targets, arrays.synapse_targets + first, count * sizeof *targets) == 0);
        count = 9 * 40 - 1; /* an error leaves the outputs as they are, and says how many there are */
        for (k = 0; k < COUNT(sources); ++k) sources[k] = 12345;
        CHECK_ERROR(snn_network_get_synapses(network, 0, 0, 30, sources, NULL, NULL, NULL, &count), SNN_ERROR_INVALID_ARGUMENT,
                    "*io_count is 359; there are 360 synapses");
        CHECK_EQUAL(count, 9 * 40);
        for (k = 0; k < COUNT(sources); ++k) CHECK_EQUAL(sources[k], 12345);
        CHECK_ERROR(snn_network_get_synapses(network, 0, 29, 2, NULL, NULL, NULL, NULL, &count), SNN_ERROR_INVALID_ARGUMENT,
                    "first_source is 29 and source_count 2; population 'a' has 30 neurons");
        CHECK_ERROR(snn_network_get_synapses(network, 0, UINT32_MAX, 2, NULL, NULL, NULL, NULL, &count),
                    SNN_ERROR_INVALID_ARGUMENT, "first_source is 4294967295");
        CHECK_ERROR(snn_network_get_synapses(network, 0, 0, 2, NULL, NULL, NULL, NULL, NULL), SNN_ERROR_INVALID_ARGUMENT,
                    "io_count");
        snn_network_release(network);
    }
    {
        SNNNetwork chain = make_chain();
        SNNRandomConnectionDef rule;
        size_t count = 0;
        rule.struct_size = sizeof rule;
        CHECK_ERROR(snn_network_get_synapses(chain, 0, 0, 1, NULL, NULL, NULL, NULL, &count), SNN_ERROR_INVALID_ARGUMENT,
                    "one-to-one; only sparse ones");
        CHECK_ERROR(snn_network_get_connection_rule(chain, 0, &rule), SNN_ERROR_NOT_FOUND, "not made by a connection rule");
        snn_network_release(chain);
    }
}

static void spatial_rules_keep_their_positions(void) {
    SNNRandomConnectionDef rule = rule_of(SNN_RULE_SPATIAL, 0), found;
    float sources[2 * 30], targets[2 * 40];
    const char *const path = temporary_path("spatial.snn");
    SNNNetwork network, loaded = NULL;
    SNNProjectionArrays first, second;
    CHECK_OK(snn_random_fill(1, 1, SNN_RANDOM_UNIFORM, 0, 1, sources, COUNT(sources)));
    CHECK_OK(snn_random_fill(1, 2, SNN_RANDOM_UNIFORM, 0, 1, targets, COUNT(targets)));
    rule.probability = 0.9;
    rule.kernel = SNN_KERNEL_EXPONENTIAL;
    rule.kernel_width = 0.2;
    rule.cutoff = 0.4;
    rule.period[1] = 1;
    rule.source_positions = sources;
    rule.source_position_count = COUNT(sources);
    rule.target_positions = targets;
    rule.target_position_count = COUNT(targets);
    network = build_pair(30, 40, &rule, SNN_ARITHMETIC_DEFAULT);
    CHECK_OK(snn_network_finish(network));
    CHECK_OK(snn_network_save(network, path));
    CHECK_OK(snn_network_load(path, &loaded));
    found.struct_size = sizeof found;
    CHECK_OK(snn_network_get_connection_rule(loaded, 0, &found));
    CHECK_EQUAL(found.target_position_count, COUNT(targets));
    CHECK(memcmp(found.target_positions, targets, sizeof targets) == 0);
    CHECK_NEAR(found.period[1], 1, 0);
    CHECK_EQUAL(found.dimensions, 2);
    first = arrays_of(network, 0);
    second = arrays_of(loaded, 0);
    CHECK(first.weight_count > 50);
    CHECK_EQUAL(first.weight_count, second.weight_count);
    CHECK(memcmp(first.synapse_targets, second.synapse_targets, first.weight_count * sizeof(uint32_t)) == 0);
    CHECK(memcmp(first.weights, second.weights, first.weight_count * sizeof(float)) == 0);
    snn_network_release(loaded);
    snn_network_release(network);

    network = new_network();
    add_neurons(network, "a", "lif", 30);
    add_neurons(network, "b", "lif", 40);
    {
        SNNProjectionDef def;
        snn_projection_def_default(&def);
        def.kind = SNN_CONNECT_SPARSE;
        def.target = 1;
#define REFUSES(change, words) \
    do { \
        SNNRandomConnectionDef wrong = rule; \
        change; \
        CHECK_ERROR(snn_network_connect_random(network, &def, &wrong, NULL), SNN_ERROR_INVALID_ARGUMENT, words); \
    } while (0)
        REFUSES(wrong.kernel = 2, "kernel is 2");
        REFUSES(wrong.dimensions = 0, "dimensions is 0; expected 1 to 3");
        REFUSES(wrong.dimensions = 4, "dimensions is 4");
        REFUSES(wrong.dimensions = 3, "source_positions has 60 values; expected 90 (30 neurons x 3 dimensions)");
        REFUSES(wrong.kernel_width = 0, "kernel_width is 0");
        REFUSES(wrong.kernel_width = -NAN, "kernel_width is nan");
        REFUSES(wrong.cutoff = -1, "cutoff is -1");
        REFUSES(wrong.cutoff = HUGE_VAL, "cutoff is inf");
        REFUSES(wrong.period[1] = 0.79, "period[1] is 0.79; expected 0 or at least twice the cutoff, which is 0.4");
        REFUSES(wrong.period[0] = NAN, "period[0] is nan");
        REFUSES(wrong.probability = 1.1, "probability is 1.1");
        REFUSES(wrong.target_positions = NULL, "target_positions has 0 values; expected 80");
        sources[5] = NAN;
        REFUSES(wrong.source_positions = sources, "source_positions[5] is nan");
    }
    snn_network_release(network);
}

static void rules_with_the_same_numbers_share_their_weights(void) {
    /* Weights of a file with the same rule are the session's already; with another one they are other connections. */
    SNNRandomConnectionDef rule = rule_of(SNN_RULE_FIXED_TOTAL, 500);
    SNNNetwork network = build_pair(30, 40, &rule, SNN_ARITHMETIC_DEFAULT), other;
    const char *const path = temporary_path("rule.snn"), *other_path = temporary_path("other_rule.snn");
    SNNHandle handle;
    float before[500], after[500];
    CHECK_OK(snn_network_finish(network));
    CHECK_OK(snn_network_save(network, path));
    rule.seed = 4;
    other = build_pair(30, 40, &rule, SNN_ARITHMETIC_DEFAULT);
    CHECK_OK(snn_network_finish(other));
    CHECK_OK(snn_network_save(other, other_path));
    snn_network_release(other);
    handle = open_session(network, NULL);
    CHECK_OK(snn_session_read(handle, "a_to_b.weight", SNN_FLOAT32, before, 500));
    CHECK_OK(snn_load_weights(handle, path));
    CHECK_ERROR(snn_load_weights(handle, other_path), SNN_ERROR_INVALID_ARGUMENT, "connects other neurons");
    memset(after, 0, sizeof after);
    CHECK_OK(snn_session_write(handle, "a_to_b.weight", SNN_FLOAT32, after, 500));
    CHECK_OK(snn_load_weights(handle, path)); /* now they have to come back */
    CHECK_OK(snn_session_read(handle, "a_to_b.weight", SNN_FLOAT32, after, 500));
    CHECK(memcmp(before, after, sizeof before) == 0);
    snn_destroy_network(handle);
}

/* ---- Memory -------------------------------------------------------------------------------------------------------- */

static uint64_t allocated_bytes, most_allocated_bytes;

static void *SNN_CALL counted_allocate(void *user, size_t size_bytes, size_t alignment) {
    char *const block = malloc(size_bytes + alignment + sizeof(void *));
    char *aligned;
    (void)user;
    if (!block) return NULL;
    aligned = block + sizeof(void *);
    aligned += (alignment - (uintptr_t)aligned % alignment) % alignment;
    memcpy(aligned - sizeof(void *), &block, sizeof(void *));
    allocated_bytes += size_bytes;
    if (allocated_bytes > most_allocated_bytes) most_allocated_bytes = allocated_bytes;
    return aligned;
}

static void SNN_CALL counted_release(void *user, void *memory, size_t size_bytes) {
    void *block;
    (void)user;
    memcpy(&block, (char *)memory - sizeof(void *), sizeof(void *));
    free(block);
    allocated_bytes -= size_bytes;
}

/* What a session allocates, in parts of what was estimated. */
static double share_of_estimate(SNNNetwork network, const char *device, uint32_t batch_size, uint32_t threads) {
    SNNAllocator allocator;
    SNNMemoryEstimate estimate;
    SNNConfig config;
    SNNHandle handle = NULL;
    uint64_t projections[8], sum = 0, i;
    SNNNetworkInfo info;
    double share;
    allocator.struct_size = sizeof allocator;
    allocator.allocate = counted_allocate;
    allocator.release = counted_release;
    allocator.user = NULL;
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_info(network, &info));
    snn_config_default(&config);
    config.network = network;
    config.device = device;
    config.batch_size = batch_size;
    config.thread_count = threads;
    config.allocator = &allocator;
    estimate.struct_size = sizeof estimate;
    CHECK_OK(snn_network_memory(network, &config, &estimate, projections, info.projection_count));
    for (i = 0; i < info.projection_count; ++i) sum += projections[i];
    CHECK(sum >= estimate.weight_bytes && sum <= estimate.weight_bytes + estimate.network_bytes);
    allocated_bytes = most_allocated_bytes = 0;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_step(handle, 1));
    share = (double)allocated_bytes / (double)(estimate.weight_bytes + estimate.state_bytes);
    snn_destroy_network(handle);
    CHECK_EQUAL(allocated_bytes, 0);
    return share;
}

static void estimates_are_what_sessions_allocate(void) {
    uint32_t threads;
    for (threads = 1; threads <= 3; threads += 2) {
        const SNNRandomConnectionDef rule = rule_of(SNN_RULE_FIXED_INDEGREE, 300);
        SNNNetwork network = build_pair(3000, 5000, &rule, SNN_ARITHMETIC_DEFAULT);
        CHECK_OK(snn_network_finish(network));
        CHECK_NEAR(share_of_estimate(network, "cpu", 1, threads), 1.0, 0.05);
        CHECK_NEAR(share_of_estimate(network, "cpu", 4, threads), 1.0, 0.05);
        snn_network_release(network);
        network = build_pair(3000, 5000, &rule, SNN_ARITHMETIC_FIXED);
        CHECK_OK(snn_network_finish(network));
        CHECK_NEAR(share_of_estimate(network, "cpu", 1, threads), 1.0, 0.05);
        CHECK_NEAR(share_of_estimate(network, "reference", 1, 1), 1.0, 0.05);
        snn_network_release(network);
    }
    {
        SNNNetwork network = new_network();
        static float weights[512 * 512];
        add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 512);
        add_neurons(network, "cells", "lif", 512);
        connect(network, SNN_CONNECT_DENSE, 0, 1, weights, COUNT(weights));
        CHECK_OK(snn_network_finish(network));
        CHECK_NEAR(share_of_estimate(network, "cpu", 256, 1), 1.0, 0.2); /* inputs are held outside of the allocator */
        snn_network_release(network);
    }
}

static void estimates_are_checked(void) {
    SNNNetwork network = build_chain();
    SNNMemoryEstimate estimate;
    SNNConfig config;
    uint64_t bytes[2];
    estimate.struct_size = sizeof estimate;
    snn_config_default(&config);
    CHECK_ERROR(snn_network_memory(network, &config, &estimate, NULL, 0), SNN_ERROR_STATE, "not finished");
    CHECK_OK(snn_network_finish(network));
    CHECK_OK(snn_network_memory(network, &config, &estimate, NULL, 0));
    CHECK(estimate.total_bytes > 0 && estimate.total_bytes < 10000);
    CHECK(estimate.opening_bytes < estimate.total_bytes);
    CHECK_OK(snn_network_memory(network, &config, &estimate, bytes, 1));
    CHECK_ERROR(snn_network_memory(network, &config, &estimate, bytes, 2), SNN_ERROR_INVALID_ARGUMENT, "has 1 projections");
    CHECK_ERROR(snn_network_memory(network, &config, &estimate, NULL, 1), SNN_ERROR_INVALID_ARGUMENT, "null");
    CHECK_ERROR(snn_network_memory(network, NULL, &estimate, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "config");
    CHECK_ERROR(snn_network_memory(network, &config, NULL, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "out_estimate");
    config.device = "gpu";
    CHECK_ERROR(snn_network_memory(network, &config, &estimate, NULL, 0), SNN_ERROR_NOT_FOUND, "gpu");
    config.device = "null";
    CHECK_OK(snn_network_memory(network, &config, &estimate, NULL, 0));
    CHECK_EQUAL(estimate.weight_bytes, 0);
    config.batch_size = 0;
    CHECK_ERROR(snn_network_memory(network, &config, &estimate, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "batch_size is 0");
    snn_network_release(network);
}

static void numbers_of_a_distribution_are_drawn(void) {
    SNNDistribution normal = distribution(SNN_DISTRIBUTION_NORMAL, 2, 0.5);
    static double first[10001], second[10001];
    double sum = 0, square = 0;
    int i;
    normal.high = 3;
    CHECK_OK(snn_random_draw(&normal, 1, 2, first, COUNT(first)));
    CHECK_OK(snn_random_draw(&normal, 1, 2, second, 10));
    CHECK(memcmp(first, second, 10 * sizeof *first) == 0);
    for (i = 0; i < 10001; ++i) {
        CHECK(first[i] <= 3);
        sum += first[i];
        square += first[i] * first[i];
    }
    /* A normal distribution cut off two deviations above: mean - deviation phi(2) / Phi(2) and so on; five standard errors. */
    CHECK_NEAR(sum / 10001, 2 - 0.5 * 0.0539909665 / 0.9772498681, 0.025);
    CHECK_NEAR(square / 10001 - sum / 10001 * sum / 10001, 0.25 * 0.8864516, 0.018);
    CHECK_OK(snn_random_draw(&normal, 1, 3, second, COUNT(second)));
    CHECK(memcmp(first, second, sizeof first) != 0);
    CHECK_OK(snn_random_draw(&normal, 2, 2, second, COUNT(second)));
    CHECK(memcmp(first, second, sizeof first) != 0);
    CHECK_OK(snn_random_draw(&normal, 2, 2, NULL, 0));
    CHECK_ERROR(snn_random_draw(&normal, 2, 2, NULL, 1), SNN_ERROR_INVALID_ARGUMENT, "out_values is null");
    CHECK_ERROR(snn_random_draw(NULL, 2, 2, first, 1), SNN_ERROR_INVALID_ARGUMENT, "distribution is null");
    normal.b = -1;
    CHECK_ERROR(snn_random_draw(&normal, 2, 2, first, 1), SNN_ERROR_INVALID_ARGUMENT, "standard deviation is -1");
}

static const CheckCase cases[] = {
    CASE(numbers_of_a_distribution_are_drawn),
    CASE(eight_billion_synapses_cost_nothing_until_they_run),
    CASE(a_part_of_a_population_is_connected_as_a_population_of_its_own),
    CASE(parts_of_one_population_are_the_same_or_apart),
    CASE(synapses_are_those_of_the_arrays),
    CASE(spatial_rules_keep_their_positions),
    CASE(rules_with_the_same_numbers_share_their_weights),
    CASE(estimates_are_what_sessions_allocate),
    CASE(estimates_are_checked),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
