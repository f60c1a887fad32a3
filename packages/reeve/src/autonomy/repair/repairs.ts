import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import type { Engine } from '../../engine/engine.ts'
import { enqueue } from '../../engine/starting/enqueue.ts'
import { ownKey, prepareStart } from '../../engine/starting/prepared-start.ts'
import type { Workflow } from '../../engine/workflow.ts'
import type { Acting } from '../../store/authority/acting.ts'
import {
  addRepair,
  moveRepair,
  noteOnRepair,
  type RepairRow,
  repairsOf,
} from '../../store/autonomy/repairs.ts'
import type { Database, Session } from '../../store/database.ts'
import { bodyOf, type ProposalRow } from '../../store/proposals/proposals.ts'
import type { ProposalEffects } from '../proposals.ts'
import { scriptToolName } from '../scripts/script.ts'
import { type Failure, failedCall } from './evidence.ts'
import { noteInDirectives, noteRollback } from './promoting/note.ts'
import {
  beginPromotion,
  beginRollback,
  finishChange,
  requireRepair,
  settleProposal,
} from './promoting/promote.ts'
import type { Inputs } from './quarantine/candidate.ts'
import { actingNow, type RepairServices, scriptOf } from './repair-services.ts'
import { repairWorkflow, repairWorkflowName } from './repair-workflow.ts'
import { watchWorkflow, watchWorkflowName } from './watch-workflow.ts'

/** What is to be repaired: a call that failed, or a script whose tests fail. */
export type ToRepair =
  | { run: string; call: number }
  | { script: string; inputs?: Inputs | undefined; failure?: Failure | undefined }

/** Starts repairs, and changes how they stand, in the name of whoever acts. */
export class Repairs {
  readonly #engine: Engine
  readonly #services: RepairServices

  constructor(engine: Engine, services: RepairServices) {
    this.#engine = engine
    this.#services = services
  }

  get services(): RepairServices {
    return this.#services
  }

  /**
   * Starts a repair as a run, unless one of the same script as it stands is open. Answers its id.
   * @throws `unknown-script` `nothing-to-repair` `repair-off`
   */
  async start(
    what: ToRepair,
    by: string,
    database: Database = this.#engine.database,
  ): Promise<{ id: string; isNew: boolean }> {
    const { services, workflows } = this.#engine
    const { settings, folder, newId, now } = this.#services
    const found = await this.#found(what)
    const script = scriptOf(this.#services, { script: found.script })
    const level = settings.levelOf(script.name)
    if (level === 'off')
      throw new ReeveError(
        'repair-off',
        `Script "${script.name}" is not repaired: \`repair\` in reeve.config.ts says off.`,
      )
    const id = `repair-${newId()}`
    const no = await services.numbers.take()
    const key = ownKey('repair', id)
    const start = prepareStart(
      services,
      workflows.current(repairWorkflowName),
      { repair: id },
      { principal: 'reeve', channel: 'event' },
      no,
      { key },
    )
    const hash = sha256(await readFile(join(folder, script.file)))
    const started = await database.transaction(async (session) => {
      const added = await addRepair(session, {
        ...{
          id,
          script: script.name,
          file: script.file,
          level,
          made_by: by,
          made_at: now(),
          execution: start.run.id,
        },
        key: `${script.name}:${hash}`,
        run: found.run ?? null,
        call: found.call ?? null,
        failure: found.failure === undefined ? null : canonical(found.failure as unknown as Json),
        inputs: found.inputs === undefined ? null : canonical(found.inputs as Json),
      })
      if (added.isNew) await enqueue(session, start)
      return added
    })
    services.notices.tell('run-queued')
    return started
  }

  async #found(what: ToRepair): Promise<{
    script: string
    inputs?: Inputs | undefined
    failure?: Failure | undefined
    run?: string
    call?: number
  }> {
    if (!('run' in what)) return what
    const failed = await failedCall(this.#engine.database, what.run, what.call)
    const script = failed && this.#services.scripts.find(({ name }) => scriptToolName(name) === failed.tool)
    if (!script)
      throw new ReeveError(
        'nothing-to-repair',
        `Call ${what.call} of run ${what.run} is not a call of a script that failed. See its calls: reeve show ${what.run}`,
      )
    return { ...what, script: script.name, inputs: failed.inputs, failure: failed.failure }
  }

  /** Promotes a fix that was proposed. @throws `unknown-repair` `repair-state` `repair-overtaken` */
  async promote(id: string, acting: Acting, database: Database = this.#engine.database): Promise<RepairRow> {
    await database.transaction(async (session) => {
      await beginPromotion(session, id, acting, acting.why ?? `${acting.by} promoted it`)
      await settleProposal(session, id, 'adopted', acting)
    })
    return this.finish(id, acting)
  }

  /** Makes a script again what it was before a repair. @throws `unknown-repair` `repair-state` `repair-overtaken` */
  async rollBack(id: string, acting: Acting, database: Database = this.#engine.database): Promise<RepairRow> {
    await database.transaction(async (session) => {
      await beginRollback(session, id, acting, acting.why ?? `${acting.by} rolled it back`)
      await settleProposal(session, id, 'withdrawn', acting)
    })
    return this.finish(id, acting)
  }

  /** Does what was begun, in this process or in one that died. */
  async finish(id: string, acting: Acting): Promise<RepairRow> {
    const { status } = await requireRepair(this.#engine.database, id)
    const row = await finishChange(this.#services, id, acting)
    if (status === 'promoting' && row.status === 'watching') {
      await noteInDirectives(this.#services, id, acting)
      await this.watch(row)
    } else if (status === 'rolling-back' && row.status === 'rolled-back')
      await noteRollback(this.#services, id, acting)
    return requireRepair(this.#engine.database, id)
  }

  /** Lets a run watch what was promoted, once. */
  async watch(row: RepairRow): Promise<void> {
    if (row.watch_run !== null) return
    const { services, workflows, database } = this.#engine
    const no = await services.numbers.take()
    const key = ownKey('repair', `${row.id}:watch`)
    const start = prepareStart(
      services,
      workflows.current(watchWorkflowName),
      { repair: row.id },
      { principal: 'reeve', channel: 'event' },
      no,
      { key },
    )
    await database.transaction(async (session) => {
      if (await enqueue(session, start)) await noteOnRepair(session, row.id, { watch_run: start.run.id })
    })
    services.notices.tell('run-queued')
  }

  /** Whether a script, as it stands, was repaired in vain before: nothing new would come of it. */
  async wasInVain(script: string, hash: string): Promise<boolean> {
    const rows = await repairsOf(this.#engine.database, script, ['not-repaired', 'rejected', 'rolled-back'])
    return rows.some(({ key }) => key === `${script}:${hash}`)
  }

  actingNow(): Acting {
    return actingNow(this.#services)
  }
}

/** What deciding a proposal of a repair comes to. One that only asks changes nothing. */
export function repairProposals(repairs: Repairs): ProposalEffects {
  const idIn = (proposal: ProposalRow) => {
    const { repair, ask } = bodyOf(proposal)
    return typeof repair === 'string' && ask !== true ? repair : undefined
  }
  return {
    role: 'operator',
    async adopt(session, proposal, acting) {
      const id = idIn(proposal)
      if (id !== undefined) await beginPromotion(session, id, acting, acting.why ?? `${acting.by} adopted it`)
    },
    async reject(session, proposal, acting) {
      const id = idIn(proposal)
      if (id !== undefined) await rejectRepair(session, id, acting)
    },
    async withdraw(session, proposal, acting) {
      const id = idIn(proposal)
      if (id !== undefined)
        await beginRollback(session, id, acting, acting.why ?? `${acting.by} took it back`)
    },
    async carryOut(proposal) {
      const id = idIn(proposal)
      if (id !== undefined) await repairs.finish(id, repairs.actingNow())
    },
  }
}

/** A person does not want the fix. In the transaction of that decision. */
async function rejectRepair(session: Session, id: string, acting: Acting): Promise<void> {
  const reason = acting.why ?? `${acting.by} rejected it`
  await moveRepair(session, id, ['proposed'], 'rejected', acting.at, { reason })
}

/** The workflows that repairs are. */
export function repairWorkflows(services: RepairServices): Workflow[] {
  return [repairWorkflow(services), watchWorkflow(services)]
}
