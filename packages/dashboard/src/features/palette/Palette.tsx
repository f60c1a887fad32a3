import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { runsQuery } from '../../api/queries.ts'
import { useAllKeys } from '../../frame/keys.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import css from './Palette.module.css'

interface Choice {
  id: string
  words: string
  end: string
  act: () => void
}

/** Finds a page, an action of the page that is open, or a run by its id or text. */
export function Palette({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog opened={isOpen} onClose={onClose} label="Find a page, a run or an action" size="lg">
      <Choices onClose={onClose} />
    </Dialog>
  )
}

function Choices({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const keys = useAllKeys()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const wanted = text.trim().toLowerCase()
  const { data: runs } = useQuery({ ...runsQuery({ text: wanted }), enabled: wanted.length >= 2 })
  const choices: Choice[] = [
    ...keys
      .filter(({ words, press }) => press !== '/' && words.toLowerCase().includes(wanted))
      .map(({ press, words, act }) => ({ id: press, words, end: press, act })),
    ...(wanted.length >= 2 ? (runs?.items ?? []) : []).slice(0, 8).map((run) => ({
      id: run.id,
      words: `${run.workflow} ${run.id}`,
      end: run.status,
      act: () => void navigate({ to: '/runs/$run', params: { run: run.id } }),
    })),
  ].slice(0, 14)
  const chosen = Math.min(at, choices.length - 1)
  const take = (choice: Choice | undefined) => {
    if (!choice) return
    onClose()
    choice.act()
  }
  return (
    <div className={css.palette}>
      <input
        type="text"
        className={css.wanted}
        placeholder="Where to, or what to do?"
        aria-label="Where to, or what to do?"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, choices.length - 1))
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
          else if (event.key === 'Enter') take(choices[chosen])
          else return
          event.preventDefault()
        }}
      />
      <ul className={css.choices}>
        {choices.map((choice, index) => (
          <li key={choice.id}>
            <button type="button" data-chosen={index === chosen || undefined} onClick={() => take(choice)}>
              <span>{choice.words}</span>
              <span>{choice.end}</span>
            </button>
          </li>
        ))}
        {choices.length === 0 && <li className={css.none}>No result.</li>}
      </ul>
    </div>
  )
}
