import { z } from 'zod'
import { longestNote } from '../../../engine/deciding/decide.ts'
import { write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { aRun, json } from '../parts.ts'
import { runView } from '../shapes.ts'
import { tellRun } from './runs.ts'

const which = {
  call: z.number().int().min(1).describe('The number of the call'),
  reason: z.string().min(1).max(longestNote).describe('Why; the journal and the log of authority keep it'),
}

const override = write({
  method: 'POST',
  path: '/api/runs/:run/override',
  role: 'operator',
  summary: 'Override what a call of a run comes to, in the place of what it waits for',
  description:
    'A call that waits or is tried again, or a step that hangs. It is put into the inbox of the run, whose journal tells what became of it (`call-overridden`, `override-refused`). An effect of which nobody knows whether it happened is answered as an approval.',
  params: aRun,
  body: z.discriminatedUnion('how', [
    z.strictObject({ ...which, how: z.literal('result'), result: json.describe('What it gives') }),
    z.strictObject({ ...which, how: z.literal('error'), error: z.string().min(1).max(1000) }),
    z.strictObject({ ...which, how: z.literal('skip-wait') }),
  ]),
  answer: runView,
  subjectOf: ({ params }) => params.run,
  async act({ service, control, params, body: { call, ...given }, caller }) {
    await control.override(params.run, call, given, actingOf(service, caller))
    return { subject: params.run }
  },
  tell: ({ service }, run) => tellRun(service, run),
})

export const runOverride = { override }
