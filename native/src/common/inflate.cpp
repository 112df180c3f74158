#include "common/inflate.h"

#include <algorithm>
#include <array>

#include "common/error.h"

namespace snn {

namespace {

constexpr unsigned most_code_bits = 15;  // the longest code of the format

[[noreturn]] void damaged() { throw Error(SNN_ERROR_INTERNAL, "packed data of the library is damaged"); }

// Reads bytes as a stream of bits, the lowest bit of each byte first.
class Bits {
public:
    explicit Bits(std::span<const uint8_t> bytes) : bytes_(bytes) {}

    uint32_t take(unsigned count) {
        while (held_count_ < count) {
            held_ |= uint32_t{byte()} << held_count_;
            held_count_ += 8;
        }
        const uint32_t taken = held_ & ((1u << count) - 1);
        held_ >>= count;
        held_count_ -= count;
        return taken;
    }
    // The next whole bytes. The remaining bits of the byte before them are dropped.
    std::span<const uint8_t> take_bytes(size_t count) {
        held_ = held_count_ = 0;
        if (count > bytes_.size() - at_) damaged();
        at_ += count;
        return bytes_.subspan(at_ - count, count);
    }

private:
    uint8_t byte() {
        if (at_ == bytes_.size()) damaged();
        return bytes_[at_++];
    }

    std::span<const uint8_t> bytes_;
    size_t at_ = 0;
    uint32_t held_ = 0;
    unsigned held_count_ = 0;  // below 8 between calls
};

// A canonical Huffman code (RFC 1951, 3.2.2): codes of one length are consecutive, in the order of their symbols, and shorter
// codes come before longer ones. So the number of codes of each length defines the code.
class Code {
public:
    explicit Code(std::span<const uint8_t> lengths) {
        for (const uint8_t length : lengths) ++count_[length];
        count_[0] = 0;  // symbols that do not occur
        std::array<uint16_t, most_code_bits + 2> next{};
        for (unsigned length = 1; length <= most_code_bits; ++length)
            next[length + 1] = static_cast<uint16_t>(next[length] + count_[length]);
        symbols_.resize(next[most_code_bits + 1]);
        for (size_t symbol = 0; symbol < lengths.size(); ++symbol)
            if (lengths[symbol]) symbols_[next[lengths[symbol]]++] = static_cast<uint16_t>(symbol);
    }

    uint16_t take(Bits& bits) const {
        uint32_t code = 0, first = 0, before = 0;  // first code of this length; number of symbols with shorter codes
        for (unsigned length = 1; length <= most_code_bits; ++length) {
            code = code << 1 | bits.take(1);
            if (code - first < count_[length]) return symbols_[before + (code - first)];  // a code below `first` wraps around
            before += count_[length];
            first = (first + count_[length]) << 1;
        }
        damaged();
    }

private:
    std::array<uint16_t, most_code_bits + 1> count_{};  // codes of each length
    std::vector<uint16_t> symbols_;                     // in the order of their codes
};

struct Codes {
    Code literals, distances;  // literals: bytes, end of block and lengths; distances: how far back to copy from
};

constexpr unsigned literal_count = 288, distance_count = 30, end_of_block = 256;

// The fixed codes of RFC 1951, 3.2.6.
Codes fixed_codes() {
    std::array<uint8_t, literal_count> literals;
    for (unsigned i = 0; i < literal_count; ++i) literals[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    std::array<uint8_t, distance_count> distances;
    distances.fill(5);
    return {Code(literals), Code(distances)};
}

// Reads the lengths of both codes, which are themselves encoded (RFC 1951, 3.2.7).
Codes read_codes(Bits& bits) {
    const size_t literals = bits.take(5) + 257, distances = bits.take(5) + 1, of_lengths = bits.take(4) + 4;
    constexpr uint8_t order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    std::array<uint8_t, sizeof order> length_of_length{};
    for (size_t i = 0; i < of_lengths; ++i) length_of_length[order[i]] = static_cast<uint8_t>(bits.take(3));
    const Code code(length_of_length);
    std::vector<uint8_t> lengths;
    while (lengths.size() < literals + distances) {
        const uint16_t symbol = code.take(bits);
        if (symbol < 16) {
            lengths.push_back(static_cast<uint8_t>(symbol));
            continue;
        }
        if (symbol == 16 && lengths.empty()) damaged();
        const uint8_t repeated = symbol == 16 ? lengths.back() : uint8_t{0};
        const size_t times = symbol == 16 ? 3 + bits.take(2) : symbol == 17 ? 3 + bits.take(3) : 11 + bits.take(7);
        lengths.insert(lengths.end(), times, repeated);
    }
    if (lengths.size() != literals + distances) damaged();
    const std::span<const uint8_t> all(lengths);
    return {Code(all.first(literals)), Code(all.subspan(literals))};
}

// The value of a length or distance symbol (RFC 1951, 3.2.5). It takes one more extra bit after every `group` symbols.
uint32_t value_of(uint32_t symbol, uint32_t group, uint32_t first, Bits& bits) {
    if (symbol < 2 * group) return first + symbol;
    const unsigned extra = symbol / group - 1;
    return first + ((group + symbol % group) << extra) + bits.take(extra);
}

void copy_block(const Codes& codes, Bits& bits, size_t size, std::vector<uint8_t>& out) {
    for (;;) {
        const uint16_t symbol = codes.literals.take(bits);
        if (symbol == end_of_block) return;
        if (symbol < end_of_block) {
            if (out.size() == size) damaged();
            out.push_back(static_cast<uint8_t>(symbol));
            continue;
        }
        if (symbol > 285) damaged();
        const uint32_t length = symbol == 285 ? 258 : value_of(symbol - 257u, 4, 3, bits);
        const uint16_t distance_code = codes.distances.take(bits);
        if (distance_code >= distance_count) damaged();
        const uint32_t distance = value_of(distance_code, 2, 1, bits);
        if (distance > out.size() || length > size - out.size()) damaged();
        for (uint32_t i = 0; i < length; ++i) out.push_back(out[out.size() - distance]);  // source and copy may overlap
    }
}

}  // namespace

std::vector<uint8_t> inflate(std::span<const uint8_t> packed, size_t size) {
    std::vector<uint8_t> out;
    out.reserve(size);
    Bits bits(packed);
    for (bool is_last = false; !is_last;) {
        is_last = bits.take(1) != 0;
        switch (bits.take(2)) {
            case 0: {
                const std::span<const uint8_t> head = bits.take_bytes(4);
                const size_t length = head[0] | size_t{head[1]} << 8;
                if ((head[2] | size_t{head[3]} << 8) != (length ^ 0xFFFF) || length > size - out.size()) damaged();
                const std::span<const uint8_t> stored = bits.take_bytes(length);
                out.insert(out.end(), stored.begin(), stored.end());
                break;
            }
            case 1: copy_block(fixed_codes(), bits, size, out); break;
            case 2: copy_block(read_codes(bits), bits, size, out); break;
            default: damaged();
        }
    }
    if (out.size() != size) damaged();
    return out;
}

}  // namespace snn
