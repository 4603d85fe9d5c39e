package io.github.liteocr;

import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;

/** An output of a model: memory of the library, which its next run writes to. */
final class OutputTensor {
    /** Row by row; null if the output holds whole numbers. */
    final FloatBuffer floats;
    /** Row by row; null if the output holds floats. */
    final LongBuffer longs;

    final int[] shape;

    OutputTensor(FloatBuffer floats, LongBuffer longs, int[] shape) {
        this.floats = floats;
        this.longs = longs;
        this.shape = shape;
    }

    /** The first output that holds probabilities: V1.x networks put out classes or ids, too. */
    static OutputTensor probabilities(List<OutputTensor> outputs) {
        for (OutputTensor output : outputs) {
            if (output.floats != null) {
                return output;
            }
        }
        throw new LiteOcrException("the model has no output of floats; is it a PP-OCR model?");
    }

    /** The first output that holds whole numbers. */
    static OutputTensor ids(List<OutputTensor> outputs) {
        for (OutputTensor output : outputs) {
            if (output.longs != null) {
                return output;
            }
        }
        throw new LiteOcrException("the model has no output of ids; is it a V1.x recogniser?");
    }
}
