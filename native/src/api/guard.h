// How every function of the C interface computes in the standard floating-point mode, turns exceptions into a status, and reads
// structs of older headers.
#pragma once

#include <snn/snn.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <stdexcept>
#include <string>

#include "api/handles.h"
#include "common/compiler.h"
#include "common/error.h"
#include "common/float_mode.h"

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
    for (const uint32_t one : known) add_item(sizes, std::to_string(one));
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

}  // namespace snn::api
