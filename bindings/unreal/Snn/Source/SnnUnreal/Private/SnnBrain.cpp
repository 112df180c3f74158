#include "SnnNetwork.h"

#include <limits>
#include <optional>

namespace SnnUnreal
{
NetworkPtr LoadNetwork(const void* Data, std::size_t SizeBytes, std::string& OutError)
{
    NetworkPtr Loaded;
    Guarded(OutError, [&] { Loaded = std::make_shared<Network>(snn::Network::load_memory(Data, SizeBytes)); });
    return Loaded;
}

bool CheckLibrary(std::string& OutError)
{
    if (snn::abi_version() == SNN_ABI_VERSION) return true;
    OutError = "libsnn has ABI version " + std::to_string(snn::abi_version()) + ", the plug-in was made for version " +
               std::to_string(SNN_ABI_VERSION);
    return false;
}

struct Brain::Implementation
{
    NetworkPtr Shared;
    float BudgetSeconds = 0;
    std::vector<SpikeEvent> Events;
    std::vector<uint32_t> Neurons;
    std::string Error;
    std::optional<snn::Session> Session; // last: it ends first

    snn::Session& Running()
    {
        if (!Session) throw snn::Error(SNN_ERROR_STATE, "this brain has no network: Open it first");
        return *Session;
    }
};

Brain::Brain() : It(std::make_unique<Implementation>()) {}
Brain::~Brain() = default;

bool Brain::Open(const NetworkPtr& Opened, const Options& Wanted)
{
    Close();
    return Guarded(It->Error, [&] {
        if (!Opened) throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, "the network to open is null");
        if (Wanted.ThreadCount < 0)
            throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, ("ThreadCount is " + std::to_string(Wanted.ThreadCount)).c_str());
        if (!(Wanted.BudgetSeconds >= 0))
            throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, ("BudgetSeconds is " + std::to_string(Wanted.BudgetSeconds)).c_str());
        if (Wanted.BatchSize < 1)
            throw snn::Error(SNN_ERROR_INVALID_ARGUMENT, ("BatchSize is " + std::to_string(Wanted.BatchSize)).c_str());
        snn::SessionOptions Given;
        Given.thread_count = static_cast<uint32_t>(Wanted.ThreadCount);
        Given.seed = Wanted.Seed;
        Given.device = Wanted.Device;
        Given.batch_size = static_cast<uint32_t>(Wanted.BatchSize);
        if (Wanted.bOwnWeights) Given.flags |= SNN_FLAG_SAMPLE_WEIGHTS;
        It->Session.emplace(Opened->Handle, Given);
        It->Shared = Opened;
        It->BudgetSeconds = Wanted.BudgetSeconds > 0 ? Wanted.BudgetSeconds : std::numeric_limits<float>::infinity();
        It->Session->on_spikes([This = It.get()](const SNNSpikes& Spikes) {
            This->Events.push_back({Spikes.population, Spikes.sample, Spikes.step, static_cast<uint32_t>(This->Neurons.size()), Spikes.count});
            This->Neurons.insert(This->Neurons.end(), Spikes.neurons, Spikes.neurons + Spikes.count);
        });
    });
}

void Brain::Close()
{
    It->Session.reset();
    It->Shared.reset();
    It->Events.clear();
    It->Neurons.clear();
}

bool Brain::IsOpen() const { return It->Session.has_value(); }

int Brain::FindPopulation(const std::string& Name)
{
    int Found = -1;
    Guarded(It->Error, [&] {
        It->Running();
        Found = static_cast<int>(It->Shared->Handle.find_population(Name));
    });
    return Found;
}

const std::string& Brain::PopulationName(uint32_t Population) const
{
    static const std::string None;
    return It->Shared && Population < It->Shared->Names.size() ? It->Shared->Names[Population] : None;
}

bool Brain::SetInput(int Population, const float* Values, std::size_t Count)
{
    return Guarded(It->Error, [&] { It->Running().set_input(static_cast<uint32_t>(Population), {Values, Count}); });
}

bool Brain::Step(float DeltaSeconds)
{
    It->Events.clear();
    It->Neurons.clear();
    return Guarded(It->Error, [&] {
        It->Running().run_step_within(DeltaSeconds, It->BudgetSeconds);
    });
}

bool Brain::SetSampleInput(int Sample, int Population, const float* Values, std::size_t Count)
{
    return Guarded(It->Error, [&] {
        It->Running().set_sample_input(static_cast<uint32_t>(Population), static_cast<uint32_t>(Sample), {Values, Count});
    });
}

bool Brain::BeginStep(float DeltaSeconds)
{
    return Guarded(It->Error, [&] {
        if (!It->Running().begin(DeltaSeconds, It->BudgetSeconds)) return;
        It->Events.clear();
        It->Neurons.clear();
    });
}

bool Brain::Poll(bool& bOutDone)
{
    bOutDone = true; // also when it is an error of the steps that are done
    return Guarded(It->Error, [&] { bOutDone = It->Running().poll(); });
}

bool Brain::Wait()
{
    return Guarded(It->Error, [&] { It->Running().wait(); });
}

bool Brain::SpikeCounts(int Population, std::vector<int32_t>& OutCounts)
{
    return Guarded(It->Error, [&] {
        const std::size_t Size = It->Shared ? It->Shared->Handle.population(static_cast<uint32_t>(Population)).size : 0;
        OutCounts.assign(It->Running().batch_size() * Size, 0);
        for (const SpikeEvent& Event : It->Events)
            for (uint32_t i = 0; Event.Population == static_cast<uint32_t>(Population) && i < Event.Count; ++i)
                ++OutCounts[Event.Sample * Size + It->Neurons[Event.First + i]];
    });
}

std::string Brain::Device()
{
    std::string Named;
    Guarded(It->Error, [&] {
        const SNNSessionDevice Found = It->Running().device();
        Named = std::string(Found.name) + (*Found.reason ? ": " : "") + Found.reason;
    });
    return Named;
}

bool Brain::Reset()
{
    return Guarded(It->Error, [&] { It->Running().reset(); });
}

bool Brain::ResetSamples(const int32_t* Samples, std::size_t Count)
{
    return Guarded(It->Error, [&] { It->Running().reset_samples({reinterpret_cast<const uint32_t*>(Samples), Count}); });
}

const std::vector<SpikeEvent>& Brain::Spikes() const { return It->Events; }
const std::vector<uint32_t>& Brain::SpikedNeurons() const { return It->Neurons; }

bool Brain::State(const std::string& Path, std::vector<float>& OutValues)
{
    return Guarded(It->Error, [&] {
        snn::Session& Session = It->Running();
        OutValues.resize(Session.value_count(Path));
        Session.read(Path, snn::Span<float>(OutValues));
    });
}

bool Brain::SetState(const std::string& Path, const float* Values, std::size_t Count)
{
    return Guarded(It->Error, [&] { It->Running().write(Path, snn::Span<const float>(Values, Count)); });
}

bool Brain::SendSignal(const std::string& Projection, float Value)
{
    return SetState(Projection + ".signal", &Value, 1);
}

bool Brain::SaveState(const std::string& Path)
{
    return Guarded(It->Error, [&] { It->Running().save_state(Path); });
}

bool Brain::LoadState(const std::string& Path)
{
    return Guarded(It->Error, [&] { It->Running().load_state(Path); });
}

bool Brain::GetCounters(Counters& OutCounters)
{
    return Guarded(It->Error, [&] {
        const SNNCounters Counted = It->Running().counters();
        OutCounters = {Counted.steps,        Counted.neuron_updates,  Counted.spikes,
                       Counted.input_spikes, Counted.synaptic_events, Counted.synaptic_operations};
    });
}

uint64_t Brain::StepCount() const { return It->Session ? It->Session->step_count() : 0; }
const std::string& Brain::Error() const { return It->Error; }
}
