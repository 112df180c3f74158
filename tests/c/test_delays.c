/* Delays that are learned beside weights: what the session has between calls, and what is refused. */
#include <math.h>

#include "fixtures.h"

enum { SOURCES = 2, TARGETS = 3, TAPS = 5, PAIRS = SOURCES * TARGETS, SYNAPSES = PAIRS * TAPS, STEPS = 12 };

/* Every source has a synapse onto every target at each of TAPS delays, beginning with 1. `shifted`: one delay is out of place. */
static SNNHandle open_taps(int shifted, uint32_t arithmetic) {
    uint64_t offsets[SOURCES + 1];
    uint32_t targets[SYNAPSES];
    uint16_t delays[SYNAPSES];
    float weights[SYNAPSES];
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    SNNConfig config;
    SNNHandle handle = NULL;
    int i;
    for (i = 0; i <= SOURCES; ++i) offsets[i] = (uint64_t)i * TARGETS * TAPS;
    for (i = 0; i < SYNAPSES; ++i) {
        delays[i] = (uint16_t)(1 + i / TARGETS % TAPS);
        targets[i] = (uint32_t)(i % TARGETS);
        weights[i] = i / TARGETS % TAPS == 2 ? 0.3f : 0.0f; /* all pairs begin in the middle */
    }
    if (shifted) delays[SYNAPSES - 1] += 1;
    def = projection(SNN_CONNECT_SPARSE, weights, SYNAPSES);
    def.source = add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, SOURCES);
    def.target = add_neurons(network, "out", "lif", TARGETS);
    def.name = "taps";
    def.trainable = 1;
    def.arithmetic = arithmetic;
    def.row_offsets = offsets;
    def.row_offset_count = SOURCES + 1;
    def.synapse_targets = targets;
    def.synapse_delays = delays;
    def.synapse_count = SYNAPSES;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    snn_config_default(&config);
    config.network = network;
    config.device = "cpu";
    CHECK_OK(snn_create_network(&config, &handle));
    snn_network_release(network);
    return handle;
}

static SNNTrainer new_trainer(SNNHandle handle) {
    SNNTrainerDef def;
    SNNTrainer trainer = NULL;
    snn_trainer_def_default(&def);
    def.output_population = 1;
    def.step_count = STEPS;
    def.loss = SNN_LOSS_MEAN_SQUARE_MEMBRANE;
    def.learning_rate = 0.01;
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    return trainer;
}

/* Returns the tap of a pair, and checks that it is the only one. */
static int tap_of(const float *weights, int source, int target) {
    int tap, found = -1;
    for (tap = 0; tap < TAPS; ++tap)
        if (weights[(source * TAPS + tap) * TARGETS + target] != 0.0f) {
            CHECK(found < 0);
            found = tap;
        }
    CHECK(found >= 0);
    return found;
}

/* Source 0 spikes at step 2; the membranes of the three targets are to rise after 1, 3 and 5 steps, and to leak from there. */
static void delays_move_to_where_the_targets_want_them(void) {
    float spikes[STEPS * SOURCES] = {0}, wanted[STEPS * TARGETS] = {0}, weights[SYNAPSES], first[SYNAPSES];
    SNNHandle handle = open_taps(0, SNN_ARITHMETIC_FLOAT);
    SNNTrainer trainer = new_trainer(handle);
    SNNInputArray input;
    SNNBatch batch;
    double begin = 0;
    int i, source, target;
    SNNTrainResult result;
    memset(&input, 0, sizeof input);
    memset(&batch, 0, sizeof batch);
    memset(&result, 0, sizeof result);
    result.struct_size = sizeof result;
    batch.struct_size = sizeof batch;
    spikes[2 * SOURCES] = 1.0f;
    for (i = 0; i < STEPS * TARGETS; ++i) {
        const int after = i / TARGETS - (3 + 2 * (i % TARGETS));
        wanted[i] = after >= 0 ? 0.5f * (float)exp(-after / 20.0) : 0.0f;
    }
    input.data = spikes;
    input.count = STEPS * SOURCES;
    batch.inputs = &input;
    batch.input_count = 1;
    batch.targets = wanted;
    batch.target_count = STEPS * TARGETS;
    CHECK_OK(snn_trainer_set_delay_learning(trainer, 0, SNN_DELAY_KERNEL_GAUSSIAN, 2.0, 10.0));
    CHECK_OK(snn_session_read(handle, "taps.weight", SNN_FLOAT32, first, SYNAPSES));
    CHECK(tap_of(first, 0, 0) == 2 && tap_of(first, 1, 2) == 2);
    for (i = 0; i < 200; ++i) {
        if (i == 100) CHECK_OK(snn_trainer_set_delay_learning(trainer, 0, SNN_DELAY_KERNEL_TRIANGLE, 1.0, 10.0));
        CHECK_OK(snn_trainer_step(trainer, &batch, &result));
        if (i == 0) begin = result.loss;
        CHECK_OK(snn_session_read(handle, "taps.weight", SNN_FLOAT32, weights, SYNAPSES));
        for (source = 0; source < SOURCES; ++source)
            for (target = 0; target < TARGETS; ++target) tap_of(weights, source, target);
    }
    CHECK(result.loss < 1e-3 * begin);
    for (target = 0; target < TARGETS; ++target) {
        CHECK(tap_of(weights, 0, target) == 2 * target); /* a delay of 1, 3 or 5 */
        CHECK(tap_of(weights, 1, target) == 2);          /* nothing came from there */
    }
    /* Ends: what the session has stays, and its taps are trained as they are. */
    CHECK_OK(snn_trainer_set_delay_learning(trainer, 0, SNN_DELAY_KERNEL_GAUSSIAN, 0.0, 1.0));
    CHECK_OK(snn_session_read(handle, "taps.weight", SNN_FLOAT32, first, SYNAPSES));
    CHECK(memcmp(first, weights, sizeof first) == 0);
    snn_destroy_network(handle);
}

static void what_are_no_taps_is_refused(void) {
    SNNHandle handle = open_taps(1, SNN_ARITHMETIC_FLOAT);
    SNNTrainer trainer = new_trainer(handle);
    CHECK_ERROR(snn_trainer_set_delay_learning(trainer, 0, SNN_DELAY_KERNEL_GAUSSIAN, 2.0, 1.0), SNN_ERROR_INVALID_ARGUMENT, "'taps'");
    snn_destroy_network(handle);
    handle = open_taps(0, SNN_ARITHMETIC_FIXED);
    trainer = new_trainer(handle);
    CHECK_ERROR(snn_trainer_set_delay_learning(trainer, 0, SNN_DELAY_KERNEL_GAUSSIAN, 2.0, 1.0), SNN_ERROR_UNSUPPORTED,
                "sums in fixed point");
    snn_destroy_network(handle);
    handle = open_taps(0, SNN_ARITHMETIC_FLOAT);
    trainer = new_trainer(handle);
    CHECK_ERROR(snn_trainer_set_delay_learning(trainer, 1, 0, 2.0, 1.0), SNN_ERROR_NOT_FOUND, "projection 1 does not exist");
    CHECK_ERROR(snn_trainer_set_delay_learning(trainer, 0, 2, 2.0, 1.0), SNN_ERROR_INVALID_ARGUMENT, "kernel is 2");
    CHECK_ERROR(snn_trainer_set_delay_learning(trainer, 0, SNN_DELAY_KERNEL_TRIANGLE, 0.5, 1.0), SNN_ERROR_INVALID_ARGUMENT,
                "width is 0.5; expected 1 to");
    CHECK_ERROR(snn_trainer_set_delay_learning(trainer, 0, SNN_DELAY_KERNEL_GAUSSIAN, NAN, 1.0), SNN_ERROR_INVALID_ARGUMENT,
                "width is");
    CHECK_ERROR(snn_trainer_set_delay_learning(trainer, 0, SNN_DELAY_KERNEL_GAUSSIAN, 1.0, -1.0), SNN_ERROR_INVALID_ARGUMENT,
                "rate_factor is -1");
    CHECK_OK(snn_trainer_set_delay_learning(trainer, 0, SNN_DELAY_KERNEL_GAUSSIAN, 1.0, 1.0));
    CHECK_ERROR(snn_trainer_set_quantization(trainer, 0, 8, 1), SNN_ERROR_INVALID_ARGUMENT, "while its delays are learned");
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(delays_move_to_where_the_targets_want_them),
    CASE(what_are_no_taps_is_refused),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
