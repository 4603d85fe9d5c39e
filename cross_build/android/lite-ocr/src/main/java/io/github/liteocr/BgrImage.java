package io.github.liteocr;

/** A picture as the networks see it: eight bits of blue, green and red, row by row. */
final class BgrImage {
    final int width;
    final int height;
    /** {@code 3 * width * height} bytes: blue, green, red of each pixel. */
    final byte[] bgr;

    BgrImage(int width, int height, byte[] bgr) {
        if (width < 1 || height < 1 || bgr.length != 3L * width * height) {
            throw new IllegalArgumentException(
                    width + "x" + height + " pixels do not go into " + bgr.length + " bytes");
        }
        this.width = width;
        this.height = height;
        this.bgr = bgr;
    }

    BgrImage(int width, int height) {
        this(width, height, new byte[3 * width * height]);
    }

    /** So many columns from the one at {@code start} on. */
    BgrImage columns(int start, int count) {
        BgrImage part = new BgrImage(count, height);
        for (int y = 0; y < height; y++) {
            System.arraycopy(bgr, 3 * (y * width + start), part.bgr, 3 * y * count, 3 * count);
        }
        return part;
    }

    /** The same picture rotated by 180 degrees. */
    BgrImage upsideDown() {
        BgrImage rotated = new BgrImage(width, height);
        for (int from = 0, to = bgr.length - 3; to >= 0; from += 3, to -= 3) {
            System.arraycopy(bgr, from, rotated.bgr, to, 3);
        }
        return rotated;
    }

    /**
     * The picture rotated clockwise.
     *
     * @param degrees a multiple of 90
     */
    BgrImage rotated(int degrees) {
        switch (((degrees % 360) + 360) % 360) {
            case 0:
                return this;
            case 90:
                return quarterTurn(true);
            case 180:
                return upsideDown();
            case 270:
                return quarterTurn(false);
            default:
                throw new IllegalArgumentException(
                        "rotation of " + degrees + " degrees; expected a multiple of 90");
        }
    }

    private BgrImage quarterTurn(boolean clockwise) {
        BgrImage rotated = new BgrImage(height, width);
        for (int y = 0, from = 0; y < height; y++) {
            for (int x = 0; x < width; x++, from += 3) {
                int column = clockwise ? height - 1 - y : y;
                int row = clockwise ? x : width - 1 - x;
                System.arraycopy(bgr, from, rotated.bgr, 3 * (row * height + column), 3);
            }
        }
        return rotated;
    }
}
