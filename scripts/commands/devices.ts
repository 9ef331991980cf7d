import { describeDevices } from '../../engine/device';
import { type Command, exitCodes } from '../command';
import { alignColumns } from '../align-columns';

interface Options {
  readonly json: boolean;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .option('json', { type: 'boolean', default: false, describe: 'print JSON' })
      .example('$0 devices', 'what there is here, best first'),

  async run({ json }) {
    const devices = await describeDevices();
    if (json) {
      process.stdout.write(`${JSON.stringify(devices, null, 2)}\n`);
      return exitCodes.done;
    }
    const rows = devices.map((device) =>
      device.available
        ? [device.name, device.version, device.description]
        : [device.name, 'missing', device.reason],
    );
    process.stdout.write(`${alignColumns(rows)}\n`);
    return exitCodes.done;
  },
};
