package io.github.liteocr;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * One model, opened anew for each input shape: some quantised models read garbage after a change of
 * shape on some releases of Paddle-Lite, and only trying tells which. The last one stays open.
 */
final class Pool {
    private final Engine engine;
    private final String file;
    private final boolean reshapes;
    private Predictor predictor;
    /** Of the last run; null before the first. */
    private int[] shape;

    /**
     * @param reshapes whether the model is known to stay right after a change of shape
     */
    Pool(Engine engine, String file, boolean reshapes) {
        this.engine = engine;
        this.file = file;
        this.reshapes = reshapes;
    }

    /** Open the model, if it is not, before there is anything to run. */
    void warm() {
        if (predictor == null) {
            predictor = engine.open(file);
        }
    }

    FloatBuffer input(int... wanted) {
        if (shape != null && !reshapes && !Arrays.equals(shape, wanted)) {
            close();
        }
        warm();
        shape = wanted;
        return predictor.input(wanted);
    }

    List<Output> run() {
        return predictor.run();
    }

    void close() {
        if (predictor != null) {
            predictor.close();
        }
        predictor = null;
        shape = null;
    }
}
