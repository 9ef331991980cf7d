/** The library: what other code may import as `makertaker`. */

/** The TensorFlow.js that the library computes with: a second copy would not know its tensors. */
export * as tf from '@tensorflow/tfjs';

export { InputError } from './engine/input-error';
export { branch, iterate, scan, type ScanOptions } from './engine/loops';
export {
  bernoulli,
  categorical,
  disposeKey,
  forUse,
  type Key,
  keyAt,
  type KeyOptions,
  makeKey,
  normal,
  normals,
  phases,
  randomInteger,
  uniform,
  uniforms,
  uses,
} from './engine/random';
export {
  cloneTree,
  disposeTree,
  keepTree,
  leavesOf,
  mapTrees,
  type Tensors,
  type TensorTree,
  tidyTree,
  whereTree,
} from './engine/tensors';

export type { ActionInput } from './envs/action-input';
export {
  assertEnvironment,
  type Checkable,
  checkEnvironment,
  type CheckOptions,
} from './envs/check';
export type { Finding } from './envs/checks/trial';
export {
  type Change,
  defineEnvironment,
  type Environment,
  type EnvironmentDefinition,
  type MetricField,
  type ResetResult,
  type StepResult,
} from './envs/environment';
export type { EnvironmentKind } from './envs/kind';
export {
  type EnvironmentConfig,
  environmentKinds,
  findKind,
  makeEnvironment,
  makeFromKind,
  parseEnvironment,
} from './envs/registry';
export { sampleAction } from './envs/sample-action';
export {
  type BatchedSpace,
  type Box,
  box,
  type Discrete,
  discrete,
  type Field,
  type MultiDiscrete,
  multiDiscrete,
  type Space,
} from './envs/space';
export {
  make,
  type VectorEnvironment,
  type VectorInfo,
  type VectorOptions,
  type VectorReset,
  type VectorStep,
  vectorise,
} from './envs/vector';
export { clipAction } from './envs/wrappers/clip-action';
export { clipReward, type RewardBounds } from './envs/wrappers/clip-reward';
export { limitTime } from './envs/wrappers/limit-time';
export {
  normaliseObservation,
  type NormaliseObservationOptions,
  type ObservationNormaliser,
} from './envs/wrappers/normalise-observation';
export {
  normaliseReward,
  type NormaliseRewardOptions,
  type RewardNormaliser,
} from './envs/wrappers/normalise-reward';
export { recordEpisodeStatistics } from './envs/wrappers/record-episode-statistics';
export type { Moments } from './envs/wrappers/running-moments';

export {
  type AvellanedaStoikovProblem,
  solveAvellanedaStoikov,
} from './algorithms/solvers/avellaneda-stoikov';
export {
  type CarteaJaimungalProblem,
  type CarteaJaimungalSolution,
  solveCarteaJaimungal,
} from './algorithms/solvers/cartea-jaimungal';
export type { ClassicalPolicy, PolicyInput, PolicySolver } from './algorithms/solvers/policy';
export type { QuoteTable } from './algorithms/solvers/quote-table';
export { findSolver, solvers } from './algorithms/solvers/registry';
export { solveSymmetricQuotes } from './algorithms/solvers/symmetric-quotes';
