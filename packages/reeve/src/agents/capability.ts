import type { StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import type { Json } from '../base/json/json.ts'
import type { Validation } from '../base/schema/schema.ts'
import type { CallSite } from '../engine/call-site.ts'
import { checkOnce } from '../engine/replay/parsed-values.ts'
import type { Passage } from '../models/solver.ts'
import { changesNothing } from '../store/journal/vocabulary/effect-class.ts'
import { asJson } from '../tools/arguments/arguments.ts'
import { callAndReport } from '../tools/call.ts'
import type { Caller } from '../tools/judged-call.ts'
import type { AnyAgent } from './agent.ts'
import { recallTool } from './offers.ts'

/** What an agent can do under one name: a tool, an agent of its team, or a search of its memory. */
export interface Capability {
  input: StandardSchemaV1
  /** Whether these arguments fit. */
  check(args: unknown): Validation<unknown>
  /** Whether a call with these arguments changes something outside: then doing it twice is worse than not at all. */
  acts: (args: unknown) => boolean
  /** Takes the value out of the object that it travelled in. */
  unwrap?: (args: unknown) => unknown
  /** `onChanged` hears, before it is run, what a person put in the place of what the model wanted. */
  run(args: unknown, onChanged: (changed: Changed) => void): Promise<unknown>
}

/** A person's edit of a call: what is run. */
export interface Changed {
  args: Json
  by: string | null
  note: string | null
}

/** What capabilities need of the loop that offers them. */
export interface CapabilityServices {
  site: CallSite
  /** The agent that these are for, those above it, and by what their calls are judged. */
  caller: Caller
  recall(name: string, options: { query: string; in: string }): Promise<Passage[]>
  /** Runs an agent of the team within what the loop has left. */
  runMember(member: AnyAgent, input: unknown): Promise<unknown>
}

export function capabilitiesOf(agent: AnyAgent, services: CapabilityServices): Map<string, Capability> {
  const capabilities = new Map<string, Capability>()
  for (const tool of agent.tools) {
    if (!agent.mayUse(tool.name)) continue
    capabilities.set(tool.name, {
      ...checking(services, tool.name, tool.input),
      acts: (args) => !changesNothing(tool.effectOf(args)),
      run: async (args, onChanged) => {
        const { site, caller } = services
        const report = await callAndReport(site, tool, args, caller, ({ given, approved }) => {
          if (approved?.edited) onChanged({ args: asJson(given), by: approved.by, note: approved.note })
        })
        return report.result
      },
    })
  }
  for (const member of agent.team) capabilities.set(member.name, teamCapability(member, services))
  if (agent.memory.length > 0) capabilities.set(recallTool, recallCapability(agent, services))
  return capabilities
}

function checking(
  { site }: CapabilityServices,
  name: string,
  input: StandardSchemaV1,
): Pick<Capability, 'input' | 'check'> {
  const what = `The arguments of "${name}"`
  return { input, check: (args) => checkOnce(site, input, args, what, { fitOnly: true }) }
}

/** Asking a colleague twice may be wise; asking for the same thing again is caught as a repetition. */
function teamCapability(member: AnyAgent, services: CapabilityServices): Capability {
  return {
    ...checking(services, member.name, member.input),
    acts: () => false,
    ...(member.wrapsInput ? { unwrap: (args: unknown) => (args as { input?: unknown } | null)?.input } : {}),
    run: (input) => services.runMember(member, input),
  }
}

function recallCapability(agent: AnyAgent, services: CapabilityServices): Capability {
  const [first, ...others] = agent.memory
  return {
    ...checking(
      services,
      recallTool,
      z.object({ query: z.string().min(1), scope: z.enum([first!, ...others]) }),
    ),
    acts: () => false,
    run: async (args) => {
      const { query, scope } = args as { query: string; scope: string }
      const passages = await services.recall(`${agent.name} recalls`, { query, in: scope })
      return passages.map(({ id, source, title, text }) => ({ id, source, title, text }))
    },
  }
}
