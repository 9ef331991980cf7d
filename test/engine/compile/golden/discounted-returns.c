static void pass0(void *context, int64_t chunk, int thread) {
  const Program *const p = (const Program *)context;
  const int64_t n = p->n;
  float *const scratch = p->runtime->scratch(thread, (int64_t)p->tile0 * 1 * L * 4);
  const int64_t first = chunk * p->per0, tiles = p->tiles0;
  for (int64_t tile = first; tile < first + p->per0 && tile < tiles; tile++) {
    const int64_t strip0 = tile * p->tile0, row0 = strip0 * L, left = (n - row0 + L - 1) / L;
    const int strips = (int)(left < p->tile0 ? left : p->tile0);
    float *const b3 = scratch + (int64_t)0 * p->tile0 * L;
    const float *const a0 = p->a0;
    const uint8_t *const a1 = p->a1;
    const float *const a2 = p->a2;
    float *const o0 = p->o0;
    {
    for (int s = 0; s < strips; s++) for (int at = 0; at < L; at += W) {
      const int64_t row = row0 + s * L + at;
      if (row >= n) break;
      const vf x1 = v_rows(a2, 1, row, n);
      v_store(b3 + ((int64_t)s * 1 + 0) * L + at, x1);
    }
    }
    for (int32_t t0 = 4; t0 >= 0; t0--) {
      {
      for (int s = 0; s < strips; s++) for (int at = 0; at < L; at += W) {
        const int64_t row = row0 + s * L + at;
        if (row >= n) break;
        const vi x1 = v_brows(a1 + ((int64_t)t0 * 1 + 0) * n * 1, 1, row, n);
        const vf x2 = v_load(b3 + ((int64_t)s * 1 + 0) * L + at);
        const vf x3 = v_select(x1, v_set(0.0f), x2);
        const vf x4 = (v_set(0.8999999761581421f) * x3);
        const vf x5 = v_rows(a0 + ((int64_t)t0 * 1 + 0) * n * 1, 1, row, n);
        const vf x6 = (x5 + x4);
        v_put(o0 + ((int64_t)t0 * 1 + 0) * n * 1 + 0, 1, row, n, x6);
        v_store(b3 + ((int64_t)s * 1 + 0) * L + at, x6);
      }
      }
    }
  }
}

