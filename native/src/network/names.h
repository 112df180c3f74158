// Finding an entry in a list by its name, and the error sentence if there is none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/error.h"

namespace snn {

constexpr size_t most_names_in_a_sentence = 20;

template <class List>
std::string names_in(const List& list) {
    std::string names;
    for (size_t i = 0; i < std::min(list.size(), most_names_in_a_sentence); ++i) add_item(names, list[i].name);
    if (list.size() > most_names_in_a_sentence) names += text(" and ", list.size() - most_names_in_a_sentence, " more");
    return names.empty() ? "none" : names;
}

template <class List>
[[noreturn]] void fail_to_find(const List& list, std::string_view name, std::string_view owner, const char* what) {
    throw Error(SNN_ERROR_NOT_FOUND, owner, " has no ", what, " '", name, "'; it has: ", names_in(list));
}

// Index of the entry; throws SNN_ERROR_NOT_FOUND with all names.
template <class List>
uint32_t find_in(const List& list, std::string_view name, std::string_view owner, const char* what) {
    for (uint32_t i = 0; i < list.size(); ++i)
        if (list[i].name == name) return i;
    fail_to_find(list, name, owner, what);
}

}  // namespace snn
