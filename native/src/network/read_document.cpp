#include "network/read_document.h"

#include <algorithm>
#include <cmath>

namespace snn {

namespace {

constexpr size_t max_text_bytes = 1u << 20;
constexpr size_t max_parameters = 64, max_options = 16, max_choices = 64, max_derived = 128;

using enum ValueType;

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > 63 || name[0] < 'a' || name[0] > 'z') return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// JSON begins with a brace, a definition in TOML with a comment or a section header.
bool looks_like_toml(std::string_view document) {
    const size_t first = document.find_first_not_of(" \t\r\n");
    if (first == document.npos) return false;
    document.remove_prefix(first);
    return document[0] == '#' || (document[0] == '[' && document.size() > 1 && document[1] >= 'a' && document[1] <= 'z');
}

JsonDocument parse_document(std::string_view json) {
    if (looks_like_toml(json))
        throw Error(SNN_ERROR_FORMAT,
                    "the model document: this is TOML; `snn model FILE.toml -o FILE.json` makes the JSON that is ",
                    "loaded of it (the command comes with the Python package)");
    if (json.size() > max_text_bytes)
        throw Error(SNN_ERROR_FORMAT, "the model document has ", json.size(), " bytes; at most ", max_text_bytes,
                    " are allowed");
    return parse_json(json, "the model document");
}

// Checks what can be checked before the name is known, and returns the name.
std::string read_head(const Json& json, const char* kind, const char* what) {
    const JsonObject root(json, text("the ", what));
    if (root.whole("format", UINT32_MAX) != 1)
        throw Error(SNN_ERROR_VERSION, root.place(), ": format ", root.whole("format", UINT32_MAX),
                    " is not known; this library reads format 1");
    if (root.text("kind") != kind) root.fail("kind", text("is '", root.text("kind"), "'; expected '", kind, "'"));
    std::string name = root.text("name");
    if (!is_name(name)) root.fail("name", "is not a lower-case name");
    return name;
}

}  // namespace

Document::Document(std::string_view given, const char* kind, const char* what)
    : json(parse_document(given)), name(read_head(json.root, kind, what)), root(json.root, text(what, " '", name, "'")) {}

std::string read_name(const JsonObject& entry, std::set<std::string>& taken) {
    std::string name = entry.text("name");
    if (!is_name(name)) entry.fail("name", text("is '", name, "'; expected lower-case letters, digits and '_'"));
    if (!taken.insert(name).second) entry.fail("name", text("'", name, "' stands twice"));
    return name;
}

std::string optional_text(const JsonObject& entry, const char* key) { return entry.has(key) ? entry.text(key) : ""; }

ValueType read_type(const JsonObject& entry) {
    const char* const names[] = {"float", "int"};
    return entry.choice("type", names) == 0 ? float_ : int_;
}

double read_value(const JsonObject& entry, const char* key, ValueType type) {
    const double value = entry.number(key);
    const bool whole = type == ValueType::int_;
    if (std::abs(value) > (whole ? largest_int : largest_float) || (whole && value != std::floor(value)))
        entry.fail(key, text("is ", value, "; it must be a ", whole ? "32-bit whole number" : "float32 number"));
    return value;
}

std::vector<ParameterInfo> read_parameters(const JsonObject& root, std::set<std::string>& taken) {
    std::vector<ParameterInfo> parameters;
    const Json& list = root.list("parameters", max_parameters);
    for (size_t i = 0; i < list.size(); ++i) {
        const JsonObject entry(list[i], text(root.place(), ": parameters[", i, "]"));
        ParameterInfo info;
        info.name = read_name(entry, taken);
        info.unit = optional_text(entry, "unit");
        info.default_value = read_value(entry, "default", ValueType::float_);
        if (entry.has("minimum")) info.minimum = entry.number("minimum");
        if (entry.has("exclusive_minimum")) {
            info.minimum = entry.number("exclusive_minimum");
            info.minimum_is_exclusive = true;
        }
        if (entry.has("maximum")) info.maximum = entry.number("maximum");
        if (info.default_value < info.minimum || info.default_value > info.maximum ||
            (info.minimum_is_exclusive && info.default_value == info.minimum))
            entry.fail("default", text("is ", info.default_value, ", outside its own bounds"));
        parameters.push_back(std::move(info));
    }
    return parameters;
}

std::vector<OptionInfo> read_options(const JsonObject& root, std::set<std::string>& taken) {
    std::vector<OptionInfo> options;
    const Json& list = root.list("options", max_options);
    for (size_t i = 0; i < list.size(); ++i) {
        const JsonObject entry(list[i], text(root.place(), ": options[", i, "]"));
        OptionInfo info;
        info.name = read_name(entry, taken);
        std::set<std::string> names;
        for (const Json& choice : entry.list("choices", max_choices)) {
            if (!choice.is_string() || !is_name(choice.get_ref<const std::string&>()) ||
                !names.insert(choice.get<std::string>()).second)
                entry.fail("choices", "has an entry that is not a name, or one twice");
            info.choices.push_back(choice.get<std::string>());
        }
        const auto chosen = std::find(info.choices.begin(), info.choices.end(), entry.text("default"));
        if (chosen == info.choices.end()) entry.fail("default", "is not one of the choices");
        info.default_choice = static_cast<int32_t>(chosen - info.choices.begin());
        options.push_back(std::move(info));
    }
    return options;
}

std::vector<DerivedInfo> read_derived(const JsonObject& root) {
    std::vector<DerivedInfo> derived;
    const Json& list = root.list("derived", max_derived);
    for (size_t i = 0; i < list.size(); ++i) {
        const JsonObject entry(list[i], text(root.place(), ": derived[", i, "]"));
        derived.push_back({entry.text("name"), read_type(entry)});
    }
    return derived;
}

std::vector<ValueType> types_of(const std::vector<DerivedInfo>& derived) {
    std::vector<ValueType> types;
    for (const DerivedInfo& info : derived) types.push_back(info.type);
    return types;
}

std::string kind_of_document(std::string_view json) {
    try {
        const JsonDocument document = parse_document(json);
        return JsonObject(document.root, "the model document").text("kind");
    } catch (const Error&) {
        return {};  // the parser that runs next reports the error
    }
}

}  // namespace snn
