package io.github.liteocr;

/** Pixels as Android packs them into whole numbers. */
final class ArgbPixels {
    private ArgbPixels() {}

    /**
     * Lay colours over white by their opacity.
     *
     * @param argb alpha, red, green, blue from the highest byte on; not premultiplied
     * @param count how many of them
     * @param bgr where three bytes of each go
     * @param at from this place on
     */
    static void blendOnWhite(int[] argb, int count, byte[] bgr, int at) {
        for (int n = 0; n < count; n++, at += 3) {
            int colour = argb[n];
            int opacity = colour >>> 24;
            bgr[at] = blended(colour & 255, opacity);
            bgr[at + 1] = blended(colour >>> 8 & 255, opacity);
            bgr[at + 2] = blended(colour >>> 16 & 255, opacity);
        }
    }

    private static byte blended(int colour, int opacity) {
        return (byte) ((colour * opacity + 255 * (255 - opacity) + 127) / 255);
    }
}
