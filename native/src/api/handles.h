// Handles: a pointer-sized value of type, index and generation. Looking one up takes no lock, so it may happen in a step.
//
//   slot.word:   | generation : 31 | alive : 1 | references : 16 | pins : 16 |
//
// A call pins the slot while it works on the object; release drops a reference; the last reference clears `alive`, so that
// no new call can pin it; whoever then drops the last pin frees the object. So release is legal from any thread at any
// time, inside a callback too. Generations begin at a value drawn from the address of the table: handles of a second copy
// of the library in the process do not match.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "common/error.h"

namespace snn::api {

enum class HandleType : uint8_t { session = 1, network = 2, model = 3, trainer = 4, placement = 5 };
const char* name_of(HandleType type);

struct HandleSlot {
    std::atomic<uint64_t> word{0};
    HandleType type{};
    uint32_t index = 0;
    std::shared_ptr<void> object;
};

// How many handles there can be at once, where a pointer has so many bytes.
constexpr uint32_t most_handles(size_t pointer_size) { return pointer_size == 8 ? 1u << 20 : 1u << 13; }

class HandleTable {
public:
    HandleTable();
    uintptr_t insert(HandleType type, std::shared_ptr<void> object);
    // Null when the handle is null, stale, foreign or of another type.
    HandleSlot* pin(uintptr_t handle, HandleType type);
    void unpin(HandleSlot& slot);
    bool retain(uintptr_t handle, HandleType type);
    void release(uintptr_t handle, HandleType type);

private:
    static constexpr uint32_t chunk_size = 256;
    static constexpr uint32_t chunk_count = most_handles(sizeof(void*)) / chunk_size;
    struct Chunk {
        HandleSlot slots[chunk_size];
    };

    HandleSlot* find(uintptr_t handle, HandleType type) const;
    void free_object(HandleSlot& slot);

    std::atomic<Chunk*> chunks_[chunk_count] = {};
    std::mutex mutex_;  // creating and freeing only
    std::vector<uint32_t> free_;
    uint32_t used_ = 0;
    uint32_t first_generation_;
};

HandleTable& handle_table();

// Pins an object for the time of one call.
template <class T>
class Pinned {
public:
    Pinned(const void* handle, HandleType type, const char* argument)
        : slot_(handle_table().pin(reinterpret_cast<uintptr_t>(handle), type)) {
        if (!slot_)
            throw Error(SNN_ERROR_INVALID_HANDLE, argument,
                        handle ? " is not a living " : " is null; expected a ", name_of(type), " handle");
    }
    ~Pinned() { handle_table().unpin(*slot_); }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;
    T* operator->() const { return static_cast<T*>(slot_->object.get()); }
    T& operator*() const { return *static_cast<T*>(slot_->object.get()); }
    std::shared_ptr<T> shared() const { return std::static_pointer_cast<T>(slot_->object); }

private:
    HandleSlot* slot_;
};

}  // namespace snn::api
