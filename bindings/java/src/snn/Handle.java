package snn;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/** A handle of libsnn that is released once: when it is closed, or when its owner is collected. A call that may call back holds
 * it, so that closing waits for the call's end. */
final class Handle implements Runnable {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final int CLOSED = 1 << 30;

    private final String what;
    private final long value;
    private final LongConsumer release;
    private final AtomicInteger users = new AtomicInteger();
    private Cleaner.Cleanable cleanable;

    private Handle(String what, long value, LongConsumer release) {
        this.what = what;
        this.value = value;
        this.release = release;
    }

    /** {@code release} must not refer to the owner. */
    static Handle of(Object owner, String what, long value, LongConsumer release) {
        Handle handle = new Handle(what, value, release);
        handle.cleanable = CLEANER.register(owner, handle);
        return handle;
    }

    /** For a call that does not call back; one that is released meanwhile is an error of libsnn, never a crash. */
    long get() {
        if ((users.get() & CLOSED) != 0) throw closed();
        return value;
    }

    /** For a call that may call back; {@link #leave} ends it. */
    long enter() {
        for (;;) {
            int count = users.get();
            if ((count & CLOSED) != 0) throw closed();
            if (users.compareAndSet(count, count + 1)) return value;
        }
    }

    void leave() {
        if (users.decrementAndGet() == CLOSED) cleanable.clean();
    }

    void close() {
        for (;;) {
            int count = users.get();
            if ((count & CLOSED) != 0) return;
            if (!users.compareAndSet(count, count | CLOSED)) continue;
            if (count == 0) cleanable.clean();
            return;
        }
    }

    @Override
    public void run() {
        users.getAndUpdate(count -> count | CLOSED);
        release.accept(value);
    }

    private IllegalStateException closed() {
        return new IllegalStateException("the " + what + " is closed");
    }
}
