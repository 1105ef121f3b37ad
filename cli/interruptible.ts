import { exitCodes } from './exit-codes';
import { sayAside } from './look/output';

/** Waits for an outcome that comes without this command too: Ctrl-C says so, and ends only the waiting. */
export async function interruptible<T>(explain: () => string, wait: () => Promise<T>): Promise<T> {
  const stop = () => {
    sayAside(`cordon: stopped waiting. ${explain()}`);
    process.exit(exitCodes.interrupted);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await wait();
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
