#include "api/handles.h"

namespace snn::api {

namespace {

// Where the parts of a handle lie in a pointer; both are checked wherever either is compiled.
template <size_t pointer_size>
struct Layout {
    static constexpr uint32_t index_bits = pointer_size == 8 ? 28 : 14;
    static constexpr uint32_t type_bits = 3;
    static constexpr uint32_t generation_bits = pointer_size == 8 ? 31 : 15;
    static_assert(index_bits + type_bits + generation_bits <= 8 * pointer_size);
    static_assert(most_handles(pointer_size) < 1u << index_bits, "a handle has its index + 1");
};
template struct Layout<4>;
template struct Layout<8>;

constexpr uint32_t index_bits = Layout<sizeof(uintptr_t)>::index_bits;
constexpr uint32_t type_bits = Layout<sizeof(uintptr_t)>::type_bits;
constexpr uint32_t generation_mask = (1u << Layout<sizeof(uintptr_t)>::generation_bits) - 1;

constexpr uint64_t pin_one = 1;
constexpr uint64_t reference_one = 1ull << 16;
constexpr uint64_t field_mask = 0xFFFF;
constexpr uint64_t alive_bit = 1ull << 32;

uint32_t pins_of(uint64_t word) { return static_cast<uint32_t>(word & field_mask); }
uint32_t references_of(uint64_t word) { return static_cast<uint32_t>((word >> 16) & field_mask); }
uint32_t generation_of(uint64_t word) { return static_cast<uint32_t>(word >> 33) & generation_mask; }

uintptr_t encode(HandleType type, uint32_t index, uint32_t generation) {
    return static_cast<uintptr_t>((static_cast<uint64_t>(generation) << (index_bits + type_bits)) |
                                  (static_cast<uint64_t>(type) << index_bits) | (index + 1));
}

}  // namespace

const char* name_of(HandleType type) {
    switch (type) {
        case HandleType::session: return "session";
        case HandleType::network: return "network";
        case HandleType::model: return "model";
        case HandleType::trainer: return "trainer";
        case HandleType::placement: return "placement";
    }
    return "unknown";
}

HandleTable::HandleTable()
    : first_generation_(static_cast<uint32_t>((reinterpret_cast<uintptr_t>(this) >> 4) * 2654435761u) & generation_mask) {}

uintptr_t HandleTable::insert(HandleType type, std::shared_ptr<void> object) {
    const std::lock_guard lock(mutex_);
    uint32_t index;
    if (!free_.empty()) {
        index = free_.back();
        free_.pop_back();
    } else {
        if (used_ == chunk_size * chunk_count)
            throw Error(SNN_ERROR_OUT_OF_MEMORY, "all ", used_, " handles are in use; release some");
        index = used_;
        if (index % chunk_size == 0) {
            free_.reserve(free_.capacity() + chunk_size);  // so that release never allocates
            chunks_[index / chunk_size].store(new Chunk, std::memory_order_release);
        }
        ++used_;
        HandleSlot& fresh = chunks_[index / chunk_size].load(std::memory_order_relaxed)->slots[index % chunk_size];
        fresh.index = index;
        fresh.word.store(static_cast<uint64_t>(first_generation_) << 33, std::memory_order_relaxed);
    }
    HandleSlot& slot = chunks_[index / chunk_size].load(std::memory_order_relaxed)->slots[index % chunk_size];
    slot.type = type;
    slot.object = std::move(object);
    const uint32_t generation = (generation_of(slot.word.load(std::memory_order_relaxed)) + 1) & generation_mask;
    slot.word.store((static_cast<uint64_t>(generation) << 33) | alive_bit | reference_one, std::memory_order_release);
    return encode(type, index, generation);
}

HandleSlot* HandleTable::find(uintptr_t handle, HandleType type) const {
    const uint64_t value = handle;
    const uint32_t number = static_cast<uint32_t>(value & ((1u << index_bits) - 1));
    if (number == 0 || ((value >> index_bits) & ((1u << type_bits) - 1)) != static_cast<uint64_t>(type)) return nullptr;
    const uint32_t index = number - 1;
    if (index / chunk_size >= chunk_count) return nullptr;
    Chunk* chunk = chunks_[index / chunk_size].load(std::memory_order_acquire);
    return chunk ? &chunk->slots[index % chunk_size] : nullptr;
}

HandleSlot* HandleTable::pin(uintptr_t handle, HandleType type) {
    HandleSlot* slot = find(handle, type);
    if (!slot) return nullptr;
    const uint64_t generation = static_cast<uint64_t>(handle) >> (index_bits + type_bits);  // and the bits above it
    uint64_t word = slot->word.load(std::memory_order_acquire);
    do {
        if (!(word & alive_bit) || generation_of(word) != generation || pins_of(word) == field_mask) return nullptr;
    } while (!slot->word.compare_exchange_weak(word, word + pin_one, std::memory_order_acq_rel,
                                               std::memory_order_acquire));
    return slot;
}

void HandleTable::unpin(HandleSlot& slot) {
    const uint64_t before = slot.word.fetch_sub(pin_one, std::memory_order_acq_rel);
    if (!(before & alive_bit) && pins_of(before) == 1) free_object(slot);
}

bool HandleTable::retain(uintptr_t handle, HandleType type) {
    HandleSlot* slot = pin(handle, type);
    if (!slot) return false;
    uint64_t word = slot->word.load(std::memory_order_relaxed);
    bool retained = false;
    while ((word & alive_bit) && references_of(word) < field_mask && !retained)
        retained = slot->word.compare_exchange_weak(word, word + reference_one, std::memory_order_acq_rel);
    unpin(*slot);
    return retained;
}

void HandleTable::release(uintptr_t handle, HandleType type) {
    HandleSlot* slot = pin(handle, type);
    if (!slot) return;
    uint64_t word = slot->word.load(std::memory_order_relaxed);
    while (word & alive_bit) {
        const uint64_t after = (word - reference_one) & (references_of(word) == 1 ? ~alive_bit : ~0ull);
        if (slot->word.compare_exchange_weak(word, after, std::memory_order_acq_rel)) break;
    }
    unpin(*slot);
}

void HandleTable::free_object(HandleSlot& slot) {
    std::shared_ptr<void> object = std::move(slot.object);
    slot.object.reset();
    object.reset();  // outside the lock: destructors may release other handles
    const std::lock_guard lock(mutex_);
    free_.push_back(slot.index);
}

HandleTable& handle_table() {
    // Never destroyed: garbage-collected languages release handles while the process is ending.
    static HandleTable& table = *new HandleTable;
    return table;
}

}  // namespace snn::api
