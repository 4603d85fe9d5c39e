package io.github.liteocr;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Text detection around the network: picture to input, probability map to quads.
 *
 * <p>Differentiable Binarization, Liao et al. 2020, https://arxiv.org/abs/1911.08947.
 */
final class Detector {
    /** The network halves its input five times. */
    private static final int STRIDE = 32;
    /** Regions narrower than this, in pixels of the probability map, are noise. */
    private static final double MIN_REGION = 3;
    /** No more regions than this are taken; a dense page of A4 has some 500. */
    private static final int MAX_REGIONS = 5000;
    /** Pictures longer than this many times their other side are looked at in tiles. */
    private static final int LONG_STRIP = 3;

    private final ModelSpec model;
    private final float threshold;
    private final double boxThreshold;
    private final double unclipRatio;
    private final int minSide;
    private final int maxSide;
    private final boolean dilate;
    /** Whether the network takes pictures of its own height and width only. */
    private final boolean fixedSize;
    /** Largest side of the network's input; more is looked at in tiles. */
    private final int span;
    /** Whether small text is looked for at further scales: nobody has given a side. */
    private final boolean closer;

    Detector(PackProperties properties, int maxSide) {
        this.model = properties.getModel("det");
        this.threshold = properties.getFloat("det.threshold");
        // As doubles: the reader in Python compares with these numbers as they are written.
        this.boxThreshold = properties.getDouble("det.box_threshold");
        this.unclipRatio = properties.getDouble("det.unclip_ratio");
        this.minSide = properties.getInt("det.min_side");
        this.maxSide = maxSide > 0 ? maxSide : properties.getInt("det.max_side");
        this.span = multiple(Math.min(this.maxSide, properties.getInt("det.max_side")));
        this.closer = maxSide <= 0;
        this.dilate = properties.getBoolean("det.dilate");
        this.fixedSize = properties.getBoolean("det.fixed_size");
    }

    /** A quad around text, in pixels of the picture, and the mean probability inside its region. */
    static final class Detection {
        final Quad quad;
        final double score;

        Detection(Quad quad, double score) {
            this.quad = quad;
            this.score = score;
        }
    }

    /** How probably each pixel is text, row by row. */
    static final class Probabilities {
        final float[] values;
        final int width;
        final int height;

        Probabilities(int width, int height) {
            this.values = new float[width * height];
            this.width = width;
            this.height = height;
        }
    }

    /** Find text, from top to bottom; directions are known before the order of reading is. */
    List<Detection> find(BgrImage image, ModelSession session) {
        Probabilities map = probabilities(image, session);
        List<Detection> regions = regions(map, image.width, image.height);
        if (closer) {
            double scale = (double) Math.max(map.width, map.height)
                    / Math.max(image.width, image.height);
            regions = new CloserLook(this, session).find(image, regions, scale);
        }
        return fromTopToBottom(regions);
    }

    /**
     * Width and height a picture is scaled to: multiples of 32, within the detector's sides, of
     * which the longer one counts first. A long strip keeps up to half of the largest side as its
     * shorter one, and is looked at in tiles. Of a network of one size, what fits into that.
     */
    int[] inputSize(int width, int height) {
        if (fixedSize) {
            return sizeWithin(width, height);
        }
        int shorter = Math.min(width, height);
        int longer = Math.max(width, height);
        double scale =
                Math.min(Math.max(1.0, (double) minSide / shorter), (double) maxSide / longer);
        if (longer > LONG_STRIP * shorter) {
            scale = Math.max(scale, Math.min(1.0, maxSide / 2.0 / shorter));
            return new int[] {multiple(width * scale), multiple(height * scale)};
        }
        int limit = multiple(maxSide);
        return new int[] {
            Math.min(limit, multiple(width * scale)), Math.min(limit, multiple(height * scale))
        };
    }

    private int[] sizeWithin(int width, int height) {
        int shorter = Math.min(width, height);
        double scale = Math.min(
                Math.max(1.0, (double) minSide / shorter),
                Math.min((double) model.width / width, (double) model.height / height));
        if (Math.max(width, height) > LONG_STRIP * shorter) {
            int across = height > width ? model.width : model.height;
            scale = Math.max(scale, Math.min(1.0, across / 2.0 / shorter));
        }
        return new int[] {
            Math.max(1, (int) Math.rint(width * scale)),
            Math.max(1, (int) Math.rint(height * scale))
        };
    }

    static int multiple(double side) {
        return Math.max(STRIDE, (int) Math.rint(side / STRIDE) * STRIDE);
    }

    Probabilities probabilities(BgrImage image, ModelSession session) {
        int[] size = inputSize(image.width, image.height);
        int shorter = Math.min(size[0], size[1]);
        int longer = Math.max(size[0], size[1]);
        if (longer > LONG_STRIP * shorter && shorter < ThinStrip.THIN) {
            return thin(image, longer, session);
        }
        return tiled(Resizer.resize(image, size[0], size[1])).look(session);
    }

    /** As above, of a thin strip of some length, which is looked at with a border. */
    private Probabilities thin(BgrImage image, int length, ModelSession session) {
        boolean tall = image.height > image.width;
        int shorter = Math.min(image.width, image.height);
        int longer = Math.max(image.width, image.height);
        int across = Math.max(1, (int) Math.rint((double) shorter * length / longer));
        BgrImage pixels = tall
                ? Resizer.resize(image, across, length)
                : Resizer.resize(image, length, across);
        int most = fixedSize ? (tall ? model.width : model.height) : span;
        ThinStrip strip = new ThinStrip(pixels, STRIDE, most);
        return strip.inner(tiled(strip.pixels).look(session), across);
    }

    /** A picture, scaled, as the network can be shown it. */
    TiledMap tiled(BgrImage pixels) {
        int[] largest = fixedSize ? new int[] {model.width, model.height} : new int[] {span, span};
        return new TiledMap(pixels, model, fixedSize, largest);
    }

    /**
     * Quads in a probability map, in no order.
     *
     * @param width of the picture in pixels, which the quads refer to
     * @param height likewise
     */
    List<Detection> regions(Probabilities map, int width, int height) {
        boolean[] mask = new boolean[map.values.length];
        for (int n = 0; n < mask.length; n++) {
            mask[n] = map.values[n] > threshold;
        }
        if (dilate) {
            mask = dilated(mask, map.width, map.height);
        }
        float scaleX = (float) ((double) width / map.width);
        float scaleY = (float) ((double) height / map.height);
        List<Detection> detections = new ArrayList<>();
        for (double[] hull : Contours.hulls(mask, map.width, map.height)) {
            if (detections.size() == MAX_REGIONS) {
                break;
            }
            RotatedRect rectangle = RotatedRect.around(hull);
            if (rectangle.shorterSide() < MIN_REGION) {
                continue;
            }
            double score = PolygonMean.of(map.values, map.width, map.height, rectangle.corners());
            if (score < boxThreshold) {
                continue;
            }
            Quad grown = rectangle.unclipped(unclipRatio).corners();
            if (grown.shorterSide() < MIN_REGION + 2) {
                continue;
            }
            Quad quad = scaled(grown, scaleX, scaleY, width, height).clockwise();
            if (quad.shorterSide() >= 1) {
                detections.add(new Detection(quad, score));
            }
        }
        return detections;
    }

    private static List<Detection> fromTopToBottom(List<Detection> detections) {
        List<Detection> sorted = new ArrayList<>(detections);
        Collections.sort(
                sorted, (first, second) -> Double.compare(height(first), height(second)));
        return sorted;
    }

    private static double height(Detection detection) {
        float[] y = detection.quad.y;
        return y[0] + y[1] + y[2] + y[3];
    }

    private static Quad scaled(Quad quad, float scaleX, float scaleY, int width, int height) {
        float[] x = new float[4];
        float[] y = new float[4];
        for (int n = 0; n < 4; n++) {
            x[n] = Math.max(0, Math.min(quad.x[n] * scaleX, width));
            y[n] = Math.max(0, Math.min(quad.y[n] * scaleY, height));
        }
        return new Quad(x, y);
    }

    /** Grown by one pixel to the right and downwards, to join broken strokes. */
    private static boolean[] dilated(boolean[] mask, int width, int height) {
        boolean[] grown = new boolean[mask.length];
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < width; x++, at++) {
                grown[at] = mask[at]
                        || x > 0 && mask[at - 1]
                        || y > 0 && (mask[at - width] || x > 0 && mask[at - width - 1]);
            }
        }
        return grown;
    }
}
