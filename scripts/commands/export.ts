import { InputError } from '../../engine/input-error';
import { loadCheckpoint, writePolicyCheckpoint } from '../../outputs/checkpoint';
import { exportPolicy } from '../../outputs/export/export-policy';
import { livePolicy, toExportable } from '../../outputs/export/learned-policy';
import { type PolicyFormat, policyFormats } from '../../outputs/export/policy-description';
import { chooseDevice } from '../check-options';
import { type Command, deviceOptions, exitCodes } from '../command';
import { refuseList } from '../list-folder';
import { loadTrained } from '../load-trained';
import { programVersion } from '../program-version';
import { makeFolder } from '../run-folder';
import { startDeviceWith } from '../start-device';

/** A checkpoint without what only training needs. */
const policyAlone = 'checkpoint';
const formats: readonly string[] = [...policyFormats, policyAlone];

interface Options {
  readonly checkpoint: string;
  readonly format: string;
  readonly out: string;
  readonly last: boolean;
  readonly player: string | undefined;
  readonly time: boolean;
  readonly device: string | undefined;
  readonly threads: number | undefined;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .positional('checkpoint', {
        type: 'string',
        demandOption: true,
        describe: 'a run (its best checkpoint) or a checkpoint folder',
      })
      .options({
        format: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: formats.join(', '),
        },
        out: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'the folder to write, made if missing',
        },
        last: {
          type: 'boolean',
          default: false,
          describe: "a run's last checkpoint in place of its best",
        },
        player: {
          type: 'string',
          requiresArg: true,
          describe: 'after self-play: whose policy; default the first player',
        },
        time: {
          type: 'boolean',
          default: false,
          describe: 'how long one decision takes, at batch 1',
        },
        ...deviceOptions,
      })
      .example('$0 export runs/quickstart --format onnx --out policy', 'for onnxruntime')
      .example('$0 export runs/quickstart --format tfjs --out policy', 'for TensorFlow.js')
      .example('$0 export runs/quickstart --format javascript --out policy', 'no dependency')
      .example('$0 export runs/quickstart --format c --out policy --time', 'one .c and one .h file')
      .example(
        '$0 export runs/quickstart --format checkpoint --out checkpoints/quickstart',
        'for evaluate and export, without what only training needs',
      ),

  async run({ checkpoint, format, out, last, player, time, device, threads }) {
    if (!formats.includes(format)) {
      throw new InputError(`--format ${format}: expected one of ${formats.join(', ')}`);
    }
    refuseList(checkpoint);
    if (format === policyAlone) {
      const loaded = loadCheckpoint(checkpoint, last ? { which: 'last' } : {});
      makeFolder(out);
      const files = writePolicyCheckpoint(out, loaded, programVersion());
      process.stdout.write(`${files.join('\n')}\n`);
      return exitCodes.done;
    }
    makeFolder(out);
    const trained = await loadTrained(checkpoint, {
      ...(last ? { which: 'last' } : {}),
      ...(player === undefined ? {} : { player }),
      start(config) {
        const chosen = chooseDevice({ device, threads }, config);
        return startDeviceWith(chosen.device, chosen.threads, (line) =>
          process.stderr.write(`${line}\n`),
        );
      },
    });
    try {
      if (trained.residual) {
        throw new InputError(
          `${checkpoint}: it corrects ${trained.residual.name}, which an export does not hold; expected a policy with policy.residual: null`,
        );
      }
      const { files, check, latency } = await exportPolicy(
        await toExportable(trained.learner, trained.learned, {
          name: trained.config.name,
          environment: trained.opened.choice,
          config: trained.config,
        }),
        format as PolicyFormat,
        out,
        livePolicy(trained.learner, trained.learned),
        { programVersion: programVersion(), time },
      );
      const verdict =
        check.kind === 'agrees'
          ? `agrees with the trained policy on ${check.rows} observations: greatest error ${check.maxError.toPrecision(2)}`
          : `unchecked: ${check.reason}`;
      const timing = latency
        ? [
            `one decision: median ${microseconds(latency.median)}, 99 % below ${microseconds(latency.high)} (batch 1, ${latency.decisions} decisions)`,
          ]
        : [];
      process.stdout.write(`${[...files, verdict, ...timing].join('\n')}\n`);
    } finally {
      trained.dispose();
    }
    return exitCodes.done;
  },
};

const microseconds = (time: number): string => `${time.toPrecision(3)} µs`;
