// Runs a .nb on ARM: lite_run MODEL.nb INPUT.bin N,C,H,W RUNS OUTPUT.bin SHAPE.txt
//
// INPUT.bin holds float32 values, OUTPUT.bin gets those of the first output, SHAPE.txt its sides.
// With a seventh word the memory map is printed, for profiles.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "paddle_api.h"

namespace {

int Fail(const std::string& what) {
  std::cerr << "lite_run: " << what << std::endl;
  return 1;
}

std::vector<int64_t> Shape(const char* text) {
  std::vector<int64_t> shape;
  std::stringstream parts(text);
  std::string part;
  while (std::getline(parts, part, ',')) shape.push_back(std::atoll(part.c_str()));
  return shape;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) return Fail("MODEL.nb INPUT.bin N,C,H,W RUNS OUTPUT.bin SHAPE.txt");
  paddle::lite_api::MobileConfig config;
  config.set_model_from_file(argv[1]);
  config.set_threads(1);
  auto predictor = paddle::lite_api::CreatePaddlePredictor(config);
  const auto shape = Shape(argv[3]);
  size_t count = 1;
  for (auto side : shape) count *= side;
  std::vector<float> values(count);
  std::ifstream input(argv[2], std::ios::binary);
  if (!input.read(reinterpret_cast<char*>(values.data()), count * sizeof(float))) {
    return Fail(std::string(argv[2]) + " is too short");
  }
  for (int run = 0; run < std::atoi(argv[4]); ++run) {
    auto tensor = predictor->GetInput(0);
    tensor->Resize(shape);
    std::memcpy(tensor->mutable_data<float>(), values.data(), count * sizeof(float));
    predictor->Run();
  }
  auto output = predictor->GetOutput(0);
  size_t size = 1;
  std::ofstream sides(argv[6]);
  for (auto side : output->shape()) {
    size *= side;
    sides << side << ' ';
  }
  std::ofstream file(argv[5], std::ios::binary);
  file.write(reinterpret_cast<const char*>(output->data<float>()), size * sizeof(float));
  if (argc > 7) std::cout << std::ifstream("/proc/self/maps").rdbuf();
  return file && sides ? 0 : Fail(std::string("cannot write ") + argv[5] + " and " + argv[6]);
}
