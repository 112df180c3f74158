using System.IO;
using UnityEditor.AssetImporters;

namespace Snn.Unity.Editor
{
    /// <summary>Makes a <see cref="SpikingNetworkAsset"/> of a .snn file; what is wrong with a file is shown in the console.</summary>
    [ScriptedImporter(1, "snn")]
    public sealed class SnnImporter : ScriptedImporter
    {
        public override void OnImportAsset(AssetImportContext context)
        {
            try
            {
                SpikingNetworkAsset asset = SpikingNetworkAsset.FromBytes(File.ReadAllBytes(context.assetPath));
                context.AddObjectToAsset("network", asset);
                context.SetMainObject(asset);
            }
            catch (SnnException exception)
            {
                context.LogImportError(context.assetPath + ": " + exception.Message);
            }
        }
    }
}
