package io.github.liteocr;

/**
 * What transparency is laid on: white as paper is, or black where that would hide light text.
 *
 * <p>Brightness is measured where opacity changes along a row, of the more opaque of two pixels. Text
 * is thin, so most of these places are edges of its strokes, even beside large opaque areas.
 */
final class EdgeBrightness {
    private static final int WHITE = 255;
    private static final int BLACK = 0;

    private long weight;
    private long weighted;

    /**
     * Take some rows into account.
     *
     * @param argb as of {@link ArgbPixels}
     */
    void add(int[] argb, int width, int rows) {
        for (int row = 0; row < rows; row++) {
            int end = (row + 1) * width;
            for (int n = row * width + 1; n < end; n++) {
                int step = (argb[n] >>> 24) - (argb[n - 1] >>> 24);
                if (step != 0) {
                    weight += Math.abs(step);
                    weighted += (long) Math.abs(step) * luma(argb[step > 0 ? n : n - 1]);
                }
            }
        }
    }

    /** The grey that all of the picture's transparency is laid on. */
    int backdrop() {
        return 2 * weighted > 255 * weight ? BLACK : WHITE;
    }

    /** In 256ths, by ITU-R BT.601. */
    private static int luma(int argb) {
        return (77 * (argb >>> 16 & 255) + 150 * (argb >>> 8 & 255) + 29 * (argb & 255)) >> 8;
    }
}
