package io.github.liteocr;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A page's tilt: from its long lines, or where words are short, from the rows they stand in. The
 * box of a short word lies flatter than its text, a row of boxes has a longer base.
 */
final class PageTilt {
    /** Beyond this a sheet lies on its side rather than tilted. */
    private static final double MAX_TILT = Math.PI / 8;
    /** Boxes with sides less apart than this have no direction. */
    private static final double MIN_RATIO = 2;
    /** Longer lines, in heights, count no more than these. */
    private static final double MAX_RATIO = 20;
    /** Lines this long, in heights, show the tilt to within a degree, shorter ones to five. */
    private static final double LONG = 8;
    private static final double NEAR = Math.toRadians(1.5);
    private static final double FAR = Math.toRadians(6);
    /** Angles of rows that differ by less are the same but for the detector's pixels. */
    private static final double SAME = Math.toRadians(0.5);
    /** Neighbours that a row's angle is taken from, at least. */
    private static final int MIN_NEIGHBOURS = 3;

    private PageTilt() {}

    /** Angle of a page's rows, in radians clockwise on the screen; 0 where nothing shows it. */
    static double of(List<TextBox> boxes) {
        List<double[]> angles = new ArrayList<>();
        List<double[]> ratios = new ArrayList<>();
        for (TextBox box : boxes) {
            double longer = Math.max(box.width(), box.height());
            double ratio = longer / Math.max(box.shorterSide(), 1e-9);
            if (ratio >= MIN_RATIO) {
                double weight = Math.pow(Math.min(ratio, MAX_RATIO), 2);
                angles.add(new double[] {angle(box), weight});
                ratios.add(new double[] {ratio, weight});
            }
        }
        double tilt = 0;
        double window = FAR;
        if (!angles.isEmpty()) {
            tilt = weightedMedian(angles);
            window = weightedMedian(ratios) >= LONG ? NEAR : FAR;
        }
        tilt = ofRows(boxes, tilt, window);
        return Math.abs(tilt) < MAX_TILT ? tilt : 0;
    }

    /** Of the longer side, brought to within an eighth of a turn. */
    private static double angle(TextBox box) {
        int end = box.width() >= box.height() ? 1 : 3;
        double angle = Math.atan2(box.y[end] - box.y[0], box.x[end] - box.x[0]) + Math.PI / 4;
        double quarter = Math.PI / 2;
        return angle - quarter * Math.floor(angle / quarter) - Math.PI / 4;
    }

    /** The tilt that most neighbours in a row agree on, near the given one. */
    private static double ofRows(List<TextBox> boxes, double tilt, double window) {
        double[] angles = neighbours(boxes, tilt, window);
        if (angles.length < MIN_NEIGHBOURS) {
            return tilt;
        }
        int best = 0;
        double most = -1;
        for (int n = 0; n < angles.length; n++) {
            double agreeing = 0;
            for (double other : angles) {
                agreeing += Math.exp(-Math.pow((angles[n] - other) / SAME, 2));
            }
            if (agreeing > most) {
                most = agreeing;
                best = n;
            }
        }
        double[] near = new double[angles.length];
        int count = 0;
        for (double angle : angles) {
            if (Math.abs(angle - angles[best]) < 2 * SAME) {
                near[count++] = angle;
            }
        }
        return tilt + Median.of(Arrays.copyOf(near, count));
    }

    /** Angles from each box's centre to that of the next one on its right, beside the tilt. */
    private static double[] neighbours(List<TextBox> given, double tilt, double window) {
        List<TextBox> boxes = new ArrayList<>();
        for (TextBox box : given) {
            boxes.add(box.withoutTilt(tilt));
        }
        double[] angles = new double[boxes.size()];
        int count = 0;
        for (TextBox box : boxes) {
            double nearest = Double.MAX_VALUE;
            for (TextBox other : boxes) {
                double across = other.centreX() - box.centreX();
                double angle = Math.atan2(other.centreY() - box.centreY(), across);
                if (across > 0
                        && across < nearest
                        && Math.abs(angle) <= window
                        && follows(box, other)) {
                    nearest = across;
                    angles[count] = angle;
                }
            }
            if (nearest < Double.MAX_VALUE) {
                count++;
            }
        }
        return Arrays.copyOf(angles, count);
    }

    /** Whether a box begins where another has ended, and is about as high. */
    private static boolean follows(TextBox box, TextBox other) {
        double height = box.shorterSide();
        double otherHeight = other.shorterSide();
        return other.left() >= box.right() - 0.2 * height
                && Math.abs(otherHeight - height) < 0.4 * Math.max(otherHeight, height);
    }

    /** Of pairs of a value and its weight. */
    private static double weightedMedian(List<double[]> pairs) {
        Collections.sort(pairs, (first, second) -> Double.compare(first[0], second[0]));
        double total = 0;
        for (double[] pair : pairs) {
            total += pair[1];
        }
        double sum = 0;
        for (double[] pair : pairs) {
            sum += pair[1];
            if (sum >= total / 2) {
                return pair[0];
            }
        }
        throw new IllegalArgumentException("no median of nothing");
    }
}
