// The list of backends. Adding one is one line here.
#include <string>

#include "backend/backend.h"
#include "backend/null/null_backend.h"
#include "backend/reference/reference_backend.h"
#include "common/error.h"
#include "cpu/cpu_backend.h"

namespace snn {

std::span<const Backend* const> backends() {
    static const Backend* const list[] = {&cpu_backend, &reference_backend, &null_backend};
    return list;
}

const Backend& find_backend(std::string_view name) {
    std::string known;
    for (const Backend* backend : backends()) {
        if (name == backend->name) return *backend;
        known += (known.empty() ? "" : ", ") + std::string(backend->name);
    }
    throw Error(SNN_ERROR_NOT_FOUND, "there is no device '", name, "'; there are: ", known);
}

}  // namespace snn
