package io.github.liteocr;

/** Pixels as Android packs them into whole numbers. */
final class ArgbPixels {
    private ArgbPixels() {}

    /**
     * Lay colours over a grey by their opacity.
     *
     * @param argb alpha, red, green, blue from the highest byte on; not premultiplied
     * @param count how many of them
     * @param backdrop the grey, 0 to 255
     * @param bgr where three bytes of each go
     * @param at from this place on
     */
    static void blend(int[] argb, int count, int backdrop, byte[] bgr, int at) {
        for (int n = 0; n < count; n++, at += 3) {
            int colour = argb[n];
            int opacity = colour >>> 24;
            bgr[at] = blended(colour & 255, opacity, backdrop);
            bgr[at + 1] = blended(colour >>> 8 & 255, opacity, backdrop);
            bgr[at + 2] = blended(colour >>> 16 & 255, opacity, backdrop);
        }
    }

    private static byte blended(int colour, int opacity, int backdrop) {
        return (byte) ((colour * opacity + backdrop * (255 - opacity) + 127) / 255);
    }
}
