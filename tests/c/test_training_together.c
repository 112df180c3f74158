/* Training on several devices that share a batch: what was learned is the same bits, however the batch is shared. */
#include "classification.h"

enum { ROOM = 4096 };

/* All weights and biases after three updates. */
static size_t trained_on(const char *device, uint32_t thread_count, float *out_values, size_t room) {
    static const char *const paths[] = {"pixels_to_hidden.weight", "hidden_to_readout.weight", "hidden_to_readout.bias"};
    Task task;
    size_t count, total = 0;
    int i;
    make_task(&task, open_with_batch(make_classifier(), device, BATCH, thread_count));
    start(&task);
    loss_after(&task, 3);
    for (i = 0; i < 3; ++i) {
        CHECK_OK(snn_session_value_count(task.handle, paths[i], &count));
        CHECK(total + count <= room);
        CHECK_OK(snn_session_read(task.handle, paths[i], SNN_FLOAT32, out_values + total, count));
        total += count;
    }
    snn_trainer_release(task.trainer);
    snn_destroy_network(task.handle);
    return total;
}

static void training_does_not_depend_on_the_shares(void) {
    static const char *const devices[] = {"cpu*8+cpu*4;microbatch=4", "cpu*+cpu*+cpu*;microbatch=4", "cpu*0+cpu*12;microbatch=4"};
    float one[ROOM], other[ROOM], alone[ROOM];
    const size_t count = trained_on("cpu*;microbatch=4", 1, one, ROOM);
    int i;
    CHECK(count > 100);
    CHECK(trained_on("cpu*;microbatch=4", 3, other, ROOM) == count);
    CHECK(memcmp(one, other, count * sizeof *one) == 0);
    for (i = 0; i < 3; ++i) {
        CHECK(trained_on(devices[i], 2, other, ROOM) == count);
        CHECK(memcmp(one, other, count * sizeof *one) == 0);
    }
    /* A batch that is one micro-batch is what one device does without the word. */
    CHECK(trained_on("cpu*;microbatch=12", 1, other, ROOM) == count);
    CHECK(trained_on("cpu", 1, alone, ROOM) == count);
    CHECK(memcmp(alone, other, count * sizeof *one) == 0);
}

static void devices_that_share_populations_do_not_train(void) {
    SNNHandle handle = open_with_batch(make_classifier(), "cpu+cpu", BATCH, 1);
    SNNTrainerDef def = classifier_trainer_def(T);
    SNNTrainer trainer = NULL;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_UNSUPPORTED, "cannot train");
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(training_does_not_depend_on_the_shares),
    CASE(devices_that_share_populations_do_not_train),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
