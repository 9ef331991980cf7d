import { existsSync } from 'node:fs';

import { type Browser, chromium } from 'playwright-core';

const places = [
  process.env['MAKERTAKER_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where Chromium is installed; undefined: nowhere, and tests of pages are left out. */
export const chromiumPath = places.find((path) => path !== '' && existsSync(path));

/** Without a window. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath!,
    // Containers often have neither user namespaces nor a GPU.
    args: ['--no-sandbox', '--disable-gpu'],
  });
