// The extension in the stand-in for Godot: the node and the resource.
//
// Environment: that of scripts.hpp, with creature.snn and wrong.snn    SNN_EXPECTED  the line that the game prints
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>

#include "../creature.hpp"
#include "scripts.hpp"

TEST_CASE("the game is the same in a script's calls and signals") {
    Godot godot;
    {
        Brain brain;
        CreatureFrame* now = nullptr;
        brain.node->connected.push_back([&](const std::string& signal, const std::vector<Any>& values) {
            if (signal != "spiked") return;
            if (*std::get<Name>(values[0]).text != "output") return;
            for (const int32_t neuron : std::get<Ints>(values[1])) ++now->spikes[static_cast<std::size_t>(neuron)];
        });
        const std::string line = play_creature([&](CreatureFrame& frame) {
            now = &frame;
            CHECK(number(call(brain.node, "set_input", {std::string("input"), Floats(frame.seen.begin(), frame.seen.end())})) == 0);
            CHECK(number(call(brain.node, "step", {1.0 / 60.0})) == 0);
            const Floats voltages = std::get<Floats>(call(brain.node, "get_state", {std::string("output.v")}));
            REQUIRE(voltages.size() == 3);
            std::copy(voltages.begin(), voltages.end(), frame.voltages.begin());
        });
        CHECK(line == variable("SNN_EXPECTED"));
        CHECK(std::get<std::vector<std::string>>(call(brain.node, "get_populations")) ==
              std::vector<std::string>{"input", "hidden", "output"});
    }
    CHECK(errors.empty());
}

TEST_CASE("typed scripts and frames reach the same functions") {
    Godot godot;
    {
        Brain brain;
        const Class& it = classes.at("SpikingNetwork");
        const auto virtual_function = [&](const char* text) {
            const Name name{interned(text)};
            return it.info.get_virtual(it.info.user, &name);
        };
        CHECK(!static_cast<bool>(virtual_function("_ready")));
        const double delta = 0.0101;
        const void* frame[] = {&delta};
        virtual_function("_process")(brain.node->instance, frame, nullptr);
        CHECK(number(call(brain.node, "get_step_count")) == 0);  // it steps in physics frames
        virtual_function("_physics_process")(brain.node->instance, frame, nullptr);
        CHECK(number(call(brain.node, "get_step_count")) == 10);
        call(brain.node, "set_step_mode", {it.constants.at("STEP_PROCESS")});
        virtual_function("_physics_process")(brain.node->instance, frame, nullptr);
        virtual_function("_process")(brain.node->instance, frame, nullptr);
        CHECK(number(call(brain.node, "get_step_count")) == 20);
        call(brain.node, "set_budget_ms", {1e-6});
        virtual_function("_process")(brain.node->instance, frame, nullptr);
        CHECK(number(call(brain.node, "get_step_count")) == 21);

        const MethodCopy& advance = it.methods.at("advance");
        int64_t steps = 5, result = -1;
        const void* arguments[] = {&steps};
        advance.info.pointer_call(advance.info.user, brain.node->instance, arguments, &result);
        CHECK(result == 0);
        CHECK(number(call(brain.node, "get_step_count")) == 26);
        CHECK(number(call(brain.node, "reset")) == 0);
        CHECK(number(call(brain.node, "get_step_count")) == 0);
    }
    CHECK(errors.empty());
}

TEST_CASE("the editor is given a document for each class") {
    help.clear();
    Godot godot;
    CHECK(help.size() == classes.size());
    for (const auto& [name, it] : classes) {
        const std::string begin = "<class name=\"" + name + "\"";
        CHECK(std::any_of(help.begin(), help.end(), [&](const std::string& one) { return one.find(begin) != std::string::npos; }));
    }
}

TEST_CASE("properties are what they were set to, the network and its bytes too") {
    Godot godot;
    {
        Brain brain;
        for (const char* property : {"thread_count", "seed", "step_mode"}) {
            call(brain.node, (std::string("set_") + property).c_str(), {int64_t{2}});
            CHECK(number(call(brain.node, (std::string("get_") + property).c_str())) == 2);
        }
        CHECK(std::get<Object*>(call(brain.node, "get_network")) == brain.resource);
        CHECK(number(call(brain.resource, "get_neuron_count")) == 27);
        const Bytes bytes = std::get<Bytes>(call(brain.resource, "get_bytes"));
        Object* copy = construct("SpikingNetworkResource");
        reference(copy);
        call(copy, "set_bytes", {bytes});
        call(brain.node, "set_network", {copy});
        CHECK(number(call(brain.node, "advance", {int64_t{1}})) == 0);
        CHECK(std::get<Ints>(call(brain.node, "get_spikes", {std::string("output")})).empty());
        unreference(copy);  // the node still has it
        CHECK(number(call(brain.node, "advance", {int64_t{1}})) == 0);
    }
    CHECK(errors.empty());
}

TEST_CASE("a node learns from signals, goes on from a saved game and counts") {
    Godot godot;
    {
        Brain brain("res://learning.snn");
        CHECK(std::get<std::vector<std::string>>(call(brain.node, "get_projections")) == std::vector<std::string>{"synapses"});
        const auto weights = [&] { return std::get<Floats>(call(brain.node, "get_state", {std::string("synapses.weight")})); };
        const auto play = [&](int64_t steps, double reward) {
            for (int64_t i = 0; i < steps; ++i) {
                CHECK(number(call(brain.node, "set_input", {std::string("source"), Floats(6, 1)})) == 0);
                CHECK(number(call(brain.node, "advance", {int64_t{1}})) == 0);
            }
            CHECK(number(call(brain.node, "send_signal", {std::string("synapses"), reward})) == 0);
            return weights();
        };
        const Floats before = weights(), rewarded = play(30, 1.0);
        CHECK(rewarded != before);
        CHECK(play(30, 0.0) == rewarded);  // without a reward nothing is learned

        const auto counted = [&](const char* counter) {
            return number(call(brain.node, "get_counter", {classes.at("SpikingNetwork").constants.at(counter)}));
        };
        CHECK(counted("COUNTER_STEPS") == 60);
        CHECK(counted("COUNTER_INPUT_SPIKES") == 360);
        CHECK(counted("COUNTER_SPIKES") > 0);
        CHECK(number(call(brain.node, "save_state", {std::string("user://game.state")})) == 0);
        const Floats ahead = play(10, 0.5);
        CHECK(number(call(brain.node, "load_state", {std::string("user://game.state")})) == 0);
        CHECK(counted("COUNTER_STEPS") == 60);
        CHECK(weights() == rewarded);
        CHECK(play(10, 0.5) == ahead);
        CHECK(number(call(brain.node, "set_state", {std::string("synapses.weight"), before})) == 0);
        CHECK(weights() == before);
        CHECK(errors.empty());

        CHECK(number(call(brain.node, "send_signal", {std::string("synapse"), 1.0})) == 33);
        CHECK(told("synapse"));
        CHECK(number(call(brain.node, "set_state", {std::string("cells.v"), Floats{1}})) == 31);
        CHECK(told("cells.v"));
        CHECK(number(call(brain.node, "load_state", {std::string("user://absent.state")})) == 19);
        CHECK(told("absent.state"));
        CHECK(number(call(brain.node, "get_counter", {int64_t{6}})) == 0);
        CHECK(told("counter is 6"));
    }
    CHECK(errors.empty());
}

TEST_CASE("a node runs many brains of one network") {
    Godot godot;
    {
        Brain many, alone;
        call(many.node, "set_batch_size", {int64_t{3}});
        CHECK(number(call(many.node, "get_batch_size")) == 3);
        int stepped = 0;
        many.node->connected.push_back([&](const std::string& signal, const std::vector<Any>&) {
            REQUIRE(signal == "stepped");  // spikes of many brains are counted, not told one by one
            ++stepped;
        });
        Ints expected(3, 0);
        alone.node->connected.push_back([&](const std::string& signal, const std::vector<Any>& values) {
            if (signal != "spiked" || *std::get<Name>(values[0]).text != "output") return;
            for (const int32_t neuron : std::get<Ints>(values[1])) ++expected[static_cast<std::size_t>(neuron)];
        });
        const Floats senses{1, 0.5f, 0};
        CHECK(number(call(many.node, "set_input", {std::string("input"), Floats(9, 0)})) == 0);
        CHECK(number(call(many.node, "set_sample_input", {int64_t{1}, std::string("input"), senses})) == 0);
        CHECK(number(call(alone.node, "set_input", {std::string("input"), senses})) == 0);
        CHECK(number(call(many.node, "step", {0.1001})) == 0);
        CHECK(number(call(alone.node, "step", {0.1001})) == 0);
        CHECK(stepped == 1);
        const Ints counts = std::get<Ints>(call(many.node, "get_spike_counts", {std::string("output")}));
        REQUIRE(counts.size() == 9);
        CHECK(Ints(counts.begin() + 3, counts.begin() + 6) == expected);
        CHECK(std::count(expected.begin(), expected.end(), 0) < 3);
        CHECK(std::get<Ints>(call(alone.node, "get_spike_counts", {std::string("output")})) == expected);
        const Floats states = std::get<Floats>(call(many.node, "get_state", {std::string("output.v")}));
        REQUIRE(states.size() == 9);
        CHECK(Floats(states.begin() + 3, states.begin() + 6) ==
              std::get<Floats>(call(alone.node, "get_state", {std::string("output.v")})));

        CHECK(number(call(many.node, "reset_sample", {int64_t{1}})) == 0);
        const Floats begun = std::get<Floats>(call(many.node, "get_state", {std::string("output.v")}));
        CHECK(number(call(alone.node, "reset", {})) == 0);
        CHECK(Floats(begun.begin() + 3, begun.begin() + 6) ==
              std::get<Floats>(call(alone.node, "get_state", {std::string("output.v")})));
        CHECK(Floats(begun.begin(), begun.begin() + 3) == Floats(states.begin(), states.begin() + 3));
        CHECK(number(call(many.node, "reset_sample", {int64_t{-1}})) == 31);
        CHECK(told("sample is -1; batch_size is 3"));

        call(many.node, "set_own_weights", {true});
        CHECK(std::get<bool>(call(many.node, "get_own_weights")));
        const std::string projection = std::get<std::vector<std::string>>(call(many.node, "get_projections"))[0];
        const std::size_t shared = std::get<Floats>(call(alone.node, "get_state", {projection + ".weight"})).size();
        CHECK(std::get<Floats>(call(many.node, "get_state", {projection + ".weight"})).size() == 3 * shared);
        CHECK(std::get<Floats>(call(many.node, "get_state", {projection + ".weight[2]"})).size() == shared);
        CHECK(errors.empty());

        CHECK(number(call(many.node, "set_sample_input", {int64_t{3}, std::string("input"), senses})) == 31);
        CHECK(told("sample is 3; batch_size is 3"));
        call(many.node, "set_batch_size", {int64_t{0}});
        CHECK(told("batch_size is 0"));
    }
    CHECK(errors.empty());
}

TEST_CASE("a node chooses its device by name") {
    Godot godot;
    {
        Brain brain;
        CHECK(std::get<std::string>(call(brain.node, "get_session_device")) == "cpu");
        call(brain.node, "set_device", {std::string("auto")});
        CHECK(std::get<std::string>(call(brain.node, "get_session_device")).starts_with("cpu: "));  // it is small
        CHECK(errors.empty());
        call(brain.node, "set_device", {std::string("abacus")});
        CHECK(std::get<std::string>(call(brain.node, "get_device")) == "abacus");
        CHECK(number(call(brain.node, "step", {0.1})) == 33);
        CHECK(told("abacus"));
    }
    CHECK(errors.empty());
}

TEST_CASE("steps in the background are told in a later frame and are the same") {
    Godot godot;
    {
        Brain background, brain;
        std::vector<std::string> heard, expected;
        const auto listen = [](Brain& it, std::vector<std::string>& list) {
            it.node->connected.push_back([&](const std::string& signal, const std::vector<Any>& values) {
                if (signal == "stepped") return list.push_back("stepped");
                std::string line = std::to_string(std::get<int64_t>(values[2])) + *std::get<Name>(values[0]).text;
                for (const int32_t neuron : std::get<Ints>(values[1])) line += " " + std::to_string(neuron);
                list.push_back(line);
            });
        };
        listen(background, heard);
        listen(brain, expected);
        call(background.node, "set_in_background", {true});
        CHECK(std::get<bool>(call(background.node, "get_in_background")));
        CHECK(!std::get<bool>(call(background.node, "is_stepping")));
        for (int frame = 0; frame < 20; ++frame) {
            const Floats senses{float(frame % 3) / 2, float(frame % 5) / 4, float(frame % 2)};
            CHECK(number(call(background.node, "set_input", {std::string("input"), senses})) == 0);
            CHECK(number(call(background.node, "step", {0.0165})) == 0);
            CHECK(heard == expected);  // what is told is the frame before
            while (std::get<bool>(call(background.node, "is_stepping"))) {
            }
            CHECK(number(call(brain.node, "set_input", {std::string("input"), senses})) == 0);
            CHECK(number(call(brain.node, "step", {0.0165})) == 0);
        }
        CHECK(heard.size() > 20);
        // Frames that come while steps are under way add their time to the next ones; what is read waits.
        for (int frame = 0; frame < 50; ++frame) CHECK(number(call(background.node, "step", {0.001})) == 0);
        while (std::get<bool>(call(background.node, "is_stepping"))) {
        }
        CHECK(number(call(background.node, "step", {0.0})) == 0);
        CHECK(number(call(brain.node, "step", {0.05})) == 0);
        CHECK(number(call(background.node, "get_step_count")) == number(call(brain.node, "get_step_count")));
        CHECK(std::get<Floats>(call(background.node, "get_state", {std::string("output.v")})) ==
              std::get<Floats>(call(brain.node, "get_state", {std::string("output.v")})));
        CHECK(number(call(background.node, "step", {1.0})) == 0);  // and it is freed while they run
    }
    CHECK(errors.empty());
}

TEST_CASE("wrong use is an error in Godot's log") {
    Godot godot;
    {
        CHECK(number(load("res://absent.snn")) == 19);
        CHECK(told("absent.snn"));
        CHECK(number(load("res://wrong.snn")) == 16);
        CHECK(told("wrong.snn: "));
        Object* node = construct("SpikingNetwork");
        CHECK(number(call(node, "step", {0.1})) == 3);
        CHECK(told("'network' of this SpikingNetwork is not set"));
        Object* resource = construct("Resource");
        reference(resource);
        call(node, "set_network", {resource});
        CHECK(told("takes a SpikingNetworkResource"));
        unreference(resource);
        call(node, "set_network", {node});  // an object of this extension, and no resource
        CHECK(told("takes a SpikingNetworkResource"));
        call(node, "set_network", {Any{}});
        call(node, "set_step_mode", {int64_t{3}});
        CHECK(told("step_mode is 3"));
        call(node, "set_thread_count", {int64_t{-1}});
        CHECK(told("thread_count is -1"));
        call(node, "set_budget_ms", {-0.5});
        CHECK(told("budget_ms is -0.5"));
        free_object(node);

        Brain brain;
        CHECK(number(call(brain.node, "set_input", {std::string("input"), Floats{1}})) == 31);
        CHECK(told("3"));
        CHECK(number(call(brain.node, "set_input", {std::string("inputs"), Floats{1, 1, 1}})) == 33);
        CHECK(told("no population 'inputs'"));
        CHECK(number(call(brain.node, "step", {-1.0})) == 31);
        CHECK(told("frame_dt"));
        CHECK(number(call(brain.node, "advance", {int64_t{-1}})) == 31);
        CHECK(told("steps is -1"));
        CHECK(std::get<Floats>(call(brain.node, "get_state", {std::string("output.w")})).empty());
        CHECK(told("w"));
        Bytes damaged = std::get<Bytes>(call(brain.resource, "get_bytes"));
        damaged.resize(damaged.size() / 2);
        call(brain.resource, "set_bytes", {damaged});
        CHECK(told("SpikingNetworkResource.bytes"));
        CHECK(number(call(brain.resource, "get_neuron_count")) == 27);  // it keeps what it had
        call(brain.node, "step", {std::string("soon")});
        CHECK(call_error.error == GODOT_CALL_INVALID_ARGUMENT);
        CHECK(call_error.argument == 0);
        CHECK(call_error.expected == GODOT_FLOAT);
        call(brain.node, "step");
        CHECK(call_error.error == GODOT_CALL_TOO_FEW);
        call(brain.node, "step", {0.1, 0.1});
        CHECK(call_error.error == GODOT_CALL_TOO_MANY);
        CHECK(number(call(brain.node, "step", {int64_t{1}})) == 0);  // a whole number is a number
    }
    CHECK(errors.empty());
}

TEST_CASE("a handler of spikes may do anything") {
    Godot godot;
    {
        Brain brain;
        std::vector<int64_t> heard;
        brain.node->connected.push_back([&](const std::string& signal, const std::vector<Any>& values) {
            if (signal != "spiked") return;
            heard.push_back(std::get<int64_t>(values[2]));
            if (heard.size() > 3) return;
            const std::string& population = *std::get<Name>(values[0]).text;
            CHECK(std::get<Floats>(call(brain.node, "get_state", {population + ".v"})).size() > 0);
            CHECK(number(call(brain.node, "set_input", {std::string("input"), Floats{1, 1, 1}})) == 0);
            const int64_t before = number(call(brain.node, "get_step_count"));
            if (heard.size() == 1) CHECK(number(call(brain.node, "advance", {int64_t{50}})) == 0);
            if (heard.size() == 1) CHECK(number(call(brain.node, "get_step_count")) == before + 50);
            if (heard.size() == 3) call(brain.node, "set_seed", {int64_t{4}});  // a new session: the rest is not told
        });
        call(brain.node, "set_input", {std::string("input"), Floats{1, 1, 1}});
        CHECK(number(call(brain.node, "advance", {int64_t{50}})) == 0);
        CHECK(heard.size() == 3);
        CHECK(std::is_sorted(heard.begin(), heard.end()));
        CHECK(number(call(brain.node, "get_step_count")) == 0);
        CHECK(number(call(brain.node, "advance", {int64_t{50}})) == 0);
    }
    CHECK(errors.empty());
}

TEST_CASE("an older Godot is told") {
    hidden = "classdb_register_extension_class3";
    {
        Godot godot;
        CHECK(!godot.running);
        CHECK(told("needs 4.3 or newer"));
    }
    hidden.clear();
}

int main(int argc, char** argv) { return doctest::Context(argc, argv).run(); }
