// How every function of the C interface computes in the standard floating-point mode, turns exceptions into a status, and reads
// structs of older headers.
#pragma once

#include <snn/snn.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <stdexcept>
#include <string>

#include "api/handles.h"
#include "common/compiler.h"
#include "common/error.h"
#include "common/float_mode.h"
#include "network/network.h"
#include "schedule/session.h"

namespace snn::api {

void set_last_error(const char* sentence) noexcept;

// Compilers move arithmetic across a change of the floating-point mode, but not a call.
template <class Function>
SNN_NO_INLINE void call(Function& function) {
    function();
}

template <class Function>
SNNStatus guarded(Function&& function) noexcept {
    const FloatModeScope standard;
    try {
        call(function);
        return SNN_OK;
    } catch (const Error& error) {
        set_last_error(error.what());
        return error.status();
    } catch (const std::bad_alloc&) {
        set_last_error("out of memory");
        return SNN_ERROR_OUT_OF_MEMORY;
    } catch (const std::length_error&) {  // of a vector that no memory could hold
        set_last_error("out of memory");
        return SNN_ERROR_OUT_OF_MEMORY;
    } catch (const std::exception& error) {
        set_last_error(error.what());
        return SNN_ERROR_INTERNAL;
    } catch (...) {
        set_last_error("unknown failure inside the library");
        return SNN_ERROR_INTERNAL;
    }
}

template <class T>
T& required(T* pointer, const char* name) {
    if (!pointer) throw Error(SNN_ERROR_INVALID_ARGUMENT, name, " is null");
    return *pointer;
}

// The sizes that a struct has had in released headers, ascending. A struct that grows after a release gets a specialisation:
// for each size it had, offsetof of the first field that came then (which must not lie in what was padding); last, its sizeof.
// Any other size would cut a field in two, or reach past the end of the caller's struct.
template <class T>
inline constexpr uint32_t sizes_of[] = {sizeof(T)};

// Not part of the template below, of which there is a copy for each struct.
[[noreturn]] SNN_NO_INLINE inline void refuse_size(uint32_t size, std::span<const uint32_t> known, const char* name) {
    std::string sizes;
    for (const uint32_t one : known) sizes += (sizes.empty() ? "" : ", ") + std::to_string(one);
    throw Error(SNN_ERROR_VERSION, name, "->struct_size is ", size, "; this library knows ", sizes,
                " (call the struct's default function, or set sizeof where it has none)");
}

template <class T>
uint32_t checked_size(const T& value, const char* name) {
    if (std::ranges::find(sizes_of<T>, value.struct_size) == std::end(sizes_of<T>))
        refuse_size(value.struct_size, sizes_of<T>, name);
    return value.struct_size;
}

template <class T>
void check_sizes(const T* structs, uint32_t count, const char* name) {
    for (uint32_t i = 0; structs && i < count; ++i) checked_size(structs[i], name);
}

// What every snn_..._init does: an older caller's struct is smaller than `defaults`.
template <class T>
void initialize(T* out, uint32_t struct_size, T defaults) noexcept {
    if (!out) return;
    defaults.struct_size = struct_size;
    std::memcpy(out, &defaults, std::min<size_t>(struct_size, sizeof defaults));
}

// A complete struct from one that an older header may have made: missing fields get their defaults.
template <class T>
T complete(const T* given, void (*init)(T*, uint32_t), const char* name) {
    T result;
    init(&result, sizeof result);
    std::memcpy(&result, given, checked_size(required(given, name), name));
    return result;
}

// The same for a struct whose defaults are zeros.
template <class T>
T complete(const T* given, const char* name) {
    T result{};
    std::memcpy(&result, given, checked_size(required(given, name), name));
    return result;
}

// Fills as much of the caller's struct as its header knew.
template <class T>
void answer(T* out, T value, const char* name) {
    value.struct_size = checked_size(required(out, name), name);
    std::memcpy(out, &value, value.struct_size);
}

struct NetworkObject {
    std::mutex mutex;
    std::shared_ptr<Network> network;

    std::shared_ptr<const Network> finished() {
        const std::lock_guard lock(mutex);
        if (!network->finished())
            throw Error(SNN_ERROR_STATE, "the network is not finished; finish it first");
        return network;
    }
};

struct ModelObject {
    std::shared_ptr<const Model> model;  // one of the three
    std::shared_ptr<const Surrogate> surrogate;
    std::shared_ptr<const PlasticityRule> plasticity;

    const std::string& json() const { return model ? model->json : surrogate ? surrogate->json : plasticity->json; }
    std::string describe() const {
        if (model) return "the neuron model '" + model->name + "'";
        return surrogate ? "the surrogate '" + surrogate->name + "'" : "the plasticity rule '" + plasticity->name + "'";
    }
};

using PinnedNetwork = Pinned<NetworkObject>;
using PinnedModel = Pinned<ModelObject>;
using PinnedSession = Pinned<Session>;

inline PinnedNetwork pin_network(SNNNetwork handle) { return {handle, HandleType::network, "network"}; }
inline PinnedModel pin_model(SNNModel handle) { return {handle, HandleType::model, "model"}; }
inline PinnedSession pin_session(SNNHandle handle) { return {handle, HandleType::session, "handle"}; }

inline SNNNetwork new_network_handle(std::shared_ptr<const Network> network) {
    auto object = std::make_shared<NetworkObject>();
    object->network = std::const_pointer_cast<Network>(std::move(network));  // finished: no call changes it any more
    return reinterpret_cast<SNNNetwork>(handle_table().insert(HandleType::network, std::move(object)));
}

inline SNNModel new_model_handle(ModelObject object) {
    return reinterpret_cast<SNNModel>(
        handle_table().insert(HandleType::model, std::make_shared<ModelObject>(std::move(object))));
}

}  // namespace snn::api
