package io.github.liteocr;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The reader: detect lines, turn those upside down, recognise them. For one thread. */
final class OcrPipeline {
    private final Settings settings;
    private final Options options;
    private final Detector detector;
    private final Classifier classifier;
    private final Recogniser recogniser;
    private final Pool detectors;
    private final Pool classifiers;
    private final Pool recognisers;

    /**
     * @throws LiteOcrException a file is missing or damaged
     */
    OcrPipeline(Settings settings, AssetSource assets, Engine engine, Options options) {
        this.settings = settings;
        this.options = options;
        try {
            detector = new Detector(settings, options.maxSide);
            boolean classifies = options.classify && settings.has("cls.file");
            classifier = classifies ? new Classifier(settings) : null;
            try (InputStream charset = assets.open(settings.word("charset"))) {
                recogniser = new Recogniser(settings, Settings.charset(charset));
            }
        } catch (IOException | NumberFormatException error) {
            throw new LiteOcrException(
                    "assets of the module are damaged (" + error + "); make it again", error);
        }
        detectors = pool(engine, "det");
        classifiers = classifier == null ? null : pool(engine, "cls");
        recognisers = pool(engine, "rec");
    }

    private Pool pool(Engine engine, String stage) {
        return new Pool(engine, settings.word(stage + ".file"), options.reshapes);
    }

    /** Open all models, so that what is wrong with them shows now. */
    void warm() {
        detectors.warm();
        if (classifiers != null) {
            classifiers.warm();
        }
        recognisers.warm();
    }

    void close() {
        detectors.close();
        if (classifiers != null) {
            classifiers.close();
        }
        recognisers.close();
    }

    /** Lines in reading order. */
    List<Line> read(Picture picture) {
        List<Cut> cuts = new ArrayList<>();
        for (Detector.Found found : detector.find(picture, detectors)) {
            Quad quad = found.quad.textFirst();
            cuts.add(new Cut(Crop.of(picture, quad), quad));
        }
        if (classifier != null) {
            for (Cut cut : cuts) {
                if (classifier.isUpsideDown(cut.pixels, classifiers)) {
                    cut.turn();
                }
            }
        }
        // Widest first, as lines of one width share an open model.
        List<Cut> widest = new ArrayList<>(cuts);
        Collections.sort(
                widest,
                (one, other) ->
                        recogniser.inputWidth(other.pixels) - recogniser.inputWidth(one.pixels));
        for (Cut cut : widest) {
            cut.text = recogniser.read(cut.pixels, recognisers);
        }
        List<Line> lines = new ArrayList<>();
        for (Cut cut : cuts) {
            if (!cut.text.text.isEmpty() && cut.text.score >= options.minScore) {
                lines.add(cut.line());
            }
        }
        return Collections.unmodifiableList(lines);
    }

    /**
     * Compare what was read of the pack's golden picture with what every working reader reads.
     * Spaces do not count: the networks place them loosely.
     *
     * @throws LiteOcrException it differs; names both
     */
    void check(List<Line> read) {
        List<String> expected = settings.lines("golden.line");
        List<String> actual = new ArrayList<>();
        for (Line line : read) {
            actual.add(line.getText());
        }
        boolean equal = expected.size() == actual.size();
        for (int n = 0; equal && n < expected.size(); n++) {
            equal = squashed(expected.get(n)).equals(squashed(actual.get(n)));
        }
        if (!equal) {
            throw new LiteOcrException(
                    "pack " + settings.word("pack") + ": golden picture must read " + expected
                            + ", this device read " + actual
                            + "; models and library do not fit each other: make the module again");
        }
    }

    private static String squashed(String line) {
        StringBuilder kept = new StringBuilder();
        for (int n = 0; n < line.length(); n++) {
            if (!Character.isWhitespace(line.charAt(n)) && !Character.isSpaceChar(line.charAt(n))) {
                kept.append(line.charAt(n));
            }
        }
        return kept.toString();
    }

    /** A line on its way through the stages. */
    private static final class Cut {
        Picture pixels;
        Quad quad;
        int angle;
        Recogniser.Text text;

        Cut(Picture pixels, Quad quad) {
            this.pixels = pixels;
            this.quad = quad;
        }

        void turn() {
            pixels = pixels.upsideDown();
            quad = quad.rolled(2);
            angle = 180;
        }

        Line line() {
            float[] box = new float[8];
            for (int n = 0; n < 4; n++) {
                box[2 * n] = quad.x[n];
                box[2 * n + 1] = quad.y[n];
            }
            return new Line(text.text, (float) text.score, box, angle);
        }
    }
}
