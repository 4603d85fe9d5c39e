package io.github.liteocr;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;

/**
 * Columns of running text: where a page is read down one column before the next begins. A recursive
 * XY-cut (Nagy and Seth 1984) along gutters of white space. What crosses a gutter, such as a
 * heading over two columns, divides the page into bands above and below. A table has gutters, too,
 * but is read row by row: its cells are short or fill their columns loosely, its rows lie apart.
 */
final class TextColumns {
    static final int LEFT = 0;
    static final int TOP = 1;
    static final int RIGHT = 2;
    static final int BOTTOM = 3;

    /** Least lines on either side of a gutter, and their least median length in heights. */
    private static final int MIN_LINES = 3;
    private static final double MIN_LENGTH = 5;
    /** The same of lines that have one across the gutter, as rows of a table do. */
    private static final double MIN_ALIGNED_LENGTH = 7;
    /** A line fills its column with this share of its width; so many lines must. */
    private static final double FILLED = 0.75;
    private static final double MOSTLY = 0.6;
    /** Rows of text stand at most so many heights apart, those of a table further. */
    private static final double MAX_PITCH = 2;
    /** A gutter's least width, and how far lines of one row may lie apart, in heights. */
    private static final double MIN_GUTTER = 0.7;
    private static final double SAME_ROW = 0.3;
    /** Gutters tried for a block, those with most lines beside them first. */
    private static final int MAX_TRIED = 12;

    /** Of each line its left, top, right and bottom, on a page without tilt. */
    private final double[][] edges;

    TextColumns(double[][] edges) {
        this.edges = edges;
    }

    /** Groups of a block's lines, each to be read row by row, in the order of reading. */
    List<List<Integer>> split(List<Integer> block) {
        List<Double> gutters = new ArrayList<>();
        for (double gutter : gutters(block)) {
            List<Double> alone = Collections.singletonList(gutter);
            for (List<Integer> band : bands(block, alone)) {
                if (halves(band, alone) != null) {
                    gutters.add(gutter);
                    break;
                }
            }
        }
        List<List<Integer>> groups = new ArrayList<>();
        // Bands without columns stay together.
        List<Integer> rest = new ArrayList<>();
        for (List<Integer> band : gutters.isEmpty() ? groups : bands(block, gutters)) {
            List<List<Integer>> halves = halves(band, gutters);
            if (halves == null) {
                rest.addAll(band);
                continue;
            }
            if (!rest.isEmpty()) {
                groups.addAll(split(rest));
                rest = new ArrayList<>();
            }
            groups.addAll(split(halves.get(0)));
            groups.addAll(split(halves.get(1)));
        }
        if (groups.isEmpty()) {
            return Collections.singletonList(block);
        }
        if (!rest.isEmpty()) {
            groups.addAll(split(rest));
        }
        return groups;
    }

    /** A band's lines left and right of the first gutter with columns beside it, or null. */
    private List<List<Integer>> halves(List<Integer> band, List<Double> gutters) {
        for (double gutter : gutters) {
            List<Integer> left = new ArrayList<>();
            List<Integer> right = new ArrayList<>();
            for (int index : band) {
                if (edges[index][RIGHT] <= gutter) {
                    left.add(index);
                } else if (edges[index][LEFT] >= gutter) {
                    right.add(index);
                }
            }
            if (areColumns(of(left), of(right))) {
                return Arrays.asList(left, right);
            }
        }
        return null;
    }

    /** Where lines begin and few cross, those that divide the block most evenly first. */
    private List<Double> gutters(List<Integer> block) {
        if (block.size() < 2 * MIN_LINES) {
            return Collections.emptyList();
        }
        double before = 0.25 * medianHeight(of(block));
        TreeSet<Double> places = new TreeSet<>();
        for (int index : block) {
            places.add(edges[index][LEFT] - before);
        }
        List<double[]> even = new ArrayList<>();
        for (double place : places) {
            int left = 0;
            int right = 0;
            for (int index : block) {
                left += edges[index][RIGHT] <= place ? 1 : 0;
                right += edges[index][LEFT] >= place ? 1 : 0;
            }
            int crossing = block.size() - left - right;
            even.add(new double[] {place, Math.min(left, right) - 2 * crossing});
        }
        Collections.sort(even, (first, second) -> Double.compare(second[1], first[1]));
        List<Double> gutters = new ArrayList<>();
        for (double[] pair : even.subList(0, Math.min(MAX_TRIED, even.size()))) {
            if (pair[1] > 0) {
                gutters.add(pair[0]);
            }
        }
        return gutters;
    }

    /** Lines between those that cross a gutter, which are bands of their own. */
    private List<List<Integer>> bands(List<Integer> block, List<Double> gutters) {
        List<Integer> order = new ArrayList<>(block);
        Collections.sort(
                order,
                (first, second) -> Double.compare(middle(edges[first]), middle(edges[second])));
        List<List<Integer>> bands = new ArrayList<>();
        List<Integer> band = new ArrayList<>();
        for (int index : order) {
            if (!crosses(edges[index], gutters)) {
                band.add(index);
                continue;
            }
            bands.add(band);
            bands.add(Collections.singletonList(index));
            band = new ArrayList<>();
        }
        bands.add(band);
        List<List<Integer>> filled = new ArrayList<>();
        for (List<Integer> lines : bands) {
            if (!lines.isEmpty()) {
                filled.add(lines);
            }
        }
        return filled;
    }

    private static boolean crosses(double[] line, List<Double> gutters) {
        for (double gutter : gutters) {
            if (line[LEFT] < gutter && gutter < line[RIGHT]) {
                return true;
            }
        }
        return false;
    }

    /** Whether two sides of a gutter are columns of running text, rather than of a table. */
    private static boolean areColumns(List<double[]> left, List<double[]> right) {
        if (Math.min(left.size(), right.size()) < MIN_LINES) {
            return false;
        }
        List<double[]> both = new ArrayList<>(left);
        both.addAll(right);
        double height = medianHeight(both);
        if (least(right, LEFT) - greatest(left, RIGHT) < MIN_GUTTER * height
                || !sideBySide(left, right)) {
            return false;
        }
        List<double[]> before = nearest(left, RIGHT);
        List<double[]> after = nearest(right, LEFT);
        double length = areAligned(before, after, height) ? MIN_ALIGNED_LENGTH : MIN_LENGTH;
        return isRunningText(before, length, height) && isRunningText(after, length, height);
    }

    /** Whether lines are long, close to each other, and fill their column. */
    private static boolean isRunningText(List<double[]> side, double length, double height) {
        if (side.size() < MIN_LINES || medianLength(side) < length) {
            return false;
        }
        return pitch(side) <= MAX_PITCH * height && fills(side);
    }

    /** Whether the lower of two blocks has the other beside at least half of itself. */
    private static boolean sideBySide(List<double[]> left, List<double[]> right) {
        double top = Math.max(least(left, TOP), least(right, TOP));
        double bottom = Math.min(greatest(left, BOTTOM), greatest(right, BOTTOM));
        double size = Math.min(
                greatest(left, BOTTOM) - least(left, TOP),
                greatest(right, BOTTOM) - least(right, TOP));
        return bottom - top >= 0.5 * size;
    }

    /** Of each row the line next to the gutter, which {@code edge} of the lines faces. */
    private static List<double[]> nearest(List<double[]> side, int edge) {
        List<double[]> nearest = new ArrayList<>();
        for (double[] line : side) {
            double middle = middle(line);
            boolean hidden = false;
            for (double[] other : side) {
                boolean sameRow = middle > other[TOP] && middle < other[BOTTOM];
                boolean nearer =
                        edge == RIGHT ? other[edge] > line[edge] : other[edge] < line[edge];
                hidden |= sameRow && nearer;
            }
            if (!hidden) {
                nearest.add(line);
            }
        }
        return nearest;
    }

    /** Whether most lines of the side with fewer have one of the other side in their row. */
    private static boolean areAligned(List<double[]> left, List<double[]> right, double height) {
        List<double[]> fewer = left.size() <= right.size() ? left : right;
        int inRow = 0;
        for (double[] line : fewer) {
            double apart = Double.MAX_VALUE;
            for (double[] other : fewer == left ? right : left) {
                apart = Math.min(apart, Math.abs(middle(line) - middle(other)));
            }
            inRow += apart < SAME_ROW * height ? 1 : 0;
        }
        return (double) inRow / fewer.size() >= MOSTLY;
    }

    /** Whether most lines are as long as their column is wide, as those of a paragraph are. */
    private static boolean fills(List<double[]> side) {
        double[] widths = new double[side.size()];
        for (int n = 0; n < widths.length; n++) {
            widths[n] = side.get(n)[RIGHT] - side.get(n)[LEFT];
        }
        double least = FILLED * Median.percentile(widths, 0.9);
        int filled = 0;
        for (double width : widths) {
            filled += width >= least ? 1 : 0;
        }
        return (double) filled / widths.length >= MOSTLY;
    }

    /** Median distance of rows that follow each other. */
    private static double pitch(List<double[]> side) {
        double[] middles = new double[side.size()];
        for (int n = 0; n < middles.length; n++) {
            middles[n] = middle(side.get(n));
        }
        Arrays.sort(middles);
        double[] distances = new double[middles.length - 1];
        for (int n = 0; n < distances.length; n++) {
            distances[n] = middles[n + 1] - middles[n];
        }
        return Median.of(distances);
    }

    private static double medianLength(List<double[]> side) {
        double[] lengths = new double[side.size()];
        for (int n = 0; n < lengths.length; n++) {
            double[] line = side.get(n);
            lengths[n] = (line[RIGHT] - line[LEFT]) / (line[BOTTOM] - line[TOP]);
        }
        return Median.of(lengths);
    }

    private static double medianHeight(List<double[]> side) {
        double[] heights = new double[side.size()];
        for (int n = 0; n < heights.length; n++) {
            heights[n] = side.get(n)[BOTTOM] - side.get(n)[TOP];
        }
        return Median.of(heights);
    }

    private static double least(List<double[]> side, int edge) {
        double least = Double.MAX_VALUE;
        for (double[] line : side) {
            least = Math.min(least, line[edge]);
        }
        return least;
    }

    private static double greatest(List<double[]> side, int edge) {
        double greatest = -Double.MAX_VALUE;
        for (double[] line : side) {
            greatest = Math.max(greatest, line[edge]);
        }
        return greatest;
    }

    /** The height at which a line stands. */
    private static double middle(double[] line) {
        return (line[TOP] + line[BOTTOM]) / 2;
    }

    private List<double[]> of(List<Integer> indices) {
        List<double[]> lines = new ArrayList<>();
        for (int index : indices) {
            lines.add(edges[index]);
        }
        return lines;
    }
}
