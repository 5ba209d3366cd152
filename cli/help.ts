// What help says of options, with units, and below all of them.

import type { Option } from "commander";
import { limitLines } from "../harness/limits.js";
import { duration } from "./values.js";

/** The description, the choices and the default, a time with its unit. */
export function optionText(option: Option): string {
  const { description, argChoices, defaultValue, parseArg } = option;
  const said = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(", ")}`]),
    ...(defaultValue === undefined || defaultValue === false || option.negate
      ? []
      : [`default: ${parseArg === duration ? timeText(Number(defaultValue)) : String(defaultValue)}`]),
  ];
  return said.length === 0 ? description : `${description} (${said.join("; ")})`;
}

/** As `duration` reads it. */
const timeText = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);

export const afterHelp = (): string => `\nLimits of what is read:\n${limitLines().join("\n")}\n${EXIT_CODES}`;

const EXIT_CODES = `
Exit codes:
  0  clean
  1  a counterexample was found, or too much could not be compared
  2  bad input or usage, or nothing was checked
  130  interrupted`;
