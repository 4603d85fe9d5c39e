// What NativeEngine.java declares, over the C ABI of lite_capi.h. Any failure becomes a
// LiteOcrException with the library's own words.
#include <jni.h>

#include "lite_capi.h"

namespace {

lite_predictor* predictor(jlong handle) { return reinterpret_cast<lite_predictor*>(handle); }

void raise(JNIEnv* env, const char* why) {
  if (env->ExceptionCheck()) return;
  jclass kind = env->FindClass("io/github/liteocr/LiteOcrException");
  if (kind) env->ThrowNew(kind, why);
}

bool failed(JNIEnv* env, int32_t status) {
  if (status != LITE_OK) raise(env, lite_last_error());
  return status != LITE_OK;
}

jobject view(JNIEnv* env, const void* data, int64_t size) {
  static char nothing = 0;
  // A buffer must have an address, also an empty one.
  void* memory = data && size ? const_cast<void*>(data) : &nothing;
  return env->NewDirectByteBuffer(memory, data ? size : 0);
}

}  // namespace

extern "C" {

JNIEXPORT jlong JNICALL Java_io_github_liteocr_NativeEngine_open(
    JNIEnv* env, jclass, jstring path, jint threads, jint power) {
  const char* name = env->GetStringUTFChars(path, nullptr);
  if (!name) return 0;
  lite_predictor* opened = nullptr;
  const int32_t status = lite_open_file(name, threads, power, &opened);
  env->ReleaseStringUTFChars(path, name);
  return failed(env, status) ? 0 : reinterpret_cast<jlong>(opened);
}

JNIEXPORT jstring JNICALL Java_io_github_liteocr_NativeEngine_version(
    JNIEnv* env, jclass, jlong handle) {
  const char* version = nullptr;
  if (failed(env, lite_runtime_version(predictor(handle), &version))) return nullptr;
  return env->NewStringUTF(version);
}

JNIEXPORT jobject JNICALL Java_io_github_liteocr_NativeEngine_input(
    JNIEnv* env, jclass, jlong handle, jintArray shape) {
  const jsize rank = env->GetArrayLength(shape);
  if (rank > LITE_MAX_RANK) {
    raise(env, "rank is out of range");
    return nullptr;
  }
  jint sides[LITE_MAX_RANK];
  env->GetIntArrayRegion(shape, 0, rank, sides);
  int64_t dimensions[LITE_MAX_RANK];
  int64_t size = sizeof(float);
  for (jsize axis = 0; axis < rank; ++axis) size *= dimensions[axis] = sides[axis];
  void* data = nullptr;
  const int32_t status = lite_input(predictor(handle), 0, LITE_FLOAT32, rank, dimensions, &data);
  return failed(env, status) ? nullptr : view(env, data, size);
}

JNIEXPORT jint JNICALL Java_io_github_liteocr_NativeEngine_run(JNIEnv* env, jclass, jlong handle) {
  int32_t count = 0;
  if (failed(env, lite_run(predictor(handle)))) return 0;
  if (failed(env, lite_output_count(predictor(handle), &count))) return 0;
  return count;
}

JNIEXPORT jobject JNICALL Java_io_github_liteocr_NativeEngine_output(
    JNIEnv* env, jclass, jlong handle, jint index, jintArray header) {
  lite_tensor tensor;
  if (failed(env, lite_output(predictor(handle), index, &tensor))) return nullptr;
  if (tensor.dtype != LITE_FLOAT32 && tensor.dtype != LITE_INT64) {
    raise(env, "the output is neither of floats nor of 64-bit numbers");
    return nullptr;
  }
  int64_t size = tensor.dtype == LITE_FLOAT32 ? sizeof(float) : sizeof(int64_t);
  jint values[2 + LITE_MAX_RANK] = {tensor.dtype, tensor.rank};
  for (int32_t axis = 0; axis < tensor.rank; ++axis) {
    size *= tensor.shape[axis];
    values[2 + axis] = static_cast<jint>(tensor.shape[axis]);
  }
  env->SetIntArrayRegion(header, 0, 2 + tensor.rank, values);
  return env->ExceptionCheck() ? nullptr : view(env, tensor.data, size);
}

JNIEXPORT void JNICALL Java_io_github_liteocr_NativeEngine_close(JNIEnv*, jclass, jlong handle) {
  lite_close(predictor(handle));
}

}  // extern "C"
