package io.github.liteocr;

/**
 * Scaling as the reader in Python does it, by OpenCV's rules: bilinear in fixed point, and averaged
 * areas beyond half size, where bilinear would skip pixels and break thin strokes.
 */
final class Resizer {
    /** OpenCV's weights have eleven bits. */
    private static final int ONE = 1 << 11;

    private Resizer() {}

    /** The picture in another size; itself if it has that size. */
    static BgrImage resize(BgrImage image, int width, int height) {
        if (width == image.width && height == image.height) {
            return image;
        }
        boolean shrinks = 2 * width < image.width && 2 * height < image.height;
        return shrinks ? area(image, width, height) : linear(image, width, height);
    }

    private static BgrImage linear(BgrImage from, int width, int height) {
        int[] columns = new int[width];
        int[] across = new int[width];
        places(from.width, width, columns, across);
        int[] rows = new int[height];
        int[] down = new int[height];
        places(from.height, height, rows, down);
        BgrImage to = new BgrImage(width, height);
        int[] upper = new int[3 * width];
        int[] lower = new int[3 * width];
        int inUpper = -1;
        int inLower = -1;
        for (int y = 0, at = 0; y < height; y++) {
            int first = rows[y];
            int second = Math.min(first + 1, from.height - 1);
            if (first == inLower) {
                int[] swapped = upper;
                upper = lower;
                lower = swapped;
                inUpper = first;
                inLower = -1;
            } else if (first != inUpper) {
                row(from, first, columns, across, upper);
                inUpper = first;
            }
            if (second != inLower) {
                row(from, second, columns, across, lower);
                inLower = second;
            }
            int weight = down[y];
            for (int n = 0; n < 3 * width; n++, at++) {
                int above = (ONE - weight) * (upper[n] >> 4) >> 16;
                int below = weight * (lower[n] >> 4) >> 16;
                to.bgr[at] = (byte) (above + below + 2 >> 2);
            }
        }
        return to;
    }

    /** Where each pixel comes from: the first of two source pixels, and the second one's weight. */
    private static void places(int from, int to, int[] first, int[] weight) {
        double scale = (double) from / to;
        for (int n = 0; n < to; n++) {
            float source = (float) ((n + 0.5) * scale - 0.5);
            int left = (int) Math.floor(source);
            float part = source - left;
            if (left < 0) {
                left = 0;
                part = 0;
            }
            if (left >= from - 1) {
                left = from - 1;
                part = 0;
            }
            first[n] = left;
            weight[n] = (int) Math.rint(part * ONE);
        }
    }

    private static void row(BgrImage from, int y, int[] columns, int[] across, int[] to) {
        byte[] bgr = from.bgr;
        int start = 3 * y * from.width;
        for (int x = 0, at = 0; x < columns.length; x++) {
            int left = start + 3 * columns[x];
            int right = columns[x] + 1 < from.width ? left + 3 : left;
            int weight = across[x];
            for (int channel = 0; channel < 3; channel++, at++) {
                to[at] = (ONE - weight) * (bgr[left + channel] & 255)
                        + weight * (bgr[right + channel] & 255);
            }
        }
    }

    private static BgrImage area(BgrImage from, int width, int height) {
        Cells columns = new Cells(from.width, width);
        Cells rows = new Cells(from.height, height);
        BgrImage to = new BgrImage(width, height);
        float[] sums = new float[3 * width];
        for (int y = 0, at = 0; y < height; y++) {
            java.util.Arrays.fill(sums, 0);
            for (int row = rows.start[y]; row < rows.start[y + 1]; row++) {
                int line = 3 * from.width * rows.source[row];
                float down = rows.weight[row];
                for (int x = 0, n = 0; x < width; x++, n += 3) {
                    float blue = 0;
                    float green = 0;
                    float red = 0;
                    for (int k = columns.start[x]; k < columns.start[x + 1]; k++) {
                        int pixel = line + 3 * columns.source[k];
                        float part = columns.weight[k];
                        blue += part * (from.bgr[pixel] & 255);
                        green += part * (from.bgr[pixel + 1] & 255);
                        red += part * (from.bgr[pixel + 2] & 255);
                    }
                    sums[n] += down * blue;
                    sums[n + 1] += down * green;
                    sums[n + 2] += down * red;
                }
            }
            for (int n = 0; n < sums.length; n++, at++) {
                to.bgr[at] = (byte) Math.min(255, (int) Math.rint(sums[n]));
            }
        }
        return to;
    }

    /** Which source pixels, with which weights, each pixel is the mean of. */
    private static final class Cells {
        final int[] start;
        final int[] source;
        final float[] weight;

        Cells(int from, int to) {
            double scale = (double) from / to;
            start = new int[to + 1];
            int room = (int) Math.ceil(scale) + 2;
            source = new int[to * room];
            weight = new float[to * room];
            int count = 0;
            for (int n = 0; n < to; n++) {
                start[n] = count;
                double begin = n * scale;
                double end = begin + scale;
                double width = Math.min(scale, from - begin);
                int last = Math.min((int) Math.floor(end), from - 1);
                int first = Math.min((int) Math.ceil(begin), last);
                if (first - begin > 1e-3) {
                    source[count] = first - 1;
                    weight[count++] = (float) ((first - begin) / width);
                }
                for (int pixel = first; pixel < last; pixel++) {
                    source[count] = pixel;
                    weight[count++] = (float) (1.0 / width);
                }
                if (end - last > 1e-3) {
                    source[count] = last;
                    weight[count++] = (float) (Math.min(Math.min(end - last, 1.0), width) / width);
                }
            }
            start[to] = count;
        }
    }
}
