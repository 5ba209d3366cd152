// Loops that run for long on one thread let the event loop take its turn, or else no signal would ever reach them.

const EVERY_MS = 50;

/** A function to await in every round: most of the time it returns at once. */
export function breather(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < EVERY_MS) return undefined;
    last = now;
    return new Promise((resolve) => setImmediate(resolve));
  };
}
