package io.github.liteocr;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Detection at further scales, where a picture that was shrunk has text too small for the first:
 * tiles that have fine strokes are looked at three times as large, up to the picture's own size.
 */
final class CloserLook {
    private static final double SHRUNK = 2.0 / 3;
    private static final int CLOSER = 3;
    private static final int MAX_PIXELS = 1 << 24;
    private static final int MIN_CELLS = 8;
    private static final int TRIES = 3;
    private static final int SMALL = 2 * FineStrokes.READABLE;
    private static final double OF_BLOCK = 0.6;
    private static final double COVERED = 0.5;
    private static final int LINE = 4;

    private final Detector detector;
    private final ModelSession session;

    CloserLook(Detector detector, ModelSession session) {
        this.detector = detector;
        this.session = session;
    }

    /**
     * Regions of the first look, with those that closer ones find.
     *
     * @param scale of the first look to the picture
     */
    List<Detector.Detection> find(
            BgrImage image, List<Detector.Detection> regions, double scale) {
        double pixels = (double) image.width * image.height;
        double limit = Math.min(1.0, Math.sqrt(MAX_PIXELS / pixels));
        while (scale < SHRUNK && limit >= scale * 1.25) {
            FineStrokes strokes = new FineStrokes(image, scale);
            if (strokes.count() < MIN_CELLS) {
                break;
            }
            double small = SMALL / scale;
            scale = Math.min(limit, CLOSER * scale);
            regions = merge(regions, look(image, scale, strokes), small);
        }
        return regions;
    }

    /** Regions in those tiles of a picture, scaled, that have fine strokes. */
    private List<Detector.Detection> look(BgrImage image, double scale, FineStrokes strokes) {
        int width = Detector.multiple(image.width * scale);
        int height = Detector.multiple(image.height * scale);
        TiledMap tiled = detector.tiled(Resizer.resize(image, width, height));
        List<TiledMap.Tile> wanted = new ArrayList<>();
        Map<TiledMap.Tile, Integer> counts = new HashMap<>();
        for (TiledMap.Tile tile : tiled.tiles) {
            int count = count(strokes, tile, width, height);
            counts.put(tile, count);
            if (count >= MIN_CELLS) {
                wanted.add(tile);
            }
        }
        Collections.sort(wanted, (first, second) -> counts.get(second) - counts.get(first));
        boolean found = false;
        for (int n = 0; n < wanted.size(); n++) {
            if (n >= TRIES && !found) {
                return Collections.emptyList();
            }
            Detector.Probabilities seen = tiled.look(wanted.get(n), session);
            found = found || hasSmallText(seen);
        }
        if (wanted.isEmpty()) {
            return Collections.emptyList();
        }
        return detector.regions(tiled.map, image.width, image.height);
    }

    private static int count(FineStrokes strokes, TiledMap.Tile tile, int width, int height) {
        return strokes.count(
                (int) ((long) tile.x * strokes.columns / width),
                (int) ((long) tile.y * strokes.rows / height),
                (int) (((long) (tile.x + tile.width) * strokes.columns + width - 1) / width),
                (int) (((long) (tile.y + tile.height) * strokes.rows + height - 1) / height));
    }

    private boolean hasSmallText(Detector.Probabilities seen) {
        for (Detector.Detection region : detector.regions(seen, seen.width, seen.height)) {
            if (region.quad.shorterSide() < 2 * SMALL) {
                return true;
            }
        }
        return false;
    }

    /**
     * Regions of two looks, each text once.
     *
     * @param small height in pixels of the picture below which the closer look knows better; above
     *     it does where it has lines in what was one block, as large text falls apart
     */
    static List<Detector.Detection> merge(
            List<Detector.Detection> coarse, List<Detector.Detection> fine, double small) {
        List<Detector.Detection> merged = new ArrayList<>();
        for (Detector.Detection region : coarse) {
            if (!isFoundAgain(region.quad, fine, small)) {
                merged.add(region);
            }
        }
        List<Detector.Detection> kept = new ArrayList<>(merged);
        for (Detector.Detection region : fine) {
            boolean known = false;
            for (Detector.Detection other : kept) {
                known = known
                        || holdsCentre(other.quad, region.quad)
                                && !isLineWithin(region.quad, other.quad);
            }
            if (!known) {
                merged.add(region);
            }
        }
        return merged;
    }

    /** Whether it is a line within another region, such as one around all of a page. */
    private static boolean isLineWithin(Quad line, Quad other) {
        double height = line.shorterSide();
        return height < OF_BLOCK * other.shorterSide()
                && Math.max(line.width(), line.height()) >= LINE * height;
    }

    private static boolean isFoundAgain(Quad quad, List<Detector.Detection> fine, double small) {
        boolean covered = false;
        double area = 0;
        List<Double> heights = new ArrayList<>();
        for (Detector.Detection region : fine) {
            covered = covered || holdsCentre(region.quad, quad);
            if (holdsCentre(quad, region.quad)) {
                area += region.quad.width() * region.quad.height();
                heights.add(region.quad.shorterSide());
            }
        }
        double height = quad.shorterSide();
        boolean found = covered || area >= COVERED * quad.width() * quad.height();
        boolean block = !heights.isEmpty() && median(heights) < OF_BLOCK * height;
        return found && (height < small || block);
    }

    private static double median(List<Double> values) {
        Collections.sort(values);
        int middle = values.size() / 2;
        return values.size() % 2 == 1
                ? values.get(middle)
                : (values.get(middle - 1) + values.get(middle)) / 2.0;
    }

    private static boolean holdsCentre(Quad quad, Quad other) {
        float x = (other.x[0] + other.x[1] + other.x[2] + other.x[3]) / 4;
        float y = (other.y[0] + other.y[1] + other.y[2] + other.y[3]) / 4;
        for (int n = 0; n < 4; n++) {
            int next = (n + 1) % 4;
            float across = (quad.x[next] - quad.x[n]) * (y - quad.y[n]);
            float down = (quad.y[next] - quad.y[n]) * (x - quad.x[n]);
            if (across - down < 0) {
                return false;
            }
        }
        return true;
    }
}
