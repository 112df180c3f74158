#include "SnnSubsystem.h"

#include "Misc/FileHelper.h"
#include "Misc/Paths.h"
#include "SnnLog.h"

DEFINE_LOG_CATEGORY(LogSnn);

void USnnSubsystem::Initialize(FSubsystemCollectionBase& Collection)
{
    Super::Initialize(Collection);
    std::string Error;
    bLibraryIsRight = SnnUnreal::CheckLibrary(Error);
    if (!bLibraryIsRight) UE_LOG(LogSnn, Error, TEXT("%s"), UTF8_TO_TCHAR(Error.c_str()));
}

void USnnSubsystem::Deinitialize()
{
    ForgetFiles();
    Super::Deinitialize();
}

SnnUnreal::NetworkPtr USnnSubsystem::Load(const FString& File)
{
    if (!bLibraryIsRight) return nullptr;
    if (const SnnUnreal::NetworkPtr* Found = Networks.Find(File)) return *Found;
    TArray<uint8> Bytes;
    const FString Path = FPaths::Combine(FPaths::ProjectContentDir(), File);
    if (!FFileHelper::LoadFileToArray(Bytes, *Path))
    {
        UE_LOG(LogSnn, Error, TEXT("%s cannot be read"), *Path);
        return nullptr;
    }
    std::string Error;
    SnnUnreal::NetworkPtr Network = SnnUnreal::LoadNetwork(Bytes.GetData(), static_cast<std::size_t>(Bytes.Num()), Error);
    if (Network) Networks.Add(File, Network);
    else UE_LOG(LogSnn, Error, TEXT("%s: %s"), *Path, UTF8_TO_TCHAR(Error.c_str()));
    return Network;
}

void USnnSubsystem::ForgetFiles()
{
    Networks.Empty();
}
