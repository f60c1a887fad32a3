import { z } from 'zod'
import { directiveDiff, directiveHistory } from '../../../autonomy/directives/versions/directive-history.ts'
import { writeDirective } from '../../../autonomy/directives/versions/write-directive.ts'
import { read, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { json, name, numberIn, time } from '../parts.ts'

const params = z.strictObject({ directive: name })
const number = numberIn(1, Number.MAX_SAFE_INTEGER)

/** Lines of a comparison of two texts. */
const hunks = z
  .array(z.array(z.object({ kind: z.enum(['same', 'removed', 'added']), text: z.string() })))
  .describe('The places that differ, each with the lines around it')

export const versions = read({
  path: '/api/directives/:directive/versions',
  role: 'viewer',
  summary: 'List the versions of a directive, the newest first, with who made each and why',
  description: 'The newest 200 are kept.',
  params,
  query: z.strictObject({
    limit: numberIn(1, 200).default(50),
    before: number.optional().describe('From `next` of the page before'),
  }),
  answer: z.object({
    items: z.array(
      z.object({
        version: z.number(),
        hash: z.string().describe('Of the file'),
        author: z.enum(['file', 'person', 'repair', 'lesson']).describe('`file`: whoever saved it'),
        by: z.string().nullable().describe('The principal'),
        reason: z.string().nullable(),
        evidence: json,
        at: time,
      }),
    ),
    next: z.number().nullable(),
  }),
  async tell({ service: { database }, params: { directive }, query }) {
    const page = await directiveHistory(database, directive, query)
    return { items: page.versions, next: page.next }
  },
})

export const diff = read({
  path: '/api/directives/:directive/diff',
  role: 'viewer',
  summary: 'Compare two versions of a directive',
  params,
  query: z.strictObject({
    from: number.optional().describe('Default: the version before the later one'),
    to: number.optional().describe('Default: the newest'),
  }),
  answer: z.object({ from: z.number(), to: z.number(), hunks }),
  tell: ({ service: { database }, params: { directive }, query }) =>
    directiveDiff(database, directive, query),
})

export const note = write({
  method: 'POST',
  path: '/api/directives/:directive/failure-modes',
  role: 'operator',
  summary: 'Add a line to the known failure modes of a directive, in its file',
  params,
  body: z.strictObject({
    mode: z.string().min(1).max(500).describe('One line of plain words'),
    why: z.string().max(1000).optional(),
  }),
  answer: z.object({
    version: z.number().nullable().describe('Null: the line stood there already'),
    hash: z.string(),
  }),
  async act({ service, database, caller, params: { directive }, body: { mode, why }, newSubject }) {
    const key = newSubject()
    const made = await writeDirective(
      { ...service.internals.directiveWriting, database },
      {
        directive,
        edit: { kind: 'add-failure-mode', mode },
        author: 'person',
        acting: actingOf(service, caller, why),
        reason: why ?? `${caller.principal} noted a known failure mode`,
        evidence: null,
        key,
      },
    )
    return { subject: directive, made }
  },
  async tell({ service: { database, project } }, directive, made) {
    if (made) return made
    const [newest] = (await directiveHistory(database, directive, { limit: 1 })).versions
    const hash = project.directives.find(({ name: each }) => each === directive)?.hash
    return { version: newest?.version ?? null, hash: newest?.hash ?? hash ?? '' }
  },
})
