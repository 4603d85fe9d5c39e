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
    /** Pictures longer than this many times their other side are looked at in pieces. */
    private static final int LONG_STRIP = 3;

    private final Network network;
    private final float threshold;
    private final double boxThreshold;
    private final double unclipRatio;
    private final int minSide;
    private final int maxSide;
    private final boolean dilate;
    /** Whether the network takes pictures of its own height and width only. */
    private final boolean fixedSize;

    Detector(Settings settings, int maxSide) {
        this.network = settings.network("det");
        this.threshold = settings.number("det.threshold");
        // As doubles: the reader in Python compares with these numbers as they are written.
        this.boxThreshold = settings.exact("det.box_threshold");
        this.unclipRatio = settings.exact("det.unclip_ratio");
        this.minSide = settings.whole("det.min_side");
        this.maxSide = maxSide > 0 ? maxSide : settings.whole("det.max_side");
        this.dilate = settings.flag("det.dilate");
        this.fixedSize = settings.flag("det.fixed_size");
    }

    /** A quad and the mean probability inside its region. */
    static final class Found {
        final Quad quad;
        final double score;

        Found(Quad quad, double score) {
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
    List<Found> find(Picture picture, Pool pool) {
        return find(probabilities(picture, pool), picture.width, picture.height);
    }

    /**
     * Width and height a picture is scaled to: multiples of 32, within the detector's sides, of
     * which the longer one counts first. A long strip keeps up to half of the largest side as its
     * shorter one, and is looked at in pieces. Of a network of one size, what fits into that.
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
                Math.min((double) network.width / width, (double) network.height / height));
        if (Math.max(width, height) > LONG_STRIP * shorter) {
            int across = height > width ? network.width : network.height;
            scale = Math.max(scale, Math.min(1.0, across / 2.0 / shorter));
        }
        return new int[] {
            Math.max(1, (int) Math.rint(width * scale)), Math.max(1, (int) Math.rint(height * scale))
        };
    }

    private static int multiple(double side) {
        return Math.max(STRIDE, (int) Math.rint(side / STRIDE) * STRIDE);
    }

    Probabilities probabilities(Picture picture, Pool pool) {
        int[] size = inputSize(picture.width, picture.height);
        Picture scaled = Resize.to(picture, size[0], size[1]);
        boolean tall = size[1] > size[0];
        Probabilities map = new Probabilities(size[0], size[1]);
        int span = multiple(maxSide);
        if (fixedSize) {
            span = tall ? network.height : network.width;
        }
        for (int[] piece : pieces(Math.max(size[0], size[1]), span)) {
            int start = piece[0];
            int length = Math.min(span, Math.max(size[0], size[1]) - start);
            int width = tall ? size[0] : length;
            int height = tall ? length : size[1];
            int across = fixedSize ? network.width : width;
            int down = fixedSize ? network.height : height;
            FloatBuffer input = pool.input(1, 3, down, across);
            int left = tall ? 0 : start;
            network.fill(scaled, left, tall ? start : 0, width, height, input, across, down);
            Output output = Output.probabilities(pool.run());
            if (output.floats.capacity() != across * down) {
                throw new LiteOcrException(
                        network.file + ": gave " + output.floats.capacity() + " numbers for "
                                + across + "x" + down + " pixels; is it a DB detector?");
            }
            keep(output.floats, map, piece, tall, across);
        }
        return map;
    }

    /** Copy the part of a piece's output that the map takes from it. */
    private static void keep(
            FloatBuffer output, Probabilities map, int[] piece, boolean tall, int across) {
        int first = piece[1] - piece[0];
        int count = piece[2] - piece[1];
        int rows = tall ? count : map.height;
        for (int row = 0; row < rows; row++) {
            output.position(tall ? (first + row) * across : row * across + first);
            int place = tall ? (piece[1] + row) * map.width : row * map.width + piece[1];
            output.get(map.values, place, tall ? map.width : count);
        }
    }

    /**
     * Overlapping pieces of one span: start, and from where to where its output is taken. The latter
     * lie next to each other, away from the cuts, where the network sees half of what is there.
     */
    static List<int[]> pieces(int length, int span) {
        if (length <= span) {
            return Collections.singletonList(new int[] {0, 0, length});
        }
        int step = span - span / 5;
        int count = 1 + (length - span + step - 1) / step;
        List<int[]> found = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            int start = (int) Math.rint((double) n * (length - span) / (count - 1));
            int from = n == 0 ? 0 : (found.get(n - 1)[0] + span + start) / 2;
            found.add(new int[] {start, from, length});
            if (n > 0) {
                found.get(n - 1)[2] = from;
            }
        }
        return found;
    }

    /**
     * Quads in a probability map, in reading order.
     *
     * @param width of the picture in pixels, which the quads refer to
     * @param height likewise
     */
    List<Found> find(Probabilities map, int width, int height) {
        boolean[] mask = new boolean[map.values.length];
        for (int n = 0; n < mask.length; n++) {
            mask[n] = map.values[n] > threshold;
        }
        if (dilate) {
            mask = dilated(mask, map.width, map.height);
        }
        float scaleX = (float) ((double) width / map.width);
        float scaleY = (float) ((double) height / map.height);
        List<Found> found = new ArrayList<>();
        for (double[] hull : Regions.hulls(mask, map.width, map.height)) {
            if (found.size() == MAX_REGIONS) {
                break;
            }
            Rectangle rectangle = Rectangle.around(hull);
            if (rectangle.shorter() < MIN_REGION) {
                continue;
            }
            double score = PolygonMean.of(map.values, map.width, map.height, rectangle.corners());
            if (score < boxThreshold) {
                continue;
            }
            Quad grown = rectangle.unclipped(unclipRatio).corners();
            if (grown.shorter() < MIN_REGION + 2) {
                continue;
            }
            Quad quad = scaled(grown, scaleX, scaleY, width, height).clockwise();
            if (quad.shorter() >= 1) {
                found.add(new Found(quad, score));
            }
        }
        List<Quad> quads = new ArrayList<>();
        for (Found one : found) {
            quads.add(one.quad);
        }
        List<Found> ordered = new ArrayList<>();
        for (int index : ReadingOrder.of(quads)) {
            ordered.add(found.get(index));
        }
        return ordered;
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
