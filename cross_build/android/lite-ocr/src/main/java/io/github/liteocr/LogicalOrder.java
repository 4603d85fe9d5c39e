package io.github.liteocr;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;

/**
 * Lines written from right to left: from visual order to logical order, which is that of reading.
 * The inverse of the Unicode Bidirectional Algorithm (UAX #9) for a paragraph from right to left,
 * as {@code lite_runner/ocr/recogniser/bidi.py} has it.
 */
final class LogicalOrder {
    private static final String OPENING = "([{（［｛「『【《〈〔";
    private static final String CLOSING = ")]}）］｝」』】》〉〕";
    private static final String DRAWN = OPENING + CLOSING + "<>≤≥«»‹›＜＞";
    private static final String MIRRORED = CLOSING + OPENING + "><≥≤»«›‹＞＜";

    private final List<String> characters;
    private final byte[] classes;
    /** Indices of brackets that belong together. */
    private final List<int[]> pairs;

    private LogicalOrder(List<String> characters) {
        this.characters = characters;
        classes = new byte[characters.size()];
        for (int n = 0; n < classes.length; n++) {
            String character = characters.get(n);
            classes[n] = character.isEmpty()
                    ? Character.DIRECTIONALITY_UNDEFINED
                    : Character.getDirectionality(character.codePointAt(0));
        }
        pairs = brackets(characters);
    }

    /**
     * Text of a line in the order of reading.
     *
     * @param characters as they stand, from left to right
     */
    static String of(List<String> characters) {
        return new LogicalOrder(characters).read();
    }

    private String read() {
        StringBuilder text = new StringBuilder();
        if (!hasRightToLeft(0, classes.length)) {
            keep(0, classes.length, text);
            return text.toString();
        }
        List<int[]> spans = joined(leftToRight());
        Collections.reverse(spans);
        int end = classes.length;
        for (int[] span : spans) {
            turn(span[1], end, text);
            keep(span[0], span[1], text);
            end = span[0];
        }
        turn(0, end, text);
        return text.toString();
    }

    private void keep(int start, int stop, StringBuilder text) {
        for (String character : characters.subList(start, stop)) {
            text.append(character);
        }
    }

    private void turn(int start, int stop, StringBuilder text) {
        for (int n = stop - 1; n >= start; n--) {
            for (char letter : characters.get(n).toCharArray()) {
                int index = DRAWN.indexOf(letter);
                text.append(index < 0 ? letter : MIRRORED.charAt(index));
            }
        }
    }

    /** In order, and those that touch as one. */
    private static List<int[]> joined(List<int[]> spans) {
        Collections.sort(spans, (first, second) -> Integer.compare(first[0], second[0]));
        List<int[]> joined = new ArrayList<>();
        for (int[] span : spans) {
            int[] last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
            if (last != null && last[1] == span[0]) {
                last[1] = span[1];
            } else {
                joined.add(span);
            }
        }
        return joined;
    }

    /** What is read from left to right: phrases, and numbers between words from right to left. */
    private List<int[]> leftToRight() {
        TreeSet<Integer> borders = new TreeSet<>();
        for (int[] pair : pairs) {
            // Brackets around a letter from right to left stand with it (rule N0).
            if (hasRightToLeft(pair[0], pair[1])) {
                borders.add(pair[0]);
                borders.add(pair[1]);
            }
        }
        for (int n = 0; n < classes.length; n++) {
            if (isRightToLeft(classes[n])) {
                borders.add(n);
            }
        }
        borders.add(classes.length);
        List<int[]> spans = new ArrayList<>();
        int start = 0;
        for (int stop : borders) {
            within(start, stop, isReadAfterArabic(stop), spans);
            start = stop + 1;
        }
        return spans;
    }

    private boolean isReadAfterArabic(int index) {
        for (int n = index; n < classes.length; n++) {
            if (isRightToLeft(classes[n])) {
                return classes[n] == Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC;
            }
        }
        return false;
    }

    private static List<int[]> brackets(List<String> characters) {
        List<int[]> pairs = new ArrayList<>();
        Deque<int[]> expected = new ArrayDeque<>();
        for (int n = 0; n < characters.size(); n++) {
            String character = characters.get(n);
            int opening = character.length() == 1 ? OPENING.indexOf(character) : -1;
            int closing = character.length() == 1 ? CLOSING.indexOf(character) : -1;
            if (opening >= 0) {
                expected.push(new int[] {opening, n});
            } else if (closing >= 0 && isExpected(closing, expected)) {
                int[] opened = expected.pop();
                while (opened[0] != closing) {
                    opened = expected.pop();
                }
                pairs.add(new int[] {opened[1], n});
            }
        }
        return pairs;
    }

    private static boolean isExpected(int closing, Deque<int[]> expected) {
        for (int[] opened : expected) {
            if (opened[0] == closing) {
                return true;
            }
        }
        return false;
    }

    /** What is read from left to right of a stretch without letters from right to left. */
    private void within(int start, int stop, boolean arabic, List<int[]> spans) {
        List<int[]> numbers = numbers(start, stop, arabic);
        if (!has(start, stop, Character.DIRECTIONALITY_LEFT_TO_RIGHT)) {
            spans.addAll(numbers);
            return;
        }
        for (int[] number : numbers) {
            // Arabic digits are no part of a phrase (rule W7 is about European ones).
            if (has(number[0], number[1], Character.DIRECTIONALITY_ARABIC_NUMBER)) {
                spans.add(number.clone());
                within(start, number[0], arabic, spans);
                within(number[1], stop, arabic, spans);
                return;
            }
        }
        phrase(start, stop, arabic, spans);
    }

    private void phrase(int start, int stop, boolean arabic, List<int[]> spans) {
        int[] words = words(start, stop);
        for (int[] pair : pairs) {
            int opened = pair[0];
            int closed = pair[1];
            if (start <= opened && opened < words[0] && words[0] <= closed && closed <= words[1]) {
                if (!has(closed, stop, Character.DIRECTIONALITY_LEFT_TO_RIGHT)) {
                    // Words in brackets that are read after a number.
                    within(opened + 1, closed, arabic, spans);
                    within(closed + 1, stop, arabic, spans);
                    return;
                }
                words[0] = opened;
            } else if (words[0] <= opened && opened <= words[1] && words[1] < closed
                    && closed < stop) {
                words[1] = closed;
            }
        }
        spans.add(new int[] {words[0], words[1] + 1});
    }

    /** Indices of the first and last character of a phrase, without brackets around its ends. */
    private int[] words(int start, int stop) {
        int first = start;
        while (!isOfPhrase(first)) {
            first++;
        }
        int last = stop - 1;
        while (!isOfPhrase(last)) {
            last--;
        }
        // Signs such as % belong to the number they touch (rule W5), accents to their letter (W1).
        while (first > start && isSign(first - 1) && !isLetter(first)) {
            first--;
        }
        while (last + 1 < stop
                && (classes[last + 1] == Character.DIRECTIONALITY_NONSPACING_MARK
                        || isSign(last + 1) && !isLetter(last))) {
            last++;
        }
        return new int[] {first, last};
    }

    private boolean isOfPhrase(int index) {
        return isLetter(index) || classes[index] == Character.DIRECTIONALITY_EUROPEAN_NUMBER;
    }

    private boolean isLetter(int index) {
        return classes[index] == Character.DIRECTIONALITY_LEFT_TO_RIGHT;
    }

    private boolean isSign(int index) {
        return classes[index] == Character.DIRECTIONALITY_EUROPEAN_NUMBER_TERMINATOR;
    }

    /** Each number of a stretch without words, with its own separators and signs. */
    private List<int[]> numbers(int start, int stop, boolean arabic) {
        byte[] names = new byte[stop - start];
        for (int n = 0; n < names.length; n++) {
            byte name = classes[start + n];
            // European digits after Arabic letters do as Arabic ones (rule W2).
            names[n] = arabic && name == Character.DIRECTIONALITY_EUROPEAN_NUMBER
                    ? Character.DIRECTIONALITY_ARABIC_NUMBER
                    : name;
        }
        joinSeparators(names);
        for (int n = 1; n < names.length; n++) {
            joinSign(names, n, n - 1);
        }
        for (int n = names.length - 2; n >= 0; n--) {
            joinSign(names, n, n + 1);
        }
        List<int[]> spans = new ArrayList<>();
        int first = -1;
        for (int n = 0; n <= names.length; n++) {
            boolean number = n < names.length && isNumber(names[n]);
            if (number && first < 0) {
                first = n;
            } else if (!number && first >= 0) {
                spans.add(new int[] {start + first, start + n});
                first = -1;
            }
        }
        return spans;
    }

    /** Make a single separator between two numbers a part of them (rule W4). */
    private static void joinSeparators(byte[] names) {
        for (int n = 1; n + 1 < names.length; n++) {
            boolean both = names[n] == Character.DIRECTIONALITY_COMMON_NUMBER_SEPARATOR
                    && isNumber(names[n - 1]);
            boolean european = names[n] == Character.DIRECTIONALITY_EUROPEAN_NUMBER_SEPARATOR
                    && names[n - 1] == Character.DIRECTIONALITY_EUROPEAN_NUMBER;
            if (names[n - 1] == names[n + 1] && (both || european)) {
                names[n] = names[n - 1];
            }
        }
    }

    /** Make a sign beside a European number a part of it (rule W5). */
    private static void joinSign(byte[] names, int index, int near) {
        if (names[index] == Character.DIRECTIONALITY_EUROPEAN_NUMBER_TERMINATOR
                && names[near] == Character.DIRECTIONALITY_EUROPEAN_NUMBER) {
            names[index] = Character.DIRECTIONALITY_EUROPEAN_NUMBER;
        }
    }

    private static boolean isNumber(byte name) {
        return name == Character.DIRECTIONALITY_EUROPEAN_NUMBER
                || name == Character.DIRECTIONALITY_ARABIC_NUMBER;
    }

    private static boolean isRightToLeft(byte name) {
        return name == Character.DIRECTIONALITY_RIGHT_TO_LEFT
                || name == Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC;
    }

    private boolean hasRightToLeft(int start, int stop) {
        return has(start, stop, Character.DIRECTIONALITY_RIGHT_TO_LEFT)
                || has(start, stop, Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC);
    }

    private boolean has(int start, int stop, byte direction) {
        for (int n = start; n < stop; n++) {
            if (classes[n] == direction) {
                return true;
            }
        }
        return false;
    }
}
