package io.github.liteocr;

/** Straightened lines: perspective warp with cubic weights (Keys 1981, with OpenCV's a = -0.75). */
final class PerspectiveCrop {
    private static final float A = -0.75f;

    private PerspectiveCrop() {}

    /** Cut out a quad, its first corner to the top left; at least 1x1. */
    static BgrImage of(BgrImage image, Quad quad) {
        int width = Math.max(1, (int) Math.rint(quad.width()));
        int height = Math.max(1, (int) Math.rint(quad.height()));
        double[] map = perspective(Quad.of(width, height), quad);
        BgrImage crop = new BgrImage(width, height);
        float[] across = new float[4];
        float[] down = new float[4];
        int[] columns = new int[4];
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < width; x++, at += 3) {
                double scale = map[6] * x + map[7] * y + map[8];
                scale = scale != 0 ? 1 / scale : 0;
                double sourceX = (map[0] * x + map[1] * y + map[2]) * scale;
                double sourceY = (map[3] * x + map[4] * y + map[5]) * scale;
                int left = (int) Math.floor(sourceX);
                int top = (int) Math.floor(sourceY);
                weights((float) (sourceX - left), across);
                weights((float) (sourceY - top), down);
                for (int n = 0; n < 4; n++) {
                    // Beyond the edge its last pixels go on.
                    columns[n] = 3 * within(left - 1 + n, image.width);
                }
                pixel(image, columns, top - 1, across, down, crop.bgr, at);
            }
        }
        return crop;
    }

    private static void pixel(
            BgrImage from,
            int[] columns,
            int top,
            float[] across,
            float[] down,
            byte[] to,
            int at) {
        float blue = 0;
        float green = 0;
        float red = 0;
        for (int row = 0; row < 4; row++) {
            int line = 3 * from.width * within(top + row, from.height);
            for (int column = 0; column < 4; column++) {
                int pixel = line + columns[column];
                float weight = down[row] * across[column];
                blue += weight * (from.bgr[pixel] & 255);
                green += weight * (from.bgr[pixel + 1] & 255);
                red += weight * (from.bgr[pixel + 2] & 255);
            }
        }
        to[at] = rounded(blue);
        to[at + 1] = rounded(green);
        to[at + 2] = rounded(red);
    }

    private static byte rounded(float sum) {
        return (byte) Math.max(0, Math.min(255, (int) Math.rint(sum)));
    }

    private static int within(int index, int count) {
        return Math.max(0, Math.min(index, count - 1));
    }

    /** Of the pixel before, those to both sides, and the one after a place {@code x} between. */
    private static void weights(float x, float[] to) {
        to[0] = ((A * (x + 1) - 5 * A) * (x + 1) + 8 * A) * (x + 1) - 4 * A;
        to[1] = ((A + 2) * x - (A + 3)) * x * x + 1;
        to[2] = ((A + 2) * (1 - x) - (A + 3)) * (1 - x) * (1 - x) + 1;
        to[3] = 1 - to[0] - to[1] - to[2];
    }

    /** The 3x3 matrix, row by row, that maps one quad's corners to another's. */
    static double[] perspective(Quad from, Quad to) {
        double[][] rows = new double[8][9];
        for (int n = 0; n < 4; n++) {
            double x = from.x[n];
            double y = from.y[n];
            rows[n] = new double[] {x, y, 1, 0, 0, 0, -x * to.x[n], -y * to.x[n], to.x[n]};
            rows[n + 4] = new double[] {0, 0, 0, x, y, 1, -x * to.y[n], -y * to.y[n], to.y[n]};
        }
        double[] solved = solve(rows);
        double[] matrix = new double[9];
        System.arraycopy(solved, 0, matrix, 0, 8);
        matrix[8] = 1;
        return matrix;
    }

    /** Gauss's elimination; rows hold the right side last. */
    private static double[] solve(double[][] rows) {
        int size = rows.length;
        for (int column = 0; column < size; column++) {
            int pivot = column;
            for (int row = column + 1; row < size; row++) {
                if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) {
                    pivot = row;
                }
            }
            double[] swapped = rows[column];
            rows[column] = rows[pivot];
            rows[pivot] = swapped;
            double lead = rows[column][column];
            if (lead == 0) {
                throw new IllegalArgumentException("three corners of the quad are on one line");
            }
            for (int row = column + 1; row < size; row++) {
                double factor = rows[row][column] / lead;
                for (int k = column; factor != 0 && k <= size; k++) {
                    rows[row][k] -= factor * rows[column][k];
                }
            }
        }
        double[] solution = new double[size];
        for (int row = size - 1; row >= 0; row--) {
            double sum = rows[row][size];
            for (int k = row + 1; k < size; k++) {
                sum -= rows[row][k] * solution[k];
            }
            solution[row] = sum / rows[row][row];
        }
        return solution;
    }
}
