package io.github.liteocr;

/**
 * Where a picture has strokes as fine as of text that a detector misses at some scale: text has two
 * to three strokes across a letter, so they stand the closer the smaller it is.
 */
final class FineStrokes {
    /** Text of at least this height, in pixels of the detector's map, is found. */
    static final int READABLE = 8;
    private static final int CELL = 4;
    private static final int NEIGHBOURS = 10;
    private static final double FINE = 0.3;
    private static final int CONTRAST = 32;

    final int rows;
    final int columns;
    /** Row by row: whether a cell of 4x4 pixels of the map has fine strokes. */
    final boolean[] fine;

    /**
     * @param scale of the detector's map to the picture, below 1
     */
    FineStrokes(BgrImage image, double scale) {
        rows = Math.max(1, (int) Math.rint(image.height * scale / CELL));
        columns = Math.max(1, (int) Math.rint(image.width * scale / CELL));
        int every = Math.max(1, (int) Math.rint(0.5 / scale));
        boolean[] across = inRows(edges(image, every, false), rows, columns, scale);
        boolean[] down = inRows(edges(image, every, true), columns, rows, scale);
        fine = new boolean[rows * columns];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                int cell = row * columns + column;
                fine[cell] = across[cell] || down[column * rows + row];
            }
        }
    }

    int count() {
        return count(0, 0, columns, rows);
    }

    /** Fine cells of a rectangle, in cells. */
    int count(int left, int top, int right, int bottom) {
        int count = 0;
        for (int row = top; row < Math.min(bottom, rows); row++) {
            for (int column = left; column < Math.min(right, columns); column++) {
                count += fine[row * columns + column] ? 1 : 0;
            }
        }
        return count;
    }

    /** Whether grey starts to rise, along some of the rows, or columns, of a picture. */
    private static boolean[][] edges(BgrImage image, int every, boolean turned) {
        int lines = ((turned ? image.width : image.height) + every - 1) / every;
        int length = turned ? image.height : image.width;
        boolean[][] edges = new boolean[lines][length < 4 ? length : length - 3];
        int[] grey = new int[length];
        for (int line = 0; line < lines; line++) {
            for (int n = 0; n < length; n++) {
                int pixel = turned ? n * image.width + line * every : line * every * image.width + n;
                grey[n] = grey(image.bgr, 3 * pixel);
            }
            for (int n = 0; n + 3 < length; n++) {
                boolean before = grey[n + 2] - grey[n] > CONTRAST;
                edges[line][n] = grey[n + 3] - grey[n + 1] > CONTRAST && !before;
            }
        }
        return edges;
    }

    /** As OpenCV has it, in fixed point. */
    private static int grey(byte[] bgr, int at) {
        int sum = 3735 * (bgr[at] & 255) + 19235 * (bgr[at + 1] & 255) + 9798 * (bgr[at + 2] & 255);
        return sum + (1 << 14) >> 15;
    }

    private static boolean[] inRows(boolean[][] edges, int rows, int columns, double scale) {
        boolean[] fine = new boolean[rows * columns];
        for (int row = 0; row < rows; row++) {
            int top = (int) ((long) row * edges.length / rows);
            int bottom = (int) ((long) (row + 1) * edges.length / rows);
            // Edges and pixels before each cell of the row.
            long[] counts = new long[columns + 1];
            long[] pixels = new long[columns + 1];
            for (int column = 0; column < columns; column++) {
                int left = (int) ((long) column * edges[0].length / columns);
                int right = (int) ((long) (column + 1) * edges[0].length / columns);
                counts[column + 1] = counts[column] + count(edges, left, top, right, bottom);
                pixels[column + 1] = pixels[column] + (long) (right - left) * (bottom - top);
            }
            for (int column = 0; column < columns; column++) {
                int end = Math.min(column + NEIGHBOURS / 2, columns);
                int start = Math.max(column - NEIGHBOURS / 2, 0);
                fine[row * columns + column] = counts[end] - counts[start]
                        > FINE * scale * (pixels[end] - pixels[start]);
            }
        }
        return fine;
    }

    private static int count(boolean[][] edges, int left, int top, int right, int bottom) {
        int count = 0;
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                count += edges[y][x] ? 1 : 0;
            }
        }
        return count;
    }
}
