package io.github.liteocr;

import java.nio.FloatBuffer;

/** A model of the pack: its file, the shape of its input, and how pixels become that input. */
final class ModelSpec {
    final String file;
    final int height;
    final int width;
    /** What each byte of each channel becomes, in the network's order of channels. */
    private final float[][] tables = new float[3][256];
    /** Which byte of a pixel (blue, green, red) each channel is. */
    private final int[] channels;

    /**
     * @param mean of each channel in the network's order, for pixels scaled to 0..1
     * @param deviation likewise
     * @param bgr whether that order is blue, green, red; else it is red, green, blue
     */
    ModelSpec(String file, int height, int width, float[] mean, float[] deviation, boolean bgr) {
        this.file = file;
        this.height = height;
        this.width = width;
        this.channels = bgr ? new int[] {0, 1, 2} : new int[] {2, 1, 0};
        for (int channel = 0; channel < 3; channel++) {
            float scale = 1f / 255f / deviation[channel];
            float shift = -mean[channel] / deviation[channel];
            for (int value = 0; value < 256; value++) {
                tables[channel][value] = value * scale + shift;
            }
        }
    }

    /**
     * Write {@code (pixel / 255 - mean) / deviation}, channel by channel.
     *
     * @param from columns and rows of this picture
     * @param to the input, three planes of {@code down * across} floats; what lies right of the
     *     picture and below it becomes zero, the grey that lines were padded with in training
     */
    void fill(
            BgrImage from,
            int left,
            int top,
            int columns,
            int rows,
            FloatBuffer to,
            int across,
            int down) {
        float[] empty = new float[across];
        float[] line = new float[across];
        to.rewind();
        for (int channel = 0; channel < 3; channel++) {
            float[] table = tables[channel];
            for (int y = top; y < top + rows; y++) {
                int pixel = 3 * (y * from.width + left) + channels[channel];
                for (int x = 0; x < columns; x++, pixel += 3) {
                    line[x] = table[from.bgr[pixel] & 255];
                }
                to.put(line);
            }
            for (int y = rows; y < down; y++) {
                to.put(empty);
            }
        }
    }
}
