/* A C ABI over Paddle-Lite's C++ predictor, so that every Python can call it through ctypes.
 *
 * Functions return LITE_OK or LITE_ERROR; after an error lite_last_error() tells why, on the same
 * thread. No C++ exception leaves this library. What Paddle-Lite itself ends with abort() (a model
 * it does not know) cannot be caught here: callers try such models in a process of their own.
 *
 * A predictor is not for use from two threads at once. */
#ifndef LITE_CAPI_H_
#define LITE_CAPI_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LITE_CAPI __attribute__((visibility("default")))

/* Raised with every change of what is declared here. */
#define LITE_ABI_VERSION 1

#define LITE_OK 0
#define LITE_ERROR 1

/* Values of `dtype`. */
#define LITE_FLOAT32 1
#define LITE_INT8 2
#define LITE_INT32 3
#define LITE_INT64 4
#define LITE_UINT8 5

#define LITE_MAX_RANK 8

typedef struct lite_predictor lite_predictor;

/* A view of memory that the library owns; valid until the next call for the same predictor. */
typedef struct lite_tensor {
  const void* data;
  int32_t dtype;
  int32_t rank;
  int64_t shape[LITE_MAX_RANK];
  int32_t lod_levels;
  int32_t reserved;
} lite_tensor;

LITE_CAPI int32_t lite_abi_version(void);
/* Why the last call on this thread failed; never NULL. */
LITE_CAPI const char* lite_last_error(void);
/* `threads` at least 1; `power` as Paddle-Lite's PowerMode: 0 high, 1 low, 2 full, 3 unbound. */
LITE_CAPI int32_t lite_open_file(const char* path, int32_t threads, int32_t power,
                                lite_predictor** opened);
LITE_CAPI int32_t lite_open_memory(const void* model, uint64_t size, int32_t threads, int32_t power,
                                  lite_predictor** opened);
/* Another predictor of the same model: the light library has no Clone of its own. */
LITE_CAPI int32_t lite_clone(const lite_predictor* predictor, lite_predictor** opened);
/* Release and commit of Paddle-Lite; valid until the predictor is closed. */
LITE_CAPI int32_t lite_runtime_version(lite_predictor* predictor, const char** version);
/* Gives an input its shape and returns its memory, to be filled by the caller for each run: a model may
 * keep other things there meanwhile. */
LITE_CAPI int32_t lite_input(lite_predictor* predictor, int32_t index, int32_t dtype, int32_t rank,
                            const int64_t* shape, void** data);
LITE_CAPI int32_t lite_run(lite_predictor* predictor);
LITE_CAPI int32_t lite_output_count(lite_predictor* predictor, int32_t* count);
LITE_CAPI int32_t lite_output(lite_predictor* predictor, int32_t index, lite_tensor* output);
/* One level of an output's LoD: offsets where sequences begin, and the end. Of the last output
 * asked for with lite_output(). */
LITE_CAPI int32_t lite_output_lod(lite_predictor* predictor, int32_t level, const uint64_t** offsets,
                                 uint64_t* count);
/* NULL is allowed and does nothing. */
LITE_CAPI void lite_close(lite_predictor* predictor);

#ifdef __cplusplus
}
#endif

#endif /* LITE_CAPI_H_ */
