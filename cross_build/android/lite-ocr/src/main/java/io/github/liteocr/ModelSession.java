package io.github.liteocr;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * One model, opened anew when the shape of its input changes: some quantised models read garbage
 * after that on some releases of Paddle-Lite, and only trying tells which.
 */
final class ModelSession {
    private final Engine engine;
    private final String file;
    private final boolean reshapes;
    private Predictor predictor;
    /** Of the last run; null before the first. */
    private int[] shape;

    /**
     * @param reshapes whether the model is known to stay right after a change of shape
     */
    ModelSession(Engine engine, String file, boolean reshapes) {
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

    /** As {@link Predictor#input}, of a model that may be given this shape. */
    FloatBuffer input(int... newShape) {
        if (shape != null && !reshapes && !Arrays.equals(shape, newShape)) {
            close();
        }
        warm();
        shape = newShape;
        return predictor.input(newShape);
    }

    List<OutputTensor> run() {
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
