/* Plastic projections: setting a rule, reading it back, learning, saving, and what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"

/* Two inputs onto one neuron each, all to all. */
static SNNNetwork plastic(uint32_t kind) {
    static const uint64_t rows[3] = {0, 2, 4};
    static const uint32_t targets[4] = {0, 1, 0, 1};
    static const float weights[4] = {0.5f, 0.5f, 0.5f, 0.5f};
    SNNNetwork network = NULL;
    SNNProjectionDef def;
    CHECK_OK(snn_network_create(1.0, &network));
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 2);
    add_neurons(network, "cells", "lif", 2);
    snn_projection_def_default(&def);
    def.kind = kind;
    def.name = "p";
    def.source = 0;
    def.target = 1;
    def.weights = weights;
    def.weight_count = 4;
    if (kind == SNN_CONNECT_SPARSE) {
        def.row_offsets = rows;
        def.row_offset_count = 3;
        def.synapse_targets = targets;
        def.synapse_count = 4;
    }
    CHECK_OK(snn_network_connect(network, &def, NULL));
    return network;
}

static void a_rule_is_set_and_read_back(void) {
    SNNNetwork network = plastic(SNN_CONNECT_SPARSE);
    SNNModel rule = NULL, own = NULL;
    SNNProjectionInfo info;
    const char *text = NULL, *choice = NULL;
    size_t size = 0;
    double value = 0;
    CHECK_ERROR(snn_network_get_plasticity(network, 0, &rule), SNN_ERROR_NOT_FOUND, "'p' has no plasticity");
    CHECK_ERROR(snn_network_set_plasticity_parameter(network, 0, "w_max", 1), SNN_ERROR_INVALID_ARGUMENT, "no plasticity");
    CHECK_OK(snn_network_set_plasticity(network, 0, "pair_stdp", NULL));
    CHECK_OK(snn_network_set_plasticity_parameter(network, 0, "tau_plus", 12.5));
    CHECK_OK(snn_network_set_plasticity_option(network, 0, "bounds", "soft"));
    CHECK_OK(snn_network_get_plasticity_parameter(network, 0, "tau_plus", &value));
    CHECK(value == 12.5);
    CHECK_OK(snn_network_get_plasticity_option(network, 0, "bounds", &choice));
    CHECK(strcmp(choice, "soft") == 0);
    CHECK_OK(snn_network_get_plasticity(network, 0, &rule));
    CHECK_OK(snn_model_text(rule, &text, &size));
    CHECK_OK(snn_model_load(text, size, &own));
    CHECK_OK(snn_network_set_plasticity(network, 0, NULL, own));
    CHECK_OK(snn_network_get_plasticity_parameter(network, 0, "tau_plus", &value));
    CHECK(value == 20.0); /* a new rule begins at its defaults */
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_projection(network, 0, &info));
    CHECK_EQUAL(info.arithmetic, SNN_ARITHMETIC_FIXED);
    CHECK_EQUAL(info.trainable, 0);
    snn_model_release(own);
    snn_model_release(rule);
    snn_network_release(network);
}

static void built_in_rules_are_listed(void) {
    SNNModel rule = NULL;
    static const char *const names[] = {"brader_fusi", "homeostatic_stdp", "pair_stdp",
                                        "reward_stdp", "triplet_stdp", "tsodyks_markram"};
    for (uint32_t i = 0; i < 6; ++i) CHECK(strcmp(snn_plasticity_builtin_name(i), names[i]) == 0);
    CHECK(snn_plasticity_builtin_name(6) == NULL);
    CHECK_OK(snn_model_builtin("triplet_stdp", 2, &rule));
    snn_model_release(rule);
    CHECK_ERROR(snn_model_builtin("lif", 2, &rule), SNN_ERROR_NOT_FOUND, "plasticity rule 'lif'");
    CHECK_ERROR(snn_model_builtin("lif", 3, &rule), SNN_ERROR_INVALID_ARGUMENT, "kind is 3");
}

static void what_does_not_fit_is_refused(void) {
    SNNNetwork network = plastic(SNN_CONNECT_SPARSE), dense = plastic(SNN_CONNECT_DENSE);
    SNNModel model = NULL, rule = NULL;
    SNNPopulationDef population;
    double value = 0;
    const char *choice = NULL;
    CHECK_OK(snn_model_builtin("lif", 0, &model));
    CHECK_OK(snn_model_builtin("pair_stdp", 2, &rule));
    CHECK_ERROR(snn_network_set_plasticity(network, 0, NULL, model), SNN_ERROR_INVALID_ARGUMENT, "the neuron model 'lif'");
    CHECK_ERROR(snn_network_set_plasticity(network, 0, NULL, NULL), SNN_ERROR_INVALID_ARGUMENT, "name");
    CHECK_ERROR(snn_network_set_plasticity(network, 0, "hebb", NULL), SNN_ERROR_NOT_FOUND, "pair_stdp, reward_stdp");
    CHECK_ERROR(snn_network_set_plasticity(network, 4, "pair_stdp", NULL), SNN_ERROR_NOT_FOUND, "4");
    CHECK_ERROR(snn_network_set_plasticity(dense, 0, "pair_stdp", NULL), SNN_ERROR_INVALID_ARGUMENT, "dense");
    CHECK_OK(snn_network_set_plasticity(network, 0, NULL, rule));
    CHECK_ERROR(snn_network_set_plasticity_parameter(network, 0, "tau", 1), SNN_ERROR_NOT_FOUND, "tau_plus");
    CHECK_ERROR(snn_network_set_plasticity_parameter(network, 0, "tau_plus", -1), SNN_ERROR_INVALID_ARGUMENT, "-1");
    CHECK_ERROR(snn_network_set_plasticity_option(network, 0, "bounds", "none"), SNN_ERROR_NOT_FOUND, "hard, soft");
    CHECK_ERROR(snn_network_get_plasticity_parameter(network, 0, "tau", &value), SNN_ERROR_NOT_FOUND, "tau_minus");
    CHECK_ERROR(snn_network_get_plasticity_option(network, 0, "bound", &choice), SNN_ERROR_NOT_FOUND, "bounds");
    CHECK_ERROR(snn_network_get_plasticity(network, 0, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_rule");
    CHECK_OK(snn_network_set_plasticity_parameter(network, 0, "w_max", 0.25));
    CHECK_ERROR(snn_network_finish(network), SNN_ERROR_INVALID_ARGUMENT, "a weight is 0.5");
    CHECK_OK(snn_network_set_plasticity_parameter(network, 0, "w_max", 1));
    CHECK_OK(snn_network_finish(network));
    CHECK_ERROR(snn_network_set_plasticity(network, 0, NULL, rule), SNN_ERROR_STATE, "finished");
    snn_population_def_default(&population);
    population.name = "other";
    population.shape.dims[0] = 1;
    population.model = rule;
    CHECK_ERROR(snn_network_add_population(dense, &population, NULL), SNN_ERROR_INVALID_ARGUMENT, "plasticity rule");
    CHECK_ERROR(snn_network_set_surrogate(dense, 1, NULL, rule, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "plasticity rule");
    snn_model_release(model);
    snn_model_release(rule);
    snn_network_release(network);
    snn_network_release(dense);
}

static void a_reward_is_a_value_that_is_written(void) {
    const float spikes[2] = {1, 1};
    const double threshold = 0.5;
    float reward = 1, values[4], rate = 0.5f, nan = strtof("nan", NULL);
    SNNNetwork network = plastic(SNN_CONNECT_SPARSE);
    SNNConfig config;
    SNNHandle handle;
    CHECK_OK(snn_network_set_parameter(network, 1, "threshold", &threshold, 1));
    CHECK_OK(snn_network_set_plasticity(network, 0, "reward_stdp", NULL));
    CHECK_OK(snn_network_finish(network));
    snn_config_default(&config);
    config.network = network;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_set_input(handle, 0, spikes, 2));
    CHECK_OK(snn_session_step(handle, 1)); /* every synapse has a pair without delay */
    CHECK_OK(snn_session_read(handle, "p.eligibility", SNN_FLOAT32, values, 4));
    for (int i = 0; i < 4; ++i) CHECK_NEAR(values[i], 0.99900050, 1e-6); /* exp(-1 ms / 1 s) */
    CHECK_OK(snn_session_write(handle, "p.signal", SNN_FLOAT32, &reward, 1));
    CHECK_OK(snn_session_read(handle, "p.weight", SNN_FLOAT32, values, 4));
    for (int i = 0; i < 4; ++i) CHECK_NEAR(values[i], 0.5 + 0.01 * 0.99900050, 1e-6);
    CHECK_OK(snn_session_write(handle, "p.learning_rate", SNN_FLOAT32, &rate, 1));
    CHECK_OK(snn_session_write(handle, "p.signal", SNN_FLOAT32, &reward, 1));
    CHECK_OK(snn_session_read(handle, "p.weight", SNN_FLOAT32, values, 4));
    for (int i = 0; i < 4; ++i) CHECK_NEAR(values[i], 1.0, 0); /* held by its bound */
    CHECK_ERROR(snn_session_read(handle, "p.signal", SNN_FLOAT32, values, 1), SNN_ERROR_INVALID_ARGUMENT, "written only");
    CHECK_ERROR(snn_session_write(handle, "p.signal", SNN_FLOAT32, &nan, 1), SNN_ERROR_INVALID_ARGUMENT, "finite");
    CHECK_ERROR(snn_session_write(handle, "p.signal", SNN_FLOAT32, values, 4), SNN_ERROR_INVALID_ARGUMENT, "1 values");
    CHECK_ERROR(snn_session_write(handle, "p.eligibility", SNN_FLOAT32, values, 4), SNN_ERROR_INVALID_ARGUMENT, "read only");
    CHECK_ERROR(snn_session_write(handle, "p.w_max", SNN_FLOAT32, &rate, 1), SNN_ERROR_INVALID_ARGUMENT, "finished for 0 to 1");
    snn_destroy_network(handle);
    snn_network_release(network);
}

static const CheckCase cases[] = {
    CASE(a_rule_is_set_and_read_back),
    CASE(built_in_rules_are_listed),
    CASE(a_reward_is_a_value_that_is_written),
    CASE(what_does_not_fit_is_refused),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
