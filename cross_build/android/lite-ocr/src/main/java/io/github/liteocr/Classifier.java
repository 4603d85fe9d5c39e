package io.github.liteocr;

import java.nio.FloatBuffer;
import java.util.List;

/** Direction of text: which straightened lines are upside down, that is, rotated by 180 degrees. */
final class Classifier {
    private final ModelSpec model;
    private final double threshold;

    Classifier(PackProperties properties) {
        model = properties.getModel("cls");
        threshold = properties.getDouble("cls.threshold");
    }

    boolean isUpsideDown(BgrImage line, ModelSession session) {
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
        float upright = probabilities.get(0);
        float rotated = probabilities.get(1);
        return rotated > upright && rotated >= threshold;
    }
}
