import { type Command, Option } from 'commander'

/** Options that several commands have. */

export const why = () => new Option('--why <text>', 'the reason; recorded in the audit log')
export const work = () =>
  new Option('--work', "continue the run here if no worker runs: this runs the project's code")
export const limit = (count: string) => new Option('--limit <n>', 'the most to list').default(count)

/** Former names of options: they still work, and no help lists them. */
const formerNames: Readonly<Record<string, string>> = { note: 'why', most: 'limit' }

/** Gives each command the former names of the options that it declares. */
export function acceptFormerNames(command: Command): void {
  for (const [former, name] of Object.entries(formerNames)) {
    const option = command.options.find((each) => each.attributeName() === name)
    if (option === undefined) continue
    command
      .addOption(new Option(`--${former} <value>`).hideHelp())
      .on(`option:${former}`, (value: string) => command.setOptionValueWithSource(name, value, 'cli'))
  }
  for (const each of command.commands) acceptFormerNames(each)
}
