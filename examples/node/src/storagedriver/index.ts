/** storagedriver: write a storage driver, in a process of its own, for hosts in any language. */
export type * from './driver.js';
export * from './errors.js';
export { DigestCheck } from './digest.js';
export { checkKnown } from './parameters.js';
export { serve, type DriverProgram } from './serve.js';
export { later, now, timeFromNanoseconds } from './times.js';
