/** Which calls a channel takes (10). */

/** `new` is a control channel before Hello; `only` that of a driver without worker channels. */
export type Role = 'new' | 'control' | 'worker' | 'only';

const CONTROL_METHODS = new Set(['OpenChannel', 'Ping', 'Shutdown']);

/** Whether a channel takes the method. An unknown one is a worker's: it is to be answered. */
export function takes(role: Role, method: string): boolean {
  switch (role) {
    case 'new':
      return method === 'Hello';
    case 'control':
      return CONTROL_METHODS.has(method);
    case 'worker':
      return method !== 'Hello' && !CONTROL_METHODS.has(method);
    case 'only':
      return method === 'Ping' || method === 'Shutdown' || takes('worker', method);
  }
}
