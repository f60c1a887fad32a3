import { Option } from 'commander'

/** Options that several commands have. */

export const note = () => new Option('--note <text>', 'why; kept with the decision')
export const work = () =>
  new Option('--work', "go on with the run here if no worker runs: runs the project's code")
export const limit = (count: string) => new Option('--limit <n>', 'the most to list').default(count)
