export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/**
 * Each script asks the command for proposals for the line up to the cursor, and offers files if there are none. The
 * line is passed as one argument and never evaluated, so no typed text is executed.
 */
const scripts: Readonly<Record<Shell, string>> = {
  bash: `_cordon() {
  local IFS=$'\\n'
  COMPREPLY=($(cordon complete --shell bash --line "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
}
complete -o default -F _cordon cordon`,
  zsh: `#compdef cordon
_cordon() {
  local -a found
  found=("\${(@f)$(cordon complete --shell zsh --line "\${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( $#found )); then _describe -t cordon cordon found; else _files; fi
}
compdef _cordon cordon`,
  fish: `function __cordon_complete
  set -l found (cordon complete --shell fish --line (commandline -cp | string collect) 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c cordon -f -a '(__cordon_complete)'`,
};

export function writeScript(shell: Shell): string {
  return scripts[shell];
}
