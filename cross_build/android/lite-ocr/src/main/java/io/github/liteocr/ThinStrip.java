package io.github.liteocr;

import java.util.Arrays;

/** A thin strip with a border along its long edges, without which nothing is found in it. */
final class ThinStrip {
    /** Strips of less than so many pixels across get a border. */
    static final int THIN = 128;

    final BgrImage pixels;
    /** Width of the border at the top, or left. */
    final int border;

    /**
     * @param strip at the scale it is looked at
     * @param stride what the sides of the result are multiples of, across
     * @param most largest side across
     */
    ThinStrip(BgrImage strip, int stride, int most) {
        boolean tall = strip.height > strip.width;
        int across = Math.min(strip.width, strip.height);
        int wanted = (3 * across + stride - 1) / stride * stride;
        int total = Math.max(Math.min(wanted, most / stride * stride), across);
        border = (total - across) / 2;
        pixels = new BgrImage(tall ? total : strip.width, tall ? strip.height : total);
        byte[] colour = edgeColour(strip, tall);
        for (int at = 0; at < pixels.bgr.length; at++) {
            pixels.bgr[at] = colour[at % 3];
        }
        for (int y = 0; y < strip.height; y++) {
            int to = (tall ? y : y + border) * pixels.width + (tall ? border : 0);
            System.arraycopy(strip.bgr, 3 * y * strip.width, pixels.bgr, 3 * to, 3 * strip.width);
        }
    }

    /** The part of a map that shows the strip. */
    Detector.Probabilities inner(Detector.Probabilities map, int across) {
        boolean tall = map.height > map.width;
        int width = tall ? across : map.width;
        int height = tall ? map.height : across;
        Detector.Probabilities inner = new Detector.Probabilities(width, height);
        for (int y = 0; y < height; y++) {
            int from = (tall ? y : y + border) * map.width + (tall ? border : 0);
            System.arraycopy(map.values, from, inner.values, y * width, width);
        }
        return inner;
    }

    /** The median of the long edges, so that what touches them is not drawn out. */
    private static byte[] edgeColour(BgrImage strip, boolean tall) {
        int length = tall ? strip.height : strip.width;
        byte[] colour = new byte[3];
        int[] values = new int[2 * length];
        for (int channel = 0; channel < 3; channel++) {
            for (int n = 0; n < length; n++) {
                int first = tall ? n * strip.width : n;
                int last = first + (tall ? strip.width - 1 : (strip.height - 1) * strip.width);
                values[2 * n] = strip.bgr[3 * first + channel] & 255;
                values[2 * n + 1] = strip.bgr[3 * last + channel] & 255;
            }
            Arrays.sort(values);
            // As OpenCV takes a colour of half a grey: to the even one.
            colour[channel] = (byte) Math.rint((values[length - 1] + values[length]) / 2.0);
        }
        return colour;
    }
}
