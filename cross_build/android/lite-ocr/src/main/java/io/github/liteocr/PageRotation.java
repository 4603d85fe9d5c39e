package io.github.liteocr;

import java.util.List;

/**
 * Pages that lie on their side: turned upright before their lines are looked for again. A page
 * upside down needs no second look: its lines are as well detected.
 */
final class PageRotation {
    /** Fewer lines on their side are labels or a spine, not a page. */
    private static final int MIN_LINES = 3;
    /** These are at least so many times as long as high: a lone 3, 4 or 7 is up to 1.9. */
    private static final double MIN_RATIO = 2.0;
    /** Share of a page's lines, by length, that must lie on their side. */
    private static final double SIDEWAYS = 0.8;
    /**
     * Share of a page's lines, by length, that must be upside down for the page to be. A card lying
     * upside down on a desk among others is less, and the picture keeps its own order.
     */
    static final double UPSIDE_DOWN = 0.85;

    private PageRotation() {}

    /** Whether most lines of a picture run downwards or upwards. */
    static boolean isSideways(List<Quad> quads) {
        double total = 0;
        double standing = 0;
        int count = 0;
        for (Quad quad : quads) {
            double width = quad.width();
            if (width < Quad.TALL * quad.height()) {
                continue; // a character, or a part of a word, has no direction of its own
            }
            total += width;
            if (runsDown(quad)) {
                standing += width;
                count += width >= MIN_RATIO * quad.height() ? 1 : 0;
            }
        }
        return count >= MIN_LINES && standing >= SIDEWAYS * total;
    }

    /** Whether a quad's first side runs rather downwards or upwards than to a side. */
    static boolean runsDown(Quad quad) {
        return Math.abs(quad.y[1] - quad.y[0]) > Math.abs(quad.x[1] - quad.x[0]);
    }

    /** A picture turned counter-clockwise: lines that ran downwards run to the right. */
    static BgrImage quarterTurn(BgrImage image) {
        return image.rotated(270);
    }

    /** A quad of the turned picture in the one that was given, which is so many pixels wide. */
    static Quad turnedBack(Quad quad, int width) {
        float[] x = new float[4];
        for (int n = 0; n < 4; n++) {
            x[n] = width - quad.y[n];
        }
        return new Quad(x, quad.x.clone());
    }

    /** 180 where the text runs to the left or upwards, else 0. */
    static int angle(Quad quad) {
        float forward = runsDown(quad) ? quad.y[1] - quad.y[0] : quad.x[1] - quad.x[0];
        return forward < 0 ? 180 : 0;
    }
}
