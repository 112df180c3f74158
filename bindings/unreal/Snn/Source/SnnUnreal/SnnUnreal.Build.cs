using UnrealBuildTool;

public class SnnUnreal : ModuleRules
{
    public SnnUnreal(ReadOnlyTargetRules Target) : base(Target)
    {
        PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
        CppStandard = CppStandardVersion.Cpp20;
        bEnableExceptions = true; // snn.hpp throws; nothing leaves the files that include it
        PublicDependencyModuleNames.AddRange(new[] { "Core", "CoreUObject", "Engine", "SnnLibrary" });
    }
}
