// The C interface: versions, errors, devices, models, encoders, random numbers.
#include <cstdio>
#include <cstring>
#include <string>

#include "api/guard.h"
#include "api/objects.h"
#include "backend/backend.h"
#include "common/encode.h"
#include "common/machine.h"
#include "common/random.h"
#include "network/distribution.h"
#include "schedule/device_speed.h"

using namespace snn;
using namespace snn::api;

namespace {

// Plain memory: a destructor at the end of a thread would keep the library loaded until then, and an
// editor could not replace it.
thread_local char last_error_sentence[8192];

}  // namespace

namespace snn::api {

void set_last_error(const char* sentence) noexcept {
    size_t length = std::strlen(sentence);
    if (length >= sizeof last_error_sentence) {
        length = sizeof last_error_sentence - 1;
        while (length > 0 && (sentence[length] & 0xC0) == 0x80) --length;  // not in the middle of a character
    }
    std::memmove(last_error_sentence, sentence, length);  // which may be the sentence itself
    last_error_sentence[length] = '\0';
}

}  // namespace snn::api

extern "C" {

const char* snn_version_string(void) {
#define SNN_TEXT_OF(x) #x
#define SNN_TEXT(x) SNN_TEXT_OF(x)
    return SNN_TEXT(SNN_VERSION_MAJOR) "." SNN_TEXT(SNN_VERSION_MINOR) "." SNN_TEXT(SNN_VERSION_PATCH);
}

uint32_t snn_abi_version(void) { return SNN_ABI_VERSION; }

uint64_t snn_available_memory_bytes(void) { return available_memory_bytes(); }

const char* snn_last_error(void) { return last_error_sentence; }

const char* snn_status_name(SNNStatus status) {
    switch (status) {
        case SNN_OK: return "SNN_OK";
        case SNN_ERROR_INVALID_ARGUMENT: return "SNN_ERROR_INVALID_ARGUMENT";
        case SNN_ERROR_INVALID_HANDLE: return "SNN_ERROR_INVALID_HANDLE";
        case SNN_ERROR_NOT_FOUND: return "SNN_ERROR_NOT_FOUND";
        case SNN_ERROR_OUT_OF_MEMORY: return "SNN_ERROR_OUT_OF_MEMORY";
        case SNN_ERROR_IO: return "SNN_ERROR_IO";
        case SNN_ERROR_FORMAT: return "SNN_ERROR_FORMAT";
        case SNN_ERROR_UNSUPPORTED: return "SNN_ERROR_UNSUPPORTED";
        case SNN_ERROR_BUSY: return "SNN_ERROR_BUSY";
        case SNN_ERROR_STATE: return "SNN_ERROR_STATE";
        case SNN_ERROR_VERSION: return "SNN_ERROR_VERSION";
        case SNN_ERROR_FORKED: return "SNN_ERROR_FORKED";
        case SNN_ERROR_STOPPED: return "SNN_ERROR_STOPPED";
        case SNN_ERROR_DEVICE_LOST: return "SNN_ERROR_DEVICE_LOST";
        case SNN_ERROR_DIVERGED: return "SNN_ERROR_DIVERGED";
        case SNN_ERROR_INTERNAL: return "SNN_ERROR_INTERNAL";
        default: return "SNN_UNKNOWN_STATUS";
    }
}

// ---- Devices

SNNStatus snn_device_count(uint32_t* out_count) {
    return guarded([&] {
        required(out_count, "out_count") = static_cast<uint32_t>(all_devices().size());
    });
}

SNNStatus snn_device_get(uint32_t index, SNNDeviceInfo* out_info) {
    return guarded([&] {
        const std::vector<Device> devices = all_devices();
        if (index >= devices.size())
            throw Error(SNN_ERROR_NOT_FOUND, "device ", index, " does not exist; there are ", devices.size());
        answer(out_info, devices[index].info, "out_info");
    });
}

SNNStatus snn_device_speed(const char* device, SNNDeviceSpeed* out_speed) {
    return guarded([&] {
        const Device found = find_device(&required(device, "device"));
        checked_size(required(out_speed, "out_speed"), "out_speed");
        const DeviceSpeed speed = device_speed(found);
        SNNDeviceSpeed result{};
        std::snprintf(result.driver, sizeof result.driver, "%s", found.driver().c_str());
        result.was_kept = speed.was_kept;
        result.small_step_s = speed.small_step_s;
        result.large_step_s = speed.large_step_s;
        answer(out_speed, result, "out_speed");
    });
}

// ---- Models

const char* snn_model_builtin_name(uint32_t index) { return builtin_model_name(index); }
const char* snn_surrogate_builtin_name(uint32_t index) { return builtin_surrogate_name(index); }
const char* snn_plasticity_builtin_name(uint32_t index) { return builtin_plasticity_name(index); }

SNNStatus snn_model_load(const char* text, size_t size_bytes, SNNModel* out_model) {
    return guarded([&] {
        required(text, "text");
        required(out_model, "out_model");
        const std::string_view document(text, size_bytes);
        ModelObject object;
        const std::string kind = kind_of_document(document);
        if (kind == "surrogate") object.surrogate = parse_surrogate(document);
        else if (kind == "plasticity") object.plasticity = parse_plasticity(document);
        else object.model = parse_model(document);
        *out_model = new_model_handle(std::move(object));
    });
}

SNNStatus snn_model_builtin(const char* name, uint32_t kind, SNNModel* out_model) {
    return guarded([&] {
        required(name, "name");
        required(out_model, "out_model");
        if (kind > 2)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "kind is ", kind,
                        "; expected 0 (neuron), 1 (surrogate) or 2 (plasticity)");
        ModelObject object;
        if (kind == 1) object.surrogate = builtin_surrogate(name);
        else if (kind == 2) object.plasticity = builtin_plasticity(name);
        else object.model = builtin_model(name);
        *out_model = new_model_handle(std::move(object));
    });
}

SNNStatus snn_model_text(SNNModel model, const char** out_text, size_t* out_size_bytes) {
    return guarded([&] {
        const PinnedModel object = pin_model(model);
        const std::string& text = object->json();
        required(out_text, "out_text");
        required(out_size_bytes, "out_size_bytes");
        *out_text = text.c_str();
        *out_size_bytes = text.size();
    });
}

SNNStatus snn_model_retain(SNNModel model) {
    return guarded([&] {
        pin_model(model);
        if (!handle_table().retain(reinterpret_cast<uintptr_t>(model), HandleType::model))
            throw Error(SNN_ERROR_OUT_OF_MEMORY, "model has as many references as can be counted");
    });
}

void snn_model_release(SNNModel model) {
    handle_table().release(reinterpret_cast<uintptr_t>(model), HandleType::model);
}

// ---- Encoders and random numbers

void snn_encoder_def_init(SNNEncoderDef* out_def, uint32_t struct_size) {
    SNNEncoderDef defaults{};
    defaults.kind = SNN_ENCODE_RATE;
    defaults.step_count = 25;
    defaults.gain = 1.0f;
    defaults.threshold = 0.01f;
    initialize(out_def, struct_size, defaults);
}

SNNStatus snn_encode(const SNNEncoderDef* def, const float* values, size_t value_count, size_t sample_count,
                     size_t feature_count, float* out_encoded, size_t out_count) {
    return guarded([&] {
        encode(complete(def, snn_encoder_def_init, "def"), values, value_count, sample_count, feature_count, out_encoded,
               out_count);
    });
}

SNNStatus snn_random_fill(uint64_t seed, uint64_t stream, uint32_t distribution, double a, double b, float* out_values,
                          size_t count) {
    return guarded([&] { random_fill(seed, stream, distribution, a, b, out_values, count); });
}

SNNStatus snn_random_draw(const SNNDistribution* distribution, uint64_t seed, uint64_t stream, double* out_values,
                          size_t count) {
    return guarded([&] {
        const SNNDistribution& drawn = required(distribution, "distribution");
        if (count > 0) required(out_values, "out_values");
        draw_values(drawn, seed, stream, out_values, count, "distribution");
    });
}

}  // extern "C"
