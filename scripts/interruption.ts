import { exitCodes } from './command';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Ctrl-C while something runs that has to end in good order. */
export interface Interruption {
  /** Whether it was asked for. */
  requested(): boolean;
  /** Back to what signals do by default. */
  release(): void;
}

/**
 * The first signal asks to stop and is announced; one after that exits at once. Signals that piled up
 * while the thread was busy count as one: nobody had seen the announcement.
 */
export function listenForInterruption(announce: () => void): Interruption {
  let requested = false;
  let announced = false;
  const onSignal = (): void => {
    if (announced) process.exit(exitCodes.interrupted);
    if (requested) return;
    requested = true;
    announce();
    setImmediate(() => {
      announced = true;
    });
  };
  signals.forEach((signal) => process.on(signal, onSignal));
  return {
    requested: () => requested,
    release: () => signals.forEach((signal) => process.off(signal, onSignal)),
  };
}
