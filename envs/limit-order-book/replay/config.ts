import { z } from 'zod';

/** A time of day. */
const clock = z.iso.time();

/** Recorded days in place of a simulated flow. */
export const replaySchema = z.strictObject({
  kind: z
    .literal('replay')
    .describe(
      'Recorded days, LOBSTER’s message and orderbook files: the same book and orders of the agent. A replay does not react to the agent: its trades move nobody, what it takes is back with the next recorded event near the quotes, and its limit orders hold up nobody else’s.',
    )
    .meta({ unit: '' }),
  files: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'Files of the days, or folders of them, also gzipped, relative to this config; a pair a day, AAPL_2012-06-21_34200000_57600000_message_10.csv and …_orderbook_10.csv.',
    )
    .meta({ unit: '' }),
  split: z
    .strictObject({
      trainUntil: z.iso
        .date()
        .nullable()
        .default(null)
        .describe('Last day of training; null: the first four fifths of the days.')
        .meta({ unit: 'YYYY-MM-DD' }),
      validateUntil: z.iso
        .date()
        .nullable()
        .default(null)
        .describe(
          'Last of the days after those, on which the best checkpoint is chosen, and before those of the test; null: it is chosen on the days of the test.',
        )
        .meta({ unit: 'YYYY-MM-DD' }),
    })
    .nullable()
    .prefault({})
    .describe(
      'Which days are for training and which for the test, by the date in their names; null: every day for both.',
    )
    .meta({ unit: '' }),
  tick: z
    .number()
    .positive()
    .default(0.01)
    .describe('Spacing of prices, a multiple of 0.0001.')
    .meta({ unit: 'quote currency' }),
  session: z
    .strictObject({
      from: clock
        .nullable()
        .default(null)
        .describe('Begin; null: of the day’s file.')
        .meta({ unit: 'HH:MM' }),
      to: clock
        .nullable()
        .default(null)
        .describe('End; null: of the day’s file.')
        .meta({ unit: 'HH:MM' }),
    })
    .prefault({})
    .describe('The part of a day that episodes are taken from.')
    .meta({ unit: '' }),
  every: z
    .number()
    .positive()
    .default(0.5)
    .describe('An episode begins at a random multiple of this time after the session does.')
    .meta({ unit: 'minutes' }),
  typicalSize: z
    .number()
    .positive()
    .default(100)
    .describe('Size of a usual order, by which observed sizes are scaled.')
    .meta({ unit: 'shares' }),
});

export type ReplayConfig = z.output<typeof replaySchema>;

/** @param time HH:MM or HH:MM:SS; @returns seconds after midnight */
export function secondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
