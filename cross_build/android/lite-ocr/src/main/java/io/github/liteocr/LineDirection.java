package io.github.liteocr;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which lines of a page are upside down: they vote, and doubtful ones are read both ways. The
 * classifier is least sure of short crops and of what its training did not show; the recogniser
 * tells better, but costs more.
 */
final class LineDirection {
    /** Crops shorter than this many times their height hold one or two characters. */
    private static final double SHORT = 2;
    /**
     * Votes together, in heights of lines, from which on a page's direction is certain. No line has
     * more votes than this.
     */
    private static final double CERTAIN = 12;
    /** Share of a page's votes for one direction from which on it is certain. */
    private static final double CLEAR = 0.8;
    /** By how much the way that a page's other lines do not run must be surer. */
    private static final double SURER = 0.05;
    /** The same where the classifier is sure that the line runs as the others do. */
    private static final double SURER_THAN_BOTH = 0.15;
    /** Lines that are read both ways before a page is taken for upside down. */
    private static final int WITNESSES = 3;

    /** Reads a line, and puts its text there. */
    interface Reader {
        void read(LineCrop line);
    }

    private final List<LineCrop> lines;
    private final double threshold;
    private final Reader reader;
    /** Lines turned and read, as the lines themselves are, by index. */
    private final Map<Integer, LineCrop> rotated = new LinkedHashMap<>();
    /** What the page's lines say together. */
    private boolean upsideDown;
    /** Of the votes, how many say that the page is upside down. */
    private double share;
    /** Whether there are enough votes, and clear ones, to settle what short lines are. */
    private boolean certain;

    private LineDirection(List<LineCrop> lines, double threshold, Reader reader) {
        this.lines = lines;
        this.threshold = threshold;
        this.reader = reader;
        double total = 0;
        double votes = 0;
        for (LineCrop line : lines) {
            double weight = Math.min(line.length(), CERTAIN);
            total += weight;
            votes += weight * line.upsideDown;
        }
        share = total > 0 ? votes / total : 0;
        upsideDown = share > 0.5;
        certain = total >= CERTAIN && Math.max(share, 1 - share) >= CLEAR;
    }

    /**
     * The same lines, those that are upside down turned, and those that were read for this with
     * their text.
     *
     * @param threshold probability from which on the classifier is sure
     * @param sideways whether the picture was turned by a quarter: either way up is as likely then
     */
    static List<LineCrop> settle(
            List<LineCrop> lines, double threshold, Reader reader, boolean sideways) {
        return new LineDirection(lines, threshold, reader).settled(sideways);
    }

    /** Which share of lines, by their length in pixels, was turned. */
    static double turned(List<LineCrop> settled) {
        double turned = 0;
        double all = 0;
        for (LineCrop line : settled) {
            all += line.pixels.width;
            turned += line.angle == 180 ? line.pixels.width : 0;
        }
        return turned / Math.max(1, all);
    }

    private List<LineCrop> settled(boolean sideways) {
        if (upsideDown || sideways) {
            double gain = 0;
            for (int index : witnesses()) {
                readBothWays(index);
                gain += gain(lines.get(index), rotated.get(index));
            }
            double least = sideways || share >= threshold ? 0 : SURER;
            if (upsideDown ? gain < least : gain > least) {
                upsideDown = !upsideDown;
                certain = false;
            }
        }
        List<LineCrop> settled = new ArrayList<>();
        for (int index = 0; index < lines.size(); index++) {
            if (!rotated.containsKey(index) && isDoubtful(lines.get(index))) {
                readBothWays(index);
            }
            settled.add(settled(index));
        }
        return settled;
    }

    /** The longest of the lines that vote as the page does. */
    private List<Integer> witnesses() {
        List<Integer> voters = new ArrayList<>();
        for (int index = 0; index < lines.size(); index++) {
            if (lines.get(index).upsideDown > 0.5 == upsideDown) {
                voters.add(index);
            }
        }
        Collections.sort(
                voters,
                (first, second) ->
                        Double.compare(lines.get(second).length(), lines.get(first).length()));
        return voters.subList(0, Math.min(WITNESSES, voters.size()));
    }

    /** Whether a line disagrees with its page, or is short or unsure where that is not certain. */
    private boolean isDoubtful(LineCrop line) {
        boolean unsure = line.length() < SHORT || !isSure(line);
        return line.upsideDown > 0.5 != upsideDown || unsure && !certain;
    }

    private boolean isSure(LineCrop line) {
        return Math.max(line.upsideDown, 1 - line.upsideDown) >= threshold;
    }

    private void readBothWays(int index) {
        LineCrop other = lines.get(index).rotated();
        reader.read(lines.get(index));
        reader.read(other);
        rotated.put(index, other);
    }

    /** The line, or the line turned. */
    private LineCrop settled(int index) {
        LineCrop line = lines.get(index);
        LineCrop other = rotated.get(index);
        if (other != null) {
            LineCrop usual = upsideDown ? other : line;
            LineCrop unusual = upsideDown ? line : other;
            boolean agrees = isSure(line) && line.upsideDown > 0.5 == upsideDown;
            double least = agrees ? SURER_THAN_BOTH : SURER;
            return gain(usual, unusual) > least ? unusual : usual;
        }
        boolean turn = isSure(line) ? line.upsideDown > 0.5 : upsideDown;
        return turn ? line.rotated() : line;
    }

    /**
     * By how much a line reads better the other way, at most 0.5. Characters count by what their
     * probability exceeds one half: upside down a line may read as a single character of 0.97,
     * where the other way it gives seven of 0.99. In a crop of one or two characters more of them
     * tell nothing: a 3 upside down reads CC.
     */
    private static double gain(LineCrop line, LineCrop other) {
        double before = Math.max(0, line.text.score - 0.5);
        double after = Math.max(0, other.text.score - 0.5);
        if (line.length() < SHORT) {
            return after - before;
        }
        int count = length(line.text);
        int otherCount = length(other.text);
        return (otherCount * after - count * before) / Math.max(1, Math.max(count, otherCount));
    }

    private static int length(Recogniser.Text read) {
        return read.text.codePointCount(0, read.text.length());
    }
}
