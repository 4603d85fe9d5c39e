package io.github.liteocr;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;

/** One thread that does all work, in the order it is asked for. */
final class Worker {
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    work -> {
                        Thread made = new Thread(work, "lite-ocr");
                        made.setDaemon(true);
                        return made;
                    });

    /**
     * Do something there and wait for it.
     *
     * @throws IllegalStateException the worker is closed
     */
    <T> T call(Callable<T> work) {
        Future<T> begun;
        try {
            begun = thread.submit(work);
        } catch (RejectedExecutionException error) {
            throw new IllegalStateException("the reader is closed; open a new one", error);
        }
        return result(begun);
    }

    /** Do a last thing and end; further calls do nothing. */
    void close(Runnable last) {
        synchronized (this) {
            if (thread.isShutdown()) {
                return;
            }
            thread.submit(last);
            thread.shutdown();
        }
    }

    private static <T> T result(Future<T> begun) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return begun.get();
                } catch (InterruptedException error) {
                    // A run of the library cannot be stopped: the caller is told afterwards.
                    interrupted = true;
                } catch (ExecutionException error) {
                    throw told(error.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException told(Throwable cause) {
        if (cause instanceof Error) {
            throw (Error) cause;
        }
        if (cause instanceof RuntimeException) {
            return (RuntimeException) cause;
        }
        return new LiteOcrException(cause.toString(), cause);
    }
}
