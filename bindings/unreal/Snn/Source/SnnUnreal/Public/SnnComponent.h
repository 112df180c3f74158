#pragma once

#include "Components/ActorComponent.h"
#include "CoreMinimal.h"
#include "SnnBrain.h"

#include "SnnComponent.generated.h"

/** A population and its neurons that spiked in a step. */
DECLARE_DYNAMIC_MULTICAST_DELEGATE_ThreeParams(FSnnSpiked, FName, Population, const TArray<int32>&, Neurons, int64, Step);

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

/** Runs a .snn file on the processor, on the game thread. What goes wrong is a line in the log, and false. */
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

    /** Called after the steps of a tick, for each step and population that spiked, in their order. */
    UPROPERTY(BlueprintAssignable, Category = "Spiking Network")
    FSnnSpiked OnSpiked;

    /** Ends what ran and opens the file; BeginPlay does it when File is set. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool Open(const FString& NewFile);

    /** Input for the coming step. Spikes, 0 or 1, hold for one step; values stay. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool SetInput(FName Population, const TArray<float>& Values);

    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    bool Step(float DeltaSeconds);

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

    virtual void BeginPlay() override;
    virtual void EndPlay(const EEndPlayReason::Type Reason) override;
    virtual void TickComponent(float DeltaSeconds, ELevelTick Type, FActorComponentTickFunction* Function) override;

private:
    bool Told(bool bOk) const;

    SnnUnreal::Brain Brain;
    std::vector<float> StateValues; // of GetState
};
