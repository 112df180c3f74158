// The devices "npu" and "openvino:DEVICE": networks as tensor graphs on the devices that OpenVINO supports.
#pragma once

#include "backend/backend.h"

namespace snn {

extern const Backend npu_backend;
extern const Backend openvino_backend;

}  // namespace snn
