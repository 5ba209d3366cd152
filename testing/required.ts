// Checks against tools that may not be installed (LLVM, Capstone's command line, a kernel). A check that cannot run says
// so by name, and where ROX_REQUIRE names it, as in CI, it fails instead: nothing that was not checked passes silently.

const told = new Set<string>();

/**
 * Whether the thing called `name` can be used.
 *
 * @param missing undefined if it can be used, else one sentence why not.
 * @throws Error if it cannot and the environment variable ROX_REQUIRE, a list separated by commas, has the name.
 */
export function available(name: string, missing: () => string | undefined): boolean {
  const why = missing();
  if (why === undefined) return true;
  const required = (process.env.ROX_REQUIRE ?? "").split(",").map((part) => part.trim());
  if (required.includes(name)) throw new Error(`${name} is required by ROX_REQUIRE but cannot be used: ${why}`);
  if (!told.has(name)) console.warn(`not run: ${name}: ${why}`);
  told.add(name);
  return false;
}
