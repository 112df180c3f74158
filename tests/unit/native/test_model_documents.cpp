// Op lists from outside: a good one is read as it stands, every kind of damage is refused with a sentence that names the place.
#include <doctest/doctest.h>

#include <span>
#include <string>
#include <utility>

#include "common/error.h"
#include "network/model.h"

using namespace snn;

namespace {

// v' = leak * v + current; a spike above 1, then zero.
const std::string good = R"({"format": 1, "kind": "neuron", "name": "tiny",
 "parameters": [{"name": "tau", "unit": "ms", "default": 20.0, "exclusive_minimum": 0}],
 "options": [{"name": "reset", "choices": ["zero", "none"], "default": "zero"}],
 "states": [{"name": "v", "unit": "u", "type": "float", "initial": 0.0},
            {"name": "count", "unit": "1", "type": "int", "initial": 3}],
 "receptors": [{"name": "current", "unit": "u"}],
 "derived": [{"name": "leak", "type": "float"}],
 "membrane": "v", "spiking": true,
 "derive": {"ops": [["div", 2, 0], ["neg", 3], ["exp", 4]], "outputs": [5]},
 "step": {"ops": [["mul", 2, 4], ["add", 6, 3], ["const", 1.0], ["sub", 7, 8], ["spike", 9, 1], ["const", 0.0],
                  ["lt", 11, 10], ["select", 12, 11, 7]],
          "states": [13, 5], "spike": 10, "tape": [{"name": "membrane", "type": "float", "register": 7}]},
 "adjoint": {"ops": [["const", 1.0], ["sub", 3, 7], ["surrogate", 8], ["mul", 9, 6], ["add", 10, 4], ["mul", 11, 2]],
             "states": [12, 12], "receptors": [11]}})";

std::string changed(const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& document, SNNStatus status = SNN_ERROR_FORMAT) {
    try {
        parse_model(document);
    } catch (const Error& error) {
        CHECK(error.status() == status);
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a good document is read as it stands") {
    const auto model = parse_model(good);
    CHECK(model->name == "tiny");
    CHECK(model->json == good);
    CHECK(model->parameters[0].minimum_is_exclusive);
    CHECK(model->states[1].type == ValueType::int_);
    CHECK(model->constant_type(0) == ValueType::float_);
    CHECK(model->constant_type(1) == ValueType::int_);
    CHECK(model->step.register_count() == 14);
    CHECK(model->differentiable);
    const double parameters[] = {20.0};
    const int32_t options[] = {0};
    CHECK(evaluate_derived(*model, parameters, options, 2.0)[0] == doctest::Approx(0.90483741803595957).epsilon(1e-15));
}

TEST_CASE("draws are read with their number and mean, and refused anywhere else") {
    const std::string ops = "\"ops\": [[\"mul\", 2, 4], [\"add\", 6, 3]";
    const auto drawing = [&](const std::string& draw, const std::string& more = "") {
        return changed(ops, "\"ops\": [" + draw + more + ", [\"mul\", 2, 4], [\"add\", 7, 3]");
    };
    std::string whole = drawing("[\"poisson\", 3, 2]");
    const std::string rest = "[\"const\", 1.0], [\"sub\", 7, 8], [\"spike\", 9, 1], [\"const\", 0.0],\n                  "
                             "[\"lt\", 11, 10], [\"select\", 12, 11, 7]],\n          \"states\": [13, 5], \"spike\": 10";
    REQUIRE(whole.find(rest) != std::string::npos);
    whole.replace(whole.find(rest), rest.size(),
                  "[\"const\", 1.0], [\"sub\", 8, 9], [\"spike\", 10, 1], [\"const\", 0.0],"
                  "[\"lt\", 12, 11], [\"select\", 13, 12, 8]], \"states\": [14, 5], \"spike\": 11");
    const auto model = parse_model(whole);
    CHECK(model->draws);
    CHECK(model->poisson_means == std::vector<uint16_t>{2});
    CHECK(model->step.instructions[0].op == Op::poisson);
    CHECK(model->step.instructions[0].value == 3);
    CHECK(model->constant_name(2) == "leak");
    CHECK_FALSE(parse_model(good)->draws);

    contains(refusal(drawing("[\"uniform\"]")), "step.ops[0]: op 'uniform' takes the number of the draw and 0 operands, got 0");
    contains(refusal(drawing("[\"normal\", 0, 2]")), "takes the number of the draw and 0 operands, got 2");
    contains(refusal(drawing("[\"poisson\", 0]")), "takes the number of the draw and 1 operands, got 1");
    contains(refusal(drawing("[\"uniform\", 64]")), "the number of the draw is 64; expected 0 to 63");
    contains(refusal(drawing("[\"uniform\", -1]")), "the number of the draw is -1");
    contains(refusal(drawing("[\"uniform\", 0.5]")), "the number of the draw is 0.5");
    contains(refusal(drawing("[\"uniform\", 1]", ", [\"normal\", 1]")), "step.ops[1]: draw 1 stands twice");
    contains(refusal(drawing("[\"poisson\", 0, 3]")), "the mean of 'poisson' is register 3; it must be a parameter");
    contains(refusal(drawing("[\"poisson\", 0, 1]")), "the mean of 'poisson' is int; expected float");
    contains(refusal(drawing("[\"poisson\", 0, \"leak\"]")), "is not one of the 3 registers");
    contains(refusal(changed("[[\"div\", 2, 0]", "[[\"uniform\", 0]")), "op 'uniform' is not allowed in this program");
    contains(refusal(changed("\"adjoint\": {\"ops\": [[\"const\", 1.0]", "\"adjoint\": {\"ops\": [[\"normal\", 0]")),
             "op 'normal' is not allowed in this program");
}

TEST_CASE("a model may have neither receptors nor states, and then no membrane") {
    const std::string source = R"({"format": 1, "kind": "neuron", "name": "source", "parameters": [], "options": [],
        "states": [], "receptors": [], "derived": [], "membrane": "", "spiking": true, "derive": {"ops": [], "outputs": []},
        "step": {"ops": [["uniform", 0]], "states": [], "spike": 0, "tape": []},
        "adjoint": {"ops": [], "states": [], "receptors": []}})";
    const auto model = parse_model(source);
    CHECK_FALSE(model->has_membrane);
    CHECK(model->differentiable);
    CHECK(parse_model(good)->has_membrane);
    std::string named = source;
    named.replace(named.find("\"membrane\": \"\""), 14, "\"membrane\": \"v\"");
    contains(refusal(named), "'v' is not a float state");
    contains(refusal(changed("\"membrane\": \"v\"", "\"membrane\": \"\"")), "'' is not a float state");
}

TEST_CASE("damage is refused with its place") {
    contains(refusal("{"), "not valid JSON near byte");
    contains(refusal("[]"), "not an object");
    contains(refusal(changed("\"format\": 1", "\"format\": 2"), SNN_ERROR_VERSION), "format 2");
    contains(refusal(changed("\"kind\": \"neuron\"", "\"kind\": \"synapse\"")), "synapse");
    contains(refusal(changed("\"name\": \"tiny\"", "\"name\": \"Tiny!\"")), "lower-case");
    contains(refusal(changed("\"name\": \"tau\"", "\"name\": \"v\"")), "'v' stands twice");
    contains(refusal(changed("\"default\": 20.0", "\"default\": -1")), "outside its own bounds");
    contains(refusal(changed("\"default\": \"zero\"", "\"default\": \"all\"")), "not one of the choices");
    contains(refusal(changed("\"default\": 20.0", "\"default\": 1e39")), "is 1e+39; it must be a float32 number");
    contains(refusal(changed("\"initial\": 0.0", "\"initial\": \"nothing\"")), "names no parameter");
    contains(refusal(changed("\"initial\": 3", "\"initial\": 0.5")), "is 0.5; it must be a 32-bit whole number");
    contains(refusal(changed("\"initial\": 3", "\"initial\": 3e9")), "states[1]: 'initial' is 3e+09; it must be a 32-bit");
    contains(refusal(changed("\"initial\": 3", "\"initial\": \"tau\"")), "states[1]: 'initial' is a parameter");
    contains(refusal(changed("\"initial\": 0.0", "\"initial\": -1e39")), "is -1e+39; it must be a float32 number");
    contains(refusal(changed("\"default\": 20.0", "\"default\": 1e39")), "'default' is 1e+39; it must be a float32 number");
    contains(refusal(changed("\"type\": \"int\"", "\"type\": \"long\"")), "'long'");
    contains(refusal(changed("\"membrane\": \"v\"", "\"membrane\": \"count\"")), "not a float state");
    contains(refusal(changed("[\"div\", 2, 0]", "[\"div\", 2]")), "derive.ops[0]: op 'div' takes 2 operands");
    contains(refusal(changed("[\"div\", 2, 0]", "[\"div\", 2, 1]")), "operand 2 of 'div' is int; expected float");
    contains(refusal(changed("[\"mul\", 2, 4]", "[\"div\", 2, 4]")), "step.ops[0]: op 'div' is not allowed");
    contains(refusal(changed("[\"mul\", 2, 4]", "[\"fma\", 2, 4]")), "unknown op 'fma'");
    contains(refusal(changed("[\"mul\", 2, 4]", "[\"mul\", 2, 6]")), "operand 6 is not one of the 6 registers");
    contains(refusal(changed("[\"mul\", 2, 4]", "[\"mul\", 2, -1]")), "operand -1");
    contains(refusal(changed("[\"const\", 1.0], [\"sub\", 7", "[\"const\", 1e39], [\"sub\", 7")), "finite");
    contains(refusal(changed("\"states\": [13, 5]", "\"states\": [13, 13]")), "step.states[1] is float; expected int");
    contains(refusal(changed("\"states\": [13, 5]", "\"states\": [13]")), "has 1 registers; expected 2");
    contains(refusal(changed("\"spike\": 10", "\"spike\": 12")), "bool; expected float");
    contains(refusal(changed("\"register\": 7", "\"register\": 99")), "operand 99");
    contains(refusal(changed("\"receptors\": [11]", "\"receptors\": []")), "expected 1");
    contains(refusal(changed("\"spiking\": true", "\"spiking\": 1")), "not true or false");
    contains(refusal(changed("\"format\": 1", "\"format\": 1, \"format\": 1")), "key 'format' stands twice");
    std::string deep = good;
    contains(refusal(std::string(100, '[') + std::string(100, ']')), "nested more than 32 deep");
    contains(refusal(good + std::string(1 << 20, ' ')), "at most");
}

TEST_CASE("the adjoint of a model that does not spike asks no surrogate") {
    const auto silent = [](std::string text) {
        for (const auto& [from, to] : {std::pair("\"spiking\": true", "\"spiking\": false"), {"\"spike\": 10", "\"spike\": -1"}}) {
            REQUIRE(text.find(from) != std::string::npos);
            text.replace(text.find(from), std::string(from).size(), to);
        }
        return text;
    };
    contains(refusal(silent(good)), "adjoint.ops[2]: op 'surrogate' is of models that spike; this one does not");
    const std::string plain = "[\"abs\", 8]";
    std::string learning = changed("[\"surrogate\", 8]", plain);
    parse_model(silent(learning));
    learning.pop_back();
    learning += R"(, "learning": {"ops": [["surrogate", 6]], "tape": [], "constants": [-1, -1, 13],
        "derive": {"ops": [], "parameters": [-1]}}})";
    CHECK(parse_model(learning)->learning);
    contains(refusal(silent(learning)), "learning.ops[0]: op 'surrogate' is of models that spike");
}

TEST_CASE("every missing key is refused") {
    for (const char* key : {"\"parameters\"", "\"options\"", "\"states\"", "\"receptors\"", "\"derived\"", "\"membrane\"",
                            "\"spiking\"", "\"derive\"", "\"step\"", "\"outputs\"", "\"spike\"", "\"tape\"", "\"register\""}) {
        const std::string word = key;
        contains(refusal(changed(word + ":", "\"other\":")), word.substr(1, word.size() - 2));
    }
    CHECK_FALSE(parse_model(changed("\"adjoint\":", "\"other\":"))->differentiable);
}

TEST_CASE("surrogates are told apart and checked") {
    CHECK(kind_of_document(good) == "neuron");
    CHECK(kind_of_document("{") == "");
    CHECK(kind_of_document("[]") == "");
    CHECK(kind_of_document("{\"kind\": 1}") == "");
    const std::string surrogate = R"({"format": 1, "kind": "surrogate", "name": "flat", "parameters": [],
        "derivative": {"ops": [["const", 1.0]], "output": 1}, "smooth": {"ops": [], "output": 0}})";
    CHECK(kind_of_document(surrogate) == "surrogate");
    CHECK(parse_surrogate(surrogate)->smooth_output == 0);
    CHECK_THROWS_AS(parse_surrogate(good), Error);
}

namespace {

// Each pair: what the rule says, and what it says instead.
void check_damages_are_refused(const std::string& rule, std::span<const std::pair<const char*, const char*>> damages) {
    for (const auto& [from, to] : damages) {
        std::string text = rule;
        const size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, std::string(from).size(), to);
        INFO(to);
        CHECK_THROWS_AS(parse_plasticity(text), Error);
    }
}

}  // namespace

TEST_CASE("plasticity rules are checked") {
    const std::string rule = R"({"format": 1, "kind": "plasticity", "name": "mine", "parameters": [], "options": [],
        "derived": [], "derive": {"ops": [["const", 9], ["const", 1]], "outputs": [], "minimum": 2, "maximum": 1},
        "pre_traces": [{"name": "x", "tau": 1, "keep": 2}], "post_traces": [],
        "on_pre": {"ops": [["mul", 0, 1]], "weight": 2, "delivered": 0}, "on_post": {"ops": [], "weight": 1},
        "arrival": {"ops": [["abs", 0]], "traces": [1]}})";
    CHECK(kind_of_document(rule) == "plasticity");
    CHECK(parse_plasticity(rule)->pre_traces[0].name == "x");
    CHECK(parse_plasticity(rule)->arrival_traces == std::vector<int32_t>{1});
    CHECK_FALSE(parse_plasticity(rule)->learns_from_targets());
    CHECK_THROWS_AS(parse_plasticity(good), Error);
    const std::pair<const char*, const char*> damages[] = {
        {"\"tau\": 1", "\"tau\": 3"}, {"\"keep\": 2", "\"keep\": -1"}, {"\"weight\": 2", "\"weight\": 3"},
        {"[\"mul\", 0, 1]", "[\"spike\", 0, 1]"}, {"[\"mul\", 0, 1]", "[\"mul\", 0, 2]"},
        {"\"maximum\": 1", "\"maximum\": 7"}, {"\"minimum\"", "\"other\""}, {"\"on_post\"", "\"other\""},
        {"\"delivered\": 0", "\"delivered\": 3"}, {"\"traces\": [1]", "\"traces\": [2]"}, {"\"traces\": [1]", "\"traces\": []"},
        {"\"traces\": [1]", "\"traces\": [-2]"}, {"[\"abs\", 0]", "[\"abs\", 1]"},
        {"\"post_traces\": []", "\"post_traces\": [{\"name\": \"x\", \"tau\": 1, \"keep\": 2}]"},
    };
    check_damages_are_refused(rule, damages);
}

TEST_CASE("rules with traces of the synapse and signals are checked") {
    // Inputs: a parameter, the synapse trace, the weight, the signal.
    const std::string rule = R"({"format": 1, "kind": "plasticity", "name": "mine", "options": [], "derived": [],
        "parameters": [{"name": "rate", "default": 0.5}],
        "derive": {"ops": [["const", 9], ["const", 1]], "outputs": [], "minimum": 3, "maximum": 2},
        "pre_traces": [], "post_traces": [], "synapse_traces": [{"name": "c", "tau": 2, "unit": "1", "doc": ""}],
        "on_pre": {"ops": [["add", 1, 0]], "weight": 2, "traces": [3]}, "on_post": {"ops": [], "weight": 2, "traces": [1]},
        "on_signal": {"ops": [["mul", 3, 1], ["add", 2, 4]], "weight": 5, "traces": [1]}})";
    const auto read = parse_plasticity(rule);
    CHECK(read->synapse_traces[0].name == "c");
    CHECK(read->on_pre.outputs() == std::vector<uint16_t>{2, 3});
    CHECK(read->on_signal->outputs() == std::vector<uint16_t>{5, 1});
    CHECK(read->learns_from_targets());
    const std::pair<const char*, const char*> damages[] = {
        {"\"tau\": 2", "\"tau\": 9"},
        {"\"name\": \"c\"", "\"name\": \"rate\""},
        {"\"traces\": [3]", "\"traces\": [4]"},
        {"\"weight\": 2, \"traces\": [3]", "\"weight\": 2"},
        {"\"traces\": [3]", "\"traces\": [3, 3]"},
        {"[\"add\", 1, 0]", "[\"add\", 1, 3]"},  // an arrival knows no signal
        {"\"weight\": 5", "\"weight\": 6"},
        {"[\"mul\", 3, 1]", "[\"mul\", 4, 1]"},
    };
    check_damages_are_refused(rule, damages);
}

TEST_CASE("rules with states of the target are checked") {
    // Inputs: a parameter, a post trace, the state, the weight.
    const std::string rule = R"({"format": 1, "kind": "plasticity", "name": "mine", "options": [], "derived": [],
        "parameters": [{"name": "rate", "default": 0.5}],
        "derive": {"ops": [["const", 9], ["const", 1]], "outputs": [], "minimum": 3, "maximum": 2},
        "pre_traces": [], "post_traces": [{"name": "y", "tau": 2, "keep": 3}],
        "target_states": [{"name": "u", "state": "v", "unit": "u", "doc": ""}],
        "on_pre": {"ops": [["mul", 1, 2], ["sub", 3, 4]], "weight": 5}, "on_post": {"ops": [], "weight": 3}})";
    const auto read = parse_plasticity(rule);
    REQUIRE(read->target_states.size() == 1);
    CHECK(read->target_states[0].name == "u");
    CHECK(read->target_states[0].state == "v");
    CHECK(read->on_pre.program.input_count == 4);
    const std::pair<const char*, const char*> damages[] = {
        {"\"name\": \"u\"", "\"name\": \"y\""},
        {"\"name\": \"u\"", "\"name\": \"U\""},
        {"\"state\": \"v\", ", ""},
        {"\"state\": \"v\"", "\"state\": 3"},
        {"[{\"name\": \"u\", \"state\": \"v\", \"unit\": \"u\", \"doc\": \"\"}]", "[]"},  // one input less
        {"[{\"name\": \"u\", \"state\": \"v\", \"unit\": \"u\", \"doc\": \"\"}]",
         R"([{"name": "a", "state": "v"}, {"name": "b", "state": "v"}, {"name": "c", "state": "v"}, {"name": "d", "state": "v"},
             {"name": "e", "state": "v"}])"},
    };
    check_damages_are_refused(rule, damages);
}

TEST_CASE("built-ins are shared, listed in order, and unknown names say what there is") {
    CHECK(builtin_model("lif") == builtin_model("lif"));
    for (uint32_t i = 1; builtin_model_name(i); ++i)
        CHECK(std::string(builtin_model_name(i - 1)) < std::string(builtin_model_name(i)));
    CHECK(builtin_surrogate_index("arctan") == 0);
    CHECK(builtin_surrogate_index("nothing") == -1);
    try {
        builtin_model("liff");
        FAIL("accepted");
    } catch (const Error& error) {
        CHECK(error.status() == SNN_ERROR_NOT_FOUND);
        contains(error.what(), "leaky_integrator");
    }
}
