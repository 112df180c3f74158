/* Speeds of devices, and the device "auto". */
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

static void several_devices_work_together(void) {
    SNNNetwork network = make_classifier();
    SNNNetworkInfo info;
    SNNConfig config;
    SNNHandle handle = NULL;
    uint32_t places[8], window = 99, i;
    char words[256], again[256];
    double seconds[3] = {-1, -1, -1};
    size_t size = 0;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_info(network, &info));
    CHECK(info.population_count <= COUNT(places));
    snn_config_default(&config);
    config.network = network;
    config.device = "cpu+reference+cpu";
    config.thread_count = 0;
    CHECK_OK(snn_network_placement(network, &config, places, info.population_count, &window));
    CHECK_OK(snn_network_placement_words(network, &config, NULL, 0, &size));
    CHECK(size > 18 && size <= sizeof words);
    CHECK_ERROR(snn_network_placement_words(network, &config, words, size - 1, &size), SNN_ERROR_INVALID_ARGUMENT, "size_bytes is ");
    CHECK_ERROR(snn_network_placement_words(network, &config, NULL, 8, &size), SNN_ERROR_INVALID_ARGUMENT, "out_words");
    CHECK_ERROR(snn_network_placement_words(network, &config, words, sizeof words, NULL), SNN_ERROR_INVALID_ARGUMENT,
                "out_size_bytes");
    CHECK_OK(snn_network_placement_words(network, &config, words, sizeof words, &size));
    CHECK(strlen(words) == size - 1 && strncmp(words, "cpu+reference+cpu;", 18) == 0);
    CHECK_OK(snn_network_placement_times(network, &config, seconds, 3));
    for (i = 0; i < 3; ++i) CHECK(seconds[i] >= 0 && (seconds[i] > 0) == (places[0] == i)); /* all are on one */
    CHECK_ERROR(snn_network_placement_times(network, &config, seconds, 2), SNN_ERROR_INVALID_ARGUMENT, "count is 2; config->device names 3");
    CHECK_ERROR(snn_network_placement_times(network, &config, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "out_seconds");
    CHECK_OK(snn_network_placement_reasons(network, &config, NULL, 0, &size));
    CHECK_EQUAL(size, 1); /* each of them could have all of it */
    CHECK_OK(snn_network_placement_reasons(network, &config, again, sizeof again, &size));
    CHECK_TEXT(again, "");
    CHECK_ERROR(snn_network_placement_reasons(network, &config, NULL, 8, &size), SNN_ERROR_INVALID_ARGUMENT, "out_text");
    config.device = words; /* gives it again */
    CHECK_OK(snn_network_placement_words(network, &config, again, sizeof again, &size));
    CHECK_TEXT(again, words);
    config.device = "cpu+reference+cpu";
    for (i = 1; i < info.population_count; ++i) CHECK_EQUAL(places[i], places[0]); /* no delay lies between them */
    CHECK_EQUAL(window, 0);
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_step(handle, 3));
    snn_destroy_network(handle);
    config.device = "cpu";
    CHECK_OK(snn_network_placement(network, &config, places, info.population_count, NULL));
    CHECK_EQUAL(places[0], 0);
    CHECK_ERROR(snn_network_placement(network, &config, places, 1, &window), SNN_ERROR_INVALID_ARGUMENT, "count is 1");
    CHECK_ERROR(snn_network_placement(network, &config, NULL, info.population_count, &window), SNN_ERROR_INVALID_ARGUMENT,
                "out_places");
    CHECK_ERROR(snn_network_placement(network, NULL, places, info.population_count, &window), SNN_ERROR_INVALID_ARGUMENT, "config");
    config.device = "cpu*+cpu*";
    config.batch_size = 7;
    CHECK_OK(snn_network_placement_words(network, &config, words, sizeof words, &size));
    CHECK_TEXT(words, "cpu*4+cpu*3");
    CHECK_OK(snn_network_placement_times(network, &config, seconds, 2));
    CHECK(seconds[0] > seconds[1] && seconds[1] > 0);
    config.device = "auto";
    CHECK_ERROR(snn_network_placement_times(network, &config, seconds, 1), SNN_ERROR_INVALID_ARGUMENT, "config->device is 'auto'");
    config.device = "cpu";
    CHECK_OK(snn_network_placement_times(network, &config, seconds, 1));
    CHECK(seconds[0] > 0);
    config.device = "cpu+auto";
    CHECK_ERROR(snn_network_placement_words(network, &config, words, sizeof words, &size), SNN_ERROR_INVALID_ARGUMENT,
                "'auto' chooses one device");
    config.device = "cpu+quantum";
    CHECK_ERROR(snn_network_placement(network, &config, places, info.population_count, &window), SNN_ERROR_NOT_FOUND, "quantum");
    snn_network_release(network);
    CHECK_ERROR(snn_network_placement(network, &config, places, info.population_count, &window), SNN_ERROR_INVALID_HANDLE, "network");
}

static const CheckCase cases[] = {
    CASE(several_devices_work_together),
    CASE(speeds_are_measured_once),
    CASE(sessions_say_where_they_run),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
