#include "lite_capi.h"

#include <exception>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "paddle_api.h"

#if defined(__has_include)
#if __has_include(<sys/single_threaded.h>)
// libstdc++ asks the C library whether there are threads, which only glibc 2.32 and newer tell. Our
// own answer, always "there are", lets this library load on older boards.
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
#endif
#endif

namespace lite = paddle::lite_api;

struct lite_predictor {
  lite::MobileConfig config;
  std::shared_ptr<lite::PaddlePredictor> engine;
  std::string version;
  // Inputs are kept: their memory is what callers write to.
  std::unique_ptr<lite::Tensor> input;
  std::unique_ptr<const lite::Tensor> output;
  std::vector<std::vector<uint64_t>> lod;
};

namespace {

thread_local std::string last_error;

template <typename Work>
int32_t guarded(Work work) noexcept {
  try {
    work();
    return LITE_OK;
  } catch (const std::exception& error) {
    try {
      last_error = error.what();
    } catch (...) {
      last_error.clear();  // no memory left even for the reason
    }
  } catch (...) {
    last_error.clear();
  }
  return LITE_ERROR;
}

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

lite_predictor* open(const lite::MobileConfig& config) {
  std::unique_ptr<lite_predictor> made(new lite_predictor);
  made->config = config;
  made->engine = lite::CreatePaddlePredictor<lite::MobileConfig>(made->config);
  if (!made->engine) throw std::runtime_error("Paddle-Lite gave no predictor");
  return made.release();
}

lite::MobileConfig configured(int32_t threads, int32_t power) {
  require(threads >= 1, "threads must be at least 1");
  require(power >= 0 && power <= 5, "power must be from 0 to 5");
  lite::MobileConfig config;
  // Before the predictor is made: later it has no effect.
  config.set_threads(threads);
  config.set_power_mode(static_cast<lite::PowerMode>(power));
  return config;
}

int64_t product(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t side : shape) {
    require(side > 0, "shape must be positive");
    require(count <= std::numeric_limits<int32_t>::max() / side, "shape is too large");
    count *= side;
  }
  return count;
}

}  // namespace

int32_t lite_abi_version(void) { return LITE_ABI_VERSION; }

const char* lite_last_error(void) {
  return last_error.empty() ? "unknown error" : last_error.c_str();
}

int32_t lite_open_file(const char* path, int32_t threads, int32_t power, lite_predictor** opened) {
  return guarded([&] {
    require(path && opened, "path and opened must not be NULL");
    auto config = configured(threads, power);
    config.set_model_from_file(path);
    *opened = open(config);
  });
}

int32_t lite_open_memory(const void* model, uint64_t size, int32_t threads, int32_t power,
                         lite_predictor** opened) {
  return guarded([&] {
    require(model && opened, "model and opened must not be NULL");
    require(size > 0 && size <= std::numeric_limits<int32_t>::max(), "size is out of range");
    auto config = configured(threads, power);
    const std::string bytes(static_cast<const char*>(model), static_cast<size_t>(size));
    config.set_model_from_buffer(bytes);
    *opened = open(config);
  });
}

int32_t lite_clone(const lite_predictor* predictor, lite_predictor** opened) {
  return guarded([&] {
    require(predictor && opened, "predictor and opened must not be NULL");
    *opened = open(predictor->config);
  });
}

int32_t lite_runtime_version(lite_predictor* predictor, const char** version) {
  return guarded([&] {
    require(predictor && version, "predictor and version must not be NULL");
    predictor->version = predictor->engine->GetVersion();
    *version = predictor->version.c_str();
  });
}

int32_t lite_input(lite_predictor* predictor, int32_t index, int32_t dtype, int32_t rank,
                   const int64_t* shape, void** data) {
  return guarded([&] {
    require(predictor && shape && data, "predictor, shape and data must not be NULL");
    require(rank >= 1 && rank <= LITE_MAX_RANK, "rank is out of range");
    const int64_t inputs = static_cast<int64_t>(predictor->engine->GetInputNames().size());
    require(index >= 0 && index < inputs, "there is no such input");
    const std::vector<int64_t> sides(shape, shape + rank);
    product(sides);
    predictor->input = predictor->engine->GetInput(index);
    predictor->input->Resize(sides);
    switch (dtype) {
      case LITE_FLOAT32: *data = predictor->input->mutable_data<float>(); break;
      case LITE_INT8: *data = predictor->input->mutable_data<int8_t>(); break;
      case LITE_INT32: *data = predictor->input->mutable_data<int32_t>(); break;
      case LITE_INT64: *data = predictor->input->mutable_data<int64_t>(); break;
      case LITE_UINT8: *data = predictor->input->mutable_data<uint8_t>(); break;
      default: throw std::invalid_argument("unknown dtype");
    }
  });
}

int32_t lite_run(lite_predictor* predictor) {
  return guarded([&] {
    require(predictor, "predictor must not be NULL");
    predictor->engine->Run();
  });
}

int32_t lite_output_count(lite_predictor* predictor, int32_t* count) {
  return guarded([&] {
    require(predictor && count, "predictor and count must not be NULL");
    *count = static_cast<int32_t>(predictor->engine->GetOutputNames().size());
  });
}

int32_t lite_output(lite_predictor* predictor, int32_t index, lite_tensor* output) {
  return guarded([&] {
    require(predictor && output, "predictor and output must not be NULL");
    const int64_t outputs = static_cast<int64_t>(predictor->engine->GetOutputNames().size());
    require(index >= 0 && index < outputs, "there is no such output");
    predictor->output = predictor->engine->GetOutput(index);
    const lite::Tensor& tensor = *predictor->output;
    const auto shape = tensor.shape();
    require(shape.size() <= LITE_MAX_RANK, "the output has too many dimensions");
    predictor->lod = tensor.lod();
    lite_tensor found = {};
    switch (tensor.precision()) {
      case lite::PrecisionType::kFloat:
        found.dtype = LITE_FLOAT32;
        found.data = tensor.data<float>();
        break;
      case lite::PrecisionType::kInt8:
        found.dtype = LITE_INT8;
        found.data = tensor.data<int8_t>();
        break;
      case lite::PrecisionType::kInt32:
        found.dtype = LITE_INT32;
        found.data = tensor.data<int32_t>();
        break;
      case lite::PrecisionType::kInt64:
        found.dtype = LITE_INT64;
        found.data = tensor.data<int64_t>();
        break;
      case lite::PrecisionType::kUInt8:
        found.dtype = LITE_UINT8;
        found.data = tensor.data<uint8_t>();
        break;
      default: throw std::runtime_error("the output has a type this ABI does not know");
    }
    found.rank = static_cast<int32_t>(shape.size());
    for (size_t axis = 0; axis < shape.size(); ++axis) found.shape[axis] = shape[axis];
    found.lod_levels = static_cast<int32_t>(predictor->lod.size());
    *output = found;
  });
}

int32_t lite_output_lod(lite_predictor* predictor, int32_t level, const uint64_t** offsets,
                        uint64_t* count) {
  return guarded([&] {
    require(predictor && offsets && count, "predictor, offsets and count must not be NULL");
    const int64_t levels = static_cast<int64_t>(predictor->lod.size());
    require(level >= 0 && level < levels, "the output has no such level");
    *offsets = predictor->lod[level].data();
    *count = predictor->lod[level].size();
  });
}

void lite_close(lite_predictor* predictor) {
  guarded([&] { delete predictor; });
}
