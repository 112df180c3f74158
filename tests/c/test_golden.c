/* The same bits everywhere: golden hashes over devices, instruction sets and thread counts; golden random numbers.
 *
 *     test_c_golden                    compares with tests/golden/golden.h
 *     test_c_golden --print > golden.h writes that file anew: only when a change of BITS is meant and is in CHANGELOG.md
 *     test_c_golden --save FILE        writes the network "feed_forward" (how tests/golden/version_0_1.snn was made) */
#include <inttypes.h>

#include "../golden/networks.h"

typedef struct GoldenRun {
    const char *network;
    uint64_t hash;
    uint64_t spike_count;
} GoldenRun;

#include "../golden/golden.h"

static uint64_t hash_with(const char *name, const SNNConfig *settings, uint64_t *out_spike_count) {
    SNNNetwork network = make_golden(name);
    SNNConfig config = *settings;
    SNNHandle handle = NULL;
    uint64_t hash;
    config.network = network;
    CHECK_OK(snn_create_network(&config, &handle));
    hash = hash_of_run(network, handle, out_spike_count);
    snn_destroy_network(handle);
    snn_network_release(network);
    return hash;
}

static void compare_all(const SNNConfig *settings, const char *what) {
    size_t i;
    for (i = 0; i < COUNT(golden_runs); ++i) {
        uint64_t spike_count;
        const uint64_t hash = hash_with(golden_runs[i].network, settings, &spike_count);
        if (hash != golden_runs[i].hash || spike_count != golden_runs[i].spike_count)
            check_fail(__FILE__, __LINE__, "network %s on %s: hash %016" PRIx64 " and %" PRIu64 " spikes, golden: %016" PRIx64
                       " and %" PRIu64, golden_runs[i].network, what, hash, spike_count, golden_runs[i].hash,
                       golden_runs[i].spike_count);
    }
}

static void the_reference_gives_the_golden_bits(void) {
    SNNConfig config;
    snn_config_default(&config);
    config.device = "reference";
    compare_all(&config, "the reference");
}

static void every_golden_network_spikes(void) {
    size_t i;
    CHECK_EQUAL(COUNT(golden_runs), COUNT(golden_names));
    for (i = 0; i < COUNT(golden_runs); ++i) {
        CHECK_TEXT(golden_runs[i].network, golden_names[i]);
        CHECK(golden_runs[i].spike_count > 500);
    }
}

static int has_instruction_set(const char *name) {
    SNNDeviceInfo info;
    info.struct_size = sizeof info;
    CHECK_OK(snn_device_get(0, &info));
    return strstr(info.instruction_sets, name) != NULL;
}

static void compare_instruction_set(const char *name, uint32_t instruction_set) {
    SNNConfig config;
    char what[64], reason[96];
    snn_config_default(&config);
    config.instruction_set = instruction_set;
    if (!has_instruction_set(name)) {
        SNNNetwork network = make_chain();
        SNNHandle handle = NULL;
        config.network = network;
        CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_UNSUPPORTED, "it has: scalar");
        snn_network_release(network);
        snprintf(reason, sizeof reason, "this processor has no %s", name);
        SKIP(reason);
    }
    for (config.thread_count = 1; config.thread_count <= 8; config.thread_count += config.thread_count < 4 ? 1 : 4) {
        snprintf(what, sizeof what, "cpu %s, %u threads", name, config.thread_count);
        compare_all(&config, what);
    }
}

static void scalar_gives_the_golden_bits(void) { compare_instruction_set("scalar", SNN_ISA_SCALAR); }
static void avx2_gives_the_golden_bits(void) { compare_instruction_set("avx2", SNN_ISA_AVX2); }
static void avx512_gives_the_golden_bits(void) { compare_instruction_set("avx512", SNN_ISA_AVX512); }
static void neon_gives_the_golden_bits(void) { compare_instruction_set("neon", SNN_ISA_NEON); }

static void the_interpreter_gives_the_golden_bits(void) {
    SNNConfig config;
    snn_config_default(&config);
    config.flags = SNN_FLAG_INTERPRET_MODELS;
    for (config.instruction_set = SNN_ISA_SCALAR; config.instruction_set <= SNN_ISA_NEON; ++config.instruction_set) {
        static const char *const names[] = {"", "scalar", "avx2", "avx512", "neon"};
        if (has_instruction_set(names[config.instruction_set])) compare_all(&config, "the op-list interpreter");
    }
}

/* Else the thread counts above would have proved nothing. */
static void the_wide_network_is_dealt_to_threads(void) {
    Jobs jobs = {0, 0, 1};
    const SNNJobSystem job_system = job_system_of(&jobs, 4);
    const size_t last = COUNT(golden_runs) - 1;
    SNNConfig config;
    uint64_t spike_count;
    snn_config_default(&config);
    config.job_system = &job_system;
    CHECK_TEXT(golden_runs[last].network, "wide");
    CHECK(hash_with("wide", &config, &spike_count) == golden_runs[last].hash);
    CHECK(jobs.calls >= GOLDEN_STEPS && jobs.tasks >= 2 * jobs.calls);
}

static void a_saved_and_loaded_network_gives_the_golden_bits(void) {
    size_t i;
    for (i = 0; i < COUNT(golden_runs); ++i) {
        SNNNetwork network = make_golden(golden_runs[i].network), loaded = NULL;
        const char *path = temporary_path("golden.snn");
        SNNConfig config;
        SNNHandle handle = NULL;
        uint64_t spike_count;
        CHECK_OK(snn_network_save(network, path));
        CHECK_OK(snn_network_load(path, &loaded));
        snn_config_default(&config);
        config.network = loaded;
        CHECK_OK(snn_create_network(&config, &handle));
        CHECK(hash_of_run(loaded, handle, &spike_count) == golden_runs[i].hash);
        snn_destroy_network(handle);
        snn_network_release(network);
        snn_network_release(loaded);
        remove(path);
    }
}

static void the_file_of_the_first_version_gives_the_golden_bits(void) {
    SNNNetwork network = NULL;
    SNNConfig config;
    SNNHandle handle = NULL;
    uint64_t spike_count;
    CHECK_OK(snn_network_load(SNN_GOLDEN_DIR "/version_0_1.snn", &network));
    snn_config_default(&config);
    config.network = network;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_TEXT(golden_runs[0].network, "feed_forward");
    CHECK(hash_of_run(network, handle, &spike_count) == golden_runs[0].hash);
    snn_destroy_network(handle);
    snn_network_release(network);
}

static void random_numbers_are_the_golden_ones(void) {
    float values[8];
    CHECK_OK(snn_random_fill(42, 7, SNN_RANDOM_UNIFORM, 0.0, 1.0, values, 8));
    CHECK(memcmp(values, golden_uniform, sizeof values) == 0);
    CHECK_OK(snn_random_fill(42, 7, SNN_RANDOM_NORMAL, 0.0, 1.0, values, 8));
    CHECK(memcmp(values, golden_normal, sizeof values) == 0);
}

/* ---- Writing the file anew ---- */

static void print_numbers(const char *name, uint32_t distribution) {
    float values[8];
    int i;
    CHECK_OK(snn_random_fill(42, 7, distribution, 0.0, 1.0, values, 8));
    printf("static const float %s[8] = {", name);
    for (i = 0; i < 8; ++i) printf("%s%af", i % 4 ? ", " : i ? ",\n    " : "\n    ", (double)values[i]);
    printf("};\n");
}

static void print_golden(void) {
    SNNConfig config;
    size_t i;
    snn_config_default(&config);
    config.device = "reference";
    printf("/* golden.h - what every device, instruction set and thread count must give. Written by test_c_golden --print; a\n"
           " * change of this file is a change of BITS and belongs into CHANGELOG.md. */\n"
           "static const GoldenRun golden_runs[] = {\n");
    for (i = 0; i < COUNT(golden_names); ++i) {
        uint64_t spike_count;
        const uint64_t hash = hash_with(golden_names[i], &config, &spike_count);
        printf("    {\"%s\", UINT64_C(0x%016" PRIx64 "), %" PRIu64 "},\n", golden_names[i], hash, spike_count);
    }
    printf("};\n\n/* snn_random_fill(42, 7, ..., 0, 1, values, 8) */\n");
    print_numbers("golden_uniform", SNN_RANDOM_UNIFORM);
    print_numbers("golden_normal", SNN_RANDOM_NORMAL);
}

static const char *save_path;

static void save_golden(void) {
    SNNNetwork network = make_golden("feed_forward");
    CHECK_OK(snn_network_save(network, save_path));
    snn_network_release(network);
}

static const CheckCase cases[] = {
    CASE(every_golden_network_spikes),
    CASE(the_reference_gives_the_golden_bits),
    CASE(scalar_gives_the_golden_bits),
    CASE(avx2_gives_the_golden_bits),
    CASE(avx512_gives_the_golden_bits),
    CASE(neon_gives_the_golden_bits),
    CASE(the_interpreter_gives_the_golden_bits),
    CASE(the_wide_network_is_dealt_to_threads),
    CASE(a_saved_and_loaded_network_gives_the_golden_bits),
    CASE(the_file_of_the_first_version_gives_the_golden_bits),
    CASE(random_numbers_are_the_golden_ones),
};

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--print") == 0) return setjmp(check_end_of_case) ? 1 : (print_golden(), 0);
    if (argc == 3 && strcmp(argv[1], "--save") == 0) {
        save_path = argv[2];
        return setjmp(check_end_of_case) ? 1 : (save_golden(), 0);
    }
    return check_main(argc, argv, cases, COUNT(cases));
}
