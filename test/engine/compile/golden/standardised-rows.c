static void pass0(void *context, int64_t chunk, int thread) {
  const Program *const p = (const Program *)context;
  const int64_t n = p->n;
  float *const scratch = p->runtime->scratch(thread, (int64_t)p->tile0 * 1 * L * 4);
  double *const part_d = p->part_d + chunk * 3;
  for (int c = 0; c < 3; c++) part_d[0 + c] = 0;
  const int64_t first = chunk * p->per0, tiles = p->tiles0;
  for (int64_t tile = first; tile < first + p->per0 && tile < tiles; tile++) {
    const int64_t strip0 = tile * p->tile0, row0 = strip0 * L, left = (n - row0 + L - 1) / L;
    const int strips = (int)(left < p->tile0 ? left : p->tile0);
    const float *const a0 = p->a0;
    {
    vf r1_0 = v_set(0);
    vf r1_1 = v_set(0);
    vf r1_2 = v_set(0);
    for (int s = 0; s < strips; s++) for (int at = 0; at < L; at += W) {
      const int64_t row = row0 + s * L + at;
      if (row >= n) break;
      const vf x1 = v_rows(a0, 3, row, n);
      r1_0 = r1_0 + (row + W <= n ? x1 : v_select(v_present(row, n), x1, v_set(0)));
      const vf x2 = v_rows(a0 + 1, 3, row, n);
      r1_1 = r1_1 + (row + W <= n ? x2 : v_select(v_present(row, n), x2, v_set(0)));
      const vf x3 = v_rows(a0 + 2, 3, row, n);
      r1_2 = r1_2 + (row + W <= n ? x3 : v_select(v_present(row, n), x3, v_set(0)));
    }
    (part_d + 0)[0] += v_total(r1_0);
    (part_d + 0)[1] += v_total(r1_1);
    (part_d + 0)[2] += v_total(r1_2);
    }
  }
}

static void pass1(void *context, int64_t chunk, int thread) {
  const Program *const p = (const Program *)context;
  const int64_t n = p->n;
  float *const scratch = p->runtime->scratch(thread, (int64_t)p->tile1 * 1 * L * 4);
  double *const part_d = p->part_d + chunk * 3;
  for (int c = 0; c < 3; c++) part_d[0 + c] = 0;
  const int64_t first = chunk * p->per1, tiles = p->tiles1;
  for (int64_t tile = first; tile < first + p->per1 && tile < tiles; tile++) {
    const int64_t strip0 = tile * p->tile1, row0 = strip0 * L, left = (n - row0 + L - 1) / L;
    const int strips = (int)(left < p->tile1 ? left : p->tile1);
    const float *const a0 = p->a0;
    {
    vf r6_0 = v_set(0);
    vf r6_1 = v_set(0);
    vf r6_2 = v_set(0);
    for (int s = 0; s < strips; s++) for (int at = 0; at < L; at += W) {
      const int64_t row = row0 + s * L + at;
      if (row >= n) break;
      const vf x1 = v_rows(a0, 3, row, n);
      const vf x2 = (x1 - v_set(p->v3[0]));
      const vf x3 = v_rows(a0 + 1, 3, row, n);
      const vf x4 = (x3 - v_set(p->v3[1]));
      const vf x5 = v_rows(a0 + 2, 3, row, n);
      const vf x6 = (x5 - v_set(p->v3[2]));
      const vf x7 = v_square(x2);
      const vf x8 = v_square(x4);
      const vf x9 = v_square(x6);
      r6_0 = r6_0 + (row + W <= n ? x7 : v_select(v_present(row, n), x7, v_set(0)));
      r6_1 = r6_1 + (row + W <= n ? x8 : v_select(v_present(row, n), x8, v_set(0)));
      r6_2 = r6_2 + (row + W <= n ? x9 : v_select(v_present(row, n), x9, v_set(0)));
    }
    (part_d + 0)[0] += v_total(r6_0);
    (part_d + 0)[1] += v_total(r6_1);
    (part_d + 0)[2] += v_total(r6_2);
    }
  }
}

static void pass2(void *context, int64_t chunk, int thread) {
  const Program *const p = (const Program *)context;
  const int64_t n = p->n;
  float *const scratch = p->runtime->scratch(thread, (int64_t)p->tile2 * 1 * L * 4);
  const int64_t first = chunk * p->per2, tiles = p->tiles2;
  for (int64_t tile = first; tile < first + p->per2 && tile < tiles; tile++) {
    const int64_t strip0 = tile * p->tile2, row0 = strip0 * L, left = (n - row0 + L - 1) / L;
    const int strips = (int)(left < p->tile2 ? left : p->tile2);
    const float *const a0 = p->a0;
    float *const o0 = p->o0;
    {
    for (int s = 0; s < strips; s++) for (int at = 0; at < L; at += W) {
      const int64_t row = row0 + s * L + at;
      if (row >= n) break;
      const vf x1 = v_rows(a0, 3, row, n);
      const vf x2 = (x1 - v_set(p->v3[0]));
      const vf x3 = v_rows(a0 + 1, 3, row, n);
      const vf x4 = (x3 - v_set(p->v3[1]));
      const vf x5 = v_rows(a0 + 2, 3, row, n);
      const vf x6 = (x5 - v_set(p->v3[2]));
      const vf x7 = (x2 / v_set(p->v10[0]));
      const vf x8 = (x4 / v_set(p->v10[1]));
      const vf x9 = (x6 / v_set(p->v10[2]));
      v_put(o0 + 0, 3, row, n, x7);
      v_put(o0 + 1, 3, row, n, x8);
      v_put(o0 + 2, 3, row, n, x9);
    }
    }
  }
}

