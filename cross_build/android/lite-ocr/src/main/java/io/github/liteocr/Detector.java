package io.github.liteocr;

import java.nio.FloatBuffer;
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

    Detector(PackProperties properties, int maxSide) {
        this.model = properties.getModel("det");
        this.threshold = properties.getFloat("det.threshold");
        // As doubles: the reader in Python compares with these numbers as they are written.
        this.boxThreshold = properties.getDouble("det.box_threshold");
        this.unclipRatio = properties.getDouble("det.unclip_ratio");
        this.minSide = properties.getInt("det.min_side");
        this.maxSide = maxSide > 0 ? maxSide : properties.getInt("det.max_side");
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

    /** Find text, in reading order. */
    List<Detection> find(BgrImage image, ModelSession session) {
        return find(probabilities(image, session), image.width, image.height);
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

    private static int multiple(double side) {
        return Math.max(STRIDE, (int) Math.rint(side / STRIDE) * STRIDE);
    }

    Probabilities probabilities(BgrImage image, ModelSession session) {
        int[] size = inputSize(image.width, image.height);
        BgrImage scaled = Resizer.resize(image, size[0], size[1]);
        boolean tall = size[1] > size[0];
        Probabilities map = new Probabilities(size[0], size[1]);
        int span = multiple(maxSide);
        if (fixedSize) {
            span = tall ? model.height : model.width;
        }
        for (int[] tile : tiles(Math.max(size[0], size[1]), span)) {
            int start = tile[0];
            int length = Math.min(span, Math.max(size[0], size[1]) - start);
            int width = tall ? size[0] : length;
            int height = tall ? length : size[1];
            int across = fixedSize ? model.width : width;
            int down = fixedSize ? model.height : height;
            FloatBuffer input = session.input(1, 3, down, across);
            int left = tall ? 0 : start;
            model.fill(scaled, left, tall ? start : 0, width, height, input, across, down);
            OutputTensor output = OutputTensor.probabilities(session.run());
            if (output.floats.capacity() != across * down) {
                throw new LiteOcrException(
                        model.file + ": gave " + output.floats.capacity() + " numbers for "
                                + across + "x" + down + " pixels; is it a DB detector?");
            }
            copyTile(output.floats, map, tile, tall, across);
        }
        return map;
    }

    /** Copy the part of a tile's output that the map takes from it. */
    private static void copyTile(
            FloatBuffer output, Probabilities map, int[] tile, boolean tall, int across) {
        int first = tile[1] - tile[0];
        int count = tile[2] - tile[1];
        int rows = tall ? count : map.height;
        for (int row = 0; row < rows; row++) {
            output.position(tall ? (first + row) * across : row * across + first);
            int offset = tall ? (tile[1] + row) * map.width : row * map.width + tile[1];
            output.get(map.values, offset, tall ? map.width : count);
        }
    }

    /**
     * Overlapping tiles of one span: where each starts, and from where to where its output is
     * taken. The latter lie next to each other, away from the cuts, where the network sees half of
     * what is there.
     */
    static List<int[]> tiles(int length, int span) {
        if (length <= span) {
            return Collections.singletonList(new int[] {0, 0, length});
        }
        int step = span - span / 5;
        int count = 1 + (length - span + step - 1) / step;
        List<int[]> tiles = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            int start = (int) Math.rint((double) n * (length - span) / (count - 1));
            int from = n == 0 ? 0 : (tiles.get(n - 1)[0] + span + start) / 2;
            tiles.add(new int[] {start, from, length});
            if (n > 0) {
                tiles.get(n - 1)[2] = from;
            }
        }
        return tiles;
    }

    /**
     * Quads in a probability map, in reading order.
     *
     * @param width of the picture in pixels, which the quads refer to
     * @param height likewise
     */
    List<Detection> find(Probabilities map, int width, int height) {
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
        // From top to bottom; directions are known before the order of reading is.
        Collections.sort(
                detections, (first, second) -> Double.compare(height(first), height(second)));
        return detections;
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
