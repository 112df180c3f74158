using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

[assembly: InternalsVisibleTo("Snn.Tests")]

namespace Snn
{
    /// <summary>What went wrong in libsnn: a status, and its sentence, which names the argument and its value.
    /// C: <c>snn_last_error</c>.</summary>
    public sealed class SnnException : Exception
    {
        internal SnnException(Status status, string sentence) : base(sentence)
        {
            Status = status;
        }

        /// <summary>The kind of error.</summary>
        public Status Status { get; }
    }

    /// <summary>Where networks run; see <c>SNNDeviceInfo</c>.</summary>
    public sealed class DeviceInfo
    {
        internal DeviceInfo(string name, string description, int coreCount, ulong memoryBytes, bool canTrain, string[] sets)
        {
            Name = name;
            Description = description;
            CoreCount = coreCount;
            MemoryBytes = memoryBytes;
            CanTrain = canTrain;
            InstructionSets = sets;
        }

        public string Name { get; }
        public string Description { get; }
        public int CoreCount { get; }
        public ulong MemoryBytes { get; }
        public bool CanTrain { get; }
        public IReadOnlyList<string> InstructionSets { get; }
    }

    /// <summary>How long one step takes on a device, in seconds; see <c>SNNDeviceSpeed</c>.</summary>
    public sealed class DeviceSpeed
    {
        internal unsafe DeviceSpeed(in SNNDeviceSpeed raw)
        {
            WasKept = raw.was_kept != 0;
            fixed (byte* text = raw.driver) Driver = Utf8.Text(text);
            SmallStep = raw.small_step_s;
            LargeStep = raw.large_step_s;
        }

        public bool WasKept { get; }
        public string Driver { get; }
        public double SmallStep { get; }
        public double LargeStep { get; }
    }

    /// <summary>What the library has. A library that is missing is a <see cref="DllNotFoundException"/>; one of another
    /// version is a <see cref="SnnException"/> with <see cref="Status.Version"/>.</summary>
    public static unsafe class Library
    {
        /// <summary>"0.1.0" of the library that is loaded. C: <c>snn_version_string</c>, <c>snn_abi_version</c>.</summary>
        public static string Version
        {
            get
            {
                CheckVersion();
                return Utf8.Text(Native.snn_version_string());
            }
        }

        /// <summary>Bytes of memory that this process could still take, 0 if unknown.
        /// C: <c>snn_available_memory_bytes</c>.</summary>
        public static ulong AvailableMemoryBytes
        {
            get
            {
                CheckVersion();
                return Native.snn_available_memory_bytes();
            }
        }

        /// <summary>"SNN_ERROR_BUSY" and so on. C: <c>snn_status_name</c>.</summary>
        public static string StatusName(Status status)
        {
            CheckVersion();
            return Utf8.Text(Native.snn_status_name((int)status));
        }

        /// <summary>The devices of this machine. C: <c>snn_device_count</c>, <c>snn_device_get</c>.</summary>
        public static IReadOnlyList<DeviceInfo> Devices()
        {
            CheckVersion();
            uint count;
            Check(Native.snn_device_count(&count));
            var devices = new List<DeviceInfo>();
            for (uint i = 0; i < count; ++i)
            {
                SNNDeviceInfo info;
                info.struct_size = (uint)sizeof(SNNDeviceInfo);
                Check(Native.snn_device_get(i, &info));
                devices.Add(new DeviceInfo(Utf8.Text(info.name), Utf8.Text(info.description), (int)info.core_count,
                                           info.memory_bytes, info.can_train != 0,
                                           Utf8.Text(info.instruction_sets).Split(' ')));
            }
            return devices;
        }

        /// <summary>Measures a device, or gives what was measured before. C: <c>snn_device_speed</c>.</summary>
        public static DeviceSpeed DeviceSpeed(string device)
        {
            CheckVersion();
            SNNDeviceSpeed speed;
            speed.struct_size = (uint)sizeof(SNNDeviceSpeed);
            fixed (byte* name = Utf8.Bytes(device)) Check(Native.snn_device_speed(name, &speed));
            return new DeviceSpeed(speed);
        }

        /// <summary>Names of the built-in neuron models. C: <c>snn_model_builtin_name</c>.</summary>
        public static IReadOnlyList<string> BuiltinModels()
        {
            return Names(0);
        }

        /// <summary>Names of the built-in surrogates. C: <c>snn_surrogate_builtin_name</c>.</summary>
        public static IReadOnlyList<string> BuiltinSurrogates()
        {
            return Names(1);
        }

        /// <summary>Names of the built-in plasticity rules. C: <c>snn_plasticity_builtin_name</c>.</summary>
        public static IReadOnlyList<string> BuiltinPlasticityRules()
        {
            return Names(2);
        }

        private static IReadOnlyList<string> Names(int kind)
        {
            CheckVersion();
            var names = new List<string>();
            for (uint i = 0;; ++i)
            {
                byte* name = kind == 0 ? Native.snn_model_builtin_name(i)
                           : kind == 1 ? Native.snn_surrogate_builtin_name(i)
                                       : Native.snn_plasticity_builtin_name(i);
                if (name == null) return names;
                names.Add(Utf8.Text(name));
            }
        }

        /// <summary>Numbers in [low, high), the same on every platform. C: <c>snn_random_fill</c>.</summary>
        public static void RandomUniform(ulong seed, ulong stream, double low, double high, Span<float> values)
        {
            RandomFill(seed, stream, RandomKind.Uniform, low, high, values);
        }

        /// <summary>Gaussian numbers, the same on every platform. C: <c>snn_random_fill</c>.</summary>
        public static void RandomNormal(ulong seed, ulong stream, double mean, double deviation, Span<float> values)
        {
            RandomFill(seed, stream, RandomKind.Normal, mean, deviation, values);
        }

        private static void RandomFill(ulong seed, ulong stream, RandomKind kind, double a, double b, Span<float> values)
        {
            CheckVersion();
            fixed (float* data = &MemoryMarshal.GetReference(values))
                Check(Native.snn_random_fill(seed, stream, (uint)kind, a, b, data, (UIntPtr)values.Length));
        }

        /// <summary>Numbers of a distribution, the same on every platform. C: <c>snn_random_draw</c>.</summary>
        public static void RandomDraw(Distribution distribution, ulong seed, ulong stream, Span<double> values)
        {
            CheckVersion();
            SNNDistribution raw = distribution.Raw();
            fixed (double* data = &MemoryMarshal.GetReference(values))
                Check(Native.snn_random_draw(&raw, seed, stream, data, (UIntPtr)values.Length));
        }

        internal static void Check(int status)
        {
            if (status != 0) Throw(status);
        }

        /// <summary>An index or a count for C, which has no negative ones.</summary>
        internal static uint Whole(int value, string name)
        {
            if (value < 0)
                throw new ArgumentOutOfRangeException(name, name + " is " + value + "; an index or a count is not negative");
            return (uint)value;
        }

        /// <summary>Throws the last error of this thread.</summary>
        private static void Throw(int status)
        {
            throw new SnnException((Status)status, Utf8.Text(Native.snn_last_error()));
        }

        /// <summary>Whether the library is one that this binding was made for; asked by everything that makes something.</summary>
        internal static void CheckVersion()
        {
            uint found;
            try
            {
                found = Native.snn_abi_version();
            }
            catch (DllNotFoundException missing)
            {
                throw new DllNotFoundException("libsnn (libsnn.so, libsnn.dll or libsnn.dylib) is neither beside the program nor where " +
                                               "the system looks for libraries: " + missing.Message, missing);
            }
            if (found == Native.SNN_ABI_VERSION) return;
            throw new SnnException(Status.Version, "libsnn has ABI version " + found + ", this binding was made for version " +
                                                       Native.SNN_ABI_VERSION);
        }
    }

    /// <summary>Turns values into spikes or currents over time; see <c>SNNEncoderDef</c>.</summary>
    public sealed unsafe class Encoder
    {
        private SNNEncoderDef def;

        /// <summary>Over a number of steps.</summary>
        public Encoder(Encoding encoding, int stepCount)
        {
            Library.CheckVersion();
            fixed (SNNEncoderDef* it = &def) Native.snn_encoder_def_init(it, (uint)sizeof(SNNEncoderDef));
            def.kind = (uint)encoding;
            def.step_count = Library.Whole(stepCount, "stepCount");
        }

        /// <summary>Default 1.</summary>
        public float Gain { get { return def.gain; } set { def.gain = value; } }

        /// <summary>Default 0.01.</summary>
        public float Threshold { get { return def.threshold; } set { def.threshold = value; } }

        /// <summary>Of rate coding; default 0.</summary>
        public ulong Seed { get { return def.seed; } set { def.seed = value; } }

        /// <summary>Values [sample][feature] (for delta coding [step][sample][feature]) to [step][sample][feature].
        /// C: <c>snn_encode</c>.</summary>
        public void Encode(ReadOnlySpan<float> values, int sampleCount, int featureCount, Span<float> encoded)
        {
            fixed (SNNEncoderDef* it = &def)
            fixed (float* data = &MemoryMarshal.GetReference(values))
            fixed (float* output = &MemoryMarshal.GetReference(encoded))
                Library.Check(Native.snn_encode(it, data, (UIntPtr)values.Length, (UIntPtr)Library.Whole(sampleCount, "sampleCount"),
                                                (UIntPtr)Library.Whole(featureCount, "featureCount"), output, (UIntPtr)encoded.Length));
        }
    }

    /// <summary>Text as C has it: UTF-8, zero-terminated.</summary>
    internal static unsafe class Utf8
    {
        /// <summary>Room on the caller's stack for names that are used in every frame.</summary>
        internal const int StackBytes = 256;

        /// <summary>A new zero-terminated array; null stays null.</summary>
        internal static byte[] Bytes(string text)
        {
            if (text == null) return null;
            if (text.IndexOf('\0') >= 0) throw new ArgumentException("'" + text + "' contains a zero character");
            var bytes = new byte[System.Text.Encoding.UTF8.GetByteCount(text) + 1];
            System.Text.Encoding.UTF8.GetBytes(text, 0, text.Length, bytes, 0);
            return bytes;
        }

        /// <summary>Writes to StackBytes bytes of the stack and returns null, or returns a new array where they do not do.</summary>
        internal static byte[] OnStack(string text, byte* stack)
        {
            if (text == null) throw new ArgumentNullException(nameof(text));
            if (text.Length * 3 >= StackBytes) return Bytes(text);
            if (text.IndexOf('\0') >= 0) throw new ArgumentException("'" + text + "' contains a zero character");
            fixed (char* characters = text)
            {
                int count = text.Length == 0 ? 0 : System.Text.Encoding.UTF8.GetBytes(characters, text.Length, stack, StackBytes);
                stack[count] = 0;
            }
            return null;
        }

        internal static string Text(byte* text)
        {
            if (text == null) return null;
            int count = 0;
            while (text[count] != 0) ++count;
            return Text(text, count);
        }

        internal static string Text(byte* text, int count)
        {
            return count == 0 ? "" : System.Text.Encoding.UTF8.GetString(text, count);
        }
    }
}
