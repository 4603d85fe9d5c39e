package lite.ocr;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/** What {@code reader.properties} says of the pack: files, numbers, decoding, what it must read. */
final class Settings {
    /** Name of the file among the module's assets. */
    static final String FILE = "reader.properties";

    private final Properties values;

    private Settings(Properties values) {
        this.values = values;
    }

    static Settings load(InputStream stream) throws IOException {
        Properties values = new Properties();
        values.load(new InputStreamReader(stream, StandardCharsets.UTF_8));
        return new Settings(values);
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /** Whether any setting has this value. */
    boolean hasValue(String value) {
        return values.containsValue(value);
    }

    String word(String name) {
        String value = values.getProperty(name);
        if (value == null) {
            throw new LiteOcrException(
                    FILE + ": lacks " + name + "; make the module again with 'lite-ocr build --app'");
        }
        return value;
    }

    /** Words between spaces. */
    List<String> words(String name) {
        return Arrays.asList(word(name).split(" "));
    }

    /** Lines of text: {@code name.0}, {@code name.1} and so on. */
    List<String> lines(String name) {
        List<String> found = new ArrayList<>();
        while (has(name + "." + found.size())) {
            found.add(word(name + "." + found.size()));
        }
        return found;
    }

    int whole(String name) {
        return Integer.parseInt(word(name));
    }

    float number(String name) {
        return Float.parseFloat(word(name));
    }

    double exact(String name) {
        return Double.parseDouble(word(name));
    }

    boolean flag(String name) {
        return Boolean.parseBoolean(word(name));
    }

    /** The network of a stage: {@code det}, {@code cls} or {@code rec}. */
    Network network(String stage) {
        return new Network(
                word(stage + ".file"),
                whole(stage + ".height"),
                whole(stage + ".width"),
                triple(stage + ".mean"),
                triple(stage + ".std"),
                word(stage + ".order").equals("BGR"));
    }

    private float[] triple(String name) {
        List<String> words = words(name);
        float[] found = new float[3];
        for (int n = 0; n < 3; n++) {
            found[n] = Float.parseFloat(words.get(n));
        }
        return found;
    }

    /** Characters in the order of the recogniser's classes, each with a line feed after it. */
    static List<String> charset(InputStream stream) throws IOException {
        StringBuilder text = new StringBuilder();
        InputStreamReader reader = new InputStreamReader(stream, StandardCharsets.UTF_8);
        char[] buffer = new char[8192];
        for (int count = reader.read(buffer); count >= 0; count = reader.read(buffer)) {
            text.append(buffer, 0, count);
        }
        List<String> found = new ArrayList<>();
        // Not by lines as Java knows them: characters may be odd line ends themselves.
        for (int start = 0, end = text.indexOf("\n"); end >= 0; ) {
            found.add(text.substring(start, end));
            start = end + 1;
            end = text.indexOf("\n", start);
        }
        return found;
    }
}
