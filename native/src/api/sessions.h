// What the files of session functions share.
#pragma once

#include <snn/snn_vulkan.h>

#include <utility>

#include "api/guard.h"
#include "api/objects.h"

namespace snn::api {

// What `config` asks of a session. Throws.
SessionOptions session_options(const SNNConfig& config);
// `host`: null, or the device that it is opened on. Throws.
SNNHandle open_session(const SNNConfig* config, const SNNVulkanHost* host);

template <class Function>
SNNStatus with_session(SNNHandle handle, Function&& function, uint32_t access = SessionGate::ordinary) noexcept {
    return guarded([&] {
        const PinnedSession session = pin_session(handle);
        const SessionGate::Entry entry(session->gate(), access);
        function(*session);
    });
}

template <class Function>
SNNStatus reading_session(SNNHandle handle, Function&& function) noexcept {
    return with_session(handle, std::forward<Function>(function), SessionGate::reading);
}

// What may be called while steps are under way.
template <class Function>
SNNStatus aside_session(SNNHandle handle, Function&& function) noexcept {
    return with_session(handle, std::forward<Function>(function), SessionGate::aside);
}

}  // namespace snn::api
