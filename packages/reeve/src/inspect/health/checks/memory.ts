import type { Database } from '../../../store/database.ts'
import { countMemories } from '../../../store/memory/memories.ts'
import { readVectorSupport } from '../../../store/postgres/pgvector.ts'
import type { Finding } from './finding.ts'

/** With more items than this, comparing them one by one in the process takes some tenths of a second. */
const comparedQuickly = 5000

/** How what is remembered is searched, and whether that suits how much there is. */
export async function checkMemory(database: Database): Promise<Finding> {
  const items = await countMemories(database)
  const { column, offered, created, unplaced, unindexed } = await readVectorSupport(database)
  const what = 'memory'
  if (!column) {
    const found = `${items} items, exact search in the process`
    if (database.kind === 'sqlite' || items <= comparedQuickly) return { what, state: 'ok', found }
    return { what, state: 'warning', found: `${found}: slow for so many`, advice: wayTo(created, offered) }
  }
  const how = column.indexed.length > 0 ? 'search by pgvector and its index' : 'exact search by pgvector'
  const found = `${items} items, ${how}`
  if (unplaced === 0 && unindexed === 0) return { what, state: 'ok', found }
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
