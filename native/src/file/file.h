// .snn files: a valid safetensors file whose metadata holds the network (docs/file-format.md).
// Thread-safety: any thread; a network that is saved must not be changed meanwhile.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "common/saved_state.h"
#include "network/network.h"

namespace snn {

// Writes beside `path` and renames (AtomicFile in common/disk.h), so that a failure leaves the old file as it was. Throws
// SNN_ERROR_IO with the reason. The same network gives the same bytes.
void save_network(const Network& network, const std::string& path);

// A finished network. Throws SNN_ERROR_IO, SNN_ERROR_FORMAT with the place, or SNN_ERROR_VERSION.
std::shared_ptr<const Network> load_network(const std::string& path);
std::shared_ptr<const Network> load_network_memory(const void* data, size_t size_bytes);

// The state of a session, written as a network is. What the document and the tensors mean is the session's matter.
void save_state(const StateOutline& state, const std::string& path);
SavedState load_state(const std::string& path);
// The bytes that the file would have, where they fit; returns how many they are. Where they do not, no value is read.
size_t save_state_memory(const StateOutline& state, std::span<unsigned char> room);
SavedState load_state_memory(const void* data, size_t size_bytes);

}  // namespace snn
