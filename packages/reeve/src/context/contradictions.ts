import { ReeveError } from '../base/errors.ts'
import { shorten } from '../base/text/shorten.ts'
import type { CallSite } from '../engine/call-site.ts'
import type { Memory } from '../memory/memory.ts'
import type { Row } from '../store/database.ts'
import { type Item, type NewItem, readVersions } from '../store/memory/items.ts'
import { proposalRow } from '../store/proposals/proposals.ts'
import { contradict } from '../text/sameness.ts'

/** How many of the likest items of its scope a new one is held against. */
const mostLike = 16

/** Flags what a new item contradicts: a proposal with both sides, for a person. Nothing is resolved. */
export async function contradictionRows(
  site: CallSite,
  memory: Memory,
  item: Pick<NewItem, 'id' | 'kind' | 'scope' | 'text' | 'source' | 'untrusted'>,
): Promise<Row[]> {
  if (item.kind === 'episode' || item.scope === '') return []
  const { passages } = await memory.recall(item.text, {
    in: item.scope,
    kinds: [item.kind],
    by: 'words',
    limit: mostLike,
  })
  const against = passages.find(({ text }) => contradict(text, item.text))
  const before = against && (await readVersions(memory.database, against.id)).at(-1)
  if (!before || before.scope !== item.scope) return []
  const { services } = site
  const side = ({ id, text, source, untrusted }: Pick<Item, 'id' | 'text' | 'source' | 'untrusted'>) =>
    services.secrets.redactData({ id, text: shorten(text, 2_000), source, untrusted })
  const body = {
    items: { one: { ...side(before), version: before.version }, other: { ...side(item), version: 1 } },
    scope: item.scope,
    adopting: 'takes the other one, and retracts the one',
    rejecting: 'keeps the one, and retracts the other',
  }
  const proposal = {
    kind: 'contradiction' as const,
    title: `Two items of memory in ${shorten(item.scope, 100)} contradict each other`,
    body,
    key: `contradiction:${[before.id, item.id].sort().join(':')}`,
    by: site.run.principal,
  }
  return [proposalRow(proposal, { id: services.newId(), at: services.clock.now() })]
}

/** An amendment, or the end of an item, that a person is to decide. @throws `memory-changed` */
export function amendmentRow(
  site: CallSite,
  item: Item,
  { text, why, version }: { text: string | null; why: string; version: number | undefined },
): { id: string; row: Row } {
  if (item.endedAt !== null || (version !== undefined && version !== item.version))
    throw new ReeveError(
      'memory-changed',
      `Item "${item.id}" ${item.endedAs ? `was ${item.endedAs} before` : `has version ${item.version} by now`}. Nothing was proposed: look at it again (reeve memory history ${item.id}).`,
    )
  const { services } = site
  const id = services.newId()
  const body = services.secrets.redactData({
    ...{ item: item.id, version: item.version, scope: item.scope, before: shorten(item.text, 2_000) },
    ...{ text, why, run: site.run.id },
  })
  const proposal = {
    kind: 'amendment' as const,
    title: shorten(`${text === null ? 'Retire' : 'Amend'}: ${item.text.replaceAll(/\s+/g, ' ')}`, 200),
    body,
    key: `memory:${item.id}`,
    by: site.run.principal,
  }
  return { id, row: proposalRow(proposal, { id, at: services.clock.now() }) }
}
