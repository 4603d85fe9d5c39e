package io.github.liteocr;

import java.io.IOException;
import java.io.InputStream;

/** The module's files by name, wherever they lie. */
interface Files {
    InputStream open(String name) throws IOException;
}
