// The list of backends. To add one, add a line here.
#include <algorithm>
#include <string>

#include "backend/backend.h"
#include "backend/null/null_backend.h"
#include "backend/reference/reference_backend.h"
#include "common/error.h"
#include "cpu/cpu_backend.h"
#if defined(SNN_OPENVINO)
#include "npu/npu_backend.h"
#endif
#if defined(SNN_VULKAN)
#include "vulkan/vulkan_backend.h"
#endif

namespace snn {

std::span<const Backend* const> backends() {
    static const Backend* const list[] = {
        &cpu_backend,
#if defined(SNN_VULKAN)
        &vulkan_backend,
#endif
#if defined(SNN_OPENVINO)
        &npu_backend, &openvino_backend,
#endif
        &reference_backend, &null_backend};
    return list;
}

std::string_view device_choice(std::string_view device) {
    const size_t colon = device.find(':');
    return colon == device.npos ? std::string_view() : device.substr(colon + 1);
}

bool is_device_number(std::string_view choice) {
    return (choice.size() == 1 || choice.size() == 2) &&
           std::all_of(choice.begin(), choice.end(), [](char c) { return c >= '0' && c <= '9'; });
}

const Backend& find_backend(std::string_view device) {
    const std::string_view name = device.substr(0, device.find(':'));
    std::string known;
    for (const Backend* backend : backends()) {
        if (name == backend->name && (backend->device_count || name == device)) return *backend;
        add_item(known, backend->name);
    }
    throw Error(SNN_ERROR_NOT_FOUND, "there is no device '", device, "'; there are: auto, ", known);
}

}  // namespace snn
