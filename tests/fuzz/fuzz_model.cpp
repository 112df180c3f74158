// Definitions that somebody else wrote must be refused with a sentence or run and train, never more. Built-in models and plasticity
// rules are changed where their op lists mean something: an op, an operand, a count, an output, whether the model spikes.
#include <snn/snn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "source.h"

using fuzz::Source;

namespace {

constexpr uint32_t input_size = 5, cell_count = 18, output_size = 3;

[[noreturn]] void broken(const char* what, const std::string& text) {
    std::fprintf(stderr, "fuzz_model: %s; last error: %s\n%s\n", what, snn_last_error(), text.c_str());
    std::abort();
}

// --- Changing a document

constexpr const char* op_names[] = {
    "const", "iconst", "add", "sub", "mul", "div", "min", "max", "neg", "abs", "floor", "exp", "reciprocal", "log", "sqrt",
    "iadd", "isub", "imul", "imin", "imax", "lt", "le", "eq", "ilt", "ile", "ieq", "and", "or", "not", "select", "to_float",
    "to_int", "spike", "surrogate", "uniform", "normal", "poisson"};
constexpr uint32_t op_count = sizeof op_names / sizeof *op_names;

// Where text between `open` and `close` stands, chosen among all such places; npos where there is none.
struct Place {
    size_t at = std::string::npos, size = 0;
};
Place choose(const std::string& text, const std::string& open, char close, Source& source) {
    std::vector<Place> places;
    for (size_t at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
        const size_t end = text.find(close, at + open.size());
        if (end != std::string::npos) places.push_back({at + open.size(), end - at - open.size()});
    }
    return places.empty() ? Place() : places[source.below(static_cast<uint32_t>(places.size()))];
}

// Another number for one of those in a piece of the text.
void renumber(std::string& text, Place place, Source& source) {
    std::vector<Place> numbers;
    for (size_t i = place.at; i < place.at + place.size; ++i) {
        const size_t end = text.find_first_not_of("0123456789", i);
        if (end > i && (text[i - 1] == ',' || text[i - 1] == '[')) numbers.push_back({i, end - i});
        if (end > i) i = end;
    }
    if (numbers.empty()) return;
    const Place chosen = numbers[source.below(static_cast<uint32_t>(numbers.size()))];
    const int number = std::atoi(text.c_str() + chosen.at);
    text.replace(chosen.at, chosen.size,
                 std::to_string(source.chance(50) ? number + 3 - static_cast<int>(source.below(7)) : static_cast<int>(source.below(50))));
}

void change(std::string& text, Source& source) {
    const auto exchange = [&](const std::string& from, const std::string& to) {
        const size_t at = text.find(from);
        if (at == std::string::npos) return false;
        text.replace(at, from.size(), to);
        return true;
    };
    switch (source.below(8)) {
        case 0:  // another op
            if (const Place place = choose(text, "[\"", '"', source); place.size > 0)
                text.replace(place.at, place.size, op_names[source.below(op_count)]);
            break;
        case 1:
        case 2:  // another operand
            if (const Place place = choose(text, "[\"", ']', source); place.size > 0) renumber(text, place, source);
            break;
        case 3: {  // another output, or one more
            const char* const lists[] = {"\"outputs\":[", "\"states\":[", "\"receptors\":[", "\"constants\":[",
                                         "\"parameters\":[", "\"traces\":["};
            const Place place = choose(text, lists[source.below(6)], ']', source);
            if (place.at == std::string::npos) break;
            if (source.chance(70)) renumber(text, place, source);
            else text.insert(place.at, std::to_string(source.below(30)) + (place.size > 0 ? "," : ""));
            break;
        }
        case 4: {  // an op more
            const Place place = choose(text, "\"ops\":[[", ']', source);
            if (place.at == std::string::npos) break;
            std::string op = std::string("\"") + op_names[source.below(op_count)] + "\"";
            for (uint32_t i = source.below(4); i > 0; --i) op.append(",").append(std::to_string(source.below(30)));
            text.insert(place.at, op + "],[");
            break;
        }
        case 5:  // an op less
            if (const Place place = choose(text, "],[\"", ']', source); place.size > 0) text.erase(place.at - 3, place.size + 3);
            break;
        case 6:  // other numbers of what is not an op: tapes, bounds of weights, time constants
            renumber(text, {1, text.size() - 1}, source);
            break;
        default:
            if (exchange("\"spiking\":true", "\"spiking\":false")) {
                const Place place = choose(text, "\"spike\":", ',', source);
                if (place.size > 0) text.replace(place.at, place.size, "-1");
            } else if (exchange("\"spiking\":false", "\"spiking\":true")) {
                exchange("\"spike\":-1", std::string("\"spike\":").append(std::to_string(source.below(30))));
            }
    }
}

// --- Using what is left

void run(SNNNetwork network, const char* device, uint32_t output, const std::string& text) {
    SNNConfig config;
    snn_config_default(&config);
    config.network = network;
    config.device = device;
    SNNHandle session = nullptr;
    if (snn_create_network(&config, &session) != SNN_OK) return;
    const float values[input_size] = {1, 0, 1, 1, 0};
    SNNStatus status = snn_session_set_input(session, 0, values, input_size);
    if (status == SNN_OK) status = snn_session_step(session, 3);
    if (status != SNN_OK) broken("a session does not step", text);
    SNNTrainerDef def;
    snn_trainer_def_default(&def);
    def.output_population = output;
    def.step_count = 3;
    def.loss = SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE;
    SNNTrainer trainer = nullptr;
    if (snn_trainer_create(session, &def, &trainer) == SNN_OK) {
        const int32_t label = 1;
        const SNNInputArray input{0, 1, values, input_size};
        SNNBatch batch;
        std::memset(&batch, 0, sizeof batch);
        batch.struct_size = sizeof batch;
        batch.input_count = 1;
        batch.inputs = &input;
        batch.labels = &label;
        batch.label_count = 1;
        SNNTrainResult result;
        std::memset(&result, 0, sizeof result);
        result.struct_size = sizeof result;
        // SNN_ERROR_DIVERGED: a loss or gradient is not finite.
        const SNNStatus trained = snn_trainer_step(trainer, &batch, &result);
        if (trained != SNN_OK && trained != SNN_ERROR_DIVERGED) broken("a trainer does not train", text);
        snn_trainer_release(trainer);
    }
    snn_destroy_network(session);
}

uint32_t add(SNNNetwork network, const char* name, uint32_t kind, SNNModel model, const char* model_name, uint32_t size) {
    SNNPopulationDef def;
    snn_population_def_default(&def);
    def.name = name;
    def.kind = kind;
    def.model = model;
    def.model_name = model_name;
    def.shape = {1, {size, 1, 1}};
    uint32_t index = UINT32_MAX;
    snn_network_add_population(network, &def, &index);
    return index;
}

uint32_t connect(SNNNetwork network, uint32_t source, uint32_t target, size_t count, bool plastic) {
    static const std::vector<float> weights(cell_count * cell_count, 0.7f);
    SNNProjectionDef def;
    snn_projection_def_default(&def);
    def.source = source;
    def.target = target;
    uint32_t index = UINT32_MAX;
    if (plastic) {
        def.kind = SNN_CONNECT_SPARSE;
        def.trainable = 0;
        SNNRandomConnectionDef rule;
        snn_random_connection_def_default(&rule);
        rule.rule = SNN_RULE_ALL_TO_ALL;
        rule.weight = {SNN_DISTRIBUTION_CONSTANT, 0.7, 0.0, -1.0, 1.0};
        snn_network_connect_random(network, &def, &rule, &index);
    } else {
        def.weights = weights.data();
        def.weight_count = count;
        snn_network_connect(network, &def, &index);
    }
    return index;
}

bool try_definition(const std::string& text) {
    std::vector<char> copy(text.begin(), text.end());  // of exactly these bytes, so that a read past the end is seen
    SNNModel model = nullptr;
    if (snn_model_load(copy.data(), copy.size(), &model) != SNN_OK) {
        if (std::strlen(snn_last_error()) < 10) broken("a definition is refused without a sentence", text);
        return false;
    }
    const bool is_rule = text.find("\"kind\":\"plasticity\"") != std::string::npos;
    SNNNetwork network = nullptr;
    if (snn_network_create(1.0, &network) != SNN_OK) broken("there is no network", text);
    const uint32_t input = add(network, "input", SNN_POPULATION_SPIKE_INPUT, nullptr, nullptr, input_size);
    const uint32_t cells =
        add(network, "cells", SNN_POPULATION_NEURONS, is_rule ? nullptr : model, is_rule ? "lif" : nullptr, cell_count);
    const uint32_t output = add(network, "output", SNN_POPULATION_NEURONS, nullptr, "leaky_integrator", output_size);
    const uint32_t first = connect(network, input, cells, input_size * cell_count, is_rule);
    const bool spikes = connect(network, cells, output, cell_count * output_size, false) != UINT32_MAX;
    if (is_rule) snn_network_set_plasticity(network, first, nullptr, model);
    if (snn_network_finish(network) == SNN_OK)
        for (const char* const device : {"cpu", "reference"}) run(network, device, spikes ? output : cells, text);
    snn_network_release(network);
    snn_model_release(model);
    return true;
}

std::vector<std::string> good_definitions() {
    std::vector<std::string> definitions;
    const auto take = [&](const char* (*name_at)(uint32_t), uint32_t kind) {
        for (uint32_t i = 0; const char* const name = name_at(i); ++i) {
            SNNModel model = nullptr;
            const char* text = nullptr;
            size_t size = 0;
            if (snn_model_builtin(name, kind, &model) != SNN_OK || snn_model_text(model, &text, &size) != SNN_OK)
                broken("a built-in definition is missing", name);
            std::string copy(text, size);
            const std::string own = std::string("\"name\":\"") + name + "\"";  // under its own name it would be the built-in
            for (size_t at = copy.find(own); at != std::string::npos; at = copy.find(own)) copy.replace(at, own.size(), "\"name\":\"changed\"");
            definitions.push_back(std::move(copy));
            snn_model_release(model);
        }
    };
    take([](uint32_t i) { return snn_model_builtin_name(i); }, 0);
    take([](uint32_t i) { return snn_plasticity_builtin_name(i); }, 2);
    return definitions;
}

}  // namespace

#if defined(SNN_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const std::vector<std::string> definitions = good_definitions();
    Source source(data, size);
    std::string text = definitions[source.below(static_cast<uint32_t>(definitions.size()))];
    while (!source.empty()) change(text, source);
    try_definition(text);
    return 0;
}
#else
int main(int argc, char** argv) {
    const std::vector<std::string> definitions = good_definitions();
    for (const std::string& text : definitions)
        if (!try_definition(text)) broken("a good definition is refused", text);
    return fuzz::run(argc, argv, "changed definitions", "still valid", [&](Source& source) {
        std::string text = definitions[source.below(static_cast<uint32_t>(definitions.size()))];
        for (uint32_t count = source.below(3) + 1; count > 0; --count) change(text, source);
        return try_definition(text);
    });
}
#endif
