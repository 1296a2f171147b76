/** serve: all that the `main` of a driver needs. */
import { basename } from 'node:path';
import type { DriverFactory, Feature } from './driver.js';
import { Control, toldFeatures, type Settings } from './serving/control.js';
import { removeSocketsOf } from './serving/leftovers.js';
import { Lifeline, parseObject, readFirstLine } from './serving/lifeline.js';
import { VERSION } from './wire/version.js';

const ENDPOINT_VARIABLE = 'STORAGEDRIVER_ENDPOINT';
const EXIT_USAGE = 64;

/** Exiting right after a send would lose what was sent; the host lets go when it has it. */
const LAST_ANSWER_MILLISECONDS = 5000;

export interface DriverProgram {
  /** As in registry-storage-NAME. */
  readonly name: string;
  /** Those that `--version` tells. */
  readonly features: readonly Feature[];
  readonly create: DriverFactory;
}

/**
 * Runs this process as a driver, and ends it when the host has.
 *
 * To be called once, and by nothing but a program's main module: it takes over standard input, and
 * exits the process when the host is gone, in the middle of any call.
 */
export function serve(program: DriverProgram): void {
  const { name, features, create } = program;
  const [argument, ...rest] = process.argv.slice(2);
  if (argument === '--version' && rest.length === 0) {
    const told = toldFeatures(features);
    console.log(
      JSON.stringify({ name, version: VERSION, features: told, transports: ['ipc', 'tcp'] }),
    );
    return;
  }
  const endpoint = process.env[ENDPOINT_VARIABLE] ?? '';
  if (endpoint === '' || argument === undefined || rest.length > 0) explain(name);
  // Children of the driver, if it has any, are not to speak to the host.
  Reflect.deleteProperty(process.env, ENDPOINT_VARIABLE);
  const first = begin(argument);
  const lifeline = new Lifeline(endpoint);
  const leave = async (): Promise<void> => {
    lifeline.release();
    await lifeline.ended(LAST_ANSWER_MILLISECONDS);
    process.exit(0);
  };
  const settings: Settings = {
    factory: create,
    name,
    parameters: first.parameters,
    token: first.token,
    endpoint,
    onEnding: () => {
      lifeline.release();
    },
    onEnd: () => void leave(),
    onLost: () => {
      removeSocketsOf(endpoint);
      process.exit(0);
    },
  };
  void lifeline.watching.then(() => new Control(settings).run());
}

interface Begun {
  readonly token: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

function begin(argument: string): Begun {
  try {
    const { token, parameters } = readFirstLine();
    return { token, parameters: parameters ?? parseObject(argument, 'the first argument') };
  } catch (error) {
    console.error(`${programName()}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(EXIT_USAGE);
  }
}

function explain(name: string): never {
  console.error(
    `${programName()} is the storage driver "${name}"; a host program starts it and talks to it.\n` +
      `To use it from a terminal: storagedriver check ${name}, or storagedriver --help.`,
  );
  process.exit(EXIT_USAGE);
}

function programName(): string {
  return basename(process.argv[1] ?? 'driver');
}
