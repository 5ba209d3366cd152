// `rox completion` and `rox man`: what the commands are, for shells and for `man`.

import { Argument, type Command } from "commander";
import { version } from "../../harness/project.js";
import { type Define, examples } from "../command.js";
import { commandTable } from "../command-table.js";
import { completionScript, SHELLS, type Shell } from "../completion.js";
import { afterHelp, optionText } from "../help.js";
import { CLEAN } from "../io.js";
import { manPage } from "../man-page.js";

const tableOf = (program: Command) => commandTable(program, optionText);

export const defineCompletion: Define = (program, io, finish) => {
  program
    .command("completion")
    .description("Print what makes a shell complete commands, options and their values.")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addHelpText("after", examples(["source <(rox completion bash)"]))
    .action((shell: Shell) => {
      io.out(completionScript(shell, tableOf(program)));
      finish(CLEAN);
    });
};

export const defineMan: Define = (program, io, finish) => {
  program
    .command("man")
    .description("Print the man page.")
    .addHelpText("after", examples(["rox man > rox.1 && man ./rox.1"]))
    .action(() => {
      io.out(manPage(tableOf(program), version(), afterHelp()));
      finish(CLEAN);
    });
};
