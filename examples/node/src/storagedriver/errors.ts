/** The errors of the contract. Callers act on the code and the fields; texts are for people. */

/** What stands in an error beside its code; which of them, the code says. */
export interface ErrorFields {
  readonly path?: string;
  /** A bigint beyond 2^53, where a host asks for that. */
  readonly offset?: number | bigint;
  readonly method?: string;
  readonly name?: string;
  readonly parameter?: string;
  readonly reason?: string;
  readonly host_version?: string;
  readonly driver_version?: string;
  readonly exit_status?: number | null;
  readonly signal?: number | null;
  readonly stderr?: string;
  readonly seconds?: number;
  readonly failed?: readonly (readonly [path: string, code: string])[];
  readonly limit?: number;
  readonly detail?: string;
}

export type FieldName = keyof ErrorFields;

/** The fields of every code that the contract has. */
export const FIELDS_BY_CODE = {
  PathNotFound: ['path'],
  NotADirectory: ['path'],
  IsADirectory: ['path'],
  InvalidPath: ['path'],
  NoSpace: ['path'],
  PermissionDenied: ['path'],
  Throttled: ['path'],
  ChecksumMismatch: ['path'],
  ContentChanged: ['path'],
  InvalidOffset: ['path', 'offset'],
  UnsupportedMethod: ['method'],
  InvalidStorageDriver: ['name'],
  InvalidParameters: ['name', 'parameter', 'reason'],
  IncompatibleVersion: ['host_version', 'driver_version'],
  DriverCrashed: ['exit_status', 'signal', 'stderr'],
  DriverTimeout: ['seconds', 'method'],
  OutcomeUnknown: ['method', 'path'],
  PartialFailure: ['failed'],
  Cancelled: [],
  TooManyChannels: ['limit'],
  ProtocolError: ['detail'],
  Internal: [],
} as const satisfies Readonly<Record<string, readonly FieldName[]>>;

export type Code = keyof typeof FIELDS_BY_CODE;

/** An error of the contract, as it reaches the host's caller: the same code with the same fields. */
export class StorageDriverError extends Error {
  readonly code: string;
  readonly fields: ErrorFields;
  /** Whether the same call may succeed when it is repeated. */
  readonly temporary: boolean;
  /** After a failed write, the size that is stored now; undefined where nobody knows. */
  stored: number | undefined;
  /** The name of the driver; whoever serves it fills it in. */
  driver = '';

  constructor(
    code: Code | (string & {}),
    message: string,
    fields: ErrorFields = {},
    more: { temporary?: boolean; stored?: number; cause?: unknown } = {},
  ) {
    super(message, 'cause' in more ? { cause: more.cause } : {});
    this.name = 'StorageDriverError';
    this.code = code;
    this.fields = fields;
    this.temporary = more.temporary ?? false;
    this.stored = more.stored;
  }
}

/** Whether it is an error of the contract, of this code if one is given. */
export function isError(error: unknown, code?: Code): error is StorageDriverError {
  return error instanceof StorageDriverError && (code === undefined || error.code === code);
}

/** Returns any failure as an error of the contract; what is none, such as a bug, is Internal. */
export function asDriverError(error: unknown): StorageDriverError {
  if (error instanceof StorageDriverError) return error;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new StorageDriverError('Internal', text, {}, { cause: error });
}

function aboutPath(
  code: Code,
  what: string,
): (path: string, reason?: string) => StorageDriverError {
  return (path, reason) => {
    const message = reason === undefined ? `${what}: ${path}` : `${what}: ${path}: ${reason}`;
    return new StorageDriverError(code, message, { path });
  };
}

export const pathNotFound = aboutPath('PathNotFound', 'Path not found');
export const notADirectory = aboutPath('NotADirectory', 'Not a directory');
export const isADirectory = aboutPath('IsADirectory', 'Is a directory');
export const invalidPath = aboutPath('InvalidPath', 'Invalid path');
export const noSpace = aboutPath('NoSpace', 'No space left');
export const permissionDenied = aboutPath('PermissionDenied', 'Permission denied');
export const checksumMismatch = aboutPath('ChecksumMismatch', 'Checksum mismatch');
export const contentChanged = aboutPath('ContentChanged', 'Content changed');

export function throttled(path: string, reason: string): StorageDriverError {
  const message = `Throttled: ${path}: ${reason}`;
  return new StorageDriverError('Throttled', message, { path }, { temporary: true });
}

export function invalidOffset(path: string, offset: number, stored?: number): StorageDriverError {
  const message = `Invalid offset: ${String(offset)} for path: ${path}`;
  const more = stored === undefined ? {} : { stored };
  return new StorageDriverError('InvalidOffset', message, { path, offset }, more);
}

export function unsupportedMethod(method: string, reason = ''): StorageDriverError {
  const message = `Unsupported method: ${method}${reason === '' ? '' : `: ${reason}`}`;
  return new StorageDriverError('UnsupportedMethod', message, { method });
}

/** `name` may be left empty: whoever serves the driver knows it. */
export function invalidParameters(
  parameter: string,
  reason: string,
  name = '',
): StorageDriverError {
  const message = `Invalid parameters: ${parameter} ${reason}`;
  return new StorageDriverError('InvalidParameters', message, { name, parameter, reason });
}

export function outcomeUnknown(method: string, path: string, reason: string): StorageDriverError {
  const message = `Outcome unknown: ${method} of ${path}: ${reason}`;
  return new StorageDriverError('OutcomeUnknown', message, { method, path });
}

export function partialFailure(
  failed: readonly (readonly [path: string, code: string])[],
): StorageDriverError {
  const message = `Partial failure: ${String(failed.length)} failed`;
  return new StorageDriverError('PartialFailure', message, { failed });
}

export function cancelled(): StorageDriverError {
  return new StorageDriverError('Cancelled', 'Cancelled');
}

export function tooManyChannels(limit: number): StorageDriverError {
  const message = `Too many channels: at most ${String(limit)}`;
  return new StorageDriverError('TooManyChannels', message, { limit }, { temporary: true });
}

export function incompatibleVersion(host: string, driver: string): StorageDriverError {
  const message = `Incompatible version: the host speaks ${host}, the driver ${driver}`;
  return new StorageDriverError('IncompatibleVersion', message, {
    host_version: host,
    driver_version: driver,
  });
}

export function protocolError(detail: string): StorageDriverError {
  return new StorageDriverError('ProtocolError', `Protocol error: ${detail}`, { detail });
}
