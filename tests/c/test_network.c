/* Building a network: populations, parameters, finish; and looking at what was built. */
#include <math.h>

#include "fixtures.h"

/* ---- Populations ---- */

static SNNPopulationDef population(const char *name, uint32_t size) {
    SNNPopulationDef def;
    snn_population_def_default(&def);
    def.name = name;
    def.model_name = "lif";
    def.shape.dims[0] = size;
    return def;
}

static void the_time_step_must_be_positive_and_finite(void) {
    const double wrong[] = {0.0, -1.0, NAN, INFINITY};
    SNNNetwork network = NULL;
    size_t i;
    for (i = 0; i < COUNT(wrong); ++i)
        CHECK_ERROR(snn_network_create(wrong[i], &network), SNN_ERROR_INVALID_ARGUMENT, "dt_ms");
    CHECK(network == NULL);
    CHECK_ERROR(snn_network_create(1.0, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_network");
}

static void populations_are_numbered_in_order(void) {
    SNNNetwork network = new_network();
    SNNPopulationDef def = population("third", 2);
    CHECK_EQUAL(add_input(network, "first", SNN_POPULATION_SPIKE_INPUT, 3), 0);
    CHECK_EQUAL(add_input(network, "_second2", SNN_POPULATION_VALUE_INPUT, 1), 1);
    CHECK_OK(snn_network_add_population(network, &def, NULL)); /* the index may be left out */
    CHECK_EQUAL(add_neurons(network, "fourth", "adder", 1), 3);
    snn_network_release(network);
}

static void population_names_are_checked(void) {
    static const char *const wrong[] = {"", "1st", "two words", "dot.ted", "caf\xc3\xa9", "a/b", "-"};
    SNNNetwork network = new_network();
    SNNPopulationDef def = population("a", 1);
    char long_name[65];
    uint32_t index = 99;
    size_t i;
    for (i = 0; i < COUNT(wrong); ++i) {
        def.name = wrong[i];
        CHECK_ERROR(snn_network_add_population(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, wrong[i]);
    }
    memset(long_name, 'a', 64);
    long_name[64] = 0;
    def.name = long_name;
    CHECK_ERROR(snn_network_add_population(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "63");
    long_name[63] = 0;
    CHECK_OK(snn_network_add_population(network, &def, &index));
    CHECK_ERROR(snn_network_add_population(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, long_name);
    def.name = NULL;
    CHECK_ERROR(snn_network_add_population(network, &def, &index), SNN_ERROR_INVALID_ARGUMENT, "name");
    CHECK_EQUAL(index, 0);
    snn_network_release(network);
}

static void population_defs_are_checked(void) {
    SNNNetwork network = new_network();
    SNNPopulationDef def = population("a", 0);
    SNNModel surrogate = NULL;
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "'a'");
    def = population("a", 1);
    def.shape.rank = 0;
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "rank");
    def.shape.rank = 4;
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "rank");
    def.shape.rank = 3;
    def.shape.dims[0] = def.shape.dims[1] = def.shape.dims[2] = 1u << 16; /* 2^48 neurons */
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "'a'");
    def = population("a", 1);
    def.kind = 3;
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "kind");
    def = population("a", 1);
    def.model_name = "no_such_model";
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_NOT_FOUND, "no_such_model");
    def.model_name = NULL;
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "model");
    CHECK_OK(snn_model_builtin("arctan", 1, &surrogate));
    def.model = surrogate;
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "arctan");
    snn_model_release(surrogate);
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_INVALID_HANDLE, "model");
    def = population("a", 1);
    def.struct_size = 2;
    CHECK_ERROR(snn_network_add_population(network, &def, NULL), SNN_ERROR_VERSION, "struct_size");
    CHECK_ERROR(snn_network_add_population(network, NULL, NULL), SNN_ERROR_INVALID_ARGUMENT, "def");
    snn_network_release(network);
}

/* ---- Parameters, options, initial state, surrogate ---- */

static void parameters_are_checked_and_read_back(void) {
    SNNNetwork network = unconnected();
    double value = 2.5, values[2] = {1.5, 3.5}, read[2] = {0, 0};
    size_t count = 2;
    CHECK_OK(snn_network_get_parameter(network, 1, "threshold", read, &count));
    CHECK_EQUAL(count, 1);
    CHECK_NEAR(read[0], 1.0, 0);
    CHECK_OK(snn_network_set_parameter(network, 1, "threshold", &value, 1));
    CHECK_OK(snn_network_set_parameter(network, 1, "threshold", values, 2));
    count = 0;
    CHECK_OK(snn_network_get_parameter(network, 1, "threshold", NULL, &count));
    CHECK_EQUAL(count, 2);
    CHECK_OK(snn_network_get_parameter(network, 1, "threshold", read, &count));
    CHECK_NEAR(read[1], 3.5, 0);
    count = 1;
    CHECK_ERROR(snn_network_get_parameter(network, 1, "threshold", read, &count), SNN_ERROR_INVALID_ARGUMENT, "1");
    CHECK_ERROR(snn_network_set_parameter(network, 1, "threshold", values, 3), SNN_ERROR_INVALID_ARGUMENT, "3");
    CHECK_ERROR(snn_network_set_parameter(network, 1, "threshold", values, 0), SNN_ERROR_INVALID_ARGUMENT, "0");
    CHECK_ERROR(snn_network_set_parameter(network, 1, "tau", values, 2), SNN_ERROR_NOT_FOUND, "threshold");
    CHECK_ERROR(snn_network_set_parameter(network, 0, "threshold", values, 2), SNN_ERROR_INVALID_ARGUMENT, "in");
    CHECK_ERROR(snn_network_set_parameter(network, 2, "threshold", values, 2), SNN_ERROR_NOT_FOUND, "2");
    CHECK_ERROR(snn_network_set_parameter(network, 1, NULL, values, 2), SNN_ERROR_INVALID_ARGUMENT, "parameter");
    CHECK_ERROR(snn_network_set_learnable(network, 1, "threshold", 2), SNN_ERROR_INVALID_ARGUMENT,
                "parameter 'threshold': learnable is 2; expected 0 or 1");
    CHECK_ERROR(snn_network_set_parameter(network, 1, "threshold", NULL, 2), SNN_ERROR_INVALID_ARGUMENT, "values");
    value = NAN;
    CHECK_ERROR(snn_network_set_parameter(network, 1, "threshold", &value, 1), SNN_ERROR_INVALID_ARGUMENT, "threshold");
    value = 0.0; /* its definition says: greater than 0 */
    CHECK_ERROR(snn_network_set_parameter(network, 1, "threshold", &value, 1), SNN_ERROR_INVALID_ARGUMENT, "threshold");
    count = 2;
    CHECK_OK(snn_network_get_parameter(network, 1, "threshold", read, &count));
    CHECK_NEAR(read[0], 1.5, 0); /* errors changed nothing */
    CHECK_ERROR(snn_network_get_parameter(network, 1, "tau", read, &count), SNN_ERROR_NOT_FOUND, "threshold");
    CHECK_ERROR(snn_network_get_parameter(network, 1, "threshold", read, NULL), SNN_ERROR_INVALID_ARGUMENT, "io_count");
    snn_network_release(network);
}

static void initial_states_are_checked_and_used(void) {
    SNNNetwork network = build_chain();
    const double values[3] = {0.25, 0.5, -1.0};
    double read[3];
    size_t count = 3;
    float potentials[3];
    SNNHandle handle;
    CHECK_ERROR(snn_network_set_initial_state(network, 1, "u", values, 3), SNN_ERROR_NOT_FOUND, "v");
    CHECK_ERROR(snn_network_set_initial_state(network, 1, "v", values, 2), SNN_ERROR_INVALID_ARGUMENT, "2");
    CHECK_ERROR(snn_network_set_initial_state(network, 0, "v", values, 3), SNN_ERROR_INVALID_ARGUMENT, "in");
    CHECK_OK(snn_network_set_initial_state(network, 1, "v", values, 3));
    CHECK_OK(snn_network_get_initial_state(network, 1, "v", read, &count));
    CHECK(memcmp(read, values, sizeof read) == 0);
    CHECK_OK(snn_network_finish(network));
    handle = open_session(network, NULL);
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", potentials, 3));
    CHECK_NEAR(potentials[2], -1.0, 0);
    snn_destroy_network(handle);
}

static void options_are_checked_and_read_back(void) {
    SNNNetwork network = new_network();
    const char *choice = NULL;
    add_neurons(network, "cells", "lif", 2);
    CHECK_OK(snn_network_set_option(network, 0, "reset", "value"));
    CHECK_OK(snn_network_get_option(network, 0, "reset", &choice));
    CHECK_TEXT(choice, "value");
    CHECK_OK(snn_network_set_option(network, 0, "reset", "subtract"));
    CHECK_OK(snn_network_get_option(network, 0, "reset", &choice));
    CHECK_TEXT(choice, "subtract");
    CHECK_ERROR(snn_network_set_option(network, 0, "reset", "sideways"), SNN_ERROR_NOT_FOUND, "subtract");
    CHECK_ERROR(snn_network_set_option(network, 0, "colour", "red"), SNN_ERROR_NOT_FOUND, "reset");
    CHECK_ERROR(snn_network_set_option(network, 0, NULL, "value"), SNN_ERROR_INVALID_ARGUMENT, "option");
    CHECK_ERROR(snn_network_set_option(network, 0, "reset", NULL), SNN_ERROR_INVALID_ARGUMENT, "choice");
    CHECK_ERROR(snn_network_get_option(network, 0, "colour", &choice), SNN_ERROR_NOT_FOUND, "reset");
    CHECK_TEXT(choice, "subtract");
    snn_network_release(network);
}

static void surrogates_are_checked_and_read_back(void) {
    SNNNetwork network = new_network();
    SNNPopulationInfo info;
    SNNModel model = NULL, neuron = NULL;
    double parameters[2] = {3.0, 0.5}, read[4];
    size_t count = 4;
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 1);
    add_neurons(network, "cells", "lif", 2);
    CHECK_OK(snn_network_set_surrogate(network, 1, "arctan", NULL, parameters, 2));
    CHECK_OK(snn_network_get_surrogate_parameters(network, 1, read, &count));
    CHECK_EQUAL(count, 2);
    CHECK(read[0] == 3.0 && read[1] == 0.5);
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_population(network, 1, &info));
    CHECK_TEXT(info.surrogate_name, "arctan");
    CHECK_OK(snn_network_get_surrogate(network, 1, &model));
    CHECK_OK(snn_network_set_surrogate(network, 1, NULL, model, NULL, 0)); /* as a user's surrogate */
    CHECK_ERROR(snn_network_set_surrogate(network, 1, "arctan", NULL, parameters, 9), SNN_ERROR_INVALID_ARGUMENT, "9");
    parameters[1] = NAN;
    CHECK_ERROR(snn_network_set_surrogate(network, 1, "arctan", NULL, parameters, 2), SNN_ERROR_INVALID_ARGUMENT, "scale");
    CHECK_ERROR(snn_network_set_surrogate(network, 1, "arctan", NULL, NULL, 2), SNN_ERROR_INVALID_ARGUMENT, "parameters");
    CHECK_ERROR(snn_network_set_surrogate(network, 1, "bell", NULL, NULL, 0), SNN_ERROR_NOT_FOUND, "arctan");
    CHECK_ERROR(snn_network_set_surrogate(network, 1, NULL, NULL, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "name");
    CHECK_ERROR(snn_network_set_surrogate(network, 0, "arctan", NULL, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "in");
    CHECK_OK(snn_network_get_model(network, 1, &neuron));
    CHECK_ERROR(snn_network_set_surrogate(network, 1, NULL, neuron, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "lif");
    snn_model_release(neuron);
    snn_model_release(model);
    snn_network_release(network);
}

/* ---- Finish and look ---- */

static void a_cycle_without_delay_is_refused(void) {
    SNNNetwork network = unconnected();
    SNNProjectionDef def = projection(SNN_CONNECT_DENSE, NULL, 0);
    def.source = 1;
    CHECK_OK(snn_network_connect(network, &def, NULL)); /* cells to cells within the step */
    CHECK_ERROR(snn_network_finish(network), SNN_ERROR_INVALID_ARGUMENT, "cells");
    snn_network_release(network);
    network = unconnected();
    def.delay_steps = 1;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    snn_network_release(network);
}

static void a_finished_network_cannot_change(void) {
    SNNNetwork network = make_chain();
    SNNPopulationDef more = population("more", 1);
    SNNProjectionDef def = projection(SNN_CONNECT_ONE_TO_ONE, three_ones, 3);
    const double value = 1.0;
    def.name = "again";
    CHECK_ERROR(snn_network_add_population(network, &more, NULL), SNN_ERROR_STATE, "finish");
    CHECK_ERROR(snn_network_connect(network, &def, NULL), SNN_ERROR_STATE, "finish");
    CHECK_ERROR(snn_network_set_parameter(network, 1, "threshold", &value, 1), SNN_ERROR_STATE, "finish");
    CHECK_ERROR(snn_network_set_initial_state(network, 1, "v", &value, 1), SNN_ERROR_STATE, "finish");
    snn_network_release(network);
}

static void an_unfinished_network_cannot_run_or_be_saved(void) {
    SNNNetwork network = build_chain();
    SNNConfig config;
    SNNHandle handle = NULL;
    snn_config_default(&config);
    config.network = network;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_STATE, "finish");
    CHECK_ERROR(snn_network_save(network, temporary_path("unfinished.snn")), SNN_ERROR_STATE, "finish");
    CHECK(handle == NULL);
    snn_network_release(network);
}

static void what_was_built_can_be_looked_at(void) {
    SNNNetwork network = make_classifier();
    SNNNetworkInfo info;
    SNNPopulationInfo population_info;
    SNNProjectionInfo projection_info;
    uint32_t index = 99;
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_info(network, &info));
    CHECK_EQUAL(info.population_count, 3);
    CHECK_EQUAL(info.projection_count, 2);
    CHECK_EQUAL(info.finished, 1);
    CHECK_NEAR(info.dt_ms, 1.0, 0);
    CHECK_EQUAL(info.neuron_count, 27);
    CHECK_EQUAL(info.synapse_count, 16 * 24 + 24 * 3);
    CHECK_EQUAL(info.parameter_count, 16 * 24 + 24 * 3 + 3);
    population_info.struct_size = sizeof population_info;
    CHECK_OK(snn_network_get_population(network, 1, &population_info));
    CHECK_TEXT(population_info.name, "hidden");
    CHECK_TEXT(population_info.model_name, "lif");
    CHECK_EQUAL(population_info.kind, SNN_POPULATION_NEURONS);
    CHECK_EQUAL(population_info.size, 24);
    CHECK_EQUAL(population_info.shape.dims[0], 24);
    CHECK_OK(snn_network_get_population(network, 0, &population_info));
    CHECK(population_info.model_name == NULL && population_info.surrogate_name == NULL);
    projection_info.struct_size = sizeof projection_info;
    CHECK_OK(snn_network_get_projection(network, 1, &projection_info));
    CHECK_TEXT(projection_info.name, "hidden_to_readout");
    CHECK_EQUAL(projection_info.bias_count, 3);
    CHECK_NEAR(projection_info.bias[1], 0.01f, 0);
    CHECK_EQUAL(projection_info.trainable, 1);
    CHECK_EQUAL(projection_info.arithmetic, SNN_ARITHMETIC_FLOAT);
    CHECK_NEAR(projection_info.fixed_point_scale, 0, 0);
    CHECK(arrays_of(network, 1).row_offsets == NULL && arrays_of(network, 1).synapse_targets == NULL);
    CHECK_EQUAL(projection_info.by_rule, 0);
    CHECK_OK(snn_network_find_population(network, "readout", &index));
    CHECK_EQUAL(index, 2);
    CHECK_OK(snn_network_find_projection(network, "pixels_to_hidden", &index));
    CHECK_EQUAL(index, 0);
    CHECK_ERROR(snn_network_find_population(network, "hiden", &index), SNN_ERROR_NOT_FOUND, "hidden");
    CHECK_ERROR(snn_network_find_projection(network, "x", &index), SNN_ERROR_NOT_FOUND, "hidden_to_readout");
    CHECK_ERROR(snn_network_find_population(network, NULL, &index), SNN_ERROR_INVALID_ARGUMENT, "name");
    CHECK_ERROR(snn_network_get_population(network, 3, &population_info), SNN_ERROR_NOT_FOUND, "3");
    CHECK_ERROR(snn_network_get_projection(network, 2, &projection_info), SNN_ERROR_NOT_FOUND, "2");
    CHECK_ERROR(snn_network_get_info(network, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_info");
    info.struct_size = 0;
    CHECK_ERROR(snn_network_get_info(network, &info), SNN_ERROR_VERSION, "struct_size");
    snn_network_release(network);
}

/* After an error outputs are as they were, but how many there are is told where there was too little room. */
static void too_little_room_is_told_and_nothing_written(void) {
    static const double thresholds[3] = {1, 2, 3};
    static const double two_untouched[2] = {-1, -1};
    SNNNetwork network = build_chain();
    SNNRandomConnectionDef rule;
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, NULL, 0);
    SNNModel model = load_adder();
    double values[2] = {-1, -1};
    uint32_t targets[2] = {77, 77};
    const char *const untouched = "?";
    const char *text = untouched;
    size_t count = 2;
    snn_random_connection_def_default(&rule);
    rule.rule = SNN_RULE_ALL_TO_ALL;
    def.trainable = 0;
    def.name = "all";
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    CHECK_OK(snn_network_set_parameter(network, 1, "threshold", thresholds, 3));
    CHECK_OK(snn_network_finish(network));
    CHECK_ERROR(snn_network_get_parameter(network, 1, "threshold", values, &count), SNN_ERROR_INVALID_ARGUMENT, "*io_count is 2");
    CHECK_EQUAL(count, 3);
    CHECK(memcmp(values, two_untouched, sizeof values) == 0);
    count = 2;
    CHECK_ERROR(snn_network_get_synapses(network, 1, 0, 3, NULL, targets, NULL, NULL, &count), SNN_ERROR_INVALID_ARGUMENT,
                "*io_count is 2; there are 9");
    CHECK_EQUAL(count, 9);
    CHECK(targets[0] == 77 && targets[1] == 77);
    CHECK_ERROR(snn_network_get_parameter(network, 1, "no", values, &count), SNN_ERROR_NOT_FOUND, "no");
    CHECK_EQUAL(count, 9); /* another error */
    CHECK_ERROR(snn_model_text(model, &text, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_size_bytes is null");
    CHECK(text == untouched);
    snn_model_release(model);
    snn_network_release(network);
}

static const CheckCase cases[] = {
    CASE(too_little_room_is_told_and_nothing_written),
    CASE(the_time_step_must_be_positive_and_finite),
    CASE(populations_are_numbered_in_order),
    CASE(population_names_are_checked),
    CASE(population_defs_are_checked),
    CASE(parameters_are_checked_and_read_back),
    CASE(initial_states_are_checked_and_used),
    CASE(options_are_checked_and_read_back),
    CASE(surrogates_are_checked_and_read_back),
    CASE(a_cycle_without_delay_is_refused),
    CASE(a_finished_network_cannot_change),
    CASE(an_unfinished_network_cannot_run_or_be_saved),
    CASE(what_was_built_can_be_looked_at),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
