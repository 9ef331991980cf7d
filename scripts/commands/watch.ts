import { type Command, exitCodes } from '../command';
import { parsePort, signalled } from '../open-watcher';
import { checkRun } from '../watch-folder';
import { createPolicySource } from '../watch-policy-source';
import { serveWatch } from '../watch-server';

interface Options {
  readonly run: string;
  readonly port: string | undefined;
}

export const command: Command<Options> = {
  declare: (yargs) =>
    yargs
      .positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'a run, going on or over',
      })
      .options({
        port: { type: 'string', requiresArg: true, describe: 'of the page; default a free one' },
      })
      .example('$0 watch runs/quickstart', 'its page, until Ctrl-C')
      .example(
        '$0 watch runs/quickstart --port 8080',
        'under a port that stays, to be reached through a tunnel (ssh -L 8080:localhost:8080 HOST)',
      ),

  async run({ run, port }) {
    checkRun(run);
    const server = await serveWatch({
      port: parsePort('--port', port ?? ''),
      option: '--port',
      policies: createPolicySource(),
    });
    server.follow(run);
    const ended = signalled();
    process.stdout.write(`${run}: ${server.url}\nread-only, for this machine only; until Ctrl-C\n`);
    await ended;
    await server.close();
    return exitCodes.done;
  },
};
