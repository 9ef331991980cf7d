import { onEmulator } from './on-emulator';

jest.mock('./compare', () => onEmulator([7, 70]));

// The same cases as for device native.
require('./random-graphs.test');
