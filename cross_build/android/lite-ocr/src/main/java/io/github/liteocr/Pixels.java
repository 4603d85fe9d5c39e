package io.github.liteocr;

/** Colours as Android packs them into numbers. */
final class Pixels {
    private Pixels() {}

    /**
     * Lay colours over white by their opacity.
     *
     * @param argb alpha, red, green, blue from the highest byte on; not premultiplied
     * @param count how many of them
     * @param bgr where three bytes of each go
     * @param at from this place on
     */
    static void onWhite(int[] argb, int count, byte[] bgr, int at) {
        for (int n = 0; n < count; n++, at += 3) {
            int colour = argb[n];
            int opacity = colour >>> 24;
            bgr[at] = laid(colour & 255, opacity);
            bgr[at + 1] = laid(colour >>> 8 & 255, opacity);
            bgr[at + 2] = laid(colour >>> 16 & 255, opacity);
        }
    }

    private static byte laid(int colour, int opacity) {
        return (byte) ((colour * opacity + 255 * (255 - opacity) + 127) / 255);
    }
}
