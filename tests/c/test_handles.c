/* Handles: null, stale, foreign, of another type; retain and release; destroying in every order. */
#include "fixtures.h"

/* Every function that takes a handle, called with one that is not good. Each must say so and do nothing else. */

static void refuse_session(SNNHandle handle) {
    static const float zero[4] = {0};
    float potentials[3];
    uint64_t steps;
    size_t size;
    uint32_t count;
    const uint32_t *neurons;
    SNNNetwork network;
    SNNRunDef run;
    SNNTrainerDef trainer_def;
    SNNTrainer trainer;
    snn_run_def_default(&run);
    snn_trainer_def_default(&trainer_def);
    CHECK_ERROR(snn_run_step(handle, 0.1f), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_load_weights(handle, "x.snn"), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_get_membrane_potentials(handle, "cells", potentials, 3), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_register_spike_callback(handle, NULL, NULL), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_register_weight_callback(handle, NULL, NULL), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_register_epoch_callback(handle, NULL, NULL), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_network(handle, &network), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_to_network(handle, &network), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_set_input(handle, 0, zero, 3), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_bind_input(handle, 0, zero, 3), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_step(handle, 1), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_reset(handle), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_step_count(handle, &steps), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_seed(handle, &steps), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_get_spikes(handle, 1, 0, &neurons, &count), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_read(handle, "cells.v", SNN_FLOAT32, potentials, 3), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_write(handle, "cells.v", SNN_FLOAT32, zero, 3), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_value_count(handle, "cells.v", &size), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_session_run(handle, &run), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_ERROR(snn_trainer_create(handle, &trainer_def, &trainer), SNN_ERROR_INVALID_HANDLE, "handle");
    snn_destroy_network(handle);
}

static void refuse_network(SNNNetwork network) {
    SNNPopulationDef population;
    SNNProjectionDef def;
    SNNRandomConnectionDef rule;
    SNNNetworkInfo info;
    SNNPopulationInfo population_info;
    SNNProjectionInfo projection_info;
    SNNProjectionArrays projection_arrays;
    SNNMemoryEstimate estimate;
    SNNModel model;
    SNNConfig config;
    SNNHandle session;
    const char *choice;
    double value = 1;
    size_t count = 1;
    uint32_t index;
    snn_population_def_default(&population);
    snn_projection_def_default(&def);
    snn_random_connection_def_default(&rule);
    snn_config_default(&config);
    info.struct_size = sizeof info;
    population_info.struct_size = sizeof population_info;
    projection_info.struct_size = sizeof projection_info;
    projection_arrays.struct_size = sizeof projection_arrays;
    CHECK_ERROR(snn_network_add_population(network, &population, &index), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_set_parameter(network, 1, "threshold", &value, 1), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_set_option(network, 1, "reset", "value"), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_set_initial_state(network, 1, "v", &value, 1), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_set_surrogate(network, 1, "arctan", NULL, NULL, 0), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_connect(network, &def, &index), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_connect_random(network, &def, &rule, &index), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_finish(network), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_retain(network), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_save(network, "never.snn"), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_info(network, &info), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_population(network, 0, &population_info), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_projection(network, 0, &projection_info), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_projection_arrays(network, 0, &projection_arrays), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_connection_rule(network, 0, &rule), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_synapses(network, 0, 0, 1, NULL, NULL, NULL, NULL, &count), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_find_population(network, "in", &index), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_find_projection(network, "in", &index), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_model(network, 1, &model), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_surrogate(network, 1, &model), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_parameter(network, 1, "threshold", &value, &count), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_initial_state(network, 1, "v", &value, &count), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_surrogate_parameters(network, 1, &value, &count), SNN_ERROR_INVALID_HANDLE, "network");
    CHECK_ERROR(snn_network_get_option(network, 1, "reset", &choice), SNN_ERROR_INVALID_HANDLE, "network");
    estimate.struct_size = sizeof estimate;
    CHECK_ERROR(snn_network_memory(network, &config, &estimate, NULL, 0), SNN_ERROR_INVALID_HANDLE, "network");
    config.network = network;
    if (network) CHECK_ERROR(snn_create_network(&config, &session), SNN_ERROR_INVALID_HANDLE, "network");
    snn_network_release(network);
}

static void refuse_model(SNNModel model) {
    const char *text;
    size_t size;
    CHECK_ERROR(snn_model_text(model, &text, &size), SNN_ERROR_INVALID_HANDLE, "model");
    CHECK_ERROR(snn_model_retain(model), SNN_ERROR_INVALID_HANDLE, "model");
    snn_model_release(model);
}

static void refuse_trainer(SNNTrainer trainer) {
    SNNBatch batch;
    SNNTrainResult result;
    SNNEpoch epoch;
    float scores[3];
    memset(&batch, 0, sizeof batch);
    batch.struct_size = sizeof batch;
    result.struct_size = sizeof result;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_HANDLE, "trainer");
    CHECK_ERROR(snn_trainer_forward(trainer, &batch, &result), SNN_ERROR_INVALID_HANDLE, "trainer");
    CHECK_ERROR(snn_trainer_backward(trainer), SNN_ERROR_INVALID_HANDLE, "trainer");
    CHECK_ERROR(snn_trainer_update(trainer), SNN_ERROR_INVALID_HANDLE, "trainer");
    CHECK_ERROR(snn_trainer_scores(trainer, scores, 3), SNN_ERROR_INVALID_HANDLE, "trainer");
    CHECK_ERROR(snn_trainer_set_learning_rate(trainer, 0.1), SNN_ERROR_INVALID_HANDLE, "trainer");
    CHECK_ERROR(snn_trainer_end_epoch(trainer, &epoch), SNN_ERROR_INVALID_HANDLE, "trainer");
    snn_trainer_release(trainer);
}

static SNNTrainer make_trainer(SNNHandle handle) {
    SNNTrainerDef def;
    SNNTrainer trainer = NULL;
    snn_trainer_def_default(&def);
    def.output_population = 2;
    def.step_count = 5;
    def.loss = SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE;
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    return trainer;
}

static void null_handles_are_refused(void) {
    refuse_session(NULL);
    refuse_network(NULL);
    refuse_model(NULL);
    refuse_trainer(NULL);
}

static void destroyed_handles_are_refused(void) {
    SNNHandle session = open_session(make_classifier(), NULL);
    SNNTrainer trainer = make_trainer(session);
    SNNNetwork network = make_chain();
    SNNModel model = load_adder();
    snn_trainer_release(trainer);
    refuse_trainer(trainer);
    snn_destroy_network(session);
    refuse_session(session);
    snn_network_release(network);
    refuse_network(network);
    snn_model_release(model);
    refuse_model(model);
    /* New objects may take the places of the old ones; the old handles still do not reach them. */
    {
        SNNHandle new_session = open_chain();
        SNNNetwork new_network_handle = make_chain();
        SNNModel new_model = load_adder();
        refuse_session(session);
        refuse_network(network);
        refuse_model(model);
        refuse_trainer(trainer);
        step_chain(new_session);
        CHECK_OK(snn_network_retain(new_network_handle));
        snn_network_release(new_network_handle);
        snn_network_release(new_network_handle);
        snn_model_release(new_model);
        snn_destroy_network(new_session);
    }
}

static void handles_of_another_type_are_refused(void) {
    SNNHandle session = open_session(make_classifier(), NULL);
    SNNTrainer trainer = make_trainer(session);
    SNNNetwork network = make_chain();
    SNNModel model = load_adder();
    refuse_session((SNNHandle)(void *)network);
    refuse_session((SNNHandle)(void *)model);
    refuse_session((SNNHandle)(void *)trainer);
    refuse_network((SNNNetwork)(void *)session);
    refuse_network((SNNNetwork)(void *)model);
    refuse_model((SNNModel)(void *)network);
    refuse_model((SNNModel)(void *)session);
    refuse_trainer((SNNTrainer)(void *)session);
    refuse_trainer((SNNTrainer)(void *)network);
    CHECK_OK(snn_session_step(session, 1)); /* releasing it under the wrong type did nothing */
    CHECK_OK(snn_network_retain(network));
    snn_trainer_release(trainer);
    snn_destroy_network(session);
    snn_network_release(network);
    snn_network_release(network);
    snn_model_release(model);
}

static void foreign_values_are_refused(void) {
    SNNHandle session = open_chain();
    uintptr_t value = (uintptr_t)session;
    int bit;
    /* Pointers into memory, small numbers, all ones, and a good handle with any one bit turned over. */
    refuse_session((SNNHandle)(void *)&session);
    refuse_session((SNNHandle)(uintptr_t)1);
    refuse_session((SNNHandle)(uintptr_t)-1);
    refuse_network((SNNNetwork)(uintptr_t)0x1000);
    refuse_model((SNNModel)(uintptr_t)-1);
    refuse_trainer((SNNTrainer)(uintptr_t)12345);
    for (bit = 0; bit < (int)(8 * sizeof value); ++bit) refuse_session((SNNHandle)(value ^ ((uintptr_t)1 << bit)));
    step_chain(session);
    snn_destroy_network(session);
}

static void networks_live_as_long_as_someone_needs_them(void) {
    SNNNetwork network = make_chain(), same = NULL;
    SNNConfig config;
    SNNHandle first = NULL, second = NULL;
    SNNNetworkInfo info;
    info.struct_size = sizeof info;
    snn_config_default(&config);
    config.network = network;
    CHECK_OK(snn_create_network(&config, &first));
    CHECK_OK(snn_create_network(&config, &second));
    CHECK_OK(snn_network_retain(network));
    snn_network_release(network);
    CHECK_OK(snn_network_get_info(network, &info));
    snn_network_release(network); /* the sessions keep the network itself, the handle is gone */
    CHECK_ERROR(snn_network_get_info(network, &info), SNN_ERROR_INVALID_HANDLE, "network");
    step_chain(first);
    snn_destroy_network(first);
    step_chain(second);
    CHECK_OK(snn_session_network(second, &same));
    snn_destroy_network(second);
    CHECK_OK(snn_network_get_info(same, &info));
    CHECK_EQUAL(info.population_count, 2);
    snn_network_release(same);
}

static void models_live_as_long_as_someone_needs_them(void) {
    SNNModel model = load_adder();
    const char *text;
    size_t size;
    CHECK_OK(snn_model_retain(model));
    snn_model_release(model);
    CHECK_OK(snn_model_text(model, &text, &size));
    snn_model_release(model);
    CHECK_ERROR(snn_model_text(model, &text, &size), SNN_ERROR_INVALID_HANDLE, "model");
    snn_destroy_network(open_chain()); /* build_chain releases the adder before the network is even finished */
}

static void a_trainer_ends_with_its_session(void) {
    SNNHandle session = open_session(make_classifier(), NULL);
    SNNTrainer trainer = make_trainer(session);
    snn_destroy_network(session);
    refuse_trainer(trainer); /* releases it too */
    refuse_trainer(trainer);
}

static void references_are_counted_however_many(void) {
    enum { MANY = 100000 };
    SNNNetwork network = make_chain();
    SNNNetworkInfo info;
    int retained = 0, i;
    info.struct_size = sizeof info;
    for (i = 0; i < MANY; ++i) {
        const SNNStatus status = snn_network_retain(network);
        CHECK(status == SNN_OK || status == SNN_ERROR_OUT_OF_MEMORY);
        retained += status == SNN_OK;
    }
    CHECK(retained > 1000);
    for (i = 0; i < retained; ++i) snn_network_release(network);
    CHECK_OK(snn_network_get_info(network, &info)); /* the first reference is still there */
    snn_network_release(network);
    CHECK_ERROR(snn_network_get_info(network, &info), SNN_ERROR_INVALID_HANDLE, "network");
}

static void places_are_used_again(void) {
    int i;
    for (i = 0; i < 20000; ++i) {
        SNNNetwork network = NULL;
        CHECK_OK(snn_network_create(1.0, &network));
        snn_network_release(network);
        snn_network_release(network); /* releasing twice is harmless */
    }
}

/* The place of a handle in the table, in its lowest bits: the newest free one is taken first. */
static uintptr_t next_place(void) {
    SNNNetwork network = new_network();
    snn_network_release(network);
    return (uintptr_t)network & 0xfff;
}

static void what_has_nowhere_to_go_is_not_made(void) {
    SNNNetwork network = make_chain();
    SNNConfig config;
    SNNHandle handle;
    uintptr_t place;
    snn_config_default(&config);
    config.network = network;
    CHECK_OK(snn_create_network(&config, &handle));
    place = next_place();
    CHECK_ERROR(snn_create_network(&config, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_handle is null");
    CHECK_ERROR(snn_session_network(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_network is null");
    CHECK_ERROR(snn_session_to_network(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_network is null");
    CHECK_ERROR(snn_network_get_model(network, 1, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_model is null");
    CHECK_ERROR(snn_network_get_surrogate(network, 1, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_surrogate is null");
    CHECK_ERROR(snn_network_load("x.snn", NULL), SNN_ERROR_INVALID_ARGUMENT, "out_network is null");
    CHECK_ERROR(snn_model_builtin("lif", 0, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_model is null");
    CHECK_ERROR(snn_network_create(1.0, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_network is null");
    CHECK_EQUAL(next_place(), place); /* no handle was left behind */
    snn_destroy_network(handle);
    snn_network_release(network);
}

static const CheckCase cases[] = {
    CASE(null_handles_are_refused),
    CASE(destroyed_handles_are_refused),
    CASE(handles_of_another_type_are_refused),
    CASE(foreign_values_are_refused),
    CASE(networks_live_as_long_as_someone_needs_them),
    CASE(models_live_as_long_as_someone_needs_them),
    CASE(a_trainer_ends_with_its_session),
    CASE(references_are_counted_however_many),
    CASE(places_are_used_again),
    CASE(what_has_nowhere_to_go_is_not_made),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
