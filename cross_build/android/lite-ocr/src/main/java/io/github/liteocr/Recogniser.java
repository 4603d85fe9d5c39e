package io.github.liteocr;

import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/** Text recognition around the network: a straightened line to input, probabilities to text. */
final class Recogniser {
    /** Widths are rounded up to multiples of this, so that lines share input shapes. */
    static final int BUCKET = 32;
    /** Longer lines, in multiples of the height, are squeezed. */
    private static final double MAX_RATIO = 50;

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
        double ratio = Math.min((double) line.width / line.height, MAX_RATIO);
        int scaled = Math.max(1, (int) Math.ceil(model.height * ratio));
        return fixedWidth ? Math.min(scaled, model.width) : scaled;
    }

    /** Input width for a line. */
    int inputWidth(BgrImage line) {
        if (fixedWidth) {
            return model.width;
        }
        return (scaledWidth(line) + BUCKET - 1) / BUCKET * BUCKET;
    }

    Text read(BgrImage line, ModelSession session) {
        int width = inputWidth(line);
        int scaled = scaledWidth(line);
        FloatBuffer input = session.input(1, 3, model.height, width);
        BgrImage resized = Resizer.resize(line, scaled, model.height);
        model.fill(resized, 0, 0, scaled, model.height, input, width, model.height);
        List<OutputTensor> outputs = session.run();
        OutputTensor probabilities = OutputTensor.probabilities(outputs);
        int classes = charset.size() + 1;
        if (probabilities.shape[probabilities.shape.length - 1] != classes) {
            throw new LiteOcrException(
                    model.file + ": knows " + probabilities.shape[probabilities.shape.length - 1]
                            + " classes, the dictionary asks for " + classes
                            + "; make the module again");
        }
        return decoded
                ? decodeIds(OutputTensor.ids(outputs).longs, probabilities.floats, classes)
                : decode(probabilities.floats, classes);
    }

    /** Best-path CTC decoding (Graves et al. 2006, section 3.2). */
    Text decode(FloatBuffer probabilities, int classes) {
        int empty = blank < 0 ? blank + classes : blank;
        List<String> characters = new ArrayList<>();
        double score = 0;
        int kept = 0;
        int before = empty;
        float[] step = new float[classes];
        probabilities.rewind();
        while (probabilities.remaining() >= classes) {
            probabilities.get(step);
            int best = best(step);
            if (best != empty && best != before) {
                append(characters, best);
                score += step[best];
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
