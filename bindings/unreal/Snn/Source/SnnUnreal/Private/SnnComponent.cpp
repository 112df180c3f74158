#include "SnnComponent.h"

#include "Engine/Engine.h"
#include "Misc/Paths.h"
#include "SnnLog.h"
#include "SnnSubsystem.h"

USnnComponent::USnnComponent()
{
    PrimaryComponentTick.bCanEverTick = true;
}

bool USnnComponent::Open(const FString& NewFile)
{
    File = NewFile;
    Brain.Close();
    bBegun = false;
    const SnnUnreal::NetworkPtr Network = GEngine->GetEngineSubsystem<USnnSubsystem>()->Load(File); // it told why there is none
    if (!Network) return false;
    SnnUnreal::Options Options;
    Options.ThreadCount = ThreadCount;
    Options.Seed = static_cast<uint64_t>(Seed);
    Options.BudgetSeconds = BudgetMilliseconds / 1000;
    Options.Device = TCHAR_TO_UTF8(*Device);
    Options.BatchSize = BatchSize;
    Options.bOwnWeights = bOwnWeights;
    return Told(Brain.Open(Network, Options));
}

bool USnnComponent::SetInput(FName Population, const TArray<float>& Values)
{
    const int Index = Brain.FindPopulation(TCHAR_TO_UTF8(*Population.ToString()));
    return Told(Index >= 0 && Brain.SetInput(Index, Values.GetData(), static_cast<std::size_t>(Values.Num())));
}

bool USnnComponent::SetSampleInput(int32 Sample, FName Population, const TArray<float>& Values)
{
    const int Index = Brain.FindPopulation(TCHAR_TO_UTF8(*Population.ToString()));
    return Told(Index >= 0 && Brain.SetSampleInput(Sample, Index, Values.GetData(), static_cast<std::size_t>(Values.Num())));
}

bool USnnComponent::Step(float DeltaSeconds)
{
    if (!bInBackground)
    {
        if (!Told(Brain.Wait() && Brain.Step(DeltaSeconds))) return false;
        TellSpikes();
        return true;
    }
    bool bDone = false;
    bool bOk = Told(Brain.Poll(bDone));
    if (bDone && bBegun)
    {
        bBegun = false;
        TellSpikes();
    }
    if (!Brain.IsOpen()) return bOk;
    bOk = Told(Brain.BeginStep(DeltaSeconds)) && bOk;
    bBegun = true;
    return bOk;
}

void USnnComponent::TellSpikes()
{
    if (OnSpiked.IsBound() && BatchSize == 1)
    {
        // By copies: a handler may open another file.
        const std::vector<SnnUnreal::SpikeEvent> Events = Brain.Spikes();
        const std::vector<uint32_t> Neurons = Brain.SpikedNeurons();
        TArray<FName> Names;
        for (const SnnUnreal::SpikeEvent& Event : Events) Names.Add(FName(UTF8_TO_TCHAR(Brain.PopulationName(Event.Population).c_str())));
        TArray<int32> Spiked;
        for (std::size_t i = 0; i < Events.size(); ++i)
        {
            Spiked.Reset();
            for (uint32_t n = 0; n < Events[i].Count; ++n) Spiked.Add(static_cast<int32>(Neurons[Events[i].First + n]));
            OnSpiked.Broadcast(Names[static_cast<int32>(i)], Spiked, static_cast<int64>(Events[i].Step));
        }
    }
    OnStepped.Broadcast();
}

bool USnnComponent::IsStepping()
{
    if (!Brain.IsOpen()) return false;
    bool bDone = false;
    Told(Brain.Poll(bDone));
    return !bDone;
}

bool USnnComponent::GetSpikeCounts(FName Population, TArray<int32>& OutCounts)
{
    const int Index = Brain.FindPopulation(TCHAR_TO_UTF8(*Population.ToString()));
    if (!Told(Index >= 0 && Brain.Wait() && Brain.SpikeCounts(Index, CountValues))) return false;
    OutCounts.Reset();
    OutCounts.Append(CountValues.data(), static_cast<int32>(CountValues.size()));
    return true;
}

FString USnnComponent::GetSessionDevice()
{
    if (!Told(Brain.Wait())) return FString();
    return UTF8_TO_TCHAR(Brain.Device().c_str());
}

bool USnnComponent::GetState(const FString& Path, TArray<float>& OutValues)
{
    if (!Told(Brain.Wait() && Brain.State(TCHAR_TO_UTF8(*Path), StateValues))) return false;
    OutValues.Reset();
    OutValues.Append(StateValues.data(), static_cast<int32>(StateValues.size()));
    return true;
}

bool USnnComponent::SetState(const FString& Path, const TArray<float>& Values)
{
    return Told(Brain.Wait() && Brain.SetState(TCHAR_TO_UTF8(*Path), Values.GetData(), static_cast<std::size_t>(Values.Num())));
}

bool USnnComponent::SendSignal(FName Projection, float Value)
{
    return Told(Brain.Wait() && Brain.SendSignal(TCHAR_TO_UTF8(*Projection.ToString()), Value));
}

namespace
{
// Unreal's own paths are relative to its programs.
std::string SavedPath(const FString& SavedFile)
{
    return TCHAR_TO_UTF8(*FPaths::ConvertRelativePathToFull(FPaths::Combine(FPaths::ProjectSavedDir(), SavedFile)));
}
}

bool USnnComponent::SaveState(const FString& SavedFile)
{
    return Told(Brain.Wait() && Brain.SaveState(SavedPath(SavedFile)));
}

bool USnnComponent::LoadState(const FString& SavedFile)
{
    return Told(Brain.Wait() && Brain.LoadState(SavedPath(SavedFile)));
}

bool USnnComponent::GetCounters(FSnnCounters& OutCounters)
{
    SnnUnreal::Counters Counted;
    if (!Told(Brain.Wait() && Brain.GetCounters(Counted))) return false;
    OutCounters.Steps = static_cast<int64>(Counted.Steps);
    OutCounters.NeuronUpdates = static_cast<int64>(Counted.NeuronUpdates);
    OutCounters.Spikes = static_cast<int64>(Counted.Spikes);
    OutCounters.InputSpikes = static_cast<int64>(Counted.InputSpikes);
    OutCounters.SynapticEvents = static_cast<int64>(Counted.SynapticEvents);
    OutCounters.SynapticOperations = static_cast<int64>(Counted.SynapticOperations);
    return true;
}

bool USnnComponent::ResetNetwork()
{
    return Told(Brain.Wait() && Brain.Reset());
}

bool USnnComponent::ResetSamples(const TArray<int32>& Samples)
{
    return Told(Brain.Wait() && Brain.ResetSamples(Samples.GetData(), static_cast<std::size_t>(Samples.Num())));
}

void USnnComponent::BeginPlay()
{
    Super::BeginPlay();
    if (!File.IsEmpty() && !Brain.IsOpen()) Open(File);
}

void USnnComponent::EndPlay(const EEndPlayReason::Type Reason)
{
    Brain.Close();
    Super::EndPlay(Reason);
}

void USnnComponent::TickComponent(float DeltaSeconds, ELevelTick Type, FActorComponentTickFunction* Function)
{
    Super::TickComponent(DeltaSeconds, Type, Function);
    if (bStepInTick && Brain.IsOpen()) Step(DeltaSeconds);
}

bool USnnComponent::Told(bool bOk) const
{
    if (!bOk) UE_LOG(LogSnn, Error, TEXT("%s: %s"), *GetPathName(), UTF8_TO_TCHAR(Brain.Error().c_str()));
    return bOk;
}
