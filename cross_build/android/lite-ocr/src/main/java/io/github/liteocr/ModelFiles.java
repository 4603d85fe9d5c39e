package io.github.liteocr;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;

/**
 * The models as files of their own. Paddle-Lite maps no assets: given a model in memory it keeps
 * another copy of it, and would be given it anew for each input shape.
 */
final class ModelFiles {
    private final PackProperties properties;
    private final AssetSource assets;
    private final File folder;

    /**
     * @param folder of nothing else; it may not exist yet
     */
    ModelFiles(PackProperties properties, AssetSource assets, File folder) {
        this.properties = properties;
        this.assets = assets;
        this.folder = folder;
    }

    /** Where a model lies, copied there if it does not yet; those of earlier packs are removed. */
    File file(String name) throws IOException {
        String sha256 = properties.getString("sha256." + name);
        File kept = new File(folder, sha256);
        if (kept.isFile()) {
            return kept;
        }
        if (!folder.isDirectory() && !folder.mkdirs()) {
            throw new IOException(folder + " cannot be made");
        }
        File fresh = File.createTempFile("fresh", null, folder);
        try {
            String actual = copy(name, fresh);
            if (!actual.equals(sha256)) {
                throw new IOException(name + " is damaged: its sha256 is " + actual);
            }
            if (!fresh.renameTo(kept)) {
                throw new IOException(kept + " cannot be written");
            }
        } finally {
            fresh.delete();
        }
        return kept;
    }

    /** Remove what belongs to no model of this pack. */
    void clean() {
        File[] files = folder.listFiles();
        for (File file : files == null ? new File[0] : files) {
            if (!properties.containsValue(file.getName())) {
                file.delete();
            }
        }
    }

    private String copy(String name, File to) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException error) {
            throw new IOException(error);
        }
        try (InputStream from = new DigestInputStream(assets.open(name), digest);
                FileOutputStream sink = new FileOutputStream(to)) {
            byte[] buffer = new byte[65536];
            for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                sink.write(buffer, 0, count);
            }
            sink.getFD().sync();
        }
        StringBuilder text = new StringBuilder();
        for (byte value : digest.digest()) {
            text.append(String.format(Locale.ROOT, "%02x", value));
        }
        return text.toString();
    }
}
