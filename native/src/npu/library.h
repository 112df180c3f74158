// OpenVINO's C library and the functions that we use. The library is opened when one of its devices is first needed. Nothing
// links it, so libsnn also runs on machines without it. The declarations are our own, for OpenVINO 2023.1 and later; its C
// functions (openvino/c/*.h) keep their signatures from release to release.
#pragma once

#include <snn/snn.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace snn::npu {

// These are ov_core_t and so on in OpenVINO's headers. Only pointers to them are used.
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
using Type = int;    // ov_element_type_e; its numbers differ between releases, see Library::float32

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
    std::vector<std::string> devices;   // of this machine that OpenVINO can use: "CPU", "GPU", "NPU"

    // A property of a device; "" if the device does not have it.
    std::string property(const std::string& device, const char* name) const;
    // Throws `error` if `status` is not success. `what` completes the sentence "OpenVINO could not ...".
    void check(Status status, std::string_view what, SNNStatus error = SNN_ERROR_UNSUPPORTED) const;
};

// Opened at the first call and kept until the process ends. It is searched for in the file or folder that SNN_OPENVINO names,
// or if that is not set, in the folders of LD_LIBRARY_PATH and those where systems and Intel's installers put it. If it is not
// found, throws SNN_ERROR_UNSUPPORTED with advice; the next call searches again.
const Library& library();

// An object of OpenVINO that is released with its owner.
template <class Object>
using Owned = std::unique_ptr<Object, void (*)(Object*)>;

}  // namespace snn::npu
