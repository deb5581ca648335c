// The generator of dropout's random numbers.
#pragma once

#include <cstdint>

namespace ringwood {

// Philox4x32 of ten rounds: replaces a counter by its random words (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, SC 2011). The
// lower half of the key is the first word of the paper's.
__device__ __forceinline__ void philox(uint32_t (&words)[4], uint64_t key) {
  uint32_t key0 = uint32_t(key), key1 = uint32_t(key >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    uint64_t product0 = uint64_t(0xD2511F53u) * words[0];
    uint64_t product1 = uint64_t(0xCD9E8D57u) * words[2];
    words[0] = uint32_t(product1 >> 32) ^ words[1] ^ key0;
    words[1] = uint32_t(product1);
    words[2] = uint32_t(product0 >> 32) ^ words[3] ^ key1;
    words[3] = uint32_t(product0);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

}  // namespace ringwood
