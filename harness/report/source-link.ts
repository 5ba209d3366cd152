// Where the file of a case can be looked at from the page.

import path from "node:path";
import { projectRoot } from "../project.js";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Entries of the project's corpus, in a job of a GitHub action, lie in its repository at the commit; whatever else was
 * written lies where the page does, and is named from there.
 * @param directory of the page
 */
export function sourceLink(file: string, directory: string, env: Environment = process.env): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_SHA: commit } = env;
  const inProject = path.relative(projectRoot(), path.resolve(file));
  const isTracked = inProject.startsWith(`corpus${path.sep}`);
  if (isTracked && server !== undefined && repository !== undefined && commit !== undefined) {
    return `${server}/${repository}/blob/${commit}/${urlPath(inProject)}`;
  }
  return `./${urlPath(path.relative(path.resolve(directory), path.resolve(file)))}`;
}

const urlPath = (file: string): string => file.split(path.sep).map(encodeURIComponent).join("/");
