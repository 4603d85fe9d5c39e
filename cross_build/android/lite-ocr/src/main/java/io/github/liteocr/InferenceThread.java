package io.github.liteocr;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;

/** The thread that all models are opened, run and closed on, in the order of the calls. */
final class InferenceThread {
    private final ExecutorService executor =
            Executors.newSingleThreadExecutor(
                    task -> {
                        Thread thread = new Thread(task, "lite-ocr");
                        thread.setDaemon(true);
                        return thread;
                    });

    /**
     * Run a task there and wait for its result.
     *
     * @throws IllegalStateException the thread is closed
     */
    <T> T call(Callable<T> task) {
        Future<T> future;
        try {
            future = executor.submit(task);
        } catch (RejectedExecutionException error) {
            throw new IllegalStateException("the reader is closed; open a new one", error);
        }
        return result(future);
    }

    /** Run a last task and end; further calls do nothing. */
    void close(Runnable last) {
        synchronized (this) {
            if (executor.isShutdown()) {
                return;
            }
            executor.submit(last);
            executor.shutdown();
        }
    }

    private static <T> T result(Future<T> future) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return future.get();
                } catch (InterruptedException error) {
                    // A run of the library cannot be stopped; the caller learns of it afterwards.
                    interrupted = true;
                } catch (ExecutionException error) {
                    throw unchecked(error.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException unchecked(Throwable cause) {
        if (cause instanceof Error) {
            throw (Error) cause;
        }
        if (cause instanceof RuntimeException) {
            return (RuntimeException) cause;
        }
        return new LiteOcrException(cause.toString(), cause);
    }
}
