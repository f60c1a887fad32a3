import { isoText } from '../../base/time/time.ts'
import type { Client } from '../../client/index.ts'
import type { SearchAudit } from '../../memory/search/search-audit.ts'
import type { RollbackOf } from '../../store/memory/item-changes.ts'
import type { Item } from '../../store/memory/items.ts'
import type { MemoryBackend } from './memory-backend.ts'

const mostPerPage = 500

/** Of a server, through its API. */
export function remoteMemory(client: Client): MemoryBackend {
  return {
    async search(text, { kinds, limit, trustedOnly, in: scope, asOf }) {
      const query = {
        text,
        limit,
        ...(kinds.length > 0 && { kind: [...kinds] }),
        ...(trustedOnly && { trusted: 'true' as const }),
        ...(scope !== undefined && { in: scope }),
        ...(asOf !== undefined && { asOf: isoText(asOf) }),
      }
      const { items, audit, scopes } = await client.memory.search({ query })
      const passages = items.map(({ id, source, place, title, text: said, score, alsoFrom, untrusted }) => ({
        id,
        source,
        ...(place !== null && { place }),
        title,
        text: said,
        score,
        ...(alsoFrom && { alsoFrom }),
        ...(untrusted && { untrusted: true as const }),
      }))
      return { passages, audit: audit as unknown as SearchAudit, scopes }
    },
    history: async (item) => (await client.memory.history({ params: { item } })).items.map(itemOf),
    amend: async (item, text, why) =>
      itemOf(await client.memory.amend({ params: { item }, body: { text, why } })),
    retract: async (item, why) => itemOf(await client.memory.retract({ params: { item }, body: { why } })),
    redact: async (item, why) => itemOf(await client.memory.redact({ params: { item }, body: { why } })),
    preview: (of) => client.memory.preview({ query: ofRollback(of) }),
    async rollBack(of, why, { despiteApprovals }) {
      const body = { of: ofRollback(of), why, ...(despiteApprovals && { despiteApprovals }) }
      const { ended = 0, restored = 0 } = await client.memory.rollback({ body })
      return { ended, restored }
    },
    async *versions() {
      for (let cursor: string | undefined; ; ) {
        const query = { limit: mostPerPage, ...(cursor !== undefined && { cursor }) }
        const { items, next } = await client.memory.versions({ query })
        yield* items.map(itemOf)
        if (next === null) return
        cursor = next
      }
    },
  }
}

function ofRollback(of: RollbackOf) {
  return 'since' in of ? { since: isoText(of.since) } : of
}

/** As the database has it. */
function itemOf(told: Awaited<ReturnType<Client['memory']['history']>>['items'][number]): Item {
  const { recordedAt, validFrom, validUntil, endedAt, runId: run, ...rest } = told
  const ms = (time: string | null) => (time === null ? null : Date.parse(time))
  return {
    ...rest,
    run,
    validFrom: ms(validFrom),
    validUntil: ms(validUntil),
    at: Date.parse(recordedAt),
    endedAt: ms(endedAt),
  }
}
