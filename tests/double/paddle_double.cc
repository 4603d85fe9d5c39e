#include <fstream>
#include <iterator>
#include <stdexcept>

#include "paddle_api.h"

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

// Outputs: the input doubled (float32, with LoD), and its number of elements (int64).
class Double : public PaddlePredictor {
 public:
  std::unique_ptr<Tensor> GetInput(int) override {
    return std::unique_ptr<Tensor>(new Tensor(&input_));
  }
  std::unique_ptr<const Tensor> GetOutput(int index) const override {
    return std::unique_ptr<const Tensor>(new Tensor(index ? &count_ : &doubled_));
  }
  std::vector<std::string> GetInputNames() override { return {"x"}; }
  std::vector<std::string> GetOutputNames() override { return {"doubled", "count"}; }
  std::string GetVersion() const override { return "v0-double (commit: none)"; }
  void Run() override {
    Tensor from(&input_), to(&doubled_), count(&count_);
    if (from.shape().empty()) throw std::runtime_error("the input has no shape");
    to.Resize(from.shape());
    std::size_t size = 1;
    for (int64_t side : from.shape()) size *= static_cast<std::size_t>(side);
    float* out = to.mutable_data<float>();
    for (std::size_t n = 0; n < size; ++n) out[n] = 2 * from.data<float>()[n];
    doubled_.lod = {{0, static_cast<uint64_t>(from.shape()[0])}};
    count.Resize({1});
    *count.mutable_data<int64_t>() = static_cast<int64_t>(size);
    count_.precision = PrecisionType::kInt64;
  }

 private:
  Tensor::State input_;
  mutable Tensor::State doubled_, count_;
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
  if (model.rfind("THROW", 0) == 0) throw std::runtime_error("unknown model");
  return std::make_shared<Double>();
}

}  // namespace lite_api
}  // namespace paddle
