/* What a session reads: inputs that are set, held or bound, of all samples or one; weights of samples' own. */
#include "fixtures.h"

static void input_is_checked(void) {
    SNNHandle handle = open_chain();
    const float half[3] = {1, 0.5f, 0}, not_finite[3] = {0, 0, NAN};
    CHECK_ERROR(snn_session_set_input(handle, 0, half, 3), SNN_ERROR_INVALID_ARGUMENT,
                "input 'in' is 0.5 at sample 0, neuron 1; a spike input takes 0 and 1 only");
    CHECK_ERROR(snn_session_set_input(handle, 0, not_finite, 3), SNN_ERROR_INVALID_ARGUMENT, "is nan at sample 0, neuron 2");
    CHECK_ERROR(snn_session_set_input(handle, 0, three_ones, 2), SNN_ERROR_INVALID_ARGUMENT, "2");
    CHECK_ERROR(snn_session_set_input(handle, 1, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "cells");
    CHECK_ERROR(snn_session_set_input(handle, 2, three_ones, 3), SNN_ERROR_NOT_FOUND, "2");
    CHECK_ERROR(snn_session_set_input(handle, 0, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "values");
    CHECK_ERROR(snn_session_bind_input(handle, 0, three_ones, 4), SNN_ERROR_INVALID_ARGUMENT, "4");
    CHECK_ERROR(snn_session_bind_input(handle, 1, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "cells");
    snn_destroy_network(handle);
    handle = open_session(make_classifier(), NULL);
    {
        float pixels[16] = {0};
        pixels[7] = NAN;
        CHECK_ERROR(snn_session_set_input(handle, 0, pixels, 16), SNN_ERROR_INVALID_ARGUMENT, "neuron 7");
        pixels[7] = -INFINITY;
        CHECK_ERROR(snn_session_set_input(handle, 0, pixels, 16), SNN_ERROR_INVALID_ARGUMENT, "neuron 7");
    }
    snn_destroy_network(handle);
}

static void a_sample_is_given_its_own_input(void) {
    SNNHandle handle = open_with_batch(make_chain(), NULL, 3, 1), whole = open_with_batch(make_chain(), NULL, 3, 1);
    const float frames[3][3] = {{1, 1, 0}, {0, 0, 1}, {0, 0, 0}}, half[3] = {0, 0, 0.5f};
    float v[9], expected[9];
    int i;
    for (i = 0; i < 2; ++i) {
        CHECK_OK(snn_session_set_sample_input(handle, 0, 1, three_ones, 3)); /* changed before the step */
        CHECK_OK(snn_session_set_sample_input(handle, 0, 1, frames[1], 3));
        CHECK_OK(snn_session_set_sample_input(handle, 0, 0, frames[0], 3));
        CHECK_OK(snn_session_set_input(whole, 0, frames[0], 9));
        CHECK_OK(snn_session_step(handle, 1));
        CHECK_OK(snn_session_step(whole, 1));
        CHECK_OK(snn_session_step(handle, 1)); /* spikes are gone after one step */
        CHECK_OK(snn_session_step(whole, 1));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 9));
        CHECK_OK(snn_get_membrane_potentials(whole, "cells", expected, 9));
        CHECK(memcmp(v, expected, sizeof v) == 0);
        CHECK_NEAR(v[0], i == 0 ? 0.5 : 0.0, 0);
    }
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 2, half, 3), SNN_ERROR_INVALID_ARGUMENT,
                "input 'in' is 0.5 at sample 2, neuron 2; a spike input takes 0 and 1 only");
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 3, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "sample is 3; batch_size is 3");
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 2, three_ones, 2), SNN_ERROR_INVALID_ARGUMENT,
                "input 'in' takes 3 values (of sample 2), got 2");
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 2, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "values is null");
    CHECK_ERROR(snn_session_set_sample_input(handle, 1, 0, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "cells");
    CHECK_OK(snn_session_bind_input(handle, 0, frames[0], 9));
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 0, three_ones, 3), SNN_ERROR_STATE, "is bound to memory of the program");
    snn_destroy_network(handle);
    snn_destroy_network(whole);
}

static void values_stay_until_they_are_changed(void) {
    const float weight = 0.25f, value = 1.0f, nothing = 0.0f;
    SNNNetwork network = new_network();
    SNNHandle handle;
    float v;
    add_input(network, "in", SNN_POPULATION_VALUE_INPUT, 1);
    add_neurons(network, "cell", "adder", 1);
    connect(network, SNN_CONNECT_DENSE, 0, 1, &weight, 1);
    CHECK_OK(snn_network_finish(network));
    handle = open_session(network, NULL);
    CHECK_OK(snn_session_set_input(handle, 0, &value, 1));
    CHECK_OK(snn_session_step(handle, 3));
    CHECK_OK(snn_get_membrane_potentials(handle, "cell", &v, 1));
    CHECK_NEAR(v, 0.75, 0);
    CHECK_OK(snn_session_set_input(handle, 0, &nothing, 1));
    CHECK_OK(snn_session_step(handle, 5));
    CHECK_OK(snn_get_membrane_potentials(handle, "cell", &v, 1));
    CHECK_NEAR(v, 0.75, 0);
    snn_destroy_network(handle);
}

static void bound_input_is_read_at_each_step(void) {
    SNNHandle handle = open_chain();
    float bound[3] = {1, 0, 0}, v[3];
    SNNInputArray input = {0, 1, three_ones, 3};
    SNNSpikeInput events = {sizeof events, 0, NULL, NULL, NULL, 0};
    SNNRunDef def;
    CHECK_OK(snn_session_bind_input(handle, 0, bound, 3));
    CHECK_OK(snn_session_step(handle, 1));
    bound[0] = 0;
    bound[1] = 2.5f; /* other than 0: a spike */
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3));
    CHECK_NEAR(v[0], 0.5, 0);
    {
        const uint32_t *spikes;
        uint32_t count;
        CHECK_OK(snn_session_get_spikes(handle, 1, 0, &spikes, &count));
        CHECK_EQUAL(count, 1);
        CHECK_EQUAL(spikes[0], 1);
    }
    CHECK_ERROR(snn_session_bind_input(handle, 0, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "values is null");
    CHECK_ERROR(snn_session_set_input(handle, 0, bound, 3), SNN_ERROR_STATE, "is bound to memory of the program");
    snn_run_def_default(&def);
    def.step_count = 1;
    def.inputs = &input;
    def.input_count = 1;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_STATE, "input 'in' is bound to memory of the program");
    def.input_count = 0;
    def.spike_inputs = &events;
    def.spike_input_count = 1;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_STATE, "input 'in' is bound to memory of the program");
    CHECK_OK(snn_session_bind_input(handle, 0, NULL, 0));
    CHECK_OK(snn_session_run(handle, &def));
    CHECK_OK(snn_session_step(handle, 9));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3));
    CHECK_NEAR(v[0], 0.5, 0);
    snn_destroy_network(handle);
}

static void samples_of_a_batch_are_independent(void) {
    SNNNetwork network = make_chain();
    SNNConfig config;
    SNNHandle handle;
    const float input[2][3] = {{1, 0, 0}, {0, 0, 1}};
    const uint32_t *spikes;
    uint32_t count;
    float v[6];
    snn_config_default(&config);
    config.network = network;
    config.batch_size = 2;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_ERROR(snn_session_set_input(handle, 0, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "6");
    CHECK_OK(snn_session_set_input(handle, 0, &input[0][0], 6));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 6));
    CHECK_NEAR(v[0], 0.5, 0);
    CHECK_NEAR(v[3], 0.0, 0);
    CHECK_OK(snn_session_get_spikes(handle, 1, 0, &spikes, &count));
    CHECK_EQUAL(count, 0);
    CHECK_OK(snn_session_get_spikes(handle, 1, 1, &spikes, &count));
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(spikes[0], 2);
    CHECK_ERROR(snn_session_get_spikes(handle, 1, 2, &spikes, &count), SNN_ERROR_INVALID_ARGUMENT, "2");
    snn_destroy_network(handle);
    snn_network_release(network);
}

/* Two characters of a game: one network, weights of their own. */
static void samples_have_weights_of_their_own(void) {
    SNNNetwork network = make_chain(), saved = NULL;
    SNNConfig config;
    SNNHandle handle;
    const float input[6] = {1, 0, 0, 1, 0, 0}, mine[3] = {0.25f, 0, 0};
    float all[6], v[6];
    size_t count;
    snn_config_default(&config);
    config.network = network;
    config.batch_size = 2;
    config.flags = SNN_FLAG_SAMPLE_WEIGHTS;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_value_count(handle, "in_to_cells.weight", &count));
    CHECK_EQUAL(count, 6);
    CHECK_OK(snn_session_value_count(handle, "in_to_cells.weight[1]", &count));
    CHECK_EQUAL(count, 3);
    CHECK_ERROR(snn_session_to_network(handle, &saved), SNN_ERROR_UNSUPPORTED, "2 samples"); /* also before one is written */
    CHECK_OK(snn_session_write(handle, "in_to_cells.weight[1]", SNN_FLOAT32, mine, 3));
    CHECK_OK(snn_session_read(handle, "in_to_cells.weight", SNN_FLOAT32, all, 6));
    CHECK_NEAR(all[0], 0.5, 0);
    CHECK_NEAR(all[3], 0.25, 0);
    CHECK_OK(snn_session_set_input(handle, 0, input, 6));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 6));
    CHECK_NEAR(v[0], 0.5, 0);
    CHECK_NEAR(v[3], 0.25, 0);
    CHECK_ERROR(snn_session_read(handle, "in_to_cells.weight[2]", SNN_FLOAT32, all, 3), SNN_ERROR_NOT_FOUND, "[0] to [1]");
    CHECK_ERROR(snn_session_to_network(handle, &saved), SNN_ERROR_UNSUPPORTED, "2 samples");
    snn_destroy_network(handle);
    snn_network_release(network);
}

static const CheckCase cases[] = {
    CASE(input_is_checked),
    CASE(a_sample_is_given_its_own_input),
    CASE(values_stay_until_they_are_changed),
    CASE(bound_input_is_read_at_each_step),
    CASE(samples_of_a_batch_are_independent),
    CASE(samples_have_weights_of_their_own),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
