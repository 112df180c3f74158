#pragma once

#include "CoreMinimal.h"

#include <cstdlib>

struct FPaths
{
    static FString ProjectContentDir() { return std::getenv("SNN_CONTENT"); }
    static FString ProjectSavedDir() { return std::getenv("SNN_CONTENT"); }
    static FString ConvertRelativePathToFull(const FString& Path) { return Path; }
    static FString Combine(const FString& A, const FString& B) { return (std::string(*A) + "/" + *B).c_str(); }
};
