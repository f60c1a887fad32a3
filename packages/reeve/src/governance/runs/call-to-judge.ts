import type { Json } from '../../base/json/json.ts'
import type { RecordedRuling } from '../../store/journal/events.ts'
import type { GovernedTool } from '../tools/governed-tool.ts'
import type { Actor } from './chain.ts'

/** What an agent was given to do. */
export interface Task {
  input: Json
  /** The number of the first call after it was given. */
  step: number
}

/** A call that is to be judged. */
export interface CallToJudge {
  /** With the effect class of this call. */
  tool: GovernedTool
  /** The arguments as the caller gave them, before the tool's schema. */
  given: Json
  /** The connector's account that it would act with. */
  account?: string | undefined
  /** Hash of the tool's definition. */
  definition: string
  /** The agents that act, the outermost first; none: the workflow's own code. */
  agents: readonly (Actor & { instructions: string })[]
  /** That of the outermost agent. */
  task: Task | undefined
  plan: readonly string[] | undefined
  /** The tool wants a person to be asked for these arguments. */
  asksItself: boolean
  /** A person approved these arguments in the place of others: what is denied is put back to them. */
  isEdited?: boolean
  /** What a person said yes to, when these exact arguments were approved. */
  approved: RecordedRuling | undefined
}
