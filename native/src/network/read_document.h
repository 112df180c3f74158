// The common parts of the documents of models, surrogates and plasticity rules (docs/model-format.md).
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/json.h"
#include "network/model.h"

namespace snn {

constexpr double largest_float = 3.4028234663852886e38, largest_int = 2147483647.0;

// A document of one kind, with its name. Every error sentence begins with `what` and the name: "model 'lif': ...".
struct Document {
    Document(std::string_view text, const char* kind, const char* what);
    Document(const Document&) = delete;  // `root` refers to `json`
    Document& operator=(const Document&) = delete;
    const JsonDocument json;
    const std::string name;
    const JsonObject root;
};

// Reads a name: it must be well-formed and occur only once among all names in `taken`.
std::string read_name(const JsonObject& entry, std::set<std::string>& taken);
std::string optional_text(const JsonObject& entry, const char* key);  // "" if there is none
ValueType read_type(const JsonObject& entry);
// A number that every neuron stores as a float32 or a 32-bit integer.
double read_value(const JsonObject& entry, const char* key, ValueType type);

std::vector<ParameterInfo> read_parameters(const JsonObject& root, std::set<std::string>& taken);
std::vector<OptionInfo> read_options(const JsonObject& root, std::set<std::string>& taken);
std::vector<DerivedInfo> read_derived(const JsonObject& root);

std::vector<ValueType> types_of(const std::vector<DerivedInfo>& derived);
// The type of a parameter, option or derived constant; `index` counts them in this order.
template <class Definition>
ValueType constant_type_of(const Definition& definition, uint32_t index) {
    const size_t options = definition.parameters.size(), derived = options + definition.options.size();
    return index < options ? ValueType::float_ : index < derived ? ValueType::int_ : definition.derived[index - derived].type;
}

}  // namespace snn
