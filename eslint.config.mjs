import tseslint from 'typescript-eslint';

/** Rooms of the house, in the order in which they may import: each only from itself and from those before it. */
const rooms = ['engine', 'envs', 'algorithms', 'outputs', 'bench', 'scripts'];

const oneWay = rooms.slice(0, -1).map((room, index) => ({
  files: [`${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: [...rooms.slice(index + 1), 'configs'].map((later) => `**/${later}/**`),
            message: `${room}/ may not import from rooms that come after it (${rooms.join(' ← ')}).`,
          },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist/', 'runs/', 'coverage/', 'node_modules/', 'local/', 'docs/'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      eqeqeq: 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['**/*.js'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  ...oneWay,
);
