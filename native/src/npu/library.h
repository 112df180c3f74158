// OpenVINO's C library, opened when a device of it is asked for, and the functions that are used of it. Nothing links it, so
// libsnn runs where there is none. The declarations are our own, for OpenVINO 2023.1 and later: its C functions keep their form
// from release to release (openvino/c/*.h).
#pragma once

#include <snn/snn.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace snn::npu {

// What OpenVINO's headers call ov_core_t and so on: only pointers to them are used.
struct Core;
struct Model;
struct Compiled;
struct Request;
struct Tensor;

struct TensorShape {  // ov_shape_t
    int64_t rank;
    int64_t* extents;
};
struct DeviceNames {  // ov_available_devices_t
    char** names;
    size_t count;
};
struct Version {  // ov_version_t
    const char *build, *description;
};

using Status = int;  // ov_status_e; 0: success
using Type = int;    // ov_element_type_e; its numbers changed between releases: Library::float32

#define SNN_OPENVINO_FUNCTIONS(F)                                                                                             \
    F(ov_get_openvino_version, Status, Version*)                                                                              \
    F(ov_version_free, void, Version*)                                                                                        \
    F(ov_core_create, Status, Core**)                                                                                         \
    F(ov_core_get_available_devices, Status, const Core*, DeviceNames*)                                                       \
    F(ov_available_devices_free, void, DeviceNames*)                                                                          \
    F(ov_core_get_property, Status, const Core*, const char*, const char*, char**)                                            \
    F(ov_core_read_model_from_memory_buffer, Status, const Core*, const char*, size_t, const Tensor*, Model**)                \
    F(ov_model_free, void, Model*)                                                                                            \
    F(ov_core_compile_model, Status, const Core*, const Model*, const char*, size_t, Compiled**, ...)                         \
    F(ov_compiled_model_get_property, Status, const Compiled*, const char*, char**)                                           \
    F(ov_compiled_model_create_infer_request, Status, const Compiled*, Request**)                                             \
    F(ov_compiled_model_free, void, Compiled*)                                                                                \
    F(ov_infer_request_set_tensor, Status, Request*, const char*, const Tensor*)                                              \
    F(ov_infer_request_set_output_tensor_by_index, Status, Request*, size_t, const Tensor*)                                   \
    F(ov_infer_request_infer, Status, Request*)                                                                               \
    F(ov_infer_request_free, void, Request*)                                                                                  \
    F(ov_tensor_create, Status, Type, TensorShape, Tensor**)                                                                  \
    F(ov_tensor_create_from_host_ptr, Status, Type, TensorShape, void*, Tensor**)                                             \
    F(ov_tensor_get_byte_size, Status, const Tensor*, size_t*)                                                                \
    F(ov_tensor_free, void, Tensor*)                                                                                          \
    F(ov_get_last_err_msg, const char*)                                                                                       \
    F(ov_free, void, const char*)

// Thread-safety: any thread.
struct Library {
#define SNN_OPENVINO_MEMBER(name, result, ...) result (*name)(__VA_ARGS__) = nullptr;
    SNN_OPENVINO_FUNCTIONS(SNN_OPENVINO_MEMBER)
#undef SNN_OPENVINO_MEMBER
    Core* core = nullptr;
    Type float32 = 0;
    Type int32 = 0;
    std::string version;                // "2026.4.1"
    std::vector<std::string> devices;   // that OpenVINO can compute on here: "CPU", "GPU", "NPU"

    // A property of a device, "" where it has none of that name.
    std::string property(const std::string& device, const char* name) const;
    // Throws `error` where `status` is one; `what` completes the sentence "OpenVINO could not ...".
    void check(Status status, std::string_view what, SNNStatus error = SNN_ERROR_UNSUPPORTED) const;
};

// Opened at the first call and kept until the process ends. Looked for, in this order: the file or folder that SNN_OPENVINO
// names, folders of LD_LIBRARY_PATH, folders where systems and Intel's installers put it. Throws SNN_ERROR_UNSUPPORTED with
// what to do when it is not found; an OpenVINO that is installed later is found by the next call.
const Library& library();

// What OpenVINO gives, released with its owner.
template <class Object>
using Owned = std::unique_ptr<Object, void (*)(Object*)>;

}  // namespace snn::npu
