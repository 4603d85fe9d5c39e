package io.github.liteocr;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The reader's parts behind a pipe, so that tests compare them with the reader in Python. */
public final class Probe {
    private static final int DONE = 0;
    private static final int FAILED = 1;
    private static final int RUN = 2;

    private final DataInputStream in =
            new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
    private final DataOutputStream out =
            new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));

    public static void main(String[] arguments) throws IOException {
        Probe probe = new Probe();
        while (true) {
            String name = probe.in.readUTF();
            if (name.equals("end")) {
                return;
            }
            try {
                probe.answer(name);
            } catch (LiteOcrException | IllegalArgumentException | IllegalStateException error) {
                probe.out.writeByte(FAILED);
                probe.out.writeUTF(error.getClass().getSimpleName() + ": " + error.getMessage());
            }
            probe.out.flush();
        }
    }

    private void answer(String name) throws IOException {
        switch (name) {
            case "resize": {
                BgrImage image = image();
                give(Resizer.resize(image, in.readInt(), in.readInt()));
                break;
            }
            case "crop":
                give(PerspectiveCrop.of(image(), quad()));
                break;
            case "turn":
                give(image().rotated(in.readInt()));
                break;
            case "blend": {
                int width = in.readInt();
                int[] argb = new int[width * in.readInt()];
                for (int n = 0; n < argb.length; n++) {
                    argb[n] = in.readInt();
                }
                EdgeBrightness edges = new EdgeBrightness();
                edges.add(argb, width, argb.length / width);
                byte[] bgr = new byte[3 * argb.length];
                ArgbPixels.blend(argb, argb.length, edges.backdrop(), bgr, 0);
                out.writeByte(DONE);
                out.write(bgr);
                break;
            }
            case "mean": {
                Detector.Probabilities map = map();
                double mean = PolygonMean.of(map.values, map.width, map.height, quad());
                out.writeByte(DONE);
                out.writeDouble(mean);
                break;
            }
            case "find": {
                Detector detector = new Detector(properties(new File(in.readUTF())), in.readInt());
                Detector.Probabilities map = map();
                List<Detector.Detection> found = detector.regions(map, in.readInt(), in.readInt());
                out.writeByte(DONE);
                out.writeInt(found.size());
                for (Detector.Detection one : found) {
                    out.writeDouble(one.score);
                    give(one.quad);
                }
                break;
            }
            case "size": {
                Detector detector = new Detector(properties(new File(in.readUTF())), in.readInt());
                int[] size = detector.inputSize(in.readInt(), in.readInt());
                out.writeByte(DONE);
                out.writeInt(size[0]);
                out.writeInt(size[1]);
                break;
            }
            case "tiles": {
                give(TiledMap.starts(in.readInt(), in.readInt()));
                break;
            }
            case "segments":
                give(LongLines.starts(in.readInt(), in.readInt(), in.readInt()));
                break;
            case "strokes": {
                FineStrokes strokes = new FineStrokes(image(), in.readDouble());
                out.writeByte(DONE);
                out.writeInt(strokes.columns);
                out.writeInt(strokes.rows);
                for (boolean fine : strokes.fine) {
                    out.writeByte(fine ? 1 : 0);
                }
                break;
            }
            case "logical": {
                List<String> characters = texts();
                out.writeByte(DONE);
                give(LogicalOrder.of(characters));
                break;
            }
            case "charset": {
                File folder = new File(in.readUTF());
                List<String> found;
                File charset = new File(folder, properties(folder).getString("charset"));
                try (FileInputStream stream = new FileInputStream(charset)) {
                    found = PackProperties.charset(stream);
                }
                out.writeByte(DONE);
                out.writeInt(found.size());
                for (String one : found) {
                    give(one);
                }
                break;
            }
            case "read":
                read(false);
                break;
            case "native":
                read(true);
                break;
            case "closed":
                closed();
                break;
            default:
                throw new IOException("unknown command " + name);
        }
    }

    /** Read a picture, with models on the other side of the pipe or those of the real library. */
    private void read(boolean real) throws IOException {
        File folder = new File(in.readUTF());
        File kept = new File(in.readUTF());
        LiteOcrOptions options =
                new LiteOcrOptions().setReshapes(in.readBoolean()).setMinScore(in.readFloat());
        boolean check = in.readBoolean();
        BgrImage image = image();
        PackProperties properties = properties(folder);
        AssetSource assets = name -> new FileInputStream(new File(folder, name));
        Engine engine = Piped::new;
        if (real) {
            System.loadLibrary("lite_ocr");
            ModelFiles models = new ModelFiles(properties, assets, kept);
            models.clean();
            engine = new NativeEngine(properties, models, options.threads);
        }
        OcrPipeline pipeline = new OcrPipeline(properties, assets, engine, options);
        List<TextLine> lines;
        try {
            pipeline.warm();
            lines = pipeline.read(image);
            if (check) {
                pipeline.check(lines);
            }
        } finally {
            pipeline.close();
        }
        out.writeByte(DONE);
        out.writeInt(lines.size());
        for (TextLine line : lines) {
            give(line.getText());
            out.writeFloat(line.getScore());
            out.writeInt(line.getAngle());
            for (float place : line.getBox()) {
                out.writeFloat(place);
            }
        }
    }

    /** What a worker does after, and while, it is closed. */
    private void closed() throws IOException {
        InferenceThread thread = new InferenceThread();
        List<String> done = new ArrayList<>();
        Thread.currentThread().interrupt();
        done.add(thread.call(() -> Thread.currentThread().getName()));
        done.add(Thread.interrupted() ? "interrupted" : "lost");
        thread.close(() -> done.add("last"));
        thread.close(() -> done.add("again"));
        thread.call(() -> "never");
    }

    private static PackProperties properties(File folder) throws IOException {
        try (FileInputStream stream = new FileInputStream(new File(folder, PackProperties.FILE))) {
            return PackProperties.load(stream);
        }
    }

    private BgrImage image() throws IOException {
        int width = in.readInt();
        byte[] bgr = new byte[3 * width * in.readInt()];
        in.readFully(bgr);
        return new BgrImage(width, bgr.length / 3 / width, bgr);
    }

    private void give(List<Integer> numbers) throws IOException {
        out.writeByte(DONE);
        out.writeInt(numbers.size());
        for (int number : numbers) {
            out.writeInt(number);
        }
    }

    private void give(BgrImage image) throws IOException {
        out.writeByte(DONE);
        out.writeInt(image.width);
        out.writeInt(image.height);
        out.write(image.bgr);
    }

    private void give(String text) throws IOException {
        byte[] bytes = text.getBytes("UTF-8");
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private List<String> texts() throws IOException {
        List<String> found = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            byte[] text = new byte[in.readInt()];
            in.readFully(text);
            found.add(new String(text, StandardCharsets.UTF_8));
        }
        return found;
    }

    private Quad quad() throws IOException {
        Quad quad = new Quad(new float[4], new float[4]);
        for (int n = 0; n < 4; n++) {
            quad.x[n] = in.readFloat();
            quad.y[n] = in.readFloat();
        }
        return quad;
    }

    private void give(Quad quad) throws IOException {
        for (int n = 0; n < 4; n++) {
            out.writeFloat(quad.x[n]);
            out.writeFloat(quad.y[n]);
        }
    }

    private Detector.Probabilities map() throws IOException {
        Detector.Probabilities map = new Detector.Probabilities(in.readInt(), in.readInt());
        floats(map.values.length).get(map.values);
        return map;
    }

    private FloatBuffer floats(int count) throws IOException {
        byte[] bytes = new byte[4 * count];
        in.readFully(bytes);
        return ByteBuffer.wrap(bytes).asFloatBuffer();
    }

    /** A model that the other side of the pipe runs. */
    private final class Piped implements Predictor {
        private final String file;
        private FloatBuffer input;
        private int[] shape;

        Piped(String file) {
            this.file = file;
        }

        @Override
        public FloatBuffer input(int... newShape) {
            shape = newShape;
            input = FloatBuffer.allocate(newShape[0] * newShape[1] * newShape[2] * newShape[3]);
            return input;
        }

        @Override
        public List<OutputTensor> run() {
            try {
                return asked();
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
        }

        private List<OutputTensor> asked() throws IOException {
            out.writeByte(RUN);
            out.writeUTF(file);
            for (int side : shape) {
                out.writeInt(side);
            }
            ByteBuffer bytes = ByteBuffer.allocate(4 * input.capacity());
            bytes.asFloatBuffer().put(input.array());
            out.write(bytes.array());
            out.flush();
            List<OutputTensor> outputs = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                boolean whole = in.readBoolean();
                int[] sides = new int[in.readInt()];
                int count = 1;
                for (int n = 0; n < sides.length; n++) {
                    sides[n] = in.readInt();
                    count *= sides[n];
                }
                LongBuffer longs = whole ? LongBuffer.allocate(count) : null;
                for (int n = 0; whole && n < count; n++) {
                    longs.put(n, in.readLong());
                }
                outputs.add(new OutputTensor(whole ? null : floats(count), longs, sides));
            }
            return outputs;
        }

        @Override
        public void close() {}
    }
}
