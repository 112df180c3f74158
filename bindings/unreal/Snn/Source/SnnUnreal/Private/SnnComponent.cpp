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
    const SnnUnreal::NetworkPtr Network = GEngine->GetEngineSubsystem<USnnSubsystem>()->Load(File); // it told why there is none
    if (!Network) return false;
    SnnUnreal::Options Options;
    Options.ThreadCount = ThreadCount;
    Options.Seed = static_cast<uint64_t>(Seed);
    Options.BudgetSeconds = BudgetMilliseconds / 1000;
    return Told(Brain.Open(Network, Options));
}

bool USnnComponent::SetInput(FName Population, const TArray<float>& Values)
{
    const int Index = Brain.FindPopulation(TCHAR_TO_UTF8(*Population.ToString()));
    return Told(Index >= 0 && Brain.SetInput(Index, Values.GetData(), static_cast<std::size_t>(Values.Num())));
}

bool USnnComponent::Step(float DeltaSeconds)
{
    if (!Told(Brain.Step(DeltaSeconds))) return false;
    if (!OnSpiked.IsBound()) return true;
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
    return true;
}

bool USnnComponent::GetState(const FString& Path, TArray<float>& OutValues)
{
    if (!Told(Brain.State(TCHAR_TO_UTF8(*Path), StateValues))) return false;
    OutValues.Reset();
    OutValues.Append(StateValues.data(), static_cast<int32>(StateValues.size()));
    return true;
}

bool USnnComponent::SetState(const FString& Path, const TArray<float>& Values)
{
    return Told(Brain.SetState(TCHAR_TO_UTF8(*Path), Values.GetData(), static_cast<std::size_t>(Values.Num())));
}

bool USnnComponent::SendSignal(FName Projection, float Value)
{
    return Told(Brain.SendSignal(TCHAR_TO_UTF8(*Projection.ToString()), Value));
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
    return Told(Brain.SaveState(SavedPath(SavedFile)));
}

bool USnnComponent::LoadState(const FString& SavedFile)
{
    return Told(Brain.LoadState(SavedPath(SavedFile)));
}

bool USnnComponent::GetCounters(FSnnCounters& OutCounters)
{
    SnnUnreal::Counters Counted;
    if (!Told(Brain.GetCounters(Counted))) return false;
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
    return Told(Brain.Reset());
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
