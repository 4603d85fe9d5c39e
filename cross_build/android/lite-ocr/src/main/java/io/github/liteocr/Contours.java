package io.github.liteocr;

import java.util.ArrayList;
import java.util.List;

/**
 * Connected regions of a mask, as convex hulls.
 *
 * <p>The borders are those of OpenCV's {@code findContours} with {@code RETR_LIST} (Suzuki and Abe
 * 1985): the outer one of each region whose pixels touch at sides or corners, and the one around
 * each of its holes, made of the region's pixels that touch the hole at a side.
 */
final class Contours {
    private final boolean[] mask;
    private final int width;
    private final int height;

    private Contours(boolean[] mask, int width, int height) {
        this.mask = mask;
        this.width = width;
        this.height = height;
    }

    /** The hull of each border, x and y in turn. */
    static List<double[]> hulls(boolean[] mask, int width, int height) {
        Contours regions = new Contours(mask, width, height);
        List<double[]> hulls = new ArrayList<>();
        regions.collect(true, hulls);
        regions.collect(false, hulls);
        return hulls;
    }

    /** Rows of pixels next to each other with one value, joined to regions. */
    private void collect(boolean value, List<double[]> hulls) {
        Runs runs = new Runs();
        // Pixels of a region touch at corners, too; those of a hole at sides only.
        int reach = value ? 1 : 0;
        int above = 0;
        for (int y = 0; y < height; y++) {
            int begin = runs.count;
            int candidate = above;
            for (int x = 0; x < width; x++) {
                if (mask[y * width + x] != value) {
                    continue;
                }
                int first = x;
                while (x + 1 < width && mask[y * width + x + 1] == value) {
                    x++;
                }
                int run = runs.add(y, first, x);
                while (candidate < begin && runs.last[candidate] + reach < first) {
                    candidate++;
                }
                for (int n = candidate; n < begin && runs.first[n] - reach <= x; n++) {
                    runs.join(n, run);
                }
            }
            above = begin;
        }
        for (Extent extent : extents(runs, value)) {
            if (extent != null && !extent.open) {
                hulls.add(extent.hull());
            }
        }
    }

    private Extent[] extents(Runs runs, boolean value) {
        Extent[] extents = new Extent[runs.count];
        for (int run = 0; run < runs.count; run++) {
            int root = runs.root(run);
            int y = runs.row[run];
            int first = runs.first[run];
            int last = runs.last[run];
            if (extents[root] == null) {
                extents[root] = new Extent(runs.row[root] - 1);
            }
            Extent extent = extents[root];
            if (value) {
                extent.add(y, first, last);
            } else if (first == 0 || last == width - 1 || y == 0 || y == height - 1) {
                extent.open = true;
            } else if (!extent.open) {
                addAround(extent, y - 1, first, last);
                extent.add(y, first - 1, last + 1);
                addAround(extent, y + 1, first, last);
            }
        }
        return extents;
    }

    /** The region's pixels above or below a run of its hole. */
    private void addAround(Extent extent, int y, int first, int last) {
        int left = first;
        while (left <= last && !mask[y * width + left]) {
            left++;
        }
        int right = last;
        while (right >= left && !mask[y * width + right]) {
            right--;
        }
        if (left <= right) {
            extent.add(y, left, right);
        }
    }

    /** Runs of pixels, and which of them belong together (disjoint sets). */
    private static final class Runs {
        int[] row = new int[1024];
        int[] first = new int[1024];
        int[] last = new int[1024];
        private int[] parent = new int[1024];
        int count;

        int add(int y, int left, int right) {
            if (count == row.length) {
                row = java.util.Arrays.copyOf(row, 2 * count);
                first = java.util.Arrays.copyOf(first, 2 * count);
                last = java.util.Arrays.copyOf(last, 2 * count);
                parent = java.util.Arrays.copyOf(parent, 2 * count);
            }
            row[count] = y;
            first[count] = left;
            last[count] = right;
            parent[count] = count;
            return count++;
        }

        int root(int run) {
            while (parent[run] != run) {
                parent[run] = parent[parent[run]];
                run = parent[run];
            }
            return run;
        }

        /** The earlier run stays the root, so that a region's root lies in its topmost row. */
        void join(int run, int neighbour) {
            int first = root(run);
            int second = root(neighbour);
            if (first < second) {
                parent[second] = first;
            } else {
                parent[first] = second;
            }
        }
    }

    /** The leftmost and rightmost pixel of each row: all that a hull depends on. */
    private static final class Extent {
        private final int top;
        private int[] left = new int[8];
        private int[] right = new int[8];
        private int rows;
        /** A hole that reaches the mask's edge is none. */
        boolean open;

        Extent(int top) {
            this.top = top;
        }

        void add(int y, int first, int last) {
            int row = y - top;
            if (row >= left.length) {
                left = java.util.Arrays.copyOf(left, Math.max(row + 1, 2 * left.length));
                right = java.util.Arrays.copyOf(right, left.length);
            }
            for (; rows <= row; rows++) {
                left[rows] = Integer.MAX_VALUE;
                right[rows] = Integer.MIN_VALUE;
            }
            left[row] = Math.min(left[row], first);
            right[row] = Math.max(right[row], last);
        }

        /** Andrew's monotone chain (1979), once down the left and once up the right. */
        double[] hull() {
            double[] chain = new double[4 * rows + 4];
            int size = 0;
            for (int row = 0; row < rows; row++) {
                if (left[row] <= right[row]) {
                    size = append(chain, size, 0, left[row], top + row);
                }
            }
            int turn = Math.max(0, size - 1);
            for (int row = rows - 1; row >= 0; row--) {
                if (left[row] <= right[row]) {
                    size = append(chain, size, turn, right[row], top + row);
                }
            }
            // The chain comes back to where it began if the topmost row is one pixel.
            if (size > 1
                    && chain[0] == chain[2 * size - 2]
                    && chain[1] == chain[2 * size - 1]) {
                size--;
            }
            return java.util.Arrays.copyOf(chain, 2 * size);
        }

        private static int append(double[] chain, int size, int from, double x, double y) {
            if (size > 0 && chain[2 * size - 2] == x && chain[2 * size - 1] == y) {
                return size;
            }
            while (size - from >= 2 && !turns(chain, size, x, y)) {
                size--;
            }
            chain[2 * size] = x;
            chain[2 * size + 1] = y;
            return size + 1;
        }

        /** Whether the way over the last point to a new one is a turn to the hull's inside. */
        private static boolean turns(double[] chain, int size, double x, double y) {
            double beforeX = chain[2 * size - 4];
            double beforeY = chain[2 * size - 3];
            double across = chain[2 * size - 2] - beforeX;
            double down = chain[2 * size - 1] - beforeY;
            return across * (y - beforeY) - down * (x - beforeX) < 0;
        }
    }
}
