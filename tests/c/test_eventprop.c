/* EventProp through the C interface: it learns when neurons spike, in memory that its spikes take. */
#include <stdlib.h>

#include "fixtures.h"

enum { BATCH = 8, INPUTS = 16, HIDDEN = 512, CLASSES = 2, T = 400 };

typedef struct Ledger {
    size_t bytes, most;
} Ledger;

static void *SNN_CALL take(void *user, size_t size_bytes, size_t alignment) {
    Ledger *ledger = user;
    /* Aligned by hand: C99 has no function for it. The pointer that malloc gave lies before what is handed out. */
    char *memory = malloc(size_bytes + alignment + sizeof memory);
    char *aligned;
    if (!memory) return NULL;
    aligned = memory + sizeof memory + alignment - ((size_t)memory + sizeof memory) % alignment;
    memcpy(aligned - sizeof memory, &memory, sizeof memory);
    ledger->bytes += size_bytes;
    if (ledger->bytes > ledger->most) ledger->most = ledger->bytes;
    return aligned;
}

static void SNN_CALL give_back(void *user, void *memory, size_t size_bytes) {
    char *begin;
    memcpy(&begin, (char *)memory - sizeof begin, sizeof begin);
    ((Ledger *)user)->bytes -= size_bytes;
    free(begin);
}

/* Spikes -> neurons with a synaptic current -> leaky integrators. */
static SNNHandle open_network(Ledger *ledger, const char *hidden_model) {
    static float first[INPUTS * HIDDEN], second[HIDDEN * CLASSES];
    const SNNAllocator allocator = {sizeof allocator, take, give_back, ledger};
    SNNNetwork network = new_network();
    SNNConfig config;
    SNNHandle handle = NULL;
    CHECK_OK(snn_random_fill(3, 1, SNN_RANDOM_NORMAL, 0.05, 0.15, first, COUNT(first)));
    CHECK_OK(snn_random_fill(3, 2, SNN_RANDOM_NORMAL, 0.0, 0.3, second, COUNT(second)));
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, INPUTS);
    add_neurons(network, "hidden", hidden_model, HIDDEN);
    add_neurons(network, "out", "leaky_integrator", CLASSES);
    connect(network, SNN_CONNECT_DENSE, 0, 1, first, COUNT(first));
    connect(network, SNN_CONNECT_DENSE, 1, 2, second, COUNT(second));
    CHECK_OK(snn_network_finish(network));
    snn_config_default(&config);
    config.network = network;
    config.batch_size = BATCH;
    config.allocator = &allocator;
    CHECK_OK(snn_create_network(&config, &handle));
    snn_network_release(network);
    return handle;
}

/* One spike of every input; the class is whether the first half of them comes first. */
static float frames[T][BATCH][INPUTS];
static SNNBatch make_batch(SNNInputArray *input, int32_t labels[BATCH]) {
    SNNBatch batch;
    int sample, i;
    memset(frames, 0, sizeof frames);
    for (sample = 0; sample < BATCH; ++sample) {
        labels[sample] = sample % CLASSES;
        for (i = 0; i < INPUTS; ++i) frames[20 + i + ((i < INPUTS / 2) == labels[sample] ? 40 : 0) + sample][sample][i] = 1;
    }
    memset(input, 0, sizeof *input);
    input->data = &frames[0][0][0];
    input->count = sizeof frames / sizeof(float);
    memset(&batch, 0, sizeof batch);
    batch.struct_size = sizeof batch;
    batch.inputs = input;
    batch.input_count = 1;
    batch.labels = labels;
    batch.label_count = BATCH;
    return batch;
}

static SNNTrainerDef trainer_def(uint32_t rule) {
    SNNTrainerDef def;
    snn_trainer_def_default(&def);
    def.output_population = 2;
    def.step_count = T;
    def.loss = SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE;
    def.learning_rate = 0.002;
    def.rule = rule;
    return def;
}

static size_t train(uint32_t rule, int updates, double *out_first, double *out_last, double *out_spikes) {
    Ledger ledger = {0, 0};
    SNNHandle handle = open_network(&ledger, "current_lif");
    const SNNTrainerDef def = trainer_def(rule);
    SNNTrainer trainer;
    SNNInputArray input;
    SNNTrainResult result;
    int32_t labels[BATCH];
    SNNBatch batch = make_batch(&input, labels);
    const size_t before = ledger.bytes;
    int i;
    memset(&result, 0, sizeof result);
    result.struct_size = sizeof result;
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    for (i = 0; i < updates; ++i) {
        CHECK_OK(snn_trainer_step(trainer, &batch, &result));
        if (i == 0) *out_first = result.loss;
    }
    *out_last = result.loss;
    *out_spikes = result.spike_count;
    snn_destroy_network(handle);
    CHECK_EQUAL(ledger.bytes, 0);
    return ledger.most - before;
}

static void the_loss_goes_down(void) {
    double first, last, spikes;
    train(SNN_LEARNING_EVENTPROP, 40, &first, &last, &spikes);
    CHECK(spikes > 0);
    CHECK(last < 0.5 * first);
}

/* Beyond what both have, the gradients of a chunk and the optimiser's moments: 4 bytes a neuron and step against a bit, and 4 bytes a
 * spike. */
static void memory_is_that_of_spikes(void) {
    double first, last, spikes;
    const size_t of_steps = train(SNN_LEARNING_BPTT, 2, &first, &last, &spikes);
    const size_t of_spikes = train(SNN_LEARNING_EVENTPROP, 2, &first, &last, &spikes);
    const size_t tape = sizeof(float) * T * BATCH * HIDDEN;
    CHECK(spikes < 0.05 * T * BATCH * HIDDEN);
    CHECK(of_steps > of_spikes);
    CHECK(of_steps - of_spikes > tape * 3 / 4);
}

static void what_it_cannot_train_is_said(void) {
    Ledger ledger = {0, 0};
    SNNHandle handle = open_network(&ledger, "lif");
    SNNTrainerDef def = trainer_def(SNN_LEARNING_EVENTPROP);
    SNNTrainer trainer;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_UNSUPPORTED, "membrane jumps when a spike arrives");
    snn_destroy_network(handle);
    handle = open_network(&ledger, "current_lif");
    def.rate_regularization = 1.0;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_UNSUPPORTED, "rate_regularization is 1");
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(the_loss_goes_down),
    CASE(memory_is_that_of_spikes),
    CASE(what_it_cannot_train_is_said),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
