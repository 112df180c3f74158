// How every function of the C interface turns exceptions into a status, and reads structs of older headers.
#pragma once

#include <snn/snn.h>

#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>

#include "api/handles.h"
#include "common/error.h"
#include "network/network.h"
#include "schedule/session.h"

namespace snn::api {

void set_last_error(const char* sentence) noexcept;

template <class Function>
SNNStatus guarded(Function&& function) noexcept {
    try {
        function();
        return SNN_OK;
    } catch (const Error& error) {
        set_last_error(error.what());
        return error.status();
    } catch (const std::bad_alloc&) {
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

// The struct size that ABI 1 began with; a smaller one was not made by the default function.
template <class T>
uint32_t checked_size(const T& value, const char* name) {
    if (value.struct_size < sizeof(uint32_t) || value.struct_size > sizeof(T))
        throw Error(SNN_ERROR_VERSION, name, "->struct_size is ", value.struct_size, "; this library knows 4 to ", sizeof(T),
                    " (fill the struct with its default function first)");
    return value.struct_size;
}

// A complete struct from one that an older header may have made: missing fields get their defaults.
template <class T>
T complete(const T* def, void (*fill_default)(T*), const char* name) {
    T result;
    fill_default(&result);
    std::memcpy(&result, def, checked_size(required(def, name), name));
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
            throw Error(SNN_ERROR_STATE, "the network is not finished; call snn_network_finish first");
        return network;
    }
};

struct ModelObject {
    std::shared_ptr<const Model> model;  // one of the two
    std::shared_ptr<const Surrogate> surrogate;
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
