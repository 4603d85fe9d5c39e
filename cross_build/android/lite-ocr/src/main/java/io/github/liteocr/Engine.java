package io.github.liteocr;

/** A library that opens models. */
interface Engine {
    /**
     * Load a model.
     *
     * @param file its name among the module's assets
     * @throws LiteOcrException the library cannot load it
     */
    Predictor open(String file);
}
