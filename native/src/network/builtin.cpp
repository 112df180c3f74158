// The models, surrogates and plasticity rules that the model compiler put into the library, parsed on first use.
#include <map>
#include <mutex>

#include "builtin_models.h"
#include "common/error.h"
#include "network/model.h"

namespace snn {

namespace {

struct List {
    const BuiltinDocument* documents;
    size_t count;
    const char* what;

    int32_t find(std::string_view name) const {
        for (size_t i = 0; i < count; ++i)
            if (name == documents[i].name) return static_cast<int32_t>(i);
        return -1;
    }
};

List neurons() { return {builtin_neurons, builtin_neuron_count, "neuron model"}; }
List plasticity_rules() { return {builtin_plasticity_rules, builtin_plasticity_rule_count, "plasticity rule"}; }
List surrogates() { return {builtin_surrogates, builtin_surrogate_count, "surrogate"}; }

template <class T>
std::shared_ptr<const T> parsed(const List& list, std::string_view name,
                                std::shared_ptr<const T> (*parse)(std::string_view)) {
    const int32_t index = list.find(name);
    if (index < 0) {
        std::string known;
        for (size_t i = 0; i < list.count; ++i) known += (i ? ", " : "") + std::string(list.documents[i].name);
        throw Error(SNN_ERROR_NOT_FOUND, "there is no built-in ", list.what, " '", name, "'; there are: ", known);
    }
    static std::mutex mutex;
    static std::map<int32_t, std::shared_ptr<const T>> cache;
    const std::lock_guard lock(mutex);
    std::shared_ptr<const T>& entry = cache[index];
    if (!entry) {
        auto document = std::const_pointer_cast<T>(parse(list.documents[index].json));
        document->built_in = true;
        entry = std::move(document);
    }
    return entry;
}

}  // namespace

std::shared_ptr<const Model> builtin_model(std::string_view name) { return parsed<Model>(neurons(), name, parse_model); }

std::shared_ptr<const Surrogate> builtin_surrogate(std::string_view name) {
    return parsed<Surrogate>(surrogates(), name, parse_surrogate);
}

std::shared_ptr<const PlasticityRule> builtin_plasticity(std::string_view name) {
    return parsed<PlasticityRule>(plasticity_rules(), name, parse_plasticity);
}

int32_t builtin_surrogate_index(std::string_view name) { return surrogates().find(name); }

const char* builtin_model_name(uint32_t index) {
    return index < builtin_neuron_count ? builtin_neurons[index].name : nullptr;
}

const char* builtin_plasticity_name(uint32_t index) {
    return index < builtin_plasticity_rule_count ? builtin_plasticity_rules[index].name : nullptr;
}

const char* builtin_surrogate_name(uint32_t index) {
    return index < builtin_surrogate_count ? builtin_surrogates[index].name : nullptr;
}

}  // namespace snn
