using System;
using System.Collections.Generic;
using System.Linq;

namespace Snn.Tests
{
    internal static class Assert
    {
        internal static void True(bool condition, string what)
        {
            if (!condition) throw new Exception("not true: " + what);
        }

        internal static void Equal(long expected, long found, string what)
        {
            if (expected != found) throw new Exception(what + ": expected " + expected + ", found " + found);
        }

        internal static void Equal(string expected, string found)
        {
            if (expected != found) throw new Exception("expected '" + expected + "', found '" + found + "'");
        }

        internal static void Equal(double expected, double found)
        {
            if (!expected.Equals(found)) throw new Exception("expected " + expected + ", found " + found);
        }

        internal static void Same<T>(IEnumerable<T> expected, IEnumerable<T> found)
        {
            if (!expected.SequenceEqual(found))
                throw new Exception("expected [" + string.Join(", ", expected) + "], found [" + string.Join(", ", found) + "]");
        }

        /// <summary>The exception that a function throws.</summary>
        internal static T Throws<T>(Action function) where T : Exception
        {
            try
            {
                function();
            }
            catch (T exception)
            {
                True(exception.Message.Length > 0, "the exception has a message");
                return exception;
            }
            throw new Exception("no " + typeof(T).Name + " was thrown");
        }

        internal static SnnException Fails(Status status, Action function)
        {
            SnnException exception = Throws<SnnException>(function);
            if (exception.Status != status)
                throw new Exception("expected " + status + ", found " + exception.Status + ": " + exception.Message);
            return exception;
        }
    }
}
