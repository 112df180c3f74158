// A creature steered by a spiking network looks for food, 600 frames at 60 a second. See samples/python/creature.py: the same game
// prints the same hash in every language. The argument is the brain, a file that samples/python/train_creature.py makes.
using System;
using Snn;

internal static class Creature
{
    private const int Frames = 600, Headings = 32, World = 4096;

    /// <summary>64 cos of each heading, from 0 counter-clockwise. Positions are in 64ths.</summary>
    private static readonly int[] Cosines =
    {
        64, 63, 59, 53, 45, 36, 24, 12, 0, -12, -24, -36, -45, -53, -59, -63,
        -64, -63, -59, -53, -45, -36, -24, -12, 0, 12, 24, 36, 45, 53, 59, 63
    };

    private static int Cosine(int heading) { return Cosines[heading % Headings]; }
    private static int Sine(int heading) { return Cosines[(heading + 24) % Headings]; }

    /// <summary>How much of what lies in the direction (dx, dy) is to the left, ahead and to the right, in sixteenths of 1.</summary>
    private static void See(int dx, int dy, int heading, float[] seen)
    {
        int ahead = dx * Cosine(heading) + dy * Sine(heading), left = dy * Cosine(heading) - dx * Sine(heading);
        int total = Math.Max(Math.Abs(ahead) + Math.Abs(left), 1);
        int side = ahead < 0 ? 16 : Math.Abs(left) * 16 / total; // what is behind is at the side
        seen[0] = left > 0 ? side / 16f : 0;
        seen[1] = Math.Max(ahead, 0) * 16 / total / 16f;
        seen[2] = left <= 0 ? side / 16f : 0;
    }

    private static int Clamp(int value) { return Math.Min(Math.Max(value, 0), World * 64 - 1); }

    private static int Main(string[] arguments)
    {
        try
        {
            Play(arguments.Length > 0 ? arguments[0] : "creature.snn");
            return 0;
        }
        catch (SnnException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return 1;
        }
    }

    private static void Play(string file)
    {
        using (Session brain = Session.Open(file))
        using (Network network = brain.Network())
        {
            int input = network.FindPopulation("input"), output = network.FindPopulation("output");
            var spikes = new int[3]; // of the output neurons in this frame
            brain.OnSpikes((session, population, sample, step, neurons) =>
            {
                if (population != output) return;
                foreach (uint neuron in neurons) ++spikes[neuron];
            });
            int x = World / 2 * 64, y = x, heading = 0, eaten = 0;
            int[] food = null;
            uint random = 1;
            ulong hash = 0xCBF29CE484222325;
            float[] seen = new float[3], voltages = new float[3];
            for (int frame = 0; frame < Frames; ++frame)
            {
                if (food == null)
                {
                    food = new int[2];
                    for (int i = 0; i < 2; ++i)
                    {
                        random = unchecked(random * 1664525 + 1013904223);
                        food[i] = (int)(random >> 20);
                    }
                }
                int dx = food[0] - (x >> 6), dy = food[1] - (y >> 6);
                Array.Clear(spikes, 0, 3);
                See(dx, dy, heading, seen);
                brain.SetInput(input, seen);
                brain.RunStep(1f / 60f);
                brain.MembranePotentials("output", voltages);
                heading = (heading + Headings + spikes[0].CompareTo(spikes[2])) % Headings;
                int speed = 8 + 4 * spikes[1];
                x = Clamp(x + Cosine(heading) * speed);
                y = Clamp(y + Sine(heading) * speed);
                if (Math.Abs(dx) + Math.Abs(dy) < 64)
                {
                    ++eaten;
                    food = null;
                }
                // FNV-1a of everything, the brain's voltages to the last bit included.
                foreach (int word in new[] { x, y, heading, eaten, spikes[0], spikes[1], spikes[2] }) Mix(ref hash, word);
                foreach (float voltage in voltages) Mix(ref hash, BitConverter.ToInt32(BitConverter.GetBytes(voltage), 0));
            }
            Console.WriteLine(Frames + " frames, " + eaten + " eaten, hash " + hash.ToString("x16"));
        }
    }

    private static void Mix(ref ulong hash, int word)
    {
        hash = unchecked((hash ^ (uint)word) * 0x100000001B3);
    }
}
