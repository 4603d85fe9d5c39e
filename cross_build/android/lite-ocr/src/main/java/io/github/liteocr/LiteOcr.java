package io.github.liteocr;

import android.content.Context;
import android.content.res.AssetManager;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * A text reader.
 *
 * <p>May be called from any threads, but not from the main one: a page takes a second or more. What
 * several threads ask for is done one after the other, on a thread of the reader's own, because
 * Paddle-Lite keeps memory by thread. One reader is enough for an app; open it once and keep it.
 */
public final class LiteOcr implements AutoCloseable {
    /** Folder of the module's files among an app's assets, and of models among its own files. */
    private static final String FOLDER = "lite-ocr";

    private final InferenceThread thread = new InferenceThread();
    private final AssetSource assets;
    private final File folder;
    private OcrPipeline pipeline;

    private LiteOcr(AssetSource assets, File folder) {
        this.assets = assets;
        this.folder = folder;
    }

    /** Open the module's models; see {@link #open(Context, LiteOcrOptions)}. */
    public static LiteOcr open(Context context) {
        return open(context, new LiteOcrOptions());
    }

    /**
     * Open the module's models: some tenths of a second, and longer the first time, when they are
     * copied to the app's own files.
     *
     * @throws LiteOcrException a file is missing, or the models do not fit the library
     */
    public static LiteOcr open(Context context, LiteOcrOptions options) {
        AssetManager assets = context.getAssets();
        File folder = new File(context.getNoBackupFilesDir(), FOLDER);
        LiteOcr opened = new LiteOcr(name -> assets.open(FOLDER + "/" + name), folder);
        try {
            opened.thread.call(
                    () -> {
                        opened.start(options);
                        return null;
                    });
        } catch (RuntimeException error) {
            opened.close();
            throw error;
        }
        return opened;
    }

    private void start(LiteOcrOptions options) {
        try {
            System.loadLibrary("lite_ocr");
        } catch (UnsatisfiedLinkError error) {
            throw new LiteOcrException(
                    "liblite_ocr.so cannot be loaded (" + error.getMessage()
                            + "); is the module built for this device's ABI?",
                    error);
        }
        try (InputStream stream = assets.open(PackProperties.FILE)) {
            PackProperties properties = PackProperties.load(stream);
            ModelFiles models = new ModelFiles(properties, assets, folder);
            models.clean();
            Engine engine = new NativeEngine(properties, models, options.threads);
            pipeline = new OcrPipeline(properties, assets, engine, options);
            pipeline.warm();
        } catch (IOException error) {
            throw new LiteOcrException(
                    "assets/" + FOLDER + ": cannot be read (" + error + "); is the module's"
                            + " src/main/assets part of the app?",
                    error);
        }
    }

    /**
     * Read an upright picture.
     *
     * @return its lines in reading order; none for a picture without text
     * @throws LiteOcrException the library failed
     * @throws IllegalStateException the reader is closed
     */
    public List<TextLine> read(Bitmap bitmap) {
        return read(bitmap, 0);
    }

    /**
     * Read a picture that has to be rotated first, as those of a camera.
     *
     * @param rotationDegrees clockwise, a multiple of 90: CameraX's {@code getRotationDegrees()}
     * @return its lines in reading order, in pixels of the rotated picture
     */
    public List<TextLine> read(Bitmap bitmap, int rotationDegrees) {
        return thread.call(
                () -> pipeline.read(BitmapConverter.toBgrImage(bitmap).rotated(rotationDegrees)));
    }

    /**
     * Read the picture that every working reader reads right, for a test on a device.
     *
     * @throws LiteOcrException it reads something else; names both
     */
    public void verify() {
        thread.call(
                () -> {
                    try (InputStream stream = assets.open(golden())) {
                        Bitmap bitmap = BitmapFactory.decodeStream(stream);
                        pipeline.check(pipeline.read(BitmapConverter.toBgrImage(bitmap)));
                    }
                    return null;
                });
    }

    private String golden() throws IOException {
        try (InputStream stream = assets.open(PackProperties.FILE)) {
            return PackProperties.load(stream).getString("golden");
        }
    }

    /** Free the models, after what is under way; may be called again. */
    @Override
    public void close() {
        thread.close(
                () -> {
                    if (pipeline != null) {
                        pipeline.close();
                    }
                });
    }
}
