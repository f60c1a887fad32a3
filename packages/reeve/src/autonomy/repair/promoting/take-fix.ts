import { ReeveError } from '../../../base/errors.ts'
import { sha256 } from '../../../base/hash.ts'
import type { Json } from '../../../base/json/json.ts'
import { moveRepair, type RepairRow } from '../../../store/autonomy/repairs.ts'
import { propose } from '../../../store/proposals/proposals.ts'
import type { Diagnosis } from '../diagnose/diagnose.ts'
import { actingNow, type FixTry, type RepairOutcome, type RepairServices } from '../repair-services.ts'
import { noteInDirectives } from './note.ts'
import { beginPromotion, finishChange, requireRepair } from './promote.ts'

/** What a person is asked when no fix is to be looked for. */
export async function askPerson(
  services: RepairServices,
  id: string,
  { kind, rule, why }: Diagnosis,
): Promise<string> {
  const row = await requireRepair(services.database, id)
  const { id: proposal } = await services.database.transaction((session) =>
    propose(
      session,
      {
        kind: 'repair',
        title: `Script ${row.script} fails: ${why}`,
        body: {
          repair: id,
          script: row.script,
          diagnosis: { kind, rule, why },
          run: row.run,
          call: row.call,
          ask: true,
        },
        key: `repair:${row.script}:${rule}`,
        by: 'reeve',
      },
      { id: services.newId(), at: services.now() },
    ),
  )
  return proposal
}

/** By the level of the script: a fix is proposed to a person, or takes the place of the script. */
export async function takeFix(
  services: RepairServices,
  id: string,
  source: string,
  tried: FixTry,
): Promise<RepairOutcome> {
  const { database, now } = services
  const row = await requireRepair(database, id)
  const after = { after_hash: sha256(source), after_text: source, proof: JSON.stringify(tried) }
  if (row.status === 'diagnosing') {
    const isPromoted = row.level === 'promote' && tried.verdict === 'proven'
    const reason = isPromoted
      ? tried.sentence
      : row.level === 'promote'
        ? `it waits for a person: ${tried.sentence}`
        : tried.sentence
    await database.transaction(async (session) => {
      const { id: proposal } = isPromoted
        ? { id: null }
        : await propose(session, proposalOf(row, source, tried), { id: services.newId(), at: now() })
      await moveRepair(session, id, ['diagnosing'], 'proposed', now(), { ...after, reason, proposal })
      if (isPromoted) await beginPromotion(session, id, actingNow(services), reason)
    })
  }
  const moved = await requireRepair(database, id)
  if (moved.after_text !== source && moved.after_hash === after.after_hash)
    throw new ReeveError(
      'secret-in-script',
      `The fix of script "${row.script}" holds a secret. It was not taken.`,
    )
  if (moved.status === 'promoting') {
    await finishChange(services, id, actingNow(services))
    await noteInDirectives(services, id, actingNow(services))
  }
  const done = await requireRepair(database, id)
  return { repair: id, status: done.status, reason: done.reason ?? '' }
}

function proposalOf(row: RepairRow, source: string, { sentence, figures, verdict, why }: FixTry) {
  return {
    kind: 'repair' as const,
    title: `Repair of script ${row.script}`,
    body: {
      ...{ repair: row.id, script: row.script, file: row.file, run: row.run, call: row.call },
      ...{ before: row.before_hash, after: sha256(source), verdict, proof: sentence, said: why },
      figures: figures as unknown as Json,
    } as { [field: string]: Json },
    key: `repair:${row.script}`,
    by: 'reeve',
  }
}
