package io.github.liteocr;

/** A line cut out of a picture, filled in by one stage after the other. */
final class LineCrop {
    /** Straightened. */
    final BgrImage pixels;
    /** From where the text is taken to start. */
    final Quad quad;
    /** 180 where the line was turned, else 0. */
    final int angle;
    /** The classifier's probability that it is upside down as it is. */
    double upsideDown;
    /** Null before it was recognised. */
    Recogniser.Text text;

    LineCrop(BgrImage pixels, Quad quad) {
        this(pixels, quad, 0, 0);
    }

    private LineCrop(BgrImage pixels, Quad quad, int angle, double upsideDown) {
        this.pixels = pixels;
        this.quad = quad;
        this.angle = angle;
        this.upsideDown = upsideDown;
    }

    /** Its width, in multiples of its height. */
    double length() {
        return (double) pixels.width / pixels.height;
    }

    /** The same line turned by 180 degrees, not recognised yet. */
    LineCrop rotated() {
        return new LineCrop(
                pixels.upsideDown(), quad.startingAt(2), 180 - angle, 1 - upsideDown);
    }
}
