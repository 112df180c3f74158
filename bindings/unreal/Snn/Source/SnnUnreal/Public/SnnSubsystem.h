#pragma once

#include "CoreMinimal.h"
#include "SnnBrain.h"
#include "Subsystems/EngineSubsystem.h"

#include "SnnSubsystem.generated.h"

/** Loads each .snn file once for all components that run it. Game thread. */
UCLASS()
class SNNUNREAL_API USnnSubsystem : public UEngineSubsystem
{
    GENERATED_BODY()

public:
    virtual void Initialize(FSubsystemCollectionBase& Collection) override;
    virtual void Deinitialize() override;

    /** `File`: from the Content folder, "Brains/creature.snn"; it is read from pak files too. Null, with a line in the log, when
     *  there is none or it is damaged. */
    SnnUnreal::NetworkPtr Load(const FString& File);

    /** Files that changed are read anew by components that open later. */
    UFUNCTION(BlueprintCallable, Category = "Spiking Network")
    void ForgetFiles();

private:
    TMap<FString, SnnUnreal::NetworkPtr> Networks;
    bool bLibraryIsRight = false;
};
