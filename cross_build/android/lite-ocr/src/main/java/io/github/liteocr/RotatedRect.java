package io.github.liteocr;

/** A rectangle at any angle. */
final class RotatedRect {
    private final double x;
    private final double y;
    /** Direction of the first side, of length 1; the second is at a right angle to it. */
    private final double across;
    private final double down;
    private final double width;
    private final double height;

    private RotatedRect(
            double x, double y, double across, double down, double width, double height) {
        this.x = x;
        this.y = y;
        this.across = across;
        this.down = down;
        this.width = width;
        this.height = height;
    }

    /**
     * The smallest rectangle around points: one of its sides lies on a side of their hull (Freeman
     * and Shapira 1975).
     *
     * @param hull a convex polygon, x and y in turn
     */
    static RotatedRect around(double[] hull) {
        int count = hull.length / 2;
        if (count == 1) {
            return new RotatedRect(hull[0], hull[1], 1, 0, 0, 0);
        }
        RotatedRect best = null;
        double area = Double.MAX_VALUE;
        for (int n = 0; n < count; n++) {
            int next = (n + 1) % count;
            double across = hull[2 * next] - hull[2 * n];
            double down = hull[2 * next + 1] - hull[2 * n + 1];
            double length = Math.sqrt(across * across + down * down);
            RotatedRect candidate = along(hull, across / length, down / length);
            if (candidate.width * candidate.height < area) {
                best = candidate;
                area = candidate.width * candidate.height;
            }
        }
        return best;
    }

    private static RotatedRect along(double[] hull, double across, double down) {
        double left = Double.MAX_VALUE;
        double right = -Double.MAX_VALUE;
        double top = Double.MAX_VALUE;
        double bottom = -Double.MAX_VALUE;
        for (int n = 0; n < hull.length; n += 2) {
            double along = hull[n] * across + hull[n + 1] * down;
            double off = hull[n + 1] * across - hull[n] * down;
            left = Math.min(left, along);
            right = Math.max(right, along);
            top = Math.min(top, off);
            bottom = Math.max(bottom, off);
        }
        double along = (left + right) / 2;
        double off = (top + bottom) / 2;
        return new RotatedRect(
                along * across - off * down,
                along * down + off * across,
                across,
                down,
                right - left,
                bottom - top);
    }

    double shorterSide() {
        return Math.min(width, height);
    }

    /**
     * Grown by {@code area * ratio / perimeter} on each side, the inverse of DB's shrinking. A
     * polygon's offset with round corners lies in just this rectangle, as its smallest one.
     */
    RotatedRect unclipped(double ratio) {
        double length = 2 * (width + height);
        double distance = width <= 0 || height <= 0 ? 0 : width * height * ratio / length;
        return new RotatedRect(x, y, across, down, width + 2 * distance, height + 2 * distance);
    }

    Quad corners() {
        float[] xs = new float[4];
        float[] ys = new float[4];
        for (int n = 0; n < 4; n++) {
            double along = (n == 0 || n == 3 ? -width : width) / 2;
            double off = (n < 2 ? -height : height) / 2;
            xs[n] = (float) (x + along * across - off * down);
            ys[n] = (float) (y + along * down + off * across);
        }
        return new Quad(xs, ys);
    }
}
