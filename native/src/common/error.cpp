#include "common/error.h"

#include <cmath>
#include <cstdio>

namespace snn {

void Part::append_to(std::string& text) const {
    switch (kind_) {
        case Kind::string: text += string_; break;
        case Kind::character: text += character_; break;
        case Kind::natural: text += std::to_string(natural_); break;
        case Kind::integer: text += std::to_string(integer_); break;
        case Kind::real: {
            char digits[40];
            std::snprintf(digits, sizeof digits, "%.9g", real_);
            text += std::isnan(real_) ? "nan" : digits;  // the sign of a NaN has no meaning
        }
    }
}

std::string joined(std::initializer_list<Part> parts) {
    std::string result;
    for (const Part& part : parts) part.append_to(result);
    return result;
}

void add_item(std::string& io_list, std::string_view item) {
    if (!io_list.empty()) io_list += ", ";
    io_list += item;
}

Error::Error(std::initializer_list<Part> parts, SNNStatus status) : std::runtime_error(joined(parts)), status_(status) {}

}  // namespace snn
