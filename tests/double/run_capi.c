/* Runs a model through the C ABI from plain C: MODEL INPUT SHAPE OUTPUT, shape as 1,3,48,320. Writes
 * every output in order, as float64, so that processors can be compared. */
#include <stdio.h>
#include <stdlib.h>

#include "lite_capi.h"

static void require(int32_t code) {
  if (code != LITE_OK) {
    fprintf(stderr, "%s\n", lite_last_error());
    exit(1);
  }
}

int main(int argc, char** argv) {
  lite_predictor* predictor = NULL;
  const char* version = NULL;
  int64_t shape[LITE_MAX_RANK], size = 1;
  int32_t rank = 0, count = 0;
  void* memory = NULL;
  if (argc != 5) return 2;
  for (char* word = argv[3]; *word;) {
    shape[rank] = strtol(word, &word, 10);
    size *= shape[rank++];
    if (*word == ',') ++word;
  }
  require(lite_open_file(argv[1], 1, 3, &predictor));
  require(lite_runtime_version(predictor, &version));
  require(lite_input(predictor, 0, LITE_FLOAT32, rank, shape, &memory));
  FILE* input = fopen(argv[2], "rb");
  if (!input || fread(memory, 4, size, input) != (size_t)size) return 3;
  fclose(input);
  require(lite_run(predictor));
  require(lite_output_count(predictor, &count));
  FILE* output = fopen(argv[4], "wb");
  for (int32_t index = 0; index < count; ++index) {
    lite_tensor found;
    require(lite_output(predictor, index, &found));
    int64_t values = 1;
    for (int32_t axis = 0; axis < found.rank; ++axis) values *= found.shape[axis];
    for (int64_t n = 0; n < values; ++n) {
      double value = 0;
      if (found.dtype == LITE_FLOAT32) value = ((const float*)found.data)[n];
      if (found.dtype == LITE_INT64) value = (double)((const int64_t*)found.data)[n];
      if (found.dtype == LITE_INT32) value = ((const int32_t*)found.data)[n];
      fwrite(&value, sizeof value, 1, output);
    }
  }
  fclose(output);
  printf("%s\n", version);
  lite_close(predictor);
  return 0;
}
