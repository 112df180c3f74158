// Errors inside libsnn are exceptions of one type; src/api turns them into a status and a sentence.
#pragma once

#include <snn/snn.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace snn {

// One part of an error sentence, not owned. Sentences are joined at run time from a list of parts, because a template for each
// combination of types would cost kilobytes per error message.
class Part {
public:
    Part(std::string_view value) : kind_(Kind::string), string_(value) {}
    Part(const std::string& value) : Part(std::string_view(value)) {}
    Part(const char* value) : Part(std::string_view(value)) {}
    Part(std::same_as<char> auto value) : kind_(Kind::character), character_(value) {}
    template <std::integral T>
        requires(!std::same_as<T, char>)
    Part(T value) {
        if constexpr (std::signed_integral<T>) kind_ = Kind::integer, integer_ = value;
        else kind_ = Kind::natural, natural_ = value;
    }
    Part(std::floating_point auto value) : kind_(Kind::real), real_(static_cast<double>(value)) {}

    void append_to(std::string& text) const;

private:
    enum class Kind : uint8_t { string, character, natural, integer, real };
    Kind kind_;
    union {
        std::string_view string_;
        char character_;
        uint64_t natural_;
        int64_t integer_;
        double real_;  // printed with nine significant digits
    };
};

std::string joined(std::initializer_list<Part> parts);

// text("population '", name, "' has ", count, " neurons")
template <class... Parts>
std::string text(const Parts&... parts) {
    return joined({Part(parts)...});
}

// Adds one to a list in a sentence: "a, b, c".
void add_item(std::string& io_list, std::string_view item);

class Error : public std::runtime_error {
public:
    template <class... Parts>
    explicit Error(SNNStatus status, const Parts&... parts) : Error(std::initializer_list<Part>{Part(parts)...}, status) {}
    SNNStatus status() const noexcept { return status_; }

private:
    Error(std::initializer_list<Part> parts, SNNStatus status);

    SNNStatus status_;
};

// Checks a field of a C struct that is either 0 or 1.
inline void check_flag(uint32_t value, const std::string& what, const char* name) {
    if (value > 1) throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", name, " is ", value, "; expected 0 or 1");
}

}  // namespace snn
