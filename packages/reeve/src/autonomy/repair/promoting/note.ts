import { messageOf } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { isoText } from '../../../base/time/time.ts'
import type { Acting } from '../../../store/authority/acting.ts'
import { jsonOf, noteOnRepair, type RepairRow } from '../../../store/autonomy/repairs.ts'
import { type DirectiveWriting, writeDirective } from '../../directives/versions/write-directive.ts'
import { type Promoting, requireRepair } from './promote.ts'

/** A line that a repair wrote into a directive, or why it could not. */
export interface RepairNote {
  directive: string
  mode: string
  problem?: string
}

/**
 * Says under the Known Failure Modes of every directive that calls the script what happened, with the evidence. The words are the
 * runtime's own: daemons read them as the operator's, and nothing that a program said may stand among them.
 */
export async function noteInDirectives(
  services: Promoting & { writing: DirectiveWriting },
  id: string,
  acting: Acting,
): Promise<void> {
  const row = await requireRepair(services.database, id)
  const mode = `${plain(row.file)} failed (${what(row)}); repaired on ${isoText(acting.at).slice(0, 10)} by ${plain(id)}`
  await write(services, row, acting, { kind: 'add-failure-mode', mode }, 'note')
}

/** The same when the fix is taken back: the line of before goes. */
export async function noteRollback(
  services: Promoting & { writing: DirectiveWriting },
  id: string,
  acting: Acting,
): Promise<void> {
  const row = await requireRepair(services.database, id)
  for (const { mode } of (jsonOf(row.notes) ?? []) as unknown as RepairNote[])
    await write(services, row, acting, { kind: 'remove-failure-mode', mode }, 'unnote')
  const mode = `${plain(row.file)} failed (${what(row)}); its repair ${plain(id)} was rolled back on ${isoText(acting.at).slice(0, 10)}`
  await write(services, row, acting, { kind: 'add-failure-mode', mode }, 'rollback')
}

async function write(
  { database, writing }: Promoting & { writing: DirectiveWriting },
  row: RepairRow,
  acting: Acting,
  edit: { kind: 'add-failure-mode' | 'remove-failure-mode'; mode: string },
  part: string,
): Promise<void> {
  const notes: RepairNote[] = []
  for (const { name, does } of writing.directives) {
    if (!does.some((call) => call.kind === 'script' && call.name === row.script)) continue
    const note: RepairNote = { directive: name, mode: edit.mode }
    try {
      await writeDirective(writing, {
        ...{ directive: name, edit, author: 'repair', acting, key: `${row.id}:${part}:${name}` },
        reason: `repair ${row.id} of script ${row.script}`,
        evidence: { repair: row.id, run: row.run, call: row.call } as Json,
      })
    } catch (error) {
      // A directive that a person is writing at this moment does not undo a repair.
      note.problem = messageOf(error).slice(0, 300)
    }
    notes.push(note)
  }
  await noteOnRepair(database, row.id, { notes: JSON.stringify(notes) })
}

/** How it failed, in words that nobody else chose: a code of ours, and the name of an error of the language. */
function what({ failure, run, call }: RepairRow): string {
  const { code = 'tests-fail', message = '' } = (jsonOf(failure) ?? {}) as { code?: string; message?: string }
  const [, kind] = /\b([A-Z][A-Za-z]{2,30}(?:Error|Exception))\b/.exec(message) ?? []
  const where = run === null ? '' : `, call ${call} of run ${plain(run)}`
  return `${plain(code)}${kind === undefined ? '' : ` with ${kind}`}${where}`
}

function plain(text: string): string {
  return text.replaceAll(/[^\w./ -]/g, '').slice(0, 120)
}
