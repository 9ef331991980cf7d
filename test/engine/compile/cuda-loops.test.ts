import { onEmulator } from './on-emulator';

jest.mock('./compare', () => onEmulator([1, 7, 300]));

// The same cases as for device native.
require('./loops.test');
