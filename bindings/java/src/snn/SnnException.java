package snn;

import snn.Enums.Status;

/** What went wrong in libsnn: a status, and its sentence, which names the argument and its value.
 * C: {@code snn_last_error}. */
public final class SnnException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final Status status;

    SnnException(Status status, String sentence) {
        super(sentence);
        this.status = status;
    }

    /** The kind of error. */
    public Status status() {
        return status;
    }
}
