import { Command } from 'commander'
import type { Calls } from '../calls.ts'
import { autonomyCommands } from './autonomy.ts'
import { connectCommands } from './connect.ts'
import { decideCommands } from './decide.ts'
import { keepCommands } from './keep.ts'
import { knowCommands } from './know.ts'
import { learnCommands } from './learn.ts'
import { lookCommands } from './look.ts'
import { acceptFormerNames } from './options.ts'
import { peopleCommands } from './people.ts'
import { runCommands } from './run.ts'
import { steerCommands } from './steer.ts'

/** Every command, in the order of the help. */
export function addCommands(program: Command, calls: Calls): void {
  for (const add of [
    runCommands,
    lookCommands,
    knowCommands,
    learnCommands,
    decideCommands,
    steerCommands,
    autonomyCommands,
    peopleCommands,
    connectCommands,
    keepCommands,
  ])
    add(program, calls)
  acceptFormerNames(program)
}

/** The commands as they are declared, for who only reads that. */
export function declaredCommands(): Command {
  const program = new Command('reeve')
  addCommands(program, () => async () => {})
  return program
}
