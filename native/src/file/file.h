// .snn files: a valid safetensors file whose metadata holds the network (docs/file-format.md).
// Thread-safety: any thread; a network must not change while it is saved.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "common/saved_state.h"
#include "network/network.h"

namespace snn {

// Writes to a temporary file and renames it (AtomicFile in common/disk.h), so a failure leaves the old file unchanged. Throws
// SNN_ERROR_IO with the reason. The same network gives the same bytes.
void save_network(const Network& network, const std::string& path);

// Returns a finished network. Throws SNN_ERROR_IO, SNN_ERROR_FORMAT with the place, or SNN_ERROR_VERSION.
std::shared_ptr<const Network> load_network(const std::string& path);
std::shared_ptr<const Network> load_network_memory(const void* data, size_t size_bytes);

// The state of a session, written like a network. The session defines the meaning of the document and the tensors.
void save_state(const StateOutline& state, const std::string& path);
SavedState load_state(const std::string& path);
// Writes the bytes of the file to `room` if they fit, and returns their number. If they do not fit, no value is read.
size_t save_state_memory(const StateOutline& state, std::span<unsigned char> room);
SavedState load_state_memory(const void* data, size_t size_bytes);

}  // namespace snn
