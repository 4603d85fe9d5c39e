package io.github.liteocr;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/**
 * Columns one after the other, in them rows from top to bottom, each from left to right. Lines
 * written downwards side by side are read from right to left, those that run upwards from left to
 * right.
 */
final class ReadingOrder {
    /** Vertical lines are at least so many times as long as wide: a lone 1 or I is not. */
    private static final double MIN_VERTICAL = 3;
    /** White space between neighbours of a vertical text, at most, in widths of its lines. */
    private static final double MAX_GAP = 2;

    private final List<TextBox> boxes = new ArrayList<>();
    /** Lines that are read on their own, and vertical texts, whose lines follow each other. */
    private final List<List<Integer>> units;
    private final double[][] edges;
    private final double[] heights;

    private ReadingOrder(List<TextBox> tilted) {
        double tilt = PageTilt.of(tilted);
        for (TextBox box : tilted) {
            boxes.add(box.withoutTilt(tilt));
        }
        units = units();
        edges = new double[units.size()][];
        heights = new double[units.size()];
        for (int n = 0; n < edges.length; n++) {
            edges[n] = edges(units.get(n));
            for (int index : units.get(n)) {
                heights[n] += boxes.get(index).shorterSide() / units.get(n).size();
            }
        }
    }

    /**
     * Indices of quads in reading order, on a page whose own tilt is taken out.
     *
     * @param quads the text's own top left first
     * @param upsideDown whether the page is rotated by 180 degrees
     */
    static List<Integer> of(List<Quad> quads, boolean upsideDown) {
        List<TextBox> boxes = new ArrayList<>();
        List<Integer> given = new ArrayList<>();
        for (Quad quad : quads) {
            given.add(boxes.size());
            boxes.add(TextBox.of(quad, upsideDown));
        }
        // Whatever is equal is taken from the top left on, however the quads were given.
        Collections.sort(given, (first, second) -> compare(boxes.get(first), boxes.get(second)));
        List<TextBox> sorted = new ArrayList<>();
        for (int index : given) {
            sorted.add(boxes.get(index));
        }
        List<Integer> order = new ArrayList<>();
        for (int index : new ReadingOrder(sorted).indices()) {
            order.add(given.get(index));
        }
        return order;
    }

    private static int compare(TextBox first, TextBox second) {
        int down = Double.compare(first.centreY(), second.centreY());
        return down != 0 ? down : Double.compare(first.centreX(), second.centreX());
    }

    /**
     * Reading order on a page that lay on its side and was turned counter-clockwise. What still
     * runs across its lines, such as the title over a page of vertical text, was upright before: it
     * is read before or after the others, as it stood above or below them.
     */
    static List<Integer> ofTurned(List<Quad> quads, boolean upsideDown) {
        List<Integer> across = new ArrayList<>();
        List<Integer> along = new ArrayList<>();
        List<Quad> acrossBefore = new ArrayList<>();
        List<Quad> alongQuads = new ArrayList<>();
        for (int n = 0; n < quads.size(); n++) {
            Quad quad = quads.get(n);
            if (PageRotation.runsDown(quad)) {
                across.add(n);
                acrossBefore.add(PageRotation.turnedBack(quad, 0));
            } else {
                along.add(n);
                alongQuads.add(quad);
            }
        }
        double middle = 0;
        List<Integer> measured = along.isEmpty() ? across : along;
        for (int index : measured) {
            middle += TextBox.of(quads.get(index), false).centreX() / measured.size();
        }
        List<Integer> ordered = new ArrayList<>();
        List<Integer> below = new ArrayList<>();
        for (int n : of(acrossBefore, false)) {
            boolean above = TextBox.of(acrossBefore.get(n), false).centreY() < middle;
            (above ? ordered : below).add(across.get(n));
        }
        for (int n : of(alongQuads, upsideDown)) {
            ordered.add(along.get(n));
        }
        ordered.addAll(below);
        return ordered;
    }

    private List<Integer> indices() {
        List<Integer> all = new ArrayList<>();
        for (int n = 0; n < units.size(); n++) {
            all.add(n);
        }
        List<Integer> ordered = new ArrayList<>();
        for (List<Integer> group : new TextColumns(edges).split(all)) {
            for (int unit : rowByRow(group)) {
                ordered.addAll(units.get(unit));
            }
        }
        return ordered;
    }

    /**
     * Rows from top to bottom, each from left to right. Two lines share a row if their middles lie
     * within half a line's height of each other.
     */
    private List<Integer> rowByRow(List<Integer> group) {
        List<Integer> order = new ArrayList<>(group);
        Collections.sort(order, (first, second) -> Double.compare(middle(first), middle(second)));
        List<List<Integer>> rows = new ArrayList<>();
        for (int index : order) {
            List<Integer> row = rows.isEmpty() ? null : rows.get(rows.size() - 1);
            if (row == null || !shares(row, index)) {
                row = new ArrayList<>();
                rows.add(row);
            }
            row.add(index);
        }
        List<Integer> ordered = new ArrayList<>();
        for (List<Integer> row : rows) {
            Collections.sort(
                    row, (first, second) -> Double.compare(centre(first), centre(second)));
            ordered.addAll(row);
        }
        return ordered;
    }

    private boolean shares(List<Integer> row, int index) {
        double middle = 0;
        double height = 0;
        for (int member : row) {
            middle += middle(member) / row.size();
            height += heights[member] / row.size();
        }
        return Math.abs(middle(index) - middle) < 0.5 * Math.min(heights[index], height);
    }

    private double middle(int unit) {
        return (edges[unit][TextColumns.TOP] + edges[unit][TextColumns.BOTTOM]) / 2;
    }

    private double centre(int unit) {
        return edges[unit][TextColumns.LEFT] + edges[unit][TextColumns.RIGHT];
    }

    private List<List<Integer>> units() {
        List<List<Integer>> formed = new ArrayList<>();
        List<Integer> rest = new ArrayList<>();
        for (int n = 0; n < boxes.size(); n++) {
            if (isVertical(boxes.get(n))) {
                rest.add(n);
            } else {
                formed.add(Collections.singletonList(n));
            }
        }
        Collections.sort(
                rest,
                (first, second) ->
                        Double.compare(boxes.get(second).centreX(), boxes.get(first).centreX()));
        while (!rest.isEmpty()) {
            formed.add(verticalText(rest));
        }
        return formed;
    }

    /** Take the first of vertical lines, from right to left, and what stands beside it. */
    private List<Integer> verticalText(List<Integer> rest) {
        List<Integer> unit = new ArrayList<>(Collections.singletonList(rest.remove(0)));
        double down = runs(unit.get(0));
        for (Iterator<Integer> left = rest.iterator(); left.hasNext(); ) {
            int index = left.next();
            if (areNeighbours(boxes.get(unit.get(unit.size() - 1)), boxes.get(index))) {
                unit.add(index);
                left.remove();
                down += runs(index);
            }
        }
        if (down <= 0) {
            Collections.reverse(unit);
        }
        return unit;
    }

    private double runs(int index) {
        return boxes.get(index).y[1] - boxes.get(index).y[0];
    }

    private static boolean isVertical(TextBox box) {
        return Math.abs(box.y[1] - box.y[0]) > Math.abs(box.x[1] - box.x[0])
                && box.width() >= MIN_VERTICAL * box.shorterSide();
    }

    /** Whether two vertical lines stand beside each other with little between. */
    private static boolean areNeighbours(TextBox right, TextBox left) {
        double top = Math.max(right.top(), left.top());
        double bottom = Math.min(right.bottom(), left.bottom());
        double lower = Math.min(right.bottom() - right.top(), left.bottom() - left.top());
        return right.left() - left.right() <= MAX_GAP * left.shorterSide()
                && bottom - top >= 0.5 * lower;
    }

    /** Left, top, right and bottom of boxes together. */
    private double[] edges(List<Integer> unit) {
        double[] around = {
            Double.MAX_VALUE, Double.MAX_VALUE, -Double.MAX_VALUE, -Double.MAX_VALUE
        };
        for (int index : unit) {
            TextBox box = boxes.get(index);
            around[0] = Math.min(around[0], box.left());
            around[1] = Math.min(around[1], box.top());
            around[2] = Math.max(around[2], box.right());
            around[3] = Math.max(around[3], box.bottom());
        }
        return around;
    }
}
