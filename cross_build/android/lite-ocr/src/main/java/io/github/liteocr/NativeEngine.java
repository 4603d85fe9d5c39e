package io.github.liteocr;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Paddle-Lite behind {@code liblite_ocr.so}. */
final class NativeEngine implements Engine {
    /** {@code dtype} of lite_capi.h; the only other one that comes here is int64. */
    private static final int FLOAT32 = 1;
    private static final int MAX_RANK = 8;

    private final ModelFiles models;
    private final List<String> runtimes;
    private final int threads;
    private final int power;

    /**
     * @param threads of each model; as the module was built for if 0
     */
    NativeEngine(PackProperties properties, ModelFiles models, int threads) {
        this.models = models;
        this.runtimes = properties.getStrings("runtimes");
        this.threads = threads > 0 ? threads : properties.getInt("threads");
        this.power = properties.getInt("power");
    }

    @Override
    public Predictor open(String file) {
        long handle;
        try {
            handle = open(models.file(file).getPath(), threads, power);
        } catch (IOException error) {
            throw new LiteOcrException(
                    file + ": cannot be kept (" + error.getMessage() + ")", error);
        } catch (LiteOcrException error) {
            throw new LiteOcrException(
                    file + ": Paddle-Lite cannot load it: " + error.getMessage(), error);
        }
        String version = version(handle);
        // The library adds its commit after a blank or a bracket.
        for (String word : version.replace('(', ' ').split(" ")) {
            if (runtimes.contains(word)) {
                return new Model(handle);
            }
        }
        close(handle);
        throw new LiteOcrException(
                file + ": was made for Paddle-Lite " + runtimes + ", the library says " + version
                        + "; make the module again");
    }

    private static final class Model implements Predictor {
        private long handle;

        Model(long handle) {
            this.handle = handle;
        }

        @Override
        public FloatBuffer input(int... shape) {
            return floats(NativeEngine.input(handle, shape));
        }

        @Override
        public List<OutputTensor> run() {
            int count = NativeEngine.run(handle);
            List<OutputTensor> outputs = new ArrayList<>();
            for (int index = 0; index < count; index++) {
                int[] header = new int[2 + MAX_RANK];
                ByteBuffer memory = output(handle, index, header);
                int[] shape = Arrays.copyOfRange(header, 2, 2 + header[1]);
                outputs.add(
                        header[0] == FLOAT32
                                ? new OutputTensor(floats(memory), null, shape)
                                : new OutputTensor(null, longs(memory), shape));
            }
            return outputs;
        }

        @Override
        public void close() {
            if (handle != 0) {
                NativeEngine.close(handle);
            }
            handle = 0;
        }

        private static FloatBuffer floats(ByteBuffer memory) {
            return memory.order(ByteOrder.nativeOrder()).asFloatBuffer();
        }

        private static LongBuffer longs(ByteBuffer memory) {
            return memory.order(ByteOrder.nativeOrder()).asLongBuffer();
        }
    }

    // In src/main/cpp/lite_jni.cc; all but close throw LiteOcrException.

    private static native long open(String path, int threads, int power);

    private static native String version(long handle);

    private static native ByteBuffer input(long handle, int[] shape);

    /** Returns the number of outputs. */
    private static native int run(long handle);

    /** Fills {@code header} with: 1 for float32 or 4 for int64, the rank, the shape. */
    private static native ByteBuffer output(long handle, int index, int[] header);

    private static native void close(long handle);
}
