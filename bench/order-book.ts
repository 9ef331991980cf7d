import * as tf from '@tensorflow/tfjs';

import { compile } from '../engine/compile/compile';
import { scan } from '../engine/loops';
import { disposeKey, type Key, makeKey, phases, uses } from '../engine/random';
import { disposeTree, type Tensors } from '../engine/tensors';
import { limitOrderBookSchema } from '../envs/limit-order-book/config';
import { createMarket, type MarketState } from '../envs/limit-order-book/market';
import { awaitDevice } from './await-device';
import { seed } from './market';
import type { Work } from './timing';

interface Input {
  readonly rows: { readonly books: MarketState; readonly row: tf.Tensor1D };
  readonly parameters: { readonly market: Tensors; readonly words: tf.Tensor1D };
}

/**
 * Events of order books with the flow of Cont, Stoikov and Talreja (2010), ten levels a side, without an
 * agent. One run is so many events of each book.
 */
export function orderBookEvents(books: number, events: number): Work {
  const { flow, ...config } = limitOrderBookSchema.parse({});
  if (flow.kind !== 'poisson') throw new Error('the flow of the benchmark is not the default');
  const market = createMarket({ ...config, flow });
  const parameters = market.parameters();
  const key = makeKey({ seed, phase: phases.training, rows: books });
  const start = tf.tidy(
    () => market.open(parameters, { ...key, use: uses.reset }) as never,
  ) as MarketState;
  const play = compile(
    ({ rows, parameters: { market: given, words } }: Input) =>
      scan(
        (state: MarketState, index) => {
          const at: Key = { words, row: rows.row, step: index, use: uses.dynamics };
          return { carry: market.advance(given, state, at, null).state, output: {} };
        },
        rows.books,
        events,
      ).carry,
    { name: 'order book events' },
  );
  const input: Input = {
    rows: { books: start, row: key.row },
    parameters: { market: parameters, words: key.words },
  };

  return {
    amount: books * events,
    run() {
      const after = play(input);
      awaitDevice(after.depth);
      disposeTree(after);
    },
    dispose() {
      disposeTree([parameters, start]);
      disposeKey(key);
    },
  };
}
