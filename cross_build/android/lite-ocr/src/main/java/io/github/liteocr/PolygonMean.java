package io.github.liteocr;

/**
 * The mean of a map inside a quad: of the pixels that OpenCV's {@code fillPoly} fills, which are
 * the lines between the rounded corners and all that they enclose.
 */
final class PolygonMean {
    /** The leftmost and rightmost pixel of each row: a quad has no dents. */
    private final int[] first;

    private final int[] last;

    private PolygonMean(int rows) {
        first = new int[rows];
        last = new int[rows];
        java.util.Arrays.fill(first, Integer.MAX_VALUE);
        java.util.Arrays.fill(last, Integer.MIN_VALUE);
    }

    /** Mean of {@code map}, row by row; the quad may reach over its edge, 0 for one beside it. */
    static double of(float[] map, int width, int height, Quad quad) {
        int left = within(Math.floor(least(quad.x)), width);
        int right = within(Math.ceil(most(quad.x)), width);
        int top = within(Math.floor(least(quad.y)), height);
        int bottom = within(Math.ceil(most(quad.y)), height);
        int[] x = new int[4];
        int[] y = new int[4];
        for (int n = 0; n < 4; n++) {
            x[n] = (int) Math.rint(quad.x[n] - left);
            y[n] = (int) Math.rint(quad.y[n] - top);
        }
        PolygonMean spans = new PolygonMean(bottom - top + 1);
        for (int n = 0; n < 4; n++) {
            int before = (n + 3) % 4;
            spans.line(x[before], y[before], x[n], y[n]);
        }
        double sum = 0;
        long count = 0;
        for (int row = 0; row < spans.first.length; row++) {
            int begin = Math.max(0, spans.first[row]);
            int end = Math.min(right - left, spans.last[row]);
            int start = (top + row) * width + left;
            for (int column = begin; column <= end; column++) {
                sum += map[start + column];
                count++;
            }
        }
        return count == 0 ? 0 : sum / count;
    }

    private void cover(int x, int y) {
        if (y >= 0 && y < first.length) {
            first[y] = Math.min(first[y], x);
            last[y] = Math.max(last[y], x);
        }
    }

    /** Bresenham's line, from left to right. */
    private void line(int fromX, int fromY, int toX, int toY) {
        if (toX < fromX) {
            line(toX, toY, fromX, fromY);
            return;
        }
        int across = toX - fromX;
        int down = Math.abs(toY - fromY);
        int step = toY < fromY ? -1 : 1;
        boolean steep = down > across;
        int most = Math.max(across, down);
        int least = Math.min(across, down);
        int error = most - 2 * least;
        for (int n = 0, x = fromX, y = fromY; n <= most; n++) {
            cover(x, y);
            boolean both = error < 0;
            error += both ? 2 * most - 2 * least : -2 * least;
            x += !steep || both ? 1 : 0;
            y += steep || both ? step : 0;
        }
    }

    private static int within(double coordinate, int count) {
        return (int) Math.max(0, Math.min(coordinate, count - 1));
    }

    private static float least(float[] values) {
        return Math.min(Math.min(values[0], values[1]), Math.min(values[2], values[3]));
    }

    private static float most(float[] values) {
        return Math.max(Math.max(values[0], values[1]), Math.max(values[2], values[3]));
    }
}
