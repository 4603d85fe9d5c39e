package io.github.liteocr;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Rows from top to bottom, each from left to right. Two quads share a row if their centres, with
 * the page's own tilt taken out, lie within half a line's height of each other.
 */
final class ReadingOrder {
    private ReadingOrder() {}

    /** Indices of quads, clockwise from the picture's top left, in reading order. */
    static List<Integer> of(List<Quad> quads) {
        double tilt = tilt(quads);
        double[] across = new double[quads.size()];
        double[] down = new double[quads.size()];
        List<Integer> order = new ArrayList<>();
        for (int n = 0; n < quads.size(); n++) {
            Quad quad = quads.get(n);
            double x = ((double) quad.x[0] + quad.x[1] + quad.x[2] + quad.x[3]) / 4;
            double y = ((double) quad.y[0] + quad.y[1] + quad.y[2] + quad.y[3]) / 4;
            across[n] = x * Math.cos(tilt) + y * Math.sin(tilt);
            down[n] = y * Math.cos(tilt) - x * Math.sin(tilt);
            order.add(n);
        }
        Collections.sort(order, (first, second) -> Double.compare(down[first], down[second]));
        List<List<Integer>> rows = new ArrayList<>();
        for (int index : order) {
            List<Integer> row = rows.isEmpty() ? null : rows.get(rows.size() - 1);
            if (row == null || !shares(row, index, quads, down)) {
                row = new ArrayList<>();
                rows.add(row);
            }
            row.add(index);
        }
        List<Integer> ordered = new ArrayList<>();
        for (List<Integer> row : rows) {
            Collections.sort(row, (first, second) -> Double.compare(across[first], across[second]));
            ordered.addAll(row);
        }
        return ordered;
    }

    private static boolean shares(List<Integer> row, int index, List<Quad> quads, double[] down) {
        double middle = 0;
        double height = 0;
        for (int member : row) {
            middle += down[member] / row.size();
            height += quads.get(member).shorterSide() / row.size();
        }
        double near = 0.5 * Math.min(quads.get(index).shorterSide(), height);
        return Math.abs(down[index] - middle) < near;
    }

    /** Median angle, in radians, of the long horizontal lines' top edges; 0 without any. */
    private static double tilt(List<Quad> quads) {
        double[] angles = new double[quads.size()];
        int count = 0;
        for (Quad quad : quads) {
            double x = (double) quad.x[1] - quad.x[0];
            double y = (double) quad.y[1] - quad.y[0];
            double sideX = (double) quad.x[3] - quad.x[0];
            double sideY = (double) quad.y[3] - quad.y[0];
            if (Math.sqrt(x * x + y * y) >= 2 * Math.sqrt(sideX * sideX + sideY * sideY)) {
                angles[count++] = Math.atan2(y, x);
            }
        }
        if (count == 0) {
            return 0;
        }
        Arrays.sort(angles, 0, count);
        double angle = (angles[(count - 1) / 2] + angles[count / 2]) / 2;
        // Beyond this it is a sheet lying on its side, not a tilted one: leave it alone.
        return Math.abs(angle) < Math.PI / 8 ? angle : 0;
    }
}
