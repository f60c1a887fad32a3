import { declaredCommands } from '../../packages/reeve/src/cli/commands/all.ts'
import { answers, named } from './answers/answers.ts'
import { shapeText } from './answers/shape-text.ts'

/** Commands that answer no single object, and why. */
export const withoutAnswer: Record<string, string> = {
  dev: 'it tells what happens, a line each, with `event`',
  start: 'it tells what happens, a line each, with `event`',
  worker: 'it tells what happens, a line each, with `event`',
  watchdog: 'it passes on what the command that it watches says',
  mcp: 'it speaks MCP on standard output',
}

/** The words of every command that does something, as in `db copy`. */
export function commandWords(command = declaredCommands(), before = ''): string[] {
  return command.commands.flatMap((each) => {
    const words = `${before}${each.name()}`
    const acts = (each as unknown as { _actionHandler: unknown })._actionHandler !== null
    return [...(acts ? [words] : []), ...commandWords(each, `${words} `)]
  })
}

/** docs/reference/json.md: what every command answers with `--json`, from the shapes that a test holds their answers to. */
export function answersReference(): string {
  const things = [...named].map(([schema, name]) => `type ${name} = ${shapeText(schema, named, true)}`)
  const shapes = Object.entries(answers).map(
    ([words, schema]) => `### \`reeve ${words}\`\n\n\`\`\`text\n${shapeText(schema, named)}\n\`\`\``,
  )
  const without = Object.entries(withoutAnswer).map(([words, why]) => `- \`reeve ${words}\`: ${why}.`)
  return `${head}\n${shapes.join('\n\n')}\n\n## Commands without one answer\n\n${without.join('\n')}\n\n## The things in them\n\n\`\`\`ts\n${helpers}\n${things.join('\n')}\n\`\`\`\n`
}

const head = `<!-- Made from the code by \`npm run reference\`. -->

# What each command answers with --json

A TypeScript type for each command. Beside it stands \`schemaVersion\`, whose rules are in [the JSON that programs get](../json.md), with the
shape of an error. \`Time\` is a point in time, ISO 8601 in UTC; \`Json\` any JSON value. \`logs\` and \`memory export\` answer one such object a line.
A form of a command that answers otherwise has a heading of its own: \`costs --by\`, \`approvals ID\`. A command that is given what cannot be
done answers with an error, and its exit code is not 0.

## By command
`

const helpers = `type Time = string
type Json = unknown`
