import type { Argument, Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What may follow one command, by the words that lead to it: '' is `pawl` itself. */
interface Place {
  readonly path: string;
  readonly words: readonly Word[];
  readonly options: readonly OptionWord[];
}

interface Word {
  readonly text: string;
  readonly description: string;
}

interface OptionWord extends Word {
  readonly takesValue: boolean;
  readonly values: readonly string[];
}

/** A script that completes commands, options and the values of options that have a choice. It asks nothing of the program when it is used. */
export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program);
  switch (shell) {
    case 'bash':
      return bashScript(places);
    case 'zsh':
      return zshScript(places);
    case 'fish':
      return fishScript(places);
  }
}

function placesOf(command: Command, path: readonly string[] = []): Place[] {
  const own: Place = {
    path: path.join(' '),
    words: [
      ...command.commands.map((child) => ({ text: child.name(), description: child.description() })),
      ...command.registeredArguments.flatMap((argument: Argument) =>
        (argument.argChoices ?? []).map((text) => ({ text, description: argument.description })),
      ),
    ],
    options: [...command.options.map(optionWord), { text: '--help', description: 'how to use it', takesValue: false, values: [] }],
  };
  return [own, ...command.commands.flatMap((child) => placesOf(child, [...path, child.name()]))];
}

function optionWord({ long, short, description, required, optional, argChoices = [] }: Option): OptionWord {
  return { text: long ?? short ?? '', description, takesValue: required || optional, values: argChoices };
}

// Bash and zsh walk the words before the cursor in the same way: a word that extends the path is taken into it, all else is passed over.
function bashScript(places: readonly Place[]): string {
  return `# Completion of pawl for bash: pawl completion bash >> ~/.bashrc
_pawl() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path='' word index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$path/$word" in
${walk(places)}
    esac
  done
  local words=''
  case "$path $previous" in
${valueCases(places, (values) => `words='${values}'`)}
    *)
      case "$path" in
${wordCases(places, (words) => `words='${words}'`)}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _pawl pawl`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef pawl
# Completion of pawl for zsh: pawl completion zsh > "\${fpath[1]}/_pawl"
_pawl() {
  local previous="\${words[CURRENT-1]}" path_='' word index
  local -a found
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    case "$path_/$word" in
${walk(places).replaceAll('path=', 'path_=')}
    esac
  done
  case "$path_ $previous" in
${valueCases(places, (values) => `found=(${values})`)}
    *)
      case "$path_" in
${wordCases(places, (words) => `found=(${words})`)}
      esac ;;
  esac
  if (( \${#found} )); then compadd -- $found; else _files; fi
}
if [ "$funcstack[1]" = "_pawl" ]; then _pawl "$@"; else compdef _pawl pawl; fi`;
}

function fishScript(places: readonly Place[]): string {
  const quoted = (text: string) => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
  const lines = places.flatMap(({ path, words, options }) => {
    const here = `complete -c pawl -n ${quoted(`__pawl_at '${path}'`)}`;
    return [
      ...words.map(({ text, description }) => `${here} -f -a ${quoted(text)} -d ${quoted(description)}`),
      ...options.map(({ text, description, takesValue, values }) => {
        const value = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : takesValue ? ' -r' : ' -f';
        return `${here} -l ${text.replace(/^--/, '')}${value} -d ${quoted(description)}`;
      }),
    ];
  });
  const known = places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join(' ');
  return `# Completion of pawl for fish: pawl completion fish > ~/.config/fish/completions/pawl.fish
function __pawl_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$at $word")
    contains -- "$next" ${known}; and set at "$next"
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}`;
}

function walk(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words }) =>
    words.flatMap(({ text }) => {
      const next = path === '' ? text : `${path} ${text}`;
      return places.some((place) => place.path === next) ? [`      '${path}/${text}') path='${next}' ;;`] : [];
    }),
  );
  return lines.join('\n');
}

function valueCases(places: readonly Place[], say: (values: string) => string): string {
  const lines = places.flatMap(({ path, options }) =>
    options.flatMap(({ text, takesValue, values }) => (takesValue ? [`    '${path} ${text}') ${say(values.join(' '))} ;;`] : [])),
  );
  return lines.join('\n');
}

function wordCases(places: readonly Place[], say: (words: string) => string): string {
  return places
    .map(({ path, words, options }) => `        '${path}') ${say([...words, ...options].map(({ text }) => text).join(' '))} ;;`)
    .join('\n');
}
