// Plays the plug-in without Unreal: the part that knows no engine, then the component and the subsystem with engine/ in place of
// Unreal's headers.
//
// Environment: SNN_CONTENT  the Content folder, with creature.snn, learning.snn and wrong.snn; the Saved folder as well
//              SNN_EXPECTED  the line that the game prints
#define DOCTEST_CONFIG_IMPLEMENT
#include "Engine/Engine.h"
#include "SnnBrain.h"
#include "SnnComponent.h"
#include "SnnSubsystem.h"

#include "../creature.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <iterator>

extern "C" const char* ModuleSnnUnreal();

namespace {

std::vector<char> read(const char* name) {
    std::ifstream file(std::string(std::getenv("SNN_CONTENT")) + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

SnnUnreal::NetworkPtr creature() {
    const std::vector<char> bytes = read("creature.snn");
    std::string error;
    const SnnUnreal::NetworkPtr network = SnnUnreal::LoadNetwork(bytes.data(), bytes.size(), error);
    REQUIRE_MESSAGE(static_cast<bool>(network), error);
    return network;
}

bool contains(const std::string& text, const char* words) {
    INFO(text);
    return text.find(words) != std::string::npos;
}

bool told(const char* words) {
    const bool found = Logged.size() == 1 && contains(Logged[0], words);
    Logged.clear();
    return found;
}

struct Game {
    UEngine engine;
    Game() { GEngine = &engine; }
    ~Game() {
        if (engine.Only) engine.Only->Deinitialize();
        GEngine = nullptr;
        CHECK(Logged.empty());
        Logged.clear();
    }
};

}  // namespace

TEST_CASE("a brain plays the game") {
    SnnUnreal::Brain brain;
    REQUIRE(brain.Open(creature(), {}));
    const int input = brain.FindPopulation("input"), output = brain.FindPopulation("output");
    std::vector<float> voltages;
    const std::string line = play_creature([&](CreatureFrame& frame) {
        REQUIRE(brain.SetInput(input, frame.seen.data(), 3));
        REQUIRE(brain.Step(1.0f / 60.0f));
        for (const SnnUnreal::SpikeEvent& event : brain.Spikes())
            for (uint32_t i = 0; event.Population == static_cast<uint32_t>(output) && i < event.Count; ++i)
                ++frame.spikes[brain.SpikedNeurons()[event.First + i]];
        REQUIRE(brain.State("output.v", voltages));
        std::copy(voltages.begin(), voltages.end(), frame.voltages.begin());
    });
    CHECK(line == std::getenv("SNN_EXPECTED"));
    CHECK(brain.PopulationName(2) == "output");
    CHECK(brain.PopulationName(3).empty());
}

TEST_CASE("a brain says what is wrong and goes on") {
    std::string error;
    const std::vector<char> wrong = read("wrong.snn");
    CHECK(!SnnUnreal::LoadNetwork(wrong.data(), wrong.size(), error));
    CHECK(!error.empty());
    CHECK(SnnUnreal::CheckLibrary(error));
    SnnUnreal::Brain brain;
    std::vector<float> values;
    CHECK(!brain.Step(0.1f));
    CHECK(contains(brain.Error(), "Open it first"));
    CHECK(!brain.Open(nullptr, {}));
    CHECK(contains(brain.Error(), "null"));
    CHECK(!brain.Open(creature(), {-1, 0, 0}));
    CHECK(contains(brain.Error(), "ThreadCount is -1"));
    CHECK(!brain.Open(creature(), {1, 0, NAN}));
    CHECK(contains(brain.Error(), "BudgetSeconds"));
    REQUIRE(brain.Open(creature(), {}));
    const float two[2] = {};
    CHECK(!brain.SetInput(0, two, 2));
    CHECK(contains(brain.Error(), "3"));
    CHECK(brain.FindPopulation("cells") == -1);
    CHECK(contains(brain.Error(), "cells"));
    CHECK(!brain.SetInput(-1, two, 2));
    CHECK(!brain.State("output.w", values));
    CHECK(contains(brain.Error(), "w"));
    CHECK(!brain.Step(-1));
    CHECK(brain.Step(0.0105f));
    CHECK(brain.StepCount() == 10);
    CHECK(brain.Reset());
    CHECK(brain.StepCount() == 0);
    REQUIRE(brain.Open(creature(), {0, 1, 1e-9f}));
    CHECK(brain.Step(0.05f));
    CHECK(brain.StepCount() == 1);
    brain.Close();
    CHECK(!brain.IsOpen());
}

TEST_CASE("a component plays the game") {
    const Game game;
    USnnComponent component;
    CHECK(component.PrimaryComponentTick.bCanEverTick);
    component.File = "creature.snn";
    component.BeginPlay();
    CreatureFrame* now = nullptr;
    component.OnSpiked.Bound.push_back([&](FName population, const TArray<int32>& neurons, int64) {
        if (std::string(*population.ToString()) != "output") return;
        for (int32 i = 0; i < neurons.Num(); ++i) ++now->spikes[static_cast<std::size_t>(neurons[i])];
    });
    TArray<float> voltages;
    const std::string line = play_creature([&](CreatureFrame& frame) {
        now = &frame;
        REQUIRE(component.SetInput("input", {frame.seen[0], frame.seen[1], frame.seen[2]}));
        component.TickComponent(1.0f / 60.0f, LEVELTICK_All, &component.PrimaryComponentTick);
        REQUIRE(component.GetState("output.v", voltages));
        for (int32 i = 0; i < 3; ++i) frame.voltages[static_cast<std::size_t>(i)] = voltages[i];
    });
    CHECK(line == std::getenv("SNN_EXPECTED"));
    component.EndPlay(EEndPlayReason::Destroyed);
    CHECK(!component.Step(0.1f));
    CHECK(told("Open it first"));
}

TEST_CASE("a component tells the log what is wrong") {
    const Game game;
    USnnComponent component;
    component.BeginPlay();  // without a file it is quiet
    component.TickComponent(0.1f, LEVELTICK_All, nullptr);
    CHECK(!component.Open("absent.snn"));
    CHECK(told("absent.snn cannot be read"));
    CHECK(!component.Open("wrong.snn"));
    CHECK(told("wrong.snn: "));
    CHECK(component.Open("creature.snn"));
    CHECK(!component.SetInput("inputs", {1, 1, 1}));
    CHECK(told("/Game/Test.Component: "));
    CHECK(!component.SetInput("input", {1}));
    CHECK(told("3"));
    TArray<float> values;
    CHECK(!component.GetState("output.w", values));
    CHECK(told("w"));
    CHECK(component.ResetNetwork());
    component.bStepInTick = false;
    component.TickComponent(0.1f, LEVELTICK_All, nullptr);
    TArray<float> state;
    CHECK(component.GetState("output.v", state));
    CHECK(state[0] == 0);
    int heard = 0;
    component.OnSpiked.Bound.push_back([&](FName, const TArray<int32>&, int64) {
        if (heard++ == 0) CHECK(component.Open("creature.snn"));  // a handler may open another file
    });
    REQUIRE(component.SetInput("input", {1, 1, 1}));
    CHECK(component.Step(0.05f));
    CHECK(heard > 0);
}

TEST_CASE("a component runs many brains of one network") {
    const Game game;
    USnnComponent component, alone;
    component.BatchSize = 3;
    component.bOwnWeights = true;
    component.Device = "auto";
    REQUIRE(component.Open("creature.snn"));
    REQUIRE(alone.Open("creature.snn"));
    CHECK(std::string(*component.GetSessionDevice()).rfind("cpu: ", 0) == 0);  // it is small
    CHECK(std::string(*alone.GetSessionDevice()) == "cpu");
    int stepped = 0;
    component.OnSpiked.Bound.push_back([&](FName, const TArray<int32>&, int64) { FAIL("spikes of many brains are counted"); });
    component.OnStepped.Bound.push_back([&] { ++stepped; });
    const TArray<float> senses{1, 0.5f, 0};
    REQUIRE(component.SetSampleInput(1, "input", senses));
    REQUIRE(alone.SetInput("input", senses));
    REQUIRE(component.Step(0.1001f));
    REQUIRE(alone.Step(0.1001f));
    CHECK(stepped == 1);
    TArray<int32> counts, expected;
    REQUIRE(component.GetSpikeCounts("output", counts));
    REQUIRE(alone.GetSpikeCounts("output", expected));
    REQUIRE(counts.Num() == 9);
    REQUIRE(expected.Num() == 3);
    for (int32 i = 0; i < 3; ++i) CHECK(counts[3 + i] == expected[i]);
    CHECK(expected[0] + expected[1] + expected[2] > 0);
    TArray<float> states, state;
    REQUIRE(component.GetState("output.v", states));
    REQUIRE(alone.GetState("output.v", state));
    for (int32 i = 0; i < 3; ++i) CHECK(states[3 + i] == state[i]);

    REQUIRE(component.ResetSamples({1}));
    REQUIRE(alone.ResetNetwork());
    TArray<float> begun;
    REQUIRE(component.GetState("output.v", begun));
    REQUIRE(alone.GetState("output.v", state));
    for (int32 i = 0; i < 3; ++i) {
        CHECK(begun[3 + i] == state[i]);
        CHECK(begun[i] == states[i]);
    }
    CHECK(!component.ResetSamples({3}));
    CHECK(told("samples[0] is 3; batch_size is 3"));

    CHECK(!component.SetSampleInput(3, "input", senses));
    CHECK(told("sample is 3; batch_size is 3"));
    component.BatchSize = 0;
    CHECK(!component.Open("creature.snn"));
    CHECK(told("BatchSize is 0"));
    component.BatchSize = 1;
    component.Device = "abacus";
    CHECK(!component.Open("creature.snn"));
    CHECK(told("abacus"));
}

TEST_CASE("steps in the background are told in a later tick and are the same") {
    const Game game;
    USnnComponent background, component;
    background.bInBackground = true;
    REQUIRE(background.Open("creature.snn"));
    REQUIRE(component.Open("creature.snn"));
    std::vector<int64> heard, expected;
    const auto listen = [](USnnComponent& one, std::vector<int64>& list) {
        one.OnSpiked.Bound.push_back([&](FName, const TArray<int32>& neurons, int64 step) {
            list.push_back(step);
            for (int32 i = 0; i < neurons.Num(); ++i) list.push_back(neurons[i]);
        });
        one.OnStepped.Bound.push_back([&] { list.push_back(-1); });
    };
    listen(background, heard);
    listen(component, expected);
    CHECK(!background.IsStepping());
    for (int frame = 0; frame < 20; ++frame) {
        const TArray<float> senses{float(frame % 3) / 2, float(frame % 5) / 4, float(frame % 2)};
        REQUIRE(background.SetInput("input", senses));
        background.TickComponent(0.0165f, LEVELTICK_All, nullptr);
        CHECK(heard == expected);  // what is told is the tick before
        while (background.IsStepping()) {
        }
        REQUIRE(component.SetInput("input", senses));
        component.TickComponent(0.0165f, LEVELTICK_All, nullptr);
    }
    CHECK(heard.size() > 40);
    TArray<float> states, state;
    REQUIRE(background.GetState("output.v", states));
    REQUIRE(component.GetState("output.v", state));
    for (int32 i = 0; i < 3; ++i) CHECK(states[i] == state[i]);
    background.TickComponent(1.0f, LEVELTICK_All, nullptr);
    background.EndPlay(EEndPlayReason::Destroyed);  // while they run
}

TEST_CASE("a component learns from signals, goes on from a saved game and counts") {
    const Game game;
    USnnComponent component;
    REQUIRE(component.Open("learning.snn"));
    const auto weights = [&] {
        TArray<float> values;
        CHECK(component.GetState("synapses.weight", values));
        return std::vector<float>(values.GetData(), values.GetData() + values.Num());
    };
    const auto play = [&](int steps, float reward) {
        for (int i = 0; i < steps; ++i) {
            REQUIRE(component.SetInput("source", {1, 1, 1, 1, 1, 1}));
            REQUIRE(component.Step(0.001f));
        }
        CHECK(component.SendSignal("synapses", reward));
        return weights();
    };
    const std::vector<float> before = weights(), rewarded = play(30, 1);
    CHECK(rewarded != before);
    CHECK(play(30, 0) == rewarded);  // without a reward nothing is learned
    FSnnCounters counters;
    REQUIRE(component.GetCounters(counters));
    CHECK(counters.Steps == 60);
    CHECK(counters.InputSpikes == 360);
    CHECK(counters.NeuronUpdates == 240);
    CHECK(counters.Spikes > 0);
    CHECK(counters.SynapticEvents == 1440);
    REQUIRE(component.SaveState("game.state"));
    const std::vector<float> ahead = play(10, 0.5f);
    REQUIRE(component.LoadState("game.state"));
    CHECK(weights() == rewarded);
    CHECK(play(10, 0.5f) == ahead);
    TArray<float> values;
    values.Append(before.data(), static_cast<int32>(before.size()));
    CHECK(component.SetState("synapses.weight", values));
    CHECK(weights() == before);

    CHECK(!component.SendSignal("synapse", 1));
    CHECK(told("named 'synapse'"));
    CHECK(!component.SetState("cells.v", {1}));
    CHECK(told("cells.v"));
    CHECK(!component.LoadState("absent.state"));
    CHECK(told("absent.state"));
    component.EndPlay(EEndPlayReason::Destroyed);
    CHECK(!component.GetCounters(counters));
    CHECK(told("Open it first"));
}

TEST_CASE("a file is loaded once") {
    const Game game;
    USnnSubsystem* files = GEngine->GetEngineSubsystem<USnnSubsystem>();
    const SnnUnreal::NetworkPtr first = files->Load("creature.snn");
    CHECK(files->Load("creature.snn").get() == first.get());
    files->ForgetFiles();
    CHECK(files->Load("creature.snn").get() != first.get());
    CHECK(std::string(ModuleSnnUnreal()) == "SnnUnreal");
}

int main(int argc, char** argv) { return doctest::Context(argc, argv).run(); }
