// Stands in for the part of Unity that the package and its sample use, so that they are compiled and run without Unity: the same
// names and signatures as in Unity's scripting reference, and as little behaviour as that needs.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;

namespace UnityEngine
{
    public class Object
    {
        public string name { get; set; }
        private bool destroyed;

        // A destroyed object is equal to null.
        public static bool operator ==(Object a, Object b)
        {
            bool noA = ReferenceEquals(a, null) || a.destroyed, noB = ReferenceEquals(b, null) || b.destroyed;
            return noA || noB ? noA && noB : ReferenceEquals(a, b);
        }

        public static bool operator !=(Object a, Object b) { return !(a == b); }
        public override bool Equals(object other) { return this == other as Object; }
        public override int GetHashCode() { return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this); }

        public static void DestroyImmediate(Object one)
        {
            var game = one as GameObject;
            if (!ReferenceEquals(game, null)) foreach (Component part in game.parts) DestroyImmediate(part);
            Host.Call(one, "OnDestroy");
            one.destroyed = true;
        }
    }

    public class ScriptableObject : Object
    {
        public static T CreateInstance<T>() where T : ScriptableObject, new() { return new T(); }
    }

    public class Component : Object
    {
        public GameObject gameObject { get; internal set; }
        public Transform transform { get { return gameObject.transform; } }
        public string tag { get; set; }
        public T GetComponent<T>() where T : Component { return gameObject.parts.OfType<T>().FirstOrDefault(); }
    }

    public class Behaviour : Component { }
    public class MonoBehaviour : Behaviour { }

    public class Transform : Component
    {
        public Vector3 position { get; set; }
        public void LookAt(Vector3 point) { }
    }

    public class Camera : Behaviour
    {
        public static Camera main
        {
            get { return GameObject.All.SelectMany(one => one.parts).OfType<Camera>().FirstOrDefault(one => one.tag == "MainCamera"); }
        }
    }

    public enum PrimitiveType { Sphere, Capsule }

    public sealed class GameObject : Object
    {
        public static readonly List<GameObject> All = new List<GameObject>();
        internal readonly List<Component> parts = new List<Component>();

        public GameObject(string name)
        {
            this.name = name;
            All.Add(this);
            transform = AddComponent<Transform>();
        }

        public static GameObject CreatePrimitive(PrimitiveType type) { return new GameObject(type.ToString()); }
        public Transform transform { get; private set; }

        public T AddComponent<T>() where T : Component, new()
        {
            var part = new T { gameObject = this, name = name };
            parts.Add(part);
            Host.Call(part, "Awake");
            return part;
        }
    }

    public struct Vector3
    {
        public float x, y, z;
        public Vector3(float x, float y, float z) { this.x = x; this.y = y; this.z = z; }
    }

    public static class Mathf
    {
        public static int Clamp(int value, int low, int high) { return Math.Min(Math.Max(value, low), high); }
    }

    public static class Time
    {
        public static float deltaTime = 1f / 60f;
        public static float fixedDeltaTime = 0.02f;
    }

    public static class Debug
    {
        public static void Log(object message) { Host.Logged.Add(message.ToString()); }
        public static void LogError(object message) { Host.Errors.Add(message.ToString()); }
    }

    public static class Application
    {
        public static string temporaryCachePath { get { return System.IO.Path.GetTempPath(); } }
    }

    public static class Resources
    {
        public static T Load<T>(string path) where T : Object
        {
            return Host.Assets.TryGetValue(path, out Object asset) ? asset as T : null;
        }
    }

    public sealed class SerializeField : Attribute { }
    public sealed class HideInInspector : Attribute { }
    public sealed class DisallowMultipleComponent : Attribute { }
    public sealed class RuntimeInitializeOnLoadMethodAttribute : Attribute { }
    public sealed class TooltipAttribute : Attribute { public TooltipAttribute(string text) { } }
    public sealed class MinAttribute : Attribute { public MinAttribute(float least) { } }
    public sealed class AddComponentMenu : Attribute { public AddComponentMenu(string path) { } }

    public sealed class GraphicsBuffer : IDisposable
    {
        [Flags]
        public enum Target { CopyDestination = 8, Structured = 16 }

        private readonly IntPtr native;
        private readonly int size;

        public GraphicsBuffer(Target target, int count, int stride)
        {
            size = count * stride;
            native = Host.unity_make_buffer(size);
        }

        public IntPtr GetNativeBufferPtr() { return native; }
        public void GetData(float[] data) { Marshal.Copy(Host.unity_buffer(native), data, 0, size / 4); }
        public void Dispose() { }
    }

    public static class Graphics
    {
        public static void ExecuteCommandBuffer(Rendering.CommandBuffer commands)
        {
            int count = commands.events.Count;
            if (count > 0)
                Host.unity_execute(commands.events[0].Item1, commands.events.Select(one => one.Item2).ToArray(),
                                   commands.events.Select(one => one.Item3).ToArray(), count);
        }
    }

    /// <summary>What plays the game.</summary>
    public static class Host
    {
        public static readonly List<string> Logged = new List<string>(), Errors = new List<string>();
        public static readonly Dictionary<string, Object> Assets = new Dictionary<string, Object>();

        public static void Call(object one, string method)
        {
            MethodInfo found = one.GetType().GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);
            if (found != null) ((Action)Delegate.CreateDelegate(typeof(Action), one, found))();
        }

        public static void Frame(string method)
        {
            foreach (GameObject one in GameObject.All.Where(one => one != null).ToArray())
                foreach (Component part in one.parts.ToArray()) Call(part, method);
        }

        // library.cpp
        [DllImport("unity_stand_in")] public static extern void unity_start(string plugin);
        [DllImport("unity_stand_in")] public static extern void unity_stop();
        [DllImport("unity_stand_in")] internal static extern void unity_execute(IntPtr function, int[] ids, IntPtr[] data, int count);
        [DllImport("unity_stand_in")] internal static extern IntPtr unity_make_buffer(int size);
        [DllImport("unity_stand_in")] internal static extern IntPtr unity_buffer(IntPtr buffer);
    }
}

namespace UnityEngine.Rendering
{
    public sealed class CommandBuffer : IDisposable
    {
        internal readonly List<Tuple<IntPtr, int, IntPtr>> events = new List<Tuple<IntPtr, int, IntPtr>>();
        public string name { get; set; }
        public void Clear() { events.Clear(); }
        public void IssuePluginEventAndData(IntPtr function, int id, IntPtr data) { events.Add(Tuple.Create(function, id, data)); }
        public void Dispose() { }
    }
}

namespace Unity.Collections
{
    public enum Allocator { Temp = 2, Persistent = 4 }

    public unsafe struct NativeArray<T> : IDisposable where T : struct
    {
        internal IntPtr data;
        public static int Alive;

        public NativeArray(int length, Allocator allocator)
        {
            Length = length;
            data = Marshal.AllocHGlobal(length * Marshal.SizeOf<T>());
            new Span<byte>((void*)data, length * Marshal.SizeOf<T>()).Clear();
            ++Alive;
        }

        public bool IsCreated { get { return data != IntPtr.Zero; } }
        public int Length { get; private set; }

        public T this[int i]
        {
            get { return new Span<T>((void*)data, Length)[i]; }
            set { new Span<T>((void*)data, Length)[i] = value; }
        }

        public void Dispose()
        {
            Marshal.FreeHGlobal(data);
            --Alive;
        }
    }
}

namespace Unity.Collections.LowLevel.Unsafe
{
    public static unsafe class NativeArrayUnsafeUtility
    {
        public static void* GetUnsafePtr<T>(NativeArray<T> array) where T : struct { return (void*)array.data; }
        public static void* GetUnsafeReadOnlyPtr<T>(NativeArray<T> array) where T : struct { return (void*)array.data; }
    }
}

namespace UnityEditor.AssetImporters
{
    public sealed class ScriptedImporterAttribute : Attribute { public ScriptedImporterAttribute(int version, string extension) { } }

    public abstract class ScriptedImporter : UnityEngine.Object
    {
        public abstract void OnImportAsset(AssetImportContext context);
    }

    public sealed class AssetImportContext
    {
        public string assetPath { get; set; }
        public UnityEngine.Object Main { get; private set; }
        public string Error { get; private set; }
        public void AddObjectToAsset(string identifier, UnityEngine.Object made) { }
        public void SetMainObject(UnityEngine.Object made) { Main = made; }
        public void LogImportError(string message) { Error = message; }
    }
}

namespace NUnit.Framework
{
    public sealed class TestAttribute : Attribute { }
    public sealed class SetUpAttribute : Attribute { }
    public sealed class TearDownAttribute : Attribute { }

    public static class Assert
    {
        public static void AreEqual(object expected, object actual)
        {
            if (!expected.Equals(actual)) throw new Exception("expected " + expected + ", got " + actual);
        }

        public static T Throws<T>(Action code) where T : Exception
        {
            try
            {
                code();
            }
            catch (T exception)
            {
                return exception;
            }
            throw new Exception("expected " + typeof(T).Name + ", nothing was thrown");
        }
    }
}
