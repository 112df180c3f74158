package snn;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import snn.Enums.DataType;

/** Steps with inputs and recordings, for {@link Session#run}; see {@code SNNRunDef}. */
public final class Run {
    /** Called every so many steps with the steps that are done and those of the run; false stops it, and {@link Session#run} throws
     * {@code Status.STOPPED}. */
    @FunctionalInterface
    public interface Progress {
        boolean goOn(long stepsDone, long stepsTotal);
    }

    /** Room for the spikes of a population as events, ordered by step, then sample, then neuron. */
    public static final class SpikeEvents {
        private final int capacity;
        private int[] steps = {}, neurons = {}, samples = {};

        /** At least batch_size times the population's size: as many as one step can give. */
        public SpikeEvents(int capacity) {
            this.capacity = Scope.whole(capacity, "capacity");
        }

        /** Of each event, since the run began. */
        public int[] steps() {
            return steps;
        }

        public int[] neurons() {
            return neurons;
        }

        public int[] samples() {
            return samples;
        }
    }

    private static final class Input {
        int population;
        boolean held;
        float[] values;
    }

    /** Of a run or a batch. */
    static final class InputSpikes {
        private final int population;
        private final int[] steps, neurons, samples;

        InputSpikes(int population, int[] steps, int[] neurons, int[] samples) {
            if (neurons.length != steps.length || samples != null && samples.length != steps.length)
                throw new IllegalArgumentException("there are " + steps.length + " steps, " + neurons.length + " neurons and "
                    + (samples != null ? samples : steps).length + " samples; each spike has one");
            this.population = population;
            this.steps = steps;
            this.neurons = neurons;
            this.samples = samples;
        }

        static long write(Scope scope, List<InputSpikes> all) {
            ByteBuffer structs = scope.bytes((long) Native.SNNSpikeInput.SIZE * all.size());
            for (int i = 0; i < all.size(); ++i) {
                InputSpikes spikes = all.get(i);
                int at = i * Native.SNNSpikeInput.SIZE;
                structs.putInt(at, Native.SNNSpikeInput.SIZE);
                structs.putInt(at + Native.SNNSpikeInput.population, Scope.whole(spikes.population, "population"));
                structs.putLong(at + Native.SNNSpikeInput.steps, scope.ints(spikes.steps));
                structs.putLong(at + Native.SNNSpikeInput.neurons, scope.ints(spikes.neurons));
                structs.putLong(at + Native.SNNSpikeInput.samples, scope.ints(spikes.samples));
                structs.putLong(at + Native.SNNSpikeInput.count, spikes.steps.length);
            }
            return Jni.address(structs);
        }
    }

    private final int stepCount;
    private final List<Input> inputs = new ArrayList<>();
    private final List<InputSpikes> inputSpikes = new ArrayList<>();
    private final List<Recording> recordings = new ArrayList<>(), values = new ArrayList<>();
    private final List<Integer> eventPopulations = new ArrayList<>();
    private final List<SpikeEvents> events = new ArrayList<>();
    Progress progress;
    private Integer progressInterval, recordInterval;
    private int stepsBefore;
    private ByteBuffer spikeRecords;

    /** Without inputs and recordings. */
    public Run(int stepCount) {
        this.stepCount = Scope.whole(stepCount, "stepCount");
    }

    /** [step][batch_size][size] */
    public Run input(int population, float[] values) {
        return input(population, false, values);
    }

    /** [batch_size][size], used at every step. */
    public Run heldInput(int population, float[] values) {
        return input(population, true, values);
    }

    private Run input(int population, boolean held, float[] values) {
        Input input = new Input();
        input.population = population;
        input.held = held;
        input.values = Objects.requireNonNull(values, "values");
        inputs.add(input);
        return this;
    }

    /** Spikes of a spike input one by one, in the order of their steps: the step since the run began, the neuron and, with several
     * samples, the sample of each, else null. */
    public Run inputSpikes(int population, int[] steps, int[] neurons, int[] samples) {
        inputSpikes.add(new InputSpikes(population, steps, neurons, samples));
        return this;
    }

    /** The same of spikes that another run recorded. */
    public Run inputSpikes(int population, SpikeEvents events) {
        return inputSpikes(population, events.steps, events.neurons, events.samples);
    }

    /** A state, "spikes" or "spike_count", [step][batch_size][size]; the array is filled when the run ends. */
    public Run record(int population, String variable, float[] values) {
        return record(recordings, population, variable, null, DataType.FLOAT32, 4L * values.length, values.length, from -> from.asFloatBuffer().get(values));
    }

    /** The same as double. */
    public Run record(int population, String variable, double[] values) {
        return record(recordings, population, variable, null, DataType.FLOAT64, 8L * values.length, values.length, from -> from.asDoubleBuffer().get(values));
    }

    /** The same as whole numbers. */
    public Run record(int population, String variable, int[] values) {
        return record(recordings, population, variable, null, DataType.INT32, 4L * values.length, values.length, from -> from.asIntBuffer().get(values));
    }

    /** The same as bytes. */
    public Run record(int population, String variable, byte[] values) {
        return record(recordings, population, variable, null, DataType.UINT8, values.length, values.length, from -> from.duplicate().get(values));
    }

    /** A variable by its path, as for {@link Session#read}, of chosen neurons or synapses (null: of all): [row][batch_size][chosen] of
     * a population, [row][chosen] of a projection; the array is filled when the run ends. */
    public Run recordValues(String path, long[] indices, float[] values) {
        return record(this.values, 0, path, indices, DataType.FLOAT32, 4L * values.length, values.length, from -> from.asFloatBuffer().get(values));
    }

    /** The same as double. */
    public Run recordValues(String path, long[] indices, double[] values) {
        return record(this.values, 0, path, indices, DataType.FLOAT64, 8L * values.length, values.length, from -> from.asDoubleBuffer().get(values));
    }

    /** The same as whole numbers. */
    public Run recordValues(String path, long[] indices, int[] values) {
        return record(this.values, 0, path, indices, DataType.INT32, 4L * values.length, values.length, from -> from.asIntBuffer().get(values));
    }

    /** The same as bytes, of spikes. */
    public Run recordValues(String path, long[] indices, byte[] values) {
        return record(this.values, 0, path, indices, DataType.UINT8, values.length, values.length, from -> from.duplicate().get(values));
    }

    private Run record(List<Recording> to, int population, String variable, long[] indices, DataType type, long bytes, int count, Filler filler) {
        Recording recording = new Recording();
        recording.population = population;
        recording.variable = Objects.requireNonNull(variable, "variable");
        recording.indices = indices;
        recording.type = type;
        recording.bytes = bytes;
        recording.count = count;
        recording.filler = filler;
        to.add(recording);
        return this;
    }

    /** Spikes as events. Where room for the next step's may be missing, fewer steps are done than asked for. */
    public Run record(int population, SpikeEvents into) {
        eventPopulations.add(population);
        events.add(Objects.requireNonNull(into, "into"));
        return this;
    }

    public Run progress(int interval, Progress function) {
        progress = function;
        progressInterval = interval;
        return this;
    }

    /** Recordings (not events) are written after every so many steps; default 1. */
    public Run recordInterval(int steps) {
        recordInterval = steps;
        return this;
    }

    /** Of a run that this one goes on with; default 0. */
    public Run stepsBefore(int steps) {
        stepsBefore = steps;
        return this;
    }

    private interface Filler {
        void fill(ByteBuffer from);
    }

    private static final class Recording {
        int population, count;
        String variable; // or a path
        long[] indices;
        DataType type;
        long bytes;
        ByteBuffer memory;
        Filler filler;
    }

    /** The address of the struct as C wants it. */
    long write(Scope scope, long done, long hooks) {
        ByteBuffer inputArrays = scope.bytes((long) Native.SNNInputArray.SIZE * inputs.size());
        for (int i = 0; i < inputs.size(); ++i) {
            Input input = inputs.get(i);
            writeInput(scope, inputArrays, i, input.population, input.held, input.values);
        }
        ByteBuffer records = scope.bytes((long) Native.SNNRecordArray.SIZE * recordings.size());
        for (int i = 0; i < recordings.size(); ++i) {
            Recording recording = recordings.get(i);
            int at = i * Native.SNNRecordArray.SIZE;
            recording.memory = scope.bytes(recording.bytes);
            records.putInt(at + Native.SNNRecordArray.population, Scope.whole(recording.population, "population"));
            records.putInt(at + Native.SNNRecordArray.dtype, recording.type.value);
            records.putLong(at + Native.SNNRecordArray.variable, scope.text(recording.variable));
            records.putLong(at + Native.SNNRecordArray.data, Jni.address(recording.memory));
            records.putLong(at + Native.SNNRecordArray.count, recording.count);
        }
        spikeRecords = scope.bytes((long) Native.SNNSpikeRecord.SIZE * events.size());
        for (int i = 0; i < events.size(); ++i) {
            int at = i * Native.SNNSpikeRecord.SIZE;
            long bytes = 4L * events.get(i).capacity;
            spikeRecords.putInt(at, Native.SNNSpikeRecord.SIZE);
            spikeRecords.putInt(at + Native.SNNSpikeRecord.population, Scope.whole(eventPopulations.get(i), "population"));
            spikeRecords.putLong(at + Native.SNNSpikeRecord.steps, Jni.address(scope.bytes(bytes)));
            spikeRecords.putLong(at + Native.SNNSpikeRecord.neurons, Jni.address(scope.bytes(bytes)));
            spikeRecords.putLong(at + Native.SNNSpikeRecord.samples, Jni.address(scope.bytes(bytes)));
            spikeRecords.putLong(at + Native.SNNSpikeRecord.capacity, events.get(i).capacity);
        }
        ByteBuffer valueRecords = scope.bytes((long) Native.SNNValueRecord.SIZE * values.size());
        for (int i = 0; i < values.size(); ++i) {
            Recording recording = values.get(i);
            int at = i * Native.SNNValueRecord.SIZE;
            recording.memory = scope.bytes(recording.bytes);
            valueRecords.putInt(at, Native.SNNValueRecord.SIZE);
            valueRecords.putInt(at + Native.SNNValueRecord.dtype, recording.type.value);
            valueRecords.putLong(at + Native.SNNValueRecord.path, scope.text(recording.variable));
            valueRecords.putLong(at + Native.SNNValueRecord.indices, scope.longs(recording.indices));
            valueRecords.putLong(at + Native.SNNValueRecord.index_count, recording.indices == null ? 0 : recording.indices.length);
            valueRecords.putLong(at + Native.SNNValueRecord.data, Jni.address(recording.memory));
            valueRecords.putLong(at + Native.SNNValueRecord.count, recording.count);
        }
        ByteBuffer def = scope.bytes((long) Native.SNNRunDef.SIZE);
        Native.snn_run_def_init(Jni.address(def), Native.SNNRunDef.SIZE);
        def.putInt(Native.SNNRunDef.step_count, stepCount);
        def.putLong(Native.SNNRunDef.inputs, Jni.address(inputArrays));
        def.putInt(Native.SNNRunDef.input_count, inputs.size());
        def.putLong(Native.SNNRunDef.records, Jni.address(records));
        def.putInt(Native.SNNRunDef.record_count, recordings.size());
        def.putLong(Native.SNNRunDef.spike_records, Jni.address(spikeRecords));
        def.putInt(Native.SNNRunDef.spike_record_count, events.size());
        def.putLong(Native.SNNRunDef.spike_inputs, InputSpikes.write(scope, inputSpikes));
        def.putInt(Native.SNNRunDef.spike_input_count, inputSpikes.size());
        def.putLong(Native.SNNRunDef.value_records, Jni.address(valueRecords));
        def.putInt(Native.SNNRunDef.value_record_count, values.size());
        def.putInt(Native.SNNRunDef.steps_before, Scope.whole(stepsBefore, "stepsBefore"));
        def.putLong(Native.SNNRunDef.out_step_count, done);
        if (recordInterval != null) def.putInt(Native.SNNRunDef.record_interval, Scope.whole(recordInterval, "recordInterval"));
        if (progressInterval != null) def.putInt(Native.SNNRunDef.progress_interval, Scope.whole(progressInterval, "progressInterval"));
        if (progress != null) {
            def.putLong(Native.SNNRunDef.progress, Jni.function(Jni.PROGRESS));
            def.putLong(Native.SNNRunDef.progress_user, hooks);
        }
        return Jni.address(def);
    }

    static void writeInput(Scope scope, ByteBuffer to, int index, int population, boolean held, float[] values) {
        int at = index * Native.SNNInputArray.SIZE;
        to.putInt(at + Native.SNNInputArray.population, Scope.whole(population, "population"));
        to.putInt(at + Native.SNNInputArray.held, held ? 1 : 0);
        to.putLong(at + Native.SNNInputArray.data, scope.floats(values));
        to.putLong(at + Native.SNNInputArray.count, values.length);
    }

    /** Takes what C wrote, while the scope of {@link #write} lives. */
    void read() {
        for (List<Recording> some : List.of(recordings, values)) {
            for (Recording recording : some) {
                recording.filler.fill(recording.memory);
                recording.memory = null;
            }
        }
        for (int i = 0; i < events.size(); ++i) {
            int at = i * Native.SNNSpikeRecord.SIZE;
            long count = spikeRecords.getLong(at + Native.SNNSpikeRecord.count);
            events.get(i).steps = Scope.copyInts(spikeRecords.getLong(at + Native.SNNSpikeRecord.steps), count);
            events.get(i).neurons = Scope.copyInts(spikeRecords.getLong(at + Native.SNNSpikeRecord.neurons), count);
            events.get(i).samples = Scope.copyInts(spikeRecords.getLong(at + Native.SNNSpikeRecord.samples), count);
        }
        spikeRecords = null;
    }
}
