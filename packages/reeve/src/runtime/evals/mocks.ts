import { messageOf, ReeveError } from '../../base/errors.ts'
import { type Effect, NotApplied } from '../../engine/calls/effect/definition.ts'
import type { Substitutes } from '../../engine/substitutes.ts'
import type { Mocks } from '../../evals/evaluation.ts'

/** The step in which the author's own function runs. */
export const taskStep = 'reeve eval task'

/** What stands in for the outside in an evaluation: what its author gave, and else nothing is sent, read or run. */
export function substitutesFor({ tools = {}, live = [], steps }: Mocks): Substitutes {
  return {
    effect(definition) {
      if (live.includes(definition.name)) return definition
      // Nothing is sent, so that nothing need be paced, asked about or kept from a second time.
      const { rate: _rate, verify: _verify, oncePer: _oncePer, gate: _gate, ...rest } = definition
      return { ...rest, retry: { attempts: 1 }, run: (args) => mocked(definition, tools, args) }
    },
    step<Body>(name: string, body: Body): Body {
      if (name === taskStep || steps === 'run') return body
      const mock = steps && Object.hasOwn(steps, name) ? steps[name] : undefined
      return (mock ? () => mock() : () => refuse(name)) as Body
    },
  }
}

function refuse(step: string): never {
  throw new ReeveError(
    'eval-closed',
    `Step "${step}" is not run in this eval. Give mocks.steps what it gives, or 'run' to run all steps.`,
  )
}

async function mocked({ name }: Effect, tools: NonNullable<Mocks['tools']>, args: unknown): Promise<unknown> {
  const mock = Object.hasOwn(tools, name) ? tools[name] : undefined
  if (!mock)
    throw new NotApplied(
      `Tool "${name}" has no stand-in in this eval. Give mocks.tools what it gives, or name it in mocks.live to let it act.`,
    )
  try {
    return await mock(args as never)
  } catch (cause) {
    throw new NotApplied(messageOf(cause), { cause })
  }
}
