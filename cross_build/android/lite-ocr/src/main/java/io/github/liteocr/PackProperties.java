package io.github.liteocr;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/** The file {@code reader.properties}: models, thresholds, decoding, and what must be read. */
final class PackProperties {
    /** Name of the file among the module's assets. */
    static final String FILE = "reader.properties";

    private final Properties values;

    private PackProperties(Properties values) {
        this.values = values;
    }

    static PackProperties load(InputStream stream) throws IOException {
        Properties values = new Properties();
        values.load(new InputStreamReader(stream, StandardCharsets.UTF_8));
        return new PackProperties(values);
    }

    boolean contains(String name) {
        return values.containsKey(name);
    }

    /** Whether any property has this value. */
    boolean containsValue(String value) {
        return values.containsValue(value);
    }

    String getString(String name) {
        String value = values.getProperty(name);
        if (value == null) {
            throw new LiteOcrException(
                    FILE + ": lacks " + name + "; make the module again with 'lite-ocr build --app'");
        }
        return value;
    }

    /** Words between spaces. */
    List<String> getStrings(String name) {
        return Arrays.asList(getString(name).split(" "));
    }

    /** Lines of text: {@code name.0}, {@code name.1} and so on. */
    List<String> getLines(String name) {
        List<String> lines = new ArrayList<>();
        while (contains(name + "." + lines.size())) {
            lines.add(getString(name + "." + lines.size()));
        }
        return lines;
    }

    int getInt(String name) {
        return Integer.parseInt(getString(name));
    }

    float getFloat(String name) {
        return Float.parseFloat(getString(name));
    }

    double getDouble(String name) {
        return Double.parseDouble(getString(name));
    }

    boolean getBoolean(String name) {
        return Boolean.parseBoolean(getString(name));
    }

    /** The model of a stage: {@code det}, {@code cls} or {@code rec}. */
    ModelSpec getModel(String stage) {
        return new ModelSpec(
                getString(stage + ".file"),
                getInt(stage + ".height"),
                getInt(stage + ".width"),
                triple(stage + ".mean"),
                triple(stage + ".std"),
                getString(stage + ".order").equals("BGR"));
    }

    private float[] triple(String name) {
        List<String> words = getStrings(name);
        float[] numbers = new float[3];
        for (int n = 0; n < 3; n++) {
            numbers[n] = Float.parseFloat(words.get(n));
        }
        return numbers;
    }

    /** Characters in the order of the recogniser's classes, each with a line feed after it. */
    static List<String> charset(InputStream stream) throws IOException {
        StringBuilder text = new StringBuilder();
        InputStreamReader reader = new InputStreamReader(stream, StandardCharsets.UTF_8);
        char[] buffer = new char[8192];
        for (int count = reader.read(buffer); count >= 0; count = reader.read(buffer)) {
            text.append(buffer, 0, count);
        }
        List<String> characters = new ArrayList<>();
        // Not by lines as Java knows them: characters may be odd line ends themselves.
        for (int start = 0, end = text.indexOf("\n"); end >= 0; ) {
            characters.add(text.substring(start, end));
            start = end + 1;
            end = text.indexOf("\n", start);
        }
        return characters;
    }
}
