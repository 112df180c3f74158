// Plays the package without Unity: imports the brain, runs the sample for 600 frames, then the package's own tests and what only a
// program outside can see. Argument: creature.snn. With libsnn_unity.so as a second one: networks on the device of the stand-in.
// The last line says how many cases passed.
using System;
using System.IO;
using System.Linq;
using System.Reflection;
using NUnit.Framework;
using Snn;
using Snn.Unity;
using Snn.Unity.Editor;
using UnityEditor.AssetImporters;
using UnityEngine;
using UnityEngine.Rendering;

internal static class UnityHost
{
    private static string file;
    private static int passed, failed;

    private static int Main(string[] arguments)
    {
        file = arguments[0];
        if (arguments.Length > 1) OnTheGpu(arguments[1]);
        else OnTheProcessor();
        Console.WriteLine("test cases: " + (passed + failed) + " | " + passed + " passed | " + failed + " failed");
        return failed == 0 ? 0 : 1;
    }

    private static void OnTheProcessor()
    {
        Case("a file that is no network is an import error", BadFilesAreImportErrors);
        Case("the creature", Creature);
        Case("frames make no garbage", FramesMakeNoGarbage);
        Case("a component steps in the update that was chosen", StepsInTheChosenUpdate);
        Case("a destroyed component frees what it has", DestroyedComponentsAreEmpty);
        Case("without Vulkan there is no network on the GPU", NoVulkan);
        Type tests = typeof(Snn.Unity.Tests.SpikingNetworkTests);
        foreach (MethodInfo test in tests.GetMethods().Where(Has<TestAttribute>))
        {
            Case(test.Name, () =>
            {
                object one = Activator.CreateInstance(tests);
                foreach (MethodInfo method in tests.GetMethods().Where(Has<SetUpAttribute>)) method.Invoke(one, null);
                test.Invoke(one, null);
                foreach (MethodInfo method in tests.GetMethods().Where(Has<TearDownAttribute>)) method.Invoke(one, null);
            });
        }
    }

    private static bool Has<T>(MethodInfo method) where T : Attribute { return method.GetCustomAttribute<T>() != null; }

    private static void Case(string name, Action code)
    {
        try
        {
            code();
            ++passed;
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine("FAILED: " + name + ": " + exception);
            ++failed;
        }
    }

    private static void True(bool condition, string what)
    {
        if (!condition) throw new Exception("not true: " + what);
    }

    private static AssetImportContext Import(string path)
    {
        var context = new AssetImportContext { assetPath = path };
        new SnnImporter().OnImportAsset(context);
        return context;
    }

    private static SpikingNetwork Open(StepIn when)
    {
        var brain = new GameObject("brain").AddComponent<SpikingNetwork>();
        brain.StepIn = when;
        brain.Asset = (SpikingNetworkAsset)Import(file).Main;
        return brain;
    }

    private static void Creature()
    {
        MethodInfo play = typeof(Creature).GetMethod("Play", BindingFlags.Static | BindingFlags.NonPublic);
        True(Has<RuntimeInitializeOnLoadMethodAttribute>(play), "Unity calls Play");
        play.Invoke(null, null);
        True(Host.Errors.Single().Contains("creature.snn is missing"), "a missing brain is told");
        Host.Assets["creature"] = Import(file).Main;
        play.Invoke(null, null);
        for (int i = 0; i < 700; ++i) Host.Frame("FixedUpdate");
        Console.WriteLine(Host.Logged.Single());
        foreach (GameObject one in GameObject.All.ToArray()) UnityEngine.Object.DestroyImmediate(one);
        GameObject.All.Clear();
    }

    private static void BadFilesAreImportErrors()
    {
        string bad = Path.Combine(Path.GetTempPath(), "snn-bad-" + System.Diagnostics.Process.GetCurrentProcess().Id + ".snn");
        File.WriteAllText(bad, "no network at all");
        AssetImportContext context = Import(bad);
        File.Delete(bad);
        True(ReferenceEquals(context.Main, null) && context.Error.StartsWith(bad + ": "), context.Error);
        var asset = (SpikingNetworkAsset)Import(file).Main;
        True(asset.NeuronCount == 27 && asset.TimeStep == 1, "the asset shows what is in the file");
    }

    private static void FramesMakeNoGarbage()
    {
        SpikingNetwork brain = Open(StepIn.Script);
        int input = brain.Population("input"), output = brain.Population("output"), heard = 0;
        brain.Spiked += (network, population, step, neurons) => heard += neurons.Length;
        var seen = new float[] { 1, 1, 1 };
        Action frame = () =>
        {
            brain.SetInput(input, seen);
            brain.Step(1f / 60f);
            brain.State("output.v");
            heard += brain.Spikes(output).Length;
        };
        for (int i = 0; i < 100; ++i) frame();
        int before = GC.CollectionCount(0);
        for (int i = 0; i < 20000; ++i) frame();
        True(GC.CollectionCount(0) == before, "no collection in 20,000 frames");
        True(heard > 0, "it spikes");
        UnityEngine.Object.DestroyImmediate(brain.gameObject);
    }

    private static void StepsInTheChosenUpdate()
    {
        SpikingNetwork brain = Open(StepIn.Update);
        Time.deltaTime = 0.0101f;
        Time.fixedDeltaTime = 0.0201f;
        Host.Frame("FixedUpdate");
        True(brain.Session.StepCount == 0, "not in FixedUpdate");
        Host.Frame("Update");
        True(brain.Session.StepCount == 10, "10 ms in Update");
        brain.StepIn = StepIn.FixedUpdate;
        Host.Frame("Update");
        Host.Frame("FixedUpdate");
        True(brain.Session.StepCount == 30, "20 ms in FixedUpdate");
        brain.BudgetMilliseconds = 1e-6f;
        Host.Frame("FixedUpdate");
        True(brain.Session.StepCount == 31, "one step is always done");
        UnityEngine.Object.DestroyImmediate(brain.gameObject);
    }

    private static void DestroyedComponentsAreEmpty()
    {
        SpikingNetwork brain = Open(StepIn.Script);
        brain.State("output.v");
        True(Unity.Collections.NativeArray<float>.Alive == 1, "one array");
        UnityEngine.Object.DestroyImmediate(brain.gameObject);
        True(Unity.Collections.NativeArray<float>.Alive == 0, "no array");
        Assert.Throws<InvalidOperationException>(() => brain.Step(0.1f));
    }

    private static void OnTheGpu(string plugin)
    {
        Host.unity_start(plugin);
        Case("steps in a CommandBuffer give the bits of the processor", GpuIsLikeTheProcessor);
        Case("what is wrong on the GPU is an exception", GpuErrors);
        Host.unity_stop();
        Case("without Unity's device there is no network on the GPU", NoVulkan);
    }

    private static void GpuIsLikeTheProcessor()
    {
        True(VulkanNetwork.IsSupported, "supported");
        SpikingNetwork cpu = Open(StepIn.Script);
        var result = new float[3];
        using (var gpu = new VulkanNetwork(cpu.Asset))
        using (var voltages = new GraphicsBuffer(GraphicsBuffer.Target.Structured | GraphicsBuffer.Target.CopyDestination, 3, 4))
        using (var commands = new CommandBuffer())
        {
            gpu.CopyState("output.v", voltages);
            for (int frame = 0; frame < 30; ++frame)
            {
                var seen = new[] { frame % 3 / 2f, frame % 5 / 4f, frame % 2 };
                gpu.SetInput(0, seen);
                cpu.SetInput(0, seen);
                commands.Clear();
                gpu.Step(commands, 16);
                Graphics.ExecuteCommandBuffer(commands);
                cpu.Session.Step(16);
                voltages.GetData(result);
                for (int i = 0; i < 3; ++i)
                    True(BitConverter.ToInt32(BitConverter.GetBytes(result[i]), 0) ==
                             BitConverter.ToInt32(BitConverter.GetBytes(cpu.State("output.v")[i]), 0),
                         "frame " + frame + ", neuron " + i);
            }
            True(gpu.StepCount == 480 && result.Any(voltage => voltage != 0), "it ran");
        }
        UnityEngine.Object.DestroyImmediate(cpu.gameObject);
    }

    private static void GpuErrors()
    {
        var asset = (SpikingNetworkAsset)Import(file).Main;
        var gpu = new VulkanNetwork(asset);
        var commands = new CommandBuffer();
        True(Assert.Throws<SnnException>(() => gpu.SetInput(0, new float[2])).Status == Status.InvalidArgument, "2 values");
        True(Assert.Throws<SnnException>(() => gpu.CopyState("output.w", null)).Status == Status.NotFound, "no state w");
        Assert.Throws<ArgumentOutOfRangeException>(() => gpu.Step(commands, -1));
        Assert.Throws<ArgumentNullException>(() => gpu.Step(null, 1));
        gpu.CopyState("output.v", new GraphicsBuffer(GraphicsBuffer.Target.CopyDestination, 2, 4));
        gpu.Step(commands, 1);
        Graphics.ExecuteCommandBuffer(commands);
        SnnException small = Assert.Throws<SnnException>(() => gpu.Step(commands, 1));
        True(small.Message.Contains("has 8 bytes, the state 12"), small.Message);
        gpu.CopyState("output.v", null);
        for (int i = 0; i < 8; ++i) gpu.Step(commands, 1);
        True(Assert.Throws<SnnException>(() => gpu.Step(commands, 1)).Status == Status.Busy, "nothing was executed");
        gpu.Dispose();
        gpu.Dispose();
        Assert.Throws<ObjectDisposedException>(() => gpu.Step(commands, 1));
    }

    private static void NoVulkan()
    {
        True(!VulkanNetwork.IsSupported, "not supported"); // the plug-in is there, and Unity has not loaded it
        var asset = (SpikingNetworkAsset)Import(file).Main;
        SnnException refused = Assert.Throws<SnnException>(() => new VulkanNetwork(asset));
        True(refused.Status == Status.Unsupported && refused.Message.Contains("Vulkan"), refused.Message);
        Assert.Throws<ArgumentNullException>(() => new VulkanNetwork(null));
    }
}
