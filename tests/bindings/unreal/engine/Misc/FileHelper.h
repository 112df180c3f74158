#pragma once

#include "CoreMinimal.h"

#include <fstream>
#include <iterator>

struct FFileHelper
{
    static bool LoadFileToArray(TArray<uint8>& Bytes, const TCHAR* Path)
    {
        std::ifstream File(Path, std::ios::binary);
        const std::vector<char> Read(std::istreambuf_iterator<char>(File), {});
        Bytes.Append(reinterpret_cast<const uint8*>(Read.data()), static_cast<int32>(Read.size()));
        return File.good() || File.eof();
    }
};
