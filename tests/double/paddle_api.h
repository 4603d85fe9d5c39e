// A double of Paddle-Lite for tests: the few declarations the C ABI uses, and no inference. Models
// are texts that name a rule, see paddle_double.cc: "det", "cls" and "rec" read blocks of grey as
// letters, any other doubles its input. "THROW" and "ABORT" cannot be loaded, "stale" ones are wrong
// after a change of shape, "lonely" ones end the process when given two rows.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace paddle {
namespace lite_api {

enum PowerMode { LITE_POWER_HIGH = 0, LITE_POWER_NO_BIND = 3 };
enum class PrecisionType : int { kUnk = 0, kFloat, kInt8, kInt32, kAny, kFP16, kBool, kInt64, kInt16,
                                 kUInt8 };

class Tensor {
 public:
  void Resize(const std::vector<int64_t>& shape);
  std::vector<int64_t> shape() const;
  PrecisionType precision() const;
  std::vector<std::vector<uint64_t>> lod() const;
  template <typename T> T* mutable_data() { return reinterpret_cast<T*>(Memory(sizeof(T))); }
  template <typename T> const T* data() const {
    return reinterpret_cast<const T*>(state_->memory.data());
  }

  struct State {
    std::vector<int64_t> shape;
    std::vector<int64_t> memory;
    PrecisionType precision = PrecisionType::kFloat;
    std::vector<std::vector<uint64_t>> lod;
  };
  explicit Tensor(State* state) : state_(state) {}

 private:
  void* Memory(std::size_t size);
  State* state_;
};

class PaddlePredictor {
 public:
  virtual ~PaddlePredictor() = default;
  virtual std::unique_ptr<Tensor> GetInput(int index) = 0;
  virtual std::unique_ptr<const Tensor> GetOutput(int index) const = 0;
  virtual std::vector<std::string> GetInputNames() = 0;
  virtual std::vector<std::string> GetOutputNames() = 0;
  virtual void Run() = 0;
  virtual std::string GetVersion() const = 0;
};

class MobileConfig {
 public:
  void set_model_from_file(const std::string& path) { path_ = path; }
  void set_model_from_buffer(const std::string& model) { model_ = model; }
  void set_threads(int threads) { threads_ = threads; }
  void set_power_mode(PowerMode mode) { mode_ = mode; }
  std::string path_, model_;
  int threads_ = 0;
  PowerMode mode_ = LITE_POWER_HIGH;
};

template <typename Config>
std::shared_ptr<PaddlePredictor> CreatePaddlePredictor(const Config& config);

}  // namespace lite_api
}  // namespace paddle
