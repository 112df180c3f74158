// Reads untrusted JSON: bounded depth, no duplicate keys, and no exception but snn::Error with the place.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/error.h"

namespace snn {

using Json = nlohmann::json;

// A parsed document. Its destructor takes it apart from the inside out. ~Json() would allocate memory to destroy lists and
// objects that have parts, and would end the program when memory is short, which is when documents are dropped.
struct JsonDocument {
    Json root;

    JsonDocument() = default;
    JsonDocument(JsonDocument&&) = default;
    JsonDocument& operator=(JsonDocument&& other) noexcept { return root.swap(other.root), *this; }
    ~JsonDocument();
};

// Throws SNN_ERROR_FORMAT: "WHAT is not valid JSON near byte N", "... nested more than 32 deep", "... key 'x' stands twice".
JsonDocument parse_json(std::string_view text, std::string_view what);

// A checked reader of one JSON object. Every error sentence begins with `place`.
class JsonObject {
public:
    JsonObject(const Json& value, std::string place);

    bool has(const char* key) const { return value_->contains(key); }
    const Json& at(const char* key) const;
    std::string text(const char* key) const;
    double number(const char* key) const;          // finite
    uint64_t whole(const char* key, uint64_t maximum) const;
    bool flag(const char* key) const;
    const Json& list(const char* key, size_t maximum) const;
    JsonObject object(const char* key) const;
    // The index of text(key) in `names`.
    template <size_t n>
    uint32_t choice(const char* key, const char* const (&names)[n]) const {
        const std::string chosen = text(key);
        std::string known;
        for (uint32_t i = 0; i < n; ++i) {
            if (chosen == names[i]) return i;
            known += (i ? ", " : "") + std::string(names[i]);
        }
        fail(key, snn::text("is '", chosen, "'; expected one of: ", known));
    }

    const std::string& place() const { return place_; }
    const Json& value() const { return *value_; }
    [[noreturn]] void fail(const char* key, std::string_view sentence) const;

private:
    const Json* value_;
    std::string place_;
};

}  // namespace snn
