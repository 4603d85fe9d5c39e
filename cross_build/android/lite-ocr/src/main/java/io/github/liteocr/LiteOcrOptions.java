package io.github.liteocr;

/** How to read; pass it to {@link LiteOcr#open}. Setters return the same object. */
public final class LiteOcrOptions {
    int threads;
    float minScore = 0.5f;
    int maxSide;
    boolean classify = true;
    boolean reshapes;

    /** Threads of each model, at least 1; as the module was built for if not set. */
    public LiteOcrOptions setThreads(int threads) {
        require(threads >= 1, "threads", threads, "at least 1");
        this.threads = threads;
        return this;
    }

    /** Lines read with a lower score are left out: 0 to 1, 0.5 if not set. */
    public LiteOcrOptions setMinScore(float minScore) {
        require(minScore >= 0 && minScore <= 1, "minScore", minScore, "0 to 1");
        this.minScore = minScore;
        return this;
    }

    /**
     * Side in pixels, at least 32, that larger pictures are scaled to before lines are found: a
     * smaller one is faster and misses small text. If not set, it is as the pack says, and parts
     * with small text are looked at closer.
     */
    public LiteOcrOptions setMaxSide(int maxSide) {
        require(maxSide >= 32, "maxSide", maxSide, "at least 32");
        this.maxSide = maxSide;
        return this;
    }

    /** Whether lines and pages are turned upright, where the pack has a classifier. */
    public LiteOcrOptions setClassify(boolean classify) {
        this.classify = classify;
        return this;
    }

    /**
     * Keep models open when their input changes its shape: faster, but some quantised models read
     * garbage or end the process then. Only after a test with your pack and library.
     */
    public LiteOcrOptions setReshapes(boolean reshapes) {
        this.reshapes = reshapes;
        return this;
    }

    private static void require(boolean holds, String name, Object given, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(name + " " + given + "; expected " + expected);
        }
    }
}
