#!/usr/bin/env node
import { runCommandLine } from './command-line';

// A reader that closed the pipe (`… | head`) wants no more output.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void runCommandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
