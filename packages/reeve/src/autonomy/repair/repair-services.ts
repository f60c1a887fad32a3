import { ReeveError } from '../../base/errors.ts'
import type { Questions } from '../../models/asking/questions.ts'
import type { Acting } from '../../store/authority/acting.ts'
import type { RepairRow } from '../../store/autonomy/repairs.ts'
import type { DirectiveWriting } from '../directives/versions/write-directive.ts'
import type { Script } from '../scripts/script.ts'
import type { Verdict } from './gates/judge-fix.ts'
import type { Promoting } from './promoting/promote.ts'
import type { RepairSettings } from './settings.ts'

export interface RepairServices extends Promoting {
  scripts: readonly Script[]
  questions: Questions
  settings: RepairSettings
  writing: DirectiveWriting
  now(): number
  newId(): string
}

/** What a repair came to. */
export interface RepairOutcome {
  repair: string
  status: string
  reason: string
}

/** A fix that was tried. */
export interface FixTry extends Omit<Verdict, 'rules'> {
  number: number
  hash: string
  solver: string
  why: string
  rules: string[]
}

/** @throws `unknown-script` when the project does not have it any more */
export function scriptOf(
  { scripts }: Pick<RepairServices, 'scripts'>,
  row: Pick<RepairRow, 'script'>,
): Script {
  const script = scripts.find(({ name }) => name === row.script)
  if (script) return script
  throw new ReeveError('unknown-script', `The project has no script "${row.script}" any more.`)
}

export function actingNow({ now }: Pick<RepairServices, 'now'>): Acting {
  return { by: 'reeve', proof: 'started-by-reeve', at: now() }
}
