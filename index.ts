/**
 * The library: what other code may import as `makertaker`. Importing it starts nothing; the disk,
 * the clock and the process are touched by the functions that say so, when they are called.
 */

/** The TensorFlow.js that the library computes with: a second copy would not know its tensors. */
export * as tf from '@tensorflow/tfjs';
/** The schema library, for the parameters of one's own environments. */
export { z } from 'zod';

// Devices, compiled functions, loops, randomness

export {
  describeDevices,
  type DescribedDevice,
  type Device,
  type DeviceName,
  deviceNames,
  startDevice,
  type StartedDevice,
} from './engine/device';
export {
  compile,
  type CompiledArguments,
  type CompileOptions,
  compilesHere,
  prepare,
} from './engine/compile/compile';
export { CompileError } from './engine/compile/traced';
export { InputError } from './engine/input-error';
export { branch, iterate, scan, type ScanOptions } from './engine/loops';
export {
  bernoulli,
  categorical,
  disposeKey,
  type Draw,
  forUse,
  type Key,
  keyAt,
  type KeyOptions,
  makeKey,
  normal,
  normals,
  permuteRows,
  phases,
  randomInteger,
  uniform,
  uniforms,
  uses,
} from './engine/random';
export {
  cloneTree,
  detach,
  disposeTree,
  keepTree,
  leavesOf,
  mapTrees,
  type Tensors,
  type TensorTree,
  tidyTree,
  whereTree,
} from './engine/tensors';

// Environments

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
export {
  environmentOf,
  type GameDefinition,
  type Opponent,
  type Player,
  type Side,
  withOpponent,
} from './envs/game';
export type { EnvironmentKind, References } from './envs/kind';
export type { DataSource, LobsterDay } from './envs/market-data/data-source';
export {
  loadRecording,
  type Recording,
  type RecordingConfig,
} from './envs/limit-order-book/replay/recording';
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
  centreOf,
  type Discrete,
  discrete,
  type Field,
  type MultiDiscrete,
  multiDiscrete,
  scaleOf,
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
export type { Moments as RunningMoments } from './envs/wrappers/running-moments';

// Learning

export {
  type AdvantageInput,
  estimateAdvantages,
  normaliseAdvantages,
} from './algorithms/advantages';
export { initialMoments, mergeMoments, type Moments, standardise } from './algorithms/normaliser';
export type { Distribution, Head } from './algorithms/policies/head';
export {
  type Activation,
  createNetwork,
  type Network,
  type NetworkOptions,
} from './algorithms/policies/network';
export {
  createPolicy,
  type Policy,
  type PolicyOptions,
  toEnvironmentAction,
} from './algorithms/policies/policy';
export {
  type LearnedPolicy,
  type TrainedPolicy,
  trainedPolicy,
  type TrainedPolicyOptions,
} from './algorithms/policies/trained-policy';
export { type PolicyGradientOptions, policyGradientUpdate } from './algorithms/policy-gradient';
export { type Behaviour, type Position, rollout, startPosition } from './algorithms/rollout';
export {
  advanceStanding,
  firstStanding,
  type Level,
  levelsOfRows,
  type LevelTable,
  parametersOfRows,
  type Standing,
  tabulateLevels,
} from './algorithms/curriculum';
export {
  type CloningReport,
  type CloningRequest,
  initialiseFromSolver,
} from './algorithms/imitation';
export {
  type CurriculumConfig,
  curriculumSchema,
  type InitialiseConfig,
  initialiseSchema,
  type LearnerConfig,
  type PolicyConfig,
  policySchema,
  type SelfPlayConfig,
  selfPlaySchema,
  type TrainingConfig,
  trainingSchema,
  type TrpoConfig,
  trpoSchema,
  type ValueConfig,
  valueSchema,
} from './algorithms/schema';
export {
  createLearner,
  type Learner,
  type LearnerOptions,
  type ParameterChanges,
  readDiagnostics,
  type TrainingPhase,
  trainingPhases,
  type TrainingState,
} from './algorithms/training';
export {
  createSelfPlay,
  learnedOpponent,
  secondPlayer,
  type SelfPlay,
  tensorsOf,
} from './algorithms/self-play';
export type { UpdatePolicy } from './algorithms/training-programs';
export type { Trajectory } from './algorithms/trajectory';
export {
  conjugateGradient,
  type ConjugateGradientOptions,
  type ConjugateGradientResult,
} from './algorithms/trpo/conjugate-gradient';
export { fisherVectorProduct } from './algorithms/trpo/fisher';
export {
  type LineSearchOptions,
  type LineSearchResult,
  searchLine,
} from './algorithms/trpo/line-search';
export {
  type PolicyBatch,
  type TrpoOptions,
  trpoUpdate,
  type UpdateDiagnostics,
} from './algorithms/trpo/update';

// Evaluation

export {
  type Aggregate,
  aggregatesFor,
  certaintyEquivalent,
  type EpisodeMetrics,
  meanVariance,
  sharpe,
} from './algorithms/evaluation/aggregates';
export { bootstrap, type Interval, type MeansFigure } from './algorithms/evaluation/bootstrap';
export {
  type Comparison,
  comparePolicies,
  type PlayedPolicy,
  type PolicyReport,
  reportPolicies,
} from './algorithms/evaluation/compare';
export {
  type Evaluation,
  type EvaluationRequest,
  evaluatePolicies,
} from './algorithms/evaluation/evaluate';
export {
  evaluateExactly,
  type ExactFigures,
  type ExactRequest,
} from './algorithms/evaluation/exact';
export {
  type ExploitabilityOf,
  type GreedyPlayer,
  openExploitability,
} from './algorithms/evaluation/exploitability';
export {
  type EvaluatedPolicy,
  simulate,
  type SimulateOptions,
} from './algorithms/evaluation/simulate';
export {
  type ReferencePoints,
  type Score,
  scorePolicies,
  type Scores,
} from './algorithms/evaluation/score';
export { summarise, type Summary } from './algorithms/evaluation/statistics';

// Classical solutions

export {
  type AlmgrenChrissProblem,
  type AlmgrenChrissSolution,
  scheduleCost,
  solveAlmgrenChriss,
} from './algorithms/solvers/almgren-chriss';
export {
  type ContinuousExecution,
  type ContinuousExecutionProblem,
  solveContinuousExecution,
} from './algorithms/solvers/almgren-chriss/continuous';
export {
  type FrontierPoint,
  minimiseValueAtRisk,
  traceFrontier,
  type ValueAtRiskMinimum,
} from './algorithms/solvers/almgren-chriss/frontier';
export {
  type AvellanedaStoikovProblem,
  avellanedaStoikovProblem,
  solveAvellanedaStoikov,
} from './algorithms/solvers/avellaneda-stoikov';
export {
  type CarteaJaimungalProblem,
  carteaJaimungalProblem,
  type CarteaJaimungalSolution,
  solveCarteaJaimungal,
} from './algorithms/solvers/cartea-jaimungal';
export { type BasketProblem, type BasketSolution, solveBasket } from './algorithms/solvers/basket';
export {
  type LiquidationGameProblem,
  type LiquidationGameSolution,
  solveLiquidationGame,
} from './algorithms/solvers/liquidation-game';
export {
  type ObizhaevaWangProblem,
  solveExponentialImpact,
  solveContinuousTransient,
  solveObizhaevaWang,
  solveTransientImpact,
  type TransientSolution,
} from './algorithms/solvers/obizhaeva-wang';
export { solveTransientSchedule } from './algorithms/solvers/obizhaeva-wang/policy';
export { type QueueRace, solveUpMove } from './algorithms/solvers/limit-order-book/up-move';
export {
  type DepthProblem,
  type DepthSolution,
  depthOfUtility,
  rewardOfDepth,
  solveDepth,
} from './algorithms/solvers/order-choice/depth';
export {
  liquidateByLimitOrders,
  type LimitLiquidationProblem,
  type LimitLiquidationSolution,
} from './algorithms/solvers/order-choice/liquidation';
export {
  chooseOrder,
  type OrderAction,
  type OrderProblem,
} from './algorithms/solvers/order-choice/orders';
export { type OrderPlan, planOrders } from './algorithms/solvers/order-placement/programme';
export type { ClassicalPolicy, PolicyInput, PolicySolver } from './algorithms/solvers/policy';
export {
  certaintyEquivalent as certaintyEquivalentOfQuotes,
  expectedReturn as expectedReturnOfQuotes,
  type ProfitMoments,
  profitMoments,
  type QuoteModel,
  quoteModel,
  solveOptimalQuotes,
} from './algorithms/solvers/quote-evaluation';
export {
  quotePolicy,
  type Quotes,
  quotesAt,
  type QuoteTable,
  tabulateQuotes,
} from './algorithms/solvers/quote-table';
export {
  type CaraProblem,
  type CaraSolution,
  solveCaraQuotes,
} from './algorithms/solvers/cara-quotes';
export { type GueantLehalleProblem, solveGueantLehalle } from './algorithms/solvers/gueant-lehalle';
export { type RaidPeriod, type RaidSolution, solveRaid } from './algorithms/solvers/raid';
export { openRaid, type RaidGame } from './algorithms/solvers/raid/game';
export {
  type Exploitability,
  measureExploitability,
  pureStrategy,
  solveTree,
  type Strategy,
  uniformStrategy,
} from './algorithms/solvers/raid/exploitability';
export type { RaidProblem, RaidState, Stop, Traded } from './algorithms/solvers/raid/rules';
export { raidProblemOf, raidTensors } from './algorithms/solvers/raid/states';
export {
  enumerateRaid,
  type RaidMoves,
  type RaidStates,
  type RaidTree,
} from './algorithms/solvers/raid/tree';
export { findSolver, solvers } from './algorithms/solvers/registry';
export {
  type ScheduleProblem,
  type ScheduleSolution,
  solveSchedule,
} from './algorithms/solvers/schedule';
export { schedulePolicy } from './algorithms/solvers/schedule-policy';
export { solveSymmetricQuotes } from './algorithms/solvers/symmetric-quotes';
export { tabulatePolicy } from './algorithms/solvers/tabulate-policy';
export { defineSolver, type Solver } from './algorithms/solvers/solver';
export { solveTour, type TourProblem, type TourSolution } from './algorithms/solvers/tour';
export { parseTsplib } from './algorithms/solvers/tour/tsplib';
export { solveTwap } from './algorithms/solvers/twap';
export { solveVwap } from './algorithms/solvers/vwap';

// Market data, and the parameters estimated from it

export {
  type Calibration,
  type CalibrationOptions,
  calibrate,
} from './algorithms/calibration/calibrate';
export type { Estimate } from './algorithms/calibration/estimate';
export { estimateFillCurve, measureFillCurve } from './algorithms/calibration/fill-curve';
export { createOrderFlow, estimateOrderFlow } from './algorithms/calibration/order-flow';
export { recordLobster } from './algorithms/calibration/record-lobster';
export { recordTrades } from './algorithms/calibration/record-trades';
export { estimateSpread } from './algorithms/calibration/spread';
export { createTape } from './algorithms/calibration/tape';
export { estimateVolatility } from './algorithms/calibration/volatility';
export { estimateVolumeCurve } from './algorithms/calibration/volume-curve';
export {
  type LobsterBook,
  type LobsterEvent,
  lobsterPriceUnits,
  readLobster,
} from './envs/market-data/lobster';
export type { LineSource } from './envs/market-data/rows';
export {
  mergeTradesAndQuotes,
  type Quote,
  readQuotes,
  readTrades,
  type Trade,
} from './envs/market-data/trades-and-quotes';

// Configs and what a run leaves on the disk

export { parseConfig } from './configs/parse-config';
export { type Config, configSchema, type EnvironmentChoice } from './configs/schema';
export {
  type Checkpoint,
  type LoadedCheckpoint,
  loadCheckpoint,
  type Pointer,
  saveCheckpoint,
  type SaveOptions,
} from './outputs/checkpoint';
export type { CheckpointDocument } from './outputs/checkpoint-manifest';
export {
  type MetricsLine,
  type MetricsLog,
  openMetricsLog,
  readMetrics,
} from './outputs/metrics-log';
export {
  type ArrayData,
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsFile,
} from './outputs/safetensors';
export { readArrays, restoreTensors } from './outputs/tensor-arrays';
export { createEventFile, type EventFile, type EventFileOptions } from './outputs/tensorboard';
export { type LoadOptions, loadTrained, type Trained } from './scripts/load-trained';
export { programVersion } from './scripts/program-version';
export { readConfig } from './scripts/read-config';

// Classical solutions as `solve` shows them

export { type Chart, type ChartSize, drawChart } from './outputs/chart';
export { findSolution, solutions } from './outputs/solutions/registry';
export type { Presentation, Solution } from './outputs/solutions/solution';

// Export

export type {
  ExportableLayer,
  ExportableNormaliser,
  ExportablePolicy,
} from './algorithms/policies/exportable';
export type { Decisions, ExportCheck, PolicyForward } from './outputs/export/check-export';
export { exportPolicy, type ExportResult } from './outputs/export/export-policy';
export { type ExportLabels, livePolicy, toExportable } from './outputs/export/learned-policy';
export { type PolicyFormat, policyFormats } from './outputs/export/policy-description';
