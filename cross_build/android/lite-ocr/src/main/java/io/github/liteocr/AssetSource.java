package io.github.liteocr;

import java.io.IOException;
import java.io.InputStream;

/** Opens the module's assets by name: those of an app, or the files of a folder in tests. */
interface AssetSource {
    /**
     * Open an asset; the caller closes it.
     *
     * @throws IOException there is none of that name
     */
    InputStream open(String name) throws IOException;
}
