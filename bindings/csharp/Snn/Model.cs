using System;

namespace Snn
{
    /// <summary>A neuron model, a surrogate or a plasticity rule. Any thread may use it.</summary>
    public sealed unsafe class Model : IDisposable
    {
        internal readonly ModelHandle handle;

        internal Model(IntPtr owned)
        {
            handle = new ModelHandle(owned);
        }

        /// <summary>From its op list, a JSON document (docs/model-format.md). C: <c>snn_model_load</c>.</summary>
        public static Model Load(string text)
        {
            if (text == null) throw new ArgumentNullException(nameof(text));
            Library.CheckVersion();
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
            IntPtr model;
            fixed (byte* data = bytes) Library.Check(Native.snn_model_load(data, (UIntPtr)bytes.Length, &model));
            return new Model(model);
        }

        /// <summary>A built-in neuron model: "lif". C: <c>snn_model_builtin</c>.</summary>
        public static Model Builtin(string name)
        {
            return Builtin(name, 0);
        }

        /// <summary>A built-in surrogate: "arctan". C: <c>snn_model_builtin</c>.</summary>
        public static Model BuiltinSurrogate(string name)
        {
            return Builtin(name, 1);
        }

        /// <summary>A built-in plasticity rule: "pair_stdp". C: <c>snn_model_builtin</c>.</summary>
        public static Model BuiltinPlasticity(string name)
        {
            return Builtin(name, 2);
        }

        private static Model Builtin(string name, uint kind)
        {
            Library.CheckVersion();
            IntPtr model;
            fixed (byte* text = Utf8.Bytes(name)) Library.Check(Native.snn_model_builtin(text, kind, &model));
            return new Model(model);
        }

        /// <summary>The op list, a JSON document. C: <c>snn_model_text</c>.</summary>
        public string Text
        {
            get
            {
                byte* text;
                UIntPtr size;
                Library.Check(Native.snn_model_text(handle, &text, &size));
                string copy = Utf8.Text(text, (int)size); // borrowed from the model, which lives until KeepAlive
                GC.KeepAlive(this);
                return copy;
            }
        }

        /// <summary>A second reference with an end of its own. C: <c>snn_model_retain</c>.</summary>
        public Model Share()
        {
            using (var held = new HeldHandle(handle))
            {
                Library.Check(Native.snn_model_retain(handle));
                return new Model(held.Value);
            }
        }

        /// <summary>Gives the reference back; networks that use the model keep it alive. C: <c>snn_model_release</c>.</summary>
        public void Dispose()
        {
            handle.Dispose();
        }
    }
}
