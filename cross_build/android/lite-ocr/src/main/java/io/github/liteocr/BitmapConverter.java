package io.github.liteocr;

import android.graphics.Bitmap;

/** Android's bitmaps, converted to the images that networks are fed with. */
final class BitmapConverter {
    /** Rows converted at once: no copy of the whole picture in four bytes a pixel. */
    private static final int ROWS = 64;

    private BitmapConverter() {}

    /** Pixels of a bitmap of any kind, transparency laid on white or black. */
    static BgrImage toBgrImage(Bitmap bitmap) {
        // Others than these, such as those in the graphics processor's memory, give no pixels.
        Bitmap.Config config = bitmap.getConfig();
        if (config != Bitmap.Config.ARGB_8888 && config != Bitmap.Config.RGB_565) {
            Bitmap copy = bitmap.copy(Bitmap.Config.ARGB_8888, false);
            if (copy == null) {
                throw new LiteOcrException("bitmap of kind " + config + " cannot be copied");
            }
            try {
                return convert(copy);
            } finally {
                copy.recycle();
            }
        }
        return convert(bitmap);
    }

    private static BgrImage convert(Bitmap bitmap) {
        int width = bitmap.getWidth();
        int height = bitmap.getHeight();
        BgrImage image = new BgrImage(width, height);
        int[] pixels = new int[width * Math.min(ROWS, height)];
        EdgeBrightness edges = new EdgeBrightness();
        for (int top = 0; bitmap.hasAlpha() && top < height; top += ROWS) {
            int rows = Math.min(ROWS, height - top);
            bitmap.getPixels(pixels, 0, width, 0, top, width, rows);
            edges.add(pixels, width, rows);
        }
        int backdrop = edges.backdrop();
        for (int top = 0; top < height; top += ROWS) {
            int rows = Math.min(ROWS, height - top);
            bitmap.getPixels(pixels, 0, width, 0, top, width, rows);
            ArgbPixels.blend(pixels, width * rows, backdrop, image.bgr, 3 * width * top);
        }
        return image;
    }
}
