import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { type Asking, askFor, type Doer, isAsking, type PatternContext, perform } from './parts/doer.ts'
import { note } from './parts/note.ts'

/** For `route`. */
export interface RouteOptions<Input extends Json, Output> {
  /** What is routed; whoever is chosen gets it. */
  input: Input
  /** Who handles what, by label. */
  cases: Record<string, { when: string; run: Doer<Input, Output> }>
  /** Who chooses: a route of solvers, or anyone who answers with a label. */
  by: Asking | Doer<Input, string>
  /** The label for what `by` gives a label that there is none of. Default: such a label is an error. */
  otherwise?: string
}

/** Whom `route` chose, and what they gave. */
export interface Routed<Output> {
  choice: string
  output: Output
}

/**
 * The router: one question decides who handles an input, and only that one does.
 * @throws `unknown-case`
 * @example
 * const { choice, output } = await route(ctx, 'who answers', {
 *   input: ticket,
 *   by: { route: 'triage' },
 *   cases: {
 *     billing: { when: 'it is about money', run: () => ctx.agent(writer, ticket.body) },
 *     other: { when: 'it is about anything else', run: () => 'a person looks at it' },
 *   },
 *   otherwise: 'other',
 * })
 */
export async function route<Input extends Json, Output>(
  ctx: PatternContext,
  name: string,
  options: RouteOptions<Input, Output>,
): Promise<Routed<Output>> {
  const { input, cases, by, otherwise } = options
  const labels = Object.keys(cases)
  if (labels.length === 0 || (otherwise !== undefined && !Object.hasOwn(cases, otherwise)))
    throw unknownCase(name, otherwise, labels)
  const wanted = isAsking(by) ? await choose(ctx, name, by, options) : await perform(ctx, by, input)
  const choice = Object.hasOwn(cases, wanted) ? wanted : otherwise
  const message = `route "${name}" chose ${choice ?? 'nothing'}`
  note(ctx, 'route-chosen', { message, name, wanted, choice: choice ?? null })
  if (choice === undefined) throw unknownCase(name, wanted, labels)
  return { choice, output: await perform(ctx, cases[choice]!.run, input) }
}

async function choose<Input extends Json, Output>(
  ctx: PatternContext,
  name: string,
  asking: Asking,
  { input, cases }: RouteOptions<Input, Output>,
): Promise<string> {
  const [first, ...others] = Object.keys(cases)
  const { choice } = await askFor(ctx, asking, {
    name,
    schema: z.object({ choice: z.enum([first!, ...others]) }),
    from: input,
    instructions: `Choose who handles the input:\n${Object.entries(cases)
      .map(([label, { when }]) => `- ${label}: ${when}`)
      .join('\n')}`,
  })
  return choice
}

function unknownCase(name: string, wanted: string | undefined, labels: string[]): ReeveError {
  return new ReeveError(
    'unknown-case',
    `Route "${name}" has no case "${wanted}"; it has: ${labels.join(', ') || 'none'}. Add the case, or name one of these as \`otherwise\`.`,
  )
}
