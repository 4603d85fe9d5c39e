package io.github.liteocr;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The probability map of a picture larger than a detector's input: looked at in overlapping tiles,
 * zero where none has been looked at.
 */
final class TiledMap {
    /** Tiles overlap by at least this share of their length. */
    private static final int OVERLAP = 5;

    final Detector.Probabilities map;
    final List<Tile> tiles = new ArrayList<>();
    private final BgrImage pixels;
    private final ModelSpec model;
    private final boolean fixedSize;

    /** A part of a picture, in pixels. */
    static final class Tile {
        final int x;
        final int y;
        final int width;
        final int height;

        Tile(int x, int y, int width, int height) {
            this.x = x;
            this.y = y;
            this.width = width;
            this.height = height;
        }
    }

    /**
     * @param pixels at the map's size
     * @param fixedSize whether the network takes inputs of its own size only
     * @param span width and height of a tile, of which the map may have less
     */
    TiledMap(BgrImage pixels, ModelSpec model, boolean fixedSize, int[] span) {
        this.pixels = pixels;
        this.model = model;
        this.fixedSize = fixedSize;
        map = new Detector.Probabilities(pixels.width, pixels.height);
        int across = Math.min(pixels.width, span[0]);
        int down = Math.min(pixels.height, span[1]);
        for (int y : starts(pixels.height, down)) {
            for (int x : starts(pixels.width, across)) {
                tiles.add(new Tile(x, y, across, down));
            }
        }
    }

    /** Where overlapping tiles of one span begin that cover a length, evenly. */
    static List<Integer> starts(int length, int span) {
        if (length <= span) {
            return Collections.singletonList(0);
        }
        int step = span - span / OVERLAP;
        int count = 1 + (length - span + step - 1) / step;
        List<Integer> starts = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            starts.add((int) Math.rint((double) n * (length - span) / (count - 1)));
        }
        return starts;
    }

    /** Run the network on all tiles. */
    Detector.Probabilities look(ModelSession session) {
        for (Tile tile : tiles) {
            look(tile, session);
        }
        return map;
    }

    /** Run the network on a tile and take its output over into the map; returns the output. */
    Detector.Probabilities look(Tile tile, ModelSession session) {
        int across = fixedSize ? model.width : tile.width;
        int down = fixedSize ? model.height : tile.height;
        FloatBuffer input = session.input(1, 3, down, across);
        model.fill(pixels, tile.x, tile.y, tile.width, tile.height, input, across, down);
        OutputTensor output = OutputTensor.probabilities(session.run());
        if (output.floats.capacity() != across * down) {
            throw new LiteOcrException(
                    model.file + ": gave " + output.floats.capacity() + " numbers for "
                            + across + "x" + down + " pixels; is it a DB detector?");
        }
        Detector.Probabilities seen = new Detector.Probabilities(tile.width, tile.height);
        for (int row = 0; row < tile.height; row++) {
            output.floats.position(row * across);
            output.floats.get(seen.values, row * tile.width, tile.width);
        }
        merge(tile, seen);
        return seen;
    }

    /** Near cuts, where the network sees half of what is there, the other tile knows better. */
    private void merge(Tile tile, Detector.Probabilities seen) {
        int left = tile.x > 0 ? margin(tile.width) : 0;
        int top = tile.y > 0 ? margin(tile.height) : 0;
        int right = tile.width - (tile.x + tile.width < map.width ? margin(tile.width) : 0);
        int bottom = tile.height - (tile.y + tile.height < map.height ? margin(tile.height) : 0);
        for (int row = top; row < bottom; row++) {
            int from = row * tile.width;
            int to = (tile.y + row) * map.width + tile.x;
            for (int column = left; column < right; column++) {
                float value = seen.values[from + column];
                map.values[to + column] = Math.max(map.values[to + column], value);
            }
        }
    }

    private static int margin(int span) {
        return span / OVERLAP / 4;
    }
}
