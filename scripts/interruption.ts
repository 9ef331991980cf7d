import { exitCodes } from './command';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Ctrl-C while something runs that has to end in good order. */
export interface Interruption {
  /** Whether it was asked for. */
  requested(): boolean;
  /** Back to what signals do by default. */
  release(): void;
}

/** The first signal asks to stop and is announced; the second one exits at once. */
export function listenForInterruption(announce: () => void): Interruption {
  let requested = false;
  const onSignal = (): void => {
    if (requested) process.exit(exitCodes.interrupted);
    requested = true;
    announce();
  };
  signals.forEach((signal) => process.on(signal, onSignal));
  return {
    requested: () => requested,
    release: () => signals.forEach((signal) => process.off(signal, onSignal)),
  };
}
