import { isRefusal } from '../api/client.ts'
import css from './ui.module.css'

/** What could not be done, in the server's words, which say what to do. */
export function Failure({ error, again }: { error: Error; again?: () => void }) {
  return (
    <div className={css.failure} role="alert">
      <p>{error.message}</p>
      {isRefusal(error) && (
        <p className={css.soft}>
          <code className={css.code}>{error.code}</code>
        </p>
      )}
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}
