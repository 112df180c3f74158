#include "common/json.h"

#include <cmath>
#include <set>
#include <vector>

namespace snn {

Json parse_json(std::string_view text, std::string_view what) {
    constexpr int max_depth = 32;
    std::vector<std::set<std::string>> keys;  // of the objects that are open
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
        using Event = Json::parse_event_t;
        if (depth > max_depth) throw Error(SNN_ERROR_FORMAT, what, " is nested more than ", int{max_depth}, " deep");
        if (event == Event::object_start) keys.emplace_back();
        if (event == Event::object_end) keys.pop_back();
        if (event == Event::key && !keys.back().insert(parsed.get_ref<const std::string&>()).second)
            throw Error(SNN_ERROR_FORMAT, what, ": key '", parsed.get_ref<const std::string&>(),
                        "' stands twice in one object");
        return true;
    };
    try {
        return Json::parse(text.begin(), text.end(), watch);
    } catch (const Json::parse_error& error) {
        throw Error(SNN_ERROR_FORMAT, what, " is not valid JSON near byte ", error.byte);
    } catch (const Json::exception&) {
        throw Error(SNN_ERROR_FORMAT, what, " is not valid JSON");
    }
}

JsonObject::JsonObject(const Json& value, std::string place) : value_(&value), place_(std::move(place)) {
    if (!value.is_object()) throw Error(SNN_ERROR_FORMAT, place_, " is not an object");
}

void JsonObject::fail(const char* key, std::string_view sentence) const {
    throw Error(SNN_ERROR_FORMAT, place_, ": '", key, "' ", sentence);
}

const Json& JsonObject::at(const char* key) const {
    const auto found = value_->find(key);
    if (found == value_->end()) fail(key, "is missing");
    return *found;
}

std::string JsonObject::text(const char* key) const {
    const Json& found = at(key);
    if (!found.is_string()) fail(key, "is not a string");
    return found.get<std::string>();
}

double JsonObject::number(const char* key) const {
    const Json& found = at(key);
    if (!found.is_number()) fail(key, "is not a number");
    const double number = found.get<double>();
    if (!std::isfinite(number)) fail(key, "is not finite");
    return number;
}

uint64_t JsonObject::whole(const char* key, uint64_t maximum) const {
    const Json& found = at(key);
    if (!found.is_number_unsigned()) fail(key, "is not a whole number of at least 0");
    const uint64_t number = found.get<uint64_t>();
    if (number > maximum) fail(key, snn::text("is ", number, "; at most ", maximum, " is allowed"));
    return number;
}

bool JsonObject::flag(const char* key) const {
    const Json& found = at(key);
    if (!found.is_boolean()) fail(key, "is not true or false");
    return found.get<bool>();
}

const Json& JsonObject::list(const char* key, size_t maximum) const {
    const Json& found = at(key);
    if (!found.is_array()) fail(key, "is not a list");
    if (found.size() > maximum) fail(key, snn::text("has ", found.size(), " entries; at most ", maximum, " are allowed"));
    return found;
}

JsonObject JsonObject::object(const char* key) const { return {at(key), place_ + "." + key}; }

}  // namespace snn
