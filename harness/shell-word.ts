// File names in commands that people copy into a shell.

/** The name, quoted where a shell would see more than a name in it. */
export const shellWord = (name: string): string =>
  /^[\w./@+-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
