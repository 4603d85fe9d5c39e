package io.github.liteocr;

import java.nio.FloatBuffer;
import java.util.List;

/** One loaded model, for one thread. */
interface Predictor {
    /**
     * The library's own memory of the input, to be filled; valid until the next call.
     *
     * @param shape batch, channels, height, width
     */
    FloatBuffer input(int... shape);

    /** Run on what stands in the input; the outputs are to be read before the next call. */
    List<OutputTensor> run();

    /** Free the model; further calls do nothing. */
    void close();
}
