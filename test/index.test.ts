import * as makertaker from '../index';

const { checkEnvironment, defineEnvironment, make, recordEpisodeStatistics, tf, vectorise } =
  makertaker;

beforeAll(() => tf.setBackend('cpu'));

it('exports functions and values that exist', () => {
  for (const [name, value] of Object.entries(makertaker))
    expect([name, typeof value]).not.toContain('undefined');
});

it('runs a registered environment by its id', () => {
  const environment = recordEpisodeStatistics(make('market-making', { numEnvs: 8, seed: 0 }));
  environment.reset();
  let episodes = 0;
  for (let step = 0; step < environment.numEnvs * 30 && episodes === 0; step += 1) {
    const actions = environment.sampleActions();
    const { info } = environment.step(actions);
    actions.dispose();
    episodes += tf.tidy(() => tf.sum(tf.cast(info._episode!, 'int32')).dataSync()[0]!);
  }
  expect(episodes).toBe(8);
  environment.close();
});

it('takes an environment of one’s own', () => {
  const coin = defineEnvironment({
    id: 'coin',
    observationSpace: makertaker.box([
      { name: 'constant', unit: '1', low: 0, high: 0, description: 'Nothing to see.' },
    ]),
    actionSpace: makertaker.discrete('guess', 'The side that will fall.', ['heads', 'tails']),
    horizon: 1,
    truncates: false,
    metrics: {},
    parameters: () => ({ bias: tf.scalar(0.8) }),
    reset: (_parameters, key) => ({ age: tf.zeros([key.row.size], 'int32') }),
    transition: ({ bias }, { age }, action, key) => {
      const tails = makertaker.bernoulli(
        key,
        0,
        tf.mul(bias!, tf.onesLike(tf.cast(age!, 'float32'))),
      );
      const right = tf.equal(tf.cast(tails, 'int32'), action);
      return {
        state: { age: tf.add(age!, tf.scalar(1, 'int32')) },
        reward: tf.cast(right, 'float32') as makertaker.tf.Tensor1D,
        terminated: tf.onesLike(right) as makertaker.tf.Tensor1D,
      };
    },
    observe: (_parameters, { age }) => tf.zeros([age!.size, 1]),
  });
  expect(checkEnvironment(coin)).toEqual([]);
  const environment = vectorise(coin, { numEnvs: 4000, seed: 0 });
  environment.reset();
  const { reward } = environment.step(new Int32Array(4000).fill(1));
  expect(tf.tidy(() => tf.mean(reward).dataSync()[0])).toBeCloseTo(0.8, 1);
  environment.close();
});
