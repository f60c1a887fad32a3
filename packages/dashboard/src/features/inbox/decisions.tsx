import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useEffect, useMemo, useRef, useState } from 'react'
import { api } from '../../api/client.ts'
import type { Json } from '../../api/types.ts'
import css from './Inbox.module.css'

export type Said =
  | { verdict: 'approve'; edit?: Json; note?: string }
  | { verdict: 'reject'; note?: string }
  | { verdict: 'answer'; answer: Json; note?: string }

interface Decision {
  key: string
  /** Each with the hash of what was shown: what changed since is not decided. */
  items: { id: string; hash: string }[]
  said: Said
  words: string
  sendAt: number
  problem?: string
}

interface Decisions {
  /** What is decided and not sent yet, or was refused. */
  decide(items: Decision['items'], said: Said, words: string): void
  isDecided(id: string): boolean
}

const DecisionsContext = createContext<Decisions | undefined>(undefined)

/** So long a decision can be taken back before the engine hears of it (ms). */
const undoMs = 10_000
/** So many of one decision are sent at once. */
const sideBySide = 6

/**
 * A decision waits here for ten seconds, and can be taken back. It is sent at once when the page is left. One that the
 * server refuses (it went stale: its run moved on, or somebody else was first) says so and stays until it is put away.
 */
export function DecisionsProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const [open, setOpen] = useState<readonly Decision[]>([])
  const held = useRef(open)
  held.current = open
  const send = useRef(async (decision: Decision, atOnce = sideBySide) => {
    setOpen((now) =>
      now.map((one) => (one.key === decision.key ? { ...one, sendAt: Number.POSITIVE_INFINITY } : one)),
    )
    const problems: string[] = []
    const rest = [...decision.items]
    const sendRest = async () => {
      for (let next = rest.shift(); next; next = rest.shift()) await sendOne(next)
    }
    const sendOne = async ({ id, hash }: Decision['items'][number]) => {
      try {
        await api.approvals.decide({
          params: { approval: id },
          body: { ...decision.said, hash },
          idempotencyKey: `${decision.key}:${id}`,
        })
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error))
      }
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, rest.length) }, sendRest))
    await Promise.all(
      ['approvals', 'approval', 'run', 'runs', 'today'].map((kind) =>
        client.invalidateQueries({ queryKey: [kind] }),
      ),
    )
    setOpen((now) =>
      problems.length === 0
        ? now.filter(({ key }) => key !== decision.key)
        : now.map((one) =>
            one.key === decision.key ? { ...one, items: [], problem: [...new Set(problems)].join(' ') } : one,
          ),
    )
  })
  useEffect(() => {
    const timer = setInterval(() => {
      const now = Date.now()
      for (const decision of held.current) if (decision.sendAt <= now) void send.current(decision)
    }, 250)
    const leave = () => {
      for (const decision of held.current)
        if (Number.isFinite(decision.sendAt))
          // Nothing that is awaited happens any more once the page is gone.
          void send.current(decision, decision.items.length)
    }
    window.addEventListener('pagehide', leave)
    return () => {
      clearInterval(timer)
      window.removeEventListener('pagehide', leave)
    }
  }, [])
  const decisions = useMemo<Decisions>(
    () => ({
      decide(items, said, words) {
        const decision = { key: crypto.randomUUID(), items, said, words, sendAt: Date.now() + undoMs }
        setOpen((now) => [...now, decision])
      },
      isDecided: (id) =>
        open.some(({ items, problem }) => problem === undefined && items.some((item) => item.id === id)),
    }),
    [open],
  )
  const drop = (key: string) => setOpen((now) => now.filter((one) => one.key !== key))
  return (
    <DecisionsContext value={decisions}>
      {children}
      <div className={css.undo} role="status" aria-live="polite">
        {open.map(({ key, words, sendAt, problem }) => (
          <div key={key} className={css.undoLine}>
            <span>{problem ?? (Number.isFinite(sendAt) ? words : `${words} Sending…`)}</span>
            {problem !== undefined ? (
              <button type="button" onClick={() => drop(key)}>
                Put away
              </button>
            ) : (
              Number.isFinite(sendAt) && (
                <button type="button" onClick={() => drop(key)}>
                  Undo
                </button>
              )
            )}
          </div>
        ))}
      </div>
    </DecisionsContext>
  )
}

export function useDecisions(): Decisions {
  const decisions = use(DecisionsContext)
  if (!decisions) throw new Error('There is no place for decisions around this part of the page.')
  return decisions
}
