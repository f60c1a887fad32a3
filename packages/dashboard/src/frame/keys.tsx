import { createContext, type ReactNode, use, useCallback, useEffect, useRef, useState } from 'react'

/** One key, or two after each other (`g r`), and what it does. */
export interface Key {
  press: string
  words: string
  act: () => void
}

type Register = (owner: symbol, keys: readonly Key[]) => () => void

/** Two contexts: what brings keys is not drawn anew when others bring theirs. */
const RegisterContext = createContext<Register | undefined>(undefined)
const AllKeysContext = createContext<ReadonlyMap<symbol, readonly Key[]>>(new Map())

/** Two keys belong together for so long. */
const togetherMs = 900

/**
 * The keys of the whole page. What is registered last wins, and what is registered is what the list of keys shows. Nothing
 * is heard while somebody writes into a field, or while a window with questions of its own is open; Enter on a button presses it.
 */
export function KeyboardProvider({ children }: { children: ReactNode }) {
  const [all, setAll] = useState<ReadonlyMap<symbol, readonly Key[]>>(new Map())
  const held = useRef(all)
  held.current = all
  useEffect(() => {
    let before = ''
    let at = 0
    const hear = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return
      if (event.key === 'Enter' && isPressed(event.target)) return
      if (document.querySelector('dialog[open]')) return
      const now = performance.now()
      const both = now - at < togetherMs ? `${before} ${event.key}` : ''
      before = event.key
      at = now
      const keys = [...held.current.values()].reverse().flat()
      const found = keys.find(({ press }) => press === both) ?? keys.find(({ press }) => press === event.key)
      if (!found) return
      event.preventDefault()
      found.act()
    }
    window.addEventListener('keydown', hear)
    return () => window.removeEventListener('keydown', hear)
  }, [])
  const register = useCallback<Register>((owner, keys) => {
    setAll((now) => new Map(now).set(owner, keys))
    return () =>
      setAll((now) => {
        const left = new Map(now)
        left.delete(owner)
        return left
      })
  }, [])
  return (
    <RegisterContext value={register}>
      <AllKeysContext value={all}>{children}</AllKeysContext>
    </RegisterContext>
  )
}

function isWriting(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type)
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName))
  )
}

/** Whether Enter means the button or link that has the focus: unless what it opens is open already. */
function isPressed(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false
  const pressed = target.closest('button, a[href], summary, input')
  return pressed !== null && pressed.getAttribute('aria-current') !== 'true'
}

/** Keys of a part of the page, for as long as it is shown. */
export function useKeys(keys: readonly Key[]): void {
  const register = use(RegisterContext)
  if (!register) throw new Error('There is no keyboard around this part of the page.')
  const latest = useRef(keys)
  latest.current = keys
  const told = keys.map(({ press, words }) => `${press}\n${words}`).join('\n\n')
  useEffect(() => {
    const stable = told
      .split('\n\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [press = '', words = ''] = line.split('\n')
        return { press, words, act: () => latest.current.find((key) => key.press === press)?.act() }
      })
    return register(Symbol('keys'), stable)
  }, [register, told])
}

export function useAllKeys(): readonly Key[] {
  return [...use(AllKeysContext).values()].flat()
}
