package io.github.liteocr;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Direction of text: how probably straightened lines are upside down, that is, rotated by 180
 * degrees. A long line is judged by windows of the proportions that the network was trained with.
 */
final class Classifier {
    /** Windows of a line at most. */
    private static final int MAX_WINDOWS = 3;

    /** Probability from which on it is sure. */
    final double threshold;
    private final ModelSpec model;

    Classifier(PackProperties properties) {
        model = properties.getModel("cls");
        threshold = properties.getDouble("cls.threshold");
    }

    /** Probability that a line is upside down: the mean over its windows. */
    double upsideDown(BgrImage line, ModelSession session) {
        List<BgrImage> windows = windows(line);
        double sum = 0;
        for (BgrImage window : windows) {
            sum += upsideDownOf(window, session);
        }
        return sum / windows.size();
    }

    /** No longer than the input is for its height, evenly spaced from start to end. */
    private List<BgrImage> windows(BgrImage line) {
        int span = (int) Math.max(1, (long) line.height * model.width / model.height);
        List<BgrImage> windows = new ArrayList<>();
        if (line.width <= span) {
            windows.add(line);
            return windows;
        }
        int count = Math.min(MAX_WINDOWS, (line.width + span - 1) / span);
        for (int n = 0; n < count; n++) {
            int start = (int) ((long) n * (line.width - span) / (count - 1));
            windows.add(line.columns(start, span));
        }
        return windows;
    }

    private double upsideDownOf(BgrImage line, ModelSession session) {
        long scaled = ((long) line.width * model.height + line.height - 1) / line.height;
        int width = (int) Math.min(model.width, Math.max(1, scaled));
        FloatBuffer input = session.input(1, 3, model.height, model.width);
        BgrImage resized = Resizer.resize(line, width, model.height);
        model.fill(resized, 0, 0, width, model.height, input, model.width, model.height);
        List<OutputTensor> outputs = session.run();
        FloatBuffer probabilities = OutputTensor.probabilities(outputs).floats;
        if (probabilities.capacity() != 2) {
            throw new LiteOcrException(
                    model.file + ": gave " + probabilities.capacity()
                            + " numbers, expected 2; is it a PP-OCR direction classifier?");
        }
        return probabilities.get(1);
    }
}
