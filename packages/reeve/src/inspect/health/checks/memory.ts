import type { Database } from '../../../store/database.ts'
import { countItems } from '../../../store/memory/items.ts'
import { readVectorSupport } from '../../../store/postgres/pgvector.ts'
import type { Finding } from './finding.ts'

/** Beyond this, a search by the index of signs takes tens of milliseconds of the process. */
const searchedQuickly = 500_000

/** How what is known is searched, and whether that suits how much there is. */
export async function checkMemory(database: Database): Promise<Finding> {
  const items = await countItems(database)
  const passages = await countItems(database, ['passage'])
  const { column, offered, created, unplaced, unindexed } = await readVectorSupport(database)
  const what = 'memory'
  const found = `${items} items${passages > 0 ? `, ${passages} of them passages of documents` : ''}`
  if (!column) {
    if (database.kind === 'sqlite' || items <= searchedQuickly) return { what, state: 'ok', found }
    return {
      what,
      state: 'warning',
      found: `${found}, searched in the process`,
      advice: wayTo(created, offered),
    }
  }
  if (unplaced === 0 && unindexed === 0) return { what, state: 'ok', found: `${found}, searched by pgvector` }
  const lacking = unplaced > 0 ? `${unplaced} not in pgvector's column yet` : `${unindexed} without an index`
  const advice = 'Run reeve migrate as the owner of the tables, then restart the workers.'
  return { what, state: 'warning', found: `${found}; ${lacking}`, advice }
}

function wayTo(created: boolean, offered: boolean): string {
  const migrate = 'run reeve migrate as the owner of the tables and restart the workers.'
  if (created) return `pgvector is there: ${migrate}`
  const create = `have an administrator run "create extension vector" in this database, then ${migrate}`
  if (offered) return `The server has pgvector: ${create}`
  return `Install pgvector on the server (its package, or the switch of the hosted offer), ${create}`
}
