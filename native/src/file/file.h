// .snn files: a valid safetensors file whose metadata holds the network (docs/file-format.md).
// Thread-safety: any thread; a network that is saved must not be changed meanwhile.
#pragma once

#include <memory>
#include <string>

#include "network/network.h"

namespace snn {

// Writes beside `path` and renames (AtomicFile in disk.h), so that a failure leaves the old file as it was. Throws SNN_ERROR_IO with the reason.
// The same network gives the same bytes.
void save_network(const Network& network, const std::string& path);

// A finished network. Throws SNN_ERROR_IO, SNN_ERROR_FORMAT with the place, or SNN_ERROR_VERSION.
std::shared_ptr<const Network> load_network(const std::string& path);
std::shared_ptr<const Network> load_network_memory(const void* data, size_t size_bytes);

}  // namespace snn
