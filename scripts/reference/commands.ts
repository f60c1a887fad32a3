import { declaredCommands } from '../../packages/reeve/src/cli/commands/all.ts'
import { exitCodesHelp } from '../../packages/reeve/src/cli/terminal/exit-codes.ts'

/** docs/reference/commands.md: every command with its options, from their declarations. */
export function commandsReference(): string {
  const program = declaredCommands()
  const groups = new Map<string, string[]>()
  for (const command of program.commands) {
    const group = command.helpGroup().replace(/:$/, '')
    groups.set(group, [...(groups.get(group) ?? []), ...described(command, 'reeve')])
  }
  const body = [...groups].map(([group, commands]) => `## ${group}\n\n${commands.join('\n\n')}`)
  return `${head}\n${body.join('\n\n')}\n\n## How a command ends\n\n\`\`\`\n${exitCodesHelp.trim()}\n\`\`\`\n`
}

const head = `<!-- Made from the code by \`npm run reference\`. -->

# Commands

Every command takes \`--json\`, \`--project DIR\`, \`--server URL\` where it can be done at a server, \`--verbose\` and \`--help\`.
What each answers with \`--json\`: [json.md](json.md).
`

type Command = ReturnType<typeof declaredCommands>

function described(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`
  const within = command.commands.flatMap((each) => described(each, name))
  if (within.length > 0 && command.registeredArguments.length === 0 && command.options.length === 0)
    return within
  const takes = command.registeredArguments.map((argument) => {
    const shown = argument.variadic ? `${argument.name()}...` : argument.name()
    return argument.required ? `<${shown}>` : `[${shown}]`
  })
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description, defaultValue }) => {
      const preset = defaultValue === undefined ? '' : ` (default: ${JSON.stringify(defaultValue)})`
      return `- \`${flags}\`: ${description}${preset}`
    })
  const lines = [`### \`${[name, ...takes].join(' ')}\``, '', `${sentence(command.description())}`]
  if (options.length > 0) lines.push('', ...options)
  return [lines.join('\n'), ...within]
}

function sentence(text: string): string {
  const begun = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}
