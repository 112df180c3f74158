#pragma once

#include "Subsystems/EngineSubsystem.h"

class UEngine
{
public:
    template <class T>
    T* GetEngineSubsystem()
    {
        static FSubsystemCollectionBase Collection;
        if (!Only)
        {
            Only = std::make_unique<T>();
            Only->Initialize(Collection);
        }
        return static_cast<T*>(Only.get());
    }
    std::unique_ptr<UEngineSubsystem> Only;
};
inline UEngine* GEngine = nullptr;
