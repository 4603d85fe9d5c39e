package io.github.liteocr;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The stages in turn: detect lines, turn those upside down, recognise them. For one thread. */
final class OcrPipeline {
    private final PackProperties properties;
    private final LiteOcrOptions options;
    private final Detector detector;
    private final Classifier classifier;
    private final Recogniser recogniser;
    private final ModelSession detectorSession;
    private final ModelSession classifierSession;
    private final ModelSession recogniserSession;

    /**
     * @throws LiteOcrException a file is missing or damaged
     */
    OcrPipeline(
            PackProperties properties, AssetSource assets, Engine engine, LiteOcrOptions options) {
        this.properties = properties;
        this.options = options;
        try {
            detector = new Detector(properties, options.maxSide);
            boolean classifies = options.classify && properties.contains("cls.file");
            classifier = classifies ? new Classifier(properties) : null;
            try (InputStream charset = assets.open(properties.getString("charset"))) {
                recogniser = new Recogniser(properties, PackProperties.charset(charset));
            }
        } catch (IOException | NumberFormatException error) {
            throw new LiteOcrException(
                    "assets of the module are damaged (" + error + "); make it again", error);
        }
        detectorSession = session(engine, "det");
        classifierSession = classifier == null ? null : session(engine, "cls");
        recogniserSession = session(engine, "rec");
    }

    private ModelSession session(Engine engine, String stage) {
        return new ModelSession(engine, properties.getString(stage + ".file"), options.reshapes);
    }

    /** Open all models, so that what is wrong with them shows now. */
    void warm() {
        detectorSession.warm();
        if (classifierSession != null) {
            classifierSession.warm();
        }
        recogniserSession.warm();
    }

    void close() {
        detectorSession.close();
        if (classifierSession != null) {
            classifierSession.close();
        }
        recogniserSession.close();
    }

    /** Lines in reading order. */
    List<TextLine> read(BgrImage image) {
        List<LineCrop> lines = detect(image);
        boolean sideways = classifier != null && PageRotation.isSideways(quads(lines));
        if (sideways) {
            lines = detect(PageRotation.quarterTurn(image));
        }
        boolean upsideDown = false;
        if (classifier != null) {
            for (LineCrop line : lines) {
                line.upsideDown = classifier.upsideDown(line.pixels, classifierSession);
            }
            lines = LineDirection.settle(lines, classifier.threshold, this::recognise, sideways);
            upsideDown = LineDirection.turned(lines) >= PageRotation.UPSIDE_DOWN;
        }
        recognise(lines);
        List<Integer> order = sideways
                ? ReadingOrder.ofTurned(quads(lines), upsideDown)
                : ReadingOrder.of(quads(lines), upsideDown);
        List<TextLine> read = new ArrayList<>();
        for (int index : order) {
            LineCrop line = lines.get(index);
            if (!line.text.text.isEmpty() && line.text.score >= options.minScore) {
                read.add(sideways ? turnedBack(line, image.width) : textLine(line));
            }
        }
        return Collections.unmodifiableList(read);
    }

    private List<LineCrop> detect(BgrImage image) {
        List<LineCrop> lines = new ArrayList<>();
        for (Detector.Detection detection : detector.find(image, detectorSession)) {
            Quad quad = detection.quad.textFirst();
            lines.add(new LineCrop(PerspectiveCrop.of(image, quad), quad));
        }
        return lines;
    }

    private static List<Quad> quads(List<LineCrop> lines) {
        List<Quad> quads = new ArrayList<>();
        for (LineCrop line : lines) {
            quads.add(line.quad);
        }
        return quads;
    }

    /** Read what was not read yet. */
    private void recognise(List<LineCrop> lines) {
        // Widest first, as lines of one width share an open model.
        List<LineCrop> widest = new ArrayList<>(lines);
        Collections.sort(
                widest,
                (first, second) ->
                        recogniser.inputWidth(second.pixels) - recogniser.inputWidth(first.pixels));
        for (LineCrop line : widest) {
            if (line.text == null) {
                recognise(line);
            }
        }
    }

    private void recognise(LineCrop line) {
        line.text = recogniser.read(line.pixels, recogniserSession);
    }

    /** A line of a picture that was turned, where it is in the one that was given. */
    private static TextLine turnedBack(LineCrop line, int width) {
        Quad quad = PageRotation.turnedBack(line.quad, width);
        return textLine(line.text, quad, PageRotation.angle(quad));
    }

    private static TextLine textLine(LineCrop line) {
        return textLine(line.text, line.quad, line.angle);
    }

    private static TextLine textLine(Recogniser.Text text, Quad quad, int angle) {
        float[] box = new float[8];
        for (int n = 0; n < 4; n++) {
            box[2 * n] = quad.x[n];
            box[2 * n + 1] = quad.y[n];
        }
        return new TextLine(text.text, (float) text.score, box, angle);
    }

    /**
     * Compare what was read of the pack's golden picture with what every working reader reads.
     * Spaces do not count: the networks place them loosely.
     *
     * @throws LiteOcrException it differs; names both
     */
    void check(List<TextLine> read) {
        List<String> expected = properties.getLines("golden.line");
        List<String> actual = new ArrayList<>();
        for (TextLine line : read) {
            actual.add(line.getText());
        }
        boolean equal = expected.size() == actual.size();
        for (int n = 0; equal && n < expected.size(); n++) {
            equal = withoutSpaces(expected.get(n)).equals(withoutSpaces(actual.get(n)));
        }
        if (!equal) {
            throw new LiteOcrException(
                    "pack " + properties.getString("pack") + ": golden picture must read "
                            + expected + ", this device read " + actual
                            + "; models and library do not fit each other: make the module again");
        }
    }

    private static String withoutSpaces(String line) {
        StringBuilder kept = new StringBuilder();
        for (int n = 0; n < line.length(); n++) {
            if (!Character.isWhitespace(line.charAt(n)) && !Character.isSpaceChar(line.charAt(n))) {
                kept.append(line.charAt(n));
            }
        }
        return kept.toString();
    }
}
