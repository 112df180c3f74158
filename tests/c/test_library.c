/* Versions, statuses, devices, models, encoders and random numbers: what needs no network. */
#include "fixtures.h"

static void versions_agree_with_the_header(void) {
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", SNN_VERSION_MAJOR, SNN_VERSION_MINOR, SNN_VERSION_PATCH);
    CHECK_TEXT(snn_version_string(), expected);
    CHECK_EQUAL(snn_abi_version(), SNN_ABI_VERSION);
}

static void every_status_has_its_name(void) {
    CHECK_TEXT(snn_status_name(SNN_OK), "SNN_OK");
    CHECK_TEXT(snn_status_name(SNN_ERROR_INVALID_ARGUMENT), "SNN_ERROR_INVALID_ARGUMENT");
    CHECK_TEXT(snn_status_name(SNN_ERROR_INVALID_HANDLE), "SNN_ERROR_INVALID_HANDLE");
    CHECK_TEXT(snn_status_name(SNN_ERROR_NOT_FOUND), "SNN_ERROR_NOT_FOUND");
    CHECK_TEXT(snn_status_name(SNN_ERROR_OUT_OF_MEMORY), "SNN_ERROR_OUT_OF_MEMORY");
    CHECK_TEXT(snn_status_name(SNN_ERROR_IO), "SNN_ERROR_IO");
    CHECK_TEXT(snn_status_name(SNN_ERROR_FORMAT), "SNN_ERROR_FORMAT");
    CHECK_TEXT(snn_status_name(SNN_ERROR_UNSUPPORTED), "SNN_ERROR_UNSUPPORTED");
    CHECK_TEXT(snn_status_name(SNN_ERROR_BUSY), "SNN_ERROR_BUSY");
    CHECK_TEXT(snn_status_name(SNN_ERROR_STATE), "SNN_ERROR_STATE");
    CHECK_TEXT(snn_status_name(SNN_ERROR_VERSION), "SNN_ERROR_VERSION");
    CHECK_TEXT(snn_status_name(SNN_ERROR_FORKED), "SNN_ERROR_FORKED");
    CHECK_TEXT(snn_status_name(SNN_ERROR_STOPPED), "SNN_ERROR_STOPPED");
    CHECK_TEXT(snn_status_name(SNN_ERROR_INTERNAL), "SNN_ERROR_INTERNAL");
    CHECK_TEXT(snn_status_name(SNN_ERROR_DEVICE_LOST), "SNN_ERROR_DEVICE_LOST");
    CHECK_TEXT(snn_status_name(SNN_ERROR_DIVERGED), "SNN_ERROR_DIVERGED");
    CHECK_TEXT(snn_status_name(1), "SNN_UNKNOWN_STATUS");
    CHECK_TEXT(snn_status_name(-16), "SNN_UNKNOWN_STATUS");
}

static void last_error_stays_until_the_next_error(void) {
    uint32_t count = 0;
    CHECK_ERROR(snn_device_count(NULL), SNN_ERROR_INVALID_ARGUMENT, "out_count");
    CHECK_OK(snn_device_count(&count));
    CHECK(strstr(snn_last_error(), "out_count"));
}

/* The machine's total is what the device "cpu" tells; nothing is ever more than that. */
static void the_available_memory_is_a_part_of_the_machine_s(void) {
    const uint64_t available = snn_available_memory_bytes();
    SNNDeviceInfo cpu;
    memset(&cpu, 0, sizeof cpu);
    cpu.struct_size = sizeof cpu;
    CHECK_OK(snn_device_get(0, &cpu));
    CHECK(available > 0);
    CHECK(available < cpu.memory_bytes);
}

static void devices_are_listed(void) {
    uint32_t count = 0, i, found = 0;
    SNNDeviceInfo info;
    CHECK_OK(snn_device_count(&count));
    CHECK(count >= 3);
    for (i = 0; i < count; ++i) {
        memset(&info, 0, sizeof info);
        info.struct_size = sizeof info;
        CHECK_OK(snn_device_get(i, &info));
        CHECK_EQUAL(info.struct_size, sizeof info);
        CHECK(memchr(info.name, 0, sizeof info.name) && info.name[0]);
        CHECK(memchr(info.description, 0, sizeof info.description) && info.description[0]);
        if (strcmp(info.name, "cpu") == 0) {
            found |= 1;
            CHECK_EQUAL(i, 0); /* the default device is the first */
            CHECK_EQUAL(info.can_train, 1);
            CHECK(info.core_count >= 1);
            CHECK(info.memory_bytes > 0);
            CHECK(strncmp(info.instruction_sets, "scalar", 6) == 0);
        }
        if (strcmp(info.name, "reference") == 0) found |= 2;
        if (strcmp(info.name, "null") == 0) found |= 4;
    }
    CHECK_EQUAL(found, 7);
    CHECK_ERROR(snn_device_get(count, &info), SNN_ERROR_NOT_FOUND, "device");
    CHECK_ERROR(snn_device_get(0, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_info");
}

static int contains(const char *(SNN_CALL *name_at)(uint32_t), const char *name) {
    uint32_t i;
    for (i = 0; name_at(i); ++i)
        if (strcmp(name_at(i), name) == 0) return 1;
    return 0;
}

static void built_in_models_are_listed_in_order(void) {
    static const char *const models[] = {"lif", "adaptive_lif", "leaky_integrator", "integrate_and_fire", "current_lif", "izhikevich",
                                         "conductance_lif", "alpha_lif", "adex", "hodgkin_huxley"};
    static const char *const surrogates[] = {"fast_sigmoid", "arctan", "sigmoid", "triangle", "superspike", "boxcar", "exponential",
                                             "circle", "clipped_inverse", "gaussian", "inverse", "leaky_boxcar", "log_tailed",
                                             "multi_gaussian", "periodic_exponential", "power", "s2nn", "shifted_exponential",
                                             "sparse_fast_sigmoid", "step"};
    uint32_t i;
    for (i = 0; i < COUNT(models); ++i)
        if (!contains(snn_model_builtin_name, models[i])) check_fail(__FILE__, __LINE__, "no model %s", models[i]);
    for (i = 0; i < COUNT(surrogates); ++i)
        if (!contains(snn_surrogate_builtin_name, surrogates[i]))
            check_fail(__FILE__, __LINE__, "no surrogate %s", surrogates[i]);
    for (i = 1; snn_model_builtin_name(i); ++i)
        CHECK(strcmp(snn_model_builtin_name(i - 1), snn_model_builtin_name(i)) < 0);
    for (i = 1; snn_surrogate_builtin_name(i); ++i)
        CHECK(strcmp(snn_surrogate_builtin_name(i - 1), snn_surrogate_builtin_name(i)) < 0);
    CHECK(!snn_model_builtin_name(UINT32_MAX));
    CHECK(!snn_surrogate_builtin_name(UINT32_MAX));
}

static void every_built_in_model_can_be_read_and_loaded_again(void) {
    uint32_t kind, i;
    for (kind = 0; kind < 3; ++kind)
        for (i = 0;; ++i) {
            const char *name = kind == 2   ? snn_plasticity_builtin_name(i)
                               : kind == 1 ? snn_surrogate_builtin_name(i)
                                           : snn_model_builtin_name(i);
            const char *text, *again;
            SNNModel model, copy;
            size_t size, size_again;
            if (!name) break;
            CHECK_OK(snn_model_builtin(name, kind, &model));
            CHECK_OK(snn_model_text(model, &text, &size));
            CHECK(size > 10 && text[0] == '{' && memchr(text, 0, size) == NULL);
            CHECK_OK(snn_model_load(text, size, &copy));
            CHECK_OK(snn_model_text(copy, &again, &size_again));
            CHECK(size == size_again && memcmp(text, again, size) == 0);
            snn_model_release(copy);
            snn_model_release(model);
        }
}

static void unknown_models_name_those_there_are(void) {
    SNNModel model = NULL;
    CHECK_ERROR(snn_model_builtin("liff", 0, &model), SNN_ERROR_NOT_FOUND, "lif");
    CHECK_ERROR(snn_model_builtin("arctan", 0, &model), SNN_ERROR_NOT_FOUND, "arctan");
    CHECK_ERROR(snn_model_builtin("lif", 1, &model), SNN_ERROR_NOT_FOUND, "lif");
    CHECK_ERROR(snn_model_builtin("lif", 3, &model), SNN_ERROR_INVALID_ARGUMENT, "3");
    CHECK_ERROR(snn_model_builtin(NULL, 0, &model), SNN_ERROR_INVALID_ARGUMENT, "name");
    CHECK_ERROR(snn_model_builtin("lif", 0, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_model");
    CHECK(model == NULL);
}

/* The adder's text with `from` replaced by `to`. */
static SNNStatus load_changed(const char *from, const char *to) {
    char text[2048];
    const char *place = strstr(adder_text, from);
    SNNModel model = NULL;
    SNNStatus status;
    CHECK(place);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(place - adder_text), adder_text, to, place + strlen(from));
    status = snn_model_load(text, strlen(text), &model);
    CHECK((status == SNN_OK) == (model != NULL));
    snn_model_release(model);
    return status;
}

static void damaged_models_are_refused_with_the_place(void) {
    CHECK_OK(load_changed("adder", "adder2"));
    CHECK_ERROR(load_changed("\"format\": 1", "\"format\": 99"), SNN_ERROR_VERSION, "99");
    CHECK_ERROR(load_changed("[\"add\", 2, 1]", "[\"add\", 2, 3]"), SNN_ERROR_FORMAT, "step.ops[0]");
    CHECK_ERROR(load_changed("[\"add\", 2, 1]", "[\"add\", 2]"), SNN_ERROR_FORMAT, "step.ops[0]");
    CHECK_ERROR(load_changed("[\"add\", 2, 1]", "[\"add\", 2, -1]"), SNN_ERROR_FORMAT, "step.ops[0]");
    CHECK_ERROR(load_changed("[\"sub\", 3, 0]", "[\"system\", 3, 0]"), SNN_ERROR_FORMAT, "step.ops[1]");
    CHECK_ERROR(load_changed("[\"sub\", 3, 0]", "[\"div\", 3, 0]"), SNN_ERROR_FORMAT, "step.ops[1]");
    CHECK_ERROR(load_changed("[\"lt\", 7, 6]", "[\"lt\", 7, 5]"), SNN_ERROR_FORMAT, "step.ops[5]");
    CHECK_ERROR(load_changed("\"states\": [10]", "\"states\": [11]"), SNN_ERROR_FORMAT, "step");
    CHECK_ERROR(load_changed("\"states\": [10]", "\"states\": []"), SNN_ERROR_FORMAT, "step");
    CHECK_ERROR(load_changed("\"spike\": 6", "\"spike\": 600"), SNN_ERROR_FORMAT, "spike");
    CHECK_ERROR(load_changed("\"membrane\": \"v\"", "\"membrane\": \"u\""), SNN_ERROR_FORMAT, "membrane");
    CHECK_ERROR(load_changed("\"default\": 1.0", "\"default\": 1e999"), SNN_ERROR_FORMAT, "");
    CHECK_ERROR(load_changed("\"threshold\"", "\"thr eshold\""), SNN_ERROR_FORMAT, "thr eshold");
    CHECK_ERROR(load_changed("\"kind\": \"neuron\"", "\"kind\": \"potato\""), SNN_ERROR_FORMAT, "potato");
}

static void texts_that_are_no_models_are_refused(void) {
    static const char *const texts[] = {"", "{", "[]", "null", "{}", "{\"format\": 1}", "\xff\xfe", "[[[[[[[[[[[[[[[["};
    SNNModel model = NULL;
    size_t i;
    for (i = 0; i < COUNT(texts); ++i)
        CHECK_ERROR(snn_model_load(texts[i], strlen(texts[i]), &model), SNN_ERROR_FORMAT, "");
    CHECK_ERROR(snn_model_load(NULL, 5, &model), SNN_ERROR_INVALID_ARGUMENT, "text");
    CHECK_ERROR(snn_model_load(adder_text, 5, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_model");
    CHECK(model == NULL);
}

static void models_nested_deeply_are_refused_without_a_crash(void) {
    const size_t depth = 500000;
    char *text = malloc(depth + 1);
    SNNModel model = NULL;
    SNNStatus status;
    CHECK(text);
    memset(text, '[', depth);
    text[depth] = 0;
    status = snn_model_load(text, depth, &model);
    free(text);
    CHECK_EQUAL(status, SNN_ERROR_FORMAT);
}

/* ---- Encoders ---- */

static SNNEncoderDef encoder(uint32_t kind, uint32_t step_count) {
    SNNEncoderDef def;
    snn_encoder_def_default(&def);
    def.kind = kind;
    def.step_count = step_count;
    return def;
}

static void latency_gives_one_spike_at_the_stated_step(void) {
    const float values[5] = {1.0f, 0.5f, 0.0f, 0.25f, 0.005f};
    const SNNEncoderDef def = encoder(SNN_ENCODE_LATENCY, 5); /* step round((1 - value) * 4) */
    float spikes[5][5];
    const int expected[5] = {0, 2, -1, 3, -1}; /* the third and fifth are below the threshold of 0.01 */
    int step, i;
    CHECK_OK(snn_encode(&def, values, 5, 1, 5, &spikes[0][0], 25));
    for (step = 0; step < 5; ++step)
        for (i = 0; i < 5; ++i) CHECK_NEAR(spikes[step][i], step == expected[i] ? 1.0 : 0.0, 0.0);
}

static void constant_repeats_the_value_times_gain(void) {
    const float values[2] = {0.5f, 1.0f};
    SNNEncoderDef def = encoder(SNN_ENCODE_CONSTANT, 3);
    float out[6];
    int i;
    def.gain = 2.0f;
    CHECK_OK(snn_encode(&def, values, 2, 2, 1, out, 6));
    for (i = 0; i < 6; ++i) CHECK_NEAR(out[i], i % 2 ? 2.0 : 1.0, 0.0);
}

static void delta_marks_rises(void) {
    const float values[4] = {0.5f, 0.505f, 0.9f, 0.1f}; /* four steps of one feature; threshold 0.01 */
    const SNNEncoderDef def = encoder(SNN_ENCODE_DELTA, 4);
    const float expected[4] = {1, 0, 1, 0};
    float out[4];
    CHECK_OK(snn_encode(&def, values, 4, 1, 1, out, 4));
    CHECK(memcmp(out, expected, sizeof out) == 0);
}

static void rate_has_the_stated_probability_and_is_repeatable(void) {
    enum { STEPS = 2000, FEATURES = 5 };
    static float first[STEPS * FEATURES], second[STEPS * FEATURES];
    const float values[FEATURES] = {0.0f, 0.1f, 0.5f, 0.9f, 1.0f};
    SNNEncoderDef def = encoder(SNN_ENCODE_RATE, STEPS);
    int i, step;
    CHECK_OK(snn_encode(&def, values, FEATURES, 1, FEATURES, first, COUNT(first)));
    CHECK_OK(snn_encode(&def, values, FEATURES, 1, FEATURES, second, COUNT(second)));
    CHECK(memcmp(first, second, sizeof first) == 0);
    for (i = 0; i < FEATURES; ++i) {
        double sum = 0;
        for (step = 0; step < STEPS; ++step) {
            CHECK(first[step * FEATURES + i] == 0.0f || first[step * FEATURES + i] == 1.0f);
            sum += first[step * FEATURES + i];
        }
        /* Four standard deviations of a binomial rate at p = 0.5 over 2,000 steps. */
        CHECK_NEAR(sum / STEPS, values[i], values[i] == 0.0f || values[i] == 1.0f ? 0.0 : 0.045);
    }
    def.seed = 1;
    CHECK_OK(snn_encode(&def, values, FEATURES, 1, FEATURES, second, COUNT(second)));
    CHECK(memcmp(first, second, sizeof first) != 0);
}

static void encoders_refuse_what_is_wrong(void) {
    float values[2] = {0.5f, 0.5f}, out[4] = {7, 7, 7, 7};
    SNNEncoderDef def = encoder(SNN_ENCODE_RATE, 2);
    CHECK_ERROR(snn_encode(&def, values, 2, 1, 2, out, 3), SNN_ERROR_INVALID_ARGUMENT, "3");
    CHECK_ERROR(snn_encode(&def, values, 1, 1, 2, out, 4), SNN_ERROR_INVALID_ARGUMENT, "value_count is 1; expected 2");
    CHECK_ERROR(snn_encode(&def, NULL, 2, 1, 2, out, 4), SNN_ERROR_INVALID_ARGUMENT, "values");
    CHECK_ERROR(snn_encode(&def, values, 2, 1, 2, NULL, 4), SNN_ERROR_INVALID_ARGUMENT, "out_encoded");
    CHECK_ERROR(snn_encode(NULL, values, 2, 1, 2, out, 4), SNN_ERROR_INVALID_ARGUMENT, "def");
    CHECK_ERROR(snn_encode(&def, values, 2, SIZE_MAX, 2, out, 4), SNN_ERROR_INVALID_ARGUMENT, "");
    def.kind = 4;
    CHECK_ERROR(snn_encode(&def, values, 2, 1, 2, out, 4), SNN_ERROR_INVALID_ARGUMENT, "4");
    def = encoder(SNN_ENCODE_RATE, 2);
    values[1] = (float)strtod("nan", NULL);
    CHECK_ERROR(snn_encode(&def, values, 2, 1, 2, out, 4), SNN_ERROR_INVALID_ARGUMENT, "[1]");
    values[1] = 0.5f;
    def.gain = (float)strtod("inf", NULL);
    CHECK_ERROR(snn_encode(&def, values, 2, 1, 2, out, 4), SNN_ERROR_INVALID_ARGUMENT, "gain");
    def = encoder(SNN_ENCODE_RATE, 2);
    def.struct_size = 1;
    CHECK_ERROR(snn_encode(&def, values, 2, 1, 2, out, 4), SNN_ERROR_VERSION, "struct_size");
    CHECK(out[0] == 7 && out[3] == 7); /* outputs are untouched by errors */
}

/* ---- Random numbers ---- */

static void random_numbers_have_their_distribution(void) {
    enum { N = 20000 };
    static float values[N];
    double sum = 0, squares = 0;
    int i;
    CHECK_OK(snn_random_fill(1, 0, SNN_RANDOM_UNIFORM, -2.0, 3.0, values, N));
    for (i = 0; i < N; ++i) {
        CHECK(values[i] >= -2.0f && values[i] < 3.0f);
        sum += values[i];
    }
    CHECK_NEAR(sum / N, 0.5, 0.05); /* standard error 0.01 */
    CHECK_OK(snn_random_fill(1, 0, SNN_RANDOM_NORMAL, 10.0, 2.0, values, N));
    for (i = 0, sum = 0; i < N; ++i) sum += values[i];
    for (i = 0; i < N; ++i) squares += (values[i] - sum / N) * (values[i] - sum / N);
    CHECK_NEAR(sum / N, 10.0, 0.07);     /* standard error 0.014 */
    CHECK_NEAR(squares / N, 4.0, 0.2);   /* standard error 0.04 */
}

static void random_streams_differ_and_a_longer_fill_begins_alike(void) {
    float a[16], b[16];
    CHECK_OK(snn_random_fill(3, 0, SNN_RANDOM_UNIFORM, 0.0, 1.0, a, 16));
    CHECK_OK(snn_random_fill(3, 0, SNN_RANDOM_UNIFORM, 0.0, 1.0, b, 5));
    CHECK(memcmp(a, b, 5 * sizeof(float)) == 0);
    CHECK_OK(snn_random_fill(3, 1, SNN_RANDOM_UNIFORM, 0.0, 1.0, b, 16));
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK_OK(snn_random_fill(4, 0, SNN_RANDOM_UNIFORM, 0.0, 1.0, b, 16));
    CHECK(memcmp(a, b, sizeof a) != 0);
}

static void random_refuses_what_is_wrong(void) {
    float values[1] = {7};
    const double nan_value = strtod("nan", NULL);
    CHECK_ERROR(snn_random_fill(0, 0, 2, 0, 1, values, 1), SNN_ERROR_INVALID_ARGUMENT, "2");
    CHECK_ERROR(snn_random_fill(0, 0, SNN_RANDOM_UNIFORM, nan_value, 1, values, 1), SNN_ERROR_INVALID_ARGUMENT, "");
    CHECK_ERROR(snn_random_fill(0, 0, SNN_RANDOM_UNIFORM, 1, 0, values, 1), SNN_ERROR_INVALID_ARGUMENT, "");
    CHECK_ERROR(snn_random_fill(0, 0, SNN_RANDOM_NORMAL, 0, -1, values, 1), SNN_ERROR_INVALID_ARGUMENT, "");
    CHECK_ERROR(snn_random_fill(0, 0, SNN_RANDOM_NORMAL, 0, 1, NULL, 1), SNN_ERROR_INVALID_ARGUMENT, "out_values");
    CHECK(values[0] == 7);
    CHECK_OK(snn_random_fill(0, 0, SNN_RANDOM_NORMAL, 0, 1, values, 0));
}

static const CheckCase cases[] = {
    CASE(versions_agree_with_the_header),
    CASE(every_status_has_its_name),
    CASE(last_error_stays_until_the_next_error),
    CASE(the_available_memory_is_a_part_of_the_machine_s),
    CASE(devices_are_listed),
    CASE(built_in_models_are_listed_in_order),
    CASE(every_built_in_model_can_be_read_and_loaded_again),
    CASE(unknown_models_name_those_there_are),
    CASE(damaged_models_are_refused_with_the_place),
    CASE(texts_that_are_no_models_are_refused),
    CASE(models_nested_deeply_are_refused_without_a_crash),
    CASE(latency_gives_one_spike_at_the_stated_step),
    CASE(constant_repeats_the_value_times_gain),
    CASE(delta_marks_rises),
    CASE(rate_has_the_stated_probability_and_is_repeatable),
    CASE(encoders_refuse_what_is_wrong),
    CASE(random_numbers_have_their_distribution),
    CASE(random_streams_differ_and_a_longer_fill_begins_alike),
    CASE(random_refuses_what_is_wrong),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
