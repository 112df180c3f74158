using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Snn
{
    /// <summary>A handle of libsnn that is released once, on any thread.</summary>
    internal abstract class LibraryHandle : SafeHandle
    {
        protected LibraryHandle(IntPtr owned) : base(IntPtr.Zero, true)
        {
            SetHandle(owned);
        }

        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }
    }

    internal sealed class NetworkHandle : LibraryHandle
    {
        internal static readonly NetworkHandle Null = new NetworkHandle(IntPtr.Zero);

        internal NetworkHandle(IntPtr owned) : base(owned) { }

        protected override bool ReleaseHandle()
        {
            Native.snn_network_release(handle);
            return true;
        }
    }

    internal sealed class ModelHandle : LibraryHandle
    {
        internal static readonly ModelHandle Null = new ModelHandle(IntPtr.Zero);

        internal ModelHandle(IntPtr owned) : base(owned) { }

        protected override bool ReleaseHandle()
        {
            Native.snn_model_release(handle);
            return true;
        }
    }

    internal sealed class PlacementHandle : LibraryHandle
    {
        internal PlacementHandle(IntPtr owned) : base(owned) { }

        protected override bool ReleaseHandle()
        {
            Native.snn_placement_release(handle);
            return true;
        }
    }

    /// <summary>A call that runs holds it, one of its trainer too, so that inside a callback its release waits for the call's
    /// end.</summary>
    internal sealed class SessionHandle : LibraryHandle
    {
        private GCHandle hooks;

        /// <summary>Arrays that are bound as inputs, by population: they stay pinned as long as a step may read them.</summary>
        internal readonly Dictionary<int, GCHandle> Bound = new Dictionary<int, GCHandle>();

        internal SessionHandle(IntPtr owned, GCHandle hooks) : base(owned)
        {
            this.hooks = hooks;
        }

        protected override bool ReleaseHandle()
        {
            Native.snn_destroy_network(handle);
            hooks.Free();
            foreach (GCHandle pinned in Bound.Values) pinned.Free();
            return true;
        }
    }

    /// <summary>Its calls hold the session's handle as well: C calls the hooks of the session, which end with that one.</summary>
    internal sealed class TrainerHandle : LibraryHandle
    {
        private readonly SessionHandle session;

        internal TrainerHandle(IntPtr owned, SessionHandle session) : base(owned)
        {
            this.session = session;
        }

        protected override bool ReleaseHandle()
        {
            bool held = false;
            try
            {
                session.DangerousAddRef(ref held); // its allocator gets the trainer's memory
            }
            catch (ObjectDisposedException)
            {
                // The trainer's memory has gone with the session.
            }
            Native.snn_trainer_release(handle);
            if (held) session.DangerousRelease();
            return true;
        }
    }

    /// <summary>The raw value of a handle for a struct, held while it is used.</summary>
    internal struct HeldHandle : IDisposable
    {
        private readonly LibraryHandle holder;
        private bool held;

        internal HeldHandle(LibraryHandle holder)
        {
            this.holder = holder;
            held = false;
            if (holder != null) holder.DangerousAddRef(ref held);
        }

        internal IntPtr Value { get { return holder == null ? IntPtr.Zero : holder.DangerousGetHandle(); } }

        public void Dispose()
        {
            if (held) holder.DangerousRelease();
            held = false;
        }
    }
}
