package io.github.liteocr;

import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/** Text recognition around the network: a straightened line to input, probabilities to text. */
final class Recogniser {
    /** Widths are rounded up to multiples of this, so that lines share input shapes. */
    static final int BUCKET = 32;
    /** Lines up to so many times as long as high are padded to the width of training. */
    private static final int NARROW_RATIO = 2;
    /** A narrow line with a lower score is read at its own width, too. */
    private static final double UNSURE = 0.5;

    private final ModelSpec model;
    /** Whether the network takes lines of its own width only. */
    private final boolean fixedWidth;
    private final boolean rightToLeft;
    private final boolean decoded;
    private final int blank;
    private final int offset;
    private final List<String> charset;

    Recogniser(PackProperties properties, List<String> charset) {
        model = properties.getModel("rec");
        fixedWidth = properties.getBoolean("rec.fixed_width");
        rightToLeft = properties.getString("rec.direction").equals("rtl");
        decoded = properties.getString("rec.outputs").equals("ids+softmax");
        blank = properties.getInt("rec.blank");
        offset = properties.getInt("rec.offset");
        this.charset = charset;
    }

    /** What a line says, and the mean probability of its characters. */
    static final class Text {
        final String text;
        final double score;

        Text(String text, double score) {
            this.text = text;
            this.score = score;
        }
    }

    private int scaledWidth(BgrImage line) {
        long exact = ((long) model.height * line.width + line.height - 1) / line.height;
        int scaled = (int) Math.max(1, exact);
        return fixedWidth ? Math.min(scaled, model.width) : scaled;
    }

    /** Input width for a line. */
    int inputWidth(BgrImage line) {
        return inputWidth(line, true);
    }

    private int inputWidth(BgrImage line, boolean pad) {
        if (fixedWidth) {
            return model.width;
        }
        int width = scaledWidth(line);
        if (pad && isPadded(line)) {
            width = Math.max(width, model.width);
        }
        return (width + BUCKET - 1) / BUCKET * BUCKET;
    }

    private boolean isPadded(BgrImage line) {
        return !fixedWidth && scaledWidth(line) <= NARROW_RATIO * model.height;
    }

    Text read(BgrImage line, ModelSession session) {
        List<LongLines.Segment> segments =
                LongLines.segments(line, model.height, model.width, fixedWidth);
        if (!segments.isEmpty()) {
            return readSegments(segments, session);
        }
        Text padded = readWhole(line, true, session);
        if (padded.score >= UNSURE || !isPadded(line)) {
            return padded;
        }
        Text own = readWhole(line, false, session);
        return own.score > padded.score ? own : padded;
    }

    private Text readSegments(List<LongLines.Segment> segments, ModelSession session) {
        int empty = blankClass();
        LongLines.BestPath joined = null;
        double step = 1; // in columns
        for (LongLines.Segment segment : segments) {
            LongLines.BestPath path =
                    bestPath(OutputTensor.probabilities(run(segment.pixels, true, session)).floats);
            if (joined == null) {
                joined = path;
                step = (double) segment.pixels.width / path.classes.length;
            } else {
                int start = (int) Math.rint(segment.start / step);
                joined = LongLines.join(joined, path, start, empty);
            }
        }
        return decode(joined);
    }

    private Text readWhole(BgrImage line, boolean pad, ModelSession session) {
        List<OutputTensor> outputs = run(line, pad, session);
        OutputTensor probabilities = OutputTensor.probabilities(outputs);
        return decoded
                ? decodeIds(OutputTensor.ids(outputs).longs, probabilities.floats, classes())
                : decode(bestPath(probabilities.floats));
    }

    private List<OutputTensor> run(BgrImage line, boolean pad, ModelSession session) {
        int width = inputWidth(line, pad);
        int scaled = scaledWidth(line);
        FloatBuffer input = session.input(1, 3, model.height, width);
        BgrImage resized = Resizer.resize(line, scaled, model.height);
        model.fill(resized, 0, 0, scaled, model.height, input, width, model.height);
        List<OutputTensor> outputs = session.run();
        int[] shape = OutputTensor.probabilities(outputs).shape;
        if (shape[shape.length - 1] != classes()) {
            throw new LiteOcrException(
                    model.file + ": knows " + shape[shape.length - 1]
                            + " classes, the dictionary asks for " + classes()
                            + "; make the module again");
        }
        return outputs;
    }

    private int classes() {
        return charset.size() + 1;
    }

    private int blankClass() {
        return blank < 0 ? blank + classes() : blank;
    }

    private LongLines.BestPath bestPath(FloatBuffer probabilities) {
        float[] step = new float[classes()];
        int[] classes = new int[probabilities.capacity() / step.length];
        float[] shares = new float[classes.length];
        probabilities.rewind();
        for (int n = 0; n < classes.length; n++) {
            probabilities.get(step);
            classes[n] = best(step);
            shares[n] = step[classes[n]];
        }
        return new LongLines.BestPath(classes, shares);
    }

    /** Best-path CTC decoding (Graves et al. 2006, section 3.2). */
    private Text decode(LongLines.BestPath path) {
        int empty = blankClass();
        List<String> characters = new ArrayList<>();
        double score = 0;
        int kept = 0;
        int before = empty;
        for (int n = 0; n < path.classes.length; n++) {
            int best = path.classes[n];
            if (best != empty && best != before) {
                append(characters, best);
                score += path.probabilities[n];
                kept++;
            }
            before = best;
        }
        return kept == 0 ? new Text("", 0) : new Text(text(characters), score / kept);
    }

    /** Decoding of a network that ends in CTC alignment (PP-OCR V1.0 and V1.1). */
    Text decodeIds(LongBuffer ids, FloatBuffer probabilities, int classes) {
        List<String> characters = new ArrayList<>();
        boolean any = false;
        ids.rewind();
        while (ids.hasRemaining()) {
            long id = ids.get();
            // The library gives one negative id for a line without text.
            if (id >= 0) {
                append(characters, id);
                any = true;
            }
        }
        int empty = blank < 0 ? blank + classes : blank;
        double score = 0;
        int read = 0;
        float[] step = new float[classes];
        probabilities.rewind();
        while (any && probabilities.remaining() >= classes) {
            probabilities.get(step);
            int best = best(step);
            if (best != empty) {
                score += step[best];
                read++;
            }
        }
        return new Text(text(characters), read == 0 ? 0 : score / read);
    }

    private void append(List<String> characters, long id) {
        long index = id - offset;
        if (index >= 0 && index < charset.size()) {
            characters.add(charset.get((int) index));
        }
    }

    private String text(List<String> characters) {
        if (rightToLeft) {
            return LogicalOrder.of(characters);
        }
        StringBuilder text = new StringBuilder();
        for (String character : characters) {
            text.append(character);
        }
        return text.toString();
    }

    private static int best(float[] step) {
        int best = 0;
        for (int n = 1; n < step.length; n++) {
            if (step[n] > step[best]) {
                best = n;
            }
        }
        return best;
    }
}
