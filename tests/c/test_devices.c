/* Speeds of devices, where sessions would run, and the device "auto". */
#include "fixtures.h"

static void speeds_are_measured_once(void) {
    SNNDeviceSpeed first, second;
    memset(&first, 0, sizeof first);
    memset(&second, 0, sizeof second);
    first.struct_size = second.struct_size = sizeof first;
    CHECK_OK(snn_device_speed("cpu", &first));
    CHECK_OK(snn_device_speed("cpu", &second));
    CHECK_EQUAL(second.was_kept, 1);
    CHECK(first.small_step_s > 0 && first.small_step_s == second.small_step_s);
    CHECK(first.large_step_s > first.small_step_s && first.large_step_s == second.large_step_s);
    CHECK_TEXT(first.driver, "");
    CHECK_ERROR(snn_device_speed("quantum", &first), SNN_ERROR_NOT_FOUND, "quantum");
    CHECK_ERROR(snn_device_speed(NULL, &first), SNN_ERROR_INVALID_ARGUMENT, "device");
    CHECK_ERROR(snn_device_speed("cpu", NULL), SNN_ERROR_INVALID_ARGUMENT, "out_speed");
}

static void check_device(const char *asked, const char *name, int has_reason) {
    SNNNetwork network = make_classifier();
    SNNSessionDevice device;
    SNNMemoryEstimate estimate;
    SNNConfig config;
    SNNHandle handle = NULL;
    memset(&device, 0, sizeof device);
    device.struct_size = sizeof device;
    snn_config_default(&config);
    config.network = network;
    config.device = asked;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_device(handle, &device));
    CHECK_TEXT(device.name, name);
    CHECK_EQUAL(device.reason[0] != 0, has_reason);
    CHECK_OK(snn_session_step(handle, 3));
    memset(&estimate, 0, sizeof estimate);
    estimate.struct_size = sizeof estimate;
    CHECK_OK(snn_network_memory(network, &config, &estimate, NULL, 0));
    CHECK(estimate.total_bytes > 0);
    CHECK_ERROR(snn_session_device(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_device");
    snn_destroy_network(handle);
    snn_network_release(network);
    CHECK_ERROR(snn_session_device(handle, &device), SNN_ERROR_INVALID_HANDLE, "handle");
}

static void sessions_say_where_they_run(void) {
    check_device(NULL, "cpu", 0);
    check_device("reference", "reference", 0);
    check_device("auto", "cpu", 1); /* it is small */
}

static SNNPlacementInfo info_of(SNNPlacement placement) {
    SNNPlacementInfo info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(snn_placement_get_info(placement, &info));
    return info;
}

static void several_devices_work_together(void) {
    SNNNetwork network = make_classifier();
    SNNNetworkInfo sizes;
    SNNPlacement placement = NULL, again = NULL;
    SNNPlacementInfo found, kept;
    SNNConfig config;
    SNNHandle handle = NULL;
    uint32_t i;
    memset(&sizes, 0, sizeof sizes);
    sizes.struct_size = sizeof sizes;
    CHECK_OK(snn_network_get_info(network, &sizes));
    snn_config_default(&config);
    config.network = network;
    config.device = "cpu+reference+cpu";
    config.thread_count = 0;
    config.batch_size = 3;
    CHECK_OK(snn_network_place(network, &config, &placement));
    found = info_of(placement);
    CHECK_EQUAL(found.device_count, 3);
    CHECK_EQUAL(found.slice_count, sizes.population_count);
    CHECK_EQUAL(found.window_steps, 0);
    CHECK(strncmp(found.device, "cpu+reference+cpu;", 18) == 0);
    CHECK_TEXT(found.reasons, ""); /* each of them could have all of it */
    for (i = 0; i < found.slice_count; ++i) {
        SNNPopulationInfo population;
        memset(&population, 0, sizeof population);
        population.struct_size = sizeof population;
        CHECK_OK(snn_network_get_population(network, i, &population));
        CHECK_EQUAL(found.slices[i].population, i);
        CHECK_EQUAL(found.slices[i].first, 0);
        CHECK_EQUAL(found.slices[i].count, population.size);
        CHECK_EQUAL(found.slices[i].device, found.slices[0].device); /* no delay lies between them */
    }
    for (i = 0; i < 3; ++i) {
        CHECK_EQUAL(found.samples[i], 3);
        CHECK(found.step_s[i] >= 0 && (found.step_s[i] > 0) == (found.slices[0].device == i));
    }
    config.device = found.device; /* gives it again */
    CHECK_OK(snn_network_place(network, &config, &again));
    kept = info_of(again);
    CHECK_TEXT(kept.device, found.device);
    CHECK(memcmp(kept.slices, found.slices, found.slice_count * sizeof *found.slices) == 0);
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_step(handle, 3));
    snn_destroy_network(handle);
    snn_placement_release(again);
    CHECK_ERROR(snn_placement_get_info(again, &kept), SNN_ERROR_INVALID_HANDLE, "placement");
    snn_network_release(network);
    CHECK_EQUAL(info_of(placement).slice_count, sizes.population_count); /* it does not need the network */
    snn_placement_release(placement);
    snn_placement_release(placement);
    snn_placement_release(NULL);
}

static void slices_are_told_with_their_neurons(void) {
    static const SNNPlacementSlice expected[] = {{0, 0, 3, 0}, {1, 0, 64, 1}, {1, 64, 136, 0}};
    SNNNetwork network = new_network();
    SNNPlacement placement = NULL;
    SNNPlacementInfo found;
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, NULL, 0);
    SNNRandomConnectionDef rule;
    SNNConfig config;
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 3);
    def.source = def.target = add_neurons(network, "cells", "lif", 200);
    def.delay_steps = 4;
    def.trainable = 0;
    snn_random_connection_def_default(&rule);
    rule.rule = SNN_RULE_ALL_TO_ALL;
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    CHECK_OK(snn_network_finish(network));
    snn_config_default(&config);
    config.device = "cpu+reference;cells[64:]=0;cells[:64]=1";
    config.flags = SNN_FLAG_INPUT_GRADIENTS;
    CHECK_ERROR(snn_network_place(network, &config, &placement), SNN_ERROR_UNSUPPORTED, "do not train together");
    config.flags = 0;
    CHECK_OK(snn_network_place(network, &config, &placement));
    found = info_of(placement);
    CHECK_TEXT(found.device, "cpu+reference;cells[0:64]=1;cells[64:200]=0");
    CHECK_EQUAL(found.slice_count, COUNT(expected));
    CHECK(memcmp(found.slices, expected, sizeof expected) == 0);
    CHECK_EQUAL(found.window_steps, 2); /* half the delay */
    CHECK(found.step_s[0] > 0 && found.step_s[1] > 0);
    snn_placement_release(placement);
    snn_network_release(network);
}

static void one_device_is_a_placement_too(void) {
    SNNNetwork network = make_classifier();
    SNNNetworkInfo sizes;
    SNNPlacement placement = NULL;
    SNNPlacementInfo found;
    SNNConfig config;
    const char *const devices[] = {NULL, "cpu", "auto", "auto:low"};
    size_t i;
    memset(&sizes, 0, sizeof sizes);
    sizes.struct_size = sizeof sizes;
    CHECK_OK(snn_network_get_info(network, &sizes));
    snn_config_default(&config);
    for (i = 0; i < COUNT(devices); ++i) {
        config.device = devices[i];
        CHECK_OK(snn_network_place(network, &config, &placement));
        found = info_of(placement);
        CHECK_TEXT(found.device, "cpu");
        CHECK_EQUAL(found.device_count, 1);
        CHECK_EQUAL(found.slice_count, sizes.population_count);
        CHECK_EQUAL(found.slices[found.slice_count - 1].device, 0);
        CHECK(found.step_s[0] > 0);
        if (i < 2) CHECK_TEXT(found.reasons, "");
        else CHECK(strstr(found.reasons, "is small: other devices take longer") != NULL); /* as its session would say */
        snn_placement_release(placement);
    }
    snn_network_release(network);
}

static void samples_are_shared_out(void) {
    SNNNetwork network = make_classifier();
    SNNPlacement placement = NULL;
    SNNPlacementInfo found;
    SNNConfig config;
    uint32_t i;
    snn_config_default(&config);
    config.device = "cpu*+cpu*";
    config.batch_size = 7;
    CHECK_OK(snn_network_place(network, &config, &placement));
    found = info_of(placement);
    CHECK_TEXT(found.device, "cpu*4+cpu*3");
    CHECK_EQUAL(found.device_count, 2);
    CHECK(found.samples[0] == 4 && found.samples[1] == 3);
    CHECK(found.step_s[0] > found.step_s[1] && found.step_s[1] > 0);
    CHECK(found.slice_count >= 4 && found.slice_count % 2 == 0); /* all populations, on each */
    for (i = 0; i < found.slice_count; ++i) {
        CHECK_EQUAL(found.slices[i].population, i / 2);
        CHECK_EQUAL(found.slices[i].first, 0);
        CHECK_EQUAL(found.slices[i].device, i % 2);
    }
    snn_placement_release(placement);
    config.device = "cpu*7+cpu*0";
    CHECK_OK(snn_network_place(network, &config, &placement));
    CHECK_EQUAL(info_of(placement).slice_count, found.slice_count / 2); /* one of them has nothing */
    CHECK(info_of(placement).step_s[1] == 0);
    snn_placement_release(placement);
    snn_network_release(network);
}

static void wrong_placements_are_refused(void) {
    SNNNetwork network = make_classifier();
    SNNPlacement placement = NULL, untouched = NULL;
    SNNPlacementInfo info;
    SNNConfig config;
    snn_config_default(&config);
    CHECK_ERROR(snn_network_place(network, NULL, &placement), SNN_ERROR_INVALID_ARGUMENT, "config");
    CHECK_ERROR(snn_network_place(network, &config, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_placement");
    config.device = "cpu+auto";
    CHECK_ERROR(snn_network_place(network, &config, &placement), SNN_ERROR_INVALID_ARGUMENT, "'auto' chooses one device");
    config.device = "cpu+quantum";
    CHECK_ERROR(snn_network_place(network, &config, &placement), SNN_ERROR_NOT_FOUND, "quantum");
    config.device = "cpu;nobody=0";
    CHECK_ERROR(snn_network_place(network, &config, &placement), SNN_ERROR_NOT_FOUND, "cpu;nobody=0");
    CHECK(placement == untouched);
    config.device = "cpu";
    CHECK_OK(snn_network_place(network, &config, &placement));
    CHECK_ERROR(snn_placement_get_info(placement, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_info");
    memset(&info, 0, sizeof info);
    info.struct_size = 8;
    CHECK_ERROR(snn_placement_get_info(placement, &info), SNN_ERROR_VERSION, "out_info->struct_size is 8");
    CHECK_ERROR(snn_placement_get_info((SNNPlacement)network, &info), SNN_ERROR_INVALID_HANDLE, "placement");
    CHECK_ERROR(snn_placement_get_info(NULL, &info), SNN_ERROR_INVALID_HANDLE, "placement is null");
    snn_placement_release(placement);
    snn_network_release(network);
    CHECK_ERROR(snn_network_place(network, &config, &placement), SNN_ERROR_INVALID_HANDLE, "network");
}

static const CheckCase cases[] = {
    CASE(several_devices_work_together),
    CASE(slices_are_told_with_their_neurons),
    CASE(one_device_is_a_placement_too),
    CASE(samples_are_shared_out),
    CASE(wrong_placements_are_refused),
    CASE(speeds_are_measured_once),
    CASE(sessions_say_where_they_run),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
