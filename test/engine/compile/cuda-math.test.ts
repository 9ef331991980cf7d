import { onEmulator } from './on-emulator';
// The same cases as for device native.
import './math.test';

jest.mock('./compare', () => onEmulator([1, 7, 300]));
