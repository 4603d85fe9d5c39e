package io.github.liteocr;

/** A quad in double precision, for what is measured of a whole page; not to be changed. */
final class TextBox {
    /** Corners clockwise on the screen, the text's own top left first. */
    final double[] x = new double[4];
    final double[] y = new double[4];

    private TextBox() {}

    static TextBox of(Quad quad, boolean upsideDown) {
        TextBox box = new TextBox();
        for (int n = 0; n < 4; n++) {
            box.x[n] = upsideDown ? -quad.x[n] : quad.x[n];
            box.y[n] = upsideDown ? -quad.y[n] : quad.y[n];
        }
        return box;
    }

    /** The same box on a page whose tilt, in radians clockwise on the screen, is taken out. */
    TextBox withoutTilt(double tilt) {
        TextBox box = new TextBox();
        for (int n = 0; n < 4; n++) {
            box.x[n] = x[n] * Math.cos(tilt) + y[n] * Math.sin(tilt);
            box.y[n] = y[n] * Math.cos(tilt) - x[n] * Math.sin(tilt);
        }
        return box;
    }

    /** Length of the side along which the text runs. */
    double width() {
        return Math.hypot(x[1] - x[0], y[1] - y[0]);
    }

    /** Length of the side across. */
    double height() {
        return Math.hypot(x[3] - x[0], y[3] - y[0]);
    }

    double shorterSide() {
        return Math.min(width(), height());
    }

    double centreX() {
        return (x[0] + x[1] + x[2] + x[3]) / 4;
    }

    double centreY() {
        return (y[0] + y[1] + y[2] + y[3]) / 4;
    }

    double left() {
        return least(x);
    }

    double top() {
        return least(y);
    }

    double right() {
        return greatest(x);
    }

    double bottom() {
        return greatest(y);
    }

    private static double least(double[] values) {
        return Math.min(Math.min(values[0], values[1]), Math.min(values[2], values[3]));
    }

    private static double greatest(double[] values) {
        return Math.max(Math.max(values[0], values[1]), Math.max(values[2], values[3]));
    }
}
