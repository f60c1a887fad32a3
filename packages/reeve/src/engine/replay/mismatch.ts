import type { CallKind } from '../../store/journal/events.ts'
import type { Workflow } from '../workflow.ts'
import type { RecordedCall } from './history.ts'

/** Says, so that a person can act on it, where a workflow's code and a run's journal part ways. */
export function describeMismatch(
  workflow: Workflow,
  recorded: RecordedCall,
  made: { step: number; kind: CallKind; name: string; args: string | null } | undefined,
): string {
  const lines = [
    `The code of workflow "${workflow.name}" (version ${workflow.version}) no longer fits this run's journal at call ${recorded.step}:`,
    `  - journal: ${show(recorded)}`,
    made ? `  + code:    ${show(made)}` : '  + code:    does not make this call at this point',
  ]
  if (made && made.kind === recorded.kind && made.name === recorded.name) {
    lines.push(
      '  The call is the same but its arguments differ: something it depends on is not deterministic, or was changed.',
    )
  }
  lines.push(
    'Mark the change with ctx.patched, give the workflow a new version and keep the old file, or fork the run from an earlier call.',
  )
  return lines.join('\n')
}

function show(call: { kind: CallKind; name: string | null; args: string | null }): string {
  return `${call.kind} "${call.name ?? ''}"${call.args ? ` (arguments ${call.args.slice(0, 8)})` : ''}`
}
