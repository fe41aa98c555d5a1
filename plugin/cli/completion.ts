import completeIn from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import type { CommandContext } from './context/CommandContext.ts';

/** What the script for bash calls, and only the package bash-completion has, for shells without it: the words as bash has split them. */
const WITHOUT_BASH_COMPLETION = `declare -F _get_comp_words_by_ref >/dev/null || _get_comp_words_by_ref() {
    words=("\${COMP_WORDS[@]}")
    cword=$COMP_CWORD
    cur=\${COMP_WORDS[COMP_CWORD]}
    prev=\${COMP_WORDS[COMP_CWORD - 1]}
}`;

/** `completion bash|zsh|fish|powershell` prints a script, by which the shell asks `complete -- …`; `args` are those of the program. */
export function addCompletion(
  program: Command,
  [name, shell]: readonly string[],
  output: CommandContext['output'],
): void {
  completeIn(program, { completionCommandName: 'completion' });
  // The library prints what follows on the console by itself.
  if (name === 'completion' && shell === 'bash') output.write(`${WITHOUT_BASH_COMPLETION}\n`);
}
