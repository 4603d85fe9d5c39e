package io.github.liteocr;

import java.nio.FloatBuffer;
import java.util.List;

/** Text direction: which straightened lines stand on their heads. */
final class Classifier {
    private final Network network;
    private final double threshold;

    Classifier(Settings settings) {
        network = settings.network("cls");
        threshold = settings.exact("cls.threshold");
    }

    boolean isUpsideDown(Picture line, Pool pool) {
        long scaled = ((long) line.width * network.height + line.height - 1) / line.height;
        int width = (int) Math.min(network.width, Math.max(1, scaled));
        FloatBuffer input = pool.input(1, 3, network.height, network.width);
        Picture resized = Resize.to(line, width, network.height);
        network.fill(
                resized, 0, 0, width, network.height, input, network.width, network.height);
        List<Output> outputs = pool.run();
        FloatBuffer probabilities = Output.probabilities(outputs).floats;
        if (probabilities.capacity() != 2) {
            throw new LiteOcrException(
                    network.file + ": gave " + probabilities.capacity()
                            + " numbers, expected 2; is it a PP-OCR direction classifier?");
        }
        float upright = probabilities.get(0);
        float turned = probabilities.get(1);
        return turned > upright && turned >= threshold;
    }
}
