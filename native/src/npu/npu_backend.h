// The devices "npu" and "openvino:DEVICE": graphs of tensors on what OpenVINO drives.
#pragma once

#include "backend/backend.h"

namespace snn {

extern const Backend npu_backend;
extern const Backend openvino_backend;

}  // namespace snn
