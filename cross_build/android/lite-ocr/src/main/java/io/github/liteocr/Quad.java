package io.github.liteocr;

import java.util.Arrays;

/** Four corners in pixels, clockwise as seen on the screen; not to be changed. */
final class Quad {
    /** A crop this many times taller than wide holds a line written downwards. */
    static final double TALL = 1.5;

    final float[] x;
    final float[] y;

    Quad(float[] x, float[] y) {
        this.x = x;
        this.y = y;
    }

    /** The corners of a rectangle at the origin. */
    static Quad of(int width, int height) {
        return new Quad(new float[] {0, width, width, 0}, new float[] {0, 0, height, height});
    }

    /** Width of the upright rectangle it straightens to: the longer of two opposite sides. */
    double width() {
        return Math.max(side(0, 1), side(2, 3));
    }

    /** Height of the upright rectangle it straightens to. */
    double height() {
        return Math.max(side(1, 2), side(3, 0));
    }

    double shorterSide() {
        return Math.min(width(), height());
    }

    private double side(int first, int second) {
        double across = (double) x[first] - x[second];
        double down = (double) y[first] - y[second];
        return Math.sqrt(across * across + down * down);
    }

    /** The corners in clockwise order, starting with the one nearest the picture's top left. */
    Quad clockwise() {
        double middleX = ((double) x[0] + x[1] + x[2] + x[3]) / 4;
        double middleY = ((double) y[0] + y[1] + y[2] + y[3]) / 4;
        double[] angles = new double[4];
        Integer[] order = {0, 1, 2, 3};
        for (int n = 0; n < 4; n++) {
            // y grows downwards, so growing angles run clockwise on the screen.
            angles[n] = Math.atan2(y[n] - middleY, x[n] - middleX);
        }
        Arrays.sort(order, (first, second) -> Double.compare(angles[first], angles[second]));
        double least = Double.MAX_VALUE;
        double most = -Double.MAX_VALUE;
        for (int n = 0; n < 4; n++) {
            double far = (double) x[n] + y[n];
            least = Math.min(least, far);
            most = Math.max(most, far);
        }
        // Of a square on its corner two are equally near, but for rounding: then the upper one.
        double near = least + 1e-4 * (most - least);
        int start = -1;
        for (int n = 0; n < 4; n++) {
            int corner = order[n];
            if ((double) x[corner] + y[corner] <= near
                    && (start < 0 || y[corner] < y[order[start]])) {
                start = n;
            }
        }
        float[] newX = new float[4];
        float[] newY = new float[4];
        for (int n = 0; n < 4; n++) {
            newX[n] = x[order[(start + n) % 4]];
            newY[n] = y[order[(start + n) % 4]];
        }
        return new Quad(newX, newY);
    }

    /**
     * The same corners, starting where the text starts: glyphs of a line written downwards are
     * turned clockwise, so it begins at the top right.
     */
    Quad textFirst() {
        return height() >= TALL * width() ? startingAt(1) : this;
    }

    /** The same corners, starting with the one at {@code first}. */
    Quad startingAt(int first) {
        float[] newX = new float[4];
        float[] newY = new float[4];
        for (int n = 0; n < 4; n++) {
            newX[n] = x[(n + first) % 4];
            newY[n] = y[(n + first) % 4];
        }
        return new Quad(newX, newY);
    }
}
