// Unpacking is compared with what zlib packed (of Python: zlib.compressobj(level=9, wbits=-15)).
#include "common/inflate.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/error.h"

#ifdef SNN_VULKAN
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "vulkan/pipelines.h"
#include "vulkan_shaders.h"
#endif

using namespace snn;

namespace {

using Bytes = std::vector<uint8_t>;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

Bytes from_hexadecimal(std::string_view digits) {
    const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
    Bytes bytes;
    for (size_t i = 0; i < digits.size(); i += 2) bytes.push_back(static_cast<uint8_t>(value(digits[i]) << 4 | value(digits[i + 1])));
    return bytes;
}

// 64 bytes without a pattern, as far back again as zlib looks, again after a run: all lengths and long distances.
Bytes far_apart() {
    Bytes head;
    for (uint32_t i = 0, x = 1; i < 64; ++i) {
        x = (x * 1103515245u + 12345u) & 0x7FFFFFFF;
        head.push_back(static_cast<uint8_t>(x >> 16));
    }
    Bytes bytes = head;
    bytes.resize(32506);
    bytes.insert(bytes.end(), head.begin(), head.end());
    bytes.insert(bytes.end(), 1000, 7);
    bytes.insert(bytes.end(), head.begin(), head.end());
    return bytes;
}

const Bytes stored = from_hexadecimal("010e00f1ff612073746f72656420626c6f636b");
const Bytes fixed_code = from_hexadecimal("cb4dcd4d2a4acc4bd551c8c5602924e6a528946414a51667e4e7a40000");
const Bytes own_code = from_hexadecimal(
    "eddd210e01000040511451d0cce608a6506ca2a062334142d0049b319b60242a5115dcc034499210189a03288a4348ecbd43fcfa778361abf0bebf8b"
    "afcdb51fbf8d83dbd4a5dc8ee49b8d716535c9569ee568ef305a1eb3c55232b3ae57cfa1ee7cff8875a6b5d36296c8a5030000000000000000000000"
    "0000000000000000000000000000000000000000fcb8dd97e7fb30f0f7beedc407");

}  // namespace

TEST_CASE("what zlib packed is unpacked: stored, with the fixed code, with a code of its own") {
    CHECK(inflate(stored, 14) == bytes_of("a stored block"));
    CHECK(inflate(fixed_code, 42) == bytes_of("membrane, membrane, membrane and threshold"));
    CHECK(inflate(own_code, far_apart().size()) == far_apart());
}

TEST_CASE("packed data of another size, cut short or of no known kind is refused") {
    for (const Bytes& packed : {stored, fixed_code, own_code}) {
        const size_t size = packed == stored ? 14 : packed == fixed_code ? 42 : far_apart().size();
        CHECK_THROWS_AS(inflate(packed, size - 1), Error);
        CHECK_THROWS_AS(inflate(packed, size + 1), Error);
        for (size_t length = 0; length < packed.size(); ++length) {
            CAPTURE(length);
            CHECK_THROWS_AS(inflate({packed.data(), length}, size), Error);
        }
    }
    CHECK_THROWS_AS(inflate(from_hexadecimal("07"), 0), Error);      // the fourth kind of block
    CHECK_THROWS_AS(inflate(from_hexadecimal("4b0441"), 5), Error);  // further back than there is anything
}

TEST_CASE("a damaged bit gives an error or other bytes, never another number of them") {
    const size_t wanted = far_apart().size();
    size_t refused = 0;
    for (size_t bit = 0; bit < own_code.size() * 8; ++bit) {
        Bytes packed = own_code;
        packed[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
        size_t size = wanted;
        try {
            size = inflate(packed, wanted).size();
        } catch (const Error&) {
            ++refused;
        }
        if (size != wanted) FAIL("bit ", bit, " gives ", size, " bytes");
    }
    CHECK(refused > 0);
}

#ifdef SNN_VULKAN
TEST_CASE("the shaders in the library are those that were compiled") {
    for (const vulkan::EmbeddedShader& shader : vulkan::embedded_shaders) {
        CAPTURE(shader.name);
        std::ifstream file(std::string(SNN_SHADER_FOLDER "/") + shader.name + ".spv", std::ios::binary);
        const std::string module{std::istreambuf_iterator<char>(file), {}};
        const std::span<const uint32_t> words = vulkan::embedded_shader(shader.name);
        REQUIRE(module.size() == words.size_bytes());
        CHECK(words[0] == 0x07230203);  // SPIR-V's magic number
        CHECK(std::memcmp(module.data(), words.data(), module.size()) == 0);
    }
}
#endif
