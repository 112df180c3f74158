#include "common/json.h"

#include <cmath>
#include <utility>
#include <vector>

namespace snn {

namespace {

void take_apart(Json& io_value) noexcept {
    if (!io_value.is_structured()) return;
    for (Json& part : io_value) take_apart(part);
    io_value.clear();
}

// The callbacks of nlohmann-json's parser. Its own builders would leave partial documents to ~Json() when memory runs out.
class Builder {
public:
    Builder(Json& out_root, std::string_view what) : next_(&out_root), what_(what) {}

    bool null() { return add(nullptr); }
    bool boolean(bool value) { return add(value); }
    bool number_integer(int64_t value) { return add(value); }
    bool number_unsigned(uint64_t value) { return add(value); }
    bool number_float(double value, const std::string&) { return add(value); }
    bool string(std::string& value) { return add(std::move(value)); }
    bool binary(Json::binary_t&) { return false; }  // JSON has none
    bool start_object(size_t) { return open(Json::object()); }
    bool start_array(size_t) { return open(Json::array()); }
    bool end_object() { return open_.pop_back(), true; }
    bool end_array() { return open_.pop_back(), true; }
    bool key(const std::string& name) {
        const auto [place, is_new] = open_.back()->get_ref<Json::object_t&>().try_emplace(name);
        if (!is_new) throw Error(SNN_ERROR_FORMAT, what_, ": key '", name, "' stands twice in one object");
        next_ = &place->second;
        return true;
    }
    [[noreturn]] bool parse_error(size_t byte, const std::string&, const Json::exception&) {
        throw Error(SNN_ERROR_FORMAT, what_, " is not valid JSON near byte ", byte);
    }

private:
    bool add(Json value) {
        constexpr size_t max_depth = 32;
        if (open_.size() > max_depth)
            throw Error(SNN_ERROR_FORMAT, what_, " is nested more than ", size_t{max_depth}, " deep");
        if (!open_.empty() && open_.back()->is_array()) {
            open_.back()->push_back(std::move(value));
            next_ = &open_.back()->back();
        } else {
            *next_ = std::move(value);
        }
        return true;
    }
    bool open(Json value) {
        add(std::move(value));
        open_.push_back(next_);
        return true;
    }

    std::vector<Json*> open_;  // lists and objects, the innermost last
    Json* next_;               // where the next value goes, except in lists
    std::string_view what_;
};

}  // namespace

JsonDocument::~JsonDocument() { take_apart(root); }

JsonDocument parse_json(std::string_view text, std::string_view what) {
    JsonDocument document;
    Builder builder(document.root, what);
    Json::sax_parse(text.begin(), text.end(), &builder);
    return document;
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
