using System;
using System.IO;
using System.Linq;
using System.Reflection;

namespace Snn.Tests
{
    /// <summary>Runs the tests: every method of the classes below that has no parameters and is marked by <c>[Test]</c>.</summary>
    internal static class Program
    {
        internal static string Folder = "";

        /// <summary>tests/bindings/adder.json</summary>
        internal static string Adder = "";

        private static int Main(string[] arguments)
        {
            // "missing" and "version": the library is not there or is another one. "vulkan FILE": with that of a Vulkan device.
            if (arguments.Length == 1 && arguments[0] == "missing") return Lone(OtherLibraries.AMissingLibrary);
            if (arguments.Length == 1 && arguments[0] == "version") return Lone(OtherLibraries.ALibraryOfAnotherVersion);
            bool vulkan = arguments.Length == 2 && arguments[0] == "vulkan";
            Type[] all = vulkan ? new[] { typeof(VulkanTests) }
                                : new[] { typeof(NetworkTests), typeof(SessionTests), typeof(TrainerTests), typeof(CallbackTests),
                                        typeof(DisposalTests) };
            Adder = File.ReadAllText(arguments[vulkan ? 1 : 0]);
            Folder = Path.Combine(Path.GetTempPath(), "snn-csharp-" + Guid.NewGuid().ToString("N"));
            Directory.CreateDirectory(Folder);
            int passed = 0, failed = 0;
            foreach (Type type in all)
                foreach (MethodInfo test in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
                             .Where(method => method.IsDefined(typeof(TestAttribute), false)))
                    try
                    {
                        test.Invoke(null, null);
                        ++passed;
                        Console.WriteLine("passed " + type.Name + "." + test.Name);
                    }
                    catch (TargetInvocationException exception)
                    {
                        ++failed;
                        Console.WriteLine("FAILED " + type.Name + "." + test.Name + ": " + exception.InnerException);
                    }
            Directory.Delete(Folder, true);
            Console.WriteLine("test cases: " + (passed + failed) + " | " + passed + " passed | " + failed + " failed");
            return failed == 0 && passed > 0 ? 0 : 1;
        }

        private static int Lone(Action test)
        {
            test();
            Console.WriteLine("passed");
            return 0;
        }
    }

    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class TestAttribute : Attribute { }

    internal static class OtherLibraries
    {
        internal static void AMissingLibrary()
        {
            DllNotFoundException exception = Assert.Throws<DllNotFoundException>(() => new NetworkBuilder(1.0));
            Assert.True(exception.Message.Contains("libsnn.so") && exception.Message.Contains("beside the program"), exception.Message);
        }

        internal static void ALibraryOfAnotherVersion()
        {
            SnnException exception = Assert.Fails(Status.Version, () => new NetworkBuilder(1.0));
            Assert.True(exception.Message.Contains("ABI version 999"), exception.Message);
            Assert.Fails(Status.Version, () => Network.Load("any.snn"));
            Assert.Fails(Status.Version, () => Session.Open("any.snn"));
            Assert.Fails(Status.Version, () => Model.Builtin("lif"));
        }
    }

    /// <summary>Small networks with known answers.</summary>
    internal static class Networks
    {
        /// <summary>Spike input (2) -> dense -> adders (2): v = v + current; a spike where v >= 1, then v = 0.</summary>
        internal static Network Adders()
        {
            using (var model = Model.Load(Program.Adder))
            {
                var builder = new NetworkBuilder(1.0);
                int input = builder.AddSpikeInput("in", 2);
                int cells = builder.AddNeurons("cells", model, 2);
                builder.Connect(Projection.Dense(input, cells, new[] { 0.5f, 1, 0.25f, 0 }));
                return builder.Finish();
            }
        }

        internal static Session OpenAdders(SessionOptions options = null)
        {
            using (Network network = Adders()) return new Session(network, options);
        }

        internal static Network Trainable()
        {
            float[] first = new float[4 * 16], second = new float[16 * 2];
            Library.RandomNormal(1, 1, 0.3, 0.5, first);
            Library.RandomNormal(1, 2, 0.0, 0.3, second);
            var builder = new NetworkBuilder(1.0);
            int input = builder.AddValueInput("in", 4);
            int hidden = builder.AddNeurons("hidden", "lif", 16);
            builder.SetLearnable(hidden, "tau_membrane");
            int output = builder.AddNeurons("out", "leaky_integrator", 2);
            builder.Connect(Projection.Dense(input, hidden, first));
            Projection last = Projection.Dense(hidden, output, second);
            last.Bias = new float[2];
            builder.Connect(last);
            return builder.Finish();
        }

        /// <summary>Neurons enough for several workers.</summary>
        internal static Network Many()
        {
            var weights = new float[50 * 40000];
            Library.RandomNormal(1, 1, 0.1, 0.2, weights);
            var builder = new NetworkBuilder(1.0);
            int input = builder.AddValueInput("in", 50);
            int cells = builder.AddNeurons("cells", "lif", 40000);
            builder.Connect(Projection.Dense(input, cells, weights));
            return builder.Finish();
        }
    }
}
