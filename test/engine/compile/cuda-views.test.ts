import { onEmulator } from './on-emulator';
// The same cases as for device native.
import './views.test';

jest.mock('./compare', () => onEmulator([1, 7, 300]));
