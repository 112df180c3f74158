// Errors inside libsnn are exceptions of one type; src/api turns them into a status and a sentence.
#pragma once

#include <snn/snn.h>

#include <concepts>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

namespace snn {

inline std::string to_text(std::string_view value) { return std::string(value); }
inline std::string to_text(char value) { return std::string(1, value); }
inline std::string to_text(std::integral auto value) { return std::to_string(value); }
inline std::string to_text(std::floating_point auto value) {
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%.9g", static_cast<double>(value));
    return buffer;
}

// text("population '", name, "' has ", count, " neurons")
template <class... Parts>
std::string text(const Parts&... parts) {
    std::string result;
    ((result += to_text(parts)), ...);
    return result;
}

class Error : public std::runtime_error {
public:
    template <class... Parts>
    explicit Error(SNNStatus status, const Parts&... parts) : std::runtime_error(text(parts...)), status_(status) {}
    SNNStatus status() const noexcept { return status_; }

private:
    SNNStatus status_;
};

}  // namespace snn
