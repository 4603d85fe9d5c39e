package io.github.liteocr;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Long lines: cut into overlapping segments for the recogniser, their outputs joined again. */
final class LongLines {
    /** Longer lines, in multiples of the height, are cut. */
    private static final int MAX_RATIO = 50;
    /** What is longer still is squeezed to this. */
    private static final int SQUEEZED_RATIO = 1000;
    private static final int SEGMENT_RATIO = 25;
    private static final int OVERLAP_RATIO = 4;
    /** Segments start at multiples of this, and so at whole steps of the output. */
    private static final int GRID = 32;
    private static final int DISAGREE = 4;

    private LongLines() {}

    /** A part of a line, at the network's height. */
    static final class Segment {
        final int start;
        final BgrImage pixels;

        Segment(int start, BgrImage pixels) {
            this.start = start;
            this.pixels = pixels;
        }
    }

    /** The most probable class of each step of an output, and its probability. */
    static final class BestPath {
        final int[] classes;
        final float[] probabilities;

        BestPath(int[] classes, float[] probabilities) {
            this.classes = classes;
            this.probabilities = probabilities;
        }
    }

    /** Segments of a line from left to right; empty where it is read whole. */
    static List<Segment> segments(BgrImage line, int height, int width, boolean fixedWidth) {
        int longest = fixedWidth ? width : MAX_RATIO * height;
        long whole = ((long) line.width * height + line.height - 1) / line.height;
        int scaled = (int) Math.min(whole, (long) SQUEEZED_RATIO * height);
        if (scaled <= longest) {
            return Collections.emptyList();
        }
        int span = fixedWidth ? width : onGrid(SEGMENT_RATIO * height);
        BgrImage resized = Resizer.resize(line, scaled, height);
        List<Segment> segments = new ArrayList<>();
        for (int start : starts(scaled, span, Math.min(OVERLAP_RATIO * height, span / 3))) {
            segments.add(new Segment(start, part(resized, start, Math.min(span, scaled - start))));
        }
        return segments;
    }

    /** Where overlapping spans begin that cover a length, evenly, on the grid. */
    static List<Integer> starts(int length, int span, int overlap) {
        int step = onGrid(span - overlap);
        int count = 1 + Math.max(0, length - span + step - 1) / step;
        if (count == 1) {
            return Collections.singletonList(0);
        }
        long last = (length - span + GRID - 1) / GRID * GRID;
        List<Integer> starts = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            starts.add((int) (last * n / (count - 1) / GRID * GRID));
        }
        return starts;
    }

    private static int onGrid(int length) {
        return Math.max(GRID, length / GRID * GRID);
    }

    private static BgrImage part(BgrImage line, int start, int width) {
        BgrImage part = new BgrImage(width, line.height);
        for (int y = 0; y < line.height; y++) {
            int from = 3 * (y * line.width + start);
            System.arraycopy(line.bgr, from, part.bgr, 3 * y * width, 3 * width);
        }
        return part;
    }

    /**
     * Join two outputs that overlap.
     *
     * @param start the left one's step that the right one begins with
     */
    static BestPath join(BestPath left, BestPath right, int start, int blank) {
        int first = Math.min(start, left.classes.length);
        int shared = Math.min(left.classes.length - first, right.classes.length);
        int cut = changeover(left.classes, first, right.classes, shared, blank);
        int rest = right.classes.length - cut;
        int[] classes = new int[first + cut + rest];
        float[] probabilities = new float[first + cut + rest];
        System.arraycopy(left.classes, 0, classes, 0, first + cut);
        System.arraycopy(left.probabilities, 0, probabilities, 0, first + cut);
        System.arraycopy(right.classes, cut, classes, first + cut, rest);
        System.arraycopy(right.probabilities, cut, probabilities, first + cut, rest);
        return new BestPath(classes, probabilities);
    }

    /** The step at which both outputs agree on the characters around, between glyphs. */
    private static int changeover(int[] left, int first, int[] right, int shared, int blank) {
        int margin = shared / 4;
        int best = margin;
        int least = Integer.MAX_VALUE;
        int away = 0;
        for (int cut = margin; cut <= shared - margin; cut++) {
            int cost = DISAGREE
                    * ((before(left, first, cut, blank) != before(right, 0, cut, blank) ? 1 : 0)
                            + (behind(left, first, cut, shared, blank)
                                            != behind(right, 0, cut, shared, blank)
                                    ? 1
                                    : 0));
            for (int step = Math.max(0, cut - 1); step < Math.min(cut + 1, shared); step++) {
                cost += left[first + step] != blank ? 1 : 0;
                cost += right[step] != blank ? 1 : 0;
            }
            int distance = Math.abs(2 * cut - shared);
            if (cost < least || cost == least && distance < away) {
                best = cut;
                least = cost;
                away = distance;
            }
        }
        return best;
    }

    private static int before(int[] classes, int first, int cut, int blank) {
        for (int step = cut - 1; step >= 0; step--) {
            if (classes[first + step] != blank) {
                return classes[first + step];
            }
        }
        return blank;
    }

    private static int behind(int[] classes, int first, int cut, int shared, int blank) {
        for (int step = cut; step < shared; step++) {
            if (classes[first + step] != blank) {
                return classes[first + step];
            }
        }
        return blank;
    }
}
