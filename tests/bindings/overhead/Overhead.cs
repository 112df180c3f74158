// See overhead.c.
using System;
using System.Diagnostics;
using System.Globalization;
using Snn;

internal static class Overhead
{
    private const int Rounds = 20, Steps = 20000;

    private static void Main(string[] arguments)
    {
        double[] best = { double.MaxValue, double.MaxValue };
        float[] seen = { 0.5f, 0.5f, 0 }, voltages = new float[3];
        using (Session brain = Session.Open(arguments[0]))
        {
            for (int round = 0; round < Rounds; ++round)
            {
                long start = Stopwatch.GetTimestamp();
                for (int step = 0; step < Steps; ++step) brain.Step();
                best[0] = Math.Min(best[0], Nanoseconds(start));
                start = Stopwatch.GetTimestamp();
                for (int step = 0; step < Steps; ++step)
                {
                    brain.SetInput(0, seen);
                    brain.Step();
                    brain.MembranePotentials("output", voltages);
                }
                best[1] = Math.Min(best[1], Nanoseconds(start));
            }
        }
        Console.WriteLine(string.Format(CultureInfo.InvariantCulture, "step {0:F1} ns, frame {1:F1} ns", best[0], best[1]));
    }

    private static double Nanoseconds(long start)
    {
        return (Stopwatch.GetTimestamp() - start) * 1e9 / Stopwatch.Frequency / Steps;
    }
}
