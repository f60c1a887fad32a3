import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StandIn } from '../../packages/reeve/src/connectors/stand-in/stand-in.ts'
import { SealingKey } from '../../packages/reeve/src/store/secrets/key/sealing-key.ts'
import type { ConnectorCase } from '../../packages/reeve/src/testing/connector-checks/case.ts'
import { startOf } from '../../packages/reeve/src/testing/connector-checks/desk.ts'
import { cases } from '../../packages/reeve/test/connectors/cases/index.ts'
import { type Life, Worker } from '../../packages/reeve/test/connectors/contract/lives.ts'

/** A service on this machine, and workers of its own that call it. */
export interface Desk {
  its: ConnectorCase
  standIn: StandIn
  worker(more: Pick<Life, 'calls'> & Partial<Life>): Worker
}

/** `database`: default an SQLite file of its own. */
export async function atDesk<Result>(
  connector: string,
  { database, limit }: { database?: string; limit?: { count: number; perMs: number } },
  work: (desk: Desk) => Promise<Result>,
): Promise<Result> {
  const its = cases.find((each) => each.connector.definition.name === connector)!
  const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-connectors-'))
  const standIn = await startOf(its, Date.now)
  if (limit) standIn.limit = limit
  const workers: Worker[] = []
  const life = {
    connector,
    url: standIn.url,
    credential: its.oauth?.credential(standIn) ?? its.connector.definition.sandbox.standIn.credential,
    folder,
    secretsKey: SealingKey.make().secret,
    ...(database !== undefined && { database }),
  }
  try {
    return await work({
      its,
      standIn,
      worker: (more) => {
        const made = new Worker({ ...life, ...more })
        workers.push(made)
        return made
      },
    })
  } finally {
    await Promise.all(workers.map((each) => each.kill()))
    await standIn.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
