// SnnBrain.h - a running network without a word of Unreal: what USnnComponent uses, and tests run without the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#ifndef SNNUNREAL_API // Unreal's build tool defines it: exported from the module
#define SNNUNREAL_API
#endif

namespace SnnUnreal
{
/** A network that was loaded once and is shared by brains. Immutable; any thread. */
class Network;
using NetworkPtr = std::shared_ptr<const Network>;

/** From the bytes of a .snn file, which are copied. Null, and a sentence, when they are not one. */
SNNUNREAL_API NetworkPtr LoadNetwork(const void* Data, std::size_t SizeBytes, std::string& OutError);

/** Whether the libsnn that was found is the one that this plug-in was made for; a sentence when it is not. */
SNNUNREAL_API bool CheckLibrary(std::string& OutError);

struct Options
{
    int ThreadCount = 1;     // 0: one for each core. The results are the same.
    uint64_t Seed = 0;       // of the random draws of models that have some
    float BudgetSeconds = 0; // of a step; what is left is done in the next ones. 0: no limit
    std::string Device = "cpu"; // "auto": the fastest for the network, measured when it opens; "vulkan": a device of its own
    int BatchSize = 1;          // brains of the network, each with its own state
    bool bOwnWeights = false;   // and with weights of its own, "projection.weight[7]"
};

/** The neurons of a population that spiked in a step. */
struct SpikeEvent
{
    uint32_t Population;
    uint32_t Sample; // of BatchSize
    uint64_t Step;
    uint32_t First, Count; // their part of Brain::SpikedNeurons
};

/** What a brain has computed since it was opened or reset. */
struct Counters
{
    uint64_t Steps, NeuronUpdates, Spikes, InputSpikes, SynapticEvents, SynapticOperations;
};

/** Runs a network, or many brains of one. Arrays of inputs and states have the values of the first brain first. One thread at a time. No function throws: those that return bool leave a sentence in Error().
 *  A step allocates only when more neurons spike in it than in any before. */
class SNNUNREAL_API Brain
{
public:
    Brain();
    ~Brain();
    Brain(const Brain&) = delete;
    Brain& operator=(const Brain&) = delete;

    /** Ends what ran before. */
    bool Open(const NetworkPtr& Opened, const Options& Wanted);
    void Close();
    bool IsOpen() const;

    /** -1, and a sentence, when there is none. */
    int FindPopulation(const std::string& Name);
    /** Empty for an index that is none. */
    const std::string& PopulationName(uint32_t Population) const;
    /** For the coming step. Spikes, 0 or 1, hold for one step; values stay. */
    bool SetInput(int Population, const float* Values, std::size_t Count);
    /** The same for one brain of BatchSize. What other brains were given stays. */
    bool SetSampleInput(int Sample, int Population, const float* Values, std::size_t Count);
    /** Advances by so many seconds: as many whole steps as fit, the rest is carried. Spikes() has the spikes of these steps. */
    bool Step(float DeltaSeconds);
    /** Steps in the background. Begins such steps on another thread and returns at once; when steps are under way already, their
     *  successors take the time over. Until Poll has said that they are done the brain takes inputs, and other calls fail. */
    bool BeginStep(float DeltaSeconds);
    /** Whether nothing is under way any more: Spikes() has the spikes of what was begun. Never waits. False in bOutDone while it is;
     *  false as the result when the steps failed. */
    bool Poll(bool& bOutDone);
    /** The same, but it waits until they are done. */
    bool Wait();
    bool Reset();
    bool ResetSamples(const int32_t* Samples, std::size_t Count);
    /** In the order in which they came; until the next Step. */
    const std::vector<SpikeEvent>& Spikes() const;
    const std::vector<uint32_t>& SpikedNeurons() const;
    /** How often each neuron of a population spiked in these steps, [BatchSize][size]. */
    bool SpikeCounts(int Population, std::vector<int32_t>& OutCounts);
    /** Where it runs, "vulkan:0", and why where Device left the choice; "" when it is not open. */
    std::string Device();
    /** A state as it is now, "output.v", one value for each neuron. */
    bool State(const std::string& Path, std::vector<float>& OutValues);
    /** Any value that may be written, by its path: a state, "projection.weight", "population.threshold" and other parameters. */
    bool SetState(const std::string& Path, const float* Values, std::size_t Count);
    /** A signal, such as a reward, to all synapses of a projection whose rule of plasticity takes one. */
    bool SendSignal(const std::string& Projection, float Value);
    /** All that the next steps depend on, to a file (UTF-8) and back; bit for bit, but for a network that is another. */
    bool SaveState(const std::string& Path);
    bool LoadState(const std::string& Path);
    bool GetCounters(Counters& OutCounters);
    uint64_t StepCount() const;
    /** What the last call that failed had to say. */
    const std::string& Error() const;

private:
    struct Implementation;
    std::unique_ptr<Implementation> It;
};
}
