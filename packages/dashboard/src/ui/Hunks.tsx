import { Foreign } from './Foreign.tsx'
import css from './Hunks.module.css'

type Line = { kind: 'same' | 'removed' | 'added'; text: string }

/** The places in which two texts differ, line by line. */
export function Hunks({ hunks }: { hunks: readonly (readonly Line[])[] }) {
  if (hunks.length === 0) return <p className={css.none}>They are the same.</p>
  return (
    <div className={css.hunks}>
      {hunks.map((lines, index) => {
        // The parts of one comparison never change their order.
        const place = `${index}`
        return (
          <pre key={place}>
            {lines.map(({ kind, text }, number) => {
              const line = `${number}`
              const Mark = kind === 'added' ? 'ins' : kind === 'removed' ? 'del' : 'span'
              return (
                <Mark key={line}>
                  <i aria-hidden>{kind === 'added' ? '+' : kind === 'removed' ? '−' : ' '}</i>
                  <Foreign text={text} />
                  {'\n'}
                </Mark>
              )
            })}
          </pre>
        )
      })}
    </div>
  )
}
