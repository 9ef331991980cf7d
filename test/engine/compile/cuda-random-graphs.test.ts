import { onEmulator } from './on-emulator';
// The same cases as for device native.
import './random-graphs.test';

jest.mock('./compare', () => onEmulator([7, 70]));
