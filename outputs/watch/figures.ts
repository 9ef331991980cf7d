/** One curve of the page's figures, by iteration. */
export type Curve =
  | {
      /** A figure of every line of the log that has it. */
      readonly kind: 'logged';
      readonly label: string;
      readonly key: string;
      readonly colour: string;
      readonly look: 'line' | 'faint' | 'points' | 'steps';
    }
  | {
      /** What is known beforehand: a straight line through a few points. */
      readonly kind: 'known';
      readonly label: string;
      readonly colour: string;
      readonly points: readonly (readonly [iteration: number, value: number])[];
    };

export interface Figure {
  readonly id: string;
  readonly title: string;
  /** What the vertical axis shows, with its unit. */
  readonly axis: string;
  readonly isLogarithmic?: boolean;
  /** What lies outside is cut off: values of the first iterations that would flatten the rest. */
  readonly bounds?: { readonly least?: number; readonly most?: number };
  readonly curves: readonly Curve[];
}

/** Means of one policy on the validation streams, by metric. */
export interface KnownPolicy {
  readonly policy: string;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface FigureSources {
  /** Keys of the log. */
  readonly keys: ReadonlySet<string>;
  /** The last iteration of the run; null where its config is not known. */
  readonly iterations: number | null;
  /** Bounds of the mean KL divergence in the first and in the last iteration. */
  readonly trustRegion: readonly [first: number, last: number] | null;
  /** The iteration from which on the classical figures hold: the first of a curriculum's level. */
  readonly since: number;
  /** Classical policies on the streams that validation plays. */
  readonly classical: readonly KnownPolicy[];
}

const colours = { faint: '#8fbadb', line: '#0b6bb3', bound: '#b03a2e' } as const;
/** Of the classical policies, in turn. */
export const classicalColours = [
  '#c0392b',
  '#2e7d32',
  '#8e44ad',
  '#b7791f',
  '#00838f',
  '#6d4c41',
] as const;

const logged = (
  label: string,
  key: string,
  look: 'line' | 'faint' | 'points' | 'steps' = 'line',
  colour: string = look === 'faint' ? colours.faint : colours.line,
): Curve => ({ kind: 'logged', label, key, colour, look });

/** What a validation tells of the distance to the known answer, where there is one. */
const distances: readonly Figure[] = [
  {
    id: 'gap',
    title: 'Gap to the classical optimum',
    axis: 'optimum less policy, mean return',
    curves: [logged('gap, on validation streams', 'validation/gap', 'points')],
  },
  {
    id: 'score',
    title: 'Normalised score',
    axis: '0: the naive policy, 1: the optimum',
    bounds: { least: -1 },
    curves: [logged('score, on validation streams', 'validation/score', 'points')],
  },
  {
    id: 'exploitability',
    title: 'Exploitability',
    axis: 'what a best answer gains, return',
    curves: [logged('exploitability', 'validation/exploitability', 'points')],
  },
];

/** The figures that the log so far has something to draw in, in the page's order. */
export function figuresOf(sources: FigureSources): Figure[] {
  const { keys } = sources;
  const all = [returns(sources), ...distances, ...diagnostics(sources), ...curriculum(keys)];
  return all.flatMap((figure) => {
    const curves = figure.curves.filter((curve) => curve.kind === 'known' || keys.has(curve.key));
    return curves.some(({ kind }) => kind === 'logged') ? [{ ...figure, curves }] : [];
  });
}

function returns({ keys, iterations, since, classical }: FigureSources): Figure {
  const known = classical.flatMap(({ policy, metrics }, index): Curve[] => {
    const value = metrics['return'];
    if (value === undefined || iterations === null) return [];
    return [
      {
        kind: 'known',
        label: `${policy}: ${String(Number(value.toPrecision(5))).replace('-', '−')}`,
        colour: classicalColours[index % classicalColours.length]!,
        points: [
          [since, value],
          [iterations, value],
        ],
      },
    ];
  });
  return {
    id: 'return',
    title: 'Return',
    axis: 'mean return, in units of the reward',
    curves: [
      logged('while training, with exploration', 'return', 'faint'),
      logged('mean actions, on validation streams', 'validation/return', 'points'),
      ...otherPlayers(keys),
      ...known,
    ],
  };
}

/** In self-play the second player's figures have its name in front. */
const otherPlayers = (keys: ReadonlySet<string>): Curve[] =>
  [...keys].flatMap((key) => {
    const [, player] = /^([^/]+)\/return$/.exec(key) ?? [];
    if (player === undefined || player === 'validation') return [];
    return [logged(`${player}, while training`, key, 'line', '#7f8c8d')];
  });

function diagnostics({ iterations, trustRegion }: FigureSources): Figure[] {
  const bound: Curve[] =
    trustRegion === null || iterations === null
      ? []
      : [
          {
            kind: 'known',
            label: 'trust region',
            colour: colours.bound,
            points: [
              [1, trustRegion[0]],
              [iterations, trustRegion[1]],
            ],
          },
        ];
  return [
    {
      id: 'kl',
      title: 'KL divergence of an update',
      axis: 'mean KL divergence, nats',
      isLogarithmic: true,
      curves: [logged('KL', 'kl'), ...bound],
    },
    {
      id: 'entropy',
      title: 'Entropy of the policy',
      axis: 'mean entropy, nats',
      curves: [logged('entropy', 'entropy')],
    },
    {
      id: 'std',
      title: 'Width of exploration',
      axis: 'mean σ, action scales',
      curves: [logged('σ', 'meanStd')],
    },
    {
      id: 'explained',
      title: 'Explained variance of the critic',
      axis: 'share of the variance',
      bounds: { least: -1, most: 1 },
      curves: [logged('explained variance', 'explainedVariance')],
    },
    {
      id: 'value-loss',
      title: 'Value loss',
      axis: 'squared error, scaled returns',
      curves: [logged('value loss', 'valueLoss')],
    },
    {
      id: 'speed',
      title: 'Speed',
      axis: 'samples a second',
      curves: [logged('samples/s', 'time/samplesPerSecond')],
    },
  ];
}

const curriculum = (keys: ReadonlySet<string>): Figure[] => [
  {
    id: 'level',
    title: 'Level of the curriculum',
    axis: 'level, 0: the easiest',
    curves: [logged('level', 'curriculum/level', 'steps')],
  },
  // Whatever else a curriculum logs, each in its own units.
  ...[...keys]
    .filter((key) => key.startsWith('curriculum/') && key !== 'curriculum/level')
    .map((key) => ({
      id: key.replace('/', '-'),
      title: `Curriculum: ${key.slice('curriculum/'.length)}`,
      axis: key.slice('curriculum/'.length),
      curves: [logged(key.slice('curriculum/'.length), key, 'points')],
    })),
];
