package io.github.liteocr;

import java.util.Locale;

/** One line of text; cannot be changed. */
public final class TextLine {
    private final String text;
    private final float score;
    private final float[] box;
    private final int angle;

    TextLine(String text, float score, float[] box, int angle) {
        this.text = text;
        this.score = score;
        this.box = box;
        this.angle = angle;
    }

    /** Its characters, in the order of reading. */
    public String getText() {
        return text;
    }

    /** Mean probability of its characters, 0 to 1. */
    public float getScore() {
        return score;
    }

    /**
     * Four corners in pixels of the picture: x and y in turn, clockwise from the text's own top
     * left.
     */
    public float[] getBox() {
        return box.clone();
    }

    /** 180 where the text runs to the left or upwards, as that of a page upside down, else 0. */
    public int getAngle() {
        return angle;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.3f %s", score, text);
    }
}
