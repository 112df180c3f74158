#pragma once

#include "Components/ActorComponent.h"
#include "CoreMinimal.h"
#include "SnnBrain.h"

#include "SnnComponent.generated.h"

/** A population and its neurons that spiked in a step. */
DECLARE_DYNAMIC_MULTICAST_DELEGATE_ThreeParams(FSnnSpiked, FName, Population, const TArray<int32>&, Neurons, int64, Step);

DECLARE_DYNAMIC_MULTICAST_DELEGATE(FSnnStepped);

/** What a component has computed since it was opened or reset. */
USTRUCT(BlueprintType)
struct FSnnCounters
{
    GENERATED_BODY()

    UPROPERTY(BlueprintReadOnly, Category = "Spiking Network")
    int64 Steps = 0;
    UPROPERTY(BlueprintReadOnly, Category = "Spiking Network")
    int64 NeuronUpdates = 0;
    UPROPERTY(BlueprintReadOnly, Category = "Spiking Network")
    int64 Spikes = 0;
    UPROPERTY(BlueprintReadOnly, Category = "Spiking Network")
    int64 InputSpikes = 0;
    UPROPERTY(BlueprintReadOnly, Category = "Spiking Network")
    int64 SynapticEvents = 0;
    UPROPERTY(BlueprintReadOnly, Category = "Spiking Network")
    int64 SynapticOperations = 0;
};

/** Runs a .snn file, or many brains of one, from the game thread. What goes wrong is a line in the log, and false. */
UCLASS(ClassGroup = (AI), meta = (BlueprintSpawnableComponent))
class SNNUNREAL_API USnnComponent : public UActorComponent
{
    GENERATED_BODY()

public:
    USnnComponent();

    /** From the Content folder: "Brains/creature.snn". */
    UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Spiking Network")
    FString File;

    /** Steps by the time of each tick; else scripts call Step. */
    UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Spiking Network")
    bool bStepInTick = true;

    /** 0: one for each core. The results are the same. */
    UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Spiking Network", meta = (ClampMin = "0"))
    int32 ThreadCount = 1;

    /** Of a tick; what is left is done in the next ones. 0: no limit. */
    UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Spiking Network", meta = (ClampMin = "0"))
    float BudgetMilliseconds = 0;

    /** Of the random draws of models that have some. */
    UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Spiking Network")
    int64 Seed = 0;

    /** "cpu", "auto" (the fastest for the network, measured when it opens) or "vulkan", a device of its own. */
    UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Spiking Network")
    FString Device = "cpu";

    /** Brains of the network, each with its own state. Arrays have the values of the first brain first, then of the next. */
    UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Spiking Network", meta = (ClampMin = "1"))
    int32 BatchSize = 1;

    /** Each brain has weights of its own, "synapses.weight[7]" those of the eighth. */
    UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Spiking Network")
    bool bOwnWeights = false;

    /** Steps run on another thread, and no tick waits for them: a tick calls OnSpiked and OnStepped for what the steps of the one before
     *  did, then begins the next. A tick that finds steps under way adds its time to the next ones. Inputs may be set at any time, for
     *  the steps that begin next; what reads or changes the network waits, except in a handler of OnSpiked and OnStepped. */
    UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Spiking Network")
    bool bInBackground = false;

    /** Called after the steps of a tick, for each step and population that spiked, in their order. With a BatchSize above 1 it is not:
     *  see GetSpikeCounts. */
    UPROPERTY(BlueprintAssignable, Category = "Spiking Network")
    FSnnSpiked OnSpiked;

    /** Called after the steps of a tick, and after OnSpiked for all of them. */
    UPROPERTY(BlueprintAssignable, Category = "Spiking Network")
    FSnnStepped OnStepped;

    /** Ends what ran and opens the file; BeginPlay does it when File is set. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool Open(const FString& NewFile);

    /** Input for the coming step. Spikes, 0 or 1, hold for one step; values stay. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool SetInput(FName Population, const TArray<float>& Values);

    /** The same for one brain of BatchSize. What other brains were given stays. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool SetSampleInput(int32 Sample, FName Population, const TArray<float>& Values);

    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool Step(float DeltaSeconds);

    /** Whether steps are under way. Never waits. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool IsStepping();

    /** How often each neuron of a population spiked in the steps of the last tick, the neurons of the first brain first. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool GetSpikeCounts(FName Population, TArray<int32>& OutCounts);

    /** Where the network runs, and why where Device left the choice: "cpu: ...". */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    FString GetSessionDevice();

    /** A state as it is now, "output.v". */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool GetState(const FString& Path, TArray<float>& OutValues);

    /** Writes a state, weights ("projection.weight") or parameters ("population.threshold"). */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool SetState(const FString& Path, const TArray<float>& Values);

    /** A signal, such as a reward, to all synapses of a projection whose rule of plasticity takes one. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool SendSignal(FName Projection, float Value);

    /** All that the next steps depend on, in a file of the Saved folder: "brain.state". */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool SaveState(const FString& SavedFile);

    /** Goes on from there, bit for bit. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool LoadState(const FString& SavedFile);

    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool GetCounters(FSnnCounters& OutCounters);

    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool ResetNetwork();

    /** Some brains of BatchSize begin again, as a character that comes back; the others go on as if nothing had happened. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool ResetSamples(const TArray<int32>& Samples);

    virtual void BeginPlay() override;
    virtual void EndPlay(const EEndPlayReason::Type Reason) override;
    virtual void TickComponent(float DeltaSeconds, ELevelTick Type, FActorComponentTickFunction* Function) override;

private:
    bool Told(bool bOk) const;
    void TellSpikes();

    SnnUnreal::Brain Brain;
    bool bBegun = false; // steps in the background that nobody was told of
    std::vector<float> StateValues; // of GetState
    std::vector<int32_t> CountValues; // of GetSpikeCounts
};
