// A creature steered by a spiking network looks for food, 60 frames a second. See samples/python/creature.py: after 600 frames the
// same game prints the same hash in every language. It puts itself into whatever scene is played.
using System;
using Snn.Unity;
using Unity.Collections;
using UnityEngine;

public sealed class Creature : MonoBehaviour
{
    private const int Frames = 600, Headings = 32, World = 4096;

    /// <summary>64 cos of each heading, from 0 counter-clockwise. Positions are in 64ths.</summary>
    private static readonly int[] Cosines =
    {
        64, 63, 59, 53, 45, 36, 24, 12, 0, -12, -24, -36, -45, -53, -59, -63,
        -64, -63, -59, -53, -45, -36, -24, -12, 0, 12, 24, 36, 45, 53, 59, 63
    };

    private readonly float[] seen = new float[3];
    private readonly int[] spikes = new int[3], food = new int[2]; // spikes: of the output neurons in this frame
    private SpikingNetwork brain;
    private Transform foodShape;
    private int input, output, frame, x = World / 2 * 64, y = World / 2 * 64, heading, eaten;
    private bool hasFood;
    private uint random = 1;
    private ulong hash = 0xCBF29CE484222325;

    [RuntimeInitializeOnLoadMethod]
    private static void Play()
    {
        var asset = Resources.Load<SpikingNetworkAsset>("creature");
        if (asset == null)
        {
            Debug.LogError("Assets/Resources/creature.snn is missing: samples/unity/README.md says how to make it");
            return;
        }
        GameObject body = GameObject.CreatePrimitive(PrimitiveType.Capsule);
        body.name = "Creature";
        var brain = body.AddComponent<SpikingNetwork>();
        brain.StepIn = StepIn.Script;
        brain.Asset = asset;
        body.AddComponent<Creature>();
        if (Camera.main == null) new GameObject("Camera").AddComponent<Camera>().tag = "MainCamera";
        Camera.main.transform.position = new Vector3(World / 128f, 60, World / 128f);
        Camera.main.transform.LookAt(new Vector3(World / 128f, 0, World / 128f));
        Time.fixedDeltaTime = 1f / 60f;
    }

    private void Awake()
    {
        brain = GetComponent<SpikingNetwork>();
        input = brain.Population("input");
        output = brain.Population("output");
        brain.Spiked += Count;
        foodShape = GameObject.CreatePrimitive(PrimitiveType.Sphere).transform;
    }

    private void Count(SpikingNetwork network, int population, ulong step, ReadOnlySpan<uint> neurons)
    {
        if (population != output) return;
        foreach (uint neuron in neurons) ++spikes[neuron];
    }

    private void FixedUpdate()
    {
        for (int i = 0; i < 2 && !hasFood; ++i)
        {
            random = unchecked(random * 1664525 + 1013904223);
            food[i] = (int)(random >> 20);
        }
        hasFood = true;
        int dx = food[0] - (x >> 6), dy = food[1] - (y >> 6);
        Array.Clear(spikes, 0, 3);
        See(dx, dy);
        brain.SetInput(input, seen);
        brain.Step(1f / 60f);
        NativeArray<float> voltages = brain.State("output.v");
        heading = (heading + Headings + spikes[0].CompareTo(spikes[2])) % Headings;
        int speed = 8 + 4 * spikes[1];
        x = Mathf.Clamp(x + Cosine(heading) * speed, 0, World * 64 - 1);
        y = Mathf.Clamp(y + Sine(heading) * speed, 0, World * 64 - 1);
        if (Math.Abs(dx) + Math.Abs(dy) < 64)
        {
            ++eaten;
            hasFood = false;
        }
        transform.position = new Vector3(x / 4096f, 0, y / 4096f); // 64 pixels of the game are 1 metre
        foodShape.position = new Vector3(food[0] / 64f, 0, food[1] / 64f);
        if (frame < Frames) Mix(voltages);
    }

    /// <summary>How much of what lies in the direction (dx, dy) is to the left, ahead and to the right, in sixteenths of 1.</summary>
    private void See(int dx, int dy)
    {
        int ahead = dx * Cosine(heading) + dy * Sine(heading), left = dy * Cosine(heading) - dx * Sine(heading);
        int total = Math.Max(Math.Abs(ahead) + Math.Abs(left), 1);
        int side = ahead < 0 ? 16 : Math.Abs(left) * 16 / total; // what is behind is at the side
        seen[0] = left > 0 ? side / 16f : 0;
        seen[1] = Math.Max(ahead, 0) * 16 / total / 16f;
        seen[2] = left <= 0 ? side / 16f : 0;
    }

    /// <summary>FNV-1a of everything, the brain's voltages to the last bit included.</summary>
    private void Mix(NativeArray<float> voltages)
    {
        Mix(x);
        Mix(y);
        Mix(heading);
        Mix(eaten);
        for (int i = 0; i < 3; ++i) Mix(spikes[i]);
        for (int i = 0; i < 3; ++i) Mix(BitConverter.SingleToInt32Bits(voltages[i]));
        if (++frame == Frames) Debug.Log(Frames + " frames, " + eaten + " eaten, hash " + hash.ToString("x16"));
    }

    private void Mix(int word)
    {
        hash = unchecked((hash ^ (uint)word) * 0x100000001B3);
    }

    private static int Cosine(int heading) { return Cosines[heading % Headings]; }
    private static int Sine(int heading) { return Cosines[(heading + 24) % Headings]; }
}
