#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "paddle_api.h"

#ifdef __ARM_FEATURE_FP16_VECTOR_ARITHMETIC
// In place of kernels for fp16: as many of their instructions, one after the other, when loaded.
__attribute__((constructor)) static void ComputeInHalves() {
  asm volatile(".rept 1000\n fmla v0.8h, v1.8h, v2.8h\n .endr" ::: "v0");
}
#endif

// Compilers of today ask for it, which the C++ library of JetPack 5 does not have; a newer one, linked
// into this, does.
namespace std {
__attribute__((weak)) void __throw_bad_array_new_length() { abort(); }
}  // namespace std

namespace paddle {
namespace lite_api {

void Tensor::Resize(const std::vector<int64_t>& shape) { state_->shape = shape; }
std::vector<int64_t> Tensor::shape() const { return state_->shape; }
PrecisionType Tensor::precision() const { return state_->precision; }
std::vector<std::vector<uint64_t>> Tensor::lod() const { return state_->lod; }
void* Tensor::Memory(std::size_t) {
  std::size_t count = 1;
  for (int64_t side : state_->shape) count *= static_cast<std::size_t>(side);
  state_->memory.resize(count);
  return state_->memory.data();
}

namespace {

const char kVersion[] = "v0-double";
// Of the only input of a rigid model: a recogniser's width, a detector's height and width.
const int64_t kSide = 320;

class Double : public PaddlePredictor {
 public:
  explicit Double(const std::string& model) : model_(model) {}
  std::unique_ptr<Tensor> GetInput(int) override {
    return std::unique_ptr<Tensor>(new Tensor(&input_));
  }
  std::unique_ptr<const Tensor> GetOutput(int index) const override {
    return std::unique_ptr<const Tensor>(new Tensor(index ? &count_ : &output_));
  }
  std::vector<std::string> GetInputNames() override { return {"x"}; }
  std::vector<std::string> GetOutputNames() override {
    if (Is("det") || Is("cls") || Is("rec")) return {"out"};
    return {"out", "count"};
  }
  std::string GetVersion() const override { return kVersion; }
  void Run() override {
    Tensor from(&input_), to(&output_);
    const auto shape = from.shape();
    if (shape.empty()) throw std::runtime_error("the input has no shape");
    if (Is("lonely") && shape[0] > 1) std::abort();
    // Exported for one size.
    if (Is("rigid") && (shape[3] != kSide || (Is("det") && shape[2] != kSide))) std::abort();
    const float* in = from.data<float>();
    if (Is("det")) {
      Detect(in, shape, &to);
    } else if (Is("cls")) {
      Classify(shape, &to);
    } else if (Is("rec")) {
      Recognise(in, shape, &to);
    } else {
      Twice(in, shape, &to);
    }
    if (Is("stale") && !first_.empty() && shape != first_) {
      float* out = to.mutable_data<float>();
      for (std::size_t n = 0; n < Size(to.shape()); ++n) out[n] = 1 - out[n];
    }
    if (first_.empty()) first_ = shape;
  }

 private:
  bool Is(const char* word) const { return model_.find(word) != std::string::npos; }
  static std::size_t Size(const std::vector<int64_t>& shape) {
    std::size_t size = 1;
    for (int64_t side : shape) size *= static_cast<std::size_t>(side);
    return size;
  }

  // The input doubled (float32, with LoD), and its number of elements (int64).
  void Twice(const float* in, const std::vector<int64_t>& shape, Tensor* to) {
    to->Resize(shape);
    float* out = to->mutable_data<float>();
    for (std::size_t n = 0; n < Size(shape); ++n) out[n] = 2 * in[n];
    output_.lod = {{0, static_cast<uint64_t>(shape[0])}};
    Tensor count(&count_);
    count.Resize({1});
    *count.mutable_data<int64_t>() = static_cast<int64_t>(Size(shape));
    count_.precision = PrecisionType::kInt64;
  }

  // What is darker than light grey is text.
  void Detect(const float* in, const std::vector<int64_t>& shape, Tensor* to) {
    to->Resize({shape[0], 1, shape[2], shape[3]});
    const std::size_t plane = static_cast<std::size_t>(shape[2] * shape[3]);
    float* out = to->mutable_data<float>();
    for (std::size_t n = 0; n < plane; ++n) out[n] = in[n] < 0.3f ? 0.98f : 0.01f;
  }

  // Every line is upright.
  void Classify(const std::vector<int64_t>& shape, Tensor* to) {
    to->Resize({shape[0], 2});
    float* out = to->mutable_data<float>();
    for (int64_t n = 0; n < shape[0]; ++n) {
      out[2 * n] = 0.99f;
      out[2 * n + 1] = 0.01f;
    }
  }

  // A black block is an "a", a dark grey one a "b"; each column of pixels is one step of time.
  void Recognise(const float* in, const std::vector<int64_t>& shape, Tensor* to) {
    const int64_t height = shape[2], width = shape[3], classes = 3, run = 4;
    to->Resize({shape[0], width, classes});
    float* out = to->mutable_data<float>();
    for (int64_t n = 0; n < shape[0]; ++n) {
      const float* row = in + (n * 3 * height + height / 2) * width;
      for (int64_t x = 0; x < width; ++x) {
        // Edges pass through grey: only where its neighbours agree a column counts.
        int found = Class(row[x]);
        for (int64_t d = 1; d < run; ++d) {
          if (x + d < width && Class(row[x + d]) != found) found = 0;
        }
        float* step = out + (n * width + x) * classes;
        for (int64_t c = 0; c < classes; ++c) step[c] = c == found ? 0.98f : 0.01f;
      }
    }
  }
  static int Class(float value) { return value < -0.5f ? 1 : value < -0.05f ? 2 : 0; }

  std::string model_;
  std::vector<int64_t> first_;
  Tensor::State input_;
  mutable Tensor::State output_, count_;
};

}  // namespace

template <>
std::shared_ptr<PaddlePredictor> CreatePaddlePredictor(const MobileConfig& config) {
  std::string model = config.model_;
  if (model.empty()) {
    std::ifstream file(config.path_, std::ios::binary);
    if (!file) throw std::runtime_error("no such model file");
    model.assign(std::istreambuf_iterator<char>(file), {});
  }
  model.resize(std::min<std::size_t>(model.size(), 32));
  if (model.rfind("THROW", 0) == 0) throw std::runtime_error("unknown model");
  if (model.rfind("ABORT", 0) == 0) std::abort();
  // As a damaged size makes the library do.
  if (model.rfind("GREEDY", 0) == 0) std::vector<char>(std::size_t{1} << 30, 1);
  return std::make_shared<Double>(model);
}

}  // namespace lite_api
}  // namespace paddle
