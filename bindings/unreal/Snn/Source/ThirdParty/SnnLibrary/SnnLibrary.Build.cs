using System.IO;
using UnrealBuildTool;

// libsnn as it was built elsewhere: headers beside this file, libraries in Binaries/ThirdParty/SnnLibrary of the plug-in.
public class SnnLibrary : ModuleRules
{
    public SnnLibrary(ReadOnlyTargetRules Target) : base(Target)
    {
        Type = ModuleType.External;
        PublicSystemIncludePaths.Add(Path.Combine(ModuleDirectory, "include"));
        string Binaries = Path.Combine(PluginDirectory, "Binaries", "ThirdParty", "SnnLibrary");
        string Library;
        if (Target.Platform == UnrealTargetPlatform.Win64)
        {
            Library = Path.Combine(Binaries, "Win64", "libsnn.dll");
            PublicAdditionalLibraries.Add(Path.Combine(Binaries, "Win64", "libsnn.dll.a"));
            PublicDelayLoadDLLs.Add("libsnn.dll");
        }
        else
        {
            bool IsMac = Target.Platform == UnrealTargetPlatform.Mac;
            Library = Path.Combine(Binaries, IsMac ? "Mac" : "Linux", IsMac ? "libsnn.dylib" : "libsnn.so");
            PublicAdditionalLibraries.Add(Library);
        }
        RuntimeDependencies.Add(Library);
    }
}
