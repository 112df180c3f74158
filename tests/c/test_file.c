/* Saving and loading: round trips, damaged files, a full disk, and a file of the first version. */
#define _GNU_SOURCE
#include <errno.h>

#include "fixtures.h"

#if defined(__unix__)
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#endif

/* The whole file in memory; the caller frees it. */
static unsigned char *read_file(const char *path, size_t *out_size) {
    FILE *file = fopen(path, "rb");
    unsigned char *data;
    long size;
    CHECK(file && fseek(file, 0, SEEK_END) == 0);
    size = ftell(file);
    CHECK(size >= 0 && fseek(file, 0, SEEK_SET) == 0);
    data = malloc((size_t)size + 1);
    CHECK(data && fread(data, 1, (size_t)size, file) == (size_t)size);
    fclose(file);
    *out_size = (size_t)size;
    return data;
}

static void write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

/* A network with a user's model, delays, sparse and dense projections, per-neuron parameters and a bias. */
static SNNNetwork make_rich_network(void) {
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    SNNRandomConnectionDef rule;
    float weights[5 * 7], bias[7];
    double thresholds[7];
    int i;
    for (i = 0; i < 7; ++i) thresholds[i] = 1.0 + 0.25 * i;
    CHECK_OK(snn_random_fill(4, 4, SNN_RANDOM_NORMAL, 0.3, 1.0, weights, COUNT(weights)));
    CHECK_OK(snn_random_fill(4, 5, SNN_RANDOM_UNIFORM, 0.0, 0.2, bias, COUNT(bias)));
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 5);
    add_neurons(network, "cells", "adder", 7);
    add_neurons(network, "more", "lif", 4);
    CHECK_OK(snn_network_set_parameter(network, 1, "threshold", thresholds, 7));
    CHECK_OK(snn_network_set_surrogate(network, 2, "triangle", NULL, NULL, 0));
    snn_projection_def_default(&def);
    def.target = 1;
    def.weights = weights;
    def.weight_count = COUNT(weights);
    def.bias = bias;
    def.bias_count = 7;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    snn_projection_def_default(&def);
    snn_random_connection_def_default(&rule);
    def.kind = SNN_CONNECT_SPARSE;
    def.source = 1;
    def.target = 2;
    def.name = "scattered";
    rule.rule = SNN_RULE_FIXED_INDEGREE;
    rule.count = 5;
    rule.weight = distribution(SNN_DISTRIBUTION_CONSTANT, 2, 0);
    rule.delay = distribution(SNN_DISTRIBUTION_UNIFORM, 1, 6);
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    CHECK_OK(snn_network_finish(network));
    return network;
}

/* Spikes of population 1 and membrane of population 2 over 40 steps of fixed input. Releases the network. */
static void trace_of(SNNNetwork network, uint8_t spikes[40 * 7], float membrane[40 * 4]) {
    static float input[40 * 5];
    SNNHandle handle = open_session(network, NULL);
    SNNInputArray in = {0, 0, NULL, 40 * 5};
    SNNRecordArray records[2];
    SNNRunDef def;
    int i;
    CHECK_OK(snn_random_fill(8, 8, SNN_RANDOM_UNIFORM, 0.0, 1.0, input, COUNT(input)));
    for (i = 0; i < 40 * 5; ++i) input[i] = input[i] < 0.4f ? 1.0f : 0.0f;
    in.data = input;
    memset(records, 0, sizeof records);
    records[0] = (SNNRecordArray){1, SNN_UINT8, "spikes", spikes, 40 * 7};
    records[1] = (SNNRecordArray){2, SNN_FLOAT32, "v", membrane, 40 * 4};
    snn_run_def_default(&def);
    def.step_count = 40;
    def.inputs = &in;
    def.input_count = 1;
    def.records = records;
    def.record_count = 2;
    CHECK_OK(snn_session_run(handle, &def));
    snn_destroy_network(handle);
}

static void a_saved_network_is_the_same_network(void) {
    SNNNetwork network = make_rich_network(), loaded = NULL, again = NULL;
    const char *path = temporary_path("rich.snn"), *second_path = temporary_path("rich_again.snn");
    uint8_t spikes[3][40 * 7];
    float membrane[3][40 * 4];
    unsigned char *first, *second;
    size_t size, second_size, i, spike_sum = 0;
    CHECK_OK(snn_network_save(network, path));
    CHECK_OK(snn_network_load(path, &loaded));
    CHECK_OK(snn_network_save(loaded, second_path));
    first = read_file(path, &size);
    second = read_file(second_path, &second_size);
    CHECK(size == second_size && memcmp(first, second, size) == 0); /* saving is deterministic */
    CHECK_OK(snn_network_load_memory(first, size, &again));
    trace_of(network, spikes[0], membrane[0]);
    trace_of(loaded, spikes[1], membrane[1]);
    trace_of(again, spikes[2], membrane[2]);
    for (i = 0; i < sizeof spikes[0]; ++i) spike_sum += spikes[0][i];
    CHECK(spike_sum > 20);
    CHECK(memcmp(spikes[0], spikes[1], sizeof spikes[0]) == 0 && memcmp(spikes[0], spikes[2], sizeof spikes[0]) == 0);
    CHECK(memcmp(membrane[0], membrane[1], sizeof membrane[0]) == 0);
    CHECK(memcmp(membrane[0], membrane[2], sizeof membrane[0]) == 0);
    free(first);
    free(second);
    remove(path);
    remove(second_path);
}

static void the_simple_level_runs_a_file(void) {
    SNNNetwork network = make_classifier();
    const char *path = temporary_path("classifier.snn");
    SNNConfig config;
    SNNHandle brain = NULL;
    float pixels[16], voltages[3];
    int i;
    CHECK_OK(snn_network_save(network, path));
    snn_network_release(network);
    snn_config_default(&config);
    config.file = path;
    CHECK_OK(snn_create_network(&config, &brain));
    for (i = 0; i < 16; ++i) pixels[i] = 0.5f + 0.1f * (float)i;
    CHECK_OK(snn_session_set_input(brain, 0, pixels, 16));
    for (i = 0; i < 10; ++i) CHECK_OK(snn_run_step(brain, 0.004f));
    CHECK_OK(snn_get_membrane_potentials(brain, "readout", voltages, 3));
    CHECK(voltages[0] != 0.0f || voltages[1] != 0.0f || voltages[2] != 0.0f);
    CHECK_OK(snn_load_weights(brain, path));
    snn_destroy_network(brain);
    remove(path);
}

static void weights_of_another_network_are_refused_whole(void) {
    SNNNetwork chain = make_chain();
    const char *path = temporary_path("chain.snn");
    SNNHandle handle = open_session(make_classifier(), NULL);
    float before[16 * 24], after[16 * 24];
    CHECK_OK(snn_network_save(chain, path));
    snn_network_release(chain);
    CHECK_OK(snn_session_read(handle, "pixels_to_hidden.weight", SNN_FLOAT32, before, COUNT(before)));
    CHECK_ERROR(snn_load_weights(handle, path), SNN_ERROR_NOT_FOUND, "pixels_to_hidden");
    CHECK_ERROR(snn_load_weights(handle, "absent.snn"), SNN_ERROR_IO, "absent.snn");
    CHECK_ERROR(snn_load_weights(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "path");
    CHECK_OK(snn_session_read(handle, "pixels_to_hidden.weight", SNN_FLOAT32, after, COUNT(after)));
    CHECK(memcmp(before, after, sizeof before) == 0);
    snn_destroy_network(handle);
    remove(path);
}

static void every_truncation_is_refused(void) {
    SNNNetwork network = make_rich_network(), loaded = NULL;
    const char *path = temporary_path("whole.snn"), *cut = temporary_path("cut.snn");
    unsigned char *data;
    size_t size, length;
    CHECK_OK(snn_network_save(network, path));
    snn_network_release(network);
    data = read_file(path, &size);
    for (length = 0; length < size; length += length < 300 || size - length < 300 ? 1 : 37)
        CHECK_ERROR(snn_network_load_memory(data, length, &loaded), SNN_ERROR_FORMAT, "");
    write_file(cut, data, size / 2);
    CHECK_ERROR(snn_network_load(cut, &loaded), SNN_ERROR_FORMAT, "");
    write_file(cut, data, 0);
    CHECK_ERROR(snn_network_load(cut, &loaded), SNN_ERROR_FORMAT, "");
    CHECK(loaded == NULL);
    free(data);
    remove(path);
    remove(cut);
}

static void altered_headers_never_crash(void) {
    SNNNetwork network = make_rich_network();
    const char *path = temporary_path("altered.snn");
    unsigned char *data;
    size_t size, header, i;
    unsigned refused = 0, tried = 0;
    CHECK_OK(snn_network_save(network, path));
    snn_network_release(network);
    data = read_file(path, &size);
    header = 8 + (size_t)data[0] + ((size_t)data[1] << 8) + ((size_t)data[2] << 16); /* safetensors: length, then JSON */
    CHECK(header < size);
    for (i = 0; i < header; i += 3) {
        static const unsigned char values[] = {0, '9', '-', '"', 0xff};
        const unsigned char old = data[i];
        size_t k;
        for (k = 0; k < COUNT(values); ++k) {
            SNNNetwork loaded = NULL;
            SNNStatus status;
            if (values[k] == old) continue;
            data[i] = values[k];
            status = snn_network_load_memory(data, size, &loaded);
            CHECK(status == SNN_OK || status == SNN_ERROR_FORMAT || status == SNN_ERROR_VERSION);
            CHECK((status == SNN_OK) == (loaded != NULL));
            ++tried;
            refused += status != SNN_OK;
            snn_network_release(loaded);
        }
        data[i] = old;
    }
    CHECK(refused > tried / 2);
    free(data);
    remove(path);
}

static void files_that_are_none_of_ours_are_refused(void) {
    /* An empty but valid safetensors file, a header longer than the file, and no safetensors at all. */
    static const char empty[] = "\x02\0\0\0\0\0\0\0{}", too_long[] = "\xff\xff\xff\xff\xff\xff\xff\x7f{}";
    SNNNetwork loaded = NULL;
    CHECK_ERROR(snn_network_load_memory(empty, 10, &loaded), SNN_ERROR_FORMAT, "");
    CHECK_ERROR(snn_network_load_memory(too_long, 10, &loaded), SNN_ERROR_FORMAT, "");
    CHECK_ERROR(snn_network_load_memory("GIF89a", 6, &loaded), SNN_ERROR_FORMAT, "");
    CHECK_ERROR(snn_network_load_memory(NULL, 6, &loaded), SNN_ERROR_INVALID_ARGUMENT, "data");
    CHECK_ERROR(snn_network_load_memory(empty, 10, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_network");
    CHECK_ERROR(snn_network_load("absent.snn", &loaded), SNN_ERROR_IO, "absent.snn");
    CHECK_ERROR(snn_network_load(".", &loaded), SNN_ERROR_IO, "");
    CHECK_ERROR(snn_network_load(NULL, &loaded), SNN_ERROR_INVALID_ARGUMENT, "path");
    CHECK(loaded == NULL);
}

static void a_file_of_the_first_version_still_loads(void) {
    /* Written by version 0.1.0 and never written again; the network is make_golden("feed_forward") of tests/golden. */
    SNNNetwork network = NULL;
    SNNNetworkInfo info;
    uint32_t index;
    CHECK_OK(snn_network_load(SNN_GOLDEN_DIR "/version_0_1.snn", &network));
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_info(network, &info));
    CHECK_EQUAL(info.population_count, 3);
    CHECK_EQUAL(info.projection_count, 2);
    CHECK_OK(snn_network_find_population(network, "output", &index));
    snn_network_release(network);
}

static void saving_says_why_it_could_not(void) {
    SNNNetwork network = make_chain();
    CHECK_ERROR(snn_network_save(network, "no_such_folder/x.snn"), SNN_ERROR_IO, "no_such_folder");
    CHECK_ERROR(snn_network_save(network, "."), SNN_ERROR_IO, "");
    CHECK_ERROR(snn_network_save(network, ""), SNN_ERROR_IO, "");
    CHECK_ERROR(snn_network_save(network, NULL), SNN_ERROR_INVALID_ARGUMENT, "path");
    snn_network_release(network);
}

#if defined(__unix__)

static unsigned files_in(const char *folder) {
    DIR *directory = opendir(folder);
    unsigned count = 0;
    CHECK(directory);
    while (readdir(directory)) ++count;
    closedir(directory);
    return count;
}

/* Saves a small network, then lets `prepare` take the space away, and saves a larger one over it: the save
 * fails, the old file is as it was and nothing is left beside it. Returns 0. */
static int save_without_space(const char *folder, void (*prepare)(const char *folder)) {
    char path[300];
    SNNNetwork small = make_chain(), large = make_rich_network(), loaded = NULL;
    unsigned char *before, *after;
    size_t size, size_after;
    unsigned entries;
    SNNStatus status;
    snprintf(path, sizeof path, "%s/kept.snn", folder);
    CHECK_OK(snn_network_save(small, path));
    before = read_file(path, &size);
    prepare(folder);
    entries = files_in(folder);
    status = snn_network_save(large, path);
    if (status != SNN_ERROR_IO || !snn_last_error()[0])
        check_fail(__FILE__, __LINE__, "saving without space: %s: %s", snn_status_name(status), snn_last_error());
    CHECK_EQUAL(files_in(folder), entries);
    after = read_file(path, &size_after);
    CHECK(size == size_after && memcmp(before, after, size) == 0);
    CHECK_OK(snn_network_load(path, &loaded));
    free(before);
    free(after);
    snn_network_release(loaded);
    snn_network_release(small);
    snn_network_release(large);
    return 0;
}

static void limit_file_size(const char *folder) {
    struct rlimit limit = {1024, 1024};
    (void)folder;
    signal(SIGXFSZ, SIG_IGN); /* then a write beyond the limit fails with EFBIG */
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void fill_disk(const char *folder) {
    char path[300], block[4096] = {1};
    FILE *file;
    snprintf(path, sizeof path, "%s/filler", folder);
    file = fopen(path, "wb");
    CHECK(file);
    setvbuf(file, NULL, _IONBF, 0);
    while (fwrite(block, 1, sizeof block, file) == sizeof block) continue;
    fclose(file);
}

enum { CHILD_FAILED = 1, CHILD_MAY_NOT = 2 };

/* Runs `body` in a child process, because limits and mounts cannot be taken back. */
static int in_child(int (*body)(void)) {
    int status = 0;
    pid_t child;
    fflush(stdout);
    fflush(stderr);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) _exit(setjmp(check_end_of_case) ? CHILD_FAILED : body());
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static char folder_template[] = "tmp_full_XXXXXX";

static int small_file_limit_in_child(void) {
    return save_without_space(folder_template, limit_file_size);
}

static void a_file_that_may_not_grow_leaves_the_old_one(void) {
    char path[300];
    int result;
    CHECK(mkdtemp(folder_template));
    result = in_child(small_file_limit_in_child);
    snprintf(path, sizeof path, "%s/kept.snn", folder_template);
    remove(path);
    CHECK(rmdir(folder_template) == 0);
    CHECK_EQUAL(result, 0);
}

#if defined(__linux__)
static char mount_template[] = "tmp_disk_XXXXXX";

static int full_disk_in_child(void) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return CHILD_MAY_NOT;
    if (mount("tmpfs", mount_template, "tmpfs", 0, "size=64k") != 0) return CHILD_MAY_NOT;
    return save_without_space(mount_template, fill_disk);
}

static void a_full_disk_leaves_the_old_file(void) {
    int result;
    CHECK(mkdtemp(mount_template));
    result = in_child(full_disk_in_child);
    CHECK(rmdir(mount_template) == 0);
    if (result == CHILD_MAY_NOT) SKIP("this user may not mount a small disk; the file size limit was tested instead");
    CHECK_EQUAL(result, 0);
}
#endif
#endif

/* What the membranes of a loaded network begin at when v_rest, which is learnable, becomes 3. */
static void begin_after_load(const char *path, float out_membrane[2]) {
    static const double three[2] = {3.0, 3.0};
    SNNNetwork network;
    SNNHandle handle;
    size_t count;
    CHECK_OK(snn_network_load(path, &network));
    handle = open_session(network, NULL);
    CHECK_OK(snn_session_value_count(handle, "cells.v_rest", &count));
    CHECK_OK(snn_session_write(handle, "cells.v_rest", SNN_FLOAT64, three, count));
    CHECK_OK(snn_session_reset(handle));
    CHECK_OK(snn_session_read(handle, "cells.v", SNN_FLOAT32, out_membrane, 2));
    snn_destroy_network(handle);
}

static void a_state_that_was_set_stays_where_its_parameter_began(void) {
    static const double rest[2] = {0.25, 0.5};
    const char *path = temporary_path("set.snn"), *again = temporary_path("set_again.snn");
    size_t count, is_set, size, size_again;
    for (count = 1; count <= 2; ++count)
        for (is_set = 0; is_set < 2; ++is_set) {
            SNNNetwork network = new_network();
            unsigned char *data, *data_again;
            float membrane[2];
            add_neurons(network, "cells", "lif", 2);
            CHECK_OK(snn_network_set_parameter(network, 0, "v_rest", rest, count));
            CHECK_OK(snn_network_set_learnable(network, 0, "v_rest", 1));
            if (is_set) CHECK_OK(snn_network_set_initial_state(network, 0, "v", rest, count));
            CHECK_OK(snn_network_finish(network));
            CHECK_OK(snn_network_save(network, path));
            snn_network_release(network);
            begin_after_load(path, membrane);
            CHECK_NEAR(membrane[0], is_set ? rest[0] : 3.0, 0);
            CHECK_NEAR(membrane[1], is_set ? rest[count - 1] : 3.0, 0);
            CHECK_OK(snn_network_load(path, &network));
            CHECK_OK(snn_network_save(network, again));
            snn_network_release(network);
            data = read_file(path, &size);
            data_again = read_file(again, &size_again);
            CHECK(size == size_again && memcmp(data, data_again, size) == 0);
            free(data);
            free(data_again);
        }
    remove(path);
    remove(again);
}

static const CheckCase cases[] = {
    CASE(a_saved_network_is_the_same_network),
    CASE(a_state_that_was_set_stays_where_its_parameter_began),
    CASE(the_simple_level_runs_a_file),
    CASE(weights_of_another_network_are_refused_whole),
    CASE(every_truncation_is_refused),
    CASE(altered_headers_never_crash),
    CASE(files_that_are_none_of_ours_are_refused),
    CASE(a_file_of_the_first_version_still_loads),
    CASE(saving_says_why_it_could_not),
#if defined(__unix__)
    CASE(a_file_that_may_not_grow_leaves_the_old_one),
#if defined(__linux__)
    CASE(a_full_disk_leaves_the_old_file),
#endif
#endif
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
