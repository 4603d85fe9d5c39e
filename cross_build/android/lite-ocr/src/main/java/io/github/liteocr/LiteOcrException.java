package io.github.liteocr;

/** The reader cannot be opened or cannot read; the message says why, in one line. */
public final class LiteOcrException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LiteOcrException(String message) {
        super(message);
    }

    public LiteOcrException(String message, Throwable cause) {
        super(message, cause);
    }
}
