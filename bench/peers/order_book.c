/* The order books of bench/order-book.ts in plain C, one book after the other: the flow of Cont, Stoikov
   and Talreja (2010) in a window of ten levels a side. Best quotes and the total rate of cancellations
   are kept up to date event by event as far as the quotes stand still. */
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { levels = 10, width = 2 * levels, tabulated = 5 };

static const float theta[tabulated] = {0.71f, 0.81f, 0.68f, 0.56f, 0.47f};
static const float market = 0.94f;

typedef struct {
  int32_t depth[width]; /* bids negative */
  int32_t anchor;
  float time;
} Book;

static inline uint64_t splitmix(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static float arrivals[levels], entering[64];

void prepare(void) {
  static const float limit[tabulated] = {1.85f, 1.51f, 1.09f, 0.88f, 0.77f};
  float sum = 0;
  for (int i = 0; i < levels; i++)
    arrivals[i] = sum += i < tabulated ? limit[i] : 1.92f / powf((float)(i + 1), 0.52f);
  double mean = 1.92 / pow(levels, 0.52) / theta[tabulated - 1], weight = exp(-mean), below = 0;
  for (int n = 0; n < 64; n++) {
    below += weight;
    weight *= mean / (n + 1);
    entering[n] = n == 63 ? 2.0f : (float)below;
  }
}

static inline float rate_at(int distance) {
  return theta[distance <= tabulated ? distance - 1 : tabulated - 1];
}

static inline int best_bid(const int32_t *depth) {
  int column = width - 1;
  while (column >= 0 && depth[column] >= 0) column--;
  return column;
}

static inline int best_ask(const int32_t *depth) {
  int column = 0;
  while (column < width && depth[column] <= 0) column++;
  return column;
}

static float cancellations(const int32_t *depth, int bid, int ask) {
  float total = 0;
  for (int c = 0; c <= bid; c++) total -= rate_at(ask - c) * depth[c];
  for (int c = ask; c < width; c++) total += rate_at(c - bid) * depth[c];
  return total;
}

/* So many events of each book; `spread` receives the time at spreads of 1 … 5 ticks. */
void run(Book *books, int64_t count, int64_t events, uint64_t seed, double *spread) {
  const float limits = arrivals[levels - 1];
  for (int64_t b = 0; b < count; b++) {
    Book book = books[b];
    int32_t *const depth = book.depth;
    uint64_t state = seed + 0x632be59bd9b4e019u * (uint64_t)(b + 1);
    int bid = best_bid(depth), ask = best_ask(depth);
    float cancel = cancellations(depth, bid, ask);
    for (int64_t e = 0; e < events; e++) {
      const uint64_t words = splitmix(&state);
      const float first = (float)((uint32_t)words >> 8) * 0x1p-24f;
      const float second = (float)(words >> 40) * 0x1p-24f;
      const float total = 2 * market + 2 * limits + cancel;
      const float wait = -logf(1 - first) / total;
      book.time += wait;
      if (ask - bid <= 5) spread[ask - bid - 1] += wait;
      const int old_bid = bid, old_ask = ask;
      float choice = second * total;
      if (choice < 2 * market) {
        const int column = choice < market ? bid : ask;
        if (column >= 0 && column < width) {
          const int sign = column == bid ? 1 : -1;
          depth[column] += sign;
          cancel -= rate_at(ask - bid);
          if (depth[column] == 0) {
            if (column == bid) bid = best_bid(depth);
            else ask = best_ask(depth);
          }
        }
      } else if ((choice -= 2 * market) < 2 * limits) {
        const int buys = choice < limits;
        if (!buys) choice -= limits;
        int i = 0;
        while (i < levels - 1 && choice >= arrivals[i]) i++;
        const int column = buys ? ask - i - 1 : bid + i + 1;
        if (column >= 0 && column < width) {
          depth[column] += buys ? -1 : 1;
          cancel += rate_at(i + 1);
          if (buys && column > bid) bid = column;
          if (!buys && column < ask) ask = column;
        }
      } else {
        choice -= 2 * limits;
        int column = 0;
        for (; column < width; column++) {
          if (depth[column] == 0) continue;
          const int side = depth[column] < 0;
          const float rate = rate_at(side ? ask - column : column - bid);
          choice -= rate * (side ? -depth[column] : depth[column]);
          if (choice < 0) break;
        }
        if (column < width) {
          const int side = depth[column] < 0;
          cancel -= rate_at(side ? ask - column : column - bid);
          depth[column] += side ? 1 : -1;
          if (depth[column] == 0) {
            if (column == bid) bid = best_bid(depth);
            else if (column == ask) ask = best_ask(depth);
          }
        }
      }
      const int offset = old_bid + old_ask - (width - 1);
      if (offset >= 2 || offset <= -2) {
        const float draw = (float)(splitmix(&state) >> 40) * 0x1p-24f;
        int orders = 0;
        while (draw >= entering[orders]) orders++;
        if (offset > 0) {
          memmove(depth, depth + 1, (width - 1) * sizeof *depth);
          depth[width - 1] = orders;
          book.anchor++;
        } else {
          memmove(depth + 1, depth, (width - 1) * sizeof *depth);
          depth[0] = -orders;
          book.anchor--;
        }
        bid = best_bid(depth);
        ask = best_ask(depth);
        cancel = cancellations(depth, bid, ask);
      } else if (bid != old_bid || ask != old_ask) {
        cancel = cancellations(depth, bid, ask);
      }
    }
    books[b] = book;
  }
}
